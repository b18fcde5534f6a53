"""Collects submissions, runs each in the sandbox, and marks what it answered outside: `animelab homework grade`."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import normalize

import nbformat

from animelab import foreign
from animelab.bar import Bar
from animelab.errors import LabError, reason, say, shown
from animelab.files import one_name, write_text
from animelab.homework import compare, feedback, model_task, sandbox, tables
from animelab.homework.assignment import ROOT, Assignment, choices, read
from animelab.homework.release import read_roster
from animelab.homework.secret import Secret

Row = dict[str, Any]
Students = dict[str, dict[str, str]]  # the roster, by id
MOST = 500  # files of a submission
LARGEST = {"notebook.ipynb": 20_000_000, "claim.png": 10_000_000}  # bytes; the assignment says it of weights
ROLES = {".ipynb": "notebook.ipynb", ".png": "claim.png", ".safetensors": "weights.safetensors"}
ROLES |= dict.fromkeys((".pt", ".pth", ".ckpt", ".bin", ".pkl"), "weights.safetensors")  # which are told why not
# doejane_LATE_1234_98765_hw01.zip, and "Jane Doe_1234567_assignsubmission_file_", a folder or the start of a name
CANVAS = re.compile(r"(?P<who>[^_]+)_(?:LATE_)?(?P<number>\d+)_(?P<order>\d+)_.+", re.DOTALL)
MOODLE = re.compile(r"(?P<who>.+)_(?P<number>\d+)_(?P<order>)assignsubmission_file.*", re.DOTALL)
FAILED = "not graded"  # the grader's fault, not the student's


class Refused(LabError):
    """Why a submission is not run: a status, and a sentence for its student."""

    def __init__(self, status: str, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass
class Submission:
    """What was handed in at one time. student: "" where nobody can say whose it is; variant: whose copy it is."""

    name: str
    paths: list[Path] = field(default_factory=list)
    order: tuple[int, float, str] = (0, 0.0, "")
    about: dict[str, str] = field(default_factory=dict)  # who, and a number, as the school's system names files
    student: str = ""
    variant: str = "everyone"
    key: str = ""  # of its files
    refused: Refused | None = None


def grade(
    submissions: Path,
    assignment: str,
    term: str,
    out: Path,
    secret: Path,
    workers: int = 2,
    roster: Path | None = None,
    again: bool = False,
    unsafe: bool = False,
    root: Path = ROOT,
) -> list[Row]:
    """Mark what lies in a folder: a row for every submission and every student of the roster, whatever happened.

    secret: the instructor's secret.key, beside which `release` wrote its own folder; again: mark also what is marked
    already. Writes a folder a student, tables and a leaderboard into `out`. Raises LabError where the system isolates
    nothing, without `unsafe`, and for a missing folder, roster or secret.
    """
    if (why := sandbox.available()) and not unsafe:
        raise LabError(f"{why} A submission could read and change your files; with --unsafe it runs all the same.")
    key, master, folder = Secret.read(secret), read(assignment, root), secret.parent / f"{assignment}-{term}"
    _same_assignment(out, f"{assignment}-{term}")
    issued = folder / "roster.csv"
    students = read_roster(roster or issued) if roster or issued.exists() else {}
    if master.model:
        model_task.prepare(folder, master.model, key.number(term, assignment, "model"))
    grader = Grader(master, term, key, folder, out, again, unsafe)
    found = [grader.identified(each, students, issued.exists()) for each in _collected(submissions)]
    newest = {each.student: each for each in sorted(found, key=lambda each: each.order) if each.student}
    jobs, rows = list(newest.values()), list[Row]()
    with ThreadPoolExecutor(workers) as pool, Bar(total=len(jobs), desc="Grading", unit=" submissions") as bar:
        try:
            for row in pool.map(grader.row, jobs):
                rows.append(row)
                bar.update()
        except KeyboardInterrupt:
            sandbox.stop()  # what is marked stays marked: the same command goes on from there
            raise
    for each in found:
        if not each.student:
            rows.append(grader.blank(each, each.refused))
        elif each is not newest[each.student]:
            name = shown(newest[each.student].name)
            rows.append(grader.blank(each, Refused("older", f"A newer one of the same student counts: {name}.")))
    for student in students.keys() - newest.keys():
        rows.append(grader.blank(Submission("", student=student), Refused("not handed in", "Nothing was handed in.")))
    rows.sort(key=lambda row: (not row["student"], row["student"], row["status"] == "older", row["file"]))
    for row in rows:
        row["about"] = students.get(row["student"], {})
    tables.write(rows, master, out)
    feedback.write(rows, master, out)
    for row in rows:
        say(f"{row['student'] or row['file']}: {row['status']}, {row['total']:g} of {row['most']:g}. {row['said']}")
    return rows


@dataclass
class Grader:
    """Marks submissions of one assignment and term; `row` may be called from several threads."""

    master: Assignment
    term: str
    secret: Secret
    folder: Path
    out: Path
    again: bool
    unsafe: bool

    def __post_init__(self) -> None:
        self.right = cache(self._right)
        self.number = self.secret.number(self.term, self.master.name, "model")
        weights = int(self.master.model.megabytes * 1e6) if self.master.model else 0
        self.largest = {**LARGEST, "weights.safetensors": weights}

    def identified(self, each: Submission, students: Students, own_copies: bool) -> Submission:
        """The same, with its student and whose copy it is, or why it is refused; nothing in it has run yet."""
        known = _named(each, students, self.master.name)
        each.student = known[0] if len(known) == 1 else ""
        try:
            content = _content(each.paths, self.largest)
            digests = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in content.items())
            each.key = hashlib.sha256(repr([self.master.cells, self.master.bugs, digests]).encode()).hexdigest()
            ticket = _ticket(content)
            each.variant = ticket.get("student", "") or (each.student if own_copies else "everyone")
            right = self.secret.ticket(self.term, self.master.name, each.variant)
            shared = each.variant == "everyone"
            forged = ticket and not hmac.compare_digest(
                repr(ticket.get("ticket")).encode("ascii", "replace"), repr(right).encode()
            )
            if forged or (known and not shared and each.variant not in known):
                said = "This copy was issued to another student, or for another assignment or term; work in your own."
                raise Refused("another's copy", said)
            each.student = each.student or (normalize("NFC", Path(each.name).stem) if shared else each.variant)
        except Refused as error:
            each.refused = error
        except OSError as error:
            each.refused = Refused("unreadable", f"Its files cannot be read ({reason(error)}).")
        try:
            one_name(each.student)
        except LabError:
            each.student, whose = "", "Neither the notebook nor the file's name says whose it is."
            each.refused = each.refused or Refused("whose?", whose)
        return each

    def row(self, each: Submission) -> Row:
        """Its row, or the one that was written before; the grader's own failure is a status, and keeps an old mark."""
        path, failed = self.out / each.student / "result.json", Refused(FAILED, "")
        kept = _kept(path)
        kept = kept if self.blank(each, failed).keys() <= kept.keys() else {}
        same = bool(kept and each.key) and kept["key"] == each.key
        if same and not self.again:
            return kept
        try:
            row = self.blank(each, each.refused) if each.refused else self._marked(each)
        except Exception as error:  # noqa: BLE001  one submission, or one broken solution, must not end the others'
            row = self.blank(each, Refused(FAILED, f"The grader could not mark it ({reason(error)})."))
        failed_now = row["status"] == FAILED or (same and row["status"] != "graded")
        if failed_now and kept and kept["status"] == "graded":
            return {**kept, "note": f"Grading it anew failed, so its earlier mark stands. {row['said']}"}
        if row["status"] != FAILED:  # or else the next run would not try again
            write_text(path, json.dumps(row, indent=1))
        return row

    def blank(self, each: Submission, refused: Refused | None) -> Row:
        """The row of what was not run, without points."""
        points = self.master.points
        assert refused is not None
        return {
            "student": each.student, "file": each.name, "status": refused.status, "said": str(refused), "note": "",
            "answers": [], "points": dict.fromkeys(points, 0.0), "total": 0.0, "most": sum(points.values()),
            "model": {}, "claim": "", "notes": [], "seconds": 0.0, "key": each.key,
            "number": each.about.get("number", ""),
            "alias": self.secret.number(self.term, self.master.name, each.student, "alias"),
        }  # fmt: skip

    def _marked(self, each: Submission) -> Row:
        began, content, answers = time.monotonic(), _content(each.paths, self.largest), []
        right = self.right(each.variant)
        outcome = self._run(content["notebook.ipynb"], each.variant, sandbox.Limits())
        if outcome.status == "stopped":
            raise LabError(outcome.why)
        for task in self.master.tasks:
            answers += compare.marked(task, outcome.answers.get(task.name), right.get(task.name))
        model: Row = {}
        if self.master.model:
            with tempfile.TemporaryDirectory() as place:
                weights = Path(place, "weights.safetensors")
                if "weights.safetensors" in content:
                    weights.write_bytes(content["weights.safetensors"])
                model = model_task.score_model(weights, self.master.model, self.folder, self.number)
            anchors = json.loads((self.folder / "anchors.json").read_text(encoding="utf-8"))
            answers += model_task.marked(self.master.model, model["scores"], anchors)
        points = dict.fromkeys(self.master.points, 0.0)
        for answer in answers:
            points[answer["task"]] += answer["points"]
        lost = [answer for answer in answers if answer["points"] < answer["most"]]
        first = f"task {lost[0]['task']}, {lost[0]['name']}: {lost[0]['seen']}" if lost else ""
        said = (
            f"{len(lost)} of {len(answers)} answers lost points; the first: {first}"
            if lost
            else "Every answer is right."
        )
        ran = outcome.status == "ran"
        row = self.blank(each, Refused("graded" if ran else outcome.status, said if ran else f"{outcome.why} {said}"))
        claim, notes = feedback.picture(content.get("claim.png", b"")), [shown(note, 200) for note in outcome.notes[:8]]
        taken: Row = {"answers": answers, "points": points, "total": sum(points.values()), "model": model}
        taken |= {"claim": claim, "notes": notes}
        return {**row, **taken, "seconds": round(time.monotonic() - began, 1)}

    def _right(self, variant: str) -> dict[str, Any]:
        """What the solution of that copy answers, in the same sandbox."""
        solution = self.master.solution(choices(self.secret, self.term, self.master, variant))
        patient = sandbox.Limits(wall=360, cpu=300)  # a busy machine must not make all submissions wrong
        outcome = self._run(nbformat.writes(solution).encode(), variant, patient)
        if outcome.status != "ran":
            raise LabError(f"The solution of {self.master.name} did not run: {outcome.status}. {outcome.why}")
        return outcome.answers

    def _run(self, notebook: bytes, variant: str, limits: sandbox.Limits) -> sandbox.Outcome:
        names = self.term, self.master.name, variant
        asks = [{"task": task.name, "function": task.function, "seed": self.secret.number(*names, f"task {task.name}")}
                for task in self.master.tasks]  # fmt: skip
        hidden = self.master.hidden(choices(self.secret, self.term, self.master, variant))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
            Path(place, "notebook.ipynb").write_bytes(notebook)
            question: Any = {"notebook": "notebook.ipynb", "hidden": hidden, "asks": asks}
            return sandbox.run(Path(place), question, limits, self.unsafe)


