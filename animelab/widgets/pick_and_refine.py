"""Pick a character from a grid, and refine it grid by grid, in the manner of Waifu Labs. For 07_latent_editing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from animelab import limits
from animelab.nn.arguments import checked
from animelab.viz import as_pixels
from animelab.widgets.latent_explorer import button, space_of
from animelab.widgets.picture import Panel, Picture, Words, escaped

# What each grid varies, and in w the share of the layers that it takes from others: first shape, last color.
STAGES = (
    ("Pick a character", (0.0, 1.0)),
    ("Now its colors", (0.7, 1.0)),
    ("Now its details", (0.4, 0.7)),
    ("Now its shape and pose", (0.0, 0.2)),
    ("Done", (0.0, 0.0)),
)
COLUMNS, SHOWN = 4, 112


@dataclass(frozen=True, eq=False)
class State:
    """A grid: which stage, drawn with which seed, around whom."""

    stage: int
    seed: int
    chosen: Tensor | None = None


class PickAndRefine(Panel):
    """Twelve characters: pick one, and the next grids vary its colors, its details, and its shape and pose.

    model, latent, device: as for LatentExplorer; with a StyleGAN2 each grid changes layers of w, with any other model
    the steps get smaller from grid to grid. truncation: nearer the mean face below 1, StyleGAN2 only. `.latents` is
    what was picked. The first of each grid is the character as it was. Raises LabError as LatentExplorer.
    """

    @checked(truncation=limits.TRUNCATION)
    def __init__(
        self, model: Any, latent: int | None = None, device: str | None = None, seed: int = 0, truncation: float = 0.8
    ) -> None:
        self.space, self.truncation = space_of(model, latent, device, None), truncation
        self.state = State(0, seed)
        self._past: list[State] = []
        self._pictures = [Picture(SHOWN) for _ in range(3 * COLUMNS)]
        self._picks = [button(f"Pick {i + 1}", partial(self._picked, i)) for i in range(3 * COLUMNS)]
        cells = [ipywidgets.VBox(pair) for pair in zip(self._pictures, self._picks)]
        for pick in self._picks:
            pick.layout.width = f"{SHOWN}px"
        self._words = Words()
        self._words.add_class("animelab-caption")
        more = button("Other choices", lambda _: self.others())
        self._back = button("Back", lambda _: self.back())
        again = button("Start again", lambda _: self._go(State(0, self.state.seed + 1)))
        grid = ipywidgets.GridBox(cells, layout={"grid_template_columns": f"repeat({COLUMNS}, {SHOWN + 8}px)"})
        super().__init__("picker", self._words, grid, ipywidgets.HBox([more, self._back, again]))
        self._show(self.state)

    @property
    def latents(self) -> Tensor:
        """The point of the character picked so far, (1, latent) or in w (1, layers, latent), truncated."""
        return self.space.pulled(self.points(self.state)[0][None], self.truncation)

    def points(self, state: State) -> list[Tensor]:
        """The points of a grid; the same for the same state."""
        count = len(self._pictures)
        seeds = [1000 * state.seed + count * state.stage + i for i in range(count)]
        if state.chosen is None:
            return [self.space.point(seed) for seed in seeds]
        share = STAGES[state.stage][1]
        if share[0] == share[1]:
            return [state.chosen]
        return [state.chosen, *(self.space.varied(state.chosen, share, seed) for seed in seeds[1:])]

    def render(self, state: State) -> np.ndarray:
        """The pictures of a grid: uint8 (N, H, W, 3)."""
        return as_pixels(self.space.pictures(torch.stack(self.points(state)), self.truncation))

    def still(self) -> tuple[str, str]:
        words = STAGES[self.state.stage][0]
        return f"<div>{escaped(words)}</div>" + "".join(picture.value for picture in self._pictures), words

    def pick(self, index: int) -> None:
        """Choose a picture of the grid, counted from 0, and go on to the next grid."""
        chosen = self.points(self.state)[index]
        self._go(State(min(self.state.stage + 1, len(STAGES) - 1), self.state.seed, chosen))

    def _picked(self, index: int, _button: Any) -> None:
        self.pick(index)

    def others(self) -> None:
        """Another grid of the same stage."""
        self._go(replace(self.state, seed=self.state.seed + 1))

    def back(self) -> None:
        """The grid before."""
        if self._past:
            self._show(self._past.pop())

    def _go(self, state: State) -> None:
        self._past.append(self.state)
        self._show(state)

    def _show(self, state: State) -> None:
        self.state = state
        words = STAGES[state.stage][0]
        pictures = self.render(state)
        for number, (cell, pick) in enumerate(zip(self._pictures, self._picks), start=1):
            here = number <= len(pictures)
            same = ", as it was" if number == 1 and state.chosen is not None else ""
            if here:
                cell.show(pictures[number - 1], f"Choice {number}{same}")
            for part in (cell, pick):
                part.layout.visibility = "visible" if here else "hidden"
            pick.disabled = not here or len(pictures) == 1
        self._words.say(words if len(pictures) == 1 else f"{words}: {len(pictures)} to choose from")
        self._back.disabled = not self._past
