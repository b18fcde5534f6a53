"""The coloring desk as a learner meets it: in JupyterLab, with mouse and keyboard."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest
from pages import place
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A colorist that shows its hints: what comes back says exactly where the canvas put its dots, and in which color.
DESK = """
import torch
from animelab.widgets import ColorStudio

class Shows(torch.nn.Module):
    def forward(self, lines, coarse, precise, palette):
        return tuple(torch.where(h[:, 3:] > 0, h[:, :3], 1.0) for h in (coarse, precise))

lines = torch.ones(2, 3, 128, 128)
lines[:, :, 40:90, 40] = lines[:, :, 40:90, 90] = lines[:, :, 40, 40:90] = lines[:, :, 90, 40:91] = -1
desk = ColorStudio(Shows(), lines, size=128, folder="layers")
desk
"""
ROOT, LINES, RESULT = ".animelab-colors", "[data-part=lines] .animelab-desk", "[data-part=result]"


def shown(page) -> np.ndarray:
    """The picture at the right, as it was sent."""
    data = page.locator(f"{ROOT} {RESULT} img").get_attribute("src").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), dtype=int)


def wait_for(page, test) -> np.ndarray:
    for _ in range(100):
        page.wait_for_timeout(50)
        if test(found := shown(page)):
            return found
    raise AssertionError("the picture never came")


def spots(page) -> list[tuple[float, float]]:
    """Where the dots are that a person sees, in shares of the picture."""
    board = page.locator(LINES).bounding_box()
    found = [each.bounding_box() for each in page.locator(f"{LINES} .animelab-spot").all() if each.is_visible()]
    sides = (("x", "width"), ("y", "height"))
    return [tuple((each[at] + each[side] / 2 - board[at]) / board[side] for at, side in sides) for each in found]


def red(picture: np.ndarray) -> list[tuple[float, float]]:
    """The middle of what is colored, if anything is."""
    rows, columns = np.nonzero(picture.max(2) - picture.min(2) > 100)
    return [(columns.mean(), rows.mean())] if len(rows) else []


def begin(page) -> None:
    """Sharp pixels, which come as they are."""
    page.locator(f"{ROOT} {RESULT} img[src]").wait_for()
    page.wait_for_timeout(300)
    page.locator(ROOT).scroll_into_view_if_needed()
    page.get_by_role("button", name="Sharp pixels").click()
    wait_for(page, lambda found: found.shape == (128, 128, 3))


def drag(page, *places: tuple[float, float]) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    for each in places[1:]:
        page.mouse.move(*each, steps=4)
    page.mouse.up()


def test_dots_are_put_dragged_colored_anew_and_removed(open_notebook):
    page = open_notebook("desk", DESK)
    begin(page)

    def at(x: float, y: float) -> tuple[float, float]:  # of pixels of the drawing, their middles
        return place(page.locator(LINES), (x + 0.5) / 128, (y + 0.5) / 128)

    page.mouse.click(*at(20, 100))
    final = wait_for(page, red)
    assert red(final) == [(20, 100)], "the middle of 3 x 3 pixels"
    assert final[100, 20].tolist() == [209, 73, 91], "in the color that is chosen"
    drag(page, at(20, 100), at(30, 60), at(60, 100))
    wait_for(page, lambda found: red(found) == [(60, 100)])
    page.get_by_role("button", name="blue").click()
    assert page.get_by_role("button", name="blue").get_attribute("aria-pressed") == "true"
    page.mouse.click(*at(60, 100))
    wait_for(page, lambda found: found[100, 60].tolist() == [61, 125, 202])
    page.get_by_role("button", name="Final dot").click()
    page.mouse.click(*at(100, 30))
    wait_for(page, lambda found: found[30, 100, 0] < 150)
    page.get_by_label("At the right").select_option("draft")
    wait_for(page, lambda found: red(found) == [(60, 100)])  # a final dot is for the second stage only
    page.get_by_label("At the right").select_option("final")
    wait_for(page, lambda found: found[30, 100, 0] < 150)

    undo, redo = (page.get_by_role("button", name=each) for each in ("Undo", "Redo"))
    assert redo.is_disabled()
    undo.click()
    wait_for(page, lambda found: red(found) == [(60, 100)])
    redo.click()
    wait_for(page, lambda found: found[30, 100, 0] < 150)
    page.get_by_role("button", name="Erase").click()
    page.mouse.click(*at(101, 31))
    wait_for(page, lambda found: red(found) == [(60, 100)])
    page.get_by_role("button", name="green").click()
    page.locator(f"{ROOT} [aria-pressed=true]", has_text="Draft dot").wait_for()  # a color leaves Erase
    left, top = place(page.locator(LINES), 0, 0)
    drag(page, at(60, 100), (left + 100, top - 40))
    wait_for(page, lambda found: not red(found))
    assert spots(page) == []

    desk = page.locator(LINES)
    page.mouse.click(*at(20, 100))
    wait_for(page, lambda found: found[100, 20].tolist() == [63, 159, 127])
    for key in (*["ArrowRight"] * 4, " "):  # the keyboard begins where the last click was
        desk.press(key)
    wait_for(page, lambda found: found[100, 36].max() - found[100, 36].min() > 50)
    for key in ("Enter", "ArrowUp", "ArrowUp", "Enter"):
        desk.press(key)
    wait_for(page, lambda found: found[92, 36].max() - found[92, 36].min() > 50)
    assert sorted(spots(page))[1] == pytest.approx((36.5 / 128, 92.5 / 128), abs=0.005)
    desk.press("Delete")
    wait_for(page, lambda found: found[92, 36].min() == 255)
    desk.press("Control+z")
    wait_for(page, lambda found: found[92, 36].min() < 200)
    page.get_by_role("button", name="Reset").click()
    wait_for(page, lambda found: found[92, 36].min() == found[100, 20].min() == 255)


def test_the_light_is_dragged_where_it_can_be_and_both_pictures_stay_in_view(open_notebook, axe):
    page = open_notebook("light", DESK)
    begin(page)
    title = page.locator(f"{ROOT} {RESULT} figcaption")
    frame = page.locator(f"{ROOT} {RESULT} .animelab-frame")
    place, before = frame.bounding_box(), shown(page)
    drag(page, (place["x"] + 100, place["y"] + 100), (place["x"] + 200, place["y"] + 100))
    page.wait_for_timeout(300)
    assert "drag" not in title.inner_text() and np.array_equal(shown(page), before), "there is no light yet"
    page.get_by_label("Light", exact=True).check()
    title.get_by_text("drag to move the light").wait_for()
    wait_for(page, lambda found: np.abs(found - before).max() > 20)
    drag(page, (place["x"] + 100, place["y"] + 100), (place["x"] + 0.5 * place["width"], place["y"] + 60))
    lamp = page.get_by_role("button", name="The lamp")
    dot = lamp.bounding_box()
    assert dot["x"] + dot["width"] / 2 == pytest.approx(place["x"] + 0.5 * place["width"], abs=2)
    page.wait_for_timeout(300)
    lit = shown(page)
    lamp.press("ArrowRight")
    wait_for(page, lambda found: not np.array_equal(found, lit))
    assert axe(page, ROOT) == []
    page.get_by_label("Light", exact=True).uncheck()
    wait_for(page, lambda found: np.array_equal(found, before))
    page.get_by_role("button", name="Export").click()
    page.locator(f"{ROOT} .animelab-caption", has_text="Saved in").wait_for()
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    try:
        for width in (1024, 700):
            page.set_viewport_size({"width": width, "height": 768})
            page.wait_for_timeout(300)
            page.locator(ROOT).scroll_into_view_if_needed()
            dots, result = page.locator(LINES).bounding_box(), frame.bounding_box()
            assert abs(dots["y"] - result["y"]) < 2 and result["x"] > dots["x"] + dots["width"]
            assert dots["width"] > (384 if width == 1024 else 256) and result["x"] + result["width"] < width
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")


def test_a_wide_drawing_from_disk_and_the_colors_of_a_picture(open_notebook, tmp_path):
    page = open_notebook("wide", DESK)
    begin(page)
    page.mouse.click(*place(page.locator(LINES), 0.1, 0.5))
    wait_for(page, red)
    problem = page.locator(f"{ROOT} .animelab-problem")
    drawing = page.get_by_label("A line drawing from your disk")
    Image.new("RGB", (320, 80), "white").save(tmp_path / "wide.png")
    drawing.set_input_files(tmp_path / "wide.png")
    wait_for(page, lambda found: found.shape == (80, 320, 3) and not red(found))
    page.wait_for_timeout(200)
    box = page.locator(LINES).bounding_box()
    assert box["width"] == pytest.approx(4 * box["height"], abs=2)
    page.mouse.click(*place(page.locator(LINES), 0.75, 0.5))
    ((x, y),) = red(wait_for(page, red))
    assert abs(x - 240) <= 4 and abs(y - 40) <= 4, "to a pixel of the networks, which see 128 x 32"

    Image.new("RGB", (32, 32), (250, 120, 10)).save(tmp_path / "orange.png")
    page.get_by_label("A picture from your disk whose colors to borrow").set_input_files(tmp_path / "orange.png")
    scheme = "document.querySelector('[data-part=scheme] select').value"
    page.wait_for_function(f"{scheme} === 'from your picture'")
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function(f"{scheme} === 'as it likes'")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"{scheme} === 'from your picture'")
    (tmp_path / "broken.png").write_text("no picture")
    drawing.set_input_files(tmp_path / "broken.png")
    problem.get_by_text("not a PNG").wait_for()
    page.get_by_role("button", name="Another drawing").click()
    wait_for(page, lambda found: found.shape == (128, 128, 3))
    assert problem.inner_text() == ""


def test_the_bundled_colorists_follow_a_click(open_notebook):
    page = open_notebook(
        "colorists",
        "from animelab import zoo\nfrom animelab.data import StudioPairs\nfrom animelab.widgets import ColorStudio\n"
        "lines, _ = StudioPairs('line', 'color', 128, 4, split='test').batch(range(4))",
        "ColorStudio(zoo.colorist('colorist-draft-128', 'colorist-refine-128'), lines)",
    )
    begin(page)
    for light in (False, True):
        page.get_by_label("Light", exact=True).set_checked(light)
        page.wait_for_timeout(1000)
        for x, y in ((0.5, 0.25), (0.1, 0.1)):
            before = shown(page)
            left, top = place(page.locator(LINES), x, y)
            page.mouse.click(left + 40 * light, top)
            wait_for(page, lambda found, before=before: np.abs(found - before).max() > 5)
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / "color_studio.png")
