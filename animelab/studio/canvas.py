"""Shapes of a place under the light of an hour, each with its material and how far away it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np

from .palette import mix, tone

SKIES = {
    "day": ("#3f86dc", "#86bdf0", "#dcefff"),
    "dusk": ("#4f4a8f", "#e08a86", "#ffd59a"),
    "night": ("#0f1736", "#223266", "#4a5f96"),
}
"""Hour -> top, middle and horizon of its sky."""
MATERIALS = ("sky", "cloud", "leaves", "grass", "wall", "roof", "road", "wood", "glass", "cloth", "glow")
CODES = np.array([(k // 9 * 127, k // 3 % 3 * 127, k % 3 * 127) for k in range(0, 27, 2)], np.uint8)
"""A color for each material, far apart."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """A piece of a scene. kind: "base" is the thing; "shade" and "shine" lie on it, hard in paint, soft in a photo."""

    path: str
    fill: str
    material: str
    kind: str
    line: str
    width: float
    opacity: float
    far: float


@dataclass
class Canvas:
    """Shapes from the far to the near, in a square of 256, under the light of an hour."""

    hour: str
    random: Random
    shapes: list[Shape] = field(default_factory=list)

    def lit(self, color: str, far: float = 0.0) -> str:
        """What becomes of a color at this hour and at that distance, 0 to 1."""
        if self.hour == "dusk":
            color = mix(tone(color, -0.07, 0.95), "#e8845c", 0.26)
        elif self.hour == "night":
            color = mix(tone(color, -0.17, 0.75), "#1f2f66", 0.5)
        return mix(color, SKIES[self.hour][2 if self.hour != "night" else 1], 0.75 * far)

    def add(
        self, path: str, material: str, color: str, far: float = 0.0, kind: str = "base", line: float = 1.0,
        opacity: float = 1.0,
    ) -> None:  # fmt: skip
        glows = material in ("glow", "sky")
        fill = color if glows else self.lit(color, far)
        bare = kind != "base" or glows or material == "cloud"
        ink = "" if bare else mix(tone(fill, -0.34, 0.9, 300, 25), "#2a2340", 0.35)
        width = 0.0 if bare else 1.3 * line * (1 - 0.75 * far)
        self.shapes.append(Shape(path, fill, material, kind, ink, width, opacity, far))

    def blobs(self, spots: Sequence[tuple[float, float, float]], material: str, color: str, far: float = 0.0) -> None:
        """A crown or a cloud of round spots (x, y, radius): one outline around all, shade below, light above."""
        if material == "cloud":
            self.add(ovals(spots), material, tone(color, -0.09, 2.2, 262, 60), far)
            self.add(ovals((x - 0.1 * r, y - 0.22 * r, 0.9 * r) for x, y, r in spots), material, color, far, "shade")
            return
        left, right = min(x for x, _, _ in spots), max(x for x, _, _ in spots)
        middle = sum(y for _, y, _ in spots) / len(spots)
        for line in (2.0, 0.0):  # ink around all of it, then the fill again over the ink inside
            self.add(ovals(spots), material, tone(color, -0.12, 0.95, 250, 30), far, line=line)
        sunny = [
            (x - 0.1 * r, y - 0.2 * r, 0.86 * r)
            for x, y, r in spots
            if y < middle + 0.6 * r or x < left + 0.3 * (right - left)
        ]
        self.add(ovals(sunny), material, color, far, "shade")
        tips = [
            (x + 0.5 * r * (k - 1), y - (0.62 - 0.2 * abs(k - 1)) * r, 0.26 * r)
            for x, y, r in sunny
            if y < middle
            for k in range(3)
            if self.random.random() < 0.5
        ]
        self.add(ovals(tips), material, tone(color, 0.09, 1.0, 105, 25), far, "shine")

    def svg(self, how: str) -> str:
        """The scene as SVG: "anime" with ink, "bare" without any, "soft" without what lies on things.

        "labels" has a color for each material, "far" a gray for each distance.
        """
        out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><defs><linearGradient id="sky" x1="0"'
               ' y1="0" x2="0" y2="1">']  # fmt: skip
        out += [f'<stop offset="{at}" stop-color="{c}"/>' for at, c in zip((0, 0.45, 0.8), SKIES[self.hour])]
        out.append("</linearGradient></defs>")
        for shape in self.shapes:
            if how in ("soft", "labels", "far") and shape.kind != "base":
                continue
            fill, stroke = shape.fill, ""
            if how == "labels":
                fill = "#" + bytes(CODES[MATERIALS.index(shape.material)].tolist()).hex()
            elif how == "far":
                fill = mix("#000000", "#ffffff", shape.far)
            elif shape.fill == "sky":
                fill = "url(#sky)"
            if how == "anime" and shape.width:
                stroke = f' stroke="{shape.line}" stroke-width="{shape.width:.2f}" stroke-linejoin="round"'
            faint = f' opacity="{shape.opacity}"' if shape.opacity < 1 else ""
            out.append(f'<path d="{shape.path}" fill="{fill}"{stroke}{faint}/>')
        return "".join([*out, "</svg>"])


def polygon(points: Iterable[Point]) -> str:
    """A closed path through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def box(x: float, y: float, wide: float, high: float) -> str:
    return polygon([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)])


def ovals(spots: Iterable[tuple[float, float, float]]) -> str:
    """Circles as one path."""
    return "".join(
        f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0Z"
        for x, y, r in spots
    )
