"""Back-translation: two styles and no pairs, until each direction makes pairs for the other. Taught in 05_cyclegan.

The idea is that of translating languages without a dictionary (Sennrich et al. 2016; Lample et al. 2018): whatever one
direction makes of a real picture is an exercise for the other one, and the real picture is the solution. The game is
R3GAN's (Huang et al. 2024), and D's auxiliary classifier says what has to stay (Odena et al. 2017; StarGAN, Choi et al.
2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate
from torchvision.transforms.functional import gaussian_blur

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import StudioScenes, StudioUnpaired, StudioUnpairedAttributes, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import NETWORKS, enlarger, r3gan, ugatit
from animelab.shares import share
from animelab.studio import TAGS
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """Found by trials of our own; see course/measurements.md."""

    batch: int = 8
    size: int = 128  # what the networks see:
    picture: int = 128  # a piece of pictures with this side, or all of them
    network: str = "unet"  # or "ugatit", whose light generator knows one answer only
    width: int = 16  # of both generators' first layer; their discriminators' is twice as wide
    blocks: int = 3  # of U-GAT-IT
    latent: int = 32  # of the U-Net
    lr: float = 7e-4
    ema: float = 0.995
    gamma: float = 1.0  # weight of R1 and R2
    penalty_every: int = 4  # steps between both penalties, which count as many times more
    longest: float = 5.0  # D's gradient is shortened to this norm: one steep picture can end a training
    back_weight: float = 5.0  # of L1 between a solution and an answer
    features_weight: float = 0.3  # of the same through features that have learned to see
    features: str = "tagger"
    camera: float = 0.0  # how often each of a camera's faults befalls a photograph; what is drawn should not show it
    noise: float = 0.05  # in an exercise, so that nothing can be hidden in what no eye sees
    names_weight: float = 0.15  # of the attributes that D names, and that a translation should keep; 0: none are known
    color_weight: float = 0.0  # of what a translation's color is off from its source, through a blur; where colors stay
    a: str = "portrait"
    b: str = "cel"
    prior: str = "frontal"
    faces: int = 5_000  # drawn characters a side, when no folder is given

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size > self.picture:
            raise LabError(f"size={self.size} is a piece of picture={self.picture}, and so not larger.")
        if self.network == "unet" and self.picture % self.size:
            raise LabError(f"picture={self.picture} is no multiple of size={self.size}, which the U-Net needs.")
        if self.network not in ("unet", "ugatit"):
            raise LabError(f"network={self.network!r}: {settings.nearest(self.network, ('unet', 'ugatit'))}")


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, picture=64, width=4, latent=4, faces=32, log_every=5, preview_every=10,
        checkpoint_every=10,
    ),
    "cpu": Config(steps=1200, decay=1200, size=64, picture=64),
    "t4": Config(steps=20_000, decay=20_000, batch=16, width=32, prior="full", checkpoint_every=1000),  # not measured
    "h100": Config(steps=40_000, decay=40_000, batch=32, width=64, prior="full", checkpoint_every=2000),  # not measured
}  # fmt: skip
preset = settings.named(PRESETS)


def photographed(pictures: Tensor, often: float = 0.5) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1] as a camera may hand them on: each of its faults befalls them so `often`.

    Exposure, a tint (white balance), haze that is thicker above, blur, and the blocks of a JPEG file. All have noise,
    and more texture here and there than a generator of photographs makes.
    """
    out, seeds = [], share(lambda rows: torch.randint(2**62, (rows,)), len(pictures)).tolist()
    with torch.random.fork_rng([]):
        for clean, seed in zip(pictures.cpu(), seeds):
            torch.manual_seed(seed)
            (bright, curve, red, blue, haze, above, soft, noise), faults = torch.rand(8).tolist(), torch.rand(5) < often
            picture = ((clean + 1) / 2).clamp(0, 1) * texture(*clean.shape[1:]).exp()
            if faults[0]:
                picture = picture.clamp(0, 1) ** math.exp(curve - 0.5) * math.exp(0.7 * (bright - 0.4))
            if faults[1]:
                tint = torch.tensor([red - 0.5, 0, blue - 0.5])[:, None, None]
                picture = picture * (0.35 * tint).exp()
            if faults[2]:
                thick = haze / 2 * torch.linspace(1, above, picture.shape[1])[:, None]
                haze_color = 0.8 + 0.2 * torch.rand(3, 1, 1)
                picture = torch.lerp(picture, haze_color.expand_as(picture), thick.expand_as(picture))
            if faults[3]:
                picture = gaussian_blur(picture, 5, [0.3 + soft])
            picture = (picture + 0.03 * noise * torch.randn_like(picture)).clamp(0, 1)
            picture = picture[None] * 2 - 1
            out.append(enlarger.compressed(picture, int(torch.randint(40, 96, ()))) if faults[4] else picture)
    return torch.cat(out).to(pictures.device)


