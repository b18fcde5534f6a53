"""A character designer: a control for every attribute, and files to take away. Taught in 02_studio."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import randrange
from typing import Any

import ipywidgets
import numpy as np
from PIL import Image

from animelab import env, studio
from animelab.studio import LABEL_COLORS, LAYERS, OPTIONS, RANGES, STYLES, Character
from animelab.widgets.latent_explorer import _button as button
from animelab.widgets.picture import Panel, Picture

GROUPS = {
    "Picture": "style layer framing background yaw pitch roll",
    "Face": "presentation face skin blush glasses",
    "Hair": "hair_style bangs hair_color ahoge headwear ribbon pin",
    "Eyes": "eye_shape eye_color eye_size iris eyelids eyelid_left eyelid_right gaze_x gaze_y",
    "Mouth": "mouth mouth_open mouth_width mouth_smile brows brow_height brow_angle",
    "Clothes": "clothes scheme brightness",
}
NAMES = {**OPTIONS, "style": STYLES, "layer": LAYERS}


class CharacterDesigner(Panel):
    """Design a character by hand: `.character` is the one you see, and Save writes all its layers as files.

    character: where to start, and where Reset leads. size: the picture's side in pixels. folder: for the saved files,
    "designs" beside the runs by default. Keyboard: Tab goes from control to control, arrow keys change them.
    """

    def __init__(self, character: Character | None = None, size: int = 256, folder: str | Path | None = None) -> None:
        self.size, self.folder = size, Path(folder or env.runs_dir() / "designs").absolute()
        self._first = {**asdict(character or Character.random(12)), "style": "cel", "layer": "color"}
        self.state, self._past, self._touched = self._first, [self._first], ""  # the control that moved last
        super().__init__("designer", self._build())
        self._show(self._first)

    @property
    def character(self) -> Character:
        """The character you see, to go on with in code."""
        return _character(self.state)

    def render(self, state: dict[str, Any]) -> np.ndarray:
        """The picture of a state (all attributes, "style" and "layer" by name): uint8 (size, size, 3)."""
        pixels = studio.render(_character(state), self.size, state["layer"], state["style"])
        pixels = studio.paint_labels(pixels) if state["layer"] == "segmentation" else pixels
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)

    def still(self) -> tuple[str, str]:
        tags = ", ".join(name for name, present in self.character.tags().items() if present)
        words = f"A character, {self.state['layer']} in {self.state['style']} style: {tags}"
        return self._picture.value + self._code.value, words

    def save(self) -> Path:
        """Write the files of `save_layers` under the name and in the size of the boxes; returns their folder."""
        return save_layers(self.character, self.folder / (Path(self._name.value).name or "hero"), self._pixels.value)

    def _show(self, state: dict[str, Any], touched: str = "") -> None:
        self.state, self._touched, start = state, touched, asdict(Character.random(state["seed"]))
        for name, control in self._controls.items():
            control.value = state[name]
        changes = ", ".join(f"{name}={state[name]!r}" for name in start if state[name] != start[name])
        code = f"Character.random({state['seed']})" + (f".replace({changes})" if changes else "")
        self._code.value = f'<code style="white-space:normal;overflow-wrap:anywhere">{code}</code>'
        self._picture.show(self.render(state), self.still()[1])

    def _moved(self, name: str, change: dict[str, Any]) -> None:
        value, old = change["new"], self.state[name]
        if isinstance(value, float):  # in a browser, a slider rounds what it is given to its own steps
            value = old if abs(value - old) < change["owner"].step / 2 else round(value, 3)
        if value != old:  # otherwise it only follows the state
            self._past += [self.state] * (name != self._touched)  # a control that moves on and on is one step
            spoken = {"mouth": "spoken"} if name.startswith("mouth_") else {}  # the one mouth that has numbers
            self._show({**self.state, **spoken, name: value}, name)

    def _pressed(self, words: str, _: Any) -> None:
        if words == "Save":
            try:
                self._said.value = f"Saved in {self.save()}"
            except OSError as problem:
                self._said.value = f"Not saved: {problem}"
        elif words == "Undo":
            self._show(self._past.pop() if len(self._past) > 1 else self._first)
        else:
            self._past.append(self.state)
            new = self._first if words == "Reset" else asdict(Character.random(randrange(10_000)))
            self._show({**self.state, **new})

    def _build(self) -> ipywidgets.Widget:
        row, column = partial(ipywidgets.HBox, layout={"flex_flow": "row wrap"}), ipywidgets.VBox
        self._picture, self._code, self._said = Picture(self.size), ipywidgets.HTML(), ipywidgets.HTML()
        self._name = ipywidgets.Text("hero", description="Save as", layout={"width": "180px"})
        self._pixels = ipywidgets.BoundedIntText(512, 16, 4096, description="Pixels", layout={"width": "170px"})
        self._controls = {name: self._control(name) for names in GROUPS.values() for name in names.split()}
        boxes = [column([self._controls[name] for name in names.split()]) for names in GROUPS.values()]
        group, shown = ipywidgets.ToggleButtons(options=list(zip(GROUPS, boxes))), column(boxes[:1])
        group.style.button_width, shown.layout.min_height = "78px", "300px"
        group.add_class("animelab-group")
        group.observe(lambda change: shown.set_trait("children", [change["new"]]), "value")
        *buttons, save = (button(words, partial(self._pressed, words)) for words in ("Random", "Undo", "Reset", "Save"))
        left = column([self._picture, self._code], layout={"max_width": f"{self.size + 24}px"})
        left.add_class("animelab-left")
        return row([left, column([row(buttons), group, shown, row([self._name, self._pixels, save]), self._said])])

    def _control(self, name: str) -> ipywidgets.Widget:
        """A dropdown for names, a slider for numbers, a box to tick for yes or no; labeled in words."""
        words = {"description": name.replace("_", " ").capitalize(), "style": {"description_width": "110px"}}
        low, high = RANGES.get(name, (0, 1))
        slider = partial(ipywidgets.FloatSlider, low, min=low, max=high, step=(high - low) / 40)
        kind = partial(ipywidgets.Dropdown, options=tuple(NAMES[name])) if name in NAMES else slider
        control = (kind if name in {**NAMES, **RANGES} else ipywidgets.Checkbox)(**words)
        control.add_class(f"animelab-{name}")
        control.observe(partial(self._moved, name), "value")
        return control


def save_layers(character: Character, folder: Path, size: int = 512) -> Path:
    """Write every layer and style into a folder, aligned: PNG; color and line as SVG, too; what is known as JSON.

    segmentation.png has a palette, whose numbers are `LABELS`; alpha.png is the figure in color, cut out (RGBA).
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {layer: studio.render(character, size, layer) for layer in LAYERS}
    pictures |= {style: studio.render(character, size, style=style) for style in STYLES[1:]}
    pictures["alpha"] = np.dstack([pictures["color"], pictures["alpha"]])
    for name, pixels in pictures.items():
        image = Image.fromarray(pixels.astype(np.uint8))
        if name == "segmentation":
            image.putpalette(bytes.fromhex("".join(LABEL_COLORS).replace("#", "")))
        image.save(folder / f"{name}.png")
    for layer in ("color", "line"):
        (folder / f"{layer}.svg").write_text(studio.svg(character, layer), encoding="utf-8")
    known = {"character": asdict(character), "labels": studio.LABELS, "landmarks": studio.landmarks(character, size)}
    (folder / "character.json").write_text(json.dumps(known, indent=1), encoding="utf-8")
    return folder


def _character(state: dict[str, Any]) -> Character:
    return Character(**{name: value for name, value in state.items() if name not in ("style", "layer")})
