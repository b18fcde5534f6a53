"""Two processes, or parts that take turns, train as one process does on the whole batch."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from processes import Process

from animelab.data.drawing import Cast, Side, drawn
from animelab.engine import read_log

# Not here: recipes with batch norm or dropout, which see their own rows only. StyleGAN2's shares hold whole groups of
# its minibatch statistics. Small networks make the same of rounding errors in 20 steps as large ones in hundreds.
EXACT = {
    "stylegan2": {"batch": 8, "attributes": True, "mismatch": 1.0, "ada_target": 0.6, "path_weight": 2.0},
    "cyclegan": {"batch": 4, "width": 8, "seed": 1},
}
SLOW = {
    "cut": {"batch": 4},
    "cartoongan": {"batch": 4},
    "animegan": {"batch": 4},
    "ugatit": {"batch": 2},
}
ALL = [*EXACT, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
SETTINGS = EXACT | SLOW


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def train(out: Path, recipe: str, steps: int, processes: int = 1, **more: Any) -> list[dict[str, Any]]:
    """What each process has seen."""
    asked = {"recipe": recipe, "out": str(out), "steps": steps, "settings": SETTINGS[recipe], **more}
    several = {"WORLD_SIZE": processes, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    started, said = [], out.with_suffix(".txt")
    for rank in range(processes):
        place = {"RANK": rank, "LOCAL_RANK": rank, **several} if processes > 1 else {}
        environment = {**os.environ, **{key: str(value) for key, value in place.items()}}
        started.append(Process(["sharing", json.dumps(asked)], said, said, environment))
    assert [each.wait(300) for each in started] == [0] * processes, said.read_text()
    return [torch.load(out / f"seen-{rank}.pt", weights_only=True) for rank in range(processes)]


def networks(state: dict[str, Any]) -> dict[str, Any]:
    """Of a recipe's state what a training is for: no optimizer's moments, which may have any size."""
    return {name: value for name, value in state.items() if not isinstance(value, dict) or "param_groups" not in value}


def apart(first: Any, second: Any, place: str = "") -> dict[str, float]:
    """The places at which two states differ, and by how much."""
    if isinstance(first, dict):
        pairs = [(f"{place}.{key}", value, second[key]) for key, value in first.items()]
    elif isinstance(first, list | tuple):
        pairs = [(f"{place}.{i}", *pair) for i, pair in enumerate(zip(first, second, strict=True))]
    elif isinstance(first, torch.Tensor):
        # w's mean, which only truncation needs, is that of the first process's rows.
        far = 0.0 if "mapping.mean" in place else float((first - second).double().abs().max()) if first.numel() else 0.0
        return {place: far} if far else {}
    else:
        return {} if first == second else {place: float("inf")}
    return {key: value for pair in pairs for key, value in apart(*pair[1:], pair[0]).items()}


def test_a_difference_would_be_seen() -> None:
    assert apart({"a": [torch.ones(2)]}, {"a": [torch.tensor([1.0, 3.0])]}) == {".a.0": 2.0}
    assert apart({"step": 3}, {"step": 4}) == {".step": float("inf")}


@pytest.mark.parametrize("recipe", ALL)
def test_two_processes_feel_the_whole_batch(recipe: str, tmp_path: Path) -> None:
    """The gradients of the first step, in float32, as far apart as rounding makes them."""
    one = train(tmp_path / "one", recipe, 1)[0]["gradients"]
    two = train(tmp_path / "two", recipe, 1, 2)
    assert one
    for seen in two:
        for name, gradients in one.items():
            alone, together = (
                torch.cat([each.flatten() for each in of]) for of in (gradients, seen["gradients"][name])
            )
            assert (alone - together).norm() <= 1e-6 * alone.norm(), name


@pytest.mark.parametrize("recipe", ALL)
def test_two_processes_end_where_one_does(recipe: str, tmp_path: Path) -> None:
    [one] = train(tmp_path / "one", recipe, 20, double=True)
    first, second = train(tmp_path / "two", recipe, 20, 2, double=True)
    far = apart(networks(one["state"]), networks(first["state"]))
    assert max(far.values(), default=0.0) < 1e-8, far
    assert not apart(first["state"], second["state"]), "both go on with the same weights, bit for bit"

    # Each computes its share only: half of every batch, and half of all pictures that the networks see.
    half = SETTINGS[recipe]["batch"] // 2
    order = one["rows"][-20:]
    assert first["rows"][-20:] == [rows[:half] for rows in order]
    assert second["rows"][-20:] == [rows[half:] for rows in order]
    seen = {name: count for name, count in one["pictures"].items() if count}
    assert len(seen) >= 2, "a generator and a discriminator, at least"
    for name, count in seen.items():
        assert second["pictures"][name] == count // 2, name


@pytest.mark.parametrize(
    ("recipe", "processes", "parts"), [("stylegan2", 1, 2), ("cyclegan", 1, 4), ("cyclegan", 2, 2)]
)
def test_parts_that_take_turns_end_where_the_whole_batch_does(
    recipe: str, processes: int, parts: int, tmp_path: Path
) -> None:
    [one] = train(tmp_path / "one", recipe, 20, double=True)
    several = train(tmp_path / "parts", recipe, 20, processes, parts=parts, double=True)
    far = apart(networks(one["state"]), networks(several[0]["state"]))
    assert max(far.values(), default=0.0) < 1e-8, far


def test_a_run_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    [one] = train(tmp_path / "one", "cyclegan", 20, double=True)
    train(tmp_path / "run", "cyclegan", 10, 2, double=True)
    [rest] = train(tmp_path / "run", "cyclegan", 20, double=True)
    assert len(rest["rows"]) < 15, "it went on from step 10"
    far = apart(networks(one["state"]), networks(rest["state"]))
    assert max(far.values(), default=0.0) < 1e-8, far
    back = train(tmp_path / "back", "cyclegan", 10, double=True)
    both = train(tmp_path / "back", "cyclegan", 20, 2, double=True)
    far = apart(networks(one["state"]), networks(both[1]["state"]))
    assert len(back) == 1 and max(far.values(), default=0.0) < 1e-8, far
    assert [row["step"] for row in read_log(tmp_path / "back" / "log.jsonl")] == [5, 10, 15, 20], "one of two wrote"


def torchrun(out: Path, *more: object, processes: int = 2) -> subprocess.Popen[str]:
    """A training started as the README says."""
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        processes,
        "--master-port",
        free_port(),
    ]
    command += ["-m", "animelab", "train", "stylegan2", "--preset", "smoke", "--out", out, *more]
    return subprocess.Popen(
        [*map(str, command)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def test_torchrun_trains_and_one_process_speaks(tmp_path: Path) -> None:
    training = torchrun(tmp_path / "run", "--set", "precision=fp32")
    text = training.communicate(timeout=300)[0]
    assert training.returncode == 0, text
    assert text.count("weights, log, previews and time lapse are in") == 1, text
    assert [row["step"] for row in read_log(tmp_path / "run" / "log.jsonl")] == [5, 10, 15, 20]
    assert (tmp_path / "run" / "weights.safetensors").exists()


def test_what_fails_everywhere_is_said_once(tmp_path: Path) -> None:
    training = torchrun(tmp_path / "run", "--set", "batch=7")
    text = training.communicate(timeout=300)[0]
    assert training.returncode != 0
    assert (
        len(re.findall("^animelab: batch=7 cannot be cut into 2 equal parts; make it a multiple of 2.$", text, re.M))
        == 1
    )
    assert text.count("animelab: ") == 1, text


@pytest.mark.slow
def test_a_killed_process_ends_all_and_the_run_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    training = torchrun(out, "--steps", 100_000, "--set", "checkpoint_every=5")
    deadline = time.monotonic() + 120
    while not list(out.glob("checkpoints/step-*.pt")) and time.monotonic() < deadline:
        time.sleep(0.2)
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(training.pid)], capture_output=True, text=True).stdout
    os.kill(int(children.split()[-1]), 9)
    text = training.communicate(timeout=120)[0]
    assert training.returncode != 0 and "Traceback" not in text.partition("torch/distributed")[0], text
    step = max(int(path.stem[5:]) for path in out.glob("checkpoints/step-*.pt"))
    again = torchrun(out, "--steps", step + 5, "--resume", processes=1)
    text = again.communicate(timeout=300)[0]
    assert again.returncode == 0 and f"resumed at step {step} of {step + 5}" in text, text


def test_two_other_commands_are_no_group(tmp_path: Path) -> None:
    """As where one of two machines was given another learning rate."""
    port, said, started = free_port(), [tmp_path / f"{rank}.txt" for rank in range(2)], []
    for rank in range(2):
        asked = {
            "recipe": "cyclegan",
            "out": str(tmp_path / "run"),
            "steps": 3,
            "settings": {"batch": 4, "lr": 1e-4 + rank},
        }
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        environment = {**os.environ, **{key: str(value) for key, value in place.items()}}
        started.append(Process(["sharing", json.dumps(asked)], said[rank], said[rank], environment))
    assert all(each.wait(120) for each in started), "both end"
    assert sum("has other settings or pictures than the first" in each.read_text() for each in said) == 1
    assert not list((tmp_path / "run").glob("checkpoints/step-*.pt"))


def test_accumulate_is_a_larger_batch(tmp_path: Path) -> None:
    runs = {}
    for name, more in {"large": ["--set", "batch=8"], "parts": ["--set", "batch=4", "--accumulate", "2"]}.items():
        out = tmp_path / name
        command = ["animelab", "train", "stylegan2", "--preset", "smoke", "--steps", "5", "--set", "precision=fp32"]
        training = Process([*command, "--out", out, *more], out.with_suffix(".txt"), out.with_suffix(".txt"))
        assert training.wait(300) == 0, out.with_suffix(".txt").read_text()
        runs[name] = torch.load(out / "checkpoints" / "step-00000005.pt", weights_only=True)["recipe"]
        assert json.loads((out / "run.json").read_text())["config"]["batch"] == 8
    # Where a gradient is nothing but rounding, Adam makes a whole step of it.
    far = apart({key: runs["large"][key] for key in "GD"}, {key: runs["parts"][key] for key in "GD"})
    assert max(far.values()) < 1e-3, far


def test_who_comes_second_waits_for_the_drawing_and_takes_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    pixels, name = drawn(Cast(), Side.named("cel"), 16, 8, cache=tmp_path / "other")
    cache.mkdir()
    words = "from animelab.data.drawing import *; drawn(Cast(), Side.named('cel'), 16, 8, cache={!r})"
    script = tmp_path / "second.py"
    script.write_text(words.format(str(cache)))
    with FileLock(cache / f"{name}.lock"):
        second = subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(8)
        (tmp_path / "other" / f"{name}.npy").rename(cache / f"{name}.npy")
        before = (cache / f"{name}.npy").stat().st_mtime_ns
    errors = second.communicate(timeout=120)[1]
    assert second.returncode == 0 and "Drawing" not in errors, errors
    assert (cache / f"{name}.npy").stat().st_mtime_ns == before and len(pixels) == 8
