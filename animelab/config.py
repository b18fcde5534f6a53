"""Settings are frozen dataclasses; presets have names; a typo is answered with the nearest name."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from animelab import env, limits
from animelab.errors import LabError, shown


@dataclass(frozen=True)
class TrainingConfig:
    """What the engine needs to know of any run; a recipe's own Config extends it."""

    steps: int = 1000  # optimizer steps of the whole run
    batch: int = 64  # pictures a step
    decay: int = 0  # the learning rates stay for half so many steps, then fall to 0 at the other end; 0: they stay
    seed: int = 0  # of weights, latents and the order of the pictures
    precision: str = "auto"  # "fp32", "bf16", or "auto": bf16 where the device has it in hardware
    log_every: int = 20  # steps between lines of log.jsonl
    preview_every: int = 200  # steps between pictures of the time lapse
    checkpoint_every: int = 500  # steps between checkpoints
    keep: int = 2  # newest checkpoints kept
    sync_norms: bool = False  # with several GPUs, batch norm looks at the pictures of all, not only at its own
    start: str = ""  # a bundled model or a run's folder whose networks it begins from; nothing: from noise

    def __post_init__(self) -> None:
        kinds = typing.get_type_hints(type(self))
        for name in (field.name for field in dataclasses.fields(self)):
            object.__setattr__(self, name, _checked(name, getattr(self, name), kinds[name]))
        size, layers = getattr(self, "size", 0), getattr(self, "patch_layers", None)
        if layers and size < 3 * 2**layers:  # D halves so many times, and then wants 3 pixels
            raise LabError(f"With patch_layers={layers}, D takes pictures of at least {3 * 2**layers} px, not {size}.")
        if 0 < self.decay < self.steps:
            odd = f"steps={self.steps} goes beyond decay={self.decay}, where the learning rates have fallen to 0"
            raise LabError(f"{odd}; set decay={self.steps} as well, or decay=0 to keep them as they are.")


AnyConfig = TypeVar("AnyConfig")


def nearest(word: object, allowed: Iterable[str]) -> str:
    """A phrase for error messages: the most similar allowed name first, then all of them."""
    names = sorted(allowed)
    close = [each for text in (str(word), str(word).lower()) for each in difflib.get_close_matches(text, names, 1, 0.5)]
    return (f"did you mean '{close[0]}'? There" if close else "there") + f" are: {', '.join(names)}."


def pick(presets: Mapping[str, AnyConfig], name: str) -> AnyConfig:
    """The preset of that name; under ANIMELAB_SCALE=smoke always "smoke".

    Raises LabError with the nearest name when there is none.
    """
    if name not in presets:
        raise LabError(f"There is no preset '{name}': {nearest(name, presets)}")
    return presets["smoke" if env.scale() == "smoke" else name]


def change(config: AnyConfig, **changes: Any) -> AnyConfig:
    """A copy of the config with some values changed; text (from a command line) becomes the field's type.

    Raises LabError for an unknown key, with the nearest name, and for a value of the wrong type or beyond its range.
    """
    types = typing.get_type_hints(type(config))
    for key, value in changes.items():
        if key not in types:
            raise LabError(f"There is no setting '{key}': {nearest(key, types)}")
        changes[key] = _converted(value, types[key])
    return dataclasses.replace(config, **changes)  # type: ignore[type-var]


def named(presets: Mapping[str, AnyConfig]) -> Callable[..., AnyConfig]:
    """A recipe's `preset(name, **changes)`: one of its presets, as `pick` finds it, with some values changed."""
    return lambda name, **changes: change(pick(presets, name), **changes)


def _converted(value: Any, kind: type) -> Any:
    """Text, and a float such as 1e4, in the field's type, where it can be one; anything else as it is."""
    try:
        if isinstance(value, str):
            return {"true": True, "false": False}[value.lower()] if kind is bool else kind(value)
        return int(value) if kind is int and isinstance(value, float) and value.is_integer() else value
    except (KeyError, ValueError):
        return value


def _checked(name: str, value: Any, kind: type) -> Any:
    what = f"The setting '{name}'"
    if kind in (int, float):
        check: Any = limits.whole if kind is int else limits.number
        return check(what, value, limits.SETTINGS.get(name, limits.OTHER_SETTINGS[kind.__name__]))
    if kind in (bool, str) and not isinstance(value, kind):
        raise LabError(f"{what} takes {'true or false' if kind is bool else 'text'}, not {shown(repr(value))}.")
    return value
