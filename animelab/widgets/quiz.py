"""A quiz that answers back. Used at the end of every lesson."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import ipywidgets

from animelab.errors import LabError
from animelab.widgets.picture import Panel, style


class Question(Protocol):
    """What a quiz asks: `feedback` has one sentence for each option, and `answer` is the index of the right one."""

    @property
    def text(self) -> str: ...
    @property
    def options(self) -> Sequence[str]: ...
    @property
    def answer(self) -> int: ...
    @property
    def feedback(self) -> Sequence[str]: ...


class Quiz(Panel):
    """Questions with radio buttons; every choice is explained, and may be changed. Nothing is recorded.

    `text in backquotes` is shown as code. Raises LabError when a question has no right answer or lacks feedback.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = list(questions)
        for number, question in enumerate(self.questions, start=1):
            if not 0 <= question.answer < len(question.options) == len(question.feedback):
                raise LabError(
                    f"Question {number} has {len(question.options)} options, {len(question.feedback)} sentences of "
                    f"feedback and answer {question.answer}; it needs one sentence for each option and the index "
                    "of the right one, counted from 0."
                )
        self.choices: list[int | None] = [None] * len(self.questions)
        self._options: list[list[ipywidgets.RadioButtons]] = []
        self._feedback, boxes = [], []
        for number, question in enumerate(self.questions):
            text = ipywidgets.HTML(f'<div class="animelab-question"><b>{number + 1}.</b> {_code(question.text)}</div>')
            # One group for each option: inside a group only arrow keys move, and JupyterLab keeps those for its cells.
            options = [ipywidgets.RadioButtons(options=[option], value=None) for option in question.options]
            for index, option in enumerate(options):
                option.add_class("animelab-option")
                option.observe(partial(self._chosen, number, index), "value")
            self._options.append(options)
            self._feedback.append(ipywidgets.HTML())
            boxes.append(ipywidgets.VBox([text, *options, self._feedback[-1]], layout={"margin": "0 0 12px"}))
        self._score = ipywidgets.HTML()
        super().__init__([style(".animelab-quiz"), *boxes, self._score])
        self.add_class("animelab-quiz")
        self._count()

    @property
    def score(self) -> int:
        """How many questions are answered rightly at the moment."""
        return sum(choice == asked.answer for choice, asked in zip(self.choices, self.questions, strict=True))

    def choose(self, question: int, option: int) -> None:
        """Answer from code: question and option count from 0."""
        self._options[question][option].index = 0

    def render(self, question: int, option: int | None) -> str:
        """The feedback on one choice, as HTML; empty for no choice."""
        if option is None:
            return ""
        asked = self.questions[question]
        right = option == asked.answer
        kind, word = ("yes", "Right.") if right else ("no", "Not quite.")
        return f'<div class="animelab-{kind}" role="status"><b>{word}</b> {_code(asked.feedback[option])}</div>'

    def still(self) -> tuple[str, str]:
        parts, lines = [], []
        for number, question in enumerate(self.questions, start=1):
            options = "".join(f"<li>{_code(option)}</li>" for option in question.options)
            parts.append(f"<p><b>{number}.</b> {_code(question.text)}</p><ul>{options}</ul>")
            lines.append(f"{number}. {question.text}")
        return "".join(parts), "\n".join(lines)

    def _chosen(self, question: int, option: int, change: dict[str, Any]) -> None:
        if change["new"] is None:  # another option was chosen
            return
        self.choices[question] = option
        for index, other in enumerate(self._options[question]):
            if index != option:
                other.index = None
        self._feedback[question].value = self.render(question, option)
        self._count()

    def _count(self) -> None:
        left = self.choices.count(None)
        words = f"{self.score} of {len(self.questions)} right" + (f", {left} to go." if left else ".")
        self._score.value = f'<div class="animelab-score" role="status">{words}</div>'


def _code(text: Any) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text)))
