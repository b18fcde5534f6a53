"""U-GAT-IT: a generator whose auxiliary classifier says where to look, and which learns how to normalize each channel.

Kim et al. 2020, "U-GAT-IT: Unsupervised Generative Attentional Networks with Adaptive Layer-Instance Normalization".
Taught in 10_ugatit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.parametrizations import spectral_norm

from animelab.errors import LabError
from animelab.nn.spectral import SpectralConv2d


class Answer(NamedTuple):
    """What a network of U-GAT-IT says: a picture or map of logits, its auxiliary classifier's logits, its attention."""

    out: Tensor  # a picture (B, 3, H, W) in [-1, 1], or logits (B, 1, h, w)
    guess: Tensor  # the classifier's logits (B, 2), by the mean and by the maximum of each channel: which domain?
    heat: Tensor  # (B, h, w), the sum of weighted channels; only differences within one map mean something


class Attention(nn.Module):
    """Class activation maps (section 3.1): channels weighted as an auxiliary classifier of both domains weighs them."""

    def __init__(self, channels: int, activation: nn.Module, normed: bool = False) -> None:
        super().__init__()
        heads = [nn.Linear(channels, 1, bias=False) for _ in range(2)]
        self.average: Any = spectral_norm(heads[0]) if normed else heads[0]
        self.largest: Any = spectral_norm(heads[1]) if normed else heads[1]
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        self.activation = activation

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        guess = torch.cat([self.average(x.mean((2, 3))), self.largest(x.amax((2, 3)))], 1)
        weighted = [x * head.weight[0, :, None, None] for head in (self.average, self.largest)]
        x = self.activation(self.mix(torch.cat(weighted, 1)))
        return x, guess, x.sum(1)


def normalized(x: Tensor, norm: str) -> Tensor:
    """x (B, C, H, W) with mean 0 and deviation 1: each channel by itself ("instance"), or all together ("layer")."""
    axes = {"instance": (2, 3), "layer": (1, 2, 3)}[norm]
    return (x - x.mean(axes, keepdim=True)) * (x.var(axes, keepdim=True) + 1e-5).rsqrt()


def adalin(x: Tensor, gamma: Tensor, beta: Tensor, rho: Tensor) -> Tensor:
    """Adaptive layer-instance normalization (equation 1): rho of instance norm, 1 - rho of layer norm, then a style.

    x: (B, C, H, W); gamma, beta: (B, C, 1, 1); rho: (1, C, 1, 1), from 0 to 1.
    """
    return gamma * (rho * normalized(x, "instance") + (1 - rho) * normalized(x, "layer")) + beta


class AdaLIN(nn.Module):
    """The norm with its rho, which is learned, and kept in [0, 1] by `clip` after every step."""

    def __init__(self, channels: int, rho: float = 0.9) -> None:
        super().__init__()
        self.rho = nn.Parameter(torch.full((1, channels, 1, 1), rho))
        self.normalized = adalin  # a learner's own may take its place

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        return self.normalized(x, gamma, beta, self.rho)

    @torch.no_grad()
    def clip(self) -> None:
        self.rho.clamp_(0, 1)


