"""Training and its film as a learner meets them: held, stopped, looked back at and compared, while the kernel works."""

from __future__ import annotations

import json

import pytest
from pages import keep
from PIL import Image

from animelab.widgets.report import report

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIVE = ".animelab-stage.animelab-live"
STATE = f"{LIVE} [data-part=state] dd"
# A real run, whose folder is beside an earlier one; it would go on for ever.
TRAIN = """
import json, os
from pathlib import Path
import torch
from animelab.engine import train
from animelab.recipes import dcgan
from animelab.widgets import LiveTraining

class Noise:
    name = fingerprint = "noise"
    def __len__(self): return 8
    def batch(self, indices, device): return torch.rand(len(indices), 3, 32, 32, device=device) * 2 - 1

earlier = Path("runs_live/an <i>earlier one")
earlier.mkdir(parents=True)
rows = [{"step": i, "D": 1.0, "G": i / 200} for i in range(1, 200)]
(earlier / "log.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
times = {"steps": 100_000, "log_every": 2, "preview_every": 4, "checkpoint_every": 5000}
config = dcgan.Config(size=32, width=4, batch=2, faces=8, **times)
run = train(dcgan.DCGAN(config, "cpu"), Noise(), "runs_live/now", watch=LiveTraining())
print("ended by itself:", run.finished, "at", run.step)
"""
NEXT = "print('the cell after it ran')"
# Without a training, for what is seen: curves, pictures, and an end.
TOLD = """
import time
from types import SimpleNamespace
import numpy as np
from animelab.widgets import LiveTraining
watch, history = LiveTraining(every=0), []
for step in range(0, 500, 20):
    history.append({"step": step, "seconds": step / 20, "images_per_second": 200.0,
                    "D": 1.4 * np.exp(-step / 300), "G": 0.7 + step / 400 + 0.1 * np.sin(step)})
    rng = np.random.default_rng(step)
    preview = np.kron(rng.integers(0, 255, (4, 8, 3), dtype=np.uint8), np.ones((64, 64, 1), np.uint8))
    watch(SimpleNamespace(step=step, steps=500, seconds=step / 20, images_per_second=200.0, eta=(500 - step) / 20,
                          losses={"D": 1.0, "G": 2.0}, history=history, preview=preview))
"""
FILM = """
import numpy as np
from animelab.widgets import Timelapse
Timelapse([np.full((96, 160, 3), 40 * i, np.uint8) for i in range(6)], names=[f"step {100 * i}" for i in range(6)])
"""
ONE = """
from animelab.widgets import LiveTraining
LiveTraining(every=0)(SimpleNamespace(step=20, steps=500, seconds=1.0, images_per_second=200.0, eta=24.0, preview=None,
                                      losses={"D": 1.0}, history=[{"step": 20, "D": 1.0, "G": 2.0}]))
"""
CONTRAST = """() => {
    const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const light = color => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map(x => x / 255)
            .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.querySelector('.animelab-live')).backgroundColor);
    return [...document.querySelectorAll('.animelab-live svg text')].map(text => {
        const one = light(getComputedStyle(text).fill);
        return (Math.max(one, ground) + 0.05) / (Math.min(one, ground) + 0.05);
    });
}"""


