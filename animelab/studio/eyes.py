"""Eyes: shape, lids, lashes, iris and the lights that carry a character."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from . import catalog
from .ink import Drawing, Pen, Pose
from .traits import Traits


class EyeShape(NamedTuple):
    """Half width, half height, height of the outer corner, height of the inner corner, peak of the upper lid."""

    width: float
    height: float
    outer: float
    inner: float
    peak: float


EYE_SHAPES = {
    "round": EyeShape(14.8, 17.0, -2.0, 3.0, 0.0),
    "almond": EyeShape(15.8, 15.4, -3.0, 4.0, 0.08),
    "upturned": EyeShape(15.6, 15.2, -6.0, 4.5, 0.18),
    "droopy": EyeShape(15.2, 15.6, 2.5, 1.0, -0.15),
    "narrow": EyeShape(15.4, 11.0, -3.0, 3.0, 0.05),
}
EYELIDS = {"open": 1.0, "wide": 1.12, "half": 0.62, "closed": 0.0, "happy": 0.0, "wink": 1.0}
"""Name of the eyelids -> how far the upper lid is open; a wink closes the eye on the picture's right."""

EYE_X, EYE_Y = 24.5, 141.5
SIDES = {-1: "left", 1: "right"}  # in the picture
SHUT = 0.06  # an eyelid below this is closed: nothing of the eye would show

_ALL = catalog.read("eyes")
_CLOSED = {name: entry.sketches[""] for name, entry in _ALL.items() if entry.words == "closed"}
IRISES = {name: entry.sketches[""] for name, entry in _ALL.items() if entry.words == "iris"}
"""Name of an iris -> what is drawn in it, in units of its radii."""
_IRIS = """o iris_fill/iris_line 1.5 @{eye}: 0,0 1,1
    {iris}
    - iris_glow %75 @{eye}: -.78,.3 0,.58 .78,.3 .4,.86 -.4,.86"""
_LIGHT = """- white: -.66,-.3 -.36,-.62 .02,-.48 -.08,-.16 -.44,-.06
    o white %95: .44,.42 .17,.13"""

_CLIPPED_LIGHT = {
    name: _LIGHT.replace("white:", f"white @{name}:").replace("%95:", f"%95 @{name}:")
    for name in ("eye_left", "eye_right")
}


def is_shut(eyelids: str, side: int) -> bool:
    """Whether the named lids close the eye of that side."""
    return eyelids in _CLOSED or (eyelids == "wink" and side == 1)


def eyes(c: Traits, d: Drawing, pose: Pose) -> None:
    """Both eyes; the lights lie on the same side in both."""
    for side in (-1, 1):
        pen = pose.feature(EYE_X, EYE_Y, side)
        lids = {"wink": "happy" if side == 1 else "open"}.get(c.eyelids, c.eyelids)
        lid = c.eyelid_left if side < 0 else c.eyelid_right
        if lids not in _CLOSED:
            _open(c, d, pen, pose, side, lid)
            continue
        wide = EYE_SHAPES[c.eye_shape].width * c.eye_size / 15
        pen = replace(pen, scale_x=pen.scale_x * wide)
        d.sketch("eye", _CLOSED[lids], pen)
        middle, ends = (10.5, (3.4, 2.3)) if lids == "closed" else (-0.5, (6.6, 7.8))
        _marks(d, pen, side, (-15, ends[0]), (16.5, ends[1]), *[(2.2, middle)] * 3)


def _marks(d: Drawing, pen: Pen, side: int, *points: tuple[float, float], part: str = "eye") -> None:
    for name, point in zip(("inner", "outer", "top", "bottom", "pupil"), points):
        d.mark(f"{SIDES[side]}_eye_{name}", part, pen, *point)


