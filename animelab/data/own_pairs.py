"""A learner's own pictures for translation: pairs that belong together, or two domains without pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animelab.data.image_folder import ImageFolder, files_in, square
from animelab.data.pictures import Indices, Pictures
from animelab.errors import LabError
from animelab.files import opened

NAMES = (("a", "b"), ("A", "B"), ("trainA", "trainB"), ("source", "target"))


def _two_folders(path: Path) -> tuple[Path, Path] | None:
    for first, second in NAMES:
        if (path / first).is_dir() and (path / second).is_dir():
            return path / first, path / second
    return None


class PairedFolder:
    """Pairs of pictures: `batch` gives sources and targets, each (B, 3, size, size) in [-1, 1].

    path: a folder with two folders in it, "a" and "b" (or A and B, trainA and trainB, source and target), whose
    pictures have the same names but for the ending; or a folder of pictures twice as wide as high, source at the left.
    Raises LabError when a picture has no partner, when a wide picture is not twice as wide as high, and when a
    picture cannot be read: a pair with one half missing would teach nonsense.
    """

    def __init__(self, path: str | Path, size: int = 64) -> None:
        folder = Path(path).expanduser()
        two = _two_folders(folder)
        if two:
            rows = [_pair(size, *files) for files in _partners(*two)]
        else:
            rows = [_halves(size, file) for file in files_in(folder)]
        self.sources, self.targets = (Pictures(np.stack(side), folder.name) for side in zip(*rows))
        self.name = f"pairs in folder {folder.resolve().name}"
        self.fingerprint = f"{self.sources.fingerprint} {self.targets.fingerprint}"

    def __len__(self) -> int:
        return len(self.sources)

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """The pairs at these indices."""
        return self.sources.batch(indices, device), self.targets.batch(indices, device)


class UnpairedFolder:
    """Two folders of pictures that never match: `batch` gives A and B, each (B, 3, size, size) in [-1, 1].

    path: a folder with two folders in it, named as for PairedFolder. An epoch shows every picture of the larger side
    once, beside one of the other side by chance. Raises LabError where a folder is missing or empty.
    """

    def __init__(self, path: str | Path, size: int = 64) -> None:
        folder = Path(path).expanduser()
        two = _two_folders(folder)
        if not two:
            raise LabError(f"{folder} should hold two folders of pictures, named 'a' and 'b'; make them there.")
        self.sides = [ImageFolder(each, size) for each in two]
        self.counts = [len(side) for side in self.sides]  # what a run remembers
        self.name = f"two sides in folder {folder.resolve().name}"
        self.fingerprint = " ".join(side.fingerprint for side in self.sides)

    def __len__(self) -> int:
        return max(map(len, self.sides))

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """Pictures of both sides: of the larger one those at these indices, of the other any, by torch's generator."""
        given = torch.as_tensor(np.asarray(indices, dtype=np.int64))
        larger = int(len(self.sides[1]) > len(self.sides[0]))
        places = [given if side == larger else torch.randint(len(self.sides[side]), given.shape) for side in (0, 1)]
        a, b = (side.batch(where, device) for side, where in zip(self.sides, places))
        return a, b


def _partners(first: Path, second: Path) -> list[tuple[Path, Path]]:
    sides = [
        {file.relative_to(folder).with_suffix(""): file for file in files_in(folder)} for folder in (first, second)
    ]
    alone = sorted(map(str, sides[0].keys() ^ sides[1].keys()))
    if alone:
        raise LabError(
            f"{len(alone)} pictures have no partner of the same name in the other of {first} and {second}, "
            f"the first is '{alone[0]}'; rename or remove them."
        )
    return [(sides[0][name], sides[1][name]) for name in sorted(sides[0])]


def _pair(size: int, *files: Path) -> list[np.ndarray]:
    return [np.asarray(square(opened(file)[0], size)) for file in files]


def _halves(size: int, file: Path) -> list[np.ndarray]:
    picture = opened(file)[0]
    if picture.width != 2 * picture.height:
        raise LabError(
            f"{file} is {picture.width} x {picture.height} px; a pair side by side is twice as wide as high. "
            "Or put sources and targets into two folders, 'a' and 'b'."
        )
    both = square(picture, size, 2)
    return [np.asarray(both.crop((left, 0, left + size, size))) for left in (0, size)]
