"""The builder: what a master becomes, and what it notices."""

from __future__ import annotations

import ast
import base64
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from animelab import authoring, widgets
from animelab.authoring import bundle
from animelab.authoring.__main__ import main
from animelab.authoring.master import Cell
from animelab.errors import LabError

ROOT = Path(__file__).parents[2]

MASTER = '''\
# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # 1 · A sample
#
# ![A face with green hair](../course/figures/face.png) <img src="../course/figures/face.png" alt="The same face">
#
# [All solutions](solutions/01_sample.ipynb), [the paper](https://arxiv.org/abs/1511.06434), [below](#below)

# %% tags=["setup"]
from animelab import env

env.start()

# %% [markdown]
# ## Below


# %%
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION 1.2: add "x" to itself
    y = x + x
    return y
    ### END SOLUTION


# %%
def nested(x):
    if x:
        ### BEGIN SOLUTION 1.3: größer als 0?
        return 1
        ### END SOLUTION
    return 0


# %%
check_1_2(double)
check_1_3(nested)

# %%
print("the same")

# %%
print("the same")
'''


def project(folder: Path, master: str = MASTER, repository: str = "") -> Path:
    for name in ("course/lessons", "course/figures", "notebooks"):
        (folder / name).mkdir(parents=True)
    (folder / "course/figures/face.png").write_bytes(b"")
    (folder / "course/lessons/01_sample.py").write_text(master, encoding="utf-8")
    (folder / "pyproject.toml").write_text(f'[tool.animelab]\nrepository = "{repository}"\n')
    return folder


@pytest.fixture
def built(tmp_path: Path) -> Path:
    authoring.build(project(tmp_path))
    return tmp_path


def notebook(root: Path, solved: bool = False) -> nbformat.NotebookNode:
    return nbformat.read(root / "notebooks" / ("solutions" if solved else "") / "01_sample.ipynb", as_version=4)


def sources(root: Path, solved: bool = False) -> list[str]:
    return [cell.source for cell in notebook(root, solved).cells]


# --- building ---------------------------------------------------------------------------------------------------------


def test_notebooks_are_valid_and_clean(built: Path) -> None:
    for solved in (False, True):
        book = notebook(built, solved)
        nbformat.validate(book)
        assert (book.nbformat, book.nbformat_minor) == (4, 5)
        assert book.metadata.kernelspec.name == "python3"
        assert book.metadata.accelerator == "GPU"
        assert "jupytext" not in book.metadata
        for cell in book.cells:
            if cell.cell_type == "code":
                assert cell.outputs == []
                assert cell.execution_count is None


def test_building_twice_gives_the_same_bytes_and_writes_nothing(built: Path) -> None:
    paths = sorted((built / "notebooks").rglob("*.ipynb"))
    before = [path.read_bytes() for path in paths]
    assert authoring.build(built) == []
    for path in paths:
        path.unlink()
    assert sorted(authoring.build(built)) == paths
    assert [path.read_bytes() for path in paths] == before
    assert all(text.endswith(b"}\n") and b"\r" not in text for text in before)


def test_ids_are_unique_shared_by_both_builds_and_survive_new_neighbors(built: Path) -> None:
    ids = [cell.id for cell in notebook(built).cells]
    assert len(set(ids)) == len(ids)
    assert ids == [cell.id for cell in notebook(built, solved=True).cells]
    master = built / "course/lessons/01_sample.py"
    master.write_text(MASTER.replace("# %% [markdown]\n# ## Below", "# %%\nnew = 1\n\n# %% [markdown]\n# ## Below"))
    authoring.build(built)
    after = [cell.id for cell in notebook(built).cells]
    assert [each for each in after if each in ids] == ids
    assert len(after) == len(ids) + 1


