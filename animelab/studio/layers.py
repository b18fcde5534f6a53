"""Layers of one character, aligned to the pixel: each shape knows what it is, so a layer is a choice of paint.

Taught in 02_studio.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import cos, radians, sin
from random import Random

import numpy as np

from ..errors import LabError, shown
from ..files import MOST_PIXELS
from ..limits import PIXELS, number, whole
from . import light, palette, portrait, rendering, watercolor
from .ink import NECK, Drawing, Pose, Shape, stroked
from .raster import rasterize
from .traits import Traits

MODULES = {"portrait": portrait, "watercolor": watercolor}
STYLES = ("cel", *MODULES)
"""Cel animation (the default), a stand-in for a photograph, and paint on paper."""
LAYERS = ("color", "flat", "line", "sketch", "segmentation", "shade", "normal", "alpha")
"""What `render` can draw of a character; only "color" exists in every style, the others belong to its drawing."""
PARTS = {
    "background": ("background",), "hair": ("hair", "bangs"), "face": ("face",), "ear": ("ear",), "neck": ("neck",),
    "brow": ("brow",), "eye": ("eye", "lash"), "iris": ("iris",), "nose": ("nose",), "mouth": ("mouth",),
    "clothes": ("clothes",), "ribbon": ("ribbon",), "hat": ("hat",), "animal ears": ("animal ears",),
    "headphones": ("headphones",), "glasses": ("glasses",), "pin": ("pin",),
}  # fmt: skip
"""Name of a label -> the parts of a drawing that carry it."""
LABELS = {name: number for number, name in enumerate(PARTS)}
"""Name -> number in a segmentation."""
LABEL_COLORS = (
    "#f2f0e9", "#332288", "#eec8a8", "#d9a784", "#c98f6b", "#661100", "#ffffff", "#0077bb", "#aa4466", "#cc3311",
    "#44aa99", "#ee3377", "#999933", "#ddcc77", "#777777", "#000000", "#ee7733",
)  # fmt: skip
"""Number -> color in pictures of a segmentation, after Paul Tol's palettes for color-blind readers."""

_LABEL_OF = {part: LABELS[name] for name, parts in PARTS.items() for part in parts}
_BASES = {
    "bangs_fill": "hair", "lock_fill": "hair", "back_fill": "hair", "hair_shade": "hair", "face_fill": "skin",
    "neck_fill": "skin", "iris_fill": "iris", "cloth_fill": "cloth", "straw_fill": "straw", "scene_fill": "back",
}  # fmt: skip
_INK, _PAPER, _PENCIL, _GUIDE = "#1d1b22", "#ffffff", "#34323b", "#8fa3c4"


@lru_cache(maxsize=1024)
def _kind(part: str, fill: str, line: str, opacity: float) -> str:
    """See `kind`."""
    if opacity < 0.61 or part in ("light", "blush") or fill in ("glow_fill", "eye_shadow", "dim_fill", "gleam_fill"):
        return "shading"
    if line:
        return "piece" if fill else "edge"
    if fill in ("lash", "brow", "pupil", "frame") or fill == "mouth_line":
        return "ink"
    if re.search("_(line|strand|thin|dark)$", fill) or (fill == "skin_deep" and opacity == 1.0):
        return "crease"
    return "shading" if re.search("_(shade|glow|light|deep)$", fill) else "patch"


def kind(shape: Shape) -> str:
    """ "piece" (outlined), "patch" (a color without outline), "ink", "crease", "edge" (outline only) or "shading"."""
    return _kind(shape.part, shape.fill, shape.line, shape.opacity)


def _flat(d: Drawing) -> Callable[[Shape], str]:
    colors = {role: d.palette[_BASES.get(role, role)] for role in d.palette}

    def paint(shape: Shape) -> str:
        what = kind(shape)
        if what in ("piece", "patch", "ink"):
            return stroked(shape.path, colors[shape.fill])
        seen = what == "edge" and shape.part == "glasses"
        return stroked(shape.path, "none", colors[shape.line], shape.width) if seen else ""

    return paint


