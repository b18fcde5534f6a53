"""StyleGAN2 (Karras et al. 2020): a style for every layer, and two penalties now and then. Taught in 06_stylegan2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot, softplus

from animelab import config as settings
from animelab import losses, metrics
from animelab.config import TrainingConfig
from animelab.data import ImageFolder, Labeled, Pictures, StudioAttributes, StudioFaces
from animelab.engine import EMA, Recipe, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import stylegan2
from animelab.nn.ada import Augment
from animelab.shares import share
from animelab.studio import TAGS
from animelab.viz import grid

SINGLE = ("blush", "smile", "open mouth", "hat", "ribbon", "glasses")  # attributes that are no choice among several


@dataclass(frozen=True)
class Config(TrainingConfig):
    """NVIDIA's "paper256" (Karras et al. 2020; stylegan2-ada-pytorch), but for D's minibatch standard deviation:
    groups of 4, not 8."""

    size: int = 256
    channel_base: int = 16384
    channel_max: int = 512
    mapping_layers: int = 8
    latent: int = 512
    lr_G: float = 2.5e-3
    lr_D: float = 2.5e-3
    gamma: float = 1.0  # weight of R1
    r1_every: int = 16  # steps between R1 penalties, which count as many times more
    path_weight: float = 2.0
    path_every: int = 4
    mixing: float = 0.9  # share of the batches in which the later layers follow a second latent
    ema_images: int = 20_000  # after so many pictures, half of the averaged weights is new
    ada_target: float = 0.0  # share of real pictures that D may be sure of before they are augmented; 0: never
    attributes: bool = False  # G is told the 34 attributes of studio.TAGS, and D asks whether a picture has them
    mismatch: float = 0.0  # how much drawings with one attribute told wrong count for D as fakes (Reed et al. 2016)
    faces: int = 50_000
    prior: str = "frontal"
    previews: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channel_base < self.size:
            raise LabError(f"channel_base={self.channel_base} leaves layers of {self.size} px no channel; raise it.")
        if self.mismatch and not self.attributes:
            raise LabError("Without attributes none can be told wrong; set attributes=true, or mismatch=0.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=8, size=32, channel_base=256, channel_max=16, mapping_layers=2, latent=16, r1_every=4, faces=64,
        log_every=5, preview_every=10, checkpoint_every=10, previews=8,
    ),
    "cpu": Config(  # what two cores can do in ten minutes: teach a trained generator something new
        steps=800, batch=16, size=64, channel_base=2048, channel_max=128, mapping_layers=4, ema_images=2_000,
        path_weight=0.0, mixing=0.5, attributes=True, faces=5_000, prior="frontal+headwear=beret",
        start="stylegan2-faces-64", preview_every=50,
    ),
    "t4": Config(
        steps=60_000, batch=32, size=128, mapping_layers=2, gamma=0.1, ema_images=10_000, faces=50_000,
        preview_every=1000, checkpoint_every=2000,
    ),  # not measured yet
    "h100": Config(
        steps=80_000, batch=64, faces=100_000, preview_every=1000, checkpoint_every=2000,
    ),  # not measured yet
    "small": Config(  # two games side by side, in minutes
        steps=1500, batch=32, size=32, channel_base=512, channel_max=32, mapping_layers=2, latent=128,
        ema_images=2_000, path_weight=0.0, mixing=0.5, faces=5_000,
    ),
    "faces": Config(  # two hours on two cores: the first half of what made stylegan2-faces-64 (its card has all)
        steps=7500, batch=16, size=64, channel_base=2048, channel_max=128, mapping_layers=4, ema_images=5_000,
        path_weight=0.0, mixing=0.5, attributes=True, faces=20_000,
    ),
}  # fmt: skip
preset = settings.named(PRESETS)


def lazy_adam(network: torch.nn.Module, lr: float, every: int) -> torch.optim.Adam:
    """Adam with betas (0, 0.99), slowed so that one more step in every so many changes nothing (appendix B).

    It is slowed where the penalty is off, too: with path_weight = 0 G's rate is 0.8 lr_G.
    """
    share = every / (every + 1)
    return torch.optim.Adam(network.parameters(), lr * share, (0.0, 0.99**share), fused=True)


def one_wrong(labels: Tensor) -> Tensor:
    """Labels (B, 34) with one yes or no of each turned around: its blush, smile, open mouth, hat, ribbon or glasses."""
    columns = torch.tensor([i for i, tag in enumerate(TAGS) if tag in SINGLE])
    chosen = columns[share(lambda rows: torch.randint(len(columns), (rows,)), len(labels))].to(labels.device)
    return (labels - one_hot(chosen, len(TAGS))).abs()


class StyleGAN2(Recipe):
    """Two networks, one game, and lazy penalties. `loss` and `penalty` can be a learner's own."""

    name = "stylegan2"
    presets = PRESETS
    parts = ("loss", "penalty")
    loss = losses.non_saturating
    penalty = staticmethod(losses.r1_penalty)  # (score, real) -> scalar

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Pictures:
        if folder is not None:
            pictures = ImageFolder(folder, config.size)
            return Labeled(pictures, metrics.guessed) if config.attributes else pictures
        drawn = StudioAttributes if config.attributes else StudioFaces
        return drawn(config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        shape = self.arguments()
        self.G, self.D = stylegan2.Generator(**shape), stylegan2.Discriminator(**shape)
        self.G_ema = EMA(self.G, 0.5 ** (config.batch / config.ema_images))
        pace = 100_000 if config.start else 500_000  # with a trained D there is less time
        self.augment: torch.nn.Module = Augment(config.ada_target, pace) if config.ada_target else torch.nn.Identity()
        self.G_adam = lazy_adam(self.G, config.lr_G, config.path_every)
        self.D_adam = lazy_adam(self.D, config.lr_D, config.r1_every)
        if config.decay:
            self.G_decay = linear_decay(self.G_adam, config.decay)
            self.D_decay = linear_decay(self.D_adam, config.decay)
        self.path_mean = torch.zeros(()).to(self.device)
        self.steps_done = torch.zeros((), dtype=torch.int64)
        self.fixed_latents = self.noise(config.previews, config.latent)

    def arguments(self) -> dict[str, int]:
        """What both networks are built from."""
        c = self.config
        return {
            "size": c.size,
            "channel_base": c.channel_base,
            "channel_max": c.channel_max,
            "mapping_layers": c.mapping_layers,
            "latent": c.latent,
            "classes": len(TAGS) if c.attributes else 0,
        }

    def styles(self, count: int, labels: Tensor | None) -> Tensor:
        """w for every layer, (count, layers, latent); in a share of the batches from two latents."""
        layers = len(self.G.synthesis.convs) + 1
        w = self.G.mapping(self.noise(count, self.config.latent), labels)[:, None].repeat(1, layers, 1)
        if torch.rand(()) < self.config.mixing:
            cut = int(torch.randint(1, layers, ()))
            second = self.G.mapping(self.noise(count, self.config.latent), labels)[:, None]
            w = torch.cat([w[:, :cut], second.expand(-1, layers - cut, -1)], 1)
        return w

    def step(self, batch: Any) -> dict[str, Tensor]:
        c = self.config
        real, labels = batch if c.attributes else (batch, None)  # (B, 3, size, size) in [-1, 1]; (B, 34)
        fake = self.G.synthesis(self.styles(len(real), labels))

        # The discriminator; and now and then R1, small gradients at real pictures.
        real = self.augment(real)
        seen = self.D.seen(real)
        real_logits = self.D.agree(seen, labels)
        loss_D = self.loss.discriminator(real_logits, self.D(self.augment(fake.detach()), labels))
        if labels is not None and c.mismatch:  # else D may look at hair and eyes alone: a smile is three pixels
            loss_D = loss_D + c.mismatch * softplus(self.D.agree(seen, one_wrong(labels))).mean()
        self.update(self.D_adam, loss_D)
        if isinstance(self.augment, Augment):
            self.on_whole(self.augment.adapt, real_logits)
        if self.steps_done % c.r1_every == 0:
            with torch.autocast(self.device.type, enabled=False):  # a gradient of a gradient wants every digit
                # of the augmented picture: torch has no second derivative of the rotation
                penalty = self.penalty(lambda pictures: self.D(pictures, labels), real)
            self.update(self.D_adam, c.gamma / 2 * c.r1_every * penalty)

        # The generator; and now and then path length regularization: steps in w as long as the average step.
        with frozen(self.D):
            loss_G = self.loss.generator(self.D(self.augment(fake), labels))
        self.update(self.G_adam, loss_G)
        if c.path_weight and self.steps_done % c.path_every == 0:
            with torch.autocast(self.device.type, enabled=False):
                w = self.styles((len(real) + 1) // 2, None if labels is None else labels[::2])
                lengths = self.whole(losses.path_lengths(self.G.synthesis(w), w))
                penalty, mean = losses.path_penalty(lengths, self.path_mean)
            self.update(self.G_adam, c.path_weight * c.path_every * penalty)
            self.path_mean.copy_(mean)

        self.G_ema.update(self.G)
        if c.decay:
            self.G_decay.step()
            self.D_decay.step()
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach()}

    def preview(self) -> np.ndarray:
        """The upper half truncated to 0.7, the lower half not."""
        latents, labels = self.fixed_latents, None
        if self.config.attributes:
            known = self.examples[1]
            labels = known.repeat(-(-len(latents) // len(known)), 1)[: len(latents)]
        generator = self.G_ema.average
        assert isinstance(generator, stylegan2.Generator)
        w = generator.mapping(latents, labels)
        half = len(w) // 2
        pictures = generator.synthesis(torch.cat([generator.truncated(w[:half], 0.7), w[half:]]))
        return grid(pictures.clamp(-1, 1))  # no tanh here: the first pictures go far beyond

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "stylegan2-256.generator", self.arguments(), self.G_ema.average
