"""What every exercise check is made of: it looks at a learner's function and says what it saw, not what to type."""

from __future__ import annotations

import functools
import linecache
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import torch
from IPython import get_ipython
from IPython.display import display
from torch import Tensor

from animelab.checks.comparison import Call, Rules, close

Status = Literal["correct", "wrong", "unsolved", "error"]
OPENING = {"correct": "Correct.", "wrong": "Not yet.", "unsolved": "Not solved yet:", "error": "It stopped:"}
STUB = re.compile(r"\d+\.\d+: ")  # how the message of an unsolved exercise begins


@dataclass(frozen=True)
class Result:
    """What a check found. It is true when the exercise is solved, and it shows itself once, in the cell that ran it."""

    exercise: str  # such as "1.2"
    status: Status
    message: str
    cell: int | None = field(default=None, compare=False, repr=False)  # the number of the IPython cell that showed it

    def __bool__(self) -> bool:
        return self.status == "correct"

    def __repr__(self) -> str:
        return f"check {self.exercise}  {OPENING[self.status]} {self.message}"

    def _ipython_display_(self) -> None:
        if self.cell != _cell():
            self.show()

    def show(self) -> None:
        """Print the result, as Markdown in a notebook."""
        if _cell() is None:
            print(self)
        else:
            markdown = f"`check {self.exercise}` **{OPENING[self.status]}** {self.message}"
            display({"text/plain": repr(self), "text/markdown": markdown}, raw=True)


class Stop(Exception):
    """Ends a check early with a status and a message."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status: Status = status


def wrong(message: str) -> NoReturn:
    """End the check: the answer is not right, and `message` says what was observed and where to look."""
    raise Stop("wrong", message)


def check(
    exercise: str,
    gained: str,
    reference: Callable[..., Any] | None = None,
    *,
    learns: Sequence[str] | None = None,
    changes: Sequence[str | int] = (),
    gradients: bool = True,
    tolerance: float = 1e-4,
    advice: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Any], None]], Callable[[Any], Result]]:
    """Make a check of a function that looks at a learner's function and ends with `wrong(...)` or quietly.

    gained: the sentence a learner reads when all is right. What the look lets pass is compared with the `reference`,
    call by call: values, gradients, and what is left of the arguments; see `comparison.Rules` for the rest. So a look
    gives modules, not closures, wherever something could learn, and recognizes mistakes in values only.
    The check never raises what the learner's function raises, nor what a strange answer makes the check raise: both are
    verdicts that name the exception. It leaves torch's random numbers as they were, and always draws the same ones.
    """

    def decorate(look: Callable[[Any], None]) -> Callable[[Any], Result]:
        rules = Rules(reference, learns, changes, gradients, tolerance, advice or {}, _arguments(look))

        @functools.wraps(look)
        def run(function: Any) -> Result:
            found, calls = Stop("correct", gained), list[Call]()
            with torch.random.fork_rng(devices=[]), torch.enable_grad():
                torch.manual_seed(0)
                try:
                    look(_watched(_guard(function), rules, calls))
                    for call in calls:
                        problem = call.other_values() or call.side_effects()
                        if problem or (reference and (problem := call.in_training())):
                            wrong(problem)
                except Stop as stop:
                    found = stop
                except Exception as error:
                    if not calls:
                        raise  # nobody has answered yet: the check is broken
                    message = f"{_kind(calls[-1].answer)}, and a look at it ended with {_words(error)}."
                    found = Stop("wrong", f"{message} Is that the kind of answer the exercise asks for?")
            result = Result(exercise, found.status, str(found).removeprefix(f"{exercise}: "), _cell())
            result.show()
            return result

        run.rules = rules  # type: ignore[attr-defined]  # for the tests that every check must pass
        return run

    return decorate


def recognize(answer: Tensor, *mistakes: tuple[Tensor, str], tolerance: float = 1e-4) -> None:
    """End the check with the advice of the first known mistake whose values the answer has; see `wrong`."""
    for mistake, advice in mistakes:
        if close(answer, mistake, tolerance):
            wrong(advice)


def tensor(value: Any, shape: tuple[int, ...]) -> Tensor:
    """`value`, if it is a tensor of that shape; otherwise ends the check with advice."""
    if value is None:
        wrong("Your function returned None. Does its last line say `return`?")
    if not isinstance(value, Tensor):
        wrong(f"{_kind(value)}; the answer should be a torch tensor.")
    if tuple(value.shape) != shape:
        mean = " A loss is one number, the mean over the batch." if shape == () else ""
        wrong(f"Your answer has the shape {tuple(value.shape)}, and it should be {shape}.{mean}")
    return value


def logit_loss(loss: Callable[..., Any], right: Callable[..., Tensor], names: tuple[str, ...]) -> None:
    """Recognize mistakes in a loss of logits; every argument, called by its name here, has the shape (B,).

    Tells apart: an argument without effect, a sum for a mean, a half, signs turned around, squeezed logits, and numbers
    that overflow.
    """
    logits = [torch.randn(7) for _ in names]
    answer, expected = tensor(loss(*logits), ()), right(*logits)
    for place, name in enumerate(names):
        one, other = logits[:place], logits[place + 1 :]
        if close(loss(*one, logits[place] + 1, *other), answer):
            wrong(f"Your loss does not care about the {name} logits at all. They have to count, too.")
        turned = right(*one, -logits[place], *other)
        if len(names) > 1 and close(answer, turned):
            wrong(f"The {name} half points the wrong way: it rewards the mistake. Look at its sign; the other is well.")
    mirror = "It costs most to be right: that is the wrong way round, the mirror image. Look at the signs."
    recognize(
        answer,
        (7 * expected, "For 7 pictures your loss is 7 times too large: a sum. Twice the batch should not cost twice."),
        (expected / 2, "That is exactly half. Each half of the loss has its own mean, and the two are added."),
        (right(*(-each for each in logits)), mirror),
        (-expected, mirror),
        (right(*map(torch.sigmoid, logits)), "Something squeezes the logits first, a sigmoid perhaps. softplus takes "
         "them as they are."),
    )  # fmt: skip
    for sign in (150.0, -150.0) if close(answer, expected) else ():
        large = [torch.full((1,), sign * (-1) ** place) for place in range(len(names))]
        if not close(loss(*large), right(*large)):
            wrong(
                f"For logits of 150 your loss is {loss(*large):.4g}, and it should be {right(*large):.0f}. The formula "
                "is right, the numbers are too large for it: float32 ends near exp(88). `softplus` knows better."
            )


def _watched(function: Callable[..., Any], rules: Rules, calls: list[Call]) -> Callable[..., Any]:
    """The guarded function, whose calls are kept; what it was lent must come back as it was, at once."""

    def watched(*inputs: Any) -> Any:
        calls.append(Call(function, rules, inputs))
        problem = calls[-1].side_effects("value")
        if problem:
            wrong(problem)
        return calls[-1].answer

    return watched


def _guard(function: Any) -> Callable[..., Any]:
    """The learner's function, whose exceptions become a Stop."""
    if not callable(function):
        raise Stop("error", f"pass the function itself, without calling it; this is a {type(function).__name__}.")

    def guarded(*inputs: Any) -> Any:
        try:
            return function(*inputs)
        except Exception as error:  # whatever a learner's code raises is reported, with its line
            # torch raises NotImplementedError, too, for operations it does not have
            if isinstance(error, NotImplementedError) and (not str(error) or STUB.match(str(error))):
                raise Stop("unsolved", f"{error or 'the function is still empty'}.") from error
            if "leaf Variable that requires grad" in str(error):
                where = _describe(error).partition(" in line ")[2]
                wrong(f"In training this tensor learns, and torch forbids to change it in place: line {where}")
            raise Stop("error", _describe(error)) from error

    return guarded