def test_student_gets_the_hint_and_solutions_the_code(built: Path) -> None:
    assert 'def double(x):\n    """Twice x."""\n    raise NotImplementedError("1.2: add \\"x\\" to itself")' in sources(
        built
    )
    assert (
        'def nested(x):\n    if x:\n        raise NotImplementedError("1.3: größer als 0?")\n    return 0'
        in sources(built)
    )
    assert 'def double(x):\n    """Twice x."""\n    y = x + x\n    return y' in sources(built, solved=True)
    assert "def nested(x):\n    if x:\n        return 1\n    return 0" in sources(built, solved=True)
    for solved in (False, True):
        assert "###" not in "\n".join(sources(built, solved))


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("### BEGIN SOLUTION 1.1: a\nx = 1", "does not end"),
        ("x = 1\n### END SOLUTION", "no partner"),
        ("### BEGIN SOLUTION 1.1: a\n### BEGIN SOLUTION 1.2: b\n### END SOLUTION", "no partner"),
        ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "malformed"),
        ("### BEGIN SOLUTION: a hint\nx = 1\n### END SOLUTION", "malformed"),
    ],
)
def test_malformed_markers_name_the_line(tmp_path: Path, code: str, complaint: str) -> None:
    root = project(tmp_path, f"# %% [markdown]\n# # Title\n\n# %%\n{code}\n")
    with pytest.raises(LabError, match=complaint) as caught:
        authoring.build(root)
    assert str(caught.value).startswith("course/lessons/01_sample.py:4: ")
    assert main(["build"], root) == 1


def test_text_outside_of_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="move text above the first"):
        authoring.build(project(tmp_path, '"""A docstring."""\n\n# %% [markdown]\n# # Title\n'))


def test_links_are_relative_to_where_the_notebook_lies(built: Path) -> None:
    assert '(../course/figures/face.png) <img src="../course/figures/face.png"' in sources(built)[0]
    solved = sources(built, solved=True)[0]
    assert '(../../course/figures/face.png) <img src="../../course/figures/face.png"' in solved
    assert "(01_sample.ipynb), [the paper](https://arxiv.org/abs/1511.06434), [below](#below)" in solved


@pytest.mark.parametrize("address", ["https://github.com/you/course", "https://github.com/you/course.git"])
def test_badge_leads_to_the_same_notebook(tmp_path: Path, address: str) -> None:
    authoring.build(project(tmp_path, repository=address))
    page = "https://colab.research.google.com/github/you/course/blob/main/notebooks/"
    for solved, place in ((False, "01_sample.ipynb"), (True, "solutions/01_sample.ipynb")):
        first, *others = sources(tmp_path, solved)
        assert first.endswith(f"]({page}{place})")
        assert "![Open in Colab](" in first
        assert "colab-badge" not in "".join(others)


@pytest.mark.parametrize("address", ["", "https://gitlab.com/you/course"])
def test_no_badge_without_an_address_that_colab_can_open(tmp_path: Path, address: str) -> None:
    authoring.build(project(tmp_path, repository=address))
    assert "colab.research" not in "".join(sources(tmp_path))


# --- drift ------------------------------------------------------------------------------------------------------------


def test_no_drift_after_building(built: Path, capsys: pytest.CaptureFixture) -> None:
    assert authoring.drift(built) == []
    assert main(["check"], built) == 0
    assert capsys.readouterr().err == ""


def test_an_edited_notebook_is_named_with_the_line_to_edit(built: Path, capsys: pytest.CaptureFixture) -> None:
    path = built / "notebooks/solutions/01_sample.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("y = x + x", "y = 2 * x"), encoding="utf-8")
    line = MASTER.splitlines().index("def double(x):")  # the line before it, counted from 1, starts the cell
    (problem,) = authoring.drift(built)
    assert problem.startswith("notebooks/solutions/01_sample.ipynb differs")
    assert f"edit course/lessons/01_sample.py:{line} " in problem
    assert main(["check"], built) == 1
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda book: book["cells"].append(dict(book["cells"][-1], id="another")), "01_sample.py,"),
        (lambda book: book["cells"].pop(), "(cell 8)"),
        (lambda book: book["metadata"].update(mine=1), "01_sample.py,"),
        (
            lambda book: book["cells"][5].update(outputs=[{"name": "stdout", "output_type": "stream", "text": "a"}]),
            "(cell 6)",
        ),
        (lambda book: book.clear(), "01_sample.py,"),
    ],
)
def test_every_kind_of_difference_is_found(built: Path, change, complaint: str) -> None:
    path = built / "notebooks/01_sample.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    change(book)
    path.write_text(json.dumps(book), encoding="utf-8")
    (problem,) = authoring.drift(built)
    assert complaint in problem


