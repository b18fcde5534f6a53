"""Drawn faces and a learner's own pictures, with real files and real processes."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from animelab.data import ImageFolder, Labeled, Pictures, StudioFaces
from animelab.data.image_folder import files_in
from animelab.errors import LabError
from animelab.studio import PRIORS, render

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


# --- Pictures ---------------------------------------------------------------------------------------------------------


def test_bytes_become_floats_between_minus_one_and_one() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    picture = Pictures(pixels, "ramp")[0]
    assert picture.dtype == torch.float32
    assert picture.shape == (3, 16, 16)
    assert picture.min() == -1
    assert picture.max() == 1
    assert torch.allclose(picture[1].flatten(), torch.linspace(-1, 1, 256), atol=1e-6)


def test_a_batch_is_its_pictures_with_channels_in_front() -> None:
    pixels = noise(5, 8, 8, 3)
    pictures = Pictures(pixels, "noise")
    for indices in ([3, 1], torch.tensor([3, 1]), np.array([3, 1])):
        batch = pictures.batch(indices)
        assert batch.shape == (2, 3, 8, 8)
        assert batch.is_contiguous()
        assert torch.equal(batch, torch.stack([pictures[3], pictures[1]]))
    assert ((batch[0, 2] + 1) * 127.5).round().to(torch.uint8).numpy().tolist() == pixels[3, :, :, 2].tolist()
    assert [len(some) for some in DataLoader(pictures, batch_size=4)] == [4, 1]
    with pytest.raises(IndexError):
        pictures[5]


def test_one_pixel_changes_the_fingerprint() -> None:
    pixels = noise(3, 8, 8, 3)
    other = pixels.copy()
    other[2, 7, 7, 2] ^= 1
    assert Pictures(pixels, "a").fingerprint == Pictures(pixels.copy(), "b").fingerprint
    assert Pictures(pixels, "a").fingerprint != Pictures(other, "a").fingerprint


@pytest.mark.parametrize("pixels", [noise(2, 8, 9, 3), noise(2, 3, 8, 8), noise(2, 8, 8, 3) / 255, noise(0, 8, 8, 3)])
def test_what_is_no_set_of_square_rgb_pictures_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(LabError, match="'odd' has"):
        Pictures(pixels, "odd")


# --- StudioFaces ------------------------------------------------------------------------------------------------------


def test_faces_are_the_characters_drawn(tmp_path: Path) -> None:
    faces = StudioFaces(32, 6, seed=3, cache=tmp_path)
    assert len(faces) == 6
    assert faces.size == 32
    for index in range(6):
        assert np.array_equal(faces.pixels[index], render(faces.character(index), 32))
    assert not np.array_equal(faces.pixels[0], faces.pixels[1])


def test_the_cache_is_used_again_and_only_for_the_same_faces(tmp_path: Path) -> None:
    first = StudioFaces(32, 4, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    file_number = file.stat().st_ino
    again = StudioFaces(32, 4, cache=tmp_path)
    assert file.stat().st_ino == file_number
    assert np.array_equal(first.pixels, again.pixels)
    assert first.fingerprint == again.fingerprint

    frontal = PRIORS["frontal"]
    looking_left = replace(frontal, ranges={**frontal.ranges, "yaw": (-0.5, -0.4)})
    others = [
        StudioFaces(32, 4, seed=1, cache=tmp_path),
        StudioFaces(16, 4, cache=tmp_path),
        StudioFaces(32, 5, cache=tmp_path),
        StudioFaces(32, 4, prior="full", cache=tmp_path),
        StudioFaces(32, 4, prior=looking_left, cache=tmp_path, workers=2),
    ]
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 6
    assert len(list(tmp_path.iterdir())) == 6
    assert not np.array_equal(others[0].pixels, first.pixels)
    assert np.array_equal(others[2].pixels[:4], first.pixels)


@pytest.mark.parametrize("damage", ["cut off", "not numpy", "empty", "other shape"])
def test_a_damaged_cache_is_drawn_again(tmp_path: Path, damage: str) -> None:
    good = np.array(StudioFaces(32, 4, cache=tmp_path).pixels)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.unlink()
    if damage == "other shape":
        np.save(file, noise(4, 8, 8, 3))
    else:
        file.write_bytes({"cut off": whole[:-1], "not numpy": b"<html>" * 999, "empty": b""}[damage])
    assert np.array_equal(StudioFaces(32, 4, cache=tmp_path).pixels, good)
    assert file.read_bytes() == whole


def test_parallel_drawing_equals_serial_and_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('imported')\n"
        "from animelab.data import StudioFaces\n"
        f"StudioFaces(32, 37, cache={str(tmp_path / 'parallel')!r}, workers=3)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "imported\n"
    assert "37/37" in done.stderr
    serial = StudioFaces(32, 37, cache=tmp_path / "serial", workers=1)
    (file,) = (tmp_path / "parallel").iterdir()
    assert np.array_equal(np.load(file), serial.pixels)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_half_way_leaves_no_half_cache_and_no_workers(tmp_path: Path) -> None:
    code = f"from animelab.data import StudioFaces; StudioFaces(32, 20_000, cache={str(tmp_path)!r}, workers=2)"
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    deadline = time.monotonic() + 60
    while not (
        half_drawn := [file for file in tmp_path.glob("*.partial") if np.fromfile(file, np.uint8, 4096)[128:].any()]
    ):
        assert parent.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    workers = [int(child) for child in children.read_text().split()]
    assert len(workers) >= 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert not list(tmp_path.glob("*.npy"))
    while any(Path(f"/proc/{worker}").exists() and not is_zombie(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    whole = StudioFaces(32, 20, cache=tmp_path)
    assert whole.pixels.reshape(20, -1).any(axis=1).all()
    day = 25 * 3600
    os.utime(half_drawn[0], (time.time() - day, time.time() - day))
    StudioFaces(32, 21, cache=tmp_path)
    assert not half_drawn[0].exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one group of processes")
def test_interrupted_drawing_cleans_up(tmp_path: Path) -> None:
    # Whoever started the tests in the background may have told all below to ignore ctrl-C.
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    draw = f"from animelab.data import StudioFaces; StudioFaces(32, 20_000, cache={str(tmp_path)!r}, workers=2)"
    code = f"{listen}; {draw}"
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, start_new_session=True)
    while sum(file.stat().st_size for file in tmp_path.glob("*.partial")) < 200 * 32 * 32 * 3:  # all workers draw
        assert parent.poll() is None
        time.sleep(0.02)
    os.killpg(parent.pid, signal.SIGINT)
    _, said = parent.communicate(timeout=60)
    assert "\nKeyboardInterrupt\n" in said + "\n"  # Python's resource tracker may add words of its own
    assert not list(tmp_path.iterdir())


def is_zombie(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_two_processes_may_draw_the_same_faces_at_once(tmp_path: Path) -> None:
    code = f"from animelab.data import StudioFaces; StudioFaces(32, 60, cache={str(tmp_path)!r}, workers=1)"
    both = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 1
    pixels = StudioFaces(32, 60, cache=tmp_path).pixels
    assert np.array_equal(pixels[:50], StudioFaces(32, 50, cache=tmp_path / "alone").pixels)
    assert pixels.reshape(60, -1).any(axis=1).all()


def test_a_worker_that_cannot_start_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(LabError, match="workers=1"):
        StudioFaces(32, 8, cache=tmp_path, workers=2)
    assert not list(tmp_path.iterdir())


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LabError, match="ANIMELAB_CACHE"):
        StudioFaces(32, 4, cache=tmp_path / "file")


@pytest.mark.parametrize("wrong", [{"size": 4}, {"count": 0}, {"prior": "sideways"}])
def test_faces_that_cannot_be_are_refused_before_drawing(tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(LabError):
        StudioFaces(**{"count": 4, "cache": tmp_path, **wrong})
    assert not list(tmp_path.iterdir())


# --- ImageFolder ------------------------------------------------------------------------------------------------------


def plain(mode: str, color: object, size: tuple[int, int] = (20, 20)) -> Image.Image:
    return Image.new(mode, size, color)


def palette_with_a_hole() -> Image.Image:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, *GREEN])
    image.info["transparency"] = 1
    return image


SIXTEEN_BITS = Image.fromarray(np.full((20, 20), 128 * 257, np.uint16))
MODES = {
    "bilevel.png": (plain("1", 1), WHITE),
    "gray.png": (plain("L", 90), (90, 90, 90)),
    "gray-alpha.png": (plain("LA", (0, 128)), (127, 127, 127)),
    "rgb.png": (plain("RGB", BLUE), BLUE),
    "rgb.bmp": (plain("RGB", BLUE), BLUE),
    "rgba.png": (plain("RGBA", (255, 0, 0, 128)), (255, 127, 127)),
    "transparent.png": (plain("RGBA", (0, 0, 0, 0)), WHITE),
    "transparent.webp": (plain("RGBA", (0, 0, 0, 0)), WHITE),
    "palette.png": (plain("RGB", GREEN).quantize(4), GREEN),
    "palette-hole.png": (palette_with_a_hole(), WHITE),
    "palette.gif": (plain("RGB", RED).quantize(4), RED),
    "cmyk.tiff": (plain("CMYK", (0, 255, 255, 0)), RED),
    "cmyk.jpg": (plain("CMYK", (0, 255, 255, 0)), RED),
    "ycbcr.jpg": (plain("RGB", BLUE).convert("YCbCr"), BLUE),
    "sixteen.png": (SIXTEEN_BITS, (128, 128, 128)),
    "sixteen.tiff": (SIXTEEN_BITS, (128, 128, 128)),
    "integer.tiff": (plain("I", 128 * 257), (128, 128, 128)),
    "float-to-one.tiff": (plain("F", 0.5), (128, 128, 128)),
    "float-to-255.tiff": (plain("F", 200.0), (200, 200, 200)),
}


@pytest.mark.parametrize("name", MODES)
def test_any_mode_becomes_rgb_on_white(tmp_path: Path, name: str) -> None:
    image, expected = MODES[name]
    image.save(tmp_path / name)
    pixels = ImageFolder(tmp_path, 16).pixels
    assert pixels.shape == (1, 16, 16, 3)
    assert np.abs(pixels.astype(int) - expected).max() <= 3


def test_a_color_declared_transparent_becomes_white(tmp_path: Path) -> None:
    plain("RGB", GREEN).save(tmp_path / "key.png", transparency=GREEN)
    assert (ImageFolder(tmp_path, 16).pixels == 255).all()


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_an_animation_gives_its_first_frame(tmp_path: Path, name: str) -> None:
    lossless = {"lossless": True} if name.endswith("webp") else {}
    plain("RGB", RED).save(tmp_path / name, save_all=True, append_images=[plain("RGB", BLUE)], **lossless)
    assert (ImageFolder(tmp_path, 16).pixels == RED).all()


ORIENTATIONS = {  # what a viewer has to do with the stored pixels, by EXIF orientation (TIFF 6.0, section 8)
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored, 1),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_photos_are_turned_upright_to_the_pixel(tmp_path: Path, orientation: int) -> None:
    stored = noise(16, 16, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(tmp_path / "photo.png", exif=exif)
    assert np.array_equal(ImageFolder(tmp_path, 16).pixels[0], ORIENTATIONS[orientation](stored))


def test_the_central_square_is_kept(tmp_path: Path) -> None:
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, :16], wide[:, 16:32], wide[:, 32:] = RED, GREEN, BLUE
    Image.fromarray(wide).save(tmp_path / "1-wide.png")
    Image.fromarray(wide.transpose(1, 0, 2)).save(tmp_path / "2-tall.png")
    assert (ImageFolder(tmp_path, 16).pixels == GREEN).all()


def test_shrinking_is_antialiased_and_transparent_black_does_not_bleed(tmp_path: Path) -> None:
    checkerboard = ((np.indices((128, 128)).sum(0) % 2) * 255).astype(np.uint8)
    Image.fromarray(checkerboard).save(tmp_path / "1.png")
    cutout = np.zeros((128, 128, 4), np.uint8)
    cutout[:, :61] = (*RED, 255)
    Image.fromarray(cutout).save(tmp_path / "2.png")
    pixels = ImageFolder(tmp_path, 16).pixels
    assert np.abs(pixels[0].astype(int) - 127).max() < 12
    assert pixels[1, :, :, 0].min() >= 250


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_bad_files_are_named_skipped_and_counted_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    Image.fromarray(noise(40, 40, 3)).save(tmp_path / "good.png")
    Image.fromarray(noise(40, 40, 3)).save(tmp_path / "whole.jpg")
    for name, source in [("cut.png", "good.png"), ("cut.jpg", "whole.jpg")]:
        content = (tmp_path / source).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    plain("RGB", RED, (40, 15)).save(tmp_path / "tiny.png")
    (tmp_path / "huge.png").write_bytes(png_that_claims(60_000, 60_000))
    (tmp_path / "large.png").write_bytes(png_that_claims(12_000, 10_000))

    folder = ImageFolder(tmp_path, 16)

    assert len(folder) == 2
    reasons = {path.name: reason for path, reason in folder.skipped}
    assert set(reasons) == {
        "cut.png", "cut.jpg", "empty.png", "text.png", "notes.txt", "tiny.png", "huge.png", "large.png",
    }  # fmt: skip
    assert "truncated" in reasons["cut.jpg"]
    assert reasons["text.png"] == reasons["notes.txt"] == reasons["empty.png"]
    assert reasons["text.png"] == "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
    assert reasons["tiny.png"] == "40 x 15 px, smaller than 16"
    assert reasons["huge.png"] == reasons["large.png"] == "more than 50,331,648 pixels"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"Skipped 8 of 10 files in {tmp_path}: cut.jpg (")
    assert line.endswith("and 5 more.")


def test_nested_folders_in_a_fixed_order_without_hidden_files(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for value, name in [(40, "b/z.png"), (20, "a.png"), (30, "b/c/d.png"), (10, "Z.png")]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        plain("L", value).save(tmp_path / name)
    (tmp_path / ".hidden").mkdir()
    plain("L", 99).save(tmp_path / ".hidden" / "x.png")
    (tmp_path / ".DS_Store").write_text("noise")
    (tmp_path / "._a.png").write_text("noise")
    folder = ImageFolder(str(tmp_path), 16)
    assert folder.pixels[:, 0, 0, 0].tolist() == [10, 20, 30, 40]
    assert folder.skipped == []
    assert capsys.readouterr().out == ""


def test_a_folder_without_pictures_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"no folder .*nowhere"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(LabError, match="no files in"):
        ImageFolder(tmp_path)
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(LabError, match="None of the 1 files"):
        ImageFolder(tmp_path)
    with pytest.raises(LabError, match="is a file; give the folder it lies in"):
        ImageFolder(tmp_path / "notes.txt")


def test_the_real_pictures_that_come_along_load_whole() -> None:
    folder = ImageFolder(Path(__file__).parents[2] / "datasets" / "real" / "anime", 64)
    assert len(folder) == 11
    assert folder.skipped == []
    assert (folder.pixels[:, 0, 0] == 255).all()  # cut-outs: white above the shoulder


def test_labeled_pictures_keep_their_labels() -> None:
    pixels = np.arange(300, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2).repeat(3, 3)
    labeled = Labeled(Pictures(pixels, "grays"), lambda pictures: (pictures.mean((1, 2, 3))[:, None] + 1) * 127.5)
    pictures, labels = labeled.batch([290, 3])
    assert pictures.shape == (2, 3, 4, 4) and labels.flatten().round().tolist() == [290 - 256, 3]
    assert len(labeled) == 300 and torch.equal(labeled[3][1], labels[1])
    assert labeled.fingerprint == Pictures(pixels, "grays").fingerprint


def test_a_run_inside_its_data_is_passed_over(tmp_path: Path) -> None:
    for name in ("1.png", "runs/mine/previews/1.png", "notes/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20)).save(tmp_path / name)
    for name in ("runs/mine/run.json", "runs/mine/log.jsonl", "notes/run.json"):
        (tmp_path / name).write_text("{}")
    assert [path.name for path in files_in(tmp_path)] == ["1.png", "1.png", "run.json"], "notes are no run"
    assert len(files_in(tmp_path / "runs" / "mine")) == 3, "unless it is asked for"
    assert len(files_in(tmp_path / "runs" / "mine" / "previews")) == 1