def _same_assignment(out: Path, name: str) -> None:
    """Marks of two assignments or terms in one folder would take each other's place."""
    path = out / "assignment.txt"
    if path.exists() and (other := path.read_text(encoding="utf-8").strip()) != name:
        raise LabError(f"{out} holds grades of {shown(other)}, not of {name}; choose another folder with --out.")
    write_text(path, name + "\n")


def _kept(path: Path) -> Row:
    """What was written before; {} where there is nothing, or it is damaged."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return row if isinstance(row, dict) else {}
    except (OSError, ValueError):
        return {}


def _collected(folder: Path) -> Iterator[Submission]:
    """A submission for each notebook, zip or folder; what else one student uploaded beside it belongs to it."""
    if not folder.is_dir():
        raise LabError(f"There is no folder {folder} with submissions; check the path.")
    groups: dict[Any, list[tuple[Path, dict[str, str]]]] = {}
    for path in sorted(folder.iterdir()):
        if path.name[0] != "." and path.name not in ("__MACOSX", "Thumbs.db", "desktop.ini"):
            found = CANVAS.fullmatch(path.name) or MOODLE.fullmatch(path.name)
            about = found.groupdict() if found else {}
            groups.setdefault((about.get("who"), about.get("number")) if found else path, []).append((path, about))
    for group in groups.values():
        main = [pair for pair in group if pair[0].is_dir() or pair[0].suffix.lower() in (".zip", ".ipynb")]
        beside = [path for path, _ in group if path not in dict(main)] if main else [path for path, _ in group[1:]]
        for path, about in main or group[:1]:
            order = int(about.get("order") or 0), path.lstat().st_mtime, path.stem
            yield Submission(path.name, [*beside, path], order, about)


def _named(each: Submission, students: Students, assignment: str) -> list[str]:
    """Whose it may be by its file's name: an id as `pack` writes it, or a name as Canvas and Moodle do."""

    def letters(text: str) -> list[str]:  # Canvas puts the last name first
        return sorted(filter(str.isalnum, normalize("NFC", text).casefold()))

    stem = Path(each.name).stem
    who = normalize("NFC", each.about.get("who") or re.sub(rf"[ _-]*{re.escape(assignment)}.*", "", stem))
    if not students:
        return [who] if who and (who != normalize("NFC", stem) or each.about) else []
    exact = [key for key, row in students.items() if who in (key, row.get("SIS Login ID")) or
             (each.about.get("order") and each.about["number"] == row.get("ID"))]  # fmt: skip
    return exact or [key for key, row in students.items() if letters(row.get("name", "")) == letters(who) != []]


