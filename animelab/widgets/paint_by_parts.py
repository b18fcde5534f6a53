"""Paint a map with a brush for every part, and watch the picture follow. Taught in 12_painting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import label as connected
from torch import Tensor

from animelab import env, limits
from animelab.config import nearest
from animelab.data.pictures import as_tensor
from animelab.errors import LabError
from animelab.recipes.spade import COLORS, SUBJECTS
from animelab.viz import as_pixels
from animelab.widgets.picture import data_url, sent_ink, sent_picture
from animelab.widgets.stage import Stage, button, file, past, picture, slider, swatches, tools
from animelab.zoo.pretrained import latents_of

CANVAS = 768  # pixels of a side of what a browser sends, as in stage.js
LARGEST = 2**21  # characters of it
SHOWN = 512  # pixels of a side of the map that is shown
LONGEST = 4096  # pixels of the longer side of a picture from disk
TOOLS = {"Brush": "pen", "Fill": "colors", "Erase": "erase"}
HINT = "Choose a part and paint at the left; the picture follows."


class PaintByParts(Stage):
    """A map of parts at the left, to paint on with a brush for each part; the picture of it at the right.

    painter: a `nn.spade.Painter`, as `zoo.network("spade-faces-128")`. labels, pictures: maps to begin with, int64
    (N, size, size), and the pictures that belong to them, (N, 3, size, size) in [-1, 1], which lend their styles; so
    does a picture from disk, and chance. subject: "faces" or "places", which names the parts. folder: where Save puts
    its pictures. The eraser brings back the map that was there. `.labels` and `.picture` are what is shown; `.style`,
    (latent,), can be set. Raises LabError for maps and pictures that do not fit the painter.
    """

    def __init__(
        self, painter: Any, labels: Tensor, pictures: Tensor, subject: str = "faces", folder: str | Path | None = None
    ) -> None:
        if subject not in SUBJECTS:
            raise LabError(f"There is no subject '{subject}': {nearest(subject, SUBJECTS)}")
        if not hasattr(painter, "style") or painter.classes != len(SUBJECTS[subject]):
            raise LabError(f"A painter of {subject} is needed, such as zoo.network('spade-{subject}-128').")
        wanted = (painter.size, painter.size)
        pictures = limits.pictures(pictures)
        if tuple(labels.shape) != (len(pictures), *wanted) or tuple(pictures.shape[2:]) != wanted:
            raise LabError(f"Each map and picture has {painter.size} px here, and there are as many of both.")
        self.painter, self.subject, self.names = painter.eval(), subject, SUBJECTS[subject]
        self.folder = Path(folder or env.runs_dir() / "paintings").absolute()
        self._table = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in COLORS[subject]], np.uint8)
        self._maps, self._number, self._seed = labels.numpy().copy(), 0, 0
        with torch.no_grad():
            self._styles = painter.style(pictures)
        self.style = self._styles[0]
        brushes = swatches("part", "Brush", dict(zip(self.names, COLORS[subject])), self.names[1])
        draw = [{**brushes, "named": True}, tools("tool", "Tool", TOOLS)]
        draw += [slider("width", "Brush size", 24, 4, 96, 4, "px"), *past(), button("clear", "Clear")]
        looks = [picture("look", "Style of", "pick", value=0, columns=6), button("chance", "Any style", "shuffle")]
        looks += [file("lent", "From your picture", "open", "A picture from your disk whose style to take")]
        files = [button("another", "Another map", "next"), button("save", "Save")]
        ink = {"value": [0, ""], "tool": "tool", "width": "width", "color": "part", "eraser": "Erase", "filler": "Fill"}
        super().__init__(
            "parts",
            [picture("map", "Your map of parts", "ink", **ink), picture("answer", "The picture")],
            {"Paint": draw, "Style": looks, "Map": files},
        )
        alts = [f"Picture {number + 1}, to take its style" for number in range(len(pictures))]
        self.show_all("look", list(as_pixels(pictures)), alts)
        self.go(self._now())

    @torch.no_grad()
    def render(self, labels: np.ndarray, style: Tensor) -> np.ndarray:
        """The picture of a map, int64 (size, size), in a style (latent,): uint8 (size, size, 3)."""
        return as_pixels(self.painter(torch.from_numpy(labels)[None], style[None]))[0]

    def restored(self, state: tuple[int, Any, Any, tuple[float, ...]]) -> None:
        """Show the map of that number, what was painted on it, and a style."""
        self._number, ink, look, style = state
        self.style = torch.tensor(style)
        self.put(map=ink, look=look)
        self.show("map", self._seen(self._maps[self._number]), f"A map of the parts of {self.subject} to paint on.")
        self._answer_map()

    def changed(self, name: str) -> None:
        if name == "look" and self.values["look"] is not None:
            self.style = self._styles[self.values["look"]]
        value = self.values["map"]
        if name == "map" and isinstance(value, list) and len(value) > 2:
            self._fill(value)
        elif name in ("map", "look"):
            self._answer_map()
            self.remember(self._now(), value[0] if name == "map" else None)

    def pressed(self, name: str) -> None:
        if name in ("undo", "redo"):
            super().pressed(name)
        elif name == "save":
            self.save_as(self.folder, "painting", self.picture)
        elif name == "chance":
            self._seed += 1
            self._take(latents_of(self._seed, 1, self.painter.latent)[0])
        else:
            number = {"another": (self._number + 1) % len(self._maps), "reset": 0}.get(name, self._number)
            look, style = (0, self._styles[0]) if name == "reset" else (self.values["look"], self.style)
            self.go((number, [0, ""], look, tuple(style.tolist())))

    def given(self, name: str, content: bytes) -> None:
        side = self.painter.size
        fitting = Image.fromarray(sent_picture(content, LONGEST)).resize((side, side), Image.Resampling.BOX)
        with torch.no_grad():
            self._take(self.painter.style(as_tensor(np.array(fitting)[None]))[0])

    def _take(self, style: Tensor) -> None:
        self.go((self._number, self.values["map"], None, tuple(style.tolist())))

    def _now(self) -> tuple[int, Any, Any, tuple[float, ...]]:
        return self._number, self.values["map"], self.values["look"], tuple(self.style.tolist())

    def _answer_map(self) -> None:
        self.labels = self._painted()
        self.picture = self.render(self.labels, self.style)
        parts = ", ".join(self.names[number] for number in np.unique(self.labels))
        self.show("answer", self.picture, f"The picture that the painter made of {parts}.")
        self.say(HINT)

    def _seen(self, labels: np.ndarray) -> np.ndarray:
        times = max(1, SHOWN // self.painter.size)
        return self._table[labels].repeat(times, 0).repeat(times, 1)

    def _painted(self) -> np.ndarray:
        """The map with what was painted: of each pixel's ink the color that has most of it, where ink has half of it.

        Only exact colors of parts count: at the edge of a stroke a browser blends, and a blend could be a third part.
        """
        base, value = self._maps[self._number], self.values["map"]
        if not isinstance(value, list) or len(value) not in (2, 3) or not isinstance(value[1], str):
            raise LabError("That painting did not arrive whole; paint a little more.")
        if not value[1]:
            return base
        ink, alpha = sent_ink(value[1], 2 * CANVAS, LARGEST)
        size, times = self.painter.size, max(1, CANVAS // self.painter.size)
        large = (times * size, times * size)
        there = np.asarray((alpha or Image.new("L", ink.size, 255)).resize(large, Image.Resampling.NEAREST)) > 127
        colors = np.asarray(ink.resize(large, Image.Resampling.NEAREST)).astype(np.int32) @ [65536, 256, 1]
        cells = np.where(there, colors, -1).reshape(size, times, size, times)
        votes = np.stack([(cells == color).sum((1, 3)) for color in self._table.astype(np.int32) @ [65536, 256, 1]])
        return np.where(2 * votes.sum(0) >= times**2, votes.argmax(0), base)

    def _fill(self, value: list[Any]) -> None:
        """Give the piece at a place, [x, y] in shares of the map, to the part of the brush; as ink, to be erased."""
        labels, place, size = self._painted().copy(), value[2], self.painter.size
        if not isinstance(place, list) or [isinstance(each, int | float) for each in place] != [True, True]:
            raise LabError("That place did not arrive; click into the map again.")
        x, y = (int(min(max(0, each), 0.999) * size) for each in place)
        pieces, _ = connected(labels == labels[y, x])
        labels[pieces == pieces[y, x]] = self.names.index(self.values["part"])
        there = np.where(labels == self._maps[self._number], 0, 255).astype(np.uint8)[..., None]
        ink = np.concatenate([self._table[labels], there], -1)
        times = max(1, CANVAS // size)
        self.go((self._number, [0, data_url(ink.repeat(times, 0).repeat(times, 1))], *self._now()[2:]))

    def seen(self) -> list[tuple[np.ndarray, str]]:
        """As they are seen: with what was painted."""
        return [(self._seen(self.labels), "A map of parts"), (self.picture, "The picture that was made of it")]
