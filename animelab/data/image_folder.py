"""A learner's own pictures: any folder, whatever is in it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from animelab import limits
from animelab.bar import Bar
from animelab.data.pictures import Pictures
from animelab.errors import LabError, say, shown
from animelab.files import BadPicture, opened

LITTER = ("__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini")  # what Windows and archives of macOS leave
MOST_FILES = 100_000  # in a folder; with more it is a whole disk
RUN = ("run.json", "log.jsonl")  # what a folder of `animelab train` holds; its previews are nobody's training pictures


class ImageFolder(Pictures):
    """All the pictures in a folder and the folders inside it, sorted by name, cropped to their central square.

    path: the folder; size: side in pixels that every picture is resized to (antialiased bicubic).
    PNG, JPEG, WebP, GIF, BMP or TIFF, by content, of any mode: transparency becomes white, a photo is turned as its
    EXIF says, an animation gives its first frame, 16 bits become 8. Hidden files and the folders of training runs are
    passed over in silence. Files that are no pictures, broken, cut off, absurdly large or smaller than 16 px on a side
    are left out; one printed line counts and names them, and `skipped` lists each (path, reason).
    Raises LabError when the folder is missing or a file, or when it has no usable picture.
    """

    def __init__(self, path: str | Path, size: int = 64) -> None:
        size = limits.whole("size", size, limits.SETTINGS["size"])
        folder = existing(path)
        files = files_in(folder)
        pixels = bytearray()  # it grows with what can be used: most files may be none
        self.skipped: list[tuple[Path, str]] = []
        for file in Bar(files, desc=f"Reading {shown(folder.name, 30)}", unit=" files", disable=len(files) < 500):
            try:
                pixels += square(opened(file)[0], size).tobytes()
            except BadPicture as problem:
                self.skipped.append((file, problem.reason))
        if self.skipped:
            named = ", ".join(f"{shown(file.relative_to(folder).as_posix())} ({why})" for file, why in self.skipped[:3])
            more = f" and {len(self.skipped) - 3} more" if len(self.skipped) > 3 else ""
            say(f"Skipped {len(self.skipped)} of {len(files)} files in {folder}: {named}{more}.")
        if not pixels:
            raise LabError(f"None of the {len(files)} files in {folder} is a picture that can be used; try another.")
        super().__init__(np.frombuffer(pixels, np.uint8).reshape(-1, size, size, 3), f"folder {folder.resolve().name}")


def existing(path: str | Path) -> Path:
    """The folder that a learner names; LabError where there is none, as in an empty name, which is none either."""
    if not isinstance(path, str | Path) or not str(path).strip():
        raise LabError(f"The name of a folder with pictures is asked for, not {path!r}.")
    with suppress(RuntimeError, ValueError):  # a ~ of nobody is a name like others
        path = Path(path).expanduser()
    folder = Path(path)
    if folder.is_file():
        raise LabError(f"{folder} is a file; give the folder it lies in: {folder.parent}")
    if not folder.is_dir():
        raise LabError(f"There is no folder {folder} (looked from {Path.cwd()}); check the path.")
    return folder


def files_in(folder: Path) -> list[Path]:
    """Every file under the folder but hidden ones, LITTER and runs inside it, in an order of no platform."""
    folder = existing(folder)
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        if Path(where) != folder and set(RUN) <= {*names}:
            folders.clear()
            continue
        folders[:] = filter(_is_theirs, folders)
        found += [Path(where, name) for name in filter(_is_theirs, names)]
        if len(found) > MOST_FILES:
            raise LabError(f"{folder} holds more than {MOST_FILES:,} files; give the folder of the pictures alone.")
    if not found:
        raise LabError(f"There are no files in {folder}; put pictures there, or give another folder.")
    return sorted(found, key=lambda file: file.relative_to(folder).as_posix())


def _is_theirs(name: str) -> bool:
    return not name.startswith(".") and name not in LITTER


def square(picture: Image.Image, size: int, wide: int = 1) -> Image.Image:
    """The central square of a picture; with wide=2, two squares side by side."""
    return ImageOps.fit(picture, (wide * size, size), Image.Resampling.BICUBIC)
