"""Weights that are handed in: honest ones get their score, all others a status and no points."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from animelab import metrics, zoo
from animelab.engine.weights import load_weights, save_weights
from animelab.errors import LabError
from animelab.homework import Model, measures, model_task, sandbox
from animelab.nn import dcgan
from animelab.zoo import manifest

MODEL = Model(
    "m", network="dcgan.generator", measure="faces", bundled="dcgan-faces-64", points={"fd": ((1.5, 10), (3, 4))},
    megabytes=8, arguments={"size": 64, "latent": 100, "width": (16, 64)}, settings={"count": 300},
    advice={"fd": "Train longer."},
)  # fmt: skip
ANCHORS = {"fd": [4.0, 184.0]}
SHAPE = {"size": 64, "latent": 100, "width": 16}
isolated = pytest.mark.skipif(bool(sandbox.available()), reason=sandbox.available())


@pytest.fixture(scope="module")
def honest(tmp_path_factory) -> Path:
    """Weights as training writes them, of a network that has learned nothing yet."""
    path = tmp_path_factory.mktemp("honest") / "weights.safetensors"
    torch.manual_seed(0)
    save_weights(path, "dcgan.generator", SHAPE, dcgan.Generator(**SHAPE))
    return path


@pytest.fixture(scope="module")
def instructor(tmp_path_factory) -> Path:
    """What `prepare` writes, with the public tagger in place of a secret one, whose training takes a minute."""
    folder = tmp_path_factory.mktemp("instructor")
    save_weights(folder / "features.safetensors", "tagger.network", {}, zoo.network("tagger"))
    (folder / "anchors.json").write_text(json.dumps(ANCHORS))
    return folder


def bundled() -> dict[str, torch.Tensor]:
    return {name: value.float() for name, value in load_file(manifest.verified("dcgan-faces-64")).items()}


def written(path: Path, state: dict[str, torch.Tensor]) -> Path:
    save_weights(path, "dcgan.generator", {"size": 64, "latent": 100, "width": 40}, state)
    return path


def scrambled(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same function with the first layer's channels in another order, every layer scaled and disturbed."""
    torch.manual_seed(1)
    order = torch.randperm(state["1.weight"].shape[1])
    found = {
        key: value[order] if key.startswith(("2.", "4.")) and value.ndim else value for key, value in state.items()
    }
    found["1.weight"] = state["1.weight"][:, order]
    return {key: 1.3 * value + 0.01 * value.std() * torch.randn_like(value) if value.ndim > 1 else value
            for key, value in found.items()}  # fmt: skip


