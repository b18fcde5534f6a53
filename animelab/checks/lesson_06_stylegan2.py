"""Checks of lesson 6, StyleGAN2: a convolution with styles, truncation, R1, and a bug."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from animelab.checks.harness import check, close, tensor, wrong
from animelab.nn.stylegan2 import modulated_conv


@check("6.1", "Styles turn channels up and down, and what comes out has the size it should have.")
def check_6_1(styled_conv: Any) -> None:
    """styled_conv(x (B, in, H, W), weight (out, in, 3, 3), styles (B, in)): (B, out, H, W), demodulated."""
    _compare_with_reference(styled_conv)


@check("6.4", "Styles reach the output again, and each picture has its own.")
def check_6_4(per_picture: Any) -> None:
    """per_picture(x, weight, styles), as in 6.1, by weights of each picture's own."""
    x, weight = torch.randn(1, 4, 5, 5), torch.randn(4, 4, 3, 3)
    one, other = (tensor(per_picture(x, weight, torch.rand(1, 4) + 0.1), (1, 4, 5, 5)) for _ in range(2))
    if close(one, other):
        wrong(
            "Two different styles give the same output: they still cancel. Which axis of `own` are they on, and over "
            "which axes is its length taken?"
        )
    _compare_with_reference(per_picture)


def _compare_with_reference(function: Any) -> None:
    x, weight = torch.randn(3, 4, 5, 7), torch.randn(6, 4, 3, 3)
    styles = torch.randn(3, 4) + 1
    right = modulated_conv(x, weight, styles)
    answer = tensor(function(x, weight, styles), (3, 6, 5, 7))
    scaled = conv2d(x * styles[:, :, None, None], weight, padding=1)
    sums = styles.square() @ weight.square().sum((2, 3)).T
    plain = weight.square().sum((1, 2, 3))
    for mistake, advice in (
        (conv2d(x, weight, padding=1), "The styles have no effect: this is the plain convolution."),
        (scaled, "The styles are in, and nothing is divided: without demodulation the numbers grow layer by layer."),
        (scaled / plain.sqrt()[:, None, None], "You divide by the length of the weights alone. The styles have to be "
         "in it: a style of 3 makes the expected size larger."),
        (scaled / sums[..., None, None], "You divide by the sum of squares; take its root."),
        (scaled * sums.sqrt()[..., None, None], "Multiplied where it should be divided."),
        (scaled / scaled.std((2, 3), keepdim=True), "That is the measured size of each map, StyleGAN1's way. Take the "
         "expected one: it needs weights and styles only."),
        (scaled / sums.mean(0).sqrt()[:, None, None], "All pictures are divided by the same numbers; each has styles "
         "of its own."),
        (scaled / sums.mean(1).sqrt()[:, None, None, None], "All output channels of a picture are divided by one "
         "number; each has weights of its own."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"On random numbers yours differs from the reference by up to {(answer - right).abs().max():.3g}.")
    for name, value in (("styles", styles), ("weight", weight)):
        moved = value.clone().requires_grad_()
        slopes: list[Tensor] = []
        for each in (function, modulated_conv):
            output = each(x, *((weight, moved) if name == "styles" else (moved, styles)))
            if not output.requires_grad:
                wrong(f"The numbers are right, but no gradient flows back to the {name}, so they could not learn.")
            slopes += torch.autograd.grad((output * right).sum(), moved, retain_graph=True)
        if not close(slopes[0], slopes[1], 1e-3):
            wrong(f"The numbers are right, but the gradient for the {name} is not: is a part of it detached?")


@check("6.2", "1 changes nothing, 0 gives the mean, and beyond lies the opposite.")
def check_6_2(truncated: Any) -> None:
    """truncated(w (B, latent), mean (latent,), psi): (B, latent)."""
    w, mean = torch.randn(5, 8), torch.randn(8)
    for psi in (0.7, 1.0, 0.0, -0.7, 1.3):
        answer = tensor(truncated(w, mean, psi), (5, 8))
        right = mean + psi * (w - mean)
        for mistake, advice in (
            (psi * w, "That pulls toward zero. The most average character is at the mean of w, and it is not zero."),
            (w + psi * (mean - w), "The wrong way round: psi = 1 should leave w where it is."),
            (mean + psi * w, "The mean is added to all of w. Only the *difference* from the mean is to shrink."),
            (w.clamp(mean - psi, mean + psi), "You clip w. Truncation in w scales; clipping is what is done to z in "
             "other GANs."),
        ):  # fmt: skip
            if close(answer, mistake) and not close(answer, right):
                wrong(advice)
        if not close(answer, right):
            wrong(f"For psi = {psi} yours is off by up to {(answer - right).abs().max():.3g}.")


@check("6.3", "The squared slope of a judge, measured per picture, and it can teach the judge.")
def check_6_3(r1: Any) -> None:
    """r1(score, real): mean over the batch of the squared gradient of score at real, differentiable again."""
    factor = torch.tensor(1.5, requires_grad=True)
    more, real = torch.randn(5, 3, 4, 4), torch.randn(3, 3, 4, 4)

    def score(pictures: Tensor) -> Tensor:
        return factor * pictures.square().flatten(1).sum(1) / 2  # its gradient at x is factor * x

    answer = tensor(r1(score, real), ())
    each = (1.5 * real).square().flatten(1).sum(1)
    for mistake, advice in (
        (each.sqrt().mean(), "That is the mean length. R1 takes its square: leave the root out."),
        (each.sum(), "For 3 pictures yours is 3 times too large: the sum over the batch. Take the mean."),
        (each.mean() / 48, "You average over the pixels; sum the squares within a picture, average over pictures."),
        (each.mean() / 16, "You average over the places, or sum over the channels alone. A picture's slope has all of "
         "its numbers: `flatten(1)` first."),
        (each.mean() / 9, "The gradient is that of the *mean* logit, three times too small for each picture, and that "
         "squared. Take the gradient of the sum."),
        (each.mean() / 2, "Half of it. gamma / 2 comes later; the penalty itself has no half."),
        ((each.sqrt() - 1).square().mean(), "That is DRAGAN's goal, a slope of 1. R1 wants flat ground: 0."),
    ):  # fmt: skip
        if close(answer, mistake.detach()):
            wrong(advice)
    if not close(answer, each.mean()):
        wrong(f"Yours is {answer:.4f}, and it should be {each.mean():.4f}.")
    if not close(tensor(r1(score, more), ()), (1.5 * more).square().flatten(1).sum(1).mean()):
        wrong("Right for 3 pictures and wrong for 5: the mean is over as many as there are.")
    if not answer.requires_grad:
        wrong("The number is right, but it cannot be differentiated again: `create_graph=True` keeps the way back.")
    (slope,) = torch.autograd.grad(answer, factor, allow_unused=True)
    if slope is None or not close(slope, 2 * each.mean() / 1.5):
        wrong("Its gradient for the judge's weights is wrong. Is something detached, or `create_graph` missing?")
