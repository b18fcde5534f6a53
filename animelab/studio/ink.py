"""Shapes and the pen that draws them: every shape knows its part, its fill role and its line role."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from math import sqrt
from typing import NamedTuple

NECK = (128.0, 196.0)  # the head rolls around this point
View = tuple[float, float, float]
"""Left, top and side of the square of the drawing that is shown."""
Points = Sequence[tuple[float, ...]]
"""Points (x, y) that a curve passes smoothly, or (x, y, 1) for a corner: the tip of a lock, the edge of a lid."""


class Curve(NamedTuple):
    """Cubic bezier segments in local coordinates: SVG path data with a place for every number, then the numbers."""

    template: str
    xs: list[float]
    ys: list[float]


@lru_cache(maxsize=256)
def _template(segments: int, closed: bool) -> str:
    return "M%.1f %.1f" + "C%.1f %.1f %.1f %.1f %.1f %.1f" * segments + ("Z" if closed else "")


def spline(points: Points, closed: bool = True) -> Curve:
    """A curve through all points: Catmull-Rom tangents scaled to each chord, so that it never loops."""
    count = len(points)
    segments = count if closed else count - 1
    around = [points[-1 if closed else 0], *points, *(points[:2] if closed else (points[-1], points[-1]))]
    start_x, start_y = points[0][0], points[0][1]
    ax, ay = around[2][0] - around[0][0], around[2][1] - around[0][1]
    norm = sqrt(ax * ax + ay * ay) or 1.0
    ax, ay = ax / norm, ay / norm
    smooth = len(points[0]) == 2
    xs, ys = [start_x], [start_y]
    for i in range(segments):
        end, after = around[i + 2], around[i + 3]
        end_x, end_y = end[0], end[1]
        dx, dy = (end_x - start_x) / 3, (end_y - start_y) / 3
        third = sqrt(dx * dx + dy * dy)
        bx, by = after[0] - start_x, after[1] - start_y
        norm = sqrt(bx * bx + by * by) or 1.0
        bx, by = bx / norm, by / norm
        out_x, out_y = (ax * third, ay * third) if smooth else (dx, dy)
        smooth = len(end) == 2
        in_x, in_y = (bx * third, by * third) if smooth else (dx, dy)
        xs += (start_x + out_x, end_x - in_x, end_x)
        ys += (start_y + out_y, end_y - in_y, end_y)
        ax, ay, start_x, start_y = bx, by, end_x, end_y
    return Curve(_template(segments, closed), xs, ys)


def ribbon(spine: Points, widths: Sequence[float], side: float = 0.0) -> Curve:
    """A tapering lock around a spine; half widths per point, 0 makes a tip; `side` +1 or -1 keeps only one half."""
    left: list[tuple[float, ...]] = []
    right: list[tuple[float, ...]] = []
    last = len(spine) - 1
    a, b = (-0.15 if side > 0 else 1.0), (-0.15 if side < 0 else 1.0)
    for i, (point, width) in enumerate(zip(spine, widths)):
        x, y = point[0], point[1]
        if width == 0:
            left.append((x, y, 1))
            continue
        before, after = spine[max(0, i - 1)], spine[min(last, i + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        norm = width / (sqrt(dx * dx + dy * dy) or 1.0)
        corner = (1,) if i in (0, last) else ()
        left.append((x + dy * norm * a, y - dx * norm * a, *corner))
        right.append((x - dy * norm * b, y + dx * norm * b, *corner))
    return spline(left + right[::-1])


def oval(x: float, y: float, radius_x: float, radius_y: float) -> Curve:
    """A whole ellipse as four segments."""
    far_x, far_y = 0.5523 * radius_x, 0.5523 * radius_y
    right, left, low, high = x + radius_x, x - radius_x, y + radius_y, y - radius_y
    xs = [right, right, x + far_x, x, x - far_x, left, left, left, x - far_x, x, x + far_x, right, right]
    ys = [y, y + far_y, low, low, low, y + far_y, y, y - far_y, high, high, high, y - far_y, y]
    return Curve(_template(4, True), xs, ys)


@dataclass(frozen=True)
class Pen:
    """Turns local coordinates around (0, 0) into SVG path data at (x, y); a negative `scale_x` mirrors.

    `bend` moves points by bend * x² down: a straight line becomes a smile when it is negative.
    """

    x: float = 128.0
    y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    bend: float = 0.0

    def trace(self, curve: Curve) -> str:
        """SVG path data of a curve."""
        x, y, scale_x, scale_y = self.x, self.y, self.scale_x, self.scale_y
        values = [0.0] * (2 * len(curve.xs))
        values[::2] = [x + scale_x * value for value in curve.xs]
        values[1::2] = [y + scale_y * value for value in curve.ys]
        if self.bend:
            values[1::2] = [a + self.bend * b * b for a, b in zip(values[1::2], curve.xs)]
        return curve.template % tuple(values)

    def path(self, *items: str | float) -> str:
        """SVG path data from absolute commands M, L, C, Q, Z and local coordinates."""
        out, horizontal = [], True
        for item in items:
            if isinstance(item, str):
                out.append(item)
                horizontal = True
            else:
                value = self.x + self.scale_x * item if horizontal else self.y + self.scale_y * item
                out.append(f"{value:.1f}")
                horizontal = not horizontal
        return " ".join(out)

    def curve(self, points: Points, closed: bool = True) -> str:
        """Path data of a smooth curve through points (see `spline`)."""
        return self.trace(spline(points, closed))

    def lock(self, spine: Points, widths: Sequence[float]) -> str:
        """Path data of a tapering lock (see `ribbon`)."""
        return self.trace(ribbon(spine, widths))

    def ellipse(self, x: float, y: float, radius_x: float, radius_y: float) -> str:
        """Path data of a whole ellipse."""
        return self.trace(oval(x, y, radius_x, radius_y))


def mirrored(half: Points) -> list[tuple[float, ...]]:
    """A closed outline from its right half, given from top middle to bottom middle (both on x = 0)."""
    return [*half, *((-p[0], *p[1:]) for p in half[-2:0:-1])]


@dataclass(frozen=True)
class Pose:
    """Moves layers by parallax: what lies nearer to the viewer moves further when the head turns."""

    yaw: float = 0.0
    pitch: float = 0.0

    def pen(self, depth: float, side: int = 1) -> Pen:
        """A pen for the layer at a depth in units of the picture (256 wide) at full yaw; side -1 mirrors."""
        return Pen(128.0 + depth * self.yaw, 0.6 * depth * self.pitch, float(side))

    def feature(self, x: float, y: float, side: int = 1, depth: float = 11.0) -> Pen:
        """A pen at a feature of the face; on the far side of a turned head it draws narrower."""
        far = side * self.yaw
        narrow = 1.0 - (0.24 * far if far > 0 else 0.05 * far)
        return Pen(128.0 + depth * self.yaw + side * x * (1 - 0.07 * abs(self.yaw)), y + 7 * self.pitch, side * narrow)


class Shape(NamedTuple):
    """One painted path: `fill` and `line` name roles of the palette, `clip` names another path that bounds it."""

    part: str
    path: str
    fill: str
    line: str
    width: float
    opacity: float
    clip: str
    turns: bool


class Landmark(NamedTuple):
    """A named point of a part, in the drawing's units, before the head rolls."""

    part: str
    x: float
    y: float
    turns: bool


