"""Hairstyles: what hangs behind the head, over the shoulders and beside the face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from .ink import Drawing, Pen, Points, Pose, mirrored

if TYPE_CHECKING:
    from .character import Character

CAP = [(0, 38), (24, 42), (43, 56), (55, 80), (59, 106)]
"""Right half of the hair's outline over the skull, down to the ear."""


def mass(d: Drawing, pen: Pen, spine: Points, widths: Sequence[float], part: str = "hair", light: float = 0.6) -> None:
    """A tapering mass of hair with a shadow side, a soft light and two strands."""
    d.add(part, pen.lock(spine, widths), "lock_fill", "hair_line", 1.8)
    shaded = 1 if pen.scale_x > 0 else -1
    d.add(part, pen.lock(spine, [w * 0.86 for w in widths], side=-shaded), "hair_shade", opacity=0.8)
    inner = [(p[0] + w * 0.12 * shaded, p[1]) for p, w in zip(spine, widths)]
    d.add(part, pen.lock(inner[1:], [0.2] + [0.9] * (len(inner) - 3) + [0.0]), "hair_strand")
    if light:
        lit = [(p[0] - w * 0.42, p[1]) for p, w in zip(spine, widths)] if shaded > 0 else [(p[0] + w * 0.42, p[1]) for p, w in zip(spine, widths)]
        (ax, ay), (bx, by) = lit[0][:2], lit[1][:2]
        cx, cy = lit[2][:2]
        w = widths[1]
        d.add("light", pen.lock([(ax * 0.35 + bx * 0.65, ay * 0.35 + by * 0.65), (bx, by), (bx * 0.55 + cx * 0.45, by * 0.55 + cy * 0.45)], [0.0, w * 0.15, 0.0]), "hair_glow", opacity=light)


def _behind(d: Drawing, pen: Pen, half: Points, strands: Points = (), tips: Points = ()) -> None:
    """The dark hair behind the head: the cap's outline continued by half an outline, with tips that flare from it."""
    for side in (-1, 1):
        for x, y, tip_x, tip_y, width in tips:
            spine = [(side * x, y), (side * (x * 0.6 + tip_x * 0.4), y * 0.45 + tip_y * 0.55), (side * tip_x, tip_y)]
            d.add("back hair", pen.lock(spine, [width, width * 0.85, 0.0]), "hair_shade", "hair_line", 1.7)
    d.add("back hair", pen.curve(mirrored([*CAP, *half])), "back_fill", "hair_line", 1.9)
    for x, top, bottom in strands:
        for side in (-1, 1):
            d.add("back hair", pen.lock([(side * x, top), (side * (x + 3), (top + bottom) / 2), (side * (x + 1), bottom)], [0.0, 1.1, 0.0]), "hair_deep")


SHORT = [(61, 132), (57, 154), (48, 166), (30, 172), (0, 174)]
SHORT_TIPS = [(30, 150, 36, 184, 10), (40, 146, 50, 180, 10), (52, 140, 61, 170, 9)]
LONG = [(65, 140), (70, 190), (76, 236), (74, 264), (66, 292, 1), (58, 276), (46, 296, 1), (30, 280), (0, 296)]
STRANDS = [(58, 150, 262), (48, 196, 280)]


def _pair(d: Drawing, pose: Pose, depth: float, spine: Points, widths: Sequence[float], light: float = 0.6) -> None:
    for side in (-1, 1):
        mass(d, pose.pen(depth, side), spine, widths, light=light)


def _sidelocks(d: Drawing, pose: Pose, end: float, curl: float = 0.0, width: float = 8.0) -> None:
    """Locks in front of the ears, down to y = end."""
    middle = (104 + end) / 2
    _pair(d, pose, 5.0, [(55, 98), (57, middle - 8), (55.5, middle + 0.3 * (end - middle)), (51 + curl, end)], [4.5, width, width * 0.8, 0.0], 0.0)


