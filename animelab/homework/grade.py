"""Grades a folder of submissions: each is run in the sandbox, and what it answered is marked outside."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import normalize

import nbformat

from animelab.bar import Bar
from animelab.errors import LabError, reason, say, shown
from animelab.files import one_name, write_text
from animelab.homework import compare, feedback, model_task, sandbox, tables
from animelab.homework.assignment import ROOT, Assignment, choices, read
from animelab.homework.release import EVERYONE, read_roster
from animelab.homework.secret import Secret
from animelab.homework.submissions import NOTEBOOK, PICTURE, WEIGHTS, Refused, Submission, collected, issued_to

Row = dict[str, Any]
Roster = dict[str, dict[str, str]]
FAILED = "not graded"  # the grader's fault, not the student's
PATIENT = sandbox.Limits(wall=1200, cpu=200)  # for the solution, and for who was late: a busy machine takes no points


def grade(
    submissions: Path, assignment: str, term: str, out: Path, secret: Path, workers: int = 2,
    roster: Path | None = None, again: bool = False, unsafe: bool = False, root: Path = ROOT,
) -> list[Row]:  # fmt: skip
    """Mark what lies in a folder: a row for every submission and every student of the roster, whatever happened.

    secret: the instructor's secret.key, beside which `release` wrote its own folder; again: mark also what is marked
    already. Writes a folder a student, tables and a leaderboard into `out`. Raises LabError where the system isolates
    nothing, without `unsafe`, and for a missing folder, roster or secret.
    """
    sandbox.require(unsafe)
    key, master, folder = Secret.read(secret), read(assignment, root), secret.parent / f"{assignment}-{term}"
    _same_assignment(out, folder.name)
    issued = folder / "roster.csv"
    students = read_roster(roster or issued) if roster or issued.exists() else {}
    grader = Grader(master, term, key, folder, out, again, unsafe)
    if master.model:
        model_task.prepare(folder, master.model, grader.number)
    found = [*collected(submissions)]
    for each in found:
        grader.identify(each, students, issued.exists())
    newest = {each.student: each for each in sorted(found, key=lambda each: each.order) if each.student}
    with ThreadPoolExecutor(workers) as pool:
        marks = pool.map(grader.row, newest.values())
        try:
            rows = [*Bar(marks, total=len(newest), desc="Grading", unit=" submissions")]
        except KeyboardInterrupt:
            sandbox.stop()  # what is marked stays marked: the same command goes on from there
            raise
    others = [each for each in found if newest.get(each.student) is not each]
    for each in others:
        if each.student:
            each.status = "older"
            each.said = f"A newer one of the same student counts: {shown(newest[each.student].name)}."
    missing: dict[str, Any] = {"status": "not handed in", "said": "Nothing was handed in."}
    others += [Submission("", student=student, **missing) for student in students.keys() - newest.keys()]
    rows += map(grader.blank, others)
    rows.sort(key=lambda row: (not row["student"], row["student"], row["status"] == "older", row["file"]))
    for row in rows:
        row["about"] = students.get(row["student"], {})
    tables.write(rows, master, out)
    feedback.write(rows, master, out)
    for row in rows:
        say(f"{row['student'] or row['file']}: {row['status']}, {row['total']:g} of {row['most']:g}. {row['said']}")
    return rows


@dataclass
class Grader:
    """Marks submissions of one assignment and term; `row` may be called from several threads."""

    master: Assignment
    term: str
    secret: Secret
    folder: Path
    out: Path
    again: bool
    unsafe: bool

    def __post_init__(self) -> None:
        self.right = cache(self._right)
        self.number = self.secret.number(self.term, self.master.name, "model")
        self.megabytes = self.master.model.megabytes if self.master.model else 0

    def identify(self, each: Submission, students: Roster, own_copies: bool) -> None:
        """Find out its student and whose copy it is, or why it is refused; nothing in it has run yet."""
        known = each.owners(students, self.master.name)
        each.student = known[0] if len(known) == 1 else ""
        try:
            found = each.content(self.megabytes)
            digests = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in found.items())
            each.key = hashlib.sha256(repr([self.master.cells, self.master.bugs, digests]).encode()).hexdigest()
            about = issued_to(found[NOTEBOOK])
            each.variant = about.get("student") or (each.student if own_copies else EVERYONE)
            shared = each.variant == EVERYONE
            forged = about and about.get("ticket") != self.secret.ticket(self.term, self.master.name, each.variant)
            if forged or (known and not shared and each.variant not in known):
                said = "This copy was issued to another student, or for another assignment or term; work in your own."
                raise Refused("another's copy", said)
            if students and each.about and not known:  # a ticket alone could be anybody's
                said = f"The learning platform names {shown(each.about['who'])}, who is nobody in the roster"
                raise Refused("whose?", f"{said}; add that name, or Canvas' ID, to the roster, and grade again.")
            each.student = each.student or (normalize("NFC", Path(each.name).stem) if shared else each.variant)
        except Refused as error:
            each.status, each.said = error.status, str(error)
        try:
            one_name(each.student)
        except LabError:
            each.student, each.status = "", each.status or "whose?"
            each.said = each.said or "Neither the notebook nor the file's name says whose it is."

    def row(self, each: Submission) -> Row:
        """Its row, or the one that was written before; the grader's own failure is a status, and keeps an old mark."""
        path, blank = self.out / each.student / "result.json", self.blank(each)
        kept = _kept(path, blank)
        same = bool(each.key) and kept.get("key") == each.key
        if same and not self.again:
            return kept
        try:
            row = blank if each.status else self._marked(each)
        except Exception as error:  # noqa: BLE001  one submission, or one broken solution, must not end the others'
            row = {**blank, "status": FAILED, "said": f"The grader could not mark it ({reason(error)})."}
        failed_now = row["status"] == FAILED or (same and row["status"] != "graded")
        if failed_now and kept.get("status") == "graded":
            return {**kept, "note": f"Grading it anew failed, so its earlier mark stands. {row['said']}"}
        if row["status"] != FAILED:  # or else the next run would not try again
            write_text(path, json.dumps(row, indent=1))
        return row

    def blank(self, each: Submission) -> Row:
        """The row of a submission that was not run."""
        points = self.master.points
        return {
            "student": each.student, "file": each.name, "status": each.status, "said": each.said, "note": "",
            "answers": [], "points": dict.fromkeys(points, 0.0), "total": 0.0, "most": sum(points.values()),
            "model": {}, "claim": "", "notes": [], "seconds": 0.0, "key": each.key,
            "number": each.about.get("participant", ""),
            "alias": self.secret.number(self.term, self.master.name, each.student, "alias"),
        }  # fmt: skip

    def _marked(self, each: Submission) -> Row:
        """Run it, ask it, and compare what it answers with the solution's answers."""
        began, model = time.monotonic(), self.master.model
        answers, scored = list[Row](), dict[str, Any]()
        right = self.right(each.variant)
        with TemporaryDirectory(ignore_cleanup_errors=True) as place:
            found = each.content(self.megabytes)
            for name, data in found.items():
                Path(place, name).write_bytes(data)
            outcome = self._run(Path(place), each.variant, sandbox.Limits())
            if outcome.status == "timed out" and "computed" not in outcome.why:  # by the clock, or in one answer
                outcome = self._run(Path(place), each.variant, PATIENT)
            for task in self.master.tasks:
                answers += compare.marked(task, outcome.answers.get(task.name), right.get(task.name))
            if model:
                scored = model_task.score_model(Path(place, WEIGHTS), model, self.folder, self.number, self.unsafe)
                anchors = json.loads((self.folder / "anchors.json").read_text(encoding="utf-8"))
                answers += model_task.marked(model, scored["scores"], anchors)
        lost = [answer for answer in answers if answer["points"] < answer["most"]]
        said = "Every answer is right."
        if lost:
            first = f"task {lost[0]['task']}, {lost[0]['name']}: {lost[0]['seen']}"
            said = f"{len(lost)} of {len(answers)} answers lost points; the first: {first}"
        said += f" {scored['said']}" if scored.get("said") else ""
        row, status = self.blank(each), "graded"
        if outcome.status != "ran":
            status, said = outcome.status, f"{outcome.why} {said}"
        for answer in answers:
            row["points"][answer["task"]] += answer["points"]
        return row | {
            "status": status, "said": said, "answers": answers, "total": sum(row["points"].values()), "model": scored,
            "claim": feedback.picture(found.get(PICTURE, b"")), "seconds": round(time.monotonic() - began, 1),
            "notes": [shown(note, 200) for note in outcome.notes[:8]],
        }  # fmt: skip

    def _right(self, variant: str) -> dict[str, Any]:
        """What the solution of that copy answers, in the same sandbox."""
        solution = self.master.solution(choices(self.secret, self.term, self.master, variant))
        with TemporaryDirectory(ignore_cleanup_errors=True) as place:
            Path(place, NOTEBOOK).write_text(nbformat.writes(solution), encoding="utf-8")
            outcome = self._run(Path(place), variant, PATIENT)
        if outcome.status != "ran":
            raise LabError(f"The solution of {self.master.name} did not run: {outcome.status}. {outcome.why}")
        return outcome.answers

    def _run(self, folder: Path, variant: str, limits: sandbox.Limits) -> sandbox.Outcome:
        """Ask the notebook in a folder all tasks of that copy."""
        asks = []
        for task in self.master.tasks:
            seed = self.secret.number(self.term, self.master.name, variant, f"task {task.name}")
            asks.append({"task": task.name, "function": task.function, "seed": seed})
        hidden = self.master.hidden(choices(self.secret, self.term, self.master, variant))
        question = {"notebook": NOTEBOOK, "hidden": hidden, "asks": asks}
        outcome = sandbox.run(folder, question, limits, self.unsafe)
        if outcome.status == "stopped":
            raise LabError(outcome.why)
        return outcome


def _same_assignment(out: Path, name: str) -> None:
    """Marks of two assignments or terms in one folder would take each other's place."""
    path = out / "assignment.txt"
    if path.exists() and (other := path.read_text(encoding="utf-8").strip()) != name:
        raise LabError(f"{out} holds grades of {shown(other)}, not of {name}; choose another folder with --out.")
    write_text(path, name + "\n")


def _kept(path: Path, blank: Row) -> Row:
    """What was written before; {} where there is nothing, or it is damaged, or has not what a blank row has."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return row if row.keys() >= blank.keys() else {}
    except (OSError, ValueError, AttributeError):
        return {}
