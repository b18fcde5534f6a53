"""The loop: batches in, losses out, and everything that must survive a crash, an interrupt or a NaN."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor

from animelab import env
from animelab.bar import Bar
from animelab.engine.checkpoint import Checkpoints
from animelab.engine.recipe import Recipe, out_of_memory
from animelab.engine.run import Data, Log, Run, check_out, first_preview, resume_or_begin, save_preview, save_timelapse
from animelab.engine.weights import save_weights
from animelab.errors import LabError, say, shown
from animelab.files import writing


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
    folder: Path | None = None  # of the run
    paused: float = 0.0  # seconds that a watcher holds the training; it adds them, and they count for nothing


Watch = Callable[[Progress], None]


def train(
    recipe: Recipe, data: Data, out: str | Path, *, resume: bool | str = "auto", watch: Watch | None = None
) -> Run:
    """Run `recipe` on `data` for `recipe.config.steps` steps and keep everything under the folder `out`.

    resume: "auto" goes on from the newest checkpoint in `out`, if there is one; True insists on one; False insists on a
    new folder. Resuming is exact: on a CPU, bit for bit. `watch` is called with a Progress at every log step; without
    one, a progress bar is shown. Ctrl-C (or a notebook's stop button) finishes the step, saves, and says how to go on.
    Of several processes (`joined`) each works on its rows of every batch, and the first one writes.
    Raises LabError when `out` holds another experiment, or files that are no run's, when a loss is no longer finite,
    when memory runs out, and when the disk is full; what was written before stays.
    """
    if not isinstance(recipe, Recipe) or not isinstance(data, Data):
        given = f"not {shown(recipe)} and a {type(data).__name__}"
        raise LabError(f"train takes a recipe such as DCGAN(config) and pictures such as ImageFolder(path), {given}.")
    if resume not in (True, False, "auto") or not isinstance(out, str | Path) or not str(out).strip():
        raise LabError(f"train takes out, a folder, and resume, True, False or 'auto', not {out!r} and {resume!r}.")
    out = Path(out)
    if not recipe.group.first:
        return _train(recipe, data, out, resume, None)
    lock = FileLock(out / "train.lock", timeout=0)  # the system lets go of it, however the process ends
    with writing(out / "train.lock"):
        check_out(out, Checkpoints(out / "checkpoints"), resume)
        out.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise LabError(f"Another process is training in {out}; wait for it, or choose another folder.") from error
    try:
        return _train(recipe, data, out, resume, watch)
    finally:
        lock.release()


def _train(recipe: Recipe, data: Data, out: Path, resume: bool | str, watch: Watch | None) -> Run:
    config, group = recipe.config, recipe.group
    checkpoints = Checkpoints(out / "checkpoints", config.keep)
    start, seconds = resume_or_begin(recipe, data, out, checkpoints) if group.first else (0, 0.0)
    start, seconds = recipe.begin_together(start, seconds, data.fingerprint)
    if group.first:
        log = Log(out / "log.jsonl", start)
    order = Order(len(data), config.batch, config.seed)
    name, quiet = f"Training {shown(out.name, 30)}", watch is not None or not group.first
    bar = Bar(total=config.steps, desc=name, initial=start, unit=" steps", disable=quiet, dynamic_ncols=True)
    step, began = start, time.perf_counter()

    def one_step(rows: slice) -> dict[str, Tensor]:
        with recipe.autocast():
            return recipe.step(data.batch(order[step][rows], recipe.device))

    def report(values: dict[str, float]) -> None:
        nonlocal began
        elapsed = time.perf_counter() - began
        rate = (step - start) * config.batch / elapsed
        total = seconds + elapsed
        log.add({"step": step, "seconds": round(total, 2), "images_per_second": round(rate, 1), **values})
        bar.set_postfix({"img/s": f"{rate:.0f}", **{name: f"{value:.2f}" for name, value in values.items()}})
        if watch is not None:
            eta = (config.steps - step) * config.batch / rate
            watch(news := Progress(step, config.steps, total, rate, eta, values, log.rows, preview, out))
            began += news.paused

    def save() -> None:
        checkpoints.save(step, {"seconds": seconds + time.perf_counter() - began, "recipe": recipe.state()})
        keep_network()

    def keep_network() -> None:  # of the newest checkpoint, and so never without one
        save_weights(out / "weights.safetensors", *recipe.weights())

    if start and group.first:
        keep_network()  # the process may have ended between the two
    with _postponed_interrupt() as interrupted, bar:
        recipe.examples = _first_examples(data, recipe.device)
        if group.first:
            preview = first_preview(recipe, out, start)
        while step < config.steps:
            env.seed_step(config.seed, step)
            with out_of_memory(config):
                losses = group.run(one_step, config.batch)
            step += 1
            bar.update()

            ends = step == config.steps or group.anywhere(bool(interrupted))
            shows = step == config.steps or _is_preview(step, config.preview_every)
            saves = ends or step % config.checkpoint_every == 0
            logs = saves or step % config.log_every == 0
            if shows or logs:
                values = group.means(losses)
                if not all(math.isfinite(value) for value in values.values()):
                    raise _diverged(f"The losses are {values} at", step, checkpoints)
            if (shows or saves) and not recipe.is_finite():
                raise _diverged("The weights are no longer numbers at", step, checkpoints)
            if shows and group.first:
                preview = save_preview(recipe, out, step)
            if logs and group.first:
                report(values)
            if saves and group.first:
                save()
            if ends:
                break

    finished = step >= config.steps
    if finished and group.first:
        save_timelapse(out, preview)
    elif group.first:
        how = "Run the same again" if resume == "auto" else "Run the same with --resume"
        say(f"Stopped and saved at step {step} of {config.steps} in {out}. {how} to go on from there.")
    if not finished and signal.SIGTERM in interrupted:
        raise SystemExit(128 + signal.SIGTERM)  # somebody wants the whole process to end, not only this run
    return Run(out, step, finished, recipe)


def _first_examples(data: Data, device: torch.device, count: int = 8) -> tuple[Tensor, ...]:
    """The same pictures in every preview, so that the time lapse shows one thing changing: the networks."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        batch = data.batch(torch.arange(min(count, len(data))), device)
    return batch if isinstance(batch, tuple) else (batch,)


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


def _diverged(what: str, step: int, checkpoints: Checkpoints) -> LabError:
    saved = checkpoints.paths()
    last = f"The last good checkpoint is {saved[-1]}" if saved else "No checkpoint was written yet"
    cause = "The usual cause is a learning rate that is too high, or precision=bf16: halve the one, or use fp32."
    return LabError(f"{what} step {step}: training has blown up. {last}. {cause}")


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