def _tie(d: Drawing, pen: Pen, x: float, y: float, rx: float, ry: float) -> None:
    d.add("hair tie", pen.ellipse(x, y, rx, ry), "accent", "accent_line", 1.4)
    d.add("hair tie", pen.lock([(x - rx * 0.3, y - ry * 0.7), (x - rx * 0.5, y), (x - rx * 0.2, y + ry * 0.6)], [0.0, rx * 0.22, 0.0]), "accent_light")


def _long(d: Drawing, pose: Pose, random: Random) -> None:
    _behind(d, pose.pen(-3), LONG, STRANDS)


def _long_front(d: Drawing, pose: Pose, random: Random) -> None:
    _pair(d, pose, 4.0, [(56, 96), (61, 146), (60, 196), (52, 258)], [5.0, 10.0, 9.0, 0.0])


def _wavy(d: Drawing, pose: Pose, random: Random) -> None:
    half = [(68, 132), (76, 152), (71, 178), (84, 204), (77, 232), (86, 258), (72, 292, 1), (60, 276), (46, 296, 1), (26, 282), (0, 296)]
    _behind(d, pose.pen(-3), half, STRANDS)


def _wavy_front(d: Drawing, pose: Pose, random: Random) -> None:
    _pair(d, pose, 4.0, [(56, 96), (64, 138), (55, 172), (66, 208), (56, 236), (60, 266)], [5.0, 9.0, 10.5, 9.5, 7.0, 0.0])


def _hime(d: Drawing, pose: Pose, random: Random) -> None:
    _behind(d, pose.pen(-3), [(66, 140), (70, 190), (73, 240), (74, 296), (40, 296), (0, 296)], STRANDS)


def _hime_front(d: Drawing, pose: Pose, random: Random) -> None:
    for side in (-1, 1):
        pen = pose.pen(5.0, side)
        d.add("hair", pen.curve([(48, 100), (62, 104), (66, 150), (65, 194, 1), (56, 197), (45.5, 194, 1), (45, 150)]), "lock_fill", "hair_line", 1.8)
        d.add("hair", pen.curve([(57, 110), (62, 110), (64, 150), (63, 191, 1), (56, 194, 1), (59, 150)]), "hair_shade", opacity=0.8)
        d.add("hair", pen.lock([(53, 112), (52, 150), (53, 194)], [0.0, 0.9, 0.4]), "hair_strand")


def _bob(d: Drawing, pose: Pose, random: Random) -> None:
    _behind(d, pose.pen(-3), [(68, 136), (73, 164), (71, 188), (58, 203, 1), (40, 206), (0, 206)], [(60, 140, 196)])


def _bob_front(d: Drawing, pose: Pose, random: Random) -> None:
    _pair(d, pose, 5.0, [(53, 96), (61, 138), (60, 172), (43, 196)], [6.0, 11.0, 10.0, 0.0])


def _pixie(d: Drawing, pose: Pose, random: Random) -> None:
    _behind(d, pose.pen(-2), SHORT, (), SHORT_TIPS)


def _none(d: Drawing, pose: Pose, random: Random) -> None:
    """Nothing here."""


def _pixie_front(d: Drawing, pose: Pose, random: Random) -> None:
    _sidelocks(d, pose, 166, 4, 6.5)


def _wolf(d: Drawing, pose: Pose, random: Random) -> None:
    tips = [(8, 170, 12, 214, 13), (28, 170, 35, 212, 12), (44, 166, 57, 204, 11), (54, 150, 72, 186, 10), (56, 128, 75, 162, 9)]
    _behind(d, pose.pen(-3), [(61, 132), (60, 158), (50, 180), (28, 190), (0, 190)], [(54, 136, 172)], tips)


def _wolf_front(d: Drawing, pose: Pose, random: Random) -> None:
    _pair(d, pose, 5.0, [(54, 96), (61, 134), (56, 160), (62, 188)], [5.0, 8.0, 6.5, 0.0], 0.0)
    _pair(d, pose, 5.5, [(54, 100), (55, 136), (47, 170)], [4.0, 5.0, 0.0], 0.0)


