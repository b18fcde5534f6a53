"""make gpu: what a rented GPU should tell in its first eight minutes, and leave behind.

    python tests/bench/gpu.py [--minutes 8] [--smoke] [--out build/gpu]

Five parts, each in a process and with a time limit of its own; what a part found is written to OUT/results.json, and
a second call takes up where the first ended, also within a part that ran out of time. `card` measures what the card
can do at best, `correctness` holds every recipe against the CPU, `steps` times ours beside the official ones
(official_steps.py), `levers` tries channels_last and torch.compile, with and without CUDA graphs, and `training` spends
the rest on StyleGAN2 at 128 px: it stops in time, draws, and is scored. --smoke does all of it in small, on any
machine: nobody should pay for a typo.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import official_steps
import torch
from torch.nn.functional import conv2d
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from animelab import engine, env
from animelab.config import change
from animelab.recipes import RECIPES

LIMITS = {"card": 30, "correctness": 90, "steps": 120, "levers": 90}  # seconds; the training takes what is left
RESERVE = 45  # seconds after the training, for drawing and scoring
FACES, T4 = 20_000, ["--preset", "t4", "--set", "attributes=true"]
DRAWN = (torch.rand, torch.randn, torch.randint, torch.randperm)


class OnTheCPU(TorchFunctionMode):
    """Inside, random numbers are drawn on the CPU and then moved, so that every device has the same."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in DRAWN and kwargs.get("generator") is None:
            device = kwargs.pop("device", None)
            return func(*args, **kwargs, device="cpu").to(device or "cpu")
        return func(*args, **kwargs)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], device: torch.device, rounds: int) -> float:
    """Median time of one call, after two that do not count."""
    times = []
    for _ in range(rounds + 2):
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


# ---- the parts: each yields rows as it finds them, but for those of the names that are done


def card(device: torch.device, smoke: bool, done: set[str]) -> Any:
    """What this card is, and how fast convolutions are at best: 3 x 3, 256 to 256 channels."""
    yield {"name": "card", "device": env.describe(device), "torch": torch.__version__}
    side, batch = (16, 2) if smoke else (64, 64)
    for name, kind, tf32 in (
        ("fp32", torch.float32, False),
        ("tf32", torch.float32, True),
        ("bf16", torch.bfloat16, True),
    ):
        torch.backends.cudnn.allow_tf32 = tf32
        x = torch.randn(batch, 256, side, side, device=device, dtype=kind).to(memory_format=torch.channels_last)
        weight = torch.randn(256, 256, 3, 3, device=device, dtype=kind).to(memory_format=torch.channels_last)
        took = seconds(lambda x=x, weight=weight: conv2d(x, weight, padding=1), device, 5 if smoke else 30)
        yield {"name": name, "teraflops": round(2 * 9 * 256 * 256 * batch * side * side / took / 1e12, 3)}


def correctness(device: torch.device, smoke: bool, done: set[str]) -> Any:
    """One step of every recipe on the CPU and here: losses and gradients, relative to the CPU's; and a resume."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    for name in [each for each in RECIPES if each not in done]:
        kind = RECIPES[name]
        config = change(kind.presets["smoke"], precision="fp32")
        data = kind.data(config)
        felt: dict[str, dict[str, float]] = {}
        for label, where, precision in (("cpu", "cpu", "fp32"), ("here", device, "fp32"), ("bf16", device, "bf16")):
            with OnTheCPU():
                recipe = kind(replace(config, precision=precision), where)
                gradients = without_dropout(recipe)
                env.seed_step(0, 0)
                with recipe.autocast():
                    losses = recipe.step(data.batch(torch.arange(config.batch), recipe.device))
                felt[label] = gradients | {key: float(value) for key, value in losses.items()}
        row: dict[str, Any] = {"name": name}
        for label in ("here", "bf16"):
            pairs = [(value, felt[label][key]) for key, value in felt["cpu"].items()]
            row[label] = max(abs(a - b) / max(abs(a), 1e-3) for a, b in pairs)
        yield {**row, "right": row["here"] < 1e-3}
    kind = RECIPES["r3gan"]
    with tempfile.TemporaryDirectory() as folder:
        states = []
        for name, parts in (("straight", (6,)), ("resumed", (3, 6))):
            for steps in parts:
                config = change(kind.presets["smoke"], steps=steps, precision="fp32")
                run = engine.train(kind(config, device), kind.data(config), Path(folder) / name, watch=lambda _: None)
            states.append(run.recipe.G.state_dict())
        far = max(
            float((a - b).abs().max()) for a, b in zip(*(state.values() for state in states)) if a.is_floating_point()
        )
        yield {"name": "resumed", "apart": far, "right": far < 1e-3}


def without_dropout(recipe: engine.Recipe) -> dict[str, float]:
    """Switches off what each device drops by numbers of its own; gets the size of each optimizer's first gradient."""
    gradients: dict[str, float] = {}

    def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        weights = [each for group in optimizer.param_groups for each in group["params"] if each.grad is not None]
        size = torch.stack([each.grad.float().norm() for each in weights]).norm()
        gradients.setdefault(f"gradient {len(weights)}", float(size))

    for value in vars(recipe).values():
        if isinstance(value, torch.optim.Optimizer):
            value.register_step_pre_hook(note)
        for module in value.modules() if isinstance(value, torch.nn.Module) else ():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    return gradients


