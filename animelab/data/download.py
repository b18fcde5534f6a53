"""Datasets that others made: fetched once, checked, unpacked with care. Taught in 10_ugatit; cards in datasets/."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm.auto import tqdm

from animelab.config import nearest
from animelab.errors import LabError

CHUNK = 2**18
PATIENCE = 30  # seconds without a byte
TRIES = 4  # at each mirror, each going on where the last one stopped


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
    unpacked: int = 2**31  # bytes


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
    )
}


def get(source: str | Source, folder: str | Path, archive: str | Path | None = None) -> Path:
    """The folder of a dataset, downloaded and unpacked unless it is there: folder/train/a, folder/train/b, and so on.

    archive: a file that was downloaded by hand. The sha256 of the first archive is written into the folder, and a later
    one must have the same. Raises LabError when no mirror gives the file, and for an archive that is not what it should
    be; nothing half unpacked is left.
    """
    if isinstance(source, str):
        if source not in SOURCES:
            raise LabError(f"There is no dataset '{source}' to get: {nearest(source, SOURCES)}")
        source = SOURCES[source]
    folder = Path(folder)
    if all((folder / inner).is_dir() for inner in source.folders.values()):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = Path(archive) if archive else _download(source, folder / f"{source.name}.zip")
        if not path.is_file():
            raise LabError(f"There is no file {path}; check the path.")
        digest = _compare(path, folder / "SHA256")
        try:
            _unpack(source, path, folder)
        except LabError:
            if not archive:
                path.unlink()  # the next try begins anew
            raise
        (folder / "SHA256").write_text(f"{digest}\n", encoding="utf-8")
    except OSError as problem:
        raise LabError(
            f"{folder} cannot be written ({problem.strerror or problem}); make room, or give another."
        ) from (problem)
    if not archive:
        path.unlink()
    return folder


def _download(source: Source, path: Path) -> Path:
    partial, problems = path.with_suffix(".partial"), []
    if source.drive:
        try:
            return _from_drive(source, path)
        except Exception as problem:  # noqa: BLE001  gdown has no error of its own for quotas, private files and wrong pages
            problems.append(
                f"Google Drive: {str(problem).strip().splitlines()[0] if str(problem).strip() else problem!r}"
            )
    for url in source.mirrors:
        for _ in range(TRIES):
            try:
                _fetch(url, partial, source.largest)
                if not zipfile.is_zipfile(partial):
                    partial.unlink()
                    raise LabError("it sent something else than a ZIP archive")
                os.replace(partial, path)
                return path
            except (HTTPError, LabError) as problem:
                if isinstance(problem, LabError) or problem.code == 416:  # nothing that could be continued
                    partial.unlink(missing_ok=True)
                problems.append(f"{url}: {problem}")
                break  # asking again would not help
            except (URLError, TimeoutError, ConnectionError) as problem:
                problems.append(f"{url}: {getattr(problem, 'reason', problem)}")
    raise LabError(
        f"'{source.name}' could not be downloaded ({problems[-1]}). Get it by hand from {source.page}, and say "
        f"animelab data get {source.name} --from FILE."
    )


def _from_drive(source: Source, path: Path) -> Path:
    import gdown

    found = gdown.download(id=source.drive, output=str(path), quiet=False, resume=True)
    if not found or not zipfile.is_zipfile(path):
        path.unlink(missing_ok=True)
        raise LabError("it sent a page instead of the file; too many people may have asked for it today")
    return path


def _fetch(url: str, partial: Path, largest: int) -> None:
    """One try: from where `partial` ends to the end of the file."""
    start = partial.stat().st_size if partial.exists() else 0
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urlopen(request, timeout=PATIENCE) as answer:
        span = re.match(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if start and (answer.status != 206 or span is None or int(span[1]) != start):
            start = 0  # this server begins anew
        length = answer.headers.get("Content-Length")
        whole = start + int(length) if length else None
        if max(whole or 0, start) > largest:
            raise LabError(f"it would send {(whole or 0) / 1e6:.0f} MB, more than the dataset has")
        with (
            open(partial, "ab" if start else "wb") as file,
            tqdm(total=whole, initial=start, unit="B", unit_scale=True, desc=url.rpartition("/")[2][:30]) as bar,
        ):
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > largest:
                    raise LabError("it sends more than the dataset has")
    if whole is not None and partial.stat().st_size < whole:
        raise ConnectionError("the connection broke")


def _compare(path: Path, record: Path) -> str:
    """The sha256 of a file; LabError when another one is on record."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if record.exists() and record.read_text(encoding="utf-8").split()[:1] != [digest.hexdigest()]:
        raise LabError(
            f"{path} is not the archive that was here before (its sha256 begins with {digest.hexdigest()[:12]}). "
            f"If you trust the new one, delete {record} and try again."
        )
    return digest.hexdigest()


def _unpack(source: Source, path: Path, folder: Path) -> None:
    fresh = folder / "unpacking"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [(info, target) for info in archive.infolist() if (target := _target(source, info))]
            if not members or len(members) > source.pictures:
                raise LabError(f"{path} has {len(members):,} pictures, which is not '{source.name}'; get it again.")
            room = source.unpacked
            for info, target in members:
                (fresh / target).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as packed, open(fresh / target, "xb") as file:
                    while chunk := packed.read(CHUNK):  # what the directory says of sizes need not be true
                        room -= len(chunk)
                        if room < 0:
                            raise LabError(f"{path} unpacks to more than '{source.name}' has; it was not kept.")
                        file.write(chunk)
        missing = [inner for inner in source.folders.values() if not (fresh / inner).is_dir()]
        if missing:
            raise LabError(f"{path} has no pictures for {missing[0]}; it is not '{source.name}', or not all of it.")
        for inner in source.folders.values():
            (folder / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(folder / inner, ignore_errors=True)
            os.replace(fresh / inner, folder / inner)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, FileExistsError) as problem:
        raise LabError(f"{path} is a damaged archive ({problem}); delete it and get it again.") from problem
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _target(source: Source, info: zipfile.ZipInfo) -> Path | None:
    """Where a member goes; None for what is no picture of the dataset. LabError for what is up to no good."""
    place = PurePosixPath(info.filename.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or stat.S_ISLNK(info.external_attr >> 16) or ":" in place.parts[0]:
        raise LabError(f"The archive wants to write to '{info.filename}'; nothing of it was unpacked.")
    if info.is_dir() or place.suffix.lower() not in (".jpg", ".jpeg", ".png") or len(place.parts) < 2:
        return None
    outside = source.folders.get(place.parts[-2])
    return Path(outside, re.sub(r"[^\w.-]", "_", place.name)) if outside else None
