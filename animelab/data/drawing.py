"""Draws part of a set of faces into its place in a file; also a program, so that workers start without torch."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from animelab.studio import Character, Prior, render

REPORT_EVERY = 16


class Slice(NamedTuple):
    """Pictures start to stop of a set, and the file they belong in."""

    path: Path
    size: int
    first_seed: int  # of picture 0
    prior: str | Prior
    renderer: str
    start: int
    stop: int
    offset: int = 0  # bytes in the file before picture 0

    def draw(self, report: Callable[[int], object]) -> None:
        """Draw the pictures into the file, telling `report` how many are new."""
        with open(self.path, "r+b") as file:
            file.seek(self.offset + self.start * self.size * self.size * 3)
            for first in range(self.start, self.stop, REPORT_EVERY):
                last = min(first + REPORT_EVERY, self.stop)
                for index in range(first, last):
                    character = Character.random(self.first_seed + index, self.prior)
                    file.write(render(character, self.size, self.renderer).tobytes())
                report(last - first)


if __name__ == "__main__":  # a worker: one slice from standard input, its progress to standard output
    # Written by one call each, so that the lines of several workers do not mix.
    Slice(*pickle.load(sys.stdin.buffer)).draw(lambda pictures: os.write(1, f"{pictures}\n".encode()))
