"""What is issued: variants of a master, folders, rosters, the page of instructions, and the zip that comes back."""

from __future__ import annotations

import ast
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import torch

from animelab.cli import main
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.homework import assignment
from animelab.homework.pack import OUTPUTS, pack
from animelab.homework.release import read_roster, release
from animelab.homework.secret import Secret
from animelab.nn import NETWORKS

ROOT = Path(__file__).parents[2]
MASTERS = Path(__file__).with_name("masters")
TERM = "2027S"
STUDENTS = [f"s{number}" for number in range(12)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one small homework."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(MASTERS, folder / "course" / "homework")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def small(root: Path) -> assignment.Assignment:
    return assignment.read("hw90", root)


@pytest.fixture
def secret(tmp_path: Path) -> Secret:
    (tmp_path / "key").write_text("5" * 64)
    return Secret.read(tmp_path / "key")


def altered(root: Path, tmp_path: Path, old: str, new: str) -> Path:
    """A course whose homework has one place changed."""
    shutil.copytree(root, tmp_path / "altered")
    master = tmp_path / "altered" / "course" / "homework" / "hw90_small.py"
    text = master.read_text(encoding="utf-8")
    assert text.count(old) == 1
    master.write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path / "altered"


def code(book: nbformat.NotebookNode) -> str:
    return "\n\n\n".join(cell.source for cell in book.cells if cell.cell_type == "code")


# The secret


def test_a_secret_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "instructor" / "secret.key"
    made = Secret.create(path)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    with pytest.raises(FileExistsError):
        Secret.create(path)
    assert path.read_text() == before
    assert Secret.read(path).number("a", "b") == made.number("a", "b")


def test_numbers_depend_on_every_name_and_on_the_secret(secret: Secret, tmp_path: Path) -> None:
    other = Secret.create(tmp_path / "other")
    names = [("2027S", "hw01", "s1"), ("2027S", "hw01", "s", "1"), ("2027S", "hw01s1"), ("2027W", "hw01", "s1")]
    numbers = [each.number(*name) for each in (secret, other) for name in names]
    assert len({*numbers}) == len(numbers) and all(0 <= number < 2**63 for number in numbers)
    assert len({secret.ticket(*name) for name in names}) == len(names)
    assert secret.ticket("a") == secret.ticket("a") and len(secret.ticket("a")) == 32
    assert "5555" not in repr(secret)


@pytest.mark.parametrize("content", [None, b"", b"secret", b"\xff" * 64, b"5" * 63, b"5" * 65, b"G" * 64])
def test_a_secret_that_is_missing_or_damaged_is_asked_for(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(LabError, match="--secret FILE"):
        Secret.read(tmp_path / "key")


# Masters and variants


def test_a_master_says_what_is_asked(small: assignment.Assignment) -> None:
    assert [task.function for task in small.tasks] == ["margin", "steps"]
    assert small.points == {"1": 3.5, "2": 3.0, "m": 4.0, "c": 6.0}
    assert small.parameters["order"] == (("red", "blue"), ("blue", "red"))
    assert small.title == "hw90 · Small, for the tests"
    assert small.tasks[0].advice == {"loss": "Look at what lies beyond the margin."}


def test_a_copy_is_the_same_for_a_student_and_term_and_another_for_others(
    small: assignment.Assignment, secret: Secret
) -> None:
    def made(student: str, term: str = TERM) -> str:
        book = small.notebook(assignment.choices(secret, term, small, student))
        return nbformat.writes(book)

    assert made("s1") == made("s1")
    plain = {code(small.notebook(assignment.choices(secret, TERM, small, student))) for student in STUDENTS}
    assert len(plain) > 8  # of 12; 18 parameters times 7 pairs of bugs
    assert made("s1", "2028S") != made("s1")
    seen = {
        (bug, which)
        for student in STUDENTS
        for bug, which in assignment.choices(secret, TERM, small, student).bugs.items()
    }
    assert seen == {("copy", 1), ("copy", 2), ("factor", 1), ("sign", 1)}


def test_parameters_are_literals_in_code_and_words_alike(small: assignment.Assignment, secret: Secret) -> None:
    for student in STUDENTS:
        mine = assignment.choices(secret, TERM, small, student)
        for book in (small.notebook(mine), small.solution(mine)):
            (cell,) = (cell for cell in book.cells if cell.source.startswith("WIDTH"))
            values = {line.targets[0].id: ast.literal_eval(line.value) for line in ast.parse(cell.source).body}
            assert values == {name.upper(): value for name, value in mine.values.items()}
            assert "größer ist strenger: ≥ 0" in cell.source
            assert f"Your width is **{mine.values['width']}**" in book.cells[0].source
            assert "choose" not in code(book) and "{{" not in book.cells[0].source


def test_bugs_are_planted_for_the_student_alone_and_leave_no_trace(
    small: assignment.Assignment, secret: Secret
) -> None:
    for student in STUDENTS:
        mine = assignment.choices(secret, TERM, small, student)
        theirs, right = code(small.notebook(mine)), code(small.solution(mine))
        assert len(mine.bugs) == 2
        assert "###" not in theirs and "###" not in right
        assert "values = values.clone()\n    for _ in range(2):\n        gradient = 2 * values\n" in right
        variants = ["values = values.clone()", "values = values * 1.01", "values = values + 0.01"]
        (found,) = (number for number, line in enumerate(variants) if f"    {line}\n    for _" in theirs)
        assert found == mine.bugs.get("copy", 0)
        lines = [line for line in theirs.splitlines() if line.strip()]
        kept = [line for line in right.splitlines() if line.strip()]
        assert sum(a != b for a, b in zip(lines[-7:], kept[-7:])) == 2  # the bugs, and nothing else of that cell


def test_solutions_are_code_that_answers(small: assignment.Assignment, secret: Secret) -> None:
    mine = assignment.choices(secret, TERM, small, "s1")
    work: dict = {}
    exec(small.solved(mine), work)
    hidden = dict(work)
    exec(small.hidden(mine), hidden)
    answers = hidden["margin"](work, 3)
    torch.manual_seed(3)
    logits = torch.randn(16)
    assert torch.allclose(answers["loss"], (mine.values["margin"] - logits).clamp(min=0).mean())
    after = hidden["steps"](work, 3)["after"]
    torch.manual_seed(3)
    assert torch.allclose(after, torch.randn(8) * 0.64)
    for task, sentence, wrong in small.wrong(mine):
        assert sentence and task in ("1", "2")
        broken = dict(work)
        exec(wrong, broken)
        asked = hidden["margin" if task == "1" else "steps"]
        true = asked(work, 3)
        assert any(not torch.allclose(value, true[key]) for key, value in asked(broken, 3).items()), sentence


def test_a_student_sees_stubs_and_nothing_hidden(small: assignment.Assignment, secret: Secret) -> None:
    book = small.notebook(assignment.choices(secret, TERM, small, "s1"))
    nbformat.validate(book)
    text = nbformat.writes(book)
    assert 'raise NotImplementedError(\\"1: what is missing is never negative\\")' in text
    for hidden in ("clamp", "homework", "rewards", "Look at what", "plant", "sha1"):
        assert hidden not in text.replace("needs", ""), hidden
    marks = [cell.metadata.nbgrader for cell in book.cells if "nbgrader" in cell.metadata]
    assert [mark.grade_id for mark in marks] == ["task-1-1", "task-2-2", "claim-3"]
    about = book.metadata.animelab
    assert about.student == "s1" and about.needs.network == "dcgan.generator"
    assert about.ticket == secret.ticket(TERM, "hw90", "s1")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        ### OR\n        gradient = values\n", "", "out of place"),
        ("        ### BEGIN BUG sign\n", "", "out of place"),
        ("### BEGIN BUG sign", "### BEGIN BUG factor", "two bugs are named 'factor'"),
        ('# %% tags=["task-2"]', "# %%", "whose bugs are these"),
        ("plant: 2", "plant: 9", "'plant'"),
        ("plant: 2", "count: 2", "'plant'"),
        ("**{{width}}**", "**{{height}}**", "nothing chooses {{height}}"),
        ('choose("margin", 0.25, 0.5, 1.0)', 'choose("width", 0.25)', "chosen twice"),
        ('choose("margin", 0.25, 0.5, 1.0)', 'choose("margin", torch.pi)', r"hw90_small.py:28: .*literals"),
        ('@task("2", points', '@task("1", points', "different names"),
        ('@task("2", points', '@task("2", marks', "literals"),
        ('    return {"loss": loss', '    return return {"loss": loss', "not Python"),
        ("    ### END SOLUTION\n", "", "END SOLUTION"),
    ],
)
def test_a_malformed_master_is_one_sentence(root: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(LabError, match=said) as caught:
        assignment.read("hw90", altered(root, tmp_path, old, new))
    assert str(caught.value).startswith("hw90_small.py")


def test_an_unknown_assignment_lists_those_there_are(root: Path) -> None:
    with pytest.raises(LabError, match="there are: hw90"):
        assignment.read("hw91", root)


MASTERS_OF_THE_COURSE = sorted((ROOT / "course" / "homework").glob("hw*_*.py"))


@pytest.mark.parametrize("path", MASTERS_OF_THE_COURSE, ids=lambda path: path.stem)
def test_no_layout_betrays_a_bug(path: Path, secret: Secret) -> None:
    """Code with planted bugs is formatted as ruff would, whichever they are."""
    read = assignment.read(path.stem.partition("_")[0], ROOT)
    cells = set()
    for student in STUDENTS:
        mine = assignment.choices(secret, TERM, read, student)
        book = read.notebook(mine)
        assert "###" not in code(book) and "choose(" not in code(book)
        cells |= {cell.source for cell in book.cells if cell.metadata.get("nbgrader", {}).get("solution") is False}
    assert len(cells) > 1
    for source in sorted(cells):
        command = [sys.executable, "-m", "ruff", "format", "--config", str(ROOT / "course" / "ruff.toml"), "-"]
        done = subprocess.run(command, input=source + "\n", capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout == source + "\n"
    assert read.model and read.claim and read.model.network in NETWORKS
    assert sum(read.points.values()) == 100


# Release


def roster(folder: Path, text: str | bytes) -> Path:
    path = folder / "students.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


CLASS = '\ufeffid;name;ID\ns1;王 小明 O\'Brien;17\n二号;"Müller; Anna";18\n\n s3 ;<b>Bold</b>;\n'


def test_release_gives_each_student_a_folder_and_no_secrets(root: Path, tmp_path: Path) -> None:
    place, secret = release("hw90", TERM, tmp_path / "out", roster(tmp_path, CLASS), root=root)
    assert place == tmp_path / "out" / "hw90-2027S" / "students" and {*os.listdir(place)} == {"s1", "二号", "s3"}
    assert all(
        sorted(os.listdir(place / name)) == ["hw90_small.ipynb", "instructions.html"] for name in os.listdir(place)
    )
    own = tmp_path / "out" / "instructor" / "hw90-2027S"
    assert secret.parent == own.parent and sorted(os.listdir(own / "solutions")) == [
        "s1.ipynb",
        "s3.ipynb",
        "二号.ipynb",
    ]
    assert (own / "roster.csv").read_text(encoding="utf-8").splitlines()[1] == "s1,王 小明 O'Brien,17"
    key = secret.read_text().strip()
    tickets = {}
    for student in ("s1", "二号", "s3"):
        mine = nbformat.read(place / student / "hw90_small.ipynb", 4)
        tickets[student] = mine.metadata.animelab.ticket
        assert mine.metadata.animelab.student == student
    solved = nbformat.read(own / "solutions" / "s1.ipynb", 4).cells[3].source.splitlines()[-2:]
    for path in place.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        student = path.parent.name
        assert key not in text and not any(line.strip() in text for line in solved)
        assert not any(ticket in text for other, ticket in tickets.items() if other != student)
        own_name = {"s1": "王 小明", "二号": "Anna", "s3": "Bold"}
        assert not any(name in text for other, name in own_name.items() if other != student)
        assert "<b>Bold" not in text


def test_released_again_nothing_changes_and_late_students_come_in(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    release("hw90", TERM, out, roster(tmp_path, "id\ns1\ns2\n"), root=root)
    before = {path: path.read_bytes() for path in out.rglob("*.*")}
    release("hw90", TERM, out, roster(tmp_path, "id\ns1\ns2\nlate\n"), root=root)
    assert all(path.read_bytes() == content for path, content in before.items() if path.name != "roster.csv")
    assert (out / "hw90-2027S" / "students" / "late").is_dir()
    changed = altered(root, tmp_path, "Two steps of gradient", "Two small steps of gradient")
    with pytest.raises(LabError, match="was issued before"):
        release("hw90", TERM, out, roster(tmp_path, "id\ns1\nlater\n"), root=changed)
    assert not (out / "hw90-2027S" / "students" / "later").exists()
    with pytest.raises(LabError, match="--roster"):
        release("hw90", TERM, out, root=root)


def test_an_earlier_secret_goes_on_in_its_own_folder(root: Path, tmp_path: Path) -> None:
    first, secret = release("hw90", TERM, tmp_path / "a", root=root)
    second, same = release("hw90", TERM, tmp_path / "b", secret=secret, root=root)
    file = Path("everyone", "hw90_small.ipynb")
    assert same == secret and (first / file).read_text() == (second / file).read_text()
    assert not (tmp_path / "b" / "instructor").exists()
    with pytest.raises(LabError, match="--secret FILE"):
        release("hw90", TERM, tmp_path / "c", secret=tmp_path / "none", root=root)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "its columns are none"),
        ("name\nAnna\n", "one is to be id"),
        ("id,name\n", "nobody stands in it"),
        ("id,name\ns1,Müller\n".encode("latin-1"), "CSV in UTF-8"),
        ("id,name\ns1,Anna\n".encode("utf-16"), "CSV in UTF-8"),
        ("id\ns1\ns1\n", "line 3 has the id s1 a second time"),
        ("id\ns1\nS1\n", "a second time"),
        ("id,name\ns1,Anna,B\n", "line 2 has 3 columns"),
        ("id\n2027/13\n", "2027/13"),
        ("id\n..\n", "no name to save under"),
        ("id,name\n,Anna\n", "1 to 200 letters"),
        ("id\naux\n", "Windows"),
        ("id\ns\x001\n", "cannot be used"),
        ('id,name\n"s1,Anna\n', "cannot be used"),
        ("id\n" + "s" * 2**22, "cannot be used"),
    ],
)
def test_a_roster_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(LabError, match=said) as caught:
        read_roster(roster(tmp_path, content))
    assert "students.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_a_roster_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be used"):
        read_roster(tmp_path / "none.csv")


