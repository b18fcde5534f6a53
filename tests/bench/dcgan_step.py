"""A DCGAN training step, ours against the plain official way, interleaved in one process; quiet machines only.

The official step is the PyTorch example's, restated: float32, two backward passes for D, gradients into D's weights in
G's half, Adam's plain loop. Ours is `recipes.dcgan` as it trains, in float32 and in bfloat16, average and schedules
included. Same networks, same batch. Prints one line of JSON for each precision: {recipe, size, batch, precision,
official_s, ours_s, ratio}, medians of seconds a step; a ratio above 1 says ours is faster.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from animelab import env
from animelab.nn import dcgan as networks
from animelab.recipes import dcgan

SIZE, BATCH, ROUNDS = 64, 64, 15


def official(device: torch.device) -> Callable[[torch.Tensor], None]:
    """The step of pytorch/examples, folder dcgan."""
    G = networks.Generator(SIZE).apply(networks.initialize).to(device)
    D = networks.Discriminator(SIZE).apply(networks.initialize).to(device)
    G_adam = torch.optim.Adam(G.parameters(), 2e-4, (0.5, 0.999))
    D_adam = torch.optim.Adam(D.parameters(), 2e-4, (0.5, 0.999))
    one, zero = torch.ones(BATCH, device=device), torch.zeros(BATCH, device=device)

    def step(real: torch.Tensor) -> None:
        D.zero_grad()
        binary_cross_entropy_with_logits(D(real), one).backward()
        fake = G(torch.randn(BATCH, 100, device=device))
        binary_cross_entropy_with_logits(D(fake.detach()), zero).backward()
        D_adam.step()
        G.zero_grad()
        binary_cross_entropy_with_logits(D(fake), one).backward()
        G_adam.step()

    return step


def ours(precision: str, device: torch.device) -> Callable[[torch.Tensor], None]:
    recipe = dcgan.DCGAN(dcgan.Config(size=SIZE, batch=BATCH, precision=precision), device)

    def step(real: torch.Tensor) -> None:
        with recipe.autocast():
            recipe.step(real)

    return step


def main() -> None:
    device = env.pick_device()
    real = torch.rand(BATCH, 3, SIZE, SIZE, device=device) * 2 - 1
    steps = {"official": official(device), "fp32": ours("fp32", device), "bf16": ours("bf16", device)}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(ROUNDS + 2):
        for name, step in steps.items():
            start = time.perf_counter()
            step(real)
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn >= 2:
                seconds[name].append(time.perf_counter() - start)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for precision in ("fp32", "bf16"):
        row: dict[str, object] = {"recipe": "dcgan", "size": SIZE, "batch": BATCH, "precision": precision}
        row |= {"official_s": round(median["official"], 4), "ours_s": round(median[precision], 4)}
        print(json.dumps(row | {"ratio": round(median["official"] / median[precision], 2)}))


if __name__ == "__main__":
    main()
