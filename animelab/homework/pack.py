"""What a student hands in, in one zip: the notebook, the weights and the picture of the claim."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from animelab import foreign
from animelab.errors import LabError, reason, shown
from animelab.files import one_name, read, write_atomically

OUTPUTS = 100_000  # characters of one cell's outputs; what is longer stays out of the zip
LARGEST = {"notebook": 20_000_000, "picture": 10_000_000}  # bytes
OPENED = 2**29  # bytes of a notebook with all its outputs
STUB = re.compile(r'^ *raise NotImplementedError\("(?P<hint>[^"]*)', re.MULTILINE)
DATE = (1980, 1, 1, 0, 0, 0)  # the same work gives the same zip


def pack(notebook: Path | None = None, weights: Path | None = None, out: Path | None = None) -> tuple[Path, list[str]]:
    """Write the zip; returns its path and a sentence for everything that is missing, or left out.

    notebook: the only one of a homework here, when None; weights: a run's folder, or its file, by default that beside
    the notebook. Raises LabError for what is no notebook of a homework, and for weights that would not be accepted.
    """
    place = notebook or _only_one(Path())
    book = _opened(place)
    about = book.metadata["animelab"]
    needs, name = about["needs"], one_name(f"{about['student']}_{about['assignment']}.zip")
    remarks = list(_unsolved(book, needs["cells"]))
    files = {}
    if "network" in needs:
        found = place.with_name("weights.safetensors") if weights is None else weights
        found = found / "weights.safetensors" if found.is_dir() else found
        if weights is None and not found.exists():
            remarks.append("The weights are missing: --weights RUN/weights.safetensors.")
        else:
            _accepted(found, needs)
            files[found] = "weights.safetensors"
    elif weights:
        raise LabError(f"{about['assignment']} asks for no weights; leave --weights out.")
    picture = place.with_name("claim.png")
    if needs["claim"] and not picture.exists():
        remarks.append("The picture of your claim is missing: save it beside the notebook, as claim.png.")
    elif needs["claim"]:
        read(picture)
        if picture.stat().st_size > LARGEST["picture"]:
            raise LabError(f"{picture} has more than {LARGEST['picture'] // 10**6} MB; save it with fewer pixels.")
        files[picture] = "claim.png"
    left_out = 0
    for cell in book.cells:
        if cell.get("cell_type") == "code" and len(json.dumps(cell.get("outputs", []))) > OUTPUTS:
            cell.outputs, left_out = [], left_out + 1
    text = nbformat.writes(book).encode()
    if len(text) > LARGEST["notebook"]:
        raise LabError(
            f"{place} has {len(text) / 1e6:.0f} MB without its outputs; take large pictures out of its text."
        )
    if left_out:
        remarks.append(
            f"Outputs of {left_out} cell{'s' * (left_out > 1)} are large, and stay out; nothing is lost by it."
        )

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(place.name, DATE), text, zipfile.ZIP_DEFLATED)
            for file, inside in files.items():
                archive.writestr(zipfile.ZipInfo(inside, DATE), file.read_bytes())

    target = out or place.with_name(name)
    if target.suffix.lower() != ".zip":
        raise LabError(f"--out takes the name of a file that ends in .zip, not {target}.")
    write_atomically(target, write)
    return target, remarks


def _only_one(folder: Path) -> Path:
    found = [path for path in sorted(folder.glob("hw*.ipynb")) if "-Copy" not in path.stem]
    if len(found) != 1:
        known = ", ".join(path.name for path in found) or "none"
        raise LabError(f"Which notebook is it? Here are {known}: animelab homework pack NOTEBOOK.")
    return found[0]


def _opened(place: Path) -> Any:
    """A notebook that was issued; LabError for any other file."""
    try:
        if not place.is_file() or place.stat().st_size > OPENED:
            why = "is too large; clear its outputs, save it" if place.is_file() else "is no file; check the path"
            raise LabError(f"{place} {why}, and pack again.")
        book = nbformat.reads(place.read_text(encoding="utf-8"), 4)
        about = book.metadata["animelab"]
        texts = [about["student"], about["assignment"], *about["needs"]["cells"].values()]
        if not all(isinstance(text, str) for text in texts) or "claim" not in about["needs"]:
            raise KeyError("animelab")
        return book
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{place} is no notebook ({reason(error)}); save it again, or check the path.") from error
    except (KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        advice = "copy your cells into the one that you were given, and pack that"
        raise LabError(f"{place} does not say whose homework it is; {advice}.") from error


def _unsolved(book: Any, cells: dict[str, str]) -> Iterator[str]:
    """A sentence for each cell that is gone, is there twice, or is as it was handed out."""
    there: dict[str, list[str]] = {}
    for cell in book.cells:
        mark = cell.get("metadata", {}).get("nbgrader", {})
        there.setdefault(mark.get("grade_id", ""), []).append(cell.get("source", ""))
    for identity, before in sorted(cells.items(), key=lambda each: int(each[0].rpartition("-")[2])):
        what = "The claim" if identity.startswith("claim") else f"Task {identity.split('-')[1]}"
        found = there.get(identity, [])
        stubs = [stub["hint"] for source in found for stub in STUB.finditer(source)]
        if not found:
            yield f"{what}: its cell was deleted; copy it from the notebook that you were given."
        elif len(found) > 1:
            yield f"{what}: its cell is there {len(found)} times; the grader runs all, and the last counts."
        elif stubs:
            yield f"{what} is not solved: it still says NotImplementedError, {shown(stubs[0])}."
        elif hashlib.sha256(found[0].encode()).hexdigest() == before:
            yield f"{what} is as it was handed out."


def _accepted(weights: Path, needs: Any) -> None:
    """LabError for weights that the grader would refuse at first sight."""
    megabytes = foreign.regular(weights) / 1e6
    if megabytes > needs["megabytes"]:
        raise LabError(
            f"{weights} has {megabytes:.1f} MB, and {needs['megabytes']:g} are allowed; train a smaller one."
        )
    about = (foreign.header(weights) or {}).get("__metadata__")
    if not isinstance(about, dict):
        raise LabError(f"{weights} is no safetensors file of this course; name RUN/weights.safetensors of your run.")
    if about.get("network") != needs["network"]:
        said = f"{weights} holds {shown(about.get('network'))}, and the homework asks for {needs['network']}"
        raise LabError(f"{said}; name the run that you trained for it.")
