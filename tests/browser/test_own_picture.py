"""A picture of one's own as a learner meets it: dropped, fitted by two eyes, behind a curtain, under attention."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from pages import keep
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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
own = OwnPicture(Inverts(), [start, 255 - start], size=64, folder="mine")
own.eyes = [[44 / 128, 0.5], [84 / 128, 0.5]]
own
"""
ROOT, RESULT, PROBLEM = ".animelab-own", "[data-part=result]", ".animelab-own .animelab-problem"


def shown(page, side: str) -> np.ndarray:
    """What is left or right of the curtain."""
    data = page.locator(f"{ROOT} {RESULT} img.animelab-{side}").get_attribute("src").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), dtype=int)


def wait_for(page, side: str, test) -> np.ndarray:
    for _ in range(200):
        page.wait_for_timeout(50)
        if test(found := shown(page, side)):
            return found
    raise AssertionError(f"the picture at the {side} never came")


def give(page, data: bytes, kind: str = "drop", name: str = "mine.png") -> None:
    """Drop a file on the stage, or paste it."""
    page.evaluate(
        """([root, data, kind, name]) => {
            const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            const target = document.querySelector(`${root} .animelab-frame`), how = { bubbles: true, cancelable: true };
            target.dispatchEvent(kind === "drop" ? new DragEvent("drop", { ...how, dataTransfer: transfer })
                : new ClipboardEvent("paste", { ...how, clipboardData: transfer }));
        }""",
        [ROOT, base64.b64encode(data).decode(), kind, name],
    )


def stored(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_the_eyes_are_dragged_and_the_curtain_too(open_notebook, axe):
    page = open_notebook("own", OWN)
    page.locator(f"{ROOT} {RESULT} img.animelab-right[src]").wait_for()
    page.wait_for_timeout(300)
    page.locator(ROOT).scroll_into_view_if_needed()
    before, after = shown(page, "left"), shown(page, "right")
    assert np.abs(before + after - 255).mean() <= 2
    own, result = (page.locator(f"{ROOT} [data-part={name}] .animelab-frame") for name in ("own", "result"))
    place, other = own.bounding_box(), result.bounding_box()
    assert abs(place["y"] - other["y"]) < 2 and place["width"] > 384 and other["x"] > place["x"] + 384, "side by side"

    page.mouse.move(other["x"] + 200, other["y"] + 100)
    page.mouse.down()
    page.mouse.move(other["x"] + 0.6 * other["width"], other["y"] + 150, steps=5)
    page.mouse.up()
    assert page.locator(f"{ROOT} .animelab-edge").get_attribute("aria-valuenow") == "60"
    page.get_by_label("Where the network looks", exact=True).fill("60")
    heat = page.locator(f"{ROOT} {RESULT} img.animelab-over")
    assert heat.evaluate("each => each.style.opacity") == "0.6"

    eye = page.get_by_role("button", name="The right eye")
    start = eye.bounding_box()
    page.mouse.move(place["x"] + 84 / 128 * place["width"] + 3, place["y"] + 0.5 * place["height"])
    page.mouse.down()
    page.mouse.move(place["x"] + 84 / 128 * place["width"], place["y"] + 0.35 * place["height"], steps=6)
    page.mouse.up()
    moved = wait_for(page, "left", lambda found: not np.array_equal(found, before))
    assert abs(eye.bounding_box()["y"] - (start["y"] - 0.15 * place["height"])) < 3
    eye.press("ArrowDown")
    moved = wait_for(page, "left", lambda found: not np.array_equal(found, moved))
    assert axe(page, ROOT) == []
    page.get_by_label("Fit").select_option("letterboxed")
    wait_for(page, "left", lambda found: not np.array_equal(found, moved))
    eye.wait_for(state="hidden")
    page.get_by_role("button", name="Example 2").click()
    wait_for(page, "left", lambda found: found.mean() < 60)
    keep(page, "own_picture")


def test_drop_paste_choose_and_save(open_notebook, tmp_path):
    page = open_notebook("given", OWN)
    page.locator(f"{ROOT} {RESULT} img.animelab-right[src]").wait_for()
    page.get_by_label("Fit").select_option("letterboxed")
    page.wait_for_timeout(500)
    image = Image.new("RGBA", (90, 45), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (40, 18, 50, 28))
    give(page, stored(image))
    red = wait_for(page, "left", lambda found: np.abs(found[256, 60] - [255, 0, 0]).max() < 4)
    assert red[256, 256].min() > 250, "white where it is transparent"
    assert np.abs(red[20, 256] - 128).max() < 4, "gray where there is no picture"

    # One that neither Python nor its server would take, is made smaller by the browser, which says so.
    give(page, stored(Image.new("RGB", (5000, 2500), (0, 0, 255))))
    wait_for(page, "left", lambda found: np.abs(found[256, 60] - [0, 0, 255]).max() < 4)
    assert "Sent at 4096 × 2048 pixels" in page.locator(PROBLEM).inner_text()
    give(page, b"", name="nothing.png")
    page.locator(PROBLEM, has_text="That file is empty").wait_for()
    give(page, b"words", name="words.txt")
    page.locator(PROBLEM, has_text="not a PNG").wait_for()
    assert "object at" not in page.locator(PROBLEM).inner_text()
    page.locator(ROOT).hover()
    give(page, stored(Image.new("RGB", (64, 64), (0, 255, 0))), "paste")
    wait_for(page, "left", lambda found: np.abs(found[256, 60] - [0, 255, 0]).max() < 4)
    assert page.locator(PROBLEM).inner_text() == ""
    Image.new("RGB", (64, 64), (255, 255, 0)).save(tmp_path / "yellow.png")
    page.get_by_label("A picture from your disk").set_input_files(tmp_path / "yellow.png")
    wait_for(page, "right", lambda found: np.abs(found[256, 60] - [0, 0, 255]).max() < 4)
    page.get_by_role("button", name="Save the result").click()
    page.locator(f"{ROOT} .animelab-caption", has_text="001.png").wait_for()
