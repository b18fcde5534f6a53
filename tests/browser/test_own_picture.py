"""A picture of one's own as a learner meets it: dropped, fitted by two eyes, behind a curtain, under attention."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

# A translator that inverts, and an attention that is bright at the left: what is shown says what was done.
OWN = """
import numpy as np, torch
from animelab.widgets import OwnPicture

class Inverts:
    attends = True
    translate = staticmethod(lambda x: -x)
    attention = staticmethod(lambda x: torch.linspace(1, 0, 8).expand(1, 8, 8))

start = np.full((128, 128, 3), 230, np.uint8)
start[60:68, 40:48] = start[60:68, 80:88] = 20
own = OwnPicture(Inverts(), [start], size=64)
own.eyes = [[44 / 128, 0.5], [84 / 128, 0.5]]
own
"""
REAL = """
from animelab import zoo
from animelab.data import real_faces
from animelab.widgets import OwnPicture
OwnPicture(zoo.load("ugatit-portrait-cel-64"), real_faces(128))
"""
ROOT = ".animelab-own"


def keep(page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"{name}.png")


def shown(page, name: str) -> np.ndarray:
    data = page.locator(f"{ROOT} img.animelab-{name}").get_attribute("src").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), dtype=int)


def wait_for(page, name: str, test) -> np.ndarray:
    for _ in range(200):
        page.wait_for_timeout(50)
        if test(found := shown(page, name)):
            return found
    raise AssertionError(f"the {name} never came")


def drop(page, data: bytes) -> None:
    page.evaluate(
        """([root, data]) => {
            const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "mine.png", { type: "image/png" }));
            document.querySelector(`${root} .animelab-frame`).dispatchEvent(
                new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
        }""",
        [ROOT, base64.b64encode(data).decode()],
    )


def test_drop_fit_and_draw_the_curtain(open_notebook):
    page = open_notebook("own", OWN)
    page.locator(f"{ROOT} img.animelab-after").wait_for()
    after = wait_for(page, "after", lambda found: found.shape == (512, 512, 3))
    before = shown(page, "before")
    assert np.abs(before + after - 255).max() <= 2
    page.locator(ROOT).scroll_into_view_if_needed()

    # The curtain and the attention are the browser's own, and reachable by keyboard.
    curtain = page.get_by_label("Curtain")
    curtain.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    clip = page.locator(f"{ROOT} img.animelab-before").evaluate("each => each.style.clipPath")
    assert clip.replace("0px", "0").startswith("inset(0") and "40%" in clip
    page.get_by_label("Attention").fill("60")
    heat = page.locator(f"{ROOT} img.animelab-heat")
    assert heat.evaluate("each => each.style.opacity") == "0.6"
    assert shown(page, "heat")[256, 10].sum() > shown(page, "heat")[256, 500].sum()

    # An eye moves by the arrow keys, and the picture is aligned anew.
    eye = page.get_by_role("button", name="The right eye in the picture")
    place = eye.bounding_box()
    eye.focus()
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    moved = wait_for(page, "before", lambda found: not np.array_equal(found, before))
    assert eye.bounding_box()["y"] < place["y"] - 15
    page.get_by_label("Fit").select_option("letterboxed")
    wait_for(page, "before", lambda found: not np.array_equal(found, moved))
    eye.wait_for(state="hidden")

    # A picture is dropped: a wide red one with a hole that shows white.
    buffer = io.BytesIO()
    image = Image.new("RGBA", (90, 45), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (40, 18, 50, 28))
    image.save(buffer, "PNG")
    drop(page, buffer.getvalue())
    red = wait_for(page, "before", lambda found: found[256, 60].tolist() == [255, 0, 0])
    assert red[256, 256].min() > 250, "white where it is transparent"
    assert np.abs(red[20, 256] - 128).max() < 3, "gray where there is no picture"
    keep(page, "own_picture")

    # One that neither Python nor its server would take, is shrunk by the browser, which says so.
    buffer = io.BytesIO()
    Image.new("RGB", (5000, 2500), (0, 0, 255)).save(buffer, "PNG")
    drop(page, buffer.getvalue())
    wait_for(page, "before", lambda found: np.abs(found[256, 60] - [0, 0, 255]).max() < 4)
    assert "Sent at 4096 × 2048 pixels" in page.locator(f"{ROOT} .animelab-hint").inner_text()
    drop(page, b"no picture")
    page.wait_for_function(f"document.querySelector('{ROOT} .animelab-hint').textContent.includes('not a PNG')")


def test_the_real_model_in_the_notebook(open_notebook):
    page = open_notebook("face", REAL)
    page.locator(f"{ROOT} img.animelab-after").wait_for()
    first = wait_for(page, "after", lambda found: found.std() > 20)
    page.get_by_label("Attention").fill("50")
    keep(page, "own_picture_real")
    page.get_by_role("button", name="Another").click()
    wait_for(page, "after", lambda found: np.abs(found - first).mean() > 5)
