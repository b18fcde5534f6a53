"""A training that begins where another one ended: a bundled model, or a run."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from animelab import losses, zoo
from animelab.data import Pictures
from animelab.engine import EMA, train
from animelab.errors import LabError
from animelab.recipes import RECIPES
from animelab.recipes.dcgan import DCGAN
from animelab.recipes.stylegan2 import PRESETS, StyleGAN2, preset


def changed(**changes):
    return preset("smoke", **{"steps": 2, "size": 16, "preview_every": 1000, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    data = Pictures(torch.randint(256, (8, 16, 16, 3)).byte().numpy(), "noise")
    return train(StyleGAN2(changed(), "cpu"), data, folder, watch=lambda progress: None)


def test_a_run_of_the_same_size_goes_on_as_it_was(run) -> None:
    new = StyleGAN2(changed(start=str(run.folder)), "cpu")
    for name, value in run.recipe.G_ema.average.state_dict().items():
        assert torch.equal(new.G.state_dict()[name], value), name
    for name, value in run.recipe.D.state_dict().items():
        assert torch.equal(new.D.state_dict()[name], value), name
    assert torch.equal(new.G_ema.average.synthesis.constant, new.G.synthesis.constant)


def test_the_seed_is_its_own_and_not_that_of_the_run_it_began_from(run) -> None:
    first, again, other = (StyleGAN2(changed(start=str(run.folder), seed=seed), "cpu") for seed in (0, 0, 1))
    assert torch.equal(first.fixed_latents, again.fixed_latents)
    assert not torch.equal(first.fixed_latents, other.fixed_latents)


def test_another_shape_is_refused(run, tmp_path) -> None:
    for other in ({"latent": 8}, {"mapping_layers": 3}, {"channel_max": 8}, {"attributes": True}, {"size": 32}):
        with pytest.raises(LabError, match="other shapes"):
            StyleGAN2(changed(start=str(run.folder), **other), "cpu")
    with pytest.raises(LabError, match="no trained weights"):
        StyleGAN2(changed(start=str(tmp_path)), "cpu")
    with pytest.raises(LabError, match="no model"):
        StyleGAN2(changed(start="stylegan2-faces-46"), "cpu")


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_can_begin_from_a_run_of_its_own(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    kind = RECIPES[name]
    counts = {"scenes": 8} if name in ("cartoongan", "animegan") else {"faces": 8}
    smoke = dataclasses.replace(kind.presets["smoke"], steps=1, batch=2, start="", **counts)
    run = train(kind(smoke, "cpu"), kind.data(smoke), tmp_path / "run", watch=lambda progress: None)
    new = kind(dataclasses.replace(smoke, start=str(run.folder), seed=5), "cpu")
    for network, module in vars(new).items():
        if network in ("patches", "discriminator"):  # CUT's projections and the enlarger's D begin anew
            continue
        if isinstance(module, torch.nn.Module) and any(True for _ in module.parameters()):
            before = run.recipe.weights()[2] if network[0] != "D" else getattr(run.recipe, network)
            after = module.average if isinstance(module, EMA) else module
            assert all(map(torch.equal, before.state_dict().values(), after.state_dict().values())), network
    ours, theirs = (each.weights()[2].state_dict().values() for each in (new, run.recipe))
    assert all(map(torch.equal, ours, theirs))


def test_a_model_without_its_discriminator_is_refused() -> None:
    with pytest.raises(LabError, match="no discriminator"):
        DCGAN(dataclasses.replace(DCGAN.presets["cpu"], start="dcgan-faces-64"), "cpu")


def test_the_preset_begins_from_the_bundled_pair() -> None:
    recipe = StyleGAN2(PRESETS["cpu"], "cpu")
    for network, name in ((recipe.G, "stylegan2-faces-64"), (recipe.D, "stylegan2-faces-64-discriminator")):
        bundled = zoo.network(name).state_dict()
        assert all(torch.equal(value, bundled[key]) for key, value in network.state_dict().items())


def test_penalties_come_now_and_then_and_styles_mix_in_their_share(monkeypatch) -> None:
    seen = {"r1": [], "path": []}
    recipe = StyleGAN2(changed(r1_every=4, path_every=3, path_weight=2.0, mixing=0.25), "cpu")

    def penalty(score, real):
        seen["r1"].append(int(recipe.steps_done))
        return losses.r1_penalty(score, real)

    def path_lengths(pictures, w):
        seen["path"].append(int(recipe.steps_done))
        return losses.path_lengths(pictures, w)

    recipe.penalty = penalty
    monkeypatch.setattr(
        "animelab.recipes.stylegan2.losses",
        SimpleNamespace(path_lengths=path_lengths, path_penalty=losses.path_penalty),
    )
    for _ in range(10):
        recipe.step(torch.rand(4, 3, 16, 16) * 2 - 1)
    assert seen == {"r1": [0, 4, 8], "path": [0, 3, 6, 9]}
    mixed = [bool((recipe.styles(2, None).std(1) > 1e-6).any()) for _ in range(400)]
    assert 0.17 < sum(mixed) / 400 < 0.33
