"""The zoo: what ships is what its card says, and a file nobody vouches for is refused."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from animelab import zoo
from animelab.engine.weights import load_weights, save_weights
from animelab.errors import LabError
from animelab.nn import dcgan, stylegan2

MODELS = zoo.names()


def test_lesson_one_ships_its_model():
    assert "dcgan-faces-64" in MODELS


def test_all_weights_fit_the_budget():
    sizes = {path.stem: path.stat().st_size for path in (zoo.FOLDER / "weights").iterdir()}
    assert sizes.keys() == {
        "tagger",
        "examiner",
        "stylegan2-faces-64-discriminator",
        *(f"{name}-64-discriminator" for name in ("r3gan-faces", "r3gan-attributes")),
        *(f"{name}-128{part}" for name in ("colorist-draft", "colorist-refine") for part in ("", "-discriminator")),
        *(f"{name}-128-discriminator" for name in ("r3gan-full", "pix2pix-orders")),
        *(f"spade-{name}-128{part}" for name in ("faces", "places") for part in ("", "-discriminator")),
        "paintschainer-draft-128",
        "paintschainer-refine-128",
        "landmarks",
        "enlarger-2x",
        "enlarger-2x-l1",
        "enlarger-4x-l1",
        *(f"inpainting-{name}-128" for name in ("partial", "gated")),
        *MODELS,
        *zoo.names("translator"),
    }
    assert sum(sizes.values()) < 90e6
    assert sizes["dcgan-faces-64"] < 8e6


@pytest.mark.parametrize("name", [*MODELS, *zoo.names("translator")])
def test_a_card_tells_where_its_model_comes_from(name):
    card = zoo.load(name).card
    assert {"data", "seed", "steps", "machine", "command", "scores", "licence"} <= card.keys()
    path = zoo.FOLDER / "weights" / card["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card["sha256"]


@pytest.mark.parametrize("name", MODELS)
def test_samples_are_pictures_that_differ_and_repeat(name):
    model = zoo.load(name)
    pictures = model.sample(70, seed=3)
    assert pictures.shape == (70, 3, model.size, model.size)
    assert pictures.dtype == torch.float32
    assert pictures.abs().max() <= 1
    torch.testing.assert_close(pictures[:5], zoo.load(name).sample(5, seed=3), rtol=0, atol=1e-4)
    assert (pictures - pictures.mean(0)).square().mean() > 0.02, "faces differ from one another"
    assert (pictures - model.sample(70, seed=4)).abs().mean() > 0.05


def test_a_typo_names_the_nearest():
    with pytest.raises(LabError, match="did you mean 'dcgan-faces-64'"):
        zoo.load("dcgan-face-64")


def test_a_changed_file_is_refused(monkeypatch, tmp_path):
    (tmp_path / "weights").mkdir()
    card = {"file": "model.safetensors", "sha256": "0" * 64}
    (tmp_path / "manifest.json").write_text(json.dumps({"model": card}))
    save_weights(tmp_path / "weights" / "model.safetensors", "dcgan.generator", {"width": 4}, dcgan.Generator(width=4))
    monkeypatch.setattr(zoo.manifest, "FOLDER", tmp_path)
    with pytest.raises(LabError, match="damaged"):
        zoo.load("model")


def test_weights_come_back_as_they_were(tmp_path):
    torch.manual_seed(0)
    G = dcgan.Generator(32, latent=7, width=4).eval()
    arguments = {"size": 32, "latent": 7, "width": 4}
    save_weights(tmp_path / "w", "dcgan.generator", arguments, G)
    name, restored, network = load_weights(tmp_path / "w")
    assert (name, restored) == ("dcgan.generator", arguments)
    latents = torch.randn(2, 7)
    assert torch.equal(network(latents), G(latents))
    save_weights(tmp_path / "half", "dcgan.generator", arguments, G, torch.float16)
    torch.testing.assert_close(load_weights(tmp_path / "half")[2](latents), G(latents), atol=2e-3, rtol=0)
    assert (tmp_path / "half").stat().st_size < 0.6 * (tmp_path / "w").stat().st_size


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({}, "does not say which"),
        ({"network": "os.system", "arguments": "{}"}, "does not say which"),
        ({"network": "dcgan.generator", "arguments": '{"width": 1000000}'}, "does not fit"),
        ({"network": "dcgan.generator", "arguments": '{"wide": 1}'}, "not a readable"),
        ({"network": "dcgan.generator", "arguments": "{"}, "not a readable"),
        ({"network": "dcgan.generator", "arguments": '{"latent": -1}'}, "not a readable"),
        ({"network": "dcgan.generator", "arguments": "[" * 100_000}, "not a readable"),
    ],
)
def test_a_hostile_header_is_one_sentence(header, says, tmp_path):
    save_file({"1.weight": torch.zeros(3)}, tmp_path / "w", metadata=header)
    with pytest.raises(LabError, match=says):
        load_weights(tmp_path / "w")


def test_a_discriminator_cannot_draw(tmp_path):
    save_weights(tmp_path / "weights.safetensors", "dcgan.discriminator", {"width": 4}, dcgan.Discriminator(width=4))
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(LabError, match="cannot draw by itself"):
        zoo.load_run(tmp_path)
    (tmp_path / "run.json").unlink()
    with pytest.raises(LabError, match=r"run\.json is missing or damaged"):
        zoo.load_run(tmp_path)


def test_no_weights_file_is_one_sentence(tmp_path):
    (tmp_path / "w").write_bytes(np.random.default_rng(0).bytes(100))
    with pytest.raises(LabError, match="not a readable"):
        load_weights(tmp_path / "w")
    with pytest.raises(LabError, match="holds no trained weights"):
        zoo.open_model(tmp_path)


def test_truncation_pulls_to_the_mean_and_is_refused_elsewhere():
    torch.manual_seed(0)
    generator = stylegan2.Generator(32, channel_base=256, channel_max=16, mapping_layers=2, latent=8)
    with torch.no_grad():
        for _ in range(50):
            generator.mapping(torch.randn(64, 8))
    model = zoo.Pretrained("styled", generator.eval(), 8, 32, {})
    mean = model.sample(4, truncation=0.0)
    assert torch.equal(mean[:1].expand_as(mean), mean), "at 0 everybody is the mean"
    spread = [float(model.sample(16, truncation=psi).std(0).mean()) for psi in (0.3, 0.7, 1.0)]
    assert 0 < spread[0] < spread[1] < spread[2]
    assert torch.equal(model.sample(2, truncation=1.0), model.sample(2))
    with pytest.raises(LabError, match="no truncation"):
        zoo.load("dcgan-faces-64").sample(2, truncation=0.7)


def test_the_side_of_a_translator_is_that_of_its_whole_pictures():
    places, record = zoo.load("backtranslation-places-256"), {"config": {"size": 128, "picture": 256}}
    assert (places.side, places.card["config"]["size"]) == (256, 128), "it learned from pieces of 128"
    assert zoo.Translator("a run", places.network, record).side == 256
    assert zoo.Translator("a run", places.network, {}).side == 128, "the network alone knows its own"
