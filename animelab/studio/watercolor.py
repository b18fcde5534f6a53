"""The same drawing as paint on paper: colored pencil, thin washes that pool at their edges. Taught in 02_studio."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from . import palette as colors
from . import rendering
from .ink import Drawing, Shape, stroked
from .traits import Traits

GRADIENTS: dict[str, tuple[str, str, str]] = {}


class Painting(Drawing):
    """A drawing in thin colored pencil."""

    def color(self, shape: Shape) -> str:
        fill = self.palette[shape.fill] if shape.fill else "none"
        line = self.palette[shape.line] if shape.line else ""
        return stroked(shape.path, fill, line, 0.55 * shape.width, shape.opacity)


def draw(c: Traits) -> Drawing:
    """The cel drawing with lighter colors and soft lines."""
    d = rendering.draw(c)
    palette = dict(d.palette)
    for role, color in palette.items():
        if color.startswith("#"):
            lined = role.endswith("_line") or role in ("lash", "brow", "pupil", "frame", "metal")
            palette[role] = colors.tone(color, 0.13 if lined else 0.05, 1.0 if lined else 1.08)
    return Painting(palette, d.shapes, d.clips, d.landmarks)


def finish(pixels: np.ndarray, c: Traits, labels: np.ndarray, surface: np.ndarray, names: dict[str, int]) -> np.ndarray:
    """Edges that wander, washes that run and pool, grain of the paper, a white border: uint8 (S, S, 3)."""
    size = len(pixels)
    unit = size / 256
    rng = np.random.default_rng(c.seed)

    def noise(scale: float) -> np.ndarray:
        field = gaussian_filter(
            rng.standard_normal((size, size)).astype(np.float32), max(0.5, scale * unit), mode="wrap"
        )
        return field / (field.std() + 1e-6)

    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    wander = [y + 1.1 * unit * noise(7), x + 1.1 * unit * noise(7)]
    paint = 1 - np.stack(
        [map_coordinates(pixels[..., k] / 255.0, wander, order=1, mode="nearest") for k in range(3)], -1
    )
    moved = map_coordinates(labels, wander, order=0, mode="nearest")
    inside = np.ones_like(moved, bool)
    for axis in (0, 1):
        inside &= moved == np.roll(moved, 1, axis)
    pooled = np.exp(-distance_transform_edt(inside) / (2.2 * unit))
    ran = gaussian_filter(paint, (2.5 * unit, 2.5 * unit, 0)) * 0.25 + paint * 0.75
    density = 0.78 + 0.13 * noise(18) + 0.05 * noise(5) + 0.35 * pooled * (moved != names["background"])
    background = moved == names["background"]
    density = np.where(background, density * 0.75, density)
    paper = 0.985 + 0.011 * noise(0.9) + 0.008 * noise(2.2)
    border = np.minimum(np.minimum(x, size - 1 - x), np.minimum(y, size - 1 - y)) / unit + 5 * noise(9)
    density = density * np.where(background, np.clip((border - 10) / 5, 0, 1), np.clip((border + 4) / 5, 0, 1))
    grain = 1 + 0.06 * noise(0.8)
    picture = paper[..., None] * (1 - np.clip(ran * (density * grain)[..., None], 0, 1))
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
