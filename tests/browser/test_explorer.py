"""The widgets as a learner meets them: in JupyterLab and Notebook 7, with the keyboard."""

from __future__ import annotations

import importlib.util
import io
import statistics

import numpy as np
import pytest
from pages import keep
from PIL import Image

pytestmark = pytest.mark.browser

STAGE = ".animelab-explorer"
FACE = f"{STAGE} [data-part=face] img"

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
MODEL = """
import torch
from animelab import zoo
from animelab.widgets import LatentExplorer
LatentExplorer(zoo.load("{}"))
"""

# Times from the key to the new picture, decoded and ready to paint.
WATCH_LATENCY = """() => {
    window.latencies = [];
    let pressed = 0;
    window.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    const picture = document.querySelector('.animelab-explorer [data-part=face] img');
    new MutationObserver(async () => {
        await picture.decode();
        requestAnimationFrame(() => window.latencies.push(performance.now() - pressed));
    }).observe(picture, {attributes: true, attributeFilter: ['src']});
}"""
WATCH_BARS = """() => {
    window.bars = [];
    const bar = document.querySelector('.animelab-explorer .animelab-progress');
    new MutationObserver(() => window.bars.push(bar.textContent)).observe(bar, {childList: true, subtree: true});
}"""
PLACES = """() => [...document.querySelectorAll('.animelab-explorer :is(button, input, summary)')].map(
    each => { const box = each.getBoundingClientRect(); return [Math.round(box.x), Math.round(box.y)]; })"""


def pixels(locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"), dtype=np.int16)


def source(locator) -> str:
    return locator.get_attribute("src")


def wait_for_change(page, before: str) -> None:
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector).src !== before", arg=[FACE, before], timeout=5000
    )


def caption(page, words: str) -> None:
    page.locator(f"{STAGE} .animelab-caption", has_text=words).wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("interface", ["lab", "notebook"])
