"""What all masters of homework have in common: many variants of each task, bugs that show, one frame of words."""

from __future__ import annotations

import math
import random
import re
import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager

from animelab import cli
from animelab.homework import assignment as masters
from animelab.homework.compare import marked

NAMES = ["hw01", "hw02", "hw03", "hw04", "hw05", "hw06"]
SEED = 5**22
FEWEST = 500  # variants of a task: of 30 students, 435 pairs, fewer than one pair is then expected to share it whole
each_master = pytest.mark.parametrize("name", NAMES)


@cache
def master(name: str) -> masters.Assignment:
    return masters.read(name)


def variants(assignment: masters.Assignment) -> dict[str, int]:
    """How many variants each task has: of its parameters, and of the bugs in its cells."""
    found: dict[str, int] = {}
    tasks = [task.name for task in assignment.tasks]
    seen: set[str] = set()
    coming: list[str] = []  # parameters that were chosen before the first task's heading belong to that task
    at = ""
    for kind, _, source, line in assignment.cells:
        if kind == "markdown":
            for heading in re.findall(r"(?m)^## (.*)", source):
                match = re.match(r"Task (\d)", heading)
                at = match[1] if match else "" if at else at
                if match:
                    found[at], coming = math.prod(len(assignment.parameters[each]) for each in coming), []
            continue
        for name in re.findall(r'choose\(\s*"(\w+)"', source):
            if name not in seen and name != "cast":  # whose faces they are changes no answer
                seen.add(name)
                if at in tasks:
                    found[at] *= len(assignment.parameters[name])
                else:
                    coming.append(name)
        wrong = [count - 1 for of, count in assignment.bugs.values() if of == line]
        if wrong:
            found[at] *= sum(wrong)
    return found


@each_master
def test_thirty_students_rarely_share_a_task(name: str) -> None:
    assignment = master(name)
    assert assignment.header["plant"] == 1  # or more than one bug of a cell would have to be counted
    found = variants(assignment)
    assert found.keys() == {task.name for task in assignment.tasks}
    assert min(found.values()) >= FEWEST, found


@each_master
def test_no_bug_is_the_only_one_of_its_few(name: str) -> None:
    """A cell's bugs are many enough that a neighbor's is no hint: at least a dozen wrong lines in seven places."""
    places = Counter(line for line, _ in master(name).bugs.values())
    wrong = Counter({line: sum(n - 1 for at, n in master(name).bugs.values() if at == line) for line in places})
    assert len(places) == 2 and min(places.values()) >= 7 and min(wrong.values()) >= 12, (places, wrong)


def variant(name: str, number: int) -> masters.Choices:
    """Choices of a made-up student: number 0 has the first of all options, the others are drawn. No bugs."""
    dice = random.Random(number)
    values = {key: dice.choice(some) if number else some[0] for key, some in master(name).parameters.items()}
    return masters.Choices("2027S", name, f"s{number}", "0" * 32, values, {})


def bugged_cells(choices: masters.Choices) -> list[str]:
    """The code of the two cells of task 4, as a student with these choices has them."""
    return [source for _, tags, source, _ in master(choices.assignment)._variant(choices, False) if "task-4" in tags]


def repaired(space: dict[str, Any], choices: masters.Choices) -> dict[str, Any]:
    """The answers of task 4 with the bugs of these choices; space: names of all other cells that define some."""
    space = dict(space)
    for source in bugged_cells(choices):
        exec(source, space)
    (task,) = (task for task in master(choices.assignment).tasks if task.name == "4")
    torch.manual_seed(0)
    return space[task.function](space, SEED)


