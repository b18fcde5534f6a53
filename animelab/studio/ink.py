"""Shapes and the pen that draws them: every shape knows its part, its fill role and its line role."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from math import sqrt
from typing import NamedTuple

Points = Sequence[tuple[float, ...]]
"""Points (x, y) that a curve passes smoothly, or (x, y, 1) for a corner: the tip of a lock, the edge of a lid."""


@dataclass(frozen=True)
class Pen:
    """Turns points around (0, 0) into SVG path data at (x, y); a negative `scale_x` mirrors left and right."""

    x: float = 128.0
    y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0

    def path(self, *items: str | float) -> str:
        """SVG path data from absolute commands M, L, C, Q, Z and local coordinates."""
        out, horizontal = [], True
        for item in items:
            if isinstance(item, str):
                out.append(item)
                horizontal = True
            else:
                out.append(
                    f"{self.x + self.scale_x * item:.1f}" if horizontal else f"{self.y + self.scale_y * item:.1f}"
                )
                horizontal = not horizontal
        return " ".join(out)

    def curve(self, points: Points, closed: bool = True) -> str:
        """A curve through all points: Catmull-Rom tangents scaled to each chord, so that it never loops."""
        count = len(points)
        xs = [self.x + self.scale_x * p[0] for p in points]
        ys = [self.y + self.scale_y * p[1] for p in points]
        xs += (xs[0], xs[1]) if closed else (xs[-1], xs[-1])
        ys += (ys[0], ys[1]) if closed else (ys[-1], ys[-1])
        smooth = [len(p) == 2 for p in points]
        segments = count if closed else count - 1
        start_x, start_y = xs[0], ys[0]
        before_x, before_y = (xs[count - 1], ys[count - 1]) if closed else (start_x, start_y)
        tangent_x, tangent_y = xs[1] - before_x, ys[1] - before_y
        norm = sqrt(tangent_x * tangent_x + tangent_y * tangent_y) or 1.0
        ax, ay = tangent_x / norm, tangent_y / norm
        values = [start_x, start_y]
        for i in range(segments):
            end_x, end_y = xs[i + 1], ys[i + 1]
            dx, dy = (end_x - start_x) / 3, (end_y - start_y) / 3
            third = sqrt(dx * dx + dy * dy)
            bx, by = xs[i + 2] - start_x, ys[i + 2] - start_y
            norm = sqrt(bx * bx + by * by) or 1.0
            bx, by = bx / norm, by / norm
            out_x, out_y = (ax * third, ay * third) if smooth[i] else (dx, dy)
            in_x, in_y = (bx * third, by * third) if smooth[(i + 1) % count] else (dx, dy)
            values += (start_x + out_x, start_y + out_y, end_x - in_x, end_y - in_y, end_x, end_y)
            ax, ay, start_x, start_y = bx, by, end_x, end_y
        return _template(segments, closed) % tuple(values)

    def lock(self, spine: Points, widths: Sequence[float], side: float = 0.0) -> str:
        """A tapering ribbon around a spine; half widths per point, 0 makes a tip; `side` +1/-1 keeps only one half."""
        left: list[tuple[float, ...]] = []
        right: list[tuple[float, ...]] = []
        last = len(spine) - 1
        for i, (point, width) in enumerate(zip(spine, widths)):
            before, after = spine[max(0, i - 1)], spine[min(last, i + 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            norm = width / (sqrt(dx * dx + dy * dy) or 1.0)
            x, y = point[0], point[1]
            if width == 0:
                left.append((x, y, 1))
            else:
                corner = (1,) if i in (0, last) else ()
                a, b = (-0.15 if side > 0 else 1.0), (-0.15 if side < 0 else 1.0)
                left.append((x + dy * norm * a, y - dx * norm * a, *corner))
                right.append((x - dy * norm * b, y + dx * norm * b, *corner))
        return self.curve(left + right[::-1])

    def ellipse(self, x: float, y: float, radius_x: float, radius_y: float) -> str:
        """A whole ellipse."""
        rx, ry = abs(radius_x * self.scale_x), abs(radius_y * self.scale_y)
        left, middle = self.x + self.scale_x * x - rx, self.y + self.scale_y * y
        arc = f"a{rx:.1f} {ry:.1f} 0 1 0"
        return f"M{left:.1f} {middle:.1f}{arc} {2 * rx:.1f} 0{arc} {-2 * rx:.1f} 0Z"


@lru_cache(maxsize=256)
def _template(segments: int, closed: bool) -> str:
    return "M%.1f %.1f" + "C%.1f %.1f %.1f %.1f %.1f %.1f" * segments + ("Z" if closed else "")


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


@dataclass(frozen=True)
class Shape:
    """One painted path: `fill` and `line` name roles of the palette, `clip` names another path that bounds it."""

    part: str
    path: str
    fill: str
    line: str
    width: float
    opacity: float
    clip: str
    turns: bool


class Sketched(NamedTuple):
    """One line of a sketch."""

    kind: str
    both: bool
    fill: str
    line: str
    width: float
    opacity: float
    clip: str
    names: str
    points: list[tuple[float, ...]]


@lru_cache(maxsize=2048)
def parse(text: str, wide: float = 0.0) -> tuple[Sketched, ...]:
    """Read a sketch: one shape per line, `kind fill/line width %opacity @clip #name: points`.

    Kinds: `-` closed curve, `>` open curve, `h` its right half, `~` lock with points x,y,half width, `m` mass of hair
    with a light and `n` without, `o` ellipse as center and radii. `=` before the kind draws it on both sides. `@clip`
    bounds the shape by the shape that `#name` named; a line without a colon continues the one above. A point ending in
    `!` is a corner; an x ending in w or v moves outward by the whole or half of `wide`.
    """
    sketched = []
    for row in re.sub(r"\n\s*(?=[-\d.])(?![^\n]*:)", " ", text).splitlines():
        if not row.strip():
            continue
        header, _, body = row.partition(":")
        kind, *options = header.split()
        paint, width, opacity, clip, name = "", 1.5, 1.0, "", ""
        for option in options:
            if option[0] == "%":
                opacity = float(option[1:]) / 100
            elif option[0] == "@":
                clip = option[1:]
            elif option[0] == "#":
                name = option[1:]
            elif option[0].isdigit():
                width = float(option)
            else:
                paint = option
        fill, _, line = paint.partition("/")
        points: list[tuple[float, ...]] = []
        for token in body.split():
            x, *rest = token.rstrip("!").split(",")
            outward = {"w": wide, "v": wide / 2}.get(x[-1], 0.0) * (-1 if x[0] == "-" else 1)
            corner = (1.0,) if token[-1] == "!" else ()
            points.append((float(x.rstrip("wv")) + outward, *map(float, rest), *corner))
        sketched.append(Sketched(kind[-1], kind[0] == "=", fill, line, width, opacity, clip, name, points))
    return tuple(sketched)


@dataclass
class Drawing:
    """Shapes from back to front. Parts with `turns` set rotate with the head."""

    palette: dict[str, str]
    shapes: list[Shape] = field(default_factory=list)
    clips: dict[str, str] = field(default_factory=dict)
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
        for row in parse(text, wide):
            for side in (-1, 1) if row.both else (1,):
                pen, points = (pens if isinstance(pens, Pen) else pens(side)), row.points
                if row.kind in "mn":
                    self.mass(part, pen, points, light=row.kind == "m")
                    continue
                if row.kind == "~":
                    path = pen.lock(points, [p[2] for p in points])
                elif row.kind == "o":
                    path = pen.ellipse(*points[0][:2], *points[1][:2])
                else:
                    path = pen.curve(mirrored(points) if row.kind == "h" else points, row.kind != ">")
                if row.names:
                    self.clips[row.names] = path
                self.add(part, path, row.fill, row.line, row.width, row.opacity, row.clip)

    def mass(self, part: str, pen: Pen, points: Points, light: bool) -> None:
        """A tapering mass of hair with a shadow side, a strand and perhaps a soft light."""
        shaded = 1 if pen.scale_x > 0 else -1
        widths = [p[2] for p in points]
        self.add(part, pen.lock(points, widths), "lock_fill", "hair_line", 1.8)
        self.add(part, pen.lock(points, [0.86 * w for w in widths], -shaded), "hair_shade", opacity=0.8)
        strand = [(p[0] + 0.12 * p[2] * shaded, p[1]) for p in points[1:]]
        self.add(part, pen.lock(strand, [0.2, *[0.9] * (len(strand) - 2), 0.0]), "hair_strand")
        if light:
            (ax, ay), (bx, by), (cx, cy) = ((p[0] - 0.42 * p[2] * shaded, p[1]) for p in points[:3])
            glint = [(0.35 * ax + 0.65 * bx, 0.35 * ay + 0.65 * by), (bx, by)]
            glint.append((0.55 * bx + 0.45 * cx, 0.55 * by + 0.45 * cy))
            self.add("light", pen.lock(glint, [0.0, 0.15 * widths[1], 0.0]), "hair_glow", opacity=0.6)

    def svg(self, view: tuple[float, float, float], roll: float, gradients: str, size: int = 256) -> str:
        """The SVG text; `view` is left, top and side of the square that is shown."""
        left, top, side = view
        clips = "".join(f'<clipPath id="{name}"><path d="{path}"/></clipPath>' for name, path in self.clips.items())
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.1f} {top:.1f} {side:.1f} {side:.1f}" '
            f'width="{size}" height="{size}"><defs>{gradients}{clips}</defs>'
        ]
        palette = self.palette
        for (turns, clip), shapes in groupby(self.shapes, key=lambda shape: (shape.turns, shape.clip)):
            if turns:
                out.append(f'<g transform="rotate({roll:.1f} 128 196)">')
            if clip:
                out.append(f'<g clip-path="url(#{clip})">')
            for shape in shapes:
                fill = palette[shape.fill] if shape.fill else "none"
                line = f' stroke="{palette[shape.line]}" stroke-width="{shape.width:.1f}"' if shape.line else ""
                line += ' stroke-linejoin="round" stroke-linecap="round"' if line else ""
                opacity = f' opacity="{shape.opacity:.2f}"' if shape.opacity != 1.0 else ""
                out.append(f'<path d="{shape.path}" fill="{fill}"{line}{opacity}/>')
            out.append("</g>" * (turns + bool(clip)))
        return "".join(out) + "</svg>"
