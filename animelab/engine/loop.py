"""The loop: batches in, losses out, and everything that must survive a crash, an interrupt or a NaN."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm.auto import tqdm

from animelab import __version__, env
from animelab.engine.checkpoint import Checkpoints, write_atomically
from animelab.engine.recipe import Recipe
from animelab.engine.weights import save_weights
from animelab.errors import LabError


class Data(Protocol):
    """What the loop asks of a dataset."""

    name: str

    @property
    def fingerprint(self) -> str: ...
    def __len__(self) -> int: ...
    def batch(self, indices: Tensor, device: torch.device) -> Tensor: ...


@dataclass
class Progress:
    """What a watcher is told at every log step."""

    step: int
    steps: int
    seconds: float  # of training so far, over all resumes
    images_per_second: float
    eta: float  # seconds left
    losses: dict[str, float]
    history: list[dict[str, float]] = field(repr=False)  # the lines of log.jsonl
    preview: np.ndarray | None = field(repr=False)  # the newest grid, uint8 (H, W, 3)


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
        return sorted((self.folder / "previews").glob("*.png"))


def train(
    recipe: Recipe,
    data: Data,
    out: str | Path,
    *,
    resume: bool | str = "auto",
    watch: Callable[[Progress], None] | None = None,
) -> Run:
    """Run `recipe` on `data` for `recipe.config.steps` steps and keep everything under the folder `out`.

    resume: "auto" goes on from the newest checkpoint in `out`, if there is one; True insists on one; False insists on a
    new folder. Resuming is exact: on a CPU, bit for bit. `watch` is called with a Progress at every log step; without
    one, a progress bar is shown. Ctrl-C (or a notebook's stop button) finishes the step, saves, and says how to go on.
    Raises LabError when `out` holds another experiment, when a loss is no longer finite, and when memory runs out.
    """
    config, out = recipe.config, Path(out)
    checkpoints = Checkpoints(out / "checkpoints", config.keep)
    start, seconds = _resume(recipe, data, out, checkpoints, resume)
    log = _Log(out / "log.jsonl", start)
    order = Order(len(data), config.batch, config.seed)
    bar = tqdm(total=config.steps, initial=start, unit="step", disable=watch is not None, dynamic_ncols=True)
    step, preview, began = start, None, time.perf_counter()

    def report(values: dict[str, float]) -> None:
        elapsed = time.perf_counter() - began
        rate = (step - start) * config.batch / elapsed
        total = seconds + elapsed
        log.add({"step": step, "seconds": round(total, 2), "images_per_second": round(rate, 1), **values})
        bar.set_postfix({"img/s": f"{rate:.0f}", **{name: f"{value:.2f}" for name, value in values.items()}})
        if watch is not None:
            eta = (config.steps - step) * config.batch / rate
            watch(Progress(step, config.steps, total, rate, eta, values, log.rows, preview))

    def save() -> None:
        elapsed = seconds + time.perf_counter() - began
        if not recipe.is_finite():
            raise _diverged("The weights are no longer numbers at", step, checkpoints)
        with torch.random.fork_rng():  # looking at a run must not change it
            save_weights(out / "weights.safetensors", *recipe.weights())  # first: a checkpoint says all is written
        checkpoints.save(step, {"seconds": elapsed, "recipe": recipe.state()})

    with _postponed_interrupt() as interrupted, bar:
        preview = _first_preview(recipe, out, start)
        while step < config.steps:
            with recipe.autocast(), _explained(config):
                losses = recipe.step(data.batch(order[step], recipe.device))
            step += 1
            bar.update()

            ends = step == config.steps or bool(interrupted)
            shows = step == config.steps or _is_preview(step, config.preview_every)
            logs = ends or step % config.log_every == 0 or step % config.checkpoint_every == 0
            if shows or logs:
                values = {name: float(value) for name, value in losses.items()}
                if not all(math.isfinite(value) for value in values.values()):
                    raise _diverged(f"The losses are {values} at", step, checkpoints)
            if shows:
                preview = _save_preview(recipe, out, step)
            if logs:
                report(values)
            if ends or step % config.checkpoint_every == 0:
                save()
            if ends:
                break

    finished = step >= config.steps
    if finished:
        _save_timelapse(out)
    else:
        print(f"Stopped and saved at step {step} of {config.steps} in {out}. Run the same again to go on from there.")
        if signal.SIGTERM in interrupted:
            raise SystemExit(128 + signal.SIGTERM)  # somebody wants the whole process to end, not only this run
    return Run(out, step, finished, recipe)


class Order:
    """The shuffled order of pictures: batch number `step` is a pure function of the seed, so resuming needs no state.

    Every picture comes once before any comes twice, also when there are fewer pictures than a batch holds.
    """

    def __init__(self, length: int, batch: int, seed: int) -> None:
        self.length, self.batch, self.seed = length, batch, seed
        self._epochs: dict[int, Tensor] = {}

    def __getitem__(self, step: int) -> Tensor:
        positions = torch.arange(step * self.batch, (step + 1) * self.batch)
        epochs = positions // self.length
        return torch.cat([self._epoch(int(e))[positions[epochs == e] % self.length] for e in epochs.unique()])

    def _epoch(self, epoch: int) -> Tensor:
        if epoch not in self._epochs:
            self._epochs = {key: value for key, value in self._epochs.items() if key >= epoch - 1}
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._epochs[epoch] = torch.randperm(self.length, generator=generator)
        return self._epochs[epoch]


def _resume(recipe: Recipe, data: Data, out: Path, checkpoints: Checkpoints, resume: bool | str) -> tuple[int, float]:
    """Load the newest checkpoint into the recipe; returns (step, seconds trained). Writes run.json."""
    start, record = (0, 0.0), out / "run.json"
    if checkpoints.paths():
        if resume is False:
            raise LabError(f"{out} already holds a run: resume it (--resume), or choose another folder (--out).")
        before = json.loads(record.read_text(encoding="utf-8"))
        if recipe.config.precision == "auto":
            recipe.precision = before["precision"]  # a run keeps it, also on a machine that would choose another
        _check_same_experiment(before, _about(recipe, data), out)
        state = checkpoints.load()
        assert state is not None
        recipe.load_state(state["recipe"])
        start = state["step"], state["seconds"]
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
    pairs = [(key, before["config"].get(key), value) for key, value in now["config"].items() if key not in free]
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


def _diverged(what: str, step: int, checkpoints: Checkpoints) -> LabError:
    saved = checkpoints.paths()
    return LabError(
        f"{what} step {step}: training has blown up. "
        + (f"The last good checkpoint is {saved[-1]}. " if saved else "No checkpoint was written yet. ")
        + "The usual cause is a learning rate that is too high, or precision=bf16: halve the one, or use fp32."
    )


@contextmanager
def _explained(config: Any) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # CUDA, MPS and the CPU each have words of their own for it
        if not re.search("out of memory|allocate memory", str(error)) and not isinstance(error, MemoryError):
            raise
        raise LabError(
            f"Out of memory with batch={config.batch}; try batch={max(1, config.batch // 2)} or a smaller preset."
        ) from error


@contextmanager
def _postponed_interrupt() -> Iterator[list[int]]:
    """Inside, the first Ctrl-C or SIGTERM only fills the list, so that a step is never cut in half."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received  # signals reach only the main thread; there is nothing to catch here
        return

    def note(number: int, _frame: Any) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_preview(recipe: Recipe, out: Path, start: int) -> np.ndarray:
    """Of a new run, what untrained networks draw; of a resumed one, the newest picture it has."""
    previews = sorted((out / "previews").glob("*.png"))
    before = [path for path in previews if int(path.stem) <= start] if start else []
    for path in set(previews) - set(before):
        path.unlink()  # of a run that went further and then lost its checkpoints
    if not before:
        return _save_preview(recipe, out, start)
    with Image.open(before[-1]) as picture:
        return np.asarray(picture.convert("RGB"))


def _is_preview(step: int, every: int) -> bool:
    """Every so many steps, and at 1, 2, 4, 8, ... before the first of them, when everything happens fast."""
    return step % every == 0 or (step < every and step & (step - 1) == 0)


def _save_preview(recipe: Recipe, out: Path, step: int) -> np.ndarray:
    with torch.no_grad(), torch.random.fork_rng():  # looking at a run must not change it
        picture = recipe.preview()
    path = out / "previews" / f"{step:08d}.png"
    write_atomically(path, lambda temporary: Image.fromarray(picture).save(temporary, format="PNG"))
    return picture


def _save_timelapse(out: Path) -> None:
    frames = [Image.open(path).convert("RGB") for path in sorted((out / "previews").glob("*.png"))]
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


class _Log:
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
