"""Partial convolutions against windows counted one by one, gated ones, holes of all shapes, and the recipe's parts."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from animelab import shares
from animelab.errors import LabError
from animelab.nn import count_parameters, inpainting
from animelab.recipes import inpainting as recipes


def window_by_window(x, mask, weight, bias, stride, padding):
    """The paper's formula for every window by itself, in float64."""
    x, mask, weight, bias = (each.double() for each in (x, mask.expand_as(x), weight, bias))
    count, out, kernel = len(x), weight.shape[0], weight.shape[-1]
    high, wide = ((side + 2 * padding - kernel) // stride + 1 for side in x.shape[2:])
    features, known = torch.zeros(count, out, high, wide).double(), torch.zeros(count, 1, high, wide).double()
    for b in range(count):
        for row in range(high):
            for column in range(wide):
                sums, there = torch.zeros(out).double(), 0.0
                for i in range(kernel):
                    for j in range(kernel):
                        y, z = row * stride + i - padding, column * stride + j - padding
                        if 0 <= y < x.shape[2] and 0 <= z < x.shape[3]:
                            sums += weight[:, :, i, j] @ (x[b, :, y, z] * mask[b, :, y, z])
                            there += float(mask[b, :, y, z].sum())
                if there:
                    features[b, :, row, column] = sums * (weight[0].numel() / there) + bias
                    known[b, 0, row, column] = 1
    return features, known


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 2), (7, 2)])
def test_a_partial_convolution_is_the_formula_window_by_window(kernel, stride):
    torch.manual_seed(kernel)
    x, weight, bias = torch.randn(2, 3, 9, 11), torch.randn(4, 3, kernel, kernel), torch.randn(4)
    mask = (torch.rand(2, 3, 9, 11) < 0.3).float()
    mask[:, :, :5, :6] = 0
    for given in (mask, mask[:, :1]):
        found = inpainting.partial_convolution(x, given, weight, bias, stride, kernel // 2)
        for one, other in zip(found, window_by_window(x, given, weight, bias, stride, kernel // 2)):
            assert torch.allclose(one.double(), other, atol=1e-4)


def test_where_all_is_known_it_is_a_convolution_and_a_hole_has_no_say():
    torch.manual_seed(0)
    layer, x = inpainting.PartialConv2d(3, 5, 3, padding=1), torch.randn(1, 3, 8, 8, requires_grad=True)
    full, _ = layer(x, torch.ones(1, 1, 8, 8))
    plain = conv2d(x, layer.weight, layer.bias, padding=1)
    assert torch.allclose(full[..., 1:-1, 1:-1], plain[..., 1:-1, 1:-1], atol=1e-5)
    mask = torch.ones(1, 1, 8, 8)
    mask[..., 2:6, 3:7] = 0
    features, known = layer(x, mask)
    (slope,) = torch.autograd.grad(features.square().sum(), x)
    assert not slope[..., 2:6, 3:7].any() and slope[..., :2, :].all()
    assert known[..., 3:5, 4:6].max() == 0 and known.sum() == 64 - 4, "the hole has lost its rim"
    assert not features.detach()[..., 3:5, 4:6].any(), "and says nothing of what nobody knows, not even a bias"


@pytest.mark.parametrize("network", [inpainting.UNet(3, 4), inpainting.GatedNet(4, 3)])
def test_networks_do_not_look_into_the_hole_and_fill_pictures_of_any_size(network):
    torch.manual_seed(0)
    network.eval()
    pictures, mask = torch.rand(2, 3, 21, 34) * 2 - 1, torch.ones(2, 1, 21, 34)
    mask[:, :, 5:15, 8:20] = 0
    with torch.no_grad():
        answer = inpainting.filled(network, pictures, mask)
        other = inpainting.filled(network, torch.where(mask > 0, pictures, torch.randn(())), mask)
    hole = (mask == 0).expand_as(pictures)
    assert answer.shape == pictures.shape and torch.equal(answer[~hole], pictures[~hole])
    assert torch.equal(answer[hole], other[hole]) and answer[hole].std() > 0
    with pytest.raises(LabError, match="one size"):
        inpainting.filled(network, pictures, mask[..., :-1])
    with pytest.raises(LabError, match="bytes"):
        inpainting.filled(network, pictures.byte(), mask)


def test_published_configurations_and_ours():
    with torch.device("meta"):
        counts = [count_parameters(each) for each in (inpainting.UNet(), inpainting.UNet(7), inpainting.UNet(6, 12))]
    assert counts == [32_859_732, 25_779_796, 660_228]
    with torch.device("meta"):
        layers = inpainting.UNet()
    assert [each.kernel_size[0] for each in layers.down] == [7, 5, 5, 3, 3, 3, 3, 3]
    assert [each.out_channels for each in layers.up] == [512, 512, 512, 512, 256, 128, 64, 3]
    assert len(layers.seen) == 7 and len(layers.drawn) == 7
    assert [each.bias is not None for each in layers.up] == [False] * 7 + [True]


def test_attention_borrows_from_what_is_known_and_from_what_looks_alike():
    torch.manual_seed(0)
    x, mask = torch.randn(1, 4, 8, 8), torch.ones(1, 1, 8, 8)
    mask[..., 2:5, 2:5] = 0
    hole = (mask == 0).expand_as(x)
    borrowed = inpainting.attended(x, mask)
    assert torch.equal(borrowed[~hole], x[~hole])
    outside = x[~hole].view(1, 4, -1)
    inside = borrowed[hole].view(1, 4, -1)
    assert (inside <= outside.amax(2, keepdim=True) + 1e-5).all() and (
        inside >= outside.amin(2, keepdim=True) - 1e-5
    ).all()
    x[..., 5:8, 5:8] = x[..., 1:4, 1:4]  # the surroundings of (2, 2) once more, around (6, 6)
    sharp = inpainting.attended(x, mask, sharpness=200)
    assert torch.allclose(sharp[..., 2, 2], x[..., 6, 6], atol=1e-2)
    assert inpainting.attended(x, torch.zeros_like(mask)).isfinite().all(), "also where nothing is known"


def test_noise_makes_other_proposals_and_none_is_zero():
    torch.manual_seed(0)
    network = inpainting.GatedNet(4, 3).eval()
    x, mask = torch.randn(1, 3, 16, 16), torch.ones(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 0
    answers = [network(x, mask, noise) for noise in (torch.zeros(1, 3), torch.ones(1, 3))]
    assert torch.equal(network(x, mask), answers[0]) and not torch.allclose(*answers)


def test_holes_have_all_shapes_and_belong_to_one_stream():
    torch.manual_seed(0)
    masks = inpainting.holes(torch.zeros(200, 3, 48, 48))
    assert masks.shape == (200, 1, 48, 48) and set(masks.unique().tolist()) == {0.0, 1.0}
    share = 1 - masks.mean((1, 2, 3))
    assert 0.05 < share.mean() < 0.2 and share.max() < 0.6 and len({round(float(each), 4) for each in share}) > 100
    parts = []
    for place in (0, 1):
        torch.manual_seed(7)
        with shares.place(place, 2):
            parts.append(inpainting.holes(torch.zeros(5, 3, 32, 32)))
    torch.manual_seed(7)
    assert torch.equal(torch.cat(parts), inpainting.holes(torch.zeros(10, 3, 32, 32))), "two halves make one batch"


@pytest.mark.parametrize("kind", inpainting.SHAPES)
def test_a_shape_lies_in_the_picture_and_moves_with_its_numbers(kind):
    u = torch.rand(64, inpainting.NUMBERS, generator=torch.Generator().manual_seed(0))
    drawn = inpainting.rounded_bars(*inpainting.shape(kind, u), 64)
    assert drawn.flatten(1).any(1).float().mean() > 0.9
    assert drawn[:, 0].float().mean(0).gt(0).float().mean() > 0.2, "it is not always in one place"


def test_rounded_bars_have_round_ends_and_their_length():
    bar = torch.tensor([[[0.25, 0.5, 0.75, 0.5]]])
    inside = inpainting.rounded_bars(bar, torch.tensor([[0.125]]), 64)[0, 0]
    rows, columns = inside.nonzero().T
    assert (int(columns.min()), int(columns.max()), int(rows.min()), int(rows.max())) == (8, 55, 24, 39)
    assert not inside[25, 9] and inside[32, 9], "a circle at the end, not a corner"
    assert abs(float(inside.float().mean()) - (0.5 * 0.25 + torch.pi * 0.125**2)) < 0.01


# --- the recipe -------------------------------------------------------------------------------------------------------


def small(**settings):
    return recipes.preset("smoke", faces=8, **settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"network": "patial"}, "did you mean 'partial'"),
        ({"size": 36}, "cannot be halved so often"),
        ({"network": "gated", "size": 36}, "cannot be halved so often"),
    ],
)
def test_settings_that_cannot_be(settings, sentence):
    with pytest.raises(LabError, match=sentence):
        small(**settings)


def test_the_better_of_two_noises_counts():
    torch.manual_seed(0)
    recipe = recipes.Inpainting(small(network="gated", proposals=6), "cpu")
    truth, mask = torch.rand(4, 3, 32, 32) * 2 - 1, torch.ones(4, 1, 32, 32)
    mask[..., 8:24, 8:24] = 0
    torch.manual_seed(5)
    chosen = recipe.best_noise(truth, mask)
    torch.manual_seed(5)
    all_noises = [recipe.noise(4, 8) for _ in range(6)]

    def off(noise):
        return ((recipe.G(truth * mask, mask, noise) - truth).abs() * (1 - mask)).sum((1, 2, 3))

    with torch.no_grad():
        assert torch.allclose(off(chosen), torch.stack([off(each) for each in all_noises]).amin(0))
    assert len({tuple(each.tolist()) for each in chosen}) == 4


def test_the_norms_of_the_encoder_stand_still_after_the_first_steps_and_only_they():
    recipe = recipes.Inpainting(small(first=2, adversarial_weight=0.0), "cpu")
    pictures = torch.rand(4, 3, 32, 32) * 2 - 1

    def means():
        return [[float(each.running_mean.sum()) for each in norms] for norms in (recipe.G.seen, recipe.G.drawn)]

    history = [means()]
    for _ in range(4):
        recipe.step(pictures)
        history.append(means())
    seen, drawn = zip(*history)
    assert seen[0] != seen[1] != seen[2] and seen[2] == seen[3] == seen[4]
    assert drawn[2] != drawn[3] != drawn[4]


def test_an_adversary_is_a_matter_of_the_settings_and_is_held_flat():
    assert not hasattr(recipes.Inpainting(small(adversarial_weight=0.0), "cpu"), "D")
    recipe = recipes.Inpainting(small(), "cpu")
    told = recipe.step(torch.rand(4, 3, 32, 32) * 2 - 1)
    assert list(told) == ["valid", "hole", "perceptual", "style", "variation", "adversarial"]
    for layer in recipe.D.body:
        if isinstance(layer, nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2) < 2, "spectral norm"
    assert all(parameter.requires_grad for parameter in recipe.D.parameters())


def test_a_learners_convolution_loss_and_holes_are_used():
    calls = set()

    def convolution(*given):
        calls.add("convolution")
        return inpainting.partial_convolution(*given)

    def loss(*given):
        calls.add("loss")
        return recipes.repair_loss(*given)

    def box(like):
        calls.add("holes")
        mask = like.new_ones(len(like), 1, *like.shape[2:])
        mask[..., 8:24, 8:24] = 0
        return mask

    recipe = recipes.Inpainting(small(adversarial_weight=0.0), "cpu", convolution=convolution, loss=loss, holes=box)
    recipe.step(torch.rand(4, 3, 32, 32) * 2 - 1)
    assert calls == {"convolution", "loss", "holes"}


def test_the_loss_of_the_truth_is_what_varies_in_it_and_a_small_hole_weighs_little():
    torch.manual_seed(0)
    truth, mask = torch.rand(2, 3, 32, 32) * 2 - 1, torch.ones(2, 1, 32, 32)
    mask[..., 8:16, 8:16] = 0
    look = recipes.Inpainting(small(), "cpu").look
    parts = recipes.repair_loss(truth, truth, mask, look)
    assert [float(parts[name]) for name in ("valid", "hole", "perceptual", "style")] == [0, 0, 0, 0]
    rows = [float(truth[..., 7:17, 6:16].sub(truth[..., 7:17, 7:17]).abs().sum()),
            float(truth[..., 6:16, 7:17].sub(truth[..., 7:17, 7:17]).abs().sum())]  # fmt: skip
    assert abs(float(parts["variation"]) - sum(rows) / (2 * 3 * 31 * 32)) < 1e-5
    gray = recipes.repair_loss(torch.zeros_like(truth), truth, mask, look)
    assert abs(float(gray["hole"]) - float((truth.abs() * (1 - mask)).sum()) / truth.numel()) < 1e-6
