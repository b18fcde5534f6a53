"""The assignments hw04 to hw06: solutions are right; stubs and listed wrong answers lose points."""

from __future__ import annotations

import random
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager

from animelab.homework import assignment as masters
from animelab.homework.compare import marked
from animelab.homework.secret import Secret

NAMES = ["hw04", "hw05", "hw06"]
SEED = 5**22
each_assignment = pytest.mark.parametrize("name", NAMES)


@cache
def master(name: str) -> masters.Assignment:
    return masters.read(name)


def variant(name: str, number: int = 0) -> masters.Choices:
    """Choices of a made-up student: number 0 has the first of all options, the others are drawn. No bugs."""
    dice = random.Random(number)
    options = master(name).parameters.items()
    values = {key: dice.choice(some) if number else some[0] for key, some in options}
    return masters.Choices("2027S", name, f"s{number}", "0" * 32, values, {})


def space_of(choices: masters.Choices, notebook: Any, more: str = "", pictures: bool = False) -> dict[str, Any]:
    """The names of a notebook after its cells, the code `more` and the hidden cells; without cells that only show."""
    assignment = master(choices.assignment)
    shows = [] if pictures else [source for _, tags, source, _ in assignment.cells if "demo" in tags]
    space: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.source not in shows]
    for source in [*cells, more, assignment.hidden(choices)]:
        exec(TransformerManager().transform_cell(source), space)
    return space


def answers_of(space: dict[str, Any], task: Any) -> Any:
    """What the runner would send: the answers, or a sentence about what went wrong."""
    torch.manual_seed(0)
    try:
        return space[task.function](space, SEED)
    except (ArithmeticError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


@cache
def right(name: str, number: int = 0) -> dict[str, Any]:
    choices = variant(name, number)
    space = space_of(choices, master(name).solution(choices))
    return {task.name: answers_of(space, task) for task in master(name).tasks}


def lost(space: dict[str, Any], task: Any, name: str, number: int = 0) -> dict[str, float]:
    """The points of the answers that are not right, by name."""
    rows = marked(task, answers_of(space, task), right(name, number)[task.name])
    return {row["name"]: row["most"] for row in rows if row["points"] < row["most"]}


@each_assignment
def test_there_are_a_hundred_points_and_words_for_each_answer(name: str) -> None:
    assignment = master(name)
    assert sum(assignment.points.values()) == 100
    assert assignment.claim and assignment.model
    assert (assignment.root / "course" / "homework" / "rubrics" / f"{assignment.claim.rubric}.md").is_file()
    listed = [task for task, _, _ in assignment.wrong(variant(name))]
    for task in assignment.tasks:
        assert task.advice.keys() == task.points.keys()
        assert listed.count(task.name) >= 3
    text = "\n".join(source for kind, _, source, _ in assignment.cells if kind == "markdown")
    for row, most in assignment.points.items():
        assert f"| {row} |" in text and f"| {most:g} |" in text
    for rows in assignment.model.points.values():
        bounds, points = zip(*rows)
        assert list(bounds) == sorted(bounds) and list(points) == sorted(points, reverse=True)
        assert "| " + " | ".join(f"{each:g}" for each in points) + " |" in text


@each_assignment
@pytest.mark.parametrize("number", range(3))
def test_a_solution_has_all_points_twice_and_a_stub_has_none(name: str, number: int) -> None:
    choices = variant(name, number)
    again, stub = (space_of(choices, build(choices)) for build in (master(name).solution, master(name).notebook))
    for task in master(name).tasks:
        assert not isinstance(right(name, number)[task.name], str), right(name, number)[task.name]
        assert lost(again, task, name, number) == {}
        if task.name != "4":  # the fourth is whole until bugs are planted
            assert lost(stub, task, name, number) == task.points


@each_assignment
@pytest.mark.parametrize("number", range(2))
def test_every_listed_wrong_answer_loses_points(name: str, number: int) -> None:
    choices = variant(name, number)
    tasks = {task.name: task for task in master(name).tasks}
    for task, sentence, code in master(name).wrong(choices):
        space = space_of(choices, master(name).solution(choices), code)
        assert sentence
        assert lost(space, tasks[task], name, number), f"task {task}: {sentence}"


@each_assignment
def test_a_copy_has_one_bug_in_each_cell_and_no_points_for_it(name: str, tmp_path: Path) -> None:
    choices = masters.choices(Secret.create(tmp_path / "secret.key"), "2027S", master(name), "s1")
    assert len({master(name).bugs[bug][0] for bug in choices.bugs}) == len(choices.bugs) == 2


@each_assignment
def test_no_two_of_forty_students_have_the_same_numbers(name: str) -> None:
    values = [tuple(variant(name, number).values.items()) for number in range(1, 41)]
    assert len(set(values)) == 40
    assert all(len(options) >= 2 for options in master(name).parameters.values())


@each_assignment
def test_names_and_order_of_weights_do_not_matter(name: str) -> None:
    choices, task = variant(name), master(name).tasks[0]
    space = space_of(choices, master(name).solution(choices), TURNED.format(OWN[name]))
    assert lost(space, task, name) == {}


OWN = {"hw04": "PanelGenerator", "hw05": "ReferenceColorist", "hw06": "PlaceGenerator"}
TURNED = """
class {0}({0}):
    def __init__(self):
        super().__init__()
        for inside in (self._modules, self._parameters):
            for name in reversed(list(inside)):
                inside[name] = inside.pop(name)
"""


@each_assignment
@pytest.mark.slow
def test_a_solved_notebook_runs_from_top_to_bottom_in_its_time(name: str) -> None:
    choices, began = variant(name), time.process_time()
    space = space_of(choices, master(name).solution(choices), pictures=True)
    for task in master(name).tasks:
        started = time.process_time()
        assert lost(space, task, name) == {}
        assert time.process_time() - started < 10
    assert time.process_time() - began < 80


def test_who_looks_at_no_picture_has_no_point_for_leaving_all_alone() -> None:
    choices, (task,) = variant("hw04"), (task for task in master("hw04").tasks if task.name == "2")
    nothing = "def stay_home_loss(draw, score, points, direction, home):\n    return direction.sum()"
    space = space_of(choices, master("hw04").solution(choices), nothing)
    assert lost(space, task, "hw04") == task.points
