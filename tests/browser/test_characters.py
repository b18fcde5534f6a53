"""Picking, ordering and designing characters as a learner meets it: by mouse, by keyboard, narrow and in the dark."""

from __future__ import annotations

import numpy as np
import pytest
from pages import keep
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STAGE = ".animelab-stage"
PICKER = """
from animelab import zoo
from animelab.widgets import PickAndRefine
picker = PickAndRefine(zoo.load("stylegan2-faces-64"))
picker
"""
MAKER = """
from animelab import zoo
from animelab.widgets import CharacterMaker
CharacterMaker(zoo.load("r3gan-attributes-64"), seed=4)
"""
DESIGNER = """
from animelab.studio import Character
from animelab.widgets import CharacterDesigner
CharacterDesigner(Character.random(12), folder="designs")
"""
CUT = "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.textContent)"
STEPS = ("Step 1 of 4", "Step 2 of 4", "Step 3 of 4", "Step 4 of 4")


def said(page, words: str) -> None:
    page.locator(".animelab-caption", has_text=words).first.wait_for()


def opened(open_notebook, name: str, cell: str, interface: str = "lab"):
    page = open_notebook(name, cell, interface=interface)
    page.locator(STAGE).wait_for(timeout=60_000)
    page.wait_for_timeout(300)  # Lab may still be moving the focus to the cell that has just run
    return page


def test_faces_are_clicked_and_the_reveal_is_large_saved_and_explored(open_notebook, reopen, jupyter):
    page = opened(open_notebook, "picked", PICKER)
    cells, strip = (page.locator(f"[data-part={each}] button") for each in ("choices", "strip"))
    assert cells.count() == 16 and strip.nth(0).is_disabled()
    grid = page.locator("[data-part=choices]").bounding_box()
    for number, step in enumerate(STEPS):
        said(page, step)
        keep(page, f"picker_{number}")
        cells.nth(4 + number).click()
    said(page, "Your character")
    face = page.locator("[data-part=face] .animelab-frame").bounding_box()
    assert face["width"] >= 384 and abs(face["width"] - grid["width"]) < 2 and face["y"] == grid["y"]
    assert [strip.nth(i).is_enabled() for i in range(4)] == [True] * 4
    page.get_by_role("button", name="Save", exact=True).click()
    said(page, "character-001.png")
    (saved,) = jupyter.folder.rglob("character-001.png")
    assert Image.open(saved).size == (64, 64)
    keep(page, "picker_done")
    page.get_by_role("button", name="Open in the explorer").click()
    page.locator(".animelab-explorer").wait_for(timeout=60_000)
    keep(page, "picker_explorer")
    strip.nth(1).click()
    said(page, "Step 2 of 4")
    assert cells.nth(5).get_attribute("aria-pressed") == "true", "what was chosen then"
    still = page.locator(".animelab-still img[alt='Choices']")
    still.first.wait_for(state="attached")
    page = reopen(page, "picked")
    still.first.wait_for()
    assert still.first.bounding_box()["width"] <= 384, "a tidy grid, not a face a line"
    assert page.get_by_text("Error displaying widget").locator("visible=true").count() == 0
    keep(page, "picker_reopened")


@pytest.mark.parametrize("interface", ["lab", "notebook"])
def test_a_character_is_picked_and_refined_with_the_keyboard(open_notebook, interface):
    page = opened(open_notebook, f"keys_{interface}", PICKER, interface)
    page.locator("[data-part=choices] button").first.focus()
    for step, keys in zip(STEPS, (["ArrowRight", "ArrowDown"], ["ArrowRight"], ["End"], ["Home"])):
        said(page, step)
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    said(page, "Your character")
    page.wait_for_function("document.activeElement.textContent === 'Save'")  # on to what is done with it
    page.get_by_role("button", name="Back", exact=True).press("Enter")
    said(page, "Step 4 of 4")


