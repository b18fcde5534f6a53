"""Pick a character from a grid, and refine it grid by grid, in the manner of Waifu Labs. For 07_latent_editing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from IPython.display import DisplayHandle, display
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from animelab import env, limits
from animelab.latent import Latents
from animelab.latent.projection import save_point
from animelab.metrics.attributes import GROUPS
from animelab.nn.arguments import checked
from animelab.studio import TAGS
from animelab.viz import as_pixels, grid
from animelab.widgets.exploration import space_of
from animelab.widgets.latent_explorer import LatentExplorer
from animelab.widgets.stage import EMPTY, Stage, button, picture

# What each grid varies: its name, what is said of it, also for a model of z alone, where no part stands for anything,
# and in w the share of the layers that it takes from others: first shape, last color.
STEPS = (
    ("Character", "pick a character", "pick a character", (0.0, 1.0)),
    ("Colors", "now the colors", "now one like it", (0.3, 1.0)),
    ("Details", "now the details", "now one more like it", (0.4, 0.7)),
    ("Shape", "now the shape", "and once more", (0.0, 0.3)),
)
COLUMNS = 4
SHOWN, DRAWN = COLUMNS**2, 28  # pictures of a grid, and those that it is chosen from


@dataclass(frozen=True, eq=False)
class Pick:
    """What was picked from a grid, and who lent it its colors: a seed."""

    grid: Grid
    index: int
    point: Tensor
    like: int
    pixels: np.ndarray


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid of choices: drawn with which seed, after which picks."""

    seed: int
    picks: tuple[Pick, ...] = ()