def test_the_page_says_what_counts(root: Path, tmp_path: Path) -> None:
    place, _ = release("hw90", TERM, tmp_path / "out", roster(tmp_path, "id,name\ns1,Anna <Ada>\n"), root=root)
    page = (place / "s1" / "instructions.html").read_text(encoding="utf-8")
    for said in (
        "Anna &lt;Ada&gt; (s1)", "Points: 16.5", "10 CPU minutes", "16 to 64", "dcgan-faces-64", "s1_hw90.zip",
        "Submitted", "100 seconds of one core", "!python -m animelab homework pack hw90_small.ipynb",
        "animelab homework pack hw90_small.ipynb", "claim.png", "prefers-color-scheme: dark",
    ):  # fmt: skip
        assert said in page, said
    assert "$" not in page


# Pack


@pytest.fixture
def work(root: Path, tmp_path: Path) -> Path:
    """A student's notebook as it was handed out."""
    place, _ = release("hw90", TERM, tmp_path / "out", roster(tmp_path, "id\ns1\n"), root=root)
    return place / "s1" / "hw90_small.ipynb"


def weights(path: Path, network: str = "dcgan.generator", width: int = 16) -> Path:
    arguments = {"size": 64, "latent": 100, "width": width}
    save_weights(path, network, arguments, NETWORKS["dcgan.generator"](**arguments))
    return path


