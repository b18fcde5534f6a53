"""The stage: one base for every widget, and one front end (stage.js, stage.css) that draws what a widget declares.

How a widget is made:

    class Brighter(Stage):
        def __init__(self, pixels):
            self.pixels = pixels
            super().__init__("brighter", [picture("face", "A face")],
                             {"Light": [slider("light", "Light", 0, -100, 100, unit="%"), button("reset", "Reset")]})
            self.changed("")                                 # the first picture

        def changed(self, name):                             # a control was moved: answer
            self.show("face", self.render(**self.values), "A face, brighter")
            self.say("As bright as you like.")

`values` has what the controls stand at, by name; assigning it is as good as moving them, and `put` changes values
without an answer. `update(name, disabled=True)` changes a part: disabled, hidden, label, selected, options. A button
calls `pressed(name)`. `go(state)` comes to a state as `restored(state)` shows it, and buttons "undo" and "redo", of
`past()`, lead back to it. What a LabError says is shown below the stage. A widget displays itself twice: live, and as a
still, which is all that is left without a kernel. A handle on a picture ("curtain", "pad", "ink", "dots") is one
function of the table `handles` in stage.js. A file that is chosen, dropped or pasted comes to `given(name, content)`.
Work that can wait is announced by `later` and done in pieces by `idle`, while no hand moves; small pictures at the ends
of sliders may change afterwards: `self.ends = {**self.ends, "light": [address, address]}`.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import anywidget
import numpy as np
import traitlets
from IPython.display import DisplayHandle, display
from PIL import Image

from animelab.config import nearest
from animelab.errors import LONGEST, LabError, reason, shown
from animelab.files import save_picture
from animelab.viz import grid, image_tag
from animelab.widgets.picture import data_url, next_place

T = TypeVar("T")
Part = dict[str, Any]
Groups = Mapping[str, Sequence[Part]]
Layers = np.ndarray | Mapping[str, np.ndarray]
SMALL = 256  # pixels; a picture with a shorter side than this comes well enlarged, too
EXACT = 3 * 128 * 128  # numbers of a picture that is sent as it is
COLOR = "#[0-9a-fA-F]{6}"
STILL = 384  # CSS pixels of a still's longer side
MOST = 100  # states to go back to
VIEW = "application/vnd.jupyter.widget-view+json"
EMPTY = {"text/html": "<div hidden></div>", "text/plain": ""}
# A widget that is not alive leaves an error where it was; its still stands right below.
ALONE = ".jp-OutputArea-child:has(+ .jp-OutputArea-child .animelab-still):not(:has(.animelab-stage)){display:none}"


def picture(name: str, label: str, handle: str = "", **more: Any) -> Part:
    """A picture, and what lies on it, a name of `handles` in stage.js; more: what the handle asks for, its value.

    A pick takes columns=4: so many in a row, however wide.
    """
    return {"kind": "picture", "name": name, "label": label, "handle": handle, **more}


def pad(name: str, label: str, low: float, high: float, **more: Any) -> Part:
    """Two numbers, [x, y], moved on a picture. axes: words for right and up; pull=True: by pulling at the picture, and
    not by a knob on it; of: the name of the pad whose numbers this one moves, too."""
    more = {"axes": ["", ""], **({} if "of" in more else {"value": [0, 0]}), **more}
    return picture(name, label, "pad", low=low, high=high, **more)


def curtain(name: str, label: str, left: str, right: str, edge: str, over: str = "") -> Part:
    """A picture of layers under a curtain. left, right: layers, or the values that name them; edge, over: percents."""
    return picture(name, label, "curtain", curtain={"left": left, "right": right, "edge": edge, "over": over})


def hidden(name: str, label: str, value: Any, low: float = 0, high: float = 100) -> Part:
    """A number that a handle moves, with no control of its own."""
    return {**slider(name, label, value, low, high), "hidden": True}


def slider(name: str, label: str, value: float, low: float, high: float, step: float = 1, unit: str = "") -> Part:
    """A number; a slider with "ends": ["", ""], too, has places for small pictures there, which `ends` fills."""
    part = {"kind": "slider", "name": name, "label": label, "value": value, "low": low, "high": high}
    return {**part, "step": step, "unit": unit}


def choice(name: str, label: str, options: Sequence[str], value: str | None = None) -> Part:
    """One of some words."""
    return {"kind": "choice", "name": name, "label": label, "options": [*options], "value": value or options[0]}


def swatches(name: str, label: str, colors: Mapping[str, str], value: str | None = None, others: bool = False) -> Part:
    """One of some colors, {words: "#rrggbb", or "" for none}; the value is its words. others: or any, "#rrggbb"."""
    known = {words: color for words, color in colors.items() if re.fullmatch(f"({COLOR})?", color)}
    part = {"kind": "swatches", "name": name, "label": label, "colors": known, "value": value or next(iter(known))}
    return {**part, "others": others}


def tools(name: str, label: str, icons: Mapping[str, str]) -> Part:
    """One of some tools, {words: icon}: a row of buttons of which one is down."""
    part = {"kind": "tools", "name": name, "label": label, "icons": dict(icons), "options": list(icons)}
    return {**part, "value": next(iter(icons))}


def file(name: str, label: str, icon: str = "open", tip: str = "") -> Part:
    """A picture from a person's disk. The first of these also takes what is dropped or pasted on the stage."""
    return {"kind": "upload", "name": name, "label": label, "icon": icon, "tip": tip}


