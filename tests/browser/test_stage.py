"""The stage as a learner meets it: dragged, typed at, narrow, in the dark, by keyboard, and after its kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
from animelab.widgets.stage import Stage, button, choice, picture, slider, swatches, toggle, words

class Everything(Stage):
    redraws = 0

    def __init__(self):
        tone = np.full((8, 8, 3), 90, np.uint8)
        sliders = [slider(f"tone_{i}", f"Tone {i}", 0, -100, 100, unit="%") for i in range(12)]
        super().__init__("everything", [picture("face", "A picture")], {
            "Light": [slider("light", "Light", 100, 0, 255, ends=(tone, tone + 90)),
                      choice("kind", "Kind", ["flat", "ramp"]), toggle("red", "Red")],
            "Pick": [picture("which", "Which", "pick", value=None)],
            "Color": [swatches("color", "Color", {"white": "#ffffff", "black": "#101010"})],
            "Do": [button("undo", "Undo", disabled=True), button("fail", "Fail", "stop"),
                   button("long", "Say more", "dot"), button("reset", "Reset"), words("said", 2)],
            "Tones": sliders,
        })
        self.show_all("which", [tone, tone + 50, tone + 100], ["Dark", "Middle", "Bright"])
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
INTERFACES = [pytest.param("lab", id="lab"), pytest.param("notebook", id="notebook")]


def keep(page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"{name}.png")


@pytest.mark.parametrize("interface", INTERFACES)
def test_the_curtain_is_dragged_on_the_picture(open_notebook, interface):
    page = open_notebook(f"drag_{interface}", CURTAIN, interface=interface)
    frame = page.locator(".animelab-on-curtain")
    frame.wait_for()
    page.wait_for_timeout(500)
    keep(page, f"curtain_{interface}")
