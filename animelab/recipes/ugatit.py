"""U-GAT-IT (Kim et al. 2020): CycleGAN's losses, with attention in generators and discriminators.

Taught in 10_ugatit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import StudioUnpaired, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import ugatit
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The authors' settings: batch 1, Adam 1e-4, weights 1, 10, 10 and 1000 (Kim et al. 2020, section 4.1).

    Ours is the order: G first, so that D's step takes the fakes that are there.
    """

    batch: int = 1
    size: int = 256
    width: int = 64
    blocks: int = 4
    light: bool = False
    width_D: int = 64
    layers_global: int = 7
    layers_local: int = 5
    lr_G: float = 1e-4
    lr_D: float = 1e-4
    weight_decay: float = 1e-4
    ema: float = 0.0
    cycle_weight: float = 10.0
    identity_weight: float = 10.0
    attention_weight: float = 1000.0  # of the auxiliary classifier (the paper's CAM loss)
    crop: float = 286 / 256
    a: str = "portrait"
    b: str = "cel"
    prior: str = "full"
    faces: int = 5_000  # drawn characters a side, when no folder is given

    def __post_init__(self) -> None:
        super().__post_init__()
        fewest, most = sorted((self.layers_global, self.layers_local))
        least = max(16, 3 * 2 ** (most - 2))  # after most - 2 halvings the last convolutions need 3 pixels
        if self.size % 4 or self.size < least:
            raise LabError(
                f"size={self.size} must be a multiple of 4 and, with D of {fewest} and {most} layers, "
                f"at least {least}; take another size, or other layers_global and layers_local."
            )


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, width=4, blocks=1, light=True, width_D=4, layers_global=4, layers_local=3, faces=32,
        log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(
        steps=2400, decay=2400, size=64, width=16, blocks=3, light=True, width_D=32, layers_global=5, layers_local=4,
        lr_G=3e-4, lr_D=3e-4, ema=0.998, identity_weight=40.0, attention_weight=10.0, crop=1.0, prior="frontal",
    ),
    "t4": Config(steps=200_000, decay=200_000, light=True, checkpoint_every=5000),  # not measured yet
    "h100": Config(steps=1_000_000, decay=1_000_000, checkpoint_every=10_000),  # not measured yet
}  # fmt: skip
preset = settings.named(PRESETS)


class UGATIT(Recipe):
    """Two generators, four discriminators: a global and a local one for each domain.

    `loss` and `adalin` can be a learner's own.
    """

    name = "ugatit"
    presets = PRESETS
    parts = ("loss", "adalin")
    loss = losses.least_squares
    adalin = staticmethod(ugatit.adalin)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return UnpairedFolder(folder, config.size)
        return StudioUnpaired(config.a, config.b, config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        c = config
        self.G = ugatit.Pair(c.size, c.width, c.blocks, c.light)
        for module in self.G.modules():
            if isinstance(module, ugatit.AdaLIN):
                module.normalized = self.adalin
        self.D_a, self.D_b = (
            torch.nn.ModuleList(ugatit.Discriminator(n, c.width_D) for n in (c.layers_global, c.layers_local))
            for _ in "ab"
        )
        self.G_ema = EMA(self.G, c.ema)
        self.G_adam = adam(self.G, c.lr_G, (0.5, 0.999), c.weight_decay)
        self.D_adam = adam(torch.nn.ModuleList([self.D_a, self.D_b]), c.lr_D, (0.5, 0.999), c.weight_decay)
        self.G_decay = linear_decay(self.G_adam, c.decay)
        self.D_decay = linear_decay(self.D_adam, c.decay)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        real_a, real_b = (jittered(side, crop=c.crop)[0] for side in batch)
        to_b, to_a = self.G.a_to_b, self.G.b_to_a

        # The generators: fool D, find the way back, leave alone what is right, and classify the domains.
        total_G, fakes = torch.zeros((), device=self.device), []
        parts: dict[str, Any] = {"adversarial": 0.0, "cycle": 0.0, "identity": 0.0, "attention": 0.0}
        for there, back, discriminators, real, other in (
            (to_b, to_a, self.D_b, real_a, real_b),
            (to_a, to_b, self.D_a, real_b, real_a),
        ):
            both = there(torch.cat([real, other]))  # a picture to translate, and one of the target's domain
            (fake, same), (of_real, of_other) = both.out.chunk(2), both.guess.chunk(2)
            with frozen(*discriminators):
                answers = [D(fake) for D in discriminators]
            adversarial = sum(self.loss.generator(each.out) + self.loss.generator(each.guess) for each in answers)
            cycle = (back(fake).out - real).abs().mean()
            identity = (same - other).abs().mean()
            attention = binary_cross_entropy_with_logits(of_real, torch.ones_like(of_real))
            attention = attention + binary_cross_entropy_with_logits(of_other, torch.zeros_like(of_other))
            total_G = total_G + adversarial + c.cycle_weight * cycle + c.identity_weight * identity
            total_G = total_G + c.attention_weight * attention
            fakes.append(fake.detach())
            for name, value in zip(parts, (adversarial, cycle, identity, attention)):
                parts[name] = parts[name] + value.detach() / 2
        self.update(self.G_adam, total_G)
        for module in self.G.modules():
            if isinstance(module, ugatit.AdaLIN):
                module.clip()

        # The discriminators, by their maps and their auxiliary classifiers. The fakes are detached: no gradient for G.
        fake_b, fake_a = fakes
        loss_D = torch.zeros((), device=self.device)
        for discriminators, real, fake in ((self.D_a, real_a, fake_a), (self.D_b, real_b, fake_b)):
            for D in discriminators:
                said = D(torch.cat([real, fake]))
                loss_D = loss_D + self.loss.discriminator(*said.out.chunk(2))
                loss_D = loss_D + self.loss.discriminator(*said.guess.chunk(2))
        self.update(self.D_adam, loss_D)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        return {"D": loss_D.detach(), **parts}

    def preview(self) -> np.ndarray:
        """A, A to B, A to B to A; then the same from B."""
        a, b = self.examples
        pair = self.G_ema.average
        assert isinstance(pair, ugatit.Pair)
        fake_b, fake_a = pair.a_to_b(a).out, pair.b_to_a(b).out
        return grid(torch.cat([a, fake_b, pair.b_to_a(fake_b).out, b, fake_a, pair.a_to_b(fake_a).out]), len(a))

    def weights(self) -> tuple[str, dict[str, Any], torch.nn.Module]:
        c = self.config
        return (
            "ugatit.pair",
            {"size": c.size, "width": c.width, "blocks": c.blocks, "light": c.light},
            self.G_ema.average,
        )
