"""Checkpoints that survive a crash at any moment: written beside, synced, renamed; checked before anything is built."""

from __future__ import annotations

import hashlib
import os
import pickle
import pickletools
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from animelab.errors import LabError, reason, say

LARGEST = 16 * 2**30  # bytes; the largest of the course, U-GAT-IT's with its optimizers, has about 8 GB
LONGEST = 8 * 2**20  # bytes of a checkpoint's index of tensors; a recipe's has some 100 KB
SEAL = b"animelab sha256 "  # a checkpoint's last words, as the comment of its zip file; 64 digits follow
UNSEALED = b"PK\5\6"  # how the last 22 bytes of a zip file without a comment begin
BUILDS = re.compile(r"collections OrderedDict|torch (\w+Storage|Size)|torch\._utils _rebuild_(tensor_v2|parameter)")
# What Python and PyTorch raise when a file, or a value in it, is not what it should be: many files, many ways.
ODD: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
)
ODD += (ValueError, pickle.UnpicklingError, struct.error, zipfile.BadZipFile, zlib.error)


class Checkpoints:
    """The checkpoints of one run, `step-00001000.pt` and so on, of which the newest `keep` stay."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder, self.keep = folder, keep

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write the state and every random state of the process; then remove the oldest checkpoints."""
        path = self.folder / f"step-{step:08d}.pt"
        write_atomically(path, lambda temporary: _save({"step": step, "random": _random(), **state}, temporary))
        good = [each for each in self.paths() if each <= path]
        for old in set(self.paths()) - set(good[-self.keep :]):  # a later one was damaged, or we would be beyond it
            old.unlink()
        return path

    def paths(self) -> list[Path]:
        """All complete checkpoints, oldest first."""
        found = (path for path in self.folder.glob("step-*.pt") if re.fullmatch(r"step-\d{8}\.pt", path.name))
        return sorted(path for path in found if path.is_file())

    def load(self, take: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any] | None:
        """The newest checkpoint that is whole, with the process's random states restored; None when there is none.

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
            raise LabError(
                f"No checkpoint in {self.folder} can be used ({', and '.join(damaged)}); "
                "copy the run again, or choose another folder to begin anew."
            )
        return None


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write(temporary_path)`, sync it to disk and rename it: a reader sees the old file or the new one.

    Raises LabError as `writing` does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Inside, a full disk (or one that must not be written) is one LabError, in whatever words a library reports it."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        raise LabError(
            f"{path.name} could not be written into {path.parent} ({_reason(error)}); free some space there or choose "
            "another folder, and run the same again: what was written before is still there."
        ) from error


def _reason(error: BaseException) -> str:
    """What the system said: PyTorch keeps it in the error before, safetensors as a number in its text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return reason(cause)
        cause = cause.__context__
    number = re.search(r"os error (\d+)", str(error))
    return os.strerror(int(number[1])) if number else reason(error)


def sweep(folder: Path, names: str) -> None:
    """Remove what writes that were killed left in the folder, of files whose names match; only under a run's lock."""
    for path in folder.glob(".*"):
        if re.fullmatch(rf"\.({names})\.\d+", path.name) and path.is_file():
            path.unlink()


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
        state = torch.load(path, map_location="cpu", weights_only=True)
        if type(state["step"]) is not int or state["step"] != int(path.stem[5:]):
            raise ValueError("it holds another step than its name says")
        if not isinstance(state["recipe"], dict):
            raise TypeError("it holds no recipe")
        if not all(_is_plain(tensor) for tensor in _tensors(state)):
            raise ValueError("a tensor claims more than the file holds")
        _restore_random(state.pop("random"))
    except ODD as error:
        raise LabError("is damaged and cannot be read") from error
    return state


def _check(path: Path) -> None:
    """Raise unless every bit is as it was written, and reading will take no more memory than the file is long."""
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{size / 1e9:.0f} GB are more than any checkpoint has")
    with open(path, "rb") as file:
        file.seek(-(len(SEAL) + 64), os.SEEK_END)
        end = file.read()
        file.seek(0)
        sealed = not (end[-22:].startswith(UNSEALED) and end.endswith(b"\0\0"))  # older ones were not
        if sealed and end != SEAL + _digest(file, size - len(end)):
            raise ValueError("the checksum differs")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if any(each.compress_type != zipfile.ZIP_STORED for each in members):
            raise ValueError("PyTorch never compresses")
        if sum(each.file_size for each in members) > size:
            raise ValueError("members overlap")
        if not sealed and archive.testzip():
            raise ValueError("a member's own checksum differs")
        (index,) = (each for each in members if each.filename.endswith("data.pkl"))
        if index.file_size > LONGEST:
            raise ValueError("the index of tensors is too long")
        _check_index(archive.read(index))


def _check_index(text: bytes) -> None:
    """Go through a pickle without running it: what it builds, how deep it is, and its size with what it repeats."""
    stack: list[tuple[int, int] | None] = []  # of each value its size and depth; None where a group begins
    memo: dict[Any, tuple[int, int] | None] = {}
    for code, argument, _ in pickletools.genops(text):
        if code.name in ("GLOBAL", "STACK_GLOBAL", "INST") and not BUILDS.fullmatch(str(argument)):
            raise ValueError("it builds more than tensors")
        if code.name == "MARK":
            stack.append(None)
        elif "PUT" in code.name:
            memo[argument] = stack[-1]
        elif "GET" in code.name:
            stack.append(memo[argument])
        else:
            parts, needed = [], list(code.stack_before)
            if pickletools.markobject in needed:
                while (part := stack.pop()) is not None:
                    parts.append(part)
                needed = needed[: needed.index(pickletools.markobject)]
            parts += [stack.pop() or (0, 0) for _ in needed]
            whole = 1 + sum(size for size, _ in parts), 1 + max((depth for _, depth in parts), default=0)
            if whole[0] > LONGEST or whole[1] > 500:
                raise ValueError("it repeats itself without end")
            stack += [whole] * len(code.stack_after)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _is_plain(tensor: Tensor) -> bool:
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


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
    kind, keys, position, *rest = state["numpy"]
    if not 0 <= position <= len(keys):
        raise ValueError("NumPy itself does not look")
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
    if state["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
