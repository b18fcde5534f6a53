"""Downloads from a server that misbehaves, and archives that do: a real server on this machine, and no other."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import lzma
import stat
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

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
        return f"http://127.0.0.1:{self.server_port}/{quote(mode)}"


RAW = {
    "silent": b"",
    "nonsense": b"\x1b\x00 this is\r\nno HTTP\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    "unknown length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello",
    "bad redirect": b"HTTP/1.1 302 Found\r\nLocation: http://[nowhere/\r\nContent-Length: 0\r\n\r\n",
}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def drip(self, data: bytes) -> None:
        """A byte every now and then: no time-out of a socket ever ends that."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for place in range(300):
                self.wfile.write(data[place : place + 1])
                threading.Event().wait(0.02)

    def do_GET(self) -> None:
        mode, span, data = unquote(self.path[1:]), self.headers.get("Range"), self.server.data
        self.server.asked.append((mode, span))
        if mode == "missing":
            return self.send_error(404)
        if mode in ("429", "503") and len(self.server.asked) < 3:
            return self.send_error(int(mode))
        if mode == "slow words":
            self.close_connection = True
            return self.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 300)
        if mode in RAW:
            self.close_connection = True
            self.wfile.write(RAW[mode])
            return None
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
        if mode == "slow bytes":
            return self.drip(body)
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


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0)


def source(*urls: str, **changes: object) -> download.Source:
    return dataclasses.replace(
        download.SOURCES["selfie2anime"], **{"drive": "", "mirrors": urls, "least": 4, **changes}
    )


def test_a_dataset_is_fetched_once_and_read_as_two_domains(server: Server, tmp_path: Path) -> None:
    where = download.get(source(server.url("ok")), tmp_path)
    assert sorted(p.relative_to(where).as_posix() for p in where.rglob("*.png")) == [
        f"{split}/{side}/{n}.png" for split in ("test", "train") for side in "ab" for n in range(3)
    ]
    assert len(UGATIT.data(UGATIT.presets["smoke"], where / "train")) == 3, "as lesson 10 trains on it"
    assert (where / "SHA256").read_text().strip() == hashlib.sha256(GOOD).hexdigest()
    assert {p.name for p in where.iterdir()} == {"SHA256", "train", "test"}, "the archive is not kept"
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


@pytest.mark.parametrize("mode", RAW)
def test_a_server_that_breaks_the_rules_is_left_for_the_next_one(server: Server, tmp_path: Path, mode: str) -> None:
    where = download.get(source(server.url(mode), server.url("ok")), tmp_path)
    assert [asked for asked, _ in server.asked] == [*[mode] * download.TRIES, "ok"]
    assert server.asked[-1][1] is None, "nothing of the first one's bytes is in the file"
    assert (where / "SHA256").read_text().strip() == hashlib.sha256(GOOD).hexdigest()


@pytest.mark.parametrize("mode", ["slow bytes", "slow words"])
def test_a_server_that_drips_is_left_for_the_next_one(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.5)
    began = time.monotonic()
    where = download.get(source(server.url(mode), server.url("ok")), tmp_path)
    assert [asked for asked, _ in server.asked] == [mode, "ok"] and time.monotonic() - began < 5
    assert {p.name for p in where.iterdir()} == {"SHA256", "train", "test"}
    with pytest.raises(LabError, match="it is too slow.*by hand"):
        download.get(source(server.url(mode)), tmp_path / "other")


def test_all_of_a_download_has_a_limit(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LONGEST", 0)
    with pytest.raises(LabError, match="took more than 0 hours"):
        download.get(source(server.url("ok"), server.url("ok")), tmp_path)
    assert len(server.asked) == 2


@pytest.mark.parametrize("mode", ["429", "503"])
def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path, mode: str) -> None:
    download.get(source(server.url(mode)), tmp_path)
    assert [asked for asked, _ in server.asked] == [mode] * 3