def test_pulled_dragged_kept_walked_saved_and_left_behind(open_notebook, reopen, interface, capsys):
    if interface == "notebook" and importlib.util.find_spec("notebook") is None:
        pytest.skip("Notebook 7 is not installed; get it with 'pip install notebook'")
    page = open_notebook(f"explorer_{interface}", EXPLORER, interface=interface)
    picture = page.locator(FACE)
    picture.wait_for()
    original = source(picture)
    assert picture.get_attribute("alt") == "Face of seed 0"
    page.wait_for_function("() => !document.querySelector('[data-part=part_0] input').disabled")

    page.locator(f"{STAGE} summary", has_text="Components").press("Enter")
    page.evaluate(WATCH_LATENCY)
    page.locator("[data-part=part_0] input[type=range]").focus()
    for _ in range(10):
        before = source(picture)
        page.keyboard.press("ArrowRight")
        wait_for_change(page, before)
    page.wait_for_function("window.latencies.length >= 10")
    latencies = page.evaluate("window.latencies")
    with capsys.disabled():
        print(f"\n{interface}: slider to picture, median {statistics.median(latencies):.0f} ms of {len(latencies)}")
    assert "direction 1 +1.0" in picture.get_attribute("alt") and statistics.median(latencies) < 2000
    page.locator("[data-part=part_0] .animelab-label").dblclick()
    page.wait_for_function(
        "([selector, first]) => document.querySelector(selector).src === first", arg=[FACE, original]
    )

    page.locator(STAGE).scroll_into_view_if_needed()
    box = page.locator("[data-part=face] .animelab-frame").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"], steps=5)
    page.mouse.up()
    caption(page, "direction 1 +0.8, direction 2 +0.8")
    keep(page, f"explorer_{interface}")

    page.get_by_role("button", name="Keep", exact=True).press("Enter")
    caption(page, "Kept as face 1")
    page.get_by_role("button", name="New face").press("Enter")
    caption(page, "Face of seed 1")
    page.get_by_role("button", name="Keep", exact=True).press("Enter")
    caption(page, "Kept as face 2")
    page.locator("[data-part=walk] input[type=range]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    caption(page, "At 1.06 on the way of 2 kept faces")
    page.locator("[data-part=kept] button").first.click()
    caption(page, "direction 1 +0.8, direction 2 +0.8")
    places = page.evaluate(PLACES)
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    caption(page, "Saved as")
    assert page.evaluate(PLACES) == places, "no control moves"
    page.get_by_role("button", name="Undo", exact=True).press("Enter")
    caption(page, "At 1.06")

    page.locator(".animelab-still img[alt^='At 1.06']").wait_for(state="attached")
    page = reopen(page, f"explorer_{interface}", interface)
    page.locator(".animelab-still img[alt^='At 1.06']").wait_for()
    assert "Error displaying widget" not in page.locator("body").inner_text()


@pytest.mark.slow
def test_sliders_say_what_they_do_and_a_map_and_a_pad_are_wandered_through(open_notebook):
    page = open_notebook("named", MODEL.format("r3gan-faces-64"))
    picture = page.locator(FACE)
    picture.wait_for()
    assert page.locator("[data-part=named_0] input[type=range]").is_disabled(), "the picture waits for no names"
    hair = page.locator("[data-part=named_0]")
    hair.get_by_text("Longer hair").wait_for(timeout=60_000)
    page.locator("[data-part=named_0] img[src]").nth(1).wait_for()
    assert page.locator(f"{STAGE} .animelab-progress").is_hidden(), "the bar has gone"
    hair.locator("img").nth(1).click()
    caption(page, "longer hair +2.0")
    number = hair.locator("input[type=number]")
    number.fill("-1.2")
    number.press("Enter")
    caption(page, "longer hair -1.2")

    page.locator(f"{STAGE} summary", has_text="Map").click()
    page.locator("[data-part=map] button").nth(10).click()
    caption(page, "Sample 11 of the map")
    page.locator(f"{STAGE} summary", has_text="Two at once").click()
    page.locator("[data-part=field] img[src]").wait_for()
    keep(page, "explorer_named")
    page.locator("[data-part=field] [role=slider]").focus()
    page.keyboard.press("ArrowUp")
    caption(page, "lighter hair +0.1")
    page.locator("[data-part=up] select").select_option("warmer eyes")
    page.locator("[data-part=face] .animelab-pad-up", has_text="warmer eyes").wait_for(state="attached")
    page.locator("[data-part=face] [role=slider]").focus()
    page.keyboard.press("ArrowDown")
    caption(page, "warmer eyes -0.1")
    page.locator("[data-part=field] .animelab-frame").dblclick()
    page.wait_for_function(f"() => !document.querySelector('{STAGE} .animelab-caption').textContent.includes('eyes')")


@pytest.mark.slow
def test_orders_are_chosen_in_both_themes_and_at_700_pixels(open_notebook, theme, axe):
    page = open_notebook("ordered", MODEL.format("r3gan-attributes-64"))
    page.locator(FACE).wait_for()
    now = page.locator(f"{STAGE} [data-part=hair] [aria-pressed=true]").get_attribute("aria-label")
    other = "pink" if now != "pink" else "blue"
    page.locator(f"{STAGE} [data-part=hair]").get_by_role("button", name=other).click()
    caption(page, f"{other} hair")
    page.get_by_role("switch", name="Long").press("Space")
    page.get_by_role("button", name="Undo", exact=True).press("Enter")
    page.wait_for_function("() => !document.querySelector('[data-part=part_0] input').disabled", timeout=60_000)
    for summary in page.locator(f"{STAGE} .animelab-fold summary").all():
        summary.click()
    page.wait_for_timeout(1500)
    for name in ("dark", "light"):
        theme(page, name)
        page.wait_for_timeout(300)
        assert axe(page, STAGE) == []
        keep(page, f"explorer_{name}")
    page.set_viewport_size({"width": 700, "height": 900})
    try:
        page.wait_for_timeout(300)
        assert page.locator(STAGE).evaluate("each => each.scrollWidth <= each.clientWidth"), "nothing is cut off"
        assert page.locator(f"{STAGE} .animelab-keys dt", has_text="Space").count() == 0, "a button Film plays nothing"
        keep(page, "explorer_700")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.slow
def test_a_stylegan2_answers_its_sliders_at_once_and_ends_in_a_film(open_notebook, capsys):
    page = open_notebook("styled", MODEL.format("stylegan2-faces-64"))
    picture = page.locator(FACE)
    picture.wait_for()
    page.locator(f"{STAGE} summary", has_text="truncation").click()
    page.evaluate(WATCH_LATENCY)
    page.locator("[data-part=truncation] input[type=range]").focus()
    for _ in range(8):
        before = source(picture)
        page.keyboard.press("ArrowLeft")
        wait_for_change(page, before)
    page.wait_for_function("() => window.latencies.length >= 8")
    latencies = page.evaluate("window.latencies")
    with capsys.disabled():
        print(f"\nStyleGAN2, slider to picture: median {statistics.median(latencies):.0f} ms of {len(latencies)}")
    caption(page, "truncated to 0.2")
    for _ in range(2):
        page.get_by_role("button", name="Keep", exact=True).press("Enter")
        page.get_by_role("button", name="New face").press("Enter")
    page.wait_for_function("() => !document.querySelector('[data-part=film] button').disabled")
    page.evaluate(WATCH_BARS)
    page.get_by_role("button", name="Film").press("Enter")
    page.locator(f"{FACE}[src^='data:image/webp']").wait_for(timeout=60_000)
    caption(page, "The way through 2 faces, saved as")
    assert any("Drawing a film of 48 pictures" in words for words in page.evaluate("window.bars"))