def _twin_tails(d: Drawing, pose: Pose, random: Random) -> None:
    for side in (-1, 1):
        pen = pose.pen(-3, side)
        sway = random.uniform(-4, 6)
        mass(d, pen, [(56, 74), (88, 98), (100 + sway, 160), (90 + sway, 222), (100 + sway, 262)], [7.0, 19.0, 22.0, 15.0, 0.0])
        mass(d, pen, [(56, 78), (78, 108), (80 + sway, 166), (72 + sway, 236)], [6.0, 12.0, 13.0, 0.0], light=0.0)
        _tie(d, pen, 58, 76, 7, 11)
    _behind(d, pose.pen(-2), SHORT, (), SHORT_TIPS)


def _twin_front(d: Drawing, pose: Pose, random: Random) -> None:
    _sidelocks(d, pose, 194, 1)


def _low_twins(d: Drawing, pose: Pose, random: Random) -> None:
    _behind(d, pose.pen(-3), [(65, 132), (63, 160), (54, 184), (38, 196), (0, 200)], [(56, 140, 180)])


def _low_twins_middle(d: Drawing, pose: Pose, random: Random) -> None:
    for side in (-1, 1):
        pen = pose.pen(0, side)
        mass(d, pen, [(52, 176), (64, 206), (64, 244), (52, 284)], [6.0, 14.0, 14.0, 0.0])
        _tie(d, pen, 53, 181, 8, 6.5)


def _ponytail(d: Drawing, pose: Pose, random: Random) -> None:
    side = 1 if pose.yaw <= 0 else -1
    pen = pose.pen(-8, side)
    mass(d, pen, [(18, 40), (62, 26), (98, 84), (96, 150), (84, 206), (96, 244)], [7.0, 16.0, 22.0, 19.0, 12.0, 0.0])
    mass(d, pen, [(22, 44), (62, 46), (82, 96), (80, 150), (68, 206)], [6.0, 11.0, 12.0, 9.0, 0.0], light=0.0)
    _tie(d, pen, 27, 36, 7, 9)
    _behind(d, pose.pen(-2), SHORT, (), SHORT_TIPS)


def _side_tail(d: Drawing, pose: Pose, random: Random) -> None:
    _behind(d, pose.pen(-3), [(65, 132), (63, 160), (54, 182), (38, 192), (0, 196)], [(56, 140, 176)])


def _side_tail_middle(d: Drawing, pose: Pose, random: Random) -> None:
    pen = pose.pen(1)
    mass(d, pen, [(54, 162), (76, 194), (74, 236), (58, 282)], [7.0, 17.0, 17.0, 0.0])
    mass(d, pen, [(54, 166), (64, 204), (58, 250)], [5.0, 9.0, 0.0], light=0.0)
    _tie(d, pen, 56, 168, 9, 7)


def _drill_middle(d: Drawing, pose: Pose, random: Random) -> None:
    for side in (-1, 1):
        pen = pose.pen(2.0, side)
        for k in range(5, -1, -1):
            y, w = 138 + k * 20, 17.0 - k * 1.7
            x = 68 - k * 1.4
            coil = [(x - w, y - 2), (x - w * 0.3, y - 12), (x + w * 0.8, y - 13), (x + w * 1.05, y + 2), (x + w * 0.4, y + 14), (x - w * 0.7, y + 17), (x - w * 1.02, y + 8)]
            d.add("hair", pen.curve(coil), "lock_fill", "hair_line", 1.7)
            d.add("hair", pen.curve([(x - w * 0.85, y + 8), (x, y + 8), (x + w * 0.95, y - 6), (x + w * 0.95, y + 3), (x + w * 0.35, y + 13), (x - w * 0.65, y + 15.5)]), "hair_shade", opacity=0.85)
            d.add("light", pen.lock([(x - w * 0.6, y - 3), (x, y - 5.5), (x + w * 0.5, y - 9)], [0.0, 1.6, 0.0]), "hair_glow", opacity=0.8)


