"""What every exercise check is made of: it looks at a learner's function and says what it saw, not what to type."""

from __future__ import annotations

import functools
import linecache
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import torch
from torch import Tensor

Status = Literal["correct", "wrong", "unsolved", "error"]
OPENING = {"correct": "Correct.", "wrong": "Not yet.", "unsolved": "Not solved yet:", "error": "It stopped:"}
STUB = re.compile(r"\d+\.\d+: ")  # how the message of an unsolved exercise begins


@dataclass(frozen=True)
class Result:
    """What a check found. It is true when the exercise is solved, and it shows itself once, in the cell that ran it."""

    exercise: str  # such as "1.2"
    status: Status
    message: str
    shown: Any = field(default=None, compare=False, repr=False)  # the IPython cell that has shown it

    def __bool__(self) -> bool:
        return self.status == "correct"

    def __repr__(self) -> str:
        return f"check {self.exercise}  {OPENING[self.status]} {self.message}"

    def _repr_markdown_(self) -> str:
        return f"`check {self.exercise}` **{OPENING[self.status]}** {self.message}"

    def _ipython_display_(self) -> None:
        if self.shown is None or self.shown != _cell():
            self.show()

    def show(self) -> None:
        """Print the result, as Markdown in a notebook."""
        if _cell() is None:
            print(self)
            return
        from IPython.display import publish_display_data

        publish_display_data({"text/plain": repr(self), "text/markdown": self._repr_markdown_()})


class Stop(Exception):
    """Ends a check early with a status and a message."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status: Status = status


def wrong(message: str) -> NoReturn:
    """End the check: the answer is not right, and `message` says what was observed and where to look."""
    raise Stop("wrong", message)


def check(exercise: str, gained: str) -> Callable[[Callable[[Any], None]], Callable[[Any], Result]]:
    """Make a check of a function that looks at a learner's function and ends with `wrong(...)` or quietly.

    gained: the sentence a learner reads when all is right. The check never raises what the learner's function raises;
    it leaves torch's random numbers as they were, and always draws the same ones itself.
    """

    def decorate(look: Callable[[Any], None]) -> Callable[[Any], Result]:
        @functools.wraps(look)
        def run(function: Any) -> Result:
            status: Status = "correct"
            message = gained
            with torch.random.fork_rng(devices=[]), torch.enable_grad():
                torch.manual_seed(0)
                try:
                    look(_Guarded(function))
                except Stop as stop:
                    status, message = stop.status, str(stop).removeprefix(f"{exercise}: ")
            result = Result(exercise, status, message, _cell())
            result.show()
            return result

        return run

    return decorate


class _Guarded:
    """The learner's function: its exceptions become a Stop, and tensors it is given must come back unchanged."""

    def __init__(self, function: Any) -> None:
        if not callable(function):
            raise Stop("error", f"pass the function itself, without calling it; this is a {type(function).__name__}.")
        self.function = function

    def __call__(self, *inputs: Any) -> Any:
        kept = [value.detach().clone() if isinstance(value, Tensor) else None for value in inputs]
        try:
            output = self.function(*inputs)
        except NotImplementedError as error:
            if str(error) and not STUB.match(str(error)):  # torch raises it too, for operations it does not have
                raise Stop("error", _describe(error)) from error
            raise Stop("unsolved", f"{error or 'the function is still empty'}.") from error
        except Exception as error:  # whatever a learner's code raises is reported, with its line
            raise Stop("error", _describe(error)) from error
        for number, (value, before) in enumerate(zip(inputs, kept, strict=True), 1):
            if before is not None and not torch.equal(value, before):
                wrong(
                    f"The tensor given as argument {number} was changed. Its owner still needs it: look for operations "
                    "that work in place (their names end in `_`) and for `+=` and the like."
                )
        return output


def tensor(value: Any, shape: tuple[int, ...]) -> Tensor:
    """`value`, if it is a tensor of that shape; otherwise ends the check with advice."""
    if value is None:
        wrong("Your function returned None. Does its last line say `return`?")
    if not isinstance(value, Tensor):
        wrong(f"Your function returned a {type(value).__name__}; the answer should be a torch tensor.")
    if tuple(value.shape) != shape:
        wrong(f"Your answer has the shape {tuple(value.shape)}, and it should be {shape}.")
    return value


def close(a: Tensor, b: Tensor, tolerance: float = 1e-4) -> bool:
    """Whether two tensors agree, NaN counting as different."""
    return torch.allclose(a.detach().cpu().double(), b.detach().cpu().double(), rtol=tolerance, atol=tolerance)


def _describe(error: Exception) -> str:
    """An exception in one or two sentences: its own words, and the learner's line."""
    frames = list(traceback.walk_tb(error.__traceback__))[1:]  # without the guard's own
    words = (str(error).splitlines() or [""])[0][:300].replace("`", "'")
    text = f"`{type(error).__name__}: {words}`" if words else f"`{type(error).__name__}`"
    if not frames:
        return f"{text}, before its first line. Does it take the arguments that the exercise names?"
    file = frames[0][0].f_code.co_filename  # the learner's cell; torch's files below it say little
    number = [line for frame, line in frames if frame.f_code.co_filename == file][-1]
    code = linecache.getline(file, number).strip().replace("`", "'")
    return f"{text} in line {number}" + (f", `{code}`." if code else ".")


def _cell() -> Any:
    """The number of the notebook cell that is running, None outside IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.execution_count if shell else None
