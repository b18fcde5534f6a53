"""Distances between two pictures of the same thing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, normalize

from animelab import limits
from animelab.errors import LabError
from animelab.metrics.sets import tagger
from animelab.nn.colorization import middles


def _alike(a: Tensor, b: Tensor, least: int = 1, channels: int | None = None) -> tuple[Tensor, Tensor]:
    a, b = limits.pictures(a, channels=channels), limits.pictures(b, channels=channels)
    if a.shape != b.shape or min(a.shape[2:]) < least:
        raise LabError(
            f"Two batches (B, C, H, W) of the same shape and at least {least} px are compared, "
            f"not {tuple(a.shape)} and {tuple(b.shape)}."
        )
    return a, b


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each pair in decibels, (B,); higher is closer, equal pictures give infinity.

    Pictures (B, C, H, W) in [-1, 1]. Taught in 04_pix2pix.
    """
    a, b = _alike(a, b)
    return 10 * torch.log10(4 / (a - b).square().mean((1, 2, 3)))


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity of each pair, (B,): 1 for equal pictures.

    Pictures (B, C, H, W) in [-1, 1], at least 11 px; windows of 11 pixels, sigma 1.5 (Wang et al. 2004, section III).
    """
    a, b = _alike(a, b, 11)
    x = torch.arange(11, dtype=a.dtype, device=a.device) - 5
    bell = torch.exp(-x.square() / 4.5)
    channels = a.shape[1]
    window = (bell[:, None] * bell / bell.sum() ** 2).expand(channels, 1, 11, 11)
    m, n, aa, bb, ab = (conv2d(x, window, groups=channels) for x in (a, b, a * a, b * b, a * b))
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    top = (2 * m * n + c1) * (2 * (ab - m * n) + c2)
    return (top / ((m * m + n * n + c1) * (aa - m * m + bb - n * n + c2))).mean((1, 2, 3))


def perceptual(a: Tensor, b: Tensor) -> Tensor:
    """How different two pictures look to the tagger, (B,): 0 for equal ones; smaller is closer.

    Pictures (B, 3, H, W) in [-1, 1]. At every depth, squared differences of unit feature vectors, averaged over the
    picture: the idea of LPIPS (Zhang et al. 2018, section 3) with features of our own and no learned weights.
    """
    parts = zip(*(each.split(64) for each in _alike(a, b, channels=3)))
    return torch.cat([seen_difference(*part) for part in parts])


def seen_difference(a: Tensor, b: Tensor) -> Tensor:
    """The same without a look at what is compared, for every step of a search."""
    pairs = zip(tagger().maps(a.float().cpu()), tagger().maps(b.float().cpu()))
    depths = [(normalize(x, dim=1) - normalize(y, dim=1)).square().sum(1).mean((1, 2)) for x, y in pairs]
    return torch.stack(depths).mean(0)


def obedience(pictures: Tensor, hints: Tensor) -> Tensor:
    """How far the colors under dots are from the dots', a mean over all of them; 0 is perfect, black to white is 441.

    pictures: (B, 3, H, W) in [-1, 1]; hints: (B, 4, H, W), as from `nn.colorization.hints`; of dots larger than a pixel
    the rim does not count, which may lie on ink. LabError without any dot. Taught in 08_colorization.
    """
    pictures = limits.pictures(pictures)
    hints = limits.pictures(hints, "Hints", 4)
    if pictures.shape[::2] != hints.shape[::2] or pictures.shape[3] != hints.shape[3]:
        raise LabError(f"Pictures and hints have one size, not {tuple(pictures.shape)} and {tuple(hints.shape)}.")
    dots = middles(hints)[:, 0]
    if not dots.any():
        raise LabError("Without a dot there is nothing to follow: give hints with at least one.")
    return (pictures - hints[:, :3]).norm(dim=1)[dots].mean() * 127.5


def leak(before: Tensor, after: Tensor, region: Tensor) -> float:
    """Which share of the change between pictures (B, 3, H, W) lies outside of a region, bool (B, 1, H, W): 0 to 1.

    LabError when nothing changed. Taught in 08_colorization.
    """
    before, after = _alike(before, after, channels=3)
    region = limits.numbers("A region", region, len(before), 1, *before.shape[2:]) > 0
    change = (after - before).abs().sum(1, keepdim=True)
    if not change.any():
        raise LabError("Nothing changed between the two, so nothing can have leaked; put a dot of another color.")
    return float((change * ~region).sum() / change.sum())
