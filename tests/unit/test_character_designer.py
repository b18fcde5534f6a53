"""The character designer: every attribute has a control, the state decides the picture, the files are right."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from animelab.studio import LABEL_COLORS, LAYERS, OPTIONS, RANGES, STYLES, Character, paint_labels, render
from animelab.widgets import CharacterDesigner
from animelab.widgets.character_designer import GROUPS, save_layers

HERO = Character.random(3)
NAMED = [name for names in GROUPS.values() for name in names.split()]


def move(designer: CharacterDesigner, **values: object) -> None:
    """As a browser does it."""
    designer.set_state({"values": {**designer.values, **values}})


def press(designer: CharacterDesigner, name: str) -> None:
    designer._asked(designer, {"do": "press", "name": name}, [])


def shown(designer: CharacterDesigner) -> np.ndarray:
    return designer.seen()[0][0].astype(np.int16)


@pytest.fixture
def designer(tmp_path) -> CharacterDesigner:
    return CharacterDesigner(HERO, 256, folder=tmp_path)


def test_every_attribute_has_a_control_with_words(designer: CharacterDesigner):
    fields = {field.name for field in dataclasses.fields(Character)} - {"seed"}
    assert sorted(NAMED) == sorted({*fields, "style", "layer"})
    for name in NAMED:
        assert name in ("yaw", "pitch", "roll") or designer.parts[name]["label"] == name.replace("_", " ").capitalize()
    for name, names in {**OPTIONS, "style": STYLES, "layer": LAYERS}.items():
        part = designer.parts[name]
        assert tuple(part.get("options") or part["colors"]) == tuple(names)
    for name, (low, high) in RANGES.items():
        part, unit = designer.parts[name], 1 if name == "roll" else 100
        assert (part["low"], part["high"]) == (round(unit * low), round(unit * high))
        assert part["unit"] == ("°" if name == "roll" else "%")


def test_it_starts_with_the_character_it_was_given(designer: CharacterDesigner):
    assert designer.character == HERO
    assert np.array_equal(shown(designer), render(HERO, 256))
    for name in ("hair_color", "hair_style", "ahoge"):
        assert designer.values[name] == getattr(HERO, name)
    assert designer.values["yaw"] == round(100 * HERO.yaw)


@pytest.mark.parametrize(
    ("name", "value", "moved"),
    [("mouth", "laugh", "laugh"), ("yaw", 0.75, 75), ("roll", 8, 8), ("ahoge", True, True), ("skin", "deep", "deep")],
)
def test_a_control_changes_its_attribute_and_nothing_else(designer: CharacterDesigner, name: str, value, moved):
    before = shown(designer)
    move(designer, **{name: moved})
    assert designer.character == HERO.replace(**{name: value})
    assert np.abs(shown(designer) - before).mean() > 0.05
    assert np.array_equal(shown(designer), render(designer.character, 256))


def test_the_line_of_code_makes_the_same_character(designer: CharacterDesigner):
    for name, value in {"mouth": "laugh", "yaw": 30, "hair_color": "aqua", "eye_size": 99}.items():
        move(designer, **{name: value})
        assert eval(designer.words["caption"], {"Character": Character}) == designer.character
    plain = CharacterDesigner(Character(), 16)
    assert eval(plain.words["caption"], {"Character": Character}) == Character()


def test_what_a_slider_rounds_changes_nothing(designer: CharacterDesigner):
    odd = HERO.replace(yaw=0.123456)
    designer = CharacterDesigner(odd, 16)
    assert designer.values["yaw"] == 12
    move(designer, mouth="laugh")
    assert designer.character == odd.replace(mouth="laugh")


def test_numbers_of_the_mouth_ask_for_the_mouth_that_has_them(designer: CharacterDesigner):
    move(designer, mouth_open=90)
    assert designer.character == HERO.replace(mouth="spoken", mouth_open=0.9)
    assert designer.values["mouth"] == "spoken"


def test_random_and_reset(designer: CharacterDesigner):
    move(designer, mouth="laugh")
    move(designer, layer="line")
    press(designer, "random")
    assert designer.character == Character.random(designer.character.seed)
    assert designer.values["mouth"] == designer.character.mouth
    press(designer, "reset")
    assert designer.character == HERO
    assert designer.values["mouth"] == HERO.mouth
    assert np.array_equal(shown(designer)[..., 0], render(HERO, 256, "line")[..., 0])  # layer and style stay


def test_undo_and_redo_gray_out_and_a_drag_is_one_step(designer: CharacterDesigner):
    assert designer.parts["undo"]["disabled"] and designer.parts["redo"]["disabled"]
    move(designer, mouth="laugh")
    for yaw in (10, 20, 30):
        move(designer, yaw=yaw)
    press(designer, "undo")
    assert designer.character == HERO.replace(mouth="laugh") and designer.values["mouth"] == "laugh"
    press(designer, "undo")
    assert designer.character == HERO and designer.parts["undo"]["disabled"]
    press(designer, "redo")
    press(designer, "redo")
    assert designer.character == HERO.replace(mouth="laugh", yaw=0.3) and designer.parts["redo"]["disabled"]


@pytest.mark.parametrize(("layer", "style"), [*((layer, "cel") for layer in LAYERS), *(("color", s) for s in STYLES)])
def test_every_layer_and_style_is_shown(designer: CharacterDesigner, layer: str, style: str):
    move(designer, layer=layer)
    move(designer, style=style)
    pixels = render(HERO, 256, layer, style)
    pixels = paint_labels(pixels) if layer == "segmentation" else pixels
    assert np.array_equal(
        shown(designer), np.broadcast_to(pixels if pixels.ndim == 3 else pixels[..., None], (256, 256, 3))
    )
    assert f"{layer} in {style} style" in designer.words["picture"]  # the alt text


def test_render_is_pure(designer: CharacterDesigner):
    before = designer.picture_picture
    other = designer.render(HERO.replace(mouth="laugh"), "flat")
    assert other.shape == (256, 256, 3) and other.dtype == np.uint8
    assert np.array_equal(other, render(HERO.replace(mouth="laugh"), 256, "flat"))
    assert designer.picture_picture == before
    assert designer.character == HERO


def test_save_says_where_the_files_are(designer: CharacterDesigner, tmp_path):
    press(designer, "save")
    assert designer.words["said"] == f"Saved in {tmp_path / 'hero'}"
    assert Image.open(tmp_path / "hero" / "color.png").size == (512, 512)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "hero" / "color.png")), render(HERO, 512))


def test_save_says_what_went_wrong(tmp_path):
    (tmp_path / "file").touch()
    designer = CharacterDesigner(HERO, 16, folder=tmp_path / "file")
    press(designer, "save")
    assert designer.words["problem"].startswith("Not saved: ") and not designer.words.get("said")


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
