"""Bangs: a few masses of unequal size that fall from a whorl, with a darker layer, a light band and flyaways."""

from __future__ import annotations

from math import cos, radians, sin
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from .hair import HAIRSTYLES
from .ink import Drawing, Pen, Pose

if TYPE_CHECKING:
    from .character import Character


class Fringe(NamedTuple):
    """Where the strands part (x of the whorl), how far the tips lean, and tips and notches in turn from left to right."""

    whorl: float
    lean: float
    edge: tuple[tuple[float, float], ...]


BANGS = {
    "blunt": Fringe(3, 0, ((-55, 158), (-46, 114), (-35, 127), (-26, 111), (-9, 129), (5, 112), (21, 128), (33, 113), (40, 126), (47, 114), (55, 158))),
    "curtain": Fringe(-2, 0, ((-54, 166), (-48, 122), (-41, 140), (-36, 116), (-23, 130), (-3, 74), (17, 132), (29, 110), (42, 143), (48, 122), (54, 164))),
    "swept": Fringe(22, -4, ((-55, 160), (-48, 122), (-41, 142), (-31, 116), (-19, 134), (-9, 112), (7, 125), (25, 80), (44, 144), (49, 120), (56, 158))),
    "wispy": Fringe(-6, 1, ((-55, 162), (-47, 108), (-37, 132), (-28, 96), (-17, 126), (-8, 94), (1, 135), (9, 96), (22, 126), (31, 100), (39, 136), (47, 108), (55, 160))),
    "choppy": Fringe(8, 2, ((-55, 156), (-46, 112), (-32, 134), (-19, 102), (-4, 123), (6, 106), (15, 134), (29, 102), (38, 124), (46, 110), (55, 158))),
    "crossed": Fringe(0, 3, ((-55, 160), (-46, 112), (-37, 133), (-20, 88), (-2, 147), (14, 90), (35, 133), (46, 110), (55, 160))),
    "one eye": Fringe(24, -5, ((-54, 170), (-47, 136), (-31, 157), (-14, 122), (-7, 135), (22, 78), (41, 136), (48, 116), (55, 158))),
    "side part": Fringe(-22, 5, ((-54, 160), (-50, 116), (-44, 136), (-24, 68), (10, 123), (19, 104), (35, 140), (46, 112), (55, 162))),
}  # fmt: skip
"""Name of the bangs -> their fringe."""


CROWNS = {"smooth": (), "tousled": (0.16, 0.2, 0.13, 0.18, 0.12), "spiky": (0.22, 0.34, 0.26, 0.36, 0.24)}
"""How far the tufts of a crown stand out of the skull, from the ear to the whorl."""


def outline(pen: Pen, fringe: Fringe, whole: bool = True) -> str:
    """A belly on both sides of each tip, from ear to ear; the whole then goes back over the head."""
    items: list[str | float] = ["M", -61, 122]
    previous, is_notch = (-61.0, 122.0), True
    lean = fringe.lean * 0.6
    for x, y in fringe.edge:
        px, py = previous
        if is_notch:
            items += ["C", px + 0.02 * (x - px), py + 0.5 * (y - py), x + 0.42 * (px - x) - lean, y - 0.32 * (y - py), x, y]
        else:
            items += ["C", px + 0.5 * (x - px) - lean, py - 0.34 * (py - y), x - 0.02 * (x - px), y + 0.5 * (py - y), x, y]
        previous, is_notch = (x, y), not is_notch
    px, py = previous
    items += ["C", px + 4, py - 16, 61, 136, 61, 122]
    if whole:
        whorl = fringe.whorl * 0.7
        items += ["C", 63, 92, 58, 62, 45, 48, "C", 34, 37, whorl + 14, 31, whorl + 1, 35]
        items += ["C", whorl - 12, 29, -38, 35, -47, 50, "C", -59, 64, -64, 92, -61, 122, "Z"]
    return pen.path(*items)


def _tufts(d: Drawing, pen: Pen, reach: tuple[float, ...], random: Random) -> None:
    """Pointed locks that grow out of the skull and droop toward the ears."""

    def at(degrees: float, radius: float) -> tuple[float, float]:
        return 60 * radius * cos(radians(degrees)), 98 - 63 * radius * sin(radians(degrees))

    step = 100 / len(reach)
    for i in reversed(range(len(reach))):
        for side in (1, -1):
            out = reach[i] * random.uniform(0.8, 1.25)
            base = -12 + (i + (0.3 if side < 0 else 0.0)) * step
            angles = [90 - side * (90 - angle) for angle in (base + 22, base + 10, base - 4)]
            spine = [at(angles[0], 0.72), at(angles[1], 0.92 + 0.3 * out), at(angles[2], 1 + out)]
            d.add("bangs", pen.lock(spine, [14.0, 10.0, 0.0]), "bangs_fill", "hair_line", 1.9)


