"""Runs a submission cut off from the system, asks it questions, and brings home its answers: numbers, and no mark.

What holds, for root as for everybody, on Linux 5.14 or newer: the submission sees Python, its packages, and the
programs and libraries of the system, all for reading only, and a copy of its own files; it has no network, no other
process to send a signal to, no right, an empty home, and a folder in memory to write in. All its processes together
have limits, and none outlives the run. The truth is never in there, and neither is the code of the hidden tasks before
all its cells have run.

What does not hold:

- The kernel is shared. A flaw in it that an ordinary process can use is a way out; keep it up to date, and grade
  strangers in a virtual machine. Some system calls with a history of such flaws are refused.
- The processor, its caches, the disk's and the machine's speed are shared: two submissions that run at once could send
  each other signs, and a submission can measure how busy the machine is.
- All that is installed with Python can be read, as can what lies in /usr, the names of folders above these, and what
  /proc says of the machine. Keep secrets, rosters and submissions elsewhere.
- Memory and processes are looked at some fifty times a second, and a run can exceed a limit for so long. What the
  kernel keeps in pipes and sockets is limited only by their number.
- A hidden task's code and seed are in the submission's process while it answers. It can send them, in the place of an
  answer or in the words of an exception, to whoever reads these: show no student what their submission answered.
- No GPU is offered.

With `unsafe` a submission is an ordinary program of whoever grades: it can read and delete all that you can, send it
over the network, and stop the grader. Only limits are left, which a hostile one can escape.
"""

from __future__ import annotations

import base64
import functools
import json
import math
import os
import secrets
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np

from animelab.errors import LabError, shown

HERE = Path(__file__).resolve().parent
ANSWERS = 2**26  # bytes of all answers of a run
MANY, DEEP, WORDS = 1000, 8, 1000  # values in a list or a task; dimensions, and lists in lists; letters of a string
ITEMS = {"|b1": 1, "<i8": 8, "<f4": 4, "<f8": 8}  # bytes of a number
LATE = "no answer within "  # as the runner says it
BY_RUNNER = ("not a notebook", "wrong kernel")  # what the runner may say instead of answers
FILES = 1000  # and folders, that go in
PATIENCE = 20  # seconds that ending a run may take
STOPPED = "Grading was stopped."
Question = dict[str, Any]
_stopped = threading.Event()


