"""Downloads from a server that misbehaves, and archives that do: a real server on this machine, and no other."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelab.data import download
from animelab.errors import LabError
from animelab.recipes.ugatit import UGATIT


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 16, 3), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def archive(**more: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for folder in ("trainA", "trainB", "testA", "testB"):
            for number in range(3):
                file.writestr(f"selfie2anime/{folder}/{number}.png", picture(10 * number))
        file.writestr("selfie2anime/readme.txt", "words")
        for name, data in more.items():
            file.writestr(name, data)
        file.writestr("selfie2anime/padding.bin", np.random.default_rng(0).bytes(700_000))
    return buffer.getvalue()


GOOD = archive()


class Server(ThreadingHTTPServer):
    """What it answers depends on the path; `asked` remembers each request's path and range."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.data = GOOD

    def url(self, mode: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{mode}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        mode, span, data = self.path[1:], self.headers.get("Range"), self.server.data
        self.server.asked.append((mode, span))
        if mode == "missing":
            return self.send_error(404)
        if mode == "page":
            data, span = b"<html>too many people have asked</html>", None
        start = int(span[6:-1]) if span and mode != "forgetful" else 0
        body = data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if mode != "endless":
            self.send_header("Content-Length", str(10**12 if mode == "boasting" else len(body)))
        self.end_headers()
        try:
            if mode == "endless":
                while True:
                    self.wfile.write(bytes(2**16))
            self.wfile.write(body[: 300_000 if mode in ("dropping", "forgetful") and len(body) > 300_000 else None])
        except (BrokenPipeError, ConnectionResetError):
            pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def source(*urls: str, **changes: object) -> download.Source:
    return dataclasses.replace(download.SOURCES["selfie2anime"], drive="", mirrors=urls, **changes)


def test_a_dataset_is_fetched_once_and_read_as_two_piles(server: Server, tmp_path: Path) -> None:
    where = download.get(source(server.url("ok")), tmp_path)
    assert sorted(p.relative_to(where).as_posix() for p in where.rglob("*.png")) == [
        f"{split}/{side}/{n}.png" for split in ("test", "train") for side in "ab" for n in range(3)
    ]
    assert len(UGATIT.data(UGATIT.presets["smoke"], where / "train")) == 3, "as lesson 10 trains on it"
    assert (where / "SHA256").read_text().strip() == hashlib.sha256(GOOD).hexdigest()
    assert not list(where.glob("*.zip")) and not list(where.glob("*.partial")), "the archive is not kept"
    download.get(source(server.url("ok")), tmp_path)
    assert len(server.asked) == 1, "and not fetched again"


def test_a_broken_connection_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    download.get(source(server.url("dropping")), tmp_path)
    assert [span for _, span in server.asked] == [None, "bytes=300000-", "bytes=600000-"]


def test_a_server_that_cannot_go_on_is_left_for_the_next_one(server: Server, tmp_path: Path) -> None:
    download.get(source(server.url("missing"), server.url("page"), server.url("forgetful"), server.url("ok")), tmp_path)
    modes = [mode for mode, _ in server.asked]
    assert modes == ["missing", "page", *["forgetful"] * download.TRIES, "ok"]
    assert (tmp_path / "SHA256").read_text().strip() == hashlib.sha256(GOOD).hexdigest()


@pytest.mark.parametrize("mode", ["missing", "page", "boasting", "endless"])
def test_no_mirror_left_says_what_to_do(server: Server, tmp_path: Path, mode: str) -> None:
    with pytest.raises(LabError, match="by hand from https://github.com/taki0112/UGATIT.* --from FILE"):
        download.get(source(server.url(mode), largest=2**20), tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.stat().st_size > 2**21], "an endless answer was cut off"
    assert not (tmp_path / "train").exists()


def test_a_file_from_hand_is_unpacked_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(GOOD)
    where = download.get(source(), tmp_path / "data", tmp_path / "mine.zip")
    assert (where / "train/b/2.png").read_bytes() == picture(20) and (tmp_path / "mine.zip").exists()
    with pytest.raises(LabError, match="check the path"):
        download.get(source(), tmp_path / "other", tmp_path / "nothing.zip")


def test_a_wrong_archive_leaves_no_trace(server: Server, tmp_path: Path) -> None:
    wrong = io.BytesIO()
    with zipfile.ZipFile(wrong, "w") as other:
        other.writestr("elsewhere/0.png", picture(9))
    good, server.data = server.data, wrong.getvalue()
    with pytest.raises(LabError, match="has 0 pictures|no pictures for"):
        download.get(source(server.url("ok")), tmp_path)
    assert not list(tmp_path.iterdir()), "neither its hash nor itself"
    server.data = good
    assert (download.get(source(server.url("ok")), tmp_path) / "SHA256").exists()


def test_another_archive_than_before_is_refused(server: Server, tmp_path: Path) -> None:
    where = download.get(source(server.url("ok")), tmp_path)
    (where / "train" / "a" / "0.png").unlink()
    for folder in ("train", "test"):
        (where / folder).rename(where / f"old {folder}")
    server.data = archive(**{"selfie2anime/trainA/more.png": picture(9)})
    with pytest.raises(LabError, match="not the archive that was here before"):
        download.get(source(server.url("ok")), tmp_path)
    assert not (where / "train").exists()


@pytest.mark.parametrize(
    "name", ["../outside/trainA/x.png", "/tmp/trainA/x.png", "C:/trainA/x.png", "..\\trainA\\x.png"]
)
def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.zip").write_bytes(archive(**{name: picture(1)}))
    with pytest.raises(LabError, match="nothing of it was unpacked"):
        download.get(source(), tmp_path / "data", tmp_path / "bad.zip")
    assert not list((tmp_path / "data").rglob("*.png")) and not (tmp_path / "outside").exists()


def test_links_bombs_crowds_and_damage_are_refused(tmp_path: Path) -> None:
    def says(words: str, data: bytes, **changes: object) -> None:
        (tmp_path / "bad.zip").write_bytes(data)
        with pytest.raises(LabError, match=words):
            download.get(source(**changes), tmp_path / "data", tmp_path / "bad.zip")
        assert not list((tmp_path / "data").rglob("*.png"))
        assert not (tmp_path / "data" / "SHA256").exists(), "it is not what a later one is compared with"

    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as file:
        link = zipfile.ZipInfo("selfie2anime/trainA/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    says("nothing of it was unpacked", buffer.getvalue())
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("selfie2anime/trainA/bomb.png", bytes(2**22))
    says("unpacks to more", buffer.getvalue(), unpacked=2**20)
    says("12 pictures", GOOD, pictures=11)
    says("no pictures for test/b", archive_without("testB"))
    broken = bytearray(GOOD)
    broken[60:70] = bytes(10)
    says("damaged", bytes(broken))
    says("damaged", GOOD[:-2000])


def archive_without(folder: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            if folder not in info.filename:
                new.writestr(info, old.read(info))
    return buffer.getvalue()


def test_an_unknown_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="selfie2anime"):
        download.get("selfie2anme", tmp_path)
