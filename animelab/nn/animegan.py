"""AnimeGANv2's networks: a fifth of CartoonGAN's weights, by inverted residual blocks (Chen, Liu, Chen 2019; v2 2020).

Taught in 09_cartoongan.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from animelab.nn.spectral import SpectralConv2d


class Block(nn.Sequential):
    """Convolution with reflected borders, layer norm over the whole picture, LeakyReLU."""

    def __init__(self, before: int, after: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(before, after, kernel, stride, groups=groups, bias=groups > 1),
            nn.GroupNorm(1, after),
            nn.LeakyReLU(0.2),
        )
        # A halving looks one pixel further to the right and down, as TensorFlow pads.
        self.border = (0, 1, 0, 1) if stride == 2 else (kernel // 2,) * 4

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(pad(x, self.border, mode="reflect"))


class InvertedResidual(nn.Module):
    """Twice as wide inside as outside, with a depthwise convolution there (Sandler et al. 2018)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        wide = 2 * before
        self.body = nn.Sequential(
            Block(before, wide, 1), Block(wide, wide, 3, groups=wide), nn.Conv2d(wide, after, 1, bias=False),
            nn.GroupNorm(1, after),
        )  # fmt: skip
        self.shortcut = before == after

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + (x if self.shortcut else 0)


class Generator(nn.Module):
    """A photograph (B, 3, H, W) in [-1, 1], sides multiples of 4, to a drawing of the same size.

    `align_corners` is how it enlarges: False, as the test.py of the PyTorch port, or True, as its face2paint.
    """

    def __init__(self, width: int = 32, blocks: int = 4) -> None:
        super().__init__()
        self.align_corners = False
        w = width
        self.shrink = nn.Sequential(Block(3, w, 7), Block(w, 2 * w, 3, 2), Block(2 * w, 2 * w))
        self.shrink_more = nn.Sequential(Block(2 * w, 4 * w, 3, 2), Block(4 * w, 4 * w))
        self.think = nn.Sequential(
            Block(4 * w, 4 * w), InvertedResidual(4 * w, 8 * w),
            *(InvertedResidual(8 * w, 8 * w) for _ in range(blocks - 1)), Block(8 * w, 4 * w),
        )  # fmt: skip
        self.grow = nn.Sequential(Block(4 * w, 4 * w), Block(4 * w, 4 * w))
        self.grow_more = nn.Sequential(Block(4 * w, 2 * w), Block(2 * w, 2 * w), Block(2 * w, w, 7))
        self.paint = nn.Conv2d(w, 3, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.think(self.shrink_more(self.shrink(x)))
        for stage in (self.grow, self.grow_more):
            x = stage(interpolate(x, scale_factor=2, mode="bilinear", align_corners=self.align_corners))
        return self.paint(x).tanh()


@torch.no_grad()
def initialize(module: nn.Module) -> None:
    """To `.apply`: each convolution begins as a rotation of its channels, place by place (Xiao et al. 2018).

    With layer norm over whole pictures, and without shortcuts, a narrow generator begun at random loses the detail.
    """
    if isinstance(module, nn.Conv2d):
        rotation = torch.ones(module.weight.shape[:2])  # under a depthwise convolution a channel stays what it is
        if module.groups == 1:
            nn.init.orthogonal_(rotation)
        nn.init.zeros_(module.weight)
        module.weight[:, :, module.kernel_size[0] // 2, module.kernel_size[1] // 2] = rotation


class Discriminator(nn.Sequential):
    """Pictures (B, 3, H, W) to a map of logits (B, 1, H/4, W/4), with spectral norm throughout."""

    def __init__(self, width: int = 32) -> None:
        def convolution(before: int, after: int, stride: int = 1) -> nn.Module:
            return SpectralConv2d(before, after, 3, stride, 1, bias=False)

        leak = nn.LeakyReLU(0.2)
        layers: list[nn.Module] = [convolution(3, width), leak]
        before = width
        for after in (2 * width, 4 * width):
            layers += [
                convolution(before, after, 2),
                leak,
                convolution(after, 2 * after),
                nn.GroupNorm(1, 2 * after),
                leak,
            ]
            before = 2 * after
        layers += [convolution(before, before), nn.GroupNorm(1, before), leak]
        super().__init__(*layers, convolution(before, 1))
