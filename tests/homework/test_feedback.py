"""Pages and tables: what a student wrote is text in them, and never a program or a formula."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from animelab import viz
from animelab.homework import Claim, Model, Task, feedback, tables
from animelab.homework.assignment import Assignment
from animelab.studio import Character, render

EVIL = "<script>alert(1)</script>'\"&"
TASKS = (Task("1", {"loss": 2, "slope": 1}, {"loss": "Look at the <signs>."}),)
MODEL = Model("m", "dcgan.generator", "faces", "dcgan-faces-64", {"fd": ((1.2, 10), (2, 7))}, 12, {})
ABOUT = ("hw01", "hw01_dcgan", "hw01 · Faces & losses", {}, Path(), TASKS, MODEL, Claim("c", 6, "hw01"))
MASTER = Assignment(*ABOUT, *[()] * (len(Assignment.__dataclass_fields__) - len(ABOUT)))


def row(student: str, fd: float | None = 20.0, points: float = 7.0, **changes):
    answers = [
        {"task": "1", "name": "loss", "points": 0.0, "most": 2.0, "seen": EVIL, "advice": TASKS[0].advice["loss"]},
        {"task": "1", "name": "slope", "points": 1.0, "most": 1.0, "seen": "Right.", "advice": ""},
        {"task": "m", "name": "fd", "points": points, "most": 10.0, "seen": "20, where drawings have 4.", "advice": ""},
    ]  # fmt: skip
    picture = viz.image_tag(render(Character.random(1), 32), "What the model drew.", 64, "webp")
    model = {"status": "scored", "said": "", "scores": {} if fd is None else {"fd": fd}, "picture": picture}
    return {
        "student": student, "file": f"{student}_hw01.zip", "status": "graded", "said": f"Said {EVIL}", "note": "",
        "answers": answers, "points": {"1": 1.0, "m": points, "c": 0.0}, "total": 1.0 + points, "most": 19.0,
        "model": model, "claim": "", "notes": [f"cell 3: NameError: {EVIL}"], "seconds": 3.0, "key": "k", "number": "",
        "alias": sum(student.encode()) * 10**12, "about": {"name": f"={student} {EVIL}"}, **changes,
    }  # fmt: skip


class Page(HTMLParser):
    """What a browser would load, and which elements there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.links, self.open, self.alone = [], [], [], {"img", "meta", "br"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "action", "data")]
        assert not any(name.startswith("on") for name, _ in attributes)
        assert tag != "img" or "alt" in dict(attributes)
        self.open += [] if tag in self.alone else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("grades")
    rows = [row("ada"), row(f"zoë O'{'x' * 5}", 9.5, 10.0), row("late", None, 0.0, status="timed out")]
    rows += [row("old", status="older"), {**row("nobody"), "file": "", "status": "not handed in"}]
    rows += [row("", status="whose?", file="=cmd|' /C calc'!A0.ipynb")]
    tables.write(rows, MASTER, out)
    feedback.write(rows, MASTER, out)
    return out, rows


def test_a_page_is_one_file_in_which_what_students_wrote_is_text(written):
    out, _ = written
    text = (out / "ada" / "feedback.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == [] and "script" not in page.tags and page.tags.count("img") == 2
    assert all(link.startswith("data:image/webp;base64,") for link in page.links)
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4  # name, sentence, note of a cell, answer
    assert "Look at the &lt;signs&gt;." in text and "hw01 · Faces &amp; losses" in text
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text
    assert not re.search(r"https?://", text)
    assert not (out / "old").exists() and not (out / "nobody").exists()


def test_the_leaderboard_has_the_best_first_and_no_name(written):
    out, rows = written
    text = (out / "leaderboard.html").read_text(encoding="utf-8")
    table = list(csv.DictReader(io.StringIO((out / "leaderboard.csv").read_text(encoding="utf-8"))))
    assert [line["who"] for line in table][:2] == [tables.alias(rows[1]["alias"]), tables.alias(rows[0]["alias"])]
    assert [float(line["fd"]) for line in table][:2] == [9.5, 20.0]
    for name in ("ada", "zoë", "script"):
        assert name not in text.partition("<body>")[2].replace(tables.alias(rows[0]["alias"]), "")
    assert tables.alias(rows[0]["alias"]) in (out / "ada" / "feedback.html").read_text(encoding="utf-8")
    assert Page(text).open == []


def test_no_cell_is_a_formula(written):
    out, _ = written
    for path in out.glob("*.csv"):
        cells = [cell for line in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) for cell in line]
        assert not any(cell.lstrip()[:1] in ("=", "+", "@", "\t") or re.match(r"\s*-\D", cell) for cell in cells), path
    assert tables.text([["=1", "+1", "-1", "@x", " =1", "＝1", "fine", 3.5, -2.0, "", "a=b"]]) == (
        "'=1,'+1,'-1,'@x,' =1,'＝1,fine,3.5,-2.0,,a=b\n"
    )
    assert "=" not in [
        cell[:1] for line in csv.reader(tables.text([["a\r=1", "b\n=1", '"\n=2']]).splitlines()) for cell in line
    ]


def test_every_row_stands_in_grades_and_those_who_count_in_the_schools_tables(written):
    out, rows = written
    grades = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8-sig"))))
    assert [line["student"] for line in grades] == [each["student"] for each in rows]
    assert grades[0] | {"1": "1.0", "m": "7.0", "c": "", "fd": "20.0", "total": "8.0"} == grades[0]
    canvas = list(csv.reader(io.StringIO((out / "canvas.csv").read_text(encoding="utf-8"))))
    assert canvas[1] == ["    Points Possible", "", "", "", "", "19.0"]
    assert [line[2] for line in canvas[2:]] == ["ada", "zoë O'xxxxx", "late", "nobody"]
    assert [line[5] for line in canvas[2:]] == ["8.0", "11.0", "1.0", ""]  # empty leaves a gradebook as it is


def test_gradescope_reads_each_answer_and_the_leaderboard(written):
    out, _ = written
    found = json.loads((out / "ada" / "results.json").read_text(encoding="utf-8"))
    assert found["score"] == 8.0 and found["leaderboard"] == [{"name": "fd", "value": 20.0}]
    assert [(test["score"], test["max_score"], test["status"]) for test in found["tests"]] == [
        (0.0, 2.0, "failed"), (1.0, 1.0, "passed"), (7.0, 10.0, "failed"),
    ]  # fmt: skip
    assert sum(test["score"] for test in found["tests"]) == found["score"]


def test_a_claims_picture_is_drawn_anew_and_what_is_none_is_said():
    assert feedback.picture(b"") == ""
    assert "cannot be used" in feedback.picture(b"%!PS-Adobe evil")
    buffer = io.BytesIO()
    from PIL import Image

    Image.new("RGB", (3000, 1500), "red").save(buffer, "png")
    tag = feedback.picture(buffer.getvalue())
    assert 'width="1200"' in tag and "data:image/webp" in tag
