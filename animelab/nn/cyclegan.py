"""The networks of CycleGAN: a generator that keeps the picture's size in its middle, and a discriminator of patches.

Zhu et al. 2017, section 4 and appendix 7.2. Taught in 05_cyclegan.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn.pix2pix import NORMS


class Residual(nn.Module):
    """Two convolutions beside a shortcut, with reflected borders and no activation after the sum."""

    def __init__(self, width: int, norm: str = "instance") -> None:
        super().__init__()
        normed, bias = NORMS[norm], norm == "instance"
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, padding_mode="reflect", bias=bias),
            normed(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, padding_mode="reflect", bias=bias),
            normed(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Sequential):
    """A picture (B, channels_in, H, W) in [-1, 1] to another (B, channels_out, H, W): halvings, blocks, doublings.

    H and W are multiples of 4, at least 16. The paper takes 9 blocks for 256 pixels and 6 for 128, and norm "instance";
    its authors' code can have "batch" and "none" as well.
    """

    def __init__(
        self, blocks: int = 9, width: int = 64, channels_in: int = 3, channels_out: int = 3, norm: str = "instance"
    ) -> None:
        def normed(channels: int) -> list[nn.Module]:
            return [NORMS[norm](channels), nn.ReLU()]

        bias = norm == "instance"  # the other two have a bias of their own, or none
        first = nn.Conv2d(channels_in, width, 7, 1, 3, padding_mode="reflect", bias=bias)
        layers: list[nn.Module] = [first, *normed(width)]
        for channels in (width, 2 * width):
            layers += [nn.Conv2d(channels, 2 * channels, 3, 2, 1, bias=bias), *normed(2 * channels)]
        layers += [Residual(4 * width, norm) for _ in range(blocks)]
        for channels in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(channels, channels // 2, 3, 2, 1, output_padding=1, bias=bias)
            layers += [up, *normed(channels // 2)]
        super().__init__(*layers, nn.Conv2d(width, channels_out, 7, 1, 3, padding_mode="reflect"), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if height % 4 or width % 4 or min(height, width) < 16:
            raise LabError(f"This generator takes sides that are multiples of 4 from 16, not {height} x {width}.")
        return super().forward(x)


class Pair(nn.Module):
    """Both directions, `a_to_b` and `b_to_a`; called like a network it goes from A to B."""

    def __init__(self, blocks: int = 9, width: int = 64) -> None:
        super().__init__()
        self.a_to_b, self.b_to_a = Generator(blocks, width), Generator(blocks, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.a_to_b(x)


class Discriminator(nn.Sequential):
    """Pictures (B, channels, H, W) to a map of logits, one for each patch of 70 x 70 pixels when `layers` is 3."""

    def __init__(self, channels: int = 3, width: int = 64, layers: int = 3) -> None:
        wide = [width * min(8, 2**level) for level in range(layers + 1)]
        body: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for level, (before, after) in enumerate(pairwise(wide), 1):
            body += [nn.Conv2d(before, after, 4, 2 if level < layers else 1, 1)]
            body += [nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)]
        super().__init__(*body, nn.Conv2d(wide[-1], 1, 4, 1, 1))
