"""Drop a picture of your own, fit it to what the model knows, and draw the curtain. Taught in 09_cartoongan."""

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

from animelab import limits, metrics
from animelab.config import nearest
from animelab.data import FITS, fitted
from animelab.errors import LabError
from animelab.viz import as_pixels, heat_colors, image_tag
from animelab.widgets.picture import data_url, function_of, sent_drawing, sent_picture

SIDE = 256  # CSS pixels of the longer side of each picture
LARGEST = 9_500_000  # characters of a picture from a browser: a server of Jupyter hangs up on more than 10 MB
LONGEST = 4096  # pixels of its longer side
WHOLE = "as it is"
CSS = """
.animelab-own { padding: 2px; }
.animelab-own .animelab-tools { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; margin: 0 0 8px; }
.animelab-own :is(button, select) { padding: 3px 10px; }
.animelab-own .animelab-desk { display: flex; flex-wrap: wrap; gap: 16px; }
.animelab-own figure { margin: 0; }
.animelab-own figcaption { font-size: 0.92em; opacity: 0.85; margin-top: 4px; }
.animelab-own .animelab-frame { position: relative; width: fit-content; border: 1px solid #80808099; line-height: 0; }
.animelab-own .animelab-frame.animelab-over { outline: 3px dashed #0072B2; }
.animelab-own .animelab-top { position: absolute; left: 0; top: 0; pointer-events: none; }
.animelab-own .animelab-eye { position: absolute; width: 18px; height: 18px; margin: -10px; padding: 0;
  border-radius: 50%; border: 2px solid white; outline: 2px solid #0072B2; background: #0072B244;
  cursor: grab; touch-action: none; }
.animelab-own :is(button, select, input):focus-visible { outline: 3px solid #D55E00; }
.animelab-own .animelab-hint { min-height: 22px; opacity: 0.85; font-size: 0.92em; }
"""


