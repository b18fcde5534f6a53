"""The stage as a learner meets it: dragged, typed at, narrow, in the dark, by keyboard, and after its kernel."""

from __future__ import annotations

import pytest
from pages import keep

pytestmark = pytest.mark.browser

CURTAIN = """
import numpy as np
from animelab.widgets import BeforeAfter
y, x = np.mgrid[0:96, 0:96]
disc = ((x - 48) ** 2 + (y - 48) ** 2 < 1200)[..., None]
def faces(inside, outside):
    return np.stack([np.where(disc, inside, np.add(outside, 5 * i)).astype(np.uint8) for i in range(8)])
BeforeAfter({"portrait": faces((220, 150, 120), (40, 60, 90)), "cel": faces((250, 220, 200), (90, 150, 200))})
"""
# Every kind of control, many of them.
EVERYTHING = """
import time
import numpy as np
from animelab.errors import LabError
from animelab.widgets.stage import Stage, address, button, choice, picture, slider, swatches, toggle, words

class Everything(Stage):
    redraws = 0

    def __init__(self):
        tone = np.full((8, 8, 3), 90, np.uint8)
        sliders = [slider(f"tone_{i}", f"Tone {i}", 0, -100, 100, unit="%") for i in range(12)]
        super().__init__("everything", [picture("face", "A picture")], {
            "Light": [{**slider("light", "Light", 100, 0, 255), "ends": ["", ""]},
                      choice("kind", "Kind", ["flat", "ramp"]), toggle("red", "Red")],
            "Pick": [picture("which", "Which", "pick", value=None)],
            "Color": [swatches("color", "Color", {"white": "#ffffff", "black": "#101010"})],
            "Do": [button("undo", "Undo", disabled=True), button("fail", "Fail", "stop"),
                   button("long", "Say more", "dot"), button("reset", "Reset"), words("said", 2)],
            "Tones": sliders,
        })
        self.show_all("which", [tone, tone + 50, tone + 100], ["Dark", "Middle", "Bright"])
        self.ends = {"light": [address(tone), address(tone + 90)]}
        self.changed("")

    def changed(self, name):
        self.redraws += 1
        if self.values["light"] == 13:
            raise LabError("Thirteen is not a light.")
        pixels = np.full((64, 64, 3), self.values["light"], np.uint8)
        pixels[:, :, 1:] //= 1 + self.values["red"]
        self.show("face", pixels, f"Light {self.values['light']}")
        self.say(f"Redraw {self.redraws}, light {self.values['light']}, picked {self.values['which']}")
        self.update("undo", disabled=self.redraws < 2)

    def pressed(self, name):
        super().pressed(name)
        if name == "fail":
            raise ValueError("a bad\\nvalue")
        if name == "long":
            self.say("word " * 40)

everything = Everything()
everything
"""
INTERFACES = [pytest.param("lab", id="lab"), pytest.param("notebook", id="notebook", marks=pytest.mark.slow)]
STAGE = ".animelab-stage"


def drag(page, box: dict[str, float], start: float, end: float, steps: int = 10) -> None:
    """Press on a picture and pull, from one share of its width to another."""
    page.mouse.move(box["x"] + start * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], box["y"] + 0.6 * box["height"], steps=steps)
    page.mouse.up()


@pytest.mark.parametrize("interface", INTERFACES)
def test_the_curtain_is_dragged_on_the_picture_and_outlives_its_kernel(open_notebook, reopen, interface):
    page = open_notebook(f"drag_{interface}", CURTAIN, interface=interface)
    frame, edge, still = (page.locator(each) for each in (".animelab-on-curtain", ".animelab-edge", ".animelab-still"))
    frame.wait_for()
    still.wait_for(state="hidden")
    page.wait_for_timeout(300)
    frame.scroll_into_view_if_needed()
    drag(page, frame.bounding_box(), 0.2, 0.8)
    assert edge.get_attribute("aria-valuenow") == "80"
    left = frame.locator(".animelab-left").evaluate("each => getComputedStyle(each).clipPath")
    assert left.replace("px", "").startswith("inset(0 20%"), left
    page.locator("[data-part=number] button").nth(3).click()
    page.get_by_text("Picture 4 of 8").wait_for()
    words = "Picture 4: 80% of it portrait, the rest cel"
    page.locator(f".animelab-still img[alt='{words}']").wait_for(state="attached")  # at rest, it is kept
    keep(page, f"curtain_{interface}")

    page = reopen(page, f"drag_{interface}", interface)
    page.locator(f".animelab-still img[alt='{words}']").wait_for()
    page.get_by_text("Error displaying widget").first.wait_for(state="attached")  # as Jupyter says of every widget
    assert page.locator(STAGE).count() == 0
    assert page.get_by_text("Error displaying widget").first.is_hidden()
    keep(page, f"reopened_{interface}")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(STAGE).wait_for()
    page.wait_for_function("document.querySelectorAll('.animelab-still').length === 1")
    page.locator(".animelab-still").wait_for(state="hidden")


SLOW = """
import time
from animelab.widgets.stage import Stage, button

class Slow(Stage):
    def pressed(self, name):
        time.sleep(6 if name == "wait" else 0)
        self.say(f"Did {name}")

slow = Slow("slow", [], {"": [button("wait", "Wait"), button("go", "Go")]})
slow
"""
RESTART = """async () => {
    const session = window.jupyterapp.shell.currentWidget.sessionContext.session;
    await session.kernel.restart();
    await session.kernel.info;
}"""


