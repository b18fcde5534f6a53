"""The zoo's queue: trained in stages, stopped by the clock, measured, and put into a zoo."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import time
from types import SimpleNamespace

import pytest
import torch

from animelab import builds, config, zoo
from animelab.engine import train
from animelab.engine.run import read_record
from animelab.engine.weights import load_weights, save_weights
from animelab.errors import LabError
from animelab.recipes import RECIPES, dcgan
from animelab.zoo import manifest

TINY = {"width": 4, "size": 32, "batch": 4, "faces": 8, "log_every": 1}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A plan of one tiny model, a zoo of its own, and no wait for a quiet machine."""
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(builds.os, "nice", lambda niceness: niceness)
    seen = {"tiny": {"fd_studio": 105.0}}  # by the same exam; what the card says is of another day
    monkeypatch.setattr(
        builds, "exam", lambda _, settings, model: seen.get(model, {"fd_studio": 100.0 + settings.steps})
    )
    plan = {"tiny": {"recipe": "dcgan", "preset": "smoke", "settings": TINY, "stages": [3, 6]}}
    (tmp_path / "builds.json").write_text(json.dumps(plan))
    monkeypatch.setattr(builds, "PLAN", tmp_path / "builds.json")
    monkeypatch.setattr(manifest, "FOLDER", tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"tiny": {"scores": {"fd_studio": 9.0}}}))
    return tmp_path / "runs"


def test_every_bundled_model_has_a_plan_that_its_recipe_accepts() -> None:
    cards = manifest.read()
    extra = {name for name in cards if name.endswith("-discriminator")}
    assert builds.plan().keys() >= cards.keys() - extra
    for name, planned in builds.plan().items():
        assert name not in cards or planned["recipe"] == cards[name]["recipe"]
        further = ("stylegan2-faces-64",)  # in several runs
        assert name not in cards or name in further or planned["stages"][-1] == cards[name]["steps"], name
        kind = RECIPES[planned["recipe"]]
        for steps in planned["stages"]:
            config.change(kind.presets[planned["preset"]], **planned["settings"], steps=steps)


def test_stages_are_measured_once_and_compared(small, capsys) -> None:
    builds.build([], 1, small)
    said = capsys.readouterr().out
    assert "tiny after 3 steps: fd_studio 103 (bundled 105). By fd_studio it is better." in said
    assert "tiny after 6 steps: fd_studio 106 (bundled 105). By fd_studio it is no better." in said
    before = (small / "tiny" / "weights.safetensors").stat().st_mtime_ns
    builds.build(["tiny"], 1, small)
    assert (small / "tiny" / "weights.safetensors").stat().st_mtime_ns == before, "nothing is trained twice"
    assert (small / "tiny" / "scores.jsonl").read_text().count("step") == 2


def test_the_clock_stops_it_and_the_same_again_goes_on_to_the_same_weights(
    small, tmp_path, capsys, monkeypatch
) -> None:
    for _ in range(10):  # each look at the clock takes a second: there is time for one step
        monkeypatch.setattr(builds, "time", SimpleNamespace(monotonic=itertools.count().__next__))
        builds.build([], 1.5 / 3600, small)
    monkeypatch.setattr(builds, "time", time)
    assert "The time is over" in capsys.readouterr().out
    assert (small / "tiny" / "scores.jsonl").read_text().count("step") == 2, "one step or more each time"
    builds.build([], 1, tmp_path / "at once")
    first, second = (zoo.load_run(folder / "tiny").generator.state_dict() for folder in (small, tmp_path / "at once"))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_what_was_trained_goes_into_the_zoo_with_its_discriminator(small) -> None:
    builds.build([], 1, small)
    said = builds.add("tiny", small, "a machine of these tests")
    assert "fd_studio 106 (bundled 9). By fd_studio it is no better." in said, "beside the one that was there before"
    card = manifest.card("tiny")
    assert card["scores"] == {"fd_studio": 106.0} and card["images"] == 24 and card["config"]["width"] == 4
    assert card["command"] == "animelab zoo build tiny" and card["machine"] == "a machine of these tests"
    assert zoo.names() == ["tiny"], "a discriminator draws nothing"
    bundled, run = zoo.load("tiny"), zoo.load_run(small / "tiny")
    assert (bundled.sample(2) - run.sample(2)).abs().max() < 0.02, "half precision"
    assert read_record(small / "tiny")["data"] == card["data"]
    settings = config.change(dcgan.PRESETS["smoke"], **TINY)
    begun = dcgan.DCGAN(dataclasses.replace(settings, start="tiny"), "cpu")
    trained = dcgan.DCGAN(dataclasses.replace(settings, start=str(small / "tiny")), "cpu")
    for mine, theirs in ((begun.D, trained.D), (begun.G, trained.G)):
        for key, value in mine.state_dict().items():
            assert torch.allclose(value.float(), theirs.state_dict()[key].float(), atol=1e-3, rtol=1e-2), key