class OwnPicture(anywidget.AnyWidget):
    """A picture at the left; at the right what the model makes of it, under a curtain, with its attention over it.

    model: a translator of the zoo or of a run, or any function of pictures (1, 3, H, W) in [-1, 1]. pictures: what is
    there at the start, uint8 arrays (H, W, 3) of any sizes or a tensor as in `viz.grid`; "Another" goes through them,
    "Open" and dropping bring the learner's own; for a model of line drawings, its paper is brought to white. size: the
    side the model was trained at, to which a picture is fitted: letterboxed, cropped, or aligned by two eyes, which a
    finder guesses and the learner moves, by mouse or arrow keys; None for a model of any size. `.before` and `.after`
    are what you see, uint8. LabError for what cannot be; what goes wrong later, in a learner's own function too, is
    said below the tools.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = CSS
    picture_url = traitlets.Unicode().tag(sync=True)
    before_url = traitlets.Unicode().tag(sync=True)
    after_url = traitlets.Unicode().tag(sync=True)
    heat_url = traitlets.Unicode().tag(sync=True)  # empty for a model without attention
    opened = traitlets.Unicode().tag(sync=True, echo_update=False)
    said = traitlets.Unicode().tag(sync=True)
    fits = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fit = traitlets.Unicode().tag(sync=True)
    eyes: Any = traitlets.List().tag(
        sync=True
    )  # [[x, y], [x, y]], left and right in the picture, in shares of its sides
    answers = traitlets.Int().tag(sync=True)  # counts up, so that an answer is always news

    def __init__(self, model: Any, pictures: Any, size: int | None = 64) -> None:
        self._translate: Callable[[Tensor], Tensor] = function_of(model)
        self._attention = model.attention if getattr(model, "attends", False) else None
        self._lines = getattr(model, "takes_lines", False)
        size = None if size is None else limits.whole("size", size, (16, limits.SETTINGS["size"][1]))
        self._pictures = [as_pixels(each)[0] for each in pictures] if hasattr(pictures, "__len__") else []
        if not self._pictures:
            raise LabError("Give at least one picture to begin with; your own can replace it.")
        self.size, self._shown = size, 0
        self.before = self.after = self._pictures[0]
        fits = list(FITS) if size else [WHOLE]
        super().__init__(fits=fits, fit=fits[-1])
        self._begin(self._pictures[0])
        self.on_msg(self._asked)
        self.observe(lambda _: self._answer(), ["fit", "eyes"])
        self.observe(self._sent, "opened")

    def render(self, picture: np.ndarray, fit: str, eyes: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Before and after, and the attention as RGB, or None: uint8 arrays of one size.

        picture: uint8 (H, W, 3); eyes: [[x, y], [x, y]] in shares of its sides. LabError for what cannot be.
        """
        if fit not in self.fits:
            raise LabError(f"A picture cannot be fitted '{fit}': {nearest(fit, self.fits)}")
        try:
            places = torch.tensor(eyes, dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError):
            places = torch.empty(0)
        if places.shape != (2, 2) or not places.isfinite().all():
            raise LabError(f"Eyes are two points, [[x, y], [x, y]], not {eyes}.")
        if self.size:
            seen = places * torch.tensor(picture.shape[1::-1])
            before = fitted(picture, self.size, fit, seen, 255 if self._lines else 128)
        else:
            before = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            after = self._translate(before)
            looked = None if self._attention is None else self._attention(before)
        pixels = as_pixels(before)[0]
        heat = None if looked is None else heat_colors(looked, (pixels.shape[0], pixels.shape[1]))[0]
        return pixels, as_pixels(after)[0], heat

    def _begin(self, picture: np.ndarray) -> None:
        self.picture = picture
        small = Image.fromarray(picture)
        small.thumbnail((2 * SIDE, 2 * SIDE))
        self.picture_url = data_url(np.asarray(small))
        before = self.answers
        self.eyes = _shares(picture) if self.size else [[0.4, 0.5], [0.6, 0.5]]
        if self.answers == before:  # the eyes are where they were, so nobody has answered yet
            self._answer()

    def _answer(self) -> None:
        self.said = ""  # so that the same words, said again, are news
        try:
            self.before, self.after, heat = self.render(self.picture, self.fit, self.eyes)
        except LabError as problem:
            self.said = str(problem)
        except Exception as problem:  # noqa: BLE001  a learner's function: nobody would see what it raises in a callback
            self.said = f"The model stopped: {type(problem).__name__}: {problem}"
        else:
            self.before_url, self.after_url = data_url(_seen(self.before)), data_url(_seen(self.after))
            self.heat_url = "" if heat is None else data_url(_seen(heat))
        self.answers += 1

    def _asked(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("ask") == "another":
            self._shown = (self._shown + 1) % len(self._pictures)
            self._begin(self._pictures[self._shown])

    def _sent(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self.opened = ""  # so that the same file, sent again, is news
            try:
                if self._lines:
                    picture, words = sent_drawing(change["new"], LONGEST, LARGEST)
                else:
                    picture, words = sent_picture(change["new"], LONGEST, LARGEST), ""
                self._begin(picture)
            except LabError as problem:
                self.said, words = "", str(problem)
            if words and not self.said:
                self.said = words
                self.answers += 1

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and a picture of its state for viewers without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        alt = f"A picture, {self.fit}, and what the model makes of it."
        tags = [image_tag(_seen(each), alt, SIDE) for each in (self.before, self.after)]
        return {**(data or {}), "text/html": " ".join(tags), "text/plain": alt}


def _shares(picture: np.ndarray) -> list[list[float]]:
    return (metrics.guessed_eyes(picture) / torch.tensor(picture.shape[1::-1])).tolist()


def _seen(pixels: np.ndarray) -> np.ndarray:
    """Enlarged or reduced to twice the side it is shown at, on its longer side."""
    scale = 2 * SIDE / max(pixels.shape[:2])
    size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
