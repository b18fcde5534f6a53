"""A run's folder: what it is, its log, its pictures, and taking it up again."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from animelab import __version__, env
from animelab.engine.checkpoint import Checkpoints
from animelab.engine.recipe import Recipe
from animelab.errors import LabError, reason, say
from animelab.files import LARGEST, BadPicture, read, sweep, write_atomically, write_text, writing
from animelab.foreign import ODD

RECORD = {"recipe": str, "replaced": dict, "config": dict, "data_fingerprint": str, "precision": str}  # of run.json
# What a run may hold before its first checkpoint, and whether it is a folder.
BEGUN = dict.fromkeys(("train.lock", "run.json", "log.jsonl"), False)
BEGUN |= dict.fromkeys(("previews", "checkpoints", "tensorboard"), True)
WRITTEN = r"run\.json|log\.jsonl|weights\.safetensors|timelapse\.webp|\d{8}\.png|step-\d{8}\.pt"


@runtime_checkable
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
        return read_log(self.folder / "log.jsonl")

    @property
    def previews(self) -> list[Path]:
        """The pictures of the time lapse, in order."""
        return _previews(self.folder)


def check_out(out: Path, checkpoints: Checkpoints, resume: bool | str) -> None:
    """LabError, before anything is made or removed, where no run can begin in that folder, or none goes on."""
    if checkpoints.paths():
        if resume is False:
            raise LabError(f"{out} already holds a run: resume it (--resume), or choose another folder (--out).")
        return
    found = {path.name: path.is_dir() for path in out.glob("*") if path.name[0] != "."}
    ours = "run.json" in found and RECORD.keys() <= read_record(out).keys()
    odd = sorted(found.items() - (BEGUN if ours else {"train.lock": False}).items())
    if odd or resume is True:
        holds = f", but {odd[0][0]}; choose another folder (--out)" if odd else " to resume from; leave out --resume"
        raise LabError(f"{out} holds no checkpoint of a run{holds} to begin there.")


def resume_or_begin(recipe: Recipe, data: Data, out: Path, checkpoints: Checkpoints) -> tuple[int, float]:
    """Load the newest checkpoint into the recipe; returns (step, seconds trained). Writes run.json."""
    for folder in (out, out / "previews", checkpoints.folder):
        sweep(folder, WRITTEN)
    start, record = (0, 0.0), out / "run.json"
    if checkpoints.paths():
        before = read_record(out)
        odd = [key for key, kind in RECORD.items() if not isinstance(before.get(key), kind)]
        odd += ["precision"] * (before.get("precision") not in ("fp32", "bf16"))
        if odd:
            raise LabError(f"{record} is damaged at '{odd[0]}'; copy the run again, or begin anew in another folder.")
        if recipe.config.precision == "auto":
            recipe.precision = before["precision"]  # a run keeps it, also on a machine that would choose another
        # A run from before a setting was made with its default.
        usual = {each.name: each.default for each in dataclasses.fields(recipe.config)}
        _check_same_experiment({**before, "config": usual | before["config"]}, _about(recipe, data), out)

        def take(state: dict[str, Any]) -> None:
            nonlocal start
            try:
                if not 0 <= state["seconds"] < math.inf:
                    raise ValueError(f"seconds = {state['seconds']}")
                recipe.load_state(state["recipe"])
                start = state["step"], float(state["seconds"])
            except ODD as error:
                raise LabError(f"does not fit this recipe ({type(error).__name__}: {reason(error)})") from error

        checkpoints.load(take)
        done = " It is finished: choose another folder to train anew." if start[0] >= recipe.config.steps else ""
        say(f"resumed at step {start[0]} of {recipe.config.steps} in {out}.{done}")
    write_text(record, json.dumps(_about(recipe, data), indent=2) + "\n")
    return start


def read_record(folder: Path) -> dict[str, Any]:
    """run.json of a run's folder: what it is. Raises LabError where it is missing or damaged."""
    path = folder / "run.json"
    try:
        readable = path.is_file() and path.stat().st_size < 2**20
        record = json.loads(path.read_text(encoding="utf-8")) if readable else None
        if not isinstance(record, dict):
            raise ValueError("no object")
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{path} is missing or damaged; copy all of the folder, or train in another.") from error
    return record


def _about(recipe: Recipe, data: Data) -> dict[str, Any]:
    return {
        "recipe": recipe.name,
        "replaced": recipe.replaced,
        "config": dataclasses.asdict(recipe.config),
        "data": data.name,
        "data_fingerprint": data.fingerprint,
        "data_count": getattr(data, "counts", [len(data)]),
        "animelab": __version__,
        "torch": torch.__version__,
        "device": env.describe(recipe.device),
        "precision": recipe.precision,
    }


