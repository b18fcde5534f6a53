"""What CartoonGAN and U-GAT-IT are made of: soft edges, mixed norms, attention, features with gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import group_norm, instance_norm
from torch.nn.utils.parametrizations import spectral_norm

from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import animegan, cartoongan, ugatit
from animelab.nn.spectral import SpectralConv2d


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_only_edges_are_smoothed() -> None:
    picture = torch.full((1, 3, 40, 40), 0.5)
    assert torch.equal(cartoongan.edge_smoothed(picture), picture), "a plain wall has no edges"
    picture[..., 20:] = -0.7
    soft = cartoongan.edge_smoothed(picture)
    assert torch.equal(soft[..., :17], picture[..., :17]) and torch.equal(soft[..., 24:], picture[..., 24:])
    changed = (soft - picture)[0, 0, 20].abs() > 0.01
    assert changed.nonzero().flatten().tolist() == [18, 19, 20, 21], "as far as the blur reaches"
    steps = [each[0, 0, 20].diff().abs().max() for each in (picture, soft)]
    assert steps[1] < 0.5 * steps[0], "the step became a slope"
    assert cartoongan.edges(picture)[0, 0, :, 19:21].all() and cartoongan.edges(picture).sum() == 80


def test_adalin_mixes_two_norms_by_rho() -> None:
    x, gamma, beta = torch.randn(2, 6, 8, 8, dtype=torch.float64), torch.rand(2, 6, 1, 1), torch.rand(2, 6, 1, 1)
    n, all_ = 64, 6 * 64  # the official code divides by n - 1
    by_channel = instance_norm(x, eps=1e-5 * (n - 1) / n) * ((n - 1) / n) ** 0.5
    by_picture = group_norm(x, 1, eps=1e-5 * (all_ - 1) / all_) * ((all_ - 1) / all_) ** 0.5
    norm = ugatit.AdaLIN(6).double()
    assert torch.allclose(norm.rho, torch.full_like(norm.rho, 0.9))
    for rho in (0.0, 0.3, 1.0):
        norm.rho.data.fill_(rho)
        expected = gamma * (rho * by_channel + (1 - rho) * by_picture) + beta
        assert torch.allclose(norm(x, gamma, beta), expected, atol=1e-6)
    norm.rho.data[0, :3, 0, 0] = torch.tensor([-0.2, 0.5, 1.7])
    norm.clip()
    assert norm.rho[0, :3, 0, 0].tolist() == [0, 0.5, 1]


def test_attention_weighs_channels_by_what_they_tell() -> None:
    attention = ugatit.Attention(2, torch.nn.Identity())
    with torch.no_grad():
        attention.average.weight.copy_(torch.tensor([[1.0, 0.0]]))
        attention.largest.weight.copy_(torch.tensor([[0.0, 2.0]]))
        attention.mix.weight.copy_(torch.eye(4)[[0, 3]][:, :, None, None])
        attention.mix.bias.zero_()
    x = torch.rand(1, 2, 5, 5)
    out, guess, heat = attention(x)
    assert torch.allclose(out[0], torch.stack([x[0, 0], 2 * x[0, 1]]))
    assert torch.allclose(guess[0], torch.stack([x[0, 0].mean(), 2 * x[0, 1].max()]))
    assert torch.allclose(heat[0], out[0].sum(0))


def test_the_discriminators_attention_has_spectral_norm_and_the_last_norms_begin_by_the_picture() -> None:
    D, G = ugatit.Discriminator(4, 4), ugatit.Generator(32, 4, 1, light=True)
    for attention, normed in ((D.attention, True), (G.attention, False)):
        for head in (attention.average, attention.largest):
            assert normed == torch.isclose(head.weight.norm(), torch.ones(()))
    assert [norm.rho.unique().tolist() for norm in G.norms] == [[0], [0]]


@pytest.mark.parametrize("bias", [True, False])
def test_dividing_the_answers_is_spectral_norm_as_torch_has_it(bias: bool) -> None:
    torch.manual_seed(1)
    options = {"kernel_size": 4, "stride": 2, "padding": 1, "bias": bias, "padding_mode": "reflect"}
    mine = SpectralConv2d(3, 5, **options).double()
    plain = nn.Conv2d(3, 5, **options).double()
    plain.load_state_dict({key: value for key, value in mine.state_dict().items() if key not in "uv"})
    theirs = spectral_norm(plain)
    theirs.parametrizations.weight[0]._u.copy_(mine.u)
    theirs.parametrizations.weight[0]._v.copy_(mine.v)
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    for step in range(4):  # each begins from the last one's directions; the third only looks
        mine.train(step != 2)
        theirs.train(step != 2)
        results = []
        for layer in (mine, theirs):
            out = layer(x)
            slopes = torch.autograd.grad(out.tanh().sum(), [x, *layer.parameters()])
            results.append([out, *sorted(slopes, key=lambda each: each.ndim)])
        torch.testing.assert_close(*results)
        torch.testing.assert_close(mine.u, theirs.parametrizations.weight[0]._u)
    with torch.no_grad():
        mine.weight.copy_(torch.randn_like(mine.weight))
    mine.iterate(500)
    assert float(mine.u @ mine.weight.flatten(1) @ mine.v) == pytest.approx(
        float(torch.linalg.matrix_norm(mine.weight.flatten(1), 2)), rel=1e-6
    )


def test_sides_that_do_not_fit_are_one_sentence() -> None:
    light = ugatit.Generator(32, 4, 1, light=True)
    assert light(torch.zeros(1, 3, 48, 20)).out.shape == (1, 3, 48, 20)
    with pytest.raises(LabError, match="multiples of 4 from 16"):
        light(torch.zeros(1, 3, 30, 32))
    with pytest.raises(LabError, match="32 x 32 pixels"):
        ugatit.Generator(32, 4, 1)(torch.zeros(1, 3, 64, 64))


def test_the_discriminators_maps_have_the_published_sizes() -> None:
    x = torch.zeros(1, 3, 256, 256)
    for layers, side in ((7, 6), (5, 30)):
        assert ugatit.Discriminator(layers, 2)(x).out.shape == (1, 1, side, side)


def test_a_generator_begins_by_turning_channels_and_keeps_places_apart() -> None:
    torch.manual_seed(0)
    G = animegan.Generator(width=8, blocks=2).apply(animegan.initialize)
    same, depthwise = G.shrink[2][0], G.think[1].body[1][0]  # 16 channels to 16, and 64 each by itself
    x = torch.randn(1, 16, 6, 6)
    torch.testing.assert_close(same(x).norm(dim=1), x.norm(dim=1)[:, 1:-1, 1:-1])
    assert (same(x) - x[..., 1:-1, 1:-1]).abs().mean() > 0.5, "a rotation, not a copy"
    y = torch.randn(1, depthwise.in_channels, 6, 6)
    torch.testing.assert_close(depthwise(y) - depthwise.bias[:, None, None], y[..., 1:-1, 1:-1])


def test_vgg19_is_cut_where_the_papers_cut_it() -> None:
    from torchvision.models import vgg19

    torch.manual_seed(0)
    layers = vgg19(weights=None).features.eval()
    picture, expected = torch.rand(1, 3, 64, 64), {}
    x, block, number = picture, 1, 0
    for layer in layers:  # by the published names: convolution n of block b, and a pooling ends a block
        x = layer(x)
        if isinstance(layer, torch.nn.Conv2d):
            number += 1
            expected[f"conv{block}_{number}"] = x.clone()  # before the ReLU writes over it
        elif isinstance(layer, torch.nn.MaxPool2d):
            block, number = block + 1, 0
    maps, x = [], picture
    for stage in perception.vgg19_stages(layers):
        maps.append(x := stage(x))
    assert len(maps) == 4
    for found, name in zip(maps, ("conv1_2", "conv2_2", "conv3_4", "conv4_4")):
        assert torch.equal(found, expected[name]), name


def test_features_have_gradients_and_the_gram_matrix_forgets_places() -> None:
    look = perception.extractor("tagger")
    picture = torch.rand(1, 3, 32, 32, requires_grad=True)
    maps = look(picture)
    assert [each.shape[-1] for each in maps] == [16, 8, 4, 2]
    other = [each.detach() + torch.randn_like(each) for each in maps]
    assert perception.content_distance(maps, maps, (0, 2)).item() == 0
    content = perception.content_distance(maps, other, (0, 2))
    wanted = sum((maps[d] - other[d]).abs().mean() for d in (0, 2))
    assert torch.allclose(content, wanted)
    content.backward()
    assert picture.grad.abs().sum() > 0
    style = perception.style_distance(maps, other, (0, 2))
    shuffled = [each.flip(-1) for each in other]
    assert torch.allclose(style, perception.style_distance(maps, shuffled, (0, 2))), "style forgets places"
    flat = torch.randn(1, 5, 6, 6)
    mixed = flat.flatten(2)[..., torch.randperm(36)].view_as(flat)
    assert torch.allclose(perception.gram(flat), perception.gram(mixed), atol=1e-6)
    values = flat[0].flatten(1).double().numpy()
    assert np.allclose(perception.gram(flat)[0], values @ values.T / values.size, atol=1e-6)
    with pytest.raises(LabError, match="no features 'vgg'"):
        perception.extractor("vgg")
