"""make race: how good is a network after 3, 10 and 30 minutes of this CPU? The official recipes beside ours, one seed.

    python tests/bench/race.py [faces lines] [--minutes 3 10 30] [--count 2048] [--out build/race]

`faces`: DCGAN at 64 px, the settings of pytorch/examples beside our preset "cpu". `lines`: pix2pix from lines to
color at 64 px, the paper's settings (batch 1, widths of 64, jitter, dropout when it draws) beside our preset "cpu".
Both learn from the same 10,000 drawings. First the seconds of a step are measured, a step of each in turn, on a quiet
machine; they turn minutes into steps, so that it does not matter what else the machine does during the hours that
follow. The official recipes have constant rates: one training of each, scored on its way. Ours let their rates fall
in the second half, so every length is a branch of one training at full rates. Scores are fd_studio of COUNT pictures
against held-out drawings (lower is nearer), and for lines how often the examiner sees what lines can tell (everything
but colors). A second call goes on where the first was stopped, also in the middle of a training. Writes
OUT/results.json, and OUT/GAME.png with eight pictures of each; prints a table.
"""

from __future__ import annotations

import argparse
import inspect
import json
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import official_steps
import torch
from PIL import Image
from torch import Tensor

from animelab import engine, metrics
from animelab.config import change
from animelab.data import StudioFaces, StudioPairsAttributes, jittered
from animelab.files import write_atomically
from animelab.recipes import dcgan, pix2pix
from animelab.viz import grid


class OfficialFaces(dcgan.DCGAN):
    """The step of pytorch/examples in our loop, which can be stopped and goes on."""

    def build(self, config: dcgan.Config) -> None:
        self.play = official_steps.official_dcgan(self.device)
        vars(self).update(inspect.getclosurevars(self.play).nonlocals)  # networks and optimizers: what is to be saved
        self.fixed_latents = self.noise(config.previews, config.latent)

    def step(self, batch: Any) -> dict[str, Tensor]:
        self.play(batch)
        return {}

    def preview(self) -> np.ndarray:
        return grid(self.G(self.fixed_latents))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "dcgan.generator", {}, self.G

    def draw(self, latents: Tensor) -> Tensor:
        return self.G.eval()(latents)


class Faces(dcgan.DCGAN):
    def draw(self, latents: Tensor) -> Tensor:
        return self.G_ema(latents)


class OfficialLines(pix2pix.Pix2Pix):
    """The step of pytorch-CycleGAN-and-pix2pix, likewise."""

    def build(self, config: pix2pix.Config) -> None:
        self.play = official_steps.official_pix2pix(self.device, config.size)
        vars(self).update(inspect.getclosurevars(self.play).nonlocals)

    def step(self, batch: Any) -> dict[str, Tensor]:
        self.play(jittered(*batch[:2], crop=self.config.crop))
        return {}

    def preview(self) -> np.ndarray:
        return grid(self.G(self.examples[0]))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "pix2pix.generator", {"size": self.config.size}, self.G

    def draw(self, lines: Tensor) -> Tensor:
        return torch.cat([self.G.train()(each) for each in lines.split(1)])  # norms of one picture, and dropout


class Lines(pix2pix.Pix2Pix):
    def draw(self, lines: Tensor) -> Tensor:
        return self.G_ema(lines)


OFTEN = {"checkpoint_every": 100, "preview_every": 1000, "log_every": 100}
GAMES: dict[str, dict[str, tuple[type[engine.Recipe], Any]]] = {
    "faces": {
        "official": (OfficialFaces, dcgan.Config(precision="fp32", **OFTEN)),
        "ours": (Faces, change(dcgan.PRESETS["cpu"], **OFTEN)),
    },
    "lines": {
        "official": (OfficialLines, pix2pix.Config(precision="fp32", size=64, prior="frontal", **OFTEN)),
        "ours": (Lines, change(pix2pix.PRESETS["cpu"], **OFTEN)),
    },
}


def seconds_a_step(game: str, rounds: int) -> dict[str, float]:
    """Of both recipes, a step of each in turn: medians."""
    steps: dict[str, Callable[[], object]] = {}
    for who, (kind, config) in GAMES[game].items():
        recipe, data = kind(config), kind.data(config)

        def step(recipe: engine.Recipe = recipe, data: Any = data, batch: int = config.batch) -> None:
            with recipe.autocast():
                recipe.step(data.batch(torch.randint(len(data), (batch,)), recipe.device))

        step()
        steps[who] = step
    seconds: dict[str, list[float]] = {who: [] for who in steps}
    for _ in range(rounds):
        for who, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[who].append(time.perf_counter() - start)
    return {who: statistics.median(values) for who, values in seconds.items()}


