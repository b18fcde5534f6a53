"""The stage without a browser: what values it takes, how it answers, what it says, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from animelab.errors import LabError
from animelab.widgets import stage
from animelab.widgets.stage import VIEW, Stage, button, choice, picture, slider, swatches, toggle

GRAY = np.full((8, 12, 3), 128, np.uint8)


class Lamp(Stage):
    """One of each control."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        controls = [slider("light", "Light", 50, 0, 100), choice("kind", "Kind", ["flat", "round"])]
        colors = swatches("color", "Color", {"white": "#ffffff", "bad": "red;background:url(x)"})
        more = [toggle("on", "On"), colors, picture("which", "Which", "pick", value=None), button("reset", "Reset")]
        super().__init__("lamp", [picture("face", "A face")], {"Light": controls, "More": more})
        self.show_all("which", [GRAY, GRAY], ["first", "second"])
        self.show("face", GRAY, "A <b>lamp</b>")

    def changed(self, name: str) -> None:
        self.heard.append(name)
        if self.values["light"] == 13:
            raise LabError("Thirteen is not a light.")
        if self.values["light"] == 14:
            raise ValueError("one\ntwo")
        self.put(on=True)
        self.say(f"Light <i>{self.values['light']}</i>")


@pytest.fixture
def lamp() -> Lamp:
    return Lamp()


def move(widget: Stage, **values: Any) -> None:
    """As a browser does it."""
    widget.set_state({"values": {**widget.values, **values}})


def test_a_hand_is_answered_once_and_python_is_not(lamp: Lamp) -> None:
    move(lamp, light=60)
    assert lamp.heard == ["light"] and lamp.answered == 1 and lamp.values["on"] is True
    lamp.put(light=20)
    assert lamp.heard == ["light"] and lamp.values["light"] == 20
    lamp.pressed("reset")
    assert lamp.heard == ["light", "light", "on"]


def test_a_front_end_may_ask_whether_anybody_is_here(lamp: Lamp) -> None:
    lamp._asked(lamp, {"do": "press", "name": ""}, [])
    assert lamp.answered == 1 and not lamp.heard
    lamp.gray(reset=True)
    lamp._asked(lamp, {"do": "press", "name": "reset"}, [])
    assert lamp.answered == 2 and not lamp.heard, "what is gray does nothing, and is answered"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("light", 400, 100),
        ("light", "x", 50),
        ("light", float("nan"), 50),
        ("light", True, 50),
        ("kind", "<b>", "flat"),
        ("kind", ["flat"], "flat"),
        ("on", 1, False),
        ("color", "bad", "white"),
        ("which", 2, None),
        ("which", 1, 1),
        ("unknown", 1, None),
    ],
)
def test_only_what_a_control_can_say_is_taken(lamp: Lamp, name: str, value: Any, kept: Any) -> None:
    move(lamp, **{name: value})
    assert lamp.values.get(name) == kept and set(lamp.values) == set(lamp._first)


def test_errors_are_said_in_words_and_go_away(lamp: Lamp) -> None:
    move(lamp, light=13)
    assert lamp.words["problem"] == "Thirteen is not a light." and lamp.answered == 1
    move(lamp, light=14)
    assert lamp.words["problem"] == "The model stopped: ValueError: one two"
    move(lamp, light=15)
    assert lamp.words["problem"] == ""


def test_a_bar_vanishes_when_done(lamp: Lamp) -> None:
    seen = [(each, lamp.progress) for each in lamp.counted("Drawing", "ab")]
    assert seen == [("a", {"words": "Drawing", "part": 0}), ("b", {"words": "Drawing", "part": 0.5})]
    assert lamp.progress == {}


def test_two_outputs_and_the_second_follows_when_at_rest(lamp: Lamp, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []

    class Handle:
        def update(self, data: dict[str, Any], raw: bool) -> None:
            shown.append(data)

    monkeypatch.setattr(stage, "display", lambda data, **_: shown.append(data) or Handle())
    formatter = DisplayFormatter()
    formatter.ipython_display_formatter.enabled = True
    assert formatter.format(lamp) == ({}, {}), "it displays itself"
    live, still = shown
    assert live[VIEW]["model_id"] == lamp.model_id and "<img" not in live["text/html"]
    assert 'alt="A &lt;b&gt;lamp&lt;/b&gt;"' in still["text/html"] and lamp.token in still["text/html"]
    move(lamp, light=70)
    lamp._asked(lamp, {"do": "rest"}, [])
    assert "Light &lt;i&gt;70" in shown[2]["text/html"] and "Light <i>70" in shown[2]["text/plain"]
    assert VIEW in lamp._repr_mimebundle_() and repr(lamp)
