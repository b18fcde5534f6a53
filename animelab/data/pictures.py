"""A set of pictures, kept as bytes and handed out as tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from animelab.errors import LabError

Indices = Sequence[int] | np.ndarray | Tensor


class Pictures(Dataset[Tensor]):
    """Square RGB pictures in memory (or in a memory-mapped file), four times smaller than the floats they become.

    pixels: uint8 (N, size, size, 3); name: what logs and model cards call this set.
    `pictures[i]` is float32 (3, size, size) in [-1, 1]: byte 0 is -1, byte 255 is 1.
    Raises LabError when the pixels have another shape or type, or when there is no picture.
    """

    def __init__(self, pixels: np.ndarray, name: str, fingerprint: str | None = None) -> None:
        if not isinstance(pixels, np.ndarray):
            raise LabError(f"'{name}' has pixels of type {type(pixels).__name__}; give a NumPy array of bytes (uint8).")
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or pixels.shape[1] != pixels.shape[2]:
            given = f"shape {pixels.shape} and type {pixels.dtype}"
            raise LabError(f"'{name}' has pixels of {given}; give bytes (uint8) of shape (count, size, size, 3).")
        if len(pixels) == 0:
            raise LabError(f"'{name}' has no pictures; give at least one.")
        self.pixels = pixels
        self.name = name
        if fingerprint is not None:  # already known, so there is no need to read every pixel
            self.fingerprint = fingerprint

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> Tensor:
        return self.batch([index])[0]

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> Tensor:
        """The pictures at these indices: float32 (B, 3, size, size) in [-1, 1], on the device.

        Bytes travel to the device and become floats there: a quarter of the traffic.
        """
        return as_tensor(self.pixels[np.asarray(indices, dtype=np.int64)], device)

    @property
    def size(self) -> int:
        """A picture's side in pixels."""
        return self.pixels.shape[1]

    @cached_property
    def fingerprint(self) -> str:
        """A hash that changes with any pixel: a run resumes only on the pictures it began with."""
        digest = hashlib.sha256(repr(self.pixels.shape).encode())
        for picture in self.pixels:
            digest.update(picture.tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} pictures of {self.size} px: {self.name})"


class WithLabels(Pictures):
    """Pictures that each have a row of `labels`, float32 (N, classes): items and batches are pairs."""

    labels: Tensor

    def batch(self, indices: Indices, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """The pictures (B, 3, size, size) and their labels (B, classes)."""
        return super().batch(indices, device), self.labels[np.asarray(indices, dtype=np.int64)].to(device)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        pictures, labels = self.batch([index])
        return pictures[0], labels[0]


class Labeled(WithLabels):
    """Pictures with the labels that `label` reads off them."""

    def __init__(self, pictures: Pictures, label: Callable[[Tensor], Tensor]) -> None:
        super().__init__(pictures.pixels, pictures.name, pictures.fingerprint)
        self.labels = torch.cat([label(pictures.batch(part)) for part in torch.arange(len(pictures)).split(256)])


def as_tensor(pixels: np.ndarray, device: torch.device | str = "cpu", labels: bool = False) -> Tensor:
    """Bytes (B, H, W[, 3]) as floats (B, 3 or 1, H, W) in [-1, 1], or as labels int64 (B, H, W)."""
    chosen = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    if labels:
        return chosen.long()
    chosen = chosen.permute(0, 3, 1, 2) if chosen.ndim == 4 else chosen[:, None]
    return chosen.float().contiguous() / 127.5 - 1
