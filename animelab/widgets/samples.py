"""What a generator's own samples tell of it: which directions do what, and a map of them. For the latent explorer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import ImageColor
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate, normalize

from animelab import metrics
from animelab.errors import LabError
from animelab.latent import Latents
from animelab.metrics.attributes import GROUPS
from animelab.studio import TAGS
from animelab.studio.palette import EYES, HAIR
from animelab.viz import as_pixels

COUNT, PART = 512, 16  # samples, and those of one piece of work
PICTURE = 64  # pixels of a sample that is kept
LEAST = 0.6  # correlation of what a direction promises with what the examiner sees, on samples it was not fitted to
ALIKE = 0.8  # cosine of directions that do much the same: only the first of them gets a name
TAIL = 0.01  # share of the samples that lie beyond either end of a direction
WHITE = 64  # components of w that are fitted to; the others are too weak to tell
COLUMNS, ROWS = 6, 7  # of the map


class Samples:
    """Samples of a space, drawn piece by piece. `read`: whether the examiner may look at them: they are faces."""

    def __init__(self, space: Latents, read: bool) -> None:
        self.space, self.read, self.done = space, read, False
        self._work = self._draw()

    def piece(self) -> float:
        """Draw a few; gives the share of all that is done. LabError where an earlier piece could not be drawn."""
        for share in self._work:
            return share
        if not self.done:
            raise LabError("This model's samples could not be drawn.")
        return 1.0

    def _draw(self) -> Iterator[float]:
        space = self.space
        count = COUNT if space.layers else max(COUNT if self.read else COUNT // 2, 2 * space.latent)
        latents = torch.randn(count, space.latent, generator=torch.Generator().manual_seed(0))
        self.points = space.spread(latents)
        kept, tiny, scores = [], [], []
        for points in self.points.split(PART):
            pictures = space.pictures(points)
            tiny.append(adaptive_avg_pool2d(pictures, 16))
            kept.append(as_pixels(interpolate(pictures, PICTURE, mode="area")))
            scores.append(metrics.predicted(pictures) if self.read else torch.zeros(0))
            yield len(kept) * PART / count
        self.pictures, self._tiny, self.scores = np.concatenate(kept), torch.cat(tiny), torch.cat(scores)
        self._places = self._flat(self.points)
        self.done = True

    def _flat(self, points: Tensor) -> Tensor:
        return points.mean(-2) if self.space.layers else points[..., : self.space.latent]

    def reach(self, face: Tensor, step: Tensor) -> tuple[float, float]:
        """How many steps lie between a face and where the samples end along a direction, downward (< 0) and upward."""
        places = (self._places @ step - self._flat(face) @ step) / step.square().sum()
        low, high = places.quantile(torch.tensor([TAIL, 1 - TAIL])).tolist()
        return min(0.0, low), max(0.0, high)

    def principal(self) -> dict[str, Tensor]:
        """The space's principal directions, from the pictures that are here."""
        parts = iter(self._tiny.split(64))
        return self.space.principal(lambda _: next(parts), len(self._tiny))

    def named(self) -> dict[str, Tensor]:
        """Directions (latent,) by what the examiner sees change along them; one step is a standard deviation.

        A ridge regression of what it sees on points whose components count alike; only what foretells samples it was
        not fitted to.
        """
        if not self.read:
            return {}
        points = self._places.double()
        middle = points.mean(0)
        _, sizes, axes = torch.linalg.svd(points - middle, full_matrices=False)
        sizes, axes = (each[: WHITE if self.space.layers else None] for each in (sizes, axes))
        sizes = sizes / (len(points) - 1) ** 0.5
        white, fitted = (points - middle) @ axes.T / sizes, torch.arange(len(points)) % 4 > 0
        found, slopes = {}, list[Tensor]()
        for name, score in seen(self.scores).items():
            score = (score.double() - score.mean()) / (score.std() + 1e-6)
            trial = _ridge(white[fitted], score[fitted])
            foretold = torch.corrcoef(torch.stack([white[~fitted] @ trial, score[~fitted]]))[0, 1]
            if foretold > LEAST:
                slope = normalize(_ridge(white, score), dim=0)
                if all((slope @ other).abs() < ALIKE for other in slopes):
                    slopes.append(slope)
                    found[name] = ((slope * sizes) @ axes).float()
        return found

    def map(self) -> list[int]:
        """Numbers of samples, row by row, that lie as their pictures' two main components do."""
        flat = self._tiny.flatten(1) - self._tiny.flatten(1).mean(0)
        places = torch.linalg.svd(flat, full_matrices=False)[0][:, :2]
        grid = torch.empty(ROWS, COLUMNS, dtype=torch.long)
        for column, members in enumerate(places[:, 0].argsort().tensor_split(COLUMNS)):
            cells = members[places[members, 1].argsort()].tensor_split(ROWS)
            grid[:, column] = torch.stack([cell[len(cell) // 2] for cell in cells])
        return grid.flatten().tolist()


def color_of(column: int) -> str:
    """The color that an attribute, such as "pink hair", names."""
    return TAGS[column].split()[0]


def seen(scores: Tensor) -> dict[str, Tensor]:
    """What directions are named by, from the examiner's logits (N, 34): (N,) each, more is more of it."""
    tag = {name: scores[:, number] for number, name in enumerate(TAGS)}
    mixed = []
    for group, colors in (("hair color", HAIR), ("eye color", EYES)):
        known = torch.tensor([ImageColor.getrgb(colors[color_of(i)]) for i in GROUPS[group]]) / 255
        mixed.append(scores[:, GROUPS[group]].softmax(1) @ known)
    hair, eyes = mixed
    return {
        "longer hair": tag["long"] - tag["short"],
        "lighter hair": hair.mean(1),
        "warmer hair": hair[:, 0] - hair[:, 2],
        "warmer eyes": eyes[:, 0] - eyes[:, 2],
        "open mouth": tag["open mouth"],
        "smile": tag["smile"],
        "hair in tails": torch.maximum(tag["twin-tail"], tag["ponytail"]),
        "hair in drills": tag["drill"],
        **{name: tag[name] for name in ("ribbon", "blush", "hat", "glasses")},
    }


def _ridge(x: Tensor, y: Tensor) -> Tensor:
    return torch.linalg.solve(x.T @ x + 0.1 * len(x) * torch.eye(x.shape[1], dtype=x.dtype), x.T @ y)
