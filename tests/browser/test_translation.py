"""Drawing board, character maker and curtain as a learner meets them: in JupyterLab, with mouse and keyboard."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

# A translator that copies: what comes back shows exactly where the canvas put its ink.
BOARD = """
import torch
from animelab.widgets import DrawingBoard
board = DrawingBoard(lambda lines: lines, torch.ones(2, 3, 64, 64) * torch.tensor([1.0, 0.5]).view(2, 1, 1, 1))
board
"""
MODELS = """
import torch
from animelab import zoo
from animelab.data import StudioPairs, StudioUnpaired
from animelab.widgets import BeforeAfter, CharacterMaker, DrawingBoard
lines, _ = StudioPairs("line", "color", 64, 4, prior="frontal", split="test").batch(range(4))
portraits, _ = StudioUnpaired("portrait", "cel", 64, 4, prior="frontal", split="test").batch(range(4))
cels = zoo.load("cyclegan-portrait-cel-64").translate(portraits)
"""
CANVAS, ANSWER = ".animelab-board canvas", ".animelab-board img.animelab-colored"


def keep(page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"{name}.png")


def answer(page) -> np.ndarray:
    data = page.locator(ANSWER).get_attribute("src").rstrip("#").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"), dtype=float)


def wait_for_ink(page, test) -> np.ndarray:
    for _ in range(100):
        page.wait_for_timeout(50)
        if test(found := answer(page)):
            return found
    raise AssertionError(f"the answer never came; its mean is {found.mean():.1f}")


def test_ink_lands_where_the_pen_was_and_the_tools_do_what_they_say(open_notebook):
    page = open_notebook("board", BOARD)
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    wait_for_ink(page, lambda found: found.min() > 250)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    border = (box["width"] - 256) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + border + x, box["y"] + border + y

    page.mouse.move(*at(40, 100))
    page.mouse.down()
    page.mouse.move(*at(200, 100), steps=8)
    page.mouse.up()
    drawn = wait_for_ink(page, lambda found: found[96:104, 185:196].mean() < 160)
    rows, columns = np.nonzero(drawn < 128)
    assert abs(rows.mean() - 99.5) < 2, "as high as the pen was"
    assert abs(columns.min() - 38) < 5 and abs(columns.max() - 202) < 5, "from where to where it went"

    page.get_by_label("Width").press("ArrowRight")
    assert page.get_by_label("Width").input_value() == "5", "sliders hear the arrow keys"
    page.get_by_label("Width").press("ArrowLeft")
    page.get_by_role("button", name="Undo").click()
    wait_for_ink(page, lambda found: found.min() > 250)
    for key in (" ", *["ArrowRight"] * 10, " "):  # the keyboard draws from the middle
        canvas.press(key)
    drawn = wait_for_ink(page, lambda found: found[127:129, 166:168].mean() < 160)
    assert abs(np.nonzero(drawn < 128)[1].max() - 168) < 5
    page.get_by_role("button", name="Erase").click()
    page.mouse.move(*at(128, 128))
    page.mouse.down()
    page.mouse.move(*at(180, 128), steps=8)
    page.mouse.up()
    wait_for_ink(page, lambda found: found.min() > 250)
    page.get_by_role("button", name="Another drawing").click()
    wait_for_ink(page, lambda found: abs(found.mean() - 191) < 3)
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Clear").click()
    wait_for_ink(page, lambda found: found.min() > 250)


def test_the_real_models_follow_in_the_notebook(open_notebook):
    page = open_notebook("models", MODELS, 'DrawingBoard(zoo.load("pix2pix-pairs-64"), lines)')
    page.locator(ANSWER).wait_for()
    first = wait_for_ink(page, lambda found: found.std() > 20)
    keep(page, "drawing_board")
    page.get_by_role("button", name="Other colors").click()
    before = wait_for_ink(page, lambda found: np.abs(found - first).mean() > 2)
    page.locator(CANVAS).scroll_into_view_if_needed()
    box = page.locator(CANVAS).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 90, steps=6)
    page.mouse.up()
    wait_for_ink(page, lambda found: np.abs(found - before).mean() > 0.3)


def test_a_character_is_ordered_with_the_keyboard(open_notebook):
    page = open_notebook("maker", MODELS, 'CharacterMaker(zoo.load("r3gan-attributes-64"), seed=4)')
    picture = page.locator(".animelab-maker .animelab-picture img")
    picture.wait_for()
    keep(page, "character_maker")
    before = picture.get_attribute("src")
    color = page.locator(".animelab-hair-color select")
    color.focus()
    color.select_option(label="Pink")
    page.wait_for_function(
        "before => { const img = document.querySelector('.animelab-maker .animelab-picture img');"
        " return img && img.src !== before; }",
        arg=before,
        timeout=5000,
    )
    assert "pink hair" in picture.get_attribute("alt")


def test_the_curtain_moves_with_the_arrow_keys(open_notebook):
    page = open_notebook("curtain", MODELS, 'BeforeAfter({"portrait": portraits, "cel": cels})')
    edge = page.locator(".animelab-edge")
    edge.wait_for()
    keep(page, "curtain")
    page.wait_for_timeout(300)  # Lab may still be moving the focus to the cell that has just run
    edge.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert edge.get_attribute("aria-valuetext") == "55% of it portrait, the rest cel"
    page.keyboard.press("PageDown")
    assert edge.get_attribute("aria-valuenow") == "45"
    page.get_by_label("At the left").select_option("cel")
    page.locator(".animelab-tag-left", has_text="cel").wait_for()
