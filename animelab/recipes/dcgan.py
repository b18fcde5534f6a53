"""DCGAN (Radford, Metz and Chintala 2015): a generator and a discriminator, both convolutional. Taught in 01_dcgan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import ImageFolder, Pictures, StudioFaces
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay, update_average
from animelab.errors import LabError
from animelab.nn import dcgan
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The PyTorch example's settings (Radford et al. 2015, section 4), plus an average of the weights for sampling."""

    size: int = 64  # side of a picture in pixels
    latent: int = 100  # numbers a face is drawn from
    width: int = 64  # channels of the widest layer, G's last and D's first
    lr_G: float = 2e-4
    lr_D: float = 2e-4
    beta1: float = 0.5  # Adam's memory of past gradients; the usual 0.9 makes the game swing
    ema: float = 0.99  # how much of the averaged weights stays at each step
    faces: int = 10_000  # drawn characters to learn from, when no folder of pictures is given
    previews: int = 32  # fixed latents in the live grid


PRESETS = {
    "smoke": Config(20, 8, width=8, log_every=5, preview_every=10, checkpoint_every=10, previews=8, faces=64),
    "cpu": Config(steps=2800, decay=2800, batch=32, width=40, lr_G=1e-3, lr_D=2.5e-4, ema=0.998),
    "t4": Config(steps=20_000, batch=128, ema=0.999, checkpoint_every=1000, preview_every=500),  # not measured yet
    "h100": Config(
        steps=40_000, batch=256, size=128, ema=0.999, checkpoint_every=2000, preview_every=1000
    ),  # not measured yet
}
preset = settings.named(PRESETS)


class DCGAN(Recipe):
    """Two networks, one game. Its `parts` can be a learner's own: DCGAN(config, loss=my_loss)."""

    name = "dcgan"
    presets = PRESETS
    parts = ("loss", "initialize", "discriminator_step", "update_average")
    loss = losses.non_saturating
    initialize = staticmethod(dcgan.initialize)
    discriminator_step: Callable[..., Tensor | float] | None = None  # a learner's; takes what exercise 1.5 says
    update_average = staticmethod(update_average)

    def build(self, config: Config) -> None:
        self.G = dcgan.Generator(config.size, config.latent, config.width).apply(self.initialize)
        self.D = dcgan.Discriminator(config.size, config.width).apply(self.initialize)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (config.beta1, 0.999))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)
        self.fixed_latents = self.noise(config.previews, config.latent)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Pictures:
        return ImageFolder(folder, config.size) if folder else StudioFaces(config.size, config.faces)

    def step(self, real: Tensor) -> dict[str, Tensor]:  # (B, 3, size, size) in [-1, 1]
        latents = self.noise(len(real), self.config.latent)
        fake = self.G(latents)

        # The discriminator: real should score high, fake should score low.
        if self.discriminator_step:  # which makes the fakes once more
            if self.group.sharers > 1:
                raise LabError("Your discriminator_step takes its steps alone; train in one process, or leave it out.")
            loss = self.loss.discriminator
            loss_D = torch.as_tensor(self.discriminator_step(self.G, self.D, real, latents, self.D_adam, loss))
        else:
            loss_D = self.loss.discriminator(self.D(real), self.D(fake.detach()))
            self.update(self.D_adam, loss_D)

        # The generator: make D score the fake high.
        with frozen(self.D):
            loss_G = self.loss.generator(self.D(fake))
        self.update(self.G_adam, loss_G)

        self.G_ema.update(self.G, self.update_average)
        self.G_decay.step()
        self.D_decay.step()
        return {"D": loss_D.detach(), "G": loss_G.detach()}

    def preview(self) -> np.ndarray:
        return grid(self.G_ema(self.fixed_latents))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        arguments = {"size": self.config.size, "latent": self.config.latent, "width": self.config.width}
        return "dcgan.generator", arguments, self.G_ema.average
