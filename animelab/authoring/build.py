"""Writes the notebooks, and finds where they differ from what their masters say."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import posixpath
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import v4

from animelab.authoring.master import Cell, Lesson, read_all

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]

SETUP = """\
# @title Set-up
save_to_drive = False  # @param {type:"boolean"}
import sys
from importlib import util

if not getattr(util.find_spec("animelab"), "origin", None):  # a folder that is called so has none
INSTALL
from animelab import env

env.start(drive=save_to_drive)"""

# For a machine that has not got the course: Colab, Kaggle, or a folder with nothing but the notebook in it.
INSTALL = """\
    import os, re, subprocess
    from glob import glob
    from importlib import invalidate_caches, metadata

    numbers = lambda path: [-int(each) for each in re.findall(r"\\d+", os.path.basename(path))]  # the newest first
    bundles = lambda place: sorted(glob(f"{place}/animelab-*.whl", recursive=True), key=numbers)

    def sources():  # where the course may be: beside this notebook, among Kaggle's inputs, in your Drive, on your disk
        yield from [ADDRESSES*bundles("."), *bundles("/kaggle/input/**")]
        if "google.colab" in sys.modules:
            from google.colab import drive, files
            try:
                drive.mount("/content/drive")
            except Exception as refused:
                print(f"Your Drive stays closed ({refused}).")
            yield from bundles("/content/drive/MyDrive/animelab")
            print("Choose the course's bundle, a file animelab-….whl:")
            for name in files.upload():  # pip takes no "animelab-… (1).whl", as a second copy is called
                os.replace(name, re.sub(r" *\\(\\d+\\)", "", name))
                yield from bundles(".")

    def installs(source):
        done = subprocess.run([*pip, source], capture_output=True, text=True, errors="replace")
        if done.returncode:
            print(f"{source} cannot be used:", re.search("(?<=ERROR: ).*|$", done.stderr)[0] or done.stderr)
        return not done.returncode
    kept = [name for name in ("torch", "torchvision", "numpy") if util.find_spec(name)]
    with open("constraints.txt", "w") as file:  # Colab's torch fits its GPU: pip must leave it alone
        file.writelines(f"{name}=={metadata.version(name)}\\n" for name in kept)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", "constraints.txt"]
    source = next(filter(installs, sources()), None)
    if source is None:
        only = {"_render_traceback_": lambda missing: [str(missing)]}  # nobody needs more of it
        raise type("Missing", (Exception,), only)(
            "The course is not here yet. Put its bundle, a whole animelab-….whl, beside this notebook or into MyDrive/"
            "animelab, let this machine reach the Internet, and run this cell again. (With the repository: make lab.)")
    invalidate_caches()
    print(f"The course comes from {source}.")
"""

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
PICTURE = re.compile(r"!\[([^\]]*)\]\((?![a-z]+:)([^\s)]+)\)")
LINK = re.compile(r"""(\]\(|\b(?:src|href)=["'])(?![a-z]+:|[#/])([^\s)"']+)""")


def build(root: Path) -> list[Path]:
    """Write all notebooks of the project in `root`; returns those that changed."""
    changed = []
    for path, text, _ in _expected(root):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def drift(root: Path) -> list[str]:
    """One sentence for every notebook that differs from its master, is missing, or has no master."""
    problems = []
    stray = {*(root / "notebooks").glob("*.ipynb"), *(root / "notebooks" / "solutions").glob("*.ipynb")}
    for path, text, lesson in _expected(root):
        stray.discard(path)
        name = path.relative_to(root).as_posix()
        if not path.exists():
            problems.append(f"{name} is missing: run `make build`.")
        elif (found := path.read_text(encoding="utf-8")) != text:
            place = _first_difference(found, text, lesson)
            problems.append(f"{name} differs from its master: edit {place}, then run `make build`.")
    for path in sorted(path for path in stray if "-Copy" not in path.stem):  # students work on copies
        name = path.relative_to(root).as_posix()
        problems.append(f"{name} has no master: write course/lessons/{path.stem}.py, or move the notebook elsewhere.")
    return problems


def build_lesson(lesson: Lesson, solved: bool = False, repository: str = "") -> str:
    """The notebook as text: stable JSON with ids made from the content, no outputs, a newline at the end.

    repository: the address of this copy of the course, "" while it has none.
    """
    cells: list[nbformat.NotebookNode] = []
    seen: Counter[str] = Counter()
    badge = _badge(lesson.name, solved, repository) if lesson.path.startswith("course/lessons/") else ""
    for cell in lesson.cells:
        # An id follows its cell: it stays when other cells come and go. Equal cells are told apart by counting.
        key = f"{lesson.name}\n{cell.kind}\n{cell.solved}"
        identity = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:12]
        seen[key] += 1
        source = _source(cell, solved, repository) + ("" if cells else badge)
        metadata = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["setup"]} if cell.setup else {}
        make = v4.new_markdown_cell if cell.kind == "markdown" else v4.new_code_cell
        cells.append(make(source, id=identity, metadata=metadata))
    notebook = v4.new_notebook(cells=cells, metadata={**lesson.metadata, **KERNEL}, nbformat_minor=5)
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def _expected(root: Path) -> Iterator[tuple[Path, str, Lesson]]:
    address = repository(root)
    for lesson in read_all(root):
        for folder, solved in ((root / "notebooks", False), (root / "notebooks" / "solutions", True)):
            text = build_lesson(lesson, solved, address)
            yield folder / f"{lesson.name}.ipynb", with_pictures(text, folder) if address else text, lesson


def with_pictures(notebook: str, folder: Path) -> str:
    """A notebook's text with its pictures, found from `folder`, inside: Colab finds no others."""

    def inside(link: re.Match[str]) -> str:
        words, path = link[1], (folder / link[2]).resolve()  # the folder may not be there yet
        if not path.is_file():
            return link[0]
        kind, content = mimetypes.guess_type(path.name)[0], base64.b64encode(path.read_bytes()).decode()
        return f"![{words}](data:{kind};base64,{content})"

    return PICTURE.sub(inside, notebook)


def repository(root: Path) -> str:
    """The address of this copy of the course, as its pyproject.toml has it; "" while there is none."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["animelab"]["repository"].rstrip("/").removesuffix(".git")


def _source(cell: Cell, solved: bool, repository: str) -> str:
    if cell.setup:
        addresses = f'"git+{repository}", ' if repository else ""
        return (
            SETUP.replace("INSTALL\n", INSTALL.replace("ADDRESSES", addresses))
            + cell.solved.partition("env.start()")[2]
        )
    if cell.kind == "markdown" and solved:  # the solutions lie one folder deeper
        return LINK.sub(lambda link: link[1] + posixpath.relpath(link[2], "solutions"), cell.solved)
    return cell.solved if solved else cell.student


def _badge(name: str, solved: bool, repository: str) -> str:
    place = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", repository)  # Colab opens notebooks from GitHub only
    if not place:
        return ""
    page = f"https://colab.research.google.com/github/{place[1]}/blob/main/notebooks/"
    badge = "![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)"
    return f"\n\n[{badge}]({page}{'solutions/' if solved else ''}{name}.ipynb)"


def _first_difference(found: str, expected: str, lesson: Lesson) -> str:
    """The master's file and the line of the first cell that differs; without a line where the cells are the same."""
    try:
        theirs = json.loads(found)["cells"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return lesson.path
    for number, cell in enumerate(json.loads(expected)["cells"]):
        if number >= len(theirs) or theirs[number] != cell:
            return f"{lesson.path}:{lesson.cells[number].line} (cell {number + 1})"
    return lesson.path
