"""STAND_IN_UPLOAD names the file that the reader chooses; without it, they close the dialog."""

import os
import shutil
from pathlib import Path


def upload(target_dir: str = "") -> dict[str, bytes]:
    if "STAND_IN_UPLOAD" not in os.environ:
        return {}
    chosen = Path(os.environ["STAND_IN_UPLOAD"])
    name = chosen.name
    if Path(target_dir, name).exists():  # as Colab does
        name = f"{chosen.stem} (1){chosen.suffix}"
    shutil.copy(chosen, Path(target_dir, name))
    print(f"Saving {chosen.name} to {name}")
    return {name: chosen.read_bytes()}
