"""Eyes and hands of the browser tests: what a page shows, and a line pulled over it."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page


def keep(page: Page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"{name}.png")


def answer(page: Page, size: int = 512) -> np.ndarray:
    """The answer of a stage, gray: 512 pixels high as it is shown, eight of them one of 64."""
    data = (page.locator("[data-part=answer] img").first.get_attribute("src") or "").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L").resize((size, size)), dtype=float)


def wait_for(page: Page, test: Callable[[np.ndarray], bool], size: int = 512) -> np.ndarray:
    """The first answer that passes the test."""
    for _ in range(300):
        page.wait_for_timeout(50)
        if test(found := answer(page, size)):
            return found
    raise AssertionError(f"the answer never came; its mean is {found.mean():.1f}")


def place(canvas: Locator, x: float, y: float) -> tuple[float, float]:
    """Where a place of the canvas, in shares of it, is on the page now: a click elsewhere may have scrolled."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def line(canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Pull the mouse from one place of the canvas to another, both in shares of it."""
    mouse = canvas.page.mouse
    mouse.move(*place(canvas, *start))
    mouse.down()
    mouse.move(*place(canvas, *end), steps=8)
    mouse.up()
