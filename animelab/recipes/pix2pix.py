"""pix2pix (Isola et al. 2017): from one picture to another that belongs to it. Taught in 04_pix2pix."""

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
from animelab.data import PairedFolder, StudioPairs, StudioPairsAttributes, as_pictures, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import pix2pix, r3gan
from animelab.studio import TAGS
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The paper's settings (Isola et al. 2017, appendix 6.2): batch 1, Adam 2e-4, L1 weighs a hundredfold."""

    batch: int = 1
    size: int = 256
    width: int = 64
    patch_layers: int = 3  # of D: 3 gives patches of 70 pixels, 2 of 34
    lr_G: float = 2e-4
    lr_D: float = 2e-4
    beta1: float = 0.5
    ema: float = 0.0  # the paper draws with the weights as they are
    adversarial_weight: float = 1.0  # 0 leaves L1 alone
    l1_weight: float = 100.0
    gamma: float = 0.0  # weight of R1 and R2; above 0 the game is R3GAN's, with its networks
    latent: int = 32  # numbers for what the lines leave open, in that game
    names_weight: float = 0.0  # above 0 G is told the colors of hair and eyes; D names them, with this weight for both
    penalty_every: int = 4  # steps between both penalties, which count as many times more
    longest: float = 0.0  # D's gradient is shortened to this norm, or never: one steep picture can end a training
    crop: float = 286 / 256  # enlarged by so much, then cut back at random; 1 only mirrors
    source: str = "line"  # a layer or style of the studio
    target: str = "color"
    prior: str = "full"
    faces: int = 10_000  # drawn pairs, when no folder of pairs is given


