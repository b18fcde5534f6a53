"""SPADE: a generator that is told, at every size and at every place, which part of the picture it is painting.

Park et al. 2019, "Semantic Image Synthesis with Spatially-Adaptive Normalization". Taught in 12_painting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu
from torch.nn.functional import one_hot as _one_hot
from torch.nn.utils.parametrizations import spectral_norm

from animelab.errors import LabError

NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": partial(nn.BatchNorm2d, affine=False),
    "instance": nn.InstanceNorm2d,
    "layer": lambda channels: nn.GroupNorm(1, channels, affine=False),
    "none": lambda _: nn.Identity(),
}
"""Norms without parameters: what is learned comes from the map of parts."""


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """A map of labels, int64 (B, H, W), as one channel a part, float (B, classes, H, W) of 0 and 1.

    LabError for labels that are none, or beyond the classes.
    """
    if labels.dtype != torch.int64 or labels.ndim != 3 or not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise LabError(f"A map of parts holds labels, int64 (B, H, W), from 0 to {classes - 1}.")
    return _one_hot(labels, classes).movedim(3, 1).float()


def modulated(normed: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Normed features (B, C, H, W) times 1 + gamma plus beta, which have a value for every place (equation 1)."""
    return normed * (1 + gamma) + beta


class SPADE(nn.Module):
    """Spatially-adaptive normalization (section 3.1): features lose their own mean and scale, and get those of a map.

    Features (B, channels, H, W) and parts (B, classes, any size) give (B, channels, H, W).
    """

    def __init__(self, channels: int, classes: int, hidden: int = 128, norm: str = "batch") -> None:
        super().__init__()
        self.norm = NORMS[norm](channels)
        self.shared = nn.Conv2d(classes, hidden, 3, 1, 1)
        self.gamma, self.beta = (nn.Conv2d(hidden, channels, 3, 1, 1) for _ in range(2))
        self.modulated = modulated  # a learner's own may take its place

    def forward(self, x: Tensor, parts: Tensor) -> Tensor:
        seen = self.shared(interpolate(parts, x.shape[2:], mode="nearest")).relu()
        return self.modulated(self.norm(x), self.gamma(seen), self.beta(seen))


class Residual(nn.Module):
    """Two convolutions beside a shortcut, each after a SPADE; where the width changes, the shortcut has both as well.

    Figure 4 of the paper. Features (B, before, H, W) and parts give (B, after, H, W).
    """

    def __init__(self, before: int, after: int, classes: int, hidden: int = 128, norm: str = "batch") -> None:
        super().__init__()
        middle = min(before, after)
        self.first = spectral_norm(nn.Conv2d(before, middle, 3, 1, 1))
        self.second = spectral_norm(nn.Conv2d(middle, after, 3, 1, 1))
        self.norms = nn.ModuleList(SPADE(channels, classes, hidden, norm) for channels in (before, middle))
        self.shortcut: nn.Module | None = None
        if before != after:
            self.shortcut = spectral_norm(nn.Conv2d(before, after, 1, bias=False))
            self.norms.append(SPADE(before, classes, hidden, norm))

    def forward(self, x: Tensor, parts: Tensor) -> Tensor:
        beside = x if self.shortcut is None else self.shortcut(self.norms[2](x, parts))
        x = self.first(leaky_relu(self.norms[0](x, parts), 0.2))
        return beside + self.second(leaky_relu(self.norms[1](x, parts), 0.2))


class Generator(nn.Module):
    """Parts (B, classes, size, size) of 0 and 1, and a style (B, latent), to pictures (B, 3, size, size) in [-1, 1].

    Without a latent it begins from the map itself, made small, and knows one answer for each map. Seven residual blocks
    with five doublings between, or six; none is wider than `channel_max`. LabError for a size that is no multiple of 32
    from 64 (of 64 from 128), and for other maps. The defaults are those for ADE20K, whose 151st part is "I don't know".
    """

    def __init__(
        self, classes: int = 151, size: int = 256, width: int = 64, hidden: int = 128, latent: int | None = None,
        doublings: int = 5, norm: str = "batch", channel_max: int = 1024,
    ) -> None:  # fmt: skip
        super().__init__()
        if size % 2**doublings or size < 2 * 2**doublings:  # a norm wants more than one pixel
            least = 2**doublings
            raise LabError(f"It doubles {doublings} times: its size is {2 * least}, {3 * least} … and not {size}.")
        self.classes, self.size, self.latent, self.doublings = classes, size, latent, doublings
        wide = [min(channel_max, times * width) for times in (16, 16, 16, 16, 8, 4, 2, 1)]
        self.side, self.wide = size // 2**doublings, wide[0]
        self.begin: nn.Module = (
            nn.Conv2d(classes, self.wide, 3, 1, 1) if latent is None else nn.Linear(latent, self.wide * self.side**2)
        )
        self.blocks = nn.ModuleList(Residual(before, after, classes, hidden, norm) for before, after in pairwise(wide))
        self.paint = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, parts: Tensor, style: Tensor | None = None) -> Tensor:
        if tuple(parts.shape[1:]) != (self.classes, self.size, self.size):
            wanted = (self.classes, self.size, self.size)
            raise LabError(f"This generator takes parts of shape (B, {wanted})"[:-1] + f", not {tuple(parts.shape)}.")
        if (style is None) != (self.latent is None):
            raise LabError("A style belongs to a generator with a latent, and only to it.")
        if style is None:
            x = self.begin(interpolate(parts, (self.side, self.side), mode="nearest"))
        else:
            x = self.begin(style).view(-1, self.wide, self.side, self.side)
        for place, block in enumerate(self.blocks):
            if place not in (0, 2) or (place == 2 and self.doublings == 6):  # the two in the middle share a size
                x = interpolate(x, scale_factor=2)
            x = block(x, parts)
        return self.paint(leaky_relu(x, 0.2)).tanh()


