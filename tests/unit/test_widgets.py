from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from animelab.errors import LabError
from animelab.widgets import LiveTraining, Timelapse
from animelab.widgets.live import duration


def shown(picture: ipywidgets.HTML) -> np.ndarray:
    data = re.search(r"data:image/jpeg;base64,([^\"]+)", picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def controls(widget: ipywidgets.Widget, name: str) -> list[ipywidgets.Widget]:
    """All parts of a widget with a CSS class, as a browser test finds them."""
    found = [widget] if name in getattr(widget, "_dom_classes", ()) else []
    return found + [part for child in getattr(widget, "children", ()) for part in controls(child, name)]


def control(widget: ipywidgets.Widget, name: str) -> ipywidgets.Widget:
    (found,) = controls(widget, name)
    return found


def news(step: int, preview: np.ndarray | None, history: list[dict[str, float]]) -> SimpleNamespace:
    return SimpleNamespace(
        step=step,
        steps=100,
        seconds=65.0,
        images_per_second=210.4,
        eta=3700.0,
        losses={"D": 0.5},
        history=history,
        preview=preview,
    )


def test_live_training_shows_the_newest_state(capsys):
    live = LiveTraining(every=0)
    assert "not begun" in live.still()[1]
    history = [
        {"step": step, "seconds": step, "images_per_second": 9.0, "D": 1.0 + step, "G": 2.0} for step in (10, 20)
    ]
    live(news(20, np.zeros((4, 8, 3), np.uint8), history))
    live(news(40, np.full((4, 8, 3), 200, np.uint8), history))
    assert (shown(live._grid) == 200).all()
    markup, text = live.still()
    assert text == "Step 40 of 100, 210 images/s, 1 min 5 s so far, 1 h 1 min left, D 0.500"
    assert text in markup
    assert "of the same examples by step 40" in markup
    assert "D starts at 11 (step 10), ends at 21 (step 20)" in markup
    assert text in capsys.readouterr().out  # outside of a notebook there is nothing else


def test_live_training_does_not_redraw_too_often():
    live = LiveTraining(every=3600)
    live(news(10, None, []))
    first = live._status.value
    live(news(20, None, []))
    assert live._status.value == first
    live(news(100, None, []))  # the last step always
    assert "finished" in live._status.value


def test_live_training_survives_losses_that_are_not_finite():
    live = LiveTraining(every=0)
    live(news(20, None, [{"step": 20, "D": float("nan")}]))
    assert "Step 20" in live.still()[0]
    assert live._curves.value == ""


def test_durations_in_words():
    assert [duration(x) for x in (0.4, 59, 61, 3600)] == ["0 s", "59 s", "1 min 1 s", "1 h 0 min"]


def test_timelapse_goes_through_a_folder_of_previews(tmp_path):
    for step in (0, 50, 1000):
        Image.new("RGB", (8, 4), (step // 5, 0, 0)).save(tmp_path / f"{step:08d}.png")
    film = Timelapse(tmp_path)
    assert film.names == ["step 0", "step 50", "step 1,000"]
    assert film.render(1)[0, 0].tolist() == [10, 0, 0]
    assert "step 1,000 (frame 3 of 3)" in film._picture.value  # it opens on the result
    control(film, "animelab-frame").value = 0
    assert "step 0 (frame 1 of 3)" in film._picture.value
    assert shown(film._picture).max() < 10


def test_timelapse_says_what_is_missing(tmp_path):
    with pytest.raises(LabError, match="no PNG pictures in"):
        Timelapse(tmp_path)
    with pytest.raises(LabError, match="at least one frame"):
        Timelapse([])
    with pytest.raises(LabError, match="1 frames but 2 names"):
        Timelapse([np.zeros((2, 2, 3), np.uint8)], names=["a", "b"])


def test_nothing_else_needs_ipywidgets():
    code = "import sys, animelab.viz, animelab.latent, animelab.recipes.dcgan; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
