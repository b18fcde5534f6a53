"""STAND_IN_DRIVE names the folder that is the reader's Drive; without it, they refuse."""

import os
from pathlib import Path


def mount(mountpoint: str, force_remount: bool = False, timeout_ms: int = 120_000, readonly: bool = False) -> None:
    place = Path(mountpoint)
    if place.is_symlink():
        print(f"Drive already mounted at {place}; to attempt to forcibly remount, set force_remount=True.")
        return
    if "STAND_IN_DRIVE" not in os.environ:
        raise ValueError("mount failed")
    place.symlink_to(os.environ["STAND_IN_DRIVE"])
    print(f"Mounted at {place}")
