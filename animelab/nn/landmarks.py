"""A small network that finds five points of a face. Taught in 05_cyclegan and 10_ugatit."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mean_places(maps: Tensor) -> Tensor:
    """Soft argmax: logits (B, K, H, W) to the mean place under each map's softmax, (B, K, 2), x and y in its pixels."""
    share = maps.flatten(2).softmax(2).view_as(maps)
    x, y = (torch.arange(side, device=maps.device) + 0.5 for side in maps.shape[:1:-1])
    return torch.stack([share.sum(2) @ x, share.sum(3) @ y], 2)


class Finder(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1], about 64 px, to five points (B, 5, 2), x and y in pixels.

    Both eyes, nose, both corners of the mouth, each the mean place under the softmax of a map.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for after, stride in ((width, 2), (width, 1), *((2 * width, stride) for stride in (2, 1, 1, 1))):
            layers += [nn.Conv2d(before, after, 5, stride, 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            before = after
        self.maps = nn.Sequential(*layers, nn.Conv2d(before, 5, 5, 1, 2))

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.maps(pictures).float()
        return pictures.shape[-1] / maps.shape[-1] * mean_places(maps)