def bangs(c: Character, d: Drawing, pose: Pose) -> None:
    """The front of the hair and its shadow side, highlights and loose strands."""
    fringe = BANGS[c.bangs]
    pen = pose.pen(4.0)
    random = Random(c.seed * 8 + 1)
    notches = fringe.edge[1::2]
    for x, y in notches[1:-1]:
        tip = y + random.uniform(6, 15)
        behind = [(x + (fringe.whorl - x) * 0.35, y - 34), (x + random.uniform(-2, 2), y - 8), (x + random.uniform(-3, 3), tip)]
        d.add("bangs", pen.lock(behind, [7.0, 5.5, 0.0]), "hair_shade", "hair_line", 1.1)
    for side in (-1, 1):
        for _ in range(int(random.uniform(0, 2.6))):
            y = random.uniform(60, 104)
            x = 61 - 0.006 * (y - 112) ** 2
            d.add("bangs", pen.lock([(side * (x - 8), y - 10), (side * (x - 1), y), (side * (x + 6), y + 14)], [2.4, 2.2, 0.0]), "hair", "hair_line", 1.2)
    path = outline(pen, fringe)
    d.clips["bangs"] = path
    d.add("bangs", path, "bangs_fill", "hair_line", 1.9)
    reach = CROWNS[HAIRSTYLES[c.hair_style].crown]
    if reach:
        _tufts(d, pen, reach, random)
        d.add("bangs", path, "bangs_fill")
        d.add("bangs", outline(pen, fringe, whole=False), "", "hair_line", 1.9)

    whorl = fringe.whorl
    for i in range(0, len(fringe.edge) - 1, 2):
        (tx, ty), (nx, ny) = fringe.edge[i], fringe.edge[i + 1]
        depth = ty - ny
        root = (nx + (whorl - nx) * 0.3, ny - 26)
        d.add("bangs", pen.curve([(tx, ty, 1), (tx + (nx - tx) * 0.7, ty - depth * 0.5), (nx, ny, 1), (*root, 1), (tx + (nx - tx) * 0.45, ny + depth * 0.1)]), "hair_shade", clip="bangs", opacity=0.75)
    for i, (x, y) in enumerate(notches):
        reach = 0.5 + 0.16 * ((i * 7) % 3)
        top = (x + (whorl - x) * reach, y + (48 - y) * reach)
        middle = (x + (whorl - x) * reach * 0.28, y + (48 - y) * reach * 0.55)
        d.add("bangs", pen.lock([(x, y + 1), middle, top], [1.0, 0.75, 0.0]), "hair_strand")
    _lights(d, pen, fringe)
    top = whorl * 0.7
    for x, length in ((-1.5, 20), (3, 12)):
        d.add("bangs", pen.lock([(top + 0.5, 34), (top + x, 40), (top + x * 2.4, 34 + length)], [0.9, 0.9, 0.0]), "hair_strand")
    if c.ahoge:
        d.add("bangs", pen.lock([(whorl - 2, 42), (whorl - 3, 26), (whorl + 8, 13), (whorl + 25, 16)], [2.2, 4.0, 3.6, 0.0]), "hair", "hair_line", 1.5)


def _lights(d: Drawing, pen: Pen, fringe: Fringe) -> None:
    """A band of light around the head: smooth above, broken by the masses below, fading at the sides."""
    whorl = fringe.whorl * 0.4
    random = Random(int(fringe.whorl) + 64)
    upper: list[tuple[float, ...]] = []
    lower: list[tuple[float, ...]] = []
    for k in range(-6, 7):
        x = whorl + k * 7.7 + random.uniform(-1.5, 1.5)
        arc = 71 + 0.0095 * (x - whorl) ** 2
        thick = 1 - (k / 7.5) ** 2
        deep = (k + 6) % 3 == 1
        upper.append((x * 0.96, arc - thick * (1.5, 4.5, 2.5)[(k + 6) % 3], *((1,) if deep else ())))
        lower.append((x, arc + thick * (random.uniform(9, 14) if deep else 3.0), *((1,) if deep else ())))
    d.add("light", pen.curve([*upper, *reversed(lower)]), "glow_fill", clip="bangs")
