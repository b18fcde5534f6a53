"""Lines by subtraction: the extended difference of Gaussians (Winnemöller et al. 2012). Taught in 08_colorization."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from animelab.errors import LabError
from animelab.nn.arguments import checked

GRAY = (0.299, 0.587, 0.114)


def ink(fine: Tensor, wide: Tensor, sharpness: float, level: float, slope: float) -> Tensor:
    """XDoG's lines, paper 1, of two blurred grays (B, 1, H, W) in [0, 1], the second blurred more.

    S = (1 + sharpness) fine - sharpness wide; paper where S reaches `level`, below it 1 + tanh(slope (S - level)).
    """
    contrast = (1 + sharpness) * fine - sharpness * wide
    return torch.where(contrast >= level, 1.0, 1 + torch.tanh(slope * (contrast - level)))


@checked(sigma=(0.1, 64.0), k=(1.0, 16.0), level=(-100.0, 100.0))
def xdog(
    pictures: Tensor,
    sigma: float = 0.6,
    k: float = 1.6,
    sharpness: float = 20.0,
    level: float = 0.2,
    slope: float = 8.0,
    ink: Callable[..., Tensor] = ink,
) -> Tensor:
    """Line drawings (B, 1, H, W) in [-1, 1], ink dark, of pictures (B, 3, H, W) in [-1, 1].

    Of grays in [0, 1], one blurred by sigma (in pixels) and one by k sigma. ink: what makes lines of the two, and of
    the three numbers; a learner's own fits.
    """
    if ceil(3 * k * sigma) >= min(pictures.shape[2:]):
        raise LabError(f"A blur by {k * sigma:g} pixels reaches beyond pictures of {tuple(pictures.shape[2:])}.")
    gray = torch.einsum("c,bchw->bhw", pictures.new_tensor(GRAY), (pictures + 1) / 2)[:, None]
    fine, wide = (gaussian_blur(gray, 2 * ceil(3 * s) + 1, s) for s in (sigma, k * sigma))
    return ink(fine, wide, sharpness, level, slope) * 2 - 1
