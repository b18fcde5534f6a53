"""Light on a drawing: flat shapes are inflated like balloons, and what has a surface can be lit from anywhere.

The idea is old (Johnston 2002, "Lumo"): a drawn outline says where a surface turns away. Taught in 02_studio.
"""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter, minimum_filter
from scipy.sparse import coo_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg

from ..errors import LabError

Map = np.ndarray
LIGHT = (-0.55, 0.6, 0.6)
"""The direction to the default light: x to the right, y up, z to the viewer."""


def _around(values: Map) -> tuple[Map, Map, Map, Map]:
    """The neighbors below, above, right and left of each pixel; -1 outside the picture."""
    wide = np.pad(values, 1, constant_values=-1)
    return wide[2:, 1:-1], wide[:-2, 1:-1], wide[1:-1, 2:], wide[1:-1, :-2]


def _swell(regions: Map, reach: float) -> tuple[Map, Map]:
    """Squared heights u, laplace(u) - u / reach^2 = -4 and u = 0 at borders, and normals times the root of u."""
    size, inside, u = len(regions), regions > 0, np.zeros(regions.shape)
    if size >= 64:  # the half-size answer is almost the answer: a cascade (Bornemann and Deuflhard 1996)
        u = inside * 4 * _swell(regions[::2, ::2], reach / 2)[0].repeat(2, 0).repeat(2, 1)[:size, :size]
    joined = [inside & (other == regions) for other in _around(regions)]
    ends = [~inside | ((other >= 0) & (other < regions)) for other in _around(regions)]  # what is behind goes on unseen
    main = np.sum(joined, 0) + 2 * np.sum(ends, 0) + 1 / reach**2
    down, right = (-joined[0].ravel()[:-size].astype(float), -joined[2].ravel()[:-1].astype(float))
    matrix = diags([main.ravel(), right, right, down, down], [0, 1, -1, size, -size], format="csr")
    u = cg(matrix, 4.0 * inside.ravel(), u.ravel(), maxiter=24 if size >= 64 else 80)[0].reshape(u.shape).clip(0)
    down, up, right, left = (np.where(j, v, np.where(e, -u, u)) for v, j, e in zip(_around(u), joined, ends))
    return u, np.stack([(left - right) / 4, (down - up) / 4, np.sqrt(u)], -1)


def inflate(regions: Map, reach: float = 1e4) -> Map:
    """Heights in pixels over a map of regions, float32 (S, S): each rises from its border, a disc to half a ball.

    regions: int (S, S), 0 is flat background; a larger number lies in front. Nothing rises above twice the reach.
    """
    return np.sqrt(_swell(regions, reach)[0]).astype(np.float32)


def _merged(regions: Map, ink: Map) -> Map:
    """Regions whose seam is mostly not drawn become one: what has no line has no fold."""
    near, count = minimum_filter(ink, 3) < 200, int(regions.max()) + 1
    pairs = [(regions[1:], regions[:-1], near[1:]), (regions[:, 1:], regions[:, :-1], near[:, 1:])]
    a, b, drawn = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*pairs))
    seam = (a != b) & (a > 0) & (b > 0)
    known, which = np.unique(np.minimum(a, b)[seam] * count + np.maximum(a, b)[seam], return_inverse=True)
    bare = known[2 * np.bincount(which, drawn[seam], len(known)) < np.bincount(which, minlength=len(known))]
    _, group = connected_components(coo_matrix((np.ones(len(bare)), (bare // count, bare % count)), (count, count)))
    front = np.zeros(count, int)
    np.maximum.at(front, group, np.arange(count))
    return front[group][regions]


def _unit(vectors: Map, blur: float = 0.0) -> Map:
    vectors = gaussian_filter(vectors, (blur, blur, 0)) if blur else vectors
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _egg(mask: Map, tall: float) -> Map:
    """Normals on the pixels of a mask as on the lower part of an egg, `tall` times as high as wide."""
    row, column = np.nonzero(mask)
    left, right = np.percentile(column, (1, 99))
    wide = 0.64 * (right - left + 1)
    x, y = ((column - (left + right) / 2) / wide, (row.max() - row) / (tall * wide) - 0.78)
    return _unit(np.stack([x, y / tall, np.sqrt(np.clip(1 - x * x - y * y, 0.04, 1))], -1))


def normals(regions: Map, groups: Map, face: Map, ink: Map | None = None) -> Map:
    """Unit vectors of the surface, float32 (S, S, 3): x to the right, y up, z to the viewer.

    regions: a number for every lock and piece of cloth, from back to front; groups: 1 the head, 2 the neck, 3 the body,
    which give the large forms; both int (S, S) with 0 for the background. face: bool (S, S), a part of the head with a
    form of its own. ink: uint8 (S, S), the lines: pieces with none between them grow together.
    """
    unit = len(regions) / 256
    form = _unit(_swell(np.where(groups > 0, 4 - groups, 0), 30 * unit)[1], 2 * unit)
    fine = _unit(_swell(regions if ink is None else _merged(regions, ink), 8 * unit)[1], 0.8 * unit)
    weight = np.full(groups.shape, 0.5)
    for mask, tall, relief in ((face, 1.3, 0.0), (groups == 2, 8.0, 0.1)):
        if mask.any():
            form[mask], weight[mask] = _egg(mask, tall), relief
    form[..., :2] += weight[..., None] * fine[..., :2]
    form[groups == 0] = (0, 0, 1)
    return _unit(form).astype(np.float32)


def brightness(surface: Map, light: Sequence[float] = LIGHT) -> Map:
    """How squarely the light falls on normals (S, S, 3), Lambert's cosine: float32 (S, S) from 0 to 1.

    Raises LabError for a light without a direction.
    """
    direction = np.asarray(light, np.float32)
    length = float(np.linalg.norm(direction))
    if direction.shape != (3,) or not np.isfinite(length) or length == 0:
        raise LabError(f"A light is a direction of three numbers, not all 0, such as {LIGHT}; not {tuple(light)}.")
    return np.clip(surface @ (direction / length), 0, 1)


def relight(flat: Map, ink: Map, surface: Map, figure: Map, light: Sequence[float] = LIGHT, tones: int = 3) -> Map:
    """Flat colors under a light, with the ink on top: uint8 (S, S, 3).

    flat, ink: uint8 (S, S, 3); surface: normals (S, S, 3); figure: bool (S, S), what the light falls on; tones: steps
    of the shading, as cel animators paint it (0: smooth). A light from the viewer leaves the flat colors as they are.
    """
    color, cosine = flat / np.float32(255), brightness(surface, light)
    steps = np.arange(0.5, tones - 1) / max(1, tones - 1)  # the soft edges between the tones
    lit = np.mean([np.clip((cosine - 0.42 * s) * 16 + 0.5, 0, 1) for s in steps], 0) if tones > 1 else cosine**0.6
    rim = 0.25 * np.clip(1.6 - 5 * surface[..., 2], 0, 1) * cosine  # where the form turns away, to the light
    rich = 0.3 + 0.7 * color / np.maximum(color.max(-1, keepdims=True), 1e-3)  # a shadow on skin is warm,
    shade = color * rich * np.array([0.78, 0.70, 0.85], np.float32)  # on white it is cool
    toned = shade + (color - shade) * lit[..., None] + rim[..., None]
    return (np.clip(np.where(figure[..., None], toned, color) * (ink / 255), 0, 1) * 255).round().astype(np.uint8)
