"""Losses against their definitions in float64, and against finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from animelab import losses


def logits(seed: int, count: int = 257) -> torch.Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4


def test_discriminator_is_cross_entropy_with_labels_one_and_zero():
    real, fake = logits(0), logits(1)
    expected = -(torch.log(torch.sigmoid(real)).mean() + torch.log(1 - torch.sigmoid(fake)).mean())
    for loss in (losses.non_saturating, losses.minimax):
        torch.testing.assert_close(loss.discriminator(real, fake), expected, rtol=1e-12, atol=0)


def test_generators_follow_goodfellow():
    fake = logits(2)
    torch.testing.assert_close(losses.non_saturating.generator(fake), -torch.log(torch.sigmoid(fake)).mean())
    torch.testing.assert_close(losses.minimax.generator(fake), torch.log(1 - torch.sigmoid(fake)).mean())


def test_float32_agrees_with_float64_even_for_sure_logits():
    real, fake = logits(3) * 20, logits(4) * 20  # up to +-250, where a plain log(1 + exp) overflows
    for loss in (losses.non_saturating, losses.minimax):
        for small, large in (
            (loss.discriminator(real.float(), fake.float()), loss.discriminator(real, fake)),
            (loss.generator(fake.float()), loss.generator(fake)),
        ):
            assert small.item() == pytest.approx(large.item(), rel=1e-6)


def test_gradients_against_finite_differences():
    real, fake = logits(5, 6).requires_grad_(), logits(6, 6).requires_grad_()
    for loss in (losses.non_saturating, losses.minimax):
        assert torch.autograd.gradcheck(loss.discriminator, (real, fake))
        assert torch.autograd.gradcheck(loss.generator, (fake,))


def test_a_sure_discriminator_silences_minimax_but_not_the_non_saturating_loss():
    slopes = []
    for loss in (losses.minimax, losses.non_saturating):
        fake = torch.full((1,), -12.0, dtype=torch.float64, requires_grad=True)
        loss.generator(fake).backward()
        slopes.append(abs(fake.grad.item()))
    assert slopes[0] == pytest.approx(math.exp(-12), rel=1e-4)
    assert slopes[1] == pytest.approx(1, rel=1e-4)


def test_equal_players_cost_two_log_two():
    zeros = torch.zeros(8, dtype=torch.float64)
    assert losses.non_saturating.discriminator(zeros, zeros).item() == pytest.approx(2 * math.log(2))


def test_least_squares_by_hand() -> None:
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, -2.0])
    assert float(losses.least_squares.discriminator(real, fake)) == 2 + 2
    assert float(losses.least_squares.generator(fake)) == (1 + 9) / 2


def test_a_slope_is_one_length_for_a_picture() -> None:
    weight = torch.randn(3, 4, 5, dtype=torch.float64)
    pictures = torch.randn(6, 3, 4, 5, dtype=torch.float64)
    found = losses.slopes(lambda x: (x * weight).sum((1, 2, 3)), pictures)
    torch.testing.assert_close(found, weight.norm().expand(6))


def test_dragan_holds_a_discriminator_to_a_slope_of_one_and_its_gradient_is_right() -> None:
    torch.manual_seed(0)
    weight = torch.randn(1, 3 * 4 * 4, dtype=torch.float64, requires_grad=True)
    real = torch.randn(5, 3, 4, 4, dtype=torch.float64)

    def penalty(weight: Tensor) -> Tensor:
        torch.manual_seed(1)  # the same points beside the real ones
        return losses.dragan_penalty(lambda x: nn.functional.linear(x.flatten(1).tanh(), weight).flatten(), real)

    assert torch.autograd.gradcheck(penalty, (weight,))
    linear = weight.detach() / weight.detach().norm()
    assert float(losses.dragan_penalty(lambda x: x.flatten(1) @ linear[0], real)) < 1e-12
    assert float(losses.dragan_penalty(lambda x: 3 * x.flatten(1) @ linear[0], real)) == pytest.approx(4)


def test_dragan_looks_beside_the_real_pictures_and_never_at_them_alone() -> None:
    torch.manual_seed(0)
    real, seen = torch.randn(64, 3, 8, 8), []
    losses.dragan_penalty(lambda x: (seen.append(x.detach()), x.flatten(1).sum(1))[1], real)
    aside = (seen[0] - real) / real.std()
    assert aside.min() >= 0 and aside.max() < 0.5
    shares = aside.flatten(1).max(1).values
    assert shares.min() < 0.1 and shares.max() > 0.4, "every picture has its own share"


def test_the_round_trips_are_each_picture_against_itself() -> None:
    a, b = torch.rand(2, 2, 3, 4, 4, dtype=torch.float64)
    assert losses.cycle_loss(lambda x: x + 3, lambda x: x - 3, a, b) < 1e-12
    assert float(losses.cycle_loss(lambda x: x + 3, lambda x: x - 1, a, b)) == pytest.approx(4)
    expected = (2 * a - a).mean() + (2 * b - b).mean()
    torch.testing.assert_close(losses.cycle_loss(lambda x: 2 * x, lambda x: x, a, b), expected)
