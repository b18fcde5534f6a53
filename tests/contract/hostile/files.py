"""Pictures, archives and names that would hang, grow, run or lie."""

from __future__ import annotations

import io
import os
import socket
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from animelab.cli import main
from animelab.data import ImageFolder, PairedFolder, UnpairedFolder, download
from animelab.engine.weights import save_weights
from animelab.nn import cyclegan
from animelab.widgets import CharacterDesigner, OwnPicture, Timelapse
from animelab.widgets.picture import sent_ink, sent_picture

Made = Callable[[Path], object]
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(marker) (w) file closefile\nshowpage\n"
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
NOT_ONE = "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
ODD_FILE = "a FIFO, a device or a socket, and no file"
SMALL = replace(download.SOURCES["selfie2anime"], least=4, drive="", mirrors=())


def stored(kind: str = "PNG", size: tuple[int, int] = (40, 40), mode: str = "RGB", **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **more)
    return buffer.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims such sides."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def scans(count: int) -> bytes:
    """A JPEG that comes with so many more passes over its pixels, of a few bytes each."""
    jpeg = stored("JPEG", (2000, 2000), progressive=True)
    return jpeg[:-2] + jpeg[jpeg.rindex(b"\xff\xda") : -2] * count + jpeg[-2:]


def text_chunk(size: int) -> bytes:
    """A PNG whose compressed remark has so many letters."""
    remark = b"zTXt" + b"a\0\0" + zlib.compress(bytes(size))
    whole = stored()
    return whole[:33] + struct.pack(">I", len(remark) - 4) + remark + struct.pack(">I", zlib.crc32(remark)) + whole[33:]


def tags(count: int) -> bytes:
    """A TIFF in which so many tags each hold all of its content."""
    size = 10**6
    found = b"".join(struct.pack("<HHII", 1000 + place, 7, size, 8) for place in range(count))
    return b"II*\0" + struct.pack("<I", 8 + size) + bytes(size) + struct.pack("<H", count) + found + bytes(4)


def floats(odd: float) -> bytes:
    buffer, values = io.BytesIO(), np.zeros((40, 40), np.float32)
    values[20, 20] = odd
    Image.fromarray(values).save(buffer, "TIFF")
    return buffer.getvalue()


PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "PostScript": (lambda: EPS, NOT_ONE),
    "PostScript that never ends": (lambda: EPS.replace(b"showpage", b"{} loop"), NOT_ONE),
    "PostScript behind a DOS head": (lambda: b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, len(EPS)) + bytes(18) + EPS,
                                     NOT_ONE),
    "broken PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n)", NOT_ONE),
    "PDF": (lambda: stored("PDF"), NOT_ONE),
    "text": (lambda: b"no picture", NOT_ONE),
    "nothing": (lambda: b"", NOT_ONE),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>', NOT_ONE),
    "a picture cut off": (lambda: stored("JPEG")[:-40], "truncated"),
    "a head without a body": (lambda: stored()[:33], "cannot be used"),
    "a billion pixels": (lambda: claiming(60_000, 60_000), "more than 50,331,648 pixels"),
    "a hundred million pixels": (lambda: claiming(12_000, 10_000), "more than 50,331,648 pixels"),
    "no pixels": (lambda: claiming(0, 0), "cannot be used"),
    "a JPEG of 20,000 scans": (lambda: scans(20_000), "more than 200 scans"),
    "a PNG with a remark of 10 MB": (lambda: text_chunk(10**7), "cannot be used"),
    "a picture of floats, one of them NaN": (lambda: floats(np.nan), "NaN or infinity among its numbers"),
    "a picture of floats, one of them infinite": (lambda: floats(np.inf), "NaN or infinity among its numbers"),
    **{f"{kind} of 88 million pixels": (lambda kind=kind, mode=mode: stored(kind, (9400, 9400), mode),
                                        "more than 50,331,648 pixels") for kind, mode in [("GIF", "1"), ("PNG", "1")]},
    "a TIFF of 10,000 large tags": (lambda: tags(10_000), "cannot be used"),
}  # fmt: skip
FILES: dict[str, tuple[Made, str]] = {
    "a FIFO": (lambda path: os.mkfifo(path), ODD_FILE),
    "a device": (lambda path: path.symlink_to("/dev/zero"), ODD_FILE),
    "a terminal": (lambda path: path.symlink_to("/dev/tty"), "cannot be used"),
    "a broken link": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "a socket": (lambda path: bound(path), ODD_FILE),
    "300 MB": (lambda path: sparse(path, 300 * 10**6), "300 MB, more than 268"),
}
FILES |= {name: (lambda path, content=content: path.write_bytes(content()), words)
          for name, (content, words) in PICTURES.items()}  # fmt: skip
