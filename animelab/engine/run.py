"""A run's folder: what it is, its log, its pictures, and taking it up again."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from animelab import __version__, env
from animelab.engine.checkpoint import Checkpoints, write_atomically
from animelab.engine.recipe import Recipe
from animelab.errors import LabError

RENAMED = {"game_weight": "adversarial_weight"}  # settings of older runs


class Data(Protocol):
    """What the loop asks of a dataset."""

    name: str

    @property
    def fingerprint(self) -> str: ...
    def __len__(self) -> int: ...
    def batch(self, indices: Tensor, device: torch.device) -> Any: ...


@dataclass
class Run:
    """A training run on disk: `weights.safetensors`, `log.jsonl`, `previews/`, `timelapse.webp`, `checkpoints/`."""

    folder: Path
    step: int
    finished: bool
    recipe: Recipe = field(repr=False)

    @property
    def history(self) -> list[dict[str, float]]:
        """The lines of log.jsonl."""
        return _read_log(self.folder / "log.jsonl")

    @property
    def previews(self) -> list[Path]:
        """The pictures of the time lapse, in order."""
        return sorted((self.folder / "previews").glob("[0-9]*.png"))


def resume_or_begin(
    recipe: Recipe, data: Data, out: Path, checkpoints: Checkpoints, resume: bool | str
) -> tuple[int, float]:
    """Load the newest checkpoint into the recipe; returns (step, seconds trained). Writes run.json."""
    start, record = (0, 0.0), out / "run.json"
    if checkpoints.paths():
        if resume is False:
            raise LabError(f"{out} already holds a run: resume it (--resume), or choose another folder (--out).")
        try:
            before = json.loads(record.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise LabError(f"{record} is missing or damaged; choose another folder to begin anew.") from error
        if recipe.config.precision == "auto":
            recipe.precision = before["precision"]  # a run keeps it, also on a machine that would choose another
        _check_same_experiment(before, _about(recipe, data), out)
        state = checkpoints.load()
        assert state is not None
        try:
            recipe.load_state(state["recipe"])
            start = state["step"], state["seconds"]
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            path = checkpoints.paths()[-1]
            raise LabError(
                f"{path} does not fit this recipe ({error}); choose another folder to begin anew."
            ) from error
        done = " It is finished: choose another folder to train anew." if start[0] >= recipe.config.steps else ""
        print(f"resumed at step {start[0]} of {recipe.config.steps} in {out}.{done}")
    elif resume is True:
        raise LabError(f"There is no checkpoint in {out} to resume from; leave out --resume to begin there.")
    text = json.dumps(_about(recipe, data), indent=2) + "\n"
    write_atomically(record, lambda path: path.write_text(text, encoding="utf-8"))
    return start


def _about(recipe: Recipe, data: Data) -> dict[str, Any]:
    return {
        "recipe": recipe.name,
        "replaced": recipe.replaced,
        "config": dataclasses.asdict(recipe.config),
        "data": data.name,
        "data_fingerprint": data.fingerprint,
        "animelab": __version__,
        "torch": torch.__version__,
        "device": env.describe(recipe.device),
        "precision": recipe.precision,
    }


def _check_same_experiment(before: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    # These may change between two sessions. `precision` is compared as it was decided, not as it was asked for.
    free = {"steps", "decay", "precision", "log_every", "preview_every", "checkpoint_every", "keep"}
    config = {RENAMED.get(key, key): value for key, value in before["config"].items()}
    pairs = [(key, config.get(key), value) for key, value in now["config"].items() if key not in free]
    pairs += [(key, before[key], now[key]) for key in ("recipe", "data", "data_fingerprint", "precision")]
    for name in sorted(before["replaced"].keys() | now["replaced"].keys()):
        if before["replaced"].get(name) != now["replaced"].get(name):
            pairs.append((name, "another function", "this one"))
    for key, old, new in pairs:
        if old != new:
            raise LabError(
                f"{out} holds a run with {key} = {old}, and now it is {new}; "
                "put it back to resume, or choose another folder for the new experiment."
            )


def first_preview(recipe: Recipe, out: Path, start: int) -> np.ndarray:
    """Of a new run, what untrained networks draw; of a resumed one, the newest picture it has."""
    previews = sorted((out / "previews").glob("[0-9]*.png"))
    before = [path for path in previews if int(path.stem) <= start] if start else []
    for path in set(previews) - set(before):
        path.unlink()  # of a run that went further and then lost its checkpoints
    if not before:
        return save_preview(recipe, out, start)
    with Image.open(before[-1]) as picture:
        return np.asarray(picture.convert("RGB"))


def save_preview(recipe: Recipe, out: Path, step: int) -> np.ndarray:
    with torch.no_grad(), torch.random.fork_rng():  # looking at a run must not change it
        picture = recipe.preview()
    path = out / "previews" / f"{step:08d}.png"
    write_atomically(path, lambda temporary: Image.fromarray(picture).save(temporary, format="PNG"))
    return picture


def save_timelapse(out: Path) -> None:
    frames = [Image.open(path).convert("RGB") for path in sorted((out / "previews").glob("[0-9]*.png"))]
    write_atomically(
        out / "timelapse.webp",
        lambda path: frames[0].save(
            path,
            format="WEBP",
            save_all=True,
            append_images=frames[1:],
            duration=[150] * (len(frames) - 1) + [2000],
            loop=0,
        ),
    )


class Log:
    """log.jsonl, a line for each log step; a resumed run goes on from its checkpoint's line."""

    def __init__(self, path: Path, until: int) -> None:
        self.path = path
        self.rows = [row for row in _read_log(path) if row["step"] <= until]
        text = "".join(json.dumps(row) + "\n" for row in self.rows)
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))

    def add(self, row: dict[str, float]) -> None:
        self.rows.append(row)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def _read_log(path: Path) -> list[dict[str, float]]:
    if not path.exists():
        return []
    # A kill can cut the last line short; a line without its end is not a line.
    return [
        json.loads(line) for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")
    ]
