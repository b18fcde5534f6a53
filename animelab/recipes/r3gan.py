"""R3GAN's game (Huang et al. 2024) on DCGAN's generator: pairs, and two exact penalties.

Taught in 01_dcgan; with attributes, in 03_attributes.
"""

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
from animelab.data import ImageFolder, Pictures, StudioAttributes, StudioFaces
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import dcgan, r3gan
from animelab.studio import TAGS
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """DCGAN's networks, D without norms; the paper's loss and its two penalties, here in every fourth step."""

    size: int = 64  # side of a picture in pixels
    latent: int = 100  # numbers a face is drawn from
    width: int = 64  # channels of the widest layer, G's last and D's first
    lr_G: float = 2e-4
    lr_D: float = 2e-4
    gamma: float = 1.0  # weight of both penalties
    penalty_every: int = 4  # steps between penalties; they count as many times more, and cost as many times less
    longest: float = 0.0  # D's gradient is shortened to this norm, or never: one steep picture can end a training
    ema: float = 0.999  # how much of the averaged weights stays at each step
    width_G: int = 24  # of G's last layer, with attributes; without them it is DCGAN's, of the same width as D
    attributes: bool = False  # G is told the 34 attributes of studio.TAGS, and D has an auxiliary classifier
    names_weight: float = 0.15  # how much the classifier's loss, summed over the attributes, counts for both
    faces: int = 10_000  # drawn characters to learn from, when no folder of pictures is given
    prior: str = "frontal"
    previews: int = 32  # fixed latents in the live grid


PRESETS = {
    "smoke": Config(20, 8, width=8, log_every=5, preview_every=10, checkpoint_every=10, previews=8, faces=64),
    "cpu": Config(steps=2400, decay=2400, batch=32, width=40, lr_G=1e-3, lr_D=1e-3, ema=0.998),
    "t4": Config(
        steps=60_000, decay=60_000, batch=64, faces=50_000, checkpoint_every=1000, preview_every=500
    ),  # not measured yet
    "h100": Config(
        steps=100_000, decay=100_000, batch=256, size=128, faces=100_000, checkpoint_every=2000, preview_every=1000
    ),  # not measured yet
    "attributes": Config(  # MakeGirlsMoe's orders, in this game
        steps=2000, decay=2000, batch=32, width=40, lr_G=7e-4, lr_D=7e-4, ema=0.998, attributes=True,
        faces=12_000,
    ),
}  # fmt: skip
preset = settings.named(PRESETS)


class R3GAN(Recipe):
    """Two networks; every fake is compared with a real picture, and D stays flat around both."""

    name = "r3gan"
    presets = PRESETS
    parts = ("loss", "penalty")
    loss = staticmethod(losses.relativistic_discriminator_loss)  # (real_logits, fake_logits) -> scalar
    penalty = staticmethod(losses.r1_penalty)  # (score, pictures) -> scalar

    def build(self, config: Config) -> None:
        shape, tags = {"size": config.size, "latent": config.latent}, len(TAGS) if config.attributes else 0
        self.G: torch.nn.Module
        if config.attributes:
            self.G = r3gan.Generator(**shape, tags=tags, width=config.width_G)
        else:
            self.G = dcgan.Generator(**shape, width=config.width).apply(dcgan.initialize)
        self.D = r3gan.Discriminator(config.size, config.width, tags).apply(r3gan.initialize)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (0.0, 0.99))
        self.D_adam = adam(self.D, config.lr_D, (0.0, 0.99))
        r3gan.shorten_gradients(self.D, self.D_adam, config.longest)
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)
        self.fixed_latents = self.noise(config.previews, config.latent)
        self.steps_done = torch.zeros((), dtype=torch.int64)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Pictures:
        if folder is not None and config.attributes:
            raise LabError("A folder lacks the attributes of its pictures; leave --data out, or attributes=True.")
        if folder is not None:
            return ImageFolder(folder, config.size)
        drawn = StudioAttributes if config.attributes else StudioFaces
        return drawn(config.size, config.faces, config.seed, config.prior)

    def step(self, batch: Any) -> dict[str, Tensor]:
        c = self.config
        real, orders = batch if c.attributes else (batch, None)  # (B, 3, size, size) in [-1, 1]; (B, 34) of 0 and 1
        fake = self.G(self.noise(len(real), self.config.latent), *([orders] if c.attributes else []))

        # The discriminator: each real picture should score above its fake, by no steep slope around either.
        (real_logits, named), (fake_logits, _) = self.D.seen(real), self.D.seen(fake.detach())
        loss_D = self.loss(real_logits, fake_logits)
        total = loss_D + c.names_weight * r3gan.names_loss(named, orders)
        if self.steps_done % c.penalty_every == 0:
            steep = r3gan.steepness(self.penalty, self.D.score, real, fake)
            total = total + c.gamma * c.penalty_every * steep
        self.update(self.D_adam, total)

        # The generator: each fake should score above its real picture, and show the attributes of both.
        with frozen(self.D):
            fake_logits, named = self.D.seen(fake)
            loss_G = self.loss(fake_logits, self.D.score(real))
        self.update(self.G_adam, loss_G + c.names_weight * r3gan.names_loss(named, orders))

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach()}

    def preview(self) -> np.ndarray:
        """All from fixed latents; with attributes four of them, one a row, and eight orders, one a column."""
        if not self.config.attributes:
            return grid(self.G_ema(self.fixed_latents))
        orders = self.examples[1]
        return grid(
            self.G_ema(self.fixed_latents[:4].repeat_interleave(len(orders), 0), orders.repeat(4, 1)), len(orders)
        )

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        c = self.config
        arguments = {"size": c.size, "latent": c.latent}
        if c.attributes:
            return "r3gan.generator", arguments | {"tags": len(TAGS), "width": c.width_G}, self.G_ema.average
        return "dcgan.generator", arguments | {"width": c.width}, self.G_ema.average
