"""The repair desk as a learner meets it: in JupyterLab, with mouse and keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from pages import answer, keep, line, place, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# It fills with white: what comes back shows exactly where the mask is.
DESK = """
import torch
from animelab.widgets import RepairDesk
dark = -torch.ones(2, 3, 64, 64) * torch.tensor([1.0, 0.5]).view(2, 1, 1, 1)
desk = RepairDesk({"white": lambda x, m: torch.where(m > 0, x, torch.ones(())), "nothing": lambda x, m: x}, dark)
desk
"""
GATED = """
import torch
from animelab.nn import inpainting
from animelab.widgets import RepairDesk
torch.manual_seed(0)
network = inpainting.GatedNet(4, 3).eval()
torch.nn.init.normal_(network.taste.weight)
RepairDesk(network, torch.zeros(1, 3, 64, 64))
"""
ROOT, CANVAS = ".animelab-repair", ".animelab-repair canvas"


def test_what_is_painted_over_is_filled_undone_and_erased(open_notebook, axe):
    page = open_notebook("repair", DESK)
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    wait_for(page, lambda found: found.max() < 5)
    page.wait_for_timeout(300)
    canvas.scroll_into_view_if_needed()
    undo, redo, brush, eraser = (page.get_by_role("button", name=each) for each in ("Undo", "Redo", "Brush", "Eraser"))
    assert undo.is_disabled() and brush.get_attribute("aria-pressed") == "true"

    line(canvas, (0.2, 0.4), (0.8, 0.4))
    filled = wait_for(page, lambda found: found[205, 430] > 250)  # near the end of the stroke
    rows, columns = np.nonzero(filled > 128)
    assert abs(rows.mean() - 0.4 * 512) < 8 and 40 < np.ptp(rows) < 90, "a stroke of 8 pixels of 64"
    assert abs(columns.min() - 0.14 * 512) < 20 and abs(columns.max() - 0.86 * 512) < 20
    keep(page, "repair")
    undo.click()
    wait_for(page, lambda found: found.max() < 5)
    redo.click()
    wait_for(page, lambda found: found[205, 250] > 250)

    canvas.focus()
    page.wait_for_timeout(200)
    page.mouse.move(*place(canvas, 0.5, 0.8))
    for key in (" ", *["ArrowRight"] * 8, " "):  # the keyboard paints from where the brush is
        canvas.press(key)
    wait_for(page, lambda found: found[409, 310] > 250)
    canvas.press("e")
    assert eraser.get_attribute("aria-pressed") == "true"
    for y in (0.38, 0.42):
        line(canvas, (0.05, y), (0.95, y))
    wait_for(page, lambda found: found[205, 250] < 5 and found[409, 310] > 250)
    assert (
        page.evaluate(f"document.querySelector('{CANVAS}').getContext('2d').getImageData(200, 307, 1, 1).data[3]") == 0
    ), "the picture is seen again, not white"
    page.get_by_label("Fill by").select_option("nothing")
    wait_for(page, lambda found: found.max() < 5)
    assert axe(page, ROOT) == []
    page.get_by_role("button", name="Another picture").click()
    wait_for(page, lambda found: abs(found.mean() - 64) < 3)
    page.get_by_role("button", name="Reset").click()
    wait_for(page, lambda found: found.max() < 5)


def test_proposals_are_picked_and_rolled_again(open_notebook, axe):
    page = open_notebook("proposals", GATED)
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    before = answer(page)
    line(canvas, (0.3, 0.5), (0.7, 0.5))
    first = wait_for(page, lambda found: np.abs(found - before).max() > 2)
    proposals = page.locator(f"{ROOT} [data-part=proposal] button")
    assert proposals.count() == 4 and proposals.first.get_attribute("aria-pressed") == "true"
    proposals.nth(2).click()
    second = wait_for(page, lambda found: np.abs(found - first).max() > 1)
    page.get_by_role("button", name="Other proposals").click()
    wait_for(page, lambda found: np.abs(found - second).max() > 1)
    assert axe(page, ROOT) == []