def test_a_hand_on_a_training_that_keeps_the_kernel_busy(open_notebook, jupyter):
    page = open_notebook("hand", TRAIN, NEXT)
    page.locator(f"{LIVE} .animelab-name").nth(1).wait_for()
    step = page.locator(STATE).first

    page.get_by_role("button", name="Pause").click()
    page.locator(LIVE).get_by_text("Held at step").wait_for()
    held = step.inner_text()
    page.wait_for_timeout(1200)
    assert step.inner_text() == held
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("([at, before]) => document.querySelector(at).textContent !== before", arg=[STATE, held])

    page.locator(f"{LIVE} select").select_option("an <i>earlier one")
    page.locator(".animelab-beside").nth(1).wait_for(state="attached")
    assert page.locator(".animelab-beside").count() == 2

    picture = page.locator(f"{LIVE} .animelab-frame img")
    page.wait_for_function("at => document.querySelector(at).max >= 5", arg=f"{LIVE} [data-part=preview] input")
    box = page.locator(f"{LIVE} .animelab-frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 5, box["y"] + 40, steps=4)
    page.mouse.up()
    past = picture.get_attribute("src")
    assert ", step 0 (1 of" in picture.get_attribute("alt")
    before = step.inner_text()
    page.wait_for_function("([at, before]) => document.querySelector(at).textContent !== before", arg=[STATE, before])
    assert picture.get_attribute("src") == past, "what one looks back at stays, though training goes on"
    keep(page, "live_hand")

    page.get_by_role("button", name="Stop").click()
    page.locator(LIVE).get_by_text("Stopped at step").wait_for()
    page.get_by_text("ended by itself: False").wait_for()
    page.locator(".jp-OutputArea-output", has_text="the cell after it ran").wait_for()
    assert len(list((jupyter.folder / "runs_live" / "now" / "checkpoints").glob("*.pt"))) == 1, "it was saved"


@pytest.mark.parametrize("interface", ["lab", "notebook"])
def test_what_was_told_remains_without_a_kernel(open_notebook, reopen, interface):
    page = open_notebook(f"told_{interface}", TOLD, interface=interface)
    page.locator(LIVE).get_by_text("Stopped at step 480").wait_for()
    assert page.get_by_role("button", name="Pause").is_disabled()
    page.wait_for_timeout(1500)
    page = reopen(page, f"told_{interface}", interface)
    still = page.locator(".jp-OutputArea-output img[alt='What the networks make of the same examples by step 480']")
    still.wait_for()
    page.locator(".jp-OutputArea-output svg[aria-label^='Line chart of loss by step. D starts at 1.4']").wait_for()
    page.get_by_text("Step 480 of 500").wait_for()
    assert not page.get_by_text("Error displaying widget").is_visible()
    keep(page, f"live_still_{interface}")


def test_both_themes_and_narrow_windows(open_notebook, theme, axe):
    page = open_notebook("live_looks", TOLD)
    page.locator(LIVE).get_by_text("Stopped at step 480").wait_for()
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    try:
        for width in (1024, 700):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(400)
            picture, buttons = (
                page.locator(f"{LIVE} {at}").bounding_box() for at in (".animelab-frame", ".animelab-controls")
            )
            cell = page.locator(LIVE).bounding_box()
            assert buttons["x"] > picture["x"] + picture["width"], "side by side"
            assert buttons["x"] + buttons["width"] <= cell["x"] + cell["width"] + 1
            ends = page.locator(f"{LIVE} .animelab-name").all()
            assert all(each.bounding_box()["x"] + each.bounding_box()["width"] <= buttons["x"] for each in ends)
            keep(page, f"live_{width}")
        page.set_viewport_size({"width": 1280, "height": 900})
        for name in ("dark", "light"):
            theme(page, name)
            page.wait_for_timeout(300)
            assert axe(page, LIVE) == []
            contrasts = page.evaluate(CONTRAST)
            assert len(contrasts) > 5 and min(contrasts) >= 4.5
            keep(page, f"live_{name}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")


def test_a_film_by_hand_by_keyboard_and_without_a_kernel(open_notebook, axe):
    page = open_notebook("film", FILM, "from types import SimpleNamespace\n" + ONE)
    page.locator(f"{LIVE} circle.animelab-curve").nth(1).wait_for()  # of one point there is no line to see
    picture = page.locator(".animelab-timelapse .animelab-frame img")
    picture.wait_for()
    assert picture.get_attribute("alt") == "Preview, step 500 (6 of 6)"
    page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
    page.wait_for_timeout(500)
    slider = page.locator(".animelab-timelapse input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    page.locator(".animelab-frame img[alt='Preview, step 0 (1 of 6)']").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".animelab-frame img[alt='Preview, step 100 (2 of 6)']").wait_for()
    assert slider.get_attribute("aria-valuetext") == "Step 100 (2 of 6)"
    page.keyboard.press("Space")
    page.locator(".animelab-frame img[alt='Preview, step 500 (6 of 6)']").wait_for()
    page.get_by_role("button", name="Play", exact=True).click()  # from the first, when the last is seen
    page.get_by_role("button", name="Hold").wait_for()
    page.locator(".animelab-frame img[alt='Preview, step 200 (3 of 6)']").wait_for(state="attached")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    box = page.locator(".animelab-timelapse .animelab-frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 30)
    page.mouse.up()
    page.locator(".animelab-frame img[alt='Preview, step 400 (5 of 6)']").wait_for()
    assert axe(page, ".animelab-timelapse") == []
    keep(page, "timelapse")


def test_a_report_in_both_schemes(browser, axe, tmp_path):
    for name, rate in (("first", 0.1), ("second", 0.2)):
        (tmp_path / name / "previews").mkdir(parents=True)
        (tmp_path / name / "run.json").write_text(json.dumps({"recipe": "dcgan", "config": {"lr": rate, "batch": 8}}))
        rows = [{"step": step, "seconds": 5.0, "images_per_second": 9.0, "D": rate * step} for step in range(1, 50)]
        (tmp_path / name / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (tmp_path / name / "scores.jsonl").write_text('{"step": 49, "scores": {"fd_studio": 21.5}}\n')
        Image.new("RGB", (526, 262), "#a04060").save(tmp_path / name / "previews" / "00000049.png")
    (tmp_path / "report.html").write_text(report([tmp_path / "first", tmp_path / "second"]), encoding="utf-8")
    for scheme in ("dark", "light"):
        context = browser.new_context(viewport={"width": 700, "height": 900}, color_scheme=scheme, offline=True)
        page, asked = context.new_page(), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto((tmp_path / "report.html").as_uri())
        assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing wider than the page"
        assert page.locator("tr.other th").inner_text() == "lr ≠"
        page.evaluate("window.define = undefined")
        assert axe(page, "html") == []
        keep(page, f"report_{scheme}")
        context.close()
