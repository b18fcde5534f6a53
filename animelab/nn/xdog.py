"""Lines by subtraction: the extended difference of Gaussians (Winnemöller et al. 2012). Taught in 08_colorization."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

GRAY = (0.299, 0.587, 0.114)


def xdog(
    pictures: Tensor,
    sigma: float = 0.6,
    k: float = 1.6,
    sharpness: float = 20.0,
    level: float = 0.2,
    slope: float = 8.0,
) -> Tensor:
    """Line drawings (B, 1, H, W) in [-1, 1], ink dark, of pictures (B, 3, H, W) in [-1, 1].

    On grays in [0, 1], S = (1 + sharpness) blur(sigma) - sharpness blur(k sigma); paper where S reaches `level`, below
    it 1 + tanh(slope (S - level)). sigma in pixels.
    """
    gray = torch.einsum("c,bchw->bhw", pictures.new_tensor(GRAY), (pictures + 1) / 2)[:, None]
    fine, wide = (gaussian_blur(gray, 2 * ceil(3 * s) + 1, s) for s in (sigma, k * sigma))
    contrast = (1 + sharpness) * fine - sharpness * wide
    lines = torch.where(contrast >= level, 1.0, 1 + torch.tanh(slope * (contrast - level)))
    return lines * 2 - 1
