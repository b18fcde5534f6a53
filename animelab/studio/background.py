"""Backgrounds: quiet behind the head, with a value that separates it from the hair."""

from __future__ import annotations

from random import Random

from . import catalog
from .ink import Drawing, Pen
from .traits import Traits

BACKGROUNDS = {name: entry.sketches[""] for name, entry in catalog.read("background").items()}
"""Name of a background -> its sketch; lights, stars and petals are strewn by the character's seed."""


def background(c: Traits, d: Drawing) -> None:
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
