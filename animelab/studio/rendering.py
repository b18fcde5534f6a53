"""A character becomes a drawing in the cel style, and an SVG becomes pixels."""

from __future__ import annotations

import hashlib
import io
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..errors import LabError
from . import palette as colors
from .accessories import glasses, headwear, ornaments
from .background import background
from .bangs import BANGS, bangs, outline
from .clothes import clothes
from .eyes import eyes
from .face import brows, ears, face, mouth, neck, nose
from .hair import hair
from .ink import Drawing, Pose, View

if TYPE_CHECKING:
    from .character import Character

VIEWS: dict[str, View] = {"bust": (-10.0, -10.0, 276.0), "face": (35.0, 31.0, 186.0)}
"""Framing -> left, top and side of the square of the drawing that is shown."""
RENDERERS = {"thorvg": "thorvg-python", "resvg": "resvg-py"}


def draw(character: Character) -> Drawing:
    """All shapes of a character from back to front."""
    c = character
    d = Drawing(dict(colors.build(c.hair_color, c.eye_color, c.skin, c.scheme, c.brightness, c.background)))
    d.palette.update((name, f"url(#{name})") for name in colors.GRADIENTS)
    pose = Pose(c.yaw, c.pitch)
    background(c, d)
    d.turns = True
    headwear(c, d, pose, "back")
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
    headwear(c, d, pose, "middle")
    bangs(c, d, pose)
    brows(c, d, pose, 0.4)
    headwear(c, d, pose, "front")
    ornaments(c, d, pose)
    return d


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
    data = text.encode()
    # The binding makes a ctypes array type per length and never frees it: whole blocks keep memory and speed flat.
    picture.load_data(data.ljust(-(-len(data) // 8192) * 8192), "svg", None, True)
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


def _distribution(renderer: str) -> str:
    if renderer not in RENDERERS:
        raise LabError(f"There is no renderer {renderer!r}; choose one of {', '.join(RENDERERS)}.")
    return RENDERERS[renderer]


def rasterize(text: str, size: int = 256, renderer: str = "thorvg") -> np.ndarray:
    """Pixels of an SVG text: uint8 (size, size, 3) RGB.

    ThorVG is fast and comes with the package; resvg is an independent cross-check. Raises LabError for another name.
    """
    _distribution(renderer)
    return (_thorvg if renderer == "thorvg" else _resvg)(text, size)


def fingerprint(renderer: str = "thorvg") -> str:
    """A hash over the studio's source, the renderer, its version and the platform: the key of a cache of pixels."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted([*folder.glob("*.py"), *folder.glob("sketches/*")]):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    distribution = _distribution(renderer)
    digest.update(f"{renderer} {metadata.version(distribution)} {platform.system()} {platform.machine()}".encode())
    return digest.hexdigest()[:16]
