"""An SVG becomes pixels, by one of two renderers."""

from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LabError
from ..files import read
from ..limits import PIXELS, whole

RENDERERS = {"thorvg": "thorvg-python", "resvg": "resvg-py"}


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
    return np.asarray(read(bytes(data)).convert("RGB")).copy()


def _distribution(renderer: str) -> str:
    if not isinstance(renderer, str) or renderer not in RENDERERS:
        raise LabError(f"There is no renderer {renderer!r}; choose one of {', '.join(RENDERERS)}.")
    return RENDERERS[renderer]


def rasterize(text: str, size: int = 256, renderer: str = "thorvg") -> np.ndarray:
    """Pixels of an SVG text: uint8 (size, size, 3) RGB.

    ThorVG is fast and comes with the package; resvg is an independent cross-check. Raises LabError for another name,
    and for a size that cannot be.
    """
    _distribution(renderer)
    if not isinstance(text, str):
        raise LabError(f"An SVG is a text, not a {type(text).__name__}.")
    size = whole("size", size, (1, 3 * PIXELS[1]))  # a segmentation is drawn three times as large
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
