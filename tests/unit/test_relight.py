"""Light without a network: which pixels are figure, how a surface is guessed, what a lamp does to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from animelab.nn.relight import by_outline, by_paint, cosines, light_layer, normals, rises, silhouette


def ring(gap: bool = False) -> Tensor:
    """A square of ink that stands on the lower edge, (1, 1, 32, 32) in [-1, 1]."""
    lines = torch.ones(1, 1, 32, 32)
    lines[..., 8, 8:24] = lines[..., 8:, 8] = lines[..., 8:, 23] = -1
    if gap:
        lines[..., 8, 15] = 1
    return lines


def disc(size: int) -> Tensor:
    y, x = torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing="ij")
    return (((x / size - 0.5) ** 2 + (y / size - 0.5) ** 2) < 0.09)[None, None]


def test_a_figure_is_what_water_from_above_cannot_reach() -> None:
    expected = torch.zeros(32, 32, dtype=torch.bool)
    expected[8:, 8:24] = True
    assert torch.equal(silhouette(ring())[0, 0], expected), "ink and all behind it, though it is open below"
    leaky = silhouette(ring(gap=True))[0, 0]
    assert torch.equal(leaky, ring(gap=True)[0, 0] < 0), "through a gap the water comes in, and ink alone is left"
    tall = ring().roll(-8, 2)  # its head is cut off by the upper edge
    tall[..., 24:, :] = ring()[..., 24:, :]
    tall[..., 0, 9:23] = 1
    assert silhouette(tall)[0, 0, :, 8:24].all() and not silhouette(tall)[0, 0, :, :8].any()
    assert not silhouette(torch.ones(2, 1, 16, 20)).any()


def test_rises_are_slopes_to_the_right_and_upward() -> None:
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")
    found = rises((0.5 * x + 0.25 * y)[None, None])[0, :, 1:-1, 1:-1]
    assert torch.allclose(found[0], torch.tensor(0.5)) and torch.allclose(found[1], torch.tensor(-0.25))


def test_a_disc_swells_to_a_cushion() -> None:
    found = normals(by_outline(disc(64)))[0]
    assert torch.allclose(found.norm(dim=0), torch.ones(64, 64), atol=1e-5)
    left, right, top = found[:, 32, 14], found[:, 32, 49], found[:, 14, 32]
    assert left[0] < -0.5 and right[0] > 0.5 and top[1] > 0.5, "the rim faces away from the middle"
    assert found[2, 31:33, 31:33].min() > 0.98, "and the middle faces us"
    assert torch.allclose(found[0], -found[0].flip(1), atol=1e-5), "it is as round at the left as at the right"


@pytest.mark.parametrize("size", [256, 2048])  # a blur of this one's own size would take minutes
def test_a_large_drawing_has_the_surface_of_a_small_one(size: int) -> None:
    small, large = (normals(by_outline(disc(side))) for side in (128, size))
    assert (interpolate(large, size=(128, 128), mode="area") - small).abs().max() < 0.06


@pytest.mark.parametrize("size", [512, 1024])
def test_shadow_on_an_enlarged_cushion_only_rises(size: int) -> None:
    """No grid of the 128 pixels it was found at."""
    figure = disc(size)
    away = cosines(normals(by_outline(figure)), (-3.0, 0.5, 0.6))
    layer = light_layer(torch.zeros(3, size, size), away[0], figure[0, 0].float())
    alpha = layer[size // 2, size // 2 : round(0.79 * size), 3]
    assert alpha.max() > 150 and np.diff(alpha.astype(int)).min() >= -3


def test_a_plain_picture_has_no_surface_and_dark_paint_rises() -> None:
    assert not by_paint(torch.full((1, 3, 32, 32), 0.3)).any()
    dark = torch.where(disc(64), -1.0, 1.0).expand(1, 3, 64, 64)
    found = by_paint(dark)
    assert found.norm(dim=1).max() == pytest.approx(1)
    assert found[0, 0, 32, 12:16].mean() > 0.2 and found[0, 0, 32, 48:52].mean() < -0.2, (
        "up on the left, down on the right"
    )
    fine = torch.where((torch.arange(64) // 2 % 2 > 0)[None], -1.0, 1.0).expand(1, 3, 64, 64)
    assert by_paint(fine)[0, 0].abs().mean() > 0.3, "fine stripes are hills, too"


def test_a_lamp_shines_by_lamberts_cosine() -> None:
    flat = torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 20, 40)
    found = cosines(flat, (0.25, 0.5, 0.3))[0].double()
    for row, column in ((0, 0), (9, 10), (19, 39)):
        away = np.hypot((column + 0.5) / 40 - 0.25, ((row + 0.5) / 20 - 0.5) / 2)  # in widths
        assert found[row, column] == pytest.approx(0.3 / np.hypot(away, 0.3), abs=1e-5)
    behind = cosines(-flat, (0.25, 0.5, 0.3))
    assert not behind.any(), "what faces away gets no light, and no darkness below 0 either"


def test_shadow_is_richer_than_gray_and_falls_on_the_figure_only() -> None:
    colors = torch.tensor([0.8, 0.0, -0.4]).view(3, 1, 1).expand(3, 4, 6)
    angles = torch.tensor([0.0, 0.2, 0.7, 0.8, 0.95, 1.0]).expand(4, 6)
    figure = torch.tensor([True, True, False, False])[:, None].expand(4, 6)
    layer = light_layer(colors, angles, figure)
    assert layer.shape == (4, 6, 4) and layer.dtype == np.uint8
    assert not layer[2:, :, 3].any(), "the wall keeps its color"
    assert layer[0, :, 3].tolist() == [204, 204, 0, 0, 26, 51], "shadow, nothing, a little glow"
    shadow, shares = layer[0, 0, :3] / 255, (np.array([0.8, 0.0, -0.4]) + 1) / 2
    assert (shadow < shares).all()
    assert shadow[0] / shadow[1] > shares[0] / shares[1], "red over green grows: the shadow of skin is not gray"
