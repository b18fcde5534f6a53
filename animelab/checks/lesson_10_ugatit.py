"""Checks of 10_ugatit: where a network looks, two norms in one, faces in their place, a judge that pulls nobody."""

from __future__ import annotations

from numbers import Number
from typing import Any

import torch
from torch import nn

from animelab.checks.harness import check, close, same_slope, tensor, wrong
from animelab.nn.ugatit import AdaLIN


@check("10.1", "Each map counts by its weight, at every place: the mean of the heat is the guess.")
def check_10_1(attention_map: Any) -> None:
    """attention_map(maps (B, C, H, W), weights (C,)): (B, H, W), the weighted sum of the maps."""
    maps, weights = torch.randn(2, 6, 4, 5), torch.randn(6)
    answer = tensor(attention_map(maps, weights), (2, 4, 5))
    right = torch.einsum("bchw,c->bhw", maps, weights)
    for mistake, advice in (
        (maps.sum(1), "Every map counts alike. A map that says nothing about the style has a weight near 0."),
        (right / 6, "The mean over channels; their sum is asked for, so that the mean over places is the guess."),
        (right.relu(), "Negative places were cut off. They are evidence, too: for the other style."),
        (
            torch.einsum("bchw,c->bhw", maps, weights.abs()),
            "A negative weight is evidence for the other style; keep its sign.",
        ),
        (
            torch.einsum("bchw,c->bhw", maps, weights.softmax(0)),
            "The weights are taken as they are, without a softmax.",
        ),
    ):
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"On random maps yours differs by up to {(answer - right).abs().max():.3g}.")


@check("10.2", "Two ways to be normal, mixed by rho, then the style: gamma times, beta plus.")
def check_10_2(adalin: Any) -> None:
    """adalin(x (B, C, H, W), gamma, beta (B, C, 1, 1), rho (1, C, 1, 1)): (B, C, H, W)."""
    loud = torch.logspace(-1, 1, 5)[:, None, None]  # channels alike would hide what is mixed with what
    x = (loud * (torch.randn(2, 5, 32, 32) + torch.randn(2, 5, 1, 1))).requires_grad_()
    gamma, beta, rho = torch.randn(2, 5, 1, 1), torch.randn(2, 5, 1, 1), torch.rand(1, 5, 1, 1)
    answer = tensor(adalin(x.clone(), gamma, beta, rho), (2, 5, 32, 32))
    layer = AdaLIN(5)
    layer.rho.data = rho

    def mixed(share: torch.Tensor) -> torch.Tensor:
        layer.rho.data = share
        return layer(x, gamma, beta).detach()

    right = mixed(rho)
    by_channel, by_picture = mixed(torch.ones_like(rho)), mixed(torch.zeros_like(rho))
    plain = (right - beta) / gamma
    batch = (x - x.mean((0, 2, 3), keepdim=True)) * (x.var((0, 2, 3), keepdim=True) + 1e-5).rsqrt()
    channels = (by_channel - beta) / gamma
    means, spreads = (
        torch.lerp(kind((1, 2, 3), keepdim=True), kind((2, 3), keepdim=True), rho) for kind in (x.mean, x.var)
    )
    for mistake, advice in (
        (mixed(1 - rho), "rho is the share of the *channel's* norm, and 1 - rho that of the picture's; exchange them."),
        (by_channel, "That is instance norm alone: every channel by itself. Where is the picture's norm?"),
        (by_picture, "That is layer norm alone: all channels together. Where is the channel's norm?"),
        (plain, "The style is missing: gamma times, beta plus."),
        (plain * (1 + gamma) + beta, "gamma multiplies; 1 + gamma is another convention."),
        (gamma * (plain + beta), "First times gamma, then plus beta."),
        (gamma * (rho * channels + (1 - rho) * batch) + beta, "Your second norm takes the mean over the batch, too. "
         "Each picture is normalized by itself."),
        (gamma * (x - means) * (spreads + 1e-5).rsqrt() + beta, "You mix means and variances, and normalize once. "
         "rho mixes two results: x normalized by channel, and x normalized by picture."),
    ):  # fmt: skip
        if close(answer, mistake, 0.01):
            wrong(advice)
    if not close(answer, right, 0.01):
        wrong(f"On random maps yours differs by up to {(answer - right).abs().max():.3g}.")
    layer.rho.data, push = rho, torch.randn_like(right)
    same_slope(answer * push, layer(x, gamma, beta) * push, x)


