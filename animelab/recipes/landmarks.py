"""A finder of five points, trained on drawn faces that know theirs. Taught in 05_cyclegan and 10_ugatit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animelab import config as settings
from animelab.config import TrainingConfig
from animelab.data import Joined, Move, StudioPoints
from animelab.engine import EMA, Recipe, adam, linear_decay
from animelab.errors import LabError
from animelab.nn.landmarks import Finder
from animelab.shares import share
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """Adam, and faces turned, scaled and shifted at random."""

    width: int = 16
    lr: float = 2e-3
    ema: float = 0.998
    faces: int = 2_500  # drawn characters of each prior in each style
    turned: float = 0.6  # radians, at most
    scaled: float = 1.6  # at most by this factor
    shifted: float = 0.15  # of the picture's side, at most


PRESETS = {
    "smoke": Config(steps=20, batch=4, width=4, faces=16, log_every=5, preview_every=20, checkpoint_every=10),
    "cpu": Config(steps=3000, decay=3000, batch=16, faces=1_500, preview_every=1000),
    "t4": Config(steps=20_000, decay=20_000, batch=256, faces=20_000),  # not measured yet
    "h100": Config(steps=20_000, decay=20_000, batch=512, faces=50_000),  # not measured yet
}
preset = settings.named(PRESETS)


class Landmarks(Recipe):
    """One network, one distance."""

    name = "landmarks"
    presets = PRESETS

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Joined:
        if folder is not None:
            raise LabError("The finder learns from drawn faces, which know their points; leave --data out.")
        pairs = [(prior, style) for prior in ("frontal", "full") for style in ("portrait", "cel")]
        return Joined(*(StudioPoints(64, config.faces, config.seed, prior, side=style) for prior, style in pairs))

    def build(self, config: Config) -> None:
        self.network = Finder(config.width)
        self.average = EMA(self.network, config.ema)
        self.optimizer = adam(self.network, config.lr, (0.9, 0.999))
        self.decay = linear_decay(self.optimizer, config.decay)

    def moved(self, pictures: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Faces and their points, turned, scaled and shifted around the middle, each in its own way."""
        c, side = self.config, pictures.shape[-1]
        roll = lambda: share(lambda rows: 2 * torch.rand(rows, dtype=torch.float64) - 1, len(pictures))  # noqa: E731
        turn = torch.polar(c.scaled ** roll(), c.turned * roll())
        middle = torch.complex(*torch.full((2, 1), side / 2, dtype=torch.float64))
        move = Move(turn, middle * (1 - turn) + c.shifted * side * torch.complex(roll(), roll()))
        return move.pictures(pictures), move.points(points.cpu()).to(points)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        pictures, points = self.moved(*batch)
        light = 1 + 0.3 * self.noise(len(pictures), 3, 1, 1)
        found = self.network((pictures * light + 0.05 * self.noise(*pictures.shape)).clamp(-1, 1))
        inside = ((points > 0) & (points < pictures.shape[-1])).all(2)  # nobody finds what cannot be seen
        off = ((found - points).norm(dim=2) * inside).mean() / self.on_whole(lambda seen: seen.float().mean(), inside)
        self.update(self.optimizer, off)
        self.average.update(self.network)
        self.decay.step()
        return {"off": off.detach()}

    def preview(self) -> np.ndarray:
        """Faces, with the five points that were found."""
        pictures, _ = self.examples
        shown = pictures.clone()
        for picture, points in zip(shown, self.average(pictures)):
            for x, y in points.round().long().clamp(1, pictures.shape[-1] - 2).tolist():
                picture[:, y - 1 : y + 2, x - 1 : x + 2] = picture.new_tensor([1.0, -1, -1])[:, None, None]
        return grid(shown)

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "landmarks.finder", {"width": self.config.width}, self.average.average
