"""The course for people who have no repository: a wheel with all weights, and notebooks with their pictures inside."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from animelab.authoring.build import repository, with_pictures
from animelab.errors import LabError

DATE = (1980, 1, 1, 0, 0, 0)  # the same notebooks make the same zip
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?![a-z]+:|#)([^\s)]+)\)")


def bundle(root: Path, out: Path) -> list[Path]:
    """Write the wheel, two archives of notebooks and README.md into `out`; LabError where pip builds no wheel."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("animelab-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as fresh:  # in `root` setuptools packs again what an earlier build has left
        shutil.copytree(root / "animelab", Path(fresh, "animelab"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(root / name, fresh)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), fresh]
        if subprocess.run(command).returncode:
            raise LabError("pip built no wheel; what it says stands above.")
    (wheel,) = out.glob("animelab-*.whl")
    steps, address, folder = out / "README.md", repository(root), root / "notebooks"
    archives = {out / "notebooks.zip": folder, out / "solutions.zip": folder / "solutions"}  # these not for students
    for archived, of in archives.items():
        with zipfile.ZipFile(archived, "w") as archive:
            for path in sorted(of.glob("*.ipynb")):
                if "-Copy" not in path.stem:
                    archive.writestr(zipfile.ZipInfo(path.name, DATE), alone(path, root, address), zipfile.ZIP_DEFLATED)
    shutil.copyfile(root / "course" / "sharing.md", steps)
    return [wheel, *archives, steps]


def alone(path: Path, root: Path, address: str = "") -> str:
    """A notebook that needs no other file: its pictures lie inside, its links lead to the repository or are words."""
    book = json.loads(with_pictures(path.read_text(encoding="utf-8"), path.parent))
    here = path.parent.relative_to(root).as_posix()

    def lead(link: re.Match[str]) -> str:
        words, place = link[1], posixpath.normpath(posixpath.join(here, link[2]))
        return f"[{words}]({address}/blob/main/{place})" if address else words

    for cell in book["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = LINK.sub(lead, "".join(cell["source"])).splitlines(keepends=True)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"