def _arguments(look: Callable[..., Any]) -> list[str]:
    """The names in `fade(overlap): …`, with which a look's docstring begins; shapes in brackets are left out."""
    line = (look.__doc__ or "").partition("\n")[0].partition("(")[2]
    while line != (line := re.sub(r"\([^()]*\)|\[[^][]*\]", "", line)):
        pass
    return [words.split()[0] for words in line.partition(")")[0].split(",") if words.strip()]


def _describe(error: Exception) -> str:
    """An exception in one or two sentences: its own words, and the learner's line."""
    frames = list(traceback.walk_tb(error.__traceback__))[1:]  # without the guard's own
    text = _words(error)
    if not frames:
        return f"{text}, before its first line. Does it take the arguments that the exercise names?"
    file = frames[0][0].f_code.co_filename  # the learner's cell; torch's files below it say little
    number = [line for frame, line in frames if frame.f_code.co_filename == file][-1]
    code = linecache.getline(file, number).strip().replace("`", "'")
    return f"{text} in line {number}" + (f", `{code}`." if code else ".")


def _words(error: Exception) -> str:
    words = (str(error).splitlines() or [""])[0][:300].replace("`", "'")
    return f"`{type(error).__name__}: {words}`" if words else f"`{type(error).__name__}`"


def _kind(answer: Any) -> str:
    return f"Your function returned a {type(answer).__name__}"


def _cell() -> int | None:
    """The number of the notebook cell that is running, None outside IPython."""
    shell = get_ipython()
    return shell.execution_count if shell else None
