"""Scores of models, between what they could at best reach and what a broken one gets. Taught in 02_studio."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from animelab import limits, zoo
from animelab.data import StudioFaces
from animelab.errors import LabError, shown
from animelab.metrics.sets import features, frechet, kernel_distance, variety
from animelab.nn.dcgan import Generator

FLOOR, CEILING = "floor: other drawn faces", "ceiling: an untrained generator"


def scores(real: Tensor, fake: Tensor) -> dict[str, float]:
    """fd_studio, kd_studio with its spread, and variety of `fake` beside `real`, both (N, 3, H, W) in [-1, 1]."""
    first, second = features(real), features(fake)
    kernel = kernel_distance(first, second, min(500, len(first) // 2))
    found = {"fd_studio": frechet(first, second), "kd_studio": kernel.mean, "kd_studio_std": kernel.std}
    return {name: round(value, 4) for name, value in {**found, **variety(fake, real)}.items()}


def evaluate(models: list[str], count: int = 2048, seed: int = 0, inception: bool = False) -> dict[str, Any]:
    """Score runs or bundled models against held-out drawn faces, with a floor and a ceiling.

    Returns what was compared and a row of scores a model. Raises LabError when the models learned from different
    priors or sizes: distances to different faces do not belong into one table.
    """
    count, seed = limits.whole("count", count, limits.SCORED), limits.whole("seed", seed, limits.SEEDS)
    if not isinstance(models, list | tuple) or not models:
        raise LabError("Give the models to score as a list of names or of runs' folders.")
    if inception:
        _inception(count)  # what is missing is said before minutes of drawing
    opened = [zoo.open_model(name).to("auto") for name in models]
    kinds = {(*model.learned_from(), model.size) for model in opened}
    if len(kinds) != 1:
        raise LabError(f"The models learned from {sorted(kinds)}; evaluate those of one prior and size at a time.")
    prior, side, size = kinds.pop()
    real, other = (StudioFaces(size, count, seed, prior, split=split, side=side).batch(range(count))
                   for split in ("test", "validation"))  # fmt: skip
    torch.manual_seed(seed)
    untrained = zoo.Pretrained("untrained", Generator(64).eval(), 100, 64, {}).sample(count, seed)
    sets = {FLOOR: other, **{model.name: model.sample(count, seed) for model in opened}, CEILING: untrained}
    rows = {name: scores(real, fake) for name, fake in sets.items()}
    if inception:
        for name, fake in sets.items():
            rows[name] |= inception_scores(real, fake)
    about = {"count": count, "seed": seed, "prior": prior, "side": side, "size": size, "torch": torch.__version__}
    return {**about, "tagger": zoo.card("tagger")["sha256"][:16], "rows": rows}


def inception_scores(real: Tensor, fake: Tensor) -> dict[str, float]:
    """The FID and KID everyone else means, through torchmetrics; it downloads Inception's weights once.

    Raises LabError where the package or its weights cannot be had.
    """
    fid, kid = _inception(len(real))
    for metric in (fid, kid):
        for pictures, is_real in ((real, True), (fake, False)):
            for part in pictures.split(64):
                metric.update((part + 1) / 2, real=is_real)
    mean, std = kid.compute()
    return {"FID": round(float(fid.compute()), 2), "KID": round(float(mean), 5), "KID_std": round(float(std), 5)}


def _inception(count: int) -> tuple[Any, Any]:
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance
        from torchmetrics.image.kid import KernelInceptionDistance

        kid = KernelInceptionDistance(normalize=True, subset_size=min(500, count))
        return FrechetInceptionDistance(normalize=True), kid
    except (ImportError, OSError) as error:  # ModuleNotFoundError, or no way to the weights
        need = 'pip install "animelab[fid]" and, once, a network to fetch Inception\'s weights'
        raise LabError(f"FID and KID need {need}; without them leave --inception out ({error}).") from error


def table(report: dict[str, Any]) -> str:
    """The report as lines of text."""
    columns = list(next(iter(report["rows"].values())))
    rows = {shown(name, 40): row for name, row in report["rows"].items()}
    wide = max(map(len, rows))
    lines = [f"{'':{wide}}" + "".join(f"{name:>15}" for name in columns)]
    lines += [f"{name:{wide}}" + "".join(f"{row[c]:>15.3f}" for c in columns) for name, row in rows.items()]
    return "\n".join(lines)
