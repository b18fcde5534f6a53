"""What the harness of the checks does with answers of every kind, on the exercises of lesson 1.

Those answers stand in `answers/`, and test_check_answers tries them.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

from animelab import checks, losses
from animelab.checks import harness

ANSWERS = runpy.run_path(str(Path(__file__).parent / "answers" / "lesson_01.py"))
SOLUTIONS, WRONG_ANSWERS = ANSWERS["SOLUTIONS"], ANSWERS["WRONG_ANSWERS"]


def check(name):
    return getattr(checks, f"check_{name}")


def stub(*given):
    raise NotImplementedError("1.1: a hint that the master gives")


def crash(*given):
    return float("three")


def changes_its_input(a, b, t):
    a.mul_(2)
    return a


@pytest.mark.parametrize("name", SOLUTIONS)
def test_stub_is_unsolved(name):
    result = check(name)(stub)
    assert result.status == "unsolved"
    own = "" if name == "1_1" else "1.1: "  # someone else's stub is named
    assert repr(result) == f"check {name.replace('_', '.')}  Not solved yet: {own}a hint that the master gives."


@pytest.mark.parametrize("name", SOLUTIONS)
def test_crash_is_reported_with_its_words_and_its_line(name):
    result = check(name)(crash)
    assert result.status == "error"
    line = crash.__code__.co_firstlineno + 1
    assert result.message == (
        f"`ValueError: could not convert string to float: 'three'` in line {line}, `return float(\"three\")`."
    )


def test_torchs_own_not_implemented_is_a_crash():
    assert checks.check_1_1(nn.Module()).status == "error"


def test_wrong_number_of_arguments():
    result = checks.check_1_2(lambda real: real.mean())
    assert result.status == "error"
    assert "arguments" in result.message


def test_function_that_was_called_too_early():
    result = checks.check_1_3(torch.zeros(()))
    assert result.status == "error"
    assert "without calling it" in result.message


def test_a_strange_answer_that_stops_the_check_is_a_verdict():
    @harness.check("1.1", "")
    def multiplied(function):
        function() * torch.ones(3)

    result = multiplied(lambda: "a word")
    assert result.status == "wrong"
    assert "returned a str" in result.message and "TypeError" in result.message


def test_a_check_that_fails_before_it_asks_is_broken():
    @harness.check("1.1", "")
    def broken(function):
        function(float("three"))

    with pytest.raises(ValueError, match="three"):
        broken(ANSWERS["to_network"])


def test_changed_input_is_noticed():
    result = checks.check_1_7(changes_its_input)
    assert result.status == "wrong"
    assert "`a` was changed" in result.message


def test_checks_leave_the_learners_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    checks.check_1_4(ANSWERS["initialize"])
    checks.check_1_2(losses.discriminator_loss)
    assert torch.equal(torch.rand(3), expected)


def test_checks_work_inside_no_grad():
    with torch.no_grad():
        assert checks.check_1_3(losses.non_saturating_generator_loss)


def test_result_is_printed_outside_notebooks(capsys):
    result = checks.check_1_1(ANSWERS["to_network"])
    assert capsys.readouterr().out == f"{result}\n"
    assert repr(result).startswith("check 1.1  Correct. ")


def test_advice_never_gives_the_line_away():
    for name, answers in WRONG_ANSWERS.items():
        for answer, _ in answers:
            message = check(name)(answer).message
            for code in ("softplus(", ".permute(", ".detach()", "zero_grad()", ".backward()", "no_grad", "/ 127.5"):
                assert code not in message
