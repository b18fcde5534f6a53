"""The networks of CUT: CycleGAN's, which blur before they halve, and one that puts places of their maps side by side.

Park et al. 2020, section 3 and appendix C.1, and their code. Taught in 05_cyclegan.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, normalize, pad

from animelab.errors import LabError
from animelab.nn.cyclegan import Residual
from animelab.nn.pix2pix import NORMS


class Halve(nn.Module):
    """Maps (B, C, H, W) to half of their sides: a blur by 1, 2, 1, then every second pixel (Zhang 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)  # in which a CPU pools six times faster
        return avg_pool2d(avg_pool2d(pad(x, (1, 1, 1, 1), "reflect"), 2, 1), 2)  # 1, 1 upon 1, 1 is 1, 2, 1


class Generator(nn.Module):
    """A picture (B, 3, H, W) in [-1, 1] to another: CycleGAN's, but that it blurs where it halves and doubles.

    H and W are multiples of 4, at least 16. `features` are what the paper compares: maps at five depths of the encoder,
    the picture itself among them. norm: "instance" as in the paper, or "layer", "batch" or "none"; shortcuts hand the
    maps of the way down across to the way up, as in a U-Net. The paper has none.
    """

    def __init__(self, blocks: int = 9, width: int = 64, norm: str = "instance", shortcuts: bool = False) -> None:
        super().__init__()

        def layer(before: int, after: int, kernel: int = 3) -> list[nn.Module]:
            border: Any = "reflect" if kernel == 7 else "zeros"
            convolution = nn.Conv2d(
                before, after, kernel, 1, kernel // 2, padding_mode=border, bias=norm in ("instance", "none")
            )
            return [convolution, NORMS[norm](after), nn.ReLU()]

        twice = 2 if shortcuts else 1
        layers = layer(3, width, 7)
        for wide in (width, 2 * width):
            layers += [*layer(wide, 2 * wide), Halve()]
        layers += [Residual(4 * width, norm) for _ in range(blocks)]
        for before, after in ((4 * width, 2 * width), (2 * width * twice, width)):
            layers += [nn.Upsample(scale_factor=2, mode="bilinear"), *layer(before, after)]
        self.layers = nn.ModuleList([*layers, nn.Conv2d(width * twice, 3, 7, 1, 3, padding_mode="reflect"), nn.Tanh()])
        self.depths = (3, 7, 11, 11 + blocks // 2)  # behind both convolutions that halvings follow, and two blocks
        self.kept = {len(layers): 2, len(layers) - 4: 6} if shortcuts else {}  # where a map joins, and whence it comes

    def forward(self, x: Tensor) -> Tensor:
        return self.both(x)[0]

    def features(self, x: Tensor) -> list[Tensor]:
        """Five maps of the encoder, whose work ends with the last of them."""
        return self._through(x, self.depths[-1] + 1)[1]

    def both(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The answer, and the features of x, which it had to compute anyway."""
        return self._through(x, len(self.layers))

    def _through(self, x: Tensor, end: int) -> tuple[Tensor, list[Tensor]]:
        height, width = x.shape[-2:]
        if height % 4 or width % 4 or min(height, width) < 16:
            raise LabError(f"This generator takes sides that are multiples of 4 from 16, not {height} x {width}.")
        given, maps = x, list[Tensor]()
        for place, layer in enumerate(list(self.layers)[:end]):
            x = layer(torch.cat([x, maps[self.kept[place]]], 1) if place in self.kept else x)
            maps.append(x)
        return x, [given, *(maps[place] for place in self.depths)]


class Discriminator(nn.Sequential):
    """Pictures (B, 3, H, W) to a map of logits: CycleGAN's, but that it blurs where it halves."""

    def __init__(self, channels: int = 3, width: int = 64, layers: int = 3) -> None:
        wide = [width * min(8, 2**level) for level in range(layers + 1)]
        body: list[nn.Module] = [nn.Conv2d(channels, width, 4, 1, 1), nn.LeakyReLU(0.2), Halve()]
        for level, (before, after) in enumerate(pairwise(wide), 1):
            body += [nn.Conv2d(before, after, 4, 1, 1), nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)]
            body += [Halve()] if level < layers else []
        super().__init__(*body, nn.Conv2d(wide[-1], 1, 4, 1, 1))


class Patches(nn.ModuleList):
    """Some places of a generator's five maps as directions: each depth has two layers of its own (Chen et al. 2020).

    width: the generator's; code: numbers a place becomes.
    """

    def __init__(self, width: int = 64, code: int = 256) -> None:
        depths = (3, 2 * width, 4 * width, 4 * width, 4 * width)
        super().__init__(nn.Sequential(nn.Linear(wide, code), nn.ReLU(), nn.Linear(code, code)) for wide in depths)

    def forward(self, features: list[Tensor], places: list[Tensor]) -> list[Tensor]:
        """Maps (B, C, H, W) and, for each, N places from 0 to H * W - 1: five times (B, N, code), of length 1."""
        chosen = (maps.flatten(2)[:, :, where].mT for maps, where in zip(features, places, strict=True))
        return [normalize(network(each).float(), dim=2) for network, each in zip(self, chosen, strict=True)]


def places(features: list[Tensor], count: int) -> list[Tensor]:
    """As many places of each map by chance, none twice; all, where there are fewer."""
    return [torch.randperm(maps.shape[2] * maps.shape[3])[:count].to(maps.device) for maps in features]


def initialize(module: nn.Module) -> None:
    """Weights by Glorot and Bengio's rule (2010), times 0.02, and biases 0, as in the authors' code."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_normal_(module.weight, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
