"""The character designer: every attribute has a control, the state decides the picture, the files are right."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from animelab.studio import LABEL_COLORS, LAYERS, OPTIONS, RANGES, STYLES, Character, paint_labels, render
from animelab.widgets import CharacterDesigner
from animelab.widgets.character_designer import GROUPS, save_layers

HERO = Character.random(3)
NAMED = [name for names in GROUPS.values() for name in names.split()]


def parts(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """A widget and all that is in it, as far as it is shown."""
    return [widget, *(part for child in getattr(widget, "children", ()) for part in parts(child))]


def control(designer: CharacterDesigner, name: str) -> ipywidgets.Widget:
    """The control with the class `animelab-NAME`, after its group was chosen."""
    group = next((group for group, names in GROUPS.items() if name in names.split()), None)
    if group:
        control(designer, "group").label = group
    (found,) = [part for part in parts(designer) if f"animelab-{name}" in getattr(part, "_dom_classes", ())]
    return found


def shown(designer: CharacterDesigner) -> np.ndarray:
    data = re.search(r"data:image/jpeg;base64,([^\"]+)", control(designer, "picture").value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))), np.int16)


@pytest.fixture
def designer(tmp_path) -> CharacterDesigner:
    return CharacterDesigner(HERO, folder=tmp_path)


def test_every_attribute_has_a_control_with_words(designer: CharacterDesigner):
    fields = {field.name for field in dataclasses.fields(Character)} - {"seed"}
    assert sorted(NAMED) == sorted({*fields, "style", "layer"})
    for name in NAMED:
        assert control(designer, name).description == name.replace("_", " ").capitalize()
    for name, names in {**OPTIONS, "style": STYLES, "layer": LAYERS}.items():
        assert tuple(control(designer, name).options) == tuple(names)
    for name, (low, high) in RANGES.items():
        assert (control(designer, name).min, control(designer, name).max) == (low, high)


def test_it_starts_with_the_character_it_was_given(designer: CharacterDesigner):
    assert designer.character == HERO
    assert np.abs(shown(designer) - render(HERO, 256)).mean() < 2
    for name in ("hair_color", "yaw", "ahoge"):
        assert control(designer, name).value == getattr(HERO, name)


@pytest.mark.parametrize(("name", "value"), [("mouth", "laugh"), ("yaw", 0.75), ("ahoge", True), ("headwear", "cap")])
def test_a_control_changes_its_attribute_and_nothing_else(designer: CharacterDesigner, name: str, value: object):
    before = shown(designer)
    control(designer, name).value = value
    assert designer.character == HERO.replace(**{name: value})
    assert np.abs(shown(designer) - before).mean() > 0.05
    assert np.abs(shown(designer) - render(designer.character, 256)).mean() < 2


def test_the_line_of_code_makes_the_same_character(designer: CharacterDesigner):
    for name, value in {"mouth": "laugh", "yaw": 0.3, "hair_color": "aqua"}.items():
        control(designer, name).value = value
        (code,) = re.findall("<code[^>]*>(.*)</code>", designer.still()[0])
        assert eval(code, {"Character": Character}) == designer.character
    plain = CharacterDesigner(Character())
    (code,) = re.findall("<code[^>]*>(.*)</code>", plain.still()[0])
    assert eval(code, {"Character": Character}) == Character()


def test_a_slider_that_rounds_changes_nothing(designer: CharacterDesigner):
    slider = control(designer, "yaw")
    slider.value = HERO.yaw + 0.4 * slider.step  # as a browser does when it shows a number between two steps
    assert designer.character == HERO
    slider.value = HERO.yaw + slider.step
    assert designer.character.yaw == pytest.approx(HERO.yaw + slider.step)


def test_numbers_of_the_mouth_ask_for_the_mouth_that_has_them(designer: CharacterDesigner):
    control(designer, "mouth_open").value = 0.9
    assert designer.character == HERO.replace(mouth="spoken", mouth_open=0.9)
    assert control(designer, "mouth").value == "spoken"


def test_random_and_reset(designer: CharacterDesigner):
    control(designer, "mouth").value = "laugh"
    control(designer, "layer").value = "line"
    control(designer, "random").click()
    assert designer.character == Character.random(designer.character.seed)
    assert control(designer, "mouth").value == designer.character.mouth
    control(designer, "reset").click()
    assert designer.character == HERO
    assert control(designer, "mouth").value == HERO.mouth
    assert np.abs(shown(designer) - render(HERO, 256, "line")).mean() < 2  # layer and style stay


@pytest.mark.parametrize(("layer", "style"), [*((layer, "cel") for layer in LAYERS), *(("color", s) for s in STYLES)])
def test_every_layer_and_style_is_shown(designer: CharacterDesigner, layer: str, style: str):
    control(designer, "layer").value = layer
    control(designer, "style").value = style
    pixels = render(HERO, 256, layer, style)
    pixels = paint_labels(pixels) if layer == "segmentation" else pixels
    assert np.abs(shown(designer) - (pixels if pixels.ndim == 3 else pixels[..., None])).mean() < 3
    assert f"{layer} in {style} style" in control(designer, "picture").value  # the alt text


def test_render_is_pure(designer: CharacterDesigner):
    before = control(designer, "picture").value
    other = designer.render(HERO.replace(mouth="laugh"), "flat")
    assert other.shape == (256, 256, 3) and other.dtype == np.uint8
    assert np.array_equal(other, render(HERO.replace(mouth="laugh"), 256, "flat"))
    assert control(designer, "picture").value == before
    assert designer.character == HERO


def test_save_says_where_the_files_are(designer: CharacterDesigner, tmp_path):
    control(designer, "save").click()
    assert f"Saved in {tmp_path / 'hero'}" in " ".join(str(getattr(part, "value", "")) for part in parts(designer))
    assert Image.open(tmp_path / "hero" / "color.png").size == (512, 512)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "hero" / "color.png")), render(HERO, 512))


def test_save_says_what_went_wrong(tmp_path):
    (tmp_path / "file").touch()
    designer = CharacterDesigner(HERO, folder=tmp_path / "file")
    control(designer, "save").click()
    assert "Not saved: " in " ".join(str(getattr(part, "value", "")) for part in parts(designer))


def test_the_files_hold_every_layer(tmp_path):
    save_layers(HERO, tmp_path, 128)
    for layer in ("color", "flat", "line", "sketch", "shade", "normal"):
        assert np.array_equal(np.asarray(Image.open(tmp_path / f"{layer}.png")), render(HERO, 128, layer))
    for style in STYLES[1:]:
        assert np.array_equal(np.asarray(Image.open(tmp_path / f"{style}.png")), render(HERO, 128, style=style))
    labels, pixels = Image.open(tmp_path / "segmentation.png"), render(HERO, 128, "segmentation")
    assert labels.mode == "P"
    assert np.array_equal(np.asarray(labels), pixels)
    assert np.array_equal(np.asarray(labels.convert("RGB")), paint_labels(pixels))
    assert len(labels.getpalette()) >= 3 * len(LABEL_COLORS)
    cutout = np.asarray(Image.open(tmp_path / "alpha.png"))
    assert np.array_equal(cutout[..., 3], render(HERO, 128, "alpha"))
    assert np.array_equal(cutout[..., :3], render(HERO, 128))
    assert (tmp_path / "line.svg").read_text(encoding="utf-8").startswith("<svg")
    known = json.loads((tmp_path / "character.json").read_text(encoding="utf-8"))
    assert Character(**known["character"]) == HERO
    assert known["labels"]["hair"] == 1
    assert all(0 <= number <= 128 for point in known["landmarks"].values() for number in point)


def test_without_a_kernel_a_picture_and_the_code_remain(designer: CharacterDesigner):
    markup, text = designer.still()
    assert "<img alt=" in markup and "Character.random(3)" in markup
    assert text.startswith("A character, color in cel style: ")
