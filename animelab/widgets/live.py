"""Training to look at: the newest pictures, the losses and the time left, while the cell is running."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import ipywidgets
import numpy as np
from IPython import get_ipython
from IPython.display import display

from animelab.viz import COLORS, MEASUREMENTS, image_tag
from animelab.widgets.picture import Panel, Picture, style

WIDTH, HEIGHT = 528, 150  # CSS pixels of the curves
POINTS = 240  # drawn of each curve


class Progress(Protocol):
    """What a training loop tells its watcher; `engine.Progress` is one."""

    step: int
    steps: int
    seconds: float
    images_per_second: float
    eta: float
    losses: dict[str, float]
    history: list[dict[str, float]]
    preview: np.ndarray | None


class LiveTraining(Panel):
    """Watch a training run: `train(recipe, data, out, watch=LiveTraining())`.

    It appears at the first call and redraws at most once in `every` seconds, for about 3 ms of
    computing each time. When the cell ends, also by the stop button or an error, it turns into a static picture, so
    that a saved notebook keeps its last state.
    """

    def __init__(self, every: float = 1.0) -> None:
        self.every = every
        self._status, self._curves, self._grid = ipywidgets.HTML(), ipywidgets.HTML(), Picture(WIDTH)
        self._shown: np.ndarray | None = None
        self._drawn: float | None = None
        self._handle: Any = None
        self._latest: Progress | None = None
        super().__init__([style(".animelab-live"), self._status, self._grid, self._curves])
        self.add_class("animelab-live")

    def __call__(self, progress: Progress) -> None:
        """Take in news of the training; cheap, so call it as often as you like."""
        self._latest = progress
        now = time.perf_counter()
        if self._drawn is not None and now - self._drawn < self.every and progress.step < progress.steps:
            return
        self._drawn = now
        if get_ipython() is None:  # a plain Python script has no widgets
            print(words(progress))
        elif self._handle is None:
            self._appear()
        self._draw(progress)

    def still(self) -> tuple[str, str]:
        if self._latest is None:
            return "<i>Training has not begun.</i>", "Training has not begun."
        parts = [status(self._latest), self._grid.value, self._curves.value]
        return f'<div style="max-width:{WIDTH}px">{"".join(parts)}</div>', words(self._latest)

    def _draw(self, progress: Progress) -> None:
        self._status.value = status(progress)
        if progress.preview is not None and progress.preview is not self._shown:
            self._shown = progress.preview
            self._grid.show(progress.preview, f"Pictures drawn from the same latents by step {progress.step:,}")
        self._curves.value = curves_tag(progress.history)

    def _appear(self) -> None:
        self._handle = display(self, display_id=True)
        get_ipython().events.register("post_run_cell", self._settle)

    def _settle(self, result: Any) -> None:
        """The cell is over: replace the widget by what it shows."""
        get_ipython().events.unregister("post_run_cell", self._settle)
        handle, self._handle, self._drawn = self._handle, None, None
        if self._latest is not None:
            self._draw(self._latest)
        markup, text = self.still()
        handle.update({"text/html": markup, "text/plain": text}, raw=True)


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


def status(progress: Progress) -> str:
    """The state of a run with a bar above it, as HTML."""
    part = 100 * progress.step / max(progress.steps, 1)
    bar = f'<div style="width:{part:.1f}%;height:4px;background-color:{COLORS[0]}"></div>'
    return (
        f'<div style="max-width:{WIDTH}px;margin:2px 0 8px">'
        f'<div style="background-color:rgba(128,128,128,0.25);margin-bottom:4px">{bar}</div>{words(progress)}</div>'
    )


def curves_tag(history: Sequence[Mapping[str, float]]) -> str:
    """Loss curves as an SVG picture: 2 ms where matplotlib takes 100.

    Its colors are seen on a white and on a black page.
    """
    names = list(dict.fromkeys(name for row in history for name in row if name not in MEASUREMENTS))
    if len(history) < 2 or not names:
        return ""
    left, right, top, bottom = 36, 74, 30, 18
    across, down = WIDTH - left - right, HEIGHT - top - bottom
    steps = np.array([row["step"] for row in history], float)
    edges = np.linspace(0, len(steps), min(POINTS, len(steps)) + 1).astype(int)[:-1]
    counts = np.diff(np.append(edges, len(steps)))
    lines = {}
    for name in names:
        values = np.array([row.get(name, np.nan) for row in history], float)
        lines[name] = np.add.reduceat(values, edges) / counts
    x = left + across * (np.add.reduceat(steps, edges) / counts - steps[0]) / max(steps[-1] - steps[0], 1)
    everything = np.concatenate(list(lines.values()))
    everything = everything[np.isfinite(everything)]
    if not everything.size:
        return ""
    low, high = np.percentile(everything, [1, 99])
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)

    def y(values: np.ndarray | float) -> np.ndarray:
        return top + down * (1 - (np.clip(values, low, high) - low) / (high - low))

    gray = 'fill="#808080" font-size="11"'
    parts = [f'<text x="{left}" y="19" {gray}>loss</text>']
    for value in _round_numbers(low, high):
        parts.append(f'<path d="M{left} {y(value):.1f}h{across}" stroke="#808080" stroke-opacity="0.25"/>')
        parts.append(f'<text x="{left - 6}" y="{y(value) + 4:.1f}" {gray} text-anchor="end">{value:.3g}</text>')
    parts.append(f'<text x="{left}" y="{HEIGHT - 3}" {gray}>step {steps[0]:,.0f}</text>')
    parts.append(f'<text x="{left + across}" y="{HEIGHT - 3}" {gray} text-anchor="end">{steps[-1]:,.0f}</text>')
    below = -np.inf
    order = sorted(zip(names, COLORS, strict=False), key=lambda pair: -np.nan_to_num(lines[pair[0]][-1]))
    for name, color in order:
        values = lines[name]
        finite = np.isfinite(values)
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in zip(x[finite], y(values[finite]), strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.6" stroke-linejoin="round"/>'
        )
        end = values[finite][-1] if finite.any() else low
        below = max(float(y(end)) + 4, below + 14)  # names never overlap
        label = html.escape(f"{name}  {end:#.3g}")
        parts.append(f'<text x="{left + across + 8}" y="{below:.1f}" fill="{color}" font-size="12">{label}</text>')
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(parts)}</svg>'
    alt = "Losses so far: " + ", ".join(f"{name} from {v[0]:.3g} to {v[-1]:.3g}" for name, v in lines.items())
    return image_tag(svg.encode(), "image/svg+xml", alt, WIDTH)


def _round_numbers(low: float, high: float) -> np.ndarray:
    """At most five multiples of 1, 2 or 5 between low and high."""
    power = 10.0 ** np.floor(np.log10((high - low) / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if (high - low) / (power * factor) <= 4.5)
    return step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)
