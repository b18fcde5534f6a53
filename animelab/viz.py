"""Pictures for notebooks: grids, comparisons and loss curves, each one a Figure with alt text. Used in every lesson."""

from __future__ import annotations

import base64
import html
import io
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from animelab import limits
from animelab.errors import LONGEST, LabError, shown
from animelab.files import save_picture

INK = "#444444"  # of words and axes; in a notebook the color of its text, be that dark or light
# Okabe and Ito's palette, told apart by every kind of color vision; its yellow is too pale for a line on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)
LARGEST = 3 * 10**8  # bytes of a grid
GUTTER = 2  # white pixels between pictures
LETTERS = 14  # pixels, the height of the names of rows
NAME = "display:inline-block;vertical-align:bottom;box-sizing:border-box;padding-right:4px;overflow-wrap:anywhere"
LINE: dict[str, Any] = {"linewidth": 1.7, "markersize": 4.5, "solid_capstyle": "round"}
Enlarge = Callable[[np.ndarray], np.ndarray] | None
ENLARGED = "Enlarged by a network."
MEASUREMENTS = ("step", "seconds", "images_per_second")  # columns of a training log that are not losses
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it warns of the cache it makes on its first day


class Figure:
    """A picture that a notebook shows with its alt text, and the caption below.

    image: uint8 (H, W, 3) RGB, or (H, W, 4) where a page is to show through; alt: what a sighted reader learns from it,
    in words; width: shown width in CSS pixels, the picture's own by default; markup: HTML to show in its place.
    """

    def __init__(self, image: np.ndarray, alt: str, caption: str = "", width: int = 0, markup: str = "") -> None:
        self.image, self.alt, self.caption, self.width = image[..., :3], alt, caption, width or image.shape[1]
        self.markup, self._pixels = markup, image

    def save(self, path: str | Path) -> None:
        """Write the picture to `path`; the ending (.png, .jpg, .webp) decides the format."""
        save_picture(Image.fromarray(self.image), Path(path))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        markup = self.markup or image_tag(self._pixels, self.alt, self.width)
        if self.caption:
            markup += f'<div style="margin-top:6px;font-size:0.92em;opacity:0.8">{html.escape(self.caption)}</div>'
        return {"text/html": f'<div style="margin:4px 0 10px">{markup}</div>', "text/plain": shown(self.alt, LONGEST)}


