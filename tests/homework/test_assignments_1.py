"""The assignments hw01 to hw03: solutions are right; stubs and listed wrong answers lose points."""

from __future__ import annotations

import itertools
import random
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager

from animelab.homework import assignment as masters
from animelab.homework.compare import marked

NAMES = ["hw01", "hw02", "hw03"]
SEED = 7**20


@cache
def master(name: str) -> masters.Assignment:
    return masters.read(name)


def variant(name: str, number: int = 0) -> masters.Choices:
    """Choices of a made-up student: number 0 has the first of all options; the others are drawn. No bugs."""
    draw, assignment = random.Random(number), master(name)
    values = {key: draw.choice(options) if number else options[0] for key, options in assignment.parameters.items()}
    return masters.Choices("2027S", name, f"s{number}", "0" * 32, values, {})


def played(name: str, choices: masters.Choices, notebook: Any, more: str = "", asked: str = "") -> dict[str, Any]:
    """The answers of a notebook, run in this process, as the runner runs it: {task: answers, or what it stopped with}.

    more: code to run after its cells; asked: one task alone, without the cells that only draw pictures.
    """
    torch.manual_seed(0)
    space: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for source in [*cells, more, master(name).hidden(choices)]:
        makes = any(word in source for word in ("import ", "def ", "class "))
        if asked and (not makes or any(f"\n{picture}(" in source for picture in ("show", "curves", "compare"))):
            continue
        with suppress(NotImplementedError):  # a stub, or a cell that wanted its answer
            exec(TransformerManager().transform_cell(source), space)
    answers: dict[str, Any] = {}
    for task in master(name).tasks:
        try:
            answers[task.name] = space[task.function](space, SEED) if asked in ("", task.name) else "not asked"
        except Exception as error:  # noqa: BLE001 - as the runner, which says what it stopped with
            answers[task.name] = f"{type(error).__name__}: {error}"
    return answers


@cache
def right(name: str, number: int = 0) -> dict[str, Any]:
    choices = variant(name, number)
    return played(name, choices, master(name).solution(choices))


def missed(name: str, task: str, answers: dict[str, Any], number: int = 0) -> set[str]:
    """The answers of a task that have no points."""
    (asked,) = (each for each in master(name).tasks if each.name == task)
    return {row["name"] for row in marked(asked, answers[task], right(name, number)[task]) if not row["points"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_hundred_points_and_words_for_each_of_them(name: str) -> None:
    assignment = master(name)
    assert sum(assignment.points.values()) == 100
    for task in assignment.tasks:
        assert task.advice.keys() == task.points.keys()
        assert (
            len([each for each, _, _ in assignment.wrong(variant(name)) if each == task.name]) >= 3 or task.name == "4"
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_a_solution_has_all_points_twice_and_a_students_copy_loses_some_in_every_task(name: str, number: int) -> None:
    choices = variant(name, number)
    again = played(name, choices, master(name).solution(choices))
    stub = played(name, choices, master(name).notebook(choices))
    for task in master(name).tasks:
        assert not isinstance(again[task.name], str), again[task.name]
        assert not missed(name, task.name, again, number)
        if task.name != "4":
            assert missed(name, task.name, stub, number) == task.points.keys()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_every_listed_wrong_answer_loses_points(name: str, number: int) -> None:
    choices = variant(name, number)
    for task, sentence, code in master(name).wrong(choices):
        assert sentence
        answers = played(name, choices, master(name).solution(choices), code, task)
        assert missed(name, task, answers, number), f"task {task}: {sentence}"


@pytest.mark.parametrize("name", NAMES)
def test_no_two_of_forty_students_have_the_same_task(name: str) -> None:
    options = [len(each) for each in master(name).parameters.values()]
    assert all(each >= 2 for each in options)
    texts = [
        tuple(
            cell.source for cell in master(name).notebook(variant(name, number)).cells if cell.cell_type == "markdown"
        )
        for number in range(1, 41)
    ]
    for one, other in itertools.combinations(texts, 2):
        assert one != other
