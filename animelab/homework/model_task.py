"""Scores for the weights that students hand in, on characters and by a network that derive from the term's secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cosine_similarity, normalize

from animelab import foreign, metrics, studio, viz, zoo
from animelab.data import as_pictures
from animelab.data.pictures import as_tensor
from animelab.engine import adam, linear_decay
from animelab.engine.weights import load_weights, save_weights
from animelab.errors import LabError, shown
from animelab.files import write_text
from animelab.homework import Model
from animelab.nn import colorization, r3gan
from animelab.nn.tagger import Tagger
from animelab.recipes.tagger import augmented
from animelab.zoo import manifest

FACES, STEPS, BATCH = 1500, 300, 64  # of the network's training on secret characters
COUNT = 1000  # faces behind a score, unless the settings say another count; of 256 features it takes more than those
ALIKE, SPECTRUM = 0.999, 0.005  # from which cosine, or to which distance of singular values, weights are copies
SECONDS, MEMORY = 600, 6 * 2**30  # for the scores of one model
Measured = tuple[dict[str, float], list[Tensor]]  # scores, and rows of pictures that tell what was scored


class Hidden:
    """What students cannot see: the characters of a number, and a network whose features measure distances."""

    def __init__(self, number: int, network: Tagger, settings: Mapping[str, Any]) -> None:
        self.number, self.network, self.settings = number, network, settings
        self.size, self.prior = settings.get("size", 64), settings.get("prior", "frontal")
        self.count = settings.get("count", COUNT)

    def characters(self, count: int, part: int = 0) -> tuple[list[studio.Character], Tensor]:
        """So many, and their attributes (count, 34). No two parts share a character."""
        first = (self.number + part * 2**40) % 2**61
        found = [studio.Character.random(first + i, self.prior) for i in range(count)]
        return found, torch.tensor([list(each.tags().values()) for each in found], dtype=torch.float32)

    def drawn(self, characters: list[studio.Character], side: str = "color") -> Tensor:
        """One side of them as pictures, (N, 3, size, size) in [-1, 1]."""
        layer, style = ("color", side) if side in studio.STYLES else (side, "cel")
        pixels = np.stack([studio.render(each, self.size, layer, style) for each in characters])
        return as_pictures(as_tensor(pixels, labels=layer == "segmentation"))

    @torch.no_grad()
    def distance(self, real: Tensor, fake: Tensor) -> float:
        """The Fréchet distance of two sets of pictures in the hidden features."""
        real, fake = (torch.cat([self.network.features(part) for part in side.split(64)]) for side in (real, fake))
        return metrics.frechet(real, fake)


# A measure takes a file of weights, or None for drawings in place of what a network draws.
def faces(hidden: Hidden, weights: Path | None) -> Measured:
    """How far sampled faces are from drawn ones, and whether they show what was ordered, a mean over attributes."""
    real, (asked, orders) = hidden.drawn(hidden.characters(hidden.count)[0]), hidden.characters(hidden.count, 1)
    model = None if weights is None else zoo.open_model(weights)
    given: dict[str, Any] = {"attributes": orders} if isinstance(model, zoo.Conditional) else {}
    fake = hidden.drawn(asked) if model is None else model.sample(hidden.count, hidden.number, **given)
    seen = metrics.attribute_accuracy(fake, orders)
    return {"fd": hidden.distance(real, fake), "attributes": sum(seen.values()) / len(seen)}, [fake[:16]]


def translation(hidden: Hidden, weights: Path | None) -> Measured:
    """The mean absolute difference from the truth, and whether colors of hair and eyes are those of the source."""
    characters, labels = hidden.characters(hidden.count // 2)
    source, truth = (hidden.drawn(characters, hidden.settings[side]) for side in ("source", "target"))
    fake = truth
    if weights is not None:
        translator = zoo.open_translator(weights)
        orders = r3gan.only_colors(labels) if getattr(translator.network, "tags", 0) else None
        fake = translator.translate(source, attributes=orders)
    seen, far = metrics.attribute_accuracy(fake, labels), float((fake - truth).abs().mean())
    scores = {"distance": far, "hair": seen["hair color"], "eyes": seen["eye color"]}
    return {**scores, "fd": hidden.distance(truth, fake)}, [source[:8], fake[:8]]


def places(hidden: Hidden, weights: Path | None) -> Measured:
    """How far painted photographs of places are from the truth, and how strong a grid the network leaves on them."""
    scenes = [studio.Scene.random(hidden.number % 2**61 + i) for i in range(64)]
    painted = ([studio.paint(scene, hidden.size, style) for scene in scenes] for style in ("photo", "anime"))
    photos, truth = (as_tensor(np.stack(pixels)) for pixels in painted)
    fake = truth if weights is None else zoo.open_translator(weights).translate(photos)
    far = float((fake - truth).abs().mean())
    return {"distance": far, "grid": metrics.grid_energy(fake)}, [photos[:4], fake[:4]]


@torch.no_grad()
def color(hidden: Hidden, weights: Path | None) -> Measured:
    """How far colored lines with 20 right dots are from the truth, and how far the colors under dots from theirs."""
    characters, drafting = hidden.characters(hidden.count // 4)[0], hidden.settings["stage"] == "draft"
    paper, colors = hidden.drawn(characters, "line")[:, :1], hidden.drawn(characters)
    torch.manual_seed(hidden.number)
    dots, fake = colorization.hints(colors, torch.full((len(colors),), 20), 1, paper > 0.4), colors
    if weights is not None:
        stages: list[Any] = [load_weights(weights)[2], zoo.network(f"colorist-{'refine' if drafting else 'draft'}-128")]
        colorist = colorization.Colorist(*(stages if drafting else stages[::-1])).eval()
        none = paper.new_zeros(25, colorization.PALETTE)
        parts = zip(paper.split(25), dots.split(25))
        fake = torch.cat([colorist(ink, dot, dot, none)[not drafting] for ink, dot in parts])
    scores = {"distance": float((fake - colors).abs().mean()), "obedience": float(metrics.obedience(fake, dots))}
    return scores, [as_pictures(paper[:8]), fake[:8]]


MEASURES = {"faces": faces, "attributes": faces, "translation": translation, "places": places, "color": color}


def make_features(number: int, path: Path) -> None:
    """Write a network of the tagger's kind, whose last two stages begin from the number and learn its characters."""
    with torch.random.fork_rng():
        torch.manual_seed(number)
        network, fresh = zoo.network("tagger"), Tagger()
        assert isinstance(network, Tagger)
        network.stages = nn.ModuleList([*network.stages[:2].requires_grad_(False), *fresh.stages[2:]])
        network.head = fresh.head
        learning = nn.ModuleList([*network.stages[2:], network.head]).train()
        casts = [Hidden(number, network, {"prior": prior}).characters(FACES // 2, 2) for prior in ("frontal", "full")]
        pictures = torch.cat([Hidden(number, network, {}).drawn(characters) for characters, _ in casts])
        labels = torch.cat([attributes for _, attributes in casts])
        optimizer = adam(learning, 2e-3, (0.9, 0.999))
        decay = linear_decay(optimizer, STEPS)
        for _ in range(STEPS):
            chosen = torch.randint(len(pictures), (BATCH,))
            loss = binary_cross_entropy_with_logits(network(augmented(pictures[chosen])), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            decay.step()
    save_weights(path, "tagger.network", {}, network)


def prepare(folder: Path, model: Model, number: int) -> None:
    """Write `features.safetensors` and `anchors.json` into the instructor's folder, what of them is missing.

    Anchors are each score of drawings and of the bundled model. LabError where they are the same, for no score can lie
    between them, and for an unknown measure or score.
    """
    if not (folder / "features.safetensors").exists():
        make_features(number, folder / "features.safetensors")
    if not (folder / "anchors.json").exists():
        hidden, bundled = _hidden(folder, model, number), manifest.verified(model.bundled)
        best, reached = (MEASURES[model.measure](hidden, weights)[0] for weights in (None, bundled))
        for name in model.points:
            if name not in best or best[name] == reached[name]:
                raise LabError(f"'{name}' is no score of {model.measure} that tells {model.bundled} from drawings.")
        write_text(folder / "anchors.json", json.dumps({name: [best[name], reached[name]] for name in best}))


def _hidden(folder: Path, model: Model, number: int) -> Hidden:
    return Hidden(number, load_weights(folder / "features.safetensors")[2], model.settings)  # type: ignore[arg-type]


def copied(tensors: Mapping[str, Tensor], network: str) -> str:
    """The bundled model of which more than half the weights are copies, also scaled, disturbed or with channels in
    another order, which leaves singular values as they are; "" for an honest network."""
    own = {key: value for key, value in tensors.items() if value.ndim > 1}
    for name in (name for name, card in manifest.read().items() if card["network"] == network):
        theirs = load_file(manifest.verified(name))
        shared = (key for key in own if key in theirs and theirs[key].shape == own[key].shape)
        alike = sum(own[key].numel() for key in shared if _alike(own[key].float(), theirs[key].float()))
        if 2 * alike > sum(value.numel() for value in own.values()):
            return name
    return ""


def _alike(a: Tensor, b: Tensor) -> bool:
    first, second = (normalize(torch.linalg.svdvals(each.flatten(1)), dim=0) for each in (a, b))
    same = cosine_similarity(a.flatten(), b.flatten(), 0).abs() > ALIKE
    return bool(same) or float((first - second).norm()) < SPECTRUM


def refused(weights: Path, model: Model) -> tuple[str, str]:
    """A status and a sentence about weights that are not scored; both empty for others. Nothing in them can run."""
    if weights.stat().st_size > model.megabytes * 1e6:
        return "too large", f"The weights have more than {model.megabytes:g} MB, which is the most that is allowed."
    try:
        about = (foreign.header(weights) or {}).get("__metadata__")
        if not isinstance(about, dict):
            said = "The weights are no file that `animelab train` wrote; hand in RUN/weights.safetensors."
            return "not safetensors", said
        arguments = json.loads(about.get("arguments", "null"))
        if about.get("network") != model.network or not isinstance(arguments, dict):
            return "another network", f"The weights are of {shown(about.get('network'))}, not of {model.network}."
        for key, value in arguments.items():
            allowed = model.arguments.get(key)
            least, most = allowed if isinstance(allowed, list | tuple) else (allowed, allowed)
            if type(value) is not type(least) or not least <= value <= most:
                return "another network", f"{shown(key)}={shown(value)} is not allowed; the notebook says what is."
        tensors = load_weights(weights)[2].state_dict()
    except (LabError, ValueError, TypeError, RecursionError) as error:
        return "unreadable weights", str(error).replace(str(weights), weights.name)
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        return "NaN", "There is NaN or infinity in the weights: training diverged. Hand in an earlier checkpoint."
    # Who goes on from a bundled model stays near it; an unchanged copy has place 1, and what the table gives for that.
    copy = "" if model.settings.get("fine_tuning") else copied(tensors, model.network)
    return ("a copy", f"Most of these weights are those of the bundled '{copy}'.") if copy else ("", "")


def marked(model: Model, scores: Mapping[str, float], anchors: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """A row for each score, as of a task's answers: by its place from drawings, 0, to the bundled model, 1."""
    rows = []
    for name, steps in model.points.items():
        most, points, seen = float(max(each for _, each in steps)), 0.0, "Without a score there are no points."
        if name in scores:
            best, reached = anchors[name]
            place = round((scores[name] - best) / (reached - best), 3)
            points = float(next((each for bound, each in steps if place <= bound), 0.0))
            seen = f"{scores[name]:.3g}, where drawings have {best:.3g} and {model.bundled} has {reached:.3g}."
        advice = model.advice.get(name, "") if points < most else ""
        rows.append({"task": model.name, "name": name, "points": points, "most": most, "seen": seen, "advice": advice})
    return rows


def score_model(weights: Path, model: Model, folder: Path, number: int) -> dict[str, Any]:
    """Scores of a file of weights, from a process of its own with limits: {"status", "said", "scores", "picture"}.

    status: "scored", or why not; picture: an HTML <img>. folder: what `prepare` wrote. LabError where it is no fault of
    the weights.
    """
    if not weights.exists():
        return {"status": "no weights", "said": "No weights were handed in.", "scores": {}, "picture": ""}
    asked = {
        "weights": str(weights.resolve()),
        "model": asdict(model),
        "folder": str(folder.resolve()),
        "number": number,
    }
    command = [sys.executable, "-c", "from animelab.homework.model_task import main; main()"]
    # Not in the current folder, which may hold submissions, and Python would look there for modules first.
    place: Any = {"cwd": folder, "env": {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}}
    given: Any = {"input": json.dumps(asked), "capture_output": True, "text": True, "timeout": 3 * SECONDS}
    try:
        done = subprocess.run(
            command, start_new_session=True, **given, **place
        )  # Ctrl-C must not cost a student points
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode < 0:
        said = f"The model took more than {SECONDS} seconds or {MEMORY / 2**30:.0f} GB, so it has no score."
        return {"status": "not scored", "said": said, "scores": {}, "picture": ""}
    if done.returncode:
        raise LabError(f"The model could not be scored: {done.stderr.strip().rpartition(chr(10))[2]}")
    return json.loads(done.stdout)


def main() -> None:
    """Score what stands on the standard input."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    torch.set_num_threads(1)  # as many everywhere, or the last digits would differ
    asked = json.load(sys.stdin)
    weights, model = Path(asked["weights"]), Model(**asked["model"])
    found: dict[str, Any] = {"scores": {}, "picture": ""}
    found["status"], found["said"] = refused(weights, model)
    if not found["status"]:
        hidden = _hidden(Path(asked["folder"]), model, asked["number"])
        try:
            measured = MEASURES[model.measure](hidden, weights)
            drawn = viz.grid(torch.cat(measured[1]), columns=8 if len(measured[1][0]) > 4 else 4)
            picture = viz.image_tag(drawn, "What the model drew.", 2 * drawn.shape[1], "webp", quality=90)
            found |= {"status": "scored", "said": "", "scores": measured[0], "picture": picture}
        except (LabError, MemoryError, RuntimeError) as error:
            found |= {"status": "not scored", "said": str(error).replace(str(weights), weights.name)}
    json.dump(found, sys.stdout)
