"""Runs in the sandbox: the notebook's cells in one namespace, then each task in a process of its own.

It reads questions from standard input and writes lines of JSON to a pipe. All of it may be in the hands of the
submission, so nothing here decides about a mark; `sandbox.run` says what it takes from there.
"""

from __future__ import annotations

import base64
import json
import linecache
import os
import re
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from animelab.errors import reason

ANSWERED = 100  # the exit code of a process that has sent its answer
LATE = signal.SIGPROF, signal.SIGALRM  # who computed for too long, and who slept for too long:
SLEEPS = 4  # times as long, since a busy machine lets everybody wait
COMMAND = re.compile(r"^([ \t]*)([%!].*)", re.MULTILINE)  # of IPython, or of a shell
sys.path[0] = os.getcwd()  # as in a notebook, the submission's own modules


class Problem(Exception):
    """A status, and one sentence why the notebook was not run."""


class Work(dict[str, Any]):
    """The names that the notebook defined."""

    def __missing__(self, name: str) -> Any:
        raise NameError(f"{name} is not defined: its cell is missing, or failed")


def main() -> None:
    channel, me = int(sys.argv[1]), os.getpid()
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    question = json.loads(questions.readline())
    try:
        cells = code_cells(question["notebook"]) if question["notebook"] else []
    except Problem as problem:
        send(channel, {"status": problem.args[0], "why": problem.args[1]})
        return
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    work: dict[str, Any] = module.__dict__
    notes: list[str] = []
    work["display"] = print
    for number, source in cells:
        failure = attempt(execute, source, f"<cell {number}>", work, notes)
        if os.getpid() != me:
            os._exit(0)  # a copy of this process that a cell made and let go on
        notes += [f"cell {number}: {failure}"] if failure else []
    time.sleep(0.1)  # for the watch to see what they have left
    send(channel, {"notes": notes})
    question |= json.loads(questions.readline())
    hidden = dict(work)
    failure = attempt(execute, question["hidden"], "<task>", hidden, [])
    for place, each in enumerate(question["asks"]):
        left = (question["seconds"] - sum(os.times()[:4])) / (len(question["asks"]) - place)
        ask(channel, each, hidden, Work(work), max(1, int(left)), failure)
    send(channel, {"done": True})
    os._exit(0)  # whatever threads of the notebook still do


def code_cells(name: str) -> list[tuple[int, str]]:
    """Number and source of each code cell; Problem for what is no notebook in Python."""
    try:
        with open(name, encoding="utf-8-sig") as file:
            notebook = json.load(file)
        language = notebook["metadata"].get("kernelspec", {}).get("language", "python")
        language = notebook["metadata"].get("language_info", {}).get("name", language)
        found = [
            (number, "".join(cell["source"]))
            for number, cell in enumerate(notebook["cells"], 1)
            if cell["cell_type"] == "code"
        ]
    except OSError as problem:
        raise Problem("not a notebook", f"{name} cannot be read ({reason(problem)}).") from problem
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        what = "not UTF-8 text" if isinstance(problem, UnicodeDecodeError) else "no Jupyter notebook of version 4"
        raise Problem("not a notebook", f"{name} is {what}.") from problem
    if language != "python":
        raise Problem("wrong kernel", f"{name} is a notebook for {language}, and not for Python.")
    return found


def execute(source: str, name: str, namespace: dict[str, Any], notes: list[str]) -> None:
    """Run a cell's code; in one that is no Python, lines for IPython or a shell are left out, and noted."""
    try:
        code = compile(source, name, "exec", dont_inherit=True)
    except SyntaxError:
        notes += [f"not run: {command}" for _, command in COMMAND.findall(source)]
        source = COMMAND.sub(r"\1pass", source)
        code = compile(source, name, "exec", dont_inherit=True)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # for inspect.getsource
    exec(code, namespace)


def attempt(action: Callable[..., Any], *given: Any) -> str:
    """Do something, and say in one line how it failed; nothing if it did not, whatever it raised or asked to exit."""
    try:
        action(*given)
    except BaseException as problem:  # noqa: BLE001  # a submission may raise anything
        return f"{type(problem).__name__}: {reason(problem)}"
    return ""


def ask(channel: int, each: dict[str, Any], hidden: dict[str, Any], work: Work, seconds: int, failure: str) -> None:
    """Ask one task in a process of its own, which cannot harm the next one, nor compute longer."""
    child = os.fork()
    if child == 0:
        me = os.getpid()
        answer: dict[str, Any] = {}
        for late in LATE:
            signal.signal(late, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.alarm(SLEEPS * seconds)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # a pool of threads does not survive the fork
        failure = failure or attempt(answer_to, each, hidden, work, answer)
        if os.getpid() == me:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            send(channel, each | {"answer": failure or answer})
        os._exit(ANSWERED)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != ANSWERED:
        why = f"no answer within {seconds} seconds of computing"
        why = why if -code in LATE else "its process ended without an answer"
        send(channel, each | {"answer": why})


def answer_to(each: dict[str, Any], hidden: dict[str, Any], work: Work, answer: dict[str, Any]) -> None:
    """Fill in the answer's values by name, encoded; in place of one that cannot be sent, why."""
    for name, value in hidden[each["function"]](work, each["seed"]).items():
        answer[name] = attempt(lambda: answer.update({name: encoded(value)})) or answer[name]  # noqa: B023


def encoded(value: Any) -> Any:
    """A number, bool, string or None as it is; lists of these; a tensor or array as its bytes."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [encoded(each) for each in value]
    import numpy as np

    if hasattr(value, "detach"):
        value = value.detach().cpu().resolve_conj()
        value = (value.float() if str(value.dtype) in ("torch.float16", "torch.bfloat16") else value).numpy()
    array = np.asarray(value)
    kinds = {"b": "|b1", "i": "<i8", "u": "<i8", "f": "<f8" if array.dtype.itemsize > 4 else "<f4"}
    if array.dtype.kind not in kinds:
        raise TypeError(f"a {type(value).__name__} of {array.dtype}")
    array = np.ascontiguousarray(array, dtype=kinds[array.dtype.kind])
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": kinds[array.dtype.kind], "shape": list(np.shape(value)), "data": data}


def send(channel: int, message: dict[str, Any]) -> None:
    """One line of JSON."""
    line = memoryview(json.dumps(message).encode() + b"\n")
    while line:
        line = line[os.write(channel, line) :]


if __name__ == "__main__":
    main()
