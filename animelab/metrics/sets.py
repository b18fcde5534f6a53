"""Distances between two sets of pictures, in the features of the course's own tagger.

They are built like FID and KID and are not them: other features, other numbers, never to be compared.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from animelab import limits, zoo
from animelab.errors import LabError
from animelab.nn.tagger import Tagger


@lru_cache(maxsize=1)
def tagger() -> Tagger:
    """The bundled tagger, on the CPU."""
    network = zoo.network("tagger")
    assert isinstance(network, Tagger)
    return network.requires_grad_(False)


@torch.no_grad()
def features(pictures: Tensor) -> Tensor:
    """What the tagger sees in pictures (N, 3, H, W) in [-1, 1]: float64 (N, 256)."""
    return torch.cat([tagger().features(part.float().cpu()) for part in limits.pictures(pictures).split(64)]).double()


def _same_count(real: Tensor, fake: Tensor, least: int) -> None:
    if len(real) != len(fake):
        raise LabError(f"Distances depend on the count, so use equal ones, not {len(real):,} and {len(fake):,}.")
    if len(real) < least:
        raise LabError(f"This distance needs at least {least:,} pictures a side, not {len(real):,}; draw more.")


def _same_features(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    real = limits.numbers("Features", real, None, None).double()
    return real, limits.numbers("The second features", fake, None, real.shape[1]).double()


def frechet(real: Tensor, fake: Tensor) -> float:
    """Squared Fréchet distance of the normal distributions fitted to two sets of features (N, F).

    |m - n|² + tr(A + B - 2 (A B)^½), with means m, n and covariances A, B (Heusel et al. 2017, section 2). Raises
    LabError for unequal counts, and for N ≤ F, where a covariance is not known. Taught in 02_studio.
    """
    real, fake = _same_features(real, fake)
    _same_count(real, fake, real.shape[1] + 1)
    gap = (real.mean(0) - fake.mean(0)).square().sum()
    a, b = real.T.cov(), fake.T.cov()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(0).sqrt().sum()  # tr (A B)^½ without leaving the reals
    return max(0.0, float(gap + a.trace() + b.trace() - 2 * cross))


class Estimate(NamedTuple):
    """A mean over subsets and how much the subsets differ."""

    mean: float
    std: float


def kernel_distance(real: Tensor, fake: Tensor, subset: int = 500, subsets: int = 20, seed: int = 0) -> Estimate:
    """Unbiased squared MMD of two sets of features (N, F) with the kernel (x·y/F + 1)³, over random subsets.

    Near 0, also below it, for equal distributions, whatever the count (Bińkowski et al. 2018, section 4). Raises
    LabError for unequal counts and for fewer pictures than a subset. Taught in 02_studio.
    """
    subset = limits.whole("subset", subset, (2, limits.COUNT[1]))
    real, fake = _same_features(real, fake)
    _same_count(real, fake, subset)
    generator = torch.Generator().manual_seed(limits.whole("seed", seed, limits.SEEDS))
    values = []
    for _ in range(limits.whole("subsets", subsets, (2, 10_000))):
        x, y = (f[torch.randperm(len(f), generator=generator)[:subset]] for f in (real, fake))
        xx, yy, xy = ((a @ b.T / a.shape[1] + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
        apart = subset * (subset - 1)
        inside = ((xx.sum() - xx.trace()) + (yy.sum() - yy.trace())) / apart
        values.append(float(inside - 2 * xy.mean()))
    spread = torch.tensor(values)
    return Estimate(float(spread.mean()), float(spread.std()))


def fd_studio(real: Tensor, fake: Tensor) -> float:
    """`frechet` of two sets of pictures (N, 3, H, W) in [-1, 1] in the tagger's features; N above 256."""
    return frechet(features(real), features(fake))


def kd_studio(real: Tensor, fake: Tensor, subset: int = 500) -> Estimate:
    """`kernel_distance` of two sets of pictures (N, 3, H, W) in [-1, 1] in the tagger's features."""
    return kernel_distance(features(real), features(fake), subset)


def variety(pictures: Tensor, drawn: Tensor) -> dict[str, float]:
    """How much variety pictures kept beside as many drawn ones, both (N, 3, H, W), without any network.

    Averaged down to 16 x 16, which forgets grain. "rank": in how many independent directions the pictures differ (the
    exponential of the entropy of their spectrum). "twins": the share of pictures whose nearest neighbor is closer than
    for 99% of the drawn ones. Where all pictures are equal, they differ in 0 directions.
    """
    pictures, drawn = limits.pictures(pictures), limits.pictures(drawn, "Drawn pictures")
    _same_count(pictures, drawn, 2)
    small, other = (adaptive_avg_pool2d(each.float(), 16).flatten(1) for each in (pictures, drawn))
    energy = torch.linalg.svdvals(small - small.mean(0)).square()
    share = (energy / energy.sum().clamp(1e-12)).clamp(1e-12)
    near, usual = (torch.cdist(x, x).fill_diagonal_(float("inf")).min(1).values for x in (small, other))
    twins = (near < usual.quantile(0.01)).float().mean()
    differ = bool(energy.sum() > 1e-9 * small.numel())  # more than by rounding
    return {"rank": float(torch.exp(-(share * share.log()).sum())) if differ else 0.0, "twins": float(twins)}