def _line(shape: Shape) -> str:
    if shape.part == "background":
        return stroked(shape.path, _PAPER)
    what = kind(shape)
    if what == "piece":  # the paper lies up and to the left of the ink: lines swell on the side that light leaves
        shift = 0.2 * min(shape.width, 1.8)
        swell = stroked(shape.path, _INK, _INK, 0.9 * shape.width)
        return f'{swell}<path d="{shape.path}" fill="{_PAPER}" transform="translate(-{shift:.2f} -{shift:.2f})"/>'
    if what == "edge":
        return stroked(shape.path, "none", _INK, 0.8 * shape.width)
    if what in ("ink", "crease"):
        return stroked(shape.path, _INK)
    if what == "patch":
        plain = shape.part in ("eye", "mouth", "bangs", "hair", "face") and shape.fill != "lips_fill"
        return stroked(shape.path, _PAPER) if plain else stroked(shape.path, _PAPER, _INK, 0.6)
    return stroked(shape.path, _PAPER) if shape.part == "light" and shape.fill == "white" else ""


def _sketch(c: Traits, d: Drawing) -> Callable[[Shape], str]:
    """Three wobbly passes of a pencil over every outline, and the circle and the cross a head begins with."""
    random, pen, d.turns = Random(c.seed * 8 + 5), Pose(c.yaw, c.pitch).pen(6.0), True
    d.add("guide", pen.ellipse(0, 106, 58, 70), line="guide")
    d.add("guide", pen.curve([(0, 30), (9 * c.yaw, 128), (2 * c.yaw, 198)], closed=False), line="guide")
    d.add("guide", pen.curve([(-60, 134), (0, 141 + 9 * c.pitch), (60, 134)], closed=False), line="guide")
    waves = [[random.uniform(0, 6.3) for _ in range(4)] for _ in range(3)]

    def wobble(path: str, wave: list[float]) -> str:
        numbers = [float(text) for text in re.findall(r"-?\d+\.?\d*", path)]
        moved = []
        for x, y in zip(numbers[::2], numbers[1::2]):
            moved.append(x + 1.2 * sin(0.07 * y + wave[0]) + 0.8 * sin(0.19 * x + wave[1]))
            moved.append(y + 1.2 * sin(0.07 * x + wave[2]) + 0.8 * sin(0.19 * y + wave[3]))
        rest = iter(moved)
        return re.sub(r"-?\d+\.?\d*", lambda _: f"{next(rest):.1f}", path)

    def paint(shape: Shape) -> str:
        what = kind(shape)
        if shape.part == "background":
            return stroked(shape.path, _PAPER)
        if shape.part == "guide":
            return stroked(wobble(shape.path, waves[0]), "none", _GUIDE, 1.0, 0.55)
        if what == "shading" or (what == "patch" and shape.part == "mouth"):
            return ""
        if what in ("ink", "crease"):
            return stroked(wobble(shape.path, waves[0]), _PENCIL, _PENCIL, 0.4, 0.75)
        paper = stroked(shape.path, _PAPER) if shape.fill else ""
        if what == "patch" and shape.part in ("bangs", "hair", "face"):
            return paper
        return paper + "".join(stroked(wobble(shape.path, wave), "none", _PENCIL, 0.9, 0.42) for wave in waves)

    return paint


def svg(character: Traits, layer: str = "color", style: str = "cel") -> str:
    """A vector layer ("color", "flat", "line" or "sketch") as an SVG text, the same bytes everywhere."""
    d = _draw(character, style)
    view = rendering.VIEWS[character.framing]
    if layer == "color":
        return d.svg(
            view, character.roll, palette.gradients(d.palette, MODULES[style].GRADIENTS if style in MODULES else None)
        )
    paints = {"flat": lambda: _flat(d), "line": lambda: _line, "sketch": lambda: _sketch(character, d)}
    if layer not in paints:
        raise LabError(f"The layer {layer!r} is not made of paths; choose one of color, {', '.join(paints)}.")
    return d.svg(view, character.roll, "", paint=paints[layer]())


