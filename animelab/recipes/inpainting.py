"""Filling holes (Liu et al. 2018): five losses, new holes at every step, and no discriminator. Taught in 11_repair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import ImageFolder, StudioFaces
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import inpainting, pix2pix
from animelab.viz import grid

NETWORKS = {"partial": ("pconv.unet", inpainting.UNet), "gated": ("gated.inpainting", inpainting.GatedNet)}


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The paper's rate and weights, but for the perceptual part (there 0.05): VGG16's features are not offline, and
    what the course's own tagger sees differs by smaller numbers."""

    network: str = "partial"  # or "gated": coarse to fine, with noise for several proposals
    size: int = 128
    width: int = 64
    layers: int = 6  # halvings of the partial network
    latent: int = 8  # of the gated one
    proposals: int = 1  # of so many, each with noise of its own, only the best has to answer; with 1 all become alike
    lr: float = 2e-4
    first: int = 0  # steps after which the encoder's norms stand still, as in the paper's fine-tuning; 0: never
    ema: float = 0.999
    hole_weight: float = 6.0
    perceptual_weight: float = 0.5
    style_weight: float = 120.0
    variation_weight: float = 0.1
    adversarial_weight: float = 0.0  # with a small discriminator of patches, which the paper has not
    prior: str = "full"
    faces: int = 12_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network not in NETWORKS:
            raise LabError(f"There is no network '{self.network}': {settings.nearest(self.network, NETWORKS)}")
        if self.size % (2**self.layers if self.network == "partial" else 8):
            raise LabError(f"size={self.size} cannot be halved so often; give a multiple of 8, and of 2 to the layers.")


PRESETS = {
    "smoke": Config(steps=20, batch=4, size=32, width=4, layers=3, first=10, adversarial_weight=0.1, faces=64,
                    log_every=5, preview_every=10, checkpoint_every=10),
    "cpu": Config(steps=1500, decay=1500, batch=8, size=64, width=8, layers=5, lr=1e-3, first=1200, ema=0.99),
    "t4": Config(steps=100_000, decay=100_000, batch=16, first=80_000),  # not measured yet
    "h100": Config(steps=200_000, decay=200_000, size=256, layers=7, first=160_000, faces=50_000),  # not measured yet
    # How the networks of the zoo were made:
    "studio": Config(steps=8000, decay=8000, batch=8, width=12, lr=2e-3, first=2000, ema=0.995, checkpoint_every=50),
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def repair_loss(drawn: Tensor, truth: Tensor, mask: Tensor, look: Any) -> dict[str, Tensor]:
    """The paper's parts of the loss, each a scalar without its weight: valid, hole, perceptual, style, variation.

    drawn: what the network gave, (B, 3, H, W), free in what is known, too; mask: (B, 1, H, W), 1 where it is known;
    look: pictures to feature maps. Features are those of `drawn` and of it with what is known put back; total variation
    is of the latter, in the hole and one pixel around it. Each mean is over all numbers (section 3.3).
    """
    off, together = (drawn - truth).abs(), torch.where(mask > 0, truth, drawn)
    wanted, around = [each.detach() for each in look(truth)], torch.max_pool2d(1 - mask, 3, 1, 1)
    parts = {"valid": (off * mask).mean(), "hole": (off * (1 - mask)).mean()}
    for name, distance in (("perceptual", perception.content_distance), ("style", perception.style_distance)):
        parts[name] = torch.stack(
            [distance(look(each), wanted, perception.EVERYTHING["tagger"]) for each in (drawn, together)]
        ).sum()
    right = (together.diff(dim=3).abs() * around[..., 1:]).mean()
    return parts | {"variation": right + (together.diff(dim=2).abs() * around[..., 1:, :]).mean()}


class Inpainting(Recipe):
    """A network that fills holes; `convolution` of the partial one, `loss` and `holes` can be a learner's own."""

    name = "inpainting"
    presets = PRESETS
    parts = ("convolution", "loss", "holes")
    convolution = staticmethod(inpainting.partial_convolution)
    loss = staticmethod(repair_loss)
    holes = staticmethod(inpainting.holes)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return ImageFolder(folder, config.size)
        return StudioFaces(config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        special = {"layers": config.layers} if config.network == "partial" else {"latent": config.latent}
        self.own = {"width": config.width, **special}  # what G is built from
        self.G: Any = NETWORKS[config.network][1](**self.own).to(memory_format=torch.channels_last)
        for layer in self.G.modules():
            vars(layer)["convolve"] = self.convolution  # only a PartialConv2d asks for it
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr, (0.9, 0.999))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        if config.adversarial_weight:
            self.D = pix2pix.Discriminator(4, 2 * config.width, 2, "none")
            for layer in [each for each in self.D.body if isinstance(each, nn.Conv2d)]:
                nn.utils.parametrizations.spectral_norm(layer)
            self.D_adam = adam(self.D, config.lr, (0.5, 0.999))
        self.look = perception.extractor("tagger", self.device)

    def step(self, truth: Tensor) -> dict[str, Tensor]:  # (B, 3, size, size) in [-1, 1]
        c = self.config
        mask = self.holes(truth) * self.holes(truth)  # (B, 1, size, size), 1 where it is known
        if c.network == "partial":
            self.G.seen.train(not c.first or self.G_decay.last_epoch < c.first)  # the norms of the encoder
            coarse = drawn = self.G(truth * mask, mask)
        else:
            coarse, drawn = self.G.both(truth * mask, mask, self.best_noise(truth, mask))
        parts = self.loss(drawn, truth, mask, self.look)
        if coarse is not drawn:  # it has to be right as well
            parts["coarse"] = ((coarse - truth).abs() * torch.where(mask > 0, 1.0, c.hole_weight)).mean()
        if c.adversarial_weight:
            real, fake = (torch.cat([each, mask], 1) for each in (truth, torch.where(mask > 0, truth, drawn)))
            self.update(self.D_adam, losses.discriminator_loss(self.D(real), self.D(fake.detach())))
            with frozen(self.D):
                parts["adversarial"] = losses.non_saturating_generator_loss(self.D(fake))
        total = torch.stack([getattr(c, f"{name}_weight", 1.0) * part for name, part in parts.items()]).sum()
        self.update(self.G_adam, total)

        self.G_ema.update(self.G)
        self.G_decay.step()
        return {name: part.detach() for name, part in parts.items()}

    @torch.no_grad()
    def best_noise(self, truth: Tensor, mask: Tensor) -> Tensor:
        """Of `proposals` noises for each picture, the one (B, latent) whose hole comes nearest to the truth.

        Whoever has to be right with the better of two answers learns to give two that differ.
        """
        noises = torch.stack([self.noise(len(truth), self.config.latent) for _ in range(self.config.proposals)])
        off = [((self.G(truth * mask, mask, each) - truth).abs() * (1 - mask)).mean((1, 2, 3)) for each in noises]
        return noises[torch.stack(off).argmin(0), torch.arange(len(truth))]

    def preview(self) -> np.ndarray:
        """Rows of pictures with holes, of what was put there, and of the truth."""
        truth = self.examples[0]
        mask = self.holes(truth) * self.holes(truth)
        return grid(torch.cat([truth * mask, inpainting.filled(self.G_ema.average, truth, mask), truth]), len(truth))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return NETWORKS[self.config.network][0], self.own, self.G_ema.average
