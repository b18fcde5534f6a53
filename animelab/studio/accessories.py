"""Glasses, headwear, ribbons and pins: each sits in the hair or reaches the ear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clothes import _bow
from .eyes import EYE_X, EYE_Y
from .ink import Drawing, Pen, Points, Pose, mirrored

if TYPE_CHECKING:
    from .character import Character

GLASSES = ("none", "round", "square", "half rim")
HEADWEAR = ("none", "cat ears", "fox ears", "bunny ears", "headphones", "beret", "cap", "straw hat", "witch hat")
HATS = ("beret", "cap", "straw hat", "witch hat")
RIBBONS = ("none", "bow", "twin bows", "hairband")
PINS = ("none", "clips", "flower", "star")


def glasses(c: Character, d: Drawing, pose: Pose) -> None:
    """Frames with tinted lenses, a bridge, and temples to the ears."""
    if c.glasses == "none":
        return
    for side in (-1, 1):
        pen = pose.feature(EYE_X, EYE_Y + 2, side)
        outline = {
            "round": pen.ellipse(0, 0, 18.5, 17.5),
            "square": pen.curve([(-17.5, -11), (-14, -14), (16, -14), (19, -11), (17.5, 10), (13, 15), (-11, 15), (-16, 10)]),
            "half rim": pen.curve([(-18, -3, 1), (-16, 11), (-8, 16), (8, 16), (17, 11), (19.5, -5, 1)], closed=False),
        }[c.glasses]
        if c.glasses != "half rim":
            d.add("glasses", outline, "white", opacity=0.16)
        d.add("glasses", outline, "", "frame", 2.0)
        d.add("glasses", pen.path("M", 19, -4, "L", 26, -7), "", "frame", 1.9)
        d.add("glasses", pen.lock([(-10 * side, 7), (-5 * side, -2), (-1 * side, -9)], [1.2, 1.8, 0.0]), "white", opacity=0.55)
    bridge = pose.feature(0, EYE_Y, 1)
    d.add("glasses", bridge.path("M", -6, 0, "C", -3, -3, 3, -3, 6, 0), "", "frame", 1.9)


def headwear_back(c: Character, d: Drawing, pose: Pose) -> None:
    """What lies behind the head: the far brim of a hat."""
    if c.headwear in ("straw hat", "witch hat"):
        pen = pose.pen(2.0)
        straw = c.headwear == "straw hat"
        d.add("hat", pen.ellipse(0, 70, 104 if straw else 98, 26), "straw_shade" if straw else "cloth_shade", "straw_line" if straw else "cloth_line", 1.8)


def headwear(c: Character, d: Drawing, pose: Pose) -> None:
    """Hats and headphones."""
    pen = pose.pen(4.0)
    if c.headwear == "headphones":
        d.add("headphones", pen.lock([(-66, 112), (-60, 60), (0, 27), (60, 60), (66, 112)], [3.5, 4.5, 5.0, 4.5, 3.5]), "trim", "metal", 1.7)
        for side in (-1, 1):
            ear = pose.pen(0.0, side)
            d.add("headphones", ear.curve([(56, 106), (66, 102), (75, 116), (76, 134), (68, 148), (57, 144)]), "accent", "accent_line", 1.8)
            d.add("headphones", ear.curve([(66, 104), (75, 116), (76, 134), (68, 147), (71, 128)]), "accent_shade")
    elif c.headwear == "beret":
        d.add("hat", pen.curve([(-62, 74), (-60, 44), (-26, 14), (28, 10), (70, 32), (82, 62), (68, 82), (40, 66), (0, 58), (-36, 64)]), "cloth_fill", "cloth_line", 1.9)
        d.add("hat", pen.curve([(0, 58), (40, 60), (76, 52), (81, 66), (68, 82), (40, 66)]), "cloth_shade", opacity=0.8)
        d.add("hat", pen.lock([(-62, 75), (-36, 62), (0, 56), (40, 64), (68, 81)], [2.6, 3.4, 3.6, 3.4, 2.6]), "cloth_shade", "cloth_line", 1.4)
        d.add("hat", pen.lock([(6, 12), (8, 4), (14, 1)], [2.0, 1.8, 1.4]), "cloth", "cloth_line", 1.3)
        d.add("light", pen.lock([(-40, 46), (-22, 28), (6, 20)], [0.0, 3.0, 0.0]), "cloth_light", opacity=0.9)
    elif c.headwear == "cap":
        d.add("hat", pen.curve([(-65, 80, 1), (-62, 42), (-30, 16), (0, 13), (30, 16), (62, 42), (65, 80, 1), (0, 62)]), "cloth_fill", "cloth_line", 1.9)
        d.add("hat", pen.curve([(18, 15), (34, 18), (62, 42), (65, 80, 1), (40, 68), (34, 40)]), "cloth_shade", opacity=0.75)
        for x in (-24, 24):
            d.add("hat", pen.lock([(0, 14), (x * 0.95, 34), (x * 1.3, 66)], [0.3, 0.7, 0.5]), "cloth_line")
        d.add("hat", pen.ellipse(0, 13, 5, 3), "accent", "accent_line", 1.2)
        d.add("hat", pen.curve([(-56, 76, 1), (-30, 60), (0, 56), (30, 60), (56, 76, 1), (66, 92), (48, 94), (0, 82), (-48, 94), (-66, 92)]), "accent", "accent_line", 1.8)
        d.add("hat", pen.curve([(-62, 90), (0, 76), (62, 90), (48, 94), (0, 82), (-48, 94)]), "accent_shade")
        d.add("hat", pen.curve([(0, 28, 1), (3, 36, 1), (11, 37, 1), (5, 42, 1), (7, 50, 1), (0, 45, 1), (-7, 50, 1), (-5, 42, 1), (-11, 37, 1), (-3, 36, 1)]), "trim")
    elif c.headwear == "straw hat":
        _brimmed(d, pen, [(0, 10), (34, 14), (56, 40), (60, 72, 1), (0, 62)], 104, "straw_fill", "straw_shade", "straw_line")
    elif c.headwear == "witch hat":
        _brimmed(d, pen, [], 98, "cloth_fill", "cloth_shade", "cloth_line")


def _brimmed(d: Drawing, pen: Pen, crown: list[tuple[float, ...]], brim: float, fill: str, shade: str, line: str) -> None:
    cone = [(-58, 72, 1), (-44, 30), (-18, -4), (24, -22, 1), (14, 4), (46, 34), (60, 72, 1), (0, 62)]
    d.add("hat", pen.curve(mirrored(crown) if crown else cone), fill, line, 1.9)
    d.add("hat", pen.curve([(26, 22), (44, 30), (60, 72, 1), (34, 64), (38, 44)]), shade, opacity=0.75)
    d.add("hat", pen.curve([(-60, 72, 1), (-58, 54), (0, 45), (58, 54), (60, 72, 1), (0, 63)]), "accent", "accent_line", 1.6)
    d.add("hat", pen.curve([(24, 48), (58, 54), (60, 72, 1), (28, 65)]), "accent_shade")
    half = [(0, 60), (50, 67), (brim - 6, 66), (brim, 74), (brim - 22, 86), (46, 78), (0, 74)]
    d.clips["brim"] = pen.curve(mirrored(half))
    d.add("hat", d.clips["brim"], fill)
    d.add("hat", pen.curve([(brim - 2, 74), (brim - 22, 86), (46, 78), (0, 74), (-46, 78), (22 - brim, 86), (-46, 75), (0, 70), (46, 75)]), shade, clip="brim")
    d.add("hat", d.clips["brim"], "", line, 1.9)


def animal_ears(c: Character, d: Drawing, pose: Pose) -> None:
    """Ears that the hair of the crown covers at their root, with tufts inside."""
    if c.headwear not in ("cat ears", "fox ears", "bunny ears"):
        return
    tall = 9.0 if c.headwear == "fox ears" else 0.0
    outer: Points = [(10, 56), (22, 26), (50, -3 - tall, 1), (60, 34), (58, 84)]
    inner: Points = [(22, 56), (32, 30), (48, 8 - tall * 0.8, 1), (54, 34), (52, 78)]
    tufts: Points = [(26, 60, 29, 24), (37, 64, 40, 30), (47, 70, 52, 42)]
    if c.headwear == "bunny ears":
        outer = [(10, 56), (9, 22), (18, -4), (28, -8), (37, 2), (40, 26), (40, 60)]
        inner = [(18, 52), (17, 24), (23, 3), (28, 0), (33, 8), (34, 26), (33, 56)]
        tufts = [(18, 54, 20, 26), (33, 54, 34, 32)]
    for side in (-1, 1):
        pen = pose.pen(3.0, side)
        d.add("animal ears", pen.curve(outer), "bangs_fill", "hair_line", 1.9)
        d.add("animal ears", pen.curve(inner), "pink" if c.headwear != "fox ears" else "white")
        d.add("animal ears", pen.lock(inner[2:], [0.0, 4.5, 5.0], side=-1.0), "skin_shade", opacity=0.5)
        for x, y, tip_x, tip_y in tufts:
            tuft = [(x, y), (x * 0.6 + tip_x * 0.4, y * 0.5 + tip_y * 0.5), (tip_x, tip_y)]
            d.add("animal ears", pen.lock(tuft, [7.0, 4.5, 0.0]), "hair", "hair_line", 1.0)


def ornaments(c: Character, d: Drawing, pose: Pose) -> None:
    """Ribbons and pins in the hair."""
    pen = pose.pen(7.0)
    low = 12.0 if c.headwear in HATS else 0.0
    if c.ribbon == "bow":
        _bow(d, pen, 44, 66 + low * 2.4, 0.95)
    elif c.ribbon == "twin bows":
        for side in (-1, 1):
            _bow(d, pose.pen(6.0, side), 55, 76 + low * 1.5, 0.75)
    elif c.ribbon == "hairband":
        d.add("ribbon", pen.lock([(-61, 110), (-54, 72), (0, 46), (54, 72), (61, 110)], [0.0, 4.2, 4.6, 4.2, 0.0]), "accent", "accent_line", 1.5)
        d.add("ribbon", pen.lock([(-50, 69), (0, 44), (30, 51)], [0.0, 1.3, 0.0]), "accent_light")
        _bow(d, pen, -38, 55, 0.7)
    if c.pin == "clips":
        for y in (96, 105):
            d.add("pin", pen.lock([(-50, y + 4), (-42, y), (-34, y - 3)], [2.0, 2.2, 2.0]), "gold", "straw_line", 1.1)
    elif c.pin == "flower":
        for dx, dy in ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31)):
            d.add("pin", pen.ellipse(-46 + dx * 7, 90 + low + dy * 7, 5.8, 5.8), "trim" if d.palette["trim"] == "#fdfaf8" else "accent_light", "accent_line", 1.2)
        d.add("pin", pen.ellipse(-46, 90 + low, 4.2, 4.2), "gold", "straw_line", 1.0)
    elif c.pin == "star":
        spikes = ((0, -9), (2.6, -3.2), (9, -2.8), (4, 1.6), (5.6, 8), (0, 4.4), (-5.6, 8), (-4, 1.6), (-9, -2.8), (-2.6, -3.2))
        d.add("pin", pen.curve([(-46 + x, 94 + low + y, 1) for x, y in spikes]), "gold", "straw_line", 1.3)
