"""Checks of 05_cyclegan: the way back, two squares, a memory of fakes, a point out of a map."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from animelab import losses
from animelab.checks.harness import check, close, tensor, wrong


@check("5.1", "Both round trips: what left A comes home to A, and B to B.")
def check_5_1(cycle_loss: Any) -> None:
    """cycle_loss(to_b, to_a, real_a, real_b): two functions of pictures and (B, 3, H, W) twice, to a scalar."""
    real_a, real_b = torch.randn(2, 3, 6, 6), torch.randn(2, 3, 6, 6)
    weight = torch.tensor(0.7, requires_grad=True)

    def to_b(x: Tensor) -> Tensor:
        return (weight * x + 0.3).tanh()

    def to_a(x: Tensor) -> Tensor:
        return 1.3 * x - weight * 0.2

    def away(fake: Tensor, real: Tensor) -> Tensor:
        return (fake - real).abs().mean()

    back_a, back_b = away(to_a(to_b(real_a)), real_a), away(to_b(to_a(real_b)), real_b)
    answer = tensor(cycle_loss(to_b, to_a, real_a.clone(), real_b.clone()), ())
    for mistake, advice in (
        (away(to_b(real_a), real_b) + away(to_a(real_b), real_a), "There are no pairs: a translation of one face is "
         "compared with another face. Compare every picture with its own round trip."),
        (back_a, "Only A's round trip. B has one, too: to A and back."),
        (back_b, "Only B's round trip. A has one, too: to B and back."),
        ((back_a + back_b) / 2, "The mean of both ways; the paper takes their sum."),
        (away(to_b(to_a(real_a)), real_a) + away(to_a(to_b(real_b)), real_b), "The first step of each trip is taken by "
         "the wrong painter: a picture of A goes to B first."),
        (away(to_b(real_a), real_a) + away(to_a(real_b), real_b), "That compares a picture with its translation, which "
         "should be different. The way back is missing."),
        (away(to_b(real_b), real_b) + away(to_a(real_a), real_a), "That is the identity loss: a picture given to the "
         "painter of its own style. The round trip uses both painters."),
        ((to_a(to_b(real_a)) - real_a).square().mean() + (to_b(to_a(real_b)) - real_b).square().mean(),
         "Squared distances; the paper takes plain ones, |a - b|."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, back_a + back_b):
        wrong(f"Yours is {answer:.4f}, and it should be {back_a + back_b:.4f}.")
    if not answer.requires_grad:
        wrong("The number is right, and no gradient flows back to the painters. Is there a `detach` or a `no_grad`?")


@check("5.2", "Squares: an opinion far from its goal still has a slope, also when it is on the right side.")
def check_5_2(discriminator_squares: Any) -> None:
    """discriminator_squares(real_logits, fake_logits): maps of any shape to mean (real - 1)^2 + mean fake^2."""
    real, fake = torch.randn(3, 1, 5, 5, requires_grad=True), torch.randn(3, 1, 5, 5)
    right = losses.least_squares.discriminator(real, fake)
    answer = tensor(discriminator_squares(real, fake), ())
    for mistake, advice in (
        (right / 2, "Exactly half. Each half has its own mean, and the two are added; the recipe does the halving."),
        (losses.least_squares.discriminator(fake, real), "Real and fake have changed places: real should score 1."),
        (right * real.numel(), "The sum over the map; take the mean."),
        ((real - 1).abs().mean() + fake.abs().mean(), "Plain distances. The slope would be the same near and far."),
        ((real - 1).square().mean() + (fake + 1).square().mean(), "Fakes should score 0 here, not -1."),
        ((real.sigmoid() - 1).square().mean() + fake.sigmoid().square().mean(), "The sigmoid flattens what the squares "
         "keep steep; leave it out."),
        (losses.discriminator_loss(real, fake), "That is the loss of lesson 1."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"Yours is {answer:.4f}, and it should be {right:.4f}.")
    if not answer.requires_grad:
        wrong("No gradient flows from your loss to the logits. Keep everything in torch.")


@check("5.3", "Half of what D sees is fresh, half is from the past, and nothing is lost or doubled.")
def check_5_3(exchange: Any) -> None:
    """exchange(memory, fake, size): a list, one picture and a number, to a picture; the list changes in place."""
    size, given = 20, [torch.full((3, 2, 2), float(number)) for number in range(620)]
    memory: list[Tensor] = []
    shown = [tensor(exchange(memory, fake, size), (3, 2, 2)) for fake in given]
    numbers = [int(picture[0, 0, 0]) for picture in shown]
    if numbers[:size] != list(range(size)):
        wrong(f"While the memory is not full, a picture goes in and comes back; yours gave {numbers[:size]}.")
    if len(memory) != size:
        wrong(
            f"After 620 pictures the memory holds {len(memory)}, and its size is {size}. Does the list itself change?"
        )
    old = [number for index, number in enumerate(numbers[size:], size) if number != index]
    share = len(old) / (len(numbers) - size)
    if not 0.4 < share < 0.6:
        wrong(f"Once it is full, an old picture should come out half of the time; yours does so in {share:.0%}.")
    kept = [int(picture[0, 0, 0]) for picture in memory]
    if len(set(kept)) < size:
        wrong("Some picture is in the memory twice. What comes out must leave its place to what goes in.")
    if len(set(old)) < len(old):
        wrong("One old picture came out twice. What comes out must leave the memory.")
    first = sum(number < size for number in kept)
    if first == size:
        wrong("The memory is stuck with its first pictures: what goes in must take the place of what comes out.")
    if first:
        wrong(f"After 600 more pictures {first} of the first {size} never moved. Choose the place at random.")


@check("5.4", "A point you can push: the mean place under a softmax, and gradients go through.")
def check_5_4(points_of: Any) -> None:
    """points_of(maps): logits (B, K, H, W) to places (B, K, 2), x and y in pixels of the map."""
    maps = (3 * torch.randn(2, 5, 6, 9)).requires_grad_()
    answer = tensor(points_of(maps), (2, 5, 2))
    share = maps.flatten(2).softmax(2).view_as(maps)
    x, y = torch.arange(9) + 0.5, torch.arange(6) + 0.5
    right = torch.stack([(share * x).sum((2, 3)), (share * y[:, None]).sum((2, 3))], 2)
    apart = maps.softmax(-1)
    hard = maps.flatten(2).argmax(2)
    for mistake, advice in (
        (right.flip(-1), "x and y are exchanged: x counts columns, y counts rows."),
        (right - 0.5, "Half a pixel short: the middle of the first pixel lies at 0.5."),
        (torch.stack([hard % 9 + 0.5, hard // 9 + 0.5], 2), "That is the largest place, argmax. It has no slope: a "
         "gradient cannot push it. Take the mean place under a softmax."),
        (torch.stack([(apart * x).sum((2, 3)), (apart * y[:, None]).sum((2, 3))], 2),
         "The softmax runs along rows. All "
         "places of one map share one sum: flatten them first."),
    ):  # fmt: skip
        if close(answer, mistake, 1e-3):
            wrong(advice)
    if not close(answer, right, 1e-3):
        wrong("Not the mean place. Weights that sum to 1 over each whole map, times x, summed; and the same with y.")
    if not answer.requires_grad:
        wrong("The places are right, and no gradient flows through them.")
