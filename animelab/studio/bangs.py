"""Bangs: a few masses of unequal size that fall from a whorl, with a darker layer, a light band and flyaways."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import cos, radians, sin
from random import Random
from typing import NamedTuple

from .hair import CROWNS, HAIRSTYLES
from .ink import Drawing, Pen, Pose, points_of
from .traits import Traits


class Bangs(NamedTuple):
    """Where the strands part (x of the whorl), the lean of the tips, and tips and notches in turn from the left."""

    whorl: float
    lean: float
    edge: str


BANGS = {
    "blunt": Bangs(3, 0, "-55,158 -46,114 -35,127 -26,111 -9,129 5,112 21,128 33,113 40,126 47,114 55,158"),
    "curtain": Bangs(-2, 0, "-54,166 -48,122 -41,140 -36,116 -23,130 -3,74 17,132 29,110 42,143 48,122 54,164"),
    "swept": Bangs(22, -4, "-55,160 -48,122 -41,142 -31,116 -19,134 -9,112 7,125 25,80 44,144 49,120 56,158"),
    "wispy": Bangs(-6, 1, "-55,162 -47,108 -37,132 -28,96 -17,126 -8,94 1,135 9,96 22,126 31,100 39,136 47,108 55,160"),
    "choppy": Bangs(8, 2, "-55,156 -46,112 -32,134 -19,102 -4,123 6,106 15,134 29,102 38,124 46,110 55,158"),
    "crossed": Bangs(0, 3, "-55,160 -46,112 -37,133 -20,88 -2,147 14,90 35,133 46,110 55,160"),
    "one eye": Bangs(24, -5, "-54,170 -47,136 -34,151 -17,120 -7,135 22,78 41,136 48,116 55,158"),
    "side part": Bangs(-22, 5, "-54,160 -50,116 -44,136 -24,68 10,123 19,104 35,140 46,112 55,162"),
}
"""Name of the bangs -> their shape."""


def outline(pen: Pen, shape: Bangs, whole: bool = True) -> str:
    """A belly on both sides of each tip, from ear to ear; the whole then goes back over the head."""
    items: list[str | float] = ["M", -61, 122]
    lean = shape.lean * 0.6
    px, py = -61.0, 122.0
    for i, (x, y) in enumerate(_edge(shape)):
        if i % 2 == 0:
            curve = (px + 0.02 * (x - px), py + 0.5 * (y - py), x + 0.42 * (px - x) - lean, y - 0.32 * (y - py))
        else:
            curve = (px + 0.5 * (x - px) - lean, py - 0.34 * (py - y), x - 0.02 * (x - px), y + 0.5 * (py - y))
        items += ["C", *curve, x, y]
        px, py = x, y
    items += ["C", px + 4, py - 16, 61, 136, 61, 122]
    if whole:
        whorl = shape.whorl * 0.7
        items += ["C", 63, 92, 58, 62, 45, 48, "C", 34, 37, whorl + 14, 31, whorl + 1, 35]
        items += ["C", whorl - 12, 29, -38, 35, -47, 50, "C", -59, 64, -64, 92, -61, 122, "Z"]
    return pen.path(*items)


def _edge(shape: Bangs) -> list[tuple[float, ...]]:
    return points_of(shape.edge)


def _tufts(d: Drawing, pen: Pen, reach: tuple[float, ...], random: Random) -> None:
    """Pointed locks that grow out of the skull and droop toward the ears."""
    step = 100 / len(reach)
    for i in reversed(range(len(reach))):
        for side in (1, -1):
            out = reach[i] * random.uniform(0.8, 1.25)
            base = -12 + (i + (0.3 if side < 0 else 0.0)) * step
            spine = []
            for angle, radius in ((base + 22, 0.72), (base + 10, 0.92 + 0.3 * out), (base - 4, 1 + out)):
                x, y = cos(radians(angle)), sin(radians(angle))
                spine.append((side * 60 * radius * x, 98 - 63 * radius * y))
            d.add("bangs", pen.lock(spine, [14.0, 10.0, 0.0]), "bangs_fill", "hair_line", 1.9)


def bangs(c: Traits, d: Drawing, pose: Pose) -> None:
    """The front of the hair: a darker layer and flyaways behind, the masses, their shadow side, lights and strands."""
    shape = BANGS[c.bangs]
    edge, whorl = _edge(shape), shape.whorl
    pen = pose.pen(4.0)
    random = Random(c.seed * 8 + 1)
    for x, y in edge[3:-2:2]:
        spine = [(x + 0.35 * (whorl - x), y - 34), (x + random.uniform(-2, 2), y - 8)]
        spine.append((x + random.uniform(-3, 3), y + random.uniform(6, 15)))
        d.add("bangs", pen.lock(spine, [7.0, 5.5, 0.0]), "hair_shade", "hair_line", 1.1)
    for side in (-1, 1):
        for _ in range(int(random.uniform(0, 2.6))):
            y = random.uniform(60, 104)
            x = 61 - 0.006 * (y - 112) ** 2
            spine = [(side * (x - 8), y - 10), (side * (x - 1), y), (side * (x + 6), y + 14)]
            d.add("bangs", pen.lock(spine, [2.4, 2.2, 0.0]), "hair", "hair_line", 1.2)
    path = d.clips["bangs"] = outline(pen, shape)
    d.mark("crown", "bangs", pen, 0, 44)
    d.add("bangs", path, "bangs_fill", "hair_line", 1.9)
    if reach := CROWNS[HAIRSTYLES[c.hair_style].crown]:
        _tufts(d, pen, reach, random)
        d.add("bangs", path, "bangs_fill")
        d.add("bangs", outline(pen, shape, whole=False), "", "hair_line", 1.9)
    for (x, y), (notch_x, notch_y) in zip(edge[:-1:2], edge[1::2]):
        dx, dy = notch_x - x, y - notch_y
        root = (notch_x + 0.3 * (whorl - notch_x), notch_y - 26, 1)
        side_points = [(x, y, 1), (x + 0.7 * dx, y - 0.5 * dy), (notch_x, notch_y, 1), root]
        shadow = pen.curve([*side_points, (x + 0.45 * dx, notch_y + 0.1 * dy)])
        d.add("bangs", shadow, "hair_shade", clip="bangs", opacity=0.75)
    for i, (x, y) in enumerate(edge[1::2]):
        up = 0.5 + 0.16 * (7 * i % 3)
        middle = (x + 0.28 * up * (whorl - x), y + 0.55 * up * (48 - y))
        spine = [(x, y + 1), middle, (x + up * (whorl - x), y + up * (48 - y))]
        d.add("bangs", pen.lock(spine, [1.0, 0.75, 0.0]), "hair_strand")
    d.add("light", pen.curve(_ring(0.4 * whorl)), "glow_fill", clip="bangs")
    d.sketch("bangs", _WHORL, replace(pen, x=pen.x + 0.7 * whorl))
    if c.ahoge:
        d.sketch("bangs", _AHOGE, replace(pen, x=pen.x + whorl))


_WHORL = """~ hair_strand: .5,34,.9 -1.5,40,.9 -3.6,54,0
    ~ hair_strand: .5,34,.9 3,40,.9 7.2,46,0"""
_AHOGE = "~ hair/hair_line: -2,42,2.2 -3,26,4 8,13,3.6 25,16,0"


@lru_cache(maxsize=32)
def _ring(middle: float) -> list[tuple[float, ...]]:
    """A band of light around the head: smooth above, broken by the masses below, thinner at the sides."""
    random = Random(int(10 * middle) + 640)
    upper: list[tuple[float, ...]] = []
    lower: list[tuple[float, ...]] = []
    for k in range(-6, 7):
        x = middle + 7.7 * k + random.uniform(-1.5, 1.5)
        arc, thick = 71 + 0.0095 * (x - middle) ** 2, 1 - (k / 7.5) ** 2
        corner = (1,) if k % 3 == 1 else ()
        upper.append((0.96 * x, arc - thick * (1.5, 4.5, 2.5)[k % 3], *corner))
        lower.append((x, arc + thick * (random.uniform(9, 14) if corner else 3.0), *corner))
    return [*upper, *reversed(lower)]
