"""What was handed in: whose it is, and what counts in it. Nothing of it is run, and nothing is unpacked to the disk."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any
from unicodedata import normalize

from animelab import foreign
from animelab.errors import LabError, reason

Students = dict[str, dict[str, str]]  # the roster, by id
NOTEBOOK, PICTURE, WEIGHTS = "notebook.ipynb", "claim.png", "weights.safetensors"  # what counts, by these names
ROLES = {".ipynb": NOTEBOOK, ".png": PICTURE, ".safetensors": WEIGHTS}
ROLES |= dict.fromkeys((".pt", ".pth", ".ckpt", ".bin", ".pkl"), WEIGHTS)  # which are told why not
LARGEST = {NOTEBOOK: 20_000_000, PICTURE: 10_000_000}  # bytes; the assignment says it of weights
MOST = 500  # files of a submission
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
NO_SUBMISSIONS = ("__MACOSX", "Thumbs.db", "desktop.ini")
# doejane_LATE_1234_98765_hw01.zip, and "Jane Doe_1234567_assignsubmission_file_", a folder or the start of a name
CANVAS = re.compile(r"(?P<who>[^_]+)_(?:LATE_)?(?P<id>\d+)_(?P<order>\d+)_.+", re.DOTALL)
MOODLE = re.compile(r"(?P<who>.+)_(?P<participant>\d+)_assignsubmission_file.*", re.DOTALL)


class Refused(LabError):
    """Why a submission is not run: a status, and a sentence for its student."""

    def __init__(self, status: str, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass
class Submission:
    """What was handed in at one time, and what the grader finds out about it."""

    name: str
    paths: list[Path] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)  # what the learning platform put into the file's name
    student: str = ""  # "" where nobody can say whose it is
    variant: str = ""  # whose copy it is
    key: str = ""  # a digest of what counts in it
    status: str = ""  # unless it is to be run
    said: str = ""

    @property
    def order(self) -> tuple[int, float, str]:
        """By which the newest of one student is the last."""
        return int(self.about.get("order", 0)), self.paths[-1].lstat().st_mtime, self.name

    def owners(self, students: Students, assignment: str) -> list[str]:
        """Whose it may be by its file's name: an id as `pack` writes it, or a name as Canvas and Moodle do."""

        def letters(text: str) -> list[str]:  # Canvas puts the last name first
            return sorted(filter(str.isalnum, normalize("NFC", text).casefold()))

        stem = normalize("NFC", Path(self.name).stem)
        who = normalize("NFC", self.about.get("who", "")) or re.sub(rf"[ _-]*{re.escape(assignment)}.*", "", stem)
        if not students:
            return [who] if who and (self.about or who != stem) else []
        found = [key for key, row in students.items() if row.get("ID", "") == self.about.get("id")]
        found = found or [key for key, row in students.items() if who in (key, row.get("SIS Login ID"))]
        return found or [key for key, row in students.items() if letters(row.get("name", "")) == letters(who) != []]

    def content(self, megabytes: float) -> dict[str, bytes]:
        """What counts in it, by its name here; megabytes: of weights. Refused for what hides something."""
        largest = {**LARGEST, WEIGHTS: int(megabytes * 1e6)}
        room = 2 * sum(largest.values())  # many small zip members could take hours to unpack
        found: dict[str, bytes] = {}
        try:
            for place, opening in _files(self.paths):
                name = ROLES.get(place.suffix.lower(), "")
                if largest.get(name) and not any(part[0] == "." for part in place.parts):
                    with opening() as file:
                        data = file.read(largest[name] + 1)
                    if not (name == NOTEBOOK and b'"ticket"' in found.get(name, b"") and b'"ticket"' not in data):
                        found[name] = data
                    room -= len(data)
                if room < 0:
                    raise Refused("too large", "It unpacks to more than a homework has; hand in what `pack` writes.")
        except foreign.ODD as error:
            said = f"Its files are damaged, or cannot be read ({reason(error)}); make the zip again with `pack`."
            raise Refused("damaged", said) from error
        if not any(found.values()):
            raise Refused("empty", "There is nothing in it that can be graded; hand in the zip that `pack` writes.")
        if NOTEBOOK not in found:
            raise Refused("no notebook", "There is no .ipynb file in it; hand in the zip that `pack` writes.")
        if len(found[NOTEBOOK]) > LARGEST[NOTEBOOK]:
            raise Refused("too large", "The notebook has more than 20 MB; clear its outputs, and hand it in again.")
        return found


def collected(folder: Path) -> Iterator[Submission]:
    """A submission for each notebook, zip or folder; what else one student uploaded beside it belongs to it."""
    if not folder.is_dir():
        raise LabError(f"There is no folder {folder} with submissions; check the path.")
    groups: dict[tuple[str, ...], list[Submission]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.name[0] != "." and path.name not in NO_SUBMISSIONS:
            found = CANVAS.fullmatch(path.name) or MOODLE.fullmatch(path.name)
            uploader = found.groups()[:2] if found else (path.name,)
            groups[uploader].append(Submission(path.name, [path], found.groupdict() if found else {}))
    for group in groups.values():
        main = [each for each in group if each.paths[0].is_dir() or each.paths[0].suffix.lower() in (".zip", ".ipynb")]
        main = main or group[:1]
        beside = [each.paths[0] for each in group if each not in main]
        for each in main:
            each.paths = [*beside, *each.paths]
            yield each


def issued_to(notebook: bytes) -> dict[str, str]:
    """What a notebook says of whom it was issued to; {} for nothing."""
    try:
        about = json.loads(notebook)["metadata"]["animelab"]
        return {key: value for key, value in about.items() if isinstance(value, str)}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # what it is, the sandbox says
        return {}


def _files(paths: list[Path]) -> Iterator[tuple[PureWindowsPath, Callable[[], Any]]]:
    """Name of each file, in folders and zips, too, and how to open it. Refused where there is a link or a device."""
    inside = [each for path in paths for each in (path, *sorted(path.rglob("*")))][: MOST + 1]
    kinds = [stat.S_IFMT(each.lstat().st_mode) for each in inside]
    if len(inside) > MOST or not {*kinds} <= {stat.S_IFREG, stat.S_IFDIR}:
        raise Refused("refused", "It holds a link, no ordinary file, or too many files; hand in what `pack` writes.")
    for path in (each for each, kind in zip(inside, kinds) if kind == stat.S_IFREG):
        if path.suffix.lower() != ".zip":
            yield PureWindowsPath(path.name), partial(open, path, "rb")
            continue
        with foreign.Bounded(path) as stored, zipfile.ZipFile(stored) as archive:
            stored.most = foreign.LARGEST
            members = archive.infolist()
            if len(members) > MOST or not all(map(_is_plain, members)):
                said = "The zip holds a link, a path that leads out of it, or too many files; use what `pack` writes."
                raise Refused("refused", said)
            for info in members:
                yield PureWindowsPath(info.filename), partial(archive.open, info)


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """Whether a zip's member is a file that stays where it is put, packed in a way that takes no memory to unpack."""
    place = PureWindowsPath(info.filename)  # which knows drives, and either slash
    inside = not place.anchor and ".." not in place.parts
    return inside and not stat.S_ISLNK(info.external_attr >> 16) and info.compress_type in PACKED
