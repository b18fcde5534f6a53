"""Checkpoints that survive a crash at any moment: written beside, synced, renamed; checked before anything is built."""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from animelab.errors import LabError, say
from animelab.files import write_atomically
from animelab.foreign import ODD, Bounded, from_zip

LARGEST = 16 * 2**30  # bytes; the largest of the course, U-GAT-IT's with its optimizers, has about 8 GB
SEAL = b"animelab sha256 "  # a checkpoint's last words, as the comment of its zip file; 64 digits follow
UNSEALED = b"PK\5\6"  # how the last 22 bytes of a zip file without a comment begin


class Checkpoints:
    """The checkpoints of one run, `step-00001000.pt` and so on, of which the newest `keep` stay."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder, self.keep = folder, keep

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write the state; then remove the oldest, but never a later one."""
        path = self.folder / f"step-{step:08d}.pt"
        write_atomically(path, lambda temporary: _save({"step": step, **state}, temporary))
        for old in [each for each in self.paths() if each <= path][: -self.keep]:
            old.unlink()
        return path

    def paths(self) -> list[Path]:
        """All complete checkpoints, oldest first."""
        found = (path for path in self.folder.glob("step-*.pt") if re.fullmatch(r"step-\d{8}\.pt", path.name))
        return sorted(path for path in found if path.is_file())

    def load(self, take: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any] | None:
        """The newest checkpoint that is whole; None when there is none.

        `take` is called with it and may raise LabError: such a checkpoint counts as damaged. The one before is used
        then, and a printed line says so. Raises LabError when all are damaged.
        """
        damaged: list[str] = []
        for path in reversed(self.paths()):
            try:
                state = _load(path)
                if take is not None:
                    take(state)
            except LabError as error:
                damaged.append(f"{path.name} {error}")
                continue
            if damaged:
                say(f"In {self.folder} {', and '.join(damaged)}: it goes on from {path.name}.")
            return state
        if damaged:
            advice = "copy the run again, or choose another folder to begin anew"
            raise LabError(f"No checkpoint in {self.folder} can be used ({', and '.join(damaged)}); {advice}.")
        return None


def _save(state: dict[str, Any], path: Path) -> None:
    with open(path, "w+b") as file:
        torch.save(state, file)
        file.seek(-2, os.SEEK_END)
        file.write(struct.pack("<H", len(SEAL) + 64))  # the length of the comment that follows
        file.seek(0)
        file.write(SEAL + _digest(file, path.stat().st_size))


def _digest(file: BinaryIO, length: int) -> bytes:
    """The sha256 of the file's next `length` bytes, as digits."""
    digest = hashlib.sha256()
    while length > 0:
        block = file.read(min(length, 2**20))
        if not block:
            raise EOFError("the file became shorter")
        digest.update(block)
        length -= len(block)
    return digest.hexdigest().encode()


def _load(path: Path) -> dict[str, Any]:
    try:
        _check(path)
        with Bounded(path) as file:
            state = from_zip(file, path.stat().st_size)
        if type(state["step"]) is not int or state["step"] != int(path.stem[5:]):
            raise ValueError("it holds another step than its name says")
        if not isinstance(state["recipe"], dict):
            raise TypeError("it holds no recipe")
    except ODD as error:
        raise LabError("is damaged and cannot be read") from error
    return state


def _check(path: Path) -> None:
    """Raise unless every bit is as it was written; of older ones, without a seal, each member has a checksum."""
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{size / 1e9:.0f} GB are more than any checkpoint has")
    with open(path, "rb") as file:
        file.seek(-(len(SEAL) + 64), os.SEEK_END)
        end = file.read()
        file.seek(0)
        sealed = not (end[-22:].startswith(UNSEALED) and end.endswith(b"\0\0"))  # older ones were not
        if sealed and not (end.startswith(SEAL) and end == SEAL + _digest(file, size - len(end))):
            raise ValueError("the checksum differs")
