"""The one door for pictures, from a folder, a browser, a run or the package; and the one way to write a file."""

from __future__ import annotations

import errno
import os
import re
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from safetensors import SafetensorError

from animelab.errors import LabError, reason, shown

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # by content; of the others Pillow knows, one runs PostScript
LARGEST = 2**28  # bytes of a file
MOST_PIXELS = 8192 * 6144  # more than phones take; laid on white, they need 1 GB
MOST_SCANS = 200  # of a JPEG, which has about 10; a small file with thousands would take hours
SMALLEST = 16  # pixels on the shorter side of a picture to work on; below, there is no face to see
# What a system says of what could not be written, other than that there is no room.
OTHER_REASONS = {os.strerror(number) for number, name in errno.errorcode.items() if name not in ("ENOSPC", "EDQUOT")}
Source = str | Path | bytes  # a path, or a file's content
Sides = tuple[int, int]  # the least and the greatest side in pixels


class BadPicture(LabError):
    """A picture that cannot be used; `reason` is the part of the sentence that says why."""

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason


def opened(source: Source, sides: Sides = (SMALLEST, MOST_PIXELS)) -> tuple[Image.Image, Image.Image | None]:
    """A picture upright, as 8-bit RGB on white, whatever its mode, and its transparency if it has any ("L").

    Raises BadPicture as `read` does, and for sides outside of `sides`.
    """
    with _stored(source, sides) as stored:
        image: Image.Image = stored
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode == "F" or image.mode.startswith("I"):
            values = np.asarray(image, dtype=np.float32)
            if not np.isfinite(values).all():
                raise ValueError("NaN or infinity among its numbers")
            # Of 8 to 16 bits, whatever the file has room for (Pillow calls some 32-bit); floats count to 1 or to 255.
            tops = (1, 255) if image.mode == "F" else (255, 1023, 4095, 16383, 65535)
            top = next((top for top in tops if values.max() <= top), tops[-1])
            image = Image.fromarray((values.clip(0, top) * (255 / top)).round().astype(np.uint8))
        alpha = None
        if image.getbands()[-1] in ("A", "a") or "transparency" in image.info:
            image = image if image.mode == "RGBA" else image.convert("RGBA")
            alpha = image.getchannel("A")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image.convert("RGB"), alpha


def read(source: Source) -> Image.Image:
    """A picture as it is stored, in its own mode and of any size; of an animation the first frame.

    Raises BadPicture for what is no regular file, too large in bytes or pixels, none of FORMATS, or broken.
    """
    with _stored(source, (1, MOST_PIXELS)) as stored:
        return stored.copy()


def is_picture(content: bytes) -> bool:
    """Whether a file's content begins as one of FORMATS does; nothing is decoded."""
    try:
        with _stored(content, (1, MOST_PIXELS)):
            return True
    except BadPicture:
        return False


@contextmanager
def _stored(source: Source, sides: Sides) -> Iterator[Image.Image]:
    """A picture whose pixels are still to be decoded; what Pillow raises for it, here or inside, is a BadPicture."""
    try:
        content = source if isinstance(source, bytes) else _content(Path(source))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata, and on pixels, which are counted below
            with Image.open(BytesIO(content), formats=FORMATS) as image:
                scans = content.count(b"\xff\xda") if image.format == "JPEG" else 0
                if not sides[0] <= min(image.size) <= max(image.size) <= sides[1]:
                    few = image.width * image.height <= MOST_PIXELS and scans <= MOST_SCANS
                    if isinstance(source, bytes) and few:  # from a browser, which would have made a whole one smaller
                        image.load()
                    limit = f"smaller than {sides[0]}" if min(image.size) < sides[0] else f"larger than {sides[1]}"
                    raise ValueError(f"{image.width} x {image.height} px, {limit}")
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                if scans > MOST_SCANS:
                    raise ValueError(f"more than {MOST_SCANS} scans")
                yield image
    except Exception as problem:  # Pillow's readers raise whatever Python and their libraries do
        why = reason(problem)
        if isinstance(problem, Image.DecompressionBombError):
            why = f"more than {MOST_PIXELS:,} pixels"
        elif isinstance(problem, UnidentifiedImageError):
            why = "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
        name = "That picture" if isinstance(source, bytes) else source
        raise BadPicture(f"{name} cannot be used ({why}); repair it, or take another.", why) from problem


