"""A picture that changes while you look at it, and the panel around it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
from PIL import Image

from animelab.data.paper import on_white
from animelab.errors import LONGEST, LabError, shown
from animelab.files import SMALLEST, opened
from animelab.viz import image_tag

CSS = """
.animelab .widget-html-content { line-height: 1.5; height: auto; }
.animelab .animelab-caption { min-height: 24px; opacity: 0.85; }
.animelab :is(button, input, .noUi-handle):focus-visible { outline: 2px solid #0072B2; }
.animelab .animelab-left { margin: 0 24px 0 0; }
.animelab .animelab-end { width: 48px; height: 48px; margin: 2px 16px 2px 6px; outline: 1px dashed #80808099; }
"""


class Picture(ipywidgets.HTML):
    """A live picture with alt text.

    An <img> inside an HTML widget and not an Image widget, whose <img> has no alt text in any version of ipywidgets.
    """

    def __init__(self, width: int, name: str = "picture") -> None:
        super().__init__()
        self.width = width  # in CSS pixels
        self.add_class(f"animelab-{name}")

    def show(self, pixels: np.ndarray, alt: str) -> None:
        """Show uint8 (H, W, 3) RGB, as JPEG: 0.3 ms at 256 px where PNG takes 15."""
        self.value = image_tag(pixels, alt, self.width, "jpeg", quality=92, subsampling=0)


class Words(ipywidgets.HTML):
    """A line of text, in which nothing is taken for HTML: names come from files, arguments and learners."""

    def say(self, words: object, before: str = "", after: str = "") -> None:
        """Show the words; only `before` and `after` are HTML."""
        self.value = f"{before}{escaped(words)}{after}"


def escaped(words: object) -> str:
    """Text from anywhere as HTML that shows it."""
    return html.escape(shown(words, LONGEST), quote=False)


def label(words: str) -> str:
    """Text from anywhere as the description of a control, which ipywidgets 7 takes for HTML and 8 does not."""
    return escaped(words) if ipywidgets.__version__.startswith("7") else shown(words, LONGEST)


class Panel(ipywidgets.VBox):
    """A widget that leaves a static picture where no kernel answers: on GitHub, in print, in a converted page."""

    def __init__(self, name: str, *parts: ipywidgets.Widget) -> None:
        style = ipywidgets.HTML(f"<style>{CSS}</style>", layout={"display": "none"})
        super().__init__([style, *parts])
        self.add_class("animelab")
        self.add_class(f"animelab-{name}")

    def still(self) -> tuple[str, str]:
        """The present state as (HTML, plain text)."""
        raise NotImplementedError

    def bundle(self) -> dict[str, Any]:
        """The live widget and its still, of which a viewer shows the first it can; for ipywidgets 7 and 8 alike."""
        markup, text = self.still()
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        text = shown(text, LONGEST)
        return {"application/vnd.jupyter.widget-view+json": view, "text/html": markup, "text/plain": text}

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return self.bundle()


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


def next_place(folder: Path) -> Path:
    """Where the folder has its next number free, such as folder/003; the folder is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = [int(path.stem) for path in folder.iterdir() if path.stem.isdecimal()]
    except OSError as problem:
        raise LabError(f"{folder} cannot be written ({problem.strerror}); give another.") from problem
    return folder / f"{max(taken, default=0) + 1:03}"


def sent_picture(content: bytes, longest: int) -> np.ndarray:
    """A picture that a person gave: uint8 (H, W, 3), white where it is transparent.

    Raises LabError for anything but a picture as in `files.opened`, with sides of 16 to `longest` pixels.
    """
    return np.asarray(opened(content, (SMALLEST, longest))[0])


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
