"""Large pictures in overlapping tiles: memory for one tile at a time, and no seams. Taught in 09_cartoongan."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

STEP = 16  # tiles begin at multiples of this, but for the last, so that a network that halves sees them alike


def starts(length: int, side: int, overlap: int) -> list[int]:
    """Where tiles of `side` begin that cover `length` and share at least `overlap` with their neighbors."""
    if length <= side:
        return [0]
    stride = (side - overlap) // STEP * STEP
    return [*range(0, length - side, stride), length - side]


def by_tiles(paint: Callable[[Tensor], Tensor], pictures: Tensor, side: int = 512, overlap: int = 96) -> Tensor:
    """What `paint` makes of pictures (B, 3, H, W), tile by tile: (B, C, H, W).

    side and overlap are multiples of 16. Of each overlap the outer quarters, where a tile lacks its surroundings, do
    not count, and between them one tile fades into the other. A painter that looks no further than a quarter of the
    overlap paints exactly what it would paint in one piece.
    """
    high, wide = pictures.shape[-2:]
    total, weight = torch.zeros(()), torch.zeros(high, wide)
    for top in starts(high, side, overlap):
        for left in starts(wide, side, overlap):
            tile = pictures[..., top : top + side, left : left + side]
            painted = paint(tile)
            window = _ramp(top, tile.shape[-2], high, overlap)[:, None] * _ramp(left, tile.shape[-1], wide, overlap)
            if not total.ndim:
                total = painted.new_zeros(*painted.shape[:2], high, wide)
            total[..., top : top + side, left : left + side] += painted * window.to(painted)
            weight[top : top + side, left : left + side] += window
    return total / weight.to(total)


def _ramp(start: int, length: int, whole: int, overlap: int) -> Tensor:
    """How much each row of a tile counts: 1 inside, falling toward neighbors, and 1 at the picture's own edges."""
    place = torch.arange(length) + 0.5
    inside = torch.ones(length)
    for far, at_edge in ((place, start == 0), (length - place, start + length == whole)):
        if not at_edge:
            inside = torch.minimum(inside, ((far - overlap / 4) / (overlap / 2)).clamp(1e-6, 1))
    return inside
