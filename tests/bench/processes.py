"""Predicts what several machines would do, from what one can measure: python tests/bench/processes.py

A step takes as long as a share of the batch, plus one exchange of gradients. The first is timed here for shares of one
batch, on one thread; the second between two processes of this machine, and then between links of other speeds, by what
a ring sends: 2 (n - 1) / n of all gradients. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import distributed

from animelab.recipes import stylegan2

BATCH, STEPS = 32, 8
LINKS = {"one gigabit": 0.125, "ten gigabits": 1.25, "NVLink": 300.0}  # gigabytes a second, as their makers say


def seconds(work: Callable[[], object], rounds: int = STEPS) -> float:
    """Median time of one call, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def step(batch: int) -> tuple[float, int]:
    """Seconds of one step of stylegan2-faces-64's training on so many pictures, and its gradients in bytes."""
    recipe = stylegan2.StyleGAN2(stylegan2.preset("faces", batch=batch, attributes=False))
    pictures = torch.rand(batch, 3, recipe.config.size, recipe.config.size) * 2 - 1
    weights = sum(each.numel() for network in (recipe.G, recipe.D) for each in network.parameters())

    def work() -> None:
        with recipe.autocast():
            recipe.step(pictures)

    return seconds(work), 4 * weights


def exchange(count: int) -> None:
    """Prints the seconds in which two processes add so many bytes."""
    distributed.init_process_group("gloo")
    flat = torch.ones(count // 4)
    took = seconds(lambda: distributed.all_reduce(flat), 20)
    if distributed.get_rank() == 0:
        print(took)
    distributed.destroy_process_group()


def main() -> None:
    torch.set_num_threads(1)
    shares = {count: step(BATCH // count) for count in (1, 2, 4, 8)}
    size = shares[1][1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", __file__, str(size)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    here = float(said.split()[-1])
    links = {"this machine": size / here / 1e9, **LINKS}
    print(f"{size / 1e6:.1f} MB of gradients; two processes here exchange them in {1000 * here:.1f} ms")
    print("processes  pictures each  step, s  " + "  ".join(f"{name:>22}" for name in links))
    for count, (took, _) in shares.items():
        sent = 2 * (count - 1) / count * size / 1e9
        times = [took + sent / speed for speed in links.values()]
        cells = [f"{each:.3f} s, {shares[1][0] / each:.1f} times" for each in times]
        print(f"{count:9}  {BATCH // count:13}  {took:7.3f}  " + "  ".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    exchange(int(sys.argv[1])) if len(sys.argv) > 1 else main()
