"""The lessons as the site shows them: the student's notebooks, with the pictures that the solved ones made."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from animelab.errors import LabError, say
from animelab.files import write_text
from PIL import Image

Put = Callable[[str, bytes], None]
ROOT = Path(__file__).parents[2]
EXECUTED = ROOT / "build" / "executed"
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
PICTURE = re.compile(r'src="data:image/(?:png|jpeg|webp);base64,([^"]+)"')
NEEDLESS = re.compile(  # what only Jupyter and its exports need of a chart or a still
    r"<foreignObject.*?</foreignObject>|<style>\.jp-OutputArea.*?</style>", re.S
)
SCALES = {  # of an execution: what its page says
    "full": "Run once at full scale.",
    "smoke": "Run once at a trial's scale: every training stops after a few steps, so what this page trained itself "
    "looks like noise. The bundled models are the real ones.",
}
SOLVED = (
    "Where an exercise is, what stands below it comes from its solution. Sliders and drawing boards are still here."
)
EMPTY = "Not run: this copy of the site was built without the lessons' pictures and numbers."
HOW = (
    "To run it yourself, take {{download}}`the notebook <../downloads/{}.ipynb>` to "
    "[your machine, or to Colab](../README.md#start)."
)
PLAY = "In your browser: {}."


def page(name: str, wanted: str, put: Put, plays: dict[str, str]) -> str:
    """The notebook of a lesson for the site, whose pictures are `put` as files of their own.

    `wanted` is the scale to run it at, or "0" to run nothing; `plays` are titles of the playground's pages to it.
    """
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    solved = nbformat.read(ROOT / "notebooks" / "solutions" / f"{name}.ipynb", as_version=4)
    scale, executed = found(name, solved, wanted)
    said = EMPTY if executed is None else f"{SCALES[scale]} {SOLVED}"
    if executed is not None:
        for cell, run in zip(notebook.cells, executed.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = [kept for output in run.outputs if (kept := still(output, put))]
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.metadata["tags"], cell.outputs = ["hide-input"], []  # it speaks of the machine that ran it
    links = (f'<a href="../playground/{page}.html">{title}</a>' for page, title in plays.items())
    words = " ".join([said, HOW.format(name), PLAY.format(", ".join(links)) if plays else ""])
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(f":::{{container}} scale\n{words}\n:::", id="scale"))
    return nbformat.writes(notebook)


def found(name: str, solved: Any, wanted: str) -> tuple[str, Any]:
    """An execution of the solved notebook and its scale: one that is kept, the fuller first, or a new one."""
    key = hashlib.sha256(nbformat.writes(solved).encode()).hexdigest()[:16]
    for scale in ("full",) if wanted == "full" else SCALES:
        if (kept := EXECUTED / f"{name}-{scale}-{key}.ipynb").exists():
            return scale, nbformat.read(kept, as_version=4)
    return (
        (wanted, run(name, solved, wanted, EXECUTED / f"{name}-{wanted}-{key}.ipynb")) if wanted != "0" else ("", None)
    )


def run(name: str, notebook: Any, scale: str, kept: Path) -> Any:
    """Run a notebook from top to bottom and keep it; LabError where a cell fails."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    say(f"Running {name} at {scale} scale.")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "ANIMELAB_SCALE": scale}
    client = NotebookClient(
        notebook, timeout=3600, kernel_name="python3", resources={"metadata": {"path": str(ROOT / "notebooks")}}
    )
    try:
        client.execute(env=environment)
    except CellExecutionError as problem:
        raise LabError(f"notebooks/solutions/{name}.ipynb fails: {str(problem)[-2000:]}") from problem
    notebook.metadata.get("widgets", {}).pop(STATE, None)  # a page has no kernel to move them
    write_text(kept, nbformat.writes(notebook))
    return notebook


def still(output: Any, put: Put) -> Any:
    """An output without what only a kernel can move; None where nothing is left of it."""
    if output.output_type == "stream":
        output.text = output.text.replace(str(ROOT), "animelab").replace(str(Path.home()), "~")
        return output if output.text.strip() else None
    data = output.get("data", {})
    if VIEW in data or not any(
        map(str.strip, map(str, data.values()))
    ):  # a widget's still follows as an output of its own
        return None

    def apart(found: re.Match[str]) -> str:
        image, content = Image.open(io.BytesIO(base64.b64decode(found[1]))), io.BytesIO()
        image.save(content, "WEBP", quality=90)
        path = f"pictures/{hashlib.sha256(found[1].encode()).hexdigest()[:16]}.webp"
        put(path, content.getvalue())
        return f'loading="lazy" src="../{path}"'

    if "text/html" in data:
        data["text/html"] = PICTURE.sub(apart, NEEDLESS.sub("", data["text/html"]))
    return output
