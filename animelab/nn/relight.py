"""Light on a finished drawing, without a network: what a picture's own brightness says about its surface.

After the facts of PaintingLight (Zhang et al. 2020, "Generating Digital Painting Lighting Effects via RGB-space
Geometry"), an algorithm of our own. Taught in 08_colorization.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad


def slopes(pictures: Tensor) -> Tensor:
    """How brightness rises to the right and upward at all scales together: (B, 2, H, W), the steepest 1 long.

    pictures: (B, C, H, W); their channels are averaged. From the coarsest level of a pyramid to the finest, each sum is
    doubled in size and the level's own Sobel slopes are added.
    """
    sobel = pictures.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    kernels = torch.stack([sobel, -sobel.T])[:, None]
    levels = [pictures.mean(1, keepdim=True)]
    while min(levels[-1].shape[2:]) >= 8:
        levels.append(avg_pool2d(levels[-1], 2, ceil_mode=True))
    total = None
    for level in reversed(levels):
        found = conv2d(pad(level, (1, 1, 1, 1), mode="replicate"), kernels)
        if total is not None:
            found = found + interpolate(total, size=found.shape[2:], mode="bilinear", align_corners=False)
        total = found
    assert total is not None
    steepest = total.norm(dim=1, keepdim=True).amax((2, 3), keepdim=True)
    return total / steepest.clamp(1e-6)