class Discriminator(nn.Module):
    """Parts and picture together, at full size and at half: what each of them sees at every layer, logits last.

    Patches as in pix2pix (receptive field 70 and more), with instance norm and spectral norm.
    """

    def __init__(self, classes: int = 151, width: int = 64, layers: int = 4, scales: int = 2) -> None:
        super().__init__()
        self.scales = nn.ModuleList(self._patches(classes + 3, width, layers) for _ in range(scales))

    @staticmethod
    def _patches(channels: int, width: int, layers: int) -> nn.ModuleList:
        wide = [width * min(8, 2**level) for level in range(layers)]
        found: list[nn.Module] = [nn.Sequential(nn.Conv2d(channels, width, 4, 2, 2), nn.LeakyReLU(0.2))]
        for level, (before, after) in enumerate(pairwise(wide), 1):
            stride = 1 if level == layers - 1 else 2
            convolution = spectral_norm(nn.Conv2d(before, after, 4, stride, 2, bias=False))
            found.append(nn.Sequential(convolution, nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)))
        return nn.ModuleList([*found, nn.Conv2d(wide[-1], 1, 4, 1, 2)])

    def forward(self, parts: Tensor, pictures: Tensor) -> list[list[Tensor]]:
        """For each scale the maps of all its layers; the last one holds the logits."""
        x, answers = torch.cat([parts, pictures], 1), []
        for patches in self.scales:
            seen = [x]
            for layer in patches:  # type: ignore[attr-defined]
                seen.append(layer(seen[-1]))
            answers.append(seen[1:])
            x = avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return answers


class Style(NamedTuple):
    """What the encoder says of a picture: a normal distribution for each number of its style, both (B, latent)."""

    mean: Tensor
    log_variance: Tensor

    def drawn(self, noise: Tensor) -> Tensor:
        """A style (B, latent) of that distribution, from normal noise of its shape."""
        return self.mean + noise * (self.log_variance / 2).exp()

    def divergence(self) -> Tensor:
        """How far from a plain normal distribution: summed over the numbers of a style, mean over pictures.

        The authors' code sums over pictures, too.
        """
        each = self.mean.square() + self.log_variance.exp() - 1 - self.log_variance
        return each.sum(1).mean() / 2


class Encoder(nn.Module):
    """Pictures (B, 3, size, size) in [-1, 1] to their `Style`, of so many numbers (appendix A).

    Convolutions halve them down to 4 x 4. norm: "instance", as in the paper, forgets how bright a picture is and
    "none" does not. LabError for a size that is no power of two from 8, and for other pictures.
    """

    def __init__(self, size: int = 256, width: int = 64, latent: int = 256, norm: str = "instance") -> None:
        super().__init__()
        depth = size.bit_length() - 3
        if size < 8 or size & (size - 1):
            raise LabError(f"An encoder halves pictures to 4 x 4: its size is 8, 16, 32 … and not {size}.")
        self.size, layers = size, list[nn.Module]()
        wide = [3, *(width * min(8, 2**level) for level in range(depth))]
        for before, after in pairwise(wide):
            convolution = spectral_norm(nn.Conv2d(before, after, 3, 2, 1, bias=norm == "none"))
            layers += [convolution, NORMS[norm](after), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        self.mean, self.log_variance = (nn.Linear(16 * wide[-1], latent) for _ in range(2))

    def forward(self, pictures: Tensor) -> Style:
        if tuple(pictures.shape[1:]) != (3, self.size, self.size):
            raise LabError(f"This encoder takes pictures of {self.size} px, not {tuple(pictures.shape)}.")
        seen = self.body(pictures).flatten(1)
        return Style(self.mean(seen), self.log_variance(seen))


class Painter(nn.Module):
    """A generator with the encoder of its styles: labels, int64 (B, size, size), and styles (B, latent) to pictures."""

    def __init__(
        self, classes: int = 151, size: int = 256, width: int = 64, hidden: int = 128, latent: int = 256,
        norm: str = "batch", channel_max: int = 1024, width_E: int = 64, norm_E: str = "instance",
    ) -> None:  # fmt: skip
        super().__init__()
        self.classes, self.size, self.latent = classes, size, latent
        self.G = Generator(classes, size, width, hidden, latent, norm=norm, channel_max=channel_max)
        self.E = Encoder(size, width_E, latent, norm_E)

    def forward(self, labels: Tensor, styles: Tensor) -> Tensor:
        return self.G(one_hot(labels, self.classes), styles)

    def style(self, pictures: Tensor) -> Tensor:
        """The style of pictures (B, 3, size, size), (B, latent): the middle of what the encoder says."""
        return self.E(pictures).mean


def initialize(module: nn.Module) -> None:
    """Weights from Xavier's normal distribution times 0.02, biases 0, as in the authors' code; for `network.apply`."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        weight = module.parametrizations.weight.original if hasattr(module, "parametrizations") else module.weight
        nn.init.xavier_normal_(weight, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
