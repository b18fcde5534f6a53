"""A character maker: order a face by attributes, keep its latent, and change one thing. Taught in 03_attributes."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from animelab.errors import LabError
from animelab.metrics.attributes import GROUPS
from animelab.nn.arguments import checked
from animelab.studio import TAGS
from animelab.viz import as_pixels
from animelab.widgets.latent_explorer import button
from animelab.widgets.picture import Panel, Picture, escaped

SEEDS = (0, 2**31 - 1)  # of a browser's box
SHOWN = 256  # CSS pixels of the picture


class CharacterMaker(Panel):
    """Order a character: colors from a list, everything else a box to tick; the latent stays until you ask for another.

    model: anything with `generate(latents, attributes)`, `orders(count)` and `latent`, such as a conditional model of
    the zoo. Attributes that none of its orders has are not offered. `.latent` (latent,) and `.attributes` (34,) are
    what you see. Keyboard: Tab goes from control to control, the space bar ticks. Raises LabError for other models.
    """

    @checked(seed=SEEDS)
    def __init__(self, model: Any, seed: int = 0) -> None:
        if not hasattr(model, "orders"):
            raise LabError("This model takes no orders; pass one that does, such as zoo.load('makegirlsmoe-faces-64').")
        self.model, self._following = model, False
        known = model.orders(512)
        self._offered = [i for i in range(len(TAGS)) if 0 < known[:, i].sum() < len(known)]
        super().__init__("maker", self._build(seed))
        self.new_character(seed)

    def render(self, latent: Tensor, attributes: Tensor) -> np.ndarray:
        """The picture of a latent (latent,) with attributes (34,): uint8 (256, 256, 3)."""
        pixels = as_pixels(self.model.generate(latent[None], attributes))[0]
        return np.asarray(Image.fromarray(pixels).resize((SHOWN, SHOWN), Image.Resampling.LANCZOS))

    def still(self) -> tuple[str, str]:
        words = ", ".join(TAGS[i] for i in self.attributes.nonzero().flatten())
        return f"{self._picture.value}<div>{escaped(words)}</div>", f"A generated character: {words}"

    def new_character(self, seed: int) -> None:
        """Another latent and another order, both of that seed."""
        self.latent = torch.randn(self.model.latent, generator=torch.Generator().manual_seed(seed))
        self._show(self.model.orders(1, seed)[0])

    def _show(self, attributes: Tensor) -> None:
        self.attributes, self._following = attributes, True
        for name, control in self._colors.items():
            control.value = int(attributes[GROUPS[name]].argmax())
        for i, box in self._boxes.items():
            box.value = bool(attributes[i])
        self._following = False
        self._draw()

    def _moved(self, _change: Any) -> None:
        """A control was moved by hand: the same latent, another order."""
        if self._following:
            return
        self.attributes = torch.zeros(len(TAGS))
        for name, control in self._colors.items():
            self.attributes[GROUPS[name][control.value]] = 1
        for i, box in self._boxes.items():
            self.attributes[i] = float(box.value)
        self._draw()

    def _draw(self) -> None:
        _, words = self.still()
        self._picture.show(self.render(self.latent, self.attributes), words)

    def _build(self, seed: int) -> ipywidgets.Widget:
        self._picture = Picture(SHOWN)
        wide = {"style": {"description_width": "80px"}, "layout": {"width": "230px"}}
        self._colors = {}
        for name, columns in GROUPS.items():
            choices = [(TAGS[i].split()[0].capitalize(), k) for k, i in enumerate(columns) if i in self._offered]
            self._colors[name] = ipywidgets.Dropdown(options=choices, description=name.capitalize(), **wide)
        flags = [i for i in self._offered if not any(i in columns for columns in GROUPS.values())]
        self._boxes = {
            i: ipywidgets.Checkbox(description=TAGS[i].capitalize(), indent=False, layout={"width": "110px"})
            for i in flags
        }
        named = {**self._colors, **{TAGS[i]: box for i, box in self._boxes.items()}}
        for name, control in named.items():
            control.add_class(f"animelab-{name.replace(' ', '-')}")
            control.observe(self._moved, "value")
        self._seed = ipywidgets.BoundedIntText(seed, *SEEDS, description="Seed", layout={"width": "160px"})
        self._seed.observe(lambda change: self.new_character(change["new"]), "value")
        new = button("New character", lambda _: self._seed.set_trait("value", self._seed.value + 1))
        reset = button("Reset", lambda _: self.new_character(self._seed.value))
        boxes = ipywidgets.HBox(list(self._boxes.values()), layout={"flex_flow": "row wrap", "max_width": "360px"})
        row = ipywidgets.HBox([new, self._seed, reset], layout={"flex_flow": "row wrap"})
        left = ipywidgets.VBox([self._picture])
        left.add_class("animelab-left")
        return ipywidgets.HBox([left, ipywidgets.VBox([row, *self._colors.values(), boxes])],
                               layout={"flex_flow": "row wrap"})  # fmt: skip
