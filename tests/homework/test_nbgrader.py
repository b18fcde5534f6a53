"""nbgrader, in an environment of its own, takes what is issued to everyone, gives it out, and grades it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from animelab.homework.release import release

ROOT = Path(__file__).parents[2]
VERSION = "0.9.6"
CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "gan"
c.ExecutePreprocessor.timeout = 300
c.ExecutePreprocessor.kernel_name = "animelab"
"""


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory: pytest.TempPathFactory):
    """Runs nbgrader with arguments in a course; its kernel is this Python, which has the course's library."""
    folder = tmp_path_factory.mktemp("nbgrader")
    given = os.environ.get("ANIMELAB_NBGRADER", "")  # an environment that has it already
    place = Path(given) if given else folder / "venv"
    if not given:
        done = subprocess.run([sys.executable, "-m", "venv", place], capture_output=True, timeout=300)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", f"nbgrader=={VERSION}"]
        if done.returncode or subprocess.run(pip, capture_output=True, timeout=1200).returncode:
            pytest.skip(f"nbgrader {VERSION} cannot be installed here, into an environment of its own")
    kernel = folder / "share" / "kernels" / "animelab"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "animelab", "language": "python"}))
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"  # nbgrader asks for alembic by its name
    environment = {**os.environ, "PATH": path, "JUPYTER_PATH": str(folder / "share"), "PYTHONPATH": str(ROOT)}

    def run(course: Path, *arguments: str) -> str:
        command = [place / "bin" / "python", "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.slow
def test_nbgrader_opens_and_grades_the_same_release(nbgrader, tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).with_name("masters"), tmp_path / "root" / "course" / "homework")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "root")
    place, secret = release("hw90", "2027S", tmp_path / "out", root=tmp_path / "root")
    own = secret.parent / "hw90-2027S"
    course = tmp_path / "course"
    shutil.copytree(own / "nbgrader" / "source", course / "source")
    (course / "nbgrader_config.py").write_text(CONFIG)

    nbgrader(course, "generate_assignment", "hw90")
    theirs = nbformat.read(course / "release" / "hw90" / "hw90_small.ipynb", 4)
    ours = nbformat.read(place / "everyone" / "hw90_small.ipynb", 4)
    text = nbformat.writes(theirs)
    assert "HIDDEN TESTS" not in text and "clamp" not in text
    assert [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in theirs.cells] == [
        cell.metadata.get("nbgrader", {}).get("grade_id") for cell in ours.cells
    ]

    # A student has solved task 1, but for the slope; another has touched nothing; a third hands in the solution.
    solution = nbformat.read(own / "solutions" / "everyone.ipynb", 4)
    right = {cell.metadata.nbgrader.grade_id: cell.source for cell in solution.cells if "nbgrader" in cell.metadata}
    for student in ("half", "nothing", "all"):
        mine = nbformat.from_dict(ours)
        for cell in mine.cells:
            identity = cell.metadata.get("nbgrader", {}).get("grade_id")
            if identity in right and student == "all":
                cell.source = right[identity]
            elif identity == "task-1-1" and student == "half":
                cell.source = right[identity].replace("MARGIN - logits", "MARGIN - logits.detach() + 0 * logits")
        path = course / "submitted" / student / "hw90" / "hw90_small.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(mine, path)
    nbgrader(course, "autograde", "hw90", "--create")
    nbgrader(course, "generate_feedback", "hw90")
    nbgrader(course, "export")
    with open(course / "grades.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"half": 2.0, "nothing": 0.0, "all": 6.5}
    with open(course / "grades.csv", newline="") as file:
        assert {float(row["max_score"]) for row in csv.DictReader(file)} == {12.5}
