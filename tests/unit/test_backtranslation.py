"""Back-translation: who learns from what in a step, which attributes are asked of whom, and what it refuses."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from animelab import losses
from animelab.data import StudioUnpairedAttributes
from animelab.errors import LabError
from animelab.nn import count_parameters, r3gan, ugatit
from animelab.recipes.backtranslation import PRESETS, BackTranslation, photographed, texture
from animelab.studio import TAGS

ALONE = dataclasses.replace(PRESETS["smoke"], batch=2, gamma=0.0, names_weight=0.0, features_weight=0.0, noise=0.0)


def batch(names: bool) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    a, b = (torch.rand(2, 3, 32, 32, generator=generator) * 2 - 1 for _ in "ab")
    labels = [(torch.rand(2, len(TAGS), generator=generator) < 0.3).float() for _ in "ab"]
    return (a, b, *labels) if names else (a, b)


def test_nobody_learns_from_the_exercises_it_sets() -> None:
    """No picture that a generator is given carries a gradient to the one that made it; both learn all the same."""
    recipe, given = BackTranslation(ALONE, "cpu"), []
    for network in (recipe.G.a_to_b, recipe.G.b_to_a):
        network.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    before = {name: weight.clone() for name, weight in recipe.G.named_parameters()}
    a, b = batch(names=False)
    recipe.step((a, b))
    cels, portraits_and_portraits, cels_again = given
    assert not any(each.requires_grad for each in given)
    assert [len(each) for each in given] == [2, 4, 2] and not torch.equal(cels_again, cels), "a's portraits became cels"
    assert any(torch.equal(portraits_and_portraits[:2], each) for each in (a, a.flip(3))), "real ones come first"
    moved = {
        name.split(".")[0] for name, weight in recipe.G.named_parameters() if not torch.equal(weight, before[name])
    }
    assert moved == {"a_to_b", "b_to_a"}


def test_u_gat_its_generators_can_play_it_too() -> None:
    recipe = BackTranslation(dataclasses.replace(ALONE, network="ugatit", blocks=1), "cpu")
    assert isinstance(recipe.weights()[2], ugatit.Pair) and all(
        v.isfinite() for v in recipe.step(batch(False)).values()
    )
    with pytest.raises(LabError, match="nearest|unet"):
        dataclasses.replace(ALONE, network="u-net")
    with pytest.raises(LabError, match="not larger"):
        dataclasses.replace(ALONE, picture=16)


def test_an_exercise_has_no_gradient_and_the_noise_it_should() -> None:
    recipe = BackTranslation(dataclasses.replace(ALONE, noise=0.25), "cpu")
    fakes = torch.zeros(4, 3, 64, 64, requires_grad=True)
    exercise = recipe.exercise(fakes)
    assert not exercise.requires_grad and exercise.std().item() == pytest.approx(0.25, rel=0.05)


def test_D_names_real_pictures_and_a_fake_should_show_what_its_source_has(monkeypatch) -> None:
    asked: list[Tensor | None] = []
    whole = r3gan.names_loss
    monkeypatch.setattr(r3gan, "names_loss", lambda named, names: asked.append(names) or whole(named, names))
    recipe = BackTranslation(dataclasses.replace(ALONE, names_weight=0.15, gamma=1.0), "cpu")
    a, b, names_a, names_b = batch(names=True)
    losses_of_step = recipe.step((a, b, names_a, names_b))
    assert all(value.isfinite() for value in losses_of_step.values())
    wanted = [
        names_a,
        names_b,
        names_b,
        names_a,
    ]  # D_a and D_b of real pictures; then of portraits made of cels, and back
    assert len(asked) == 4 and all(x is y for x, y in zip(asked, wanted))


def test_names_are_a_sum_over_attributes_and_a_mean_over_pictures() -> None:
    logits, names = torch.tensor([[0.0, 2.0], [0.0, -1.0]]), torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    by_hand = (2 * torch.log(torch.tensor(2.0)) + torch.log1p(torch.exp(torch.tensor([-2.0, -1.0]))).sum()) / 2
    torch.testing.assert_close(r3gan.names_loss(logits, names), by_hand)
    assert r3gan.names_loss(None, names) == 0.0


def test_both_penalties_are_half_the_squared_slopes() -> None:
    weight = torch.tensor([3.0, 4.0])
    found = r3gan.steepness(losses.r1_penalty, lambda x: (x.flatten(1) * weight).sum(1), *torch.zeros(2, 5, 1, 1, 2))
    assert found.item() == pytest.approx(25.0), "5^2 at the real ones, 5^2 at the fakes, and half of it"


def test_a_pair_is_two_networks_of_one_shape() -> None:
    pair, one = r3gan.Pair(32, 4, 6), r3gan.UNet(32, 4, 6)
    assert count_parameters(pair) == 2 * count_parameters(one)
    x, z = torch.rand(2, 3, 32, 32), torch.randn(2, 6)
    assert torch.equal(pair.eval()(x, z), pair.a_to_b(x, z)) and not torch.equal(pair(x, z), pair.b_to_a(x, z))


def test_both_sides_come_with_the_attributes_of_their_own_characters(tmp_path) -> None:
    both = StudioUnpairedAttributes("portrait", "cel", 32, 6, split="test", cache=tmp_path)
    portraits, cels, names_a, names_b = both.batch([4, 1])
    assert portraits.shape == cels.shape == (2, 3, 32, 32) and names_a.shape == names_b.shape == (2, len(TAGS))
    for side, names in enumerate((names_a, names_b)):
        for row, place in zip(names, (4, 1)):
            assert dict(zip(TAGS, row.bool().tolist())) == both.casts[side][place].tags()
    assert not torch.equal(names_a, names_b), "other characters"
    one = both[4]
    assert len(one) == 4 and torch.equal(one[2], names_a[0])


def test_a_folder_has_no_attributes(tmp_path) -> None:
    with pytest.raises(LabError, match="lacks the attributes.*names_weight=0"):
        BackTranslation.data(PRESETS["smoke"], tmp_path)
    with pytest.raises(LabError, match="Places have no attributes"):
        BackTranslation.data(dataclasses.replace(PRESETS["smoke"], a="photo", b="anime"))


def test_a_camera_spoils_a_share_of_the_pictures_and_never_leaves_the_range() -> None:
    clean = torch.stack([torch.full((3, 64, 64), value) for value in (-0.7, 0.0, 0.6)]).repeat(16, 1, 1, 1)
    torch.manual_seed(0)
    little, much = ((photographed(clean, share) - clean) for share in (0.0, 1.0))
    off, little_off = (each.mean((1, 2, 3)).abs() for each in (much, little))
    assert little_off.mean() < 0.03 and little.std() > 0.02, "without faults there is noise and texture, and no more"
    assert off.mean() > 0.1 and off.std() > 0.05, "exposure, tints and haze change each picture, and each differently"
    beyond = torch.randn(8, 3, 64, 64) * 2  # exercises carry noise
    assert all(photographed(each, 1.0).abs().max() <= 1 for each in (clean, beyond)), "NaN would not be"
    sharp = torch.ones(1, 3, 64, 64) * 0.9
    sharp[..., 32:] = -0.9
    steps = [photographed(sharp.expand(32, -1, -1, -1), share).diff(dim=3).abs().amax((1, 2, 3)).mean()
             for share in (0.0, 1.0)]  # fmt: skip
    assert steps[1] < 0.7 * steps[0], "lenses blur"


def test_texture_has_grains_of_several_sizes_and_is_strong_in_some_places() -> None:
    torch.manual_seed(0)
    found = [texture(64, 96)[0] for _ in range(40)]
    assert all(each.shape == (64, 96) for each in found)
    stds = torch.stack([each.std() for each in found])
    assert stds.min() < 0.05 < 0.15 < stds.max(), "of every strength"
    neighbors = torch.stack([torch.corrcoef(torch.stack([each[:, :-4].flatten(), each[:, 4:].flatten()]))[0, 1]
                             for each in found])  # fmt: skip
    assert neighbors.mean() > 0.1, "grains larger than four pixels; noise of single pixels has 0"
    rough = [each.unfold(0, 16, 16).unfold(1, 16, 16).std((2, 3)) for each in found]
    assert torch.stack([each.max() / each.min() for each in rough]).mean() > 2