def test_missing_and_stray_notebooks_are_found(built: Path) -> None:
    (built / "notebooks/01_sample.ipynb").rename(built / "notebooks/09_old.ipynb")
    missing, stray = authoring.drift(built)
    assert missing.startswith("notebooks/01_sample.ipynb is missing")
    assert stray.startswith("notebooks/09_old.ipynb has no master")
    assert main(["check"], built) == 1


def test_the_command_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "animelab.authoring", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "build" in done.stdout


# --- rules of form ----------------------------------------------------------------------------------------------------


def test_the_sample_keeps_the_rules(built: Path) -> None:
    (lesson,) = authoring.read_all(built)
    assert authoring.lint(lesson, built) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("![A face with green hair]", "![ ]", ":6: a picture has no alt text"),
        (' alt="The same face"', "", ":6: a picture has no alt text"),
        ('alt="The same face"', 'alt=""', ":6: a picture has no alt text"),
        ("# ## Below", "# # Below", "2 headings of level 1"),
        ("# # 1 · A sample", "# ## A sample", "0 headings of level 1"),
        ("# ## Below", "# #### Below", "level 4 follows one of level 1"),
        ("figures/face.png)", "figures/other.png)", "leads nowhere"),
        ("check_1_3(nested)\n", "", "exercise 1.3 has no check_1_3"),
        ("y = x + x\n", "y = x + x\n" + "    y = x + x\n" * 29, "lines, more than 30"),
        ('# %% tags=["setup"]', "# %%", "0 set-up cells"),
        ("check_1_2(double)", "show(double(2))\ncheck_1_2(double)", "show(double(2))... is not the cell's last line"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    root = project(tmp_path, MASTER.replace(old, new, 1))
    authoring.build(root)
    (lesson,) = authoring.read_all(root)
    (problem,) = authoring.lint(lesson, root)
    assert re.match(r"course/lessons/01_sample.py:\d+: ", problem)
    assert complaint in problem
    assert main(["build"], root) == 0  # a warning there
    assert main(["check"], root) == 1


def test_headings_in_code_blocks_do_not_count(tmp_path: Path) -> None:
    root = project(tmp_path, MASTER.replace("# ## Below", "# ## Below\n#\n# ```python\n# # a comment\n# ```"))
    authoring.build(root)
    (lesson,) = authoring.read_all(root)
    assert authoring.lint(lesson, root) == []


# --- the set-up cell --------------------------------------------------------------------------------------------------

KERNEL = """\
import pathlib, sys, types
# Appended by hand, so that .pth files are not read and an editable animelab is out of sight, as on a fresh machine.
sys.path += {packages!r}
if {colab}:
    def mount(place):
        if not {drive!r}:
            raise ValueError("mount failed")
        pathlib.Path({drive!r}).mkdir(parents=True)
        pathlib.Path({drive!r}, {wheel!r}).touch()
    def upload():
        print("asked for a file")
        for name in {uploaded!r}:
            pathlib.Path(name).touch()
        return {uploaded!r}
    colab = types.ModuleType("google.colab")
    colab.drive, colab.files = types.SimpleNamespace(mount=mount), types.SimpleNamespace(upload=upload)
    sys.modules["google.colab"] = colab
from IPython.core.interactiveshell import InteractiveShell
sys.exit(not InteractiveShell.instance().run_cell({source!r}).success)
"""

PIP = """\
import json, os, pathlib, sys
here = pathlib.Path(__file__).parents[1]
with open(here / "arguments.json", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if os.environ["REFUSED"] and sys.argv[-1].startswith(os.environ["REFUSED"]):
    sys.exit("WARNING: it is late\\nERROR: it is broken\\nhint: mend it")
(here / "animelab").mkdir(exist_ok=True)
(here / "animelab" / "__init__.py").touch()
(here / "animelab" / "env.py").write_text("def start(drive=False):\\n    print(f'started, drive={drive}')\\n")
os.utime(here, (0, 0))  # a clock as coarse as some disks': Python would not notice what is new
"""
WHEEL, SECOND = "animelab-0.10.0-py3-none-any.whl", "animelab-0.10.0-py3-none-any (1).whl"


def run_setup(
    folder: Path,
    repository: str = "",
    colab: bool = True,
    installed: bool = False,
    save: bool = False,
    drive: str = "",
    uploaded: Sequence[str] = (),
    beside: Sequence[str] = (),
    kaggle: Sequence[str] = (),
    refused: str = "",
):
    """Run the built set-up cell in IPython, with stand-ins for Colab and pip: what it said, and what pip was asked for.

    drive: the folder that has the bundle once the Drive is open; kaggle: files among Kaggle's inputs; beside: files
    (or, without an ending, folders) beside the notebook;
    refused: how sources begin that pip cannot install.
    """
    authoring.build(project(folder / "project", repository=repository))
    source = sources(folder / "project")[1]
    assert "/content/drive/MyDrive/animelab" in source
    source = source.replace("/content/drive/MyDrive/animelab", drive or str(folder / "no drive"))
    assert "/kaggle/input/" in source
    source = source.replace("/kaggle/input", str(folder / "kaggle"))
    for name in kaggle:
        (folder / "kaggle" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "kaggle" / name).touch()
    if save:
        source = source.replace("save_to_drive = False", "save_to_drive = True")
    kernel = folder / "kernel"
    (kernel / "pip").mkdir(parents=True)
    (kernel / "pip" / "__init__.py").touch()
    (kernel / "pip" / "__main__.py").write_text(PIP)
    for name in beside:
        (kernel / name).touch() if Path(name).suffix else (kernel / name).mkdir()
    if installed:
        (kernel / "animelab").mkdir()
        (kernel / "animelab" / "__init__.py").touch()
        (kernel / "animelab" / "env.py").write_text("def start(drive=False):\n    print(f'started, drive={drive}')\n")
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    code = KERNEL.format(
        packages=packages, colab=colab, source=source, drive=drive, wheel=WHEEL, uploaded=dict.fromkeys(uploaded)
    )
    environment = os.environ | {"PYTHONPATH": str(kernel), "IPYTHONDIR": str(folder / "ipython"), "NO_COLOR": "1"}
    environment["REFUSED"] = refused
    os.utime(kernel, (0, 0))
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=kernel, env=environment, capture_output=True, text=True, timeout=120
    )
    called = kernel / "arguments.json"
    return done, [json.loads(line) for line in called.read_text().splitlines()] if called.exists() else []