@check("10.3", "One complex number turns and scales, another shifts; both eyes land where they should.")
def check_10_3(aligning: Any) -> None:
    """aligning(eyes, goals): complex (2,) each, to (turn, shift), complex numbers: eye * turn + shift is its goal."""
    eyes, goals = (torch.randn(2, dtype=torch.complex128) * 9 for _ in range(2))
    answer = aligning(eyes.clone(), goals.clone())
    kinds = [type(each).__name__ for each in answer] if isinstance(answer, tuple) else [type(answer).__name__]
    if len(kinds) != 2 or not all(isinstance(each, Number | torch.Tensor) for each in answer):
        wrong(f"Return two complex numbers, turn and shift, not {' and '.join(kinds)}.")
    turn, shift = (torch.as_tensor(each, dtype=torch.complex128) for each in answer)
    if turn.shape != () or shift.shape != ():
        wrong(f"turn and shift are one number each; yours have shapes {tuple(turn.shape)} and {tuple(shift.shape)}.")
    right = (goals[1] - goals[0]) / (eyes[1] - eyes[0])
    for mistake, advice in (
        (1 / right, "The turn goes the wrong way: that is the move from the goals to the eyes."),
        (right.abs().to(right), "Only the scale: the size of the quotient. Keep it complex, and it turns as well."),
        (right / right.abs(), "Only the turn, without the scale. Do not divide its size away."),
        (right.conj(), "The turn runs in the opposite direction; leave out the conjugate."),
    ):
        if torch.allclose(turn, mistake):
            wrong(advice)
    if not torch.allclose(turn, right):
        wrong(f"From eye to eye times turn should be from goal to goal; yours misses by {(turn - right).abs():.3g}.")
    landed = eyes * turn + shift
    if not torch.allclose(landed, goals):
        wrong(f"The turn is right. Both eyes should land on their goals, and miss by {(landed - goals).abs()[0]:.3g}.")


@check("10.4", "The judge's loss is for the judge: nothing of it reaches the painter.")
def check_10_4(discriminator_loss: Any) -> None:
    """discriminator_loss(D, G, real, photos): networks and pictures, to D's loss by least squares, a scalar."""
    judge, painter = nn.Conv2d(3, 1, 3), nn.Conv2d(3, 3, 3, padding=1)
    real, photos = torch.randn(2, 3, 6, 6), torch.randn(2, 3, 6, 6)
    answer = tensor(discriminator_loss(judge, painter, real, photos), ())
    right = (judge(real) - 1).square().mean() + judge(painter(photos)).square().mean()
    if not close(answer, right):
        wrong(f"The loss itself has changed: it is {answer.item():.4f} and should stay {right.item():.4f}.")
    if judge.weight.grad is not None:
        wrong("The judge has gradients already: your function did the backward pass itself. Let it return the loss.")
    if not answer.requires_grad:
        wrong("Now the judge learns nothing either: no gradient reaches it. Cut between painter and judge, not behind.")
    answer.backward()
    if judge.weight.grad is None or not judge.weight.grad.any():
        wrong("No gradient reaches the judge's weights.")
    wanted = torch.autograd.grad(right, judge.weight)[0]
    if not close(judge.weight.grad, wanted):
        wrong("The judge learns from the real pictures alone, or from the fakes alone: half of its gradient is gone.")
    if painter.weight.grad is not None:
        wrong("A gradient still reaches the painter's weights, and with it the memory of a second network.")
