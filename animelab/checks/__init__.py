"""Checks that a learner calls on their own functions: `check_1_2(discriminator_loss)`. They advise, and never block."""

from animelab.checks.harness import Result
from animelab.checks.lesson_01_dcgan import (
    check_1_1,
    check_1_2,
    check_1_3,
    check_1_4,
    check_1_5,
    check_1_6,
    check_1_7,
)

__all__ = [
    "Result",
    "check_1_1",
    "check_1_2",
    "check_1_3",
    "check_1_4",
    "check_1_5",
    "check_1_6",
    "check_1_7",
]
