"""Where are we running, on what, and where do files go?"""

from __future__ import annotations

import ctypes
import os
import platform
import random
import sys
from pathlib import Path

import numpy as np
import torch

from animelab import limits
from animelab.errors import LabError

_drive_runs: Path | None = None  # set by start(drive=True) on Colab


def pick_device(name: str = "auto") -> torch.device:
    """The device to compute on: "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises LabError when a device is asked for by name and this machine does not have it.
    """
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, present in has.items() if present))
    kind = (name := str(name)).partition(":")[0]
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if not has.get(kind, False) or name not in (kind, *(f"{kind}:{each}" for each in range(count))):
        present = ", ".join(kind for kind, there in has.items() if there)
        raise LabError(f"The device '{name}' is not available here; choose 'auto' or one of: {present}.")
    return torch.device(name)


def runs_bfloat16_fast(device: torch.device) -> bool:
    """Whether this device multiplies bfloat16 in hardware; elsewhere bfloat16 is emulated and slower than float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        # torch only tells under a private name; without it we stay in float32, which is always right.
        probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
        return bool(probe and probe())
    return False


def keep_memory() -> None:
    """Let the C library of Linux keep what is freed: else large tensors go back, to be fetched page by page.

    Some work of networks on a CPU takes half the time (`course/measurements.md`). Other systems are left alone.
    """
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        for option, value in ((-4, 0), (-1, 2**31 - 1)):  # M_MMAP_MAX and M_TRIM_THRESHOLD: back only beyond 2 GB
            ctypes.CDLL(None).mallopt(option, value)


keep_memory()


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (all devices)."""
    seed = limits.whole("seed", seed, limits.SEEDS)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def seed_step(seed: int, step: int) -> None:
    """Seed one training step: its random numbers are a function of both, and no run has to keep their state."""
    seed_everything(int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0] >> 1))


def scale() -> str:
    """ "smoke" when ANIMELAB_SCALE=smoke asks every lesson for a run of seconds (tests do), otherwise "full"."""
    value = os.environ.get("ANIMELAB_SCALE", "full")
    if value not in ("smoke", "full"):
        raise LabError(f"ANIMELAB_SCALE is '{value}'; set it to 'smoke' or 'full'.")
    return value


def on_colab() -> bool:
    """Whether this is a Google Colab kernel."""
    return "google.colab" in sys.modules


def cache_dir() -> Path:
    """The folder for things that can be made again (drawn datasets); ANIMELAB_CACHE moves it."""
    if "ANIMELAB_CACHE" in os.environ:
        return Path(os.environ["ANIMELAB_CACHE"])
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "animelab"


def runs_dir() -> Path:
    """The folder for training runs: ANIMELAB_RUNS, else Google Drive after start(drive=True), else ./runs."""
    return Path(os.environ["ANIMELAB_RUNS"]) if "ANIMELAB_RUNS" in os.environ else _drive_runs or Path("runs")


def describe(device: torch.device) -> str:
    """The device in words, for a log or a greeting."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple GPU" if device.type == "mps" else f"CPU, threads: {torch.get_num_threads()}"


def start(drive: bool = False) -> None:
    """Begin a lesson: on Colab optionally keep runs on Google Drive, and say in one line what we compute on."""
    global _drive_runs
    if drive and on_colab():
        from google.colab import drive as google_drive

        try:
            google_drive.mount("/content/drive")
        except Exception as error:  # Colab has several for a reader who says no
            raise LabError(f"Your Drive stays closed ({error}): run this again, or untick save_to_drive.") from error
        # Not in MyDrive/animelab: where a class shares its bundle, that is a folder of everybody's.
        _drive_runs = Path("/content/drive/MyDrive/animelab-runs")
    device = pick_device()
    gpu = f"GPU: {describe(device)}." if device.type != "cpu" else f"No GPU: using the {describe(device)}."
    smoke = " Smoke scale: everything is tiny." if scale() == "smoke" else ""
    print(f"{gpu} Runs are saved in {runs_dir().absolute()}.{smoke}")
