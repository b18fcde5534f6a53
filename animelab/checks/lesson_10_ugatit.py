"""Checks of 10_ugatit: where a network looks, two norms in one, faces in their place, a D that pulls nobody."""

from __future__ import annotations

from contextlib import suppress
from numbers import Number
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from animelab.checks.harness import Stop, check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.nn.ugatit import adalin


def attention_map(maps: Tensor, weights: Tensor) -> Tensor:
    """How much each place of maps (B, C, H, W) argues for the first style, by the classifier's weights (C,)."""
    return torch.einsum("bchw,c->bhw", maps, weights)


@check("10.1", "Each map counts by its weight, at every place: the mean of the heat is the guess.", attention_map)
def check_10_1(attention_map: Any) -> None:
    """attention_map(maps (B, C, H, W), weights (C,)): (B, H, W), the weighted sum of the maps."""
    columns = "The weights meet the columns of a map. Each belongs to a whole map: bring it to the axis of channels."
    attention_map = explained(attention_map, {"must match the size": columns, "size mismatch": columns})
    maps, weights = torch.randn(2, 6, 4, 5), torch.randn(6)
    answer, each = tensor(attention_map(maps, weights), (2, 4, 5)), maps * weights[:, None, None]
    right = each.sum(1)
    lowest = right.amin((1, 2), keepdim=True)
    recognize(
        answer,
        (maps.sum(1), "Every map counts alike. A map that says nothing about the style has a weight near 0."),
        (-right, "The sign is turned around: a positive weight argues for the first style."),
        (right / 6, "The mean over channels; their sum is asked for, so that the mean over places is the guess."),
        (right / 20, "You divide by the number of places. Their mean is the guess; each place keeps its whole sum."),
        (right / weights.sum(), "You divide by the sum of the weights, which can be 0. Take the plain sum."),
        (right / weights.norm(), "You divide by the length of the weights. They are taken as they are."),
        (right.relu(), "Negative places were cut off. They are evidence, too: for the other style."),
        (each.relu().sum(1), "Negative terms were cut off. They are evidence, too: for the other style."),
        (right.abs(), "Without its sign, evidence for one style looks like evidence for the other."),
        (right.sigmoid(), "A sigmoid squeezes the sum. Its mean would no longer be the guess."),
        ((right - lowest) / (right - lowest).amax((1, 2), keepdim=True), "Stretched from 0 to 1, as one would show it. "
         "The sum itself is asked for."),
        ((maps * weights.abs()[:, None, None]).sum(1), "A negative weight argues for the other style; keep its sign."),
        ((maps * weights.softmax(0)[:, None, None]).sum(1), "The weights are taken as they are, without a softmax."),
        (each.amax(1), "The largest term at each place; all of them are to be added."),
        ((maps.mean((2, 3)) @ weights)[:, None, None].expand_as(right), "That is the guess, one number a picture: "
         "leave out the mean over places."),
        (maps.square().mul(weights[:, None, None]).sum(1), "Squared maps lose their sign. Take them as they are."),
    )  # fmt: skip


@check(
    "10.2", "Two ways to be normal, mixed by rho, then the style: gamma times, beta plus.", adalin, tolerance=0.01
)  # fmt: skip
def check_10_2(adalin: Any) -> None:
    """adalin(x (B, C, H, W), gamma, beta (B, C, 1, 1), rho (1, C, 1, 1)): (B, C, H, W)."""
    uneven, quiet = torch.tensor([0.1, 0.3, 1, 3, 10, 0]), torch.full((6,), 3e-3)
    if _recognize_norms(adalin, uneven) and not _recognize_norms(adalin, quiet, 0.2):
        wrong("For quiet maps it is wrong, and else right: 1e-5 goes onto *each* variance, and then comes the root.")


