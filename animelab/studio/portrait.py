"""A stand-in for a photograph: natural proportions, no outlines, soft light, sensor noise. Taught in 02_studio."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from . import palette as colors
from .accessories import glasses, headwear, ornaments
from .bangs import bangs
from .clothes import clothes
from .eyes import EYELIDS, SHUT, SIDES, is_shut
from .face import BROWS, between, ears, neck
from .hair import hair
from .ink import Drawing, Pen, Pose, Shape, mirrored, stroked
from .traits import Traits

GRADIENTS = {
    "dim_fill": ("radial", "", "0 skin_deep .75, 1 skin_deep 0"),
    "gleam_fill": ("radial", "", "0 skin_light .8, 1 skin_light 0"),
    "lips_fill": ("linear", 'x1="0" y1="0" x2="0" y2="1"', "0 lip_dark, .45 lip_dark, .55 lips, 1 lips"),
    "ball_fill": ("radial", 'cx=".45" cy=".6" r=".62"', "0 eye_white, .6 eye_white, 1 eye_dim"),
}
_EYE_X, _EYE_Y = 20.5, 131.0
_JAWS = {
    "soft": (31, 15, 190),
    "round": (34, 18, 187),
    "sharp": (29, 12, 193),
    "oval": (31, 15, 194),
    "square": (36, 21, 193),
}
_LIPS = {  # name of a mouth -> how far it opens, its width, and how far its corners rise
    "neutral": (0, 1, 0), "smile": (0, 1.15, 2), "smirk": (0, 1.1, 1.4), "cat": (0, 1.1, 2.2),
    "open smile": (5, 1.2, 2.4), "laugh": (8, 1.3, 2.8), "fang": (4, 1.15, 2.2), "grin": (3, 1.3, 2.6),
    "o": (5, 0.7, 0), "gasp": (8, 0.75, -0.5),
    "frown": (0, 0.95, -2.2), "pout": (0, 0.75, -1), "wavy": (0, 1.1, -0.6),
}  # fmt: skip


class Photo(Drawing):
    """A drawing without outlines: hard shading and ink become faint."""

    def color(self, shape: Shape) -> str:
        if not shape.fill:
            return super().color(shape) if shape.part == "glasses" else ""
        faint = 0.35 if shape.fill.endswith(("_strand", "_glow", "_light", "glow_fill")) else 1.0
        return stroked(shape.path, self.palette[shape.fill], opacity=faint * shape.opacity)


@dataclass(frozen=True)
class Natural(Pose):
    """A pose that squeezes what was drawn around large eyes: hair leaves the forehead free, ears sit higher."""

    down: float = 7.0
    tall: float = 0.86
    wide: float = 1.0

    def pen(self, depth: float, side: int = 1) -> Pen:
        pen = super().pen(depth, side)
        return replace(pen, y=pen.y + self.down, scale_y=self.tall, scale_x=pen.scale_x * self.wide)


def _palette(c: Traits) -> dict[str, str]:
    p = dict(colors.build(c.hair_color, c.eye_color, c.skin, c.scheme, c.brightness, "plain"))
    for role, color in p.items():
        if role.startswith("hair"):
            p[role] = colors.tone(color, -0.07, 0.62)
        elif role.startswith(("cloth", "accent", "trim")):
            p[role] = colors.tone(color, -0.05, 0.7)
        elif role.startswith("skin"):  # drawn skin is paler than skin, and its shadows are pinker
            flesh = colors.mix(color, "#cf9468", 0.2)
            p[role] = colors.tone(flesh, -0.07, 0.75 if role in ("skin_shade", "skin_deep") else 1.15, 58, 16)
        elif role.startswith(("iris", "pupil")):
            p[role] = colors.tone(color, -0.08, 0.75)
    p["skin_light"] = colors.tone(p["skin"], 0.06)
    p |= {"lips": colors.mix("#c9676a", p["skin"], 0.45), "lip_dark": colors.mix("#8f3f48", p["skin"], 0.35)}
    p |= {"eye_white": "#ece7e4", "eye_dim": "#b9aaa8", "lash": "#2a1d1c", "pupil": "#17110f", "teeth": "#e9e3dc"}
    hue, light = c.seed * 67 % 360, 0.5 + 0.03 * (c.seed * 5 % 11)
    p |= {"back": colors.from_oklch(light, 0.035, hue), "back_end": colors.from_oklch(light - 0.2, 0.04, hue + 40)}
    p["brow"] = colors.mix(p["hair_deep"], "#2c211e", 0.45)
    p.update((name, f"url(#{name})") for name in (*colors.GRADIENTS, *GRADIENTS))
    return p


def draw(c: Traits) -> Drawing:
    """All shapes of the portrait from back to front; parts, landmarks and attributes are those of the cel style."""
    d = Photo(_palette(c))
    pose, natural = Pose(c.yaw, c.pitch), Natural(c.yaw, c.pitch)
    d.sketch("background", "- scene_fill: -20,-20! 300,-20! 300,310! -20,310!", Pen(0, 0))
    d.turns = True
    headwear(c, d, natural, "back")
    hair(c, d, pose, "back")
    d.turns = False
    neck(c, d, pose)
    d.add("neck", pose.pen(-1.0).ellipse(0, 196, 34, 17), "dim_fill", clip="neck")
    clothes(c, d, pose)
    d.turns = True
    hair(c, d, pose, "middle")
    ears(c, d, Natural(c.yaw, c.pitch, 8.0, 0.88, 0.94))
    _face(c, d, pose)
    for side in (-1, 1):
        _eye(c, d, pose, side)
    _nose(c, d, pose)
    _mouth(c, d, pose)
    if c.glasses != "none":
        glasses(c, d, replace(pose, pitch=pose.pitch - 1.5))
    hair(c, d, pose, "front")
    headwear(c, d, natural, "middle")
    bangs(c, d, natural)
    headwear(c, d, natural, "front")
    ornaments(c, d, natural)
    return d


def _face(c: Traits, d: Drawing, pose: Pose) -> None:
    jaw, corner, chin = _JAWS[c.face]
    chin += 3 * (c.presentation == "male")
    half = [(0, 60), (30, 68), (43, 96), (44, 124), (41.5, 148), (jaw + 3, 167), (corner, chin - 5), (0, chin)]
    turned = []
    for x, y in mirrored(half):
        near = max(0.0, (y - 120) / 70)
        turned.append((x + pose.yaw * (1.5 + 4 * near), y + pose.pitch * 3 * near))
    pen = pose.pen(3.5)
    d.clips["face"] = pen.curve(turned)
    d.add("face", d.clips["face"], "face_fill", "skin_line", 1.7)
    for name, i in (("chin", 7), ("jaw_left", 9), ("jaw_right", 5), ("cheek_left", 11), ("cheek_right", 3)):
        d.mark(name, "face", pen, *turned[i])
    d.mark("forehead", "face", pen, turned[0][0], turned[0][1] + 14)
    soft = [(-46, 150, 17, 42), (48, 150, 24, 46), (0, 100, 44, 17), (0, chin + 4, 34, 9), (0, 178, 10, 3)]
    for x, y, radius_x, radius_y in soft:
        d.add("face", pen.ellipse(x, y, radius_x, radius_y), "dim_fill", clip="face", opacity=0.8)
    for side in (-1, 1):
        d.add(
            "face",
            pose.feature(27, 156, side).ellipse(0, 0, 14, 10),
            "blush_fill",
            opacity=0.25 + 0.4 * c.blush,
            clip="face",
        )
        d.add("face", pose.feature(26, 150, side).ellipse(0, 0, 10, 6), "gleam_fill", opacity=0.6, clip="face")
    d.add("face", pen.ellipse(-4, 88, 26, 13), "gleam_fill", opacity=0.7, clip="face")


def _eye(c: Traits, d: Drawing, pose: Pose, side: int) -> None:
    pen = pose.feature(_EYE_X, _EYE_Y, side)
    lid = (c.eyelid_left if side < 0 else c.eyelid_right) * EYELIDS[c.eyelids]
    shut = is_shut(c.eyelids, side) or lid <= SHUT
    lid, name = 0.0 if shut else min(1.1, lid), f"{SIDES[side]}_eye"
    slant = {"upturned": -1.6, "droopy": 1.4}.get(c.eye_shape, -0.3)
    w, h = 12.0 * c.eye_size, {"round": 6.3, "droopy": 6.0, "narrow": 4.2}.get(c.eye_shape, 5.4) * c.eye_size
    d.add("face", pen.ellipse(-1, -3, 16, 9.5), "dim_fill", clip="face", opacity=0.75)
    upper = [
        (-w, 1.4),
        (-0.5 * w, 1.5 - lid * (0.9 * h)),
        (0.12 * w, 1.8 - lid * (1.2 * h)),
        (0.68 * w, 1.2 - lid * (0.8 * h)),
        (w, slant),
    ]
    lower = [(0.6 * w, 0.5 * h + 0.2 * slant), (0, 0.68 * h), (-0.6 * w, 0.5 * h)]
    clip = f"eye_{SIDES[side]}"
    d.clips[clip] = pen.curve([(*upper[0], 1), *upper[1:-1], (*upper[-1], 1), *lower])
    d.add("eye", d.clips[clip], "ball_fill")
    x, y = 2.6 * c.gaze_x * side + 1.2 * pose.yaw * side, -0.6 + 1.6 * c.gaze_y
    if not shut:
        ball = Pen(pen.x + pen.scale_x * x, pen.y + y, abs(pen.scale_x))
        d.add("iris", ball.ellipse(0, 0, 5.7, 5.7), "iris_line", clip=clip)
        d.add("iris", ball.ellipse(0, 0.4, 5.1, 5.1), "iris_fill", "iris_line", clip=clip)
        d.add("iris", ball.ellipse(0, 0, 2.3, 2.3), "pupil", clip=clip)
        d.add("light", ball.ellipse(-1.5, -1.7, 1.1, 1.1), "white", clip=clip, opacity=0.95)
        shade = [(px, py - 2) for px, py in upper] + [(px, py + 1.8) for px, py in reversed(upper)]
        d.add("eye", pen.curve(shade), "eye_shadow", opacity=0.5, clip=clip)
    thick = 1.25 if c.presentation == "female" else 0.85
    d.add(
        "lash",
        pen.lock([(px * 1.03, py - 0.3) for px, py in upper], [0.4, thick, thick, thick, 0.25]),
        "lash",
        opacity=0.9,
    )
    d.add("lash", pen.lock([*lower, (-w, 1.4)], [0.0, 0.35, 0.3, 0.0]), "skin_deep")
    d.add(
        "lash",
        pen.lock([(px, min(py, 1 - h) - 2.6) for px, py in upper[1:]], [0.0, 0.5, 0.5, 0.0]),
        "skin_deep",
        opacity=0.8,
    )
    for point, at in zip(("inner", "outer", "top", "bottom"), ((-0.94 * w, 1.4), upper[-1], upper[2], lower[1])):
        d.mark(f"{name}_{point}", "eye", pen, *at)
    d.mark(f"{name}_pupil", "eye" if shut else "iris", pen, 0 if shut else x, 1.8 if shut else max(y, upper[2][1] + 1))
    inner, outer = (0.45 * v for v in BROWS[c.brows])
    inner, outer = inner + 2 * c.brow_angle, outer - 1.5 * c.brow_angle
    spine = [(-10.5, 1.2 + inner), (-2, -1.2 + 0.4 * inner), (6, -1.8 + 0.4 * outer), (13.5, 1.8 + outer)]
    brow = replace(pen, y=pen.y - 13.5 - 2.5 * c.brow_height)
    wide = 2.1 if c.presentation == "male" else 1.45
    d.add("brow", brow.lock(spine, [0.8 * wide, wide, 0.8 * wide, 0.0]), "brow", opacity=0.8)
    for point, at in (("inner", spine[0]), ("middle", spine[1]), ("outer", between(*spine[2:]))):
        d.mark(f"{SIDES[side]}_brow_{point}", "brow", brow, *at)


def _nose(c: Traits, d: Drawing, pose: Pose) -> None:
    pen, wide = pose.feature(2.0 * pose.yaw, 157, 1, 14.0), 1.15 if c.presentation == "male" else 1.0
    d.sketch("face", "o dim_fill %60: 5,-14 5,20\no gleam_fill %90: -1,-12 2.6,18\no gleam_fill: 0,-2 5,4", pen)
    d.sketch("nose", f"""- dim_fill: {-8.5 * wide},-1 -5,-5 0,1.5 5,-5 {8.5 * wide},-1 6,4.5 0,5.5 -6,4.5
        =~ skin_deep: {6.2 * wide},-3,0 {7.6 * wide},0,.7 {6 * wide},2.2,0
        =~ lip_dark %70: 1.8,2.8,.3 3.8,2.2,1 5.2,2.6,0""", pen)  # fmt: skip
    d.mark("nose", "nose", pen, 0, 2.5)


def _mouth(c: Traits, d: Drawing, pose: Pose) -> None:
    gap, wide, rise = _LIPS.get(c.mouth, (7.5 * c.mouth_open, c.mouth_width, 2.4 * c.mouth_smile))
    pen, w = pose.feature(0, 171.5 + (2 if c.presentation == "male" else 0), 1, 12.5), 11.5 * wide
    full = 0.75 if c.presentation == "male" else 1.0
    top = [
        (-w, -rise),
        (-0.45 * w, -2.6 * full - 0.4 * gap),
        (-0.12 * w, -3.4 * full - 0.4 * gap),
        (0, -2.6 * full - 0.4 * gap),
    ]
    top += [(-x, y) for x, y in top[2::-1]]
    under = [(0.5 * w, 3.4 * full + 0.6 * gap), (0, 4.8 * full + 0.6 * gap), (-0.5 * w, 3.4 * full + 0.6 * gap)]
    d.add("mouth", pen.curve([(*top[0], 1), *top[1:-1], (*top[-1], 1), *under]), "lips_fill", opacity=0.9)
    line = [(-0.92 * w, -rise), (0, 0.9 - 0.4 * gap), (0.92 * w, -rise)]
    if gap > 0.6:
        d.clips["mouth"] = pen.curve([(*line[0], 1), line[1], (*line[2], 1), (0, 1.2 + 0.75 * gap)])
        d.add("mouth", d.clips["mouth"], "mouth")
        d.add("mouth", pen.ellipse(0, -0.4 * gap, 0.6 * w, 0.22 * gap + 1.4), "teeth", clip="mouth")
    else:
        d.add("mouth", pen.lock(line, [0.0, 0.75, 0.0]), "lip_dark")
    d.add("mouth", pen.ellipse(0, 3.2 * full + 0.6 * gap, 0.4 * w, 1.0), "gleam_fill", opacity=0.8)
    for name, at in (("left", (-0.9 * w, -rise)), ("right", (0.9 * w, -rise)), ("top", top[3]), ("bottom", under[1])):
        d.mark(f"mouth_{name}", "mouth", pen, *at)


def finish(pixels: np.ndarray, c: Traits, labels: np.ndarray, surface: np.ndarray, names: dict[str, int]) -> np.ndarray:
    """Soft light, strands, pores, a background out of focus, a vignette and sensor noise: uint8 (S, S, 3).

    labels: int64 (S, S) with the numbers of `names`; surface: normals (S, S, 3).
    """
    size = len(pixels)
    unit = size / 256
    rng = np.random.default_rng(c.seed)
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / unit
    picture = pixels / np.float32(255)
    figure = gaussian_filter((labels != names["background"]).astype(np.float32), 0.7 * unit)[..., None]

    blotches = gaussian_filter(rng.standard_normal((size, size)).astype(np.float32), 22 * unit)
    behind, soft = (1 - figure) + 1e-3, (9 * unit, 9 * unit, 0)
    back = gaussian_filter(picture * behind, soft) / gaussian_filter(behind, soft)  # the figure does not glow into it
    back = back * (1 + 5 * unit * blotches[..., None])
    lamp = 1.15 - 0.5 * np.hypot(x - 70, y - 60)[..., None] / 256
    diffuse = np.clip(surface @ np.array([-0.42, 0.45, 0.79], np.float32), 0, 1)[..., None]

    hair = gaussian_filter((labels == names["hair"]).astype(np.float32), 0.6 * unit)
    angle, far = np.arctan2(x - 128 - 4 * c.yaw, y + 24), np.hypot(x - 128, y + 24)
    noise = gaussian_filter(rng.standard_normal((64, 1024)).astype(np.float32), (3, 0.8), mode="wrap")
    strands = map_coordinates(noise, [far / 5 % 63, (angle + 3.2) * 150 % 1023], order=1, mode="wrap")
    band = np.exp(-np.square((y - 72 - 0.004 * np.square(x - 118)) / 13))  # where combed hair shines
    pores = gaussian_filter(rng.standard_normal((size, size)).astype(np.float32), 0.8) * 0.03

    lit = picture * (0.6 + 0.47 * diffuse) + 0.07 * np.power(diffuse, 12)
    lit = lit * (1 + (hair * (0.75 * min(1.0, 0.25 + unit) * strands + 0.22 * band) + (1 - hair) * pores)[..., None])
    mixed = back * lamp * (1 - figure) + lit * figure
    mixed = gaussian_filter(mixed, (0.55 * unit, 0.55 * unit, 0))
    vignette = 1.06 - 0.3 * (np.square(x / 256 - 0.5) + np.square(y / 256 - 0.5))[..., None]
    grain = rng.standard_normal(picture.shape).astype(np.float32) * 0.012
    return (np.clip(mixed * vignette + grain, 0, 1) * 255).round().astype(np.uint8)
