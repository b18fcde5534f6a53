"""Checks of 04_pix2pix: the best single answer, a U-Net's shortcuts, a receptive field, a discriminator of pairs."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

from animelab import losses
from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.nn import pix2pix
from animelab.recipes.pix2pix import discriminator_loss

TROUBLE = {  # what torch says, and what that means here
    "Sizes of tensors must match": "Two maps of different sizes were to lie side by side. The last map of the way down "
    "is the lowest, which goes into up[0] alone; the next layer needs the one before it.",
    "channels, but got": "A layer got a map with another number of channels than it takes. Every layer of `up` but the "
    "first takes twice as many as come from below: the shortcut and the map from below, side by side.",
    "pop from empty list": "No map is left when another one is wanted. How many layers of `up` take a shortcut?",
}


def best_answer(answers: Tensor) -> Tensor:
    """The picture of exercise 4.1: (3, H, W) from N right answers (N, 3, H, W), with the least mean L1 distance."""
    return answers.median(0).values


def receptive_field(layers: Iterable[tuple[int, int]]) -> int:
    """The number of exercise 4.3: pixels on a side that one output sees, from (kernel, stride), first layer to last."""
    field = 1
    for kernel, stride in reversed(list(layers)):
        field = (field - 1) * stride + kernel
    return field


@check("4.1", "The median: no other single picture is closer to all of them, in plain distance.",
       best_answer, gradients=False)  # fmt: skip
def check_4_1(best: Any) -> None:
    """best(answers): right answers (N, 3, H, W) to the one picture (3, H, W) with the least mean distance."""
    for count in (9, 21):
        answers = torch.rand(count, 3, 5, 4).pow(3) * 2 - 1
        answer, right = tensor(best(answers), (3, 5, 4)), best_answer(answers)
        cost, least = ((answers - picture).abs().mean() for picture in (answer, right))
        own = "Every pixel and every channel has its own best value; only the answers belong together."
        recognize(
            answer,
            (answers.mean(0), f"That is the mean, the best answer for *squared* distances. In plain distance it costs "
             f"{cost:.4f} here, and {least:.4f} is possible: one odd answer should not pull at all the others."),
            (right.mean(0).expand_as(right), own),
            (answers.median(1).values.median(0).values.expand_as(right), own),
            (answers.median().expand_as(right), own),
            (answers.abs().median(0).values, "Answers lie between -1 and 1: their signs are lost."),
            ((answers.amax(0) + answers.amin(0)) / 2, "Halfway between the extremes: one odd answer moves that most."),
            *((each, "That is one of the answers. A picture between them can be closer to all: decide pixel by pixel.")
              for each in answers),
        )  # fmt: skip
        if not close(cost, least):
            wrong(f"Its mean distance from the {count} answers is {cost:.4f}, and {least:.4f} is possible.")


@check("4.2", "Down, up, and at every size a shortcut past everything below.", pix2pix.unet)
def check_4_2(unet: Any) -> None:
    """unet(down, up, x): layers from large to small, layers from small to large, a picture; to a picture."""
    for size in (16, 8):
        network = pix2pix.Generator(size, 4).eval()
        down, up, x = list(network.down), list(network.up), torch.rand(2, 3, size, size) * 2 - 1
        right = network(x).detach()
        layers, calls = [id(layer) for layer in (*down, *up)], list[int]()
        for layer in (*down, *up):
            layer.register_forward_hook(lambda layer, given, made, calls=calls: calls.append(id(layer)))
        answer = tensor(explained(unet, TROUBLE)(down, up, x), (2, 3, size, size))
        if (times := [calls.count(layer) for layer in layers]) != [1] * len(layers):
            wrong(f"Every layer is used once; yours were used {', '.join(map(str, times))} times.")
        with torch.no_grad():
            turned = pix2pix.unet(down, [up[0], *map(_Turned, up[1:])], x)
            empty = pix2pix.unet(down, [up[0], *map(_Empty, up[1:])], x)
        recognize(
            answer,
            (turned, "Right shapes, wrong order: the shortcut's channels come first, then those from below."),
            (empty, "The shortcuts carry nothing but zeros: what the way down saw has to come across."),
        )  # fmt: skip
        if not close(answer, right):
            wrong("The shapes are right, the picture is not. Which map lies beside the one from below? Is it whole?")


@check("4.3", "Backward through the layers, and the discriminator's field of view falls out.",
       receptive_field, gradients=False)  # fmt: skip
def check_4_3(field: Any) -> None:
    """field(layers): (kernel, stride) of every layer from first to last, to a number of pixels."""
    stacks = (
        [(5, 2), (3, 1), (6, 3)], [(4, 2), (4, 2), (4, 1), (4, 1)], [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)],
        [(3, 1)], [(7, 1), (3, 2)],
    )  # fmt: skip
    for layers in stacks:  # in the first, each mistake gives another number
        answer, right = field(layers), receptive_field(layers)
        if not isinstance(answer, Real | Tensor):
            wrong(f"Return a whole number of pixels, not a {type(answer).__name__}.")
        kernels, strides = zip(*layers)
        times = 1
        for kernel, stride in reversed(layers):
            times = times * stride + kernel
        mistakes = (
            (receptive_field(layers[::-1]), "You went from the first layer to the last. Start at one logit."),
            (times, "r pixels have r - 1 steps between them, and yours counts r steps."),
            (1 + sum(kernel - 1 for kernel in kernels), "The strides are missing: a step of 2 above is 2 below."),
            (1 + sum((k - 1) * s for k, s in layers), "A stride widens what later layers see, not its own kernel."),
            (receptive_field(layers[:-1]), "The last layer is missing."),
            (receptive_field(layers[1:]), "The first layer is missing."),
            (right - prod(strides), "A field of one pixel is where it begins, not of none."),
            (right - 1, "One too few: a field of one pixel is where it begins."),
            (prod(strides), "That is how far apart the outputs stand, not how much each sees."),
            (sum(kernels), "The kernels are added up, and neighboring windows overlap."),
        )  # fmt: skip
        if answer != right:
            for mistake, advice in mistakes:
                if answer == mistake:
                    wrong(advice)
            wrong(f"For (kernel, stride) {layers} yours is {answer}, and it should be {right}.")


class _Pairs(nn.Module):
    """A discriminator of drawing and answer side by side: (B, 6, H, W) to a map of logits (B, 1, H - 2, W - 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(6, 1, 3)

    def forward(self, pairs: Tensor) -> Tensor:
        if pairs.shape[1] != 6:
            raise ValueError(f"this D looks at drawing and answer together, 6 channels; it got {pairs.shape[1]}")
        return self.look(pairs)


@check(
    "4.4",
    "D asks two things of an answer: is it real, and does it belong to this drawing?",
    discriminator_loss,
    learns=("fake",),
    advice={
        "fake": "The gradient flows on into the fake, and so into G. This loss trains D alone: `detach`.",
        "D": "The number is right, and D does not learn from it as it should. Only the fake is cut off from what made "
        "it; what D says about both pairs has to reach D's weights.",
    },
)
def check_4_4(loss: Any) -> None:
    """loss(D, source, target, fake): D takes (B, 6, H, W), the pictures are (B, 3, H, W); to a scalar."""
    D = _Pairs()
    source, target, fake = (torch.rand(4, 3, 6, 5) * 2 - 1 for _ in range(3))
    answer = tensor(loss(D, source, target, fake), ())

    def of(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor], game: Any = losses.discriminator_loss) -> Tensor:
        with torch.no_grad():
            return game(D(torch.cat(a, 1)), D(torch.cat(b, 1))) / 2

    drawn, faked = (source, target), (source, fake)
    right, squares = of(drawn, faked), losses.least_squares_discriminator_loss
    mistakes = (
        (2 * right, "Twice too large: pix2pix halves D's loss, to slow D down."),
        (right / 2, "Half too small: the two means are added, and the sum is halved once."),
        (of(faked, drawn), "Real and fake are the wrong way round."),
        (-right, "It is negative: D makes its loss smaller, so being wrong has to cost something."),
        (of((target, source), (fake, source)), "The drawing comes first in each pair, then the answer."),
        (of(drawn, (target, fake)), "The fake stands beside the true answer, not beside the drawing."),
        (of(drawn, (source, source)), "The fake is nowhere to be seen."),
        (of(drawn, (source.roll(1, 0), target)), "The fake is nowhere to be seen."),
        (of(drawn, faked, lambda real, fake: losses.discriminator_loss(real, fake) * real.numel()),
         "The logits are summed; take the mean over all patches and pictures."),
        (of(drawn, faked, squares), "Those are squares, the loss of lesson 5. This one is lesson 1's."),
        (of(drawn, faked, lambda real, fake: 2 * nn.functional.softplus(-real).mean()), "Only the real pairs count."),
        (of(drawn, faked, lambda real, fake: nn.functional.softplus(-real).mean()), "Only the real pairs count."),
        (of(drawn, faked, lambda real, fake: 2 * nn.functional.softplus(fake).mean()), "Only the fake pairs count."),
        (of(drawn, faked, lambda real, fake: nn.functional.softplus(fake).mean()), "Only the fake pairs count."),
        (of(drawn, faked, lambda real, fake: losses.discriminator_loss(real.sigmoid(), fake.sigmoid())),
         "Something squeezes the logits first, a sigmoid perhaps; lesson 1's loss takes them as they are."),
    )  # fmt: skip
    recognize(answer, *mistakes)
    if close(answer, right):
        sure = [4000 * each[:3] for each in (source, target, fake)]
        answer, right = tensor(loss(D, *sure), ()), of((sure[0], sure[1]), (sure[0], sure[2]))
        if not close(answer, right):
            wrong(f"Where D is sure (logits of thousands) yours is {answer:.4g}, and it should be {right:.4g}: "
                  "something overflows. `losses` has lesson 1's, and softplus does not overflow.")  # fmt: skip


class _Turned(nn.Module):
    """A layer whose two maps come in the other order."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.roll(x.shape[1] // 2, 1))


class _Empty(_Turned):
    """A layer whose shortcut is empty."""

    def forward(self, x: Tensor) -> Tensor:
        half = x.shape[1] // 2
        return self.layer(torch.cat([torch.zeros_like(x[:, :half]), x[:, half:]], 1))
