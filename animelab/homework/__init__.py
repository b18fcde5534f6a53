"""Homework: issued with a secret, graded in a sandbox, and with scores for the models that students train.

A master, course/homework/hwNN_topic.py, is written as a lesson is, and says in hidden cells what is asked:

    from animelab.homework import choose, claim, model, task

    @task("1", points={"loss": 2}, advice={"loss": "Look at the signs."})
    def relativistic(work, seed):
        return {"loss": work["my_loss"](torch.ones(4), torch.zeros(4))}

`task`, `model` and `claim` take literals only: they are read without running the master.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Option = TypeVar("Option")


@dataclass(frozen=True)
class Task:
    """A coded task: the points of each answer of its `function`, and what to look at where that answer is wrong."""

    name: str
    points: Mapping[str, float]
    advice: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 1e-4  # relative to the largest number of the true answer
    function: str = ""

    def __call__(self, function: Function) -> Function:
        """As a decorator, it leaves the function as it is."""
        return function


@dataclass(frozen=True)
class Model:
    """The task to train a network of nn.NETWORKS and to hand in its weights, at most `megabytes` of them.

    points: of each score, rows (at most, points) of its place between drawings, 0, and the `bundled` model, 1;
    arguments: of the network, each a value or (least, greatest); settings: of the drawings to measure with.
    """

    name: str
    network: str
    measure: str
    bundled: str
    points: Mapping[str, tuple[tuple[float, float], ...]]
    megabytes: float
    arguments: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: str = ""
    advice: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """The task to measure and defend a claim in words and, where asked, a picture; a human marks it by a rubric."""

    name: str
    points: float
    rubric: str
    picture: bool = True


task, model, claim = Task, Model, Claim


def choose(name: str, *options: Option) -> Option:
    """A parameter that is each student's own, a literal in their notebook; a master that is run takes the first."""
    return options[0]
