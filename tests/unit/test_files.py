"""The one door for pictures, and names of files that people type."""

from __future__ import annotations

import errno
import io
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelab import files
from animelab.errors import LabError
from animelab.files import FORMATS, BadPicture, is_picture, one_name, opened, read

ROOT = Path(__file__).parents[2]
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(marker) (w) file closefile\n"


def stored(kind: str, **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 100, 50)).save(buffer, kind, **more)
    return buffer.getvalue()


def test_pillow_opens_pictures_in_one_place_alone() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "animelab").rglob("*.py")
        if re.search(r"\bImage\s*\.\s*open\b|\bimread\b|read_image|import open\b", path.read_text(encoding="utf-8"))
    ]
    assert found == ["animelab/files.py"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["a.png", "a.txt", "a"])
def test_a_picture_is_known_by_its_content(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(stored(kind))
    (tmp_path / "link").symlink_to(tmp_path / name)
    for source in (tmp_path / name, str(tmp_path / name), tmp_path / "link", stored(kind)):
        picture, alpha = opened(source)
        assert picture.size == (40, 30) and picture.mode == "RGB" and alpha is None
        assert np.abs(np.asarray(picture).astype(int) - (200, 100, 50)).max() <= 4
    assert is_picture(stored(kind)) and read(stored(kind)).size == (40, 30)


@pytest.mark.parametrize("kind", ["EPS", "PDF", "PPM", "ICO", "TGA", "ICNS", "JPEG2000", "SGI"])
def test_other_formats_are_not_opened(tmp_path: Path, kind: str) -> None:
    content = stored(kind)
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(
        BadPicture, match="a.png cannot be used .not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
    ) as bad:
        opened(tmp_path / "a.png")
    assert bad.value.reason == "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
    assert not is_picture(content)


def test_postscript_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*given: object, **named: object) -> None:
        raise AssertionError(f"it was run: {given}")

    for name in ("Popen", "call", "check_call", "run"):
        monkeypatch.setattr(subprocess, name, run)
    (tmp_path / "a.png").write_bytes(EPS)
    with pytest.raises(BadPicture, match="not a PNG"):
        opened(tmp_path / "a.png")


def test_what_is_no_file_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # an address has at most 100 letters
        server.bind("socket.png")
        odd = {"fifo": "a FIFO", "folder": "a folder", "zero": "a device", "gone": "No such file", "socket": "a socket"}
        for name, words in odd.items():
            with pytest.raises(BadPicture, match=f"{name}.png cannot be used .*{words}"):
                opened(tmp_path / f"{name}.png")


