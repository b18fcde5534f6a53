"""Training as a film: play the previews, or pull them to and fro. Taught in 01_dcgan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
from PIL import Image

from animelab.errors import LabError
from animelab.viz import as_pixels
from animelab.widgets.picture import Panel, Picture, picture_tag, style


class Timelapse(Panel):
    """Play, pause and slide through saved previews.

    frames: a folder of PNG files (a run's `previews`), their paths, or uint8 arrays (H, W, 3) of one size. names: what
    each frame is called; by default the step from its file's name, or its number. width: CSS pixels, the picture's own
    by default. Raises LabError when there are no frames.
    """

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
        self.frames = list(frames)
        if not self.frames:
            raise LabError("A time lapse needs at least one frame, and the list is empty.")
        self.names = list(names or [_name(frame, index) for index, frame in enumerate(self.frames)])
        if len(self.names) != len(self.frames):
            raise LabError(f"There are {len(self.frames)} frames but {len(self.names)} names; give one name for each.")
        last = len(self.frames) - 1
        self.width = width or self.render(last).shape[1]
        self._picture, self._caption = Picture(self.width), ipywidgets.HTML()
        self._play = ipywidgets.Play(value=last, min=0, max=last, interval=interval)
        self._slider = ipywidgets.IntSlider(
            last, 0, last, description="Frame", layout={"width": "360px"}, readout=False
        )
        self._link = ipywidgets.jslink((self._play, "value"), (self._slider, "value"))
        self._slider.observe(lambda change: self._draw(), "value")
        controls = ipywidgets.HBox(
            [self._play, self._slider, self._caption], layout={"flex_flow": "row wrap", "align_items": "center"}
        )
        super().__init__([style(".animelab-timelapse"), self._picture, controls])
        for part, name in ((self, "timelapse"), (self._slider, "frame"), (self._caption, "caption")):
            part.add_class(f"animelab-{name}")
        self._draw()

    def render(self, index: int) -> np.ndarray:
        """Frame number `index`: uint8 (H, W, 3)."""
        frame = self.frames[index]
        if isinstance(frame, str | Path):
            return np.asarray(Image.open(frame).convert("RGB"))
        return as_pixels(frame)[0]

    def still(self) -> tuple[str, str]:
        index = self._slider.value
        return picture_tag(self.render(index), self._alt(index), self.width), self._alt(index)

    def _alt(self, index: int) -> str:
        return f"Preview grid, {self.names[index]} (frame {index + 1} of {len(self.frames)})"

    def _draw(self) -> None:
        index = self._slider.value
        self._picture.show(self.render(index), self._alt(index))
        self._caption.value = self.names[index]


def _name(frame: Any, index: int) -> str:
    if isinstance(frame, str | Path) and Path(frame).stem.isdigit():
        return f"step {int(Path(frame).stem):,}"
    return f"frame {index + 1}"