def test_pauses_grow_from_try_to_try(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(download, "PAUSE", 1)
    monkeypatch.setattr(download.time, "sleep", slept.append)
    with pytest.raises(LabError, match="by hand"):
        download.get(source(server.url("silent"), server.url("missing")), tmp_path)
    assert slept == [0, 1, 2, 3, 0]


def test_a_full_disk_is_not_the_mirrors_fault(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: object, mode: str = "r", **named: object) -> io.IOBase:
        if mode[0] in "wax":
            raise OSError(errno.ENOSPC, "No space left on device")
        return open(path, mode, **named)  # type: ignore[call-overload, arg-type]

    (tmp_path / "mine.zip").write_bytes(GOOD)
    monkeypatch.setattr(download, "open", full, raising=False)
    for archive in (None, tmp_path / "mine.zip"):
        with pytest.raises(LabError, match="data cannot be written .No space left on device.; make room"):
            download.get(source(server.url("ok")), tmp_path / "data", archive)
    assert len(server.asked) == 1


@pytest.mark.parametrize("mode", ["missing", "page", "boasting", "endless", *RAW])
def test_no_mirror_left_says_what_to_do(server: Server, tmp_path: Path, mode: str) -> None:
    with pytest.raises(LabError, match="by hand from https://github.com/taki0112/UGATIT.* --from FILE") as caught:
        download.get(source(server.url(mode), largest=2**20), tmp_path)
    assert str(caught.value).isprintable(), "whatever the server put into it"
    assert not [p for p in tmp_path.rglob("*") if p.stat().st_size > 2**21], "an endless answer was cut off"
    assert not (tmp_path / "train").exists()


def test_a_file_from_hand_is_unpacked_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(GOOD)
    where = download.get(source(), tmp_path / "data", tmp_path / "mine.zip")
    assert (where / "train/b/2.png").read_bytes() == picture(20) and (tmp_path / "mine.zip").exists()
    (tmp_path / "page.zip").write_bytes(b"<html>sign in</html>")
    for name, words in (("nothing.zip", "not there"), ("page.zip", "no ZIP archive"), ("data", "not there, or no")):
        for folder in ("other", "data"):
            with pytest.raises(LabError, match=f"{name} is {words}.*check the path") as caught:
                download.get(source(), tmp_path / folder, tmp_path / name)
            assert "delete" not in str(caught.value)
    assert (tmp_path / "page.zip").exists() and not (tmp_path / "other").exists()


def test_a_file_from_hand_is_compared_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(GOOD)
    where = download.get(source(), tmp_path / "data", tmp_path / "mine.zip")
    assert download.get(source(), where, tmp_path / "mine.zip") == where
    (tmp_path / "mine.zip").write_bytes(archive(**{"selfie2anime/trainA/more.png": picture(9)}))
    with pytest.raises(LabError, match="mine.zip is not the archive that was here before"):
        download.get(source(), where, tmp_path / "mine.zip")
    for damaged in (b"", b"\xff\xfe\x00", b"no sha256"):  # as if there were none: nothing can be compared
        (where / "SHA256").write_bytes(damaged)
        assert download.get(source(), where) == where
        with pytest.raises(LabError, match="exists already"):
            download.get(source(), where, tmp_path / "mine.zip")
    assert len(list(where.rglob("*.png"))) == 12 and (tmp_path / "mine.zip").exists()


@pytest.mark.parametrize("by_hand", [True, False])
def test_pictures_of_the_user_are_left_alone(server: Server, tmp_path: Path, by_hand: bool) -> None:
    (tmp_path / "mine.zip").write_bytes(GOOD)
    own = tmp_path / "data/train/a/own.png"
    own.parent.mkdir(parents=True)
    own.write_bytes(picture(7))
    with pytest.raises(LabError, match="train/a exists already.*another folder"):
        download.get(source(server.url("ok")), tmp_path / "data", tmp_path / "mine.zip" if by_hand else None)
    assert own.read_bytes() == picture(7) and not server.asked, "and nothing was downloaded for it"
    assert [p for p in tmp_path.glob("data/**/*") if p.is_file()] == [own]


def test_pictures_that_the_user_puts_there_meanwhile_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.zip").write_bytes(GOOD)
    own, pictures = tmp_path / "data/train/a/own.png", download._pictures

    def late(*given: object) -> Iterator[tuple[Path, bytes]]:
        yield from pictures(*given)  # type: ignore[arg-type]
        own.parent.mkdir(parents=True)
        own.write_bytes(picture(7))

    monkeypatch.setattr(download, "_pictures", late)
    with pytest.raises(LabError, match="cannot be written"):
        download.get(source(), tmp_path / "data", tmp_path / "mine.zip")
    assert [p for p in tmp_path.glob("data/**/*") if p.is_file()] == [own]


@pytest.mark.parametrize("name", ["mine.zip", "selfie2anime.zip", "drive.zip", "7.partial", "pictures"])
def test_what_the_user_put_into_the_unfinished_folder_stays(server: Server, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "selfie2anime.unfinished" / name
    (mine.parent / "notes").mkdir(parents=True)
    (mine.parent / "notes" / "a.txt").write_text("mine")
    mine.write_bytes(GOOD)
    for archive_of_mine in (mine, None):
        where = download.get(source(server.url("ok")), tmp_path, archive_of_mine)
        assert len([*where.glob("train/*/*.png"), *where.glob("test/*/*.png")]) == 12
        found = sorted(path.relative_to(mine.parent).as_posix() for path in mine.parent.rglob("*"))
        assert found == sorted([name, "notes", "notes/a.txt"]) and mine.read_bytes() == GOOD
        for split in ("train", "test"):
            (tmp_path / split).rename(tmp_path / f"{split} {archive_of_mine is None}")


def test_an_empty_record_is_no_obstacle(server: Server, tmp_path: Path) -> None:
    (tmp_path / "SHA256").touch()
    where = download.get(source(server.url("ok")), tmp_path)
    assert (where / "SHA256").read_text().strip() == hashlib.sha256(GOOD).hexdigest()


class TestDrive:
    """What gdown does, by a function in its place: it is never called here, as nothing reaches the network."""

    def get(self, monkeypatch: pytest.MonkeyPatch, found: object, folder: Path, *urls: str, **changes: object) -> Path:
        def fake(*, id: str, output: str, quiet: bool) -> str:  # what gdown 5.1 and gdown 6 both take
            assert id == "the id"
            Path(output + "abcdefgh.part").write_bytes(b"the beginning of something")
            if isinstance(found, Exception):
                raise found
            Path(output).write_bytes(found)  # type: ignore[arg-type]
            return output

        monkeypatch.setattr("gdown.download", fake)
        return download.get(source(*urls, drive="the id", **changes), folder)

    def test_it_comes_first(self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        where = self.get(monkeypatch, GOOD, tmp_path, server.url("ok"))
        assert len(list(where.rglob("*.png"))) == 12 and not server.asked
        assert {p.name for p in where.iterdir()} == {"SHA256", "train", "test"}

    @pytest.mark.parametrize("found", [b"<html>quota</html>", RuntimeError("Too many\nusers"), EOFError(), GOOD * 2])
    def test_then_the_mirrors(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: object
    ) -> None:
        where = self.get(monkeypatch, found, tmp_path, server.url("ok"), largest=len(GOOD))
        assert [mode for mode, _ in server.asked] == ["ok"]
        assert {p.name for p in where.iterdir()} == {"SHA256", "train", "test"}, "nothing of gdown is left"
        with pytest.raises(LabError, match="Google Drive: (it sent|Too many users|EOFError).*by hand") as caught:
            self.get(monkeypatch, found, tmp_path / "other", largest=len(GOOD))
        assert "\n" not in str(caught.value) and not list(tmp_path.glob("other/**/*.zip"))


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
    says("no ZIP archive, too large or damaged", GOOD[:-2000])
    says("12 pictures", GOOD, least=13)
    says(
        "two pictures of the same name", archive(**{f"selfie2anime/trainA/{n}.png": picture(1) for n in ("a b", "A_b")})
    )


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_picture_is_named_damage_and_not_a_full_disk(tmp_path: Path, kind: int) -> None:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a", kind) as file:
        file.writestr("selfie2anime/trainA/more.png", np.random.default_rng(1).bytes(5000))
        start = file.getinfo("selfie2anime/trainA/more.png").header_offset + 30 + len("selfie2anime/trainA/more.png")
    for place in (2, 40, 4000):
        broken = bytearray(buffer.getvalue())
        broken[start + place : start + place + 3] = bytes(~b % 256 for b in broken[start + place : start + place + 3])
        (tmp_path / "bad.zip").write_bytes(broken)
        with pytest.raises(LabError, match="bad.zip is a damaged archive .*get it again") as caught:
            download.get(source(), tmp_path / "data", tmp_path / "bad.zip")
        assert "delete" not in str(caught.value)
        assert not [p for p in tmp_path.glob("data/**/*") if p.is_file()] and (tmp_path / "bad.zip").exists()


@pytest.mark.parametrize("problem", [OSError("x"), ValueError("x"), EOFError(), zlib.error("x"), lzma.LZMAError("x")])
def test_whatever_a_decompressor_raises_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def read(*_: object) -> bytes:
        raise problem

    (tmp_path / "bad.zip").write_bytes(GOOD)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", read)
    with pytest.raises(LabError, match="damaged archive"):
        download.get(source(), tmp_path / "data", tmp_path / "bad.zip")


@pytest.mark.parametrize("name", [".", "./"])
def test_members_without_a_name_are_no_pictures(tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.zip").write_bytes(archive(**{name: b""}))
    assert len(list(download.get(source(), tmp_path / "data", tmp_path / "odd.zip").rglob("*.png"))) == 12


def test_four_pictures_are_not_the_dataset(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "four.zip", "w") as file:
        for folder in ("trainA", "trainB", "testA", "testB"):
            file.writestr(f"{folder}/0.png", picture(9))
    with pytest.raises(LabError, match="has 4 pictures, which is not 'selfie2anime'"):
        download.get("selfie2anime", tmp_path / "data", tmp_path / "four.zip")


def crowd(count: int, told: int) -> bytes:
    """An archive whose list names `count` files, and whose last words tell of another number."""
    entry = b"PK\1\2" + bytes(24) + (5).to_bytes(2, "little") + bytes(16) + b"a.png"
    end = b"PK\5\6" + bytes(4) + told.to_bytes(2, "little") * 2 + (len(entry) * count).to_bytes(4, "little") + bytes(6)
    return entry * count + end


@pytest.mark.parametrize("told", [1, 65535])
def test_a_million_files_are_refused_before_they_are_listed(tmp_path: Path, told: int) -> None:
    assert len(zipfile.ZipFile(io.BytesIO(crowd(3, 3))).infolist()) == 3, "such a list can be read"
    (tmp_path / "crowd.zip").write_bytes(crowd(10**6, told))
    began = time.monotonic()
    with pytest.raises(LabError, match="crowd.zip lists more files than the dataset has"):
        download.get("selfie2anime", tmp_path / "data", tmp_path / "crowd.zip")
    assert time.monotonic() - began < 1 and not list(tmp_path.glob("data/*"))


def test_only_pictures_are_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n"
    inner = "selfie2anime/trainA/"
    others = {f"{inner}run.png": eps, f"{inner}words.jpg": b"words", f"{inner}empty.jpeg": b""}
    others |= {f"{inner}tool.exe": b"MZ", f"{inner}{'n' * 200}.png": picture(1)}
    (tmp_path / "odd.zip").write_bytes(archive(**others))
    where = download.get(source(), tmp_path / "data", tmp_path / "odd.zip")
    assert sorted(p.name for p in where.glob("train/a/*")) == ["0.png", "1.png", "2.png"]
    assert "3 files in" in capsys.readouterr().out
    with pytest.raises(LabError, match="only 12 of its files are pictures"):
        download.get(source(least=13), tmp_path / "other", tmp_path / "odd.zip")


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_without_a_limit_are_refused(tmp_path: Path, kind: int) -> None:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a", kind) as file:
        file.writestr("selfie2anime/trainA/more.png", bytes(10**6))
    (tmp_path / "bad.zip").write_bytes(buffer.getvalue())
    with pytest.raises(LabError, match="compressed in a way that no mirror uses"):
        download.get(source(), tmp_path / "data", tmp_path / "bad.zip")


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
