"""Every recipe: steps before a kill -9 and steps after it equal an uninterrupted run, bit for bit."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

import pytest
import torch
from processes import Process
from safetensors.torch import load_file

from animelab.recipes import RECIPES

STEPS = 20
SETTINGS = ["--preset", "smoke", "--device", "cpu", "--set", "keep=1000"]  # keep: the test goes back to step 10


def newest(folder):
    return torch.load(sorted(folder.glob("checkpoints/step-*.pt"))[-1], weights_only=True)


def assert_same(first, second, where="state"):
    assert type(first) is type(second), where
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            if key != "seconds":
                assert_same(first[key], second[key], f"{where}.{key}")
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), where
        for index, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f"{where}[{index}]")
    else:
        assert first == second, where


def start(recipe: str, folder: Path, steps: int, *more: str) -> Process:
    """A training in a process of its own, which writes what it says beside its folder."""
    environment = {**os.environ, "ANIMELAB_CACHE": str(folder.parent / "cache")}
    command = ["animelab", "train", recipe, *SETTINGS, "--out", folder, "--steps", steps, *more]
    return Process(command, folder.with_suffix(".txt"), folder.with_suffix(".txt"), environment)


def finish(training: Process, folder: Path) -> str:
    code, text = training.wait(300), folder.with_suffix(".txt").read_text()
    assert code == 0, text
    return text


@pytest.mark.parametrize("recipe", RECIPES)
def test_killed_and_resumed_equals_uninterrupted(recipe, tmp_path):
    finish(start(recipe, tmp_path / "straight", STEPS), tmp_path / "straight")

    # The same run, but for its end, which it never sees: killed without warning once it has passed step 10.
    folder = tmp_path / "killed"
    victim = start(recipe, folder, 100_000)
    deadline = time.monotonic() + 120
    while not (folder / "checkpoints" / "step-00000010.pt").exists():
        assert time.monotonic() < deadline, "the victim wrote no checkpoint"
        assert victim.poll() is None, "the victim ended by itself"
        time.sleep(0.005)
    victim.kill()
    victim.wait()
    for path in folder.glob("checkpoints/step-*.pt"):  # it may have run a little further before it died
        if path.name > "step-00000010.pt":
            path.unlink()

    output = finish(start(recipe, folder, STEPS, "--resume"), folder)
    assert "resumed at step 10" in output
    assert_same(newest(tmp_path / "straight"), newest(folder))
    assert_same(*(load_file(tmp_path / name / "weights.safetensors") for name in ("straight", "killed")))
    logs = [
        [json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        for name in ("straight", "killed")
    ]
    clocks = ("seconds", "images_per_second")
    logs = [[{key: row[key] for key in row if key not in clocks} for row in log] for log in logs]
    assert logs[0] == logs[1]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_half_precision_trains_too(recipe, tmp_path):
    """As `precision="auto"` chooses on processors with bfloat16."""
    finish(start(recipe, tmp_path / "run", 12, "--set", "precision=bf16"), tmp_path / "run")
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert len(rows) >= 2
    assert all(math.isfinite(value) for row in rows for value in row.values())
