"""Light on a drawing: flat shapes are inflated like balloons, and what has a surface can be lit from anywhere.

The idea is old (Johnston 2002, "Lumo"): a drawn outline says where a surface turns away. Taught in 02_studio.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from ..errors import LabError

LIGHT = (-0.55, 0.6, 0.6)
"""The direction to the default light: x to the right, y up, z to the viewer."""


def inflate(regions: np.ndarray, radius: float) -> np.ndarray:
    """Heights in pixels over a map of regions (S, S): each rises from its border like a tube of that radius.

    Region 0 is the background and stays flat. A disc of exactly the radius becomes half a ball.
    """
    padded = np.pad(regions, 1, mode="edge")
    inside = padded != 0
    for axis in (0, 1):  # a pixel with another region beside it is border
        for shift in (1, -1):
            inside &= padded == np.roll(padded, shift, axis)
    depth = distance_transform_edt(inside)[1:-1, 1:-1]
    rest = 1 - np.minimum(depth, radius) / radius
    return radius * np.sqrt(1 - rest * rest)


def normals(regions: np.ndarray, groups: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Unit vectors of the surface, float32 (S, S, 3): x to the right, y up, z to the viewer.

    regions: a number for every lock and piece of cloth, which gives the fine relief; groups: a number for the head, the
    neck and the body, which gives the large forms; both int (S, S) with 0 for the background. face: bool (S, S), a part
    of the head with a form of its own, so that it looks at the viewer and not down.
    """
    unit = len(regions) / 256
    head, mask = (np.gradient(gaussian_filter(inflate(m, 64 * unit), 4 * unit)) for m in (groups, face.astype(int)))
    fine = np.gradient(gaussian_filter(inflate(regions, 11 * unit), 1.1 * unit))
    down, right = (0.85 * np.where(face, m, h) + 0.8 * f for h, m, f in zip(head, mask, fine))
    slope = np.hypot(down, right)
    gentle = np.tanh(slope / 1.6) * 1.6 / np.maximum(slope, 1e-9)  # no cliff where one lock ends on another
    found = np.stack([-right * gentle, down * gentle, np.ones_like(slope)], -1)
    found[groups == 0] = (0, 0, 1)
    return (found / np.linalg.norm(found, axis=-1, keepdims=True)).astype(np.float32)


def brightness(surface: np.ndarray, light: Sequence[float] = LIGHT) -> np.ndarray:
    """How squarely the light falls on normals (S, S, 3), Lambert's cosine: float32 (S, S) from 0 to 1.

    Raises LabError for a light without a direction.
    """
    return np.clip(_cosine(surface, light), 0, 1)


def _cosine(surface: np.ndarray, light: Sequence[float]) -> np.ndarray:
    direction = np.asarray(light, np.float32)
    length = float(np.linalg.norm(direction))
    if direction.shape != (3,) or not np.isfinite(length) or length == 0:
        raise LabError(f"A light is a direction of three numbers, not all 0, such as {LIGHT}; not {tuple(light)}.")
    return surface @ (direction / length)


def relight(
    flat: np.ndarray,
    ink: np.ndarray,
    surface: np.ndarray,
    figure: np.ndarray,
    light: Sequence[float] = LIGHT,
    tones: int = 3,
) -> np.ndarray:
    """Flat colors under a light, with the ink on top: uint8 (S, S, 3).

    flat, ink: uint8 (S, S, 3); surface: normals (S, S, 3); figure: bool (S, S), what the light falls on; tones: steps
    of the shading, as cel animators paint it (0: smooth). Shadows are cool, the light is warm.
    """
    lit = np.minimum(
        1, 1.35 * np.square(0.5 + 0.5 * _cosine(surface, light))
    )  # half Lambert creeps around: kind to faces
    if tones > 1:  # steps with a soft edge
        level = lit * tones
        step = np.floor(level)
        lit = (step + np.clip((level - step - 0.5) * 5 + 0.5, 0, 1)) / tones
    edge = np.clip(1.25 - 1.9 * surface[..., 2], 0, 1) * np.clip(lit * 2 - 0.9, 0, 1)  # where it turns to the light
    shadow, warm = np.array([0.66, 0.55, 0.68], np.float32), np.array([1.04, 1.02, 0.99], np.float32)
    color = flat / np.float32(255)
    toned = color * (shadow + (warm - shadow) * lit[..., None]) + 0.35 * edge[..., None]
    color = np.where(figure[..., None], toned, color) * (ink / np.float32(255))
    return (np.clip(color, 0, 1) * 255).round().astype(np.uint8)