class PickAndRefine(Stage):
    """Sixteen characters: click one, and the next grids vary its colors, its details, and its shape.

    model, latent, device: as for LatentExplorer; with a StyleGAN2 each grid changes layers of w, with a model of orders
    some attributes or the latent, with any other the steps get smaller. truncation: nearer the mean face below 1,
    StyleGAN2 only. `.latents` is what was picked. The first of each grid is the character as it was. Raises LabError as
    LatentExplorer.
    """

    @checked(truncation=limits.TRUNCATION)
    def __init__(
        self, model: Any, latent: int | None = None, device: str | None = None, seed: int = 0, truncation: float = 0.8
    ) -> None:
        self.space, self.truncation = space_of(model, latent, device, None), truncation
        self.state, self._past, self._drawn = Grid(seed), list[Grid](), dict[Grid, list[Pick]]()
        self._opens = lambda: LatentExplorer(model, latent, device)
        self._below: list[list[DisplayHandle]] = []
        choices = picture("choices", "Choices", "pick", value=None, columns=COLUMNS)
        strip = picture("strip", "Your choices so far", "pick", value=None, columns=len(STEPS))
        keep = [button("save", "Save"), button("explore", "Open in the explorer", "open", "Below, with sliders")]
        steps = [button("others", "Other choices", "shuffle", "Another grid of this step")]
        steps += [button("back", "Back", "undo"), button("again", "Start again", "reset")]
        groups = {"Your choices, to go back to": [strip], "": steps, "Keep it": keep}
        super().__init__("picker", [choices, picture("face", "Your character")], groups)
        self._show(self.state)

    @property
    def latents(self) -> Tensor:
        """The point of the character picked so far, (1, latent), with its order (1, latent + 34), in w (1, layers,
        latent) and truncated."""
        return self.space.pulled(self.points(self.state)[0][None], self.truncation)

    def points(self, state: Grid) -> list[Tensor]:
        """The points of a grid; the same for the same state."""
        return [each.point for each in self._choices(state)]

    def render(self, state: Grid) -> np.ndarray:
        """The pictures of a grid: uint8 (N, H, W, 3)."""
        return np.stack([each.pixels for each in self._choices(state)])

    def pick(self, index: int) -> None:
        """Choose a picture of the grid, counted from 0, and go on to the next grid."""
        if len(self.state.picks) < len(STEPS):
            self._go(Grid(self.state.seed, (*self.state.picks, self._choices(self.state)[index])))

    def others(self) -> None:
        """Another grid of the same step."""
        self._go(Grid(self.state.seed + 1, self.state.picks))

    def back(self) -> None:
        """The grid before."""
        if self._past:
            self._show(self._past.pop())

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the picture (.png, at the model's size) and its point (.safetensors, "latent"), and say where."""
        path = self.save_as(Path(folder or env.runs_dir() / "picked"), "character-", self.render(self.state)[0])
        save_point(path.with_suffix(".safetensors"), self.latents, "picked and refined")
        self.say(f"Saved as {path} and {path.stem}.safetensors.")
        return path

    def explore(self) -> LatentExplorer:
        """A latent explorer that starts at the character picked so far."""
        explorer = self._opens()
        explorer.go_to(self.latents[0], "Your character")
        return explorer

    def changed(self, name: str) -> None:
        """A picture was clicked: one of the grid, or one of the strip."""
        index = self.values[name]
        self.put(choices=None, strip=None)
        if index is not None and name == "choices":
            self.pick(index)
        elif index is not None and index < len(self.state.picks):
            self._go(self.state.picks[index].grid, self.state.picks[index].index)

    def pressed(self, name: str) -> None:
        if name in ("choices", "strip"):
            self.changed(name)
        elif name == "again":
            self._go(Grid(self.state.seed + 1))
        elif name == "explore":
            explorer = self.explore()
            for places in self._below:
                explorer.put_in(*places)
            self.say("Your character is in the explorer below.")
        else:
            getattr(self, name)()  # others, back, save

    def seen(self) -> list[tuple[np.ndarray, str]]:
        strip = [each.pixels for each in self.state.picks]
        done = [(grid(strip, COLUMNS), "What was picked, step by step")] if len(strip) == len(STEPS) else []
        return [*super().seen(), *done]

    def _ipython_display_(self, **kwargs: Any) -> None:
        """With two more outputs below, where the explorer may come."""
        super()._ipython_display_(**kwargs)
        self._below.append([display(EMPTY, raw=True, display_id=uuid4().hex) for _ in range(2)])

    def _choices(self, state: Grid) -> list[Pick]:
        """What a grid has to pick from; that of the last state is kept."""
        if state not in self._drawn:
            step, first = len(state.picks), 1000 * state.seed + 100 * len(state.picks)
            found = [(self.space.point(seed), seed) for seed in range(first, first + SHOWN)]
            if step:
                last = state.picks[-1]
                found = [(last.point, last.like)]
            if 0 < step < len(STEPS):
                donors = islice(alike(self.space, last.like if step > 1 else None, first), DRAWN - 1)
                own, share = last.like if step == 1 else None, STEPS[step][3]
                found += [(self.space.varied(last.point, share, n, own), last.like if step > 1 else n) for n in donors]
            pixels = as_pixels(self.space.pictures(torch.stack([point for point, _ in found]), self.truncation))
            self._drawn = {state: [Pick(state, n, *found[i], pixels[i]) for n, i in enumerate(unlike(pixels, SHOWN))]}
        return self._drawn[state]

    def _go(self, state: Grid, chosen: int | None = None) -> None:
        self._past.append(self.state)
        self._show(state, chosen)

    def _show(self, state: Grid, chosen: int | None = None) -> None:
        self.state, pixels, step = state, self.render(state), len(state.picks)
        done, names = step == len(STEPS), [each[0] for each in STEPS]
        if done:
            self.show("face", pixels[0], "Your character")
            self.say("Your character. Save it, go on in the explorer, or go back to one of your choices.")
        else:
            said = STEPS[step][2 if type(self.space) is Latents else 1]
            alts = [f"Choice {i}" for i in range(1, SHOWN + 1)]
            self.show_all("choices", [*pixels], [f"Choice 1{', as it was' * bool(step)}", *alts[1:]])
            self.say(f"Step {step + 1} of {len(STEPS)}: {said}.{' The first is as it was.' * bool(step)}")
        picked = [*(each.pixels for each in state.picks), *[None] * (len(STEPS) - step)]
        alts = [f"{name}: {'back to this choice' if i < step else 'not yet chosen'}" for i, name in enumerate(names)]
        self.show_all("strip", picked, alts)
        self.put(choices=chosen)
        self.update("choices", hidden=done)
        self.update("face", hidden=not done)
        self.gray(others=done, save=not step, explore=not step, back=not self._past, again=not self._past)


def alike(space: Latents, like: int | None, first: int) -> Iterator[int]:
    """Seeds from the first one on; with `like`, those whose faces are ordered with the hair color of that seed's face.

    What other layers take from them does not dull the color that was picked.
    """
    labels = getattr(space, "labels", None)
    if like is None or labels is None or labels.shape[1] != len(TAGS):
        return count(first)
    hair = labels[:, GROUPS["hair color"]].argmax(1).tolist()
    return (seed for seed in count(first) if hair[seed % len(hair)] == hair[like % len(hair)])


def unlike(pixels: np.ndarray, most: int) -> list[int]:
    """Which of the pictures (N, H, W, 3), at most so many, differ most from each other; the first is one of them."""
    small = adaptive_avg_pool2d(torch.tensor(pixels).permute(0, 3, 1, 2).float(), 16).flatten(1)
    chosen, nearest = [0], torch.full((len(pixels),), torch.inf)
    while len(chosen) < min(most, len(pixels)):
        nearest = torch.minimum(nearest, (small - small[chosen[-1]]).norm(dim=1))
        nearest[chosen[-1]] = -1
        chosen.append(int(nearest.argmax()))
    return sorted(chosen)
