"""CUT (Park et al. 2020): two styles, no pairs, one direction; patches recognize themselves. Taught in 05_cyclegan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import StudioUnpaired, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.nn import cut, pix2pix, r3gan
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The paper's settings of CUT (Park et al. 2020, appendix C.1); FastCUT's are the preset "fast"."""

    batch: int = 1
    size: int = 256
    width: int = 64
    blocks: int = 9
    patch_layers: int = 3
    lr: float = 2e-4
    beta1: float = 0.5
    ema: float = 0.0
    nce_weight: float = 1.0
    patches: int = 256  # places of each map that are to recognize themselves
    identity: bool = True  # a cel and its answer count as well: what is right should stay
    mirrored: bool = False  # half of the time G is given the mirrored picture, and answers should not care
    gamma: float = 0.0  # weight of R1 and R2; above 0 the game is R3GAN's, and G keeps its tints
    penalty_every: int = 4  # steps between both penalties, which count as many times more
    longest: float = 0.0  # D's gradient is shortened to this norm, or never: one steep picture can end a training
    l1_weight: float = 0.0  # of a cel's distance from its answer, pixel by pixel
    crop: float = 286 / 256
    a: str = "portrait"
    b: str = "cel"
    prior: str = "full"
    faces: int = 5_000  # drawn characters a side, when no folder is given


_SMALL: dict[str, Any] = {"size": 64, "width": 16, "blocks": 4, "patch_layers": 2, "crop": 1.0, "prior": "frontal"}
PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, width=4, blocks=1, patch_layers=1, patches=16, faces=32, log_every=5,
        preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(**_SMALL, steps=4000, decay=4000, lr=4e-4, ema=0.995),
    "t4": Config(steps=400_000, decay=400_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(steps=400_000, decay=400_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "fast": Config(
        **_SMALL, steps=4000, decay=4000, lr=4e-4, ema=0.995, nce_weight=10.0, identity=False, mirrored=True
    ),
    "pairs": Config(  # the game and the layers of today
        **_SMALL, steps=900, decay=900, batch=8, lr=7e-4, beta1=0.0, ema=0.995, gamma=1.0, longest=5.0, l1_weight=2.0,
        patches=64, faces=1_200,
    ),
}  # fmt: skip
preset = settings.named(PRESETS)


def nce(queries: Tensor, keys: Tensor, temperature: float = 0.07) -> Tensor:
    """What it costs places of the answer not to recognize their own place of the input among all others (InfoNCE).

    queries, keys: (B, N, C), each of length 1. Their products say how alike two places are; the right one should be the
    largest of the N in its row. Keys are the yardstick, and learn nothing here.
    """
    alike = queries @ keys.detach().mT / temperature
    return cross_entropy(alike.flatten(0, 1), torch.arange(alike.shape[1], device=alike.device).repeat(len(alike)))


def structure(queries: Tensor, keys: Tensor) -> Tensor:
    """How much otherwise the places of the answer are alike among themselves than those of the input (LSeSim).

    queries, keys: (B, N, C), each of length 1. Nothing is compared across both pictures (Zheng et al. 2021, with a
    plain distance). For features that do not learn: as `nce` it makes CUT's small networks call all places alike. Keys
    are the yardstick, and learn nothing here. Taught in 05_cyclegan.
    """
    wanted = keys.detach() @ keys.detach().mT
    return (queries @ queries.mT - wanted).abs().mean()


class CUT(Recipe):
    """One generator, one discriminator, and small networks that compare patches. `nce` can be a learner's own."""

    name = "cut"
    presets = PRESETS
    parts = ("nce",)
    nce = staticmethod(nce)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return UnpairedFolder(folder, config.size)
        return StudioUnpaired(config.a, config.b, config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.D: nn.Module
        if config.gamma:
            self.G = cut.Generator(config.blocks, config.width, "layer", shortcuts=True).apply(pix2pix.initialize)
            self.D = r3gan.Discriminator(config.size, 2 * config.width).apply(r3gan.initialize)
            self.steps_done = torch.zeros((), dtype=torch.int64)
        else:
            self.G = cut.Generator(config.blocks, config.width).apply(cut.initialize)
            self.D = cut.Discriminator(3, config.width, config.patch_layers).apply(cut.initialize)
        self.patches = cut.Patches(config.width).apply(cut.initialize)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(nn.ModuleList([self.G, self.patches]), config.lr, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr, (config.beta1, 0.999))
        r3gan.shorten_gradients(self.D, self.D_adam, config.longest)
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        real_a, real_b = (jittered(side, crop=c.crop)[0] for side in batch)
        given = torch.cat([real_a, real_b]) if c.identity else real_a
        mirrored = c.mirrored and bool(torch.rand(()) < 0.5)
        answers, keys = self.G.both(given.flip(3) if mirrored else given)
        fake, same = answers[: len(real_a)], answers[len(real_a) :]

        if c.gamma:
            loss_D = losses.relativistic_discriminator_loss(self.D(real_b), self.D(fake.detach()))
            total = loss_D
            if self.steps_done % c.penalty_every == 0:
                total = total + c.gamma * c.penalty_every * r3gan.steepness(losses.r1_penalty, self.D, real_b, fake)
            self.update(self.D_adam, total)
        else:
            loss_D = losses.least_squares_discriminator_loss(self.D(real_b), self.D(fake.detach())) / 2
            self.update(self.D_adam, loss_D)

        # The generator: fool D, and let every patch of an answer recognize the patch it comes from.
        with frozen(self.D):
            if c.gamma:
                loss_G = losses.relativistic_discriminator_loss(self.D(fake), self.D(real_b))
            else:
                loss_G = losses.least_squares_generator_loss(self.D(fake))
        queries = self.G.features(answers)
        if mirrored:
            queries = [maps.flip(3) for maps in queries]
            with torch.no_grad():
                keys = self.G.features(given)
        places = cut.places(keys, c.patches)
        pairs = list(zip(self.patches(queries, places), self.patches(keys, places)))
        contrast = torch.stack([self.nce(*pair) for pair in pairs]).mean()
        total = loss_G + c.nce_weight * contrast
        if c.l1_weight and c.identity:
            total = total + c.l1_weight * (same - real_b).abs().mean()
        self.update(self.G_adam, total)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        if c.gamma:
            self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach(), "NCE": contrast.detach()}

    def preview(self) -> np.ndarray:
        """Portraits, their cels, and cels with what becomes of them."""
        a, b = self.examples
        return grid(torch.cat([a, self.G_ema(a), b, self.G_ema(b)]), len(a))

    def weights(self) -> tuple[str, dict[str, Any], nn.Module]:
        c = self.config
        shape: dict[str, Any] = {"blocks": c.blocks, "width": c.width}
        if c.gamma:
            shape |= {"norm": "layer", "shortcuts": True}
        return "cut.generator", shape, self.G_ema.average
