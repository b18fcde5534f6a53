"""Places and what they are made of: each draws itself on a canvas, from the far to the near."""

from __future__ import annotations

from math import cos, pi, sin
from random import Random

from .canvas import SKIES, Canvas, Point, box, ovals, polygon
from .palette import tone


def ridge(random: Random, y: float, rise: float, waves: int = 3) -> list[Point]:
    """A line of hills from the left to the right edge, around y."""
    phases = [(random.uniform(0.4, 1) / (k + 1), random.uniform(0, 2 * pi), k + random.random()) for k in range(waves)]
    return [
        (x, y - rise * sum(a * sin(phase + (f + 0.6) * x / 256 * 2 * pi) for a, phase, f in phases))
        for x in range(-8, 265, 8)
    ]


def sky(c: Canvas, horizon: float = 256.0) -> None:
    r = c.random
    c.add(box(-2, -2, 260, 260), "sky", "sky")
    if c.hour == "night":
        for _ in range(45):
            c.add(
                ovals([(r.uniform(0, 256), r.uniform(0, horizon), r.choice((0.5, 0.6, 0.9)))]),
                "glow",
                "#fff6d8",
                opacity=0.8,
            )
    x, y = r.uniform(30, 226), r.uniform(24, 0.45 * horizon)
    if c.hour == "night":
        c.add(ovals([(x, y, 11)]), "glow", "#fff3c4")
    elif c.hour == "dusk":
        c.add(ovals([(x, 0.8 * horizon, 15)]), "glow", "#fff0b8")
    for _ in range(r.choice((1, 2, 3))):
        cloud(c, r.uniform(-20, 276), r.uniform(0.2, 0.75) * horizon, r.uniform(16, 46))


def cloud(c: Canvas, x: float, y: float, size: float) -> None:
    r = c.random
    spots = []
    for k in range(22):  # a heap: high in the middle, with a rather flat floor
        across = k / 10.5 - 1 + r.uniform(-0.05, 0.05)
        high = (1 - across * across) * r.uniform(0.1, 0.85)
        spots.append(
            (x + 1.5 * size * across, y - size * high, size * (0.13 + 0.2 * (1 - abs(across)) * r.uniform(0.5, 1.3)))
        )
    tint = {"day": "#f4f9ff", "dusk": "#ffe2cf", "night": "#8c9cc8"}[c.hour]
    c.blobs(spots, "cloud", tint, 0.1)


def tree(c: Canvas, x: float, y: float, size: float, far: float) -> None:
    """A tree that stands on y."""
    r = c.random
    c.add(
        polygon(
            [
                (x - 0.07 * size, y),
                (x - 0.04 * size, y - 0.6 * size),
                (x + 0.04 * size, y - 0.6 * size),
                (x + 0.08 * size, y),
            ]
        ),
        "wood",
        "#7a5a45",
        far,
    )
    green = r.choice(("#5f9e4b", "#4c8f55", "#79a84a", "#3f7f58"))
    spots = [(x, y - 0.72 * size, 0.24 * size), (x, y - 0.52 * size, 0.2 * size)]
    for k in range(26):  # clumps of leaves: large in the middle, small at the rim
        turn, out = 2.4 * k + r.random(), ((k + 1) / 26) ** 0.5
        clump = size * (0.16 - 0.085 * out) * r.uniform(0.8, 1.25)
        spots.append((x + 0.38 * size * out * cos(turn), y - 0.68 * size - 0.33 * size * out * sin(turn), clump))
    c.blobs(spots, "leaves", green, far)


