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

import numpy as np
import pytest
import torch
from nbformat import v4
from PIL import Image
from safetensors.torch import load_file

from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.homework import Task, compare, sandbox, submissions
from animelab.homework import grade as grading
from animelab.homework.assignment import choices, read
from animelab.homework.grade import grade
from animelab.homework.secret import Secret
from animelab.nn import dcgan
from animelab.zoo import manifest

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
TRAINED = """

# %% tags=["hidden"]
from animelab.homework import model

model(
    "m",
    network="dcgan.generator",
    measure="faces",
    bundled="dcgan-faces-64",
    points={"fd": ((1.5, 10), (3, 4))},
    megabytes=8,
    arguments={"size": 64, "latent": 100, "width": (8, 64)},
    settings={"count": 300},
    advice={"fd": "Train longer."},
)
"""
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
    trained = MASTER.replace("hw91", "hw92") + TRAINED
    (root / "course" / "homework" / "hw92_trained.py").write_text(trained, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", root)
    for name in ("hw91", "hw92"):
        (root / "instructor" / f"{name}-{TERM}").mkdir(parents=True)
    folder = root / "instructor" / f"hw92-{TERM}"  # with a public network in place of one that trains for a minute
    shutil.copy(manifest.verified("tagger"), folder / "features.safetensors")
    (folder / "anchors.json").write_text('{"fd": [4.0, 90000.0]}', encoding="utf-8")
    Secret.create(root / "instructor" / "secret.key")
    return root


class Issued:
    """Copies of students, and how they hand them in."""

    def __init__(self, root: Path, place: Path, roster: str = ROSTER, name: str = "hw91") -> None:
        self.root, self.secret = root, root / "instructor" / "secret.key"
        self.master, self.place = read(name, root), place
        place.mkdir(parents=True, exist_ok=True)
        path = root / "instructor" / f"{name}-{TERM}" / "roster.csv"
        path.unlink(missing_ok=True)
        if roster:
            path.write_text(roster, encoding="utf-8")

    def choices(self, student: str):
        return choices(Secret.read(self.secret), TERM, self.master, student)

    def solved(self, student: str):
        return self.master.solution(self.choices(student))

    def bare(self, student: str):
        return self.master.notebook(self.choices(student))

    def hand_in(self, name: str, notebook, **others: bytes) -> Path:
        """A zip, as `pack` writes it, or for another name the file itself; notebook: or its bytes."""
        content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
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
        return grade(self.place, self.master.name, TERM, out, self.secret, root=self.root, **options)


@pytest.fixture
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
    """A class of odd submissions, most of them in one copy for everyone; what each should get."""
    wanted: dict[str, tuple[str, float]] = {}

    def case(student: str, notebook, status: str = "graded", points: float = 7.0, end: str = "zip", **others) -> None:
        issued.hand_in(f"{student}_hw91.{end}", notebook, **others)
        wanted[student] = (status, points)

    def changed(source: str, solved: bool = True):
        notebook = issued.solved("everyone") if solved else issued.bare("everyone")
        notebook.cells.append(v4.new_code_cell(source))
        return notebook

    case("right", issued.solved("right"), claim__png=png())
    case("unsolved", issued.bare("everyone"), points=0.0)
    for number, (task, said, source) in enumerate(issued.master.wrong(issued.choices("everyone"))):
        lost = {"1": 2.0 if said.startswith("adds") else 3.0, "2": 1.0, "3": 3.0}[task]
        case(f"wrong{number}", changed(source), points=7.0 - lost)
    case("empty", b"", "empty", 0.0, end="ipynb")
    case("text", b"my homework", "not a notebook", 0.0)
    case("numbers", b"[1, 2]", "not a notebook", 0.0)
    case("deep", b"[" * 100_000, "not a notebook", 0.0)
    case("latin", '{"cells": [], "caf\xe9": 1}'.encode("latin-1"), "not a notebook", 0.0, end="ipynb")
    case("李 小明 O'Brien", issued.solved("李 小明 O'Brien"))
    deleted = issued.solved("everyone")
    deleted.cells.remove(code(deleted, "word"))
    case("deleted", deleted, points=6.0)
    mixed = changed(code(issued.solved("everyone"), "word").source)
    mixed.cells.reverse()
    case("doubled and in another order", mixed)
    case("edited", changed("def of_scaled(work, seed):\n    return {'values': [], 'length': 0}", False), points=0.0)
    kernel = issued.solved("everyone")
    kernel.metadata["language_info"] = {"name": "R"}
    case("kernel", kernel, "wrong kernel", 0.0)
    liar = "class Liar(float):\n    __eq__ = lambda *_: True\n    __sub__ = __rsub__ = lambda *_: 0\n"
    case("equal", changed(f"{liar}def total(values):\n    return Liar(4e9)"), points=4.0)
    case("leaves", changed("import os\nos._exit(0)"), "crashed", 0.0)
    case("thief", issued.solved("right"), "another's copy", 0.0)
    forged = issued.solved("forged")
    forged.metadata["animelab"]["ticket"] = "\ud800" + "0" * 32
    case("forged", forged, "another's copy", 0.0)
    return wanted


@needs_a_sandbox
def test_everyone_gets_their_status_and_mark_with_one_worker_and_with_two(course, tmp_path, capsys):
    issued = Issued(course, tmp_path / "submissions", roster="")
    wanted = many(issued)
    rows = issued.grade(tmp_path / "two", workers=2)
    assert marks(rows) == wanted
    printed = capsys.readouterr().out
    assert all(f"{student}: {status}" in printed for student, (status, _) in wanted.items())
    again = issued.grade(tmp_path / "two", workers=1, again=True)
    assert [{**row, "seconds": 0} for row in again] == [{**row, "seconds": 0} for row in rows]
    truth = "".join(json.dumps(row) for row in rows) + "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "two").rglob("*.html")
    )
    secret = Secret.read(issued.secret)
    assert str(secret.number(TERM, "hw91", "right", "task 1")) not in truth and secret._key.hex() not in truth
    saved = json.loads((tmp_path / "two" / "right" / "result.json").read_text(encoding="utf-8"))
    assert saved["total"] == 7.0 and saved["points"] == {"1": 3.0, "2": 1.0, "3": 3.0, "c": 0.0}
    assert saved["claim"].startswith("<img")


