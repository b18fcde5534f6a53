"""The widgets as a learner meets them: in JupyterLab and Notebook 7, with the keyboard."""

from __future__ import annotations

import importlib.util
import io
import os
import statistics
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

FACE = ".animelab-explorer .animelab-left img"

EXPLORER = """
import torch
from animelab.widgets import LatentExplorer

def disc(latents):  # its place, size and colors are the latent
    z = latents[:, :, None, None]
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    inside = torch.sigmoid(12 * (0.5 + 0.1 * z[:, :1] - torch.hypot(x - 0.3 * z[:, 1:2], y - 0.3 * z[:, 2:3])))
    return torch.tanh(inside * z[:, 3:6] + (1 - inside) * z[:, 6:9])

explorer = LatentExplorer(disc, latent=9)
explorer
"""

LIVE = """
import time
from types import SimpleNamespace
import numpy as np
from animelab.widgets import LiveTraining
watch, history = LiveTraining(every=0), []
for step in range(0, 500, 20):
    history.append({"step": step, "seconds": step / 20, "images_per_second": 200.0,
                    "D": 1.4 * np.exp(-step / 300), "G": 0.7 + step / 400})
    rng = np.random.default_rng(step)
    preview = np.kron(rng.integers(0, 255, (8, 16, 3), dtype=np.uint8), np.ones((33, 33, 1), np.uint8))
    watch(SimpleNamespace(step=step, steps=500, seconds=step / 20, images_per_second=200.0, eta=(500 - step) / 20,
                          losses={"D": 1.0, "G": 2.0}, history=history, preview=preview))
    time.sleep(3 if step == 400 else 0.1)
"""

# Times from the key to the new picture, decoded and ready to paint.
WATCH_LATENCY = """() => {
    window.latencies = [];
    let pressed = 0;
    document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    const picture = document.querySelector('.animelab-explorer .animelab-picture');
    new MutationObserver(async () => {
        await picture.querySelector('img').decode();
        requestAnimationFrame(() => window.latencies.push(performance.now() - pressed));
    }).observe(picture, {childList: true, subtree: true});
}"""


def pixels(locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"), dtype=np.int16)


def source(locator) -> str:
    return locator.get_attribute("src")


def wait_for_change(page, before: str) -> None:
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector).src !== before", arg=[FACE, before], timeout=5000
    )


def keep(page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"{name}.png")


@pytest.mark.parametrize("interface", ["lab", "notebook"])
def test_a_slider_changes_the_picture_and_reset_brings_it_back(open_notebook, interface, capsys):
    if interface == "notebook" and importlib.util.find_spec("notebook") is None:
        pytest.skip("Notebook 7 is not installed; get it with 'pip install notebook'")
    page = open_notebook(f"explorer_{interface}", EXPLORER, interface=interface)
    picture = page.locator(FACE)
    picture.wait_for()
    original, alt = pixels(picture), picture.get_attribute("alt")
    assert original.std() > 20, "the picture is blank"
    assert alt == "Face of seed 0"

    page.evaluate(WATCH_LATENCY)
    page.locator(".animelab-direction-1 .noUi-handle").focus()
    # Notebook 7 keeps the arrow keys for its cells; there, Page Up goes five steps at once.
    key, times, reached = ("ArrowRight", 25, "+2.5") if interface == "lab" else ("PageUp", 7, "+3.5")
    for _ in range(times):
        before = source(picture)
        page.keyboard.press(key)
        wait_for_change(page, before)
    page.wait_for_function("times => window.latencies.length >= times", arg=times)
    assert f"direction 1 {reached}" in picture.get_attribute("alt")
    assert np.abs(pixels(picture) - original).mean() > 2
    keep(page, f"explorer_{interface}")

    latencies = page.evaluate("window.latencies")
    with capsys.disabled():
        print(f"\n{interface}: slider to picture, median {statistics.median(latencies):.0f} ms of {len(latencies)}")
    assert statistics.median(latencies) < 2000

    before = source(picture)
    page.locator("button.animelab-reset").press("Enter")
    wait_for_change(page, before)
    assert np.array_equal(pixels(picture), original)
    assert picture.get_attribute("alt") == alt


