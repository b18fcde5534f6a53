"""CUT: its networks at their authors' depths, its contrast by hand, and who learns from what in a step."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad, softplus

from animelab import losses, zoo
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.nn import cut, pix2pix
from animelab.nn.cyclegan import Residual
from animelab.recipes.cut import CUT, PRESETS, nce

SMOKE = PRESETS["smoke"]
PAIRS = dataclasses.replace(SMOKE, gamma=2.0, l1_weight=3.0, nce_weight=0.5, crop=1.0, penalty_every=2)


def pictures(count: int = 2, size: int = 32, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("size", [(16, 20), (15, 18)])
def test_halving_is_the_authors_blur_and_every_second_pixel(size: tuple[int, int]) -> None:
    x, taps = torch.rand(2, 5, *size, dtype=torch.float64), torch.tensor([1.0, 2, 1]).double()
    blur = (taps[:, None] * taps / 16).expand(5, 1, 3, 3)
    torch.testing.assert_close(cut.Halve()(x), conv2d(pad(x, (1, 1, 1, 1), "reflect"), blur, stride=2, groups=5))
    stripes = torch.tensor([-1.0, 1.0]).repeat(8).expand(1, 1, 16, 16)
    assert cut.Halve()(stripes).abs().max() < 1e-6, "stripes of a pixel become gray, not black or white"


def test_doubling_is_the_authors() -> None:
    x, taps = torch.rand(2, 5, 6, 7, dtype=torch.float64), torch.tensor([1.0, 3, 3, 1]).double()
    spread = (taps[:, None] * taps / 64 * 4).expand(5, 1, 4, 4)
    theirs = conv_transpose2d(pad(x, (1, 1, 1, 1), "replicate"), spread, stride=2, padding=2, groups=5)
    (first, _) = (layer for layer in cut.Generator(1, 4).layers if isinstance(layer, nn.Upsample))
    torch.testing.assert_close(first(x), theirs[..., 1:-1, 1:-1])


@pytest.mark.parametrize("shortcuts", [False, True])
def test_features_are_the_papers_five_depths_and_cost_only_the_encoder(shortcuts: bool) -> None:
    torch.manual_seed(0)
    network, x = cut.Generator(9, 4, shortcuts=shortcuts), pictures(size=64)
    order: list[tuple[nn.Module, Tensor]] = []
    for layer in network.layers:
        layer.register_forward_hook(lambda layer, _, output: order.append((layer, output)))
    answer, features = network.both(x)
    assert torch.equal(answer, network(x)) and answer.abs().max() <= 1 and answer.shape == x.shape
    convolutions = [out for layer, out in order if isinstance(layer, nn.Conv2d)]
    blocks = [out for layer, out in order if isinstance(layer, Residual)]
    wanted = [x, convolutions[1], convolutions[2], blocks[0], blocks[4]]  # layers 0, 4, 8, 12, 16 of the authors
    assert [tuple(each.shape[1:]) for each in features] == [
        (3, 64, 64), (8, 64, 64), (16, 32, 32), (16, 16, 16), (16, 16, 16)
    ]  # fmt: skip
    assert all(torch.equal(*pair) for pair in zip(features, wanted, strict=True))
    order.clear()
    again = network.features(x)
    assert all(torch.equal(*pair) for pair in zip(again, features, strict=True))
    assert order[-1][0] is network.layers[15], "nothing behind the fifth block is computed"


def test_shortcuts_hand_the_way_down_across_and_a_layer_norm_keeps_the_tint() -> None:
    torch.manual_seed(0)
    plain, joined = cut.Generator(2, 4, "layer"), cut.Generator(2, 4, "layer", shortcuts=True)
    x = pictures()
    assert torch.allclose(joined(x)[:1], joined(x[:1]), atol=1e-5), "each picture alone"
    sizes = [tuple(m.in_channels for m in network.layers if isinstance(m, nn.Conv2d)) for network in (plain, joined)]
    assert sizes == [(3, 4, 8, 16, 8, 4), (3, 4, 8, 16, 16, 8)]
    for network in (plain, joined):  # the lowest maps silenced, a picture still comes through
        network.layers[12].register_forward_hook(lambda _, __, output: torch.zeros_like(output))
    assert (joined(x) - joined(x.flip(0))).abs().max() > 1e-3 > (plain(x) - plain(x.flip(0))).abs().max()
    flat = torch.tensor([1.0, -1, 0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    instance, layer = (pix2pix.NORMS[norm](3)(flat) for norm in ("instance", "layer"))
    assert instance.abs().max() == 0 and layer[0, :, 0, 0].tolist() == pytest.approx([1.2247, -1.2247, 0], abs=1e-3)


def test_a_size_that_does_not_fit_is_one_sentence() -> None:
    with pytest.raises(LabError, match="multiples of 4 from 16, not 30 x 32"):
        cut.Generator(1, 4)(torch.zeros(1, 3, 30, 32))


def test_places_are_the_same_for_both_and_none_comes_twice() -> None:
    torch.manual_seed(0)
    maps = [torch.arange(60.0).reshape(1, 1, 6, 10).expand(2, channels, 6, 10) for channels in (3, 8, 16, 16, 16)]
    chosen = cut.places(maps, 24)
    assert [len(set(each.tolist())) for each in chosen] == [24] * 5 and len(cut.places(maps, 256)[0]) == 60
    patches = cut.Patches(4, 5)
    codes = patches(maps, chosen)
    for number, (network, where, code) in enumerate(zip(patches, chosen, codes)):
        here = maps[number][1, :, where[7] // 10, where[7] % 10]
        torch.testing.assert_close(code[1, 7], network(here) / network(here).norm())
    assert [code.shape for code in codes] == [(2, 24, 5)] * 5


def test_contrast_is_the_loop_by_hand_and_keys_learn_nothing() -> None:
    torch.manual_seed(0)
    queries, keys = (nn.functional.normalize(torch.randn(2, 6, 4, dtype=torch.float64), dim=2) for _ in "qk")
    by_hand = []
    for one, other in zip(queries, keys):
        for i, query in enumerate(one):
            alike = [float(query @ key) / 0.07 for key in other]
            by_hand.append(math.log(sum(math.exp(each) for each in alike)) - alike[i])
    assert float(nce(queries, keys)) == pytest.approx(sum(by_hand) / 12, rel=1e-12)
    assert float(nce(keys, keys)) < float(nce(queries, keys)) and float(nce(keys.flip(1), keys)) > 1
    queries.requires_grad_(), keys.requires_grad_()
    nce(queries, keys).backward()
    assert queries.grad is not None and queries.grad.abs().max() > 0 and keys.grad is None
    assert torch.autograd.gradcheck(lambda given: nce(given, keys.detach()), [queries])


def paid(recipe: CUT) -> list[float]:
    """What the recipe takes steps down from, as it comes."""
    costs, update = [], recipe.update
    recipe.update = lambda optimizer, loss: (costs.append(float(loss.detach())), update(optimizer, loss))
    return costs


def test_cut_counts_cels_that_should_stay_and_fastcut_does_not() -> None:
    seen: list[tuple[Tensor, Tensor]] = []

    def contrast(queries: Tensor, keys: Tensor) -> Tensor:
        seen.append((queries.detach(), keys))
        return nce(queries, keys)

    for identity, count in ((True, 4), (False, 2)):
        seen.clear()
        recipe = CUT(dataclasses.replace(SMOKE, identity=identity, nce_weight=7.0), "cpu", nce=contrast)
        costs = paid(recipe)
        said = recipe.step((pictures(), pictures(seed=1)))
        assert [queries.shape for queries, _ in seen] == [(count, 16, 256)] * 5
        assert costs[0] == pytest.approx(float(said["D"]))
        assert costs[1] == pytest.approx(float(said["G"]) + 7 * float(said["NCE"]), rel=1e-5)
        assert float(said["NCE"]) == pytest.approx(sum(float(nce(*pair)) for pair in seen) / 5, rel=1e-5)


def test_a_mirrored_answer_is_compared_with_the_picture_as_it_was(monkeypatch) -> None:
    recipe = CUT(dataclasses.replace(SMOKE, identity=False, mirrored=True, crop=1.0), "cpu")
    seen: dict[str, list] = {"both": [], "features": [], "patches": []}
    for name in ("both", "features"):
        work = getattr(recipe.G, name)
        monkeypatch.setattr(
            recipe.G, name, lambda x, work=work, name=name: (seen[name].append((x, out := work(x))), out)[1]
        )
    recipe.patches.register_forward_pre_hook(lambda _, given: seen["patches"].append(given[0]))
    a, b = pictures(), pictures(seed=1)
    monkeypatch.setattr("animelab.recipes.cut.jittered", lambda side, crop: [side])
    monkeypatch.setattr(torch, "rand", lambda *_: torch.tensor(0.0))
    recipe.step((a, b))
    ((given, (answers, _)),) = seen["both"]
    (first, queries), (second, keys) = seen["features"]
    assert torch.equal(given, a.flip(3)) and torch.equal(first, answers) and torch.equal(second, a)
    assert all(torch.equal(*pair) for pair in zip(seen["patches"][0], (maps.flip(3) for maps in queries)))
    assert all(torch.equal(*pair) for pair in zip(seen["patches"][1], keys))
    assert not any(maps.requires_grad for maps in keys) and all(maps.requires_grad for maps in queries)


def test_the_game_in_pairs_by_hand() -> None:
    recipe, a, b = CUT(PAIRS, "cpu"), pictures().clone(), pictures(seed=1).clone()
    costs = paid(recipe)
    b = b + b.flip(3)  # mirroring changes nothing: the step is what we compute
    a = a + a.flip(3)
    for penalty in (True, False):
        fake, same = recipe.G(a).detach(), recipe.G(b).detach()
        wanted = softplus(recipe.D(fake) - recipe.D(b)).mean()
        if penalty:
            wanted = wanted + 2.0 / 2 * 2 * (losses.r1_penalty(recipe.D, b) + losses.r1_penalty(recipe.D, fake))
        del costs[:]
        said = recipe.step((a, b))
        assert costs[0] == pytest.approx(float(wanted), rel=1e-4)
        l1 = float((same - b).abs().mean())
        assert costs[1] == pytest.approx(float(said["G"]) + 0.5 * float(said["NCE"]) + 3 * l1, rel=1e-4)
    assert int(recipe.steps_done) == 2


def test_a_steep_gradient_of_D_is_shortened_and_a_flat_one_is_not() -> None:
    for longest, wanted in ((0.01, 0.01), (1e6, None)):
        recipe = CUT(dataclasses.replace(PAIRS, longest=longest), "cpu")
        recipe.step((pictures(), pictures(seed=1)))
        length = float(torch.cat([weight.grad.flatten() for weight in recipe.D.parameters()]).norm())
        assert length == pytest.approx(wanted, rel=1e-3) if wanted else length > 0.1


def test_its_weights_translate(tmp_path) -> None:
    recipe = CUT(PAIRS, "cpu")
    save_weights(tmp_path / "w.safetensors", *recipe.weights())
    model = zoo.open_translator(tmp_path / "w.safetensors")
    assert model.translate(pictures(1, 30)).shape == (1, 3, 30, 30)
    with pytest.raises(LabError, match="one direction only"):
        model.translate(pictures(1), back=True)