def toggle(name: str, label: str, value: bool = False) -> Part:
    """Yes or no."""
    return {"kind": "toggle", "name": name, "label": label, "value": value}


def entry(name: str, label: str, value: str = "") -> Part:
    """A line to type in; the value is what was typed, when it is left or Enter is pressed."""
    return {"kind": "entry", "name": name, "label": label, "value": value}


def button(name: str, label: str, icon: str = "", tip: str = "", **more: Any) -> Part:
    """A button, which calls `pressed(name)`. icon: of the table in stage.js; selected=True or False: it stays down;
    bare=True: its icon says it all."""
    return {"kind": "button", "name": name, "label": label, "icon": icon or name, "tip": tip, **more}


def past() -> list[Part]:
    """The buttons for `remember`, and the one for what the controls stood at first."""
    return [button(name, name.capitalize()) for name in ("undo", "redo", "reset")]


def film(name: str, label: str, slots: int, again: str = "Play", interval: int = 150) -> Part:
    """A picture over time: the traits film_0, film_1 and so on hold lists of [address, words, step]."""
    return picture(name, label, "film", value=None, slots=slots, again=again, interval=interval)


def chart(name: str, label: str, film: str) -> Part:
    """Lines over steps, its picture_NAME: {"lines": [{"name", "x", "y", "beside"}], "beside": of which run}."""
    return {"kind": "chart", "name": name, "label": label, "film": film}


def facts(name: str, label: str, names: Sequence[str]) -> Part:
    """A bar, and a value for each of the names; its picture_NAME: {"part": 0 to 1, "values": words}."""
    return {"kind": "facts", "name": name, "label": label, "names": list(names)}


def words(name: str, lines: int = 1) -> Part:
    """A place for words, with so many lines kept free for them; `say` fills it."""
    return {"kind": "words", "name": name, "lines": lines}


def value_of(name: str, on_picture: bool = False) -> Any:
    """A property: what a control stands at, to read and to set; on_picture: with a number of the move before it.

    Set to what is not among its options it raises LabError.
    """

    def get(widget: Stage) -> Any:
        return widget.values[name][1] if on_picture else widget.values[name]

    def move(widget: Stage, value: Any) -> None:
        options = widget.parts[name].get("options")
        if options and value not in options:
            raise LabError(f"There is no {name} '{value}': {nearest(value, options)}")
        widget.values = {**widget.values, name: [0, value] if on_picture else value}

    return property(get, move)


