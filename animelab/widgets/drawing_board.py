"""Draw and erase lines, and watch the color follow: a canvas for any translator. Taught in 04_pix2pix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from animelab.data.pictures import as_tensor
from animelab.errors import LabError
from animelab.nn import r3gan
from animelab.studio import TAGS
from animelab.studio.palette import EYES, HAIR
from animelab.viz import as_pixels
from animelab.widgets.picture import data_url, function_of, sent_ink
from animelab.widgets.stage import Stage, button, past, picture, slider, swatches, tools

LONGEST = 1024  # pixels of what a browser may send
LARGEST = 2**20  # characters of it
FREE = "as it likes"
ORDERS = {"hair": HAIR, "eyes": EYES}
PAPER = data_url(np.full((16, 16, 3), 255, np.uint8))  # over everything


class DrawingBoard(Stage):
    """A line drawing at the left, to draw and to erase on; what the model makes of it at the right.

    model: a translator of the zoo, or any function of pictures (1, 3, size, size) in [-1, 1]; drawings: pictures
    (N, 3, size, size) that "Another drawing" goes through, of which the first is there at the start. A pen that feels
    pressure draws thin and thick. A model that knows many answers gets "Other colors", too, and one that takes orders
    swatches for hair and eyes. `.lines` and `.picture` are what you see, uint8 (size, size, 3). Raises LabError when
    the drawings are no pictures.
    """

    def __init__(self, model: Any, drawings: Any) -> None:
        self._translate: Callable[..., Tensor] = function_of(model)
        self._drawings, self._shown, self._seed = as_pixels(drawings), 0, 0
        network = getattr(model, "network", None)
        self.many = isinstance(network, r3gan.UNet)
        self._orders = ORDERS if getattr(network, "tags", 0) else {}
        draw = [tools("tool", "Tool", {"Pen": "pen", "Eraser": "erase"}), *past(), button("clear", "Clear")]
        draw += [slider("width", "Line width", 1, 0.5, 4, 0.5, "px")]
        colors = [swatches(name, name.capitalize(), {FREE: "", **found}) for name, found in self._orders.items()]
        others = [button("colors", "Other colors")] if self.many else []
        others += [button("another", "Another drawing", "next")]
        ink = {"value": [0, ""], "tool": "tool", "width": "width", "eraser": "Eraser"}
        super().__init__(
            "board",
            [picture("lines", "Your drawing", "ink", **ink), picture("answer", "The model's answer")],
            {"Draw": draw, **({"Colors": colors} if colors else {}), "Drawings": others},
        )
        self.go((0, [0, ""]))

    def render(self, lines: np.ndarray) -> np.ndarray:
        """The model's answer to a line drawing, in the colors that are chosen; both uint8 (size, size, 3)."""
        options: dict[str, Any] = {"seed": self._seed} if self.many else {}
        if self._orders:
            ordered = [f"{self.values[name]} {name}" for name in self._orders]
            options["attributes"] = torch.tensor([float(tag in ordered) for tag in TAGS])
        with torch.no_grad():
            return as_pixels(self._translate(as_tensor(lines[None].copy()), **options))[0]

    def restored(self, state: tuple[int, Any]) -> None:
        """Show the drawing of that number with what was drawn on it."""
        self._shown = state[0]
        self.put(lines=state[1])
        self.show("lines", self._drawings[self._shown], "A line drawing to draw on.")
        self._answer_lines()

    def changed(self, name: str) -> None:
        if name in ("lines", *self._orders):
            self._answer_lines()
        if name == "lines":
            self.remember((self._shown, self.values["lines"]), self.values["lines"][0])

    def pressed(self, name: str) -> None:
        if name in ("undo", "redo"):
            super().pressed(name)
        elif name == "colors":
            self._seed += 1
            self._answer_lines()
        else:
            if name == "reset":
                self._seed = 0
                self.put(**{each: self._first[each] for each in self._orders})
            number = (self._shown + (name == "another")) % len(self._drawings)
            self.go((number, [0, PAPER if name == "clear" else ""]))

    def _answer_lines(self) -> None:
        self.lines = self._drawn()
        self.picture = self.render(self.lines)
        self.show("answer", self.picture, "The colors that the model gave the drawing.")
        self.say("Draw at the left; the model answers at the right.")

    def _drawn(self) -> np.ndarray:
        """The drawing with the ink that the browser sent; what was not drawn on stays as it is."""
        lines, value = self._drawings[self._shown], self.values["lines"]
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
            raise LabError("That drawing did not arrive whole; draw a little more.")
        if not value[1]:
            return lines
        ink, alpha = sent_ink(value[1], LONGEST, LARGEST)
        size = lines.shape[1::-1]
        alpha = alpha or Image.new("L", ink.size, 255)
        there = np.asarray(alpha.resize(size, Image.Resampling.BOX), float)[..., None]
        over = np.asarray(ink.resize(size, Image.Resampling.BOX)) - (255 - there)  # on white, less the white
        return (over + lines * (1 - there / 255)).round().clip(0, 255).astype(np.uint8)

    def seen(self) -> list[tuple[np.ndarray, str]]:
        """As they are seen: with what was drawn."""
        return [(self.lines, "A line drawing"), (self.picture, "The colors that the model gave it")]
