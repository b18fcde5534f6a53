"""Two pictures under one curtain: before and after a translation, and the way back. Taught in 05_cyclegan."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
from PIL import Image
from torch import Tensor

from animelab.errors import LabError
from animelab.nn.arguments import checked
from animelab.viz import as_pixels, heat_colors
from animelab.widgets.picture import Panel, Picture

SHOWN = 256  # CSS pixels of the picture


class BeforeAfter(Panel):
    """A curtain to draw over pictures: at its left one version of them, at its right another.

    versions: {words: pictures as in `viz.grid`}, at least two of them, all with as many pictures. attention: maps (N,
    h, w), to lay over all versions. Keyboard: Tab goes from control to control, arrow keys move the curtain. Raises
    LabError for fewer versions, or unequal numbers.
    """

    @checked(attention=(None, None, None))
    def __init__(self, versions: dict[str, Any], attention: Tensor | None = None) -> None:
        if not isinstance(versions, dict):
            raise LabError(f"A curtain takes {{words: pictures}}, not a {type(versions).__name__}.")
        self.versions = {name: as_pixels(pictures) for name, pictures in versions.items()}
        counts = {len(pictures) for pictures in self.versions.values()}
        counts |= set() if attention is None else {len(attention)}
        shapes = {high / wide for high, wide in (pictures.shape[1:3] for pictures in self.versions.values())}
        if len(self.versions) < 2 or len(counts) != 1:
            raise LabError(f"A curtain has two versions or more of the same pictures, not {len(versions)} of {counts}.")
        if len(shapes) != 1:
            raise LabError("The versions have unlike shapes: a curtain is for the same pictures, high and wide alike.")
        names = list(self.versions)
        wide = {"layout": {"width": "330px"}, "style": {"description_width": "90px"}}
        self._picture = Picture(SHOWN)
        self._controls = {
            "left": ipywidgets.Dropdown(options=names, value=names[0], description="At the left", **wide),
            "right": ipywidgets.Dropdown(options=names, value=names[1], description="At the right", **wide),
            "number": ipywidgets.IntSlider(1, min=1, max=counts.pop(), description="Picture", **wide),
            "curtain": ipywidgets.IntSlider(50, min=0, max=100, description="Curtain (%)", **wide),
        }
        self._heat = None
        if attention is not None:
            self._heat = heat_colors(attention, (SHOWN, SHOWN))
            slider = ipywidgets.IntSlider(0, min=0, max=100, step=5, description="Attention (%)", **wide)
            self._controls["attention"] = slider
        for name, control in self._controls.items():
            control.add_class(f"animelab-{name}")
            control.observe(lambda _: self._draw(), "value")
        reset = ipywidgets.Button(description="Reset", layout={"width": "128px"})
        reset.add_class("animelab-reset")
        reset.on_click(lambda _: self._reset())
        left = ipywidgets.VBox([self._picture])
        left.add_class("animelab-left")
        right = ipywidgets.VBox([*self._controls.values(), reset])
        super().__init__("curtain", ipywidgets.HBox([left, right], layout={"flex_flow": "row wrap"}))
        self._first = {name: control.value for name, control in self._controls.items()}
        self._draw()

    def render(self, left: str, right: str, number: int, curtain: int, attention: int = 0) -> np.ndarray:
        """One picture, `curtain` percent of it from the version at the left: uint8 (H, 256, 3).

        attention: how much of its attention, in percent, lies over it; bright is where the network looks.
        """
        pair = [self.versions[name][number - 1] for name in (left, right)]
        size = (SHOWN, round(SHOWN * pair[0].shape[0] / pair[0].shape[1]))
        first, second = (np.array(Image.fromarray(each).resize(size, Image.Resampling.LANCZOS)) for each in pair)
        edge = round(curtain / 100 * SHOWN)
        second[:, :edge] = first[:, :edge]
        if attention and self._heat is not None:
            heat = np.array(Image.fromarray(self._heat[number - 1]).resize(size))
            second = (second + attention / 100 * (heat - second.astype(float))).round().astype(np.uint8)
        if 0 < edge < SHOWN:
            second[:, edge - 1 : edge + 1] = 255
        return second

    def still(self) -> tuple[str, str]:
        left, right, number, curtain, *attention = (control.value for control in self._controls.values())
        seen = f"; {attention[0]}% of the attention over it" if attention and attention[0] else ""
        return self._picture.value, f"Picture {number}: {curtain}% of it {left}, the rest {right}{seen}"

    def _draw(self) -> None:
        values = {name: control.value for name, control in self._controls.items()}
        self._picture.show(self.render(**values), self.still()[1])

    def _reset(self) -> None:
        for name, value in self._first.items():
            self._controls[name].value = value
