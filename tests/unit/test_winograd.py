"""Convolutions with fewer products: what they answer is what the plain way answers."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from animelab.nn import cyclegan, pix2pix, stylegan2
from animelab.nn.layout import prepared
from animelab.nn.winograd import WinogradConv2d, convolved


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("shape", [(1, 11, 14), (2, 11, 14), (3, 6, 10), (1, 6, 6), (5, 4, 5)])
def test_values_and_gradients_are_those_of_a_convolution(kernel: int, shape: tuple[int, int, int]) -> None:
    batch, *sides = shape
    torch.manual_seed(0)
    x = torch.randn(batch, 3, *sides, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 3, kernel, kernel, dtype=torch.float64, requires_grad=True)
    ours, plain = convolved(x, weight), conv2d(x, weight)
    assert ours.shape == plain.shape
    torch.testing.assert_close(ours, plain, rtol=0, atol=1e-11)
    toward = torch.randn_like(plain)
    for mine, theirs in zip(*(torch.autograd.grad(each, (x, weight), toward) for each in (ours, plain))):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-11)


def test_gradients_of_gradients() -> None:
    x = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(convolved, (x, weight))


@pytest.mark.parametrize("options", [{"padding": 1}, {"padding": 1, "padding_mode": "reflect"}, {"bias": False}])
def test_a_prepared_layer_takes_the_shorter_way_for_large_maps_in_float32_alone(options: dict, monkeypatch) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(256, 256, 3, **options)
    large, small, flat = torch.randn(1, 256, 34, 33), torch.randn(1, 256, 20, 20), torch.randn(1, 256, 200, 8)
    exact = layer.double()(large.double())
    taken: list[int] = []
    monkeypatch.setattr("animelab.nn.winograd.convolved", lambda *a: taken.append(1) or convolved(*a))
    layer = prepared(nn.Sequential(layer.float()))[0]
    found = layer(large)
    assert taken == [1] and isinstance(layer, WinogradConv2d)
    assert (found - exact).abs().max() < 1e-4 * exact.std() and found.dtype == torch.float32
    layer(small), layer(flat)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(large).dtype == torch.bfloat16
    layer.double()(large.double())
    assert taken == [1], "small maps and other precisions take the plain way"


def test_stylegan2_takes_it_for_its_wide_layers(monkeypatch) -> None:
    torch.manual_seed(0)
    x, weight, styles = torch.randn(2, 256, 32, 32), torch.randn(256, 256, 3, 3) / 48, torch.randn(2, 256)
    exact = stylegan2.modulated_conv(x.double(), weight.double(), styles.double())
    taken: list[int] = []
    monkeypatch.setattr("animelab.nn.winograd.convolved", lambda *a: taken.append(1) or convolved(*a))
    assert (stylegan2.modulated_conv(x, weight, styles) - exact).abs().max() < 1e-4 * exact.std()
    halving = stylegan2.Halving(256, 512)
    halving(x, stylegan2.fir())
    assert taken == [1, 1], "a styled convolution, and the first of D's halving"


def test_which_layers_are_prepared_and_under_which_names() -> None:
    def shorter(network: nn.Module) -> int:
        before = list(network.state_dict())
        assert list(prepared(network).state_dict()) == before
        return sum(isinstance(each, WinogradConv2d) for each in network.modules())

    assert shorter(cyclegan.Generator()) == 18, "both of nine residual blocks"
    assert shorter(pix2pix.Discriminator(6)) == 1, "256 to 512 channels with stride 1"
    assert shorter(cyclegan.Generator(width=16)) == 0, "64 channels are too few"
    odd = [nn.Conv2d(256, 256, 3, 2), nn.Conv2d(256, 256, 3, dilation=2),
           nn.Conv2d(256, 256, 3, groups=2), nn.ConvTranspose2d(256, 256, 3), nn.Conv2d(256, 3, 3)]  # fmt: skip
    assert shorter(nn.Sequential(*odd)) == 0


def test_an_exported_network_has_plain_convolutions() -> None:
    network = prepared(nn.Sequential(nn.Conv2d(256, 256, 3, padding=1)))
    graph = torch.export.export(network, (torch.randn(1, 256, 40, 40),)).graph
    called = [str(node.target) for node in graph.nodes if node.op == "call_function"]
    assert called == ["aten.conv2d.default"], called