def _braids_middle(d: Drawing, pose: Pose, random: Random) -> None:
    for side in (-1, 1):
        pen = pose.pen(1.0, side)
        for k in range(6, -1, -1):
            y, w = 176 + k * 14, 11.5 - k * 0.8
            x = 54 + (k * 1.2)
            way = 1 if k % 2 else -1
            d.add("hair", pen.curve([(x - way * w, y - 5), (x, y - 11), (x + way * w, y - 2), (x + way * w * 0.6, y + 9), (x - way * w * 0.5, y + 12, 1), (x - way * w * 0.9, y + 3)]), "lock_fill", "hair_line", 1.5)
            d.add("hair", pen.lock([(x + way * w * 0.5, y - 2), (x + way * w * 0.2, y + 4), (x - way * w * 0.4, y + 9)], [0.4, 1.4, 0.0]), "hair_shade")
        d.add("hair", pen.lock([(62, 266), (64, 278), (62, 292)], [5.0, 7.0, 0.0]), "lock_fill", "hair_line", 1.5)
        _tie(d, pen, 62, 268, 6, 4.5)


def _buns(d: Drawing, pose: Pose, random: Random) -> None:
    for side in (-1, 1):
        pen = pose.pen(-2, side)
        d.add("hair", pen.curve([(28, 42), (30, 20), (48, 8), (68, 16), (74, 36), (64, 56), (44, 60)]), "lock_fill", "hair_line", 1.9)
        d.add("hair", pen.curve([(40, 54), (58, 50), (70, 34), (72, 38), (62, 54), (46, 60)]), "hair_shade", opacity=0.85)
        d.add("hair", pen.lock([(42, 22), (54, 20), (62, 32), (54, 44)], [0.0, 0.9, 0.9, 0.0]), "hair_strand")
        d.add("light", pen.lock([(36, 30), (42, 18), (54, 13)], [0.0, 2.0, 0.0]), "hair_glow", opacity=0.8)
        d.add("hair tie", pen.lock([(30, 46), (46, 58), (60, 58)], [2.5, 3.5, 2.5]), "accent", "accent_line", 1.3)
    _behind(d, pose.pen(-2), SHORT, (), SHORT_TIPS)


class Hairstyle(NamedTuple):
    """MakeGirlsMoe tags, what is drawn behind the body, in front of it and in front of the face, and the crown."""

    tags: tuple[str, ...]
    back: Callable[[Drawing, Pose, Random], None]
    middle: Callable[[Drawing, Pose, Random], None] = _none
    front: Callable[[Drawing, Pose, Random], None] = _none
    crown: str = "smooth"


HAIRSTYLES = {
    "straight": Hairstyle(("long",), _long, _none, _long_front),
    "wavy": Hairstyle(("long",), _wavy, _none, _wavy_front),
    "hime": Hairstyle(("long",), _hime, _none, _hime_front),
    "bob": Hairstyle(("short",), _bob, _none, _bob_front),
    "pixie": Hairstyle(("short",), _pixie, _none, _pixie_front, "tousled"),
    "wolf": Hairstyle(("short",), _wolf, _none, _wolf_front, "tousled"),
    "spiky": Hairstyle(("short",), _pixie, _none, _pixie_front, "spiky"),
    "twin tails": Hairstyle(("long", "twin-tail"), _twin_tails, _none, _twin_front),
    "low twin tails": Hairstyle(("long", "twin-tail"), _low_twins, _low_twins_middle, _twin_front),
    "ponytail": Hairstyle(("long", "ponytail"), _ponytail, _none, _twin_front),
    "side ponytail": Hairstyle(("long", "ponytail"), _side_tail, _side_tail_middle, _pixie_front),
    "drills": Hairstyle(("long", "drill"), _long, _drill_middle, _pixie_front),
    "braids": Hairstyle(("long",), _low_twins, _braids_middle, _twin_front),
    "buns": Hairstyle(("short",), _buns, _none, _twin_front),
}
"""Name of a hairstyle -> its tags (one of long and short, at most one of twin-tail, drill, ponytail) and its parts."""


def hair(c: Character, d: Drawing, pose: Pose, stage: str) -> None:
    """Draw one stage of the hairstyle: "back", "middle" or "front"."""
    style = HAIRSTYLES[c.hair_style]
    {"back": style.back, "middle": style.middle, "front": style.front}[stage](d, pose, Random(c.seed * 8 + 2))
