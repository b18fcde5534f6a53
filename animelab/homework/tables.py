"""Marks as tables: everything in one, as Canvas, Moodle and Gradescope read them, and a leaderboard without names."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from animelab.errors import LONGEST, LabError, reason, shown
from animelab.files import write_text
from animelab.homework.assignment import Assignment
from animelab.studio import Character

Table = list[list[Any]]
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")  # the wide ones, too, where East Asian input is usual
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed"]


def write(rows: list[dict[str, Any]], master: Assignment, out: Path) -> None:
    """Write grades.csv, canvas.csv, moodle.csv, leaderboard.csv, and results.json for each student.

    What a human entered into grades.csv for the claim stays there, and counts.
    """
    claim, most = (master.claim.name if master.claim else ""), sum(master.points.values())
    entered, scores = _entered(out / "grades.csv", master, rows), [*master.model.points] if master.model else []
    last = ["said", "note", "file", "seconds"]
    grades: Table = [["student", "name", "status", "total", "most", *master.points, *scores, *last]]
    canvas: Table = [[*CANVAS, master.name], ["    Points Possible", "", "", "", "", most]]
    moodle: Table = [[*MOODLE, "Feedback comments"]]
    for row in rows:
        about, student, counts = row["about"], row["student"], row["student"] and row["status"] != "older"
        name, points, found = about.get("name", ""), dict[str, Any](row["points"]), row["model"].get("scores", {})
        if claim:
            points[claim] = entered.get(student, "") if counts else ""
            row["total"] += points[claim] or 0.0
            row["points"][claim] = points[claim] or 0.0
        first = [student, name, row["status"], row["total"], most, *points.values()]
        grades.append([*first, *(found.get(score, "") for score in scores), *(row[key] for key in last)])
        if counts:
            total = "" if row["status"] == "not handed in" else row["total"]
            ids = [about.get(column, "") for column in CANVAS[1:]]
            canvas.append([name or student, *(ids if any(ids[:3]) else ["", student, "", ""]), total])
            number = f"Participant {row['number']}" if row["number"] else ""
            person = [number, name or student, about.get("email", "")]
            moodle.append([*person, row["status"], total, most, "Yes", row["said"]])
            if row["file"]:
                write_text(out / student / "results.json", json.dumps(_gradescope(row), indent=1))
    for name, table in (("grades", grades), ("canvas", canvas), ("moodle", moodle), ("leaderboard", leaderboard(rows))):
        write_text(out / f"{name}.csv", "\ufeff" * (name == "grades") + text(table))  # by which Excel knows UTF-8


def leaderboard(rows: list[dict[str, Any]]) -> Table:
    """A head, and a row for each scored model, the best first: place, whose it is for those who know, and scores."""
    scored = [row for row in rows if row["model"].get("scores")]
    given = [[each for each in row["answers"] if each["name"] in row["model"]["scores"]] for row in scored]
    names = [each["name"] for each in given[0]] if scored else []
    lines = [
        [
            sum(each["points"] for each in answers),
            *(row["model"]["scores"][name] for name in names),
            alias(row["alias"]),
        ]
        for row, answers in zip(scored, given)
    ]
    lines.sort(key=lambda line: (-line[0], *line[1:]))
    found = [[place, who, points, *(round(each, 4) for each in scores)]
             for place, (points, *scores, who) in enumerate(lines, 1)]  # fmt: skip
    return [["place", "who", "points", *names], *found]


def portrait(number: int) -> Character:
    """The drawn character that stands for a student on the leaderboard."""
    return Character.random(number % 2**61)


def alias(number: int) -> str:
    """That character in words."""
    seen = portrait(number)
    return f"{seen.hair_color} hair, {seen.eye_color} eyes, number {number % 9000 + 1000}"


def text(table: Table) -> str:
    """A table as CSV, in which no cell is a formula to a spreadsheet, nor begins another row."""
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    for row in table:
        words = [shown(each, LONGEST) if isinstance(each, str) else each for each in row]
        write([f"'{each}" if isinstance(each, str) and FORMULA.match(each) else each for each in words])
    return buffer.getvalue()


def _entered(path: Path, master: Assignment, rows: list[dict[str, Any]]) -> dict[str, float]:
    """What a human entered for the claim, by student; LabError for what a spreadsheet made of it, before it is lost."""
    claim, students = master.claim, {row["student"].lstrip("'"): row["student"] for row in rows}
    found: dict[str, float] = {}
    if claim is None or not path.exists():
        return found
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["status"] != "older" and row[claim.name]:
                    who, points = row["student"].lstrip("'"), float(row[claim.name])
                    if who not in students or not 0 <= points <= claim.points:
                        odd = f"{shown(who)} has {points:g} of {claim.points:g} points for the claim"
                        raise LabError(f"{path}: {odd}, and is nobody here or the points are none; correct that row.")
                    found[students[who]] = points
    except (KeyError, ValueError) as error:
        advice = "save it as CSV UTF-8 with commas, and points as 8.5"
        raise LabError(f"{path} cannot be read ({reason(error)}); {advice}, then grade again.") from error
    return found


def _gradescope(row: dict[str, Any]) -> dict[str, Any]:
    tests = [
        {
            "name": f"Task {each['task']}: {each['name']}", "score": each["points"], "max_score": each["most"],
            "status": "passed" if each["points"] == each["most"] else "failed",
            "output": f"{each['seen']} {each['advice']}".strip(), "visibility": "visible",
        }
        for each in row["answers"]
    ]  # fmt: skip
    board = [{"name": name, "value": round(value, 4)} for name, value in row["model"].get("scores", {}).items()]
    said = f"{row['status']}: {row['said']} {row['note']}".strip()
    about = {"score": row["total"], "execution_time": row["seconds"], "output": said, "output_format": "text"}
    return {**about, "stdout_visibility": "hidden", "tests": tests, "leaderboard": board}
