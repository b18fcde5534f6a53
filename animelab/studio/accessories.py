"""Glasses, headwear, ribbons and pins as sketches: each sits in the hair or reaches the ear."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .clothes import bow
from .eyes import EYE_X, EYE_Y
from .ink import Drawing, Pose

if TYPE_CHECKING:
    from .character import Character

_TEMPLES = """=~ frame: 19,-4,1 26,-7,1
    =~ white %55: -10,7,1.2 -5,-2,1.8 -1,-9,0"""
GLASSES = {
    "none": "",
    "round": f"""=o white %16: 0,0 18.5,17.5
        =o /frame 2: 0,0 18.5,17.5
        {_TEMPLES}""",
    "square": f"""=- white %16: -17.5,-11 -14,-14 16,-14 19,-11 17.5,10 13,15 -11,15 -16,10
        =- /frame 2: -17.5,-11 -14,-14 16,-14 19,-11 17.5,10 13,15 -11,15 -16,10
        {_TEMPLES}""",
    "half rim": f"""=> /frame 2: -18,-3! -16,11 -8,16 8,16 17,11 19.5,-5!
        {_TEMPLES}""",
}

_TUFTS = """=~ hair/hair_line 1: 26,60,7 27.2,42,4.5 29,24,0
    =~ hair/hair_line 1: 37,64,7 38.2,47,4.5 40,30,0
    =~ hair/hair_line 1: 47,70,7 49,56,4.5 52,42,0"""
EARS = {
    "cat ears": f"""=- bangs_fill/hair_line 1.9: 10,56 22,26 50,-3! 60,34 58,84
        =- pink: 22,56 32,30 48,8! 54,34 52,78
        =- skin_shade %50: 48,8! 54,34 52,78 48,60 50,34
        {_TUFTS}""",
    "fox ears": f"""=- bangs_fill/hair_line 1.9: 10,56 22,26 50,-8! 60,34 58,84
        =- white: 22,56 32,30 48,4! 54,34 52,78
        =- skin_shade %50: 48,4! 54,34 52,78 48,60 50,34
        {_TUFTS}""",
    "bunny ears": """=- bangs_fill/hair_line 1.9: 10,56 9,22 18,-4 28,-8 37,2 40,26 40,60
        =- pink: 18,52 17,24 23,3 28,0 33,8 34,26 33,56
        =~ hair/hair_line 1: 18,54,7 19,40,4.5 20,26,0
        =~ hair/hair_line 1: 33,54,7 33.5,43,4.5 34,32,0""",
}
"""Animal ears; the hair of the crown is drawn over their root."""

_BRIM = """- accent/accent_line 1.6: -60,72! -58,54 0,45 58,54 60,72! 0,63
    - accent_shade: 24,48 58,54 60,72! 28,65
    h {fill} #brim: 0,60 50,67 {a},66 {b},74 {c},86 46,78 0,74
    - {shade} @brim: {b},74 {c},86 46,78 0,74 -46,78 -{c},86 -46,75 0,70 46,75
    h /{line} 1.9: 0,60 50,67 {a},66 {b},74 {c},86 46,78 0,74"""
HATS = {
    "beret": """- cloth_fill/cloth_line 1.9: -62,74 -60,44 -26,14 28,10 70,32 82,62 68,82 40,66 0,58 -36,64
        - cloth_shade %80: 0,58 40,60 76,52 81,66 68,82 40,66
        ~ cloth_shade/cloth_line 1.4: -62,75,2.6 -36,62,3.4 0,56,3.6 40,64,3.4 68,81,2.6
        ~ cloth/cloth_line 1.3: 6,12,2 8,4,1.8 14,1,1.4
        ~ cloth_light %90: -40,46,0 -22,28,3 6,20,0""",
    "cap": """- cloth_fill/cloth_line 1.9: -65,80! -62,42 -30,16 0,13 30,16 62,42 65,80! 0,62
        - cloth_shade %75: 18,15 34,18 62,42 65,80! 40,68 34,40
        =~ cloth_line: 0,14,.3 22.8,34,.7 31,66,.5
        o accent/accent_line 1.2: 0,13 5,3
        - accent/accent_line 1.8: -56,76! -30,60 0,56 30,60 56,76! 66,92 48,94 0,82 -48,94 -66,92
        - accent_shade: -62,90 0,76 62,90 48,94 0,82 -48,94
        h trim: 0,28! 3,36! 11,37! 5,42! 7,50! 0,45!""",
    "straw hat": """h straw_fill/straw_line 1.9: 0,10 34,14 56,40 60,72! 0,62
        - straw_shade %75: 26,22 44,30 60,72! 34,64 38,44
        """
    + _BRIM.format(fill="straw_fill", shade="straw_shade", line="straw_line", a=98, b=104, c=82),
    "witch hat": """- cloth_fill/cloth_line 1.9: -58,72! -44,30 -18,-4 24,-22! 14,4 46,34 60,72! 0,62
        - cloth_shade %75: 20,16 46,34 60,72! 34,64 30,44
        """
    + _BRIM.format(fill="cloth_fill", shade="cloth_shade", line="cloth_line", a=92, b=98, c=76),
}
_FAR_BRIM = {
    "straw hat": "o straw_shade/straw_line 1.8: 0,70 104,26",
    "witch hat": "o cloth_shade/cloth_line 1.8: 0,70 98,26",
}
_HEADPHONES = """~ trim/metal 1.7: -66,112,3.5 -60,60,4.5 0,27,5 60,60,4.5 66,112,3.5
    =- accent/accent_line 1.8: 56,106 66,102 75,116 76,134 68,148 57,144
    =- accent_shade: 66,104 75,116 76,134 68,147 71,128"""
HEADWEAR = ("none", *EARS, "headphones", *HATS)

RIBBONS = ("none", "bow", "twin bows", "hairband")
_HAIRBAND = """~ accent/accent_line: -61,110,0 -54,72,4.2 0,46,4.6 54,72,4.2 61,110,0
    ~ accent_light: -50,69,0 0,44,1.3 30,51,0"""

_PETALS = "\n".join(
    f"o petal/accent_line 1.2: {-46 + 7 * x:.1f},{90 + 7 * y:.1f} 5.8,5.8"
    for x, y in ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31))
)
PINS = {
    "none": "",
    "clips": """~ gold/straw_line 1.1: -50,100,2 -42,96,2.2 -34,93,2
        ~ gold/straw_line 1.1: -50,109,2 -42,105,2.2 -34,102,2""",
    "flower": f"""{_PETALS}
        o gold/straw_line 1: -46,90 4.2,4.2""",
    "star": """- gold/straw_line 1.3: -46,85! -43.4,90.8! -37,91.2! -42,95.6! -40.4,102! -46,98.4!
        -51.6,102! -50,95.6! -55,91.2! -48.6,90.8!""",
}


def glasses(c: Character, d: Drawing, pose: Pose) -> None:
    """Frames with tinted lenses, a bridge, and temples to the ears."""
    if c.glasses != "none":
        d.sketch("glasses", GLASSES[c.glasses], lambda side: pose.feature(EYE_X, EYE_Y + 2, side))
        d.add("glasses", pose.feature(0, EYE_Y).path("M", -6, 0, "C", -3, -3, 3, -3, 6, 0), "", "frame", 1.9)


def headwear(c: Character, d: Drawing, pose: Pose, stage: str) -> None:
    """The "back" brim of a hat behind the head, animal ears in the "middle", hats and headphones in "front"."""
    if stage == "back":
        d.sketch("hat", _FAR_BRIM.get(c.headwear, ""), partial(pose.pen, 2.0))
    elif stage == "middle":
        d.sketch("animal ears", EARS.get(c.headwear, ""), partial(pose.pen, 3.0))
    elif c.headwear == "headphones":
        d.sketch("headphones", _HEADPHONES, partial(pose.pen, 2.0))
    else:
        d.sketch("hat", HATS.get(c.headwear, ""), partial(pose.pen, 4.0))


def ornaments(c: Character, d: Drawing, pose: Pose) -> None:
    """Ribbons and pins in the hair."""
    if c.ribbon == "bow":
        bow(d, pose.pen(6.0), 44, 66, 0.95)
    elif c.ribbon == "twin bows":
        for side in (-1, 1):
            bow(d, pose.pen(5.0, side), 55, 76, 0.75)
    elif c.ribbon == "hairband":
        d.sketch("ribbon", _HAIRBAND, partial(pose.pen, 5.0))
        bow(d, pose.pen(5.0), -38, 56, 0.7)
    d.sketch("pin", PINS[c.pin], partial(pose.pen, 6.0))
