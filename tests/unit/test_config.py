"""Presets and settings: right types in, helpful sentences out."""

from __future__ import annotations

import dataclasses

import pytest

from animelab import config as settings
from animelab.errors import LabError
from animelab.recipes import RECIPES, dcgan


def test_text_becomes_the_fields_type():
    config = settings.change(dcgan.Config(), steps="7", lr_G="1e-3", precision="fp32")
    assert (config.steps, config.lr_G, config.precision) == (7, 1e-3, "fp32")
    assert isinstance(config.steps, int)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lrG": "1"}, "did you mean 'lr_G'"),
        ({"steps": "many"}, "'steps' takes a whole number, not 'many'"),
        ({"steps": 1.5}, "'steps' takes a whole number"),
        ({"batch": True}, "'batch' takes a whole number"),
        ({"steps": "-3"}, "'steps' must be at least 1"),
        ({"ema": "1.5"}, "'ema' must be below 1"),
    ],
)
def test_a_wrong_setting_is_one_sentence(changes, says):
    with pytest.raises(LabError, match=says):
        settings.change(dcgan.Config(), **changes)


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(LabError, match="did you mean 'smoke'"):
        dcgan.preset("smok")


def test_smoke_scale_shrinks_every_preset(monkeypatch):
    monkeypatch.setenv("ANIMELAB_SCALE", "smoke")
    assert dcgan.preset("h100", seed=3) == dataclasses.replace(dcgan.PRESETS["smoke"], seed=3)


def test_every_recipe_has_the_four_presets():
    for recipe in RECIPES.values():
        assert list(recipe.presets)[:4] == ["smoke", "cpu", "t4", "h100"]