@each_master
@pytest.mark.parametrize(
    ("number", "most"), [(0, 1), *(pytest.param(number, 9, marks=pytest.mark.slow) for number in (0, 1))]
)
def test_every_planted_bug_runs_and_loses_the_points_of_its_own_cell_alone(name: str, number: int, most: int) -> None:
    """most: so many wrong variants of each bug are tried."""
    assignment, choices = master(name), variant(name, number)
    (task,) = (task for task in assignment.tasks if task.name == "4")
    space: dict[str, Any] = {"__name__": "__main__"}
    for kind, tags, source, _ in assignment._variant(choices, True):
        if kind == "code" and ({"setup", "hidden"} & {*tags} or source.startswith("WIDTH")):
            exec(TransformerManager().transform_cell(source), space)
    right = repaired(space, choices)
    of_cell: dict[int, set[str]] = {}
    for bug, (line, count) in assignment.bugs.items():
        for wrong in range(1, min(count, most + 1)):
            found = repaired(space, replace(choices, bugs={bug: wrong}))
            assert not any(isinstance(each, str) for each in found.values()), f"bug {bug}, variant {wrong} stops"
            lost = {row["name"] for row in marked(task, found, right) if not row["points"]}
            assert len(lost) == 1, f"bug {bug}, variant {wrong}, loses {lost or 'nothing'}"
            of_cell.setdefault(line, set()).update(lost)
    assert sorted(map(len, of_cell.values())) == [1, 1] and len(set.union(*of_cell.values())) == 2


@each_master
def test_no_layout_betrays_a_bug(name: str, tmp_path: Path) -> None:
    for bug, (_, count) in master(name).bugs.items():
        for number in range(count):
            code = bugged_cells(replace(variant(name, 0), bugs={bug: number}))
            assert len(code) == 2 and "###" not in "".join(code)
            (tmp_path / f"{bug}_{number}.py").write_text("\n\n\n".join(code) + "\n", encoding="utf-8")
    settings = master(name).root / "course" / "ruff.toml"
    command = [sys.executable, "-m", "ruff", "format", "--check", "--config", str(settings), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def paragraphs(name: str) -> dict[str, str]:
    """The paragraphs and numbered steps of a master's text whose first words say what they are."""
    text = "\n\n".join(source for kind, _, source, _ in master(name).cells if kind == "markdown")
    text = text.replace(name, "hwNN")
    begins = (
        r"\*\*Your copy is your own", r"\*\*How it is graded", r"\*\*Help\.\*\*", r"3\. \*Show it\*",
        r"4\. \*Defend it\*", r"5\. Two sentences", "A claim that failed", r"\*Your text, in place",
    )  # fmt: skip
    return {
        begin: re.sub(r"\s+", " ", match[0])
        for begin in begins
        if (match := re.search(rf"(?m)^{begin}(.*\n?)(?:(?!\d\. ).+\n?)*", text))
    }


def test_all_masters_have_the_same_frame() -> None:
    frame = paragraphs(NAMES[0])
    assert len(frame) == 8
    for name in NAMES[1:]:
        assert paragraphs(name) == frame, name


@each_master
def test_rows_and_headings_have_one_name(name: str) -> None:
    assignment = master(name)
    assert assignment.model and assignment.claim
    assert (assignment.model.name, assignment.claim.name) == ("model", "claim")
    text = "\n".join(source for kind, _, source, _ in assignment.cells if kind == "markdown")
    assert "| task | what you hand in | points | marked by |" in text
    for row, most in assignment.points.items():
        assert re.search(rf"(?m)^\| {row} \| [^|]* \| {most:g} \| ", text), row
    for task in assignment.tasks:
        points = sum(task.points.values())
        assert re.search(rf"(?m)^## Task {task.name} · .*\({points:g} points", text), task.name
    assert re.search(r"(?m)^## Model · .*\(20 points\)$", text)
    assert re.search(r"(?m)^## Claim · .*\(12 points, marked by a human\)$", text)


@each_master
def test_every_command_can_be_pasted(name: str) -> None:
    text = "\n".join(source for kind, _, source, _ in master(name).cells if kind == "markdown")
    lines = [masters.PARAMETER.sub("3", line) for line in re.findall(r"(?m)^!?(animelab .*)", text)]
    assert lines
    for line in lines:
        cli._parser().parse_args(shlex.split(line)[1:])