def image_tag(image: np.ndarray, alt: str, width: int, kind: str = "png", **options: Any) -> str:
    """An HTML <img> that carries its picture, uint8 (H, W, 3 or 4), inside itself, so that a notebook stays one file.

    width: in CSS pixels; kind and options: as in Pillow's `Image.save`.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    shape = f"max-width:100%;aspect-ratio:{image.shape[1]}/{image.shape[0]};height:auto;display:block"
    data = base64.b64encode(buffer.getvalue()).decode()
    # decoding="sync" keeps the old picture until the new one is ready, where a widget puts one after the other.
    attributes = f'alt="{html.escape(alt)}" width="{width}" style="{shape}" decoding="sync"'
    return f'<img {attributes} src="data:image/{kind};base64,{data}">'


def grid(images: Any, columns: int = 8, scale: int = 1, enlarge: Enlarge = None) -> np.ndarray:
    """Pictures side by side with thin white gutters, row by row: uint8 (H, W, 3) RGB.

    images: tensor or array (B, 3, H, W) in [-1, 1] (values a little outside are clipped; one channel is shown as gray),
    uint8 array (B, H, W, 3), or a list of uint8 (H, W, 3) arrays of one size. enlarge: what makes uint8 (B, H, W, 3)
    larger where scale is above 1, such as `widgets.enlarged`, before they are brought to that size. Raises LabError for
    anything else.
    """
    return _sheet(images, columns, scale, enlarge)[..., :3]


def _sheet(images: Any, columns: int, scale: int, enlarge: Enlarge = None) -> np.ndarray:
    """`grid` with a fourth channel, 255 on pictures and 0 between them, where a notebook shows through."""
    columns, scale = limits.whole("columns", columns, limits.COUNT), limits.whole("scale", scale, (1, limits.PIXELS[1]))
    tiles = as_pixels(images)
    if tiles.size * scale**2 > LARGEST:
        raise LabError(f"{len(tiles):,} pictures at scale {scale:,} are too much for one grid; show fewer, or smaller.")
    if scale > 1:
        # Smoothly, or from 5 times on as plain squares: then the pixels are the point.
        method = Image.Resampling.LANCZOS if scale <= 4 or enlarge else Image.Resampling.NEAREST
        size, tiles = (tiles.shape[2] * scale, tiles.shape[1] * scale), enlarge(tiles) if enlarge else tiles
        tiles = np.stack([np.asarray(Image.fromarray(tile).resize(size, method)) for tile in tiles])
    count, height, width, _ = tiles.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GUTTER) - GUTTER, columns * (width + GUTTER) - GUTTER, 4), 255, np.uint8)
    sheet[..., 3] = 0
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + GUTTER), index % columns * (width + GUTTER)
        sheet[top : top + height, left : left + width] = np.dstack([tile, np.full((height, width), 255, np.uint8)])
    return sheet


def heat_colors(maps: Any, size: tuple[int, int]) -> np.ndarray:
    """Maps (N, h, w), each from its least (dark) to its most (bright), as colors: uint8 (N, H, W, 3), (H, W) = size.

    The colors are cividis, which every kind of color vision reads as one scale.
    """
    from matplotlib import colormaps

    pictures, sides = [], size if isinstance(size, tuple) else (size,)
    high, wide = (limits.whole("size", side, (1, limits.PIXELS[1])) for side in (*sides, sides[-1])[:2])
    for heat in limits.numbers("maps", maps, None, None, None).detach().float().cpu().numpy():
        values = np.asarray(Image.fromarray(heat).resize((wide, high), Image.Resampling.BICUBIC))
        pictures.append(colormaps["cividis"]((values - values.min()) / (np.ptp(values) + 1e-9))[..., :3])
    return (np.stack(pictures) * 255).round().astype(np.uint8)


def show(
    images: Any, columns: int = 8, scale: int = 2, caption: str = "", alt: str = "", enlarge: Enlarge = None
) -> Figure:
    """A grid as a Figure; `images` and `enlarge` as in `grid`; the caption tells. Say in `alt` what there is to see."""
    caption = f"{caption} {ENLARGED}".strip() if enlarge else caption
    words = f"{(count := len(as_pixels(images)))} picture{'s' * (count > 1)} in a grid."
    return Figure(_sheet(images, columns, scale, enlarge), alt or caption or words, caption)


def compare(rows: Mapping[Any, Any], columns: int = 8, scale: int = 2, caption: str = "", alt: str = "") -> Figure:
    """Several grids below each other, each under its name: runs, settings or moments side by side.

    rows: {name: images as in `grid`}, or {(name, name, ...): images} with a name for each picture of the first row.
    """
    from matplotlib import get_data_path

    if not isinstance(rows, Mapping) or not rows:
        raise LabError("There is nothing to compare: pass {name: images} with at least one row.")
    font = ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", LETTERS)
    sheets = {name: _sheet(images, columns, scale) for name, images in rows.items()}
    names = {name: tuple(map(shown, name if name and isinstance(name, tuple) else (name,))) for name in rows}
    width = max(max(sheet.shape[1], int(font.getlength(names[name][-1])) + 2) for name, sheet in sheets.items())
    told = f"Rows of pictures to compare, from top to bottom: {'; '.join(map(', '.join, names.values()))}."
    strips: list[np.ndarray] = []
    markup, alt = "", alt or caption or told
    for name, sheet in sheets.items():
        label = Image.new("RGB", (width, round(2.7 * LETTERS) if strips else round(1.7 * LETTERS)), "white")
        part = 1 / min(columns, len(as_pixels(rows[name]))) if len(names[name]) > 1 else 1.0
        markup += f'<div style="max-width:{sheet.shape[1] if part < 1 else width}px;margin-bottom:12px">'
        for place, each in enumerate(names[name]):
            left = (sheet.shape[1] + GUTTER) * part * place, label.height - 0.85 * LETTERS
            ImageDraw.Draw(label).text(left, each, fill=INK, font=font, anchor="lm")
            markup += f'<div style="width:{100 * part:.3f}%;{NAME}">{html.escape(each)}</div>'
        markup += image_tag(sheet, "" if strips else alt, sheet.shape[1]) + "</div>"
        room = ((0, 0), (0, width - sheet.shape[1]), (0, 0))
        strips += [np.asarray(label), np.pad(sheet[..., :3], room, constant_values=255)]
    return Figure(np.concatenate(strips), alt, caption, markup=markup)


def curves(
    losses: Mapping[str, tuple[Sequence[float], Sequence[float]]] | Sequence[Mapping[str, Any]],
    caption: str = "",
    alt: str = "",
    xlabel: str = "step",
    ylabel: str = "loss",
    smoothing: float = 0.02,
) -> Figure:
    """Curves over training: smoothed lines, the raw values faint behind them, each named at its end.

    losses: {name: (steps, values)}, or the rows of a training log, where every number other than step, seconds and
    images_per_second is drawn. smoothing: width of the moving average as a part of the curve, 0 for none. Values that
    are not finite leave a gap. Raises LabError when there is nothing to draw or the lengths differ.
    """
    # Imported here, because the recipes need `grid` and the command line should start fast.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas
    from matplotlib.ticker import EngFormatter, MaxNLocator

    series, smoothing = _series(losses), limits.number("smoothing", smoothing, (0.0, 1.0))
    smooth = {name: _smooth(values, smoothing) for name, (_, values) in series.items()}
    ends = {name: values[np.isfinite(values)][-1] for name, values in smooth.items()}
    labels = {name: f"{shown(name, 40)}  {end:#.3g}" for name, end in ends.items()}
    raw = np.concatenate([values for _, values in series.values()])
    drawn = np.concatenate([*smooth.values(), np.nanpercentile(raw, [0.5, 99.5])])  # the raw ones but for rare spikes
    margin = 0.04 * np.ptp(drawn[~np.isnan(drawn)]) or 0.5
    bottom, top = np.nanmin(drawn) - margin, np.nanmax(drawn) + margin
    room = min(0.4, 0.03 + 0.0115 * max(map(len, labels.values())))  # for the names at the right
    canvas = FigureCanvasAgg(Canvas(figsize=(7.2, 3.1), dpi=200, facecolor="white"))
    axes = canvas.figure.add_axes((0.075, 0.15, 0.925 - room, 0.74), ylim=(bottom, top))
    axes.margins(x=0)
    below = np.inf
    for name, color in sorted(zip(series, cycle(COLORS)), key=lambda pair: -ends[pair[0]]):
        axes.plot(*series[name], color=color, linewidth=0.7, alpha=0.3)
        gap = np.pad(np.isnan(smooth[name]), 1, constant_values=True)
        alone = np.flatnonzero(gap[:-2] & ~gap[1:-1] & gap[2:])  # a line of one point would be nothing
        axes.plot(series[name][0], smooth[name], "o-", color=color, markevery=alone, clip_on=False, **LINE)
        below = min((ends[name] - bottom) / (top - bottom), below - 0.09)  # names never overlap
        place: Any = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([1.015, 1.035], [below, below], color=color, **LINE | place)
        axes.text(1.05, below, labels[name], color=INK, fontsize=9.5, va="center", parse_math=False, **place)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set(color=INK, alpha=0.4)
    axes.grid(axis="y", color=INK, alpha=0.15, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=8.5, length=0, pad=5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    if max(map(abs, axes.get_xlim())) >= 1000:  # 20k steps, but no m for thousandths
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel(xlabel, color=INK, fontsize=9, loc="right", labelpad=2)
    axes.text(0, 1.05, ylabel, color=INK, fontsize=9, transform=axes.transAxes)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())[..., :3]
    told = [_words(name, steps, smooth[name], xlabel) for name, (steps, _) in series.items()]
    alt = alt or f"Line chart of {ylabel} by {xlabel}. {' '.join(told)}"
    width = image.shape[1] // 2
    return Figure(image, alt, caption, width, _drawing(canvas.figure, alt, width, image_tag(image, alt, width)))


def _drawing(canvas: Any, alt: str, width: int, instead: str) -> str:
    """A Matplotlib figure as SVG in the color of the text around it, dark or light, and on the same ground.

    instead: HTML that is seen where SVG is taken out, as Jupyter does in a notebook of somebody else.
    """
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", transparent=True)
    drawing = re.sub(r"<(metadata|style).*?</\1>", "", buffer.getvalue(), flags=re.DOTALL).partition("<svg ")[2]
    size, shape = re.findall('viewBox="[^"]*"', drawing)[0], f"width:100%;max-width:{width}px;display:block"
    start = f'<svg {size} role="img" aria-label="{html.escape(alt)}" style="{shape};stroke-linejoin:round">'
    inside = drawing.partition(">")[2].replace(INK, "currentColor")
    return f'{start}<foreignObject width="0" height="0">{instead}</foreignObject>{inside}'


def _words(name: str, steps: np.ndarray, values: np.ndarray, xlabel: str) -> str:
    """A curve in words: where it starts, ends and is lowest."""
    known = np.flatnonzero(~np.isnan(values))
    places = (known[0], known[-1], np.nanargmin(values))
    first, last, least = (f"{values[i]:.3g} ({xlabel} {steps[i]:,})" for i in places)
    gaps = f", with {len(values) - len(known)} values that are not finite" if len(known) < len(values) else ""
    return f"{name} starts at {first}, ends at {last}, is lowest with {least}{gaps}."


def as_pixels(images: Any) -> np.ndarray:
    """Any pictures that `grid` accepts, one included, as uint8 (B, H, W, 3) RGB."""
    if isinstance(images, list | tuple):
        parts = [as_pixels(image) for image in images]
        shapes = sorted({part.shape[1:3] for part in parts})
        if len(shapes) != 1:
            raise LabError(f"A list of pictures of one size is needed; it is empty, or has different sizes: {shapes}.")
        return np.concatenate(parts)
    array = np.asarray(images.detach().float().cpu() if hasattr(images, "detach") else images)
    array = array[None] if array.ndim == 3 else array
    if array.ndim != 4 or array.size == 0:
        raise LabError(f"Pictures have the shape (B, 3, H, W), not {array.shape}; is the network's output a picture?")
    if array.dtype == np.uint8 and array.shape[-1] == 3:
        return array
    if array.dtype == np.uint8 or array.shape[1] not in (1, 3):
        wanted = "(B, H, W, 3) for uint8 pictures" if array.dtype == np.uint8 else "(B, 3, H, W) for float pictures"
        raise LabError(f"The shape should be {wanted}, not {array.shape}; move the axis of the colors.")
    if not np.isfinite(array).all():
        raise LabError("Some pixels are NaN or infinite: the network diverged; go back to an earlier checkpoint.")
    if np.abs(array).max() > 10:  # a generator without tanh may leave [-1, 1] a little; 0 to 255 is another convention
        raise LabError(f"Values go to {array.max():.3g}, but pictures lie in [-1, 1]: for 0 to 255, x / 127.5 - 1.")
    pixels = ((array.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8).transpose(0, 2, 3, 1)
    return np.broadcast_to(pixels, (*pixels.shape[:3], 3))


def _series(losses: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both forms that `curves` takes, as {name: (steps, values)}; what is not finite is NaN."""
    if not isinstance(losses, Mapping):
        losses = [losses] if not isinstance(losses, Sequence) else losses
        if not all(isinstance(row, Mapping) and "step" in row for row in losses):
            raise LabError("Curves are drawn of {name: (steps, values)}, or of the rows of a log, each with its step.")
        names = dict.fromkeys(name for row in losses for name in row if name not in MEASUREMENTS)
        pairs = {name: [(row["step"], row[name]) for row in losses if name in row] for name in names}
        losses = {name: tuple(zip(*points, strict=True)) for name, points in pairs.items()}
    series = {}
    for name, pair in losses.items():
        try:
            steps, values = (np.asarray(each, kind).reshape(len(each)) for each, kind in zip(pair, (None, float)))
            np.isfinite(steps)
        except (TypeError, ValueError, RuntimeError) as problem:
            raise LabError(f"'{name}' should be two rows of numbers, its steps and its values.") from problem
        if len(steps) != len(values):
            raise LabError(f"'{name}' has {len(steps)} steps but {len(values)} values; it needs one for each.")
        known = np.where(np.isfinite(values), values, np.nan)
        if not np.isnan(known).all():
            series[name] = (steps, known)
    if not series:
        raise LabError("There are no losses to draw yet: train at least one step, or check that the log has rows.")
    return series


def _smooth(values: np.ndarray, part: float) -> np.ndarray:
    """A centered Gaussian average that does not sag at the ends and leaves gaps where values are NaN."""
    width = part * len(values)
    if width < 1:
        return values
    offsets = np.arange(-int(3 * width), int(3 * width) + 1)
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    known = ~np.isnan(values)
    total, weight = (
        np.convolve(x, kernel)[len(offsets) // 2 :][: len(values)] for x in (np.nan_to_num(values), known * 1.0)
    )
    return np.where(known, total / np.maximum(weight, 1e-12), np.nan)
