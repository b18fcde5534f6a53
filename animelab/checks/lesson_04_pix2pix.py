"""Checks of 04_pix2pix: the best single answer, a U-Net's shortcuts, a receptive field, a judge of pairs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from animelab import losses
from animelab.checks.harness import check, close, tensor, wrong
from animelab.nn import pix2pix


@check("4.1", "The median: no other single picture is closer to all of them, in plain distance.")
def check_4_1(best_answer: Any) -> None:
    """best_answer(answers): right answers (N, 3, H, W) to the one picture (3, H, W) with the least mean distance."""
    answers = torch.rand(9, 3, 5, 4).pow(3) * 2 - 1
    answer = tensor(best_answer(answers.clone()), (3, 5, 4))

    def cost(picture: Tensor) -> Tensor:
        return (answers - picture).abs().mean()

    best = answers.median(0).values
    if close(answer, answers.mean(0)):
        wrong(
            f"That is the mean, the best answer for *squared* distances. In plain distance it costs {cost(answer):.4f} "
            f"here, and {cost(best):.4f} is possible: one odd answer should not pull at all the others."
        )
    if close(answer, best.mean(0).expand_as(best)) or close(answer, answers.median().expand_as(best)):
        wrong("Every pixel and every channel has its own best value; only the answers belong together.")
    if any(close(answer, one) for one in answers):
        wrong("That is one of the answers. A picture between them can be closer to all: decide pixel by pixel.")
    if not close(cost(answer), cost(best)):
        wrong(f"Its mean distance from the answers is {cost(answer):.4f}, and {cost(best):.4f} is possible.")


@check("4.2", "Down, up, and at every size a shortcut past everything below.")
def check_4_2(unet: Any) -> None:
    """unet(down, up, x): layers from large to small, layers from small to large, a picture; to a picture."""
    network = pix2pix.Generator(16, 4).eval()
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    calls: list[int] = []
    down = [_counted(layer, calls, number) for number, layer in enumerate(network.down)]
    up = [_counted(layer, calls, len(down) + number) for number, layer in enumerate(network.up)]
    with torch.no_grad():
        answer, right = tensor(unet(down, up, x.clone()), (2, 3, 16, 16)), network(x)
        if sorted(calls) != list(range(len(down) + len(up))):
            wrong("Every layer is used once; yours were used " + _times(calls, len(down) + len(up)) + ".")
        seen = [x]
        for layer in network.down:
            seen.append(layer(seen[-1]))
        other = network.up[0](seen[-1])
        for layer, skip in zip(network.up[1:], seen[-2:0:-1]):
            other = layer(torch.cat([other, skip], 1))
    if close(answer, other):
        wrong("Right shapes, wrong order: the shortcut's channels come first, then those from below.")
    if not close(answer, right):
        wrong("The shapes are right and the picture is not. Which map has the same size as the one from below?")


@check("4.3", "Backwards through the layers, and the judge's field of view falls out.")
def check_4_3(receptive_field: Any) -> None:
    """receptive_field(layers): (kernel, stride) of every layer from first to last, to a number of pixels."""
    stacks = ([(4, 2), (4, 2), (4, 1), (4, 1)], [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)], [(3, 1)], [(7, 1), (3, 2)])
    for layers in stacks:
        answer, right = receptive_field(list(layers)), _field(reversed(layers))
        if not isinstance(answer, int | Tensor):
            wrong(f"Return a whole number of pixels, not a {type(answer).__name__}.")
        if answer == right:
            continue
        for mistake, advice in (
            (_field(layers), "You went from the first layer to the last. Start at the single logit and walk back."),
            (1 + sum(kernel - 1 for kernel, _ in layers), "The strides are missing: a step of 2 above is 2 below."),
            (_field(reversed(layers[:-1])), "The last layer is missing."),
            (right - 1, "One too few: a field of one pixel is where it begins."),
        ):  # fmt: skip
            if answer == mistake:
                wrong(advice)
        wrong(f"For (kernel, stride) {layers} yours is {answer}, and it should be {right}.")


@check("4.4", "The judge asks two things of an answer: is it real, and does it belong to this pattern?")
def check_4_4(discriminator_loss: Any) -> None:
    """discriminator_loss(D, source, target, fake): D takes (B, 6, H, W), the pictures are (B, 3, H, W); to a scalar."""
    weight = torch.randn(6, requires_grad=True)

    def D(pairs: Tensor) -> Tensor:
        if pairs.shape[1] != 6:
            raise ValueError(f"this judge looks at pattern and answer together, 6 channels; it got {pairs.shape[1]}")
        return (pairs * weight[:, None, None]).sum(1, keepdim=True)

    source, target, fake = (torch.randn(4, 3, 5, 5) for _ in range(3))
    fake.requires_grad_()

    def loss(real_pair: tuple[Tensor, ...], fake_pair: tuple[Tensor, ...]) -> Tensor:
        return losses.discriminator_loss(D(torch.cat(real_pair, 1)), D(torch.cat(fake_pair, 1)))

    right = loss((source, target), (source, fake)) / 2
    answer = tensor(discriminator_loss(D, source.clone(), target.clone(), fake), ())
    for mistake, advice in (
        (2 * right, "Twice too large: pix2pix halves the judge's loss, to slow the judge down."),
        (loss((source, fake), (source, target)) / 2, "Real and fake are the wrong way round."),
        (loss((target, source), (fake, source)) / 2, "The pattern comes first, then the answer."),
        (loss((source, target), (target, fake)) / 2, "The fake stands beside the true answer, not beside the pattern."),
        (loss((source, target), (source, source)) / 2, "The fake is nowhere to be seen."),
        (right * 4, "The sum over the two halves of the batch? It should be the mean."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"Yours is {answer:.4f}, and it should be {right:.4f}.")
    if not answer.requires_grad:
        wrong("No gradient reaches D: it would learn nothing. Only the fake is cut off, not the judge's opinion.")
    found = torch.autograd.grad(answer, (weight, fake), allow_unused=True)
    if found[1] is not None and bool(found[1].abs().sum() > 0):
        wrong("The gradient flows on into the fake, and so into G. The judge learns, the painter waits: `detach`.")


def _counted(layer: Any, calls: list[int], number: int) -> Any:
    def call(x: Tensor) -> Tensor:
        calls.append(number)
        return layer(x)

    return call


def _times(calls: list[int], layers: int) -> str:
    return ", ".join(str(calls.count(number)) for number in range(layers)) + " times"


def _field(layers: Any) -> int:
    field = 1
    for kernel, stride in layers:
        field = (field - 1) * stride + kernel
    return field
