"""Face, ears, neck, nose, mouth, brows and blush."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .ink import Drawing, Pose, mirrored

if TYPE_CHECKING:
    from .character import Character

FACES = {
    "soft": [(0, 62), (30, 70), (45, 100), (47, 126), (43.5, 148), (31, 169), (13, 183.5), (0, 187)],
    "round": [(0, 62), (30, 70), (46, 100), (49, 127), (46, 149), (34, 168), (15, 180.5), (0, 183.5)],
    "sharp": [(0, 62), (30, 70), (45, 100), (46.5, 125), (42.5, 147), (29, 168.5), (11, 184.5), (0, 189)],
    "oval": [(0, 62), (30, 70), (44, 100), (45.5, 126), (42, 150), (30.5, 172), (13, 187), (0, 191)],
    "square": [(0, 62), (30, 70), (44.5, 100), (46.5, 126), (44, 151), (33.5, 173), (16, 188.5), (0, 192)],
}
"""Name of a jaw -> right half of the face's outline from the forehead to the chin."""

MOUTHS = {
    "neutral": (), "smile": ("smile",), "smirk": ("smile",), "cat": ("smile",), "open smile": ("smile", "open mouth"),
    "laugh": ("smile", "open mouth"), "fang": ("smile", "open mouth"), "grin": ("smile",), "o": ("open mouth",),
    "gasp": ("open mouth",), "frown": (), "pout": (), "wavy": (),
}  # fmt: skip
"""Name of a mouth -> its MakeGirlsMoe tags."""

BROWS = {"calm": (0.0, 0.0), "raised": (-3.5, -3.0), "angry": (4.0, -2.5), "worried": (-3.5, 2.5), "firm": (2.0, 0.0)}
"""Name of the brows -> how far the inner and the outer end move down."""


def outline(c: Character, pose: Pose) -> str:
    """The face's outline; under yaw the chin moves further than the cheeks."""
    pen = pose.pen(3.5)
    chin = 4.0 * pose.yaw
    return pen.curve([(x + chin * max(0.0, (y - 120) / 70) + pose.yaw * 1.5, y + pose.pitch * 3 * max(0.0, (y - 120) / 70)) for x, y in mirrored(FACES[c.face])])


def neck(c: Character, d: Drawing, pose: Pose) -> None:
    """Neck and the upper chest, with collarbones and the chin's shadow."""
    pen = pose.pen(-1.0)
    wide = 5.0 if c.presentation == "male" else 0.0
    chin = FACES[c.face][-1][1]
    half = [(0, 160), (13.5 + wide, 164), (13.5 + wide, 190), (16 + wide, 201), (28 + wide, 209), (54 + wide, 217), (64, 236), (50, 292), (0, 292)]
    path = pen.curve(mirrored(half))
    d.add("neck", path, "neck_fill", "skin_line", 1.5)
    d.clips["neck"] = path
    d.add("neck", pen.curve([(-24, 168), (24, 168), (17 + wide, 192), (7, chin + 13), (-9, chin + 14), (-17 - wide, 190)]), "skin_deep", clip="neck", opacity=0.7)
    for side in (-1, 1):
        bone = pose.pen(-1.0, side)
        d.add("neck", bone.lock([(6, 224), (20, 218.5), (38, 216.5)], [0.0, 1.1, 0.0]), "skin_deep")
    d.add("neck", pen.lock([(10 + wide, 196), (7, 207), (4, 217)], [0.0, 0.9, 0.0]), "skin_shade")


def ears(c: Character, d: Drawing, pose: Pose) -> None:
    """Ears, narrower on the far side."""
    for side in (-1, 1):
        far = max(0.0, side * pose.yaw)
        pen = pose.pen(-1.0, side)
        w = 1 - 0.7 * far
        d.add("ear", pen.curve([(43, 128), (49 + 3 * w, 124), (50 + 7 * w, 131), (49 + 6 * w, 142), (47 + 3 * w, 150), (43, 153)]), "skin", "skin_line", 1.4)
        d.add("ear", pen.lock([(50 + 4 * w, 129), (49 + 4 * w, 138), (46, 143)], [0.0, 1.6, 0.0]), "skin_deep", opacity=0.8)


def face(c: Character, d: Drawing, pose: Pose) -> None:
    """The face's plane with cheek shading, blush and a soft light."""
    path = outline(c, pose)
    d.clips["face"] = path
    d.add("face", path, "face_fill", "skin_line", 1.7)
    pen = pose.pen(5.0)
    chin = FACES[c.face][-1][1]
    d.add("face", pen.curve([(50, 118), (44, 146), (33, 166), (16, 181), (7, chin - 1), (14, chin + 6), (40, 190), (60, 150)]), "skin_shade", clip="face", opacity=0.55)
    if c.blush > 0:
        for side in (-1, 1):
            cheek = pose.feature(30, 160, side)
            d.add("blush", cheek.ellipse(0, 0, 13, 7.5), "blush_fill", opacity=0.35 + 0.6 * c.blush, clip="face")
            if c.blush > 0.75:
                for x in (-5, 0, 5):
                    d.add("blush", cheek.lock([(x + 1.6, -2.8), (x - 1.4, 2.6)], [0.55, 0.55]), "lip", opacity=0.7)


