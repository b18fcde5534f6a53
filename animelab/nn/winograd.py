"""Convolutions of stride 1 with a quarter of the multiplications, for the processor (Lavin and Gray 2016).

A convolution is a product of polynomials, and a product of two polynomials is known from its values at a few points.
So tiles of 6 x 6 and filters become their values at 6 x 6 points, by small matrices; there they are multiplied, and
another matrix makes answers of the products: 36 of them give 4 x 4 answers to a filter of 3 x 3 (the plain way: 144),
and 3 x 3 answers to one of 4 x 4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDE = 256  # channels, from which the matrices cost less than they save
POINTS = (0, 1, -1, 2, -2)  # and infinity, where a polynomial is its last number
SCALES = (6, -4, -4, 1, 1)  # in 24ths: Lagrange's, without which TILES would have fractions
TILES = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
         [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]  # fmt: skip


def matrices(kernel: int) -> tuple[Tensor, Tensor, Tensor]:
    """Tiles to values, filters (one side: kernel) to values, and products to answers, down and across at once."""
    values = [[scale * point**i for i in range(kernel)] for point, scale in zip(POINTS, SCALES)]
    answers = [[*(point**i for point in POINTS), int(i == 6 - kernel)] for i in range(7 - kernel)]
    both = [torch.tensor(each).double() for each in (TILES, [*values, [0] * (kernel - 1) + [24]], answers)]
    tiles, filters, answers_of = (torch.kron(each, each) for each in both)
    return tiles, filters / 24**2, answers_of


MATRICES = {kernel: matrices(kernel) for kernel in (3, 4)}


def convolved(x: Tensor, weight: Tensor) -> Tensor:
    """What conv2d(x, weight) is: x (B, in, H, W), weight (out, in, k, k) with k of 3 or 4, answers (B, out, ..)."""
    (batch, inputs, *sides), (outputs, kernel) = x.shape, weight.shape[::3]
    to_values, of_filters, to_answers = (each.to(x) for each in MATRICES[kernel])
    step, high, wide = 7 - kernel, *(side - kernel + 1 for side in sides)
    down, across = -(-high // step), -(-wide // step)
    # Pictures of a batch become one tall picture. Tiles overlap, so between two pictures is a row of tiles for nobody.
    rows = down + (batch > 1)
    tall, width = step * rows if batch > 1 else step * down + kernel - 1, step * across + kernel - 1
    x = functional.pad(x, (0, width - sides[1], 0, tall - sides[0])).transpose(0, 1).reshape(1, inputs, -1, width)
    values = to_values @ functional.unfold(x, 6, stride=step).view(inputs, 36, -1)
    filters = of_filters @ weight.flatten(2).transpose(1, 2).contiguous()
    answers = to_answers @ (filters.transpose(0, 1) @ values.transpose(0, 1)).transpose(0, 1)
    answers = functional.pad(answers, (0, across)) if batch > 1 else answers
    answers = answers.view(outputs, step, step, batch, rows, across)[:, :, :, :, :down].permute(3, 0, 4, 1, 5, 2)
    return answers.reshape(batch, outputs, step * down, step * across)[:, :, :high, :wide]


def pays(x: Tensor, weight: Tensor) -> bool:
    """Whether this way is the faster one: wide and on large maps, in float32 on a processor."""
    wide = weight.shape[2:] in ((3, 3), (4, 4)) and min(weight.shape[:2]) >= WIDE
    large = x.shape[0] * x.shape[2] * x.shape[3] >= 1024 and x.shape[3] >= 16
    exact = x.is_cpu and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return wide and large and exact and not torch.compiler.is_compiling()  # a compiler or an export finds its own way


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, padding: int = 0) -> Tensor:
    """torch's conv2d of stride 1, by this way where it pays: there, answers differ by about 1e-5 of their size."""
    if not pays(x, weight):
        return functional.conv2d(x, weight, bias, padding=padding)
    x = convolved(functional.pad(x, [padding] * 4), weight)
    return x if bias is None else x + bias[:, None, None]


class WinogradConv2d(nn.Conv2d):
    """A convolution that does so."""

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not pays(x, weight):
            return super()._conv_forward(x, weight, bias)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        return conv2d(functional.pad(x, self._reversed_padding_repeated_twice, mode), weight, bias)
