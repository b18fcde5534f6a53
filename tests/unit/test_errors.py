"""How text from outside is shown: no control character, no novel, on any console."""

from __future__ import annotations

import ast
import io
import pickle
import sys
from pathlib import Path

import pytest

from animelab.cli import main
from animelab.errors import LabError, reason, say, shown
from animelab.files import BadPicture

LIBRARY = Path(__file__).parents[2] / "animelab"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("顔 é.png", "顔 é.png"),
        ("full\u3000width", "full\u3000width"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\nb\tc\r\0", "a\\nb\\tc\\r\\x00"),
        ("\x9b31m", "\\x9b31m"),
        ("gnp.\u202eexe", "gnp.\\u202eexe"),
        ("\u2028", "\\u2028"),
        ("\udcff", "\\udcff"),
        (7, "7"),
    ],
)
def test_control_characters_are_escaped(text: object, expected: str) -> None:
    assert shown(text) == expected
    assert str(LabError(f"{text} is wrong.")) == f"{expected} is wrong."


def test_long_names_keep_both_ends() -> None:
    found = shown("begin" + "x" * 3_000_000 + "end.png")
    assert len(found) == 80 and found.startswith("begin") and found.endswith("end.png") and "…" in found
    assert len(shown("\x1b" * 1000, 40)) == 40 and shown(found) == found
    assert shown("x" * 80) == "x" * 80
    assert len(str(LabError("a" + "\x1b" * 10**6 + "b"))) == 2000


@pytest.mark.parametrize("error", [LabError("a\nb"), BadPicture("a", "b")])
def test_an_error_travels_between_processes(error: LabError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_the_reason_is_a_part_of_one_sentence() -> None:
    assert reason(OSError(28, "No space left on device")) == "No space left on device"
    assert reason(ValueError("one\n\ttwo \x1b[2J")) == "one two \\x1b[2J"
    assert reason(EOFError()) == "EOFError"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8", "cp932"])
def test_a_console_of_any_encoding_gets_a_line(encoding: str) -> None:
    console = io.TextIOWrapper(io.BytesIO(), encoding)
    say("絵 é\n🎨 \udcff", console)
    console.flush()
    (line,) = console.buffer.getvalue().decode(encoding).splitlines()
    assert line.endswith("\\udcff") and ("絵" in line) == (encoding in ("utf-8", "cp932"))


def test_the_command_line_prints_on_any_console(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    console = io.TextIOWrapper(io.BytesIO(), "cp1252")
    monkeypatch.setattr(sys, "stderr", console)
    assert (
        main(["train", "dcgan", "--preset", "smoke", "--data", str(tmp_path / "データ"), "--out", str(tmp_path)]) == 1
    )
    with pytest.raises(SystemExit):
        main(["train", "dcgan", "--out", str(tmp_path), "\x1b]0;絵"])
    console.flush()
    found = console.buffer.getvalue().decode("cp1252")
    assert "\\u30c7" in found and "\\x1b]0;\\u7d75" in found and "\x1b" not in found


def test_nothing_but_say_prints_what_comes_from_outside() -> None:
    # Tables and findings of its own, and texts of lessons; a name from outside belongs into `say`.
    own = {"animelab/errors.py", "animelab/cli.py", "animelab/env.py", "animelab/checks/harness.py"}
    found = {
        path.relative_to(LIBRARY.parent).as_posix()
        for path in LIBRARY.rglob("*.py")
        if "authoring" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert found <= own
