"""What a student hands in, in one zip: the notebook, the weights and the picture of the claim."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import ValidationError

from animelab import foreign
from animelab.errors import LabError, reason, shown
from animelab.files import one_name, read, write_atomically

OUTPUTS = 100_000  # characters of one cell's outputs; what is longer stays out of the zip
LARGEST = 10_000_000  # bytes of the notebook without them, and of the picture
STUB = re.compile(r'^ *raise NotImplementedError\("([^"]*)', re.MULTILINE)
DATE = (1980, 1, 1, 0, 0, 0)  # the same work gives the same zip
WEIGHTS = "weights.safetensors"


def pack(notebook: Path | None = None, weights: Path | None = None, out: Path | None = None) -> tuple[Path, list[str]]:
    """Write the zip; returns its path and a sentence for everything that is missing, or left out.

    notebook: the only one of a homework here, when None; weights: a run's folder, or its file, by default that beside
    the notebook. Raises LabError for what is no notebook of a homework, and for weights that would not be accepted.
    """
    found = [notebook] if notebook else [path for path in sorted(Path().glob("hw*.ipynb")) if "-Copy" not in path.stem]
    if len(found) != 1:
        known = ", ".join(path.name for path in found) or "none"
        raise LabError(f"Which notebook is it? Here are {known}: animelab homework pack NOTEBOOK.")
    place = found[0]
    book, about = _opened(place)
    target = out or place.with_name(one_name(f"{about['student']}_{about['assignment']}.zip"))
    if target.suffix.lower() != ".zip":
        raise LabError(f"--out takes the name of a file that ends in .zip, not {target}.")
    needs, content = about["needs"], dict[str, bytes]()
    remarks = [*_unsolved(book, needs["cells"])]
    trained, picture = weights or place.with_name(WEIGHTS), place.with_name("claim.png")
    trained = trained / WEIGHTS if trained.is_dir() else trained
    if weights or trained.exists():
        if wrong := unfit(trained, needs)[1]:
            raise LabError(f"{trained}: {wrong}")
        content[WEIGHTS] = trained.read_bytes()
    elif "network" in needs:
        remarks.append("The weights are missing: --weights RUN/weights.safetensors.")
    if needs["claim"] and picture.exists():
        read(picture)
        content[picture.name] = picture.read_bytes()
    elif needs["claim"]:
        remarks.append("The picture of your claim is missing: save it beside the notebook, as claim.png.")
    large = [cell for cell in book.cells if len(json.dumps(cell.get("outputs", []))) > OUTPUTS]
    for cell in large:
        cell.outputs = []
    if large:
        remarks.append(f"Large outputs of {len(large)} cells stay out of it; the grader makes its own.")
    content[place.name] = nbformat.writes(book).encode()
    for name in content.keys() - {WEIGHTS}:
        if len(content[name]) > LARGEST:
            raise LabError(
                f"{name} would have {len(content[name]) / 1e6:.0f} MB in the zip; make its pictures smaller."
            )

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, part in content.items():
                archive.writestr(zipfile.ZipInfo(name, DATE), part, zipfile.ZIP_DEFLATED)

    write_atomically(target, write)
    return target, remarks


def unfit(weights: Path, needs: Mapping[str, Any]) -> tuple[str, str]:
    """Why weights are refused at first sight: a status and a sentence, both empty for others.

    needs: network, megabytes and arguments, as of a Model. Raises LabError for what is no file, or a damaged one.
    """
    network, megabytes = needs.get("network", "nothing"), needs.get("megabytes", 0)
    size, about = foreign.regular(weights) / 1e6, (foreign.header(weights) or {}).get("__metadata__")
    if not isinstance(about, dict):
        return "not safetensors", "It is no safetensors of this course; hand in RUN/weights.safetensors."
    if about.get("network") != network:
        return "another network", f"It holds {shown(about.get('network'))}, and {network} is asked for."
    if size > megabytes:
        return "too large", f"It has {size:.1f} MB, and {megabytes:g} are allowed; train a smaller one."
    try:
        arguments = json.loads(about["arguments"]).items()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise LabError(f"{weights} is not a readable weights file; download or train it again.") from error
    for key, value in arguments:
        allowed = needs.get("arguments", {}).get(key)
        least, most = allowed if isinstance(allowed, list | tuple) else (allowed, allowed)
        if type(value) is not type(least) or not least <= value <= most:
            return "another network", f"{shown(key)}={shown(value)} is not allowed; the notebook says what is."
    return "", ""


def _opened(place: Path) -> tuple[Any, Any]:
    """A notebook that was issued, and what it says of itself; LabError for any other file."""
    try:
        book = nbformat.reads(place.read_text(encoding="utf-8"), 4)
        about = book.metadata["animelab"]
        if not {"student", "assignment", "needs"} <= about.keys() or not {"cells", "claim"} <= about["needs"].keys():
            raise KeyError("it does not say whose homework it is; copy your cells into the one that you were given")
        return book, about
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError, ValidationError) as error:
        raise LabError(f"{place} is no notebook of a homework ({reason(error)}); check the path.") from error


def _unsolved(book: Any, cells: dict[str, str]) -> Iterator[str]:
    """A sentence for each cell that is gone, is there twice, or is as it was handed out."""
    places = [cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") for cell in book.cells]
    for identity, before in sorted(cells.items(), key=lambda each: int(each[0].rpartition("-")[2])):
        what = identity.rpartition("-")[0].replace("-", " ").capitalize()
        source = book.cells[places.index(identity)].source if identity in places else ""
        if (times := Counter(places)[identity]) != 1:
            yield f"{what}: its cell is there {times} times; copy what is missing from the notebook you were given."
        elif stub := STUB.search(source):
            yield f"{what} is not solved: it still says NotImplementedError, {shown(stub[1])}."
        elif hashlib.sha256(source.encode()).hexdigest() == before:
            yield f"{what}: the cell that begins with '{shown(source.partition(chr(10))[0])}' is as it was handed out."
