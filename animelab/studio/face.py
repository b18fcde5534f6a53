"""Face, ears, neck, nose, mouth, brows and blush, mostly as sketches."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from . import catalog
from .eyes import SIDES
from .ink import Curve, Drawing, Pen, Pose, mirrored, parse, points_of
from .traits import Traits

FACES = {
    "soft": "0,62 30,70 45,100 47,126 43.5,148 31,169 13,183.5 0,187",
    "round": "0,62 30,70 46,100 49,127 46,149 34,168 15,180.5 0,183.5",
    "sharp": "0,62 30,70 45,100 46.5,125 42.5,147 29,168.5 11,184.5 0,189",
    "oval": "0,62 30,70 44,100 45.5,126 42,150 30.5,172 13,187 0,191",
    "square": "0,62 30,70 44.5,100 46.5,126 44,151 33.5,173 16,188.5 0,192",
}
"""Name of a jaw -> right half of the face's outline from the forehead to the chin."""

_ALL = catalog.read("face")
MOUTHS = {name: entry for name, entry in _ALL.items() if not name.startswith("nose")}
"""Name of a mouth -> its MakeGirlsMoe tags and its sketch; the numbers of a character shape the "spoken" one."""
VISEMES = {
    "closed": (0.0, 0.8, 0.1), "smile": (0.28, 1.1, 0.8), "a": (1.0, 0.85, 0.1), "i": (0.3, 1.1, 0.25),
    "u": (0.36, 0.4, 0.0), "e": (0.6, 0.95, 0.15), "o": (0.85, 0.55, 0.0),
}  # fmt: skip
"""Name of a spoken shape -> mouth_open, mouth_width and mouth_smile."""

BROWS = {"calm": (0.0, 0.0), "raised": (-3.5, -3.0), "angry": (4.0, -2.5), "worried": (-3.5, 2.5), "firm": (2.0, 0.0)}
"""Name of the brows -> how far the inner and the outer end move down."""

_NECK = """h neck_fill/skin_line #neck: 0,160 13.5w,164 13.5w,190 16w,201 28w,209 54w,217 64,236 50,292 0,292
    - skin_deep %70 @neck: -24,168 24,168 17w,192 7,{low} -9,{low} -17w,190
    =~ skin_deep: 6,224,0 20,218.5,1.1 38,216.5,0
    ~ skin_shade: 10w,196,0 7,207,.9 4,217,0"""
_NOSES = {
    "female": """- skin_shade: .6,-4! 3.4,.8! 0,1.8!
        ~ skin_thin: 1.8,-.4,0 1.4,1,.75 -.9,1.3,0
        o white %60: -.6,-2.4 .9,1.3""",
    "male": """- skin_shade: 1.5,-8! 4.5,1.5! -.5,2.4!
        ~ skin_line: 3.6,-.5,0 2.2,2.2,.8 -1.6,2.6,0
        o white %60: -.6,-2.4 .9,1.3""",
}
_FLUSH = "\n".join(f"~ lip %70: {x + 1.6},-2.8,.55 {x - 1.4},2.6,.55" for x in (-5, 0, 5))


def _chin(c: Traits) -> float:
    return points_of(FACES[c.face])[-1][1]


def neck(c: Traits, d: Drawing, pose: Pose) -> None:
    """Neck and the upper chest, with collarbones and the chin's shadow."""
    wide = 5.0 if c.presentation == "male" else 0.0
    d.sketch("neck", _NECK.format(low=_chin(c) + 13.5), partial(pose.pen, -1.0), wide)
    d.mark("neck", "neck", pose.pen(-1.0), 0, 204)


def ears(c: Traits, d: Drawing, pose: Pose) -> None:
    """Ears, narrower on the far side."""
    for side in (-1, 1):
        pen = pose.pen(-1.0, side)
        w = 1 - 0.7 * max(0.0, side * pose.yaw)
        x = [48 + w * k for k in (1, 3, 9, 7, 3)]
        shape = [(43, 128), (x[1], 124), (x[2], 131), (x[3], 142), (x[4], 150), (43, 153)]
        d.add("ear", pen.curve(shape), "skin", "skin_line", 1.4)
        d.mark(f"ear_{SIDES[side]}", "ear", pen, 45, 140)
        d.add("ear", pen.lock([(x[3] - 1, 129), (x[3] - 2, 138), (46, 143)], [0.0, 1.6, 0.0]), "skin_deep", opacity=0.8)


