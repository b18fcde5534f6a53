"""A character maker: order a face by attributes, keep its latent, and change one thing. Taught in 03_attributes."""

from __future__ import annotations

from random import randrange
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab.errors import LabError
from animelab.latent.walks import HAIR_STYLES
from animelab.metrics.attributes import GROUPS
from animelab.nn.arguments import checked
from animelab.studio import TAGS
from animelab.studio.palette import EYES, HAIR
from animelab.viz import as_pixels
from animelab.widgets.samples import color_of
from animelab.widgets.stage import Stage, button, past, picture, swatches, toggle

COLORS = {"hair color": HAIR, "eye color": EYES}
TITLES = {"hair color": "Hair", "eye color": "Eyes"}


class CharacterMaker(Stage):
    """Order a character: colors to click, everything else a switch; the latent stays until you ask for another.

    model: anything with `generate(latents, attributes)`, `orders(count)` and `latent`, such as a conditional model of
    the zoo. Attributes that none of its orders has are not offered. `.latent` (latent,) and `.attributes` (34,) are
    what you see. "Another" keeps the order, "Surprise me" changes both. Raises LabError for other models.
    """

    @checked(seed=(0, 2**31 - 1))
    def __init__(self, model: Any, seed: int = 0) -> None:
        if not hasattr(model, "orders"):
            raise LabError("This model takes no orders; pass one that does, such as zoo.load('makegirlsmoe-faces-64').")
        self.model = model
        known = model.orders(512)
        offered = [i for i in range(len(TAGS)) if 0 < known[:, i].sum() < len(known)]
        groups: dict[str, list[Any]] = {}
        self._tags: dict[str, int] = {}  # column of each switch, by its name
        for name, columns in GROUPS.items():
            colors = {each: COLORS[name][each] for each in (color_of(i) for i in columns if i in offered)}
            groups[TITLES[name]] = [swatches(name.split()[0], "Color", colors)] if colors else []
        groups["Face and hat"] = []
        for i in offered:
            if not any(i in columns for columns in GROUPS.values()):
                self._tags[name := TAGS[i].replace(" ", "_").replace("-", "_")] = i
                place = "hair color" if TAGS[i] in HAIR_STYLES else "eye color" if TAGS[i] == "glasses" else ""
                groups[TITLES.get(place, "Face and hat")].append(toggle(name, TAGS[i].capitalize()))
        buttons = [button("another", "Another", "next", "Another face, the same order")]
        buttons += [button("surprise", "Surprise me", "shuffle", "Another face, another order")]
        groups = {"": [*buttons, *past()], **{title: parts for title, parts in groups.items() if parts}}
        super().__init__("maker", [picture("face", "Your character")], groups)
        self._start = seed
        self.new_character(seed)

    def render(self, latent: Tensor, attributes: Tensor) -> np.ndarray:
        """The picture of a latent (latent,) with attributes (34,): uint8 (H, W, 3), as large as the model's."""
        return as_pixels(self.model.generate(latent[None], attributes))[0]

    def new_character(self, seed: int) -> None:
        """Another latent and another order, both of that seed."""
        self.go((seed, tuple(self.model.orders(1, seed)[0].tolist())))

    def changed(self, name: str) -> None:
        """A control was moved by hand: the same latent, another order."""
        ordered = torch.zeros(len(TAGS))
        for group, columns in GROUPS.items():
            color = self.values.get(group.split()[0])
            ordered[[i for i in columns if color_of(i) == color]] = 1
        for each, i in self._tags.items():
            ordered[i] = float(self.values[each])
        self.go((self.seed, tuple(ordered.tolist())))

    def pressed(self, name: str) -> None:
        if name == "another":
            self.go((self.seed + 1, tuple(self.attributes.tolist())))
        elif name in ("surprise", "reset"):
            self.new_character(randrange(10_000) if name == "surprise" else self._start)
        else:
            super().pressed(name)

    def restored(self, state: tuple[int, tuple[float, ...]]) -> None:
        self.seed, self.attributes = seed, attributes = state[0], torch.tensor(state[1])
        self.latent = torch.randn(self.model.latent, generator=torch.Generator().manual_seed(seed))
        ordered: dict[str, Any] = {name: bool(attributes[i]) for name, i in self._tags.items()}
        for group, columns in GROUPS.items():
            if group.split()[0] in self.values:
                ordered[group.split()[0]] = color_of(columns[int(attributes[columns].argmax())])
        self.put(**ordered)
        words = ", ".join(TAGS[i] for i in attributes.nonzero().flatten())
        self.show("face", self.render(self.latent, attributes), f"A generated character: {words}")
        self.say(f"Face of seed {seed}: {words}.")
