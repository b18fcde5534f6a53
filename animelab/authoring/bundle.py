"""The course for people who have no repository: a wheel with all weights, and notebooks with their pictures inside."""

from __future__ import annotations

import base64
import json
import mimetypes
import posixpath
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from animelab.authoring.build import repository
from animelab.errors import LabError

DATE = (1980, 1, 1, 0, 0, 0)  # the same notebooks make the same zip
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^\s)]+)\)")
STEPS = """\
# The course in a folder that you share

1. Make a folder `animelab` in your Google Drive, put `{wheel}` into it, and share it with your students: "Anyone
   with the link". Each of them opens the link and adds a shortcut to *My Drive* (Organize, Add shortcut).
2. Unpack `notebooks.zip` into the same folder, or hand the notebooks out in any other way.
3. A student opens a notebook with Google Colab, saves a copy of their own (File, Save a copy in Drive), and runs the
   first cell, *Set-up*. It asks for their Drive, installs the wheel from there without changing Colab's PyTorch, and
   says where the course comes from. Without a Drive it asks for the file itself.

On Kaggle the wheel is added as a dataset (and the notebook's Internet switched on, for one small package besides), on
any other machine it lies beside the notebook, or is installed by hand: `pip install {wheel}`. Ticking *save_to_drive*
keeps training runs in the student's own Drive, in `animelab-runs`: after a disconnect, *Run all* goes on.
"""


def bundle(root: Path, out: Path) -> list[Path]:
    """Write the wheel, notebooks.zip and README.md into `out`, and return them; LabError where pip builds no wheel."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("animelab-*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(root)]
    if subprocess.run(command).returncode:
        raise LabError("pip built no wheel; what it says stands above.")
    (wheel,) = out.glob("animelab-*.whl")
    notebooks, steps, address = out / "notebooks.zip", out / "README.md", repository(root)
    with zipfile.ZipFile(notebooks, "w") as archive:
        for path in sorted((root / "notebooks").rglob("*.ipynb")):
            if "-Copy" not in path.stem and ".ipynb_checkpoints" not in path.parts:
                name = path.relative_to(root / "notebooks").as_posix()
                archive.writestr(zipfile.ZipInfo(name, DATE), alone(path, root, address), zipfile.ZIP_DEFLATED)
    steps.write_text(STEPS.format(wheel=wheel.name), encoding="utf-8")
    return [wheel, notebooks, steps]


def alone(path: Path, root: Path, address: str = "") -> str:
    """A notebook that needs no other file: its pictures lie inside, its links lead to the repository or are words."""
    book = json.loads(path.read_text(encoding="utf-8"))
    here = path.parent.relative_to(root).as_posix()

    def inside(link: re.Match[str]) -> str:
        picture, words, target = link.groups()
        place = posixpath.normpath(posixpath.join(here, target))
        if picture:
            kind, content = mimetypes.guess_type(place)[0], base64.b64encode((root / place).read_bytes()).decode()
            return f"![{words}](data:{kind};base64,{content})"
        return f"[{words}]({address}/blob/main/{place})" if address else words

    for cell in book["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = LINK.sub(inside, "".join(cell["source"])).splitlines(keepends=True)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"
