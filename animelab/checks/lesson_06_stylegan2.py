"""Checks of lesson 6, StyleGAN2: a convolution with styles, truncation, R1, and a bug."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, softplus

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.losses import r1_penalty
from animelab.nn.stylegan2 import modulated_conv

NO_GRADIENT = {
    "does not require grad": "torch follows only tensors that ask for gradients, from there on: a copy of the pictures "
    "has to ask before it goes into `score`.",
    "not have been used in the graph": "The logits were not computed from the tensor whose gradient you ask for. "
    "Which of the two, `real` or your copy, went into `score`?",
    "only for scalar outputs": "A gradient is taken of one number, and `score` returns one a picture.",
}


def per_picture(x: Tensor, weight: Tensor, styles: Tensor, over: tuple[int, ...] = (2, 3, 4)) -> Tensor:
    """`modulated_conv` by weights of each picture's own (B, out, in, k, k), divided by their length over some axes."""
    own = weight[None] * styles[:, None, :, None, None]
    own = own / (own.square().sum(over, keepdim=True) + 1e-8).sqrt()
    groups = x.reshape(1, -1, *x.shape[2:])
    return conv2d(groups, own.flatten(0, 1), padding=1, groups=len(x)).view(len(x), -1, *x.shape[2:])


@check(
    "6.1", "Styles turn channels up and down, and the deviation to expect of what comes out is 1 again.", modulated_conv
)
def check_6_1(styled_conv: Any) -> None:
    """styled_conv(x (B, in, H, W), weight (out, in, 3, 3), styles (B, in)): (B, out, H, W), demodulated."""
    _recognize_convolutions(styled_conv)


@check("6.4", "Styles reach the output again, and each picture has its own.", per_picture)
def check_6_4(per_picture: Any) -> None:
    """per_picture(x, weight, styles), as in 6.1, by weights of each picture's own."""
    x, weight = torch.randn(1, 4, 5, 5), torch.randn(4, 4, 3, 3)
    one, other = (tensor(per_picture(x, weight, torch.rand(1, 4) + 0.1), (1, 4, 5, 5)) for _ in range(2))
    if close(one, other):
        wrong(
            "Two different styles give the same output: they still cancel. What are the five axes of `own`, and over "
            "which of them is its length taken?"
        )
    _recognize_convolutions(per_picture)


def _recognize_convolutions(function: Any) -> None:
    # in the first two, styles put in a wrong place still fit; in the last they are so small that 1e-8 counts
    for batch, inputs, outputs, high, wide, loud in ((3, 4, 4, 3, 4, 1), (2, 5, 5, 2, 5, 1), (3, 4, 6, 5, 7, 3e-5)):
        x, weight = torch.randn(batch, inputs, high, wide), torch.randn(outputs, inputs, 3, 3)
        styles = loud * (torch.randn(batch, inputs) + 1)
        styles[0, 1] = 0  # a channel that is switched off
        styles[1] *= loud == 1  # or all of them
        answer = tensor(function(x, weight, styles), (batch, outputs, high, wide))
        if close(answer, per_picture(x, weight, styles)):
            continue
        if loud < 1:
            wrong("With styles near 0 it is wrong, and else right: 1e-8 goes onto the sum of squares, under the root.")
        plain, scaled, spread = (
            conv2d(each, weight, padding=1) for each in (x, x * styles[..., None, None], x * styles)
        )
        squares = weight.square().sum((2, 3))
        sums = (styles.square() @ squares.T)[..., None, None]
        lengths = weight.square().sum((1, 2, 3)).sqrt()[:, None, None]
        own = "That is the length of each picture's own weights over too {} axes. An output channel sums over its " \
              "input channels and the 9 places of the kernel, and so does its length."  # fmt: skip
        recognize(
            answer,
            (plain, "The styles have no effect: this is the plain convolution."),
            (plain / lengths, "The styles have no effect: weights of length 1, and no style anywhere."),
            *((each, "The styles are spread over rows and columns of x. They belong to pictures and channels, its "
              "first two axes.") for each in (spread, spread / sums.sqrt())),
            (scaled / (styles.square() @ squares).sqrt()[..., None, None], "The styles meet the *output* channels of "
             "the squared weights. Which axis of `weight` is the input's?"),
            (plain / sums.sqrt(), "You divide by what the styles do to the channels, and the channels are not scaled."),
            (scaled, "The styles are in, and nothing is divided: without demodulation numbers grow layer by layer."),
            (scaled / lengths, "You divide by the length of the weights alone. The styles have to be in it: a style of "
             "3 makes the expected deviation larger."),
            (scaled / sums, "You divide by the sum of squares, the variance; take its root."),
            (scaled * sums.sqrt(), "Multiplied where it should be divided."),
            (scaled / (sums / (9 * inputs)).sqrt(), "You divide by the root of the *mean* of the squares. A "
             "convolution adds, so its variance is their sum."),
            (scaled / (styles.abs() @ weight.abs().sum((2, 3)).T)[..., None, None], "You add absolute values. What "
             "adds are variances: square first, the root comes last."),
            (scaled / (styles.abs() @ squares.T).sqrt()[..., None, None], "The weights are squared "
             "and the styles are not: the square is that of their product."),
            (scaled / scaled.std((2, 3), keepdim=True), "That is the measured deviation of each map, StyleGAN1's way. "
             "Take the expected one: it needs weights and styles only."),
            (scaled / sums.mean(0).sqrt(), "All pictures are divided by the same numbers; each has styles of its own."),
            (scaled / sums.mean(1, keepdim=True).sqrt(), "All output channels of a picture are divided by one number; "
             "each has weights of its own."),
            (per_picture(x, weight, styles, (0, 2, 3, 4)), own.format("many")),
            (per_picture(x, weight, styles, (1, 2, 3, 4)), own.format("many")),
            (per_picture(x, weight, styles, (3, 4)), own.format("few")),
            (per_picture(x, weight, styles, (2,)), own.format("few")),
        )  # fmt: skip
        return  # what it is instead, the harness says