def solve(work: Path) -> None:
    book = nbformat.read(work, 4)
    for cell in book.cells:
        if cell.metadata.get("nbgrader"):
            cell.source = cell.source.replace('raise NotImplementedError("1: what', 'return logits.mean()  # ("')
            cell.source += "\n# mine" if cell.cell_type == "code" else "\nIt is so."
    nbformat.write(book, work)


def test_pack_says_what_is_missing_and_packs_what_is_there(work: Path) -> None:
    place, remarks = pack(work)
    assert place == work.with_name("s1_hw90.zip")
    assert [remark[:6] for remark in remarks[:3]] == ["Task 1", "Task 2", "Claim:"]
    assert "NotImplementedError, 1: what is missing" in remarks[0] and "as it was handed out" in remarks[1]
    assert "weights are missing" in remarks[3] and "claim.png" in remarks[4] and len(remarks) == 5
    assert zipfile.ZipFile(place).namelist() == ["hw90_small.ipynb"]


def test_a_complete_homework_is_packed_without_a_remark_and_always_the_same(work: Path, tmp_path: Path) -> None:
    from PIL import Image

    solve(work)
    weights(tmp_path / "run" / "weights.safetensors")
    Image.new("RGB", (32, 32)).save(work.with_name("claim.png"))
    place, remarks = pack(work, tmp_path / "run")
    assert remarks == []
    first = place.read_bytes()
    assert {*zipfile.ZipFile(place).namelist()} == {"hw90_small.ipynb", "weights.safetensors", "claim.png"}
    pack(work, tmp_path / "run" / "weights.safetensors")
    assert place.read_bytes() == first
    book = nbformat.reads(zipfile.ZipFile(place).read("hw90_small.ipynb").decode(), 4)
    assert book.metadata.animelab.student == "s1" and "It is so." in book.cells[-1].source


