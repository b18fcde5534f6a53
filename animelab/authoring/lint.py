"""Rules of form that every lesson keeps."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from animelab.authoring.build import LINK
from animelab.authoring.master import Lesson

LONGEST_CELL = 30  # lines
SHOWING = ("show(", "compare(", "curves(")  # a notebook shows what they return at the end of a cell, and only there

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)
PICTURE = re.compile(r"!\[(?P<markdown>[^\]]*)\]\(|<img\b(?P<html>[^>]*)>", re.IGNORECASE)
ALT = re.compile(r"""\balt=(["'])\s*\S.*?\1""", re.IGNORECASE | re.DOTALL)
STUB = re.compile(r"raise NotImplementedError\(\"(\d+)\.(\d+): ")


def lint(lesson: Lesson, root: Path) -> list[str]:
    """What is wrong with the form of a lesson: one sentence each, beginning with the master's file and line."""
    problems: list[tuple[int, str]] = []
    level, titles = 0, 0
    for number, cell in enumerate(lesson.cells):
        if cell.kind == "code":
            length = len(cell.solved.splitlines())
            if length > LONGEST_CELL:
                problems.append((cell.line, f"the cell has {length} lines, more than {LONGEST_CELL}"))
            for line in ast.parse(cell.solved).body[:-1]:
                if (text := ast.unparse(line)).startswith(SHOWING):
                    problems.append((cell.line, f"{text[:30]}... is not the cell's last line, so nobody sees it"))
            for a, b in STUB.findall(cell.student):
                if not any(f"check_{a}_{b}(" in later.student for later in lesson.cells[number:]):
                    problems.append((cell.line, f"exercise {a}.{b} has no check_{a}_{b}(...)"))
            continue
        prose = FENCE.sub("", cell.student)
        for marks in HEADING.findall(prose):
            if level and len(marks) > level + 1:
                problems.append((cell.line, f"a heading of level {len(marks)} follows one of level {level}"))
            level = len(marks)
            titles += level == 1
        for picture in PICTURE.finditer(prose):
            alt = picture["markdown"].strip() if picture["html"] is None else ALT.search(picture["html"])
            if not alt:
                problems.append((cell.line, "a picture has no alt text"))
        for link in LINK.finditer(prose):
            target = root / "notebooks" / link[2].partition("#")[0]
            if not target.exists():
                problems.append((cell.line, f"the link to {link[2]} leads nowhere"))
    if titles != 1:
        problems.append((1, f"there are {titles} headings of level 1, not one"))
    setups = sum(cell.setup for cell in lesson.cells)
    if setups != 1:
        problems.append((1, f'there are {setups} set-up cells (# %% tags=["setup"]), not one'))
    return [f"{lesson.path}:{line}: {problem}." for line, problem in sorted(problems)]
