"""Clothes as sketches: shoulders, collars that wrap around the neck, seams, folds and a second color."""

from __future__ import annotations

from functools import partial

from . import catalog
from .ink import Drawing, Pen, Pose
from .traits import Traits

_BODY = """h cloth_fill/cloth_line 1.9 #body: {neckline} 48w,215 72w,225 84w,248 90w,296! 0,296
    =- cloth_shade %60 @body: 60w,244! 66w,262 65w,296 94w,296 86w,250 76w,240
    =~ cloth_line: 60w,243,.2 66w,262,1.1 65w,294,.8
    =~ cloth_shade: 30,272,0 42,268,1.5 58v,258,0"""

GARMENTS = catalog.read("clothes")
"""Name of a garment -> right half of its neckline, from the middle, and the sketch on top of its body."""

_BOW = """=- accent_shade/accent_line 1.3: 1,2! 8,10 14,24! 7,22! 3,26! 0,12
    =- accent/accent_line: 0,0! 9,-8 20,-10 23,0 19,9 9,6
    =- accent_shade: 1,0! 9,-1 18,3 17,7 9,5
    =~ accent_light: 8,-5,0 14,-7,1.2 19,-6,0
    o accent/accent_line 1.4: 0,0 4.4,5.2"""


def bow(d: Drawing, pen: Pen, x: float, y: float, size: float) -> None:
    """A ribbon bow with folds and two tails, centered at (x, y) of the pen."""
    center, scale = pen.x + pen.scale_x * x, abs(pen.scale_x) * size
    d.sketch("ribbon", _BOW, lambda side: Pen(center, pen.y + y, side * scale, size))


def clothes(c: Traits, d: Drawing, pose: Pose) -> None:
    """The body of a garment, then what makes it that garment; broader for a male-presenting character."""
    neckline, details = GARMENTS[c.clothes].words, GARMENTS[c.clothes].sketches[""]
    wide = 11.0 if c.presentation == "male" else 0.0
    pens = partial(pose.pen, -1.0)
    d.sketch("clothes", _BODY.format(neckline=neckline), pens, wide)
    d.sketch("clothes", details, pens, wide)
    for side, name in ((-1, "left"), (1, "right")):
        d.mark(f"shoulder_{name}", "clothes", pens(side), 66 + wide, 234)
    if c.clothes in ("sailor", "dress"):
        bow(d, pose.pen(-1.0), 0, 258, 1.0 if c.clothes == "sailor" else 0.8)
