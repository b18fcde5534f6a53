"""The checks of lesson 2 pass the solution, wait for the unsolved, and give each known mistake its own advice."""

from __future__ import annotations

import re

import pytest
import torch
from scipy import linalg

from animelab import checks
from animelab.checks.lesson_02_studio import overlap
from animelab.metrics import frechet
from animelab.studio import hair

SWAP = {"left": "right", "right": "left"}


def swapped(name):
    return re.sub("left|right", lambda side: SWAP[side[0]], name)


def mirror(points, size):
    return {swapped(name): (size - x, y) for name, (x, y) in points.items()}


def multiply(below, above):
    return (below + 1) * (above + 1) / 2 - 1


def ratio(over, under):
    """A score per label from two functions of masks."""

    def score(guess, truth, labels):
        masks = [(guess == number, truth == number) for number in range(labels)]
        return torch.stack([over(a, b).sum() / under(a, b).sum() for a, b in masks])

    return score


def both(a, b):
    return a & b


def either(a, b):
    return a | b


def iou(guess, truth, labels):
    return ratio(both, either)(guess, truth, labels)


def iou_by_picture(guess, truth, labels):
    return torch.stack([iou(a, b, labels) for a, b in zip(guess, truth)]).nanmean(0)


def distance(root_trace, squared=True):
    def frechet_distance(mean_a, a, mean_b, b):
        gap = (mean_a - mean_b).square().sum()
        return (gap if squared else gap.sqrt()) + a.trace() + b.trace() - 2 * root_trace(a, b)

    return frechet_distance


def eigenvalues(a, b):
    return torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()


def by_scipy(a, b):
    return torch.tensor(linalg.sqrtm((a @ b).numpy() + 1e-12 * torch.eye(len(a)).numpy()).real).trace()


def one_by_one(a, b):
    return torch.tensor(linalg.sqrtm(a.numpy()) @ linalg.sqrtm(b.numpy())).real.trace()


LOOPS = """
[loops] short
back:
  =~ lock_fill/hair_line 1.8: 30,56,4 44,26,9 70,14,11 94,34,12 92,64,11 68,80,8 50,76,3
  =o accent/accent_line 1.4: 42,54 8,6
  h back_fill/hair_line 1.9: 0,38 24,42 43,56 55,80 59,106 64,132
    68,160 82,186! 62,184 52,200! 34,192 22,204! 10,196 0,200
front:
  =m: 55,98,5 62,134,9 58,162,8 70,190,0
"""


def text(hairstyle):
    return lambda: hairstyle


def bundled(name):
    style = hair.HAIRSTYLES[name]
    rows = "".join(f"{stage}:\n{sketch}" for stage, sketch in style.sketches.items())
    return f"[mine] {' '.join(style.tags)}; {style.crown}\n{rows}"


SOLUTIONS = {
    "2_1": [
        text(LOOPS),
        text(LOOPS.replace("[loops] short", "[loop] short ponytail; spiky").replace("=~", "~")),
        text("[curtain] long\nfront:\n=m: 60,80,8 66,140,16 66,200,14 60,250,0"),
    ],
    "2_2": [mirror, lambda points, size: dict(reversed(mirror(points, size).items()))],
    "2_3": [multiply, lambda a, b: 2 * ((a + 1) / 2 * ((b + 1) / 2)) - 1],
    "2_4": [iou, overlap, lambda *given: iou(*given).double()],
    "2_5": [distance(eigenvalues), distance(by_scipy)],
}