def test_a_character_is_ordered_by_swatches_and_switches(open_notebook):
    page = opened(open_notebook, "maker", MAKER)
    picture = page.locator("[data-part=face] img").first
    undo = page.get_by_role("button", name="Undo")
    assert undo.is_disabled()
    pink = page.locator("[data-part=hair]").get_by_role("button", name="pink")
    pink.focus()
    page.keyboard.press("Enter")
    said(page, "pink hair")
    page.get_by_text("Color: pink").wait_for()
    assert pink.get_attribute("aria-pressed") == "true" and "pink hair" in picture.get_attribute("alt")
    before = picture.get_attribute("src")
    page.get_by_role("button", name="Another").click()
    said(page, "Face of seed 5: pink hair")
    assert picture.get_attribute("src") != before
    page.get_by_role("switch", name="Smile").press("Space")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    said(page, "Face of seed 4: pink hair")
    undo.click()
    page.wait_for_function("!document.querySelector('.animelab-caption').textContent.includes('pink')")
    assert undo.is_disabled() and page.get_by_role("button", name="Redo").is_enabled()
    keep(page, "character_maker")


@pytest.mark.parametrize(("name", "cell"), [("picker", PICKER), ("maker", MAKER), ("designer", DESIGNER)])
def test_beside_each_other_at_700_pixels_and_nothing_wrong_in_both_themes(open_notebook, theme, axe, name, cell):
    page = opened(open_notebook, f"narrow_{name}", cell)
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    try:
        for width in (1024, 700):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(300)
            picture = page.locator(".animelab-pictures").bounding_box()
            controls = page.locator(".animelab-controls").bounding_box()
            assert controls["x"] >= picture["x"] + picture["width"] and controls["y"] <= picture["y"] + 10
            assert page.locator(f"{STAGE}, {STAGE} label").evaluate_all(CUT) == [], "nothing is cut off"
            keep(page, f"{name}_{width}")
        page.evaluate("document.querySelectorAll('.animelab-fold').forEach(each => { each.open = true; })")
        for color in ("dark", "light"):
            theme(page, color)
            page.wait_for_timeout(300)
            assert axe(page, STAGE) == []
            keep(page, f"{name}_{color}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")


def test_a_character_is_designed_and_saved_with_the_keyboard(open_notebook, jupyter):
    page = opened(open_notebook, "designer", DESIGNER)
    picture = page.locator("[data-part=picture] img").first
    first, undo = picture.get_attribute("src"), page.get_by_role("button", name="Undo")
    assert "green hair" in picture.get_attribute("alt") and undo.is_disabled()
    place = page.locator("[data-part=picture]").bounding_box()
    page.locator("[data-part=hair_color]").get_by_role("button", name="pink").press("Enter")
    said(page, "Character.random(12).replace(hair_color='pink')")
    assert "pink hair" in picture.get_attribute("alt")
    fold = page.locator("summary", has_text="Pose and background")
    fold.press("Enter")
    yaw = page.locator("[data-part=yaw] input[type=range]")
    yaw.press("ArrowRight")
    said(page, "yaw=")
    undo.press("Enter")
    page.wait_for_function("!document.querySelector('.animelab-caption').textContent.includes('yaw')")
    page.get_by_label("Layer").select_option(label="line")
    page.locator("[data-part=picture] img[alt*='line in cel style']").first.wait_for()
    name = page.get_by_label("Save as")
    name.fill("..")
    name.press("Enter")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    page.locator("[role=alert]", has_text="Not saved: ").wait_for()
    name.fill("heroine")
    name.press("Enter")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    page.locator(STAGE).get_by_text(f"Saved in {jupyter.folder / 'designs' / 'heroine'}").wait_for()
    assert np.asarray(Image.open(jupyter.folder / "designs" / "heroine" / "line.png")).shape[:2] == (512, 512)
    page.get_by_label("Layer").select_option(label="color")
    page.get_by_role("button", name="Reset").press("Enter")
    page.wait_for_function("first => document.querySelector('[data-part=picture] img').src === first", arg=first)
    assert page.locator("[data-part=picture]").bounding_box()["width"] == place["width"]
    keep(page, "designer")