class Stage(anywidget.AnyWidget):
    """A widget of pictures and controls.

    name: its CSS class, after "animelab-". pictures: with two or more, these stand side by side above the controls.
    groups: {title: controls}, where a "pick" may be among them.
    folds: {title: whether it is open at first, or the name of the value that says so} of the groups that fold.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")
    token = traitlets.Unicode().tag(sync=True)  # of its stills
    plan: Any = traitlets.Dict().tag(sync=True)  # what stands where, by name
    parts: Any = traitlets.Dict().tag(sync=True)
    values: Any = traitlets.Dict().tag(sync=True)
    words: Any = traitlets.Dict().tag(sync=True)  # caption, problem, those of places for words, alt texts of pictures
    progress: Any = traitlets.Dict().tag(sync=True)  # words, and the part that is done from 0 to 1, or None; or nothing
    ends: Any = traitlets.Dict().tag(sync=True)  # pictures at the ends of sliders that changed since, by name
    asks = traitlets.Int().tag(sync=True)  # counts up for each piece of work that waits for a quiet moment; see `later`
    answered = traitlets.Int().tag(sync=True)  # counts up, so that an answer is always news

    def __init__(self, name: str, pictures: Sequence[Part], groups: Groups, folds: Any = ()) -> None:
        known = {part["name"]: part for part in [*pictures, *(part for group in groups.values() for part in group)]}
        self._first = {part["name"]: part["value"] for part in known.values() if "value" in part}
        self._pictures: dict[str, list[tuple[np.ndarray | None, str]]] = {}  # what is seen, with alt text
        self._handles: list[DisplayHandle] = []
        self._moved = True  # whether new values are a hand's, which are answered
        self._clean: dict[str, Any] = dict(self._first)
        self._states, self._here, self._gesture = list[Any](), 0, None  # of `remember`
        seen = [part["name"] for part in known.values() if part["kind"] in ("picture", "chart", "facts")]
        slots = sum(part.get("slots", 0) for part in pictures)
        self.add_traits(**{f"picture_{each}": traitlets.Dict().tag(sync=True) for each in seen})
        self.add_traits(**{f"film_{each}": traitlets.List().tag(sync=True) for each in range(slots)})
        plan = {
            "name": name,
            "pictures": [part["name"] for part in pictures],
            "groups": [[title, [part["name"] for part in group]] for title, group in groups.items()],
            "folds": dict(folds),
        }
        super().__init__(token=uuid4().hex, plan=plan, parts=known, values=dict(self._first))
        self.on_msg(self._asked)
        self.observe(self._heard, "values")

    def changed(self, name: str) -> None:
        """A hand moved a control: answer by `show` and `say`."""

    def pressed(self, name: str) -> None:
        """A hand pressed a button, or picked what was picked already; "reset", "undo" and "redo" are answered here."""
        if name == "reset":
            self.values = dict(self._first)
        elif name in ("undo", "redo"):
            self.restored(self._go_to(self._here + (1 if name == "redo" else -1)))

    def given(self, name: str, content: bytes) -> None:
        """A person gave a file by the `upload` of that name."""

    def restored(self, state: Any) -> None:
        """Show a state that `remember` or `go` was told of."""

    def idle(self) -> bool:
        """A piece of the work that `later` announced, a third of a second at most; gives whether there is more."""
        return False

    def later(self) -> None:
        """There is work to do when a browser shows this, and its hands are still: `idle` will be called."""
        self.asks += 1

    def go(self, state: Any, gesture: Any = None) -> None:
        """Come to a new state as `restored` does, and remember it."""
        self.restored(state)
        self.remember(state, gesture)

    def remember(self, state: Any, gesture: Any = None) -> None:
        """A state that "undo" comes back to; one of the same gesture, which is not None, replaces the one before."""
        if self._states[self._here : self._here + 1] != [state]:
            again = gesture is not None and gesture == self._gesture
            self._states = [*self._states[: self._here + (not again)], state][-MOST:]
            self._go_to(len(self._states) - 1, gesture)

    def _go_to(self, number: int, gesture: Any = None) -> Any:
        last = len(self._states) - 1
        self._here, self._gesture = min(max(0, number), last), gesture
        self.gray(undo=self._here == 0, redo=self._here == last)
        return self._states[self._here]

    def save_as(self, folder: Path, name: str, pixels: np.ndarray) -> Path:
        """Write a picture where the folder has its next number free, such as NAME001.png, and say where."""
        path = next_place(folder.absolute(), name).with_suffix(".png")
        save_picture(Image.fromarray(pixels), path)
        self.say(f"Saved as {path}")
        return path

    def put(self, **values: Any) -> None:
        """Set controls without an answer."""
        self._moved, before = False, self._moved
        try:
            self.values = {**self.values, **values}
        finally:
            self._moved = before

    def update(self, name: str, **properties: Any) -> None:
        """Change a part: disabled, hidden, label, selected, options, low, high."""
        if any(self.parts[name].get(each) != value for each, value in properties.items()):
            self.parts = {**self.parts, name: {**self.parts[name], **properties}}

    def gray(self, **off: bool) -> None:
        """Disable and enable parts, by name."""
        for name, disabled in off.items():
            self.update(name, disabled=disabled)

    def show(self, name: str, pixels: Layers, alt: str, over: np.ndarray | None = None) -> None:
        """Show a picture, uint8 (H, W, 3), or the layers of one by name, and what a handle lays over it."""
        layers = dict(pixels) if isinstance(pixels, Mapping) else {"": pixels}
        first = next(iter(layers.values()))
        self._pictures[name] = [(first, alt)]
        news: dict[str, Any] = {"layers": {key: address(each) for key, each in layers.items()}}
        if min(first.shape[:2]) < SMALL:
            news["smooth"] = {key: address(enlarged(each)) for key, each in layers.items()}
        news["over"] = "" if over is None else address(over)
        setattr(self, f"picture_{name}", {**news, "wide": first.shape[1], "high": first.shape[0]})
        self.say(alt, name)

    def play(self, name: str, address: str) -> None:
        """Show an animation in the place of a picture, until that is shown again."""
        setattr(self, f"picture_{name}", {**getattr(self, f"picture_{name}"), "layers": {"": address}, "smooth": None})

    def show_all(self, name: str, pictures: Sequence[np.ndarray | None], alts: Sequence[str]) -> None:
        """Show the pictures of a "pick", with an alt text each; None is an empty place."""
        self._pictures[name] = list(zip(pictures, alts))
        cells = [["" if each is None else address(each), shown(alt, LONGEST)] for each, alt in zip(pictures, alts)]
        high, wide = next((each.shape[:2] for each in pictures if each is not None), (1, 1))
        setattr(self, f"picture_{name}", {"grid": cells, "wide": wide, "high": high})

    def say(self, sentence: object, place: str = "caption") -> None:
        """Say something where there is place for words."""
        if self.words.get(place, "") != (said := shown(sentence, LONGEST)):
            self.words = {**self.words, place: said}

    def counted(self, title: str, things: Sequence[T]) -> Iterator[T]:
        """The things, one after the other, under a bar with a name, which vanishes with the last."""
        try:
            for number, thing in enumerate(things):
                self.progress = {"words": title, "part": number / len(things)}
                self.send_state("progress")  # now, and not when all is answered
                yield thing
        finally:
            self.progress = {}

    def seen(self) -> list[tuple[np.ndarray, str]]:
        """The pictures of the still: uint8 (H, W, 3), each with its alt text."""
        found = []
        for part in (self.parts[name] for name in self.plan["pictures"]):
            if part.get("hidden"):
                continue
            here = [(pixels, alt) for pixels, alt in self._pictures.get(part["name"], ()) if pixels is not None]
            if part.get("handle") == "pick" and here:  # one tidy picture of them
                here = [(grid([pixels for pixels, _ in here], part.get("columns", 8)), part["label"])]
            found += here
        return found

    def still(self) -> tuple[str, str]:
        """What is seen, as (HTML, plain text), for viewers without a kernel."""
        pictures, caption = self.seen(), self.words.get("caption", "")
        wide = [round(STILL * min(1, each.shape[1] / each.shape[0])) for each, _ in pictures]
        tags = "".join(image_tag(each, shown(alt, LONGEST), side) for (each, alt), side in zip(pictures, wide))
        text = ". ".join(filter(None, [*(shown(alt, LONGEST) for _, alt in pictures[:1]), caption]))
        markup = f'<div style="display:flex;flex-wrap:wrap;gap:8px">{tags}</div><p>{html.escape(caption)}</p>'
        return f'<div class="animelab-still animelab-still-{self.token}"><style>{ALONE}</style>{markup}</div>', text

    def _view(self) -> dict[str, Any]:
        return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}, **EMPTY}

    def _kept(self) -> dict[str, str]:
        return dict(zip(EMPTY, self.still()))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget and its still, of which a viewer shows the first it can."""
        return {**self._view(), **self._kept()}

    def _ipython_display_(self, **kwargs: Any) -> None:
        """Two outputs: the live widget, and its still, hidden while a live one is near."""
        display(self._view(), raw=True)
        self._handles.append(display(self._kept(), raw=True, display_id=uuid4().hex))

    def put_in(self, place: DisplayHandle, still: DisplayHandle) -> None:
        """Come where two outputs with a display_id are, one right below the other."""
        place.update(self._view(), raw=True)
        still.update(self._kept(), raw=True)
        self._handles.append(still)

    @traitlets.validate("values")
    def _checked(self, proposal: Any) -> dict[str, Any]:
        """Values as their parts allow: from a browser anything may come."""
        self._clean = {
            name: _allowed(self.parts[name], proposal["value"].get(name), old, len(self._pictures.get(name, ())))
            for name, old in self._clean.items()
        }
        return self._clean

    def _heard(self, change: Any) -> None:
        if self._moved:
            news = [name for name, value in change["new"].items() if value != change["old"].get(name)]
            with self.hold_sync():  # one message for all that is new
                for name in news:
                    self._answer(self.changed, name)
                self.answered += 1

    def _asked(self, _widget: Any, content: Any, buffers: Any) -> None:
        wish, name = content.get("do"), content.get("name")
        part = self.parts.get(name, {"disabled": True})
        with self.hold_sync():
            if wish == "press":  # of nothing, too: a front end asks whether anybody is here
                if not part.get("disabled"):
                    self._answer(self.pressed, name)
                self.answered += 1
            elif wish == "give" and part.get("kind") == "upload" and buffers:
                self._answer(self.given, name, bytes(buffers[0]))
                self.say(self.words.get("problem") or content.get("note", ""), "problem")
                self.answered += 1
            elif wish == "idle" and content.get("asks") == self.asks:
                self._answer(self._piece, problem=self.words.get("problem", ""))
            elif wish == "rest":
                for handle in self._handles:
                    handle.update(self._kept(), raw=True)

    def _piece(self) -> None:
        if self.idle():
            self.later()

    def _answer(self, hook: Callable[..., None], *given: Any, problem: str = "") -> None:
        try:
            hook(*given)
        except LabError as sentence:
            problem = str(sentence)
        except Exception as stopped:  # noqa: BLE001  a learner's function: nobody would see what it raises in a callback
            self.progress = {}
            problem = f"The model stopped: {type(stopped).__name__}: {reason(stopped)}"
        self.say(problem, "problem")


