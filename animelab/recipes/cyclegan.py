"""CycleGAN (Zhu et al. 2017): two styles and no pairs, held together by the way back. Taught in 05_cyclegan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import ImagePool, StudioUnpaired, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.nn import cyclegan, pix2pix
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The paper's settings (Zhu et al. 2017, appendix 7.1): batch 1, Adam 2e-4, a way back worth 10."""

    batch: int = 1
    size: int = 256
    width: int = 64
    blocks: int = 9
    patch_layers: int = 3
    lr: float = 2e-4
    beta1: float = 0.5
    ema: float = 0.0
    cycle_weight: float = 10.0
    identity_weight: float = 5.0  # a cel given to the generator of cels should stay as it is
    pool: int = 50
    crop: float = 286 / 256
    a: str = "portrait"
    b: str = "cel"
    prior: str = "full"
    faces: int = 5_000  # drawn characters a side, when no folder is given


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, width=4, blocks=1, patch_layers=1, pool=4, faces=32, log_every=5, preview_every=10,
        checkpoint_every=10,
    ),
    "cpu": Config(
        steps=4000, decay=4000, size=64, width=16, blocks=4, patch_layers=2, lr=4e-4, ema=0.995, crop=1.0,
        prior="frontal",
    ),
    "t4": Config(steps=200_000, decay=200_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(steps=200_000, decay=200_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
}  # fmt: skip
preset = settings.named(PRESETS)


class CycleGAN(Recipe):
    """Two generators, two discriminators.

    A learner's own can be `loss`, `cycle_loss`, `pool` (a class) and `extra_loss`: a function of A's pictures and their
    translations, to a term that G pays in addition.
    """

    name = "cyclegan"
    presets = PRESETS
    parts = ("loss", "cycle_loss", "pool", "extra_loss")
    loss = losses.least_squares
    cycle_loss = staticmethod(losses.cycle_loss)
    pool = ImagePool
    extra_loss: Callable[[Tensor, Tensor], Tensor] | None = None

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return UnpairedFolder(folder, config.size)
        return StudioUnpaired(config.a, config.b, config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.G = cyclegan.Pair(config.blocks, config.width).apply(pix2pix.initialize)
        self.D_a, self.D_b = (
            cyclegan.Discriminator(3, config.width, config.patch_layers).apply(pix2pix.initialize) for _ in "ab"
        )
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr, (config.beta1, 0.999))
        self.D_adam = adam(torch.nn.ModuleList([self.D_a, self.D_b]), config.lr, (config.beta1, 0.999))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)
        self.pool_a, self.pool_b = self.pool(config.pool), self.pool(config.pool)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        real_a, real_b = chain(*(jittered(side, crop=self.config.crop) for side in batch))
        to_b, to_a = self.G.a_to_b, self.G.b_to_a

        # The generators: fool D, find the way back, and leave alone what is already right.
        fake_b, fake_a = to_b(real_a), to_a(real_b)
        with frozen(self.D_a, self.D_b):
            loss_G = self.loss.generator(self.D_b(fake_b)) + self.loss.generator(self.D_a(fake_a))
        cycle = self.cycle_loss(_once(to_b, real_a, fake_b), _once(to_a, real_b, fake_a), real_a, real_b)
        total = loss_G + self.config.cycle_weight * cycle
        if self.config.identity_weight:
            identity = (to_b(real_b) - real_b).abs().mean() + (to_a(real_a) - real_a).abs().mean()
            total = total + self.config.identity_weight * identity
        if self.extra_loss is not None:
            total = total + self.extra_loss(real_a, fake_b)
        self.update(self.G_adam, total)

        # The discriminators: each sees its own domain, and fakes from the pool.
        old_a, old_b = self.on_whole(self.pool_a.exchange, fake_a), self.on_whole(self.pool_b.exchange, fake_b)
        loss_D = (
            self.loss.discriminator(self.D_a(real_a), self.D_a(old_a))
            + self.loss.discriminator(self.D_b(real_b), self.D_b(old_b))
        ) / 2
        self.update(self.D_adam, loss_D)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        return {"D": loss_D.detach(), "G": loss_G.detach(), "cycle": cycle.detach()}

    def preview(self) -> np.ndarray:
        """A, A to B, A to B to A; then the same from B."""
        a, b = self.examples
        pair = self.G_ema.average
        assert isinstance(pair, cyclegan.Pair)
        to_b, to_a = pair.a_to_b, pair.b_to_a
        return grid(torch.cat([a, to_b(a), to_a(to_b(a)), b, to_a(b), to_b(to_a(b))]), len(a))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "cyclegan.pair", {"blocks": self.config.blocks, "width": self.config.width}, self.G_ema.average


def _once(network: torch.nn.Module, given: Tensor, answer: Tensor) -> Callable[[Tensor], Tensor]:
    """The network, which does not compute again what it has answered already."""
    return lambda pictures: answer if pictures is given else network(pictures)
