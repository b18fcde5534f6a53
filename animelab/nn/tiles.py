"""Large pictures in overlapping tiles: memory for one tile at a time, and no seams. Taught in 09_cartoongan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from animelab.errors import LabError
from animelab.nn.arguments import checked

STEP = 16  # tiles begin at multiples of this, but for the last, so that a network that halves sees them alike
SMALL = 512  # pixels of the longer side of the version of a large picture that lends its tiles its norms


def starts(length: int, side: int, overlap: int) -> list[int]:
    """Where tiles of `side` begin that cover `length` and share at least `overlap` with their neighbors."""
    if length <= side:
        return [0]
    stride = (side - overlap) // STEP * STEP
    return [*range(0, length - side, stride), length - side]


def straight(overlap: int) -> Tensor:
    """How much a new tile counts at the middle of each pixel of an overlap: (overlap,), in a line from 0 to 1."""
    return (torch.arange(overlap) + 0.5) / overlap


@checked(pictures=(None, None, None, None), side=(STEP, 2**16), overlap=(0, 2**15))
def by_tiles(
    translate: Callable[[Tensor], Tensor],
    pictures: Tensor,
    side: int = 512,
    overlap: int = 96,
    fade: Callable[[int], Tensor] = straight,
) -> Tensor:
    """What `translate` makes of pictures (B, 3, H, W), tile by tile: (B, C, H, W).

    side and overlap are multiples of 16. Of each overlap the outer quarters, where a tile lacks its surroundings, do
    not count, and between them one tile fades into the other (`fade` can be a learner's own). A network that looks no
    further than a quarter of the overlap gives exactly what it would give in one piece.
    """
    if side % STEP or overlap % STEP or 2 * overlap > side:
        raise LabError(f"side and overlap are multiples of {STEP}, side at least twice overlap; not {side}, {overlap}.")
    rise = torch.cat([torch.zeros(overlap // 4), fade(overlap // 2), torch.ones(side)])[:side].clamp(min=1e-6)
    high, wide = pictures.shape[-2:]
    total, weight = torch.zeros(()), torch.zeros(high, wide)
    for top in starts(high, side, overlap):
        for left in starts(wide, side, overlap):
            tile = pictures[..., top : top + side, left : left + side]
            translated = translate(tile)
            if getattr(translated, "shape", ())[2:] != tile.shape[2:]:
                raise LabError(f"What translates tiles should give pictures of their size, {tuple(tile.shape[2:])}.")
            window = _window(rise, top, tile.shape[-2], high)[:, None] * _window(rise, left, tile.shape[-1], wide)
            if not total.ndim:
                total = translated.new_zeros(*translated.shape[:2], high, wide)
            total[..., top : top + side, left : left + side] += translated * window.to(translated)
            weight[top : top + side, left : left + side] += window
    return total / weight.to(total)


def in_one_light(
    network: nn.Module, translate: Callable[[Tensor], Tensor], picture: Tensor, multiple: int = 4
) -> Tensor:
    """As `by_tiles` for one picture (1, 3, H, W), whose norms all tiles share, as a small version of it has them.

    network: what `translate` calls, and multiple: of what its sides have to be.
    """
    scale, step = SMALL / max(picture.shape[-2:]), multiple * -(-16 // multiple)
    sides = [max(1, round(side * scale / step)) * step for side in picture.shape[-2:]]
    device = next(network.parameters()).device
    with shared_norms(network, interpolate(picture, sides, mode="bilinear", antialias=True).to(device)):
        return by_tiles(translate, picture)


@contextmanager
def shared_norms(network: nn.Module, whole: Tensor) -> Iterator[None]:
    """Inside, instance and layer norms take the means and variances that they had in `whole` (1, 3, H, W).

    whole: the picture that the tiles are parts of, or a small version of it. Otherwise each tile is normalized by
    itself: one of nothing but sky loses the sky's tint, and its neighbor keeps it.
    """
    kinds = {nn.InstanceNorm2d: (2, 3), nn.GroupNorm: (1, 2, 3)}
    norms = {m: kinds[type(m)] for m in network.modules() if type(m) in kinds and getattr(m, "num_groups", 1) == 1}
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def remember(norm: nn.Module, inputs: Any, _: Tensor) -> None:
        axes = norms[norm]
        seen[norm] = inputs[0].mean(axes, keepdim=True), inputs[0].var(axes, correction=0, keepdim=True)

    def recall(norm: Any, inputs: Any, _: Tensor) -> Tensor:
        mean, variance = seen[norm]
        x = (inputs[0] - mean) * (variance + norm.eps).rsqrt()
        return x if norm.weight is None else x * norm.weight[:, None, None] + norm.bias[:, None, None]

    def hooked(hook: Any) -> ExitStack:
        hooks = ExitStack()
        for norm in norms:
            hooks.enter_context(norm.register_forward_hook(hook))
        return hooks

    with hooked(remember):
        network(whole)
    with hooked(recall):
        yield


def _window(rise: Tensor, start: int, length: int, whole: int) -> Tensor:
    """How much each row of a tile counts: it rises and falls toward neighbors, and is 1 at the picture's own edges."""
    begin, end = (torch.ones(length) if at_edge else rise for at_edge in (start == 0, start + length == whole))
    return torch.minimum(begin, end.flip(0))
