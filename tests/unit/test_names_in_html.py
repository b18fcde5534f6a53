"""A name from outside is text wherever HTML is made: no widget, figure or page takes an element out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import torch

from animelab import studio, viz
from animelab.cli import main
from animelab.engine import Progress
from animelab.errors import LabError
from animelab.studio import Character, hair
from animelab.widgets import BeforeAfter, CharacterDesigner, LatentExplorer, LiveTraining, Timelapse
from animelab.widgets.report import report

NAME = "<img src=x onerror=alert(1)>\"'& onload=alert(1)"
GRAY = np.full((2, 16, 16, 3), 128, np.uint8)
LIBRARY = Path(__file__).parents[2] / "animelab"
OURS = {
    "img",
    "div",
    "style",
    "code",
    "html",
    "meta",
    "title",
    "h1",
    "h2",
    "p",
    "head",
    "body",
    "main",
    "section",
    "figure",
    "figcaption",
}
OURS |= {"h3", "table", "thead", "tbody", "tr", "td", "th"}
DRAWN = {"svg", "g", "path", "defs", "use", "clippath", "rect", "foreignobject"}


class Page(HTMLParser):
    """What a browser makes of some HTML: `text`, and only elements of ours, or the test fails."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        assert tag in OURS | DRAWN and not [name for name in named if name.startswith("on")], (tag, attributes)
        assert tag != "img" or str(named["src"]).startswith("data:image/"), attributes
        self.text += f" {named.get('alt', '')} "

    def handle_data(self, data: str) -> None:
        self.text += data


def everything(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def text_of(widget: ipywidgets.Widget) -> str:
    """What it shows, live and as a still; each of its own HTML parsed by itself."""
    live = [Page(part.value).text for part in everything(widget) if isinstance(part, ipywidgets.HTML)]
    bundle = widget._repr_mimebundle_()
    assert bundle["text/plain"].isprintable()
    return " ".join([*live, Page(bundle["text/html"]).text])


def discs(latents: torch.Tensor) -> torch.Tensor:
    return latents[:, :3, None, None].tanh().expand(-1, 3, 32, 32)


@pytest.fixture
def own_hairstyle() -> Iterator[str]:
    sketch = (LIBRARY / "studio" / "sketches" / "hair.txt").read_text(encoding="utf-8")
    first = re.search(r"^\[(.+?)\][^\[]*", sketch, re.MULTILINE)
    assert first
    (name,) = studio.add_hairstyle(first[0].replace(first[1], NAME, 1))
    yield name
    hair.HAIRSTYLES.pop(name)


def test_the_parser_would_see_it() -> None:
    with pytest.raises(AssertionError, match="onerror"):
        Page(f"<div>{NAME}</div>")
    with pytest.raises(AssertionError, match="onload"):
        Page(f'<img src="data:image/png;" alt="{NAME}">')


def test_html_is_made_in_one_place() -> None:
    for path in [*LIBRARY.rglob("*.py"), *LIBRARY.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"ipywidgets\.HTML\b", text), "the stage knows text only"
        assert not re.search("innerHTML|outerHTML|insertAdjacentHTML|document.write", text), path


def test_the_explorer(tmp_path: Path) -> None:
    explorer = LatentExplorer(discs, latent=6, directions={NAME: torch.ones(6), "a\tb\x1b": torch.ones(6)})
    explorer.values = {**explorer.values, "named_0": 2.0, "named_1": 2.0}
    assert f"{NAME} +2.0" in text_of(explorer)
    explorer.keep()
    explorer.save(tmp_path / NAME)
    assert f"Saved as {tmp_path / NAME}" in text_of(explorer)


def test_the_designer(tmp_path: Path, own_hairstyle: str) -> None:
    designer = CharacterDesigner(Character(hair_style=own_hairstyle), 64, tmp_path / NAME)
    assert f"hair_style={own_hairstyle!r}" in text_of(designer)
    designer.put(pixels="64")
    designer.save()
    assert designer.words["said"] == f"Saved in {tmp_path / NAME / 'hero'}"
    for name in (NAME, "..", "../../up", "/tmp/up", "a/b", "", "con", "x\x1b[2J"):
        designer.put(file=name)
        with pytest.raises(LabError, match="Not saved: "):
            designer.save()
    assert sorted(path.name for path in (tmp_path / NAME).iterdir()) == ["hero"]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_live_training(capsys: pytest.CaptureFixture) -> None:
    live = LiveTraining()
    rows = [{"step": step, NAME: 0.5, "$\\bad": 0.4, "a\x1bb": 0.3} for step in range(3)]
    losses = {name: value for name, value in rows[0].items() if name != "step"}
    live(Progress(2, 9, 1.0, 1.0, 1.0, losses, rows, GRAY[0]))
    assert f"{NAME} 0.500" in text_of(live) and "$\\bad" in text_of(live)
    assert "\x1b" not in capsys.readouterr().out


def test_the_time_lapse() -> None:
    lapse = Timelapse(list(GRAY), names=["first", NAME])
    assert text_of(lapse).count(NAME) == 2  # an alt text and words


def test_before_and_after() -> None:
    assert NAME in text_of(BeforeAfter({NAME: GRAY, "after": GRAY}))


def test_figures() -> None:
    figures = [
        viz.Figure(GRAY[0], NAME, NAME),
        viz.show(GRAY, caption=NAME),
        viz.compare({NAME: GRAY, "two\nlines": GRAY, "x" * 10**5: GRAY}),
        viz.curves({NAME: ([0, 1], [1, 2]), "$\\bad": ([0, 1], [2, 3]), "x" * 10**4: ([0, 1], [2, 3])}, alt=NAME),
    ]
    for figure in figures:
        bundle = figure._repr_mimebundle_()
        assert NAME in Page(bundle["text/html"]).text and bundle["text/plain"].isprintable()
        assert figure.image.shape[1] < 4000


def test_the_gallery(tmp_path: Path, own_hairstyle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "contact_sheet", lambda *_: GRAY[0])
    assert main(["data", "gallery", "--out", str(tmp_path / "all.html")]) == 0
    assert Page((tmp_path / "all.html").read_text(encoding="utf-8")).text.count(NAME) == 2  # a title and an alt text


def test_a_report(tmp_path: Path) -> None:
    run = tmp_path / NAME.replace("/", "")
    run.mkdir()
    (run / "run.json").write_text(json.dumps({"recipe": NAME, NAME: [NAME], "config": {NAME: NAME, "x": "a\x1bb"}}))
    (run / "log.jsonl").write_text(json.dumps({"step": 5, NAME: 0.5}) + "\n")
    (run / "scores.jsonl").write_text(json.dumps({"step": 5, "scores": {NAME: NAME}}) + "\n{")
    (run / "previews").mkdir()
    viz.Figure(GRAY[0], "").save(run / "previews" / "00000005.png")
    text = Page(report([run])).text
    assert text.count(NAME) >= 7 and text.count(run.name) >= 4 and "\x1b" not in text
