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

Row = dict[str, Any]
Table = list[list[Any]]
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")  # the wide ones, too, where East Asian input is usual
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed"]


def write(rows: list[Row], master: Assignment, out: Path) -> None:
    """Write grades.csv, canvas.csv, moodle.csv, leaderboard.csv, and results.json for each student.

    What a human entered into grades.csv for the claim stays there, and is added to the rows.
    """
    marked = [row for row in rows if counts(row)]
    if claim := master.claim:
        entered = _entered(out / "grades.csv", claim.name, claim.points, rows)
        for row in marked:
            row["claimed"] = entered.get(row["student"], "")
            row["points"][claim.name] = row["claimed"] or 0.0
            row["total"] += row["points"][claim.name]
    write_text(out / "grades.csv", "\ufeff" + text(grades(rows, master)))  # by which Excel knows UTF-8
    write_text(out / "canvas.csv", text(canvas(marked, master)))
    write_text(out / "moodle.csv", text(moodle(marked)))
    write_text(out / "leaderboard.csv", text(leaderboard(rows, master)))
    for row in marked:
        if row["file"]:
            write_text(out / row["student"] / "results.json", json.dumps(gradescope(row), indent=1))


def counts(row: Row) -> bool:
    """Whether a row is the mark of a student: nobody's, and an older one of the same student, are not."""
    return bool(row["student"]) and row["status"] != "older"


def grades(rows: list[Row], master: Assignment) -> Table:
    """Everything, for the instructor."""
    scores = [*master.model.points] if master.model else []
    last = ["said", "note", "file", "seconds"]
    table: Table = [["student", "name", "status", "total", "most", *master.points, *scores, *last]]
    for row in rows:
        about = [row["student"], row["about"].get("name", ""), row["status"], row["total"], row["most"]]
        points = row["points"] | ({master.claim.name: row.get("claimed", "")} if master.claim else {})
        found = [row["model"].get("scores", {}).get(score, "") for score in scores]
        table.append([*about, *points.values(), *found, *(row[key] for key in last)])
    return table


def canvas(rows: list[Row], master: Assignment) -> Table:
    """As Canvas imports a gradebook; its own columns of the roster say who is who there."""
    table: Table = [[*CANVAS, master.name], ["    Points Possible", "", "", "", "", sum(master.points.values())]]
    for row in rows:
        ids = [row["about"].get(column, "") for column in CANVAS[1:]]
        if not any(ids[:3]):
            ids = ["", row["student"], "", ""]
        total = "" if row["status"] == "not handed in" else row["total"]  # empty leaves a gradebook as it is
        table.append([row["about"].get("name") or row["student"], *ids, total])
    return table


def moodle(rows: list[Row]) -> Table:
    """As Moodle imports offline grades; it takes none without the column of when, which may be empty."""
    table: Table = [[*MOODLE, "Last modified (grade)", "Feedback comments"]]
    for row in rows:
        number = f"Participant {row['number']}" if row["number"] else ""
        person = [number, row["about"].get("name") or row["student"], row["about"].get("email", "")]
        table.append([*person, row["status"], row["total"], row["most"], "Yes", "", row["said"]])
    return table


def gradescope(row: Row) -> dict[str, Any]:
    """The results of one student's autograder on Gradescope."""
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


def leaderboard(rows: list[Row], master: Assignment) -> Table:
    """A head, and a row for each scored model, the best first: place, whose it is for those who know, and scores."""
    if master.model is None:
        return [["place", "who", "points"]]
    name, scores, lines = master.model.name, [*master.model.points], []
    for row in rows:
        if found := row["model"].get("scores"):
            lines.append([-row["points"][name], *(found[score] for score in scores), alias(row["alias"])])
    board: Table = [["place", "who", "points", *scores]]
    for place, (points, *numbers, who) in enumerate(sorted(lines), 1):
        board.append([place, who, -points, *(round(each, 4) for each in numbers)])
    return board


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


def _entered(path: Path, claim: str, most: float, rows: list[Row]) -> dict[str, float]:
    """What a human entered for the claim, by student; LabError for what a spreadsheet made of it, before it is lost."""
    students = {row["student"].lstrip("'"): row["student"] for row in rows}
    found: dict[str, float] = {}
    if not path.exists():
        return found
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["status"] != "older" and row[claim]:
                    who, points = row["student"].lstrip("'"), float(row[claim])
                    if who not in students or not 0 <= points <= most:
                        odd = f"{shown(who)} has {points:g} of {most:g} points for the claim"
                        raise LabError(f"{path}: {odd}, and is nobody here or the points are none; correct that row.")
                    found[students[who]] = points
    except (KeyError, ValueError) as error:
        advice = "save it as CSV UTF-8 with commas, and points as 8.5"
        raise LabError(f"{path} cannot be read ({reason(error)}); {advice}, then grade again.") from error
    return found
