"""A network that names attributes, trained on drawn characters that know theirs. Taught in 02_studio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, binary_cross_entropy_with_logits, grid_sample

from animelab import config as settings
from animelab.config import TrainingConfig
from animelab.data import Joined, StudioAttributes
from animelab.engine import EMA, Recipe, adam, linear_decay
from animelab.errors import LabError
from animelab.nn.tagger import Examiner, Tagger
from animelab.shares import share
from animelab.studio import STYLES
from animelab.viz import grid

NETWORKS = {"tagger": Tagger, "examiner": Examiner}


@dataclass(frozen=True)
class Config(TrainingConfig):
    """One recipe for both: `network` says which is trained, and each should have a seed of its own."""

    network: str = "tagger"
    width: int = 32  # of the first layer
    lr: float = 2e-3
    ema: float = 0.998
    faces: int = 12_000  # drawn characters of each prior in the cel style, and half as many in each other style

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network not in NETWORKS:
            raise LabError(f"There is no network '{self.network}': {settings.nearest(self.network, NETWORKS)}")


PRESETS = {
    "smoke": Config(steps=20, batch=8, width=8, faces=16, log_every=5, preview_every=20, checkpoint_every=10),
    "cpu": Config(steps=8000, decay=8000, checkpoint_every=1000, preview_every=4000),
    "t4": Config(steps=20_000, decay=20_000, batch=256, faces=50_000, checkpoint_every=2000),  # not measured yet
    "h100": Config(steps=40_000, decay=40_000, batch=512, faces=100_000, checkpoint_every=4000),  # not measured yet
}
preset = settings.named(PRESETS)


def augmented(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, size, size) moved, scaled, mirrored, blurred, relit and made noisy, each in its own way.

    A tagger that only ever saw clean drawings would be lost among the grainy pictures of a generator.
    """
    count, device = len(pictures), pictures.device

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * share(torch.rand, count, *shape, device=device)

    scale, shift = between(0.75, 1.15), between(-0.12, 0.12, 2)
    mirror = between(-1, 1).sign()
    zero = torch.zeros(count, device=device)
    rows = torch.stack([scale * mirror, zero, shift[:, 0], zero, scale, shift[:, 1]], 1).view(count, 2, 3)
    where = affine_grid(rows, list(pictures.shape), align_corners=False)
    moved = grid_sample(pictures, where, padding_mode="reflection", align_corners=False)
    blurred = avg_pool2d(moved, 3, 1, 1, count_include_pad=False)
    bright, contrast = (between(-most, most, 1, 1, 1) for most in (0.08, 0.12))
    noise = between(-0.1, 0.2, 1, 1, 1).clamp(0) * share(torch.randn, *moved.shape, device=device)
    return (torch.lerp(moved, blurred, between(-1, 1, 1, 1, 1).clamp(0)) * (1 + contrast) + bright + noise).clamp(-1, 1)


class TaggerRecipe(Recipe):
    """Ordinary supervised learning: one network, one loss, no game."""

    name = "tagger"
    presets = PRESETS

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Joined:
        if folder is not None:
            raise LabError("The tagger learns from drawn characters, which know their attributes; leave --data out.")
        sets = [StudioAttributes(64, config.faces, config.seed, prior) for prior in ("frontal", "full")]
        sets += [StudioAttributes(64, config.faces // 2, config.seed, "full", side=style) for style in STYLES[1:]]
        return Joined(*sets)

    def build(self, config: Config) -> None:
        self.network = NETWORKS[config.network](width=config.width)
        if config.network == "examiner":  # its depthwise convolutions take two thirds of the time so
            self.network.to(memory_format=torch.channels_last)
        self.average = EMA(self.network, config.ema)
        self.optimizer = adam(self.network, config.lr, (0.9, 0.999))
        self.decay = linear_decay(self.optimizer, config.decay)
        self.seen = (torch.zeros(min(32, config.batch), 3, 64, 64),)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        pictures, labels = augmented(batch[0]), batch[1]
        self.seen = (pictures[:32],)  # for the preview; in a tuple, it is no part of the state
        logits = self.network(pictures)
        loss = binary_cross_entropy_with_logits(logits.float(), labels)
        self.update(self.optimizer, loss)
        self.average.update(self.network)
        self.decay.step()
        return {"loss": loss.detach(), "accuracy": ((logits > 0) == labels.bool()).float().mean()}

    def preview(self) -> np.ndarray:
        return grid(*self.seen)

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return f"{self.config.network}.network", {"width": self.config.width}, self.average.average
