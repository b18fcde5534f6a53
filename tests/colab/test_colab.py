"""Colab, emulated: its package versions, a stand-in for google.colab, and a folder with nothing but a notebook.

What is real: the notebooks and the wheel of `make bundle`, pip, the kernel and every package. What is not: Python's own
version, the machine, and the Drive, a folder whose address /content/drive is rewritten in cell and wheel, so that
nobody needs the right to write there. `make colab` prepares the packages; the tests reach no network.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import nbformat
import pytest
from colab_machine import ROOT, Machine
from jupyter_client.manager import start_new_kernel

FOUND = sorted((ROOT / "notebooks").rglob("[0-9]*.ipynb"))
NOTEBOOKS = [path.relative_to(ROOT / "notebooks").as_posix() for path in FOUND if "-Copy" not in path.stem]
VIEW = "application/vnd.jupyter.widget-view+json"
VERDICT = re.compile(r"^check (\d+\.\d+)  (.+?[.:])", re.MULTILINE)
VERSIONS = """
from importlib import metadata
print({name: metadata.version(name) for name in
       ("torch", "torchvision", "numpy", "ipywidgets", "anywidget", "traitlets", "matplotlib", "ipython")})
"""
TRAIN = """
from animelab import env
from animelab.data import StudioFaces
from animelab.engine import train
from animelab.recipes import dcgan

config = dcgan.Config(size=32, width=4, batch=4, steps={steps}, log_every=5, checkpoint_every=10, faces=32)
run = train(dcgan.DCGAN(config, "cpu"), StudioFaces(32, 32), env.runs_dir() / "run", watch=lambda progress: None)
print("finished:", run.finished)
"""

pytestmark = pytest.mark.slow


def said(*cells: nbformat.NotebookNode) -> str:
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", ()))
        for cell in cells
        for output in cell.get("outputs", ())
    )


def errors(book: nbformat.NotebookNode) -> list[str]:
    """What went wrong, in cells and inside Output widgets."""
    state = book.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    hidden = [output for model in state.values() for output in model["state"].get("outputs", ())]
    found = [output for cell in book.cells for output in cell.get("outputs", ())] + hidden
    return [f"{each.ename}: {each.evalue}" for each in found if each["output_type"] == "error"] + [
        each["text"] for each in found if "Traceback (most recent call last)" in each.get("text", "")
    ]


def code(source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source)


# --- the set-up cell --------------------------------------------------------------------------------------------------


def test_the_course_comes_from_the_drive_and_leaves_what_is_there(machine: Machine) -> None:
    wheel = machine.share_wheel()
    setup = machine.notebook("00_start.ipynb").cells[1]
    where = "import animelab; print(animelab.__file__)"
    book = machine.run(nbformat.v4.new_notebook(cells=[code(VERSIONS), setup, code(VERSIONS), code(where)]))
    assert errors(book) == []
    before, setup, after, where = (said(cell) for cell in book.cells)
    place = machine.content / "drive" / "MyDrive" / "animelab" / wheel.name
    assert f"Mounted at {machine.content / 'drive'}\n" in setup
    assert f"The course comes from {place}.\n" in setup
    assert re.search(r"^(No GPU: using the CPU|GPU: )", setup, re.MULTILINE)
    assert str(machine.python) in where
    assert before == after
    versions = dict(re.findall(r"'(\w+)': '([^']+)'", before))
    assert (versions["ipywidgets"], versions["anywidget"], versions["traitlets"]) == ("7.7.1", "0.9.21", "5.7.1")
    assert versions["matplotlib"].startswith("3.10.") and versions["ipython"] == "7.34.0"


def test_who_opens_no_drive_is_asked_for_the_file(tmp_path: Path, machine: Machine) -> None:
    (wheel,) = machine.bundled.glob("*.whl")
    del machine.environment["STAND_IN_DRIVE"]
    machine.environment["STAND_IN_UPLOAD"] = str(wheel)
    setup = machine.notebook("00_start.ipynb").cells[1]
    keep = code("env.start(drive=True)")
    book = machine.run(nbformat.v4.new_notebook(cells=[setup, keep]))
    (refused,) = errors(book)  # by the second cell
    assert refused.startswith("LabError: Your Drive stays closed (mount failed)")
    assert "Your Drive stays closed (mount failed)." in said(setup)
    assert f"The course comes from ./{wheel.name}.\n" in said(setup)


def test_after_a_disconnect_run_all_goes_on_from_the_checkpoint(tmp_path: Path, machine: Machine) -> None:
    machine.share_wheel()
    runs = machine.drive / "MyDrive" / "animelab-runs"
    manager, client = start_new_kernel(
        kernel_name="colab", cwd=str(machine.content), env=machine.environment, startup_timeout=180
    )
    try:
        client.execute(machine.notebook("01_dcgan.ipynb", save_to_drive=True).cells[1].source)
        client.execute(TRAIN.format(steps=1_000_000))
        deadline = time.monotonic() + 300
        while not list(runs.glob("run/checkpoints/*.pt")):
            assert time.monotonic() < deadline, "no checkpoint appeared in the Drive"
            time.sleep(0.05)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)  # by SIGKILL, in the middle of a step
    step = max(int(path.stem.removeprefix("step-")) for path in runs.glob("run/checkpoints/*.pt"))

    again = Machine(tmp_path / "another", machine.bundled, machine.drive)  # Colab gives another machine
    again.share_wheel()
    setup = again.notebook("01_dcgan.ipynb", save_to_drive=True).cells[1]
    book = again.run(nbformat.v4.new_notebook(cells=[setup, code(TRAIN.format(steps=step + 5))]))
    assert errors(book) == []
    assert f"Runs are saved in {again.content / 'drive/MyDrive/animelab-runs'}." in said(setup)
    assert f"resumed at step {step} of {step + 5}" in said(book.cells[1])
    assert "finished: True" in said(book.cells[1])
    assert {path.name for path in again.content.iterdir()} == {"01_dcgan.ipynb", "constraints.txt", "drive"}


# --- every notebook ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_runs_to_its_end(name: str, lent: Machine) -> None:
    book = lent.run(lent.notebook(name))
    assert errors(book) == []
    calls = set(re.findall(r"\bcheck_(\d+_\d+)\(", "\n".join(cell.source for cell in book.cells)))
    verdicts = VERDICT.findall(said(*book.cells))
    assert {exercise.replace(".", "_") for exercise, _ in verdicts} == calls
    assert {opening for _, opening in verdicts} <= {"Correct." if name.startswith("solutions/") else "Not solved yet:"}
    assert managed(book) == {True}  # the widgets of the course are shown, all with the manager that knows them


def managed(book: nbformat.NotebookNode) -> set[bool]:
    """Whether the outputs that show a widget of the course name a manager for it, as Colab wants."""
    state = book.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    shown = [output for cell in book.cells for output in cell.get("outputs", ()) if VIEW in output.get("data", {})]
    ours = [each for each in shown if state[each.data[VIEW]["model_id"]]["model_module"] == "anywidget"]
    return {"custom_widget_manager" in each.metadata.get(VIEW, {}).get("colab", {}) for each in ours}
