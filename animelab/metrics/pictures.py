"""Distances between two pictures of the same thing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from animelab import limits
from animelab.errors import LabError
from animelab.metrics.sets import tagger
from animelab.nn.colorization import middles


def _alike(a: Tensor, b: Tensor, channels: int | None = None) -> tuple[Tensor, Tensor]:
    a, b = limits.pictures(a, channels=channels), limits.pictures(b, channels=channels)
    if a.shape != b.shape:
        raise LabError(f"Two batches of the same shape are compared, not {tuple(a.shape)} and {tuple(b.shape)}.")
    return a, b


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each pair in decibels, (B,); higher is closer, equal pictures give infinity.

    Pictures (B, C, H, W) in [-1, 1]. Taught in 04_pix2pix.
    """
    a, b = _alike(a, b)
    return 10 * torch.log10(4 / (a - b).square().mean((1, 2, 3)))


def perceptual(a: Tensor, b: Tensor) -> Tensor:
    """How different two pictures look to the tagger, (B,): 0 for equal ones; smaller is closer.

    Pictures (B, 3, H, W) in [-1, 1]. At every depth, squared differences of unit feature vectors, averaged over the
    picture: the idea of LPIPS (Zhang et al. 2018, section 3) with features of our own and no learned weights.
    """
    return torch.cat([seen_difference(*part) for part in zip(*(each.split(64) for each in _alike(a, b, channels=3)))])


def seen_difference(a: Tensor, b: Tensor) -> Tensor:
    """The same without a look at what is compared, for every step of a search."""
    pairs = zip(tagger().maps(a.float().cpu()), tagger().maps(b.float().cpu()))
    depths = [(normalize(x, dim=1) - normalize(y, dim=1)).square().sum(1).mean((1, 2)) for x, y in pairs]
    return torch.stack(depths).mean(0)


def grid_energy(pictures: Tensor, period: int = 4) -> float:
    """How much stronger pictures are at the frequencies of a grid of `period` pixels than beside them; 1 is no grid.

    pictures: (B, 3, H, W), a square whose side is a multiple of `period`, at least 12 of them. A mean over the
    frequencies of the grid: power in the 3 x 3 steps there, by the median power up to 6 steps around. What leaves a
    grid is a stride of the network, and so the period is a product of its strides. LabError for pictures that are flat.
    Taught in 09_cartoongan.
    """
    side, period = limits.pictures(pictures, channels=3).shape[-1], limits.whole("period", period, (2, 64))
    if pictures.shape[-2] != side or side % period or side < 12 * period:
        raise LabError(f"A grid of {period} px is looked for in squares of a multiple of it from {12 * period} px.")
    window = torch.hann_window(side).to(pictures.device)
    gray = pictures.float().mean(1)
    power = torch.fft.fft2(gray * window * window[:, None]).abs().square().mean(0)
    around = [power.roll((-y, -x), (0, 1)).roll((6, 6), (0, 1))[:13, :13]
              for y in range(0, side, side // period) for x in range(0, side, side // period) if x or y]  # fmt: skip
    if min(float(each.median()) for each in around) == 0:
        raise LabError("Flat pictures have no frequencies to compare; give others.")
    return float(torch.stack([each[5:8, 5:8].mean() / each.median() for each in around]).mean())


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
