"""Eyes: shape, lids, lashes, iris and the lights that carry a character."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .ink import Drawing, Pen, Pose

if TYPE_CHECKING:
    from .character import Character


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

IRISES = ("plain", "rayed", "ring", "star")
EYE_X, EYE_Y = 24.5, 141.5


def eyes(c: Character, d: Drawing, pose: Pose) -> None:
    """Both eyes; the lights lie on the same side in both."""
    for side in (-1, 1):
        pen = pose.feature(EYE_X, EYE_Y, side)
        closed = c.eyelids in ("closed", "happy") or (c.eyelids == "wink" and side == 1)
        if closed:
            _closed(c, d, pen, -1.0 if c.eyelids in ("happy", "wink") else 1.0)
        else:
            _open(c, d, pen, pose, side)


def _closed(c: Character, d: Drawing, pen: Pen, way: float) -> None:
    shape = EYE_SHAPES[c.eye_shape]
    w, y = shape.width * c.eye_size, 5.0
    sag = 5.5 * way
    arc = [(-w, y - sag * 0.3), (-w * 0.5, y + sag * 0.75), (w * 0.15, y + sag), (w * 0.75, y + sag * 0.5), (w * 1.1, y - sag * 0.5)]
    d.add("eye", pen.lock(arc, [0.5, 1.5, 1.9, 1.9, 0.7]), "lash")
    if way > 0:
        for t, dy in ((0.62, 4.2), (0.98, 1.2)):
            d.add("eye", pen.lock([(w * t, y + dy), (w * (t + 0.16), y + dy + 2), (w * (t + 0.34), y + dy + 2.8)], [1.1, 0.8, 0.0]), "lash")
    d.add("eye", pen.lock([(-w * 0.7, y - 9 + sag), (0, y - 11 + sag), (w * 0.8, y - 8.5 + sag * 0.4)], [0.0, 0.6, 0.0]), "skin_thin")


def _open(c: Character, d: Drawing, pen: Pen, pose: Pose, side: int) -> None:
    shape = EYE_SHAPES[c.eye_shape]
    male = c.presentation == "male"
    w, h = shape.width * c.eye_size, shape.height * c.eye_size * (0.82 if male else 1.0)
    opening = EYELIDS[c.eyelids]
    outer, inner, peak = shape.outer, shape.inner, shape.peak
    lift = opening * h
    upper = [(-w, inner), (-w * 0.66, inner * 0.4 - 0.62 * lift), (w * (peak - 0.12), -0.97 * lift), (w * (0.56 + peak * 0.4), outer * 0.4 - 0.76 * lift), (w, outer)]
    lower = [(w * 0.86, outer * 0.5 + 0.44 * h), (w * 0.45, 0.8 * h), (-w * 0.2, 0.86 * h), (-w * 0.74, 0.58 * h + inner * 0.3)]
    white = pen.curve([(*upper[0], 1), *upper[1:-1], (*upper[-1], 1), *lower])
    clip = "eye_left" if side < 0 else "eye_right"
    d.clips[clip] = white
    d.add("eye", white, "eye_white")

    x = (2.2 * pose.yaw * side) + (-1.2 if c.eye_shape != "narrow" else 0.0)
    y = 0.4 + pose.pitch * 1.5
    rx, ry = 12.0 * c.eye_size * (0.88 if male else 1.0), max(0.97 * h, 12.0)
    d.add("iris", pen.ellipse(x, y, rx, ry), "iris_fill", "iris_line", 1.5, clip=clip)
    if c.iris == "rayed":
        for k in (-0.62, -0.25, 0.15, 0.52):
            d.add("iris", pen.lock([(x + rx * k, y + ry * 0.78), (x + rx * k * 0.5, y + ry * 0.15)], [0.9, 0.0]), "iris_glow", opacity=0.8, clip=clip)
    if c.iris == "ring":
        d.add("iris", pen.ellipse(x, y, rx * 0.7, ry * 0.7), "", "iris_glow", 1.1, 0.8, clip=clip)
    if c.iris == "star":
        points = [(x + rx * u, y + ry * v, 1) for u, v in _STAR]
        d.add("iris", pen.curve(points), "iris_glow", clip=clip)
    else:
        d.add("iris", pen.ellipse(x, y - 0.5, rx * 0.4, ry * 0.42), "pupil", clip=clip)
    d.add("iris", pen.curve([(x - rx * 0.78, y + ry * 0.3), (x, y + ry * 0.58), (x + rx * 0.78, y + ry * 0.3), (x + rx * 0.4, y + ry * 0.86), (x - rx * 0.4, y + ry * 0.86)]), "iris_glow", opacity=0.75, clip=clip)
    drop = 4.2 * opening * (h / 17)
    cast = [(p[0] * 1.1, p[1] - 3) for p in upper] + [(p[0] * 1.1, p[1] + drop) for p in reversed(upper)]
    d.add("eye", pen.curve(cast), "eye_shadow", opacity=0.42, clip=clip)

    light = Pen(pen.x, pen.y, abs(pen.scale_x))
    cx = x * side
    shine = min(1.0, 0.55 + 0.45 * opening)
    d.add("light", light.curve([(cx - rx * 0.66, y - ry * 0.3), (cx - rx * 0.36, y - ry * 0.64 * shine), (cx + rx * 0.02, y - ry * 0.5 * shine), (cx - rx * 0.08, y - ry * 0.16), (cx - rx * 0.44, y - ry * 0.06)]), "white")
    d.add("light", light.ellipse(cx + rx * 0.44, y + ry * 0.42, rx * 0.17, ry * 0.13), "white", opacity=0.95)
    _lashes(c, d, pen, upper, lower, male)


_STAR = ((0, -0.5), (0.12, -0.13), (0.48, 0), (0.12, 0.13), (0, 0.5), (-0.12, 0.13), (-0.48, 0), (-0.12, -0.13))


def _lashes(c: Character, d: Drawing, pen: Pen, upper: list[tuple[float, float]], lower: list[tuple[float, float]], male: bool) -> None:
    weight = 0.75 if male else 1.0
    thick = [0.9, 3.0, 4.2, 4.8, 4.2]
    top = [(p[0] * 1.02, p[1] - t * weight) for p, t in zip(upper, thick)]
    (x, y) = upper[-1]
    wing = [(x * 1.0, y - 4.2 * weight), (x * 1.3, y - 5.0, 1), (x * 1.12, y - 0.4), (x * 1.26, y + 1.4, 1), (x * 1.02, y + 2.4)]
    if male:
        wing = [(x * 1.14, y - 1.4, 1), (x * 1.0, y + 1.4)]
    d.add("lash", pen.curve([(*upper[0], 1), *top[1:-1], *wing, *[(p[0], p[1] + 0.8) for p in reversed(upper[1:-1])]]), "lash")
    if not male:
        (a, b) = upper[3]
        d.add("lash", pen.curve([(a + 0.5, b - 2), (a + 4.5, b - 5.5, 1), (a + 4.2, b - 0.5)]), "lash")
    d.add("lash", pen.lock([lower[0], lower[1], lower[2]], [0.0, 0.7, 0.0]), "lash", opacity=0.85)
    crease = [(upper[1][0] * 0.9, upper[1][1] - 6.4), (upper[2][0], upper[2][1] - 7.8), (upper[3][0] * 1.05, upper[3][1] - 8.0), (upper[4][0], upper[4][1] - 8.6)]
    d.add("lash", pen.lock(crease, [0.0, 0.6, 0.6, 0.0]), "skin_thin")
