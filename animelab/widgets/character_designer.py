"""A character designer: a control for every attribute, and files to take away. Taught in 02_studio."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from random import randrange
from typing import Any

import ipywidgets
import numpy as np
from PIL import Image

from animelab import env, limits, studio
from animelab.errors import LabError
from animelab.files import one_name, save_picture, write_atomically
from animelab.studio import LABEL_COLORS, LAYERS, OPTIONS, RANGES, STYLES, Character
from animelab.widgets.latent_explorer import button
from animelab.widgets.picture import Panel, Picture, Words

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
        if not isinstance(character, Character | None):
            raise LabError(f"A design begins with a Character, such as Character.random(3), not with {character!r}.")
        self.character = self._first = character or Character.random(12)
        self.size = limits.whole("size", size, limits.SETTINGS["size"])
        self._saved: set[Path] = set()  # what this designer may write again
        self.folder = Path(folder or env.runs_dir() / "designs").absolute()
        super().__init__("designer", self._build())
        self._show(self.character)

    def render(self, character: Character, layer: str = "color", style: str = "cel") -> np.ndarray:
        """The picture of a character: uint8 (size, size, 3), whatever the layer."""
        pixels = studio.render(character, self.size, layer, style)
        pixels = studio.paint_labels(pixels) if layer == "segmentation" else pixels
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)

    def still(self) -> tuple[str, str]:
        tags = ", ".join(name for name, present in self.character.tags().items() if present)
        layer, style = (self._controls[name].value for name in ("layer", "style"))
        return self._picture.value + self._code.value, f"A character, {layer} in {style} style: {tags}"

    def save(self) -> None:
        """Write the files of `save_layers` under the name and in the size of the boxes, and say where they are."""
        try:
            folder = self.folder / one_name(self._name.value)
            if folder not in self._saved and (folder.exists() or folder.is_symlink()):
                raise LabError(f"{folder} is there already, from another time; type another name.")
            self._saved.add(folder)
            self._said.say(f"Saved in {save_layers(self.character, folder, self._pixels.value)}")
        except (LabError, OSError) as problem:
            self._said.say(f"Not saved: {problem}")

    def _show(self, character: Character) -> None:
        self.character, start = character, vars(Character.random(character.seed))
        for name, control in self._controls.items():
            control.value = getattr(character, name, control.value)
        changes = ", ".join(f"{name}={value!r}" for name, value in vars(character).items() if value != start[name])
        code = f"Character.random({character.seed})" + (f".replace({changes})" if changes else "")
        self._code.say(code, '<code style="white-space:normal;overflow-wrap:anywhere">', "</code>")
        pixels = self.render(character, self._controls["layer"].value, self._controls["style"].value)
        self._picture.show(pixels, self.still()[1])

    def _moved(self, name: str, change: dict[str, Any]) -> None:
        value: Any = change["new"]
        old: Any = getattr(self.character, name, None)  # layer and style are not the character's
        if isinstance(value, float):  # in a browser, a slider rounds what it is given to its own steps
            value = old if abs(value - old) < change["owner"].step / 2 else round(value, 3)
        if value != old:  # otherwise the control only follows the character
            spoken = {"mouth": "spoken"} if name.startswith("mouth_") else {}  # the one mouth that has numbers
            self._show(self.character.replace(**({} if old is None else {**spoken, name: value})))

    def _build(self) -> ipywidgets.Widget:
        row, column = partial(ipywidgets.HBox, layout={"flex_flow": "row wrap"}), ipywidgets.VBox
        self._picture, self._code, self._said = Picture(self.size), Words(), Words()
        self._name = ipywidgets.Text("hero", description="Save as", layout={"width": "180px"})
        self._pixels = ipywidgets.BoundedIntText(512, 16, 4096, description="Pixels", layout={"width": "170px"})
        self._controls = {name: self._control(name) for names in GROUPS.values() for name in names.split()}
        boxes = [column([self._controls[name] for name in names.split()]) for names in GROUPS.values()]
        group, shown = ipywidgets.ToggleButtons(options=list(zip(GROUPS, boxes))), column(boxes[:1])
        group.style.button_width, shown.layout.min_height = "78px", "300px"
        group.add_class("animelab-group")
        group.observe(lambda change: shown.set_trait("children", [change["new"]]), "value")
        random = button("Random", lambda _: self._show(Character.random(randrange(10_000))))
        reset, save = button("Reset", lambda _: self._show(self._first)), button("Save", lambda _: self.save())
        left = column([self._picture, self._code], layout={"max_width": f"{self.size + 24}px"})
        left.add_class("animelab-left")
        return row(
            [left, column([row([random, reset]), group, shown, row([self._name, self._pixels, save]), self._said])]
        )

    def _control(self, name: str) -> ipywidgets.Widget:
        """A dropdown for names, a slider for numbers, a box to tick for yes or no; labeled in words."""
        kind = ipywidgets.Checkbox
        if name in NAMES:
            kind = partial(ipywidgets.Dropdown, options=tuple(NAMES[name]))
        elif name in RANGES:
            low, high = RANGES[name]
            kind = partial(ipywidgets.FloatSlider, low, min=low, max=high, step=(high - low) / 40)
        control = kind(description=name.replace("_", " ").capitalize(), style={"description_width": "110px"})
        control.add_class(f"animelab-{name}")
        control.observe(partial(self._moved, name), "value")
        return control


def save_layers(character: Character, folder: Path, size: int = 512) -> Path:
    """Write every layer and style of a character into a folder, aligned: PNG, SVG of color and line, and facts as JSON.

    segmentation.png has a palette, whose numbers are `LABELS`; alpha.png is the figure in color, cut out (RGBA).
    """
    pictures = {layer: studio.render(character, size, layer) for layer in LAYERS}
    pictures |= {style: studio.render(character, size, style=style) for style in STYLES[1:]}
    pictures["alpha"] = np.dstack([pictures["color"], pictures["alpha"]])
    for name, pixels in pictures.items():
        image = Image.fromarray(pixels.astype(np.uint8))
        if name == "segmentation":
            image.putpalette(bytes.fromhex("".join(LABEL_COLORS).replace("#", "")))
        save_picture(image, folder / f"{name}.png")
    known = {"character": vars(character), "labels": studio.LABELS, "landmarks": studio.landmarks(character, size)}
    texts = {"color.svg": studio.svg(character), "line.svg": studio.svg(character, "line")}
    for name, text in {**texts, "character.json": json.dumps(known, indent=1)}.items():
        write_atomically(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))
    return folder
