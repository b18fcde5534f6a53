"""The checks pass right answers, wait for the unsolved, and give each known mistake its own advice.

The answers stand in `answers/`, a file for some lessons each: SOLUTIONS and WRONG_ANSWERS by exercise.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from animelab import checks
from animelab.checks.comparison import copied, numbers
from animelab.errors import LabError

TABLES = [runpy.run_path(str(path)) for path in sorted((Path(__file__).parent / "answers").glob("*.py"))]
SOLUTIONS = {name: answers for table in TABLES for name, answers in table["SOLUTIONS"].items()}
WRONG_ANSWERS = {name: answers for table in TABLES for name, answers in table["WRONG_ANSWERS"].items()}


def numbered(answers):
    return [(name, number) for name in answers for number in range(len(answers[name]))]


def check(name):
    return getattr(checks, f"check_{name}")


def stub(*given):
    raise NotImplementedError("3.1: a hint that the master gives")


def test_every_check_has_answers():
    wanted = {name.removeprefix("check_") for name in checks.__all__}
    assert SOLUTIONS.keys() == WRONG_ANSWERS.keys() == wanted


@pytest.mark.parametrize(("name", "number"), numbered(SOLUTIONS))
def test_solution_is_correct(name, number):
    result = check(name)(SOLUTIONS[name][number])
    assert result.status == "correct", result
    assert result


@pytest.mark.parametrize(("name", "number"), numbered(WRONG_ANSWERS))
def test_wrong_answer_gets_its_own_advice(name, number):
    answer, advice = WRONG_ANSWERS[name][number]
    result = check(name)(answer)
    assert result.status == "wrong", result
    assert advice in result.message
    assert not result


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


# --- what every check has to see, whatever it asks --------------------------------------------------------------------


def inside(value, change):
    """The argument, changed: a tensor or a module by itself, a list of them part by part."""
    return type(value)(change(each) for each in value) if type(value) in (list, tuple) else change(value)


class Detached(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, *given):
        return detached(self.module(*given))


def detached(value):
    if isinstance(value, nn.Module):
        return Detached(value)
    if type(value) in (list, tuple):
        return inside(value, detached)
    return value.detach() if isinstance(value, Tensor) else value


def with_argument(function, place, change):
    return lambda *given: function(*given[:place], inside(given[place], change), *given[place + 1 :])


def afterward(function, place, change):
    """The same answer, and then something happens to an argument."""

    def answer(*given):
        output = function(*given)
        inside(given[place], change)
        return output

    return answer


def first_inputs(name):
    """Copies of what the check gives in its first call."""
    kept = []
    check(name)(lambda *given: (kept.append(copied(given)), SOLUTIONS[name][0](*given))[1])
    return kept[0]


def slopes(function, inputs, rules):
    """The gradients of a function in all that learns, without the harness."""
    names = rules.names(len(inputs))
    learns = [rules.learns is None or name in rules.learns for name in names]
    given = [inside(value, lambda each, asks=asks: each.detach().requires_grad_() if asks and isinstance(each, Tensor)
                    and each.is_floating_point() else each) for value, asks in zip(copied(inputs), learns)]  # fmt: skip
    parts = [each for value in given for each in (value if isinstance(value, list | tuple) else [value])]
    leaves = [each for each in parts if isinstance(each, Tensor) and each.requires_grad]
    weights = [weight for each in parts if isinstance(each, nn.Module) for weight in each.parameters()]
    leaves += [weight for weight in weights if weight.requires_grad]
    torch.manual_seed(0)
    try:
        answers = list(numbers(function(*given)))
    except (RuntimeError, LabError):  # it asks for a gradient itself, of which there is none
        return None
    total = sum((each * each.cos()).sum() for each in answers if each.requires_grad)
    if not isinstance(total, Tensor) or not leaves:
        return None
    return torch.cat([each.flatten() for each in torch.autograd.grad(total, leaves, materialize_grads=True)])


def places(name, wanted):
    """The arguments, by number, that are or hold such a thing, and that the exercise itself leaves alone."""
    inputs, rules = first_inputs(name), check(name).rules
    for place, value in enumerate(inputs):
        some = value if isinstance(value, list | tuple) and value else [value]
        if isinstance(some[0], wanted) and not {place, rules.names(len(inputs))[place]} & {*rules.changes}:
            yield place


# many answers are right: random numbers, a path, a drawing, a shape, a direction's sign, a pair of any kind
FREE = {"1_4", "1_7", "2_1", "5_3", "7_2", "8_2", "9_3", "10_3"}


def test_every_other_check_compares_with_a_reference():
    assert {name for name in SOLUTIONS if check(name).rules.reference is None} <= FREE


@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_detached_argument_is_noticed_wherever_the_reference_is_changed_by_it(name):
    rules, inputs = check(name).rules, first_inputs(name)
    if rules.reference is None or not rules.gradients:
        return
    right = slopes(rules.reference, inputs, rules)
    for place in places(name, Tensor | nn.Module):
        cut = slopes(with_argument(rules.reference, place, detached), inputs, rules)
        if right is not None and (cut is None or not torch.allclose(cut, right, rtol=1e-2, atol=1e-3)):
            for answer in SOLUTIONS[name]:
                assert not check(name)(with_argument(answer, place, detached)), f"argument {place} may be detached"


@pytest.mark.parametrize("name", SOLUTIONS)
def test_an_argument_that_is_changed_in_place_is_noticed(name):
    for place in places(name, Tensor):
        for change in (lambda each: each.data.sub_(1), lambda each: each.detach().mul_(1)):
            assert not check(name)(afterward(SOLUTIONS[name][0], place, change)), f"argument {place} may be changed"


@pytest.mark.parametrize("name", SOLUTIONS)
@pytest.mark.parametrize(
    "change",
    [
        lambda network: [weight.requires_grad_(not weight.requires_grad) for weight in network.parameters()],
        lambda network: network.train(not network.training),
        lambda network: [weight.data.mul_(1.1) for weight in network.parameters()],
    ],
    ids=["flags", "mode", "weights"],
)
def test_a_network_that_is_left_otherwise_is_noticed(name, change):
    for place in places(name, nn.Module):
        assert not check(name)(afterward(SOLUTIONS[name][0], place, change)), f"argument {place} may be left like this"
