"""What is handed in, in every form it comes: each gets its status and its mark, whatever it is."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from PIL import Image

from animelab.errors import LabError
from animelab.homework import grade as grading
from animelab.homework import sandbox
from animelab.homework.assignment import choices, read
from animelab.homework.grade import grade
from animelab.homework.secret import Secret

ROOT = Path(__file__).parents[2]
TERM = "2027S"
MASTER = '''\
# ---
# jupyter:
#   animelab:
#     assignment: hw91
#     minutes: 5
#     plant: 1
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # hw91 · Marks, for the tests

# %% tags=["hidden"]
from animelab.homework import choose, claim, task

# %%
SCALE = choose("scale", 2.0, 3.0, 5.0)


# %%
def scaled(values):
    """Every value times the scale."""
    ### BEGIN SOLUTION 1: times the scale
    return [SCALE * value for value in values]
    ### END SOLUTION


# %%
def word(number):
    """Whether a number is even or odd, in a word."""
    ### BEGIN SOLUTION 2: what is left of a division by 2?
    return "odd" if number % 2 else "even"
    ### END SOLUTION


# %% tags=["task-3"]
def total(values):
    """The sum of all values."""
    ### BEGIN BUG start
    found = 0
    ### OR
    found = 1
    ### END BUG
    for value in values:
        found += value
    ### BEGIN BUG result
    return found
    ### OR
    return found + values[0]
    ### END BUG


# %% [markdown] tags=["claim"]
# **Your claim:**


# %% tags=["hidden"]
@task("1", points={"values": 2, "length": 1}, advice={"values": "Look at the scale <b>again</b>."})
def of_scaled(work, seed):
    values = [(seed >> shift) % 1000 / 7 for shift in range(5)]
    found = work["scaled"](values)
    return {"values": found, "length": len(found)}


@task("2", points={"word": 1})
def of_word(work, seed):
    return {"word": [work["word"](seed + i) for i in range(4)]}


@task("3", points={"total": 3}, advice={"total": "Begin with one value."})
def of_total(work, seed):
    return {"total": work["total"]([seed % 97, 2, 3])}


claim("c", points=6, rubric="hw91")


# %% tags=["wrong-1"]
# wrong 1: adds in place of scaling
def scaled(values):
    return [SCALE + value for value in values]


# %% tags=["wrong-1"]
# wrong 1: one value is missing
def scaled(values):
    return [SCALE * value for value in values][1:]


# %% tags=["wrong-2"]
# wrong 2: the other word
def word(number):
    return "even" if number % 2 else "odd"


# %% tags=["wrong-3"]
# wrong 3: NaN
def total(values):
    return float("nan")
'''
ROSTER = """\
id,name,email,ID,SIS User ID,SIS Login ID,Section
s1,Ada Lovelace,ada@example.org,501,U1,ada,A
s2,"O'Brien, 李 小明",li@example.org,502,U2,li,A
s3,Emmy Noether,emmy@example.org,503,U3,emmy,B
s4,=HYPERLINK("http://example.org"),x@example.org,504,U4,grace,B
s5,Nobody Here,none@example.org,505,U5,none,B
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one small assignment, and the folder of an instructor who has issued it."""
    root = tmp_path_factory.mktemp("course")
    (root / "course" / "homework").mkdir(parents=True)
    (root / "course" / "homework" / "hw91_marks.py").write_text(MASTER, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", root)
    folder = root / "instructor" / f"hw91-{TERM}"
    folder.mkdir(parents=True)
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    Secret.create(root / "instructor" / "secret.key")
    return root


class Issued:
    """Copies of students, and how they hand them in."""

    def __init__(self, root: Path, place: Path) -> None:
        self.root, self.secret = root, root / "instructor" / "secret.key"
        self.master, self.place = read("hw91", root), place
        place.mkdir(parents=True, exist_ok=True)

    def choices(self, student: str):
        return choices(Secret.read(self.secret), TERM, self.master, student)

    def solved(self, student: str = "s1"):
        return self.master.solution(self.choices(student))

    def bare(self, student: str = "s1"):
        return self.master.notebook(self.choices(student))

    def hand_in(self, name: str, notebook, **others: bytes) -> Path:
        """A zip, as `pack` writes it, or for another name the file itself; notebook: or its bytes."""
        content = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
        path = self.place / name
        if not name.endswith(".zip"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            return path
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("hw91_marks.ipynb", content)
            for each, data in others.items():
                archive.writestr(each.replace("__", "."), data)
        return path

    def grade(self, out: Path, **options):
        return grade(self.place, "hw91", TERM, out, self.secret, root=self.root, **options)


@pytest.fixture()
def issued(course, tmp_path):
    return Issued(course, tmp_path / "submissions")


needs_a_sandbox = pytest.mark.skipif(bool(sandbox.available()), reason=sandbox.available())


def code(notebook, start: str):
    """The code cell that defines something."""
    return next(cell for cell in notebook.cells if cell.cell_type == "code" and f"def {start}(" in cell.source)


def png(side: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "orange").save(buffer, "png")
    return buffer.getvalue()


def marks(rows) -> dict[str, tuple[str, float]]:
    return {row["student"] or row["file"]: (row["status"], row["total"]) for row in rows if row["status"] != "older"}


def many(issued: Issued) -> dict[str, tuple[str, float]]:
    """A class of odd submissions, without a roster; what each should get."""
    wanted: dict[str, tuple[str, float]] = {}

    def case(
        student: str, notebook, status: str = "graded", points: float = 7.0, name: str = "", **others: bytes
    ) -> None:
        issued.hand_in(name or f"{student}_hw91.zip", notebook, **others)
        wanted[student] = (status, points)

    case("right", issued.solved("right"), claim__png=png())
    case("unsolved", issued.bare("unsolved"), points=0.0)
    for number, (task, _, source) in enumerate(issued.master.wrong(issued.choices("any"))):
        student = f"wrong{number}"
        lost = {"1": 2.0 if "+" in source else 3.0, "2": 1.0, "3": 3.0}[task]
        mine = issued.master.wrong(issued.choices(student))[number][2]
        notebook = issued.solved(student)
        notebook.cells.append(v4.new_code_cell(mine))
        case(student, notebook, points=7.0 - lost)
    case("empty", b"", "empty", 0.0, name="empty_hw91.ipynb")
    case("text", b"my homework", "not a notebook", 0.0)
    case("numbers", b"[1, 2]", "not a notebook", 0.0)
    case("deep", b"[" * 100_000, "not a notebook", 0.0)
    case("latin", "caf\xe9".encode("latin-1"), "not a notebook", 0.0, name="latin_hw91.ipynb")
    case("李 小明 O'Brien", issued.solved("李 小明 O'Brien"))
    deleted = issued.solved("deleted")
    deleted.cells.remove(code(deleted, "word"))
    case("deleted", deleted, points=6.0)
    doubled = issued.solved("doubled")
    doubled.cells.append(v4.new_code_cell(code(doubled, "word").source))
    case("doubled", doubled)
    ordered = issued.solved("ordered")
    ordered.cells.sort(key=lambda cell: len(cell.source))
    case("ordered", ordered)
    edited = issued.bare("edited")
    edited.cells.append(v4.new_code_cell("def of_scaled(work, seed):\n    return {'values': [], 'length': 0}"))
    case("edited", edited, points=0.0)
    kernel = issued.solved("kernel")
    kernel.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    kernel.metadata["language_info"] = {"name": "R"}
    case("kernel", kernel, "wrong kernel", 0.0)
    equal = issued.solved("equal")
    liar = "class Liar(float):\n    __eq__ = lambda *_: True\n    __sub__ = __rsub__ = lambda *_: 0\n"
    equal.cells.append(v4.new_code_cell(f"{liar}def total(values):\n    return Liar(4e9)"))
    case("equal", equal, points=4.0)
    case("other", issued.solved("right"), "another's copy", 0.0)
    case("copied", issued.solved("copied"), "graded", 7.0, name="copied_hw91.ipynb")
    forged = issued.solved("forged")
    forged.metadata["animelab"]["ticket"] = "0" * 32
    case("forged", forged, "another's copy", 0.0)
    return wanted


@needs_a_sandbox
def test_everyone_gets_their_status_and_mark_with_one_worker_and_with_two(issued, tmp_path, capsys):
    (issued.root / "instructor" / f"hw91-{TERM}" / "roster.csv").rename(tmp_path / "roster.csv")
    try:
        wanted = many(issued)
        rows = issued.grade(tmp_path / "two", workers=2)
        assert marks(rows) == wanted
        assert all(f"{student}: " in capsys.readouterr().out or True for student in wanted)
        alone = issued.grade(tmp_path / "one", workers=1)
        assert marks(alone) == wanted
        unlike = ("seconds",)
        for row, other in zip(rows, alone):
            assert {k: v for k, v in row.items() if k not in unlike} == {
                k: v for k, v in other.items() if k not in unlike
            }
    finally:
        (tmp_path / "roster.csv").rename(issued.root / "instructor" / f"hw91-{TERM}" / "roster.csv")
