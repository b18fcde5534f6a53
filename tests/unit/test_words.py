"""The field's words: what is called generator and discriminator by everybody is never a painter or a judge here."""

from __future__ import annotations

import re
from pathlib import Path

from animelab.authoring.master import read_all

ROOT = Path(__file__).parents[2]
HOME_MADE = {
    "painter": "generator, or network",
    "judge": "discriminator, or examiner",
    "unrest": "total variation",
    "batch.?spread": "minibatch standard deviation",
}


def said(where: str, text: str) -> list[str]:
    """The lines that use a home-made word, each with its place and the field's word."""
    lines = text.splitlines()
    found = [(line, better) for home, better in HOME_MADE.items() for line in lines if re.search(home, line, re.I)]
    return [f"{where}, say {better}: {line.strip()}" for line, better in found]


def test_the_library_and_the_readme_use_the_fields_words() -> None:
    paths = [ROOT / "README.md", ROOT / "animelab" / "zoo" / "manifest.json"]
    paths += [path for kind in ("py", "js", "css") for path in sorted((ROOT / "animelab").rglob(f"*.{kind}"))]
    found = [line for path in paths for line in said(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]
    assert not found, "\n".join(found)
    assert len(paths) > 80


def test_the_code_of_the_lessons_uses_the_fields_words() -> None:
    """Prose may open an idea with a metaphor; code, alt texts and printed words do not."""
    cells = [(lesson.path, cell) for lesson in read_all(ROOT) for cell in lesson.cells if cell.kind == "code"]
    found = [line for path, cell in cells for line in said(path, cell.solved)]
    assert not found, "\n".join(found)
