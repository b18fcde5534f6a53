"""Faces drawn by the studio: drawn once, on all cores, then read from a cache on disk."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import joblib
import numpy as np
from tqdm.auto import tqdm

from animelab import env, studio
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
        pixels = _read(path, (count, size, size, 3))
        if pixels is None:
            workers = workers or min(joblib.cpu_count(), 8, count // PICTURES_PER_WORKER) or 1
            pictures = _parallel(workers)(
                joblib.delayed(studio.render)(self.character(index), size, renderer) for index in range(count)
            )
            _write(path, (count, size, size, 3), tqdm(pictures, f"Drawing {size} px faces", count, unit=" faces"))
            pixels = np.load(path, mmap_mode="r")
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


def _parallel(workers: int) -> joblib.Parallel:
    """Worker processes that import the studio but not torch, and need no `if __name__ == "__main__"`."""
    parent = os.getpid()

    def prepare() -> None:  # runs in each worker; it travels by value, so that no worker imports this module
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the parent, which then ends its workers
        threading.Thread(target=watch, daemon=True).start()

    def watch() -> None:  # the workers of a parent that was killed would wait for it forever
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    return joblib.Parallel(
        workers, "loky", return_as="generator", batch_size=25, idle_worker_timeout=10, initializer=prepare
    )


def _write(path: Path, shape: tuple[int, ...], pictures: Iterable[np.ndarray]) -> None:
    """Write pictures under a temporary name, which becomes `path` only when all are there."""
    partial = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("*.partial"):
            if time.time() - old.stat().st_mtime > 24 * 3600:  # of a process that was killed
                old.unlink(missing_ok=True)
        try:
            with open(partial, "xb") as file:
                np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
                for picture in pictures:
                    file.write(picture.tobytes())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.replace(partial, path)
            except PermissionError:  # Windows, when another process was first and has the same pictures open
                if not path.exists():
                    raise
        finally:
            partial.unlink(missing_ok=True)
    except BrokenProcessPool as problem:
        raise LabError("A drawing process died, perhaps for lack of memory; try again with workers=1.") from problem
    except OSError as problem:
        raise LabError(
            f"The drawn faces cannot be kept in {path.parent} ({problem.strerror or problem}); make room there, "
            "or set ANIMELAB_CACHE to a folder you can write to."
        ) from problem
