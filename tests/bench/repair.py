"""How well are holes filled? Held-out characters behind things, the truth beneath known to the pixel.

.venv/bin/python tests/bench/repair.py [--count 64] NETWORK ...   (bundled models, or folders of runs)

PSNR is of all holes of a thing together; perceptual is the mean over whole pictures, of which only the holes differ. A
network with noise answers without any, then with four, of which the one nearest to the truth counts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from animelab import metrics, zoo
from animelab.data import Cast
from animelab.engine.weights import load_weights
from animelab.nn import inpainting
from animelab.widgets import THINGS, covered
from animelab.zoo.pretrained import latents_of


def mean(x: Tensor, m: Tensor) -> Tensor:
    return torch.where(m > 0, x, (x * m).sum((2, 3), keepdim=True) / m.sum((2, 3), keepdim=True))


def nearest(x: Tensor, m: Tensor) -> Tensor:
    places = [distance_transform_edt(each[0] == 0, return_distances=False, return_indices=True) for each in m.numpy()]
    return torch.stack([picture[:, y, x] for picture, (y, x) in zip(x, places)])


def spread(x: Tensor, m: Tensor) -> Tensor:
    box, filled, reached = torch.eye(3)[:, :, None, None].expand(-1, -1, 3, 3) / 9, x * m, m
    for number in range(1000):
        near, wider = inpainting.partial_convolution(filled, reached, box, None, 1, 1)
        if number % 60 == 0 and reached.amin() > 0 and number:
            break
        filled = torch.where(m > 0, x, near if reached.amin() > 0 else torch.where(reached > 0, filled, near))
        reached = torch.maximum(reached, wider)
    return filled


def by_network(network: torch.nn.Module, x: Tensor, m: Tensor, *noise: Tensor) -> Tensor:
    parts = zip(*(each.split(16) for each in (x, m, *noise)))
    return torch.cat([inpainting.filled(network, *part) for part in parts])


@torch.no_grad()
def scores(names: list[str], count: int) -> dict[str, dict[str, tuple[float, float]]]:
    ways = {"mean": mean, "nearest": nearest, "spread": spread}
    networks = {}
    for name in names:
        path = Path(name) / "weights.safetensors"
        networks[Path(name).name] = load_weights(path)[2] if path.exists() else zoo.network(name)
    cast, found = Cast("full", 0, "test"), {}
    for thing in THINGS:
        x, m, truth = (torch.cat(each) for each in zip(*(covered(cast[i], thing, 128, i) for i in range(count))))

        def score(answer: Tensor, m: Tensor = m, truth: Tensor = truth) -> Tensor:
            error = ((answer - truth).square() * (1 - m)).mean((1, 2, 3)) / (1 - m).mean((1, 2, 3))
            return torch.stack([error, metrics.perceptual(answer, truth)])

        row = {name: score(way(x, m)) for name, way in ways.items()}
        for name, network in networks.items():
            row[name] = score(by_network(network, x, m))
            if latent := getattr(network, "latent", 0):
                each = torch.stack([score(by_network(network, x, m, latents_of(i, count, latent))) for i in range(4)])
                row[f"{name}, one by chance"] = each[0]
                row[f"{name}, best of four"] = each[each[:, 0].argmin(0), :, torch.arange(count)].T
        found[thing] = row
    found["all"] = {name: torch.cat([row[name] for row in found.values()], 1) for name in found["hat"]}
    return {
        thing: {name: (float(10 * torch.log10(4 / s[0].mean())), float(s[1].mean())) for name, s in row.items()}
        for thing, row in found.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=["inpainting-partial-128", "inpainting-gated-128"])
    parser.add_argument("--count", type=int, default=64)
    given = parser.parse_args()
    table = scores(given.networks, given.count)
    ways = list(table["all"])
    for way in ways:
        print(f"{way:44}" + "".join(f"{thing} {row[way][0]:.2f} / {row[way][1]:.4f}  " for thing, row in table.items()))
    for way in ways:
        print(way, json.dumps({"PSNR": round(table["all"][way][0], 3), "perceptual": round(table["all"][way][1], 4),
                               **{f"PSNR, {thing}": round(table[thing][way][0], 2) for thing in THINGS}}))  # fmt: skip
