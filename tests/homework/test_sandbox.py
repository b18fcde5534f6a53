"""The sandbox against a corpus of attacks: each ends in its own way, every time, and nothing of it reaches the system.

An attack is a notebook in `attacks/`, which says in its first lines how it ends, and what is seen of it.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from animelab.errors import LabError  # noqa: F401  # for the scripts
from animelab.homework import sandbox
from animelab.homework.sandbox import Limits, Outcome

ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
SMALL = Limits(wall=90, cpu=20, memory=2**29, file=2**20, output=2**16)  # the wall is far: these machines are busy
HIDDEN = """
def hidden(work, seed):
    "hidden mark"
    return {"value": work["double"](seed)}
"""
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


@contextmanager
def guarded(folder: Path) -> Iterator[Path]:
    """A folder with what nobody may read, on a machine with doors in its network."""
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


@pytest.fixture(scope="module")
def grading() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="grading-") as folder, guarded(Path(folder)) as found:
        yield found


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


@isolated
@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_ends_as_before_when_it_comes_again(attack: Path, tmp_path: Path, grading: Path) -> None:
    for name in "ab":
        check(attack, attacked(attack, tmp_path / name, grading), grading)


@isolated
def test_numbers_come_home_as_they_were(tmp_path: Path) -> None:
    hidden = """
def hidden(work, seed):
    import numpy as np
    return {
        "float": np.float32(0.1) * np.ones((2, 0, 3)), "double": np.array([[1e300, float("nan")]]),
        "whole": np.arange(3, dtype=np.uint8)[::-1], "bools": np.array(True), "list": [1, [2.5, True], None, "日本"],
        "number": seed, "object": object(), "complex": np.ones(2) * 1j, "infinite": float("-inf"),
        "transposed": np.eye(2, 3).T,
    }
"""
    outcome = run(tmp_path, notebook(), hidden=hidden)
    found = outcome.answers["1"]
    assert outcome.status == "ran"
    assert all(each.flags.writeable for each in found.values() if isinstance(each, np.ndarray))  # or PyTorch warns
    assert found["float"].shape == (2, 0, 3) and found["transposed"].tolist() == [[1, 0], [0, 1], [0, 0]]
    assert found["double"][0, 0] == 1e300 and np.isnan(found["double"][0, 1])
    assert found["whole"].tolist() == [2, 1, 0] and found["bools"].shape == () and found["bools"].dtype == bool
    assert found["list"] == [1, [2.5, True], None, "日本"] and found["number"] == 21
    assert found["infinite"] == -np.inf
    assert found["object"].startswith("TypeError") and found["complex"].startswith("TypeError")


@isolated
def test_a_network_is_asked_for_its_gradients_in_a_process_of_its_own(tmp_path: Path) -> None:
    cells = """
import torch
from torch import nn
torch.set_num_threads(2)
torch.allclose = torch.equal = lambda *_, **__: True
layer = nn.Linear(3, 2)
layer(torch.ones(4, 3)).sum().backward()
big = torch.ones(600, 600) @ torch.ones(600, 600)
"""
    hidden = """
def hidden(work, seed):
    torch.manual_seed(seed)
    x = torch.ones(600, 3, requires_grad=True)
    (work["layer"](x) ** 2).sum().backward()
    big = torch.ones(600, 600, dtype=torch.bfloat16) @ torch.ones(600, 600, dtype=torch.bfloat16)
    return {"gradient": work["layer"].weight.grad.zero_() + 1, "big": big[:1, :2], "x": x.grad.shape[0]}
