"""Places in two renderings of the same geometry: painted for an anime, or as a camera might see them.

Taught in 09_cartoongan.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from ..errors import LabError, shown
from ..limits import CHARACTERS, PIXELS, whole
from .canvas import CODES, MATERIALS, SKIES, Canvas
from .places import PLACES
from .raster import rasterize

HOURS = tuple(SKIES)
_ROUGH = {"cloud": 3.4, "leaves": 2.6, "grass": 1.6, "road": 0.5, "cloth": 0.7}  # how far a photo's edges wander
_GRAIN = {"leaves": 0.34, "grass": 0.24, "road": 0.11, "wall": 0.05, "roof": 0.14, "wood": 0.10, "cloth": 0.05}


@dataclass(frozen=True)
class Scene:
    """One place at one hour; two scenes that are equal are drawn equal, to the last pixel."""

    place: str
    hour: str = "day"
    seed: int = 0

    def __post_init__(self) -> None:
        for value, known in ((self.place, PLACES), (self.hour, HOURS)):
            if not isinstance(value, str) or value not in known:
                raise LabError(f"There is no '{shown(value)}'; choose one of {', '.join(known)}.")
        object.__setattr__(self, "seed", whole("seed", self.seed, CHARACTERS))

    @classmethod
    def random(cls, seed: int) -> Scene:
        """Any place, by day in two of four."""
        random = Random(whole("seed", seed, CHARACTERS))
        return cls(random.choice(list(PLACES)), random.choice(("day", "day", "dusk", "night")), seed)


def build(scene: Scene) -> Canvas:
    """All shapes of a scene."""
    canvas = Canvas(scene.hour, Random(f"{scene.place} {scene.seed}"))
    PLACES[scene.place](canvas)
    return canvas


def paint(scene: Scene, size: int = 256, style: str = "anime") -> np.ndarray:
    """A scene as uint8 (size, size, 3): "anime", flat colors and ink, or "photo", the same place before a camera.

    Raises LabError for another style.
    """
    if style not in ("anime", "photo"):
        raise LabError(f"A scene can be had as 'anime' or as 'photo', not as '{style}'.")
    if not isinstance(scene, Scene):
        raise LabError(f"What is painted is a Scene, such as Scene.random(3), not {shown(repr(scene))}.")
    size = whole("size", size, PIXELS)
    canvas = build(scene)
    return rasterize(canvas.svg("anime"), size) if style == "anime" else _photo(canvas, scene, size)


def _photo(canvas: Canvas, scene: Scene, size: int) -> np.ndarray:
    """Soft shading, edges and surfaces as rough as their material, haze, a lens and a sensor."""
    unit = size / 256
    rng = np.random.default_rng(scene.seed)

    def noise(scale: float, tall: float = 1.0) -> np.ndarray:
        field = rng.standard_normal((size, size)).astype(np.float32)
        field = gaussian_filter(field, (max(0.5, scale * tall * unit), max(0.5, scale * unit)), mode="wrap")
        return field / (field.std() + 1e-6)

    plain, shaded = (rasterize(canvas.svg(how), size).astype(np.float32) / 255 for how in ("soft", "bare"))
    codes = rasterize(canvas.svg("labels"), size).astype(int)
    material = np.abs(codes[:, :, None] - CODES[: len(MATERIALS)].astype(int)).sum(-1).argmin(-1)

    def by_material(values: dict[str, float]) -> np.ndarray:
        table = np.array([values.get(name, 0.0) for name in MATERIALS], np.float32)
        return gaussian_filter(table[material], 1.0 * unit)

    near = 1 - rasterize(canvas.svg("far"), size)[..., 0] / np.float32(255)
    rough = by_material(_ROUGH) * unit * near
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    wander = [y + rough * (noise(2.2) + 0.6 * noise(6)), x + rough * (noise(2.2) + 0.6 * noise(6))]
    soft = plain * 0.25 + gaussian_filter(shaded, (1.6 * unit, 1.6 * unit, 0)) * 0.75
    crisp = np.where(
        np.isin(material, [MATERIALS.index(n) for n in ("glass", "glow", "wood", "wall", "roof", "road")])[..., None],
        shaded,
        soft,
    )
    picture = np.stack([map_coordinates(crisp[..., k], wander, order=1, mode="nearest") for k in range(3)], -1)

    grain = by_material(_GRAIN) * near
    clumps = 0.5 * noise(0.9) + 0.35 * noise(2.5) + 0.35 * noise(0.7, 3.0)
    sun = 1 + 0.05 * noise(40)
    picture = picture * (1 + grain * clumps * 0.62)[..., None] * sun[..., None]
    gray = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    picture = gray[..., None] + (picture - gray[..., None]) * 0.72  # a camera sees less color than an illustrator
    glow = gaussian_filter(by_material({"glow": 1.0})[..., None] * picture, (5 * unit, 5 * unit, 0))
    picture = np.clip(picture, 0, 1) ** 1.12 + 0.8 * glow
    picture = gaussian_filter(picture, (0.35 * unit, 0.35 * unit, 0))
    vignette = 1.05 - 0.34 * (np.square(x / size - 0.5) + np.square(y / size - 0.5))[..., None]
    sensor = rng.standard_normal(picture.shape).astype(np.float32) * (0.03 if scene.hour == "night" else 0.014)
    return (np.clip(picture * vignette + sensor, 0, 1) * 255).round().astype(np.uint8)
