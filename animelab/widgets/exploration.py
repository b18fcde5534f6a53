"""What the latent explorer explores: the space of a model, and where one is in it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from animelab import env, zoo
from animelab.errors import LabError, reason
from animelab.latent import Generate, Latents, Ordered, Styles
from animelab.nn import stylegan2
from animelab.studio import TAGS


@dataclass(frozen=True, eq=False)
class State:
    """Everything the picture depends on. Points are as the space has them."""

    seed: int
    name: str  # of the face, in words
    face: Tensor  # what the sliders start from
    steps: Mapping[str, float] = field(default_factory=dict)  # along directions, by name
    layers: tuple[int, int] = (0, 0)  # first and last that the directions move; w only
    truncation: float = 1.0
    path: tuple[Tensor, ...] = ()  # of kept faces
    walk: float | None = None  # where on the path, from 1; None while the face is not on it

    def start(self, space: Latents) -> Tensor:
        """The point that the sliders start from."""
        if self.walk is None or len(self.path) < 2:
            return self.face
        last = min(int(self.walk), len(self.path) - 1)
        return space.between(self.path[last - 1], self.path[last], self.walk - last)

    def point(self, space: Latents) -> Tensor:
        """The point of the picture."""
        step = sum((x * space.named[name] for name, x in self.steps.items()), torch.zeros(space.latent))
        return space.moved(self.start(space), step, self.layers) if step.any() else self.start(space)

    def words(self, space: Latents) -> str:
        """The state in words: caption and alt text."""
        moves = [self.name if self.walk is None else f"At {self.walk:g} on the way of {len(self.path)} kept faces"]
        if isinstance(space, Ordered):
            moves += [tag for tag, asked in zip(TAGS, self.start(space)[space.latent :]) if asked > 0.5]
        moves += [f"{plain(name)} {x:+.1f}" for name, x in self.steps.items() if x]
        if len(moves) > 1 and space.layers and self.layers != (0, space.layers - 1):
            moves.append(f"in layers {self.layers[0]} to {self.layers[1]}")
        if self.truncation != 1:
            moves.append(f"truncated to {self.truncation:.1f}")
        return ", ".join(moves)


def plain(name: str) -> str:
    """A direction's name without what stands in brackets."""
    return name.partition(" (")[0]


def space_of(model: Any, latent: int | None, device: str | None, named: Mapping[str, Tensor] | None) -> Latents:
    """The space to explore: w for a StyleGAN2 (bare, or of the zoo), z for everything else."""
    if not isinstance(named, Mapping | None):
        raise LabError(f"Directions come by name, {{words: (latent,)}}, not as a {type(named).__name__}.")
    bare = model if isinstance(model, nn.Module) else getattr(model, "generator", None)
    labels = model.orders(4096) if isinstance(model, zoo.Conditional) else None
    if isinstance(bare, stylegan2.Generator) and (bare.mapping.embed is None or labels is not None):
        bare = copy.deepcopy(bare).eval().to(env.pick_device(device) if device else next(bare.parameters()).device)
        return Styles(bare, named, labels)
    if isinstance(model, zoo.Conditional):
        ordered = copy.copy(model)
        if device:
            ordered.to(device)
        return Ordered(ordered.generate, ordered.latent, ordered.orders, named)
    latent = latent or getattr(model, "latent", None)
    if not isinstance(latent, int):
        raise LabError("How many numbers does this generator draw from? Say it: LatentExplorer(model, latent=100).")
    return Latents(_prepare(model, latent, device), latent, named)


def _prepare(model: Any, latent: int, device: str | None) -> Generate:
    """A function from latents to pictures that leaves the learner's model alone."""
    place = env.pick_device(device) if device else None
    if isinstance(model, nn.Module):
        # A copy: the learner's may be in the middle of training, and one picture would spoil its BatchNorm statistics.
        place = place or next((p.device for p in model.parameters()), torch.device("cpu"))
        model = copy.deepcopy(model).eval().to(place)
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
        asked = f"The model does not take latents of shape (2, {latent}); is latent={latent} right?"
        raise LabError(f"{asked} ({reason(error)})") from error
    if not isinstance(pictures, Tensor) or pictures.ndim != 4 or pictures.shape[:2] != (2, 3):
        shape = tuple(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise LabError(f"Latents of shape (2, {latent}) should give pictures of shape (2, 3, H, W), not {shape}.")
    return generate
