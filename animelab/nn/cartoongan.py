"""CartoonGAN: photographs to drawings without pairs, and a discriminator that has also seen drawings without edges.

Chen, Lai, Liu 2018. Taught in 09_cartoongan.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, pad
from torchvision.transforms.functional import gaussian_blur

from animelab.errors import LabError
from animelab.nn.arguments import checked


class Residual(nn.Module):
    """Two convolutions beside a shortcut, with reflected borders."""

    def __init__(self, width: int, plain: bool = False) -> None:
        super().__init__()
        borders: Any = "zeros" if plain else "reflect"
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, padding_mode=borders), nn.InstanceNorm2d(width, affine=not plain),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, padding_mode=borders), nn.InstanceNorm2d(width, affine=not plain),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Sequential):
    """A photograph (B, 3, H, W) in [-1, 1], sides multiples of 4, to a drawing of the same size.

    plain: borders of zeros and norms without weights, as znxlwm's code for PyTorch has them.
    """

    def __init__(self, blocks: int = 8, width: int = 64, plain: bool = False) -> None:
        def norm(channels: int) -> list[nn.Module]:
            return [nn.InstanceNorm2d(channels, affine=not plain), nn.ReLU()]

        borders: Any = "zeros" if plain else "reflect"
        layers: list[nn.Module] = [nn.Conv2d(3, width, 7, 1, 3, padding_mode=borders), *norm(width)]
        for channels in (width, 2 * width):
            more = 2 * channels
            layers += [nn.Conv2d(channels, more, 3, 2, 1), nn.Conv2d(more, more, 3, 1, 1), *norm(more)]
        layers += [Residual(4 * width, plain) for _ in range(blocks)]
        for channels in (4 * width, 2 * width):
            less = channels // 2
            layers += [nn.ConvTranspose2d(channels, less, 3, 2, 1, 1), nn.Conv2d(less, less, 3, 1, 1), *norm(less)]
        super().__init__(*layers, nn.Conv2d(width, 3, 7, 1, 3, padding_mode=borders), nn.Tanh())


class Discriminator(nn.Sequential):
    """Pictures (B, 3, H, W) to a map of logits (B, 1, H/4, W/4)."""

    def __init__(self, width: int = 32) -> None:
        leak = nn.LeakyReLU(0.2)
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, 1, 1), leak]
        before = width
        for after in (2 * width, 4 * width):
            layers += [nn.Conv2d(before, after, 3, 2, 1), leak, nn.Conv2d(after, 2 * after, 3, 1, 1)]
            layers += [nn.InstanceNorm2d(2 * after, affine=True), leak]
            before = 2 * after
        layers += [nn.Conv2d(before, before, 3, 1, 1), nn.InstanceNorm2d(before, affine=True), leak]
        super().__init__(*layers, nn.Conv2d(before, 1, 3, 1, 1))


@checked()
def slopes(pictures: Tensor) -> Tensor:
    """How steeply brightness changes at each pixel of pictures (B, 3, H, W), by Sobel: (B, 1, H, W), from 0."""
    gray = (pictures * pictures.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    sobel = pictures.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    both = conv2d(pad(gray, (1, 1, 1, 1), mode="replicate"), torch.stack([sobel, sobel.T])[:, None])
    return both.norm(dim=1, keepdim=True)


@checked(threshold=(0.0, 10.0))
def edges(pictures: Tensor, threshold: float = 0.25) -> Tensor:
    """Where brightness changes at once: bool (B, 1, H, W), of pictures (B, 3, H, W) in [-1, 1]."""
    return slopes(pictures) > threshold


def sharpness(pictures: Tensor, truth: Tensor) -> Tensor:
    """How steep pictures (B, 3, H, W) are where the truth has an edge, as a share of the truth's slope, a scalar."""
    return slopes(pictures)[edges(truth)].mean() / slopes(truth)[edges(truth)].mean()


@checked(reach=(1, 255))
def edge_smoothed(pictures: Tensor, reach: int = 5) -> Tensor:
    """CartoonGAN's third set (section 3.2.1): drawings (B, 3, H, W) whose edges, and nothing else, are blurred.

    The paper finds edges by Canny's method, we by a threshold. They are widened to `reach` pixels, and a Gaussian blur
    of that reach shows there.
    """
    if reach % 2 == 0 or reach // 2 >= min(pictures.shape[2:]):
        raise LabError(f"reach is odd, and its half smaller than the pictures; {reach} is not.")
    near = max_pool2d(edges(pictures).float(), reach, 1, reach // 2)
    return torch.lerp(pictures, gaussian_blur(pictures, reach), near)