def _content(paths: list[Path], largest: dict[str, int]) -> dict[str, bytes]:
    """What counts in a submission: notebook.ipynb, weights.safetensors, claim.png. Refused for what hides something."""
    found: dict[str, bytes] = {}
    room = 2 * sum(largest.values())  # many small zip members could take hours to unpack
    for role, data in _parts(paths, largest):
        if not (role == "notebook.ipynb" and b'"ticket"' in found.get(role, b"") and b'"ticket"' not in data):
            found[role] = data
        room -= len(data)
        if room < 0:
            raise Refused("too large", "It unpacks to more than a homework has; hand in the zip that `pack` writes.")
    if not any(found.values()):
        raise Refused("empty", "There is nothing in it that can be graded; hand in the zip that `pack` writes.")
    if len(found.get("notebook.ipynb", b"")) > LARGEST["notebook.ipynb"]:
        raise Refused("too large", "The notebook has more than 20 MB; clear its outputs, and hand it in again.")
    return found


def _parts(paths: list[Path], largest: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """The files that have a role, in folders and zips, too, each at most one byte longer than it may be."""

    def role(name: str) -> str:
        place = PurePosixPath(name.replace("\\", "/"))
        known = ROLES.get(place.suffix.lower(), "")
        return known if largest.get(known) and not any(part[:1] == "." for part in place.parts) else ""

    inside = [each for path in paths for each in (path, *sorted(path.rglob("*")))][: MOST + 1]
    modes = [stat.S_IFMT(each.lstat().st_mode) for each in inside]
    if len(inside) > MOST or not {*modes} <= {stat.S_IFREG, stat.S_IFDIR}:
        raise Refused("refused", "It holds a link, no ordinary file, or too many files; hand in what `pack` writes.")
    for path in (each for each, mode in zip(inside, modes) if mode == stat.S_IFREG):
        if path.suffix.lower() != ".zip":
            if name := role(path.name):
                with open(path, "rb") as file:
                    yield name, file.read(largest[name] + 1)
            continue
        try:
            with foreign.Bounded(path) as stored, zipfile.ZipFile(stored) as archive:
                stored.most = foreign.LARGEST
                members = archive.infolist()
                places = [PurePosixPath(info.filename.replace("\\", "/")) for info in members]
                outside = any(place.is_absolute() or ".." in place.parts or ":" in place.parts[0] for place in places)
                links = any(stat.S_ISLNK(info.external_attr >> 16) for info in members)
                others = any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members)
                if outside or links or others or len(members) > MOST:
                    said = (
                        "The zip holds a link, a path that leads out of it, or too many files; use what `pack` writes."
                    )
                    raise Refused("refused", said)
                for info in members:
                    if name := role(info.filename):
                        with archive.open(info) as packed:
                            yield name, packed.read(largest[name] + 1)
        except foreign.ODD as error:
            raise Refused("damaged", "The zip is damaged; make it again with `pack`, and hand it in anew.") from error


def _ticket(content: dict[str, bytes]) -> dict[str, str]:
    """What the notebook says of whom it was issued to, {} for nothing. Refused where it is no notebook."""
    if "notebook.ipynb" not in content:
        raise Refused("no notebook", "There is no .ipynb file in it; hand in the zip that `pack` writes.")
    try:
        notebook = json.loads(content["notebook.ipynb"].decode("utf-8"))
        if not isinstance(notebook["cells"], list) or not isinstance(notebook["metadata"], dict):
            raise ValueError("no cells")
        about = notebook["metadata"].get("animelab")
        return {key: value for key, value in about.items() if isinstance(value, str)} if isinstance(about, dict) else {}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(
            "not a notebook", "The .ipynb file is no notebook, or damaged; save it in Jupyter again."
        ) from error
