"""Sets drawn by the studio: faces, aligned pairs, unpaired styles, attributes. Taught in 02_studio."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset

from animelab import studio
from animelab.data.drawing import ONE_CHANNEL, Cast, Places, Side, drawn
from animelab.data.pictures import Indices, Pictures, WithLabels, as_tensor
from animelab.errors import LabError
from animelab.studio import Character, Prior


class StudioFaces(Pictures):
    """Drawn anime faces: the offline default of the course. Picture i is `render(faces.character(i), size)`.

    size: side in pixels; count: number of faces, of which each has a seed of its own; prior: a name in
    `studio.PRIORS` ("frontal" is the narrow one of lesson 1, "full" has everything) or a Prior; split: "train",
    "validation" or "test"; side: what to draw ("color", another layer of three channels, or a style); cache: a folder,
    by default inside `env.cache_dir()`; workers: drawing processes, by default as many as are worth starting.
    Raises LabError for anything that cannot be, and when the cache cannot be written. Taught in 01_dcgan.
    """

    def __init__(
        self,
        size: int = 64,
        count: int = 10_000,
        seed: int = 0,
        prior: str | Prior = "frontal",
        cache: str | Path | None = None,
        workers: int | None = None,
        renderer: str = "thorvg",
        split: str = "train",
        side: str = "color",
    ) -> None:
        self.cast = Cast(prior, seed, split)
        if side in ONE_CHANNEL:
            raise LabError(f"Faces have three channels and '{side}' has one; take StudioPairs('color', '{side}').")
        layer = Side.named(side)
        self.style = layer.style
        pixels, fingerprint = drawn(self.cast, layer, size, count, cache, workers, renderer)
        what = self.cast.name if side == "color" else f"{self.cast.name}, {side}"
        super().__init__(pixels, f"studio faces ({what})", fingerprint)

    def character(self, index: int) -> Character:
        """The character of picture `index`, with every attribute that was drawn."""
        return self.cast[index]


class _Sides(Dataset[tuple[Tensor, ...]]):
    """Two drawn rows of pictures, handed out together; of `every` characters each row shows one."""

    row: type[Cast] = Cast
    side = staticmethod(Side.named)
    every = 1

    def __init__(
        self,
        a: str,
        b: str,
        size: int = 64,
        count: int = 5_000,
        seed: int = 0,
        prior: str | Prior = "full",
        split: str = "train",
        cache: str | Path | None = None,
        workers: int | None = None,
    ) -> None:
        self.casts = tuple(self.row(prior, seed, split, first, self.every) for first in (0, self.every - 1))
        self.cast, self.sides, self.size, self.count = self.casts[0], (self.side(a), self.side(b)), size, count
        both = [drawn(cast, side, size, count, cache, workers) for cast, side in zip(self.casts, self.sides)]
        self.pixels, fingerprints = zip(*both)
        self.fingerprint = " ".join(fingerprints)
        self.name = f"studio {a} and {b} ({self.cast.name})"

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(each[0] for each in self.batch([index]))

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, ...]:
        """Both sides at these indices: pictures (B, 3, size, size) in [-1, 1], "shade" and "alpha" with one channel,
        "segmentation" as labels int64 (B, size, size)."""
        chosen = np.asarray(indices, dtype=np.int64)
        first, second = (as_tensor(pixels[chosen], device, side.layer == "segmentation")
                         for pixels, side in zip(self.pixels, self.sides))  # fmt: skip
        return first, second

    def landmarks(self, indices: Indices, side: int = 0) -> Tensor:
        """Named points of the faces on one side: float32 (B, points, 2), x and y in pixels; names as in the studio."""
        style, characters = self.sides[side].style, self._characters(indices, side)
        return torch.tensor([list(studio.landmarks(each, self.size, style).values()) for each in characters])

    def _characters(self, indices: Indices, side: int) -> list[Character]:
        """Those of this set: a cast goes on beyond its end."""
        return [self.casts[side][range(self.count)[int(index)]] for index in indices]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} of {self.size} px: {self.name})"


class StudioPairs(_Sides):
    """Two layers (or styles) of the same characters, aligned to the pixel: `StudioPairs("line", "color")`.

    `pairs[i]` and `pairs.batch(indices)` give (source, target). Raises LabError for an unknown side, split or prior.
    """


class StudioPairsAttributes(StudioPairs):
    """The same, and what is true of every character: `batch` gives source, target and the attributes (B, 34)."""

    @cached_property
    def labels(self) -> Tensor:
        """The attributes of all characters, float32 (N, 34), whose columns are `studio.TAGS`."""
        return _attributes(self._characters(range(len(self)), 0))

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, ...]:
        return *super().batch(indices, device), self.labels[np.asarray(indices, dtype=np.int64)].to(device)


class StudioUnpaired(_Sides):
    """Two styles of characters that never meet: `StudioUnpaired("portrait", "cel")`.

    Side A shows every second character, side B the others. The truth, side A's characters in the style of side B, is
    there for validation and test, and refused in training: LabError.
    """

    every = 2
    render: Any = staticmethod(studio.render)

    def truth(self, indices: Indices, to: str = "b") -> Tensor:
        """What a perfect translation of side A's pictures to side B would be (or, with to="a", the other way round)."""
        if self.cast.split == "train":
            raise LabError('The training split keeps its truth to itself; evaluate with split="validation" or "test".')
        if to not in ("a", "b"):
            raise LabError(f'A translation goes to "a" or "b", not to {to!r}.')
        shown, side = (0, self.sides[1]) if to == "b" else (1, self.sides[0])
        pixels = [self.render(character, self.size, *side) for character in self._characters(indices, shown)]
        return as_tensor(np.stack(pixels), "cpu", side.layer == "segmentation")