def _allowed(part: Part, value: Any, before: Any, count: int) -> Any:
    """The value as its part allows it, or the one before; count: of the pictures to pick from."""
    kind = part["kind"]
    if part.get("handle") in ("pick", "film"):
        return value if value is None or (type(value) is int and 0 <= value < count) else before
    if part.get("handle") == "pad":
        slots = [{**part, "kind": "slider", "handle": ""}] * 2
        right = isinstance(value, list) and len(value) == 2
        return [_allowed(slot, new, old, 0) for slot, new, old in zip(slots, value, before)] if right else before
    if kind == "slider":
        right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return min(max(value, part["low"]), part["high"]) if right else before
    if kind in ("choice", "swatches", "tools"):
        other = part.get("others") and isinstance(value, str) and re.fullmatch(COLOR, value)
        return value if other or value in list(part.get("colors") or part["options"]) else before
    if kind in ("toggle", "entry"):
        return value if type(value) is type(before) and len(str(value)) <= LONGEST else before
    return value  # of a handle: its widget looks at it


def address(pixels: np.ndarray) -> str:
    """As PNG where each pixel counts, and else as JPEG: 0.3 ms at 256 px where PNG takes 15."""
    return data_url(pixels) if pixels.size <= EXACT else data_url(pixels, "JPEG", quality=92, subsampling=0)


def enlarged(pixels: np.ndarray) -> np.ndarray:
    """By a whole number, to twice SMALL at most; a browser alone makes fog of so few pixels."""
    times = max(1, 2 * SMALL // max(pixels.shape[:2]))
    size = (times * pixels.shape[1], times * pixels.shape[0])
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