def one_name(text: str) -> str:
    """The name of a file or folder that a person typed; LabError unless it stays where it is put, on every system."""
    name = text.strip()
    if not name or len(name.encode("utf-8", "replace")) > 200:
        raise LabError("A name has 1 to 200 letters; type another.")
    if shown(name, 200) != name or re.search(r'[<>:"/\\|?*]', name) or name[0] == "." or name[-1] == ".":
        raise LabError(f"'{name}' is no name to save under: no / \\ : * ? \" < > |, and no dot at either end.")
    if re.fullmatch(r"(?i)(con|conin\$|conout\$|clock\$|prn|aux|nul|(com|lpt)[\d¹²³])( *\..*)?", name):
        raise LabError(f"'{name}' is a device's name on Windows; type another.")
    return name


def _content(path: Path) -> bytes:
    found = path.stat()  # before it is opened: a FIFO waits for ever, and with a device, opening may do something
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("a folder" if stat.S_ISDIR(found.st_mode) else "a FIFO, a device or a socket, and no file")
    if found.st_size > LARGEST:
        raise ValueError(f"{found.st_size / 1e6:,.0f} MB, more than {LARGEST / 1e6:.0f}")
    return path.read_bytes()


def write_atomically(path: Path, write: Callable[[Path], object], sync: bool = True) -> None:
    """Call `write(temporary_path)`, sync it to disk and rename it: a reader sees the old file or the new one.

    sync: whether it must outlive a power cut. Raises LabError as `writing` does.
    """
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}")  # a name that fits on the disk is never too long
    with writing(path, sync):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.touch()
            mode = temporary.stat().st_mode
            write(temporary)
            if temporary.stat().st_mode != mode:  # safetensors puts a file in its place that nobody else may read
                temporary.chmod(mode)
            if sync:
                with open(temporary, "rb+") as file:
                    os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8; see `write_atomically`."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


@contextmanager
def writing(path: Path, goes_on: bool = True) -> Iterator[None]:
    """Inside, a full disk (or one that must not be written) is one LabError, in whatever words a library reports it.

    goes_on: whether the same command takes up what was written before, as training does.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        words = _words(error)
        room = "" if words in OTHER_REASONS else "free some space there or "
        then = "another folder, and run the same again" if goes_on else "a new folder or name"
        advice = f"{room}choose {then}: what was written before is still there"
        raise LabError(f"{path.name} could not be written into {path.parent} ({words}); {advice}.") from error


def _words(error: BaseException) -> str:
    """What the system said: PyTorch keeps it in the error before, safetensors as a number in its text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return reason(cause)
        cause = cause.__context__
    number = re.search(r"os error (\d+)", str(error))
    return os.strerror(int(number[1])) if number else reason(error)


def save_picture(image: Image.Image, path: Path) -> None:
    """Write a picture in the format that its name ends in. Raises LabError for another one, and as `writing` does."""
    kind = Image.registered_extensions().get(path.suffix.lower(), "")
    if kind not in Image.SAVE:
        raise LabError(f"{path} should end in .png, .jpg or .webp, which says how the picture is written.")
    write_atomically(path, lambda temporary: image.save(temporary, kind), sync=False)


def sweep(folder: Path, names: str) -> None:
    """Remove what writes that were killed left in the folder, of files whose names match; only under a run's lock."""
    for path in folder.glob(".*"):
        if re.fullmatch(rf"\.({names})\.\d+", path.name) and path.is_file():
            path.unlink()