class StudioUnpairedAttributes(StudioUnpaired):
    """The same, and what is true of every character: `batch` gives both sides, then the attributes (B, 34) of each."""

    @cached_property
    def labels(self) -> tuple[Tensor, ...]:
        """For each side the attributes of all its characters, float32 (N, 34), whose columns are `studio.TAGS`."""
        return tuple(_attributes(self._characters(range(len(self)), side)) for side in (0, 1))

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, ...]:
        chosen = np.asarray(indices, dtype=np.int64)
        return *super().batch(indices, device), *(labels[chosen].to(device) for labels in self.labels)


class StudioScenes(StudioUnpaired):
    """Places as a camera sees them and as a background artist draws them: `StudioScenes()`, photo to anime, unpaired.

    The truth is kept as in StudioUnpaired. Taught in 09_cartoongan.
    """

    row = Places
    side = staticmethod(lambda name: Side("scene", name))
    render: Any = staticmethod(lambda scene, size, layer, style: studio.paint(scene, size, style))

    def __init__(
        self, a: str = "photo", b: str = "anime", size: int = 64, count: int = 4_000, seed: int = 0,
        split: str = "train", cache: str | Path | None = None, workers: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(a, b, size, count, seed, "scenes", split, cache, workers)


def _attributes(characters: list[Character]) -> Tensor:
    return torch.tensor([list(character.tags().values()) for character in characters], dtype=torch.float32)


class StudioAttributes(WithLabels, StudioFaces):
    """Drawn faces with their 34 attributes: `batch` gives pictures and labels, float32 (B, 34) of 0 and 1.

    The columns are `studio.TAGS`. Arguments as in StudioFaces.
    """

    names = studio.TAGS

    @cached_property
    def labels(self) -> Tensor:  # type: ignore[override]
        """The attributes of all pictures, float32 (N, 34)."""
        return _attributes([self.character(i) for i in range(len(self))])


class StudioPoints(WithLabels, StudioFaces):
    """Drawn faces with five of their points: `batch` gives pictures and points, float32 (B, 5, 2), x and y in pixels.

    Both eyes, nose, both corners of the mouth; left is left in the picture. Arguments as in StudioFaces.
    """

    @cached_property
    def labels(self) -> Tensor:  # type: ignore[override]
        """The points of all pictures, float32 (N, 5, 2)."""
        return torch.stack([five_points(self.character(i), self.size, self.style) for i in range(len(self))])


def five_points(character: Character, size: int, style: str = "cel") -> Tensor:
    """Middles of both eyes, nose, corners of the mouth: (5, 2), x and y in pixels."""
    place = {name: torch.tensor(point) for name, point in studio.landmarks(character, size, style).items()}
    eyes = [(place[f"{side}_eye_inner"] + place[f"{side}_eye_outer"]) / 2 for side in ("left", "right")]
    return torch.stack([*eyes, place["nose"], place["mouth_left"], place["mouth_right"]])


class Joined(ConcatDataset[tuple[Tensor, Tensor]]):
    """Several sets one after the other, as one."""

    def __init__(self, *sets: StudioAttributes | StudioPoints) -> None:
        super().__init__(sets)
        self.sets, self.name = sets, " and ".join(each.name for each in sets)
        self.fingerprint = " ".join(each.fingerprint for each in sets)

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """The items at these indices, in their order."""
        places = np.arange(len(self))[np.asarray(indices, dtype=np.int64)]
        owners, starts = np.searchsorted(self.cumulative_sizes, places, side="right"), [0, *self.cumulative_sizes]
        order = np.argsort(owners, kind="stable")
        parts = [self.sets[k].batch(places[owners == k] - starts[k], device) for k in np.unique(owners)]
        back = torch.from_numpy(np.argsort(order))
        pictures, labels = (torch.cat(columns)[back.to(device)] for columns in zip(*parts))
        return pictures, labels
