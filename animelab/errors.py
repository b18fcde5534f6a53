"""The one exception a user should ever read, and how text from outside is shown: names of files, keys, settings."""

from __future__ import annotations

import sys
import unicodedata
from typing import TextIO

LONGEST = 2000  # characters of a sentence


class LabError(Exception):
    """One clear sentence for a learner: what is wrong, with which file or value, and what to do next.

    Text from outside may stand in it as it came: the sentence is kept as `shown` gives it.
    """

    def __init__(self, sentence: object = "") -> None:
        super().__init__(shown(sentence, LONGEST))


def shown(text: object, limit: int = 80) -> str:
    """Text from outside, fit to be shown: control characters are escaped, more than `limit` characters cut short.

    What is cut out is in the middle, since both ends of a path say something. What is cut remains so when shown again.
    """
    words = str(text)
    if len(words) > limit:
        words = words[:limit] + words[-limit:]  # before the escaping: a name can have megabytes
    words = "".join(sign if _is_visible(sign) else sign.encode("unicode_escape").decode() for sign in words)
    return words if len(words) <= limit else f"{words[: limit - limit // 3 - 1]}…{words[-(limit // 3) :]}"


def _is_visible(sign: str) -> bool:
    """Printable, a space of any width, or one of two joiners that Persian, Hindi and emoji need."""
    return sign.isprintable() or sign in "\u200c\u200d" or unicodedata.category(sign) == "Zs"


def reason(problem: object) -> str:
    """What another library's exception says, as a part of one sentence."""
    words = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return shown(" ".join(words.split()), 200)


def say(sentence: object, stream: TextIO | None = None) -> None:
    """Print a sentence with names from outside in it, on a console of any encoding: what it lacks is escaped, too."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(shown(sentence, LONGEST).encode(encoding, "backslashreplace").decode(encoding), file=stream)
