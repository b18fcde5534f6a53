"""Training to look at: the newest pictures, the losses and the time left, while the cell is running."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from IPython import get_ipython
from IPython.display import display

from animelab.engine import Progress
from animelab.errors import LabError, say
from animelab.nn.arguments import checked
from animelab.viz import COLORS, curves
from animelab.widgets.picture import Panel, Picture, Words

WIDTH = 528  # CSS pixels


class LiveTraining(Panel):
    """Watch a training run: `train(recipe, data, out, watch=LiveTraining())`.

    It appears at the first call and redraws at most once in `every` seconds, which takes about 50 ms. When the cell
    ends, also by the stop button or an error, it turns into a static picture, so that a saved notebook keeps its last
    state.
    """

    @checked(every=(0.0, 86_400.0))
    def __init__(self, every: float = 3.0) -> None:
        self.every = every
        self._status, self._grid, self._curves = Words(), Picture(WIDTH), Picture(WIDTH, "curves")
        self._next = 0.0  # when to draw again
        self._handle: Any = None
        self._latest: Progress | None = None
        super().__init__("live", self._status, self._grid, self._curves)

    def __call__(self, progress: Progress) -> None:
        """Take in news of the training; cheap, so call it as often as you like."""
        self._latest = progress
        if time.perf_counter() < self._next and progress.step < progress.steps:
            return
        if get_ipython() is None:  # a plain Python script has no widgets
            say(words(progress))
        elif self._handle is None:
            self._appear()
        self._draw(progress)
        self._next = time.perf_counter() + self.every

    def still(self) -> tuple[str, str]:
        if self._latest is None:
            return "<i>Training has not begun.</i>", "Training has not begun."
        parts = self._status.value + self._grid.value + self._curves.value
        return f'<div style="max-width:{WIDTH}px">{parts}</div>', words(self._latest)

    def _draw(self, progress: Progress) -> None:
        part = 100 * progress.step / max(progress.steps, 1)
        bar = f'<div style="width:{part:.1f}%;height:4px;background-color:{COLORS[0]}"></div>'
        box = f'<div style="max-width:{WIDTH}px;margin:2px 0 8px">'
        box += f'<div style="background-color:rgba(128,128,128,0.25);margin-bottom:4px">{bar}</div>'
        self._status.say(words(progress), box, "</div>")
        if progress.preview is not None:
            self._grid.show(progress.preview, f"What the networks make of the same examples by step {progress.step:,}")
        with suppress(LabError):  # before the first losses there is nothing to draw
            figure = curves(progress.history)
            self._curves.show(figure.image, figure.alt)

    def _appear(self) -> None:
        self._handle = display(self.bundle(), raw=True, display_id=True)
        get_ipython().events.register("post_run_cell", self._settle)

    def _settle(self, result: Any) -> None:
        """The cell is over: replace the widget by what it shows."""
        get_ipython().events.unregister("post_run_cell", self._settle)
        handle, self._handle, self._next = self._handle, None, 0.0
        if self._latest is not None:
            self._draw(self._latest)
        handle.update({kind: what for kind, what in self.bundle().items() if kind.startswith("text/")}, raw=True)


def words(progress: Progress) -> str:
    """The state of a run in one line."""
    losses = "".join(f", {name} {value:#.3g}" for name, value in progress.losses.items())
    left = "finished" if progress.step >= progress.steps else f"{duration(progress.eta)} left"
    return (
        f"Step {progress.step:,} of {progress.steps:,}, {progress.images_per_second:,.0f} images/s, "
        f"{duration(progress.seconds)} so far, {left}{losses}"
    )


def duration(seconds: float) -> str:
    """A time as a person would say it: 45 s, 3 min 20 s, 2 h 5 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