def test_sizes_are_limited_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(tmp_path / "large.png", "wb") as file:
        file.truncate(files.LARGEST + 1)  # of zeros, which take no room
    with pytest.raises(BadPicture, match="268 MB, more than 268"):
        opened(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as people do who have large pictures
    bomb = io.BytesIO()
    Image.new("1", (10_000, 9_000)).save(bomb, "PNG")
    with pytest.raises(BadPicture, match="more than 50,331,648 pixels"):
        opened(bomb.getvalue())
    with pytest.raises(BadPicture, match="40 x 30 px, smaller than 31"):
        opened(stored("PNG"), (31, 100))
    with pytest.raises(BadPicture, match="40 x 30 px, larger than 39"):
        opened(stored("PNG"), (16, 39))


def test_of_a_large_picture_that_is_broken_just_that_is_said() -> None:
    noise = Image.effect_noise((600, 600), 90)
    content = io.BytesIO()
    noise.save(content, "PNG")
    broken = content.getvalue()[:-2000]
    with pytest.raises(BadPicture, match="truncated"):
        opened(broken, (16, 500))
    with pytest.raises(BadPicture, match="600 x 600 px, larger than 500"):
        opened(content.getvalue(), (16, 500))


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    jpeg = stored("JPEG", progressive=True)
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    assert opened(jpeg[:-2] + last * 3 + jpeg[-2:])[0].size == (40, 30), "a few more do no harm"
    with pytest.raises(BadPicture, match="more than 200 scans"):
        opened(jpeg[:-2] + last * 5000 + jpeg[-2:])


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_cut_off_or_damaged_is_one_sentence_or_a_picture(kind: str) -> None:
    whole, random = stored(kind), np.random.default_rng(0)
    refused = []
    for place in range(1, len(whole), max(1, len(whole) // 25)):
        damaged = bytearray(whole)
        damaged[place : place + 8] = random.bytes(len(damaged[place : place + 8]))
        for content in (whole[:place], bytes(damaged)):
            try:
                opened(content)
            except BadPicture as problem:
                refused.append(str(problem))
    assert len(refused) >= 15
    assert all(words.startswith("That picture cannot be used (") and words.isprintable() for words in refused)


@pytest.mark.parametrize(
    "problem", [SyntaxError("x"), MemoryError(), IndexError("x"), AssertionError(), RecursionError()]
)
def test_whatever_pillow_raises_is_one_sentence(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    def load(*_: object) -> None:
        raise problem

    content = stored("PNG")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(BadPicture, match=f"cannot be used .({type(problem).__name__}|x)"):
        opened(content)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_picture_of_floats_that_are_no_numbers_is_refused(value: float) -> None:
    values, buffer = np.zeros((20, 20), np.float32), io.BytesIO()
    values[3, 4] = value
    Image.fromarray(values).save(buffer, "TIFF")
    with pytest.raises(BadPicture, match="NaN or infinity"):
        opened(buffer.getvalue())


@pytest.mark.parametrize("name", ["a" * 251 + ".png", "あ" * 83 + ".png", "é" * 125 + ".png"])
def test_a_name_that_the_disk_takes_can_be_written(tmp_path: Path, name: str) -> None:
    files.save_picture(Image.new("RGB", (20, 20)), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize(
    ("number", "room"),
    [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EISDIR, False), (errno.EEXIST, False), (errno.ELOOP, False),
     (errno.ENOTDIR, False), (errno.EACCES, False), (errno.EROFS, False), (errno.ENAMETOOLONG, False)],
)  # fmt: skip
def test_space_is_asked_for_only_where_it_lacks(number: int, room: bool, goes_on: bool) -> None:
    with pytest.raises(LabError) as caught, files.writing(Path("here/a.png"), goes_on):
        raise OSError(number, os.strerror(number))
    sentence = str(caught.value)
    assert ("free some space" in sentence) is room and ("run the same again" in sentence) is goes_on
    assert f"a.png could not be written into here ({os.strerror(number)}); " in sentence
    assert ("a new folder" in sentence) is not goes_on


def test_what_a_library_puts_in_the_place_of_a_file_is_for_everybody_as_well(tmp_path: Path) -> None:
    def write(temporary: Path) -> None:
        temporary.unlink()
        temporary.write_text("mine")
        temporary.chmod(0o600)

    files.write_atomically(tmp_path / "a", write)
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize(("kind", "mode"), [("WEBP", "RGBA"), ("PNG", "RGBA"), ("TIFF", "F"), ("JPEG", "RGB")])
def test_the_largest_picture_takes_a_gigabyte_at_most(kind: str, mode: str) -> None:
    # Over what is there before, in a process of its own: a picture of a sixteenth of what is allowed.
    code = (
        "import io, resource; from PIL import Image; from animelab import files\n"
        f"content = io.BytesIO(); Image.new({mode!r}, (2048, 1536)).save(content, {kind!r})\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "files.opened(content.getvalue())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    taken = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(taken) * 2**10 * files.MOST_PIXELS / (2048 * 1536) < 1.1 * 2**30


@pytest.mark.parametrize("name", ["hero", "Heldin 2", "主人公", "नायिका", "a.b", "con artist", "x" * 200, " hero "])
def test_a_name_in_any_script_is_a_name(name: str) -> None:
    assert one_name(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    ["", "  ", ".", "..", "../x", "a/b", "/tmp/x", "a\\b", "C:x", ".hidden", "end.", "a\0b", "a\nb", "a\x1b[2J",
     "\udcff", "a\u202eb", "con", "NUL", "nul.txt", "Com1", "LPT9.png", "conin$", "a*", "a?", "<b>", 'a"b', "a|b",
     "COM¹", "lpt³.png", "clock$", "Clock$.txt", "x" * 201, "あ" * 70],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(LabError) as refused:
        one_name(name)
    assert str(refused.value).isprintable()