def zipped(
    path: Path, *names: str, content: bytes = b"{}", link: bool = False, kind: int = zipfile.ZIP_DEFLATED
) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.compress_type = kind
            info.external_attr = (stat.S_IFLNK if link else stat.S_IFREG) << 16
            archive.writestr(info, content)


def test_what_hides_something_is_refused_and_nothing_is_unpacked(issued, tmp_path):
    place = issued.place
    zipped(place / "up_hw91.zip", "../../evil.ipynb", content=b"evil")
    zipped(place / "up2_hw91.zip", "a\\..\\..\\evil.ipynb", content=b"evil")
    zipped(place / "root_hw91.zip", "/tmp/evil.ipynb", content=b"evil")
    zipped(place / "drive_hw91.zip", "C:\\evil.ipynb", content=b"evil")
    zipped(place / "link_hw91.zip", "x.ipynb", content=b"/etc/passwd", link=True)
    zipped(place / "many_hw91.zip", *(f"{i}.txt" for i in range(submissions.MOST + 1)))
    zipped(place / "lzma_hw91.zip", "x.ipynb", kind=zipfile.ZIP_LZMA)
    os.symlink("/etc/passwd", place / "passwd_hw91.ipynb")
    (place / "folder_hw91").mkdir()
    os.symlink("/etc", place / "folder_hw91" / "etc")
    os.mkfifo(place / "pipe_hw91.ipynb")
    zipped(place / "damaged_hw91.zip", "x.ipynb", content=b"{}" * 500)
    (place / "damaged_hw91.zip").write_bytes((place / "damaged_hw91.zip").read_bytes()[:40])
    zipped(place / "bomb_hw91.zip", "x.ipynb", content=b" " * 30_000_000)
    zipped(place / "bombs_hw91.zip", *(f"{i}.ipynb" for i in range(9)), content=b" " * 19_000_000)
    zipped(place / "nothing_hw91.zip")
    zipped(place / "readme_hw91.zip", "claim.png", content=png())
    (place / "essay_hw91.docx").write_bytes(b"PK")
    rows = issued.grade(tmp_path / "out")
    found = {row["file"].partition("_")[0]: row["status"] for row in rows if row["file"]}
    refused = ("up", "up2", "root", "drive", "link", "many", "lzma", "passwd", "folder", "pipe")
    assert found == dict.fromkeys(refused, "refused") | {
        "damaged": "damaged", "bomb": "too large", "bombs": "too large",
        "nothing": "empty", "readme": "no notebook", "essay": "empty",
    }  # fmt: skip
    assert not list(tmp_path.rglob("evil*")) and not Path("/tmp/evil.ipynb").exists()
    assert {row["student"] for row in rows if row["status"] == "not handed in"} == {"s1", "s2", "s3", "s4", "s5"}
    with open(tmp_path / "out" / "grades.csv", encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(rows) == len(found) + 5


@needs_a_sandbox
def test_names_of_canvas_and_moodle_are_understood_and_the_newest_counts(issued, tmp_path):
    first, second = (
        issued.hand_in("lovelaceada_501_7001_hw91.zip", issued.bare("s1")),
        "lovelaceada_501_7002_hw91-1.zip",
    )
    issued.hand_in(second, issued.solved("s1"))
    os.utime(first, (2e9, 2e9))  # Canvas counts submissions, whatever the clock says
    moodle = "O'Brien 李 小明_77001_assignsubmission_file"
    issued.hand_in(f"{moodle}_/hw91_marks.ipynb", issued.solved("s2"))
    plain = issued.solved("s3")
    del plain.metadata["animelab"]  # some editors drop what they do not know
    issued.hand_in("Emmy Noether_77002_assignsubmission_file_hw91.zip", plain)
    issued.hand_in("gracehopper_LATE_504_7009_hw91 (1).ipynb", issued.solved("s4"))
    strange = issued.solved("s1")
    del strange.metadata["animelab"]
    issued.hand_in("homework.ipynb", strange)
    (issued.place / ".DS_Store").write_bytes(b"x")
    rows = issued.grade(tmp_path / "out")
    found = {(row["student"], row["file"]): (row["status"], row["total"]) for row in rows}
    assert found == {
        ("s1", second): ("graded", 7.0),
        ("s1", first.name): ("older", 0.0),
        ("s2", f"{moodle}_"): ("graded", 7.0),
        ("s3", "Emmy Noether_77002_assignsubmission_file_hw91.zip"): ("graded", 7.0),
        ("s4", "gracehopper_LATE_504_7009_hw91 (1).ipynb"): ("graded", 7.0),
        ("s5", ""): ("not handed in", 0.0),
        ("", "homework.ipynb"): ("whose?", 0.0),
    }
    canvas = (tmp_path / "out" / "canvas.csv").read_text(encoding="utf-8").splitlines()
    assert canvas[0] == "Student,ID,SIS User ID,SIS Login ID,Section,hw91"
    assert canvas[1] == "    Points Possible,,,,,13.0"
    assert "Ada Lovelace,501,U1,ada,A,7.0" in canvas and "Nobody Here,505,U5,none,B," in canvas
    moodle_rows = (tmp_path / "out" / "moodle.csv").read_text(encoding="utf-8")
    assert moodle_rows.splitlines()[0] == (
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (grade),"
        "Feedback comments"
    )
    assert 'Participant 77001,"O\'Brien, 李 小明",li@example.org,graded,7.0,13.0,Yes,,' in moodle_rows
    assert "\n,Ada Lovelace,ada@example.org,graded,7.0,13.0,Yes,," in moodle_rows  # Canvas' number is no participant's
    for name in ("grades", "canvas", "moodle"):
        assert "'=HYPERLINK" in (tmp_path / "out" / f"{name}.csv").read_text(encoding="utf-8")
        assert "\n=HYPERLINK" not in (tmp_path / "out" / f"{name}.csv").read_text(encoding="utf-8")


@needs_a_sandbox
def test_what_is_marked_is_kept_and_a_failed_regrade_keeps_the_old_mark(issued, tmp_path, monkeypatch):
    issued.hand_in("s1_hw91.zip", issued.solved("s1"))
    out = tmp_path / "out"
    (mark, *_) = issued.grade(out)
    assert (mark["student"], mark["total"]) == ("s1", 7.0)

    def broken(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(sandbox, "run", broken)
    assert issued.grade(out)[0] == mark  # nothing ran
    (kept, *_) = issued.grade(out, again=True)
    assert (kept["status"], kept["total"]) == ("graded", 7.0)
    assert "its earlier mark stands" in kept["note"] and "no space left" in kept["note"]
    issued.hand_in("s2_hw91.zip", issued.solved("s2"))
    (_, new, *_) = issued.grade(out)
    assert (new["status"], new["total"]) == ("not graded", 0.0)
    monkeypatch.undo()
    assert marks(issued.grade(out))["s2"] == ("graded", 7.0)  # what failed is tried again by itself
    (out / "s1" / "result.json").write_text("{", encoding="utf-8")
    issued.hand_in("s2_hw91.zip", issued.bare("s2"))
    assert marks(issued.grade(out))["s1"] == ("graded", 7.0)
    assert marks(issued.grade(out))["s2"] == ("graded", 0.0)  # the student handed in something else


BURNS = "import time\ndef total(values):\n    while time.process_time() < {}:\n        pass\n    return sum(values)"


@needs_a_sandbox
@pytest.mark.slow
def test_who_was_late_runs_once_more_with_patience_and_keeps_an_earlier_mark(issued, tmp_path, monkeypatch):
    strict, patient = sandbox.Limits(cpu=3), sandbox.Limits(cpu=20)
    monkeypatch.setattr(sandbox, "Limits", lambda: strict)  # two seconds for the last answer
    monkeypatch.setattr(grading, "PATIENT", patient)
    slow = issued.solved("s1")
    slow.cells.append(v4.new_code_cell(BURNS.format(3)))
    issued.hand_in("s1_hw91.zip", slow)
    (row, *_) = issued.grade(tmp_path)
    assert (row["status"], row["total"]) == ("graded", 7.0)
    monkeypatch.setattr(grading, "PATIENT", strict)
    (kept, *_) = issued.grade(tmp_path, again=True)
    assert (kept["status"], kept["total"]) == ("graded", 7.0) and "its earlier mark stands" in kept["note"]
    (tmp_path / "s1" / "result.json").unlink()
    (late, *_) = issued.grade(tmp_path)
    assert (late["status"], late["total"]) == ("timed out", 4.0) and "Of task 3 there is no answer" in late["said"]


@needs_a_sandbox
def test_a_ticket_alone_replaces_nobodys_mark(course, tmp_path):
    issued = Issued(course, tmp_path / "submissions", "id,name\ns1,Ada Lovelace\ns2,Emmy Noether\n")
    issued.hand_in("lovelaceada_501_7001_hw91.zip", issued.solved("s1"))
    issued.hand_in("noetheremmy_502_7002_hw91.zip", issued.bare("s1"))  # another's copy, by a student of the roster
    issued.hand_in("strangerthe_503_7003_hw91.zip", issued.bare("s1"))  # and by nobody there
    issued.hand_in("The Stranger_77_assignsubmission_file_hw91.zip", issued.bare("s1"))
    rows = issued.grade(tmp_path / "out")
    assert sorted((row["student"], row["status"], row["total"]) for row in rows) == [
        ("", "whose?", 0.0), ("", "whose?", 0.0), ("s1", "graded", 7.0), ("s2", "another's copy", 0.0),
    ]  # fmt: skip
    assert all("nobody in the roster" in row["said"] for row in rows if row["status"] == "whose?")


def net(path: Path, state: dict[str, torch.Tensor] | None = None, width: int = 8) -> bytes:
    """The bytes of a file of weights, by default of a network that has learned nothing."""
    arguments = {"size": 64, "latent": 100, "width": width}
    torch.manual_seed(0)
    save_weights(path, "dcgan.generator", arguments, state or dcgan.Generator(**arguments))
    return path.read_bytes()


@needs_a_sandbox
def test_without_weights_a_model_has_its_row_and_no_points(course, tmp_path):
    issued = Issued(course, tmp_path / "submissions", roster="", name="hw92")
    issued.hand_in("s1_hw92.zip", issued.solved("everyone"))
    (row,) = issued.grade(tmp_path / "out")
    assert (row["status"], row["total"], row["most"], row["points"]["m"]) == ("graded", 7.0, 23.0, 0.0)
    assert [answer["name"] for answer in row["answers"] if answer["task"] == "m"] == ["fd"]
    assert row["model"]["status"] == "no weights" and row["said"].endswith("No weights were handed in.")


@needs_a_sandbox
@pytest.mark.slow
def test_weights_get_their_status_and_points_with_one_worker_and_with_two(course, tmp_path):
    issued = Issued(course, tmp_path / "submissions", roster="", name="hw92")
    path = tmp_path / "w.safetensors"
    torch.manual_seed(0)
    state = dcgan.Generator(64, 100, 8).state_dict()
    copy = {name: value.float() for name, value in load_file(manifest.verified("dcgan-faces-64")).items()}
    wanted = {
        "honest": ("scored", 10.0, net(path)),
        "pickle": ("not safetensors", 0.0, b"\x80\x04cposix\nsystem\n(X\x04\x00\x00\x00exittR."),
        "shape": ("unreadable weights", 0.0, net(path, {**state, "1.weight": state["1.weight"][:, :1]})),
        "nan": ("NaN", 0.0, net(path, {**state, "1.weight": state["1.weight"] * float("nan")})),
        "copy": ("a copy", 0.0, net(path, copy, width=40)),
    }
    for student, (*_, weights) in wanted.items():
        issued.hand_in(f"{student}_hw92.zip", issued.solved("everyone"), weights__safetensors=weights)
    first, again, two = (
        [{**row, "seconds": 0} for row in issued.grade(tmp_path / out, workers=workers, again=True)]
        for out, workers in (("one", 1), ("one", 1), ("two", 2))
    )
    assert first == again == two
    assert {row["student"]: (row["model"]["status"], row["points"]["m"]) for row in first} == {
        student: (status, points) for student, (status, points, _) in wanted.items()
    }
    assert all(row["status"] == "graded" and row["total"] == 7.0 + row["points"]["m"] for row in first)
    assert all(row["model"]["said"] in row["said"] for row in first)


@needs_a_sandbox
def test_points_that_a_human_entered_stay_and_count(issued, tmp_path):
    issued.hand_in("s1_hw91.zip", issued.solved("s1"))
    issued.grade(tmp_path)
    path = tmp_path / "grades.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index("c")
    assert [row[column] for row in rows[1:]] == [""] * 5
    rows[1][column] = "4.5"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    for _ in range(2):
        (row, *_) = issued.grade(tmp_path)
        assert row["total"] == 11.5
        assert "Ada Lovelace,501,U1,ada,A,11.5" in (tmp_path / "canvas.csv").read_text(encoding="utf-8")
    good = path.read_text(encoding="utf-8")
    first = rows[1][0]
    for odd, said in (
        (good.replace(f"{first},", "1,", 1), "nobody"),  # a spreadsheet took the id for a number
        (good.replace("4.5", "450"), "correct that row"),
        (good.replace("4.5", "nan"), "correct that row"),
        (good.replace("4.5", '"4,5"'), "as 8.5"),
        (good.replace(",", ";"), "with commas"),
    ):
        assert odd != good
        path.write_text(odd, encoding="utf-8")
        with pytest.raises(LabError, match=said):
            issued.grade(tmp_path)
        assert path.read_text(encoding="utf-8") == odd, "what a human wrote stays"


@needs_a_sandbox
def test_a_folder_of_grades_is_for_one_assignment_and_term(issued, tmp_path):
    (tmp_path / "assignment.txt").write_text("hw90-2027S", encoding="utf-8")
    with pytest.raises(LabError, match=r"holds grades of hw90-2027S.*--out"):
        issued.grade(tmp_path)


COMMAND = """
import signal
import sys
from pathlib import Path
from animelab.homework.grade import grade
root, place, out = map(Path, sys.argv[1:])
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background begins without
try:
    grade(place, "hw91", "2027S", out, root / "instructor" / "secret.key", workers=1, root=root)
except KeyboardInterrupt:
    sys.exit(130)
"""


@needs_a_sandbox
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_grader_that_is_killed_or_interrupted_goes_on_where_it_was(issued, tmp_path, end):
    issued.hand_in("s1_hw91.zip", issued.solved("s1"))
    endless = issued.solved("s2")
    endless.cells.append(v4.new_code_cell("while True: pass"))
    slow = issued.hand_in("s2_hw91.zip", endless)
    out = tmp_path / "out"
    command = [sys.executable, "-c", COMMAND, str(issued.root), str(issued.place), str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 300
            while not (out / "s1" / "result.json").exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(1)
            process.send_signal(end)
            began = time.monotonic()
            assert process.wait(60) == (130 if end == signal.SIGINT else -signal.SIGKILL)
            assert time.monotonic() - began < 60  # and not the two minutes that the loop may take
        finally:
            process.kill()
    assert not (out / "s2" / "result.json").exists()
    written = (out / "s1" / "result.json").stat().st_mtime_ns
    slow.unlink()
    issued.hand_in("s2_hw91.zip", issued.solved("s2"))
    assert marks(issued.grade(out)) == {
        "s1": ("graded", 7.0), "s2": ("graded", 7.0), **dict.fromkeys(("s3", "s4", "s5"), ("not handed in", 0.0)),
    }  # fmt: skip
    assert (out / "s1" / "result.json").stat().st_mtime_ns == written


def test_a_missing_folder_or_secret_is_one_sentence(issued, tmp_path):
    with pytest.raises(LabError, match="no folder"):
        grade(tmp_path / "none", "hw91", TERM, tmp_path, issued.secret, root=issued.root)
    with pytest.raises(LabError, match="secret"):
        grade(issued.place, "hw91", TERM, tmp_path, tmp_path / "secret.key", root=issued.root)


def test_without_isolation_nothing_runs_unless_it_is_asked_for(issued, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "available", lambda: "This system isolates nothing.")
    issued.hand_in("s1_hw91.zip", issued.solved("s1"))
    with pytest.raises(LabError, match="isolates nothing.*--unsafe"):
        issued.grade(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert marks(issued.grade(tmp_path / "out", unsafe=True))["s1"] == ("graded", 7.0)


@pytest.mark.parametrize(
    ("answer", "right", "says"),
    [
        (np.ones(3, np.float32), np.ones(3), ""),
        (1, True, ""),
        ([1, [2.0, "x"]], [np.float64(1), [2, "x"]], ""),
        (np.array([1e6, 0.05]), np.array([1e6, 0.0]), ""),  # small beside the largest
        (np.array([1.0, 0.001]), np.array([1.0, 0.0]), "not right"),
        (1e-9, 0.0, ""),
        (1e-3, 0.0, "not right"),
        (float("nan"), 1.0, "NaN"),
        (float("nan"), float("nan"), ""),
        (float("inf"), float("inf"), ""),
        (float("inf"), 1.0, "not right"),
        (np.ones((3, 1)), np.ones(3), "form"),
        ([1, 2], [1, 2, 3], "form"),
        (None, 1.0, "form"),
        ("ValueError: seed 17", 1.0, "form"),
        ("odd", "even", "word"),
        (10**400, 1.0, "form"),
        (10**400, 10**400, ""),
        (np.zeros((0, 3)), np.zeros((0, 3)), ""),
        (np.array([1, 2]), np.array([1, 3]), "not right"),
        ([], [], ""),
    ],
)
def test_answers_agree_by_value_and_shape(answer, right, says):
    seen = compare.seen_in(answer, right, 1e-4)
    assert (says in seen) if says else (seen == "")


def test_what_is_said_of_a_task_that_stopped_has_no_word_of_the_submission():
    task = Task("1", {"a": 2.0}, {"a": "Advice."})
    for answers in ("ValueError: the seed is 17", "seed17: x", "no answer within 9 seconds", None, {}, {"b": 1}, 17):
        (row,) = compare.marked(task, answers, {"a": 1.0})
        assert row["points"] == 0 and "17" not in row["seen"] and row["advice"] == "Advice."
    assert compare.marked(task, {"a": 1.0}, {"a": 1.0})[0] == {
        "task": "1", "name": "a", "points": 2.0, "most": 2.0, "seen": "Right.", "advice": "",
    }  # fmt: skip
    for right in ({}, "NameError: x", None):
        with pytest.raises(LabError, match="look at the master"):
            compare.marked(task, {"a": 1.0}, right)