def face(c: Traits, d: Drawing, pose: Pose) -> None:
    """The face's plane with cheek shading and blush; under yaw the chin moves further than the cheeks."""
    turned = []
    for x, y in mirrored(points_of(FACES[c.face])):
        near = max(0.0, (y - 120) / 70)
        turned.append((x + pose.yaw * (1.5 + 4 * near), y + pose.pitch * 3 * near))
    d.clips["face"] = pose.pen(3.5).curve(turned)
    for name, i in (("chin", 7), ("jaw_left", 9), ("jaw_right", 5), ("cheek_left", 11), ("cheek_right", 3)):
        d.mark(name, "face", pose.pen(3.5), *turned[i])
    d.mark("forehead", "face", pose.pen(3.5), turned[0][0], turned[0][1] + 14)
    d.add("face", d.clips["face"], "face_fill", "skin_line", 1.7)
    chin = _chin(c)
    cheek = [(50, 118), (44, 146), (33, 166), (16, 181), (7, chin - 1), (14, chin + 6), (40, 190), (60, 150)]
    d.add("face", pose.pen(5.0).curve(cheek), "skin_shade", clip="face", opacity=0.55)
    if c.blush > 0:
        for side in (-1, 1):
            pen = pose.feature(30, 160, side)
            d.add("blush", pen.ellipse(0, 0, 13, 7.5), "blush_fill", opacity=0.35 + 0.6 * c.blush, clip="face")
            if c.blush > 0.75:
                d.sketch("blush", _FLUSH, pen)


def nose(c: Traits, d: Drawing, pose: Pose) -> None:
    """A small shadow and a tip; longer with a bridge on a male-presenting face."""
    pen = pose.feature(2.5 * pose.yaw, 161, 1, 13.0)
    d.sketch("nose", _NOSES[c.presentation], pen)
    d.mark("nose", "nose", pen, 1.4, -0.2)


def mouth(c: Traits, d: Drawing, pose: Pose) -> None:
    """One of the named mouths, or a spoken one that its numbers open, widen and bend."""
    y = 173.5 + (2.5 if c.presentation == "male" else 0.0) + 0.4 * (_chin(c) - 187)
    pen = pose.feature(0, y, 1, 12.0)
    if c.mouth == "spoken":  # as it opens it rises, so that there is always a chin below it
        room, wide, bend = (_chin(c) - y) * c.mouth_open, 1 - 0.24 * abs(c.yaw), -0.05 * c.mouth_smile
        pen = Pen(pen.x, pen.y - 0.22 * room, 1.2 * c.mouth_width * wide, 0.1 * room, bend)
        edge = _speak(d, pen, min(1.0, max(0.0, (0.85 - c.mouth_width) / 0.35)))
    else:
        pen = replace(pen, scale_x=1.15 * pen.scale_x, scale_y=1.15)
        d.sketch("mouth", MOUTHS[c.mouth].sketches[""], pen)
        edge = parse(MOUTHS[c.mouth].sketches[""])[0][1].curve
    corners = list(zip(edge.xs[::3], edge.ys[::3]))
    middle = [point for point in corners if abs(point[0]) < 4] or corners
    ends = {"left": min(corners), "right": max(corners), "top": min(middle, key=_y), "bottom": max(middle, key=_y)}
    for name, (x, y) in ends.items():
        d.mark(f"mouth_{name}", "mouth", replace(pen, y=pen.y + pen.bend * x * x), x, y)


def _speak(d: Drawing, pen: Pen, rounded: float) -> Curve:
    """Draw a mouth between the wide sketch (0) and the round one (1); returns its outline."""
    outlines = []
    for (_, wide), (_, small) in zip(*map(parse, MOUTHS["spoken"].sketches.values())):
        xs, ys = ([a + rounded * (b - a) for a, b in zip(*both)] for both in list(zip(wide.curve, small.curve))[1:])
        outlines.append(Curve(wide.curve.template, xs, ys))
        path = pen.trace(outlines[-1])
        if wide.name:
            d.clips[wide.name] = path
        d.add("mouth", path, wide.fill, wide.line, wide.width, wide.opacity, wide.clip)
    return outlines[0]


def _y(point: tuple[float, float]) -> float:
    return point[1]


def between(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """Most of the way to b: the very tip of a lock has no width."""
    return 0.35 * a[0] + 0.65 * b[0], 0.35 * a[1] + 0.65 * b[1]


def brows(c: Traits, d: Drawing, pose: Pose, opacity: float = 1.0) -> None:
    """Tapered brows; thick and low on a male-presenting face."""
    inner, outer = BROWS[c.brows]
    inner, outer = inner + 3.5 * c.brow_angle, outer - 2.5 * c.brow_angle
    thick, y = (2.3, 121.0) if c.presentation == "male" else (1.35, 117.5)
    spine = [(-11.5, 1.5 + inner), (-3, -1.6 + 0.45 * inner), (6, -2.4 + 0.4 * outer), (13.5, 1.6 + outer)]
    for side in (-1, 1):
        pen = pose.feature(24, y - 4.5 * c.brow_height, side, 10.0)
        for name, at in (("inner", spine[0]), ("middle", spine[1]), ("outer", between(*spine[2:]))):
            d.mark(f"{SIDES[side]}_brow_{name}", "brow", pen, *at)
        path = pen.lock(spine, [thick * 0.75, thick, thick * 0.75, 0.0])
        d.add("brow", path, "brow", opacity=opacity)
