"""Backgrounds: quiet behind the head, with a value that separates it from the hair."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from .ink import Drawing, Pen

if TYPE_CHECKING:
    from .character import Character

BACKGROUNDS = ("plain", "gradient", "bokeh", "stripes", "window", "night", "petals", "halo")
_SQUARE = "M-20 -20H300V310H-20Z"


def background(c: Character, d: Drawing) -> None:
    """Fill the picture."""
    d.add("background", _SQUARE, "back" if c.background in ("plain", "stripes", "halo") else "scene_fill")
    random = Random(c.seed * 8 + 3)
    pen = Pen(0, 0)
    if c.background == "bokeh":
        for _ in range(11):
            r = random.uniform(8, 26)
            x, y = random.uniform(-10, 266), random.uniform(-10, 250)
            d.add("background", pen.ellipse(x, y, r, r), "back_mark", opacity=random.uniform(0.35, 0.75))
    elif c.background == "stripes":
        for k in range(-3, 10):
            d.add("background", pen.path("M", k * 40, -20, "L", k * 40 + 18, -20, "L", k * 40 - 82, 310, "L", k * 40 - 100, 310, "Z"), "back_mark")
    elif c.background == "window":
        for x in (-60, 40, 140):
            for y in (0, 108):
                d.add("background", pen.path("M", x, y, "L", x + 88, y - 14, "L", x + 70, y + 84, "L", x - 18, y + 98, "Z"), "back_mark", opacity=0.8)
    elif c.background == "night":
        d.add("background", pen.ellipse(46, 52, 25, 25), "back_mark")
        d.add("background", pen.ellipse(57, 45, 22, 22), "back", opacity=0.85)
        for _ in range(22):
            r = random.uniform(0.7, 2.2)
            d.add("background", pen.ellipse(random.uniform(-10, 266), random.uniform(-10, 210), r, r), "back_mark", opacity=0.9)
    elif c.background == "petals":
        for _ in range(13):
            x, y, turn = random.uniform(-10, 266), random.uniform(-10, 260), random.uniform(-9, 9)
            d.add("background", pen.lock([(x, y), (x + 6, y + turn), (x + 14, y + turn * 1.3)], [1.5, 5.5, 0.0]), "back_mark2", opacity=random.uniform(0.5, 0.9))
    elif c.background == "halo":
        d.add("background", pen.ellipse(128, 116, 108, 108), "back_mark")
        d.add("background", pen.ellipse(128, 116, 118, 118), "", "back_mark2", 2.0, 0.8)
