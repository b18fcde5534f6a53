"""Processes of their own that begin with PyTorch imported.

A test that kills, interrupts or talks to a process would otherwise spend most of its time importing: here one server
imports once, and every process is forked from it. Where a system cannot fork, each imports for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # a pool of threads does not survive the fork: the first sum would wait for ever
FORKS = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT = multiprocessing.get_context("forkserver" if FORKS else "spawn")
IMPORTED = ("animelab.checks", "animelab.recipes", "animelab.widgets", "IPython.core.debugger", "ipykernel.debugger")
CONTEXT.set_forkserver_preload([*IMPORTED, "ipykernel.kernelapp", "sqlite3"])


class Process:
    """`python -m module arguments…`, with what tests ask of a subprocess.Popen; what it prints is added to files."""

    stdin = stdout = stderr = None

    def __init__(
        self,
        command: Sequence[object],
        output: Path = Path(os.devnull),
        errors: Path = Path(os.devnull),
        environment: Mapping[str, str] | None = None,
        folder: Path | str = ".",
    ) -> None:
        given = ([*map(str, command)], output, errors, dict(environment or os.environ), os.path.abspath(folder))
        self.process = CONTEXT.Process(target=_become, args=given)
        self.process.start()
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()

    def terminate(self) -> None:
        self.process.terminate()


def run(command: Sequence[object], timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """What subprocess.run says of `python -m module arguments…`."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        code = Process(command, output, errors).wait(timeout)
        return subprocess.CompletedProcess([*command], code, *(each.read_text("utf-8") for each in (output, errors)))


def _become(command: list[str], output: Path, errors: Path, environment: dict[str, str], folder: str) -> None:
    import numpy as np

    for descriptor, path in ((1, output), (2, errors)):
        with open(path, "ab") as file:
            os.dup2(file.fileno(), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    np.random.seed()  # as every process: otherwise all would begin with the server's
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
