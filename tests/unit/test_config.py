"""Presets and settings: right types in, helpful sentences out."""

from __future__ import annotations

import dataclasses

import pytest
import torch

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
        ({"steps": "many"}, "'steps' takes a whole number from 1 to 10,000,000, not 'many'"),
        ({"steps": 1.5}, "'steps' takes a whole number"),
        ({"batch": True}, "'batch' takes a whole number"),
        ({"steps": "-3"}, "'steps' takes a whole number from 1 to 10,000,000, not -3"),
        ({"ema": "1.5"}, "'ema' takes a number from 0 to below 1, not 1.5"),
    ],
)
def test_a_wrong_setting_is_one_sentence(changes, says):
    with pytest.raises(LabError, match=says):
        settings.change(dcgan.Config(), **changes)


@pytest.mark.parametrize(
    ("recipe", "changes", "says"),
    [
        ("cartoongan", {"size": 256}, "at most picture=128"),
        ("animegan", {"size": 120}, "multiple of 16"),
        ("cartoongan", {"picture": 200}, "picture=200, which is one as well"),
        ("stylegan2", {"channel_base": 32}, "no channel"),
        ("ugatit", {"layers_global": 9}, "D of 4 and 9 layers, at least 384"),
        ("ugatit", {"layers_local": 2}, "from 3 to 9"),
        ("ugatit", {"size": 66}, "multiple of 4"),
    ],
)
def test_sizes_that_do_not_fit_the_networks_are_one_sentence(recipe, changes, says):
    with pytest.raises(LabError, match=says):
        settings.change(RECIPES[recipe].presets["cpu"], **changes)


def test_the_smallest_picture_that_is_allowed_fits_both_discriminators():
    config = dataclasses.replace(RECIPES["ugatit"].presets["smoke"], size=24, layers_global=5)
    recipe = RECIPES["ugatit"](config, "cpu")
    assert recipe.step((torch.zeros(1, 3, 24, 24), torch.zeros(1, 3, 24, 24)))["D"].isfinite()


def test_networks_that_fit_no_memory_are_one_sentence(monkeypatch):
    def build(self, config):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4294967296 bytes")

    monkeypatch.setattr(dcgan.DCGAN, "build", build)
    with pytest.raises(LabError, match="Out of memory"):
        dcgan.DCGAN(dcgan.preset("smoke"), "cpu")


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(LabError, match="did you mean 'smoke'"):
        dcgan.preset("smok")


def test_smoke_scale_shrinks_every_preset(monkeypatch):
    monkeypatch.setenv("ANIMELAB_SCALE", "smoke")
    assert dcgan.preset("h100", seed=3) == dataclasses.replace(dcgan.PRESETS["smoke"], seed=3)


def test_every_recipe_has_the_four_presets():
    for recipe in RECIPES.values():
        assert list(recipe.presets)[:4] == ["smoke", "cpu", "t4", "h100"]
