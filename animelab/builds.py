"""The zoo's queue: every bundled model trained again or further, measured, and put into the zoo by a second command."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import time
from pathlib import Path
from typing import Any

import torch

from animelab import config, files, metrics, zoo
from animelab.data import StudioFaces, StudioPairsAttributes, StudioScenes, StudioUnpairedAttributes, as_pictures
from animelab.engine import Recipe, train
from animelab.engine.checkpoint import Checkpoints
from animelab.engine.run import read_record
from animelab.engine.weights import load_weights, save_weights
from animelab.errors import LabError, say
from animelab.metrics.report import scores
from animelab.nn import r3gan
from animelab.recipes import RECIPES, colorization, enlarger
from animelab.zoo import manifest

PLAN = manifest.FOLDER / "builds.json"  # name -> recipe, preset, settings, and after how many steps to measure
FIRST = ("distance", "fd_studio")  # by which of its scores a model is said to be better: less is more


def plan() -> dict[str, dict[str, Any]]:
    """What the zoo is built from, in the queue's order."""
    return json.loads(PLAN.read_text(encoding="utf-8"))


def build(names: list[str], hours: float, folder: Path) -> None:
    """Train the named models, or all of the plan, one after another in `folder`, for so many hours at most.

    Each stops after every stage to be measured beside the bundled one. Whatever ends it, the same again goes on.
    """
    known, ends = plan(), time.monotonic() + 3600 * hours
    for name in names:
        if name not in known:
            raise LabError(f"There is no plan for '{name}': {config.nearest(name, known)}")
    if hasattr(os, "nice"):  # Windows has none
        os.nice(19)  # whoever works at this machine goes first
    for name in names or known:
        for steps in known[name]["stages"]:
            kind = RECIPES[known[name]["recipe"]]
            settings = config.change(kind.presets[known[name]["preset"]], **known[name]["settings"], steps=steps)
            run = folder / name
            if not _measured(run, steps):
                if time.monotonic() > ends or not _trained(kind(settings), run, ends):
                    over = "The time is over" if time.monotonic() > ends else "Stopped"
                    say(f"{over}; the same again goes on with {name}.")
                    return
                bundled = exam(kind.name, settings, name) if name in manifest.read() else {}
                found = {"step": steps, "scores": exam(kind.name, settings, run), "bundled": bundled}
                with open(run / "scores.jsonl", "a", encoding="utf-8") as file:
                    file.write(f"\n{json.dumps(found)}")  # the last line may have been cut short
            say(verdict(name, _measured(run, steps)))


def _trained(recipe: Recipe, run: Path, ends: float) -> bool:
    def watch(progress: Any) -> None:
        nonlocal ends
        if time.monotonic() > ends:
            ends = math.inf
            signal.raise_signal(signal.SIGINT)  # as if somebody pressed Ctrl-C: the step is finished and saved

    return train(recipe, recipe.data(recipe.config), run, watch=watch).finished


def _measured(run: Path, steps: int) -> dict[str, Any]:
    path = run / "scores.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return next((row for row in rows if row["step"] == steps), {})


def verdict(name: str, found: dict[str, Any]) -> str:
    """One sentence: what a stage scored, beside what the same exam said of the bundled model, and which is better."""
    now, before = found["scores"], found["bundled"]
    each = (f"{key} {now[key]:g}" + (f" (bundled {before[key]:g})" if key in before else "") for key in now)
    said = f"{name} after {found['step']:,} steps: {', '.join(each)}"
    key = next((key for key in FIRST if key in now and key in before), None)
    if key is None:
        return said + ("." if now else "nothing that can be measured here; look at it.")
    return f"{said}. By {key} it is {'better' if now[key] < before[key] else 'no better'}."


