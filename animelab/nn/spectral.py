"""Spectral normalization (Miyato et al. 2018): no direction of its input makes a convolution's answer longer.

Taught in 09_cartoongan and 10_ugatit.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class SpectralConv2d(nn.Conv2d):
    """A convolution whose weights count as divided by their largest singular value, found by one iteration a step.

    Equal to torch's `spectral_norm` of a Conv2d in values and gradients; but what it divides are the answers, which
    are far fewer numbers than the weights of a deep layer, and their gradients.
    """

    u: Tensor  # (out,), (inputs,): the directions between which the weights, as a matrix, are longest
    v: Tensor

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, length in zip("uv", self.weight.flatten(1).shape):
            self.register_buffer(name, normalize(torch.randn(length), dim=0))
        self.iterate(15)

    @torch.no_grad()
    def iterate(self, times: int) -> None:
        """Turn u and v toward the direction in which the weights are longest."""
        matrix = self.weight.flatten(1)
        for _ in range(times):
            self.u.copy_(normalize(matrix @ self.v, dim=0))
            self.v.copy_(normalize(self.u @ matrix, dim=0))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.iterate(1)
        with torch.autocast(x.device.type, enabled=False):
            longest = self.u.clone() @ (self.weight.flatten(1) @ self.v.clone())
        x = self._conv_forward(x, self.weight, None) / longest
        return x if self.bias is None else x + self.bias[:, None, None].to(x.dtype)
