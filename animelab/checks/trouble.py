"""What torch says when an answer stops, and what that means in an exercise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from animelab.checks.harness import Stop, wrong


def explained(function: Callable[..., Any], meanings: Mapping[str, str]) -> Callable[..., Any]:
    """The learner's function; an error that says what a key of `meanings` says ends the check with its advice."""

    def call(*inputs: Any) -> Any:
        try:
            return function(*inputs)
        except Stop as stop:
            for said, meant in meanings.items():
                if stop.status == "error" and said in str(stop):
                    wrong(meant)
            raise

    return call