def test_deleted_and_doubled_cells_are_said(work: Path) -> None:
    solve(work)
    book = nbformat.read(work, 4)
    marked = [cell for cell in book.cells if cell.metadata.get("nbgrader")]
    book.cells.remove(marked[0])
    book.cells.append(nbformat.from_dict({**marked[1], "id": "another"}))
    nbformat.write(book, work)
    _, remarks = pack(work)
    assert remarks[0].startswith("Task 1: its cell is there 0") and remarks[1].startswith("Task 2: its cell is there 2")


def test_large_outputs_stay_out_of_the_zip_and_in_the_notebook(work: Path) -> None:
    solve(work)
    book = nbformat.read(work, 4)
    code_cells = [cell for cell in book.cells if cell.cell_type == "code"]
    for cell, length in zip(code_cells, (OUTPUTS, 50)):
        cell.outputs = [nbformat.v4.new_output("stream", text="x" * length)]
    nbformat.write(book, work)
    place, remarks = pack(work)
    assert "Large outputs of 1 cells" in remarks[-1]
    packed = nbformat.reads(zipfile.ZipFile(place).read("hw90_small.ipynb").decode(), 4)
    assert [len(cell.outputs) for cell in packed.cells if cell.cell_type == "code"][:2] == [0, 1]
    assert "x" * OUTPUTS in work.read_text()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"\x80\x04pickle" * 9), "no safetensors of this course"),
        (lambda path: torch.save({"a": torch.ones(3)}, path), "no safetensors of this course"),
        (lambda path: path.write_bytes(b"\x10" + bytes(7) + b"{" + b"x" * 40), "not a readable weights file"),
        (lambda path: weights(path, "dcgan.discriminator"), "holds dcgan.discriminator"),
        (lambda path: weights(path, width=64), "MB, and 12 are allowed"),
        (lambda path: weights(path, width=8), "width=8 is not allowed"),
        (lambda path: None, "There is no file"),
    ],
)
def test_weights_that_would_be_refused_are_not_packed(work: Path, tmp_path: Path, make, said: str) -> None:
    path = tmp_path / "weights.safetensors"
    make(path)
    with pytest.raises(LabError, match=said):
        pack(work, path)
    assert not work.with_name("s1_hw90.zip").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no notebook"),
        (b"\xff\xfe", "is no notebook"),
        (b"[]", "is no notebook"),
        (b"{}", "is no notebook"),
        (b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "is no notebook"),
        (b'{"cells": [], "metadata": {"animelab": []}, "nbformat": 4, "nbformat_minor": 5}', "is no notebook"),
        (b"[" * 100_000, "is no notebook"),
    ],
)
def test_what_is_no_homework_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(LabError, match=said):
        pack(tmp_path / "a.ipynb")


def test_a_name_in_the_notebook_leads_nowhere_else(work: Path) -> None:
    book = json.loads(work.read_text(encoding="utf-8"))
    book["metadata"]["animelab"]["student"] = "../../s2"
    work.write_text(json.dumps(book), encoding="utf-8")
    with pytest.raises(LabError, match="no name to save under"):
        pack(work)


def test_the_command_line_packs_the_only_homework_here(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(work.parent)
    assert main(["homework", "pack"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0].startswith("- Task 1") and "Saved is not submitted" in said.splitlines()[-1]
    shutil.copy(work, "hw91_another.ipynb")
    assert main(["homework", "pack"]) == 1
    assert "Which notebook is it? Here are hw90_small.ipynb, hw91_another.ipynb" in capsys.readouterr().err
    assert main(["homework", "pack", "hw90_small.ipynb", "--out", "hw.rar"]) == 1
    assert ".zip" in capsys.readouterr().err


def test_pack_needs_no_jupytext() -> None:
    """A student's machine has what the course's extra "lab" installs, and no more."""
    program = "import sys, animelab.homework.pack, animelab.homework.command; sys.exit('jupytext' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=120)
