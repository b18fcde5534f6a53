"""The character designer as a learner meets it: in JupyterLab, with the keyboard."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

PICTURE = ".animelab-designer .animelab-picture img"
DESIGNER = """
from animelab.studio import Character
from animelab.widgets import CharacterDesigner
designer = CharacterDesigner(Character.random(12), folder="designs")
designer
"""


def pixels(page) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(page.locator(PICTURE).screenshot())).convert("RGB"), dtype=np.int16)


def wait_for_change(page, before: str) -> None:
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector).src !== before", arg=[PICTURE, before], timeout=5000
    )


def keep(page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"{name}.png")


def test_a_character_is_designed_and_saved_with_the_keyboard(open_notebook, jupyter):
    page = open_notebook("designer", DESIGNER)
    picture = page.locator(PICTURE)
    picture.wait_for()
    original, alt = pixels(page), picture.get_attribute("alt")
    assert original.std() > 20, "the picture is blank"
    assert "green hair" in alt
    keep(page, "designer")

    def source() -> str:
        return picture.get_attribute("src")

    first = before = source()
    page.locator(".animelab-group button", has_text="Hair").press("Enter")
    color = page.locator(".animelab-hair_color select")
    color.focus()
    page.keyboard.type("pink")  # a list goes to the name that is typed
    wait_for_change(page, before)
    assert "pink hair" in picture.get_attribute("alt")
    assert page.locator(".animelab-designer code").inner_text() == "Character.random(12).replace(hair_color='pink')"
    keep(page, "designer_hair")

    before = source()
    page.locator(".animelab-group button", has_text="Picture").press("Enter")
    page.locator(".animelab-yaw .noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    wait_for_change(page, before)
    for name in ("segmentation", "line"):
        before = source()
        page.locator(".animelab-layer select").select_option(label=name)
        wait_for_change(page, before)
        assert f"{name} in cel style" in picture.get_attribute("alt")
    keep(page, "designer_line")

    page.locator("button.animelab-save").press("Enter")
    page.get_by_text(f"Saved in {jupyter.folder / 'designs' / 'hero'}").wait_for()
    assert Image.open(jupyter.folder / "designs" / "hero" / "line.png").size == (512, 512)

    page.locator(".animelab-layer select").select_option(label="color")
    page.locator("button.animelab-reset").press("Enter")
    page.wait_for_function(
        "([selector, first]) => document.querySelector(selector).src === first", arg=[PICTURE, first], timeout=5000
    )
    assert np.array_equal(pixels(page), original)


def test_every_control_has_a_label_in_words(open_notebook):
    page = open_notebook("labels", DESIGNER)
    page.locator(PICTURE).wait_for()
    for group in ("Picture", "Face", "Hair", "Eyes", "Mouth", "Clothes"):
        page.locator(".animelab-group button", has_text=group).press("Enter")
        page.locator(".animelab-group button.mod-active", has_text=group).wait_for()
        labels = page.locator(".animelab-designer .widget-inline-hbox label:visible").all_inner_texts()
        assert len(labels) >= 4  # of the group, and the two boxes of Save
        assert all(labels), labels
        keep(page, f"designer_{group.lower()}")
    # Sliders round what they show to their steps; that alone must not change the character.
    assert page.locator(".animelab-designer code").inner_text() == "Character.random(12)"
