"""A quiz that answers back. Used at the end of every lesson."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
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
        self._choices, self._feedback, boxes = [], [], []
        for number, question in enumerate(self.questions, start=1):
            choice = ipywidgets.RadioButtons(
                options=[(option, index) for index, option in enumerate(question.options)],
                value=None,
                layout={"width": "auto", "margin": "0 0 0 20px"},
            )
            choice.add_class("animelab-options")
            choice.observe(lambda change: self._answered(), "value")
            self._choices.append(choice)
            self._feedback.append(ipywidgets.HTML())
            text = ipywidgets.HTML(f'<div class="animelab-question"><b>{number}.</b> {_code(question.text)}</div>')
            boxes.append(ipywidgets.VBox([text, choice, self._feedback[-1]], layout={"margin": "0 0 14px"}))
        self._score = ipywidgets.HTML()
        super().__init__([style(".animelab-quiz"), *boxes, self._score])
        self.add_class("animelab-quiz")
        self._answered()

    @property
    def score(self) -> int:
        """How many questions are answered rightly at the moment."""
        return sum(
            choice.value == question.answer for choice, question in zip(self._choices, self.questions, strict=True)
        )

    def choose(self, question: int, option: int) -> None:
        """Answer from code: question and option count from 0."""
        self._choices[question].value = option

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

    def _answered(self) -> None:
        for index, (choice, feedback) in enumerate(zip(self._choices, self._feedback, strict=True)):
            feedback.value = self.render(index, choice.value)
        answered = sum(choice.value is not None for choice in self._choices)
        score = f"{self.score} of {len(self.questions)} right"
        left = len(self.questions) - answered
        self._score.value = (
            f'<div class="animelab-score" role="status">{score}{f", {left} to go" if left else ""}.</div>'
        )


def _code(text: Any) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text)))
