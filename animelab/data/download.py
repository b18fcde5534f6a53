"""Datasets that others made: fetched once, checked, unpacked with care. Taught in 10_ugatit; cards in datasets/."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import stat
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from animelab.bar import Bar
from animelab.config import nearest
from animelab.errors import LabError, reason, say
from animelab.files import LARGEST, is_picture, write_text

CHUNK = 2**16
PATIENCE = 30  # seconds without a byte; for a whole CHUNK twice as many
LONGEST = 6 * 3600  # seconds for all of a download
TRIES = 4  # at each mirror, each going on where the last one stopped
PAUSE = 1  # seconds before the second try, twice that before the third, and so on


@dataclass(frozen=True)
class Source:
    """Where an archive is, what it may hold at most, and where its pictures go: {folder inside: folder outside}."""

    name: str
    drive: str  # the id of a file on Google Drive, "" for none
    mirrors: tuple[str, ...]
    folders: dict[str, str]
    page: str
    rights: str
    largest: int = 2**30  # bytes of the archive
    pictures: int = 20_000
    least: int = 1  # pictures; with fewer it is another dataset, or a part of it
    unpacked: int = 2**31  # bytes


class TooSlow(HTTPException):
    """Bytes came, but so few that asking again would not help."""


SOURCES = {
    "selfie2anime": Source(
        "selfie2anime",
        "1xOWj1UVgp6NKMT3HbPhBbtq2A4EDkghF",
        (
            "https://www.dropbox.com/s/9lz6gwwwyyxpdnn/selfie2anime.zip?dl=1",
            "https://byteps.tos-cn-qingdao.volces.com/datasets/selfie2anime.zip",
        ),
        {"trainA": "train/a", "trainB": "train/b", "testA": "test/a", "testB": "test/b"},
        "https://github.com/taki0112/UGATIT",
        "Selfies and drawings that nobody was asked for. For learning only; read datasets/selfie2anime first.",
        least=6_000,  # of 7,000
    )
}


def get(source: str | Source, folder: str | Path, archive: str | Path | None = None) -> Path:
    """The folder of a dataset, downloaded and unpacked unless it is there: folder/train/a, folder/train/b, and so on.

    archive: a file that was downloaded by hand. The sha256 of the first archive is written into the folder, and a later
    one must have the same. Raises LabError when no mirror gives the file, for an archive that is not what it should be,
    and when only some of those folders are there: they may be the user's. What is not finished yet stays in a folder of
    its own, so nothing half unpacked is left.
    """
    if isinstance(source, str):
        if source not in SOURCES:
            raise LabError(f"There is no dataset '{source}' to get: {nearest(source, SOURCES)}")
        source = SOURCES[source]
    folder, path = Path(folder), Path(archive) if archive else None
    work = folder / f"{source.name}.unfinished"  # the user's own files may lie there, too
    try:
        if path and not (path.is_file() and path.stat().st_size <= source.largest and zipfile.is_zipfile(path)):
            wrong = "no ZIP archive, too large or damaged" if path.is_file() else "not there, or no file"
            raise LabError(f"{path} is {wrong}; check the path, or get the archive again from {source.page}.")
        record = folder / "SHA256"
        taken = [folder / inner for inner in source.folders.values() if (folder / inner).exists()]
        complete = len(taken) == len(source.folders)
        if complete and path and _recorded(folder):
            _compare(path, folder)
        elif taken and (path or not complete):
            raise LabError(f"{taken[0]} exists already, and is left as it is; move it away, or give another folder.")
        elif not complete:
            if os.path.lexists(record) and not (_recorded(folder) or (record.is_file() and not record.stat().st_size)):
                raise LabError(f"{record} was not written by animelab; move it away, or give another folder.")
            work.mkdir(parents=True, exist_ok=True)
            for old in work.glob(".animelab-*"):
                if time.time() - old.stat().st_mtime > 24 * 3600:  # of a process that was killed
                    shutil.rmtree(old, ignore_errors=True)
            ours = Path(tempfile.mkdtemp(prefix=".animelab-", dir=work))
            try:
                _unpack(source, path or _download(source, work, ours), folder, ours / "pictures")
            finally:
                shutil.rmtree(ours, ignore_errors=True)
                with suppress(OSError):  # there is something else in it
                    work.rmdir()
    except OSError as problem:
        raise LabError(f"{folder} cannot be written ({reason(problem)}); make room, or give another.") from problem
    return folder


def _download(source: Source, work: Path, ours: Path) -> Path:
    problem, until = "no mirror is known", time.monotonic() + LONGEST
    if source.drive:
        try:
            return _from_drive(source, ours / "drive.zip")
        except Exception as error:  # noqa: BLE001  gdown has no error of its own for quotas, private files and wrong pages
            problem = f"Google Drive: {reason(error)}"
    for number, url in enumerate(source.mirrors):
        partial = work / f"{number}.partial"  # one each, as a bad mirror's bytes would spoil the next one's file
        for attempt in range(TRIES):
            time.sleep(PAUSE * attempt)
            try:
                _fetch(url, partial, source.largest, until)
                path = partial.replace(ours / "mirror.zip")
                for other in range(number):
                    (work / f"{other}.partial").unlink(missing_ok=True)
                return path
            except (LabError, HTTPException, ValueError) as error:  # an OSError is the disk's
                problem = f"{url}: {reason(error)}"
                if isinstance(error, LabError):  # asking again would not help, and nothing could be continued
                    partial.unlink(missing_ok=True)
                if isinstance(error, LabError | TooSlow):
                    break
    by_hand = f"Get it by hand from {source.page}, and say animelab data get {source.name} --from FILE."
    raise LabError(f"'{source.name}' could not be downloaded ({problem}). {by_hand}")


def _from_drive(source: Source, path: Path) -> Path:
    import gdown

    _ask(lambda: gdown.download(id=source.drive, output=str(path), quiet=False), seconds=LONGEST)
    if not zipfile.is_zipfile(path) or path.stat().st_size > source.largest:
        path.unlink(missing_ok=True)
        raise LabError("it sent something else than the dataset; too many people may have asked for it today")
    return path


def _fetch(url: str, partial: Path, largest: int, until: float) -> None:
    """One try: from where `partial` ends to the end of the file."""
    start = partial.stat().st_size if partial.exists() else 0
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    answer = _ask(urlopen, request, None, PATIENCE)  # not in a `with`, which would wait for the rest of a slow one
    span = re.match(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
    if start and (answer.status != 206 or span is None or int(span[1]) != start):
        start = 0  # this server begins anew
    length = answer.headers.get("Content-Length")
    whole = start + int(length) if length else None
    if max(whole or 0, start) > largest:
        raise LabError(f"it would send {(whole or 0) / 1e6:.0f} MB, more than the dataset has")
    told = {"total": whole, "initial": start, "desc": "Download"}
    with open(partial, "ab" if start else "wb") as file, Bar.wrapattr(file, "write", **told) as bar:
        while chunk := _ask(answer.read, CHUNK):
            bar.write(chunk)
            if file.tell() > largest:
                raise LabError("it sends more than the dataset has")
            if time.monotonic() > until:
                raise TooSlow(f"it took more than {LONGEST / 3600:.0f} hours")
    answer.close()
    if whole is not None and partial.stat().st_size < whole:
        raise HTTPException("the connection broke")
    if not zipfile.is_zipfile(partial):
        raise LabError("it sent something else than a ZIP archive")


def _ask(call: Callable[..., Any], *given: Any, seconds: float | None = None) -> Any:
    """What a server answers, in a thread of its own: a socket's time-out begins again with each byte.

    Raises TooSlow; no OSError comes out of it, so that one elsewhere is the disk's.
    """
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            answer.set_result(call(*given))
        except Exception as problem:  # noqa: BLE001  it is raised below
            answer.set_exception(problem)

    threading.Thread(target=ask, daemon=True).start()
    if not wait([answer], seconds or 2 * PATIENCE).done:
        raise TooSlow("it is too slow")
    try:
        return answer.result()
    except OSError as problem:
        final = isinstance(problem, HTTPError) and problem.code < 500 and problem.code != 429
        raise (LabError if final else HTTPException)(reason(getattr(problem, "reason", None) or problem)) from problem


def _recorded(folder: Path) -> str:
    """The sha256 of the archive that was there before; empty when there was none, or its record is damaged."""
    record = folder / "SHA256"
    words = record.read_bytes()[:64].decode("ascii", "replace") if record.is_file() else ""
    return words if re.fullmatch("[0-9a-f]{64}", words) else ""


def _compare(path: Path, folder: Path) -> str:
    """The sha256 of a file; LabError when another one is on record."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if _recorded(folder) not in ("", digest.hexdigest()):
        was = f"is not the archive that was here before, whose sha256 is in {folder / 'SHA256'}"
        raise LabError(f"{path} {was}; if you trust it, give another folder.")
    return digest.hexdigest()


