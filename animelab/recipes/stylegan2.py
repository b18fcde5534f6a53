"""StyleGAN2 (Karras et al. 2020): a style for every layer, and two penalties now and then. Taught in 06_stylegan2."""

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
from animelab.engine import EMA, Recipe, frozen
from animelab.nn import stylegan2
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """NVIDIA's settings for 256 pixels, "paper256" (Karras et al. 2020 and stylegan2-ada-pytorch)."""

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
    faces: int = 50_000
    prior: str = "frontal"
    previews: int = 32


PRESETS = {
    "smoke": Config(
        steps=20, batch=8, size=32, channel_base=256, channel_max=16, mapping_layers=2, latent=16, r1_every=4, faces=64,
        log_every=5, preview_every=10, checkpoint_every=10, previews=8,
    ),
    "bundled": Config(
        steps=8000, batch=16, size=64, channel_base=2048, channel_max=128, mapping_layers=4, ema_images=5_000,
        path_weight=0.0, faces=20_000,
    ),
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def lazy_adam(network: torch.nn.Module, lr: float, every: int) -> torch.optim.Adam:
    """Adam with betas (0, 0.99), slowed so that one more step in every so many changes nothing (appendix B)."""
    share = every / (every + 1)
    return torch.optim.Adam(network.parameters(), lr * share, (0.0, 0.99**share), fused=True)


class StyleGAN2(Recipe):
    """Two networks, one game, and lazy penalties. `loss` can be a learner's own."""

    name = "stylegan2"
    presets = PRESETS
    parts = ("loss",)
    loss = losses.non_saturating

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Pictures:
        if folder is not None:
            return ImageFolder(folder, config.size)
        return StudioFaces(config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        shape = (config.size, config.channel_base, config.channel_max, config.mapping_layers, config.latent)
        self.G, self.D = stylegan2.Generator(*shape), stylegan2.Discriminator(*shape)
        self.G_ema = EMA(self.G, 0.5 ** (config.batch / config.ema_images))
        self.G_adam = lazy_adam(self.G, config.lr_G, config.path_every)
        self.D_adam = lazy_adam(self.D, config.lr_D, config.r1_every)
        self.path_mean = torch.zeros((), device=self.device)
        self.steps_done = torch.zeros((), dtype=torch.int64)
        self.fixed_latents = self.latents(config.previews)

    def latents(self, count: int) -> Tensor:
        return torch.randn(count, self.config.latent).to(self.device)

    def styles(self, count: int) -> Tensor:
        """w for every layer, (count, layers, latent); in a share of the batches from two latents."""
        layers = len(self.G.synthesis.convs) + 1
        w = self.G.mapping(self.latents(count))[:, None].repeat(1, layers, 1)
        if torch.rand(()) < self.config.mixing:
            cut = int(torch.randint(1, layers, ()))
            w = torch.cat([w[:, :cut], self.G.mapping(self.latents(count))[:, None].repeat(1, layers - cut, 1)], 1)
        return w

    def step(self, real: Tensor) -> dict[str, Tensor]:  # (B, 3, size, size) in [-1, 1]
        c = self.config
        fake = self.G.synthesis(self.styles(len(real)))

        # The judge; and now and then, flat ground around real pictures.
        loss_D = self.loss.discriminator(self.D(real), self.D(fake.detach()))
        self.update(self.D_adam, loss_D)
        if self.steps_done % c.r1_every == 0:
            with torch.autocast(self.device.type, enabled=False):  # a slope of a slope wants every digit
                penalty = losses.r1_penalty(self.D, real)
            self.update(self.D_adam, c.gamma / 2 * c.r1_every * penalty)

        # The painter; and now and then, steps in w as long as the average step.
        with frozen(self.D):
            loss_G = self.loss.generator(self.D(fake))
        self.update(self.G_adam, loss_G)
        if c.path_weight and self.steps_done % c.path_every == 0:
            with torch.autocast(self.device.type, enabled=False):
                w = self.styles(max(1, len(real) // 2))
                lengths = losses.path_lengths(self.G.synthesis(w), w)
            self.path_mean.lerp_(lengths.detach().mean(), 0.01)
            self.update(self.G_adam, c.path_weight * c.path_every * (lengths - self.path_mean).square().mean())

        self.G_ema.update(self.G)
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach()}

    def preview(self) -> np.ndarray:
        """The upper half as the average paints them, truncated to 0.7; the lower half at full width."""
        first, second = self.fixed_latents.chunk(2)
        return grid(torch.cat([self.G_ema.average(first, truncation=0.7), self.G_ema(second)]))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        c = self.config
        arguments = {
            "size": c.size,
            "channel_base": c.channel_base,
            "channel_max": c.channel_max,
            "mapping_layers": c.mapping_layers,
            "latent": c.latent,
        }
        return "stylegan2-256.generator", arguments, self.G_ema.average
