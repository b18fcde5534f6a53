"""The piles that the judges of CartoonGAN and AnimeGANv2 see, and the losses of color, by hand."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from torch.nn.functional import softplus

from animelab.nn import cartoongan
from animelab.recipes import animegan, ugatit
from animelab.recipes import cartoongan as recipes


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Symmetric pictures with hard edges: mirroring leaves them as they are."""
    torch.manual_seed(0)
    pictures = torch.rand(2, 2, 3, 32, 32).round() * 1.6 - 0.8
    return tuple(torch.cat([each[..., :16], each[..., :16].flip(-1)], -1) for each in pictures)


def begun(kind, **changes):
    config = dataclasses.replace(kind.presets["smoke"], first=0, picture=32, **changes)
    recipe = kind(config, "cpu")
    return recipe, copy.deepcopy(recipe.D), copy.deepcopy(recipe.G)


def squares(logits, goal):
    return (logits - goal).square().mean()


@pytest.mark.parametrize("edges", [True, False])
def test_cartoongans_judge_sees_three_piles(edges, batch) -> None:
    recipe, judge, painter = begun(recipes.CartoonGAN, edges=edges, shift=1)
    photos, drawings = batch
    soft = squares(judge(cartoongan.edge_smoothed(drawings)), 0)
    expected = squares(judge(drawings), 1) + squares(judge(painter(photos)), 0) + edges * soft
    assert float(recipe.step(batch)["D"]) == pytest.approx(expected.item(), rel=1e-4)
    assert soft > 1e-3


def test_a_learners_own_judge_loss_is_the_one_that_trains(batch) -> None:
    config = dataclasses.replace(recipes.PRESETS["smoke"], first=0, picture=32, shift=1)
    recipe = recipes.CartoonGAN(config, "cpu", judge_loss=lambda drawing, fake, soft: 7 * soft.square().mean())
    judge = copy.deepcopy(recipe.D)
    expected = 7 * squares(judge(cartoongan.edge_smoothed(batch[1])), 0)
    assert float(recipe.step(batch)["D"]) == pytest.approx(expected.item(), rel=1e-4)


def test_animegans_judge_sees_four(batch) -> None:
    recipe, judge, painter = begun(animegan.AnimeGAN)
    photos, drawings = batch
    gray = animegan.grayed(drawings)
    piles = (1.2, drawings, 1), (1.2, painter(photos), 0), (1.2, gray, 0), (0.8, cartoongan.edge_smoothed(gray), 0)
    expected = sum(weight * squares(judge(pile), goal) for weight, pile, goal in piles)
    assert float(recipe.step(batch)["D"]) == pytest.approx(expected.item(), rel=1e-4)


def test_the_judges_view_begins_anywhere_and_is_one_for_all_piles(batch) -> None:
    recipe, _, _ = begun(recipes.CartoonGAN)
    views = []
    recipe.D.register_forward_pre_hook(lambda _, inputs: views.append(tuple(inputs[0].shape[2:])))
    for _ in range(12):
        recipe.step(batch)
    steps = [set(views[i : i + 4]) for i in range(0, 48, 4)]  # drawings, fakes, soft ones, and fakes for the painter
    assert all(len(step) == 1 for step in steps)
    assert {side for step in steps for size in step for side in size} == {29, 30, 31, 32}


def test_animegan_begins_with_rotations_and_holds_color_from_the_first_step(batch) -> None:
    recipe = animegan.AnimeGAN(dataclasses.replace(animegan.PRESETS["smoke"], first=5, picture=32), "cpu")
    square = recipe.G.shrink[2][0].weight  # as many channels out as in
    turn = square[..., 1, 1]
    assert torch.allclose(turn @ turn.T, torch.eye(len(turn)), atol=1e-5)
    assert torch.isclose(square.abs().sum(), turn.abs().sum())
    seen = []
    recipe.update = lambda optimizer, loss: seen.append(loss.item())
    painter = copy.deepcopy(recipe.G)
    content = float(recipe.step(batch)["content"])
    color = animegan.color_distance(painter(batch[0]), batch[0])
    assert seen[0] == pytest.approx(content + 2 * float(color.detach()), rel=1e-4) and color > 0.01


def test_ugatits_losses_of_both_directions(batch) -> None:
    recipe = ugatit.UGATIT(dataclasses.replace(ugatit.PRESETS["smoke"], crop=1.0), "cpu")
    painters, judges_a, judges_b = map(copy.deepcopy, (recipe.G, recipe.D_a, recipe.D_b))
    said = recipe.step(batch)
    expected = dict.fromkeys(said, torch.zeros(()))
    for painter, back, judges, real, other in (
        (painters.a_to_b, painters.b_to_a, judges_b, batch[0], batch[1]),
        (painters.b_to_a, painters.a_to_b, judges_a, batch[1], batch[0]),
    ):
        there, same = painter(real), painter(other)
        fakes, reals = ([judge(pictures) for judge in judges] for pictures in (there.out, other))
        parts = {
            "adversarial": sum(squares(each.out, 1) + squares(each.guess, 1) for each in fakes) / 2,
            "cycle": (back(there.out).out - real).abs().mean() / 2,
            "identity": (same.out - other).abs().mean() / 2,
            "attention": (softplus(-there.guess).mean() + softplus(same.guess).mean()) / 2,
            "D": sum(squares(each.out, 0) + squares(each.guess, 0) for each in fakes)
            + sum(squares(each.out, 1) + squares(each.guess, 1) for each in reals),
        }
        expected = {name: value + parts[name] for name, value in expected.items()}
    for name, value in expected.items():
        assert float(said[name]) == pytest.approx(value.item(), rel=0.01), name


def test_gray_color_and_unrest_by_hand() -> None:
    red = torch.tensor([1.0, -1, -1]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert torch.allclose(animegan.grayed(red), torch.tensor(0.299 - 0.587 - 0.114)), "brightness alone"
    assert float(animegan.color_distance(red, red)) == 0
    brighter = red + 0.1
    assert float(animegan.color_distance(brighter, red)) == pytest.approx(0.05, abs=1e-3), "brightness by L1, no color"
    blue = red.flip(1)
    y, u, v = (animegan.TO_YUV @ (blue - red)[0, :, 0, 0] / 2).tolist()  # of colors from 0 to 1
    huber = (u**2 + v**2) / 2  # both below 1, where Huber's loss is a square
    assert float(animegan.color_distance(blue, red)) == pytest.approx(abs(y) + huber, rel=1e-5)
    steps = torch.zeros(1, 3, 4, 4)
    steps[..., 2:] = 3
    assert float(animegan.unrest(steps)) == pytest.approx(9 / 3 / 2), "one of three neighbors across differs by 3"