def truncated(w: Tensor, mean: Tensor, psi: float) -> Tensor:
    """w (B, latent), from the mean (latent,) a part of the way."""
    return mean + psi * (w - mean)


@check("6.2", "1 changes nothing, 0 gives the mean, and beyond lies the opposite.", truncated, learns=("w",))
def check_6_2(function: Any) -> None:
    """truncated(w (B, latent), mean (latent,), psi): (B, latent)."""
    for size, psi in ((8, 0.65), (8, 1.0), (8, 0.0), (6, -1.7), (8, 1.3)):
        w, mean = torch.randn(5, size), torch.randn(size)
        answer, right = tensor(function(w, mean, psi), (5, size)), truncated(w, mean, psi)
        if close(answer, right):
            continue
        recognize(
            answer,
            (truncated(w, w.mean(0), psi), "You pull toward the mean of the rows at hand. `mean` is the one that the "
             "mapping kept over all of training; another batch must not change what comes out."),
            (truncated(w, w.mean(1, keepdim=True), psi), "You pull toward the mean of each row's own numbers. `mean` "
             "is a point of w, with as many numbers as a row."),
            (truncated(w, mean.mean(), psi), "You pull toward one number. `mean` is a point: each number has its own."),
            (psi * w, "That pulls toward zero. The most average character is at the mean of w, and it is not zero."),
            (w + psi * (mean - w), "The wrong way round: psi = 1 should leave w where it is."),
            (mean + psi * w, "The mean is added to all of w. Only the *difference* from the mean is to shrink."),
            (psi * (w - mean), "The difference shrinks, and the mean is missing: start from it."),
            (truncated(w, mean, abs(psi)), f"psi = {psi} is treated as {abs(psi)}: below 0 lies the opposite."),
            (mean - psi * (w - mean), "A sign: psi = 1 gives everyone's opposite, and it should change nothing."),
            (truncated(w, mean, min(max(psi, 0.0), 1.0)), f"psi = {psi} is treated as 0 or 1. All numbers are allowed: "
             "beyond 1 is more variety, below 0 the opposite."),
            (w.clamp(mean - psi, mean + psi), "You clip w. Truncation in w scales; clipping is what is done to z in "
             "other GANs."),
        )  # fmt: skip
        wrong(f"For psi = {psi} yours is off by up to {float((answer - right).abs().max()):.3g}.")


class Score(nn.Module):
    """A discriminator in small, smooth enough for second derivatives; at pictures of zeros its slope is 0."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 4, 3, padding=1)
        self.weigh = nn.Linear(64, 1, bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        return 3 * self.weigh(self.look(pictures.square()).tanh().flatten(1))[:, 0]


@check(
    "6.3", "The squared slope of D, measured for each picture, and D can learn from it.", r1_penalty, learns=(),
    advice={"score": "The number is right, and what D's weights learn from it is not. Is something detached, or is "
            "`create_graph` missing, which keeps the way back?"},
)  # fmt: skip
def check_6_3(r1: Any) -> None:
    """r1(score, real): mean over the batch of the squared gradient of score at real, differentiable again."""
    for count in (3, 5):
        score, real = Score(), torch.rand(count, 3, 4, 4) * 2 - 1
        real[1] = 0  # flat ground already
        answer = tensor(explained(r1, NO_GRADIENT)(score, real), ())
        copy = real.clone().requires_grad_()
        logits = score(copy)
        slopes, of_loss, of_chance = (
            torch.autograd.grad(total.sum(), copy, retain_graph=True)[0].flatten(1)
            for total in (logits, softplus(-logits), logits.sigmoid())
        )
        each = slopes.square().sum(1)
        if close(answer, each.mean()):
            continue
        recognize(
            answer,
            (each.sqrt().mean(), "That is the mean length. R1 takes its square: leave the root out."),
            (each.sum(), f"For {count} pictures yours is {count} times too large: a sum, not a mean, over the batch."),
            (each.sum() / 3, "Right for 3 pictures and wrong for 5: the mean is over as many as there are."),
            (each.mean() / 48, "You average over the pixels; sum the squares within a picture, average over pictures."),
            (each.mean() / 16, "You average over the places, or sum over the channels alone. A picture's slope has all "
             "of its numbers: `flatten(1)` first."),
            (each.mean() / 3, "You average over the channels; sum the squares of all of a picture's numbers."),
            (each.mean() / count**2, f"The gradient is that of the *mean* logit, {count} times too small for each "
             "picture, and that squared. Take the gradient of the sum."),
            (each.mean() / 2, "Half of it. gamma / 2 comes later; the penalty itself has no half."),
            (each.sqrt().mean().square(), "You square the mean length. Square each length first, then take the mean."),
            (slopes.abs().sum(1).mean(), "You sum absolute values. The squared length sums squares."),
            (slopes.sum(1).square().mean(), "You sum the slopes of a picture and square the sum, where up and down "
             "cancel. Square each number first."),
            ((each.sqrt() - 1).square().mean(), "That is DRAGAN's goal, a slope of 1. R1 wants flat ground: 0."),
            (of_loss.square().sum(1).mean(), "That is the slope of the loss. R1 asks for that of the logit itself."),
            (of_chance.square().sum(1).mean(), "That is the slope of the probability. R1 asks for that of the logit."),
        )  # fmt: skip
