"""MakeGirlsMoe (Jin et al. 2017): attributes condition G, and D classifies them. Taught in 03_attributes."""

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
    latent: int = 128  # numbers for all that the attributes leave open
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
    name_fakes: bool = True  # the auxiliary classifier learns from fakes, too, with the condition they got
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
preset = settings.named(PRESETS)


def classification_loss(logits: Tensor, tags: Tensor) -> Tensor:
    """The auxiliary classifier's cross-entropy, summed over the 34 attributes, mean over the batch; both (B, 34)."""
    return binary_cross_entropy_with_logits(logits.float(), tags) * tags.shape[1]


def generator_loss(logits: Tensor, names: Tensor, orders: Tensor, weight: float) -> Tensor:
    """What fakes cost G, a scalar: `weight` times not being called real, plus not showing their condition.

    logits (B,) and names (B, 34) are D's answers to the fakes; orders, their condition: (B, 34) of 0 and 1.
    """
    return weight * losses.non_saturating_generator_loss(logits) + classification_loss(names, orders)


class MakeGirlsMoe(Recipe):
    """AC-GAN with many labels and DRAGAN's penalty; its two new losses and the penalty can be a learner's own."""

    name = "makegirlsmoe"
    presets = PRESETS
    parts = ("classification_loss", "generator_loss", "penalty")
    classification_loss = staticmethod(classification_loss)
    generator_loss = staticmethod(generator_loss)
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
        self.fixed_latents = self.noise(4, config.latent)
        self.steps_done = torch.zeros((), dtype=torch.int64)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        real, tags = batch  # (B, 3, size, size) in [-1, 1]; (B, 34) of 0 and 1
        conditions = self.on_whole(lambda all_tags: all_tags.roll(1, 0), tags)  # combinations that exist, of others
        fake = self.G(self.noise(len(real), self.config.latent), conditions)
        weight = self.config.adversarial_weight

        # The discriminator: is it real? And its auxiliary classifier: which attributes does it have?
        real_logits, real_tags = self.D(real)
        fake_logits, fake_tags = self.D(fake.detach())
        loss_D = losses.discriminator_loss(real_logits, fake_logits)
        named = self.classification_loss(real_tags.float(), tags)
        if self.config.name_fakes:
            named = named + self.classification_loss(fake_tags.float(), conditions)
        total = weight * loss_D + named
        if self.steps_done % self.config.penalty_every == 0:
            with torch.autocast(self.device.type, enabled=False):  # a gradient of a gradient wants every digit
                penalty = self.penalty(lambda pictures: self.D(pictures)[0], real)
            total = total + self.config.penalty_weight * self.config.penalty_every * penalty
        self.update(self.D_adam, total)

        # The generator: look real, and show the condition.
        with frozen(self.D):
            fake_logits, fake_tags = self.D(fake)
        self.update(self.G_adam, self.generator_loss(fake_logits, fake_tags.float(), conditions, weight))

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {
            "D": loss_D.detach(),
            "G": losses.non_saturating_generator_loss(fake_logits.detach()),
            "names": named.detach() / 34,
            "orders": classification_loss(fake_tags.detach(), conditions) / 34,
        }

    def preview(self) -> np.ndarray:
        """Four latents, one a row; eight conditions, one a column."""
        conditions = self.examples[1]
        latents = self.fixed_latents.repeat_interleave(len(conditions), 0)
        return grid(self.G_ema(latents, conditions.repeat(4, 1)), len(conditions))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        c = self.config
        arguments = {"size": c.size, "latent": c.latent, "tags": len(TAGS), "width": c.width_G, "blocks": c.blocks}
        return "makegirlsmoe.generator", arguments, self.G_ema.average
