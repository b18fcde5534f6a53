"""The sandbox against a corpus of attacks: each ends in its own way, every time, and nothing of it reaches the system.

An attack is a notebook in `attacks/`, which says in its first lines how it ends, and what is seen of it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from animelab.errors import LabError
from animelab.homework import sandbox
from animelab.homework.sandbox import Limits, Outcome

ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
SMALL = Limits(wall=90, cpu=20, memory=2**29, file=2**20, output=2**16)  # the wall is far: these machines are busy
HIDDEN = '''
def hidden(work, seed):
    "hidden mark"
    return {"value": work["double"](seed)}
'''
ASKS = [{"task": "1", "function": "hidden", "seed": 21}, {"task": "2", "function": "hidden", "seed": 7}]
RIGHT = {"1": {"value": 42}, "2": {"value": 14}}
DOUBLE = "def double(x):\n    return 2 * x"
isolated = pytest.mark.skipif(bool(sandbox.available()), reason=sandbox.available())


def notebook(*cells: str, **metadata: Any) -> str:
    found = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]
    return json.dumps({"cells": found, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def run(folder: Path, content: str | bytes, limits: Limits = SMALL, hidden: str = HIDDEN, **how: Any) -> Outcome:
    folder.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    (folder / "homework.ipynb").write_bytes(content)
    return sandbox.run(folder, {"notebook": "homework.ipynb", "hidden": hidden, "asks": ASKS}, limits, **how)


@pytest.fixture(scope="module")
def grading(tmp_path_factory) -> Iterator[Path]:
    """A folder with what nobody may read, on a machine with doors in its network."""
    folder = tmp_path_factory.mktemp("grading")
    for name in ("secret.key", "roster.csv", "other.ipynb"):
        (folder / name).write_text("not for students")
    doors = [socket.create_server(("127.0.0.1", 0))]
    for address in (f"\0{folder.name}", str(folder / "socket")):
        doors.append(socket.socket(socket.AF_UNIX))
        doors[-1].bind(address)
        doors[-1].listen()
    (folder / "port").write_text(str(doors[0].getsockname()[1]))
    os.environ["TOKEN_OF_THE_GRADER"] = "not for students"
    yield folder
    del os.environ["TOKEN_OF_THE_GRADER"]
    for door in doors:
        door.close()


def attacked(attack: Path, folder: Path, grading: Path, **how: Any) -> Outcome:
    head, *cells = re.split(r"^# %%\n", attack.read_text(encoding="utf-8"), flags=re.MULTILINE)
    limits = re.search(r"^# limits: (.*)", head, re.MULTILINE)
    folder.mkdir(parents=True)
    (folder / "where").write_text(str(grading))
    (folder / "port").write_text((grading / "port").read_text())
    changes = eval(f"dict({limits[1]})") if limits else {}
    return run(folder, notebook(*cells), replace(SMALL, **changes), **how)


def check(attack: Path, outcome: Outcome, grading: Path) -> None:
    head = [line[2:] for line in attack.read_text(encoding="utf-8").split("# %%")[0].splitlines()]
    status, _, why = head[0].partition(": ")
    assert (outcome.status, outcome.why) == (status, why), outcome
    assert status != "ran" or [*outcome.notes] == [line for line in head if re.match("cell |not run", line)]
    for line in head:
        if line.startswith("answers: "):
            assert outcome.answers == json.loads(line.removeprefix("answers: "))
        if line.startswith("prints: "):
            assert outcome.printed == line.removeprefix("prints: ") + "\n"
    assert "hidden mark" not in outcome.printed and "not for students" not in outcome.printed
    assert not [each for each in psutil.process_iter(["cmdline"]) if grading.name in (each.info["cmdline"] or ())]
    assert {path.name for path in grading.iterdir()} == {"secret.key", "roster.csv", "other.ipynb", "socket", "port"}


@isolated
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_ends_in_its_own_way_with_two_at_once(attack: Path, tmp_path: Path, grading: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = [*pool.map(lambda name: attacked(attack, tmp_path / name, grading), "ab")]
    for outcome in outcomes:
        check(attack, outcome, grading)
