"""Light on a finished drawing, without a network: guess the surface, then ask how squarely the lamp meets it.

After facts of PaintingLight (Zhang et al. 2020) and Lumo (Johnston 2002), by algorithms of our own. Taught in
08_colorization.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import label
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, normalize, pad
from torchvision.transforms.functional import gaussian_blur

from animelab import limits
from animelab.errors import LabError
from animelab.nn.arguments import checked

TINT, WARM = (0.84, 0.76, 0.92), (1.0, 0.96, 0.84)  # a shadow is cool, a lamp is warm


@checked(heights=(None, 1, None, None))
def rises(heights: Tensor) -> Tensor:
    """How heights (B, 1, H, W) rise for each pixel to the right and upward, by Sobel: (B, 2, H, W)."""
    sobel = heights.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    return conv2d(pad(heights, (1, 1, 1, 1), mode="replicate"), torch.stack([sobel, -sobel.T])[:, None])


@checked(pictures=None)
def by_paint(pictures: Tensor) -> Tensor:
    """A surface from brightness alone: what is darker is nearer. Rises (B, 2, H, W), at most 1.

    pictures: (B, C, H, W). PaintingLight's pyramid, much simplified (it also reads the density of strokes): from the
    coarsest level to the finest, the level's rises are added to what was found before, doubled in size.
    """
    levels = [-pictures.mean(1, keepdim=True)]
    while min(levels[-1].shape[2:]) >= 8:
        levels.append(avg_pool2d(levels[-1], 2, ceil_mode=True))
    total = rises(levels.pop())
    for level in reversed(levels):
        total = rises(level) + interpolate(total, size=level.shape[2:], mode="bilinear", align_corners=False)
    return total / total.norm(dim=1).amax((1, 2)).clamp(1e-6)[:, None, None, None]


@checked(lines=1)
def silhouette(lines: Tensor) -> Tensor:
    """What of line art (B, 1, H, W) in [-1, 1] is figure, bool: all that cannot be reached from the sides.

    Water poured in at the upper third of both sides flows over paper and not over ink; where the outline has a gap, it
    also fills the figure.
    """
    found = []
    for paper in (lines[:, 0] > 0.84).cpu().numpy():
        places, _ = label(paper)
        third = len(places) // 3
        wet = np.unique(np.concatenate([places[:third, 0], places[:third, -1]]))
        found.append(~np.isin(places, wet[wet > 0]))
    return torch.from_numpy(np.stack(found))[:, None].to(lines.device)


@checked(figure=1)
def by_outline(figure: Tensor) -> Tensor:
    """A surface from the outline alone, Lumo's idea: a figure swells from its edge. Rises (B, 2, H, W).

    figure: bool (B, 1, H, W). Its blurred mask is the hill; the blur is a sixteenth of the picture wide, and has no
    detail that 128 pixels could not hold.
    """
    sides, mask = figure.shape[2:], figure.float()
    if max(sides) > 128:
        mask = interpolate(mask, size=[max(1, side * 128 // max(sides)) for side in sides], mode="area")
    sigma = max(mask.shape[2:]) / 16
    reach = 2 * min(round(3 * sigma), min(mask.shape[2:]) - 1) + 1
    slopes = rises(gaussian_blur(mask, reach, sigma)) * 3 * sigma
    return interpolate(slopes, size=sides, mode="bicubic", align_corners=False)


@checked(rises=(None, 2, None, None))
def normals(rises: Tensor) -> Tensor:
    """Unit vectors (B, 3, H, W), x to the right, y up, z to the viewer, of a surface that rises so (B, 2, H, W)."""
    return normalize(torch.cat([-rises, torch.ones_like(rises[:, :1])], 1), dim=1)


@checked(normals=(None, 3, None, None), toward=())
def squarely(normals: Tensor, toward: Tensor) -> Tensor:
    """Lambert's cosine, (B, H, W) from 0 to 1, of unit normals (B, 3, H, W).

    toward: (3,) or, for each pixel its own, (3, H, W): the direction to the lamp, of any length.
    """
    if toward.shape not in ((3,), (3, *normals.shape[2:])):
        raise LabError(f"toward is one direction (3,), or one for each pixel (3, H, W), not {tuple(toward.shape)}.")
    toward = normalize(toward, dim=0)
    return (normals * toward.reshape(3, *toward.shape[1:] or (1, 1))).sum(1).clamp(0)


@checked(normals=(None, 3, None, None))
def cosines(normals: Tensor, lamp: tuple[float, float, float]) -> Tensor:
    """How squarely a lamp's light falls on unit normals (B, 3, H, W): (B, H, W) from 0 to 1, Lambert's cosine.

    lamp: x to the right and y down, in shares of the picture, and its height above it in widths.
    """
    high, wide = normals.shape[2:]
    right, down, height = limits.numbers("lamp", lamp, 3).tolist()
    y, x = torch.meshgrid(torch.arange(high) + 0.5, torch.arange(wide) + 0.5, indexing="ij")
    toward = torch.stack([right - x / wide, (y / high - down) * high / wide, torch.full_like(x, height)])
    return squarely(normals, toward.to(normals.device))


@checked(colors=(3, None, None), cosines=(None, None), figure=(None, None))
def light_layer(colors: Tensor, cosines: Tensor, figure: Tensor) -> np.ndarray:
    """A layer to lay over a picture, uint8 (H, W, 4): shadow where the cosine is below a half, a little glow above 0.9.

    colors: (3, H, W) in [-1, 1]; cosines: (H, W); figure: (H, W), bool or 0 to 1, what is lit. A shadow has the
    picture's own color multiplied with itself, darker and richer, and a cool tint. Alpha says how much of it.
    """
    shadow, glow = ((0.5 - cosines) * 6 + 0.5).clamp(0, 1), ((cosines - 0.9) * 10).clamp(0, 1)
    shares = (colors + 1) / 2
    dark = shares**1.6 * shares.new_tensor(TINT)[:, None, None]
    layer = torch.where(shadow > 0, dark, shares.new_tensor(WARM)[:, None, None])
    alpha = torch.maximum(0.8 * shadow, 0.2 * glow) * figure
    return (torch.cat([layer, alpha[None]]) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
