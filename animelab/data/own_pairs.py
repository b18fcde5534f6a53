"""A learner's own pictures for translation: pairs that belong together, or two domains without pairs."""

from __future__ import annotations

import copy
from pathlib import Path
from unicodedata import normalize

import numpy as np
import torch
from torch import Tensor

from animelab import limits
from animelab.data.image_folder import ImageFolder, existing, files_in, square
from animelab.data.pictures import Indices, Pictures
from animelab.errors import LabError
from animelab.files import opened
from animelab.shares import share

NAMES = (("a", "b"), ("A", "B"), ("trainA", "trainB"), ("source", "target"))


def _two_folders(path: Path) -> tuple[Path, Path] | None:
    """Where the two sides lie, in the official layouts as well: A/train beside A/test, or train/A beside test/A."""
    places = [(path / first, path / second) for first, second in NAMES]
    places = [(a / "train", b / "train") for a, b in places] + places
    places += [(path / "train" / first, path / "train" / second) for first, second in NAMES]
    return next(((a, b) for a, b in places if a.is_dir() and b.is_dir()), None)


class PairedFolder:
    """Pairs of pictures: `batch` gives sources and targets, each (B, 3, size, size) in [-1, 1].

    path: a folder with two folders in it, "a" and "b" (or A and B, trainA and trainB, source and target), whose
    pictures have the same names but for the ending; or a folder of pictures twice as wide as high, source at the left
    (see `turned`). Of the official layouts, "train" is taken: A/train and B/train, train/A and train/B, or the wide
    pictures in train.
    Raises LabError when a picture has no partner or two, when the pictures of a pair have different shapes, when a wide
    picture is not twice as wide as high, and when one cannot be read: half a pair would teach nonsense.
    """

    def __init__(self, path: str | Path, size: int = 64) -> None:
        folder, size = existing(path), limits.whole("size", size, limits.SETTINGS["size"])
        two = _two_folders(folder)
        if two:
            rows = [_pair(size, *files) for files in _partners(*two)]
        else:
            train = folder / "train"
            rows = [_halves(size, file) for file in files_in(train if train.is_dir() else folder)]
        self.sources, self.targets = (Pictures(np.stack(side), folder.name) for side in zip(*rows))
        self.name = f"pairs in folder {folder.resolve().name}"

    @property
    def fingerprint(self) -> str:
        """Of sources and targets, in this order."""
        return f"{self.sources.fingerprint} {self.targets.fingerprint}"

    def turned(self) -> PairedFolder:
        """The same pairs from targets to sources: for side-by-side pictures whose source is at the right ("BtoA")."""
        other = copy.copy(self)
        other.sources, other.targets, other.name = self.targets, self.sources, f"{self.name}, BtoA"
        return other

    def __len__(self) -> int:
        return len(self.sources)

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """The pairs at these indices."""
        return self.sources.batch(indices, device), self.targets.batch(indices, device)


class UnpairedFolder:
    """Two folders of pictures that never match: `batch` gives A and B, each (B, 3, size, size) in [-1, 1].

    path: a folder with two folders in it, as for PairedFolder. An epoch shows every picture of the larger side
    once, beside one of the other side by chance. Raises LabError where a folder is missing or empty.
    """

    def __init__(self, path: str | Path, size: int = 64) -> None:
        folder, size = existing(path), limits.whole("size", size, limits.SETTINGS["size"])
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
        smaller = len(self.sides[1 - larger])
        places = [share(lambda rows: torch.randint(smaller, (rows,)), len(given))] * 2
        places[larger] = given
        a, b = (side.batch(where, device) for side, where in zip(self.sides, places))
        return a, b


def _partners(first: Path, second: Path) -> list[tuple[Path, Path]]:
    sides: list[dict[str, Path]] = []
    for folder in (first, second):
        sides.append({})
        for file in files_in(folder):
            name = normalize("NFC", str(file.relative_to(folder).with_suffix("")))  # macOS writes é as two letters
            twin = sides[-1].setdefault(name, file)
            if twin != file:
                raise LabError(f"{twin} and {file.name} would both be the partner of one picture; rename one of them.")
    alone = sorted(sides[0].keys() ^ sides[1].keys())
    if alone:
        there, lacking = (first, second) if alone[0] in sides[0] else (second, first)
        odd = f"the first is '{alone[0]}' of {there}, missing in {lacking}"
        raise LabError(f"Pictures have no partner of the same name ({len(alone)} of them): {odd}; rename or remove.")
    return [(sides[0][name], sides[1][name]) for name in sorted(sides[0])]


def _pair(size: int, *files: Path) -> list[np.ndarray]:
    a, b = (opened(file)[0] for file in files)
    # Of a picture and the same one reduced, sides are rounded: by half a pixel each.
    if abs(a.width * b.height - b.width * a.height) > max(*a.size, *b.size):
        sizes = f"{files[0]} is {a.width} x {a.height} px and {files[1]} {b.width} x {b.height}"
        raise LabError(f"{sizes}; a pair has one shape, or its squares would show different places: crop one of them.")
    return [np.asarray(square(picture, size)) for picture in (a, b)]


def _halves(size: int, file: Path) -> list[np.ndarray]:
    picture = opened(file)[0]
    if picture.width != 2 * picture.height:
        wrong = f"{file} is {picture.width} x {picture.height} px; a pair side by side is twice as wide as high"
        raise LabError(f"{wrong}. Or put sources and targets into two folders, 'a' and 'b'.")
    return [np.asarray(square(picture, size, 2).crop((left, 0, left + size, size))) for left in (0, size)]
