"""Directions and projection on generators whose answers are known."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from animelab import latent
from animelab.errors import LabError
from animelab.nn import stylegan2


@pytest.fixture(scope="module")
def generator() -> stylegan2.Generator:
    torch.manual_seed(0)
    return stylegan2.Generator(32, channel_base=256, channel_max=16, mapping_layers=2, latent=12).eval()


def test_ganspace_finds_the_long_axes_of_a_cloud() -> None:
    torch.manual_seed(1)
    axes, _ = torch.linalg.qr(torch.randn(6, 6))
    lengths = torch.tensor([5.0, 3.0, 1.0, 0.5, 0.2, 0.1])
    w = torch.randn(20_000, 6) * lengths @ axes.T + 7
    directions, sizes = latent.ganspace(w, 3)
    torch.testing.assert_close(sizes, lengths[:3], rtol=0.03, atol=0)
    assert ((directions * axes.T[:3]).sum(1).abs() > 0.999).all()
    with pytest.raises(LabError, match="draw more"):
        latent.ganspace(w[:3], 3)


def test_sefa_takes_the_steps_that_change_the_styles_most(generator: stylegan2.Generator) -> None:
    directions = latent.sefa(generator, 12)
    torch.testing.assert_close(directions @ directions.T, torch.eye(12), rtol=0, atol=1e-5)

    def change(direction: torch.Tensor, layers: range) -> float:
        convs = [generator.synthesis.convs[i] for i in layers]
        return float(sum((normalize(c.affine.weight.detach(), dim=1) @ direction).square().sum() for c in convs))

    changes = [change(direction, range(7)) for direction in directions]
    assert changes == sorted(changes, reverse=True)
    torch.manual_seed(2)
    assert changes[0] > max(change(normalize(torch.randn(12), dim=0), range(7)) for _ in range(200))
    first = latent.sefa(generator, 1, layers=[0, 1])[0]
    assert change(first, range(2)) > change(directions[0], range(2)), "a direction of its own for the first layers"


def test_interfacegan_finds_the_border_although_the_cloud_is_longer_elsewhere() -> None:
    torch.manual_seed(3)
    w = torch.randn(4000, 8) * torch.tensor([4.0, 1, 1, 1, 1, 1, 1, 1]) + 3
    true = normalize(torch.tensor([0.0, 1, -1, 0.5, 0, 0, 0, 0]), dim=0)
    found = latent.interfacegan(w, w @ true + 0.3 * torch.randn(4000), share=0.1)
    assert float(found @ true) > 0.97 and found.norm() == pytest.approx(1)
    assert float(latent.interfacegan(w, -(w @ true)) @ true) < -0.97
    with pytest.raises(LabError, match="more samples"):
        latent.interfacegan(w[:10], w[:10, 0])


def test_conditional_leaves_the_others_alone() -> None:
    torch.manual_seed(4)
    a, b, c = torch.randn(3, 10)
    rest = latent.conditional(a, b, c)
    assert abs(float(rest @ b)) < 1e-5 and abs(float(rest @ c)) < 1e-5 and rest.norm() == pytest.approx(1)
    assert float(rest @ a) > 0
    with pytest.raises(LabError, match="nothing"):
        latent.conditional(a + b, a, b)


def test_steps_of_all_layers_lose_the_others_and_nothing_else() -> None:
    torch.manual_seed(4)
    steps, others = torch.randn(2, 8, 10), torch.randn(3, 10)
    rest = latent.perpendicular(steps, *others)
    assert (rest @ others.T).abs().max() < 1e-4
    taken = (steps - rest).reshape(-1, 10)
    assert torch.linalg.matrix_rank(torch.cat([others, taken]), rtol=1e-4) == 3, "only what the others span is gone"
    assert torch.allclose(latent.perpendicular(rest, *others), rest, atol=1e-5)


def test_what_cannot_give_a_direction_is_refused() -> None:
    w, scores = torch.randn(100, 4), torch.randn(100)
    for wrong in (torch.full((100,), float("nan")), torch.ones(100), scores[:50]):
        with pytest.raises(LabError, match="[Ss]cores"):
            latent.interfacegan(w, wrong)
    with pytest.raises(LabError, match="at least one other"):
        latent.conditional(w[0])


def test_an_edit_moves_the_layers_that_were_chosen() -> None:
    w, direction = torch.zeros(2, 8, 12), torch.ones(12)
    moved = latent.edit(w, direction, 1.5, layers=[2, 3])
    assert (moved[:, 2:4] == 1.5).all() and moved.sum() == 2 * 2 * 12 * 1.5 and not w.any()
    assert (latent.edit(w, direction, -1) == -1).all()


def test_projection_comes_back_to_a_painted_picture(generator: stylegan2.Generator) -> None:
    torch.manual_seed(5)
    with torch.no_grad():
        target = generator(torch.randn(2, 12))
        target = target / target.abs().max()  # not quite what it paints: nearly
    found = latent.project(latent.Styles(generator), target, steps=60)
    assert found.shape == (2, 8, 12) and (found == found[:, :1]).all()
    free = latent.project(latent.Styles(generator), target, steps=60, each_layer=True)
    with torch.no_grad():
        start, mine, freer = (
            (generator.synthesis(w) - target).square().mean()
            for w in (generator.mapping.mean.expand(2, 8, -1), found, free)
        )
    assert mine < 0.6 * start and freer < mine
    assert torch.equal(
        latent.project(latent.Styles(generator), target[:1], steps=3),
        latent.project(latent.Styles(generator), target[:1], steps=3),
    )
    with pytest.raises(LabError, match="32"):
        latent.project(latent.Styles(generator), torch.zeros(1, 3, 16, 16))
