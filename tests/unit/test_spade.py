"""SPADE: its networks at the paper's counts, its norm by hand, its losses, and who learns from what in a step."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from animelab import studio, zoo
from animelab.data.drawing import Places
from animelab.engine.weights import load_weights, save_weights
from animelab.errors import LabError
from animelab.nn import count_parameters, spade
from animelab.recipes import spade as recipes
from animelab.studio.canvas import MATERIALS

SMOKE = recipes.PRESETS["smoke"]


def maps(count: int = 2, size: int = 32, classes: int = 5, seed: int = 0) -> Tensor:
    """Labels in coarse squares, (count, size, size)."""
    few = torch.randint(0, classes, (count, 4, 4), generator=torch.Generator().manual_seed(seed))
    return few.repeat_interleave(size // 4, 1).repeat_interleave(size // 4, 2)


def test_the_papers_networks_have_the_papers_counts() -> None:
    with torch.device("meta"):
        found = [
            (spade.Generator(184), 97_480_899), (spade.Generator(151), 96_492_483),
            (spade.Generator(36, size=512, doublings=6), 93_048_003), (spade.Generator(20), 92_568_771),
            (spade.Generator(184, latent=256), 112_626_883), (spade.Generator(151, latent=256), 111_942_595),
            (spade.Discriminator(184), 5_904_514), (spade.Discriminator(151), 5_836_930),
            (spade.Discriminator(36), 5_601_410), (spade.Encoder(), 10_463_424),
        ]  # fmt: skip
    assert [count_parameters(network) for network, _ in found] == [count for _, count in found]


def test_a_norm_told_by_the_map_is_the_formula_by_hand() -> None:
    torch.manual_seed(0)
    layer, x, parts = spade.SPADE(3, 5, 4), torch.randn(2, 3, 8, 8), spade.one_hot(maps(), 5)
    small = parts[..., ::4, ::4]  # of each 4 x 4 pixels the first: the nearest neighbor of torch
    seen = conv2d(small, layer.shared.weight, layer.shared.bias, padding=1).relu()
    gamma, beta = (conv2d(seen, each.weight, each.bias, padding=1) for each in (layer.gamma, layer.beta))
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
    by_hand = (x - mean) / (var + 1e-5).sqrt() * (1 + gamma) + beta
    torch.testing.assert_close(layer(x, parts), by_hand)


def test_a_flat_map_is_washed_away_by_a_norm_and_not_by_spade() -> None:
    torch.manual_seed(0)
    answers = []
    for part in (1, 3):
        parts = spade.one_hot(torch.full((1, 32, 32), part), 5)
        features = spade.NORMS["instance"](6)(conv2d(parts, torch.randn(6, 5, 1, 1)))
        assert features.abs().max() < 1e-3, "every part looks the same after a norm"
        torch.manual_seed(1)
        answers.append(spade.SPADE(6, 5, 8, "instance")(features, parts))
    assert (answers[0] - answers[1]).abs().mean() > 0.05


def test_every_norm_is_without_parameters_and_every_block_hears_the_map() -> None:
    for norm in spade.NORMS:
        assert not list(spade.NORMS[norm](4).parameters())
    torch.manual_seed(0)
    block = spade.Residual(6, 4, 5, 8, "instance")
    x, parts = torch.randn(1, 6, 8, 8), spade.one_hot(maps(1), 5)
    other = parts.clone()
    other[..., 16:, :] = parts[..., 16:, :].roll(1, 1)
    changed = (block(x, parts) - block(x, other)).abs().amax((0, 1, 3))
    assert changed[5:].min() > 0 and block.shortcut is not None and len(block.norms) == 3
    assert spade.Residual(6, 6, 5).shortcut is None and len(spade.Residual(6, 6, 5).norms) == 2


@pytest.mark.parametrize(("doublings", "size"), [(5, 64), (6, 128)])
def test_a_generator_doubles_as_often_as_it_says(doublings: int, size: int) -> None:
    network = spade.Generator(5, size, 2, 4, None, doublings)
    sides: list[int] = []
    for block in network.blocks:
        block.register_forward_hook(lambda _, __, output: sides.append(output.shape[-1]))
    picture = network(spade.one_hot(maps(2, size), 5))
    assert picture.shape == (2, 3, size, size) and picture.abs().max() <= 1
    middle = [4, 4, 8, 16, 32, 64] if doublings == 5 else [4, 8, 16, 32, 64, 128]
    assert sides == [2, *middle]


def test_the_widest_is_capped_and_the_rest_is_not() -> None:
    wide = [block.second.out_channels for block in spade.Generator(5, 64, 8, 4, channel_max=48).blocks]
    assert wide == [48, 48, 48, 48, 32, 16, 8]


def test_the_discriminator_looks_twice_and_shows_what_it_saw() -> None:
    D = spade.Discriminator(5, 4, 3)
    parts, picture = spade.one_hot(maps(), 5), torch.rand(2, 3, 32, 32)
    answers = D(parts, picture)
    assert [[tuple(each.shape[1:]) for each in scale] for scale in answers] == [
        [(4, 17, 17), (8, 9, 9), (16, 10, 10), (1, 11, 11)], [(4, 9, 9), (8, 5, 5), (16, 6, 6), (1, 7, 7)]
    ]  # fmt: skip
    with pytest.raises(AssertionError):
        torch.testing.assert_close(D(parts.roll(1, 1), picture)[0][-1], answers[0][-1])


def test_styles_are_drawn_around_their_mean_and_cost_their_distance_from_normal() -> None:
    style = spade.Style(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(4.0)]]))
    assert style.drawn(torch.tensor([[1.0, 1.0]])).tolist() == [[2.0, 2.0]]
    assert float(style.divergence()) == pytest.approx((1 + (4 - 1 - math.log(4))) / 2)
    normal = torch.distributions.Normal(style.mean, (style.log_variance / 2).exp())
    plain = torch.distributions.Normal(torch.zeros(1, 2), torch.ones(1, 2))
    kl = torch.distributions.kl_divergence(normal, plain).sum(1).mean()
    torch.testing.assert_close(style.divergence(), kl)


def test_an_encoder_without_a_norm_sees_how_bright_a_picture_is() -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 32, 32) - 0.5
    for norm, blind in (("instance", True), ("none", False)):
        E = spade.Encoder(32, 4, 3, norm)
        moved = (E(picture)[0] - E(0.5 * picture)[0]).abs().max()
        assert (moved < 1e-3) == blind, norm


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: spade.Generator(5, 80), "its size is 64, 96 … and not 80"),
        (lambda: spade.Generator(5, 64, doublings=6), "its size is 128"),
        (lambda: spade.Generator(5, 64, 2, 4)(torch.zeros(1, 5, 32, 64)), r"not \(1, 5, 32, 64\)"),
        (lambda: spade.Generator(5, 64, 2, 4)(torch.zeros(1, 5, 64, 64), torch.zeros(1, 4)), "with a latent"),
        (lambda: spade.Generator(5, 64, 2, 4, 4)(torch.zeros(1, 5, 64, 64)), "with a latent"),
        (lambda: spade.Encoder(48), "8, 16, 32"),
        (lambda: spade.Encoder(32, 2, 2)(torch.zeros(1, 3, 64, 64)), "pictures of 32 px"),
        (lambda: spade.one_hot(torch.full((1, 8, 8), 5), 5), "from 0 to 4"),
        (lambda: spade.one_hot(torch.zeros(1, 8, 8), 5), "int64"),
    ],
)
def test_what_does_not_fit_is_one_sentence(call: Any, words: str) -> None:
    with pytest.raises(LabError, match=words):
        call()


def test_hinge_stops_at_one_and_matching_teaches_only_the_fake() -> None:
    real, fake = [torch.tensor([2.0, 0.5]), torch.tensor([1.0])], [torch.tensor([-3.0, 0.0]), torch.tensor([1.0])]
    loss = recipes.hinge_discriminator_loss(real, fake)
    assert float(loss) == pytest.approx(((0.25 + 0.5) + (0 + 2)) / 2)
    mine, theirs = ([[torch.randn(1, 2, 3, 3, requires_grad=True) for _ in range(3)] for _ in range(2)] for _ in "ab")
    cost = recipes.matching_loss(mine, theirs)
    cost.backward()
    both = [pair for scales in zip(mine, theirs) for pair in zip(*(maps[:-1] for maps in scales))]
    by_hand = sum(float((a - b).detach().abs().mean()) for a, b in both) / 2
    assert float(cost.detach()) == pytest.approx(by_hand, rel=1e-5)
    assert all(each.grad is None for scale in mine for each in scale)
    assert all((each.grad is None) == (place == 2) for scale in theirs for place, each in enumerate(scale))


@pytest.mark.parametrize("subject", recipes.SUBJECTS)
def test_a_step_trains_each_network_by_its_own_loss(subject: str, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path))
    recipe = recipes.Spade(dataclasses.replace(SMOKE, subject=subject, faces=4), "cpu")
    data = recipe.data(recipe.config)
    recipe.examples = data.batch(range(2))
    costs: list[tuple[Any, float]] = []
    update = recipe.update
    recipe.update = lambda optimizer, loss: (costs.append((optimizer, float(loss.detach()))), update(optimizer, loss))  # type: ignore[assignment,func-returns-value]
    before = {name: [p.clone() for p in getattr(recipe, name).parameters()] for name in "GD"}
    found = {name: float(value) for name, value in recipe.step(data.batch(range(2))).items()}
    c, (of_D, of_G) = recipe.config, costs
    assert of_D == (recipe.D_adam, pytest.approx(found["D"])) and of_G[0] is recipe.G_adam
    wanted = found["G"] + c.match_weight * found["match"] + c.features_weight * found["features"]
    assert of_G[1] == pytest.approx(wanted + c.style_weight * found["style"] + c.l1_weight * found["L1"], rel=1e-4)
    for name, old in before.items():
        assert all((new != value).any() for new, value in zip(getattr(recipe, name).parameters(), old, strict=True))
    assert recipe.preview().shape[2] == 3 and recipe.classes == len(recipes.SUBJECTS[subject])


def test_without_an_encoder_a_map_has_one_answer(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path))
    recipe = recipes.Spade(dataclasses.replace(SMOKE, encoder=False, faces=4), "cpu")
    data = recipe.data(recipe.config)
    recipe.examples = data.batch(range(2))
    assert float(recipe.step(data.batch(range(2)))["style"]) == 0 and recipe.weights()[0] == "spade.generator"
    assert recipe.preview().shape[2] == 3


def test_a_learners_part_is_used() -> None:
    called = []

    def mine(normed: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        called.append(normed.shape)
        return normed * (1 + gamma) + beta

    recipe = recipes.Spade(dataclasses.replace(SMOKE, encoder=False), "cpu", modulated=mine)
    recipe.G(spade.one_hot(maps(1, 64, 17), 17))
    assert len(called) == sum(len(block.norms) for block in recipe.G.blocks)


def test_materials_are_those_of_the_scene_without_blends() -> None:
    scene = Places()[0]
    small, large = recipes.materials(scene, 64), recipes.materials(scene, 128)
    assert small.dtype == np.uint8 and small.max() < len(MATERIALS)
    agree = (large.reshape(64, 2, 64, 2) == small[:, None, :, None]).mean()
    assert agree > 0.9, "the same place at another size"
    sky = studio.paint(scene, 64).astype(float)[small == MATERIALS.index("sky")]
    rest = studio.paint(scene, 64).astype(float)[small != MATERIALS.index("sky")]
    assert sky.std(0).sum() < rest.std(0).sum(), "sky is where the picture is sky"
    exact = studio.rasterize(recipes.build(scene).svg("labels"), 64)
    codes = {tuple(code): number for number, code in enumerate(recipes.CODES[: len(MATERIALS)].tolist())}
    plain = np.array([[codes.get(tuple(color), -1) for color in row] for row in exact.tolist()])
    inside = plain >= 0
    assert inside.mean() > 0.5 and (small == plain)[inside].mean() > 0.99


def test_settings_that_cannot_be_are_one_sentence() -> None:
    for changes, words in (({"subject": "cats"}, "no subject 'cats'"), ({"norm": "bach"}, "did you mean 'batch'"),
                           ({"size": 32}, "powers of two from 64")):  # fmt: skip
        with pytest.raises(LabError, match=words):
            dataclasses.replace(SMOKE, **changes)


def test_what_was_saved_paints_the_same(tmp_path: Any) -> None:
    torch.manual_seed(0)
    arguments = {"classes": 5, "size": 64, "width": 2, "hidden": 4, "latent": 3, "norm": "batch", "channel_max": 8,
                 "width_E": 2, "norm_E": "none"}  # fmt: skip
    painter = spade.Painter(**arguments)  # type: ignore[arg-type]
    for _ in range(3):
        painter(maps(size=64), torch.randn(2, 3))
    save_weights(tmp_path / "w.safetensors", "spade.painter", arguments, painter.eval(), torch.float16)
    kind, kept, again = load_weights(tmp_path / "w.safetensors")
    styles = painter.style(torch.rand(2, 3, 64, 64))
    assert (kind, kept) == ("spade.painter", arguments)
    assert (again(maps(size=64), styles) - painter(maps(size=64), styles)).abs().max() < 0.02
    with pytest.raises(LabError, match="cannot draw by itself"):
        zoo.open_model(tmp_path / "w.safetensors")
