"""Backgrounds: quiet behind the head, with a value that separates it from the hair."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from .ink import Drawing, Pen

if TYPE_CHECKING:
    from .character import Character

_PLAIN = "- back: -20,-20! 300,-20! 300,310! -20,310!"
_GRADIENT = _PLAIN.replace("back", "scene_fill")
BACKGROUNDS = {
    "plain": _PLAIN,
    "gradient": _GRADIENT,
    "bokeh": _GRADIENT,
    "stripes": "\n".join((_PLAIN, *(f"~ back_mark: {x},-20,9 {x - 118},310,9" for x in range(-100, 400, 40)))),
    "window": "\n".join(
        (_GRADIENT, *(f"- back_mark %80: {x},{y}! {x + 88},{y - 14}! {x + 70},{y + 84}! {x - 18},{y + 98}!"
                      for x in (-60, 40, 140) for y in (0, 108)))
    ),
    "night": f"{_GRADIENT}\no back_mark: 46,52 25,25\no back %85: 57,45 22,22",
    "petals": _GRADIENT,
    "halo": f"{_PLAIN}\no back_mark: 128,116 108,108\no /back_mark2 2 %80: 128,116 118,118",
}  # fmt: skip
"""Name of a background -> its sketch; lights, stars and petals are strewn by the character's seed."""


def background(c: Character, d: Drawing) -> None:
    """Fill the picture."""
    pen, random = Pen(0, 0), Random(c.seed * 8 + 3)
    d.sketch("background", BACKGROUNDS[c.background], pen)
    for _ in range({"bokeh": 11, "night": 22, "petals": 13}.get(c.background, 0)):
        x, y, radius = random.uniform(-10, 266), random.uniform(-10, 250), random.uniform(0, 1)
        if c.background == "petals":
            path = pen.lock([(x, y), (x + 6, y + 9 * radius), (x + 14, y + 12 * radius)], [1.5, 5.5, 0.0])
            d.add("background", path, "back_mark2", opacity=0.5 + 0.4 * radius)
        else:
            radius = 8 + 18 * radius if c.background == "bokeh" else 0.7 + 1.5 * radius
            opacity = random.uniform(0.35, 0.75) if c.background == "bokeh" else 0.9
            d.add("background", pen.ellipse(x, y, radius, radius), "back_mark", opacity=opacity)
