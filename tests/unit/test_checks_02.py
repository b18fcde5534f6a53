"""What the checks of lesson 2 rest on. Its answers stand in `answers/`, and test_check_answers tries them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

from animelab import checks
from animelab.checks.lesson_02_studio import overlap
from animelab.metrics import frechet
from animelab.studio import hair

ANSWERS = runpy.run_path(str(Path(__file__).parent / "answers" / "lesson_02.py"))


def test_the_check_of_a_hairstyle_leaves_the_studio_as_it_was():
    before = list(hair.HAIRSTYLES)
    checks.check_2_1(ANSWERS["text"](ANSWERS["LOOPS"]))
    assert list(hair.HAIRSTYLES) == before


def test_overlap_is_intersection_over_union():
    guess, truth = torch.randint(0, 5, (2, 4, 9, 9), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(overlap(guess, truth, 7), ANSWERS["iou"](guess, truth, 7), equal_nan=True)


def test_the_distance_of_the_exercise_is_that_of_the_library():
    torch.manual_seed(0)
    a, b = torch.randn(2, 50, 8).double() * torch.linspace(0.1, 3, 8)
    mine = ANSWERS["distance"](ANSWERS["eigenvalues"])(a.mean(0), a.T.cov(), b.mean(0), b.T.cov())
    assert float(mine) == pytest.approx(frechet(a, b), rel=1e-6)


def test_advice_never_gives_the_line_away():
    for name, answers in ANSWERS["WRONG_ANSWERS"].items():
        for answer, _ in answers:
            message = getattr(checks, f"check_{name}")(answer).message
            for code in ("size -", "+ 1)", "eigvals", "clamp", ".sqrt", "== number", "|"):
                assert code not in message
