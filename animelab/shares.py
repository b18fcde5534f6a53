"""Whose rows of a batch these are, where several processes, or parts that take turns, share every batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from torch import Tensor

_place: ContextVar[tuple[int, int]] = ContextVar("place", default=(0, 1))  # which of how many


def share(draw: Callable[..., Tensor], count: int, *shape: int, **how: Any) -> Tensor:
    """Random numbers (count, *shape) for the `count` pictures that are ours; `draw` is `torch.randn`, or alike.

    Whoever shares a batch draws all of its numbers, in the same order, and keeps its own rows. So a batch has the same
    latents and noise, however many share it; and nobody's are another's. Taught in 06_stylegan2.
    """
    return draw(count * _place.get()[1], *shape, **how)[ours(count)]


def ours(count: int) -> slice:
    """Which rows of the whole batch are the `count` that are ours."""
    start = _place.get()[0] * count
    return slice(start, start + count)


@contextmanager
def place(index: int, sharers: int) -> Iterator[None]:
    """Inside, ours are the index-th of so many equal shares of each batch."""
    token = _place.set((index, sharers))
    try:
        yield
    finally:
        _place.reset(token)