def _recognize_norms(adalin: Any, loud: Tensor, share: float = 1.0) -> bool:
    """Whether an answer is right for channels that are so loud; only unlike ones tell what is mixed with what.

    share: the largest rho. Where it is small, and channels are alike, layer norm's gradient can be seen.
    """
    loud = loud[:, None, None]
    x = loud * torch.randn(2, 6, 16, 16) + loud * torch.randn(2, 6, 1, 1)
    gamma, beta, rho = torch.randn(2, 6, 1, 1) * (loud > 0), torch.randn(2, 6, 1, 1), share * torch.rand(1, 6, 1, 1)
    answer = tensor(adalin(x, gamma, beta, rho), (2, 6, 16, 16))

    def normal(over: tuple[int, ...], eps: float = 1e-5, power: float = -0.5) -> Tensor:
        return (x - x.mean(over, keepdim=True)) * (x.var(over, keepdim=True) + eps) ** power

    def mixed(one: Tensor, other: Tensor) -> Tensor:
        return gamma * (rho * one + (1 - rho) * other) + beta

    if bool(answer.isnan().any()):
        wrong("A channel that is flat gives NaN: its variance is 0. What does the exercise add to a variance?")
    channels, picture = normal((2, 3)), normal((1, 2, 3))
    if close(answer, mixed(channels, picture), 0.01):
        return True
    plain = rho * channels + (1 - rho) * picture
    means, spreads = (
        torch.lerp(kind((1, 2, 3), keepdim=True), kind((2, 3), keepdim=True), rho) for kind in (x.mean, x.var)
    )
    recognize(
        answer,
        (mixed(picture, channels), "rho is the share of the *channel's* norm, and 1 - rho "
         "that of the picture's; exchange them."),
        (gamma * channels + beta, "That is instance norm alone: every channel by itself. Where is the picture's norm?"),
        (gamma * picture + beta, "That is layer norm alone: all channels together. Where is the channel's norm?"),
        (gamma * (channels + picture) + beta, "Both norms in full. rho says how much of each."),
        (plain, "The style is missing: gamma times, beta plus."),
        (gamma * plain, "beta is missing."),
        (plain + beta, "gamma is missing."),
        (plain * (1 + gamma) + beta, "gamma multiplies; 1 + gamma is another convention."),
        (gamma * (plain + beta), "First times gamma, then plus beta."),
        (beta * plain + gamma, "gamma and beta are exchanged."),
        (mixed(normal((0, 2, 3)), picture), "Your first norm takes the mean over the batch, too. Each picture is "
         "normalized by itself."),
        (mixed(channels, normal((0, 2, 3))), "Your second norm takes the mean over the batch, too. Each picture is "
         "normalized by itself."),
        (mixed(channels, normal((1,))), "Your second norm takes each place by itself. Layer norm has one mean and one "
         "deviation for a whole picture."),
        (gamma * (x - means) * (spreads + 1e-5).rsqrt() + beta, "You mix means and variances, and normalize once. "
         "rho mixes two results: x normalized by channel, and x normalized by picture."),
        (mixed(normal((2, 3), power=-1), normal((1, 2, 3), power=-1)), "You divide by the variance; take its root."),
        (mixed(normal((2, 3), 1e-3), normal((1, 2, 3), 1e-3)), "Quiet channels come out too small: something larger "
         "than 1e-5 is added to the variance."),
        tolerance=0.01,
    )  # fmt: skip
    return False