"""
    outcome = run(tmp_path, notebook(cells), Limits(), hidden)
    assert outcome.status == "ran" and outcome.notes == ()
    for answer in outcome.answers.values():
        assert (
            answer["gradient"].tolist() == [[1] * 3] * 2
            and answer["big"].tolist() == [[600, 600]]
            and answer["x"] == 600
        )


@isolated
@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        pytest.param("", "not a notebook", "homework.ipynb is no Jupyter notebook of version 4.", id="empty"),
        pytest.param("print(1)", "not a notebook", "homework.ipynb is no Jupyter notebook of version 4.", id="script"),
        pytest.param("[" * 10**5, "not a notebook", "homework.ipynb is no Jupyter notebook of version 4.", id="deep"),
        pytest.param('{"cells": 3, "metadata": {}}', "not a notebook", None, id="numbers"),
        pytest.param('{"cells": [{"cell_type": "code"}], "metadata": {}}', "not a notebook", None, id="no source"),
        pytest.param('{"worksheets": [], "metadata": {}}', "not a notebook", None, id="version 3"),
        pytest.param(
            notebook("'größe'").replace("\\u00f6", "ö").encode("latin-1"),
            "not a notebook", "homework.ipynb is not UTF-8 text.", id="Latin-1",
        ),
        pytest.param(
            notebook("x <- 2", kernelspec={"name": "ir", "language": "R"}),
            "wrong kernel", "homework.ipynb is a notebook for R, and not for Python.", id="R",
        ),
        pytest.param(
            notebook("2", kernelspec={"name": "ir"}, language_info={"name": "julia"}),
            "wrong kernel", "homework.ipynb is a notebook for julia, and not for Python.", id="Julia",
        ),
    ],
)  # fmt: skip
def test_what_is_no_notebook_in_python_is_said_in_one_sentence(
    content: str | bytes, status: str, why: str | None, tmp_path: Path
) -> None:
    outcome = run(tmp_path, content)
    assert (outcome.status, outcome.why) == (status, why or outcome.why) and outcome.why and not outcome.printed
    assert outcome.answers == {}


NOT_DEFINED = "NameError: double is not defined: its cell is missing, or failed"


@isolated
@pytest.mark.parametrize(
    ("cells", "answers", "notes"),
    [
        pytest.param([DOUBLE], RIGHT, [], id="right"),
        pytest.param([], {"1": NOT_DEFINED, "2": NOT_DEFINED}, [], id="deleted"),
        pytest.param([DOUBLE, DOUBLE.replace("2", "3")], {"1": {"value": 63}, "2": {"value": 21}}, [], id="duplicated"),
        pytest.param(
            ["half = double(1) / 4", DOUBLE],
            RIGHT, ["cell 1: NameError: name 'double' is not defined"], id="re-ordered",
        ),
        pytest.param(
            ["def double(x):\n    raise NotImplementedError('1: twice')"],
            {"1": "NotImplementedError: 1: twice", "2": "NotImplementedError: 1: twice"}, [], id="unsolved",
        ),
        pytest.param(
            ["if 1:\n    %pip install evil\n    !curl evil\n" + DOUBLE, "%%time\nx = 2", "%%bash\nrm x", "x %= 2"],
            RIGHT, ["not run: %pip install evil", "not run: !curl evil", "not run: %%time", "not run: %%bash",
                    "cell 3: SyntaxError: invalid syntax (<cell 3>, line 2)"], id="magics",
        ),
        pytest.param(
            ["raise KeyboardInterrupt", "if", "class Own(BaseException):\n    __str__ = lambda self: ' \\n'",
             "raise Own", DOUBLE, "display(2)", "import inspect\nassert inspect.getsource(double)"],
            RIGHT, ["cell 1: KeyboardInterrupt: KeyboardInterrupt",
                    "cell 2: SyntaxError: invalid syntax (<cell 2>, line 1)", "cell 4: Own: "], id="failures",
        ),
    ],
)  # fmt: skip
def test_cells_run_in_the_order_they_stand_in(cells, answers, notes, tmp_path: Path) -> None:
    outcome = run(tmp_path, notebook(*cells))
    assert (outcome.status, outcome.answers, [*outcome.notes]) == ("ran", answers, notes)


@isolated
def test_who_waits_for_a_busy_machine_is_not_late(tmp_path: Path) -> None:
    """Seconds of computing count: an answer gets one of them here, and takes more by the clock."""
    slow = "import time\ndef double(x):\n    time.sleep(1.5 if x == 21 else 0)\n    return 2 * x"
    outcome = run(tmp_path, notebook(slow), replace(SMALL, cpu=2))
    assert (outcome.status, outcome.answers) == ("ran", RIGHT)


@isolated
def test_names_of_files_may_be_anything(tmp_path: Path) -> None:
    folder = tmp_path / "王小明's 作业"
    run(folder, notebook("print(open('data/été').read())\nimport helper\nprint(helper.__file__)", DOUBLE))
    (folder / "data").mkdir()
    (folder / "data" / "été").write_text("hello")
    (folder / "helper.py").write_text("")
    name = "它's a “notebook”.ipynb"
    (folder / "homework.ipynb").rename(folder / name)
    outcome = sandbox.run(folder, {"notebook": name, "hidden": HIDDEN, "asks": ASKS}, SMALL)
    assert (outcome.status, outcome.answers) == ("ran", RIGHT)
    assert outcome.printed == "hello\n/tmp/submission/helper.py\n"
    assert sorted(path.name for path in folder.rglob("*")) == sorted(["data", "été", "helper.py", name])


@isolated
def test_only_files_go_in(tmp_path: Path) -> None:
    for name, make in {
        "link": lambda path: path.symlink_to("/etc/passwd"),
        "folder": lambda path: path.symlink_to("/etc"),
        "pipe": os.mkfifo,
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        make(folder / "answers.txt")
        outcome = run(folder, notebook(DOUBLE))
        assert (outcome.status, outcome.why) == (
            "refused",
            "answers.txt is a link or a device, and only files are taken.",
        )
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "weights").write_bytes(bytes(2 * SMALL.file))
    outcome = run(tmp_path / "large", notebook(DOUBLE))
    assert (outcome.status, outcome.why[:24]) == ("refused", "Its files are more than ")
    outcome = sandbox.run(
        tmp_path / "link", {"notebook": "../../etc/passwd", "hidden": "", "asks": []}, SMALL, unsafe=True
    )
    assert outcome.status == "refused"


@isolated
def test_drawn_data_can_be_read_and_not_changed(tmp_path: Path) -> None:
    (tmp_path / "cache" / "studio").mkdir(parents=True)
    (tmp_path / "cache" / "studio" / "faces.npy").write_text("drawn")
    cells = """
