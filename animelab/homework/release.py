"""Issues an assignment: a folder for each student, and one for the instructor alone."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import nbformat
from nbformat import v4

from animelab.errors import LabError, reason, shown
from animelab.files import one_name, write_text
from animelab.homework.assignment import ROOT, Assignment, Choices, choices, nbgrader, read
from animelab.homework.secret import Secret

EVERYONE = "everyone"
LARGEST = 2**22  # bytes of a roster
PAGE = Path(__file__).with_name("instructions.html")
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
    place, books, others = out / label / ("students" if roster else ""), dict[Path, Any](), dict[Path, str]()
    for student, about in students.items():
        mine = choices(hidden, term, assignment, student)
        books[place / student / file] = assignment.notebook(mine) if roster else _with_marks(assignment, mine, False)
        books[own / "solutions" / f"{student}.ipynb"] = assignment.solution(mine)
        page = instructions(assignment, term, student, about.get("name", ""))
        others[place / student / "instructions.html"] = page
    if roster:
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows(
            [next(iter(students.values())), *map(dict.values, students.values())]
        )
        others[own / "roster.csv"] = table.getvalue()
    else:
        books[own / "nbgrader" / "release" / name / file] = books[place / EVERYONE / file]
        books[own / "nbgrader" / "source" / name / file] = _with_marks(assignment, mine, True)
    texts = {path: nbformat.writes(book).rstrip("\n") + "\n" for path, book in books.items()}
    for path, text in texts.items():
        if place in path.parents and path.exists() and path.read_text(encoding="utf-8") != text:
            raise LabError(f"{path} was issued before, and is another now; keep it, or name another folder for --out.")
    for path, text in (texts | others).items():
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


def instructions(assignment: Assignment, term: str, student: str, name: str) -> str:
    """A student's page, one HTML file: what to do, points, budget, how to pack and hand in, what help is allowed."""
    points, model, claim, page = assignment.points, assignment.model, assignment.claim, PAGE.read_text("utf-8")
    rows = [[f"Task {task.name}", ", ".join(task.points), points[task.name], "grader"] for task in assignment.tasks]
    about = {
        "title": assignment.title,
        "term": term,
        "name": student,
        "assignment": assignment.name,
        "stem": assignment.stem,
    }
    about["whose"] = "everyone" if student == EVERYONE else f"{name} ({student})" if name else student
    about["hours"] = f"{assignment.header.get('minutes', 0) / 60:.2g}"
    tables: dict[str, Any] = {"bundled": "", "limits": "", "steps": "", "total": f"{sum(points.values()):g}"}
    if model:
        rows.append(["Model", ", ".join(model.points), points[model.name], "grader"])
        limits = [("budget", model.budget), ("network", model.network), ("file", f"up to {model.megabytes} MB")]
        sides = (
            (key, " to ".join(map(str, value)) if isinstance(value, tuple) else value)
            for key, value in model.arguments.items()
        )
        tables["bundled"], tables["limits"] = model.bundled, _table("|allowed", [*limits, *sides])
        steps = [(score, *row) for score, table in model.points.items() for row in table]
        tables["steps"] = _table("score|place, up to|points", steps)
    rows += [["Claim", "the rubric", points[claim.name], "human"]] if claim else []
    for part in ["model"] * (not model) + ["picture"] * (not claim or not claim.picture):
        page = re.sub(f"(?s)<!-- {part} -->.*?<!-- end -->", "", page)
    escaped = {key: html.escape(shown(text, 300)) for key, text in about.items()}
    return Template(page).substitute(escaped, **tables, points=_table("|for|points|marked by", rows))


def _table(head: str, rows: Iterable[Iterable[object]]) -> str:
    cells = [[f"{each:g}" if isinstance(each, float) else html.escape(str(each)) for each in row] for row in rows]
    body = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
    return f"<table><tr><th>{head.replace('|', '</th><th>')}</th></tr>{body}</table>"
