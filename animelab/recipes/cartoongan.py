"""CartoonGAN (Chen et al. 2018): photographs to drawings with clear edges. Taught in 09_cartoongan."""

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
from animelab.data import StudioScenes, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import cartoongan
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The authors' rates and weights: batch 8, Adam 2e-4 at first and 1e-5 with D, content worth 10 (section 3).

    Ours are the least squares (the authors' code has them, too), and no pool of old fakes.
    """

    batch: int = 8
    size: int = 256  # what the networks see:
    picture: int = 256  # a piece of pictures with this side
    width: int = 64
    width_D: int = 32
    blocks: int = 8
    first: int = 6_750  # steps of content alone, without D: 10 epochs of 5,400 photographs
    lr_first: float = 2e-4
    lr_G: float = 1e-5
    lr_D: float = 1e-5
    beta1: float = 0.5
    ema: float = 0.0
    content_weight: float = 10.0
    edges: bool = True  # the third set: drawings with soft edges are no drawings
    features: str = "vgg19"
    scenes: int = 5_000  # drawn places a side, when no folder is given

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size > self.picture or self.size % 16 or self.picture % 16:
            raise LabError(
                f"size={self.size} must be a multiple of 16 and at most picture={self.picture}, which is one as well."
            )


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, picture=48, width=4, width_D=4, blocks=1, first=10, features="tagger", scenes=32,
        log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(
        steps=4500, decay=4500, batch=1, size=128, picture=128, width=16, width_D=16, blocks=3, first=2000,
        lr_first=5e-4, lr_G=3e-4, lr_D=5e-5, ema=0.995, content_weight=6.0, features="tagger", scenes=2_500,
    ),
    "t4": Config(steps=75_000, decay=75_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(steps=150_000, decay=150_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
}  # fmt: skip
preset = settings.named(PRESETS)


def discriminator_loss(drawing: Tensor, fake: Tensor, soft: Tensor) -> Tensor:
    """What it costs D to be wrong about three sets, a scalar: drawings, fakes, drawings with soft edges (equation 3).

    All are maps of logits. By least squares, and each set counts once.
    """
    return losses.least_squares_discriminator_loss(drawing, fake) + soft.square().mean()


class CartoonGAN(Recipe):
    """One generator, one discriminator. `discriminator_loss` can be a learner's own. The paper takes cross-entropy."""

    name = "cartoongan"
    presets = PRESETS
    parts = ("discriminator_loss",)
    discriminator_loss = staticmethod(discriminator_loss)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return UnpairedFolder(folder, config.picture)
        return StudioScenes("photo", "anime", config.picture, config.scenes, config.seed)

    def build(self, config: Config) -> None:
        self.G = cartoongan.Generator(config.blocks, config.width)
        self.D = cartoongan.Discriminator(config.width_D)
        self.G_ema = EMA(self.G, config.ema)
        self.G_first = adam(self.G, config.lr_first, (config.beta1, 0.999))
        self.G_adam = adam(self.G, config.lr_G, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (config.beta1, 0.999))
        falling = max(0, config.decay - config.first)  # the rates wait for the second phase
        self.G_decay, self.D_decay = (linear_decay(each, falling) for each in (self.G_adam, self.D_adam))
        self.steps_done = torch.zeros((), dtype=torch.int64)
        self.look = perception.extractor(config.features, self.device)

    def content(self, fake: Tensor, photos: Tensor, depths: tuple[int, ...]) -> Tensor:
        """How far a drawing is from its photograph, deep in a network that has learned to see (equation 4)."""
        with torch.no_grad():
            wanted = self.look(photos)
        return perception.content_distance(self.look(fake), wanted, depths)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        photos, drawings = (jittered(side, crop=1.0, size=c.size)[0] for side in batch)
        fake = self.G(photos)
        if self.steps_done < c.first:  # learn to leave things as they are, before D comes
            content = self.content(fake, photos, perception.EVERYTHING[c.features])
            self.update(self.G_first, content)
            self.G_ema.update(self.G)
            self.steps_done += 1
            return {"content": content.detach()}

        of_real, of_fake = self.D(drawings), self.D(fake.detach())
        if c.edges:  # the same drawings with soft edges are as wrong as a fake
            loss_D = self.discriminator_loss(of_real, of_fake, self.D(cartoongan.edge_smoothed(drawings)))
        else:
            loss_D = losses.least_squares_discriminator_loss(of_real, of_fake)
        self.update(self.D_adam, loss_D)

        with frozen(self.D):
            loss_G = losses.least_squares_generator_loss(self.D(fake))
        content = self.content(fake, photos, perception.CONTENT[c.features])
        self.update(self.G_adam, loss_G + c.content_weight * content)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach(), "content": content.detach()}

    def preview(self) -> np.ndarray:
        """Photographs, what G makes of them, and drawings of other places."""
        photos, drawings = self.examples
        return grid(torch.cat([photos, self.G_ema(photos), drawings]), len(photos))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "cartoongan.generator", {"blocks": self.config.blocks, "width": self.config.width}, self.G_ema.average
