"""The latent explorer: new faces, sliders, and a walk between two of them, for any generator. Taught in 01_dcgan."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from animelab import env
from animelab.errors import LabError
from animelab.latent import Generate, principal_directions, slerp
from animelab.viz import as_pixels
from animelab.widgets.picture import Panel, Picture

SHOWN = 256  # CSS pixels of the picture
SLOW = 0.15  # seconds for one picture, above which a slider waits to be let go


@dataclass(frozen=True, eq=False)
class State:
    """Everything the picture depends on. Latents have the shape (latent,)."""

    seed: int
    name: str  # of the face, in words
    face: Tensor  # what the sliders start from
    strengths: tuple[float, ...]  # along the directions, in standard deviations of the latent
    a: Tensor | None = None
    b: Tensor | None = None
    walk: float | None = None  # from 0 at A to 1 at B; None while the face is not on the way between them

    def latent(self, directions: Tensor) -> Tensor:
        """The latent of the picture, for directions (count, latent)."""
        start = self.face
        if self.walk is not None and self.a is not None and self.b is not None:
            start = slerp(self.a, self.b, self.walk)
        return start + torch.tensor(self.strengths) @ directions

    def words(self) -> str:
        """The state in words: caption and alt text."""
        start = self.name if self.walk is None else f"{self.walk:.0%} of the way from A to B"
        return ", ".join([start, *(f"direction {i} {x:+.1f}" for i, x in enumerate(self.strengths, start=1) if x)])


class LatentExplorer(Panel):
    """Explore a generator by hand: new faces, its principal directions, and a walk between two remembered faces.

    model: a `zoo` model, or anything callable that turns latents (B, latent) into pictures (B, 3, H, W) in [-1, 1]; a
    torch module is copied as it is now and put into evaluation mode. latent: numbers per latent, where the model does
    not say. device: "cpu", "cuda", "mps" or "auto"; where the model is, by default. Raises LabError for anything that
    does not draw pictures from latents.

    Keyboard: Tab goes from control to control; sliders listen to the arrow keys (in Notebook 7, which keeps those for
    its cells, to Page Up, Page Down, Home and End), and their numbers can be typed over.
    """

    def __init__(self, model: Any, latent: int | None = None, device: str | None = None, seed: int = 0) -> None:
        latent = latent or getattr(model, "latent", None)
        if not isinstance(latent, int):
            raise LabError("How many numbers does this generator draw from? Say it: LatentExplorer(model, latent=100).")
        self.generate = _prepare(model, latent, device)
        self.directions = principal_directions(self.generate, latent, min(5, latent), samples=max(512, 4 * latent))
        self.state = self._start(seed)
        began = time.perf_counter()
        self.render(self.state)
        slow = time.perf_counter() - began > SLOW or env.on_colab()
        self._following = False  # the controls follow the state and not the state the controls
        super().__init__("explorer", self._build(continuous=not slow))
        self._go(self.state)

    @property
    def latents(self) -> Tensor:
        """The latent of the picture you see, (1, latent), to go on with in code."""
        return self.state.latent(self.directions)[None]

    def render(self, state: State) -> np.ndarray:
        """The picture of a state: uint8 (H, W, 3), at least 256 pixels wide."""
        pixels = as_pixels(self.generate(state.latent(self.directions)[None]))[0]
        side = max(SHOWN, pixels.shape[0])
        return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))

    def still(self) -> tuple[str, str]:
        return f"{self._picture.value}<div>{self.state.words()}</div>", self.state.words()

    def new_face(self, seed: int | None = None) -> None:
        """Draw the face of a seed, the next one by default; all sliders go back to zero, A and B stay remembered."""
        start = self._start(self.state.seed + 1 if seed is None else seed)
        self._go(replace(start, a=self.state.a, b=self.state.b))

    def reset(self) -> None:
        """Go back to the face of the seed."""
        self.new_face(self.state.seed)

    def remember(self, end: str) -> None:
        """Keep the face you see as "a" or "b", an end of the walk; the direction sliders start again from there."""
        here = self.latents[0]
        changes: dict[str, Any] = {end: here, "face": here, "name": f"Face {end.upper()}", "walk": None}
        state = replace(self.state, strengths=(0.0,) * len(self.directions), **changes)
        self._ends[end].show(self.render(state), f"Remembered as {end.upper()}")
        if state.a is not None and state.b is not None:
            state = replace(state, walk=0.0 if end == "a" else 1.0)
        self._go(state)

    def _start(self, seed: int) -> State:
        face = torch.randn(1, self.directions.shape[1], generator=torch.Generator().manual_seed(seed))[0]
        return State(seed, f"Face of seed {seed}", face, (0.0,) * len(self.directions))

    def _go(self, state: State) -> None:
        """Make the picture and every control show `state`."""
        self.state, self._following = state, True
        self._seed.value = state.seed
        self._walk.disabled = state.a is None or state.b is None
        self._walk.value = round(100 * (state.walk or 0))
        for slider, strength in zip(self._sliders, state.strengths, strict=True):
            slider.value = strength
        self._following = False
        self._draw()

    def _moved(self, change: dict[str, Any]) -> None:
        """A slider or the seed was moved by hand."""
        if self._following:
            return
        if change["owner"] is self._seed:
            self.new_face(self._seed.value)
            return
        walk = self._walk.value / 100 if change["owner"] is self._walk else self.state.walk
        self.state = replace(self.state, walk=walk, strengths=tuple(slider.value for slider in self._sliders))
        self._draw()

    def _draw(self) -> None:
        self._picture.show(self.render(self.state), self.state.words())
        self._caption.value = self.state.words()

    def _build(self, continuous: bool) -> ipywidgets.Widget:
        """All controls: the face at the left, what can be done with it at the right."""
        box = ipywidgets.HBox
        long = {
            "continuous_update": continuous,
            "layout": {"width": "390px"},
            "style": {"description_width": "150px"},
        }
        self._picture, self._caption = Picture(SHOWN), ipywidgets.HTML()
        self._caption.add_class("animelab-caption")
        short = {"layout": {"width": "128px"}, "style": {"description_width": "40px"}}
        self._seed = ipywidgets.BoundedIntText(0, 0, 2**31 - 1, description="Seed", **short)
        self._walk = ipywidgets.IntSlider(0, 0, 100, description="Walk from A to B (%)", **long)
        count = len(self.directions)
        extent = {1: " (strongest)", count: " (gentlest)"} if count > 1 else {}
        self._sliders = [
            ipywidgets.FloatSlider(
                0, min=-4, max=4, readout_format="+.1f", description=f"Direction {index}{extent.get(index, '')}", **long
            )
            for index in range(1, count + 1)
        ]
        directions = {f"direction-{index}": slider for index, slider in enumerate(self._sliders, start=1)}
        for name, control in {"seed": self._seed, "walk": self._walk, **directions}.items():
            control.add_class(f"animelab-{name}")
            control.observe(self._moved, "value")
        self._ends = {"a": Picture(48, "end"), "b": Picture(48, "end")}
        ends = [
            box([_button("Remember as A", lambda _: self.remember("a")), self._ends["a"]]),
            box([_button("Remember as B", lambda _: self.remember("b")), self._ends["b"]]),
        ]
        new, reset = _button("New face", lambda _: self.new_face()), _button("Reset", lambda _: self.reset())
        left = ipywidgets.VBox([self._picture, self._caption])
        left.add_class("animelab-left")
        right = ipywidgets.VBox([box([new, self._seed, reset]), *self._sliders, box(ends), self._walk])
        return box([left, right], layout={"flex_flow": "row wrap"})


def _button(words: str, action: Callable[[Any], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, layout={"width": "128px"})
    button.add_class(f"animelab-{words.lower().replace(' ', '-')}")
    button.on_click(action)
    return button


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