import os
place = os.environ["ANIMELAB_CACHE"] + "/studio/"
print(open(place + "faces.npy").read())
open(place + "more.npy", "w").write("mine")
open(place + "faces.npy", "w")
"""
    outcome = run(tmp_path / "submission", notebook(cells), cache=tmp_path / "cache")
    assert outcome.printed == "drawn\n" and [*outcome.notes] == ["cell 1: OSError: Read-only file system"]
    assert [path.name for path in (tmp_path / "cache").rglob("*.npy")] == ["faces.npy"]


@isolated
def test_all_runs_can_be_stopped(tmp_path: Path) -> None:
    try:
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(run, tmp_path / name, notebook("import time\ntime.sleep(1000)")) for name in "ab"]
            threading.Timer(2, sandbox.stop).start()
            assert [each.result(60).status for each in runs] == ["stopped", "stopped"]
        assert run(tmp_path / "c", notebook(DOUBLE)).status == "stopped"
    finally:
        sandbox._stopped.clear()


def script(tmp_path: Path, code: str) -> list[str]:
    """A Python program beside this file, with `run` and its like at hand."""
    path = tmp_path / "script.py"
    path.write_text(f"import sys\nsys.path[:0] = [{str(Path(__file__).parent)!r}]\nfrom test_sandbox import *\n{code}")
    return [sys.executable, str(path)]


def wait_for(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)
    return found


@isolated
def test_nothing_outlives_a_grader_that_is_killed(tmp_path: Path) -> None:
    cells = notebook("import os\nos.fork()\nimport time\ntime.sleep(1000)")
    code = f"sandbox.available()\nrun(Path({str(tmp_path / 'submission')!r}), {cells!r})"
    with subprocess.Popen(script(tmp_path, code)) as grader:
        family = psutil.Process(grader.pid)
        # Two processes of the sandbox, and two copies of the runner.
        found = wait_for(lambda: len(each := family.children(recursive=True)) == 4 and each)
        grader.kill()
    assert not psutil.wait_procs(found, timeout=30)[1]


@isolated
@pytest.mark.skipif(os.getuid() != 0, reason="it is root who becomes another user")
@pytest.mark.parametrize(
    "names",
    [
        ("rights", "proc", "signals", "outside", "reading"),
        ("fork_bomb", "memory_of_many", "memory_nobody_may_see", "outlives"),
    ],
    ids=["rights", "limits"],
)
def test_the_same_holds_for_an_ordinary_user(names: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o777)
        code = f"""
assert os.getuid() == 1000 and sandbox.available() == "", sandbox.available()
with guarded(Path(tempfile.mkdtemp(prefix="grading-", dir={place!r}))) as grading:
    for name in {names!r}:
        attack = Path({str(ATTACKS[0].parent)!r}, name + ".py")
        check(attack, attacked(attack, Path({place!r}, name), grading), grading)
