"""Issues an assignment: a folder for each student, and one for the instructor alone."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from animelab.errors import LabError, reason, shown
from animelab.files import one_name, write_text
from animelab.homework import pages
from animelab.homework.assignment import ROOT, Assignment, Choices, choices, nbgrader, read
from animelab.homework.secret import Secret

EVERYONE = "everyone"
LARGEST = 2**22  # bytes of a roster
HIDDEN_TESTS = """
### BEGIN HIDDEN TESTS
{hidden}
from animelab.homework import Task, compare
solution = {{}}
exec({solution!r}, solution)
marks = compare.marked({task!r}, {task.function}(globals(), 1), {task.function}(solution, 1))
sum(mark["points"] for mark in marks)
### END HIDDEN TESTS"""


def release(
    name: str, term: str, out: Path, roster: Path | None = None, secret: Path | None = None, root: Path = ROOT
) -> tuple[Path, Path]:
    """Write each student's notebook and page, or one for everyone; returns the students' folder and the secret's file.

    secret: that of an earlier release, with the instructor's folder beside it. Released again, nothing changes for
    those who have their notebook. Raises LabError for a roster or secret that cannot be used, and where another
    notebook was issued before.
    """
    assignment, label = read(name, root), f"{name}-{one_name(term)}"
    students = read_roster(roster) if roster else {EVERYONE: {"id": EVERYONE}}
    key = secret or out / "instructor" / "secret.key"
    own, file = key.parent / label, f"{assignment.stem}.ipynb"
    if not roster and (own / "roster.csv").exists():
        raise LabError(f"{label} was issued to the students of a roster already; give it again: --roster FILE.")
    hidden = Secret.read(key) if secret or key.exists() else Secret.create(key)
    place = out / label / ("students" if roster else "")
    issued, others = dict[Path, str](), dict[Path, str]()  # notebooks, which are never replaced by others; and the rest
    for student, about in students.items():
        mine = choices(hidden, term, assignment, student)
        book = assignment.notebook(mine) if roster else _with_marks(assignment, mine, False)
        issued[place / student / file] = _text(book)
        others[place / student / "instructions.html"] = instructions(assignment, term, student, about.get("name", ""))
        others[own / "solutions" / f"{student}.ipynb"] = _text(assignment.solution(mine))
    if roster:
        table = io.StringIO()
        writer = csv.DictWriter(table, about, lineterminator="\n")
        writer.writeheader()
        writer.writerows(students.values())
        others[own / "roster.csv"] = table.getvalue()
    else:
        others[own / "nbgrader" / "release" / name / file] = _text(book)
        others[own / "nbgrader" / "source" / name / file] = _text(_with_marks(assignment, mine, True))
    for path, text in issued.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise LabError(f"{path} was issued before, and is another now; keep it, or name another folder for --out.")
    for path, text in (issued | others).items():
        write_text(path, text)
    return place, key


def prepare(name: str, term: str, secret: Path, root: Path = ROOT) -> None:
    """Make the network that scores models, beside the secret, and measure its anchors, what of it is missing."""
    from animelab.homework import model_task  # PyTorch, for which the students' folders need not wait

    if model := read(name, root).model:
        model_task.prepare(secret.parent / f"{name}-{term}", model, Secret.read(secret).number(term, name, "model"))


def read_roster(path: Path) -> dict[str, dict[str, str]]:
    """The students of a CSV file in UTF-8, by the column `id`; LabError, with the line, for what cannot be used."""
    students: dict[str, dict[str, str]] = {}
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST).decode("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        head = [column.strip() for column in next(rows, [])]
        if head.count("id") != 1 or len(text) >= LARGEST:
            raise ValueError(f"its columns are {', '.join(head) or 'none'}, and one is to be id")
        for row in (row for row in rows if any(map(str.strip, row))):
            about = dict(zip(head, map(str.strip, row)))
            if len(row) != len(head):
                raise ValueError(f"line {rows.line_num} has {len(row)} columns, and the first {len(head)}")
            student = about["id"] = one_name(about["id"])
            if student.casefold() in map(str.casefold, students):  # s1 and S1 are one folder on some systems
                raise ValueError(f"line {rows.line_num} has the id {student} a second time")
            students[student] = about
        if not students:
            raise ValueError("nobody stands in it")
    except (OSError, ValueError, csv.Error, LabError) as error:
        advice = "save it as CSV in UTF-8, with columns id and name"
        raise LabError(f"The roster {path} cannot be used ({reason(error).rstrip('.')}); {advice}.") from error
    return students


def _with_marks(assignment: Assignment, choices: Choices, source: bool) -> Any:
    """What nbgrader releases or, as its `source`, takes: with a cell for each task that gives its points."""
    book = assignment.marked(choices) if source else assignment.notebook(choices)
    hidden, solution = assignment.hidden(choices), assignment.solved(choices)
    for task in assignment.tasks:
        text = f"# Task {task.name}: this cell gives its points. Leave it as it is."
        text += HIDDEN_TESTS.format(hidden=hidden, solution=solution, task=task) if source else ""
        mark = nbgrader(f"marks-{task.name}", False, assignment.points[task.name])
        book.cells.append(v4.new_code_cell(text, id=f"marks-{len(book.cells)}", metadata={"nbgrader": mark}))
    return book


def _text(book: Any) -> str:
    return nbformat.writes(book).rstrip("\n") + "\n"


def instructions(assignment: Assignment, term: str, student: str, name: str) -> str:
    """A student's page, one HTML file: what to do, points, budget, how to pack and hand in, what help is allowed."""
    whose = f"{shown(name, 300)} ({student})" if name else student
    parts = {"title": assignment.title, "assignment": assignment, "term": term, "student": student, "whose": whose}
    return pages.page("instructions.html", **parts)
