"""The losses of CartoonGAN, AnimeGANv2 and U-GAT-IT, by hand: which pictures D sees, and what G weighs."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from torch.nn.functional import softplus

from animelab.metrics import perception
from animelab.nn import cartoongan
from animelab.nn.ugatit import AdaLIN
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


def stepped(recipe, batch):
    """One step: what it said, each update's (optimizer, loss), and D as it was after each, if there is one."""
    updates, Ds, update = [], [], recipe.update

    def noted(optimizer, loss):
        updates.append((optimizer, loss.item()))
        update(optimizer, loss)
        Ds.append(copy.deepcopy(getattr(recipe, "D", None)))

    recipe.update = noted
    return recipe.step(batch), updates, Ds


def of(parts, **weights):
    """The weighted sum of parts, none of which is too small to be missed."""
    each = {name: weight * parts[name].item() for name, weight in weights.items()}
    assert min(each.values()) > 0.02 * sum(each.values()), each
    return pytest.approx(sum(each.values()), rel=1e-3)


@pytest.mark.parametrize("edges", [True, False])
def test_cartoongans_discriminator_sees_three_sets(edges, batch) -> None:
    recipe, D, G = begun(recipes.CartoonGAN, edges=edges)
    photos, drawings = batch
    soft = squares(D(cartoongan.edge_smoothed(drawings)), 0)
    expected = squares(D(drawings), 1) + squares(D(G(photos)), 0) + edges * soft
    assert float(recipe.step(batch)["D"]) == pytest.approx(expected.item(), rel=1e-4)
    assert soft > 1e-3


def test_a_learners_own_discriminator_loss_is_the_one_that_trains(batch) -> None:
    config = dataclasses.replace(recipes.PRESETS["smoke"], first=0, picture=32)
    recipe = recipes.CartoonGAN(config, "cpu", discriminator_loss=lambda drawing, fake, soft: 7 * soft.square().mean())
    D = copy.deepcopy(recipe.D)
    expected = 7 * squares(D(cartoongan.edge_smoothed(batch[1])), 0)
    assert float(recipe.step(batch)["D"]) == pytest.approx(expected.item(), rel=1e-4)


def test_cartoongans_generator_first_learns_content_alone(batch) -> None:
    recipe, _, G = begun(recipes.CartoonGAN, content_weight=3.0)
    fake, wanted = G(batch[0]), recipe.look(batch[0])
    _, updates, Ds = stepped(recipe, batch)
    content = perception.content_distance(recipe.look(fake), wanted, perception.CONTENT["tagger"])
    parts = {"adversarial": squares(Ds[0](fake), 1), "content": content}
    assert [optimizer for optimizer, _ in updates] == [recipe.D_adam, recipe.G_adam]
    assert updates[1][1] == of(parts, adversarial=1, content=3)

    recipe = recipes.CartoonGAN(dataclasses.replace(recipe.config, first=1), "cpu")
    content = perception.content_distance(recipe.look(recipe.G(batch[0])), wanted, perception.EVERYTHING["tagger"])
    _, updates, _ = stepped(recipe, batch)
    assert updates == [(recipe.G_first, pytest.approx(content.item(), rel=1e-4))]


def test_animegans_generator_weighs_five_losses(batch) -> None:
    weights = {"adversarial": 3.0, "content": 5.0, "style": 3000.0, "color": 11.0, "smooth": 130.0}
    recipe, _, G = begun(animegan.AnimeGAN, **{f"{name}_weight": value for name, value in weights.items()})
    photos, drawings = batch
    fake, depths = G(photos), perception.CONTENT["tagger"]
    said, updates, Ds = stepped(recipe, batch)
    seen = recipe.look(fake)
    parts = {
        "adversarial": squares(Ds[0](fake), 1),
        "content": perception.content_distance(seen, recipe.look(photos), depths),
        "style": perception.style_distance(seen, recipe.look(animegan.grayed(drawings)), depths),
        "color": animegan.color_distance(fake, photos),
        "smooth": animegan.total_variation(fake),
    }
    assert [optimizer for optimizer, _ in updates] == [recipe.D_adam, recipe.G_adam]
    assert updates[0][1] == pytest.approx(3 * float(said["D"]), rel=1e-4)
    assert updates[1][1] == of(parts, **weights)


def test_animegans_discriminator_sees_four_sets(batch) -> None:
    recipe, D, G = begun(animegan.AnimeGAN)
    photos, drawings = batch
    gray = animegan.grayed(drawings)
    terms = (1.2, drawings, 1), (1.2, G(photos), 0), (1.2, gray, 0), (0.8, cartoongan.edge_smoothed(gray), 0)
    expected = sum(weight * squares(D(pictures), goal) for weight, pictures, goal in terms)
    assert float(recipe.step(batch)["D"]) == pytest.approx(expected.item(), rel=1e-4)


def test_animegan_begins_with_rotations_and_holds_color_from_the_first_step(batch) -> None:
    recipe = animegan.AnimeGAN(dataclasses.replace(animegan.PRESETS["smoke"], first=5, picture=32), "cpu")
    square = recipe.G.shrink[2][0].weight  # as many channels out as in
    turn = square[..., 1, 1]
    assert torch.allclose(turn @ turn.T, torch.eye(len(turn)), atol=1e-5)
    assert torch.isclose(square.abs().sum(), turn.abs().sum())
    G = copy.deepcopy(recipe.G)
    said, updates, _ = stepped(recipe, batch)
    parts = {"content": said["content"], "color": animegan.color_distance(G(batch[0]), batch[0])}
    assert updates == [(recipe.G_first, of(parts, content=1, color=2))]


def test_ugatits_losses_of_both_directions(batch) -> None:
    weights = {"cycle_weight": 3.0, "identity_weight": 5.0, "attention_weight": 7.0}
    recipe = ugatit.UGATIT(dataclasses.replace(ugatit.PRESETS["smoke"], crop=1.0, **weights), "cpu")
    G, Ds_a, Ds_b = map(copy.deepcopy, (recipe.G, recipe.D_a, recipe.D_b))
    said, updates, _ = stepped(recipe, batch)
    expected = dict.fromkeys(said, torch.zeros(()))
    for forth, back, Ds, real, other in (
        (G.a_to_b, G.b_to_a, Ds_b, batch[0], batch[1]),
        (G.b_to_a, G.a_to_b, Ds_a, batch[1], batch[0]),
    ):
        there, same = forth(real), forth(other)
        fakes, reals = ([D(pictures) for D in Ds] for pictures in (there.out, other))
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
    assert [optimizer for optimizer, _ in updates] == [recipe.G_adam, recipe.D_adam]
    both = {name: 2 * value for name, value in expected.items()}  # what is said is the mean of the directions
    assert updates[0][1] == of(both, adversarial=1, cycle=3, identity=5, attention=7)
    assert updates[1][1] == pytest.approx(float(said["D"]))


def test_ugatit_keeps_rho_between_two_norms(batch) -> None:
    recipe = ugatit.UGATIT(ugatit.PRESETS["smoke"], "cpu")
    mixed = [module.rho for module in recipe.G.modules() if isinstance(module, AdaLIN)]
    with torch.no_grad():
        for rho in mixed:
            rho.copy_(torch.linspace(-1, 2, rho.numel()).view_as(rho))
    recipe.step(batch)
    assert all(rho.min() == 0 and rho.max() == 1 for rho in mixed) and len(mixed) == 8


def test_gray_color_and_total_variation_by_hand() -> None:
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
    assert float(animegan.total_variation(steps)) == pytest.approx(9 / 3 / 2), "one of three neighbors differs by 3"
