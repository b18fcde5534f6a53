"""Pictures on their way to a browser, and from one."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from animelab import zoo
from animelab.data.paper import on_white
from animelab.errors import LabError, shown
from animelab.files import SMALLEST, opened
from animelab.nn import enlarger
from animelab.viz import as_pixels


def enlarged(pictures: Any) -> np.ndarray:
    """Pictures as in `viz.grid`, twice as large by the bundled enlarger: uint8 (B, H, W, 3); for `viz.show`, too."""
    network = _enlarger()
    return np.stack([enlarger.enlarged(network, each) for each in as_pixels(pictures)])


@cache
def _enlarger() -> Any:
    return zoo.network("enlarger-2x").eval()


def function_of(model: Any) -> Callable[[Any], Any]:
    """What a translator, or a function of pictures, makes of them; LabError for what is neither."""
    translate = getattr(model, "translate", model)
    if isinstance(model, str) or not callable(translate):
        raise LabError(f"A model or a function is asked for, not {shown(repr(model))}; zoo.load opens one by its name.")
    return translate


def data_url(pixels: np.ndarray, kind: str = "PNG", **options: Any) -> str:
    """Pixels, uint8 (H, W, 3), as an address that a browser can show; kind and options as in Pillow's `Image.save`."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def within(pixels: np.ndarray, side: int) -> np.ndarray:
    """The picture, with sides of at most so many pixels."""
    image = Image.fromarray(pixels)
    image.thumbnail((side, side))
    return np.array(image)


def next_place(folder: Path, name: str = "") -> Path:
    """Where the folder has its next number free, such as folder/003; the folder is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [path.stem.removeprefix(name) for path in folder.glob(f"{name}*")]
    except OSError as problem:
        raise LabError(f"{folder} cannot be written ({problem.strerror}); give another.") from problem
    return folder / f"{name}{max((int(number) for number in numbers if number.isdecimal()), default=0) + 1:03}"


def sent_picture(content: bytes, longest: int) -> np.ndarray:
    """A picture that a person gave: uint8 (H, W, 3), white where it is transparent.

    Raises LabError for anything but a picture as in `files.opened`, with sides of 16 to `longest` pixels.
    """
    return np.array(opened(content, (SMALLEST, longest))[0])


def sent_drawing(content: bytes, longest: int) -> tuple[np.ndarray, str]:
    """The line drawing that a person gave, black on white whatever its paper, and what to say of it.

    Raises LabError as `sent_picture`.
    """
    drawing, words = on_white(*opened(content, (SMALLEST, longest)))
    return np.asarray(drawing), f"{words[:1].upper()}{words[1:]}." if words else ""


def sent_ink(url: str, longest: int, largest: int) -> tuple[Image.Image, Image.Image | None]:
    """What was drawn on a canvas, as in `files.opened`, of a data URL in at most `largest` characters."""
    if len(url) > largest:
        raise LabError(f"That drawing is too large ({len(url) * 3 // 4 / 1e6:.0f} MB); draw less.")
    try:
        content = base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError as problem:
        raise LabError("That picture did not arrive whole; open it again.") from problem
    return opened(content, (SMALLEST, longest))
