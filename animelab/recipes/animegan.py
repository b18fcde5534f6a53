"""AnimeGANv2 (2020): CartoonGAN with a light generator, and gray drawings that say what texture is, apart from color.

Taught in 09_cartoongan.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from animelab import config as settings
from animelab.config import TrainingConfig
from animelab.data import StudioScenes, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import animegan, cartoongan
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The rates and weights of the authors' code (style Hayao), whose VGG19 is another port, with larger features."""

    batch: int = 12
    size: int = 256  # what the networks see:
    picture: int = 256  # a piece of pictures with this side
    width: int = 32
    width_D: int = 32
    blocks: int = 4
    first: int = 5_550  # steps of content alone, without D
    lr_first: float = 2e-4
    lr_G: float = 2e-5
    lr_D: float = 4e-5
    beta1: float = 0.5
    ema: float = 0.0
    adversarial_weight: float = 300.0
    content_weight: float = 1.5
    style_weight: float = 2.5
    color_weight: float = 15.0
    color_first: float = 0.0  # of color in the first phase, for features that hardly see it
    smooth_weight: float = 1.0  # of total variation
    real: float = 1.2  # weights of D's four terms: real drawings,
    fake: float = 1.2  # fakes,
    gray: float = 1.2  # gray drawings,
    soft: float = 0.8  # and gray drawings with soft edges
    features: str = "vgg19"
    scenes: int = 5_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size > self.picture or self.size % 16 or self.picture % 16:
            raise LabError(
                f"size={self.size} must be a multiple of 16 and at most picture={self.picture}, which is one as well."
            )


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, picture=48, width=4, width_D=4, blocks=2, first=10, features="tagger", scenes=32,
        color_first=2.0,
        log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(
        steps=3000, decay=3000, batch=1, size=128, picture=128, width=16, width_D=16, blocks=3, first=1200,
        lr_first=1e-4, lr_G=1e-4, lr_D=1e-3, ema=0.998, adversarial_weight=3.0, content_weight=3.0, style_weight=300.0,
        color_weight=2.0, color_first=2.0, smooth_weight=0.04, features="tagger", scenes=2_500,
    ),
    "t4": Config(steps=60_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(steps=150_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
}  # fmt: skip
TO_YUV = torch.tensor([[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.100]])
preset = settings.named(PRESETS)


def grayed(pictures: Tensor) -> Tensor:
    """Brightness alone, in three equal channels."""
    return (pictures * TO_YUV[0, :, None, None].to(pictures.device)).sum(1, keepdim=True).expand_as(pictures)


def color_distance(fake: Tensor, photos: Tensor) -> Tensor:
    """How far colors from 0 to 1 are apart, a scalar: brightness by L1, U and V by Huber's loss (the authors' code)."""
    a, b = (torch.einsum("ij,bjhw->ibhw", TO_YUV.to(fake), (each + 1) / 2) for each in (fake, photos))
    return (a[0] - b[0]).abs().mean() + huber_loss(a[1], b[1]) + huber_loss(a[2], b[2])


def total_variation(pictures: Tensor) -> Tensor:
    """Half the mean squared difference of neighbors, across and down, a scalar (the authors' code)."""
    across, down = pictures.diff(dim=-1), pictures.diff(dim=-2)
    return (across.square().mean() + down.square().mean()) / 2


class AnimeGAN(Recipe):
    """One generator, one discriminator, and four kinds of pictures that D sees."""

    name = "animegan"
    presets = PRESETS

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return UnpairedFolder(folder, config.picture)
        return StudioScenes("photo", "anime", config.picture, config.scenes, config.seed)

    def build(self, config: Config) -> None:
        self.G = animegan.Generator(config.width, config.blocks).apply(animegan.initialize)
        self.D = animegan.Discriminator(config.width_D)
        self.G_ema = EMA(self.G, config.ema)
        self.G_first = adam(self.G, config.lr_first, (config.beta1, 0.999))
        self.G_adam = adam(self.G, config.lr_G, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (config.beta1, 0.999))
        falling = max(0, config.decay - config.first)  # the rates wait for the second phase
        self.G_decay, self.D_decay = (linear_decay(each, falling) for each in (self.G_adam, self.D_adam))
        self.steps_done = torch.zeros((), dtype=torch.int64)
        self.look = perception.extractor(config.features, self.device)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        photos, drawings = (jittered(side, crop=1.0, size=c.size)[0] for side in batch)
        gray = grayed(drawings)
        with torch.no_grad():
            of_photos, of_gray = self.look(photos), self.look(gray)
        fake = self.G(photos)
        seen = self.look(fake)
        if self.steps_done < c.first:
            content = perception.content_distance(seen, of_photos, perception.EVERYTHING[c.features])
            self.update(self.G_first, content + c.color_first * color_distance(fake, photos))
            self.G_ema.update(self.G)
            self.steps_done += 1
            return {"content": content.detach()}

        batches = torch.cat([drawings, fake.detach(), gray, cartoongan.edge_smoothed(gray)])
        of_real, of_fake, of_gray_drawing, of_soft = self.D(batches).chunk(4)  # its norm takes each picture by itself
        loss_D = c.real * (of_real - 1).square().mean() + c.fake * of_fake.square().mean()
        loss_D = loss_D + c.gray * of_gray_drawing.square().mean() + c.soft * of_soft.square().mean()
        self.update(self.D_adam, c.adversarial_weight * loss_D)

        with frozen(self.D):
            loss_G = (self.D(fake) - 1).square().mean()
        depths = perception.CONTENT[c.features]
        content = perception.content_distance(seen, of_photos, depths)
        style = perception.style_distance(seen, of_gray, depths)
        color = color_distance(fake, photos)
        total = c.adversarial_weight * loss_G + c.content_weight * content + c.style_weight * style
        self.update(self.G_adam, total + c.color_weight * color + c.smooth_weight * total_variation(fake))

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach(), "content": content.detach(), "style": style.detach()}

    def preview(self) -> np.ndarray:
        """Photographs, what G makes of them, and drawings of other places."""
        photos, drawings = self.examples
        return grid(torch.cat([photos, self.G_ema(photos), drawings]), len(photos))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "animeganv2.generator", {"width": self.config.width, "blocks": self.config.blocks}, self.G_ema.average