WRONG_ANSWERS = {
    "2_1": [
        (text(None), "Return the text"),
        (text(""), "Return the text"),
        (text(LOOPS + LOOPS.replace("loops", "more")), "one hairstyle"),
        (text(LOOPS.replace("[loops]", "[bob]")), "new name"),
        (text(LOOPS.replace("short", "nice")), "say long or short"),
        (text(LOOPS.replace("30,56,4", "30,56")), "cannot be drawn"),
        (text(LOOPS.replace("hair_line", "hare_line")), "'hair_line'"),
        (text(bundled("hime")), "studio's own"),
        (text("[thin] long\nback:\n=~ hair_line: 60,100,0 70,180,1 60,260,0"), "only"),
        (text(LOOPS + "=n: 30,90,5 26,140,14 26,200,0"), "of the eyes"),
        (text(LOOPS.replace("=", "").replace("  h", "  -")), "to one side"),
    ],
    "2_2": [
        (
            lambda points, size: {name: (size - x, y) for name, (x, y) in points.items()},
            "left eye now lies on the right",
        ),
        (lambda points, size: {swapped(name): place for name, place in points.items()}, "no point has moved"),
        (lambda points, size: {n: (x - 1, y) for n, (x, y) in mirror(points, size).items()}, "1 too small"),
        (lambda points, size: {n: (x, size - y) for n, (x, y) in mirror(points, size).items()}, "begins with"),
        (lambda points, size: list(mirror(points, size).values()), "should be a dict"),
        (lambda points, size: dict.fromkeys(list(points)[:3], 0), "names that went in"),
    ],
    "2_3": [
        (lambda a, b: a * b, "Black on black gives white"),
        (lambda a, b: (a + 1) * (b + 1) / 4, "from 0 to 1"),
        (lambda a, b: (a + b) / 2, "begins with"),
        (torch.minimum, "begins with"),
        (lambda a, b: multiply(a, b)[0], "shape"),
    ],
    "2_4": [
        (ratio(both, lambda a, b: b), "true pixels only"),
        (ratio(both, lambda a, b: a), "guessed pixels only"),
        (lambda *given: 2 * iou(*given) / (1 + iou(*given)), "Dice"),
        (lambda *given: iou(*given) / (1 + iou(*given)), "twice in your union"),
        (lambda *given: iou(*given).nan_to_num(0), "say nan"),
        (iou_by_picture, "whole batch"),
        (lambda *given: iou(*given).nanmean(), "shape ()"),
    ],
    "2_5": [
        (distance(eigenvalues, squared=False), "Squared?"),
        (distance(lambda a, b: (a @ b).trace()), "root missing"),
        (distance(lambda a, b: (a @ b).abs().sqrt().trace()), "root of A @ A"),
        (distance(one_by_one), "one by one"),
        (distance(lambda a, b: torch.linalg.eigvals(a @ b).real.sqrt().sum()), "crumbs"),
        (lambda *bells: distance(eigenvalues)(*bells).sqrt(), "Squared?"),
    ],
}


def check(name):
    return getattr(checks, f"check_{name}")


def stub(*given):
    raise NotImplementedError("2.1: a hint that the master gives")


@pytest.mark.parametrize(("name", "number"), [(name, i) for name in SOLUTIONS for i in range(len(SOLUTIONS[name]))])
def test_solution_is_correct(name, number):
    result = check(name)(SOLUTIONS[name][number])
    assert result.status == "correct", result


@pytest.mark.parametrize(
    ("name", "number"), [(name, i) for name in WRONG_ANSWERS for i in range(len(WRONG_ANSWERS[name]))]
)
def test_wrong_answer_gets_its_own_advice(name, number):
    answer, advice = WRONG_ANSWERS[name][number]
    result = check(name)(answer)
    assert result.status == "wrong", result
    assert advice in result.message


@pytest.mark.parametrize("name", SOLUTIONS)
def test_stub_is_unsolved(name):
    assert check(name)(stub).status == "unsolved"


def test_the_check_of_a_hairstyle_leaves_the_studio_as_it_was():
    before = list(hair.HAIRSTYLES)
    checks.check_2_1(text(LOOPS))
    assert list(hair.HAIRSTYLES) == before


def test_overlap_is_intersection_over_union():
    guess, truth = torch.randint(0, 5, (2, 4, 9, 9), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(overlap(guess, truth, 7), iou(guess, truth, 7), equal_nan=True)


def test_the_distance_of_the_exercise_is_that_of_the_library():
    torch.manual_seed(0)
    a, b = torch.randn(2, 50, 8).double() * torch.linspace(0.1, 3, 8)
    mine = distance(eigenvalues)(a.mean(0), a.T.cov(), b.mean(0), b.T.cov())
    assert float(mine) == pytest.approx(frechet(a, b), rel=1e-6)


def test_advice_never_gives_the_line_away():
    for name, answers in WRONG_ANSWERS.items():
        for answer, _ in answers:
            message = check(name)(answer).message
            for code in ("size -", "+ 1)", "eigvals", "clamp", ".sqrt", "== number", "|"):
                assert code not in message
