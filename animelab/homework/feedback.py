"""A page of feedback for each student, with its pictures inside, and the leaderboard as a page."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from animelab import studio, viz
from animelab.files import BadPicture, opened, write_text
from animelab.homework import pages, tables
from animelab.homework.assignment import Assignment

WIDEST = 1200  # pixels of a claim's picture


def write(rows: list[dict[str, Any]], master: Assignment, out: Path) -> None:
    """Write feedback.html into the folder of everybody who handed something in, and leaderboard.html."""
    faces = {tables.alias(row["alias"]): _face(row["alias"]) for row in rows}
    for row in filter(tables.counts, rows):
        if row["file"]:
            alias = tables.alias(row["alias"])
            parts = {"title": master.title, "master": master, "row": row, "alias": alias, "face": faces[alias]}
            write_text(out / row["student"] / "feedback.html", pages.page("feedback.html", **parts))
    head, *lines = tables.leaderboard(rows, master)
    board = pages.page("leaderboard.html", title=f"Leaderboard: {master.title}", head=head, lines=lines, faces=faces)
    write_text(out / "leaderboard.html", board)


def picture(content: bytes) -> str:
    """A student's own picture as HTML, "" for none, a sentence for what is no picture."""
    if not content:
        return ""
    try:
        image = opened(content)[0]
    except BadPicture as error:
        return f"<p>{html.escape(str(error))}</p>"
    image.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    return viz.image_tag(np.asarray(image), "The picture of your claim.", image.width, "webp", quality=85)


def _face(number: int) -> str:
    return viz.image_tag(studio.render(tables.portrait(number), 64), "", 64, "webp", quality=90)
