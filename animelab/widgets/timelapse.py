"""Training as a film: play the previews, or pull them to and fro. Taught in 01_dcgan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from animelab.errors import LabError
from animelab.files import read
from animelab.nn.arguments import checked
from animelab.viz import as_pixels
from animelab.widgets.picture import Panel, Picture, Words


class Timelapse(Panel):
    """Play, pause and slide through saved previews.

    frames: a folder of PNG files (a run's `previews`), their paths, or uint8 arrays (H, W, 3) of one size. names: what
    each frame is called; by default the step from its file's name, or its number. width: CSS pixels, the picture's own
    by default. Raises LabError when there are no frames.
    """

    @checked(interval=(1, 60_000), width=(1, 10_000))
    def __init__(
        self,
        frames: str | Path | Sequence[Any],
        names: Sequence[str] | None = None,
        interval: int = 150,
        width: int | None = None,
    ) -> None:
        if isinstance(frames, str | Path):
            folder, frames = frames, sorted(Path(frames).glob("*.png"))
            if not frames:
                raise LabError(f"There are no PNG pictures in {folder}; train there first, or check the path.")
        self.frames = list(frames) if isinstance(frames, Sequence | np.ndarray) else []
        if not self.frames:
            raise LabError("A time lapse needs at least one frame, a folder or a list of them.")
        self.names = list(names or [_name(frame, index) for index, frame in enumerate(self.frames)])
        if len(self.names) != len(self.frames):
            raise LabError(f"There are {len(self.frames)} frames but {len(self.names)} names; give one name for each.")
        last = len(self.frames) - 1
        self._picture, self._caption = Picture(width or self.render(last).shape[1]), Words()
        play = ipywidgets.Play(value=last, min=0, max=last, interval=interval)
        wide = {"width": "360px"}
        self._slider = ipywidgets.IntSlider(last, 0, last, description="Frame", layout=wide, readout=False)
        self._link = ipywidgets.jslink((play, "value"), (self._slider, "value"))
        self._slider.observe(lambda change: self._draw(), "value")
        controls = ipywidgets.HBox([play, self._slider, self._caption], layout={"flex_flow": "row wrap"})
        super().__init__("timelapse", self._picture, controls)
        self._slider.add_class("animelab-frame")
        self._draw()

    def render(self, index: int) -> np.ndarray:
        """Frame number `index`: uint8 (H, W, 3)."""
        frame = self.frames[index]
        if isinstance(frame, str | Path):
            return np.asarray(read(frame).convert("RGB"))
        return as_pixels(frame)[0]

    def still(self) -> tuple[str, str]:
        return self._picture.value, self._alt()

    def _alt(self) -> str:
        index = self._slider.value
        return f"Preview grid, {self.names[index]} (frame {index + 1} of {len(self.frames)})"

    def _draw(self) -> None:
        self._picture.show(self.render(self._slider.value), self._alt())
        self._caption.say(self.names[self._slider.value])


def _name(frame: Any, index: int) -> str:
    if isinstance(frame, str | Path) and Path(frame).stem.isdigit():
        return f"step {int(Path(frame).stem):,}"
    return f"frame {index + 1}"