TRANSLATED = ("PostScript", "a FIFO", "a device", "a JPEG of 20,000 scans", "300 MB", "a picture cut off")


def bound(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # an address has at most 100 letters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def sparse(path: Path, size: int) -> None:
    with open(path, "wb") as file:
        file.truncate(size)


def in_a_folder(make: Made, folder: Path) -> None:
    """Alone in a folder to train on, then beside a good one: only the bad one is left out."""
    make(folder / "a.png")
    (folder / "good.png").write_bytes(stored())
    found = ImageFolder(folder, 16)
    assert len(found) == 1 and [path.name for path, _ in found.skipped] == ["a.png"]
    (folder / "good.png").unlink()
    ImageFolder(folder, 16)


def in_a_pair(make: Made, folder: Path) -> None:
    for side in "ab":
        (folder / side).mkdir()
    (folder / "a" / "1.png").write_bytes(stored())
    make(folder / "b" / "1.png")
    PairedFolder(folder, 16)


def side_by_side(make: Made, folder: Path) -> None:
    (folder / "pairs").mkdir()
    make(folder / "pairs" / "1.png")
    PairedFolder(folder / "pairs", 16)


def without_partners(make: Made, folder: Path) -> None:
    for side in "ab":
        (folder / side).mkdir()
        make(folder / side / "1.png")
    UnpairedFolder(folder, 16)


def in_a_time_lapse(make: Made, folder: Path) -> None:
    make(folder / "1.png")
    Timelapse(folder)


def translated(make: Made, folder: Path) -> int:
    """Given to `animelab translate`: by itself, and among good ones, which are translated all the same."""
    run, out = folder / "run", folder / "out"
    run.mkdir()
    (run / "run.json").write_text("{}")
    save_weights(run / "weights.safetensors", "cyclegan.pair", {"blocks": 1, "width": 4}, cyclegan.Pair(1, 4))
    make(folder / "a.png")
    (folder / "good.png").write_bytes(stored())
    errors, sys.stderr = sys.stderr, io.StringIO()
    try:
        assert main(["translate", str(run), str(folder / "a.png"), str(folder / "good.png"), "--out", str(out)]) == 0
    finally:
        errors, sys.stderr = sys.stderr.getvalue(), errors
    assert errors.count("is left out") == 1 and [path.name for path in out.iterdir()] == ["good.png"]
    return main(["translate", str(run), str(folder / "a.png"), "--out", str(folder / "other")])


def sent(make: Callable[[], bytes], folder: Path) -> None:
    """From a browser, to the widget and to the function below it."""
    content = make()
    own = OwnPicture(lambda picture: picture, [np.zeros((32, 32, 3), np.uint8)], size=None)
    own._asked(own, {"do": "give", "name": "file"}, [memoryview(content)])
    assert own.picture.shape == (32, 32, 3) and "cannot be used" in own.words["problem"]
    sent_picture(content, 10**6)


def fetched(make: Callable[[], bytes], folder: Path, **changes: object) -> None:
    """An archive that was downloaded by hand; after a refusal nothing of it is there, and it is."""
    path, target, content = folder / "mine.zip", folder / "data", make()
    path.write_bytes(content)
    try:
        download.get(replace(SMALL, **changes), target, path)
    except BaseException:
        assert not list(target.rglob("*")) and path.read_bytes() == content
        raise


def archive(**more: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for inner in ("trainA", "trainB", "testA", "testB"):
            file.writestr(f"{inner}/0.png", stored())
        for name, content in more.items():
            file.writestr(name, content)
    return buffer.getvalue()


def crowd(count: int) -> bytes:
    """A list of so many files, as zipfile reads it: what the last words say of their number does not matter to it."""
    entry = b"PK\1\2" + bytes(24) + struct.pack("<H", 5) + bytes(16) + b"a.png"
    return entry * count + b"PK\5\6" + bytes(4) + struct.pack("<HHIIH", 1, 1, len(entry) * count, 0, 0)


def with_link() -> bytes:
    buffer = io.BytesIO(archive())
    with zipfile.ZipFile(buffer, "a") as file:
        link = zipfile.ZipInfo("trainA/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def compressed(kind: int) -> bytes:
    buffer = io.BytesIO(archive())
    with zipfile.ZipFile(buffer, "a", kind) as file:
        file.writestr("trainA/more.png", bytes(10**7))
    return buffer.getvalue()


def flawed(content: bytes) -> bytes:
    return content[:60] + bytes(10) + content[70:]


def leaves_mine(folder: Path) -> None:
    """What the user keeps where downloads are unpacked stays, the archive itself included."""
    mine = folder / "data" / "selfie2anime.unfinished"
    (mine / "pictures").mkdir(parents=True)
    for name in ("selfie2anime.zip", "pictures/own.png", "0.partial.zip"):
        (mine / name).write_bytes(archive())
    (folder / "data" / "SHA256").touch()
    download.get(SMALL, folder / "data", mine / "selfie2anime.zip")
    assert len(list(folder.glob("data/*/?/0.png"))) == 4
    found = sorted(path.relative_to(mine).as_posix() for path in mine.rglob("*"))
    assert found == ["0.partial.zip", "pictures", "pictures/own.png", "selfie2anime.zip"]


def escapes_in_a_folder(folder: Path) -> None:
    """The line that names what is left out has no control character and no end."""
    for name in (f"{ESCAPE}.png", "l" * 250, "a\nanimelab: all is well.png", os.fsdecode(b"\xff\xfe.png")):
        (folder / name).write_text("no picture")
    (folder / "good.png").write_bytes(stored())
    said = io.StringIO()
    with redirect_stdout(said):
        assert len(ImageFolder(folder, 16)) == 1
    (line,) = said.getvalue().splitlines()
    assert line.isprintable() and len(line) < 800 + len(str(folder)), line


def console(encoding: str, folder: Path) -> int:
    """A folder and files in another script than the console's."""
    (folder / "データ").mkdir()
    for number in range(4):
        (folder / "データ" / f"顔{number}é.png").write_bytes(stored(size=(32 + number, 32)))
    (folder / "データ" / "壊れた.png").write_bytes(b"broken")
    out, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding)
    try:
        command = ["train", "dcgan", "--preset", "smoke", "--steps", "1", "--device", "cpu", "--set", "width=4"]
        return main([*command, "--data", str(folder / "データ"), "--out", str(folder / "絵")])
    finally:
        sys.stdout = out


def saved_over(make: Made, folder: Path) -> None:
    """The designer never writes where something is, but what it wrote itself."""
    make(folder / "hero")
    before = {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    designer = CharacterDesigner(size=16, folder=folder)
    designer.put(pixels="64")
    designer._asked(designer, {"do": "press", "name": "save"}, [])
    assert "Not saved: " in designer.words["problem"] and "there already" in designer.words["problem"]
    assert before == {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    designer.put(file="another")
    for _ in range(2):
        designer.save()
        assert "Saved in" in designer.words["said"]


def recorded(make: Made, folder: Path) -> None:
    """A SHA256 of the user's: told before anything is unpacked."""
    (folder / "data").mkdir()
    (folder / "mine.zip").write_bytes(archive())
    make(folder / "data" / "SHA256")
    before = {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    try:
        download.get(SMALL, folder / "data", folder / "mine.zip")
    finally:
        assert before == {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def boundless(folder: Path) -> None:
    with patch("animelab.data.image_folder.MOST_FILES", 10):
        for number in range(11):
            (folder / f"{number}.png").write_bytes(stored())
        ImageFolder(folder, 16)


def useless(folder: Path) -> None:
    for number in range(3000):
        (folder / f"{number}.png").write_bytes(b"x")
    ImageFolder(folder, 1024)


def at_the_end(folder: Path) -> None:
    with open(folder / "a.zip", "wb") as file:
        file.truncate(60 * 10**9)
        file.seek(0, io.SEEK_END)
        file.write(archive())
    download.get(SMALL, folder / "data", folder / "a.zip")


def designed(name: str, folder: Path) -> None:
    """A name typed into the designer: it says that nothing was saved, and nothing was."""
    designer = CharacterDesigner(size=16, folder=folder / "designs")
    designer.put(file=name)
    designer._asked(designer, {"do": "press", "name": "save"}, [])
    assert "Not saved: " in designer.words["problem"], designer.words
    assert not list(folder.rglob("*"))


CASES = [
    *((f"{name} in a folder", partial(in_a_folder, make), "None of the 1 files in")
      for name, (make, _) in FILES.items()),
    *((f"{name} in a pair", partial(in_a_pair, make), words) for name, (make, words) in FILES.items()),
    *((f"{name} as two side by side", partial(side_by_side, make), words) for name, (make, words) in FILES.items()),
    *((f"{name} without a partner", partial(without_partners, make), "None of the 1 files in")
      for name, (make, _) in FILES.items()),
    *((f"{name} in a time lapse", partial(in_a_time_lapse, make), words) for name, (make, words) in FILES.items()
      if "floats" not in name),
    *((f"{name} translated", partial(translated, FILES[name][0]), FILES[name][1]) for name in TRANSLATED),
    *((f"{name} from a browser", partial(sent, content), words) for name, (content, words) in PICTURES.items()),
    ("a small picture in a folder", partial(in_a_folder, lambda path: path.write_bytes(stored(size=(40, 15)))),
     "None of the 1 files in"),
    ("a small picture from a browser", partial(sent, lambda: stored(size=(40, 15))), "40 x 15 px, smaller than 16"),
    ("a message that is no base64", lambda folder: sent_ink("data:image/png;base64,%%%", 4096, 10**6), "whole"),
    ("a FIFO as a folder", lambda folder: (os.mkfifo(folder / "f"), ImageFolder(folder / "f")), "There is no folder"),
    ("a folder whose name ends early", lambda folder: ImageFolder(folder / "a\0b"), "There is no folder"),
    ("names with escapes", escapes_in_a_folder, None),
    ("a folder whose name has escapes", lambda folder: ImageFolder(folder / ESCAPE), r"\x1b]0;owned\x07\x1b[2J"),
    ("a recipe whose name has escapes", lambda folder: main(["train", ESCAPE, "--out", str(folder)]), r"\x1b]0;owned"),
    ("a setting whose name has 3 MB",
     lambda folder: main(["train", "dcgan", "--out", str(folder), "--set", "x" * 3_000_000 + "=1"]), "is no setting"),
    ("an option with escapes", lambda folder: main(["models", f"--{ESCAPE}"]), r"\x1b]0;owned"),
    ("a console of Windows", partial(console, "cp1252"), None),
    ("a console of ASCII", partial(console, "ascii"), None),
    *((f"a designer's name {name!r:.12}", partial(designed, name), None) for name in (
        "..", ".", "", "../up", "/tmp/up", "a/b", "a\\b", "C:up", "con", "NUL.txt", "x\x1b[2J", ".x", "x.", "a\0b",
        "x" * 300)),
    *((f"a designer saves where {words} is", partial(saved_over, make), None) for words, make in {
        "a file": Path.touch, "a folder": lambda path: (path.mkdir(), (path / "line.png").write_bytes(b"mine")),
        "an empty folder": Path.mkdir, "a broken link": lambda path: path.symlink_to("nowhere")}.items()),
    *((f"a SHA256 that is {words}", partial(recorded, make), "SHA256 was not written by animelab; move it away")
      for words, make in {
          "a text": lambda path: path.write_text("mine"), "a FIFO": os.mkfifo, "a folder": Path.mkdir,
          "a broken link": lambda path: path.symlink_to("nowhere"),
          "a link": lambda path: path.symlink_to("../mine.zip")}.items()),
    ("a folder of too many files", boundless, "holds more than 10 files; give the folder of the pictures"),
    ("3,000 files of a byte at 1,024 pixels", useless, "None of the 3000 files in"),
    ("an archive of 60 GB", at_the_end, "no ZIP archive, too large or damaged"),
    *((f"a folder called {name!a}", lambda folder, kind=kind, name=name: kind(name, 16), "There is no folder ")
      for kind in (ImageFolder, PairedFolder, UnpairedFolder) for name in ("~nosuch/x", "~\ud800")),
    ("an archive", partial(fetched, archive), None),
    ("a million files", partial(fetched, lambda: crowd(10**6)), "lists more files than the dataset has"),
    *((f"an archive that writes to {name!r}", partial(fetched, lambda name=name: archive(**{name: stored()})),
       "nothing of it was unpacked") for name in ("../trainA/x.png", "/tmp/x.png", "..\\trainA\\x.png", "C:x.png")),
    ("an archive with a link", partial(fetched, with_link), "nothing of it was unpacked"),
    ("an archive that grows", partial(fetched, lambda: archive(**{"trainA/b.png": bytes(10**7)}), unpacked=10**6),
     "unpacks to more"),
    ("an archive in bzip2", partial(fetched, lambda: compressed(zipfile.ZIP_BZIP2)), "compressed in a way"),
    ("an archive in LZMA", partial(fetched, lambda: compressed(zipfile.ZIP_LZMA)), "compressed in a way"),
    ("an archive of other files", partial(fetched, lambda: archive(**{"trainA/b.png": EPS}), least=5), "only 4 of its"),
    ("an archive with escapes", partial(fetched, lambda: archive(**{f"../{ESCAPE}": b""})), r"\x1b]0;owned"),
    ("an archive cut off", partial(fetched, lambda: archive()[:-30]), "no ZIP archive, too large or damaged"),
    ("an archive with a flaw", partial(fetched, lambda: flawed(archive())), "damaged archive"),
    ("a FIFO as an archive", lambda folder: (os.mkfifo(folder / "f"), download.get(
        "selfie2anime", folder / "data", folder / "f")), "not there, or no file"),
    ("the user's own beside a download", leaves_mine, None),
]  # fmt: skip
