"""Hostile and mistaken inputs, each a line in hostile/*.py: one sentence, in time, in memory, and nothing else touched.

A case is (name, run, words): `run(folder)` makes its input in a folder of its own and gives it to a public entry, in
Python or as `animelab.cli.main([...])`; `words` must stand in the sentence, or None where it has to work. A fourth
item, "slow", keeps it for `make test-all`.
"""

from __future__ import annotations

import faulthandler
import re
import runpy
import signal
import tempfile
import threading
from pathlib import Path

import pytest

from animelab.errors import LabError

SECONDS = 30  # on a busy machine; what is meant to end ends in one
MEMORY = 4 * 2**30  # bytes that a case may take at most, beyond what is there
MODULES = sorted((Path(__file__).parent / "hostile").glob("*.py"))
CASES = [
    pytest.param(*case[:3], id=f"{module.stem}: {case[0]}", marks=[pytest.mark.slow] * (case[3:] == ("slow",)))
    for module in MODULES
    for case in runpy.run_path(str(module))["CASES"]
]


@pytest.mark.parametrize(("name", "run", "words"), CASES)
def test_it_is_refused_in_one_sentence_or_works(name, run, words, tmp_path, monkeypatch, capfd):
    for folder in ("case", "here", "mine", "temporary"):
        (tmp_path / folder).mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with limits():
        try:
            code = run(tmp_path / "case")
        except LabError as error:
            code, sentence = 1, str(error)
        except SystemExit as end:  # argparse's
            code, sentence = end.code, None
        else:
            code, sentence = code if isinstance(code, int) else 0, None
    said, errors = capfd.readouterr()
    assert "Traceback" not in said + errors
    assert "weights_only" not in said + errors + (sentence or "")
    spoken = [line for line in re.split("[\r\n]", errors) if line.startswith("animelab: ") or ": error: " in line]
    if words is None:
        assert not code and not sentence, sentence or spoken
    else:
        assert code in (1, 2), f"it was taken, and said: {said}"
        sentences = spoken if sentence is None else [sentence]
        assert len(sentences) == 1, sentences
        assert words in sentences[0], sentences[0]
        assert all(sign.isprintable() for sign in sentences[0]), ascii(sentences[0])
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {path for path in left if not path.startswith("case")} == {"here", "mine", "mine/notes.txt", "temporary"}
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


class limits:
    """Inside, too long a time is an error, and so is too much memory; where even that does not help, all tests end."""

    def __enter__(self):
        faulthandler.dump_traceback_later(4 * SECONDS, exit=True)  # stuck in C, where no signal is heard
        self.memory = None
        if Path("/proc/self/statm").exists():
            import resource

            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            self.memory = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, self.memory[1]))
        if hasattr(signal, "setitimer"):
            self.before = signal.signal(signal.SIGALRM, self.ring)
            signal.setitimer(signal.ITIMER_REAL, SECONDS)

    def __exit__(self, *error):
        faulthandler.cancel_dump_traceback_later()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.before)
        if self.memory:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self.memory)

    def ring(self, number, frame):
        pytest.fail(f"it takes longer than {SECONDS} seconds")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm on this system")
def test_the_limits_hold(monkeypatch):
    monkeypatch.setitem(globals(), "SECONDS", 0.1)
    with pytest.raises(pytest.fail.Exception, match="longer than"), limits():
        threading.Event().wait()
    if Path("/proc/self/statm").exists():
        with pytest.raises(MemoryError), limits():
            bytearray(2 * MEMORY)