def render(
    character: Traits, size: int = 256, layer: str = "color", style: str = "cel", renderer: str = "thorvg"
) -> np.ndarray:
    """One layer of a character in pixels; all layers of a style are aligned.

    Pictures are uint8 (size, size, 3) RGB; "segmentation" is int64 (size, size), numbers of `LABELS`; "shade" and
    "alpha" are uint8 (size, size); "normal" packs unit vectors from [-1, 1] into bytes. Raises LabError for an unknown
    layer or style. Taught in 02_studio.
    """
    size = whole("size", size, PIXELS)
    if not isinstance(layer, str) or layer not in LAYERS:
        raise LabError(f"There is no layer {shown(repr(layer))}; choose one of {', '.join(LAYERS)}.")
    if layer == "segmentation":
        return label_map(character, size, style)
    if layer == "alpha":
        return _mask(character, size, style, lambda shape: shape.part != "background")
    if layer == "normal":
        return ((normals(character, size, style) + 1) * 127.5).round().astype(np.uint8)
    if layer == "shade":
        return (light.brightness(normals(character, size, style)) * 255).round().astype(np.uint8)
    pixels = rasterize(svg(character, layer, style), size, renderer)
    if layer == "color" and style != "cel":
        labels, surface = label_map(character, size, style), normals(character, size, style)
        return MODULES[style].finish(pixels, character, labels, surface, LABELS)
    return pixels


