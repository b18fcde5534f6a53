"""Hairstyles as sketches: what hangs behind the head, over the shoulders and beside the face."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..errors import LabError
from . import catalog
from .ink import Drawing, Pose
from .traits import Traits


class Hairstyle(NamedTuple):
    """MakeGirlsMoe tags, crown, sketches: "back" behind the body, "middle" in front of it, "front" at the face."""

    tags: tuple[str, ...]
    crown: str
    sketches: dict[str, str]


def hairstyles(text: str) -> dict[str, Hairstyle]:
    """Hairstyles from a text such as sketches/hair.txt; LabError for one that cannot be drawn."""
    found = {}
    for name, (words, sketches) in catalog.entries(text).items():
        tags, _, crown = words.partition(";")
        style = Hairstyle(tuple(re.findall(r"[\w-]+", tags)), crown.strip() or "smooth", sketches)
        if ("long" in style.tags) == ("short" in style.tags) or not {*style.tags} <= {*HAIR_TAGS}:
            raise LabError(
                f"[{name}] has the tags {words!r}; say long or short, and perhaps twin-tail, drill or ponytail."
            )
        if not {*sketches} <= {"back", "middle", "front"} or style.crown not in CROWNS:
            raise LabError(f"[{name}] has stages back, middle and front, and a crown of {', '.join(CROWNS)}.")
        found[name] = style
    return found


def add_hairstyle(text: str) -> list[str]:
    """Teach this process a learner's hairstyles, written as in sketches/hair.txt; returns their names.

    They can be drawn at once: `Character(hair_style=name)`, and in data sets whose own `Prior` names them.
    Raises LabError for a text that cannot be drawn, and for the name of one that exists already.
    """
    new = hairstyles(text)
    for name in new.keys() & BUNDLED:
        raise LabError(f"[{name}] is one of the studio's own hairstyles; give yours another name.")
    HAIRSTYLES.update(new)
    return list(new)


HAIR_TAGS = ("long", "short", "twin-tail", "drill", "ponytail")
CROWNS = {"smooth": (), "tousled": (0.16, 0.2, 0.13, 0.18, 0.12), "spiky": (0.22, 0.34, 0.26, 0.36, 0.24)}
"""How far the tufts of a crown stand out of the skull, from the ear to the whorl."""
HAIRSTYLES = hairstyles((Path(__file__).parent / "sketches" / "hair.txt").read_text(encoding="utf-8"))
"""Name of a hairstyle -> its tags, crown and sketches."""
BUNDLED = frozenset(HAIRSTYLES)


def hair(c: Traits, d: Drawing, pose: Pose, stage: str) -> None:
    """Draw one stage of the hairstyle: "back", "middle" or "front"."""
    depth = {"back": -3.0, "middle": 1.0, "front": 5.0}[stage]
    d.sketch("hair", HAIRSTYLES[c.hair_style].sketches.get(stage, ""), partial(pose.pen, depth))
