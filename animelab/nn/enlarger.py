"""A small network that enlarges pictures, a discriminator that judges every pixel, and pages of any size in tiles.

Residual blocks at the small size and a pixel shuffle at the end (Shi et al. 2016; Lim et al. 2017): all the work is done
where pixels are few, and no transposed convolution can leave a grid. Taught in 11_repair.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle
from torch.nn.utils.parametrizations import spectral_norm

from animelab import limits
from animelab.errors import LabError

LEVELS = 4  # of damage that it is told to remove: 0 is none


class Block(nn.Module):
    """Two convolutions beside a shortcut; between them, a shift of each channel for each level of damage."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.wide, self.back = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.Conv2d(width, width, 3, 1, 1)
        self.told, self.leak = nn.Embedding(LEVELS, width), nn.LeakyReLU(0.1)
        nn.init.zeros_(self.told.weight)
        with torch.no_grad():
            self.back.weight.mul_(0.1)  # at first a block changes little, however many there are

    def forward(self, x: Tensor, levels: Tensor) -> Tensor:
        return x + self.back(self.leak(self.wide(x) + self.told(levels)[:, :, None, None]))


class Enlarger(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1] to (B, 3, by H, by W), with damage of `levels` (B,), 0 to 3, taken away.

    by: 2 or 4; LabError for another. It begins as the nearest neighbor, and looks `reach` pixels far.
    """

    def __init__(self, width: int = 64, blocks: int = 16, by: int = 2) -> None:
        super().__init__()
        if by not in (2, 4):
            raise LabError(f"The enlarger learns to enlarge by 2 or by 4, not by {by}.")
        self.by, self.reach = by, 2 * blocks + 2
        self.first, self.last = nn.Conv2d(3, width, 3, 1, 1), nn.Conv2d(width, 3 * by * by, 3, 1, 1)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, pictures: Tensor, levels: Tensor | None = None) -> Tensor:
        levels = pictures.new_zeros(len(pictures), dtype=torch.int64) if levels is None else levels
        x = self.first(pictures)
        for block in self.blocks:
            x = block(x, levels)
        return interpolate(pictures, scale_factor=self.by) + pixel_shuffle(self.last(x), self.by)


class Discriminator(nn.Module):
    """Pictures (B, 3, H, W), sides multiples of 8, to a logit for every pixel, (B, 1, H, W).

    Real-ESRGAN's U-Net with spectral norm (Wang et al. 2021, section 3.3; after Schönfeld et al. 2020).
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        wide = [width * 2**level for level in range(4)]

        def convolution(before: int, after: int, kernel: int = 3) -> nn.Module:
            return spectral_norm(nn.Conv2d(before, after, kernel, kernel - 2, 1, bias=False))

        self.first, self.leak = nn.Conv2d(3, width, 3, 1, 1), nn.LeakyReLU(0.2)
        self.down = nn.ModuleList(convolution(wide[level], wide[level + 1], 4) for level in range(3))
        self.up = nn.ModuleList(convolution(wide[level + 1], wide[level]) for level in (2, 1, 0))
        self.judge = nn.Sequential(
            convolution(width, width), self.leak, convolution(width, width), self.leak, nn.Conv2d(width, 1, 3, 1, 1)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        seen = [self.leak(self.first(pictures))]
        for layer in self.down:
            seen.append(self.leak(layer(seen[-1])))
        x = seen.pop()
        for layer in self.up:
            x = self.leak(layer(interpolate(x, scale_factor=2, mode="bilinear"))) + seen.pop()
        return self.judge(x)


@torch.no_grad()
def enlarged(network: Enlarger, pixels: np.ndarray, level: int = 0, side: int = 256) -> np.ndarray:
    """One picture, uint8 (H, W, 3), tile by tile: uint8 (by H, by W, 3), the same as in one piece.

    level: of the damage to take away, 0 to 3; side: of a tile. Each comes with as much around it as the network looks
    at, and what becomes of that is cut off; so memory is for the result and one tile, however large the page.
    LabError for anything else than one picture of bytes.
    """
    limits.one_picture(pixels)
    by, reach, device = network.by, network.reach, network.first.weight.device
    levels = torch.tensor([limits.whole("level", level, (0, LEVELS - 1))], device=device)
    out = np.empty((by * pixels.shape[0], by * pixels.shape[1], 3), np.uint8)
    for top, left in itertools.product(*(range(0, length, side) for length in pixels.shape[:2])):
        y, x = max(0, top - reach), max(0, left - reach)
        part = torch.from_numpy(pixels[y : top + side + reach, x : left + side + reach].copy()).to(device)
        large = network(part.permute(2, 0, 1)[None] / 127.5 - 1, levels)[0].permute(1, 2, 0)
        large = ((large.clamp(-1, 1) + 1) * 127.5).round().byte().cpu().numpy()
        place = out[by * top : by * (top + side), by * left : by * (left + side)]
        place[:] = large[by * (top - y) :, by * (left - x) :][: len(place), : place.shape[1]]
    return out
