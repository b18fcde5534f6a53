"""The one check of what networks, and functions of pictures, are given: by their signatures, before they begin."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from animelab import limits
from animelab.config import nearest
from animelab.errors import LabError, shown

F = TypeVar("F", bound=Callable[..., Any])
SHAPES: dict[str, limits.Range] = {  # what only networks have; the rest is as in the settings of recipes
    "layers": (1, 9),
    "channels": (1, 4096), "channels_in": (1, 4096), "channels_out": (1, 4096),
    "tags": (0, 4096), "code": (1, 4096), "classes": (0, 4096), "palette": (0, 4096),
    "scales": (1, 8), "doublings": (5, 6),
}  # fmt: skip


def checked(**wanted: Any) -> Callable[[F], F]:
    """Lets a function check its arguments by their annotations: int, float, bool, str and Tensor. LabError for others.

    wanted: by name a number's range, where limits.SETTINGS has none; words to choose from; a Tensor's shape, or the
    channels of pictures. Tensors called `pictures` have three; others of which nothing is said are not looked at.
    """

    def check(name: str, kind: str, value: Any) -> Any:
        if kind in limits.OTHER_SETTINGS:
            known = wanted.get(name, limits.SETTINGS.get(name, limits.OTHER_SETTINGS[kind]))
            return (limits.whole if kind == "int" else limits.number)(name, value, known)
        if kind == "bool" and not isinstance(value, bool | np.bool_):
            raise LabError(f"{name} takes True or False, not {shown(repr(value))}.")
        if kind == "str" and value not in wanted.get(name, (value,)):
            raise LabError(f"There is no {name} {shown(repr(value))}: {nearest(str(value), wanted[name])}")
        if kind != "Tensor" or name not in {"pictures", *wanted}:
            return value
        shape = wanted.get(name, 3)
        return limits.numbers(name, value, *shape) if isinstance(shape, tuple) else limits.pictures(value, name, shape)

    def decorate(function: F) -> F:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs)
            for name, value in given.arguments.items():
                kind, _, other = str(signature.parameters[name].annotation).partition(" | ")
                if not (value is None and other):
                    given.arguments[name] = check(name, kind, value)
            return function(*given.args, **given.kwargs)

        return cast(F, call)

    return decorate
