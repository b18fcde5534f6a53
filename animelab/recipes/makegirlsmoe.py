"""MakeGirlsMoe (Jin et al. 2017): a painter who takes orders, a judge who also names what it sees. 03_attributes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import StudioAttributes
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import makegirlsmoe
from animelab.studio import TAGS
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The paper's settings (Jin et al. 2017, section 3): 128 px, batch 64, Adam 2e-4 with a memory of 0.5."""

    size: int = 128
    latent: int = 128  # numbers that are nobody's order: all that the attributes leave open
    width_G: int = 64
    width_D: int = 32
    blocks: int = 16  # residual blocks of G
    lr_G: float = 2e-4
    lr_D: float = 2e-4
    beta1: float = 0.5
    ema: float = 0.0  # the paper draws with the weights as they are; 0.99 and more averages them
    adversarial_weight: float = 34.0  # how much "real?" counts beside one attribute
    penalty_weight: float = 0.5
    penalty_every: int = 1  # steps between penalties; they count as many times more, and cost as many times less
    name_fakes: bool = True  # D learns attributes also from fakes, with the order they were painted for
    faces: int = 30_000
    prior: str = "full"


PRESETS = {
    "smoke": Config(
        steps=20, batch=8, size=64, width_G=8, width_D=4, blocks=1, faces=64, log_every=5, preview_every=10,
        checkpoint_every=10,
    ),
    "cpu": Config(
        steps=1000, decay=1000, batch=32, size=64, width_G=32, width_D=16, blocks=6, lr_G=8e-4, lr_D=4e-4, ema=0.99,
        adversarial_weight=3.0, penalty_every=4, name_fakes=False, faces=12_000, prior="frontal",
    ),
    "t4": Config(steps=60_000, decay=60_000, ema=0.999, checkpoint_every=1000, preview_every=1000),  # not measured yet
    "h100": Config(steps=100_000, decay=100_000, faces=100_000, ema=0.999, checkpoint_every=2000),  # not measured yet
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def naming_loss(logits: Tensor, tags: Tensor) -> Tensor:
    """Cross-entropy of each attribute, summed over the 34 and averaged over the batch; both (B, 34)."""
    return binary_cross_entropy_with_logits(logits.float(), tags) * tags.shape[1]


class MakeGirlsMoe(Recipe):
    """AC-GAN with many labels and DRAGAN's penalty. `loss` and `penalty` can be a learner's own."""

    name = "makegirlsmoe"
    presets = PRESETS
    parts = ("loss", "penalty")
    loss = losses.non_saturating
    penalty = staticmethod(losses.dragan_penalty)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> StudioAttributes:
        if folder is not None:
            raise LabError("This recipe needs the attributes of every picture, which a folder lacks; leave --data out.")
        return StudioAttributes(config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.G = makegirlsmoe.Generator(config.size, config.latent, len(TAGS), config.width_G, config.blocks)
        self.D = makegirlsmoe.Discriminator(config.size, len(TAGS), config.width_D)
        makegirlsmoe.initialize(self.D)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (config.beta1, 0.999))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)
        self.fixed_latents = self.latents(4)
        self.steps_done = torch.zeros((), dtype=torch.int64)

    def latents(self, count: int) -> Tensor:
        return torch.randn(count, self.config.latent).to(self.device)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        real, tags = batch  # (B, 3, size, size) in [-1, 1]; (B, 34) of 0 and 1
        orders = tags.roll(1, 0)  # combinations that exist, each ordered for another picture
        fake = self.G(self.latents(len(real)), orders)
        weight = self.config.adversarial_weight

        # The judge: is it real, and which attributes does it have?
        real_logits, real_names = self.D(real)
        fake_logits, fake_names = self.D(fake.detach())
        loss_D = self.loss.discriminator(real_logits, fake_logits)
        naming = naming_loss(real_names, tags)
        if self.config.name_fakes:
            naming = naming + naming_loss(fake_names, orders)
        total = weight * loss_D + naming
        if self.steps_done % self.config.penalty_every == 0:
            with torch.autocast(self.device.type, enabled=False):  # a slope of a slope wants every digit
                penalty = self.penalty(lambda pictures: self.D(pictures)[0], real)
            total = total + self.config.penalty_weight * self.config.penalty_every * penalty
        self.update(self.D_adam, total)

        # The painter: look real, and show what was ordered.
        with frozen(self.D):
            logits, names = self.D(fake)
            loss_G, obeyed = self.loss.generator(logits), naming_loss(names, orders)
        self.update(self.G_adam, weight * loss_G + obeyed)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {
            "D": loss_D.detach(),
            "G": loss_G.detach(),
            "names": naming.detach() / 34,
            "orders": obeyed.detach() / 34,
        }

    def preview(self) -> np.ndarray:
        """Four latents, one a row; eight orders, one a column."""
        orders = self.examples[1]
        latents = self.fixed_latents.repeat_interleave(len(orders), 0)
        return grid(self.G_ema(latents, orders.repeat(4, 1)), len(orders))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        c = self.config
        arguments = {"size": c.size, "latent": c.latent, "tags": len(TAGS), "width": c.width_G, "blocks": c.blocks}
        return "makegirlsmoe.generator", arguments, self.G_ema.average