@torch.no_grad()
def exam(recipe: str, settings: Any, model: str | Path, count: int = 2048) -> dict[str, float]:
    """Scores of a run or a bundled model on held-out drawings; {} for what has no truth to compare with.

    Faces: fd_studio, variety, and attributes by the examiner. Translations: how far from the truth, and what was kept.
    """
    if recipe in ("dcgan", "r3gan", "makegirlsmoe", "stylegan2"):
        drawn = zoo.open_model(model)
        prior = getattr(settings, "prior", "frontal")
        real = StudioFaces(settings.size, count, 0, prior, split="test").batch(range(count))
        fake = drawn.sample(count, 0)
        orders = drawn.orders(count) if isinstance(drawn, zoo.Conditional) else None
        return {**scores(real, fake), **(_seen(fake, orders) if orders is not None else {})}
    many = min(count, 512)
    if recipe in ("cartoongan", "animegan") or getattr(settings, "a", "") == "photo":
        places = StudioScenes("photo", "anime", settings.picture, 128, split="test")
        source, truth, tags = places.batch(range(128))[0], places.truth(range(128)), None
    elif recipe in ("cyclegan", "cut", "ugatit", "backtranslation"):
        side = getattr(settings, "picture", settings.size)
        faces = StudioUnpairedAttributes("portrait", "cel", side, many, prior=settings.prior, split="test")
        source, truth, tags = faces.batch(range(many))[0], faces.truth(range(many)), faces.labels[0]
    elif recipe == "pix2pix":
        pairs = StudioPairsAttributes(settings.source, "color", settings.size, many, prior=settings.prior, split="test")
        source, truth, tags = pairs.batch(range(many))
        source = as_pictures(source)
    else:
        exams: dict[str, Any] = {"colorization": colorization.exam, "enlarger": enlarger.exam}
        return exams[recipe](settings, model) if recipe in exams else {}
    translator = zoo.open_translator(model)
    orders = None if tags is None or not getattr(translator.network, "tags", 0) else r3gan.only_colors(tags)
    fake = translator.translate(source, attributes=orders)
    seen, exact = metrics.perceptual(fake, truth), metrics.psnr(fake, truth)
    far = {"distance": (fake - truth).abs(), "PSNR": exact, "perceptual": seen}
    found = {name: round(float(value.mean()), 3) for name, value in far.items()}
    if tags is None:
        return found | {"grid": round(metrics.grid_energy(fake), 3)}
    return found | {"fd_studio": metrics.fd_studio(truth, fake)} | _seen(fake, tags)


def _seen(pictures: torch.Tensor, tags: torch.Tensor) -> dict[str, float]:
    found = metrics.attribute_accuracy(pictures, tags)
    return {name: round(found[name], 3) for name in ("hair color", "eye color", "smile", "open mouth") if name in found}


def add(name: str, folder: Path, machine: str) -> str:
    """Put what `build` trained into the zoo: weights in half precision, a card with scores, and the discriminator.

    Returns what was written, in words. Raises LabError for a run that is not finished, for a name that is no plain one,
    and for a run that learned from pictures this project did not draw, for whose rights it cannot vouch.
    """
    run, name = folder / name, files.one_name(name)
    record = read_record(run)
    settings, saved = record.get("config", {}), Checkpoints(run / "checkpoints").load()
    if saved is None or saved["step"] != settings.get("steps"):
        raise LabError(f"{run} is not finished: animelab zoo build {name}")
    if not str(record.get("data")).startswith("studio "):
        raise LabError(f"{run} learned from {record.get('data')}; the zoo holds only what the studio drew.")
    kind, arguments, network = load_weights(run / "weights.safetensors")
    recipe = RECIPES[record["recipe"]]
    found = exam(recipe.name, config.change(recipe.presets["cpu"], **settings), run)
    cards = manifest.read()
    if settings.get("start", "") not in ("", *cards):
        raise LabError(f"{run} began from {settings['start']}, which is no bundled model; build it from one of them.")
    said = verdict(name, {"step": settings["steps"], "scores": found, "bundled": cards.get(name, {}).get("scores", {})})
    made: dict[str, tuple[str, dict[str, Any], Any]] = {name: (kind, arguments, network)}
    if discriminators := zoo.discriminators(saved["recipe"]):
        alike = recipe.name == "stylegan2"  # its D is built from what G is built from, and lesson 6 opens it
        shape = (kind.replace("generator", "discriminator"), arguments) if alike else (f"{recipe.name}.D", {})
        made[f"{name}-discriminator"] = *shape, discriminators
    for each, weights in made.items():
        path = manifest.FOLDER / "weights" / f"{each}.safetensors"
        save_weights(path, *weights, torch.float16)
        cards[each] = {
            **{key: record[key] for key in ("recipe", "data", "config", "precision", "torch")},
            **{key: settings[key] for key in ("seed", "steps")},
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "network": weights[0],
            "size": settings.get("picture", settings.get("size")),
            "images": settings["steps"] * settings["batch"],
            "minutes": round(saved["seconds"] / 60, 1),
            "machine": machine,
            "command": f"animelab zoo build {name}",
            "scores": found if each == name else {},
            "licence": "CC0-1.0: trained only on pictures this project draws",
        }
    files.write_text(manifest.FOLDER / "manifest.json", json.dumps(cards, indent=2, sort_keys=True) + "\n")
    return said
