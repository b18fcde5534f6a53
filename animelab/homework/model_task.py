"""Weights that students hand in: refused, or scored in the sandbox, and marked by the place of their score."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from animelab import viz
from animelab.engine.weights import load_weights
from animelab.errors import LabError
from animelab.files import write_text
from animelab.homework import Model, sandbox
from animelab.homework.compare import answer_row
from animelab.homework.measures import MEASURES, Hidden, make_features
from animelab.homework.pack import unfit
from animelab.zoo import manifest

ALIKE, SPECTRUM = 0.999, 0.005  # from which cosine, or to which distance of singular values, weights are copies
SAME = 0.02  # to which mean absolute difference of pictures two networks are one; two trainings have 0.05 and more
LIMITS = sandbox.Limits(wall=1800, cpu=600, memory=6 * 2**30, file=2**28)  # for the scores of one model
SCORING = """
from animelab.homework import Model
from animelab.homework.model_task import scored

def score(work, seed):
    return scored({model!r}, seed)
"""


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
            if name not in best or not abs(best[name] - reached[name]) > 0:  # NaN, too
                raise LabError(f"'{name}' is no score of {model.measure} that tells {model.bundled} from drawings.")
        write_text(folder / "anchors.json", json.dumps({name: [best[name], reached[name]] for name in best}))


def score_model(weights: Path, model: Model, folder: Path, number: int, unsafe: bool = False) -> dict[str, Any]:
    """Scores of a file of weights, from the sandbox: {"status", "said", "scores", "picture"}.

    status: "scored", or why not; picture: an HTML <img>. folder: what `prepare` wrote. LabError where it is no fault of
    the weights.
    """
    found = {"status": "no weights", "said": "No weights were handed in.", "scores": {}, "picture": ""}
    if not weights.exists():
        return found
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        for path in (weights, *folder.glob("features.safetensors")):
            shutil.copy(path, place)
        asks = [{"task": model.name, "function": "score", "seed": number}]
        question = {"notebook": "", "hidden": SCORING.format(model=model), "asks": asks}
        outcome = sandbox.run(Path(place), question, LIMITS, unsafe)
    answer = outcome.answers.get(model.name)
    if outcome.status == "stopped" or (isinstance(answer, str) and "Error: " in answer):
        raise LabError(f"The model could not be scored: {outcome.why or answer}")
    if not isinstance(answer, dict):
        why = str(outcome.why or answer).rstrip(".")
        return {**found, "status": "not scored", "said": f"The model has no score: {why}."}
    if len(drawn := answer["picture"]):
        image = drawn.astype(np.uint8)
        found["picture"] = viz.image_tag(image, "What the model drew.", 2 * image.shape[1], "webp", quality=90)
    return {**found, "status": answer["status"], "said": answer["said"], "scores": dict(answer["scores"])}


def scored(model: Model, number: int) -> dict[str, Any]:
    """What the sandbox answers about the two files in its folder."""
    weights = Path("weights.safetensors")
    hidden, (status, said) = _hidden(Path(), model, number), refused(weights, model)
    try:
        if not status and (copy := drawn_alike(hidden, weights, model)):
            status, said = "a copy", f"It draws the same pictures as the bundled '{copy}'."
        if not status:
            scores, rows = MEASURES[model.measure](hidden, weights)
            picture = viz.grid(torch.cat(rows), columns=8 if len(rows[0]) > 4 else 4)
            return {"status": "scored", "said": "", "scores": [*scores.items()], "picture": picture}
    except (LabError, MemoryError, RuntimeError) as error:
        status, said = "not scored", str(error)
    return {"status": status, "said": said, "scores": [], "picture": []}


def refused(weights: Path, model: Model) -> tuple[str, str]:
    """A status and a sentence about weights that are not scored; both empty for others. Nothing in them can run."""
    try:
        if (at_first_sight := unfit(weights, vars(model)))[0]:
            return at_first_sight
        _, _, network = load_weights(weights)
    except LabError as error:
        return "unreadable weights", str(error).replace(str(weights), weights.name)
    tensors = network.state_dict()
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        return "NaN", "There is NaN or infinity in the weights: training diverged. Hand in an earlier checkpoint."
    # Who goes on from a bundled model stays near it; an unchanged copy has place 1, and what the table gives for that.
    copy = "" if model.settings.get("fine_tuning") else copied(tensors, model.network)
    return ("a copy", f"Most of these weights are those of the bundled '{copy}'.") if copy else ("", "")


def copied(tensors: Mapping[str, Tensor], network: str) -> str:
    """The bundled model of which more than half the weights are copies, also scaled (each channel, too), disturbed
    or with channels in another order, which leaves singular values as they are; "" for an honest network."""
    own = {key: value for key, value in tensors.items() if value.ndim > 1}
    for name in (name for name, card in manifest.read().items() if card["network"] == network):
        theirs = load_file(manifest.verified(name))
        shared = (key for key in own if key in theirs and theirs[key].shape == own[key].shape)
        alike = sum(own[key].numel() for key in shared if _alike(own[key].float(), theirs[key].float()))
        if 2 * alike > sum(value.numel() for value in own.values()):
            return name
    return ""


def drawn_alike(hidden: Hidden, weights: Path, model: Model) -> str:
    """The bundled model that draws the same pictures, whatever its weights look like; "" for an honest network."""
    few, measure = Hidden(hidden.number, hidden.network, {**model.settings, "count": 32}), MEASURES[model.measure]
    drawn = measure(few, weights)[1][-1]
    for name, card in () if model.settings.get("fine_tuning") else manifest.read().items():
        if card["network"] == model.network:
            with suppress(LabError, RuntimeError):  # of one that takes other input
                theirs = measure(few, manifest.verified(name))[1][-1]
                if theirs.shape == drawn.shape and float((theirs - drawn).abs().mean()) < SAME:
                    return name
    return ""


def _alike(a: Tensor, b: Tensor) -> bool:
    first, second = (normalize(torch.linalg.svdvals(_balanced(each)), dim=0) for each in (a, b))
    same = cosine_similarity(a.flatten(), b.flatten(), 0).abs() > ALIKE
    return bool(same) or float((first - second).norm()) < SPECTRUM


def _balanced(weight: Tensor) -> Tensor:
    """As a matrix, with channels of one norm on either side: a scale that a layer of norm takes back is not seen."""
    weight = weight.reshape(*weight.shape[:2], -1)
    for _ in range(20):
        weight = normalize(normalize(weight, dim=(1, 2)), dim=(0, 2))  # type: ignore[arg-type]
    return weight.flatten(1)


def marked(model: Model, scores: Mapping[str, float], anchors: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """A row for each score, as of a task's answers: by its place from drawings, 0, to the bundled model, 1."""
    rows = []
    for name, steps in model.points.items():
        most, points, seen = max(each for _, each in steps), 0.0, "Without a score there are no points."
        if name in scores:
            best, reached = anchors[name]
            place = round((scores[name] - best) / (reached - best), 3)
            points = next((each for bound, each in steps if place <= bound), 0.0)
            seen = f"{scores[name]:.3g}, where drawings have {best:.3g} and {model.bundled} has {reached:.3g}."
        rows.append(answer_row(model, name, points, most, seen))
    return rows


def _hidden(folder: Path, model: Model, number: int) -> Hidden:
    return Hidden(number, load_weights(folder / "features.safetensors")[2], model.settings)  # type: ignore[arg-type]