def steps(device: torch.device, smoke: bool, done: set[str]) -> Any:
    """Our step and the official one in turn, at the papers' settings; images a second, memory, operations a second."""
    names = ("dcgan", "stylegan2") if smoke else official_steps.COMPARED
    for name in [each for each in names if each not in done]:
        if smoke:
            official, kind, config, _ = official_steps.COMPARED[name]
            small = (
                replace(config, batch=2, channel_base=256, channel_max=16)
                if name == "stylegan2"
                else replace(config, batch=2)
            )
            official_steps.COMPARED[name] = official, kind, small, 1
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        rows = official_steps.compare(name, apart=False)
        for row in rows:
            row["images_per_second"] = round(row["batch"] / row["ours_s"], 1)
            if device.type == "cuda":
                row["peak_GB_of_both"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
            row["teraflops"] = round(flops(name, device) / row["ours_s"] / 1e12, 6)
        yield {"name": name, "precisions": rows}


def flops(name: str, device: torch.device) -> int:
    """Floating point operations of one of our steps, without a lazy penalty, which the counter cannot follow."""
    recipe, batch = prepared(name, device, "fp32")
    if hasattr(recipe, "steps_done"):
        recipe.steps_done += 1
    with FlopCounterMode(display=False) as counter:
        recipe.step(batch)
    return counter.get_total_flops()


def prepared(name: str, device: torch.device, precision: str, **more: Any) -> tuple[engine.Recipe, Any]:
    """A recipe at its official settings, and a batch of noise for it."""
    _, kind, config, _ = official_steps.COMPARED[name]
    config = replace(config, precision=precision, **more)
    shape = (config.batch, 3, config.size, config.size)
    sides = tuple((torch.rand(shape) * 2 - 1).to(device) for _ in range(2))
    return kind(config, device), sides[0] if name in ("dcgan", "stylegan2") else sides


def levers(device: torch.device, smoke: bool, done: set[str]) -> Any:
    """What channels_last and torch.compile are worth: images a second of one recipe after the other."""
    precision = "bf16" if env.runs_bfloat16_fast(device) else "fp32"
    for name in ("dcgan",) if smoke else ("dcgan", "pix2pix", "cyclegan"):
        for lever in ("plain", "channels_last", "compile", "compile with graphs"):
            if f"{name}, {lever}" in done:
                continue
            recipe, batch = prepared(name, device, precision, **({"batch": 2} if smoke else {}))
            for part in ("G", "D", "D_a", "D_b"):
                network = getattr(recipe, part, None)
                if network is not None:
                    layout = torch.contiguous_format if lever == "plain" else torch.channels_last
                    network.to(memory_format=layout)
                if network is not None and lever.startswith("compile"):
                    network.compile(mode="reduce-overhead" if lever.endswith("graphs") else None)

            def work(recipe: engine.Recipe = recipe, batch: Any = batch) -> None:
                with recipe.autocast():
                    recipe.step(batch)

            row = {"name": f"{name}, {lever}", "precision": precision}
            try:
                took = seconds(work, device, 2 if smoke else 15)
                yield {**row, "images_per_second": round(recipe.config.batch / took, 1)}
            except (RuntimeError, OSError) as problem:  # a lever that a card or a version refuses is a finding, too
                yield {**row, "refused": f"{type(problem).__name__}: {str(problem).strip().splitlines()[0][:200]}"}


PARTS = {"card": card, "correctness": correctness, "steps": steps, "levers": levers}


def training(out: Path, limit: float, smoke: bool) -> dict[str, Any]:
    """StyleGAN2 for so many seconds, stopped as by Ctrl-C, with a grid and scores; a second call goes on."""
    run, animelab = out / "stylegan2", [sys.executable, "-m", "animelab"]
    chosen = ["--preset", "smoke", "--steps", "1000000"] if smoke else [*T4, "--set", f"faces={FACES}"]
    resume = ["--resume"] if list(run.glob("checkpoints/step-*.pt")) else []
    before = max((row["step"] for row in engine.read_log(run / "log.jsonl")), default=0)
    started = subprocess.Popen([*animelab, "train", "stylegan2", *chosen, "--out", str(run), *resume])
    try:
        started.wait(limit)
    except subprocess.TimeoutExpired:
        started.send_signal(signal.SIGINT)
        try:
            started.wait(60)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
    rows = engine.read_log(run / "log.jsonl")
    if started.returncode not in (0, 130) or not rows or rows[-1]["step"] <= before:
        return {"ended": f"failed, with exit code {started.returncode}", "step": before}
    (out / "faces.png").unlink(missing_ok=True)  # of a call before
    subprocess.run([*animelab, "sample", str(run), "--count", "64", "--out", str(out / "faces.png")], check=True)
    found = {"ended": "whole", **{key: rows[-1][key] for key in ("step", "seconds", "images_per_second")}}
    if not smoke:
        scored = subprocess.run([*animelab, "evaluate", str(run)], capture_output=True, text=True)
        found["scores"] = (scored.stdout or scored.stderr)[-2000:]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--out", type=Path, help="build/gpu, or build/gpu-smoke")
    parser.add_argument("--part", choices=PARTS, help="what a call runs in a process of its own")
    parser.add_argument("--done", nargs="*", default=[], help="names that an earlier call has found")
    options = parser.parse_args()
    options.out = options.out or Path("build/gpu-smoke" if options.smoke else "build/gpu")
    device = env.pick_device()
    if options.part:
        for row in PARTS[options.part](device, options.smoke, set(options.done)):
            if row["name"] not in options.done:
                print("row", json.dumps(row), flush=True)
        return
    if device.type != "cuda" and not options.smoke:
        sys.exit("make gpu: there is no NVIDIA GPU here; python tests/bench/gpu.py --smoke tries the script itself.")
    began, results = time.monotonic(), options.out / "results.json"
    options.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}

    def keep(part: str, value: Any) -> None:
        found[part] = value
        beside = results.with_suffix(".partial")
        beside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        os.replace(beside, results)

    for part, limit in LIMITS.items():
        before = found.get(part, {"ended": "", "rows": []})
        if before["ended"] == "whole":
            print(f"{part}: found before")
            continue
        known = ["--done", *(row["name"] for row in before["rows"])]
        command = [sys.executable, __file__, "--part", part, *["--smoke"] * options.smoke, *known]
        with tempfile.TemporaryFile("w+") as said:
            child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, text=True)
            try:
                ended = "whole" if child.wait(600 if options.smoke else limit) == 0 else "failed"
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                ended = "out of time"
            said.seek(0)
            lines = said.read().splitlines()
        rows = before["rows"] + [json.loads(line[4:]) for line in lines if line.startswith("row ")]
        keep(part, {"ended": ended, "rows": rows, **({} if ended == "whole" else {"said": lines[-12:]})})
        print(f"{part}: {ended}, {len(rows)} rows, {time.monotonic() - began:.0f} s")
    if not options.smoke:  # before the clock of the training starts
        RECIPES["stylegan2"].data(change(RECIPES["stylegan2"].presets["t4"], attributes=True, faces=FACES))
    left = 10.0 if options.smoke else 60 * options.minutes - RESERVE - (time.monotonic() - began)
    keep("training", training(options.out, max(10.0, left), options.smoke))
    print(f"training: {found['training']}\nAll of it is in {results}.")
    wrong = [row["name"] for row in found["correctness"]["rows"] if not row["right"]]
    if wrong:
        print(f"Other losses or gradients than on the CPU: {', '.join(wrong)}.")
    if wrong or any(found[part]["ended"] != "whole" for part in (*LIMITS, "training")):
        sys.exit("Not every part came to a good end: that file says more. A second call tries again.")


if __name__ == "__main__":
    main()
