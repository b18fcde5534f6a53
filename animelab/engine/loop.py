"""The loop: batches in, losses out, and everything that must survive a crash, an interrupt or a NaN."""

from __future__ import annotations

import dataclasses
import json
import math
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
    losses: dict[str, Tensor] = {}
    step, preview, began = start, None, time.perf_counter()

    def report() -> None:
        values = _finite({name: float(value) for name, value in losses.items()}, step, checkpoints)
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
        checkpoints.save(step, {"seconds": elapsed, "recipe": recipe.state()})
        save_weights(out / "weights.safetensors", *recipe.weights())

    with _postponed_interrupt() as interrupted, bar:
        if start == 0:
            preview = _save_preview(recipe, out, 0)
        while step < config.steps:
            with recipe.autocast(), _explained(config):
                losses = recipe.step(data.batch(order[step], recipe.device))
            step += 1
            bar.update()

            ends = step == config.steps or bool(interrupted)
            if step == config.steps or _is_preview(step, config.preview_every):
                preview = _save_preview(recipe, out, step)
            if ends or step % config.log_every == 0 or step % config.checkpoint_every == 0:
                report()
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
    """Load the newest checkpoint into the recipe; returns (step, seconds trained). Writes run.json when new."""
    about: dict[str, Any] = {
        "recipe": recipe.name,
        "config": dataclasses.asdict(recipe.config),
        "data": data.name,
        "data_fingerprint": data.fingerprint,
        "animelab": __version__,
        "torch": torch.__version__,
        "device": env.describe(recipe.device),
        "precision": recipe.precision,
    }
    if checkpoints.paths():
        if resume is False:
            raise LabError(f"{out} already holds a run: resume it (--resume), or choose another folder (--out).")
        _check_same_experiment(json.loads((out / "run.json").read_text(encoding="utf-8")), about, out)
        state = checkpoints.load()
        assert state is not None
        recipe.load_state(state["recipe"])
        print(f"resumed at step {state['step']} of {recipe.config.steps} in {out}")
        start = state["step"], state["seconds"]
    elif resume is True:
        raise LabError(f"There is no checkpoint in {out} to resume from; leave out --resume to begin there.")
    else:
        start = 0, 0.0
    write_atomically(out / "run.json", lambda path: path.write_text(json.dumps(about, indent=2) + "\n"))
    return start


def _check_same_experiment(before: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    free = {"steps", "log_every", "preview_every", "checkpoint_every", "keep"}  # may change between sessions
    pairs = [(key, before["config"].get(key), value) for key, value in now["config"].items() if key not in free]
    pairs += [(key, before[key], now[key]) for key in ("recipe", "data", "data_fingerprint", "precision")]
    for key, old, new in pairs:
        if old != new:
            raise LabError(
                f"{out} holds a run with {key} = {old}, and now it is {new}; "
                "put it back to resume, or choose another folder for the new experiment."
            )


def _finite(losses: dict[str, float], step: int, checkpoints: Checkpoints) -> dict[str, float]:
    bad = [name for name, value in losses.items() if not math.isfinite(value)]
    if bad:
        saved = checkpoints.paths()
        where = f"The last good checkpoint is {saved[-1]}." if saved else "No checkpoint was written yet."
        raise LabError(
            f"Loss {' and '.join(bad)} became {losses[bad[0]]} by step {step}: training has blown up. {where} The "
            "usual cause is a learning rate that is too high, or precision=bf16: halve the one, or use fp32."
        )
    return losses


@contextmanager
def _explained(config: Any) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
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


def _is_preview(step: int, every: int) -> bool:
    """Every so many steps, and at 1, 2, 4, 8, ... before the first of them, when everything happens fast."""
    return step % every == 0 or (step < every and step & (step - 1) == 0)


def _save_preview(recipe: Recipe, out: Path, step: int) -> np.ndarray:
    with torch.no_grad():
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
