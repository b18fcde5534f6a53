"""A character designer: a control for every attribute, and files to take away. Taught in 02_studio."""

from __future__ import annotations

import json
from pathlib import Path
from random import randrange

import numpy as np
from PIL import Image

from animelab import env, limits, studio
from animelab.errors import LabError
from animelab.files import one_name, save_picture, write_text
from animelab.studio import LABEL_COLORS, LAYERS, OPTIONS, RANGES, STYLES, Character
from animelab.studio.palette import EYES, HAIR, SKIN
from animelab.widgets.stage import Part, Stage, button, choice, entry, past, picture, slider, swatches, toggle, words

GROUPS = {
    "Look": "style layer",
    "Hair": "hair_style bangs hair_color headwear ribbon pin ahoge",
    "Eyes": "eye_shape iris eye_color eyelids eye_size eyelid_left eyelid_right gaze_x gaze_y",
    "Face": "presentation face glasses skin blush",
    "Mouth and brows": "mouth brows mouth_open mouth_width mouth_smile brow_height brow_angle",
    "Clothes": "clothes scheme brightness",
    "Pose and background": "framing background yaw pitch roll",
}
NAMES = {**OPTIONS, "style": STYLES, "layer": LAYERS}
COLORS = {"hair_color": HAIR, "eye_color": EYES, "skin": SKIN}
LABELS = {"yaw": "Turn (yaw)", "pitch": "Nod (pitch)", "roll": "Tilt (roll)"}
DEGREES = ("roll",)  # every other number is shown in percent
SIZES = ("64", "128", "256", "512", "1024", "2048", "4096")  # pixels of the files


class CharacterDesigner(Stage):
    """Design a character by hand: `.character` is the one you see, and Save writes all its layers as files.

    character: where to start, and where Reset leads. size: the picture's side in pixels. folder: for the saved files,
    "designs" beside the runs by default. Keyboard: Tab goes from control to control, arrow keys change them.
    """

    def __init__(self, character: Character | None = None, size: int = 512, folder: str | Path | None = None) -> None:
        if not isinstance(character, Character | None):
            raise LabError(f"A design begins with a Character, such as Character.random(3), not with {character!r}.")
        self.character = self._start = character or Character.random(12)
        self.size = limits.whole("size", size, limits.SETTINGS["size"])
        self._saved: set[Path] = set()  # what this designer may write again
        self.folder = Path(folder or env.runs_dir() / "designs").absolute()
        save = [entry("file", "Save as", "hero"), choice("pixels", "Pixels", SIZES, "512")]
        super().__init__(
            "designer",
            [picture("picture", "Your character")],
            {
                "": [button("random", "Random", "shuffle"), *past()],
                **{title: [_control(name) for name in names.split()] for title, names in GROUPS.items()},
                "Files": [*save, button("save", "Save", tip="All layers, as files"), words("said", 2)],
            },
            {title: title == "Hair" for title in GROUPS if title != "Look"},
        )
        self.go(self.character)

    def render(self, character: Character, layer: str = "color", style: str = "cel") -> np.ndarray:
        """The picture of a character: uint8 (size, size, 3), whatever the layer."""
        pixels = studio.render(character, self.size, layer, style)
        pixels = studio.paint_labels(pixels) if layer == "segmentation" else pixels
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)

    def save(self) -> None:
        """Write the files of `save_layers` under the name and in the size of the controls, and say where they are."""
        try:
            folder = self.folder / one_name(self.values["file"])
            if folder not in self._saved and (folder.exists() or folder.is_symlink()):
                raise LabError(f"{folder} is there already, from another time; type another name.")
            self._saved.add(folder)
            self.say(f"Saved in {save_layers(self.character, folder, int(self.values['pixels']))}", "said")
        except (LabError, OSError) as problem:
            self.say("", "said")
            raise LabError(f"Not saved: {problem}") from problem

    def changed(self, name: str) -> None:
        if name in ("file", "pixels"):
            return
        news = {} if name in ("layer", "style") else {name: self.values[name]}  # those are not the character's
        if name in RANGES:
            news[name] = round(news[name] / _per_step(name), 4)
        if name.startswith("mouth_"):
            news["mouth"] = "spoken"  # the one mouth that has numbers
        self.go(self.character.replace(**news), name if name in RANGES else None)  # a drag is one step

    def pressed(self, name: str) -> None:
        if name == "save":
            self.save()
        elif name in ("undo", "redo"):
            super().pressed(name)
        else:
            self.go(self._start if name == "reset" else Character.random(randrange(10_000)))

    def restored(self, state: Character) -> None:
        """Show a character; its numbers are rounded on the controls only."""
        self.character, character, start = state, state, vars(Character.random(state.seed))
        known = {name: value for name, value in vars(character).items() if name in self.parts}
        self.put(**{name: round(value * _per_step(name)) if name in RANGES else value for name, value in known.items()})
        changes = ", ".join(f"{name}={value!r}" for name, value in vars(character).items() if value != start[name])
        layer, style = self.values["layer"], self.values["style"]
        tags = ", ".join(name for name, present in character.tags().items() if present)
        self.show("picture", self.render(character, layer, style), f"A character, {layer} in {style} style: {tags}")
        self.say(f"Character.random({character.seed})" + (f".replace({changes})" if changes else ""))


def _per_step(name: str) -> int:
    """How many of a number's units on its slider are 1."""
    return 1 if name in DEGREES else 100


def _control(name: str) -> Part:
    """Swatches for colors, a list for other names, a slider for numbers, a switch for yes or no; labeled in words."""
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    if name in COLORS:
        return swatches(name, label, COLORS[name])
    if name in NAMES:
        return choice(name, label, tuple(NAMES[name]))
    if name in RANGES:
        low, high = (round(end * _per_step(name)) for end in RANGES[name])
        return slider(name, label, max(low, 0), low, high, 1, "°" if name in DEGREES else "%")
    return toggle(name, label)


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
    write_text(folder / "color.svg", studio.svg(character))
    write_text(folder / "line.svg", studio.svg(character, "line"))
    write_text(folder / "character.json", json.dumps(known, indent=1))
    return folder
