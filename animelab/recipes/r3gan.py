"""R3GAN's game (Huang et al. 2024) on DCGAN's generator: pairs, and two exact penalties. Taught in 01_dcgan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import ImageFolder, Pictures, StudioFaces
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.nn import dcgan, r3gan
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
    ema: float = 0.999  # how much of the averaged weights stays at each step
    faces: int = 10_000  # drawn characters to learn from, when no folder of pictures is given
    prior: str = "frontal"
    previews: int = 32  # fixed latents in the live grid


PRESETS = {
    "smoke": Config(
        steps=20, batch=8, width=8, log_every=5, preview_every=10, checkpoint_every=10, previews=8, faces=64
    ),
    "cpu": Config(steps=2400, decay=2400, batch=32, width=40, lr_G=1e-3, lr_D=1e-3, ema=0.998),
    "t4": Config(
        steps=60_000, decay=60_000, batch=64, faces=50_000, checkpoint_every=1000, preview_every=500
    ),  # not measured yet
    "h100": Config(
        steps=100_000, decay=100_000, batch=256, size=128, faces=100_000, checkpoint_every=2000, preview_every=1000
    ),  # not measured yet
}


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


class R3GAN(Recipe):
    """Two networks; every fake is compared with a real picture, and D stays flat around both."""

    name = "r3gan"
    presets = PRESETS
    parts = ("loss", "penalty")
    loss = staticmethod(losses.relativistic_discriminator_loss)  # (real_logits, fake_logits) -> scalar
    penalty = staticmethod(losses.r1_penalty)  # (score, pictures) -> scalar

    def build(self, config: Config) -> None:
        self.G = dcgan.Generator(config.size, config.latent, config.width).apply(dcgan.initialize)
        self.D = r3gan.Discriminator(config.size, config.width).apply(r3gan.initialize)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (0.0, 0.99))
        self.D_adam = adam(self.D, config.lr_D, (0.0, 0.99))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)
        self.fixed_latents = self.latents(config.previews)
        self.steps_done = torch.zeros((), dtype=torch.int64)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Pictures:
        if folder is not None:
            return ImageFolder(folder, config.size)
        return StudioFaces(config.size, config.faces, config.seed, config.prior)

    def latents(self, count: int) -> Tensor:
        return torch.randn(count, self.config.latent).to(self.device)

    def step(self, real: Tensor) -> dict[str, Tensor]:  # (B, 3, size, size) in [-1, 1]
        c = self.config
        fake = self.G(self.latents(len(real)))

        # The discriminator: each real picture should score above its fake, by no steep slope around either.
        loss_D = self.loss(self.D(real), self.D(fake.detach()))
        total = loss_D
        if self.steps_done % c.penalty_every == 0:
            with torch.autocast(self.device.type, enabled=False):  # a gradient of a gradient wants every digit
                both = self.penalty(self.D, real) + self.penalty(self.D, fake.detach().float())
            total = total + c.gamma / 2 * c.penalty_every * both
        self.update(self.D_adam, total)

        # The generator: each fake should score above its real picture.
        with frozen(self.D):
            loss_G = self.loss(self.D(fake), self.D(real))
        self.update(self.G_adam, loss_G)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach()}

    def preview(self) -> np.ndarray:
        return grid(self.G_ema(self.fixed_latents))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        arguments = {"size": self.config.size, "latent": self.config.latent, "width": self.config.width}
        return "dcgan.generator", arguments, self.G_ema.average
