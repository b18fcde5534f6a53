"""A page about runs: what it shows, what it marks, and that it needs nothing beside it; and TensorBoard's files."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from animelab.cli import main
from animelab.engine import run
from animelab.engine.run import Log
from animelab.errors import LabError
from animelab.widgets.report import report


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two runs, of which the second has another learning rate and a loss more."""
    found = []
    for name, rate, losses in (("first", 0.1, {"D": 0.5}), ("second", 0.2, {"D": 0.4, "cycle": 2.0})):
        folder = tmp_path / name
        (folder / "previews").mkdir(parents=True)
        record = {"recipe": "dcgan", "precision": "fp32", "config": {"lr": rate, "batch": 8, "precision": "auto"}}
        (folder / "run.json").write_text(json.dumps(record))
        lines = [{"step": step, "seconds": 61.0, "images_per_second": 9.0, **losses} for step in (10, 20, 30)]
        (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        for step in range(0, 100, 10):
            Image.fromarray(np.full((16, 32, 3), step, np.uint8)).save(folder / "previews" / f"{step:08d}.png")
        found.append(folder)
    (found[1] / "scores.jsonl").write_text('{"step": 30, "scores": {"fd_studio": 21.5}}\n{"step": 4')
    return found


def test_runs_stand_side_by_side_and_differences_are_marked(runs: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "new" / "report.html"
    assert main(["report", *map(str, runs), "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert not re.search("(src|href)=.(?!data:|#)", text) and "url(http" not in text, "it needs nothing beside it"
    assert re.findall("<h3>(.*?)</h3>", text) == ["D", "cycle", "first", "second"]
    assert re.search('aria-label="Line chart of loss by step. first starts at 0.5 [^"]*second starts at 0.4', text)
    pictures = re.findall('alt="(first|second): what its networks make by step ([0-9]+)"', text)
    assert pictures == [(name, str(step)) for name in ("first", "second") for step in (0, 30, 60, 90)]
    assert "second, step 30" in text and "<td>21.5</td>" in text
    marked = re.findall("<tr class=other><th[^>]*>([^<]*) <span[^>]*>≠</span></th><td>(.*?)</td><td>(.*?)</td>", text)
    assert marked == [("lr", "0.1", "0.2")]
    assert '<th scope="row">precision</th><td>fp32</td>' in text, "as it was decided, not as it was asked for"
    assert "prefers-color-scheme: dark" in text


def test_a_run_with_nothing_but_its_record(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"config": 5}')
    text = report([tmp_path])
    assert "There are none in the log yet." in text and "None were saved." in text
    (tmp_path / "previews").mkdir()
    (tmp_path / "previews" / "00000001.png").write_text("no picture")
    assert "step 1: not a PNG" in report([tmp_path])


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "a.html")]) == 1
    assert "run.json is missing or damaged" in capsys.readouterr().err and not (tmp_path / "a.html").exists()


def test_a_folder_without_a_run_is_named_and_left_out(runs: list[Path], tmp_path: Path, capsys) -> None:
    page, empty = tmp_path / "a.html", tmp_path / "empty"
    assert main(["report", str(empty), *map(str, runs), "--out", str(page)]) == 0
    said = capsys.readouterr()
    assert f"{empty / 'run.json'} is missing" in said.out + said.err and "2 runs in" in said.out + said.err
    assert "empty" not in page.read_text(encoding="utf-8")


def test_tensorboards_files_come_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Log(tmp_path / "log.jsonl", 0).add({"step": 1, "D": 0.5})
    assert not (tmp_path / "tensorboard").exists()
    monkeypatch.setenv("ANIMELAB_TENSORBOARD", "1")
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    with pytest.raises(LabError, match="pip install tensorboard"):
        Log(tmp_path / "log.jsonl", 0)
    told: list[Any] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            told.append((Path(folder).name, purge_step))

        def add_scalar(self, *what: Any) -> None:
            told.append(what)

        def flush(self) -> None:
            told.append("flushed")

    monkeypatch.setattr(run, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer))
    Log(tmp_path / "log.jsonl", 20).add({"step": 30, "D": 0.5})
    assert told == [("tensorboard", 21), ("D", 0.5, 30), "flushed"]


def test_tensorboard_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is no dependency")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("ANIMELAB_TENSORBOARD", "1")
    log = Log(tmp_path / "log.jsonl", 0)
    for step in (1, 2):
        log.add({"step": step, "D": 0.5 * step})
    read = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in read.Scalars("D")] == [(1, 0.5), (2, 1.0)]