def folded(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each channel scaled before its BatchNorm, whose mean and variance follow: the pictures are the same."""
    torch.manual_seed(2)
    found = dict(state)
    for before, norm in ((1, 2), (4, 5), (7, 8), (10, 11)):
        scale = 0.3 + 3 * torch.rand(len(state[f"{norm}.bias"]))
        found[f"{before}.weight"] = state[f"{before}.weight"] * scale.view(1, -1, 1, 1)
        found[f"{norm}.running_mean"] = state[f"{norm}.running_mean"] * scale
        found[f"{norm}.running_var"] = state[f"{norm}.running_var"] * scale**2
    return found


def test_honest_weights_are_not_refused(honest):
    assert model_task.refused(honest, MODEL) == ("", "")


@pytest.mark.parametrize("change", [
    pytest.param(lambda state: state, id="as it is"),
    pytest.param(lambda state: {k: -2.5 * v if v.ndim > 1 else v for k, v in state.items()}, id="scaled"),
    pytest.param(lambda state: {k: v + 0.02 * v.std() * torch.randn_like(v) if v.ndim > 1 else v
                                for k, v in state.items()}, id="disturbed"),
    pytest.param(lambda state: {k: v.half().float() for k, v in state.items()}, id="half precision"),
    pytest.param(scrambled, id="channels in another order, scaled and disturbed"),
    pytest.param(folded, id="channels scaled before their norm"),
    pytest.param(lambda state: scrambled(folded(state)), id="both"),
])  # fmt: skip
def test_a_copy_of_a_bundled_model_is_found(tmp_path, change):
    torch.manual_seed(0)
    status, said = model_task.refused(written(tmp_path / "weights.safetensors", change(bundled())), MODEL)
    assert status == "a copy" and "dcgan-faces-64" in said


def test_two_trainings_of_one_architecture_are_no_copies_of_each_other():
    state = load_file(manifest.verified("r3gan-faces-64"))
    others = {name: card for name, card in manifest.read().items() if name == "dcgan-faces-64"}
    found = [model_task._alike(state[key].float(), bundled()[key]) for key in state if state[key].ndim > 1]
    assert others and not any(found)


def test_who_draws_what_a_bundled_model_draws_is_found_by_that(tmp_path, monkeypatch):
    ask, path = hidden(), tmp_path / "weights.safetensors"
    assert model_task.drawn_alike(ask, written(path, folded(bundled())), MODEL) == "dcgan-faces-64"
    other, card = manifest.verified("r3gan-faces-64"), manifest.card("dcgan-faces-64")
    monkeypatch.setattr(manifest, "read", lambda: {"dcgan-faces-64": card})
    assert model_task.drawn_alike(ask, other, MODEL) == ""
    tuned = replace(MODEL, settings={**MODEL.settings, "fine_tuning": True})
    assert model_task.drawn_alike(ask, path, tuned) == ""


def test_one_layer_of_a_bundled_model_is_no_copy_yet(tmp_path):
    torch.manual_seed(3)
    state = dcgan.Generator(size=64, latent=100, width=40).state_dict()
    last = [key for key in state if state[key].ndim > 1][-1]
    state[last] = bundled()[last]
    assert model_task.refused(written(tmp_path / "w.safetensors", state), MODEL) == ("", "")


class Nasty:
    def __reduce__(self):
        return (Path.touch, (Path("/tmp/animelab-was-here"),))


def refused(path: Path, **changes) -> str:
    status, said = model_task.refused(path, replace(MODEL, **changes))
    assert said[-1] == "." and str(path.parent) not in said
    return status


def test_hostile_and_unfit_weights_have_a_status_each(tmp_path, honest):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pickle.dumps(Nasty()))
    assert refused(path) == "not safetensors" and not Path("/tmp/animelab-was-here").exists()
    torch.save(dcgan.Generator(**SHAPE).state_dict(), path)
    assert refused(path) == "not safetensors"
    path.write_bytes(b"")
    assert refused(path) == "not safetensors"
    save_file(load_file(honest), path)  # of nobody's network
    assert refused(path) == "not safetensors"
    path.write_bytes((8).to_bytes(8, "little") + b"{" + b"[" * 7)
    assert refused(path) == "unreadable weights"
    content = honest.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert refused(path) == "unreadable weights"
    path.write_bytes(content[:-3] + b"abc")
    assert refused(path) == "unreadable weights"
    assert refused(honest, megabytes=0.1) == "too large"
    assert refused(honest, arguments={"size": 64, "latent": 100, "width": (32, 64)}) == "another network"
    assert refused(honest, arguments={"size": 64, "latent": 100}) == "another network"
    assert refused(honest, network="r3gan.generator") == "another network"


def test_weights_of_another_shape_are_unreadable(tmp_path, honest):
    state = load_file(honest)
    key = next(key for key in state if state[key].ndim > 1)
    for change in (lambda v: v[:, :1], lambda v: v.expand(2, *v.shape)[0].repeat(2, *[1] * (v.ndim - 1))):
        path = tmp_path / "weights.safetensors"
        save_weights(path, "dcgan.generator", SHAPE, {**state, key: change(state[key])})
        assert refused(path) == "unreadable weights"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_found(tmp_path, honest, value):
    state = load_file(honest)
    state[list(state)[-1]].view(-1)[0] = value
    save_weights(tmp_path / "w.safetensors", "dcgan.generator", SHAPE, state)
    assert refused(tmp_path / "w.safetensors") == "NaN"


@isolated
def test_an_honest_model_is_scored_in_a_process_of_its_own_the_same_each_time(honest, instructor):
    first, again = (model_task.score_model(honest, MODEL, instructor, 2**61 + 5) for _ in range(2))
    assert first == again and first["status"] == "scored" and first["scores"]["fd"] > 100
    assert first["picture"].startswith("<img") and "data:image/webp" in first["picture"]
    (row,) = model_task.marked(MODEL, first["scores"], ANCHORS)
    assert row["most"] == 10 and row["points"] in (0, 4) and row["advice"] == "Train longer."


@isolated
def test_a_network_that_explodes_has_no_score(tmp_path, honest, instructor):
    state = {key: value * 1e30 if value.ndim > 1 else value for key, value in load_file(honest).items()}
    save_weights(tmp_path / "weights.safetensors", "dcgan.generator", SHAPE, state)
    found = model_task.score_model(tmp_path / "weights.safetensors", MODEL, instructor, 5)
    assert found["status"] == "not scored" and not found["scores"]


@isolated
def test_what_the_instructor_lacks_is_no_fault_of_the_weights(tmp_path, honest):
    with pytest.raises(LabError, match="could not be scored"):
        model_task.score_model(honest, MODEL, tmp_path, 5)


def test_who_goes_on_from_a_bundled_model_is_no_thief_where_the_task_says_so(tmp_path):
    path = written(tmp_path / "weights.safetensors", bundled())
    assert model_task.refused(path, replace(MODEL, settings={"fine_tuning": True})) == ("", "")


def test_points_follow_the_place_between_drawings_and_the_bundled_model():
    def points(score: float) -> float:
        return model_task.marked(MODEL, {"fd": score}, ANCHORS)[0]["points"]

    assert [points(score) for score in (0, 100, 184, 274, 280, 544, 545)] == [10, 10, 10, 10, 4, 4, 0]
    more = replace(MODEL, points={"hair": ((1.1, 3),)})  # where more is better
    (row,) = model_task.marked(more, {"hair": 0.9}, {"hair": [1.0, 0.8]})
    assert row["points"] == 3
    (row,) = model_task.marked(more, {"hair": 0.5}, {"hair": [1.0, 0.8]})
    assert row["points"] == 0
    (row,) = model_task.marked(MODEL, {}, ANCHORS)
    assert row["points"] == 0 and row["most"] == 10


def hidden(**settings) -> measures.Hidden:
    return measures.Hidden(2**50, metrics.sets.tagger(), {"count": 280, **settings})


def test_no_character_is_public_and_no_two_parts_share_one():
    seeds = [{each.seed for each in hidden().characters(50, part)[0]} for part in (0, 1, 2)]
    assert not seeds[0] & seeds[1] and not seeds[1] & seeds[2]
    assert min(map(min, seeds)) > 3 * 10**9  # where the splits of the public sets end


@pytest.mark.slow
@pytest.mark.parametrize(("measure", "bundled", "settings", "better"), [
    ("attributes", "r3gan-attributes-64", {}, "fd attributes"),
    ("translation", "pix2pix-color-64", {"source": "line", "target": "color", "count": 560}, "distance hair fd"),
    ("color", "colorist-draft-128", {"stage": "draft"}, "distance obedience"),
    ("color", "colorist-refine-128", {"stage": "refine"}, "distance obedience"),
    ("places", "cartoongan-scenes-128", {"size": 128}, "distance"),
])  # fmt: skip
def test_drawings_score_better_than_the_bundled_model_by_every_measure(measure, bundled, settings, better):
    ask = hidden(**settings)
    best, pictures = measures.MEASURES[measure](ask, None)
    reached, _ = measures.MEASURES[measure](ask, manifest.verified(bundled))
    assert all(torch.isfinite(row).all() for row in pictures)
    for name in better.split():
        assert best[name] > reached[name] if name in ("attributes", "hair") else best[name] < reached[name]


def test_a_network_of_the_wrong_kind_is_told_so(honest):
    with pytest.raises(LabError, match="translate"):
        measures.MEASURES["translation"](hidden(source="line", target="color"), honest)


def test_anchors_and_features_are_made_once(tmp_path, monkeypatch):
    monkeypatch.setattr(measures, "FACES", 64)
    monkeypatch.setattr(measures, "STEPS", 2)
    monkeypatch.setattr(measures, "BATCH", 8)
    before = torch.get_rng_state()
    for folder, number in (("a", 7), ("b", 7), ("c", 8)):
        (tmp_path / folder).mkdir()
        measures.make_features(number, tmp_path / folder / "features.safetensors")
    assert torch.equal(before, torch.get_rng_state())
    a, b, c = (load_weights(tmp_path / name / "features.safetensors")[2].state_dict() for name in "abc")
    last = "stages.3.body.0.weight"
    assert all(torch.equal(a[key], b[key]) for key in a) and not torch.equal(a[last], c[last])
    public = zoo.network("tagger").state_dict()
    assert torch.equal(a["stages.0.0.weight"], public["stages.0.0.weight"]) and not torch.equal(a[last], public[last])
    (tmp_path / "a" / "anchors.json").write_text(json.dumps(ANCHORS))
    kept = (tmp_path / "a" / "features.safetensors").read_bytes()
    model_task.prepare(tmp_path / "a", MODEL, 7)
    assert (tmp_path / "a" / "features.safetensors").read_bytes() == kept
    assert json.loads((tmp_path / "a" / "anchors.json").read_text()) == ANCHORS


def test_a_score_that_there_is_not_is_told_to_the_instructor(instructor, tmp_path):
    (tmp_path / "features.safetensors").write_bytes((instructor / "features.safetensors").read_bytes())
    with pytest.raises(LabError, match="'beauty' is no score of faces"):
        model_task.prepare(tmp_path, replace(MODEL, points={"beauty": ((1, 1),)}), 3)
