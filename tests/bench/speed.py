"""make bench: how fast this machine draws, trains and samples. Run it on a machine that does nothing else.

Prints one line of JSON: the machine, and for each figure what it counts. Training is timed after a warm-up.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable

import torch

import animelab
from animelab import engine, env, zoo
from animelab.data import StudioFaces
from animelab.recipes import dcgan
from animelab.studio import LAYERS, STYLES, Character, render

WARM_UP, STEPS = 10, 40


def milliseconds(work: Callable[[int], object], rounds: int) -> float:
    """Median time of one call."""
    times = []
    for index in range(rounds):
        start = time.perf_counter()
        work(index)
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)


def main() -> None:
    figures: dict[str, float] = {}
    for size in (64, 256):
        figures[f"draw one {size} px face, ms"] = milliseconds(
            lambda seed, size=size: render(Character.random(seed, "frontal"), size), 100
        )
        for style, layer in [("cel", layer) for layer in LAYERS] + [(style, "color") for style in STYLES[1:]]:
            figures[f"draw one {size} px bust, {style} {layer}, ms"] = milliseconds(
                lambda seed, size=size, style=style, layer=layer: render(Character.random(seed), size, layer, style), 60
            )
    config = dcgan.preset("cpu", steps=STEPS, log_every=WARM_UP, faces=1000)
    with tempfile.TemporaryDirectory() as out:
        run = engine.train(
            dcgan.DCGAN(config), StudioFaces(config.size, config.faces), out, watch=lambda progress: None
        )
        first, last = run.history[0], run.history[-1]
        pictures = (last["step"] - first["step"]) * config.batch
        figures["train dcgan, preset cpu, img/s"] = round(pictures / (last["seconds"] - first["seconds"]), 1)
        model = zoo.load_run(out).to("auto")
    for count in (1, 64):
        latents = torch.randn(count, model.latent)
        model.generate(latents)
        figures[f"generate {count} of {model.size} px, ms"] = milliseconds(
            lambda _, latents=latents: model.generate(latents), 20
        )
    device = env.pick_device()
    machine = {
        "platform": platform.platform(terse=True),
        "cores": os.cpu_count(),
        "device": env.describe(device),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "animelab": animelab.__version__,
    }
    print(json.dumps({"machine": machine, "figures": figures}))


if __name__ == "__main__":
    main()
