"""A small network that enlarges pictures, and pages of any size in tiles.

Residual blocks at the small size and a pixel shuffle at the end (Shi et al. 2016; Lim et al. 2017): the work is done
where pixels are few, and no transposed convolution can leave a grid. Taught in 11_repair.
"""

from __future__ import annotations

import io
import itertools

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from animelab import limits
from animelab.errors import LabError
from animelab.files import opened

LEVELS = 4  # of damage that it is told to remove: 0 is none


def compressed(picture: Tensor, quality: int) -> Tensor:
    """What a JPEG file of that quality, 1 to 100, keeps of a picture (1, 3, H, W) in [-1, 1]; on the CPU."""
    file, pixels = io.BytesIO(), ((picture[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0)
    Image.fromarray(pixels.numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(opened(file.getvalue())[0])).permute(2, 0, 1)[None] / 127.5 - 1


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
            raise LabError(f"by takes 2 or 4, not {by}: how many times as large.")
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


@torch.no_grad()
def enlarged(network: Enlarger, pixels: np.ndarray, level: int = 0, side: int = 256) -> np.ndarray:
    """One picture, uint8 (H, W, 3), tile by tile: uint8 (by H, by W, 3), the same as in one piece.

    A fourth channel is the transparency of what was laid on white, as from `files.opened`; the white is taken out
    again. level: of the damage to take away, 0 to 3; side: of a tile. Each comes with as much around it as the network
    looks at, and what becomes of that is cut off: memory is for the result and one tile, however large the page.
    LabError for anything else than one picture of bytes.
    """
    limits.one_picture(pixels[..., :3])
    by, reach, device = network.by, network.reach, network.first.weight.device
    levels = torch.tensor([limits.whole("level", level, (0, LEVELS - 1))], device=device)
    gray = bool((pixels[..., :1] == pixels[..., :3]).all())  # a page of ink stays without color
    out = np.empty((by * pixels.shape[0], by * pixels.shape[1], pixels.shape[2]), np.uint8)
    for top, left in itertools.product(*(range(0, length, side) for length in pixels.shape[:2])):
        y, x = max(0, top - reach), max(0, left - reach)
        part = torch.from_numpy(pixels[y : top + side + reach, x : left + side + reach].copy()).to(device)
        part = part.permute(2, 0, 1)[None] / 127.5 - 1
        large = (network(part[:, :3], levels).clamp(-1, 1) + 1) / 2
        if part.shape[1] == 4:
            solid = (network(part[:, 3:].expand(-1, 3, -1, -1), levels).mean(1, keepdim=True).clamp(-1, 1) + 1) / 2
            large = torch.cat([1 - ((1 - large) / solid.clamp(min=1 / 255)).clamp(0, 1), solid], 1)
        if gray:
            large[:, :3] = large[:, :3].mean(1, keepdim=True)
        place = out[by * top : by * (top + side), by * left : by * (left + side)]
        large = large[0, :, by * (top - y) :, by * (left - x) :][:, : place.shape[0], : place.shape[1]]
        place[:] = (large * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return out
