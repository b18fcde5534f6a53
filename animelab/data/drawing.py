"""Characters become pixels once, on all cores; after that they are read from a cache on disk."""

from __future__ import annotations

import hashlib
import operator
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from filelock import FileLock, Timeout

from animelab import env, limits, studio
from animelab.bar import Bar
from animelab.config import nearest
from animelab.errors import LabError, reason, say
from animelab.studio import Character, Prior, Scene, hair

SPLITS = ("train", "validation", "test")
SEED_STRIDE, SPLIT_STRIDE = 10_000_000, 1_000_000_000  # apart enough that no two sets share a character
ONE_CHANNEL = ("segmentation", "shade", "alpha")
PICTURES_PER_WORKER = 200  # starting a worker takes as long as drawing about half of this


@dataclass(frozen=True)
class Cast:
    """A row of characters: `cast[i]` is the same everywhere, and no other seed or split has one of them.

    `step` and `first` take every step-th character from `first` on. Raises LabError for a seed outside 0 to 99, an
    unknown split or prior, and an index beyond 10 million.
    """

    prior: str | Prior = "full"
    seed: int = 0
    split: str = "train"
    first: int = 0
    step: int = 1

    def __post_init__(self) -> None:
        seed = limits.whole("The seed of a drawn set", self.seed, (0, SPLIT_STRIDE // SEED_STRIDE - 1))
        object.__setattr__(self, "seed", seed)
        if self.split not in SPLITS:
            raise LabError(f"There is no split '{self.split}': {nearest(self.split, SPLITS)}")
        self[0]  # an unknown prior fails here, before any work

    def __getitem__(self, index: int) -> Any:
        return Character.random(self.place(index), self.prior)

    def place(self, index: int) -> int:
        """The number from which the index-th is made."""
        place = self.first + self.step * operator.index(index)
        if not 0 <= place < SEED_STRIDE:
            raise LabError(f"A set has characters 0 to {SEED_STRIDE // self.step - 1:,}, not {index:,}.")
        return SPLITS.index(self.split) * SPLIT_STRIDE + self.seed * SEED_STRIDE + place

    @property
    def hairstyles(self) -> dict[str, hair.Hairstyle]:
        """The learner's own among the hairstyles of the prior: nobody knows them outside of this process."""
        tables = () if isinstance(self.prior, str) else (self.prior.weights, self.prior.male)
        names = {name for table in tables for name in table.get("hair_style", ())}
        return {name: hair.HAIRSTYLES[name] for name in sorted(names & (hair.HAIRSTYLES.keys() - hair.BUNDLED))}

    @property
    def name(self) -> str:
        """As in the name of a cache: prior, split and seed, and which of them."""
        own = repr((self.prior, self.hairstyles)).encode()
        prior = self.prior if isinstance(self.prior, str) else hashlib.sha256(own).hexdigest()[:8]
        every = f"-{self.first}of{self.step}" if self.step > 1 else ""
        return f"{prior}-{self.split}-seed{self.seed}{every}"


@dataclass(frozen=True)
class Places(Cast):
    """A row of scenes instead of characters."""

    prior: str | Prior = "scenes"

    def __getitem__(self, index: int) -> Any:
        return Scene.random(self.place(index))


class Side(NamedTuple):
    """What is drawn of each character: a layer of the cel style ("line"), or a whole style ("portrait").

    Of a scene there is one layer, "scene", in the styles "photo" and "anime".
    """

    layer: str
    style: str

    @classmethod
    def named(cls, name: str) -> Side:
        """The side of that name; LabError with the nearest one otherwise."""
        if name in studio.STYLES:
            return cls("color", name)
        if name not in studio.LAYERS:
            raise LabError(f"The studio draws no '{name}': {nearest(name, (*studio.LAYERS, *studio.STYLES))}")
        return cls(name, "cel")


def drawn(
    cast: Cast,
    side: Side,
    size: int,
    count: int,
    cache: str | Path | None = None,
    workers: int | None = None,
    renderer: str = "thorvg",
) -> tuple[np.ndarray, str]:
    """One side of the first `count` characters: bytes (count, size, size[, 3]), memory-mapped, and their fingerprint.

    The cache belongs to one version of the studio and of the renderer: a new version draws again. Raises LabError for a
    size or count that cannot be, and when the cache cannot be written.
    """
    size = limits.whole("size", size, limits.SETTINGS["size"])
    count = limits.whole("count", count, (1, min(limits.DRAWN[1], SEED_STRIDE // cast.step)))
    what = f"{side.style}-{side.layer}"
    name = f"{what}-{cast.name}-{size}px-{count}-{studio.fingerprint(renderer)[:16]}"
    path = Path(cache or env.cache_dir() / "studio") / f"{name}.npy"
    shape = (count, size, size) if side.layer in ONE_CHANNEL else (count, size, size, 3)
    if _read(path, shape) is None:
        workers = workers or min(joblib.cpu_count(), 8, count // PICTURES_PER_WORKER)
        if side.layer == "scene":
            calls = (joblib.delayed(studio.paint)(cast[index], size, side.style) for index in range(count))
        else:
            draw = joblib.delayed(studio.render)
            calls = (draw(cast[index], size, side.layer, side.style, renderer) for index in range(count))

        def pictures() -> Iterator[np.ndarray]:  # a worker can die as early as in the first call
            yield from _parallel(workers or 1, cast.hairstyles)(calls)

        with _alone(path) as waited:
            if not waited or _read(path, shape) is None:
                _write(path, shape, Bar(pictures(), f"Drawing {size} px {what}", count, unit=" pictures"))
    pixels = _read(path, shape)
    assert pixels is not None
    return pixels, name


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The cached pixels, or None when they are not there or damaged."""
    try:
        pixels = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        return None
    except (ValueError, EOFError, OSError) as problem:
        say(f"The cache {path} is damaged and will be drawn again ({reason(problem)}).")
        return None
    return pixels if pixels.shape == shape and pixels.dtype == np.uint8 else None


def _parallel(workers: int, hairstyles: dict[str, hair.Hairstyle]) -> joblib.Parallel:
    """Worker processes that import the studio but not torch, and need no `if __name__ == "__main__"`."""
    parent = os.getpid()

    def prepare() -> None:  # runs in each worker; it travels by value, so that no worker imports this module
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the parent, which then ends its workers
        threading.Thread(target=watch, daemon=True).start()
        hair.HAIRSTYLES.update(hairstyles)

    def watch() -> None:  # the workers of a parent that was killed would wait for it forever
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    return joblib.Parallel(
        workers, "loky", return_as="generator", batch_size=25, idle_worker_timeout=10, initializer=prepare
    )


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Inside, no other process draws the same; gives whether one did until now."""
    lock, waited = FileLock(path.with_suffix(".lock")), False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waited = True
            lock.acquire()
    except OSError as problem:
        raise _not_kept(path, problem) from problem
    try:
        yield waited
    finally:
        lock.release()
        with suppress(PermissionError):  # Windows, where somebody waits for it
            Path(lock.lock_file).unlink(missing_ok=True)


def _not_kept(path: Path, problem: OSError) -> LabError:
    advice = "make room there, or set ANIMELAB_CACHE to a folder you can write to"
    return LabError(f"The drawn faces cannot be kept in {path.parent} ({reason(problem)}); {advice}.")


def _write(path: Path, shape: tuple[int, ...], pictures: Iterable[np.ndarray]) -> None:
    """Write pictures under a temporary name, which becomes `path` only when all are there."""
    partial = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.partial")
    try:
        for old in path.parent.glob("*.partial"):
            if time.time() - old.stat().st_mtime > 24 * 3600:  # of a process that was killed
                old.unlink(missing_ok=True)
        try:
            with open(partial, "xb") as file:
                np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
                for picture in pictures:
                    file.write(picture.astype(np.uint8).tobytes())
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
        raise _not_kept(path, problem) from problem
