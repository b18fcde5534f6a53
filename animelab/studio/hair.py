"""Hairstyles as sketches: what hangs behind the head, over the shoulders and beside the face."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .ink import Drawing, Pose

if TYPE_CHECKING:
    from .character import Character


class Hairstyle(NamedTuple):
    """MakeGirlsMoe tags; sketches behind the body, in front of it and in front of the face; the crown."""

    tags: tuple[str, ...]
    back: str
    middle: str = ""
    front: str = ""
    crown: str = "smooth"


def _behind(half: str, strands: str = "", tips: str = "") -> str:
    """The dark hair behind the head: tips that flare out, the outline below the ears, and strands on it."""
    return f"""{tips}
        h back_fill/hair_line 1.9: 0,38 24,42 43,56 55,80 59,106 {half}
        {strands}"""


def _sidelocks(end: float, curl: float = 0.0, width: float = 8.0) -> str:
    """Locks in front of the ears, down to y = end."""
    high, low = 0.5 * end + 44, 0.65 * end + 36.4
    return f"=n: 55,98,4.5 57,{high},{width} 55.5,{low},{0.8 * width} {51 + curl},{end},0"


def _drills() -> str:
    rows = ""
    for k in range(5, -1, -1):
        x, y, w = 68 - 1.4 * k, 138 + 20 * k, 17 - 1.7 * k
        rows += f"""
            =- lock_fill/hair_line 1.7: {x - w},{y - 2} {x - 0.3 * w},{y - 12} {x + 0.8 * w},{y - 13} {x + w},{y + 2}
                {x + 0.4 * w},{y + 14} {x - 0.7 * w},{y + 17} {x - w},{y + 8}
            =- hair_shade %85: {x - 0.85 * w},{y + 8} {x},{y + 8} {x + 0.95 * w},{y - 6} {x + 0.95 * w},{y + 3}
                {x + 0.35 * w},{y + 13} {x - 0.65 * w},{y + 15.5}
            =~ hair_glow %80: {x - 0.6 * w},{y - 3},0 {x},{y - 5.5},1.6 {x + 0.5 * w},{y - 9},0"""
    return rows


def _braids() -> str:
    rows = ""
    for k in range(6, -1, -1):
        x, y, w = 54 + 1.2 * k, 176 + 14 * k, (11.5 - 0.8 * k) * (1 if k % 2 else -1)
        rows += f"""
            =- lock_fill/hair_line: {x - w},{y - 5} {x},{y - 11} {x + w},{y - 2} {x + 0.6 * w},{y + 9}
                {x - 0.5 * w},{y + 12}! {x - 0.9 * w},{y + 3}
            =~ hair_shade: {x + 0.5 * w},{y - 2},.4 {x + 0.2 * w},{y + 4},1.4 {x - 0.4 * w},{y + 9},0"""
    return f"""{rows}
        =~ lock_fill/hair_line: 62,266,5 64,278,7 62,292,0
        =o accent/accent_line 1.4: 62,268 6,4.5"""


_LONG_STRANDS = """=~ hair_deep: 58,150,0 61,206,1.1 59,262,0
    =~ hair_deep: 48,196,0 51,238,1.1 49,280,0"""
_NAPE_STRANDS = "=~ hair_deep: 56,140,0 59,160,1.1 57,180,0"
_LONG = _behind("65,140 70,190 76,236 74,264 66,292! 58,276 46,296! 30,280 0,296", _LONG_STRANDS)
_NAPE = _behind("65,132 63,160 54,184 38,196 0,200", _NAPE_STRANDS)
_SHORT = _behind(
    "61,132 57,154 48,166 30,172 0,174",
    tips="""=~ hair_shade/hair_line 1.7: 30,150,10 32.4,168.7,8.5 36,184,0
        =~ hair_shade/hair_line 1.7: 40,146,10 44,164.7,8.5 50,180,0
        =~ hair_shade/hair_line 1.7: 52,140,9 55.6,156.5,7.6 61,170,0""",
)
_SIDEBURNS, _LOCKS = _sidelocks(166, 4, 6.5), _sidelocks(194, 1)

HAIRSTYLES = {
    "straight": Hairstyle(("long",), _LONG, front="=m: 56,96,5 61,146,10 60,196,9 52,258,0"),
    "wavy": Hairstyle(
        ("long",),
        _behind("68,132 76,152 71,178 84,204 77,232 86,258 72,292! 60,276 46,296! 26,282 0,296", _LONG_STRANDS),
        front="=m: 56,96,5 64,138,9 55,172,10.5 66,208,9.5 56,236,7 60,266,0",
    ),
    "hime": Hairstyle(
        ("long",),
        _behind("66,140 70,190 73,240 74,296 40,296 0,296", _LONG_STRANDS),
        front="""=- lock_fill/hair_line 1.8: 48,100 62,104 66,150 65,194! 56,197 45.5,194! 45,150
            =- hair_shade %80: 57,110 62,110 64,150 63,191! 56,194! 59,150
            =~ hair_strand: 53,112,0 52,150,.9 53,194,.4""",
    ),
    "bob": Hairstyle(
        ("short",),
        _behind("68,136 73,164 71,188 58,203! 40,206 0,206", "=~ hair_deep: 60,140,0 63,168,1.1 61,196,0"),
        front="=m: 53,96,6 61,138,11 60,172,10 43,196,0",
    ),
    "pixie": Hairstyle(("short",), _SHORT, front=_SIDEBURNS, crown="tousled"),
    "wolf": Hairstyle(
        ("short",),
        _behind(
            "61,132 60,158 50,180 28,190 0,190",
            "=~ hair_deep: 54,136,0 57,154,1.1 55,172,0",
            """=~ hair_shade/hair_line 1.7: 8,170,13 9.6,194,11 12,214,0
            =~ hair_shade/hair_line 1.7: 28,170,12 31,193,10 35,212,0
            =~ hair_shade/hair_line 1.7: 44,166,11 49,187,9.4 57,204,0
            =~ hair_shade/hair_line 1.7: 54,150,10 61,170,8.5 72,186,0
            =~ hair_shade/hair_line 1.7: 56,128,9 63.6,147,7.6 75,162,0""",
        ),
        front="""=n: 54,96,5 61,134,8 56,160,6.5 62,188,0
            =n: 54,100,4 55,136,5 47,170,0""",
        crown="tousled",
    ),
    "spiky": Hairstyle(("short",), _SHORT, front=_SIDEBURNS, crown="spiky"),
    "twin tails": Hairstyle(
        ("long", "twin-tail"),
        f"""=m: 56,74,7 88,98,19 101,160,22 91,222,15 101,262,0
            =n: 56,78,6 78,108,12 81,166,13 73,236,0
            =o accent/accent_line 1.4: 58,76 7,11
            {_SHORT}""",
        front=_LOCKS,
    ),
    "low twin tails": Hairstyle(
        ("long", "twin-tail"),
        _NAPE,
        """=m: 52,176,6 64,206,14 64,244,14 52,284,0
            =o accent/accent_line 1.4: 53,181 8,6.5
            =~ accent_light: 50,177,0 49,181,1.8 51,185,0""",
        _LOCKS,
    ),
    "ponytail": Hairstyle(
        ("long", "ponytail"),
        f"""m: 18,40,7 62,26,16 98,84,22 96,150,19 84,206,12 96,244,0
            n: 22,44,6 62,46,11 82,96,12 80,150,9 68,206,0
            o accent/accent_line 1.4: 27,36 7,9
            {_SHORT}""",
        front=_LOCKS,
    ),
    "side ponytail": Hairstyle(
        ("long", "ponytail"),
        _NAPE,
        """m: 54,162,7 76,194,17 74,236,17 58,282,0
            n: 54,166,5 64,204,9 58,250,0
            o accent/accent_line 1.4: 56,168 9,7
            ~ accent_light: 53,163,0 52,168,2 54,172,0""",
        _SIDEBURNS,
    ),
    "drills": Hairstyle(("long", "drill"), _LONG, _drills(), _SIDEBURNS),
    "braids": Hairstyle(("long",), _NAPE, _braids(), _LOCKS),
    "buns": Hairstyle(
        ("short",),
        f"""=- lock_fill/hair_line 1.9: 28,42 30,20 48,8 68,16 74,36 64,56 44,60
            =- hair_shade %85: 40,54 58,50 70,34 72,38 62,54 46,60
            =~ hair_strand: 42,22,0 54,20,.9 62,32,.9 54,44,0
            =~ hair_glow %80: 36,30,0 42,18,2 54,13,0
            =~ accent/accent_line 1.3: 30,46,2.5 46,58,3.5 60,58,2.5
            {_SHORT}""",
        front=_LOCKS,
    ),
}
"""Name of a hairstyle -> its tags (one of long and short, at most one of twin-tail, drill, ponytail) and sketches."""


def hair(c: Character, d: Drawing, pose: Pose, stage: str) -> None:
    """Draw one stage of the hairstyle: "back", "middle" or "front"."""
    depth = {"back": -3.0, "middle": 1.0, "front": 5.0}[stage]
    d.sketch("hair", getattr(HAIRSTYLES[c.hair_style], stage), partial(pose.pen, depth))
