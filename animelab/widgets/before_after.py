"""Two pictures under one curtain: before and after a translation, and the way back. Taught in 05_cyclegan."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from animelab.errors import LabError
from animelab.nn.arguments import checked
from animelab.viz import as_pixels, heat_colors
from animelab.widgets.picture import within
from animelab.widgets.stage import Stage, button, choice, curtain, hidden, picture, slider

SHOWN = 256  # pixels of the picture in a still, and of the attention
FEW = 24  # pictures to choose from by sight; more have a slider
SMALL = 64  # pixels of those


class BeforeAfter(Stage):
    """A curtain to draw over pictures: at its left one version of them, at its right another.

    versions: {words: pictures as in `viz.grid`}, at least two of them, all with as many pictures. attention: maps (N,
    h, w), to lay over all versions. The curtain is dragged on the picture, or moved by the arrow keys. Raises LabError
    for fewer versions, or unequal numbers.
    """

    @checked(attention=(None, None, None))
    def __init__(self, versions: dict[str, Any], attention: Tensor | None = None) -> None:
        if not isinstance(versions, dict):
            raise LabError(f"A curtain takes {{words: pictures}}, not a {type(versions).__name__}.")
        self.versions = {str(name): as_pixels(pictures) for name, pictures in versions.items()}
        counts = {len(each) for each in self.versions.values()} | ({len(attention)} if attention is not None else set())
        shapes = {high / wide for high, wide in (pictures.shape[1:3] for pictures in self.versions.values())}
        if len(self.versions) < 2 or len(counts) != 1:
            raise LabError(f"A curtain has two versions or more of the same pictures, not {len(versions)} of {counts}.")
        if len(shapes) != 1:
            raise LabError("The versions have unlike shapes: a curtain is for the same pictures, high and wide alike.")
        names, count = list(self.versions), counts.pop()
        self._heat = None if attention is None else heat_colors(attention, (SHOWN, SHOWN))
        self._few = count <= FEW
        over = "" if attention is None else "attention"
        look = [choice("left", "At the left", names), choice("right", "At the right", names, names[1])]
        look += [slider("attention", "Attention", 0, 0, 100, 5, "%")] if over else []
        look += [hidden("edge", "Curtain", 50), button("reset", "Reset")]
        slide = slider("number", "Picture", 1, 1, count)
        number = picture("number", "Picture", "pick", value=0) if self._few else slide
        super().__init__(
            "curtain",
            [curtain("picture", "Before and after", "left", "right", "edge", over)],
            {"Versions": look, f"{count} pictures": [number]},
        )
        if self._few:
            small = [within(each, SMALL) for each in self.versions[names[0]]]
            self.show_all("number", small, [f"Picture {i}" for i in range(1, count + 1)])
        self.changed("number")

    def render(self, left: str, right: str, number: int, curtain: int, attention: int = 0) -> np.ndarray:
        """One picture, `curtain` percent of it from the version at the left: uint8 (H, 256, 3).

        attention: how much of its attention, in percent, lies over it; bright is where the network looks.
        """
        images = [Image.fromarray(self.versions[name][number - 1]) for name in (left, right)]
        size = (SHOWN, max(1, round(SHOWN * images[0].height / images[0].width)))
        first, second = (np.array(each.resize(size, Image.Resampling.LANCZOS)) for each in images)
        edge = round(curtain / 100 * SHOWN)
        second[:, :edge] = first[:, :edge]
        if attention and self._heat is not None:
            heat = np.array(Image.fromarray(self._heat[number - 1]).resize(size))
            second = (second + attention / 100 * (heat - second.astype(float))).round().astype(np.uint8)
        if 0 < edge < SHOWN:
            second[:, edge - 1 : edge + 1] = 255
        return second

    def seen(self) -> list[tuple[np.ndarray, str]]:
        left, right, edge = (self.values[name] for name in ("left", "right", "edge"))
        attention = self.values.get("attention", 0)
        over = f"; {attention}% of the attention over it" if attention else ""
        alt = f"Picture {self._number}: {edge}% of it {left}, the rest {right}{over}"
        return [(self.render(left, right, self._number, round(edge), attention), alt)]

    @property
    def _number(self) -> int:
        return (self.values["number"] or 0) + 1 if self._few else round(self.values["number"])

    def changed(self, name: str) -> None:
        """The browser draws the curtain by itself: it asks for another picture only."""
        index = self._number - 1
        if name == "number":
            layers = {version: pictures[index] for version, pictures in self.versions.items()}
            self.show("picture", layers, "", None if self._heat is None else self._heat[index])
        left, right = self.values["left"], self.values["right"]
        looked = ": bright is where the network looks" if self.values.get("attention") else ""
        self.say(f"Picture {index + 1}: left of the curtain {left}, right of it {right}", "picture")
        self.say(f"Picture {index + 1} of {len(self.versions[left])}, {left} and {right}{looked}")