def texture(height: int, width: int) -> Tensor:
    """Noise of several sizes, as leaves, plaster and asphalt have it, strong in some places: (1, height, width)."""
    noises = [torch.randn(1, 1, height // size, width // size) * torch.rand(()) for size in (1, 2, 4, 8)]
    whole = torch.stack([interpolate(each, (height, width), mode="bilinear")[0] for each in noises]).sum(0)
    return 0.6 * torch.rand(()) * whole * interpolate(torch.rand(1, 1, 4, 4), (height, width), mode="bilinear")[0]


class BackTranslation(Recipe):
    """Two generators, each of which learns from real pictures that the other one has translated."""

    name = "backtranslation"
    presets = PRESETS

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None and config.names_weight:
            raise LabError("A folder lacks the attributes of its pictures; leave --data out, or set names_weight=0.")
        if folder is not None:
            return UnpairedFolder(folder, config.picture)
        if config.a == "photo":
            if config.names_weight:
                raise LabError("Places have no attributes to name; set names_weight=0, and color_weight, such as 4.")
            return StudioScenes(config.a, config.b, config.picture, config.faces, config.seed)
        drawn = StudioUnpairedAttributes if config.names_weight else StudioUnpaired
        return drawn(config.a, config.b, config.picture, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        name, arguments = self.shape()
        self.G: Any = NETWORKS[name](**arguments)
        tags = len(TAGS) if config.names_weight else 0
        self.D_a, self.D_b = (
            r3gan.Discriminator(config.size, 2 * config.width, tags).apply(r3gan.initialize) for _ in "ab"
        )
        self.G_ema = EMA(self.G, config.ema)
        both = torch.nn.ModuleList([self.D_a, self.D_b])
        self.G_adam, self.D_adam = (adam(each, config.lr, (0.0, 0.99)) for each in (self.G, both))
        r3gan.shorten_gradients(both, self.D_adam, config.longest)
        self.G_decay, self.D_decay = (linear_decay(each, config.decay) for each in (self.G_adam, self.D_adam))
        self.steps_done = torch.zeros((), dtype=torch.int64)
        self.look = perception.extractor(config.features, self.device)

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        c = self.config
        real_a, real_b = (jittered(side, crop=1.0, size=c.size)[0] for side in batch[:2])  # (B, 3, size, size)
        names_a, names_b = batch[2:] or (None, None)  # (B, 34) of 0 and 1

        # Translations of real pictures, and answers to exercises: no gradient goes from these to who set them.
        fake_a = self.translated(self.G.b_to_a, real_b)
        asked = torch.cat([real_a, self.exercise(fake_a)])
        if c.camera:
            asked = photographed(asked, c.camera)
        fake_b, back_b = self.translated(self.G.a_to_b, asked).split([len(real_a), len(real_b)])
        back_a = self.translated(self.G.b_to_a, self.exercise(fake_b))
        sides = (self.D_a, real_a, fake_a, names_a, names_b), (self.D_b, real_b, fake_b, names_b, names_a)

        # The discriminators: a real picture should score above a fake; and they learn to name attributes.
        total, loss_D = torch.zeros((), device=self.device), []
        for D, real, fake, names, _ in sides:
            real_logits, named = D.seen(real)
            loss_D.append(losses.relativistic_discriminator_loss(real_logits, D.score(fake.detach())))
            total = total + loss_D[-1] + c.names_weight * r3gan.names_loss(named, names)
            if self.steps_done % c.penalty_every == 0:
                total = total + c.gamma * c.penalty_every * r3gan.steepness(losses.r1_penalty, D.score, real, fake)
        self.update(self.D_adam, total)

        # The generators: score above real pictures, keep the attributes, and answer as the solutions say.
        back = (back_a - real_a).abs().mean() + (back_b - real_b).abs().mean()
        total, loss_G = c.back_weight * back, []
        if c.features_weight:
            total = total + c.features_weight * self.unlike(back_b, real_b)
        if c.color_weight:
            off = avg_pool2d(fake_b - real_a, 8).abs().mean() + avg_pool2d(fake_a - real_b, 8).abs().mean()
            total = total + c.color_weight * off
        with frozen(self.D_a, self.D_b):
            for D, real, fake, _, names in sides:
                fake_logits, named = D.seen(fake)
                loss_G.append(losses.relativistic_discriminator_loss(fake_logits, D.score(real)))
                total = total + loss_G[-1] + c.names_weight * r3gan.names_loss(named, names)
        self.update(self.G_adam, total)
        for module in self.G.modules():
            if isinstance(module, ugatit.AdaLIN):
                module.clip()

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {"D": torch.stack(loss_D).sum().detach(), "G": torch.stack(loss_G).sum().detach(), "back": back.detach()}

    def translated(self, generator: Any, pictures: Tensor) -> Tensor:
        """Answers of one direction; of those that a U-Net knows, one by chance."""
        if self.config.network == "ugatit":
            return generator(pictures).out
        return generator(pictures, self.noise(len(pictures), self.config.latent))

    def exercise(self, fakes: Tensor) -> Tensor:
        """What one direction made, with some noise, for the other one."""
        return fakes.detach() + self.config.noise * self.noise(*fakes.shape).to(fakes.dtype)

    def unlike(self, answers: Tensor, solutions: Tensor) -> Tensor:
        """How far they are from each other at four depths of a network that has learned to see drawings."""
        with torch.no_grad():
            wanted = self.look(solutions)
        return perception.content_distance(self.look(answers), wanted, (0, 1, 2, 3))

    def preview(self) -> np.ndarray:
        """A, A to B, A to B to A; then the same from B."""
        (a, b), pair = self.examples[:2], self.G_ema.average
        rows = []
        for given, there, back in ((a, pair.a_to_b, pair.b_to_a), (b, pair.b_to_a, pair.a_to_b)):
            rows += [given, answer := self.translated(there, given), self.translated(back, answer)]
        return grid(torch.cat(rows), len(a))

    def shape(self) -> tuple[str, dict[str, Any]]:
        c = self.config
        if c.network == "ugatit":
            return "ugatit.pair", {"size": c.size, "width": c.width, "blocks": c.blocks, "light": True}
        return "r3gan.pair", {"size": c.size, "width": c.width, "latent": c.latent}

    def weights(self) -> tuple[str, dict[str, Any], torch.nn.Module]:
        return *self.shape(), self.G_ema.average