def hills(c: Canvas, horizon: float, count: int = 3) -> None:
    for k in range(count):
        near = (k + 1) / count
        points = ridge(c.random, horizon + 14 * k, 16 + 6 * k)
        green = ("#5f8fa8", "#5d9c7e", "#77ad55")[k * 3 // count]
        c.add(polygon([*points, (264, 270), (-8, 270)]), "grass", green, 0.75 * (1 - near))


def house(c: Canvas, x: float, y: float, wide: float, high: float, far: float) -> None:
    """A house whose walls stand on y, seen from the front, with a gable or a flat roof."""
    r = c.random
    wall = r.choice(("#f3e6d2", "#e8d7c3", "#dfe3e6", "#f0d9c8", "#cfdad6", "#d9c9b6"))
    roof = r.choice(("#b4533f", "#4c6f96", "#5d6470", "#8a5a44", "#3f7f78"))
    c.add(box(x, y - high, wide, high), "wall", wall, far)
    c.add(box(x + 0.72 * wide, y - high, 0.28 * wide, high), "wall", tone(wall, -0.1, 1.2, 280, 30), far, "shade")
    peak = 0.42 * wide
    if r.random() < 0.7:
        c.add(
            polygon([(x - 0.08 * wide, y - high), (x + 0.5 * wide, y - high - peak), (x + 1.08 * wide, y - high)]),
            "roof",
            roof,
            far,
        )
        c.add(
            polygon([(x + 0.62 * wide, y - high), (x + 0.5 * wide, y - high - peak), (x + 1.08 * wide, y - high)]),
            "roof",
            tone(roof, -0.08),
            far,
            "shade",
        )
    else:
        c.add(box(x - 0.05 * wide, y - high - 4, 1.1 * wide, 6), "roof", roof, far)
    windows(c, x, y - high, wide, high, far)


def windows(c: Canvas, x: float, top: float, wide: float, high: float, far: float) -> None:
    r = c.random
    columns, rows = max(1, int(wide / 17)), max(1, int(high / 20))
    for row in range(rows):
        for column in range(columns):
            left = x + (column + 0.5) * wide / columns - 4
            up = top + (row + 0.5) * high / rows - 5
            if c.hour != "day" and r.random() < 0.55:
                c.add(box(left, up, 8, 9), "glow", "#ffdf8f")
            else:
                c.add(box(left, up, 8, 9), "glass", "#8fb7d8", far, line=0.8)
                c.add(polygon([(left, up), (left + 5, up), (left, up + 6)]), "glass", "#cfe6f7", far, "shine")


def pole(c: Canvas, x: float, y: float, high: float, to: Point) -> None:
    """A pole with two arms, and its wires to the next one's top."""
    for drop in (0.0, 0.07, 0.14):
        ax, ay, bx, by = x, y - high * (0.96 - drop), to[0], to[1] + drop * 30
        mx, my = (ax + bx) / 2, (ay + by) / 2 + 7
        wire = (
            f"M{ax:.1f} {ay:.1f}Q{mx:.1f} {my:.1f} {bx:.1f} {by:.1f}Q{mx:.1f} {my + 1.0:.1f} {ax:.1f} {ay + 0.8:.1f}Z"
        )
        c.add(wire, "wood", "#4a4650", line=0.3)
    wide = high / 36
    c.add(box(x - wide / 2, y - high, wide, high), "wood", "#8d8780", line=0.8)
    for drop in (0.06, 0.14):
        c.add(box(x - 4 * wide, y - high * (1 - drop), 8 * wide, 0.7 * wide), "wood", "#6f6a66", line=0.6)


# ---- places


def _sky(c: Canvas) -> None:
    sky(c, 210)
    for _ in range(3):
        cloud(c, c.random.uniform(0, 256), c.random.uniform(120, 205), c.random.uniform(40, 62))
    hills(c, 232, 2)


def _hills(c: Canvas) -> None:
    r = c.random
    horizon = r.uniform(110, 150)
    sky(c, horizon)
    hills(c, horizon)
    if r.random() < 0.6:
        house(c, r.uniform(40, 180), horizon + 66, 34, 20, 0.25)
    trees = sorted((r.uniform(0, 1), r.uniform(-10, 266)) for _ in range(9))
    for near, x in trees:
        y = horizon + 40 + near * (225 - horizon)
        tree(c, x, y, 22 + 62 * near, 0.5 * (1 - near))


def _trees(c: Canvas) -> None:
    r = c.random
    sky(c, 150)
    hills(c, 165, 2)
    for row, far in enumerate((0.6, 0.35, 0.1)):
        for k in range(6 - row):
            x = (k + r.uniform(0.2, 0.8)) * 256 / (6 - row)
            tree(c, x, 196 + 20 * row, 84 + 34 * row + r.uniform(-12, 12), far)
    points = ridge(r, 222, 6)
    c.add(polygon([*points, (264, 270), (-8, 270)]), "grass", "#86b552")
    path = [(r.uniform(90, 150), 224), (r.uniform(150, 170), 224), (230, 258), (40, 258)]
    c.add(polygon(path), "road", "#d6bf94")


def _town(c: Canvas) -> None:
    r = c.random
    sky(c, 150)
    hills(c, 150, 2)
    for row, far in enumerate((0.55, 0.3, 0.05)):
        x = r.uniform(-30, 0)
        while x < 256:
            wide = r.uniform(26, 44) * (1 + 0.35 * row)
            if r.random() < 0.2:
                tree(c, x + wide / 2, 186 + 26 * row, 1.3 * wide, far)
            else:
                house(c, x, 186 + 26 * row, wide, r.uniform(24, 62), far)
            x += wide * r.uniform(1.05, 1.35)
    c.add(box(-2, 236, 260, 24), "road", "#9a9aa4")
    c.add(box(-2, 236, 260, 5), "wall", "#c9c5bd", line=0.7)


def _street(c: Canvas) -> None:
    """One vanishing point: a road, walls and houses at both sides, poles that get smaller."""
    r = c.random
    vx, vy = r.uniform(96, 160), r.uniform(122, 142)
    sky(c, vy)
    hills(c, vy, 2)

    def at(x: float, y: float, depth: float) -> Point:
        """A point of the nearest plane, moved away: 0 is here, 1 the vanishing point."""
        return x + (vx - x) * depth, y + (vy - y) * depth

    c.add(polygon([(-8, 262), (264, 262), at(262, 262, 0.97), at(-6, 262, 0.97)]), "grass", "#86b552")
    c.add(polygon([(10, 262), (246, 262), at(246, 262, 0.985), at(10, 262, 0.985)]), "road", "#8f909c")
    for start in (0.0, 0.35, 0.6, 0.76):
        c.add(
            polygon([at(125, 262, start), at(131, 262, start), at(131, 262, start + 0.1), at(125, 262, start + 0.1)]),
            "road",
            "#f2efe6",
            kind="shade",
        )
    for depth in (0.8, 0.66, 0.5, 0.3, 0.05):  # from the far to the near
        for edge, out in ((-6, -1), (262, 1)):
            ahead = depth + 0.14
            high = r.uniform(70, 150)
            wall = r.choice(("#f3e6d2", "#e3d3c0", "#d4dade", "#efd6c4"))
            if r.random() < 0.25:
                x, y = at(edge + 20 * out, 262, depth)
                tree(c, x, y, 150 * (1 - depth), 0.6 * depth)
                continue
            near, away = at(edge, 262, depth), at(edge, 262, ahead)
            near_top, away_top = at(edge, 262 - high, depth), at(edge, 262 - high, ahead)
            c.add(polygon([near, away, away_top, near_top]), "wall", wall, 0.6 * depth)
            if out > 0:  # light comes from the right, this side is in shadow
                c.add(
                    polygon([near, away, away_top, near_top]),
                    "wall",
                    tone(wall, -0.12, 1.2, 280, 30),
                    0.6 * depth,
                    "shade",
                )
            side = near[0] + 120 * out * (1 - depth)
            c.add(
                polygon([near, near_top, (side, near_top[1]), (side, near[1])]), "wall", tone(wall, -0.03), 0.6 * depth
            )
            lift = 16 * (1 - depth)
            c.add(
                polygon(
                    [
                        near_top,
                        away_top,
                        (away_top[0], away_top[1] - 0.6 * lift),
                        (near_top[0], near_top[1] - lift),
                        (side, near_top[1] - lift),
                        (side, near_top[1]),
                    ]
                ),
                "roof",
                r.choice(("#b4533f", "#4c6f96", "#5d6470", "#8a5a44")),
                0.6 * depth,
            )
            for k in (0.25, 0.65):
                for up in (0.3, 0.7):
                    if up * high > high - 18:
                        continue
                    one, two = depth + 0.14 * k, depth + 0.14 * (k + 0.2)
                    sill, lintel = 262 - up * high, 262 - up * high - 24
                    corners = (sill, one), (sill, two), (lintel, two), (lintel, one)
                    pane = polygon([at(edge, y, z) for y, z in corners])
                    glows = c.hour != "day" and r.random() < 0.6
                    c.add(pane, "glow" if glows else "glass", "#ffdf8f" if glows else "#8fb7d8", 0.6 * depth, line=0.7)
    side = r.choice((22.0, 234.0))
    for depth, after in ((0.72, 0.9), (0.5, 0.72), (0.12, 0.5)):
        x, y = at(side, 262, depth)
        next_x, next_y = at(side, 262, after)
        pole(c, x, y, 230 * (1 - depth), (next_x, next_y - 0.96 * 230 * (1 - after)))


def _room(c: Canvas) -> None:
    """A room with a window, in one-point perspective, its back wall in the middle."""
    r = c.random
    wall, floor = r.choice(("#efe2cf", "#dfe6e0", "#e9dbe2", "#d8e2ea")), r.choice(("#c99a6b", "#b98560", "#a8795a"))
    left, right, top, low = r.uniform(40, 60), r.uniform(196, 216), r.uniform(38, 52), r.uniform(176, 190)
    c.add(box(-2, -2, 260, 260), "wall", wall)
    c.add(polygon([(-2, -2), (left, top), (left, low), (-2, 258)]), "wall", tone(wall, -0.06))
    c.add(polygon([(258, -2), (right, top), (right, low), (258, 258)]), "wall", tone(wall, -0.1, 1.1, 280, 20))
    c.add(polygon([(-2, -2), (258, -2), (right, top), (left, top)]), "wall", tone(wall, 0.03))
    c.add(polygon([(-2, 258), (left, low), (right, low), (258, 258)]), "wood", floor)
    for k in range(1, 7):
        x, far = -2 + 260 * k / 7, left + (right - left) * k / 7
        c.add(
            polygon([(x - 0.8, 258), (far - 0.3, low), (far + 0.3, low), (x + 0.8, 258)]),
            "wood",
            tone(floor, -0.12),
            kind="shade",
        )
    wide, high = r.uniform(62, 86), r.uniform(64, 84)
    x, y = r.uniform(left + 12, right - wide - 12), top + 16
    c.add(box(x - 4, y - 4, wide + 8, high + 8), "wood", "#f5efe6")
    c.add(box(x, y, wide, high), "sky", SKIES[c.hour][1])
    c.add(box(x, y + 0.6 * high, wide, 0.4 * high), "sky", SKIES[c.hour][2])
    c.blobs([(x + wide * t, y + 0.86 * high, 9) for t in (0.1, 0.32, 0.52, 0.74, 0.92)], "leaves", "#5f9e4b", 0.3)
    c.add(box(x, y + 0.93 * high, wide, 0.07 * high), "leaves", "#4c8f55", 0.3, "shade")
    for part in (box(x + wide / 2 - 1.5, y, 3, high), box(x, y + high / 2 - 1.5, wide, 3)):
        c.add(part, "wood", "#f5efe6", line=0.7)
    curtain = r.choice(("#d98a7a", "#7fa6cf", "#8fb58a", "#e3b65f"))
    for side in (-1, 1):
        a = x - 10 if side < 0 else x + wide + 10
        b = a - side * r.uniform(14, 22)
        c.add(polygon([(a, y - 9), (b, y - 9), (b + side * 4, y + high + 12), (a, y + high + 12)]), "cloth", curtain)
        for t in (0.3, 0.65):
            m = a + (b - a) * t
            c.add(
                polygon([(m, y - 8), (m + 2.5, y - 8), (m + 3 + side, y + high + 11), (m + side, y + high + 11)]),
                "cloth",
                tone(curtain, -0.1),
                kind="shade",
            )
    if c.hour != "night":
        patch = [(x + 6, low + 12), (x + wide - 4, low + 12), (x + wide - 40, 250), (x - 50, 250)]
        c.add(polygon(patch), "wood", "#fff0c8", kind="shine", opacity=0.5)
    else:
        c.add(ovals([(r.uniform(70, 190), 20, 9)]), "glow", "#fff1bf")
    table = r.choice(("#8d6247", "#a5744f", "#6f5a50"))
    tx, ty, tw = r.uniform(6, 30), r.uniform(186, 200), r.uniform(80, 110)
    for leg in (tx + 4, tx + tw - 10):
        c.add(box(leg, ty, 6, 48), "wood", tone(table, -0.08))
    c.add(polygon([(tx, ty), (tx + 18, ty - 14), (tx + tw + 8, ty - 14), (tx + tw, ty)]), "wood", table)
    c.add(box(tx, ty, tw, 6), "wood", tone(table, -0.06))
    for k, book in enumerate(r.sample(("#c8503f", "#3f6fae", "#e0b04a", "#4f9a76", "#8a5fa8"), 3)):
        c.add(box(tx + 26 + 8 * k, ty - 34 + 3 * k, 7, 26 - 3 * k), "cloth", book)
    bx = right - r.uniform(0, 10)
    quilt = r.choice(("#e7a1ae", "#8fb4de", "#a7cf9f", "#efd08a"))
    c.add(polygon([(bx - 50, low + 20), (bx, low - 4), (258, low - 4), (258, low + 20)]), "cloth", quilt)
    c.add(polygon([(bx - 50, low + 20), (258, low + 20), (258, 250), (bx - 50, 244)]), "cloth", tone(quilt, -0.06))
    c.add(
        polygon([(bx - 50, low + 20), (258, low + 20), (258, low + 30), (bx - 50, low + 29)]),
        "cloth",
        "#fbf7f0",
        line=0.7,
    )


PLACES = {"sky": _sky, "hills": _hills, "trees": _trees, "town": _town, "street": _street, "room": _room}
"""Name of a place -> what draws it."""