class Sketched(NamedTuple):
    """One shape of a sketch."""

    curve: Curve
    fill: str
    line: str
    width: float
    opacity: float
    clip: str
    name: str


def _points(body: str, wide: float) -> list[tuple[float, ...]]:
    points: list[tuple[float, ...]] = []
    for token in body.split():
        x, *rest = token.rstrip("!").split(",")
        outward = {"w": wide, "v": wide / 2}.get(x[-1], 0.0) * (-1 if x[0] == "-" else 1)
        corner = (1.0,) if token[-1] == "!" else ()
        points.append((float(x.rstrip("wv")) + outward, *map(float, rest), *corner))
    return points


@lru_cache(maxsize=2048)
def points_of(text: str) -> list[tuple[float, ...]]:
    """The points of a text such as "0,62 30,70! 45,100" ("!" makes a corner)."""
    return _points(text, 0.0)


@lru_cache(maxsize=2048)
def parse(text: str, wide: float = 0.0) -> list[tuple[int, Sketched]]:
    """Read a sketch into (side, shape): one per line, `kind fill/line width %opacity @clip #name: points`.

    Kinds: `-` closed curve, `>` open curve, `h` its right half, `~` lock with points x,y,half width, `m` mass of hair
    with a light and `n` without, `o` ellipse as center and radii. `=` before the kind draws it on both sides. `@clip`
    bounds the shape by the shape that `#name` named; a line without a colon continues the one above. A point ending in
    `!` is a corner; an x ending in w or v moves outward by the whole or half of `wide`.
    """
    sketched: list[tuple[int, Sketched]] = []
    for row in re.sub(r"\n\s*(?=[-\d.])(?![^\n]*:)", " ", text).splitlines():
        if not row.strip():
            continue
        header, _, body = row.partition(":")
        kind, *options = header.split()
        style = {}
        for option in options:
            mark = option[0] if option[0] in "%@#" else "width" if option[0] in "0123456789." else "paint"
            style[mark] = option.lstrip("%@#")
        fill, _, line = style.get("paint", "").partition("/")
        points, width = _points(body, wide), float(style.get("width", 1.5))
        look = (fill, line, width, float(style.get("%", 100)) / 100, style.get("@", ""), style.get("#", ""))
        for side in (-1, 1) if kind[0] == "=" else (1,):
            if kind[-1] in "mn":
                sketched += [(side, shape) for shape in _mass(points, side, kind[-1] == "m")]
            elif kind[-1] == "~":
                sketched.append((side, Sketched(ribbon(points, [p[2] for p in points]), *look)))
            elif kind[-1] == "o":
                sketched.append((side, Sketched(oval(*points[0][:2], *points[1][:2]), *look)))
            else:
                outline = mirrored(points) if kind[-1] == "h" else points
                sketched.append((side, Sketched(spline(outline, kind[-1] != ">"), *look)))
    return sketched


