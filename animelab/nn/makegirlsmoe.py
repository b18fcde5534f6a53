"""The networks of MakeGirlsMoe: a generator conditioned on attributes, and a discriminator that classifies them.

Jin et al. 2017, section 3.2 (arXiv 1708.05509). Taught in 03_attributes.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from animelab.errors import LabError


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut: BatchNorm in the generator, LeakyReLU in the discriminator."""

    def __init__(self, width: int, norm: bool) -> None:
        super().__init__()
        bend: nn.Module = nn.ReLU() if norm else nn.LeakyReLU(0.2)
        first, second = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, width, 3, 1, 1)
        layers = [first, nn.BatchNorm2d(width), bend, second, nn.BatchNorm2d(width)] if norm else [first, bend, second]
        self.body = nn.Sequential(*layers)
        self.after: nn.Module = nn.Identity() if norm else nn.LeakyReLU(0.2)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(x + self.body(x))


class Generator(nn.Module):
    """Latents (B, latent) and attributes (B, tags) to pictures (B, 3, size, size) in [-1, 1].

    An eighth of the side from the start, residual blocks, one long shortcut, three doublings by PixelShuffle: the
    network SRResNet, asked to invent instead of to enlarge. LabError for a size that is no multiple of 8 from 32.
    """

    def __init__(self, size: int = 128, latent: int = 128, tags: int = 34, width: int = 64, blocks: int = 16) -> None:
        super().__init__()
        if size % 8 or size < 32:
            raise LabError(f"This generator draws sizes that are multiples of 8 from 32, not {size}.")
        start = size // 8
        self.start = nn.Sequential(
            nn.Linear(latent + tags, width * start * start),
            nn.Unflatten(1, (width, start, start)),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            *(Residual(width, norm=True) for _ in range(blocks)),
            nn.Conv2d(width, width, 3, 1, 1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        up: list[nn.Module] = []
        for _ in range(3):
            up += [nn.Conv2d(width, 4 * width, 3, 1, 1), nn.PixelShuffle(2), nn.BatchNorm2d(width), nn.ReLU()]
        self.up = nn.Sequential(*up, nn.Conv2d(width, 3, 9, 1, 4), nn.Tanh())

    def forward(self, latents: Tensor, attributes: Tensor) -> Tensor:
        x = self.start(torch.cat([latents, attributes], 1))
        return self.up(x + self.blocks(x))


class Discriminator(nn.Module):
    """Pictures (B, 3, size, size) to a logit (B,) for real, and the auxiliary classifier's (B, tags); no norms.

    With the DRAGAN penalty a logit must depend on its own picture alone, so BatchNorm is out (Jin et al. 2017, section
    3.2).
    """

    def __init__(self, size: int = 128, tags: int = 34, width: int = 32) -> None:
        super().__init__()
        if size % 64:
            raise LabError(f"This discriminator takes pictures whose size is a multiple of 64, not {size}.")
        wide = [3, *(width * 2**level for level in range(6))]
        layers: list[nn.Module] = []
        for level, (before, after) in enumerate(pairwise(wide)):
            layers += [nn.Conv2d(before, after, 4 if level < 3 else 3, 2, 1), nn.LeakyReLU(0.2)]
            layers += [Residual(after, norm=False) for _ in range(2 if level < 5 else 0)]
        self.body = nn.Sequential(*layers, nn.Flatten())
        features = wide[-1] * (size // 64) ** 2
        self.real, self.tags = nn.Linear(features, 1), nn.Linear(features, tags)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(pictures)
        return self.real(features).flatten(), self.tags(features)


def initialize(discriminator: Discriminator) -> None:
    """He initialization (He et al. 2015), in place, except that residual blocks begin by doing nothing.

    The paper names no first weights. With PyTorch's own, each of the 26 layers shrinks what passes through it, no norm
    repairs that, and D needs ten times as long to see a hair color.
    """
    for module in discriminator.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=0.2)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    for module in discriminator.modules():
        if isinstance(module, Residual):
            nn.init.zeros_(module.body[2].weight)  # type: ignore[arg-type]
