"""Issues an assignment: a folder for each student, and one for the instructor alone."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
print(*(f"{{mark['name']}}: {{mark['seen']}}" for mark in marks), sep="\\n")
sum(mark["points"] for mark in marks)
### END HIDDEN TESTS"""


@dataclass(frozen=True)
class Issued:
    """What was issued: students' folders, and the instructor's with solutions and what nbgrader takes."""

    assignment: Assignment
    students: list[Path]
    instructor: Path
    secret: Path
    number: int

    def prepare(self) -> None:
        """Make the network that scores models, and measure its anchors, where they are not there yet."""
        from animelab.homework import model_task  # PyTorch, for which the students' folders need not wait

        if self.assignment.model:
            model_task.prepare(self.instructor, self.assignment.model, self.number)


def release(
    name: str, term: str, out: Path, roster: Path | None = None, secret: Path | None = None, root: Path = ROOT
) -> Issued:
    """Write each student's notebook and page of instructions, or one for everyone, and the instructor's folder.

    secret: that of an earlier release, with the instructor's folder beside it. Released again, nothing changes for
    those who have their notebook. Raises LabError for a roster or secret that cannot be used, and where another
    notebook was issued before.
    """
    assignment, label = read(name, root), f"{name}-{one_name(term)}"
    students = {EVERYONE: {"id": EVERYONE}} if roster is None else read_roster(roster)
    key = secret or out / "instructor" / "secret.key"
    own, file = key.parent / label, f"{assignment.stem}.ipynb"
    if roster is None and (own / "roster.csv").exists():
        raise LabError(f"{label} was issued to the students of a roster already; give it again: --roster FILE.")
    hidden = Secret.read(key) if secret or key.exists() else Secret.create(key)
    for_students: dict[Path, str] = {}
    for_instructor: dict[Path, str] = {}
    for student, about in students.items():
        mine = choices(hidden, term, assignment, student)
        folder = out / label / ("students" if roster else "") / student
        for_students[folder / file] = text = _text(assignment.notebook(mine))
        if roster is None:
            for_students[folder / file] = text = _text(_with_marks(assignment, mine, False))
            for_instructor[own / "nbgrader" / "release" / name / file] = text
            for_instructor[own / "nbgrader" / "source" / name / file] = _text(_with_marks(assignment, mine, True))
        for_instructor[own / "solutions" / f"{student}.ipynb"] = _text(assignment.solution(mine))
        for_instructor[folder / "instructions.html"] = instructions(assignment, term, student, about.get("name", ""))
    for path, text in for_students.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise LabError(f"{path} was issued before, and is another now; keep it, or name another folder for --out.")
    if roster:
        table = io.StringIO()
        writer = csv.DictWriter(table, list(next(iter(students.values()))), lineterminator="\n")
        writer.writeheader()
        writer.writerows(students.values())
        for_instructor[own / "roster.csv"] = table.getvalue()
    for path, text in (for_students | for_instructor).items():
        write_text(path, text)
    return Issued(assignment, [path.parent for path in for_students], own, key, hidden.number(term, name, "model"))


def read_roster(path: Path) -> dict[str, dict[str, str]]:
    """The students of a CSV file in UTF-8, by the column `id`; LabError, with the line, for what cannot be used."""
    students: dict[str, dict[str, str]] = {}
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST)
        text = content.decode("utf-8-sig")
        if len(content) == LARGEST or "\0" in text:
            raise ValueError("it is too large, or no text")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        head = [column.strip() for column in next(rows, [])]
        if head.count("id") != 1:
            raise ValueError(f"its columns are {', '.join(head) or 'none'}, and one is to be id")
        for row in rows:
            if not any(map(str.strip, row)):
                continue
            if len(row) != len(head):
                raise ValueError(f"line {rows.line_num} has {len(row)} columns, and the first {len(head)}")
            about = dict(zip(head, map(str.strip, row)))
            about["id"] = one_name(about["id"])
            if about["id"].casefold() in {student.casefold() for student in students}:  # one folder on some systems
                raise ValueError(f"line {rows.line_num} has the id {about['id']} a second time")
            students[about["id"]] = about
        if not students:
            raise ValueError("nobody stands in it")
    except (OSError, ValueError, csv.Error, LabError) as error:
        advice = "save it as CSV in UTF-8, with columns id and name"
        raise LabError(f"The roster {path} cannot be used ({reason(error).rstrip('.')}); {advice}.") from error
    return students


