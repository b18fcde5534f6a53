"""Clothes as sketches: shoulders, collars that wrap around the neck, seams, folds and a second color."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .ink import Drawing, Pen, Pose

if TYPE_CHECKING:
    from .character import Character

_BODY = """h cloth_fill/cloth_line 1.9 #body: {neckline} 48w,215 72w,225 84w,248 90w,296! 0,296
    =- cloth_shade %60 @body: 60w,244! 66w,262 65w,296 94w,296 86w,250 76w,240
    =~ cloth_line: 60w,243,.2 66w,262,1.1 65w,294,.8
    =~ cloth_shade: 30,272,0 42,268,1.5 58v,258,0"""

GARMENTS = {
    "sailor": (
        "0,250 12.4,232 20v,206!",
        """=- trim/cloth_line 1.6: 20,203! 44,211 64w,222! 58w,244! 30,247 0,262! 4,248 14,226
        =- cloth_shade: 56w,238! 30,242 4,254! 4,255.4! 30,243.6 56w,239.6!
        =- cloth_shade: 52w,234! 30,238 4,250! 4,251.4! 30,239.6 52w,235.6!""",
    ),
    "blazer": (
        "0,226 13,220 21v,206!",
        """h trim/cloth_line 1.3: 0,232 19v,204! 24,240 10,296! 0,296
        =- trim/cloth_line 1.4: 16v,202! 23v,204! 20,222 9,236! 1,227! 10,217
        h accent/accent_line 1.4: 0,229 4.5,229! 3.5,238! 9,280 0,296
        ~ accent_light: -5,252,1.2 5,246,1.2
        ~ accent_light: -6.5,266,1.2 6.5,259,1.2
        =- cloth_light/cloth_line 1.6: 25v,204! 40,212 38,232! 44,238! 30,264 10,296! 17,262 22,230""",
    ),
    "hoodie": (
        "0,226 13,220 21v,206!",
        """- cloth_light/cloth_line 1.7: -22v,200 -44v,212 -38,234 0,252 38,234 44v,212 22v,200 21v,214 14,229 0,234
            -14,229 -21v,214
        =- cloth_shade %70: 22v,203 36v,214 28,232 8,244 22,232 26v,214
        =~ trim/cloth_line 0.9: 12,240,1.6 14,256,1.6 12,278,1.6
        =o trim/cloth_line 0.9: 12,280 2.4,3.4""",
    ),
    "dress": (
        "0,240 18.6,231 30v,214!",
        """h trim/cloth_line 1.3: 0,247 3.8,242! 7.5,246.7 11.3,241.1! 15,245.3 18.8,239.2! 22.5,242.7
            26.3,235.9! 30,238.8 34,218 31v,213! 18,236 0,240
        =- cloth_light/cloth_line 1.6: 34v,211! 62w,214 82w,232 78w,252! 66w,258 54w,248! 50,228
        =- trim/cloth_line 1.2: 54w,246! 66w,252 79w,248! 78w,256! 66w,262 53w,254!""",
    ),
    "shirt": (
        "0,236 11.8,225 19v,206!",
        """=- trim/cloth_line 1.5: 16v,200! 23v,202! 34,216 24,240! 4,233! 13,222
        ~ cloth_line: 1,236,.6 2,262,.9 1,296,.8
        o trim/cloth_line 0.9: 5.5,254 2.2,2.2
        o trim/cloth_line 0.9: 5.5,278 2.2,2.2""",
    ),
    "sweater": (
        "0,226 13,220 21v,206!",
        """h cloth_light/cloth_line 1.6: 0,195 18.5v,188! 23.5v,204 26.5v,214! 0,224
        - cloth_shade %70: 4,194.5 18.5v,188! 23.5v,204 26.5v,214! 8,222.5 12,206
        =~ cloth_shade: 17,197,.3 19,208,.7 21,216.6,.3
        =~ cloth_shade: 8.5,198,.3 9.5,208,.7 10.5,217.8,.3
        ~ cloth_shade: 0,199,.3 0,208,.7 0,219,.3
        ~ accent %85 @body: -86v,256,5 -40,264,5 0,266,5 40,264,5 86v,256,5
        ~ trim %85 @body: -86v,267,1.6 -40,275,1.6 0,277,1.6 40,275,1.6 86v,267,1.6""",
    ),
    "kimono": (
        "0,256 11.8,235 19v,206!",
        """- trim/cloth_line 1.4: 16v,199! 25v,202! 18,226 -18,262! -25,254! 8,226
        - cloth_light/cloth_line 1.6: 22v,201! 34v,205! 27,230 -10,276! -20,262! 16,228
        - trim/cloth_line 1.4: -16v,199! -25v,202! -18,226 18,262! 25,254! -8,226
        - cloth_light/cloth_line 1.6: -22v,201! -34v,205! -27,230 10,276! 20,262! -16,228
        h accent/accent_line: 0,276 60w,272! 62w,298! 0,298"""
        + "".join(
            f"\n        o trim %75 @body: {x + 0.6 * r * dx:.1f},{y + 0.6 * r * dy:.1f} {0.5 * r},{0.5 * r}"
            for x, y, r in ((-62, 250, 6), (54, 238, 5), (66, 262, 6), (-48, 232, 4))
            for dx, dy in ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31))
        ),
    ),
    "jacket": (
        "0,226 13,220 21v,206!",
        """h trim_shade/cloth_line 1.3: 0,226 19v,205! 28,236 24,296! 0,296
        ~ accent: -18,214,1.4 0,229,1.8 18,214,1.4
        =- cloth_light/cloth_line 1.7: 18v,196! 27v,199 36,216 34,236! 22,228 17v,212
        =- cloth_shade/cloth_line 1.2: 24,228! 34,238 31,296! 22,296!
        =- accent %90: 58w,221 80w,234 84w,244 62w,228""",
    ),
}
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


def clothes(c: Character, d: Drawing, pose: Pose) -> None:
    """The body of a garment, then what makes it that garment; broader for a male-presenting character."""
    neckline, details = GARMENTS[c.clothes]
    wide = 11.0 if c.presentation == "male" else 0.0
    pens = partial(pose.pen, -1.0)
    d.sketch("clothes", _BODY.format(neckline=neckline), pens, wide)
    d.sketch("clothes", details, pens, wide)
    for side, name in ((-1, "left"), (1, "right")):
        d.mark(f"shoulder_{name}", "clothes", pens(side), 66 + wide, 234)
    if c.clothes in ("sailor", "dress"):
        bow(d, pose.pen(-1.0), 0, 258, 1.0 if c.clothes == "sailor" else 0.8)