PRESETS = {
    "smoke": Config(
        steps=20, batch=4, size=32, width=8, patch_layers=1, faces=64, log_every=5, preview_every=10,
        checkpoint_every=10,
    ),
    "cpu": Config(
        steps=3000, decay=3000, batch=16, size=64, width=16, lr_G=5e-4, lr_D=2e-4, ema=0.99, crop=1.0,
        prior="frontal",
    ),
    "t4": Config(steps=200_000, decay=200_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(
        steps=100_000, decay=100_000, batch=8, faces=50_000, checkpoint_every=5000, preview_every=2000
    ),  # not measured yet
    "orders": Config(  # the game and the layers of today
        steps=2200, decay=2200, batch=16, size=128, width=16, lr_G=7e-4, lr_D=7e-4, beta1=0.0, ema=0.998, l1_weight=0.0,
        gamma=2.0, names_weight=0.15, longest=5.0, crop=1.0, prior="frontal",
    ),
}  # fmt: skip
preset = settings.named(PRESETS)


def discriminator_loss(D: nn.Module, source: Tensor, target: Tensor, fake: Tensor) -> Tensor:
    """What it costs D to be wrong about pairs: not only "is it real?" but "does it belong to this input?"

    D takes input and answer side by side, (B, 6, H, W); all pictures (B, 3, H, W). Halved, as in the paper.
    """
    real_logits, fake_logits = (D(torch.cat([source, answer], 1)) for answer in (target, fake.detach()))
    return losses.discriminator_loss(real_logits, fake_logits) / 2


class Pix2Pix(Recipe):
    """A conditional GAN: G translates the input, D sees both.

    `discriminator_loss` and `unet`, the way through G's layers, can be a learner's own. With gamma above 0, D compares
    the real answer with the fake one, and two penalties keep it flat around both.
    """

    name = "pix2pix"
    presets = PRESETS
    parts = ("discriminator_loss", "unet")
    discriminator_loss = staticmethod(discriminator_loss)
    unet = staticmethod(pix2pix.unet)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            if config.names_weight:
                raise LabError("A folder lacks the colors to order; leave --data out, or set names_weight=0.")
            return PairedFolder(folder, config.size)
        drawn = StudioPairsAttributes if config.names_weight else StudioPairs
        return drawn(config.source, config.target, config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.G: Any
        self.D: Any
        if config.gamma:
            if self.replaced:
                raise LabError(f"With gamma above 0 nothing would use your {', '.join(self.replaced)}; set gamma to 0.")
            tags = len(TAGS) if config.names_weight else 0
            self.G = r3gan.UNet(config.size, config.width, config.latent, tags=tags)
            self.D = r3gan.Discriminator(config.size, 2 * config.width, tags, channels=6).apply(r3gan.initialize)
            self.steps_done = torch.zeros((), dtype=torch.int64)
        else:
            if config.names_weight:
                raise LabError("The paper's G takes no orders; set gamma above 0, or names_weight=0.")
            self.G = pix2pix.Generator(config.size, config.width).apply(pix2pix.initialize)
            self.G.through = self.unet
            self.D = pix2pix.Discriminator(6, config.width, config.patch_layers).apply(pix2pix.initialize)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (config.beta1, 0.999))
        r3gan.shorten_gradients(self.D, self.D_adam, config.longest)
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        c = self.config
        source, target = jittered(*map(as_pictures, batch[:2]), crop=c.crop)  # (B, 3, size, size) in [-1, 1]
        order = r3gan.only_colors(batch[2]) if c.names_weight else None  # (B, 34) of 0 and 1
        fake = self.G(source, *self.told(len(source), order))

        # The discriminator: with gamma, the real answer should score above the fake; and it learns to name colors.
        if c.gamma:
            real_logits, named = self.seen(source, target)
            score = lambda pictures: self.seen(source, pictures)[0]  # noqa: E731
            loss_D = losses.relativistic_discriminator_loss(real_logits, score(fake.detach()))
            total = loss_D + c.names_weight * r3gan.names_loss(named, order)
            if self.steps_done % c.penalty_every == 0:
                total = total + c.gamma * c.penalty_every * r3gan.steepness(losses.r1_penalty, score, target, fake)
        else:
            loss_D = total = self.discriminator_loss(self.D, source, target, fake)
        self.update(self.D_adam, total)

        # The generator: fool D, and stay close to the target; or score above the real answer, in the colors ordered.
        with frozen(self.D):
            if c.gamma:
                fake_logits, named = self.seen(source, fake)
                loss_G = losses.relativistic_discriminator_loss(fake_logits, self.seen(source, target)[0])
                loss_G = loss_G + c.names_weight * r3gan.names_loss(named, order)
            else:
                loss_G = losses.non_saturating_generator_loss(self.D(torch.cat([source, fake], 1)))
        l1 = (fake - target).abs().mean()
        self.update(self.G_adam, c.adversarial_weight * loss_G + c.l1_weight * l1)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        if c.gamma:
            self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach(), "L1": l1.detach()}

    def told(self, count: int, order: Tensor | None) -> list[Tensor]:
        """What G gets beside the drawings: latents (count, latent) and the order; the paper's only noise is dropout."""
        latents = [self.noise(count, self.config.latent)] if self.config.gamma else []
        return latents if order is None else [*latents, order]

    def seen(self, source: Tensor, pictures: Tensor) -> Any:
        """Logits of pairs, and of the colors that D names."""
        return self.D.seen(torch.cat([source, pictures], 1))

    def preview(self) -> np.ndarray:
        """Rows of inputs, of G's answers, and of targets."""
        source, target = map(as_pictures, self.examples[:2])
        order = r3gan.only_colors(self.examples[2]) if self.config.names_weight else None
        fake = self.G_ema(source, *self.told(len(source), order))
        return grid(torch.cat([source, fake, target]), len(source))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        c = self.config
        if c.gamma:
            arguments = {"size": c.size, "width": c.width, "latent": c.latent, "tags": self.G.tags}
            return "r3gan.unet", arguments, self.G_ema.average
        return "pix2pix.generator", {"size": c.size, "width": c.width}, self.G_ema.average
