"""Clothes: shoulders, collars that wrap around the neck, seams, folds and a second color."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ink import Drawing, Pen, Points, Pose, mirrored

if TYPE_CHECKING:
    from .character import Character

CLOTHES = ("sailor", "blazer", "hoodie", "dress", "shirt", "sweater", "kimono", "jacket")


def clothes(c: Character, d: Drawing, pose: Pose) -> None:
    """The body of a garment, then what makes it that garment."""
    pen = pose.pen(-1.0)
    wide = 11.0 if c.presentation == "male" else 0.0
    neckline = {"dress": (30.0, 214.0, 240.0), "kimono": (19.0, 206.0, 256.0), "sailor": (20.0, 206.0, 250.0), "shirt": (19.0, 206.0, 236.0)}.get(c.clothes, (21.0, 206.0, 226.0))
    x, top, low = neckline
    if wide:
        x += 5
    half = [(0, low), (x * 0.62, (top + low) / 2 + 4), (x, top, 1), (48 + wide, 215), (72 + wide, 225), (84 + wide, 248), (90 + wide, 296, 1), (0, 296)]
    body = pen.curve(mirrored(half))
    d.clips["body"] = body
    d.add("clothes", body, "cloth_fill", "cloth_line", 1.9)
    for side in (-1, 1):
        arm = pose.pen(-1.0, side)
        d.add("clothes", arm.curve([(60 + wide, 244, 1), (66 + wide, 262), (65 + wide, 296), (94 + wide, 296), (86 + wide, 250), (76 + wide, 240)]), "cloth_shade", clip="body", opacity=0.6)
        d.add("clothes", arm.lock([(60 + wide, 243), (66 + wide, 262), (65 + wide, 294)], [0.2, 1.1, 0.8]), "cloth_line")
        d.add("clothes", arm.lock([(30, 272), (42, 268), (58 + wide * 0.5, 258)], [0.0, 1.5, 0.0]), "cloth_shade")
    {"sailor": _sailor, "blazer": _blazer, "hoodie": _hoodie, "dress": _dress, "shirt": _shirt, "sweater": _sweater, "kimono": _kimono, "jacket": _jacket}[c.clothes](d, pose, wide)


def _both(d: Drawing, pose: Pose, points: Points, fill: str, line: str = "", width: float = 1.5, opacity: float = 1.0) -> None:
    for side in (-1, 1):
        d.add("clothes", pose.pen(-1.0, side).curve(points), fill, line, width, opacity)


def _bow(d: Drawing, pen: Pen, x: float, y: float, size: float) -> None:
    """A ribbon bow with folds and two tails."""
    for side in (-1, 1):
        bow = Pen(pen.x + pen.scale_x * x, pen.y + y, side * size * abs(pen.scale_x), size)
        d.add("ribbon", bow.curve([(1, 2, 1), (8, 10), (14, 24, 1), (7, 22, 1), (3, 26, 1), (0, 12)]), "accent_shade", "accent_line", 1.3)
        d.add("ribbon", bow.curve([(0, 0, 1), (9, -8), (20, -10), (23, 0), (19, 9), (9, 6)]), "accent", "accent_line", 1.5)
        d.add("ribbon", bow.curve([(1, 0, 1), (9, -1), (18, 3), (17, 7), (9, 5)]), "accent_shade")
        d.add("ribbon", bow.lock([(8, -5), (14, -7), (19, -6)], [0.0, 1.2, 0.0]), "accent_light")
    d.add("ribbon", Pen(pen.x, pen.y).ellipse(pen.scale_x * x, y, 4.4 * size, 5.2 * size), "accent", "accent_line", 1.4)


def _sailor(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    _both(d, pose, [(20, 203, 1), (44, 211), (64 + wide, 222, 1), (58 + wide, 244, 1), (30, 247), (0, 262, 1), (4, 248), (14, 226)], "trim", "cloth_line", 1.6)
    for inset in (0.0, 4.0):
        _both(d, pose, [(56 + wide - inset, 238 - inset, 1), (30, 242 - inset), (4, 254 - inset, 1), (4, 255.4 - inset, 1), (30, 243.6 - inset), (56 + wide - inset, 239.6 - inset, 1)], "cloth_shade")
    _bow(d, pen, 0, 256, 1.05)


def _blazer(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    x = 19 + wide * 0.5
    d.add("clothes", pen.curve([(-x, 204, 1), (0, 232), (x, 204, 1), (24, 240), (10, 296, 1), (-10, 296, 1), (-24, 240)]), "trim", "cloth_line", 1.3)
    _both(d, pose, [(x - 3, 202, 1), (x + 4, 204, 1), (20, 222), (9, 236, 1), (1, 227, 1), (10, 217)], "trim", "cloth_line", 1.4)
    d.add("clothes", pen.curve([(-4.5, 229, 1), (4.5, 229, 1), (3.5, 238, 1), (9, 280), (0, 296), (-9, 280), (-3.5, 238, 1)]), "accent", "accent_line", 1.4)
    d.add("clothes", pen.path("M", -5, 252, "L", 5, 246, "M", -6.5, 266, "L", 6.5, 259, "M", -8, 281, "L", 8, 273), "", "accent_light", 2.4)
    _both(d, pose, [(x + 6, 204, 1), (40, 212), (38, 232, 1), (44, 238, 1), (30, 264), (10, 296, 1), (17, 262), (22, 230)], "cloth_light", "cloth_line", 1.6)


def _hoodie(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    x = 22 + wide * 0.5
    d.add("clothes", pen.curve([(-x, 200), (-x - 22, 212), (-38, 234), (0, 252), (38, 234), (x + 22, 212), (x, 200), (x - 1, 214), (14, 229), (0, 234), (-14, 229), (-x + 1, 214)]), "cloth_light", "cloth_line", 1.7)
    _both(d, pose, [(x, 203), (x + 14, 214), (28, 232), (8, 244), (22, 232), (x + 4, 214)], "cloth_shade", opacity=0.7)
    for side in (-1, 1):
        cord = pose.pen(-1.0, side)
        d.add("clothes", cord.lock([(12, 240), (14, 256), (12, 278)], [1.6, 1.6, 1.6]), "trim", "cloth_line", 0.9)
        d.add("clothes", cord.ellipse(12, 280, 2.4, 3.4), "trim", "cloth_line", 0.9)


def _dress(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    scallops: list[tuple[float, ...]] = []
    for k in range(-4, 5):
        y = 240 - 0.34 * abs(k) ** 2.3
        scallops += [(k * 7.5, y + 7)] + ([((k + 0.5) * 7.5, 239 - 0.34 * abs(k + 0.5) ** 2.3 + 3, 1)] if k < 4 else [])
    d.add("clothes", pen.curve([(-31, 213, 1), *scallops, (31, 213, 1), (18, 236), (0, 240), (-18, 236)]), "trim", "cloth_line", 1.3)
    _both(d, pose, [(34, 211, 1), (62 + wide, 214), (82 + wide, 232), (78 + wide, 252, 1), (66 + wide, 258), (54 + wide, 248, 1), (50, 228)], "cloth_light", "cloth_line", 1.6)
    _both(d, pose, [(54 + wide, 246, 1), (66 + wide, 252), (79 + wide, 248, 1), (78 + wide, 256, 1), (66 + wide, 262), (53 + wide, 254, 1)], "trim", "cloth_line", 1.2)
    _bow(d, pen, 0, 262, 0.8)


def _shirt(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    x = 18 + wide * 0.5
    _both(d, pose, [(x - 2, 200, 1), (x + 5, 202, 1), (34, 216), (24, 240, 1), (4, 233, 1), (13, 222)], "trim", "cloth_line", 1.5)
    d.add("clothes", pen.lock([(1, 236), (2, 262), (1, 296)], [0.6, 0.9, 0.8]), "cloth_line")
    for y in (254, 278):
        d.add("clothes", pen.ellipse(5.5, y, 2.2, 2.2), "trim", "cloth_line", 0.9)


def _sweater(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    x = 18.5 + wide * 0.5
    d.add("clothes", pen.curve([(-x, 188, 1), (0, 195), (x, 188, 1), (x + 5, 204), (x + 8, 214, 1), (0, 224), (-x - 8, 214, 1), (-x - 5, 204)]), "cloth_light", "cloth_line", 1.6)
    d.add("clothes", pen.curve([(4, 194.5), (x, 188, 1), (x + 5, 204), (x + 8, 214, 1), (8, 222.5), (12, 206)]), "cloth_shade", opacity=0.7)
    for k in (-2, -1, 0, 1, 2):
        d.add("clothes", pen.lock([(k * 8.5, 199 - abs(k)), (k * 9.5, 208), (k * 10.5, 219 - abs(k) * 1.2)], [0.3, 0.7, 0.3]), "cloth_shade")
    d.add("clothes", pen.lock([(-86 - wide, 256), (-40, 264), (0, 266), (40, 264), (86 + wide, 256)], [5.0] * 5), "accent", clip="body", opacity=0.85)
    d.add("clothes", pen.lock([(-86 - wide, 267), (-40, 275), (0, 277), (40, 275), (86 + wide, 267)], [1.6] * 5), "trim", clip="body", opacity=0.85)


def _kimono(d: Drawing, pose: Pose, wide: float) -> None:
    x = 18 + wide * 0.5
    for side in (1, -1):
        pen = pose.pen(-1.0, side)
        d.add("clothes", pen.curve([(x - 2, 199, 1), (x + 7, 202, 1), (18, 226), (-18, 262, 1), (-25, 254, 1), (8, 226)]), "trim", "cloth_line", 1.4)
        d.add("clothes", pen.curve([(x + 4, 201, 1), (x + 16, 205, 1), (27, 230), (-10, 276, 1), (-20, 262, 1), (16, 228)]), "cloth_light", "cloth_line", 1.6)
    pen = pose.pen(-1.0)
    d.add("clothes", pen.curve([(-60 - wide, 272, 1), (0, 276), (60 + wide, 272, 1), (62 + wide, 298, 1), (-62 - wide, 298, 1)]), "accent", "accent_line", 1.5)
    for x, y, r in ((-62, 250, 6), (54, 238, 5), (66, 262, 6), (-48, 232, 4)):
        for k in range(5):
            dx, dy = ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31))[k]
            d.add("clothes", pen.ellipse(x + dx * r * 0.6, y + dy * r * 0.6, r * 0.5, r * 0.5), "trim", clip="body", opacity=0.75)


def _jacket(d: Drawing, pose: Pose, wide: float) -> None:
    pen = pose.pen(-1.0)
    x = 19 + wide * 0.5
    d.add("clothes", pen.curve([(-x, 205, 1), (0, 226), (x, 205, 1), (28, 236), (24, 296, 1), (-24, 296, 1), (-28, 236)]), "trim_shade", "cloth_line", 1.3)
    d.add("clothes", pen.lock([(-18, 214), (0, 229), (18, 214)], [1.4, 1.8, 1.4]), "accent")
    _both(d, pose, [(x - 1, 196, 1), (x + 8, 199), (36, 216), (34, 236, 1), (22, 228), (x - 2, 212)], "cloth_light", "cloth_line", 1.7)
    _both(d, pose, [(24, 228, 1), (34, 238), (31, 296, 1), (22, 296, 1)], "cloth_shade", "cloth_line", 1.2)
    _both(d, pose, [(58 + wide, 221), (80 + wide, 234), (84 + wide, 244), (62 + wide, 228)], "accent", opacity=0.9)
