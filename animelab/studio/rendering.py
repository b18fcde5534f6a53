"""A character becomes an SVG, and an SVG becomes pixels."""

from __future__ import annotations

import hashlib
import io
import platform
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..errors import LabError
from . import palette as colors
from .accessories import animal_ears, glasses, headwear, headwear_back, ornaments
from .background import background
from .bangs import BANGS, bangs, outline
from .clothes import clothes
from .eyes import eyes
from .face import brows, ears, face, mouth, neck, nose
from .hair import hair
from .ink import Drawing, Pose

if TYPE_CHECKING:
    from .character import Character

VIEWS = {"bust": (-10.0, -10.0, 276.0), "face": (36.0, 30.0, 184.0)}
"""Framing -> left, top and side of the square of the drawing that is shown."""
RENDERERS = {"thorvg": "thorvg-python", "resvg": "resvg-py"}


def draw(character: Character) -> Drawing:
    """All shapes of a character from back to front."""
    c = character
    d = Drawing(dict(colors.build(c.hair_color, c.eye_color, c.skin, c.scheme, c.brightness, c.background)))
    for role in ("back_fill", "hair_fill", "bangs_fill", "lock_fill", "face_fill", "neck_fill", "iris_fill", "glow_fill", "blush_fill", "cloth_fill", "straw_fill", "scene_fill"):
        d.palette[role] = f"url(#{role})"
    pose = Pose(c.yaw, c.pitch)
    background(c, d)
    d.turns = True
    headwear_back(c, d, pose)
    hair(c, d, pose, "back")
    d.turns = False
    neck(c, d, pose)
    clothes(c, d, pose)
    d.turns = True
    hair(c, d, pose, "middle")
    ears(c, d, pose)
    face(c, d, pose)
    cast = Pose(pose.yaw * 0.8, pose.pitch + 2.8).pen(4.0)
    d.add("face", outline(cast, BANGS[c.bangs]), "skin_shade", clip="face")
    nose(c, d, pose)
    mouth(c, d, pose)
    eyes(c, d, pose)
    brows(c, d, pose)
    glasses(c, d, pose)
    hair(c, d, pose, "front")
    animal_ears(c, d, pose)
    bangs(c, d, pose)
    brows(c, d, pose, 0.4)
    headwear(c, d, pose)
    ornaments(c, d, pose)
    return d


def _gradients(p: dict[str, str]) -> str:
    down = 'x1="0" y1="0" x2="0" y2="1"'
    head = 'cx="104" cy="62" r="128" gradientUnits="userSpaceOnUse"'
    return "".join(
        (
            colors.gradient("bangs_fill", [(0, p["hair_light"], 1), (0.55, p["hair"], 1), (1, p["hair_shade"], 1)], head, "radial"),
            colors.gradient("lock_fill", [(0, p["hair"], 1), (0.7, p["hair"], 1), (1, p["hair_light"], 1)], down),
            colors.gradient("back_fill", [(0, p["hair"], 1), (0.25, p["hair_shade"], 1), (0.5, p["hair_deep"], 1), (1, p["hair_shade"], 1)], down),
            colors.gradient("scene_fill", [(0, p["back"], 1), (1, p["back_end"], 1)], 'x1="0" y1="0" x2=".3" y2="1"'),
            colors.gradient("face_fill", [(0, p["skin"], 1), (0.55, p["skin"], 1), (0.78, p["skin_light"], 1), (1, p["skin"], 1)], down),
            colors.gradient("neck_fill", [(0, p["skin_shade"], 1), (0.2, p["skin_shade"], 1), (0.36, p["skin"], 1), (1, p["skin"], 1)], down),
            colors.gradient("iris_fill", [(0, p["iris_top"], 1), (0.42, p["iris"], 1), (1, p["iris_glow"], 1)], down),
            colors.gradient("glow_fill", [(0, p["hair_glow"], 0), (0.3, p["hair_glow"], 0.9), (0.66, p["hair_glow"], 0.85), (1, p["hair_glow"], 0)], 'x1="0" y1="0" x2="1" y2=".15"'),
            colors.gradient("blush_fill", [(0, p["blush"], 0.7), (1, p["blush"], 0)], "", "radial"),
            colors.gradient("cloth_fill", [(0, p["cloth_light"], 1), (0.5, p["cloth"], 1), (1, p["cloth_shade"], 1)], down),
            colors.gradient("straw_fill", [(0, p["straw"], 1), (1, p["straw_shade"], 1)], down),
        )
    )  # fmt: skip


def svg(character: Character) -> str:
    """The character as an SVG text, the same bytes everywhere."""
    drawing = draw(character)
    return drawing.svg(VIEWS[character.framing], character.roll, _gradients(drawing.palette))


@lru_cache(maxsize=1)
def _engine() -> Any:
    import thorvg_python

    return thorvg_python.Engine(threads=0)


def _thorvg(text: str, size: int) -> np.ndarray:
    import thorvg_python

    engine = _engine()
    canvas = thorvg_python.SwCanvas(engine)
    canvas.set_target(size, size)
    picture = thorvg_python.Picture(engine)
    picture.load_data(text.encode(), "svg", None, True)
    picture.set_size(size, size)
    canvas.add(picture)
    canvas.update()
    canvas.draw(True)
    canvas.sync()
    pixels = np.asarray(canvas.get_pillow().convert("RGB")).copy()
    canvas.destroy()
    return pixels


def _resvg(text: str, size: int) -> np.ndarray:
    import resvg_py

    data = resvg_py.svg_to_bytes(svg_string=text, width=size, height=size, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(data))) as image:
        return np.asarray(image.convert("RGB")).copy()


def render(character: Character | str, size: int = 256, renderer: str = "thorvg") -> np.ndarray:
    """Pixels of a character or of an SVG text: uint8 (size, size, 3) RGB.

    ThorVG is fast and comes with the package; resvg is an independent cross-check. Raises LabError for another name.
    """
    if renderer not in RENDERERS:
        raise LabError(f"There is no renderer {renderer!r}; choose one of {', '.join(RENDERERS)}.")
    text = character if isinstance(character, str) else svg(character)
    return (_thorvg if renderer == "thorvg" else _resvg)(text, size)


def contact_sheet(characters: Sequence[Character], columns: int = 8, size: int = 128) -> np.ndarray:
    """Characters side by side: uint8 (rows * size, columns * size, 3), white where a row is not full."""
    rows = -(-len(characters) // columns)
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for i, character in enumerate(characters):
        y, x = i // columns * size, i % columns * size
        sheet[y : y + size, x : x + size] = render(character, size)
    return sheet


def fingerprint(renderer: str = "thorvg") -> str:
    """A hash over the studio's source, the renderer with its version, and the platform: the key of a cache of pixels."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    distribution = RENDERERS[renderer]
    digest.update(f"{renderer} {metadata.version(distribution)} {platform.system()} {platform.machine()}".encode())
    return digest.hexdigest()[:16]