@dataclass(frozen=True)
class Limits:
    """Of all processes of a run together: seconds, and bytes of memory, of each file, and of what is printed."""

    wall: float = 400  # a busy machine must not cost a mark
    cpu: float = 100
    memory: int = 3 * 2**30
    processes: int = 64  # and threads
    file: int = 64 * 2**20
    output: int = 2**20


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and the answers that had come until then.

    status: "ran", "timed out", "out of memory", "too many processes", "too much output", "crashed", "forged",
    "not a notebook", "wrong kernel", "refused" or "stopped"; why: one sentence, unless it ran;
    answers: of each task asked, by its name, a dictionary of values (NumPy arrays of bool, int64, float32 or float64,
    NaN among them; numbers, strings, None, lists of these), or a string that says why there is none;
    printed: what the cells printed, before the first task was asked; notes: cells that failed, and what was left out.
    """

    status: str
    answers: dict[str, Any] = field(default_factory=dict)
    printed: str = ""
    seconds: float = 0.0
    why: str = ""
    notes: tuple[str, ...] = ()


@functools.cache
def available() -> str:
    """Nothing where this system can isolate a submission; otherwise one sentence why not."""
    if sys.platform != "linux":
        return "Submissions can be isolated on Linux only; grade there, in a virtual machine for example."
    with TemporaryDirectory() as folder:
        outcome = _run(Path(folder), {"notebook": "", "hidden": "", "asks": []}, Limits(), False, None)
    if outcome.status == "ran":
        return ""
    advice = "it needs Linux 5.14 or newer and user namespaces, which Ubuntu and containers may keep for root"
    return f"This system does not isolate submissions ({outcome.status}: {outcome.why}); {advice}."


def require(unsafe: bool) -> None:
    """LabError where a submission cannot be run: without isolation, unless `unsafe`, and on Windows."""
    if sys.platform == "win32":
        raise LabError("Submissions cannot be run on Windows itself; grade in WSL, or on Linux.")
    if not unsafe and (why := available()):
        raise LabError(f"{why} With --unsafe a submission could do all that you can: read, delete and send your files.")


def run(
    folder: Path, question: Question, limits: Limits | None = None, unsafe: bool = False, cache: Path | None = None
) -> Outcome:
    """Run a notebook and ask its tasks; folder: the student's files alone, of which a copy goes in.

    question: {"notebook": name, or "" for none, "hidden": code, "asks": [{"task": name, "function": name, "seed": int},
    …]}, of which cells and tasks together may compute for nine tenths of the limit; cache: drawn data to be read, with
    nothing hidden in it. Raises LabError as `require` does.
    """
    require(unsafe)
    outcome = _run(folder, question, limits or Limits(), unsafe, cache)
    if outcome.status == "not isolated":
        raise LabError(f"The sandbox could not be made ({outcome.why}); close other programs, and run the same again.")
    return outcome


def stop() -> None:
    """End all runs in progress, whichever thread waits for them, and let none begin: their status is "stopped"."""
    _stopped.set()


def _run(folder: Path, question: Question, limits: Limits, unsafe: bool, cache: Path | None) -> Outcome:
    folder, cache = folder.resolve(), cache and cache.resolve()
    if _stopped.is_set():
        return Outcome("stopped", why=STOPPED)
    if why := _unfit([folder, *folder.rglob("*")], 2 * limits.file):
        return Outcome("refused", why=why)
    began = time.monotonic()
    packages = [each for each in sys.path if Path(each).name in ("site-packages", "dist-packages")]
    library = os.pathsep.join([str(HERE.parents[1]), *packages])
    with ExitStack() as stack:
        place = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        answers, channel = (stack.enter_context(open(end, mode, 0)) for end, mode in zip(os.pipe(), ("rb", "wb")))
        process = stack.enter_context(subprocess.Popen(
            [sys.executable, str(HERE / "isolation.py")], bufsize=0, pass_fds=[channel.fileno()],
            stdin=subprocess.PIPE,  # the job, then questions
            stdout=subprocess.PIPE,  # what the submission prints
            stderr=subprocess.PIPE,  # how it ended
            env={"PYTHONPATH": library, "PATH": os.defpath},
            start_new_session=True,  # Ctrl-C is for the grader, which stops its runs
        ))  # fmt: skip
        stack.callback(process.kill)
        job = {
            "place": place, "folder": str(folder), "cache": str(cache or ""), "shown": _shown(packages, cache),
            "library": library, "runner": str(HERE / "runner.py"), "channel": channel.fileno(),
            "limits": asdict(limits), "room": 4 * limits.file, "unsafe": unsafe,
        }  # fmt: skip
        channel.close()
        assert process.stdin and process.stdout and process.stderr
        os.set_blocking(process.stdout.fileno(), False)
        talk = _Talk(question, limits, process.terminate, process.stdin, process.stdout)
        talk.tell(job, {"notebook": question["notebook"], "seconds": 0.9 * limits.cpu})
        report, deadline = bytearray(), began + limits.wall + PATIENCE
        with selectors.DefaultSelector() as selector:
            hears = {process.stdout: talk.hear_print, answers: talk.hear_answer, process.stderr: report.extend}
            for stream, hear in hears.items():
                selector.register(stream, selectors.EVENT_READ, (stream, hear))
            while selector.get_map() and time.monotonic() < deadline:
                if _stopped.is_set():
                    talk.end("stopped", STOPPED)
                if process.poll() is not None:
                    deadline = min(deadline, time.monotonic() + 2)  # for what lies in the pipes
                for key, _ in selector.select(0.2):
                    stream, hear = key.data
                    if chunk := stream.read(2**16):
                        hear(chunk)
                    elif chunk is not None:  # its end, and not only nothing more for now
                        selector.unregister(stream)
            if selector.get_map() and process.poll() is None:
                talk.end("timed out", f"It ran for more than {limits.wall:g} seconds.")
        return talk.outcome(json.loads(report or "{}"), time.monotonic() - began)


def _unfit(paths: list[Path], most: int) -> str:
    """Why files do not go in; nothing of those that do."""
    for path in paths:
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            return f"{shown(path.name)} is a link or a device, and only files are taken."
    if len(paths) > FILES or sum(path.stat().st_size for path in paths) > most:
        return f"Its files are more than {FILES:,}, or have together more than {most / 2**20:g} MB."
    return ""


def _shown(packages: list[str], cache: Path | None) -> list[str]:
    """What of the system can be read in there: Python and its packages, this library, programs, libraries and fonts."""
    paths = {"/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/nix/store"}  # no file of /etc names users
    paths |= {"/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", str(HERE.parent), *packages}
    for prefix in (sys.prefix, sys.base_prefix):
        paths |= {f"{prefix}/{name}" for name in ("bin", "lib", "lib64", "share", "pyvenv.cfg")}
    if cache:
        paths.add(str(cache / "studio"))
    return sorted(paths | {os.path.realpath(path) for path in paths})


class _Talk:
    """The parent's side of a run: it hears what is printed and answered, and believes nothing."""

    def __init__(
        self, question: Question, limits: Limits, kill: Callable[[], None], asks: IO[bytes], prints: IO[bytes]
    ):
        self.question, self.limits, self.kill, self.asks, self.prints = question, limits, kill, asks, prints
        word = secrets.token_hex()  # an answer that was written before the question would not have it
        self.waiting = [each | {"word": word} for each in question["asks"]]
        self.answers: dict[str, Any] = {}
        self.printed, self.heard = bytearray(), bytearray()
        self.print_length = self.answer_length = 0
        self.notes: tuple[str, ...] | None = None  # until all cells have run
        self.done = False
        self.status = self.why = ""

    def tell(self, *messages: dict[str, Any]) -> None:
        """Write a line for each without waiting: whoever should read may never do so."""

        def write() -> None:
            with suppress(OSError, ValueError):  # they have ended, or we have
                self.asks.write(b"".join(json.dumps(each).encode() + b"\n" for each in messages))

        threading.Thread(target=write, daemon=True).start()

    def end(self, status: str, why: str) -> None:
        """End the run; of several reasons the first counts."""
        if not (self.status or self.done):
            self.status, self.why = status, why
            self.kill()

    def hear_print(self, chunk: bytes) -> None:
        """Keep what is printed, until hidden code is in there."""
        self.print_length += len(chunk)
        if self.print_length > self.limits.output:
            self.end("too much output", f"It printed more than {self.limits.output / 2**20:g} MB.")
        elif self.notes is None:
            self.printed += chunk

    def hear_answer(self, chunk: bytes) -> None:
        """Lines of JSON, in the one order that the runner writes them in."""
        self.answer_length += len(chunk)
        if self.answer_length > ANSWERS:
            self.end("too much output", f"It answered with more than {ANSWERS / 2**20:g} MB.")
        if self.status or self.done:
            return
        self.heard += chunk
        if b"\n" in chunk:
            *lines, self.heard = self.heard.split(b"\n")
            try:
                for line in lines:
                    self.understand(json.loads(line))
            except (ValueError, RecursionError, OverflowError):
                self.answers.clear()
                self.end("forged", "It wrote to where answers are sent, and not what was asked.")

    def understand(self, message: Any) -> None:
        """One message; ValueError for any that the runner would not send now."""
        match message:
            case {"status": str(status), "why": str(why)} if status in BY_RUNNER and self.notes is None:
                self.end(status, shown(why, WORDS))
            case {"notes": list(notes)} if self.notes is None:
                while not self.status and (chunk := self.prints.read(2**16)):  # printed before, heard before
                    self.hear_print(chunk)
                self.notes = tuple(shown(note, WORDS) for note in notes[:MANY])
                self.tell({"hidden": self.question["hidden"], "asks": self.waiting})
            case {"answer": str(why), **asked} if [asked] == self.waiting[:1]:
                self.answers[self.waiting.pop(0)["task"]] = shown(why, WORDS)
            case {"answer": dict(values), **asked} if [asked] == self.waiting[:1] and len(values) <= MANY:
                known = {name: _value(value) for name, value in values.items()}
                self.answers[self.waiting.pop(0)["task"]] = known
            case {"done": True} if self.notes is not None and not self.waiting:
                self.done = True
            case _:
                raise ValueError("a message that nobody waits for")

    def outcome(self, report: dict[str, Any], seconds: float) -> Outcome:
        """What is known when all has ended; report: of the watch over the limits."""
        code = report.get("code", 0)
        how = f"was ended ({signal.strsignal(-code)})" if code < 0 else f"ended by itself, with code {code},"
        status, why = "crashed", f"Its process {how} before all was asked."
        late = [name for name, answer in self.answers.items() if isinstance(answer, str) and answer.startswith(LATE)]
        if self.done and late:
            status, why = "timed out", f"Of task {late[0]} there is {self.answers[late[0]]}."
        elif self.done:
            status, why = "ran", ""
        elif self.status or "status" in report:
            status, why = self.status or report["status"], self.why or report["why"]
        printed = self.printed.decode("utf-8", "replace")
        return Outcome(status, self.answers, printed, seconds, why, self.notes or ())


def _value(sent: Any, depth: int = 0) -> Any:
    """A value as the runner encodes it; ValueError for any other."""
    match sent:
        case None | bool() | float():
            return sent
        case int() if abs(sent) < 2**63:
            return sent
        case str():
            return shown(sent, WORDS)
        case list() if len(sent) <= MANY and depth < DEEP:
            return [_value(each, depth + 1) for each in sent]
        case {"dtype": str(dtype), "shape": list(shape), "data": str(data)} if dtype in ITEMS and len(shape) <= DEEP:
            content = base64.b64decode(data, validate=True)
            fits = all(type(side) is int and 0 <= side < 2**31 for side in shape)
            if fits and math.prod(shape) * ITEMS[dtype] == len(content):
                return np.frombuffer(content, dtype).reshape(shape).copy()  # writable, as PyTorch wants it
    raise ValueError("no value")