def test_setup_cell_is_short() -> None:
    for repository in ("", "https://github.com/you/course"):
        source = "from animelab import env\n\nenv.start()\n\nimport torch"
        lesson = authoring.Lesson("a", "a", (Cell("code", source, source, 1, setup=True),), {})
        (cell,) = json.loads(authoring.build_lesson(lesson, repository=repository))["cells"]
        assert len(cell["source"]) < 50 and "import torch" in "".join(cell["source"])
        assert cell["metadata"]["cellView"] == "form" and cell["metadata"]["jupyter"] == {"source_hidden": True}


@pytest.mark.parametrize("lesson", authoring.read_all(ROOT), ids=lambda lesson: lesson.name)
def test_the_first_screen_is_a_picture_and_little_is_drawn_before_the_next(lesson: authoring.Lesson) -> None:
    title, setup, *cells = lesson.cells
    assert re.match(r"# .+\n\n!\[.{40,}\]\(\.\./course/figures/\w+\.jpg\)\n\n\*\*You will make", title.solved)
    assert setup.setup and [cell.kind for cell in cells[:2]] == ["markdown", "code"]
    calls = [node for node in ast.walk(ast.parse(cells[1].solved)) if isinstance(node, ast.Call)]
    names = {node.func.id: node for node in calls if isinstance(node.func, ast.Name)}
    assert names.keys() & {*widgets.__all__}, "the first cell is one to play with"
    drawn = [call.args[3].value for name, call in names.items() if re.match("Studio(Pairs|Unpaired|Scenes)", name)]
    assert all(count <= 24 for count in drawn)