def _check_same_experiment(before: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    # These may change between two sessions. `precision` is compared as it was decided, not as it was asked for.
    free = {"steps", "decay", "precision", "log_every", "preview_every", "checkpoint_every", "keep"}
    pairs = [("recipe", before["recipe"], now["recipe"])]  # first: of another one, all else is different, too
    pairs += [(key, before["config"].get(key), value) for key, value in now["config"].items() if key not in free]
    pairs += [("precision", before["precision"], now["precision"])]
    for name in sorted(before["replaced"].keys() | now["replaced"].keys()):
        if before["replaced"].get(name) != now["replaced"].get(name):
            pairs.append((name, "another function", "this one"))
    for key, old, new in pairs:
        if old != new:
            advice = "put it back to resume, or choose another folder for the new experiment"
            raise LabError(f"{out} holds a run with {key} = {old}, and now it is {new}; {advice}.")
    if before["data_fingerprint"] != now["data_fingerprint"]:  # the name alone may differ: a folder can be renamed
        then, today = (f"{_listed(each.get('data_count'))} of {each.get('data', '?')}" for each in (before, now))
        if sorted(before["data_fingerprint"].split()) == sorted(now["data_fingerprint"].split()):
            raise LabError(f"{out} began with its two sides the other way round; give --direction as it was then.")
        start = f" (--set start={out} begins from its networks)" if "start" in now["config"] else ""
        odd = f"{out} began with other pictures ({then}) than it gets now ({today})"
        resume = "put them back as they were, or give those of then (--data), to resume"
        raise LabError(f"{odd}: {resume}; or choose another folder to train with these{start}.")


def first_preview(recipe: Recipe, out: Path, start: int) -> np.ndarray:
    """What the networks draw at the start; of a new run it is kept, as the first picture of its time lapse."""
    for path in _previews(out):
        if int(path.stem) > start or not start:
            path.unlink()  # of a run that went further and then lost its checkpoints
    return draw_preview(recipe) if _previews(out) else save_preview(recipe, out, start)


def draw_preview(recipe: Recipe) -> np.ndarray:
    with torch.no_grad(), torch.random.fork_rng([recipe.device] if recipe.device.type == "cuda" else []):
        torch.manual_seed(recipe.config.seed)  # the same noise in every preview
        return recipe.preview()


def save_preview(recipe: Recipe, out: Path, step: int) -> np.ndarray:
    picture = draw_preview(recipe)
    path = out / "previews" / f"{step:08d}.png"
    write_atomically(path, lambda temporary: Image.fromarray(picture).save(temporary, format="PNG"))
    return picture


def save_timelapse(out: Path, last: np.ndarray) -> None:
    """All previews as one film; what is damaged, or not of the last one's size, is left out, and named."""
    frames, odd = [], []
    for path in _previews(out):
        try:
            picture = read(path).convert("RGB")
            if picture.size != (last.shape[1], last.shape[0]):
                raise BadPicture("Another size.", f"{picture.width} x {picture.height} px")
            frames.append(picture)
        except BadPicture as problem:
            odd.append(f"{path.name} ({problem.reason})")
    if odd:
        say(f"The time lapse goes without {len(odd)} damaged pictures of {out / 'previews'}: {', '.join(odd[:3])}.")
    frames = frames or [Image.fromarray(last)]
    more: dict[str, Any] = {"append_images": frames[1:], "duration": [150] * (len(frames) - 1) + [2000], "loop": 0}
    write_atomically(out / "timelapse.webp", lambda path: frames[0].save(path, "WEBP", save_all=True, **more))


def _previews(out: Path) -> list[Path]:
    """The pictures that the engine saved; others, such as a sync program's copies, are none of its business."""
    found = (path for path in (out / "previews").glob("*.png") if re.fullmatch(r"\d{8}\.png", path.name))
    return sorted(path for path in found if path.is_file())


class Log:
    """log.jsonl, a line for each log step; a resumed run goes on from its checkpoint's line.

    With ANIMELAB_TENSORBOARD=1 in the environment TensorBoard's event files, too, in the folder `tensorboard` beside
    it. Not whenever its package is there: that would cost every run two seconds of importing, for files nobody wants.
    """

    def __init__(self, path: Path, until: int) -> None:
        self.path = path
        self.rows = [row for row in read_log(path) if row["step"] <= until]
        write_text(path, "".join(json.dumps(row) + "\n" for row in self.rows))
        self._board: Any = None
        if os.environ.get("ANIMELAB_TENSORBOARD", "0") not in ("", "0"):
            if find_spec("tensorboard") is None:
                raise LabError("TensorBoard is not here: pip install tensorboard, or set ANIMELAB_TENSORBOARD=0.")
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(path.parent / "tensorboard"), purge_step=until + 1)

    def add(self, row: dict[str, float]) -> None:
        self.rows.append(row)
        with writing(self.path), open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            for name in row.keys() - {"step"} if self._board else ():
                self._board.add_scalar(name, row[name], row["step"])
            if self._board:
                self._board.flush()


def read_log(path: Path) -> list[dict[str, float]]:
    """The lines of a log.jsonl; those that are damaged are left out, and counted."""
    rows, odd = [], []
    # A kill can cut the last line short; a line without its end is not a line.
    if path.is_file() and path.stat().st_size > LARGEST:
        raise LabError(f"{path} has over {LARGEST / 1e6:.0f} MB, and is no log of a run; move it away to go on.")
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line.decode("utf-8"))
            if type(row["step"]) is not int or not all(math.isfinite(value) for value in row.values()):
                raise ValueError("a line has a step and numbers")
            rows.append(row)
        except ODD:
            odd.append(str(number))
    if odd:
        say(f"{path}: {len(odd)} of its lines cannot be read and are left out (line {', '.join(odd[:3])}).")
    return rows


def _listed(counts: Any) -> str:
    """Of each side how many, as in run.json; older ones do not say."""
    return " and ".join(map(str, counts)) if isinstance(counts, list) else "an unknown number"
