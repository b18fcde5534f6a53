"""Reads a lesson's master and separates what a student sees from the solution."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext

from animelab.errors import LabError

CELL = re.compile(r"# %%( |$)")
BEGIN = re.compile(r"(?P<indent> *)### BEGIN SOLUTION (?P<hint>\d+(\.\d+)?: .*\S)")
END = re.compile(r" *### END SOLUTION")


@dataclass(frozen=True)
class Cell:
    """One cell: `student` and `solved` are its two sources, `line` is where it starts in the master."""

    kind: str  # "markdown" or "code"
    student: str
    solved: str
    line: int
    setup: bool = False


@dataclass(frozen=True)
class Lesson:
    """A master that was read: `name` is NN_topic, `path` its place below the project's folder, for messages."""

    name: str
    path: str
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any]


def read_all(root: Path) -> list[Lesson]:
    """All masters of the project in `root`, by name."""
    return [read(path, root) for path in sorted((root / "course" / "lessons").glob("*.py"))]


def read(path: Path, root: Path) -> Lesson:
    """Read the master at `path`. Raises LabError with the line when a cell or a solution marker is malformed."""
    name = path.relative_to(root).as_posix()
    metadata, found = sources(path, name)
    cells = []
    for kind, tags, source, line in found:
        student, solved = split(source, f"{name}:{line}") if kind == "code" else (source,) * 2
        cells.append(Cell(kind, student, solved, line, "setup" in tags))
    return Lesson(path.stem, name, tuple(cells), metadata)


def sources(path: Path, name: str) -> tuple[dict[str, Any], list[tuple[str, tuple[str, ...], str, int]]]:
    """A master's header, and of every cell kind, tags, source and line. Raises LabError, saying `name`."""
    text = path.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if CELL.match(line)]
    if len(lines) != len(notebook.cells):
        advice = "move text above the first '# %%' into a cell, and keep '# %%' out of strings"
        raise LabError(f"{name} has {len(lines)} lines of '# %%' but {len(notebook.cells)} cells; {advice}.")
    metadata = {key: value for key, value in notebook.metadata.items() if key != "jupytext"}
    cells = zip(lines, notebook.cells, strict=True)
    return metadata, [(cell.cell_type, tuple(cell.metadata.get("tags", ())), cell.source, line) for line, cell in cells]


def split(source: str, where: str) -> tuple[str, str]:
    """The student's and the solved source of a code cell. Raises LabError, saying `where`, for a malformed marker."""
    student: list[str] = []
    solved: list[str] = []
    inside = False
    for line in source.splitlines():
        begin, end = BEGIN.fullmatch(line), END.fullmatch(line)
        if (begin and inside) or (end and not inside):
            raise LabError(f"{where}: '{line.strip()}' has no partner; write BEGIN SOLUTION and END SOLUTION in turn.")
        if begin:
            hint = json.dumps(begin["hint"], ensure_ascii=False)
            student.append(f"{begin['indent']}raise NotImplementedError({hint})")
        elif not end:
            if "### BEGIN" in line or "### END" in line:
                raise LabError(f"{where}: '{line.strip()}' is malformed; write '### BEGIN SOLUTION 1.2: a hint'.")
            solved.append(line)
            if not inside:
                student.append(line)
        inside = bool(begin) or (inside and not end)
    if inside:
        raise LabError(f"{where}: a solution begins but does not end; add '### END SOLUTION' after it.")
    return "\n".join(student), "\n".join(solved)
