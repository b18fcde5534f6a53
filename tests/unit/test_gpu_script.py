"""make gpu, in small and on the CPU, so that the first minute on a rented GPU is not spent on a typo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "bench" / "gpu.py"


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1200)


def test_without_a_gpu_it_says_so_at_once(tmp_path: Path) -> None:
    done = call("--out", tmp_path / "gpu")
    assert done.returncode == 1 and "there is no NVIDIA GPU here" in done.stderr
    assert not (tmp_path / "gpu").exists()


@pytest.mark.slow
def test_every_part_comes_to_its_end_and_a_second_call_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "gpu"
    done = call("--smoke", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((out / "results.json").read_text())
    assert {part: found[part]["ended"] for part in ("card", "correctness", "steps", "levers")} == dict.fromkeys(
        ("card", "correctness", "steps", "levers"), "whole"
    )
    from animelab.recipes import RECIPES

    rows = found["correctness"]["rows"]
    assert {row["name"] for row in rows} == {*RECIPES, "resumed"} and all(row["right"] for row in rows)
    assert all(0 < row["bf16"] < 0.1 for row in rows if "bf16" in row), "bfloat16 rounds, and not by much"
    assert [row["name"] for row in found["steps"]["rows"]] == ["dcgan", "stylegan2"]
    measured = [each for row in found["steps"]["rows"] for each in row["precisions"]]
    assert all(each["teraflops"] > 0 and each["ratio"] > 0 for each in measured)
    tried = ["plain", "channels_last", "compile", "compile with graphs"]
    assert [row["name"] for row in found["levers"]["rows"]] == [f"dcgan, {each}" for each in tried]
    assert (out / "faces.png").exists() and found["training"]["step"] > 0

    # A part that ran out of time goes on with what it lacks, the others are left alone; the training goes on.
    whole = found["correctness"]["rows"]
    found["correctness"] = {"ended": "out of time", "rows": [{**row, "here": 0.5} for row in whole[:-2]]}
    (out / "results.json").write_text(json.dumps(found))
    again = call("--smoke", "--out", out)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("found before") == 3 and "correctness: whole" in again.stdout
    later = json.loads((out / "results.json").read_text())
    assert later["training"]["step"] > found["training"]["step"]
    assert later["levers"] == found["levers"]
    assert later["correctness"]["rows"] == [*found["correctness"]["rows"], *whole[-2:]], "only what was missing is new"
