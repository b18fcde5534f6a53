"""The checks pass right answers, wait for the unsolved, and give each known mistake its own advice.

The answers stand in `answers/`, a file for some lessons each: SOLUTIONS and WRONG_ANSWERS by exercise.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

from animelab import checks

TABLES = [runpy.run_path(str(path)) for path in sorted((Path(__file__).parent / "answers").glob("*.py"))]
SOLUTIONS = {name: answers for table in TABLES for name, answers in table["SOLUTIONS"].items()}
WRONG_ANSWERS = {name: answers for table in TABLES for name, answers in table["WRONG_ANSWERS"].items()}


def numbered(answers):
    return [(name, number) for name in answers for number in range(len(answers[name]))]


def check(name):
    return getattr(checks, f"check_{name}")


def stub(*given):
    raise NotImplementedError("3.1: a hint that the master gives")


def test_every_check_from_lesson_2_on_has_answers():
    wanted = {name.removeprefix("check_") for name in checks.__all__ if int(name.split("_")[1]) >= 2}
    assert SOLUTIONS.keys() == WRONG_ANSWERS.keys() == wanted


@pytest.mark.parametrize(("name", "number"), numbered(SOLUTIONS))
def test_solution_is_correct(name, number):
    result = check(name)(SOLUTIONS[name][number])
    assert result.status == "correct", result


@pytest.mark.parametrize(("name", "number"), numbered(WRONG_ANSWERS))
def test_wrong_answer_gets_its_own_advice(name, number):
    answer, advice = WRONG_ANSWERS[name][number]
    result = check(name)(answer)
    assert result.status == "wrong", result
    assert advice in result.message


@pytest.mark.parametrize("name", SOLUTIONS)
def test_stub_is_unsolved(name):
    assert check(name)(stub).status == "unsolved"


@pytest.mark.parametrize("strange", [None, "a word", (None, None), 3, 2j, [], torch.arange(7), torch.zeros(2, 0, 3)])
def test_strange_answers_are_not_right_and_stop_nobody(strange):
    for name in SOLUTIONS:
        assert not check(name)(lambda *given: strange), name


def test_a_judge_of_pairs_says_what_it_was_given():
    result = checks.check_4_4(lambda D, source, target, fake: (D(target) + D(fake.detach())).mean())
    assert result.status == "error" and "it got 3" in result.message
