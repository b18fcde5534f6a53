"""Runs on one page: curves, pictures, scores and settings, side by side. `animelab report RUN … --out page.html`."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from animelab.engine import read_log, read_record
from animelab.errors import LONGEST, LabError, shown
from animelab.files import BadPicture, read
from animelab.foreign import ODD
from animelab.viz import MEASUREMENTS, curves, image_tag
from animelab.widgets.live import duration

PICTURES = 4  # of a run: its first, its last, and what lies between
STYLE = Path(__file__).with_suffix(".css")


def report(folders: Sequence[Path]) -> str:
    """A page of HTML about runs, which needs nothing beside it. Raises LabError for a folder that holds no run."""
    runs: dict[str, Path] = {}
    for folder in folders:
        alone = sum(each.resolve().name == folder.resolve().name for each in folders) == 1
        runs[shown(folder.resolve().name if alone else folder, LONGEST)] = folder
    records = {name: read_record(folder) for name, folder in runs.items()}
    logs = {name: read_log(folder / "log.jsonl") for name, folder in runs.items()}
    title = " and ".join(runs) if len(runs) < 3 else f"{len(runs)} runs"
    parts = [f"<h1>{html.escape(title)}</h1>", "<h2>Losses</h2>", *_charts(logs)]
    films = [_film(name, folder, len(runs) == 1) for name, folder in runs.items()]
    parts += ["<h2>Pictures</h2>", f'<div class="side">{"".join(films)}</div>']
    scores = {f"{name}, step {row['step']:,}": row["scores"] for name in runs for row in _scores(runs[name])}
    if scores:
        parts += _table("Scores", {name: _flat(each) for name, each in scores.items()})
    ends = {name: rows[-1] if rows else {} for name, rows in logs.items()}
    told = {
        name: {
            "steps trained": f"{ends[name].get('step', 0):,}",
            "time": duration(ends[name].get("seconds", 0)),
            "images a second": ends[name].get("images_per_second", "none"),
            **_flat({**_settings(record), **record, "config": ""}),
        }
        for name, record in records.items()
    }
    parts += _table("Settings", told, marked=True)
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
    style = STYLE.read_text(encoding="utf-8")
    head += f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body><main>'
    return "\n".join([head, *parts, "</main></body></html>\n"])


def _charts(logs: dict[str, list[dict[str, float]]]) -> list[str]:
    """A chart of all losses of one run; of several runs, a chart for each loss with a line for each run."""
    drawn = []
    losses = dict.fromkeys(name for rows in logs.values() for row in rows for name in row if name not in MEASUREMENTS)
    for loss in losses if len(logs) > 1 else [None] * bool(losses):
        points = {
            (loss and run) or name: [(row["step"], row[name]) for row in rows if name in row]
            for run, rows in logs.items()
            for name in ([loss] if loss else losses)
        }
        lines = {name: tuple(zip(*pairs)) for name, pairs in points.items() if pairs}
        try:
            figure = curves(lines, ylabel="loss")._repr_mimebundle_()["text/html"]  # type: ignore[arg-type]
        except LabError:  # nothing finite in it
            continue
        drawn.append(figure if loss is None else f"<figure><h3>{html.escape(shown(loss))}</h3>{figure}</figure>")
    return [f'<div class="side">{"".join(drawn)}</div>' if drawn else "<p>There are none in the log yet.</p>"]


def _film(name: str, folder: Path, alone: bool) -> str:
    """A few of a run's previews, below each other where runs stand side by side."""
    paths = sorted(path for path in (folder / "previews").glob("*.png") if path.stem.isdigit())
    few = sorted({round(each) for each in np.linspace(0, len(paths) - 1, PICTURES)}) if paths else []
    found = []
    for path in (paths[each] for each in few):
        words = f"step {int(path.stem):,}"
        try:
            pixels = np.asarray(read(path).convert("RGB"))
        except BadPicture as problem:
            found.append(f"<p>{html.escape(f'{words}: {problem.reason}')}</p>")
            continue
        tag = image_tag(pixels, f"{name}: what its networks make by {words}", pixels.shape[1], "webp", quality=88)
        found.append(f"<figure>{tag}<figcaption>{words}</figcaption></figure>")
    seen = "".join(found) or "<p>None were saved.</p>"
    return seen if alone else f"<section><h3>{html.escape(name)}</h3>{seen}</section>"


def _scores(folder: Path) -> Iterable[dict[str, Any]]:
    """The lines of scores.jsonl that are whole."""
    path = folder / "scores.jsonl"
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            row = json.loads(line)
            if isinstance(row["scores"], dict) and type(row["step"]) is int:
                yield row
        except ODD:
            continue


def _settings(record: dict[str, Any]) -> dict[str, Any]:
    return record["config"] if isinstance(record.get("config"), dict) else {}


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    return {shown(key): value for key, value in values.items() if value not in ("", {}, [])}


def _table(title: str, columns: dict[str, dict[str, Any]], marked: bool = False) -> list[str]:
    """Values by name, a column for each run; marked: those in which the runs differ."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    rows = []
    for name in dict.fromkeys(name for values in columns.values() for name in values):
        cells = [shown(values.get(name, "–"), 200) for values in columns.values()]
        other = marked and len(set(cells)) > 1
        sign = ' <span title="The runs differ here">≠</span>' if other else ""
        inside = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr{" class=other" * other}><th scope="row">{html.escape(name)}{sign}</th>{inside}</tr>')
    body = f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    about = f'class="wide" tabindex="0" role="region" aria-label="{title}"'
    return [f"<h2>{title}</h2>", f"<div {about}><table>{body}</table></div>"]