@pytest.mark.parametrize("colab", [False, True])
def test_setup_where_the_course_is_installed_only_starts(tmp_path: Path, colab: bool) -> None:
    done, called = run_setup(tmp_path, "https://github.com/you/course", colab=colab, installed=True, save=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "started, drive=True\n"
    assert not called
    assert not (tmp_path / "kernel" / "constraints.txt").exists()


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ({"repository": "https://github.com/you/course", "beside": [WHEEL]}, ["git+https://github.com/you/course"]),
        ({"repository": "https://github.com/you/course", "beside": [WHEEL], "refused": "git+"},
         ["git+https://github.com/you/course", f"./{WHEEL}"]),
        ({"beside": [WHEEL]}, [f"./{WHEEL}"]),
        ({"beside": [WHEEL], "colab": False}, [f"./{WHEEL}"]),
        ({"beside": ["animelab", WHEEL], "colab": False}, [f"./{WHEEL}"]),
        ({"beside": [SECOND, "animelab-0.9.0-py3-none-any.whl", WHEEL]}, [f"./{WHEEL}"]),
        ({"drive": "{drive}"}, [f"{{drive}}/{WHEEL}"]),
        ({"drive": "{drive}", "refused": "{drive}", "uploaded": [WHEEL]}, [f"{{drive}}/{WHEEL}", f"./{WHEEL}"]),
        ({"uploaded": [WHEEL]}, [f"./{WHEEL}"]),
        ({"uploaded": [SECOND]}, [f"./{WHEEL}"]),
    ],
)  # fmt: skip
def test_setup_takes_the_first_that_can_be_installed_and_says_which(tmp_path: Path, how, asked) -> None:
    place = str(tmp_path / "drive" / "animelab")
    how = {name: value.format(drive=place) if isinstance(value, str) else value for name, value in how.items()}
    asked = [each.format(drive=place) for each in asked]
    done, called = run_setup(tmp_path, **how)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each[-1] for each in called] == asked
    assert f"The course comes from {asked[-1]}.\nstarted, drive=False\n" in done.stdout
    assert re.findall("(.+) cannot be used: it is broken\n", done.stdout) == asked[:-1]
    assert ("asked for a file" in done.stdout) == ("uploaded" in how)
    assert ("Your Drive stays closed (mount failed)" in done.stdout) == (how.keys() == {"uploaded"})


def test_setup_finds_the_newest_bundle_however_deep_kaggle_puts_it(tmp_path: Path) -> None:
    place, older = "datasets/teacher/course 12", "animelab-0.9.0-py3-none-any.whl"
    done, called = run_setup(tmp_path, colab=False, kaggle=[f"{place}/{WHEEL}", f"{place}/{older}"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each[-1] for each in called] == [str(tmp_path / "kaggle" / place / WHEEL)]


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ({"colab": False}, []),
        ({}, []),
        ({"beside": [WHEEL], "refused": "./"}, [f"./{WHEEL}"]),
        ({"uploaded": ["torch-9.0-py3-none-any.whl"]}, []),
    ],
)
def test_setup_without_any_source_says_what_to_do(tmp_path: Path, how, asked) -> None:
    done, called = run_setup(tmp_path, **how)
    assert done.returncode == 1 and [each[-1] for each in called] == asked
    assert "MyDrive/animelab, let this machine reach the Internet, and run this cell" in done.stdout + done.stderr
    assert not re.search("Traceback|exception|exit", done.stdout + done.stderr), "only sentences"