def contact_sheet(
    characters: Sequence[Traits], columns: int = 8, size: int = 128, layer: str = "color", style: str = "cel"
) -> np.ndarray:
    """Characters side by side: uint8 (rows * size, columns * size, 3), white where a row is not full."""
    size, columns = whole("size", size, PIXELS), whole("columns", columns, (1, 100))
    rows = -(-len(characters) // columns) if isinstance(characters, Sequence) else 0
    if not 1 <= rows <= MOST_PIXELS // (columns * size**2):
        raise LabError(f"A sheet shows a list of characters in all of at most {MOST_PIXELS:,} pixels; give such a one.")
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for i, character in enumerate(characters):
        y, x = i // columns * size, i % columns * size
        picture = render(character, size, layer, style)
        picture = paint_labels(picture) if layer == "segmentation" else picture
        sheet[y : y + size, x : x + size] = picture if picture.ndim == 3 else picture[..., None]
    return sheet


def label_map(character: Traits, size: int = 256, style: str = "cel") -> np.ndarray:
    """The part that each pixel shows: int64 (size, size), numbers of `LABELS`."""

    def label(shape: Shape) -> int | None:
        what = kind(shape)
        seen = what in ("piece", "patch", "ink") or shape.part == "nose" or (shape.part, what) == ("glasses", "edge")
        return _LABEL_OF.get(shape.part) if seen and shape.opacity > 0.6 else None

    return _ids(character, size, style, label)


def regions(character: Traits, size: int = 256, style: str = "cel") -> np.ndarray:
    """The piece that each pixel belongs to, every lock and garment piece its own: int64 (size, size)."""
    count = iter(range(1, 10_000))

    def number(shape: Shape) -> int | None:
        if shape.part == "background":
            return 0
        return next(count) if kind(shape) == "piece" and shape.part not in ("iris", "mouth", "glasses") else None

    return _ids(character, size, style, number)


def _ids(character: Traits, size: int, style: str, number: Callable[[Shape], int | None]) -> np.ndarray:
    """A number per pixel without blends: drawn three times larger in code colors, of which only exact ones count."""
    codes, size = dict[int, int](), whole("size", size, PIXELS)

    def paint(shape: Shape) -> str:
        value = number(shape)
        if value is None:
            return ""
        code = Random(value).getrandbits(24)  # scattered: in an even row the blend of two codes would be a third
        codes[code] = value
        color = f"#{code:06x}"
        return stroked(shape.path, color) if shape.fill else stroked(shape.path, "none", color, shape.width)

    text = _draw(character, style).svg(rendering.VIEWS[character.framing], character.roll, "", paint=paint)
    rgb = rasterize(text, 3 * size).astype(np.int64)
    packed = (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]
    known = np.array(sorted(codes))
    place = np.searchsorted(known, packed).clip(max=len(known) - 1)
    values = np.where(known[place] == packed, np.array([codes[code] for code in known.tolist()])[place], -1)
    nine = values.reshape(size, 3, size, 3).transpose(1, 3, 0, 2).reshape(9, size, size)
    nine = nine[[4, 1, 3, 5, 7, 0, 2, 6, 8]]  # the middle first; on an edge, the nearest neighbor that is no blend
    chosen = np.take_along_axis(nine, (nine >= 0).argmax(0)[None], 0)[0]
    while (chosen < 0).any():  # finer than a third of a pixel all around
        chosen = np.where(chosen < 0, np.roll(chosen, 1, 1), chosen)
    return chosen


def _mask(character: Traits, size: int, style: str, wanted: Callable[[Shape], bool]) -> np.ndarray:
    def paint(shape: Shape) -> str:
        line = "#ffffff" if shape.line else ""
        return stroked(shape.path, "#ffffff" if shape.fill else "none", line, shape.width) if wanted(shape) else ""

    d = _draw(character, style)
    return rasterize(d.svg(rendering.VIEWS[character.framing], character.roll, "", paint=paint), size)[..., 0]


_GROUPS = np.array([{"background": 0, "neck": 2, "clothes": 3}.get(name, 1) for name in LABELS])  # 1 is the head
_FACE = [LABELS[name] for name in ("face", "brow", "eye", "iris", "nose", "mouth")]


def normals(character: Traits, size: int = 256, style: str = "cel") -> np.ndarray:
    """The surface of the inflated drawing: unit vectors float32 (size, size, 3), x right, y up, z to the viewer."""
    labels = label_map(character, size, style)
    ink = render(character, size, "line")[..., 0] if style == "cel" else None
    return light.normals(regions(character, size, style), _GROUPS[labels], np.isin(labels, _FACE), ink)


def lit(character: Traits, size: int = 256, toward: Sequence[float] = light.LIGHT, tones: int = 3) -> np.ndarray:
    """The character under another light: uint8 (size, size, 3); `toward` points to the light, see `light.relight`."""
    tones = whole("tones", tones, (0, 100))
    if np.shape(toward) != (3,):
        raise LabError(f"A light is a direction of three numbers, such as {light.LIGHT}, not {shown(repr(toward))}.")
    toward = [number("A light", each, (-1e6, 1e6)) for each in toward]
    flat, ink, labels = (render(character, size, layer) for layer in ("flat", "line", "segmentation"))
    face = np.isin(labels, [LABELS[name] for name in ("eye", "iris", "mouth")])
    flat = np.where(face[..., None], render(character, size), flat)  # eyes keep the lights that make them live
    figure = (labels != 0) & ~face
    return light.relight(flat, ink, normals(character, size), figure, toward, tones)


def part_mask(character: Traits, part: str, size: int = 256, style: str = "cel") -> np.ndarray:
    """All of a part, also where something hides it: bool (size, size)."""
    size = whole("size", size, PIXELS)
    return _mask(character, size, style, lambda shape: shape.part == part) > 127


def landmarks(character: Traits, size: int = 256, style: str = "cel") -> dict[str, tuple[float, float]]:
    """Named points of a face as (x, y) in pixels, (0, 0) the picture's upper left corner; left is left in the picture.

    A point may be hidden or lie outside the picture.
    """
    size = whole("size", size, PIXELS)
    left, top, side = rendering.VIEWS[character.framing]
    turn = radians(character.roll)
    found = {}
    for name, mark in sorted(_draw(character, style).landmarks.items()):  # in one order for all styles
        x, y = mark.x - NECK[0], mark.y - NECK[1]
        if mark.turns:
            x, y = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
        found[name] = ((x + NECK[0] - left) * size / side, (y + NECK[1] - top) * size / side)
    return found


def paint_labels(segmentation: np.ndarray) -> np.ndarray:
    """A segmentation in `LABEL_COLORS`: uint8 (H, W, 3) from int64 (H, W)."""
    labels = np.asarray(segmentation)
    if labels.dtype.kind not in "iu" or (labels.size and not 0 <= labels.min() <= labels.max() < len(LABELS)):
        raise LabError(f"A segmentation holds labels, whole numbers from 0 to {len(LABELS) - 1}; take render's.")
    colors = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in LABEL_COLORS]
    return np.array(colors, np.uint8)[labels]


def _draw(character: Traits, style: str) -> Drawing:
    if not isinstance(character, Traits):
        raise LabError(f"What is drawn is a Character, such as Character.random(3), not {shown(repr(character))}.")
    if style not in STYLES:
        raise LabError(f"There is no style {shown(repr(style))}; choose one of {', '.join(STYLES)}.")
    if style == "cel":
        return rendering.draw(character)
    return MODULES[style].draw(character)
