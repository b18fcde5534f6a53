"""The latent explorer: new faces, sliders, and walks, for any generator. Taught in 01_dcgan and 07_latent_editing."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from animelab import env, limits, zoo
from animelab.errors import LabError, shown
from animelab.files import save_picture
from animelab.latent import Generate, Latents, Styles
from animelab.latent.projection import read_point, save_point
from animelab.nn import stylegan2
from animelab.nn.arguments import checked
from animelab.viz import as_pixels
from animelab.widgets.picture import Panel, Picture, Words, escaped, label

SHOWN = 256  # CSS pixels of the picture
SLOW = 0.15  # seconds for one picture, above which a slider waits to be let go


@dataclass(frozen=True, eq=False)
class State:
    """Everything the picture depends on. Points are as the space has them."""

    seed: int
    name: str  # of the face, in words
    face: Tensor  # what the sliders start from
    strengths: tuple[float, ...]  # in steps along the directions
    layers: tuple[int, int] = (0, 0)  # first and last that the directions move; w only
    truncation: float = 1.0
    a: Tensor | None = None
    b: Tensor | None = None
    walk: float | None = None  # from 0 at A to 1 at B; None while the face is not on the way between them

    def point(self, space: Latents) -> Tensor:
        """The point of the picture."""
        start = self.face
        if self.walk is not None and self.a is not None and self.b is not None:
            start = space.between(self.a, self.b, self.walk)
        steps = {name: x for name, x in zip(space.directions, self.strengths, strict=True) if x}
        return space.moved(start, steps, self.layers)

    def words(self, space: Latents) -> str:
        """The state in words: caption and alt text."""
        start = self.name if self.walk is None else f"{self.walk:.0%} of the way from A to B"
        moves = [f"{_plain(name)} {x:+.1f}" for name, x in zip(space.directions, self.strengths, strict=True) if x]
        if moves and space.layers and self.layers != (0, space.layers - 1):
            moves.append(f"in layers {self.layers[0]} to {self.layers[1]}")
        if self.truncation != 1:
            moves.append(f"truncated to {self.truncation:.1f}")
        return ", ".join([start, *moves])


class LatentExplorer(Panel):
    """Explore a generator by hand: new faces, directions, walks, favorites, and a way back from each step.

    model: a `zoo` model, or anything callable that turns latents (B, latent) into pictures (B, 3, H, W) in [-1, 1]; a
    torch module is copied as it is now and put into evaluation mode. A StyleGAN2 is explored in w, with truncation and
    a choice of layers. latent: numbers per latent, where the model does not say. directions: your own by name,
    (latent,), as long as one step; the principal ones follow. device: "cpu", "cuda", "mps" or "auto"; where the model
    is, by default. Raises LabError for anything that does not draw pictures from latents.

    Keyboard: Tab goes from control to control; sliders listen to the arrow keys (in Notebook 7, which keeps those for
    its cells, to Page Up, Page Down, Home and End), and their numbers can be typed over.
    """

    @checked(seed=limits.SEEDS)
    def __init__(
        self,
        model: Any,
        latent: int | None = None,
        device: str | None = None,
        seed: int = 0,
        directions: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.space = space_of(model, latent, device, directions)
        self.state = self._start(seed)
        self.favorites: list[State] = []
        self._past: list[State] = []
        self._future: list[State] = []
        self._touched: Any = None  # the control that was moved last: dragging it is one step to undo
        began = time.perf_counter()
        self.render(self.state)
        slow = time.perf_counter() - began > SLOW or env.on_colab()
        self._following = False  # the controls follow the state and not the state the controls
        super().__init__("explorer", self._build(continuous=not slow))
        self._show(self.state)

    @property
    def latents(self) -> Tensor:
        """The point of the picture you see, (1, latent) or in w (1, layers, latent) and truncated, to go on with."""
        return self.space.pulled(self.state.point(self.space)[None], self.state.truncation)

    def render(self, state: State) -> np.ndarray:
        """The picture of a state: uint8 (H, W, 3), at least 256 pixels wide."""
        pixels = self._pixels(state)
        side = max(SHOWN, pixels.shape[0])
        return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))

    def still(self) -> tuple[str, str]:
        words = self.state.words(self.space)
        return f"{self._picture.value}<div>{escaped(words)}</div>", words

    def new_face(self, seed: int | None = None) -> None:
        """Draw the face of a seed, the next one by default; sliders go back to zero, A, B and truncation stay."""
        start = self._start(self.state.seed + 1 if seed is None else seed)
        self._go(replace(start, a=self.state.a, b=self.state.b, truncation=self.state.truncation))

    def load(self, path: str | Path) -> None:
        """Go on from a point that `save` or `animelab project` wrote; LabError for one of another generator."""
        if not isinstance(path, str | Path) or not str(path).strip():
            raise LabError(f"The file of a point is asked for, not {shown(repr(path))}.")
        point = read_point(Path(path), self.space)
        face = replace(self._start(self.state.seed), face=point, name=shown(Path(path).stem))
        self._go(replace(face, a=self.state.a, b=self.state.b))

    def reset(self) -> None:
        """Go back to the face of the seed."""
        self._go(replace(self._start(self.state.seed), a=self.state.a, b=self.state.b))

    def remember(self, end: str) -> None:
        """Keep the face you see as "a" or "b", an end of the walk; the direction sliders start again from there."""
        here = self.state.point(self.space)  # truncation stays a control of its own
        changes: dict[str, Any] = {end: here, "face": here, "name": f"Face {end.upper()}", "walk": None}
        state = replace(self.state, strengths=(0.0,) * len(self.space.directions), **changes)
        if state.a is not None and state.b is not None:
            state = replace(state, walk=0.0 if end == "a" else 1.0)
        self._go(state)

    def undo(self) -> None:
        """One step back."""
        if self._past:
            self._future.append(self.state)
            self._touched = None
            self._show(self._past.pop())

    def redo(self) -> None:
        """One undone step forward."""
        if self._future:
            self._past.append(self.state)
            self._touched = None
            self._show(self._future.pop())

    def favorite(self) -> None:
        """Keep what you see in the list of favorites."""
        self.favorites.append(self.state)
        kept = [(f"{i}: {state.words(self.space)}", i) for i, state in enumerate(self.favorites, start=1)]
        self._kept.options = [("Back to a favorite …", 0), *kept]
        self._kept.value = 0

    def save(self, folder: str | Path | None = None) -> tuple[Path, Path]:
        """Write the picture (.png, at the model's size) and its point (.safetensors, "latent"), and say where."""
        folder = Path(folder) if folder is not None else env.runs_dir() / "explorer"
        number = next(i for i in range(1, 10**6) if not (folder / f"face-{i:03d}.png").exists())
        picture, point = (folder / f"face-{number:03d}{end}" for end in (".png", ".safetensors"))
        save_picture(Image.fromarray(self._pixels(self.state)), picture)
        save_point(point, self.latents, self.state.words(self.space))
        self._caption.say(f"Saved as {picture} and {point.name}.")
        return picture, point

    def _pixels(self, state: State) -> np.ndarray:
        return as_pixels(self.space.pictures(state.point(self.space)[None], state.truncation))[0]

    def _start(self, seed: int) -> State:
        zero = (0.0,) * len(self.space.directions)
        return State(seed, f"Face of seed {seed}", self.space.point(seed), zero, (0, max(0, self.space.layers - 1)))

    def _go(self, state: State, touched: Any = None) -> None:
        """A new step: what was is kept for undo, and what was undone is forgotten."""
        if touched is None or touched is not self._touched:
            self._past = [*self._past[-99:], self.state]
        self._touched, self._future = touched, []
        self._show(state)

    def _show(self, state: State) -> None:
        """Make the picture and every control show `state`."""
        before, self.state, self._following = self.state, state, True
        self._seed.value = state.seed
        self._walk.disabled = state.a is None or state.b is None
        self._walk.value = round(100 * (state.walk or 0))
        for slider, strength in zip(self._sliders, state.strengths, strict=True):
            slider.value = strength
        self._truncation.value, self._layers.value = state.truncation, state.layers
        self._undo.disabled, self._redo.disabled = not self._past, not self._future
        for end in ("a", "b"):
            point = getattr(state, end)
            if point is not None and (point is not getattr(before, end) or not self._ends[end].value):
                face = replace(self._start(0), face=point, truncation=state.truncation)
                self._ends[end].show(self.render(face), f"Remembered as {end.upper()}")
        self._following = False
        words = state.words(self.space)
        self._picture.show(self.render(state), words)
        self._caption.say(words)

    def _moved(self, change: dict[str, Any]) -> None:
        """A control was moved by hand."""
        owner = change["owner"]
        if self._following or (owner is self._kept and not owner.value):
            return
        if owner is self._seed:
            self.new_face(self._seed.value)
        elif owner is self._kept:
            self._go(self.favorites[owner.value - 1])
            owner.value = 0
        else:
            state = replace(
                self.state,
                walk=self._walk.value / 100 if owner is self._walk else self.state.walk,
                strengths=tuple(slider.value for slider in self._sliders),
                truncation=self._truncation.value,
                layers=tuple(self._layers.value),
            )
            self._go(state, touched=owner)

    def _build(self, continuous: bool) -> ipywidgets.Widget:
        """All controls: the face at the left, what can be done with it at the right."""
        box = ipywidgets.HBox
        wide: dict[str, Any] = {"layout": {"width": "390px"}, "style": {"description_width": "150px"}}
        long = {"continuous_update": continuous, **wide}
        self._picture, self._caption = Picture(SHOWN), Words()
        self._caption.add_class("animelab-caption")
        short = {"layout": {"width": "128px"}, "style": {"description_width": "40px"}}
        self._seed = ipywidgets.BoundedIntText(0, 0, 2**31 - 1, description="Seed", **short)
        self._walk = ipywidgets.IntSlider(0, 0, 100, description="Walk from A to B (%)", **long)
        self._sliders = [
            ipywidgets.FloatSlider(
                0, min=-4, max=4, readout_format="+.1f", description=label(name[:1].upper() + name[1:]), **long
            )
            for name in self.space.directions
        ]
        self._truncation = ipywidgets.FloatSlider(
            1, min=0, max=1.5, step=0.1, readout_format=".1f", description="Truncation", **long
        )
        last = max(0, self.space.layers - 1)
        self._layers = ipywidgets.IntRangeSlider(value=(0, last), min=0, max=last, description="Layers to move", **long)
        self._kept = ipywidgets.Dropdown(options=[("Back to a favorite …", 0)], layout={"width": "258px"})
        named = [("seed", self._seed), ("walk", self._walk), ("truncation", self._truncation), ("layers", self._layers)]
        named += [("favorites", self._kept), *zip(map(_class_name, self.space.directions), self._sliders, strict=True)]
        for name, control in named:  # a list: two directions may share the class of their names
            control.add_class(f"animelab-{name}")
            control.observe(self._moved, "value")
        self._ends = {"a": Picture(48, "end"), "b": Picture(48, "end")}
        ends = [
            box([button("Remember as A", lambda _: self.remember("a")), self._ends["a"]]),
            box([button("Remember as B", lambda _: self.remember("b")), self._ends["b"]]),
        ]
        new, reset = button("New face", lambda _: self.new_face()), button("Reset", lambda _: self.reset())
        self._undo, self._redo = button("Undo", lambda _: self.undo()), button("Redo", lambda _: self.redo())
        keep, save = button("Favorite", lambda _: self.favorite()), button("Save", lambda _: self.save())
        left = ipywidgets.VBox([self._picture, self._caption])
        left.add_class("animelab-left")
        styles = [self._layers, self._truncation] if self.space.layers else []
        rows = [box([new, self._seed, reset]), box([self._undo, self._redo, save]), *self._sliders, *styles]
        right = ipywidgets.VBox([*rows, box(ends), self._walk, box([keep, self._kept])])
        return box([left, right], layout={"flex_flow": "row wrap"})


def _plain(name: str) -> str:
    """A direction's name without what stands in brackets."""
    return name.partition(" (")[0]


def _class_name(name: str) -> str:
    return re.sub(r"[^\w]+", "-", _plain(name))


def space_of(model: Any, latent: int | None, device: str | None, named: Mapping[str, Tensor] | None) -> Latents:
    """The space to explore: w for a StyleGAN2 (bare, or of the zoo), z for everything else."""
    if not isinstance(named, Mapping | None):
        raise LabError(f"Directions come by name, {{words: (latent,)}}, not as a {type(named).__name__}.")
    bare = model if isinstance(model, nn.Module) else getattr(model, "generator", None)
    labels = model.orders(4096) if isinstance(model, zoo.Conditional) else None
    if isinstance(bare, stylegan2.Generator) and (bare.mapping.embed is None or labels is not None):
        here = next(bare.parameters()).device
        bare = copy.deepcopy(bare).eval().to(env.pick_device(device) if device else here)
        return Styles(bare, named, labels)
    latent = latent or getattr(model, "latent", None)
    if not isinstance(latent, int):
        raise LabError("How many numbers does this generator draw from? Say it: LatentExplorer(model, latent=100).")
    return Latents(_prepare(model, latent, device), latent, named)


def button(words: str, action: Callable[[Any], object]) -> ipywidgets.Button:
    """A button with its words as a CSS class."""
    made = ipywidgets.Button(description=words, layout={"width": "128px"})
    made.add_class(f"animelab-{words.lower().replace(' ', '-')}")
    made.on_click(action)
    return made


def _prepare(model: Any, latent: int, device: str | None) -> Generate:
    """A function from latents to pictures that leaves the learner's model alone."""
    place = env.pick_device(device) if device else None
    if isinstance(model, nn.Module):
        # A copy: the learner's may be in the middle of training, and one picture would spoil its BatchNorm statistics.
        model = copy.deepcopy(model).eval()
        place = place or next((p.device for p in model.parameters()), torch.device("cpu"))
        model.to(place)
    elif hasattr(model, "generate"):
        model = (copy.copy(model).to(place) if place else model).generate
    elif not callable(model):
        raise LabError(f"A {type(model).__name__} draws no pictures; pass a zoo model or a function of latents.")

    @torch.no_grad()
    def generate(latents: Tensor) -> Tensor:
        return model(latents.to(place) if place else latents)

    try:
        pictures = generate(torch.zeros(2, latent))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise LabError(
            f"The model does not take latents of shape (2, {latent}); is latent={latent} right? ({reason})"
        ) from error
    if not isinstance(pictures, Tensor) or pictures.ndim != 4 or pictures.shape[:2] != (2, 3):
        shape = tuple(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise LabError(f"Latents of shape (2, {latent}) should give pictures of shape (2, 3, H, W), not {shape}.")
    return generate