def _unpack(source: Source, path: Path, folder: Path, fresh: Path) -> None:
    digest = _compare(path, folder)
    for target, content in _pictures(source, path):
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        with open(fresh / target, "xb") as file:
            file.write(content)
    missing = [inner for inner in source.folders.values() if not (fresh / inner).is_dir()]
    if missing:
        raise LabError(f"{path} has no pictures for {missing[0]}; it is not '{source.name}', or not all of it.")
    for inner in source.folders.values():
        (folder / inner).parent.mkdir(parents=True, exist_ok=True)
        (fresh / inner).replace(folder / inner)  # fails where somebody has put something meanwhile
    write_text(folder / "SHA256", f"{digest}\n")


class _Listed(io.BufferedReader):
    """An archive whose list of files, which zipfile reads as a whole, may not have more than `most` bytes."""

    most = 2**62

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.most:
            raise LabError(f"{self.name} lists more files than the dataset has; get it again.")
        return super().read(size)


def _pictures(source: Source, path: Path) -> Iterator[tuple[Path, bytes]]:
    """Where each picture goes. What is wrong with the archive is a LabError: an OSError elsewhere is the disk's."""
    room, others = source.unpacked, 0
    try:
        file = _Listed(io.FileIO(path))
        file.most = 200 * source.pictures  # a file takes 46 bytes and its name
        with file, zipfile.ZipFile(file) as archive:
            file.most = _Listed.most
            members = [(info, target) for info in archive.infolist() if (target := _target(source, info))]
            if not source.least <= len(members) <= source.pictures:
                raise LabError(f"{path} has {len(members):,} pictures, which is not '{source.name}'; get it again.")
            if len({str(target).casefold() for _, target in members}) < len(members):  # some disks take A and a for one
                raise LabError(f"{path} has two pictures of the same name; get it again, or rename one of them.")
            for info, target in members:
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without limit
                    raise LabError(f"{path} is compressed in a way that no mirror uses; get it again.")
                with archive.open(info) as packed:
                    content = packed.read(min(room, LARGEST) + 1)
                if (room := room - len(content)) < 0:  # what the directory says of sizes need not be true
                    raise LabError(f"{path} unpacks to more than '{source.name}' has; it was not kept.")
                if is_picture(content):
                    yield target, content
                else:
                    others += 1
            if len(members) - others < source.least:
                raise LabError(f"{path}: only {len(members) - others:,} of its files are pictures; get it again.")
            if others:
                say(f"{others:,} files in {path} have a picture's name and are none; they were left out.")
    except LabError:
        raise
    except Exception as problem:  # zipfile and each of its decompressors have errors of their own
        raise LabError(f"{path} is a damaged archive ({reason(problem)}); get it again.") from problem


def _target(source: Source, info: zipfile.ZipInfo) -> Path | None:
    """Where a member goes; None for what is no picture of the dataset. LabError for what is up to no good."""
    place = PurePosixPath(info.filename.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or stat.S_ISLNK(info.external_attr >> 16) or ":" in str(place)[:2]:
        raise LabError(f"The archive wants to write to '{info.filename}'; nothing of it was unpacked.")
    if info.is_dir() or place.suffix.lower() not in (".jpg", ".jpeg", ".png") or len(place.parts) < 2:
        return None
    if len(place.name) > 100:
        return None  # some disks would refuse it
    outside = source.folders.get(place.parts[-2])
    return Path(outside, re.sub(r"[^\w.-]", "_", place.name)) if outside else None