def nose(c: Character, d: Drawing, pose: Pose) -> None:
    """A small shadow and a tip; longer with a bridge on a male-presenting face."""
    pen = pose.feature(0, 161, 1, 13.0)
    lean = 2.5 * pose.yaw
    if c.presentation == "male":
        d.add("nose", pen.curve([(1.5 + lean, -8, 1), (4.5 + lean, 1.5, 1), (-0.5 + lean, 2.4, 1)]), "skin_shade")
        d.add("nose", pen.lock([(3.6 + lean, -0.5), (2.2 + lean, 2.2), (-1.6 + lean, 2.6)], [0.0, 0.8, 0.0]), "skin_line")
    else:
        d.add("nose", pen.curve([(0.6 + lean, -4, 1), (3.4 + lean, 0.8, 1), (0.0 + lean, 1.8, 1)]), "skin_shade")
        d.add("nose", pen.lock([(1.8 + lean, -0.4), (1.4 + lean, 1.0), (-0.9 + lean, 1.3)], [0.0, 0.75, 0.0]), "skin_thin")
    d.add("nose", pen.ellipse(-0.6 + lean, -2.4, 0.9, 1.3), "white", opacity=0.6)


def mouth(c: Character, d: Drawing, pose: Pose) -> None:
    """One of thirteen mouths."""
    pen = pose.feature(0, 173.5 + (2.5 if c.presentation == "male" else 0.0) + (FACES[c.face][-1][1] - 187) * 0.4, 1, 12.0)
    pen = replace(pen, scale_x=pen.scale_x * 1.15, scale_y=1.15)
    lines = {
        "neutral": ([(-6.5, 0.2), (0, 0.9), (6.5, 0.0)], 0.8),
        "smile": ([(-9, -2.2), (-4.5, 1.4), (0, 2.2), (4.5, 1.4), (9, -2.2)], 0.95),
        "smirk": ([(-7, 0.6), (0, 1.6), (5.5, 0.2), (9.5, -3.4)], 0.95),
        "cat": ([(-8.5, -2), (-5, 1.6), (-1.6, 1.2), (0, -0.9), (1.6, 1.2), (5, 1.6), (8.5, -2)], 0.9),
        "frown": ([(-6.5, 2.2), (-2.5, 0), (2.5, 0), (6.5, 2.2)], 0.9),
        "pout": ([(-4.2, 1.4), (0, -0.6), (4.2, 1.4)], 1.0),
        "wavy": ([(-8, 0.6), (-4.5, -1.1), (-1.5, 1.2), (1.5, -1.1), (4.5, 1.2), (8, -0.4)], 0.9),
    }
    if c.mouth in lines:
        points, width = lines[c.mouth]
        d.add("mouth", pen.lock(points, [0.35] + [width] * (len(points) - 2) + [0.35]), "mouth_line")
        low = 5.5 if c.mouth != "pout" else 4.5
        d.add("mouth", pen.lock([(-3, low), (0, low + 0.7), (3, low)], [0.0, 0.8, 0.0]), "skin_deep", opacity=0.8)
        return
    shapes = {
        "open smile": [(-9, -1.6, 1), (0, 0.2), (9, -1.6, 1), (6.4, 5.2), (0, 8.2), (-6.4, 5.2)],
        "laugh": [(-11, -3, 1), (0, -1.2), (11, -3, 1), (8.4, 6.2), (0, 11), (-8.4, 6.2)],
        "fang": [(-9.5, -1.8, 1), (0, 0), (9.5, -1.8, 1), (6.4, 5), (0, 8), (-6.4, 5)],
        "grin": [(-10.5, -2.4, 1), (0, -0.4), (10.5, -2.4, 1), (7, 3.6), (0, 5.6), (-7, 3.6)],
        "o": [(0, -2.6), (3.6, 1), (2.8, 4.8), (0, 6), (-2.8, 4.8), (-3.6, 1)],
        "gasp": [(0, -3), (5.4, 0.4), (5, 7.4), (0, 9.6), (-5, 7.4), (-5.4, 0.4)],
    }
    points = shapes[c.mouth]
    path = pen.curve(points)
    d.clips["mouth"] = path
    d.add("mouth", path, "white" if c.mouth == "grin" else "mouth")
    bottom = max(p[1] for p in points)
    if c.mouth == "grin":
        d.add("mouth", pen.path("M", -12, 1.4, "L", 12, 1.4), "", "mouth_line", 0.5, 0.5, clip="mouth")
    else:
        d.add("mouth", pen.ellipse(0, bottom, bottom * 0.85, bottom * 0.48), "tongue", clip="mouth")
    if c.mouth in ("open smile", "laugh", "gasp"):
        d.add("mouth", pen.curve([(-12, -4), (12, -4), (7, 1.0), (0, 1.9), (-7, 1.0)]), "white", clip="mouth")
    if c.mouth == "fang":
        d.add("mouth", pen.curve([(3.2, -1.6, 1), (7.2, -2, 1), (5, 3.4, 1)]), "white", clip="mouth")
    d.add("mouth", path, "", "mouth_line", 1.2)
    d.add("mouth", pen.lock([(-3, bottom + 3), (0, bottom + 3.6), (3, bottom + 3)], [0.0, 0.7, 0.0]), "skin_deep", opacity=0.7)


def brows(c: Character, d: Drawing, pose: Pose, opacity: float = 1.0) -> None:
    """Tapered brows; thick and low on a male-presenting face."""
    inner, outer = BROWS[c.brows]
    male = c.presentation == "male"
    thick, y = (2.3, 121.0) if male else (1.35, 117.5)
    for side in (-1, 1):
        pen = pose.feature(24, y, side, 10.0)
        spine = [(-11.5, 1.5 + inner), (-3, -1.6 + inner * 0.45), (6, -2.4 + outer * 0.4), (13.5, 1.6 + outer)]
        d.add("brow", pen.lock(spine, [thick * 0.75, thick, thick * 0.75, 0.0]), "brow", opacity=opacity)
