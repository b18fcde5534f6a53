"""Faces drawn by the studio: drawn once, in parallel, then read from a cache on disk."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import pickle
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from animelab import env, studio
from animelab.data import drawing
from animelab.data.drawing import Slice
from animelab.data.pictures import Pictures
from animelab.errors import LabError
from animelab.studio import Character, Prior

SEED_STRIDE = 10_000_000  # picture i of set s is character s * SEED_STRIDE + i, so that sets do not overlap
PICTURES_PER_WORKER = 200  # starting a worker takes as long as drawing about half of this


class StudioFaces(Pictures):
    """Drawn anime faces: the offline default of the course. Picture i is `render(faces.character(i), size)`.

    size: side in pixels; count: number of faces, of which each has a seed of its own; prior: a name in
    `studio.PRIORS` ("frontal" is the narrow one of lesson 1, "full" has everything) or a Prior; cache: a folder, by
    default inside `env.cache_dir()`; workers: drawing processes, by default as many as are worth starting.
    The cache belongs to one version of the studio and of the renderer: a new version draws again.
    Raises LabError for a size, count or prior that cannot be, and when the cache cannot be written. Taught in 01_dcgan.
    """

    def __init__(
        self,
        size: int = 64,
        count: int = 10_000,
        seed: int = 0,
        prior: str | Prior = "frontal",
        cache: str | Path | None = None,
        workers: int | None = None,
        renderer: str = "thorvg",
    ) -> None:
        if size < 8 or not 1 <= count <= SEED_STRIDE:
            raise LabError(
                f"StudioFaces needs a size from 8 and a count from 1 to {SEED_STRIDE:,}, not {size}, {count}."
            )
        self.seed, self.prior = seed, prior
        self.character(0)  # an unknown prior fails here, before any work
        kind = prior if isinstance(prior, str) else hashlib.sha256(repr(prior).encode()).hexdigest()[:8]
        name = f"faces-{kind}-{size}px-{count}-seed{seed}-{studio.fingerprint(renderer)[:16]}"
        path = Path(cache or env.cache_dir() / "studio") / f"{name}.npy"
        shape = (count, size, size, 3)
        pixels = _read(path, shape)
        if pixels is None:
            _draw(Slice(path, size, seed * SEED_STRIDE, prior, renderer, 0, count), workers)
            pixels = _read(path, shape)
        if pixels is None:
            raise LabError(f"{path} was drawn and cannot be read back; check the disk, or choose another cache folder.")
        super().__init__(pixels, f"studio faces ({kind}, seed {seed})", fingerprint=name)

    def character(self, index: int) -> Character:
        """The character of picture `index`, with every attribute that was drawn."""
        return Character.random(self.seed * SEED_STRIDE + index, self.prior)


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The cached pixels, or None when they are not there or damaged."""
    try:
        pixels = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        return None
    except (ValueError, EOFError, OSError) as problem:
        print(f"The cache {path} is damaged and will be drawn again ({problem}).")
        return None
    return pixels if pixels.shape == shape and pixels.dtype == np.uint8 else None


def _draw(whole: Slice, workers: int | None) -> None:
    """Draw a whole set into a file with a temporary name, which becomes `whole.path` only when it is complete."""
    path, count, shape = whole.path, whole.stop, (whole.stop, whole.size, whole.size, 3)
    workers = workers or min(_cores(), 8, count // PICTURES_PER_WORKER) or 1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        partial = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.partial")
        try:
            with open(partial, "xb") as file:
                np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
                offset = file.tell()
                file.truncate(offset + math.prod(shape))
            bounds = [count * worker // workers for worker in range(workers + 1)]
            whole = whole._replace(path=partial, offset=offset)
            slices = [whole._replace(start=start, stop=stop) for start, stop in pairwise(bounds)]
            with tqdm(total=count, desc=f"Drawing {whole.size} px faces", unit=" faces") as bar:
                for left in slices if workers == 1 else _in_parallel(slices, bar.update):
                    left.draw(bar.update)
            with open(partial, "r+b") as file:
                os.fsync(file.fileno())
            _publish(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as problem:
        raise LabError(
            f"The drawn faces cannot be kept in {path.parent} ({problem.strerror or problem}); make room there, "
            "or set ANIMELAB_CACHE to a folder you can write to."
        ) from problem


def _in_parallel(slices: list[Slice], report: Callable[[int], object]) -> list[Slice]:
    """Draw each slice in a process of its own, and return those whose process failed.

    Fresh interpreters rather than multiprocessing: nobody's script or notebook is imported again, so this works
    everywhere without a guard, and a worker whose parent was killed stops at its next report.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    reading, writing = os.pipe()
    processes: list[subprocess.Popen] = []
    try:
        with open(reading) as lines:
            try:
                for part in slices:
                    # Its own session: ctrl-C is for the parent, which then ends its workers.
                    process = subprocess.Popen(
                        [sys.executable, drawing.__file__],
                        stdin=subprocess.PIPE,
                        stdout=writing,
                        env=environment,
                        start_new_session=True,
                    )
                    processes.append(process)
                    assert process.stdin is not None
                    with contextlib.suppress(BrokenPipeError), process.stdin:  # one that died at once is found below
                        pickle.dump(tuple(part), process.stdin)
            finally:
                os.close(writing)
            for line in lines:
                report(int(line))
        return [part for part, process in zip(slices, processes) if process.wait() != 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _publish(partial: Path, path: Path) -> None:
    try:
        os.replace(partial, path)
    except PermissionError:  # Windows, when another process was first and has the same pictures open
        if not path.exists():
            raise


def _sweep(folder: Path) -> None:
    """Remove what processes killed more than a day ago left behind."""
    for partial in folder.glob("*.partial"):
        if time.time() - partial.stat().st_mtime > 24 * 3600:
            partial.unlink(missing_ok=True)


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