@pytest.mark.parametrize(
    ("recipe", "kept_as"), [("stylegan2", "stylegan2-256.discriminator"), ("colorization", "colorization.D")]
)
def test_only_a_discriminator_that_a_lesson_opens_is_kept_as_a_network(recipe, kept_as, small, monkeypatch) -> None:
    smoke = {"size": 32, "batch": 4, "faces": 8, "log_every": 1, "start": ""}
    plan = {"tiny": {"recipe": recipe, "preset": "smoke", "settings": smoke, "stages": [1]}}
    monkeypatch.setattr(builds, "plan", lambda: plan)
    builds.build([], 1, small)
    builds.add("tiny", small, "here")
    assert manifest.card("tiny-discriminator")["network"] == kept_as
    if recipe == "stylegan2":
        kept, trained = zoo.network("tiny-discriminator").state_dict(), zoo.trained(str(small / "tiny"))[1]
        assert all(torch.allclose(kept[key].float(), trained[key], atol=1e-3, rtol=1e-2) for key in trained)


def test_what_cannot_go_into_the_zoo_is_one_sentence(small) -> None:
    with pytest.raises(LabError, match="no plan for 'tony'.*tiny"):
        builds.build(["tony"], 1, small)
    with pytest.raises(LabError, match="missing"):
        builds.add("tiny", small, "here")
    builds.build([], 0, small)
    assert not small.exists(), "without any time nothing is drawn or begun"
    half = builds.plan()["tiny"]["settings"]
    settings = config.change(dcgan.PRESETS["smoke"], **half, steps=6)
    recipe = dcgan.DCGAN(dataclasses.replace(settings, steps=3), "cpu")
    train(recipe, recipe.data(settings), small / "tiny", watch=lambda progress: None)
    record = json.loads((small / "tiny" / "run.json").read_text())
    (small / "tiny" / "run.json").write_text(json.dumps(record | {"config": record["config"] | {"steps": 6}}))
    with pytest.raises(LabError, match="not finished"):
        builds.add("tiny", small, "here")
    builds.build([], 1, small)
    record = json.loads((small / "tiny" / "run.json").read_text())
    for name in ("../tiny", "a/b", ""):
        with pytest.raises(LabError, match="name"):
            builds.add(name, small, "here")
    elsewhere = record | {"config": record["config"] | {"start": "runs/of a folder"}}
    for odd, said in ((record | {"data": "folder of mine"}, "folder of mine"), (elsewhere, "no bundled model")):
        (small / "tiny" / "run.json").write_text(json.dumps(odd))
        with pytest.raises(LabError, match=said):
            builds.add("tiny", small, "here")


def test_a_cut_line_of_scores_is_measured_again(small) -> None:
    builds.build([], 1, small)
    path = small / "tiny" / "scores.jsonl"
    path.write_text(path.read_text()[:-9])
    builds.build([], 1, small)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines() if line.endswith("}")] == [3, 6]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(builds.plan()))
def test_whatever_the_plan_trains_can_be_examined(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    planned = builds.plan()[name]
    kind = RECIPES[planned["recipe"]]
    counts = {"scenes": 8} if planned["recipe"] in ("cartoongan", "animegan") else {"faces": 8}
    stage = {
        key: planned["settings"][key]
        for key in ("stage", "network", "source", "a", "b", "names_weight")
        if key in planned["settings"]
    }
    settings = dataclasses.replace(kind.presets["smoke"], steps=1, batch=2, **counts, **stage)
    train(kind(settings, "cpu"), kind.data(settings), tmp_path / "run", watch=lambda progress: None)
    assert all(math.isfinite(value) for value in builds.exam(kind.name, settings, tmp_path / "run", 260).values())


@pytest.mark.parametrize("name", ["dcgan-faces-64", pytest.param("pix2pix-color-64", marks=pytest.mark.slow)])
def test_an_exam_tells_a_trained_model_from_a_damaged_one(name, tmp_path) -> None:
    card = manifest.card(name)
    planned = builds.plan()[name]
    kind = RECIPES[card["recipe"]]
    settings = config.change(kind.presets[planned["preset"]], **planned["settings"])
    good = builds.exam(card["recipe"], settings, name, 300)
    kind, arguments, network = load_weights(manifest.verified(name))
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(0.8)
    save_weights(tmp_path / "run" / "weights.safetensors", kind, arguments, network)
    (tmp_path / "run" / "run.json").write_text(json.dumps(card))
    bad = builds.exam(card["recipe"], settings, tmp_path / "run", 300)
    assert bad["fd_studio"] > good["fd_studio"] and good.keys() == bad.keys()
