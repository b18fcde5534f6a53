"""Two small networks that name a character's attributes: a tagger to measure with, and an examiner of another build.

Taught in 02_studio.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d, interpolate

from animelab.studio import TAGS

GROUPS = {
    "hair color": [i for i, tag in enumerate(TAGS) if tag.endswith(" hair")],
    "eye color": [i for i, tag in enumerate(TAGS) if tag.endswith(" eyes")],
}
"""Attributes of which a character has exactly one: name -> their columns in `studio.TAGS`."""
SIDE = 64  # pixels; pictures of other sizes are resized to it


def _resized(pictures: Tensor) -> Tensor:
    if pictures.shape[-1] == SIDE:
        return pictures
    return interpolate(pictures, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)


class Residual(nn.Module):
    """Half the size, another width: two convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(wide_in, wide_out, 1, bias=False))
        self.body = nn.Sequential(
            nn.Conv2d(wide_in, wide_out, 3, 2, 1, bias=False),
            nn.BatchNorm2d(wide_out),
            nn.ReLU(),
            nn.Conv2d(wide_out, wide_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(wide_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.shortcut(x) + self.body(x))


class Tagger(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1] to one logit per attribute, (B, tags); its features measure distances."""

    def __init__(self, tags: int = 34, width: int = 32) -> None:
        super().__init__()
        wide = [width, 2 * width, 4 * width, 4 * width]
        stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.stages = nn.ModuleList([stem, *(Residual(a, b) for a, b in pairwise(wide))])
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(8 * width, tags))

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """What each stage sees, from fine to coarse: (B, C, side, side) with sides 32, 16, 8, 4."""
        found = [_resized(pictures)]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return found[1:]

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 8 * width) numbers that describe a picture: the means of the last two stages."""
        return torch.cat([x.mean((2, 3)) for x in self.maps(pictures)[-2:]], 1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(pictures))


class Examiner(nn.Module):
    """A second opinion: depthwise convolutions, GroupNorm and maxima, so that it fails in other places.

    Pictures (B, 3, H, W) in [-1, 1] to logits (B, tags). It only examines: nothing is trained through it.
    """

    def __init__(self, tags: int = 34, width: int = 48) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.GELU()]
        for i in range(3):
            wide = width * 2**i
            for _ in range(2):
                layers += [nn.Conv2d(wide, wide, 5, 1, 2, groups=wide), nn.GroupNorm(1, wide)]
                layers += [nn.Conv2d(wide, wide, 1), nn.GELU()]
            layers += [nn.Conv2d(wide, 2 * wide, 2, 2), nn.GELU()] if i < 2 else []
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(4 * width, tags)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(adaptive_max_pool2d(self.body(_resized(pictures)), 1).flatten(1))
