"""Draw and erase lines, and watch the color follow: a canvas for any translator. Taught in 04_pix2pix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import torch
import traitlets
from PIL import Image
from torch import Tensor

from animelab.nn import r3gan
from animelab.viz import as_pixels, image_tag
from animelab.widgets.picture import data_url, function_of, sent_picture

SIDE = 256  # pixels of the canvas
LARGEST = 2**20  # characters of a drawing that a browser may send
CSS = """
.animelab-board { padding: 2px; }
.animelab-board .animelab-tools { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-bottom: 8px; }
.animelab-board button { padding: 3px 10px; }
.animelab-board button[aria-pressed="true"] { background: #0072B2; color: white; }
.animelab-board .animelab-desk { display: flex; flex-wrap: wrap; gap: 12px; }
.animelab-board canvas { border: 1px solid #80808099; cursor: crosshair; touch-action: none; background: white; }
.animelab-board img { border: 1px solid #80808099; }
.animelab-board :is(button, input, canvas):focus-visible { outline: 2px solid #0072B2; }
.animelab-board .animelab-hint { min-height: 22px; opacity: 0.85; font-size: 0.92em; }
"""


class DrawingBoard(anywidget.AnyWidget):
    """A line drawing at the left, to draw and to erase on; what the model makes of it at the right.

    model: a translator of the zoo, or any function of pictures (1, 3, size, size) in [-1, 1]; drawings: pictures
    (N, 3, size, size) that "Another drawing" goes through, of which the first is there at the start. Everything has a
    button; on the canvas, the arrow keys move the pen and the space bar puts it down. A model that knows many answers
    gets "Other colors", too. `.lines` and `.picture` are what you see, uint8 (size, size, 3). Raises LabError when the
    drawings are no pictures.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = CSS
    start = traitlets.Unicode().tag(sync=True)  # data URLs of PNG files
    drawing = traitlets.Unicode().tag(sync=True)
    colored = traitlets.Unicode().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    many = traitlets.Bool(False).tag(sync=True)  # whether other seeds give other answers

    def __init__(self, model: Any, drawings: Any) -> None:
        self._translate: Callable[..., Tensor] = function_of(model)
        self._drawings, self._shown, self._seed = as_pixels(drawings), 0, 0
        many = isinstance(getattr(model, "network", None), r3gan.UNet)
        super().__init__(words="The model's answer to the line drawing at the left.", many=many)
        self.on_msg(self._asked)
        self.observe(self._drawn, "drawing")
        self._begin(0)

    def render(self, lines: np.ndarray) -> np.ndarray:
        """The model's answer to a line drawing; both uint8 (size, size, 3)."""
        pixels = torch.from_numpy(lines.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            return as_pixels(self._translate(pixels, **({"seed": self._seed} if self.many else {})))[0]

    def _begin(self, index: int) -> None:
        self._shown = index % len(self._drawings)
        self.lines = self._drawings[self._shown]
        self._answer()
        self.start = self.drawing = ""  # so that the same drawing counts as news
        self.start = data_url(self.lines)

    def _asked(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("ask") in ("another", "reset"):
            self._seed = 0 if content["ask"] == "reset" else self._seed
            self._begin(self._shown + (content["ask"] == "another"))
        elif content.get("ask") == "colors" and self.many:
            self._seed += 1
            self._answer()

    def _drawn(self, change: dict[str, Any]) -> None:
        """The browser sent a drawing: reduce it to the model's size and answer."""
        if not change["new"]:
            return
        size = self._drawings.shape[1]
        drawn = Image.fromarray(sent_picture(change["new"], 4 * SIDE, LARGEST))
        self.lines = np.asarray(drawn.resize((size, size), Image.Resampling.BOX))
        self._answer()

    def _answer(self) -> None:
        self.picture = self.render(self.lines)
        large = Image.fromarray(self.picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        url = data_url(np.asarray(large))
        self.colored = url if url != self.colored else f"{url}#"  # an answer must always be news to the browser

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and a picture of its state for viewers without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        both = np.hstack([np.asarray(Image.fromarray(p).resize((SIDE, SIDE))) for p in (self.lines, self.picture)])
        alt = "A line drawing, and the colors that the model gave it."
        return {**(data or {}), "text/html": image_tag(both, alt, 2 * SIDE), "text/plain": alt}
