"""Give a picture of your own, fit it to what the model knows, and drag the curtain. Taught in 09_cartoongan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from animelab import env, limits, metrics
from animelab.config import nearest
from animelab.data import FITS, fitted
from animelab.data.pictures import as_tensor
from animelab.errors import LabError
from animelab.viz import as_pixels, heat_colors
from animelab.widgets.picture import function_of, sent_drawing, sent_picture, within
from animelab.widgets.stage import Stage, button, choice, curtain, file, hidden, picture, slider, value_of

LONGEST = 4096  # pixels of the longer side of a picture from disk
SHOWN = 768  # of what is shown
EXAMPLES = 60  # pictures to click
SMALL = 64  # pixels of those
SIDES = ("before", "after")
WHOLE = "as it is"
ALIGNED = FITS[-1]
YOURS = "Your picture"
EYES = [[0.4, 0.5], [0.6, 0.5]]  # where nobody looked for them


class OwnPicture(Stage):
    """A picture at the left; at the right what the model makes of it, under a curtain, with its attention over it.

    model: a translator of the zoo or of a run, or any function of pictures (1, 3, H, W) in [-1, 1]. pictures: examples
    to click, uint8 arrays (H, W, 3) of any sizes or a tensor as in `viz.grid`; a person's own is chosen, dropped or
    pasted, and for a model of line drawings its paper is brought to white. size: the side the model was trained at, to
    which a picture is fitted: letterboxed, cropped, or aligned by two eyes, which a finder guesses and the learner
    drags; None for a model of any size. folder: where Save puts the result. `.before` and `.after` are what you see,
    uint8; `.fit` and `.eyes` can be set from Python. LabError for what cannot be; what goes wrong later, in a learner's
    own function too, is said below the stage.
    """

    fit = value_of("fit")
    eyes = value_of("own", on_picture=True)  # [[x, y], [x, y]], left and right, in shares of the picture's sides

    def __init__(self, model: Any, pictures: Any, size: int | None = 64, folder: str | Path | None = None) -> None:
        self._translate: Callable[[Tensor], Tensor] = function_of(model)
        self._attention = model.attention if getattr(model, "attends", False) else None
        self._lines = getattr(model, "takes_lines", False)
        self.size = None if size is None else limits.whole("size", size, (16, limits.SETTINGS["size"][1]))
        self.folder = Path(folder or env.runs_dir() / "pictures").absolute()
        self._examples = [as_pixels(each)[0] for each in pictures] if hasattr(pictures, "__len__") else []
        if not self._examples:
            raise LabError("Give at least one picture to begin with; your own can replace it.")
        self.before = self.after = self.picture = self._examples[0]
        self.fits = list(FITS) if size else [WHOLE]
        fit = {**choice("fit", "Fit", self.fits, self.fits[-1]), "hidden": size is None}
        look = slider("attention", "Where the network looks", 0, 0, 100, 5, "%")
        super().__init__(
            "own",
            [
                picture("own", YOURS, "points", value=[0, EYES], points=["The left eye", "The right eye"]),
                curtain("result", "What the model makes of it", *SIDES, "edge", "attention"),
            ],
            {
                "A picture of your own": [
                    file("file", "Choose a file", tip="A picture from your disk"), button("save", "Save the result"),
                    fit, {**look, "hidden": self._attention is None}, hidden("edge", "Curtain", 25),
                ],
                "Or one of these": [picture("example", "Examples", "pick", value=0)],
            },
        )  # fmt: skip
        small = [ImageOps.fit(Image.fromarray(each), (SMALL, SMALL)) for each in self._examples[:EXAMPLES]]
        self.show_all("example", [*map(np.asarray, small)], [f"Example {i + 1}" for i in range(len(small))])
        self._answer(self._begin, self.picture)

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
            before = as_tensor(picture[None].copy())
        with torch.no_grad():
            after = self._translate(before)
            looked = None if self._attention is None else self._attention(before)
        pixels = as_pixels(before)[0]
        heat = None if looked is None else heat_colors(looked, (pixels.shape[0], pixels.shape[1]))[0]
        return pixels, as_pixels(after)[0], heat

    def changed(self, name: str) -> None:
        if name in ("fit", "own"):
            self._draw()
        elif name == "example" and self.values[name] is not None:
            self._begin(self._examples[self.values[name]])

    def pressed(self, name: str) -> None:
        if name == "save":
            self.save_as(self.folder, "", self.after)
        else:
            self.changed(name)

    def given(self, name: str, content: bytes) -> None:
        picture, words = sent_drawing(content, LONGEST) if self._lines else (sent_picture(content, LONGEST), "")
        self.put(example=None)
        self._begin(picture, words)

    def _begin(self, picture: np.ndarray, words: str = "") -> None:
        self.picture = picture
        eyes = (metrics.guessed_eyes(picture) / torch.tensor(picture.shape[1::-1])).tolist() if self.size else EYES
        self.put(own=[0, eyes])
        self.show("own", within(picture, SHOWN), "The picture that was given.")
        self.say(words or "Drop a picture of your own here, or paste one; then drag the curtain.")
        self._draw()

    def _draw(self) -> None:
        heat = None
        aligned = self.fit == ALIGNED
        self.update("own", off=not aligned, label=f"{YOURS}: put the rings on the eyes" if aligned else YOURS)
        try:
            self.before, self.after, heat = self.render(self.picture, self.fit, self.eyes)
        finally:
            layers = {side: within(getattr(self, side), SHOWN) for side in SIDES}
            alt = f"Left of the curtain the picture, {self.fit}; right of it what the model makes of it."
            self.show("result", layers, alt, None if heat is None else within(heat, SHOWN))

    def seen(self) -> list[tuple[np.ndarray, str]]:
        """Both, side by side."""
        alts = (f"A picture, {self.fit}", "What the model makes of it")
        return [(within(getattr(self, side), SHOWN), alt) for side, alt in zip(SIDES, alts)]