class LIN(AdaLIN):
    """The same with a style of its own instead of one that comes from outside, and all layer norm at first."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, rho=0.0)
        self.gamma, self.beta = (
            nn.Parameter(torch.ones(1, channels, 1, 1)),
            nn.Parameter(torch.zeros(1, channels, 1, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, self.gamma, self.beta)


def _convolution(before: int, after: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False, padding_mode="reflect")


class Residual(nn.Module):
    """The encoder's block: two convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(width, width), nn.InstanceNorm2d(width), nn.ReLU(), _convolution(width, width),
            nn.InstanceNorm2d(width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class AdaptiveResidual(nn.Module):
    """The decoder's block: the same with AdaLIN."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(_convolution(width, width) for _ in range(2))
        self.norms = nn.ModuleList(AdaLIN(width) for _ in range(2))

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        first, second = self.convolutions
        inner = self.norms[0](first(x), gamma, beta).relu()
        return x + self.norms[1](second(inner), gamma, beta)


class Generator(nn.Module):
    """A picture (B, 3, size, size) in [-1, 1] to an `Answer` of the same size.

    The full network reads its style from every place of the features, and so has one size; `light` reads their mean and
    takes any sides that are multiples of 4. LabError for other sides.
    """

    def __init__(self, size: int = 256, width: int = 64, blocks: int = 4, light: bool = False) -> None:
        super().__init__()
        self.size, self.light, wide = size, light, 4 * width
        self.multiple = 4 if light else size
        layers: list[nn.Module] = [_convolution(3, width, 7), nn.InstanceNorm2d(width), nn.ReLU()]
        for channels in (width, 2 * width):
            layers += [_convolution(channels, 2 * channels, 3, 2), nn.InstanceNorm2d(2 * channels), nn.ReLU()]
        self.encoder = nn.Sequential(*layers, *(Residual(wide) for _ in range(blocks)))
        self.attention = Attention(wide, nn.ReLU())
        seen = wide if light else wide * (size // 4) ** 2
        self.style = nn.Sequential(
            nn.Linear(seen, wide, bias=False), nn.ReLU(), nn.Linear(wide, wide, bias=False), nn.ReLU()
        )
        self.gamma, self.beta = (nn.Linear(wide, wide, bias=False) for _ in range(2))
        self.blocks = nn.ModuleList(AdaptiveResidual(wide) for _ in range(blocks))
        self.grow = nn.ModuleList(_convolution(channels, channels // 2) for channels in (wide, wide // 2))
        self.norms = nn.ModuleList(LIN(channels // 2) for channels in (wide, wide // 2))
        self.paint = _convolution(width, 3, 7)

    def forward(self, x: Tensor) -> Answer:
        sides = x.shape[-2:]
        if (not self.light and set(sides) != {self.size}) or any(side % 4 or side < 16 for side in sides):
            fits = "sides that are multiples of 4 from 16" if self.light else f"{self.size} x {self.size} pixels"
            raise LabError(f"This generator takes pictures with {fits}, not {sides[0]} x {sides[1]}.")
        x, guess, heat = self.attention(self.encoder(x))
        style = self.style(x.mean((2, 3)) if self.light else x.flatten(1))
        gamma, beta = (head(style)[:, :, None, None] for head in (self.gamma, self.beta))
        for block in self.blocks:
            x = block(x, gamma, beta)
        for grow, norm in zip(self.grow, self.norms):
            x = norm(grow(interpolate(x, scale_factor=2))).relu()
        return Answer(self.paint(x).tanh(), guess, heat)


class Pair(nn.Module):
    """Both directions, `a_to_b` and `b_to_a`; called like a network it gives the picture from A to B."""

    def __init__(self, size: int = 256, width: int = 64, blocks: int = 4, light: bool = False) -> None:
        super().__init__()
        self.a_to_b, self.b_to_a = (Generator(size, width, blocks, light) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.a_to_b(x).out


class Discriminator(nn.Module):
    """Pictures (B, 3, H, W) to an `Answer` with a map of logits. layers: 7 for the global one, 5 for the local one.

    Its attention multiplies with the normalized weights (the official PyTorch code takes the raw ones).
    """

    def __init__(self, layers: int = 5, width: int = 64) -> None:
        super().__init__()
        body: list[nn.Module] = []
        channels = 3
        for level in range(layers - 1):
            after, stride = width * 2**level, 2 if level < layers - 2 else 1
            body += [SpectralConv2d(channels, after, 4, stride, 1, padding_mode="reflect"), nn.LeakyReLU(0.2)]
            channels = after
        self.body = nn.Sequential(*body)
        self.attention = Attention(channels, nn.LeakyReLU(0.2), normed=True)
        self.last = SpectralConv2d(channels, 1, 4, 1, 1, bias=False, padding_mode="reflect")

    def forward(self, x: Tensor) -> Answer:
        x, guess, heat = self.attention(self.body(x))
        return Answer(self.last(x), guess, heat)