@check(
    "10.3", "One complex number turns and scales, another shifts; both eyes land where they should.", gradients=False
)
def check_10_3(aligning: Any) -> None:
    """aligning(eyes, goals): complex (2,) each, to (turn, shift), complex numbers: eye * turn + shift is its goal."""
    eyes, goals = (torch.randn(2, dtype=torch.complex128) * 9 for _ in range(2))
    answer = aligning(eyes, goals)
    if isinstance(answer, Tensor) and answer.ndim:  # a pair, too
        answer = list(answer)
    kinds = [type(each).__name__ for each in (answer if isinstance(answer, tuple | list) else [answer])]
    if len(kinds) != 2 or not all(isinstance(each, Number | Tensor) for each in answer):
        wrong(f"Return two complex numbers, turn and shift, not {' and '.join(kinds)}.")
    turn, shift = (torch.as_tensor(each, dtype=torch.complex128) for each in answer)
    if turn.shape != () or shift.shape != ():
        wrong(f"turn and shift are one number each; yours have shapes {tuple(turn.shape)} and {tuple(shift.shape)}.")
    right = (goals[1] - goals[0]) / (eyes[1] - eyes[0])
    recognize(
        turn,
        (1 / right, "The turn goes the wrong way: that is the move from the goals to the eyes."),
        (right.abs(), "Only the scale: the size of the quotient. Keep it complex, and it turns as well."),
        (right / right.abs(), "Only the turn, without the scale. Do not divide its size away."),
        (right.conj(), "The turn runs in the opposite direction; leave out the conjugate."),
        (-right, "The two arrows point in opposite directions: one goes from the first eye, the other to it."),
        (goals[0] / eyes[0], "A quotient of two points. A shift moves points; it leaves the arrow between them alone."),
        (goals[1] - goals[0] - eyes[1] + eyes[0], "A difference of two arrows. What turns and scales is multiplied."),
        (torch.tensor(1.0), "Without a turn, a shift alone can take home one eye, and not both."),
    )
    if not torch.allclose(turn, right):
        wrong(f"From eye to eye times turn should be from goal to goal; yours misses by {(turn - right).abs():.3g}.")
    recognize(
        shift,
        (goals[0] - eyes[0], "The turn is right. It moves the eye, too: what is left to shift is measured after it."),
        (right * eyes[0] - goals[0], "The turn is right, and the shift has the wrong sign."),
        (goals.mean() - eyes.mean(), "The turn is right. It moves the eyes, too: what is left is measured after it."),
    )
    landed = eyes * turn + shift
    if not torch.allclose(landed, goals):
        wrong(f"The turn is right. Both eyes should land on their goals, and miss by {(landed - goals).abs()[0]:.3g}.")


def discriminator_loss(D: nn.Module, G: nn.Module, real: Tensor, photos: Tensor) -> Tensor:
    """D's loss by least squares, of which nothing reaches G."""
    return (D(real) - 1).square().mean() + D(G(photos).detach()).square().mean()


@check(
    "10.4",
    "The discriminator's loss is for the discriminator: nothing of it reaches the generator.",
    discriminator_loss,
    learns=(),
    tolerance=1e-5,
    advice={
        "D": "The loss is right, and D learns nothing by it, or from the real pictures alone, or from the fakes alone. "
        "Cut between G and D, not behind D.",
        "G": "A gradient still reaches G's weights, and with it the memory of a second network.",
    },
)
def check_10_4(discriminator_loss: Any) -> None:
    """discriminator_loss(D, G, real, photos): networks and pictures, to D's loss by least squares, a scalar."""
    D, G = nn.Conv2d(3, 1, 3), nn.Conv2d(3, 3, 3, padding=1)
    real, photos = torch.randn(2, 3, 6, 6), torch.randn(2, 3, 6, 6)
    discriminator_loss = explained(discriminator_loss, {"numpy()": "A tensor can lose its history, and stay a tensor."})
    answer = tensor(discriminator_loss(D, G, real, photos), ())
    of_real, of_fake, of_photos = D(real), D(G(photos)), D(photos)
    one, two = (of_real - 1).square().mean(), of_fake.square().mean()
    if D.weight.grad is not None:
        wrong("D has gradients already: your function did the backward pass itself. Let it return the loss.")
    recognize(
        answer,
        (one, "The fakes are missing: D would call everything real."),
        (two, "The real pictures are missing: D would call everything fake."),
        ((one + two) / 2, "Half of the loss. It was right before; only its backward pass is to change."),
        (of_real.square().mean() + (of_fake - 1).square().mean(), "Real and fake are exchanged."),
        (one + of_photos.square().mean(), "D sees the photographs themselves, not what G makes of them."),
        (one + D(G(real)).square().mean(), "G makes its fakes from `photos`, not from the real pictures."),
        (softplus(-of_real).mean() + softplus(of_fake).mean(), "That is lesson 1's loss. Least squares were right."),
        (one + (of_fake - 1).square().mean(), "That is what G wants: a fake should score 0 here."),
    )
    D.requires_grad_(False)
    answer = torch.zeros(())
    with suppress(Stop):  # a backward pass inside has nowhere to go now; the first call tells of it
        answer = discriminator_loss(D, G, real, photos)
    if answer.requires_grad:
        wrong("A gradient still reaches a generator, G or a copy of it, and with it the memory of a second network.")
