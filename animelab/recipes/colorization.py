"""Color for line art, in two stages (Zhang et al. 2018): a bold draft, a careful hand. Taught in 08_colorization."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import PairedFolder, StudioPairs, as_pictures, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import colorization, pix2pix
from animelab.viz import grid

STAGES = ("draft", "refine")


@dataclass(frozen=True)
class Config(TrainingConfig):
    """PaintsChainer's network and rate (128 px, batch 16, Adam 1e-4), AlacGAN's half without dots, and few or many dots
    as in rapidrabbit76/SketchColorization."""

    stage: str = "draft"
    size: int = 128
    width: int = 32
    patch_layers: int = 3  # of D
    lr_G: float = 1e-4
    lr_D: float = 1e-4
    ema: float = 0.999
    adversarial_weight: float = 1.0
    l1_weight: float = 30.0  # the lower, the bolder
    none: float = 0.5  # share of pictures without a single dot,
    few: float = 0.4  # and of those with dots, the share that has 1 to 5; the others have up to `dots`
    dots: int = 65
    radius: int = 2  # a dot's side is 1, 3 or 5 pixels
    asked: float = 0.5  # share of pictures that come with a palette, in the draft stage
    prior: str = "full"
    faces: int = 20_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stage not in STAGES:
            raise LabError(f"There is no stage '{self.stage}': {settings.nearest(self.stage, STAGES)}")
        if self.dots > self.size**2:
            raise LabError(f"A picture of {self.size} px has no room for {self.dots} dots; give at most a pixel each.")
        if self.size % 16:
            raise LabError(f"The U-Net takes sizes that are multiples of 16, not {self.size}.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=4, size=32, width=4, patch_layers=1, faces=64, dots=8, log_every=5, preview_every=10,
        checkpoint_every=10,
    ),
    "cpu": Config(
        steps=3000, decay=3000, batch=16, size=64, width=8, patch_layers=2, lr_G=1e-3, lr_D=2e-4, ema=0.99,
        prior="frontal", faces=10_000, radius=1,
    ),
    "t4": Config(steps=100_000, decay=100_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(
        steps=150_000, decay=150_000, size=256, faces=50_000, radius=3, checkpoint_every=5000, preview_every=2000
    ),  # not measured yet
    "studio": Config(  # how the colorists of the zoo were made, in parts; their cards say which
        steps=14_000, decay=14_000, batch=8, width=8, patch_layers=2, lr_G=1e-3, lr_D=2e-4, ema=0.995, faces=12_000,
    ),
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


class Colorization(Recipe):
    """One stage of two. `hints` (where the dots lie) and `flawed` (what a draft gets wrong) can be a learner's own."""

    name = "colorization"
    presets = PRESETS
    parts = ("hints", "flawed")
    hints = staticmethod(colorization.hints)
    flawed = staticmethod(colorization.flawed)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return PairedFolder(folder, config.size)
        return StudioPairs("line", "color", config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.drafting = config.stage == "draft"
        self.G = colorization.UNet(**self.arguments())
        self.D = pix2pix.Discriminator(4, 2 * config.width, config.patch_layers).apply(pix2pix.initialize)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (0.5, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (0.5, 0.999))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)

    def arguments(self) -> dict[str, int]:
        """What G is built from: ink and dots go in, in the second stage a draft, too."""
        more = {"channels_in": 5, "palette": colorization.PALETTE} if self.drafting else {"channels_in": 8}
        return {"width": self.config.width, **more}

    def counts(self, pictures: int) -> Tensor:
        """How many dots each picture gets."""
        c = self.config
        few, many = torch.randint(1, 6, (pictures,)), torch.randint(6, c.dots + 1, (pictures,))
        some = torch.where(torch.rand(pictures) < c.few, few, many)
        return (some * (torch.rand(pictures) >= c.none)).to(self.device)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        lines, colors = jittered(*map(as_pictures, batch), crop=1.0)  # (B, 3, size, size) in [-1, 1], mirrored or not
        ink = (1 - lines[:, :1]) / 2  # 1 where a line is
        if not self.drafting:  # colors that no character has: what is unusual need not be an error
            colors = colorization.repainted(colors, 0.25)
        dots = self.hints(colors, self.counts(len(ink)), int(torch.randint(0, c.radius + 1, ())), ink < 0.3)
        if self.drafting:
            asked = torch.rand(len(ink), 1).to(self.device) < c.asked
            fake = self.G(torch.cat([ink, dots], 1), colorization.palette(colors) * asked)
        else:
            fake = self.G(torch.cat([ink, dots, self.flawed(colors)], 1))

        loss_D = losses.discriminator_loss(
            self.D(torch.cat([ink, colors], 1)), self.D(torch.cat([ink, fake.detach()], 1))
        )
        self.update(self.D_adam, loss_D)

        with frozen(self.D):
            loss_G = losses.non_saturating_generator_loss(self.D(torch.cat([ink, fake], 1)))
        l1 = (fake - colors).abs().mean()
        self.update(self.G_adam, c.adversarial_weight * loss_G + c.l1_weight * l1)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        return {"D": loss_D.detach(), "G": loss_G.detach(), "L1": l1.detach()}

    def preview(self) -> np.ndarray:
        """Rows of lines, of answers without any dot, and of the truth; in the second stage of flawed drafts, too."""
        lines, colors = map(as_pictures, self.examples)
        ink = (1 - lines[:, :1]) / 2
        empty = ink.new_zeros(len(ink), 4, *ink.shape[2:])
        if self.drafting:
            given = [lines]
            answer = self.G_ema(torch.cat([ink, empty], 1), ink.new_zeros(len(ink), colorization.PALETTE))
        else:
            with torch.random.fork_rng():  # the same flaws in every preview
                torch.manual_seed(0)
                given = [lines, self.flawed(colors)]
            answer = self.G_ema(torch.cat([ink, empty, given[1]], 1))
        return grid(torch.cat([*given, answer.clamp(-1, 1), colors]), len(lines))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "paintschainer.unet", self.arguments(), self.G_ema.average