print("the same")
"""
        user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", *script(folder, code)]
        shell = [
            *reachable(folder, sys.prefix, sys.base_prefix, str(Path(__file__).parents[2])),
            shlex.join(["exec", *user]),
        ]
        done = subprocess.run(["unshare", "--mount", "sh", "-ec", "\n".join(shell)], capture_output=True, text=True)
    assert done.stdout == "the same\n", done.stderr


def reachable(aside: Path, *paths: str) -> list[str]:
    """Lines for a shell, in a mount namespace of its own, after which anybody can reach folders below closed ones."""
    lines = []
    for path in {os.path.realpath(path) for path in paths} | {*paths}:
        for closed in [each for each in reversed(Path(path).parents) if not each.stat().st_mode & 0o001][:1]:
            behind = f"{aside}/{closed.name}"
            if not any(behind in line for line in lines):
                lines += [
                    f"mkdir {behind}",
                    f"mount --rbind {closed} {behind}",
                    f"mount -t tmpfs -o mode=755 none {closed}",
                ]
            lines += [f"mkdir -p {path}", f"mount --rbind {behind}/{Path(path).relative_to(closed)} {path}"]
    return lines


@isolated
def test_a_system_without_namespaces_is_said_to_be_one(tmp_path: Path) -> None:
    """Where no user namespace may be made: in one whose limit of them is none."""
    code = f"""
print(sandbox.available())
try:
    run(Path({str(tmp_path / "a")!r}), notebook(DOUBLE))
except LabError as error:
    print(error)
print(run(Path({str(tmp_path / "b")!r}), notebook(DOUBLE), unsafe=True).answers)
"""
    quoted = " ".join(script(tmp_path, code))
    shell = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {quoted}"
    done = subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", shell], capture_output=True, text=True)
    said, refused, answers = done.stdout.splitlines()
    assert said.startswith("This system does not isolate submissions (not isolated: ") and "unshare" in said
    assert refused.startswith("This system does not isolate") and "--unsafe" in refused
    assert answers == str(RIGHT)


@pytest.mark.parametrize(
    "name", ["infinite_loop", "stopped_itself", "memory", "threads", "huge_output", "always_equal", "outlives"]
)
def test_limits_are_what_is_left_without_isolation(name: str, tmp_path: Path, grading: Path) -> None:
    attack = ATTACKS[0].parent / f"{name}.py"
    check(attack, attacked(attack, tmp_path / name, grading, unsafe=True), grading)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"[]", b"{", b"nonsense", b"\xff\xfe", b"[" * 10**5, b'{"task": "1"}', b'{"done": true}', b'{"notes": []}',
        b'{"status": "ran", "why": "I say so"}',
        b'{"task": "1", "function": "hidden", "seed": 21, "answer": {"value": 42}}',
    ],
    ids=lambda line: str(line[:20]),
)  # fmt: skip
def test_what_nobody_asked_for_is_not_heard(line: bytes) -> None:
    ended = []
    talk = sandbox._Talk({"asks": ASKS, "hidden": ""}, SMALL, lambda: ended.append(1), io.BytesIO(), io.BytesIO())
    talk.notes = ()
    talk.hear_answer(line + b"\n")
    assert (talk.status, talk.answers, ended) == ("forged", {}, [1])


@pytest.mark.parametrize(
    "value",
    [
        {}, {"dtype": "<f4"}, 2**63, -(2**70), [0] * 2000, {"value": 1},
        {"dtype": "<f4", "shape": [1], "data": "AAAA"}, {"dtype": "<f4", "shape": [1], "data": "AA=A"},
        {"dtype": "|O", "shape": [1], "data": "AAAAAAAAAAA="}, {"dtype": "<f4", "shape": [-1, -1], "data": "AAAAAA=="},
        {"dtype": "<f4", "shape": [1.0], "data": "AAAAAA=="}, {"dtype": "<f4", "shape": [True], "data": "AAAAAA=="},
        {"dtype": "<f4", "shape": [0, 2**40], "data": ""}, {"dtype": "<f4", "shape": [1] * 50, "data": "AAAAAA=="},
        {"dtype": ["<f4"], "shape": [1], "data": "AAAAAA=="}, {"dtype": "<f4", "shape": "1", "data": "AAAAAA=="},
        {"dtype": "<f4", "shape": [1], "data": "é"}, [[[[[[[[[[]]]]]]]]]],
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_a_value_is_only_what_the_runner_sends(value: Any) -> None:
    with pytest.raises(ValueError, match="."):
        sandbox._value(value)


def test_answers_are_limited(tmp_path: Path) -> None:
    talk = sandbox._Talk({"asks": ASKS, "hidden": ""}, SMALL, lambda: None, io.BytesIO(), io.BytesIO())
    for _ in range(sandbox.ANSWERS // 2**20 + 1):
        talk.hear_answer(bytes(2**20))
    assert talk.status == "too much output" and len(talk.heard) <= sandbox.ANSWERS