def _open(c: Traits, d: Drawing, pen: Pen, pose: Pose, side: int, lid: float) -> None:
    shape, opening, male = EYE_SHAPES[c.eye_shape], EYELIDS[c.eyelids], c.presentation == "male"
    w, h = shape.width * c.eye_size, shape.height * c.eye_size * (0.82 if male else 1.0)
    outer, inner, peak = shape.outer, shape.inner, shape.peak
    lift = opening * h
    upper = [(-w, inner), (-0.66 * w, 0.4 * inner - 0.62 * lift), (w * (peak - 0.12), -0.97 * lift)]
    upper += [(w * (0.56 + 0.4 * peak), 0.4 * outer - 0.76 * lift), (w, outer)]
    lower = [(0.86 * w, 0.5 * outer + 0.44 * h), (0.45 * w, 0.8 * h), (-0.2 * w, 0.86 * h)]
    lower.append((-0.74 * w, 0.58 * h + 0.3 * inner))
    rise = (1 - lid) ** 2  # the lids meet on the line of a closed eye, the lower one late
    upper = [(px, lid * py + (1 - lid) * shut) for (px, py), shut in zip(upper, (3.4, 9.1, 10.5, 7.8, 2.3))]
    lower = [(px, (1 - rise) * py + rise * shut) for (px, py), shut in zip(lower, (5.2, 9.4, 10.6, 8.4))]
    name = "eye_left" if side < 0 else "eye_right"
    d.clips[name] = pen.curve([(*upper[0], 1), *upper[1:-1], (*upper[-1], 1), *lower])
    x = (2.2 * pose.yaw + 4.2 * c.gaze_x) * side - (1.2 if c.eye_shape != "narrow" else 0.0)
    width, height = 12.0 * c.eye_size * (0.88 if male else 1.0), max(0.97 * h, 12.0)
    iris = Pen(pen.x + pen.scale_x * x, pen.y + 0.4 + 1.5 * pose.pitch + 3.6 * c.gaze_y, pen.scale_x * width, height)
    if lid > SHUT:
        d.add("eye", d.clips[name], "eye_white")
        d.sketch("iris", _IRIS.format(iris=IRISES[c.iris], eye="{eye}").format(eye=name), iris)
        cast = [(1.1 * px, py - 3) for px, py in upper] + [(1.1 * px, py + 0.25 * lift) for px, py in reversed(upper)]
        d.add("eye", pen.curve(cast), "eye_shadow", opacity=0.42, clip=name)
        moved = lid < 1 or c.gaze_x or c.gaze_y  # only then can a light leave the eye
        d.sketch("light", _CLIPPED_LIGHT[name] if moved else _LIGHT, replace(iris, scale_x=abs(iris.scale_x)))
    (ax, ay), (bx, by) = upper[:2]
    tip = 0.55 * (1 - lid) ** 3  # the line of a shut eye begins too thin to be seen
    seen = max(iris.y - pen.y, float(np.interp(x, [a for a, _ in upper], [b for _, b in upper])) + 1.5 * lid)
    ends = ((ax + tip * (bx - ax), ay + tip * (by - ay)), upper[-1])
    _marks(d, pen, side, *ends, upper[2], lower[2], (x, seen), part="eye" if lid > SHUT else "lash")
    if lid > SHUT:
        d.mark(f"{SIDES[side]}_eye_pupil", "iris", pen, x, seen)
    _lashes(d, pen, upper, lower, male, 0.4 + 0.6 * lid)


def _lashes(
    d: Drawing, pen: Pen, upper: list[tuple[float, float]], lower: list[tuple[float, float]], male: bool, thick: float
) -> None:
    """A crescent that thickens outward into a wing, the lower lashes and the crease of the lid."""
    x, y = upper[-1]
    top = [(1.02 * px, py - thick * t * (0.75 if male else 1.0)) for (px, py), t in zip(upper[1:-1], (3.0, 4.2, 4.8))]
    wing: list[tuple[float, ...]] = [(x, y - 4.2), (1.3 * x, y - 5, 1), (1.12 * x, y - 0.4), (1.26 * x, y + 1.4, 1)]
    wing = [(1.14 * x, y - 1.4, 1), (x, y + 1.4)] if male else [*wing, (1.02 * x, y + 2.4)]
    under = [(px, py + 0.8) for px, py in reversed(upper[1:-1])]
    d.add("lash", pen.curve([(*upper[0], 1), *top, *wing, *under]), "lash")
    if not male:
        a, b = upper[3]
        d.add("lash", pen.curve([(a + 0.5, b - 2), (a + 4.5, b - 5.5, 1), (a + 4.2, b - 0.5)]), "lash")
    d.add("lash", pen.lock(lower[:3], [0.0, 0.7, 0.0]), "lash", opacity=0.85)
    crease = [(s * px, py - up) for (px, py), s, up in zip(upper[1:], (0.9, 1, 1.05, 1), (6.4, 7.8, 8, 8.6))]
    d.add("lash", pen.lock(crease, [0.0, 0.6, 0.6, 0.0]), "skin_thin")