def test_two_remembered_faces_and_the_walk_between_them(open_notebook):
    page = open_notebook("walk", EXPLORER)
    picture = page.locator(FACE)
    picture.wait_for()
    first = source(picture)
    page.locator("button.animelab-remember-as-a").press("Enter")
    page.locator("img[alt='Remembered as A']").wait_for()
    page.locator("button.animelab-new-face").press("Enter")
    wait_for_change(page, first)
    second = source(picture)
    page.locator("button.animelab-remember-as-b").press("Enter")
    page.locator("img[alt='Remembered as B']").wait_for()
    walk = page.locator(".animelab-walk .noUi-handle")
    walk.focus()
    page.keyboard.press("ArrowLeft")
    wait_for_change(page, second)
    keep(page, "walk")
    page.keyboard.press("Home")
    page.wait_for_function(
        "([selector, first]) => document.querySelector(selector).src === first", arg=[FACE, first], timeout=5000
    )


def test_live_training_shows_pictures_and_curves_and_leaves_them_behind(open_notebook):
    page = open_notebook("live", LIVE)
    page.locator(".animelab-live .animelab-picture img").wait_for()
    curves = page.locator(".animelab-live img[alt^='Line chart of loss by step. D starts at 1.4']")
    curves.wait_for()
    page.locator(".animelab-live", has_text="Step 400 of 500").wait_for()
    keep(page, "live")
    page.locator(".animelab-live").wait_for(state="detached")  # the cell is over
    still = page.locator(".jp-OutputArea-output img[alt='What the networks make of the same examples by step 480']")
    still.wait_for()
    page.locator(".jp-OutputArea-output img[alt^='Line chart of loss']").wait_for()
    page.get_by_text("Step 480 of 500").wait_for()
    assert pixels(still).std() > 10
    keep(page, "live_after")


def test_timelapse_slides(open_notebook, tmp_path):
    cell = """
import numpy as np
from animelab.widgets import Timelapse
Timelapse([np.full((96, 160, 3), 40 * i, np.uint8) for i in range(6)], names=[f"step {100 * i}" for i in range(6)])
"""
    page = open_notebook("timelapse", cell)
    picture = page.locator(".animelab-timelapse .animelab-picture img")
    picture.wait_for()
    assert pixels(picture).mean() > 190
    page.locator(".animelab-frame .noUi-handle").focus()
    page.keyboard.press("Home")
    page.locator("img[alt='Preview grid, step 0 (frame 1 of 6)']").wait_for()
    assert pixels(picture).mean() < 10
    page.locator(".animelab-timelapse button").first.click()  # play, from the first frame
    page.locator("img[alt='Preview grid, step 500 (frame 6 of 6)']").wait_for()
    keep(page, "timelapse")


STYLED = """
import torch
from animelab import zoo
from animelab.widgets import LatentExplorer
model = zoo.load("stylegan2-faces-64")
LatentExplorer(model, directions={"my own": torch.ones(512) / 8})
"""


def test_a_stylegan2_answers_its_sliders_at_once_and_undo_brings_back(open_notebook, capsys):
    page = open_notebook("styled", STYLED)
    picture = page.locator(FACE)
    picture.wait_for()
    keep(page, "explorer_styled")
    first = source(picture)
    page.evaluate(WATCH_LATENCY)
    page.locator(".animelab-component-1 .noUi-handle").focus()
    for _ in range(15):
        before = source(picture)
        page.keyboard.press("ArrowRight")
        wait_for_change(page, before)
    page.wait_for_function("() => window.latencies.length >= 15")
    latencies = page.evaluate("window.latencies")
    with capsys.disabled():
        print(f"\nStyleGAN2, slider to picture: median {statistics.median(latencies):.0f} ms of {len(latencies)}")
    assert "component 1 +1.5" in picture.get_attribute("alt")
    page.locator("button.animelab-favorite").press("Enter")
    liked = source(picture)
    keep(page, "explorer_moved")
    page.locator("button.animelab-undo").press("Enter")
    page.wait_for_function(
        "([selector, first]) => document.querySelector(selector).src === first", arg=[FACE, first], timeout=5000
    )
    page.locator(".animelab-favorites select").select_option(index=1)
    page.wait_for_function(
        "([selector, liked]) => document.querySelector(selector).src === liked", arg=[FACE, liked], timeout=5000
    )
