"""Lines out of finished pictures: one network, one loss, and pictures spoiled on purpose. Taught in 08_colorization."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from animelab import config as settings
from animelab.config import TrainingConfig
from animelab.data import PairedFolder, StudioPairs, as_pictures, jittered
from animelab.engine import EMA, Recipe, adam, linear_decay
from animelab.errors import LabError
from animelab.nn import colorization
from animelab.shares import share
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The network of sketchKeras and PaintsChainer's line net; nobody published how theirs were trained."""

    size: int = 128
    width: int = 32
    lr: float = 1e-3
    ink_weight: float = 6.0  # how much more a pixel of ink counts; with 0 the safest line is a faint one
    ema: float = 0.995
    prior: str = "full"
    faces: int = 20_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size % 16:
            raise LabError(f"The U-Net takes sizes that are multiples of 16, not {self.size}.")


PRESETS = {
    "smoke": Config(steps=20, batch=4, size=32, width=4, faces=64, log_every=5, preview_every=10, checkpoint_every=10),
    "cpu": Config(steps=1500, decay=1500, batch=16, size=64, width=4, ema=0.99, prior="frontal", faces=10_000),
    "t4": Config(steps=30_000, decay=30_000, checkpoint_every=2000, preview_every=1000),  # not measured yet
    "h100": Config(steps=60_000, decay=60_000, size=256, faces=50_000, checkpoint_every=4000),  # not measured yet
    "studio": Config(steps=1500, decay=1500, batch=8, width=4, faces=12_000),  # how sketch-128 was made
}
preset = settings.named(PRESETS)


def spoiled(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) with their channels shuffled, faded, unevenly lit, blurred and grainy, each in its own way.

    Lines do not care about colors; a network that has seen one set of colors only would.
    """
    count, device = len(pictures), pictures.device

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * share(torch.rand, count, *(shape or (1, 1, 1)), device=device)

    mix = torch.softmax(between(-3, 3, 3, 3), 2)  # each new channel is a mixture of the old ones
    light = torch.einsum("bij,bjhw->bihw", mix, pictures) * between(0.6, 1.1) + between(-0.2, 0.2)
    light = light + between(0, 0.5) * (colorization.blobs(pictures, 0.5, 4) - 0.5)
    light = torch.lerp(light, avg_pool2d(light, 3, 1, 1, count_include_pad=False), between(0, 1))
    return (light + between(0, 0.08) * share(torch.randn, *light.shape, device=device)).clamp(-1, 1)


class Sketch(Recipe):
    """From a spoiled picture to its lines."""

    name = "sketch"
    presets = PRESETS
    parts = ("spoiled",)
    spoiled = staticmethod(spoiled)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return PairedFolder(folder, config.size)
        return StudioPairs("color", "line", config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.network = colorization.UNet(**self.arguments())
        self.average = EMA(self.network, config.ema)
        self.optimizer = adam(self.network, config.lr, (0.9, 0.999))
        self.decay = linear_decay(self.optimizer, config.decay)

    def arguments(self) -> dict[str, int]:
        """What the network is built from."""
        return {"channels_in": 3, "channels_out": 1, "width": self.config.width}

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        pictures, lines = jittered(*map(as_pictures, batch), crop=1.0)
        found = self.network(self.spoiled(pictures))
        ink = (1 - lines[:, :1]) / 2
        loss = ((found - lines[:, :1]).abs() * (1 + self.config.ink_weight * ink)).mean()
        self.update(self.optimizer, loss)
        self.average.update(self.network)
        self.decay.step()
        return {"loss": loss.detach()}

    def preview(self) -> np.ndarray:
        """Rows of pictures, of the lines found in them, and of the lines drawn."""
        pictures, lines = map(as_pictures, self.examples)
        found = self.average(pictures).clamp(-1, 1).expand(-1, 3, -1, -1)
        return grid(torch.cat([pictures, found, lines]), len(lines))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "sketchkeras.unet", self.arguments(), self.average.average
