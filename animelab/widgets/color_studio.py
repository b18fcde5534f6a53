"""Color a line drawing with dots of color, and move the light: two stages, side by side. Taught in 08_colorization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import torch
import traitlets
from PIL import Image
from torch.nn.functional import interpolate

from animelab import env, limits
from animelab.config import nearest
from animelab.errors import LabError
from animelab.nn import relight
from animelab.nn.colorization import PALETTE, SCHEMES, Colorist, palette, placed, stripes
from animelab.viz import as_pixels, image_tag
from animelab.widgets.picture import data_url, sent_drawing, sent_picture

SIDE = 256  # CSS pixels of the longer side of each picture
LARGEST = 9_500_000  # characters of a drawing from a browser: a server of Jupyter hangs up on more than 10 MB
LONGEST = 4096  # pixels of the longer side of a drawing from disk
SHOWN = 512  # of the longer side of what is shown while you work; Export is at the drawing's own size
FREE = "as it likes"  # the scheme without a palette
LENT = "from your picture"  # the scheme that a picture from disk lends
MOST_DOTS = 500
KINDS = ("draft", "final")
DOTS = [[x, y, str, str] for x in (int, float) for y in (int, float)]
INK = (29, 27, 34)
FINAL = ("colors", "light", "lines")  # layers, the lowest first
CSS = (Path(__file__).with_name("color_studio.css")).read_text(encoding="utf-8")


class ColorStudio(anywidget.AnyWidget):
    """Lines at the left, to put dots of color on; draft and final picture beside them, and a light to drag.

    colorist: both networks. drawings: line drawings (N, 3, H, W) in [-1, 1], any size; "Another drawing" goes through
    them, "Open" takes one from the learner's disk and brings its paper to white, "Borrow colors" takes a picture's
    palette as a scheme. size: the longer side that the networks see, the one they were trained at. schemes: {words:
    colors and shares}. folder: where Export puts its layers. Every control can be reached with the keyboard; on the
    canvas, arrow keys move a cursor, space puts a dot, Delete takes the nearest away. `.dots`, `.scheme` and `.light`
    can be set from Python; `.draft` and `.final` are what is shown, uint8 (H, W, 3), with sides of at most 512.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = CSS
    lines_url = traitlets.Unicode().tag(sync=True)
    draft_url = traitlets.Unicode().tag(sync=True)
    final_url = traitlets.Unicode().tag(sync=True)
    opened = traitlets.Unicode().tag(sync=True, echo_update=False)  # a drawing from the learner's disk
    lent = traitlets.Unicode().tag(sync=True, echo_update=False)  # a picture whose colors to borrow
    said = traitlets.Unicode().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    dots: Any = traitlets.List().tag(sync=True)  # [x, y, "#rrggbb", "draft" or "final"], x and y in [0, 1)
    scheme = traitlets.Unicode(FREE).tag(sync=True)
    light: Any = traitlets.List().tag(sync=True)  # [x, y, height] in pictures' sides, y down; empty: no light
    answers = traitlets.Int().tag(sync=True)  # counts up, so that an answer is always news

    def __init__(
        self,
        colorist: Colorist,
        drawings: Any,
        size: int = 128,
        schemes: Mapping[str, Sequence[tuple[str, float]]] = SCHEMES,
        folder: str | Path | None = None,
    ) -> None:
        if not hasattr(colorist, "eval"):
            raise LabError(
                f"A colorist of both networks is asked for, not a {type(colorist).__name__}; see zoo.colorist."
            )
        if not isinstance(schemes, Mapping):
            raise LabError(f"Schemes are {{words: colors and shares}}, not a {type(schemes).__name__}.")
        self.colorist, self.size = colorist.eval(), limits.whole("size", size, (16, limits.SETTINGS["size"][1]))
        self.palettes = {words: palette(stripes(colors)) for words, colors in schemes.items()}
        self.folder = Path(folder or env.runs_dir() / "colorings").absolute()
        self._drawings, self._shown = as_pixels(drawings), 0
        super().__init__(names=[FREE, *self.palettes])
        self.on_msg(self._asked)
        self._begin(self._drawings[0])
        self.observe(lambda _: self._answer(), ["dots", "scheme", "light"])
        self.observe(self._sent, ["opened", "lent"])

    @torch.no_grad()
    def render(
        self, lines: np.ndarray, dots: Sequence[Sequence[Any]], scheme: str, light: Sequence[float]
    ) -> dict[str, np.ndarray]:
        """The layers of a coloring, from the lowest to the highest: uint8 (H, W, 4) each, for any H and W.

        "draft" and "colors" are opaque; "light" darkens and brightens what lies below, "lines" is the ink alone. Raises
        LabError for dots, schemes and lights that cannot be.
        """
        self._check(dots, scheme, light)
        high, wide = lines.shape[:2]
        gray = Image.fromarray(lines).convert("L")
        scale = self.size / max(high, wide)
        paper = _as_lines(gray.resize([max(16, round(side * scale)) for side in (wide, high)], Image.Resampling.BOX))
        coarse, precise = (placed([dot for dot in dots if dot[3] == kind], paper) for kind in ("draft", "final"))
        precise = torch.where(precise[:, 3:] > 0, precise, coarse)  # the second stage hears all dots
        taste = self.palettes.get(scheme, torch.zeros(1, PALETTE))
        draft, colors = (
            interpolate(each, size=(high, wide), mode="bicubic", align_corners=False).clamp(-1, 1)
            for each in self.colorist(paper, coarse, precise, taste)
        )
        lamp = np.zeros((high, wide, 4), np.uint8)
        if light:
            seen = gray.copy()
            seen.thumbnail((SHOWN, SHOWN))  # the figure that is shown is the figure that is exported
            figure = interpolate(relight.silhouette(_as_lines(seen)).float(), size=(high, wide), mode="bilinear")
            cosines = relight.cosines(relight.normals(relight.by_outline(figure)), (light[0], light[1], light[2]))
            lamp = relight.light_layer(colors[0], cosines[0], figure[0, 0])
        black = np.concatenate([np.full((high, wide, 3), INK), 255 - np.array(gray)[..., None]], -1).astype(np.uint8)
        first, second = (np.array(Image.fromarray(as_pixels(each)[0]).convert("RGBA")) for each in (draft, colors))
        return {"draft": first, "colors": second, "light": lamp, "lines": black}

    def _check(self, dots: Sequence[Sequence[Any]], scheme: str, light: Sequence[float]) -> None:
        if len(dots) > MOST_DOTS:
            raise LabError(f"The desk holds up to {MOST_DOTS} dots, not {len(dots)}; erase some.")
        for dot in dots:
            if not isinstance(dot, (list, tuple)) or [type(each) for each in dot] not in DOTS or dot[3] not in KINDS:
                raise LabError(f"A dot is [x, y, '#rrggbb', 'draft' or 'final'], not {dot}.")
        if scheme not in (FREE, *self.palettes):
            raise LabError(f"There is no scheme '{scheme}': {nearest(scheme, (FREE, *self.palettes))}")
        if light and (
            {*map(type, light)} - {int, float} or not np.isfinite(light).all() or len(light) != 3 or light[2] <= 0
        ):
            raise LabError(f"A light is [x, y, height], the height above 0, or [] for none; not {light}.")

    def _begin(self, lines: np.ndarray) -> None:
        small = Image.fromarray(lines)
        small.thumbnail((SHOWN, SHOWN))
        self.lines, self._small = lines, np.asarray(small)
        self.lines_url = ""  # so that the same drawing counts as news
        self.lines_url = data_url(self._small)
        self.dots = []
        self._answer()

    @contextmanager
    def _saying(self) -> Iterator[None]:
        """Inside, what cannot be is said at the desk and not raised."""
        self.said = ""  # so that the same words, said again, are news
        try:
            yield
        except LabError as problem:
            self.said = str(problem)

    def _answer(self) -> None:
        with self._saying():
            found = self.render(self._small, self.dots, self.scheme, self.light)
            self.draft, self.final = (flattened(found, names) for names in (("draft", "lines"), FINAL))
            self.draft_url, self.final_url = data_url(self.draft), data_url(self.final)
        self.answers += 1

    def _asked(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("ask") == "another":
            self._shown = (self._shown + 1) % len(self._drawings)
            self._begin(self._drawings[self._shown])
        elif content.get("ask") == "export":
            with self._saying():
                self.said = f"Saved in {self.export()}"

    def _sent(self, change: dict[str, Any]) -> None:
        if change["new"]:
            setattr(self, change["name"], "")  # so that the same file, sent again, is news
            with self._saying():
                if change["name"] == "opened":
                    drawing, words = sent_drawing(change["new"], LONGEST, LARGEST)
                    self._begin(drawing)
                    self.said = self.said or words
                else:
                    self._borrow(sent_picture(change["new"], LONGEST, LARGEST))

    def _borrow(self, picture: np.ndarray) -> None:
        self.palettes[LENT] = palette(torch.tensor(picture).permute(2, 0, 1)[None] / 127.5 - 1)
        self.names = [FREE, *self.palettes]
        if self.scheme == LENT:  # a second picture's
            self._answer()
        self.scheme = LENT

    def export(self) -> Path:
        """Write each layer as a PNG with alpha, and the whole, into a new numbered folder, which is returned.

        All at the drawing's own size. Raises LabError where the folder cannot be written.
        """
        found = self.render(self.lines, self.dots, self.scheme, self.light)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = max((int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()), default=0) + 1
            folder = self.folder / f"{number:03}"
            folder.mkdir()
            for place, name in enumerate(FINAL, 1):
                Image.fromarray(found[name]).save(folder / f"{place}_{name}.png")
            Image.fromarray(flattened(found, FINAL)).save(folder / "final.png")
        except OSError as problem:
            raise LabError(f"{self.folder} cannot be written ({problem.strerror}); give another.") from problem
        return folder

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and a picture of its state for viewers without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        alt = f"A line drawing, its draft and its final coloring, with {len(self.dots)} dots of color."
        row = np.hstack([self._small, self.draft, self.final])
        return {**(data or {}), "text/html": image_tag(row, alt, 3 * SIDE), "text/plain": alt}


def _as_lines(gray: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(gray, np.float32))[None, None] / 127.5 - 1


def flattened(found: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Layers (H, W, 4), the lowest first, laid over each other: uint8 (H, W, 3)."""
    layers = (Image.fromarray(found[name]) for name in names)
    return np.asarray(reduce(Image.alpha_composite, layers).convert("RGB"))