def _mass(points: Points, side: int, light: bool) -> list[Sketched]:
    """A tapering mass of hair with a shadow on the right of the picture, a strand and perhaps a soft light."""
    widths = [p[2] for p in points]
    shadow = ribbon(points, [0.86 * w for w in widths], -side)
    strand = [(p[0] + 0.12 * p[2] * side, p[1]) for p in points[1:]]
    shapes = [
        Sketched(ribbon(points, widths), "lock_fill", "hair_line", 1.8, 1.0, "", ""),
        Sketched(shadow, "hair_shade", "", 1.5, 0.8, "", ""),
        Sketched(ribbon(strand, [0.2, *[0.9] * (len(strand) - 2), 0.0]), "hair_strand", "", 1.5, 1.0, "", ""),
    ]
    if light:
        (ax, ay), (bx, by), (cx, cy) = ((p[0] - 0.42 * p[2] * side, p[1]) for p in points[:3])
        glint = [
            (0.35 * ax + 0.65 * bx, 0.35 * ay + 0.65 * by),
            (bx, by),
            (0.55 * bx + 0.45 * cx, 0.55 * by + 0.45 * cy),
        ]
        shapes.append(Sketched(ribbon(glint, [0.0, 0.15 * widths[1], 0.0]), "hair_glow", "", 1.5, 0.6, "", ""))
    return shapes


@dataclass
class Drawing:
    """Shapes from back to front. Parts with `turns` set rotate with the head."""

    palette: dict[str, str]
    shapes: list[Shape] = field(default_factory=list)
    clips: dict[str, str] = field(default_factory=dict)
    landmarks: dict[str, Landmark] = field(default_factory=dict)
    turns: bool = False

    def add(
        self,
        part: str,
        path: str,
        fill: str = "",
        line: str = "",
        width: float = 1.5,
        opacity: float = 1.0,
        clip: str = "",
    ) -> None:
        """Put one shape on top."""
        self.shapes.append(Shape(part, path, fill, line, width, opacity, clip, self.turns))

    def sketch(self, part: str, text: str, pens: Pen | Callable[[int], Pen], wide: float = 0.0) -> None:
        """Put the shapes of a sketch on top (see `parse`); `pens` is a pen or gives that of side 1 and -1."""
        both = {1: pens, -1: pens} if isinstance(pens, Pen) else {1: pens(1), -1: pens(-1)}
        for side, (curve, fill, line, width, opacity, clip, name) in parse(text, wide):
            path = both[side].trace(curve)
            if name:
                self.clips[name] = path
            self.add(part, path, fill, line, width, opacity, clip)

    def mark(self, name: str, part: str, pen: Pen, x: float = 0.0, y: float = 0.0) -> None:
        """Name the point of a part at local (x, y): a landmark."""
        self.landmarks[name] = Landmark(part, pen.x + pen.scale_x * x, pen.y + pen.scale_y * y, self.turns)

    def svg(
        self, view: View, roll: float, gradients: str, size: int = 256, paint: Callable[[Shape], str] | None = None
    ) -> str:
        """The SVG text; `paint` makes the elements of a shape, "" leaves it out; without it, the colors as drawn."""
        clips = "".join(f'<clipPath id="{name}"><path d="{path}"/></clipPath>' for name, path in self.clips.items())
        left, top, side = view
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.1f} {top:.1f} {side:.1f} {side:.1f}" '
            f'width="{size}" height="{size}"><defs>{gradients}{clips}</defs>'
        ]
        paint = paint or self.color
        for (turns, clip), shapes in groupby(self.shapes, key=lambda shape: (shape.turns, shape.clip)):
            if turns:
                out.append(f'<g transform="rotate({roll:.1f} {NECK[0]:.0f} {NECK[1]:.0f})">')
            if clip:
                out.append(f'<g clip-path="url(#{clip})">')
            out += map(paint, shapes)
            out.append("</g>" * (turns + bool(clip)))
        return "".join(out) + "</svg>"

    def color(self, shape: Shape) -> str:
        """A shape as it is drawn in color."""
        palette = self.palette
        fill = palette[shape.fill] if shape.fill else "none"
        return stroked(shape.path, fill, palette[shape.line] if shape.line else "", shape.width, shape.opacity)


def stroked(path: str, fill: str, line: str = "", width: float = 1.5, opacity: float = 1.0) -> str:
    """One SVG path with round joints."""
    line = f' stroke="{line}" stroke-width="{width:.1f}" stroke-linejoin="round" stroke-linecap="round"' if line else ""
    faded = f' opacity="{opacity:.2f}"' if opacity != 1.0 else ""
    return f'<path d="{path}" fill="{fill}"{line}{faded}/>'
