"""Back-translation: who learns from what in a step, which attributes are asked of whom, and what it refuses."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits, softplus

from animelab import losses
from animelab.data import StudioUnpairedAttributes
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import count_parameters, r3gan, ugatit
from animelab.recipes import backtranslation
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


def test_a_step_by_hand(monkeypatch) -> None:
    """Both sums that a step goes down, from what its generators made: who is compared with whom, and how much."""
    settings = dataclasses.replace(
        ALONE, names_weight=0.2, features_weight=0.3, color_weight=4.0, back_weight=7.0, gamma=2.0, penalty_every=2,
        lr=1e-3, decay=20,
    )  # fmt: skip
    monkeypatch.setattr(backtranslation, "jittered", lambda side, **given: [side])
    recipe, made, sums = BackTranslation(settings, "cpu"), [], []
    for network in (recipe.G.a_to_b, recipe.G.b_to_a):
        network.register_forward_hook(lambda *given: made.append(given[-1].detach()))
    a, b, names_a, names_b = batch(names=True)
    names = lambda D, pictures, true: 0.2 * binary_cross_entropy_with_logits(D(pictures)[1], true) * 34  # noqa: E731

    def slope(D: torch.nn.Module, pictures: Tensor) -> Tensor:
        pictures = pictures.clone().requires_grad_()
        (steep,) = torch.autograd.grad(D(pictures)[0].sum(), pictures)
        return steep.square().sum((1, 2, 3)).mean()

    def by_hand(of_D: bool) -> Tensor:
        fake_a, (fake_b, back_b), back_a = made[-3], made[-2].split(2), made[-1]
        sides = ((recipe.D_a, a, fake_a, names_a, names_b), (recipe.D_b, b, fake_b, names_b, names_a))
        total = torch.zeros(())
        for D, real, fake, of_real, of_source in sides:
            ahead = D(real)[0] - D(fake)[0]
            if not of_D:
                total = total + softplus(ahead).mean() + names(D, fake, of_source)
                continue
            total = total + softplus(-ahead).mean() + names(D, real, of_real)
            if len(sums) < 2:  # 2.0 / 2, twice since it is every second step
                total = total + 2 * (slope(D, real) + slope(D, fake))
        if of_D:
            return total
        look = perception.extractor("tagger")
        total = total + 0.3 * sum((x - y).abs().mean() for x, y in zip(look(back_b), look(b)))
        blurred = [avg_pool2d(x, 8) for x in (fake_b, a, fake_a, b)]
        total = total + 4 * ((blurred[0] - blurred[1]).abs().mean() + (blurred[2] - blurred[3]).abs().mean())
        return total + 7 * ((back_a - a).abs().mean() + (back_b - b).abs().mean())

    update = recipe.update

    def compare(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        wanted = by_hand(optimizer is recipe.D_adam)
        sums.append((optimizer, loss.item(), wanted.item()))
        update(optimizer, loss)

    monkeypatch.setattr(recipe, "update", compare)
    before = next(recipe.G_ema.average.parameters()).clone()
    for _ in range(2):
        recipe.step((a, b, names_a, names_b))
    assert [each[0] for each in sums] == 2 * [recipe.D_adam, recipe.G_adam]
    assert [each[1] for each in sums] == pytest.approx([each[2] for each in sums], rel=1e-4)
    assert recipe.G_decay.last_epoch == recipe.D_decay.last_epoch == int(recipe.steps_done) == 2
    assert recipe.weights()[2] is recipe.G_ema.average
    assert not torch.equal(next(recipe.G_ema.average.parameters()), before), "the average goes along"


def test_each_side_gives_pieces_from_anywhere_mirrored_or_not() -> None:
    recipe, given = BackTranslation(ALONE, "cpu"), []
    for network in (recipe.G.a_to_b, recipe.G.b_to_a):
        network.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    ramp = torch.linspace(-1, 1, 64).expand(2, 3, 64, 64)
    for _ in range(6):
        recipe.step((ramp, ramp))
    for pieces in (given[0::3], given[1::3]):  # of B, then of A with exercises behind them
        assert all(piece.shape[2:] == (32, 32) for piece in pieces)
        across = torch.stack([piece[0, 0, 0, [0, -1]] for piece in pieces])
        assert len(across.amin(1).unique()) > 2 and len(across.diff().sign().unique()) == 2
    assert any(not torch.equal(b[0], a[0]) for b, a in zip(given[0::3], given[1::3])), "each side by itself"


def test_exercises_carry_noise_and_a_cameras_faults_and_solutions_neither(monkeypatch) -> None:
    monkeypatch.setattr(backtranslation, "jittered", lambda side, **given: [side])
    shares: list[float] = []
    monkeypatch.setattr(backtranslation, "photographed", lambda x, share: shares.append(share) or x + 0.5)
    recipe, seen = BackTranslation(dataclasses.replace(ALONE, noise=0.2, camera=0.7), "cpu"), []
    for network in (recipe.G.a_to_b, recipe.G.b_to_a):
        network.register_forward_hook(lambda _, given, made: seen.append((given[0], made.detach())))
    a, b = batch(names=False)
    found = recipe.step((a, b))
    (given, fake_a), (asked, answers), (again, back_a) = seen
    assert torch.equal(given, b) and torch.equal(asked[:2], a + 0.5) and shares == [0.7]
    for noise in (asked[2:] - 0.5 - fake_a, again - answers[:2]):
        assert noise.std().item() == pytest.approx(0.2, rel=0.1)
    wanted = (back_a - a).abs().mean() + (answers[2:] - b).abs().mean()
    assert found["back"].item() == pytest.approx(wanted.item(), rel=1e-5)


def test_it_begins_as_r3gans_discriminators_do_and_shortens_their_gradient(monkeypatch) -> None:
    monkeypatch.setattr(backtranslation, "jittered", lambda side, **given: [side])
    recipe = BackTranslation(dataclasses.replace(ALONE, longest=1e-3), "cpu")
    for D in (recipe.D_a, recipe.D_b):
        assert all(not layer.bias.any() for layer in D.modules() if isinstance(layer, torch.nn.Conv2d))
    recipe.step(batch(names=False))
    slopes = [weight.grad.norm() for D in (recipe.D_a, recipe.D_b) for weight in D.parameters()]
    assert torch.stack(slopes).norm().item() == pytest.approx(1e-3, rel=1e-3), "both together"


def test_a_preview_goes_there_and_back_from_both_sides(monkeypatch) -> None:
    recipe, ways, shown = BackTranslation(ALONE, "cpu"), [], []
    a, b = recipe.examples = batch(names=False)
    pair = recipe.G_ema.average
    monkeypatch.setattr(recipe, "translated", lambda network, x: ways.append(network) or x / 2)
    monkeypatch.setattr(backtranslation, "grid", lambda pictures, columns: shown.append((pictures, columns)))
    recipe.preview()
    assert ways == [pair.a_to_b, pair.b_to_a, pair.b_to_a, pair.a_to_b]
    assert shown[0][1] == 2 and torch.equal(shown[0][0], torch.cat([a, a / 2, a / 4, b, b / 2, b / 4]))


def test_u_gat_its_generators_can_play_it_too() -> None:
    recipe = BackTranslation(dataclasses.replace(ALONE, network="ugatit", blocks=1), "cpu")
    assert isinstance(recipe.weights()[2], ugatit.Pair) and all(
        v.isfinite() for v in recipe.step(batch(False)).values()
    )
    with pytest.raises(LabError, match="nearest|unet"):
        dataclasses.replace(ALONE, network="u-net")
    with pytest.raises(LabError, match="not larger"):
        dataclasses.replace(ALONE, picture=16)
    with pytest.raises(LabError, match="no multiple of size=32"):
        dataclasses.replace(ALONE, picture=48)
    for norm in recipe.G.modules():
        if isinstance(norm, ugatit.AdaLIN):
            norm.rho.data.fill_(1.5)
    recipe.step(batch(False))
    assert all(norm.rho.max() <= 1 for norm in recipe.G.modules() if isinstance(norm, ugatit.AdaLIN)), "clipped"


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
