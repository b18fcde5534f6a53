"""Color a line drawing with dots of color, and move the light: two stages, one desk. Taught in 08_colorization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch.nn.functional import interpolate

from animelab import env, limits
from animelab.config import nearest
from animelab.data.pictures import as_tensor
from animelab.errors import LabError
from animelab.files import save_picture
from animelab.nn import relight
from animelab.nn.colorization import PALETTE, SCHEMES, Colorist, agreed, beside_lines, palette, placed, stripes
from animelab.viz import as_pixels
from animelab.widgets.picture import next_place, sent_drawing, sent_picture, within
from animelab.widgets.stage import Stage, button, choice, file, past, picture, slider, swatches, toggle, tools, value_of

Dots = Sequence[Sequence[Any]]  # [x, y, "#rrggbb", "draft" or "final"] each, x and y in [0, 1)
LONGEST = 4096  # pixels of the longer side of a drawing from disk
SHOWN = 512  # of the longer side of what is shown while you work; Export is at the drawing's own size
FREE = "as it likes"  # the scheme without a palette
LENT = "from your picture"  # the scheme that a picture from disk lends
MOST_DOTS = 500
KINDS = {"Draft dot": "draft", "Final dot": "final"}
TOOLS = {"Draft dot": "dot", "Final dot": "final", "Erase": "erase"}
DOTS = [[x, y, str, str] for x in (int, float) for y in (int, float)]
HEIGHTS = (0.05, 2.0)  # of the lamp, in pictures' sides
INK = (29, 27, 34)
FINAL = ("colors", "light", "lines")  # layers, the lowest first
SWATCHES = {
    "red": "#d1495b", "skin": "#f3d9c4", "dark brown": "#3b2f2f", "blonde": "#e8c04a", "purple": "#8f6ac8",
    "blue": "#3d7dca", "green": "#3f9f7f", "off-white": "#f5f2ea",
}  # fmt: skip
HINT = "Put dots of color at the left. Drag a dot, click it to color it anew, drag it off to remove it."
STATE = ("lines", "scheme", "lit", "result", "height")  # what undo brings back


class ColorStudio(Stage):
    """Lines at the left, to put dots of color on; the colored picture at the right, and a light to drag over it.

    colorist: both networks. drawings: line drawings (N, 3, H, W) in [-1, 1], any size; "Another drawing" goes through
    them, "Open" takes one from the learner's disk and brings its paper to white, "Borrow colors" takes a picture's
    palette as a scheme. size: the longer side that the networks see, the one they were trained at. schemes: {words:
    colors and shares}. folder: where Export puts its layers. A dot is dragged to another place, takes the chosen color
    by a click, and is taken away by the eraser or dragged off the picture. `.dots`, `.scheme` and `.light` can be set
    from Python; `.draft` and `.final` are what is shown, uint8 (H, W, 3), with sides of at most 512.
    """

    scheme = value_of("scheme")
    dots = value_of("lines", on_picture=True)

    def __init__(
        self,
        colorist: Colorist,
        drawings: Any,
        size: int = 128,
        schemes: Mapping[str, Sequence[tuple[str, float]]] = SCHEMES,
        folder: str | Path | None = None,
    ) -> None:
        if not hasattr(colorist, "eval"):
            raise LabError(f"A colorist of both networks is needed, not a {type(colorist).__name__}; see zoo.colorist.")
        if not isinstance(schemes, Mapping):
            raise LabError(f"Schemes are {{words: colors and shares}}, not a {type(schemes).__name__}.")
        self.colorist, self.size = colorist.eval(), limits.whole("size", size, (16, limits.SETTINGS["size"][1]))
        self.palettes = {words: palette(stripes(colors)) for words, colors in schemes.items()}
        self.folder = Path(folder or env.runs_dir() / "colorings").absolute()
        self._drawings, self._shown = as_pixels(drawings), 0
        brush = {"value": [0, []], "tool": "tool", "color": "color", "kinds": KINDS}
        lamp = {"value": [0, [[0.2, 0.2]]], "points": ["The lamp"], "look": "sun", "layer": "view", "off": True}
        pictures = [picture("lines", "Lines, with your dots", "dots", **brush)]
        pictures += [picture("result", "Final", "points", **lamp)]
        dots = [tools("tool", "Tool", TOOLS), swatches("color", "Color", SWATCHES, others=True)]
        look = [choice("scheme", "Scheme", [FREE, *self.palettes]), choice("view", "At the right", ["final", "draft"])]
        look += [toggle("lit", "Light"), slider("height", "Height of the lamp", 50, 5, 200, 5, "%")]
        files = [*past(), file("open", "Open", "open", "A line drawing from your disk")]
        files += [button("another", "Another drawing", "next")]
        files += [file("lent", "Borrow colors", "colors", "A picture from your disk whose colors to borrow")]
        files += [button("export", "Export", "save")]
        super().__init__("colors", pictures, {"Dots": dots, "Colors and light": look, "Drawing": files})
        self._begin(self._drawings[0])

    @property
    def light(self) -> list[float]:
        """[x, y, height] in pictures' sides, y down; empty: no light."""
        return [*self.values["result"][1][0], self.values["height"] / 100] if self.values["lit"] else []

    @light.setter
    def light(self, light: Sequence[float]) -> None:
        self._check([], FREE, light)
        placed = {"result": [0, [list(light[:2])]], "height": 100 * light[2]} if light else {}
        self.put(lit=bool(light), **placed)
        self.changed("lit")

    @torch.no_grad()
    def render(self, lines: np.ndarray, dots: Dots, scheme: str, light: Sequence[float]) -> dict[str, np.ndarray]:
        """The layers of a coloring, from the lowest to the highest: uint8 (H, W, 4) each, for any H and W.

        "draft" and "colors" are opaque; "light" darkens and brightens what lies below, "lines" is the ink alone. Raises
        LabError for dots, schemes and lights that cannot be.
        """
        self._check(dots, scheme, light)
        high, wide = lines.shape[:2]
        gray = Image.fromarray(lines).convert("L")
        scale = self.size / max(high, wide)
        small = gray.resize([max(16, round(side * scale)) for side in (wide, high)], Image.Resampling.BOX)
        paper = as_tensor(np.array(small)[None])
        meant = beside_lines(dots, paper)
        coarse, precise = (placed([dot for dot in meant if dot[3] == kind], paper, 2) for kind in ("draft", "final"))
        precise = torch.where(precise[:, 3:] > 0, precise, coarse)  # the second stage hears all dots
        taste = agreed(self.colorist, paper, coarse, self.palettes.get(scheme, torch.zeros(1, PALETTE)))
        stages = self.colorist(paper, coarse, precise, taste)
        draft, colors = (interpolate(each, (high, wide), mode="bicubic").clamp(-1, 1) for each in stages)
        lamp = np.zeros((high, wide, 4), np.uint8)
        if light:
            seen = within(np.array(gray), SHOWN)  # the figure that is shown is the figure that is exported
            figure = interpolate(relight.silhouette(as_tensor(seen[None])).float(), size=(high, wide), mode="bilinear")
            cosines = relight.cosines(relight.normals(relight.by_outline(figure)), (light[0], light[1], light[2]))
            lamp = relight.light_layer(colors[0], cosines[0], figure[0, 0])
        black = np.concatenate([np.full((high, wide, 3), INK), 255 - np.array(gray)[..., None]], -1).astype(np.uint8)
        first, second = (np.array(Image.fromarray(as_pixels(each)[0]).convert("RGBA")) for each in (draft, colors))
        return {"draft": first, "colors": second, "light": lamp, "lines": black}

    def _check(self, dots: Dots, scheme: str, light: Sequence[float]) -> None:
        if len(dots) > MOST_DOTS:
            raise LabError(f"The desk holds up to {MOST_DOTS} dots, not {len(dots)}; erase some.")
        for dot in dots:
            right = isinstance(dot, list | tuple) and [type(each) for each in dot] in DOTS
            if not right or dot[3] not in KINDS.values():
                raise LabError(f"A dot is [x, y, '#rrggbb', 'draft' or 'final'], not {dot}.")
        if scheme not in (FREE, *self.palettes):
            raise LabError(f"There is no scheme '{scheme}': {nearest(scheme, (FREE, *self.palettes))}")
        numbers = {*map(type, light)} <= {int, float} and np.isfinite(light).all()
        if light and not (numbers and len(light) == 3 and HEIGHTS[0] <= light[2] <= HEIGHTS[1]):
            raise LabError(f"A light is [x, y, height], the height from 0.05 to 2, or [] for none; not {light}.")

    def changed(self, name: str) -> None:
        if name in ("tool", "color"):  # who takes a color wants to use it
            if name == "color" and self.values["tool"] not in KINDS:
                self.put(tool=next(iter(KINDS)))
            return
        view, lit = self.values["view"], self.values["lit"]
        drag = lit and view == "final"
        self.gray(height=not lit)
        self.update("result", off=not drag, label="Final: drag to move the light" if drag else view.capitalize())
        self.say(HINT)
        if name in STATE:
            found = self.render(self._small, self.dots, self.scheme, self.light)
            self.draft, self.final = (flattened(found, names) for names in (("draft", "lines"), FINAL))
            layers = {"final": self.final, "draft": self.draft}
            self.show("result", layers, "The colors that the networks gave the drawing.")
            gesture = self.values[name][0] if name in ("lines", "result") else name == "height"
            self.remember({each: self.values[each] for each in STATE}, (name, gesture) if gesture else None)

    def pressed(self, name: str) -> None:
        if name == "reset":
            self.restored({each: self._first[each] for each in STATE})
        elif name == "another":
            self._shown = (self._shown + 1) % len(self._drawings)
            self._begin(self._drawings[self._shown])
        elif name == "export":
            self.say(f"Saved in {self.export()}")
        else:
            super().pressed(name)

    def restored(self, state: Any) -> None:
        self.put(**state)
        self.changed("lines")

    def given(self, name: str, content: bytes) -> None:
        if name == "open":
            drawing, words = sent_drawing(content, LONGEST)
            self._begin(drawing, words)
        else:
            self.palettes[LENT] = palette(as_tensor(sent_picture(content, LONGEST)[None]))
            self.update("scheme", options=[FREE, *self.palettes])
            self.put(scheme=LENT)
            self.changed("scheme")

    def _begin(self, lines: np.ndarray, words: str = "") -> None:
        self.lines, self._small, self._states = lines, within(lines, SHOWN), []
        self.put(lines=[0, []])
        self.show("lines", self._small, "A line drawing.")
        self.changed("lines")
        self.say(words or HINT)

    def export(self) -> Path:
        """Write each layer as a PNG with alpha, and the whole, into a new numbered folder, which is returned.

        All at the drawing's own size. Raises LabError where the folder cannot be written.
        """
        found = self.render(self.lines, self.dots, self.scheme, self.light)
        folder = next_place(self.folder)
        for place, name in enumerate(FINAL, 1):
            save_picture(Image.fromarray(found[name]), folder / f"{place}_{name}.png")
        save_picture(Image.fromarray(flattened(found, FINAL)), folder / "final.png")
        return folder

    def seen(self) -> list[tuple[np.ndarray, str]]:
        """The drawing with its dots, the draft, and the final picture."""
        lines = Image.fromarray(self._small)
        pen, (wide, high) = ImageDraw.Draw(lines), lines.size
        for x, y, color, _ in self.dots if len(self.dots) <= MOST_DOTS else []:
            pen.circle((x * wide, y * high), max(3, wide // 50), color, "white")
        alts = (f"A line drawing with {len(self.dots)} dots of color", "Its draft", "Its final coloring")
        return list(zip((np.asarray(lines), self.draft, self.final), alts))


def flattened(found: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Layers (H, W, 4), the lowest first, laid over each other: uint8 (H, W, 3)."""
    layers = (Image.fromarray(found[name]) for name in names)
    return np.asarray(reduce(Image.alpha_composite, layers).convert("RGB"))
