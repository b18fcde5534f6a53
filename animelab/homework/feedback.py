"""A page of feedback for each student, one file with its pictures inside, and the leaderboard as a page."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from animelab import studio, viz
from animelab.files import BadPicture, opened, write_text
from animelab.homework import tables
from animelab.homework.assignment import Assignment

PAGE = Path(__file__).with_suffix(".html")
WIDEST = 1200  # pixels of a claim's picture


def write(rows: list[dict[str, Any]], master: Assignment, out: Path) -> None:
    """Write feedback.html into the folder of everybody who handed something in, and leaderboard.html."""
    for row in rows:
        if row["file"] and row["student"] and row["status"] != "older":
            write_text(out / row["student"] / "feedback.html", page(row, master))
    head, *board = tables.leaderboard(rows)
    faces = {tables.alias(row["alias"]): _face(row["alias"]) for row in rows}
    lines = [
        [str(line[0]), faces[line[1]] + html.escape(line[1]), *(f"{each:.4g}" for each in line[2:])] for line in board
    ]
    summary = "<p>Each face stands for one student. Yours is on your own page of feedback.</p>"
    body = f"<section>{_table([str(each) for each in head], lines)}</section>"
    board_page = _page({"title": f"Leaderboard: {master.title}", "summary": summary, "body": body})
    write_text(out / "leaderboard.html", board_page)


def page(row: dict[str, Any], master: Assignment) -> str:
    """The page of one student; whatever they wrote is escaped."""
    parts = []
    for name, most in master.points.items():
        answers = [each for each in row["answers"] if each["task"] == name]
        by_hand, model = master.claim and name == master.claim.name, master.model and name == master.model.name
        title = "Your claim" if by_hand else "Your model" if model else f"Task {name}"
        given = "____" if by_hand and not row["points"][name] else f"{row['points'][name]:g}"
        parts.append(f'<section><h2>{html.escape(title)} <span class="points">{given} of {most:g}</span></h2>')
        if model and row["model"]:
            parts.append(f"<p>{html.escape(row['model']['said'])}</p>{row['model']['picture']}")
        parts += [_answer(each) for each in answers]
        if by_hand and master.claim:
            rubric = html.escape(master.claim.rubric)
            parts.append(
                f'{row["claim"]}<p>A person marks this by the rubric {rubric}.</p><p class="hand">Remarks:</p>'
            )
        parts.append("</section>")
    claim = master.claim if master.claim and not row["points"][master.claim.name] else None
    later = f"{claim.points:g} points of the claim are still to be given by a person." if claim else ""
    said = " ".join(html.escape(each) for each in (row["said"], later, row["note"]) if each)
    share = 100 * row["total"] / row["most"] if row["most"] else 0
    known = f"{row['about'].get('name', '')} ({row['student']})" if row["about"].get("name") else row["student"]
    summary = f"""<p class="who">{html.escape(known)}</p>
<p class="total"><b>{row["total"]:g}</b> of {row["most"]:g} points
<span class="status">{html.escape(row["status"])}</span></p>
<div class="bar"><i style="width:{share:.1f}%"></i></div><p>{said}</p>"""
    if row["notes"]:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in row["notes"])
        summary += (
            f"<details open><summary>When your notebook ran from top to bottom</summary><ul>{notes}</ul></details>"
        )
    if row["model"].get("scores"):
        summary += f'<p class="alias">{_face(row["alias"])}On the leaderboard you are {tables.alias(row["alias"])}.</p>'
    return _page({"title": master.title, "summary": summary, "body": "\n".join(parts)})


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


def _answer(answer: dict[str, Any]) -> str:
    right = answer["points"] == answer["most"]
    kind, sign = ("right", "✓") if right else ("part", "◐") if answer["points"] else ("wrong", "✗")
    advice = f'<p class="advice">{html.escape(answer["advice"])}</p>' if answer["advice"] else ""
    return f"""<div class="answer {kind}"><h3><i aria-hidden="true">{sign}</i> {html.escape(answer["name"])}
<span class="points">{answer["points"]:g} of {answer["most"]:g}</span></h3>
<p>{html.escape(answer["seen"])}</p>{advice}</div>"""


def _face(number: int) -> str:
    return viz.image_tag(studio.render(tables.portrait(number), 64), "", 64, "webp", quality=90)


def _table(head: list[str], lines: list[list[str]]) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{each}</td>' for each in line)}</tr>" for line in lines)
    cells = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in head)
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>'


def _page(parts: dict[str, str]) -> str:
    parts = {**parts, "title": html.escape(parts["title"])}
    return Template(PAGE.read_text(encoding="utf-8")).substitute(parts)
