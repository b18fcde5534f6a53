"""Sketches are kept as text in the folder sketches/, where one can draw without programming."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..errors import LabError
from . import palette
from .ink import parse

WANTED = {"~": "two points or more", "m": "three points or more", "n": "three points or more", "o": "two points"}
"""How many points a kind of shape needs."""


class Entry(NamedTuple):
    """One thing that can be drawn: what is said of it, and its sketches by stage ("" when there is only one)."""

    words: str
    sketches: dict[str, str]


@lru_cache(maxsize=16)
def read(name: str) -> dict[str, Entry]:
    """Everything in sketches/NAME.txt."""
    return entries((Path(__file__).parent / "sketches" / f"{name}.txt").read_text(encoding="utf-8"))


def entries(text: str) -> dict[str, Entry]:
    """Read `[name] words`, then lines of a sketch (see `ink.parse`); a line such as `back:` begins another stage.

    Lines that begin with # are comments. Raises LabError with the line that cannot be read.
    """
    found: dict[str, Entry] = {}
    stages: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        if match := re.fullmatch(r"\[(.+?)\]\s*(.*)", line):
            stages = {}
            found[match[1]] = Entry(match[2], stages)
        elif match := re.fullmatch(r"(\w+):", line):
            stages[match[1]] = ""
        elif line and line[0] != "#":
            _check(line, bool(found))
            stage = list(stages)[-1] if stages else ""
            stages[stage] = stages.get(stage, "") + line + "\n"
    return found


def _check(line: str, named: bool) -> None:
    if not named:
        raise LabError(f"The sketch begins with {line!r}; its first line should be a name in brackets, such as [bob].")
    if not re.match(r"=?[->h~mno][ :]|-?[.\d]", line):
        raise LabError(f"The line {line!r} begins neither with a kind of shape (-, >, h, ~, m, n, o) nor with points.")
    try:
        shapes = [shape for _, shape in parse(line if ":" in line else f"-: 0,0 {line}")]
    except (ValueError, IndexError) as error:
        kind = line.lstrip("=")[0]
        point = "x,y,half width" if kind in "~mn" else "x,y"
        raise LabError(
            f"The line {line!r} cannot be drawn: after the colon belong {WANTED.get(kind, 'points')}, each written "
            f"{point}, with spaces between them."
        ) from error
    for role in {shape.fill for shape in shapes} | {shape.line for shape in shapes}:
        if role and role not in _roles():
            near = difflib.get_close_matches(role, _roles(), 1, 0.0)[0]
            raise LabError(f"The line {line!r} asks for a color '{role}'; the nearest is '{near}'.")


@lru_cache(maxsize=1)
def _roles() -> frozenset[str]:
    return frozenset(palette.build("blue", "blue", "fair", "soft", 0.5, "plain")) | palette.GRADIENTS.keys()
