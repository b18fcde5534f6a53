"""Every recipe: steps before a kill -9 and steps after it equal an uninterrupted run, bit for bit."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from animelab.recipes import RECIPES

COMMAND = [sys.executable, "-m", "animelab", "train"]
STEPS = 60  # some more than the 20 of the promise, so that there is time to kill a run before it ends
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


@pytest.mark.parametrize("recipe", RECIPES)
def test_killed_and_resumed_equals_uninterrupted(recipe, tmp_path):
    environment = {**os.environ, "ANIMELAB_CACHE": str(tmp_path / "cache")}
    straight = [*COMMAND, recipe, *SETTINGS, "--out", str(tmp_path / "straight"), "--steps", str(STEPS)]
    subprocess.run(straight, env=environment, check=True)

    # The same run, killed without warning once it has passed step 10.
    folder = tmp_path / "killed"
    victim = subprocess.Popen(
        [*COMMAND, recipe, *SETTINGS, "--out", str(folder), "--steps", str(STEPS)], env=environment
    )
    deadline = time.monotonic() + 120
    while not (folder / "checkpoints" / "step-00000010.pt").exists():
        assert time.monotonic() < deadline, "the victim wrote no checkpoint"
        assert victim.poll() is None, "the victim ended by itself"
        time.sleep(0.005)
    victim.kill()
    victim.wait()
    assert not (folder / "checkpoints" / f"step-{STEPS:08d}.pt").exists(), "it ended before it could be killed"
    for path in folder.glob("checkpoints/step-*.pt"):  # it may have run a little further before it died
        if path.name > "step-00000010.pt":
            path.unlink()

    resume = [*COMMAND, recipe, *SETTINGS, "--out", str(folder), "--steps", str(STEPS), "--resume"]
    output = subprocess.run(resume, env=environment, check=True, capture_output=True, text=True).stdout
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
    environment = {**os.environ, "ANIMELAB_CACHE": str(tmp_path / "cache")}
    run = [*COMMAND, recipe, *SETTINGS, "--set", "precision=bf16", "--out", str(tmp_path / "run"), "--steps", "12"]
    subprocess.run(run, env=environment, check=True)
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert len(rows) >= 2
    assert all(math.isfinite(value) for row in rows for value in row.values())