def test_setup_installs_around_the_torch_that_is_there(tmp_path: Path) -> None:
    done, called = run_setup(tmp_path, "https://github.com/you/course")
    assert done.returncode == 0, done.stdout + done.stderr
    constraints = tmp_path / "kernel" / "constraints.txt"
    wanted = ["install", "--quiet", "--constraint", constraints.name, "git+https://github.com/you/course"]
    assert called == [wanted]
    pins = constraints.read_text().splitlines()
    assert pins == [f"{name}=={metadata.version(name)}" for name in ("torch", "torchvision", "numpy")]

    # The real pip, offered a newer torch: it would take it, and leaves it alone under these constraints.
    with zipfile.ZipFile(tmp_path / "torch-999.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("torch-999.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 999.0\n")
        wheel.writestr("torch-999.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("torch-999.0.dist-info/RECORD", "")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--no-index",
        "--no-deps",
        "--find-links",
        str(tmp_path),
    ]

    def plan(*more: str) -> str:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        plain["PIP_CONFIG_FILE"] = os.devnull  # a machine's own settings may hold torch back as well
        command = [*pip, *more, "--upgrade", "torch"]
        return subprocess.run(command, env=plain, capture_output=True, text=True, check=True).stdout

    assert "Would install torch-999.0" in plan()
    assert "Would install" not in plan("--constraint", str(constraints))


# --- pictures where a notebook has no folder --------------------------------------------------------------------------


def test_with_an_address_each_picture_lies_in_its_notebook(tmp_path: Path) -> None:
    master = MASTER.replace('print("the same")', 'print("![no picture](here)")', 1)
    root = project(tmp_path, master, repository="https://github.com/you/course")
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(picture, "PNG")
    (root / "course/figures/face.png").write_bytes(picture.getvalue())
    authoring.build(root)
    assert authoring.drift(root) == []
    for solved in (False, True):
        title, *_, code, _ = sources(root, solved)
        found = re.findall(r"!\[A face with green hair\]\(data:image/png;base64,([^)]+)\)", title)
        assert [base64.b64decode(each) for each in found] == [picture.getvalue()]
        assert "](https://arxiv.org" in title and code == 'print("![no picture](here)")'
    Image.new("RGB", (300, 200), "blue").save(root / "course/figures/face.png")
    assert "differs from its master" in "".join(authoring.drift(root)), "a new picture is news"


# --- the bundle for people without a repository -----------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_of_the_bundle_needs_no_other_file(path: Path) -> None:
    before, after = path.read_text(encoding="utf-8"), bundle.alone(path, ROOT)
    cells = json.loads(after)["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert re.search(r"\]\(\.\./|src=[\"']\.\./", "\n".join(prose)) is None
    pictures = re.findall(r"!\[.{20,}?\]\(data:image/(?:jpeg|png);base64,([^)]+)\)", "".join(cells[0]["source"]))
    assert len(pictures) == 1 and Image.open(io.BytesIO(base64.b64decode(pictures[0]))).width > 300
    assert [cell["source"] for cell in cells if cell["cell_type"] == "code"] == [
        cell["source"] for cell in json.loads(before)["cells"] if cell["cell_type"] == "code"
    ]


def test_links_of_the_bundle_lead_to_the_repository_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("See [how](../course/measurements.md#x), [that](https://a.b), [this](#c).")
        ]
    )
    nbformat.write(book, tmp_path / "notebooks" / "a.ipynb")

    def prose(address: str) -> str:
        made = json.loads(bundle.alone(tmp_path / "notebooks" / "a.ipynb", tmp_path, address))
        return "".join(made["cells"][0]["source"])

    assert prose("") == "See how, [that](https://a.b), [this](#c)."
    there = "https://github.com/you/course/blob/main/course/measurements.md#x"
    assert prose("https://github.com/you/course") == f"See [how]({there}), [that](https://a.b), [this](#c)."


@pytest.mark.slow
def test_the_bundles_wheel_has_all_weights_and_draws_with_them(tmp_path: Path) -> None:
    left = ROOT / "build" / "lib" / "animelab" / "left_by_an_earlier_build.py"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.touch()
    wheel, notebooks, solutions, steps = bundle.bundle(ROOT, tmp_path)
    left.unlink()
    assert wheel.match("animelab-*.whl") and "`animelab-….whl`" in steps.read_text(encoding="utf-8")
    names = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    for archived in (notebooks, solutions):
        with zipfile.ZipFile(archived) as archive:
            assert archive.namelist() == names
            asks = b"raise NotImplementedError" in archive.read("01_dcgan.ipynb")
        assert archived.name == ("notebooks.zip" if asks else "solutions.zip"), "students get no solutions"
    with zipfile.ZipFile(wheel) as archive:
        assert not any(left.name in name for name in archive.namelist())
        archive.extractall(tmp_path / "packages")
    code = "from animelab.zoo import manifest as m; print(*map(m.verified, m.read()), m.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "packages")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path) in done.stdout and done.stdout.count(".safetensors") > 20