def branch(kind: type[engine.Recipe], config: Any, trunk: Path, folder: Path) -> Path:
    """A folder whose training stands where the rates begin to fall: up to there all lengths are one training."""
    if not folder.exists():
        engine.train(kind(change(config, steps=config.steps // 2)), kind.data(config), trunk)
        unfinished = folder.with_name("unfinished")
        shutil.copytree(trunk, unfinished, dirs_exist_ok=True)
        unfinished.rename(folder)
    return folder


@torch.no_grad()
def score(game: str, recipe: Any, count: int) -> dict[str, float]:
    """How near `count` pictures are to held-out drawings, and what the examiner sees in them."""
    config = recipe.config
    if game == "faces":
        real = StudioFaces(config.size, count, split="test").batch(range(count))
        latents = torch.randn(count, config.latent, generator=torch.Generator().manual_seed(0))
        fake = torch.cat([recipe.draw(part.to(recipe.device)).cpu() for part in latents.split(64)])
        return {"fd_studio": metrics.fd_studio(real, fake)}
    pairs = StudioPairsAttributes(config.source, config.target, config.size, count, prior=config.prior, split="test")
    lines, real, labels = pairs.batch(range(count))
    fake = torch.cat([recipe.draw(part.to(recipe.device)).cpu() for part in lines.split(64)])
    seen = {name: hit for name, hit in metrics.attribute_accuracy(fake, labels).items() if "color" not in name}
    return {"fd_studio": metrics.fd_studio(real, fake), "examiner": statistics.mean(seen.values())}


def sheet(game: str, minutes: list[float], results: dict[str, Any], out: Path) -> Image.Image:
    """A row of eight pictures for each length, the official recipe's first; of lines, the drawings on top."""
    rows, size = list[np.ndarray](), 64
    for who in GAMES[game]:
        for each in minutes:
            folder = out / (f"{game} ours {each:g}" if who == "ours" else f"{game} official")
            steps = results[f"{game}, {who}, {each:g} minutes"]["steps"]
            with Image.open(folder / "previews" / f"{steps:08}.png", formats=["PNG"]) as preview:
                found = np.asarray(preview.convert("RGB"))
            above = size + 2 if (game, who) == ("lines", "ours") else 0  # our previews begin with the drawings
            rows.append(found[above : above + size])
    drawings = [found[:size]] if game == "lines" else []
    spaced = [np.pad(row, ((0, 4), (0, 0), (0, 0)), constant_values=255) for row in (*drawings, *rows)]
    return Image.fromarray(np.concatenate(spaced)[:-4])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("games", nargs="*", default=list(GAMES), help=f"of {', '.join(GAMES)}")
    parser.add_argument("--minutes", type=float, nargs="+", default=[3, 10, 30])
    parser.add_argument("--count", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path("build/race"))
    options = parser.parse_args()
    results_file = options.out / "results.json"
    options.out.mkdir(parents=True, exist_ok=True)
    results = json.loads(results_file.read_text(encoding="utf-8")) if results_file.exists() else {}

    def keep(key: str, value: Any) -> None:
        results[key] = value
        text = json.dumps(results, indent=1) + "\n"
        write_atomically(results_file, lambda path: path.write_text(text, encoding="utf-8"))

    for game in options.games:
        if f"{game}: seconds a step" not in results:
            keep(f"{game}: seconds a step", seconds_a_step(game, options.rounds))
    for game in options.games:
        for minutes in sorted(options.minutes):
            for who, (kind, config) in GAMES[game].items():
                key = f"{game}, {who}, {minutes:g} minutes"
                if key not in results:
                    steps = max(1, int(60 * minutes / results[f"{game}: seconds a step"][who]))
                    config = change(config, steps=steps, decay=steps if who == "ours" else 0)
                    folder = options.out / f"{game} {who}"
                    if who == "ours":
                        folder = branch(kind, config, folder, options.out / f"{game} ours {minutes:g}")
                    run = engine.train(kind(config), kind.data(config), folder)
                    found = {name: round(value, 3) for name, value in score(game, run.recipe, options.count).items()}
                    keep(key, {"steps": steps, "pictures": steps * config.batch, **found})
                print(key, json.dumps(results[key]), flush=True)
        sheet(game, sorted(options.minutes), results, options.out).save(options.out / f"{game}.png")


if __name__ == "__main__":
    main()