def _text(book: Any) -> str:
    return nbformat.writes(book).rstrip("\n") + "\n"


def _with_marks(assignment: Assignment, choices: Choices, source: bool) -> Any:
    """What nbgrader releases or, as its `source`, takes: with a cell for each task that gives its points."""
    book = assignment.marked(choices) if source else assignment.notebook(choices)
    hidden, solution = assignment.hidden(choices), assignment.solved(choices)
    for task in assignment.tasks:
        text = f"# Task {task.name}: this cell gives its points. Leave it as it is."
        text += HIDDEN_TESTS.format(hidden=hidden, solution=solution, task=task) if source else ""
        mark = nbgrader(f"marks-{task.name}", False, assignment.points[task.name])
        book.cells.append(v4.new_code_cell(text, id=f"marks-{len(book.cells)}", metadata={"nbgrader": mark}))
    if assignment.model:
        mark = nbgrader("marks-model", True, assignment.points[assignment.model.name])
        text = "**Model:** your weights are a file beside this notebook."
        book.cells.append(v4.new_markdown_cell(text, id="marks-model", metadata={"nbgrader": mark}))
    return book


def instructions(assignment: Assignment, term: str, student: str, name: str) -> str:
    """A student's page, one HTML file: what to do, points, budget, how to pack and hand in, what help is allowed."""
    points, model, claim, page = assignment.points, assignment.model, assignment.claim, PAGE.read_text("utf-8")
    rows = [[f"Task {task.name}", ", ".join(task.points), points[task.name], "grader"] for task in assignment.tasks]
    facts: dict[str, object] = {"bundled": "", "limits": "", "steps": ""}
    if model:
        rows.append(["Model", ", ".join(model.points), points[model.name], "grader"])
        allowed: list[list[Any]] = [
            [key, value if isinstance(value, int) else "{} to {}".format(*value)]
            for key, value in model.arguments.items()
        ]
        limits = [
            ["budget", model.budget],
            ["network", model.network],
            *allowed,
            ["file", f"up to {model.megabytes} MB"],
        ]
        steps = [[score, *row] for score, table in model.points.items() for row in table]
        facts = {
            "bundled": model.bundled,
            "limits": _table("|", limits),
            "steps": _table("score|place, up to|points", steps),
        }
    else:
        page = re.sub("(?s)<!-- model -->.*<!-- end -->", "", page)
    if claim:
        rows.append(["Claim", "the rubric", points[claim.name], "human"])
    about = {
        "title": assignment.title,
        "whose": "everyone" if student == EVERYONE else f"{name} ({student})" if name else student,
        "term": term,
        "notebook": f"{assignment.stem}.ipynb",
        "zip": f"{student}_{assignment.name}.zip",
        "hours": f"{assignment.header.get('minutes', 0) / 60:.2g}",
        "picture": " with <code>claim.png</code> beside it" if claim and claim.picture else "",
    }
    about = {key: html.escape(shown(text, 300)) if key != "picture" else text for key, text in about.items()}
    total = f"{sum(points.values()):g}"
    return Template(page).substitute(about, **facts, total=total, points=_table("|for|points|marked by", rows))


def _table(head: str, rows: Sequence[Sequence[object]]) -> str:
    cells = [[f"{each:g}" if isinstance(each, float) else html.escape(str(each)) for each in row] for row in rows]
    body = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
    return f"<table><tr><th>{head.replace('|', '</th><th>')}</th></tr>{body}</table>"
