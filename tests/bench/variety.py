"""How much variety a model kept: its pictures against as many drawn ones, without any network.

Both are averaged down to 16 x 16, which forgets grain. `rank` is the effective number of independent directions in
which the pictures differ (exponential of the entropy of the spectrum). `twins` is the share of pictures whose nearest
neighbor is closer than for 99% of the drawn ones. Prints one line of JSON for each set.

    python tests/bench/variety.py dcgan-faces-64
"""

from __future__ import annotations

import json
import sys

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from animelab import zoo
from animelab.data import StudioFaces

COUNT = 256


def nearest(pictures: Tensor) -> Tensor:
    """Every picture's distance to the nearest other one."""
    return torch.cdist(pictures, pictures).fill_diagonal_(float("inf")).min(1).values


def rank(pictures: Tensor) -> float:
    energy = torch.linalg.svdvals(pictures - pictures.mean(0)).square()
    share = energy / energy.sum()
    return float(torch.exp(-(share * share.log()).sum()))


def main() -> None:
    model = zoo.open_model(sys.argv[1])
    drawn = StudioFaces(model.size, COUNT, seed=1).batch(range(COUNT))
    sets = {"drawn": drawn, sys.argv[1]: model.sample(COUNT, seed=0)}
    small = {name: adaptive_avg_pool2d(pictures, 16).flatten(1) for name, pictures in sets.items()}
    close = nearest(small["drawn"]).quantile(0.01)
    for name, pictures in small.items():
        twins = float((nearest(pictures) < close).float().mean())
        print(json.dumps({"pictures": name, "rank": round(rank(pictures), 1), "twins": round(twins, 2)}))


if __name__ == "__main__":
    main()
