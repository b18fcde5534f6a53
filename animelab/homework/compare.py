"""Answers beside the solution's: the points, and what was seen in one sentence that gives no right answer away."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab.checks import comparison
from animelab.errors import LabError, shown
from animelab.homework import Model, Task

SMALLEST = 1e-3  # answers below are compared as if their largest number were so large
# What a student may read of an exception; its words could carry the hidden code to them.
STOPPED = {
    "NotImplementedError": "It is not written yet.",
    "NameError": "A name that the task asks for is not defined: its cell is missing, or failed.",
}


def marked(task: Task, answers: Any, right: Any) -> list[dict[str, Any]]:
    """A row for each answer of a task, with points, the most there are, what was seen, and advice for a wrong one.

    answers, right: {name: array, number, word, or a list of these}, or a sentence about what went wrong. Raises
    LabError where the solution itself lacks an answer.
    """
    rows = []
    for name, most in task.points.items():
        if not isinstance(right, Mapping) or name not in right:
            said = f": {right}" if isinstance(right, str) else ""
            raise LabError(f"The solution has no answer '{name}' to task {task.name}{said}; look at the master.")
        if isinstance(answers, Mapping):
            seen = seen_in(answers[name], right[name], task.tolerance) if name in answers else "No answer came back."
        else:
            kind = str(answers).partition(":")[0]
            known = f"It stopped with {kind}." if answers and kind in vars(builtins) else "No answer came back."
            seen = STOPPED.get(kind, known)
        rows.append(answer_row(task, name, 0.0 if seen else most, most, seen or "Right."))
    return rows


def answer_row(task: Task | Model, name: str, points: float, most: float, seen: str) -> dict[str, Any]:
    """What is kept of one answer; with advice, where it lost points."""
    advice = task.advice.get(name, "") if points < most else ""
    marks = {"points": float(points), "most": float(most)}
    return {"task": task.name, "name": name, **marks, "seen": seen, "advice": advice}


def seen_in(answer: Any, right: Any, tolerance: float) -> str:
    """What is wrong with an answer; "" where it agrees, to `tolerance` of the right one's largest number."""
    mine, truth = _leaves(answer), _leaves(right)
    if [getattr(each, "shape", None) for each in mine] != [getattr(each, "shape", None) for each in truth]:
        return "The answer has another form than asked for: other shapes, or another number of parts."
    for one, other in zip(mine, truth):
        if isinstance(one, str) or isinstance(other, str):
            if one != other:
                return "The answer is another word."
        elif one.isnan().any() and not other.isnan().any():
            return "There is NaN among the numbers."
        else:
            scale = max(float(other.nan_to_num(0, 0, 0).abs().amax() if other.numel() else 0), SMALLEST)
            if not comparison.agree(one / scale, other / scale, tolerance):
                return "The numbers are not right."
    return ""


def _leaves(value: Any) -> list[Tensor | str]:
    """What an answer consists of, in order; 1, 1.0, True and an array of one of them are the same number."""
    found: list[Tensor | str] = []
    for _, part in comparison.parts(value):
        if isinstance(part, Number | np.ndarray | Tensor) and abs(part if isinstance(part, int) else 0) < 2**63:
            found.append(torch.as_tensor(part).detach().double())
        elif not isinstance(part, Mapping | list | tuple):
            found.append(shown(part, 2000))
    return found
