"""Checkpoints that survive a crash at any moment: written beside, synced, renamed; loaded without running code."""

from __future__ import annotations

import os
import pickle
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from animelab.errors import LabError


class Checkpoints:
    """The checkpoints of one run, `step-00001000.pt` and so on, of which the newest `keep` stay."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder, self.keep = folder, keep

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write the state and every random state of the process; then remove the oldest checkpoints."""
        path = self.folder / f"step-{step:08d}.pt"
        write_atomically(path, lambda temporary: torch.save({"step": step, "random": _random(), **state}, temporary))
        for old in self.paths()[: -self.keep]:
            old.unlink()
        return path

    def paths(self) -> list[Path]:
        """All complete checkpoints, oldest first."""
        return sorted(path for path in self.folder.glob("step-*.pt") if re.fullmatch(r"step-\d{8}\.pt", path.name))

    def load(self) -> dict[str, Any] | None:
        """The newest checkpoint, with the process's random states restored, or None when there is none.

        Raises LabError when the file cannot be read.
        """
        paths = self.paths()
        if not paths:
            return None
        try:
            state = torch.load(paths[-1], map_location="cpu", weights_only=True)
            _restore_random(state.pop("random"))
        except (RuntimeError, EOFError, pickle.UnpicklingError, AttributeError, LookupError, TypeError) as error:
            raise LabError(
                f"The checkpoint {paths[-1]} cannot be read; delete it to go on from an older one."
            ) from error
        return state


def write_atomically(path: Path, write: Any) -> None:
    """Call `write(temporary_path)`, sync it to disk and rename it: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _random() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (kind, np.asarray(keys).tolist(), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
    }


def _restore_random(state: dict[str, Any]) -> None:
    version, keys, gauss = state["python"]
    random.setstate((version, tuple(keys), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
    if state["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
