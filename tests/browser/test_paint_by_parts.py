"""Painting by parts as a learner meets it: in JupyterLab, with mouse and keyboard."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from pages import answer, keep, place
from pages import wait_for as wait_for_answer

pytestmark = pytest.mark.browser

# A generator that tells the part by how bright it is: what comes back shows exactly where the brush was.
DESK = """
import torch
from torch import nn
from animelab.widgets import PaintByParts

class Teller(nn.Module):
    classes, size, latent = 11, 64, 2
    def forward(self, labels, styles):
        return (labels / 5.0 - 1)[:, None].expand(-1, 3, -1, -1)
    def style(self, pictures):
        return pictures.mean((2, 3))[:, :2]

maps = torch.stack([torch.zeros(64, 64).long(), torch.full((64, 64), 3)])
PaintByParts(Teller(), maps, torch.zeros(2, 3, 64, 64), "places")
"""
REAL = """
from animelab import zoo
from animelab.recipes import spade
from animelab.widgets import PaintByParts
maps, pictures = spade.pairs("SUBJECT", 128, 6, "test").batch(range(6))
PaintByParts(zoo.network("spade-SUBJECT-128"), maps, pictures, "SUBJECT")
"""
ROOT, CANVAS = ".animelab-parts", ".animelab-parts canvas"
GRASS, ROAD = 255 * 3 / 10, 255 * 6 / 10  # gray


wait_for = partial(wait_for_answer, size=64)


def near(found: np.ndarray, gray: float) -> bool:
    return bool(
        abs(np.median(found) - gray) < 25 and abs(found - gray).mean() < 25
    )  # it comes enlarged, with soft edges


@pytest.mark.slow
def test_brushes_fill_eraser_and_keys_do_what_they_say(open_notebook, axe):
    page = open_notebook("parts", DESK)
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    wait_for(page, lambda found: found.max() < 12)  # sky
    page.wait_for_timeout(300)
    canvas.scroll_into_view_if_needed()
    grass, road = (page.get_by_role("button", name=each, exact=True) for each in ("grass", "road"))
    assert "grass" in grass.inner_text(), "a brush has its name beside its color"
    grass.click()
    assert grass.get_attribute("aria-pressed") == "true"

    at = partial(place, canvas)  # a click elsewhere may have scrolled
    page.mouse.move(*at(-0.01, 0.5))
    page.mouse.move(*at(0.01, 0.5))
    page.mouse.down()
    page.mouse.move(*at(0.995, 0.5), steps=8)
    page.mouse.up()
    wait_for(page, lambda found: near(found[31:33, 4:60], GRASS) and found[:26].max() < 12 and found[38:].max() < 12)
    keep(page, "parts_brush")

    road.click()
    page.get_by_role("button", name="Fill").click()
    page.mouse.click(*at(0.5, 0.9))
    wait_for(page, lambda found: near(found[40:], ROAD) and near(found[31:33, 4:60], GRASS) and found[:26].max() < 12)
    page.get_by_role("button", name="Undo").click()
    wait_for(page, lambda found: near(found[31:33, 4:60], GRASS) and found[40:].max() < 12)
    page.get_by_role("button", name="Redo").click()
    wait_for(page, lambda found: near(found[40:], ROAD))

    page.get_by_role("button", name="Erase").click()
    page.mouse.move(*at(0.3, 0.9))
    page.mouse.down()
    page.mouse.move(*at(0.6, 0.9), steps=4)
    page.mouse.up()
    wait_for(page, lambda found: found[56:59, 22:36].max() < 40 and near(found[42:46], ROAD))  # the map comes back

    canvas.focus()
    canvas.press("p")
    assert page.get_by_role("button", name="Brush", exact=True).get_attribute("aria-pressed") == "true"
    page.wait_for_timeout(200)
    page.mouse.move(*at(0.25, 0.25))
    for key in (" ", *["ArrowRight"] * 10, " "):
        canvas.press(key)
    wait_for(page, lambda found: near(found[15:17, 17:25], ROAD))
    assert "road" in page.locator(f"{ROOT} .animelab-heard").first.inner_text(), "heard, too"
    page.get_by_role("button", name="Fill").click()
    canvas.focus()
    page.mouse.move(*at(0.9, 0.05))
    canvas.press(" ")
    wait_for(page, lambda found: near(found[:10], ROAD))
    assert axe(page, ROOT) == []
    page.get_by_role("button", name="Another map").click()
    wait_for(page, lambda found: near(found, GRASS))


@pytest.mark.slow
@pytest.mark.parametrize("subject", ["faces", "places"])
def test_the_bundled_generators_follow_in_the_notebook(open_notebook, subject):
    page = open_notebook(f"generator_{subject}", REAL.replace("SUBJECT", subject))
    page.locator(CANVAS).wait_for()
    first = wait_for(page, lambda found: found.std() > 20)
    page.locator(f"{ROOT} [data-part=look] button").nth(1).click()  # of places: an evening, where the first is a day
    wait_for(page, lambda found: abs(found - first).mean() > 10)
    seen = []
    for _ in range(6):  # two styles by chance may both be evenings
        page.get_by_role("button", name="Any style").click()
        page.wait_for_timeout(500)
        seen.append(answer(page, 64))
    assert max(abs(each - seen[0]).mean() for each in seen) > 2
    keep(page, f"parts_{subject}")
