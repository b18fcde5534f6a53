"""A learner's own pictures: any folder, whatever is in it."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm.auto import tqdm

from animelab.data.pictures import Pictures
from animelab.errors import LabError

SMALLEST = 16  # pixels on the shorter side; below, there is no face to learn
TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What else Pillow raises for files that are broken, cut off, hostile, or no pictures at all.
BROKEN: tuple[type[Exception], ...] = (OSError, ValueError, ArithmeticError, SyntaxError, RuntimeError, EOFError)
BROKEN += (LookupError, TypeError, struct.error, zlib.error)
UNUSABLE: tuple[type[Exception], ...] = (*TOO_LARGE, *BROKEN)


class ImageFolder(Pictures):
    """All the pictures in a folder and the folders inside it, sorted by name, cropped to their central square.

    path: the folder; size: side in pixels that every picture is resized to (antialiased bicubic).
    Any format and mode that Pillow reads: transparency becomes white, a photo is turned as its EXIF says, an animation
    gives its first frame, 16 bits become 8. Hidden files are passed over in silence. Files that are no pictures,
    broken, cut off, absurdly large (Pillow's decompression-bomb limit) or smaller than 16 px on a side are left out;
    one printed line counts and names them, and `skipped` lists each (path, reason).
    Raises LabError when the folder is missing or a file, or when it has no usable picture.
    """

    def __init__(self, path: str | Path, size: int = 64) -> None:
        folder = Path(path).expanduser()
        files = files_in(folder)
        pixels = np.empty((len(files), size, size, 3), np.uint8)
        self.skipped: list[tuple[Path, str]] = []
        count = 0
        for file in tqdm(files, desc=f"Reading {folder.name}", unit=" files", disable=len(files) < 500):
            try:
                pixels[count] = np.asarray(square(file, size))
                count += 1
            except UnidentifiedImageError:
                self.skipped.append((file, "not a picture"))
            except TOO_LARGE:
                self.skipped.append((file, f"more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels"))
            except BROKEN as problem:
                self.skipped.append((file, str(problem) or type(problem).__name__))
        if self.skipped:
            named = ", ".join(f"{file.relative_to(folder).as_posix()} ({why})" for file, why in self.skipped[:3])
            more = f" and {len(self.skipped) - 3} more, listed in .skipped" if len(self.skipped) > 3 else ""
            print(f"Skipped {len(self.skipped)} of {len(files)} files in {folder}: {named}{more}.")
        if count == 0:
            raise LabError(f"None of the {len(files)} files in {folder} is a picture that can be used; try another.")
        super().__init__(pixels[:count], f"folder {folder.resolve().name}")


def files_in(folder: Path) -> list[Path]:
    """Every file under the folder that is not hidden, in an order that does not depend on the platform."""
    if folder.is_file():
        raise LabError(f"{folder} is a file; give the folder it lies in: {folder.parent}")
    if not folder.is_dir():
        raise LabError(f"There is no folder {folder} (looked from {Path.cwd()}); check the path.")
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [path for name in names if not name.startswith(".") and (path := Path(where, name)).is_file()]
    if not found:
        raise LabError(f"There are no files in {folder}; put pictures there, or give another folder.")
    return sorted(found, key=lambda file: file.relative_to(folder).as_posix())


def square(file: Path, size: int, wide: int = 1) -> Image.Image:
    """The central square of a picture (or, with wide=2, two squares side by side), on white; errors as in `opened`."""
    return ImageOps.fit(opened(file)[0], (wide * size, size), Image.Resampling.BICUBIC)


def opened(file: Path) -> tuple[Image.Image, Image.Image | None]:
    """A picture upright, as 8-bit RGB on white, whatever its mode, and its transparency if it has any ("L").

    Raises one of UNUSABLE for what is no picture, broken, absurdly large or smaller than 16 px.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(file) as source:
            if min(source.size) < SMALLEST:
                raise ValueError(f"{source.width} x {source.height} px, smaller than {SMALLEST}")
            image = ImageOps.exif_transpose(source)
        if image.mode == "F" or image.mode.startswith("I"):
            values = np.asarray(image, dtype=np.float64)
            # Integers come from 16-bit files (Pillow calls some of them 32-bit); floats count to 1 or to 255.
            top = 65535 if image.mode != "F" else 1 if values.max() <= 1 else 255
            image = Image.fromarray((values.clip(0, top) * (255 / top)).round().astype(np.uint8))
        alpha = None
        if image.getbands()[-1] in ("A", "a") or "transparency" in image.info:
            image = image.convert("RGBA")
            alpha = image.getchannel("A")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image.convert("RGB"), alpha
