"""Drawing board and curtain as a learner meets them: in JupyterLab, with mouse and keyboard."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from pages import keep, line, place, wait_for
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
from animelab.widgets import BeforeAfter, DrawingBoard
lines, _ = StudioPairs("line", "color", 64, 4, prior="frontal", split="test").batch(range(4))
portraits, _ = StudioUnpaired("portrait", "cel", 64, 4, prior="frontal", split="test").batch(range(4))
cels = zoo.load("cyclegan-portrait-cel-64").translate(portraits)
"""
ROOT, CANVAS = ".animelab-board", ".animelab-board canvas"


@pytest.mark.slow
@pytest.mark.parametrize("interface", ["lab", "notebook"])
def test_ink_lands_where_the_pen_was_and_the_tools_do_what_they_say(open_notebook, axe, interface):
    page = open_notebook(f"board_{interface}", BOARD, interface=interface)
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    wait_for(page, lambda found: found.min() > 250)
    page.wait_for_timeout(300)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    other = page.locator(f"{ROOT} [data-part=answer] .animelab-frame").bounding_box()
    assert box["width"] > 384 and other["width"] > 384 and abs(box["y"] - other["y"]) < 2, "both large, side by side"
    undo, redo, pen, eraser = (page.get_by_role("button", name=each) for each in ("Undo", "Redo", "Pen", "Eraser"))
    assert undo.is_disabled() and redo.is_disabled() and pen.get_attribute("aria-pressed") == "true"

    page.mouse.click(*place(canvas, 0.5, 0.5))
    wait_for(page, lambda found: found[248:264, 248:264].min() < 200)  # a tap is a point
    undo.click()
    wait_for(page, lambda found: found.min() > 250)

    line(canvas, (0.2, 0.4), (0.8, 0.4))
    drawn = wait_for(page, lambda found: found[198:212, 395:405].mean() < 160)
    rows, columns = np.nonzero(drawn < 128)
    assert abs(rows.mean() - 0.4 * 512) < 5, "as high as the pen was"
    assert abs(columns.min() - 0.2 * 512) < 10 and abs(columns.max() - 0.8 * 512) < 10, "from where to where it went"

    width = page.get_by_label("Line width", exact=True)
    width.press("ArrowRight")
    assert width.input_value() == "1.5", "sliders hear the arrow keys"
    undo.click()
    wait_for(page, lambda found: found.min() > 250)
    assert undo.is_disabled() and redo.is_enabled()
    page.keyboard.press("Control+y")
    wait_for(page, lambda found: found[198:212, 395:405].mean() < 160)
    page.keyboard.press("Control+z")
    wait_for(page, lambda found: found.min() > 250)
    canvas.focus()
    page.wait_for_timeout(200)  # Notebook 7 may scroll to what has the focus
    page.mouse.move(*place(canvas, 0.5, 0.5))
    for key in (" ", *["ArrowRight"] * 10, " "):  # the keyboard draws from where the pen is
        canvas.press(key)
    wait_for(page, lambda found: found[252:260, 326:334].mean() < 160)
    canvas.press("e")
    assert eraser.get_attribute("aria-pressed") == "true" and pen.get_attribute("aria-pressed") == "false"
    line(canvas, (0.48, 0.5), (0.7, 0.5))
    wait_for(page, lambda found: found.min() > 250)
    assert axe(page, ROOT) == []
    page.get_by_role("button", name="Another drawing").click()
    wait_for(page, lambda found: abs(found.mean() - 191) < 3)
    page.get_by_role("button", name="Clear").click()
    wait_for(page, lambda found: found.min() > 250)
    page.get_by_role("button", name="Reset").click()
    wait_for(page, lambda found: abs(found.mean() - 191) < 3)


@pytest.mark.slow
def test_a_pen_that_feels_pressure_draws_thin_and_thick(open_notebook):
    page = open_notebook("pressure", BOARD)
    page.locator(CANVAS).wait_for()
    wait_for(page, lambda found: found.min() > 250)
    heights = []
    for pressure in (0.1, 1.0):
        page.evaluate(
            """([canvas, pressure]) => {
                const board = document.querySelector(canvas), box = board.getBoundingClientRect();
                board.setPointerCapture = () => {};
                board.hasPointerCapture = () => true;
                const send = (kind, share) => board.dispatchEvent(new PointerEvent(kind, { pointerId: 7, bubbles: true,
                    cancelable: true, pointerType: "pen", pressure, clientX: box.left + share * box.width,
                    clientY: box.top + box.height / 2 }));
                send("pointerdown", 0.2);
                send("pointermove", 0.8);
                send("lostpointercapture", 0.8);
            }""",
            [CANVAS, pressure],
        )
        drawn = wait_for(page, lambda found: found[:, 256].min() < 240)
        heights.append((255 - drawn[:, 256]).sum())
        page.get_by_role("button", name="Undo").click()
        wait_for(page, lambda found: found.min() > 250)
    assert heights[1] > 2.5 * heights[0]


@pytest.mark.slow
def test_two_copies_of_a_board_stay_in_step_and_a_drawing_outlives_its_kernel(open_notebook, reopen):
    page = open_notebook("copies", BOARD, "board")
    page.locator(CANVAS).nth(1).wait_for()
    page.wait_for_timeout(300)
    page.locator(CANVAS).first.scroll_into_view_if_needed()
    line(page.locator(CANVAS).first, (0.2, 0.4), (0.8, 0.4))
    page.wait_for_function(
        """canvas => {
            const other = document.querySelectorAll(canvas)[1], [x, y] = [other.width / 2, 0.4 * other.height];
            return other.getContext("2d").getImageData(x, y, 1, 1).data[3] === 255;
        }""",
        arg=CANVAS,
    )
    page.wait_for_timeout(2500)  # at rest, it is kept
    page = reopen(page, "copies")
    still = page.locator(".animelab-still img[alt='A line drawing']").first
    still.wait_for()
    data = still.get_attribute("src").partition(",")[2]
    kept = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"), dtype=float)
    assert kept[int(0.4 * kept.shape[0])].min() < 100 and kept[int(0.8 * kept.shape[0])].min() > 200, "with its ink"


@pytest.mark.slow
def test_the_real_models_follow_in_the_notebook(open_notebook):
    page = open_notebook("models", MODELS, 'DrawingBoard(zoo.load("pix2pix-orders-128"), lines)')
    page.locator(CANVAS).wait_for()
    first = wait_for(page, lambda found: found.std() > 20)
    keep(page, "drawing_board")
    page.get_by_role("button", name="Other colors").click()
    before = wait_for(page, lambda found: np.abs(found - first).mean() > 2)
    page.locator(CANVAS).scroll_into_view_if_needed()
    line(page.locator(CANVAS), (0.2, 0.2), (0.8, 0.3))
    wait_for(page, lambda found: np.abs(found - before).mean() > 0.3)


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
