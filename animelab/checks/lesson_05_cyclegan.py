"""Checks of 05_cyclegan: the way back, two squares, a memory of fakes, a point out of a map, a look within."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from animelab import losses
from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.nn.landmarks import mean_places
from animelab.recipes.cut import structure

CUT = (
    "The number is right, and `{}` does not learn from both trips as it should: from the pictures that it leads home, "
    "and from those that it sends off, through the other's way back. Where is the gradient cut off?"
)


def _apart(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean()


@check(
    "5.1",
    "Both round trips: what left A comes home to A, and B to B.",
    losses.cycle_loss,
    learns=(),
    advice={name: CUT.format(name) for name in ("to_b", "to_a")},
)
def check_5_1(cycle_loss: Any) -> None:
    """cycle_loss(to_b, to_a, real_a, real_b): two networks and pictures (B, 3, H, W) twice, to a scalar."""
    real_a, real_b = torch.rand(2, 2, 3, 6, 6) * 2 - 1
    to_b, to_a = (nn.Sequential(nn.Conv2d(3, 3, 3, 1, 1), nn.Tanh()) for _ in range(2))
    answer = tensor(cycle_loss(to_b, to_a, real_a, real_b), ())
    back_a, back_b = _apart(to_a(to_b(real_a)), real_a), _apart(to_b(to_a(real_b)), real_b)
    gap_a, gap_b = to_a(to_b(real_a)) - real_a, to_b(to_a(real_b)) - real_b
    recognize(
        answer,
        (_apart(to_b(real_a), real_b) + _apart(to_a(real_b), real_a), "There are no pairs: a translation of one face "
         "is compared with another face. Compare every picture with its own round trip."),
        (back_a, "Only A's round trip. B has one, too: to A and back."),
        (back_b, "Only B's round trip. A has one, too: to B and back."),
        ((back_a + back_b) / 2, "The mean of both ways; the paper takes their sum."),
        ((back_a + back_b) * real_a.numel(), "Sums over all numbers of the batch: larger pictures would count more. "
         "Take the mean of each."),
        ((back_a + back_b) * real_a[0].numel(), "Sums over all numbers of a picture: larger pictures would count more. "
         "Take the mean over them, too."),
        (gap_a.mean().abs() + gap_b.mean().abs(), "Too bright here and too dark there cancel out: the absolute "
         "value belongs to each number, before the mean."),
        (_apart(to_b(to_a(real_a)), real_a) + _apart(to_a(to_b(real_b)), real_b), "The first step of each trip is "
         "taken by the wrong generator: a picture of A goes to B first."),
        (_apart(to_b(real_a), real_a) + _apart(to_a(real_b), real_b), "That compares a picture with its translation, "
         "which should be different. The way back is missing."),
        (_apart(to_b(real_b), real_b) + _apart(to_a(real_a), real_a), "That is the identity loss: a picture given to "
         "the generator of its own style. The round trip uses both generators."),
        (_apart(to_a(to_b(real_a)), real_b) + _apart(to_b(to_a(real_b)), real_a), "Each trip is compared with a "
         "picture of the other set. It has to end where it began."),
        (gap_a.square().mean() + gap_b.square().mean(), "Squared distances; the paper takes plain ones, |a - b|."),
    )  # fmt: skip
    more, advice = torch.cat([real_a, real_a.flip(3)]), "A batch of A may have another size than one of B: two means."
    expected, stacked = losses.cycle_loss(to_b, to_a, more, real_b), {"must match": advice, "to be equal": advice}
    unequal = tensor(explained(cycle_loss, stacked)(to_b, to_a, more, real_b), ())
    if close(answer, back_a + back_b) and not close(unequal, expected):
        wrong(advice)


@check("5.2", "Squares: an opinion far from its goal still has a slope, also when it is on the right side.",
       losses.least_squares_discriminator_loss)  # fmt: skip
def check_5_2(discriminator_squares: Any) -> None:
    """discriminator_squares(real_logits, fake_logits): maps of any shape to mean (real - 1)^2 + mean fake^2."""
    real, fake = torch.randn(3, 1, 5, 5), torch.randn(2, 1, 4, 6)
    answer = tensor(discriminator_squares(real, fake), ())
    squares, right = losses.least_squares_discriminator_loss, losses.least_squares_discriminator_loss(real, fake)
    each = torch.cat([(real - 1).square().flatten(), fake.square().flatten()])
    recognize(
        answer,
        (right / 2, "Exactly half. Each kind has its own mean, and the two are added; the recipe does the halving."),
        (squares(fake, real), "Real and fake have changed places: real should score 1."),
        (each.sum(), "The sums over the maps; take the mean of each."),
        (each.mean(), "One mean over all logits. The maps have different sizes here: each kind has a mean of its own."),
        ((real - 1).square().mean(), "The fakes cost nothing. They should score 0."),
        (fake.square().mean(), "Only the fakes cost something. Real patches should score 1."),
        ((real - 1).mean().square() + fake.mean().square(), "The square of the mean: what is too high here and too low "
         "there cancels out. Square each logit's distance, and take the mean last."),
        ((real - 1).square().mean().sqrt() + fake.square().mean().sqrt(), "There is a root at the end; leave it out."),
        ((real - 1).abs().mean() + fake.abs().mean(), "Plain distances. The slope would be the same near and far."),
        ((real - 1).square().mean() + (fake + 1).square().mean(), "Fakes should score 0 here, not -1."),
        (squares(real.sigmoid(), fake.sigmoid()), "The sigmoid flattens what the squares keep steep; leave it out."),
        ((1 - real).relu().mean() + (1 + fake).relu().mean(), "That is the hinge loss, which lets go of whatever is "
         "far enough on its side. Squares pull from both sides."),
        (losses.discriminator_loss(real, fake), "That is the loss of lesson 1."),
    )  # fmt: skip
    flat = {
        "Dimension out of range": "Maps of four dimensions are right, a plain vector of logits is not: do not count."
    }
    explained(discriminator_squares, flat)(real.flatten(), fake.flatten())


@check("5.3", "Half of what D sees is fresh, half is from the past, and nothing is lost or doubled.", changes=(0,))
def check_5_3(exchange: Any) -> None:
    """exchange(memory, fake, size): a list, one picture and a number, to a picture; the list changes in place."""
    for size in (12, 16):
        _exchanged(exchange, size, 480)


def _exchanged(exchange: Any, size: int, rounds: int) -> None:
    """End the check unless a memory of that size treats so many pictures well."""
    memory: list[Tensor] = []
    lent = [torch.randn(3, 2, 2) for _ in range(rounds)]
    number_of = {_key(picture): number for number, picture in enumerate(lent)}
    numbers, places = list[int](), list[int]()
    for picture in lent:
        before = [_key(each) for each in memory]
        shown = _key(tensor(exchange(memory, picture, size), (3, 2, 2)))
        if shown not in number_of:
            wrong("What came back is none of the pictures that went in, number for number and in float32.")
        numbers.append(number_of[shown])
        places += [before.index(shown)] if shown in before else []
    if numbers[:size] != list(range(size)):
        wrong(f"While the memory is not full, a picture goes in and comes back; yours gave {numbers[:size]}.")
    if len(memory) != size:
        wrong(f"After {rounds} pictures the memory holds {len(memory)}; its size is {size}. Does the list itself "
              "change?")  # fmt: skip
    if any(_key(picture) not in number_of or number_of[_key(picture)] != n for n, picture in enumerate(lent)):
        wrong("A picture was overwritten after it had been shown, and D may not be done with it. Put the fake into the "
              "list, not its numbers into the old picture.")  # fmt: skip
    old = [number for index, number in enumerate(numbers[size:], size) if number != index]
    turns = [number == index for index, number in enumerate(numbers[size:], size)]
    share = turns.count(False) / len(turns)
    if not 0.38 < share < 0.62:
        wrong(f"Once it is full, an old picture should come out half of the time; yours does so in {share:.0%}.")
    if not 0.38 < sum(a != b for a, b in pairwise(turns)) / len(turns) < 0.62:
        wrong("Old pictures come out in a rhythm, or in long rows. Toss a coin each time, whatever came before.")
    kept = [number_of.get(_key(picture), -1) for picture in memory]
    if len(set(kept)) < size:
        wrong("Some picture is in the memory twice. What comes out must leave its place to what goes in.")
    if len(set(old)) < len(old):
        wrong("One old picture came out twice. What comes out must leave the memory.")
    first = sum(number < size for number in kept)
    if first == size:
        wrong("The memory is stuck with its first pictures: what goes in must take the place of what comes out.")
    if first:
        wrong(
            f"After {rounds - size} more pictures {first} of the first {size} never moved. Choose the place at random."
        )
    if {*range(rounds)} - {*numbers} - {*kept}:
        wrong("Some pictures were never shown and are not in the memory either. What leaves the memory is handed out.")
    if not any(places):
        wrong("What comes out is always the oldest. Choose the place at random.")
    counts, mean = torch.bincount(torch.tensor(places), minlength=size), len(places) / size
    if (counts - mean).square().sum() / mean > 4 * size:  # chi squared, whose mean is size - 1
        wrong("Some places come out much more often than others. Every place should have the same chance.")


def _key(picture: Tensor) -> tuple[Any, ...]:
    return picture.dtype, *picture.flatten().tolist()


@check("5.4", "A point you can push: the mean place under a softmax, and gradients go through.", mean_places)
def check_5_4(points_of: Any) -> None:
    """points_of(maps): logits (B, K, H, W) to places (B, K, 2), x and y in pixels of the map."""
    maps = 3 * torch.randn(2, 5, 6, 9)
    answer, right = tensor(points_of(maps), (2, 5, 2)), mean_places(maps)
    x, y = torch.arange(9) + 0.5, torch.arange(6) + 0.5
    hard = maps.flatten(2).argmax(2)

    def mean(share: Tensor) -> Tensor:
        return torch.stack([(share * x).sum((2, 3)), (share * y[:, None]).sum((2, 3))], 2)

    recognize(
        answer,
        (right.flip(-1), "x and y are exchanged: x counts columns, y counts rows."),
        (right - 0.5, "Half a pixel short: the middle of the first pixel lies at 0.5."),
        (right + 0.5, "Half a pixel too far: the middle of the first pixel lies at 0.5."),
        (right / torch.tensor([9, 6]), "These are shares of the map, from 0 to 1; pixels of the map are asked for."),
        (right / torch.tensor([9, 6]) * 2 - 1, "These are places from -1 to 1; pixels of the map are asked for."),
        (torch.stack([hard % 9 + 0.5, hard // 9 + 0.5], 2), "That is the largest place, argmax. It has no slope: a "
         "gradient cannot push it. Take the mean place under a softmax."),
        (mean(maps.softmax(-1)), "The softmax runs along rows. All places of one map share one sum."),
        (mean(maps.softmax(-2)), "The softmax runs along columns. All places of one map share one sum."),
        (mean(maps.softmax(1)), "The softmax runs over the maps, place by place. Each map has a sum of its own."),
        (mean(maps.flatten(1).softmax(1).view_as(maps)), "All maps of a picture share one sum. Each map has its own."),
        (mean(maps / maps.sum((2, 3), keepdim=True)), "The logits themselves serve as weights, and some are negative. "
         "A softmax makes them positive first."),
        tolerance=1e-3,
    )  # fmt: skip
    if not close(answer, right, 1e-3):
        wrong("Not the mean place. Weights that sum to 1 over each whole map, times x, summed; and the same with y.")
    for offset in (150.0, -150.0, 800.0):
        for where in (torch.ones(5), torch.eye(5)[0]):  # all maps, or one of them
            if points_of(maps + offset * where[:, None, None]).isnan().any():
                wrong(f"With logits around {offset:.0f} in some maps your places are not numbers: in float32 `exp` "
                      "ends near exp(88), and is 0 below exp(-104). torch's `softmax` takes away each map's largest "
                      "first.")  # fmt: skip


@check(
    "5.5",
    "Each picture is compared with itself, and only the maps of both are compared: LSeSim.",
    structure,
    advice={"keys": "The keys are the yardstick: no gradient may reach them. Detach what you compare with."},
)
def check_5_5(structure_of: Any) -> None:
    """structure_of(queries, keys): places (B, N, C) twice, to a scalar."""
    queries, keys = torch.randn(2, 3, 7, 5) / 5**0.5  # not of length 1: the slope of |1 - 1| is rounding
    answer = tensor(structure_of(queries, keys), ())
    inside, wanted = queries @ queries.mT, keys @ keys.mT
    gap = inside - wanted
    recognize(
        answer,
        ((queries @ keys.mT - wanted).abs().mean(), "One of the two maps goes across, from the answer's places to the "
         "input's. LSeSim looks within each picture: queries with queries, keys with keys."),
        ((queries - keys).abs().mean(), "That compares each place with its own across both styles, where little is "
         "alike. Compare how alike the places *of one picture* are."),
        ((normalize(queries, dim=2) @ normalize(queries, dim=2).mT - normalize(keys, dim=2) @ normalize(keys, dim=2).mT)
         .abs().mean(), "Lengths are the caller's business (the check's are not 1): plain products, nothing divided."),
        ((queries.mT @ queries - keys.mT @ keys).abs().mean(), "Those are Gram matrices, channels with channels, which "
         "forget the places. Places with places: (N, N)."),
        (gap.square().mean(), "Squared distances; plain ones are asked for."),
        (gap.abs().sum(), "The sum over all pairs of places; take the mean."),
        (gap.abs().sum((1, 2)).mean(), "The sum over all pairs of places; take the mean over them, too."),
        (gap.mean().abs(), "Too alike here and too different there cancel out: the absolute value comes first."),
        ((queries.flatten(0, 1) @ queries.flatten(0, 1).T - keys.flatten(0, 1) @ keys.flatten(0, 1).T).abs().mean(),
         "Places of one picture are compared with those of another one. Each picture has a map of its own."),
    )  # fmt: skip
