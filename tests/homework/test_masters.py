"""What all masters of homework have in common: many variants of each task, and one frame of words."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache

import pytest

from animelab.homework import assignment as masters

NAMES = ["hw01", "hw02", "hw03", "hw04", "hw05", "hw06"]
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
    for kind, tags, source, line in assignment.cells:
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


def paragraphs(name: str) -> dict[str, str]:
    """The paragraphs and numbered steps of a master's text whose first words say what they are."""
    text = "\n\n".join(source for kind, _, source, _ in master(name).cells if kind == "markdown")
    text = text.replace(name, "hwNN")
    begins = (
        r"\*\*Your copy is your own", r"\*\*How it is graded", r"\*\*Help\.\*\*", r"3\. \*Show it\*", r"4\. \*Defend it\*",
        "5\\. Two sentences", "A claim that failed", r"\*Your text, in place",
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