@pytest.mark.slow
@pytest.mark.parametrize("interface", ["lab", "notebook"])
def test_a_busy_kernel_is_waited_for_and_of_one_that_restarted_it_is_said(open_notebook, interface):
    page = open_notebook(f"restarted_{interface}", SLOW, interface=interface)
    problem = page.locator(f"{STAGE} .animelab-problem")
    page.get_by_role("button", name="Wait").click()
    for _ in range(12):
        assert problem.inner_text() == ""
        page.wait_for_timeout(500)
    page.get_by_text("Did wait").wait_for()
    page.evaluate(RESTART)
    page.get_by_role("button", name="Go").click()
    page.wait_for_function("document.querySelector('.animelab-problem')?.textContent.includes('Run this cell again')")
    keep(page, f"restarted_{interface}")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function("document.querySelector('.animelab-problem')?.textContent === ''")
    page.get_by_role("button", name="Go").click()
    page.get_by_text("Did go").wait_for()


@pytest.mark.slow
def test_a_converted_page_shows_the_still(open_notebook, reopen):
    page = open_notebook("converted", CURTAIN)
    page.locator(STAGE).wait_for()
    page = reopen(page, "converted", "html")
    page.locator(".animelab-still img[alt^='Picture 1: 50%']").wait_for()
    assert "Error" not in page.locator("body").inner_text()
    keep(page, "converted")


def test_side_by_side_down_to_700_pixels_in_both_themes(open_notebook, theme, axe):
    page = open_notebook("narrow", EVERYTHING)
    page.locator(STAGE).wait_for()
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    try:
        for width in (1024, 700):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(300)
            page.locator(STAGE).scroll_into_view_if_needed()
            picture = page.locator(".animelab-pictures").bounding_box()
            controls = page.locator(".animelab-controls").bounding_box()
            assert controls["x"] >= picture["x"] + picture["width"] and controls["y"] <= picture["y"] + 10
            assert picture["width"] >= (384 if width == 1024 else 256)
            outer = page.locator(STAGE).bounding_box()
            assert controls["x"] + controls["width"] <= outer["x"] + outer["width"] + 1
            assert page.locator(STAGE).evaluate("each => each.scrollWidth <= each.clientWidth"), "nothing is cut off"
            keep(page, f"stage_{width}")
        page.locator("[data-part=tone_11]").scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        place = page.locator(".animelab-frame").first.bounding_box()
        assert place["y"] > 0 and place["y"] + place["height"] < 900, "it stays while long controls scroll"
        page.locator("summary").click()
        for name in ("dark", "light"):
            theme(page, name)
            page.wait_for_timeout(300)
            assert axe(page, STAGE) == []
            keep(page, f"stage_{name}")
        page.evaluate("document.querySelector('.animelab-caption').style.color = '#888'")
        assert any("contrast" in each for each in axe(page, STAGE)), "axe would have seen it"
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")


@pytest.mark.parametrize("interface", INTERFACES)
def test_everything_by_keyboard_and_errors_in_words(open_notebook, interface):
    page = open_notebook(f"keys_{interface}", EVERYTHING, interface=interface)
    page.locator(STAGE).wait_for()
    page.wait_for_timeout(300)
    stage = page.locator(STAGE)
    caption, problem = page.locator(".animelab-caption"), page.locator(".animelab-problem")
    undo = page.get_by_role("button", name="Undo")
    assert undo.is_disabled()
    page.locator("[data-part=light] input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    stage.get_by_text("light 101").wait_for()
    assert undo.is_enabled()
    page.keyboard.press("Tab")
    page.keyboard.type("13")
    page.keyboard.press("Enter")
    stage.get_by_text("Thirteen is not a light.").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.locator("[data-part=light] .animelab-label").dblclick()
    stage.get_by_text("light 100").wait_for()
    assert problem.inner_text() == "" and page.locator("[role=switch]").is_checked()
    page.locator("[data-part=which] button").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    stage.get_by_text("picked 2").wait_for()
    assert page.locator("[data-part=which] button").nth(2).get_attribute("aria-pressed") == "true"

    places = page.evaluate(
        "[...document.querySelectorAll('.animelab-controls *')].map(each => each.getBoundingClientRect().x)"
    )
    page.get_by_role("button", name="Say more").press("Enter")
    page.wait_for_function("document.querySelector('.animelab-caption').textContent.startsWith('word word')")
    after = page.evaluate(
        "[...document.querySelectorAll('.animelab-controls *')].map(each => each.getBoundingClientRect().x)"
    )
    assert after == places, "no control moves because a caption grew"
    page.get_by_role("button", name="Fail").press("Enter")
    stage.get_by_text("The model stopped: ValueError: a bad value").wait_for()
    page.locator("[data-part=light]").scroll_into_view_if_needed()
    assert problem.bounding_box()["y"] < 900 < page.locator("[data-part=tone_11]").bounding_box()["y"], "seen at once"
    page.locator("summary").press("Enter")
    stage.get_by_text("to the next control").wait_for()
    page.keyboard.press("Escape")
    stage.get_by_text("to the next control").wait_for(state="hidden")
    assert caption.is_visible()


@pytest.mark.slow
def test_a_fast_drag_ends_where_the_hand_was_in_both_copies(open_notebook):
    page = open_notebook("fast", EVERYTHING, "everything")
    page.locator(STAGE).nth(1).wait_for()
    page.wait_for_timeout(300)
    slider = page.locator("[data-part=light] input[type=range]").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(200):
        page.mouse.move(box["x"] + box["width"] * (0.2 + 0.6 * (step % 50) / 50), box["y"] + box["height"] / 2)
    page.mouse.up()
    value = slider.input_value()
    page.locator(f"img[alt='Light {value}']").nth(1).wait_for(state="attached", timeout=3000)
    assert page.locator("[data-part=light] input[type=range]").nth(1).input_value() == value
