"""Pictures for notebooks: grids, comparisons and loss curves, each one a Figure with alt text. Used in every lesson."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from animelab.errors import LabError

# Okabe and Ito's palette, told apart by every kind of color vision; its yellow is too pale for a line on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GUTTER = 2  # white pixels between pictures
INK, FAINT = "#444444", "#E4E4E4"
MEASUREMENTS = ("step", "seconds", "images_per_second")  # columns of a training log that are not losses


class Figure:
    """A picture that a notebook shows with its alt text, and the caption below.

    image: uint8 (H, W, 3) RGB; alt: what a sighted reader learns from it, in words; width: shown width in CSS pixels,
    the picture's own by default.
    """

    def __init__(self, image: np.ndarray, alt: str, caption: str = "", width: int | None = None) -> None:
        self.image, self.alt, self.caption, self.width = image, alt, caption, width or image.shape[1]

    def png(self) -> bytes:
        """The picture as a PNG file."""
        buffer = io.BytesIO()
        Image.fromarray(self.image).save(buffer, "png")
        return buffer.getvalue()

    def save(self, path: str | Path) -> None:
        """Write the picture to `path`; the ending (.png, .jpg, .webp) decides the format."""
        Image.fromarray(self.image).save(path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        style = "max-width:100%;height:auto;image-rendering:auto"
        markup = image_tag(self.png(), "image/png", self.alt, self.width, style)
        if self.caption:
            markup += f'<div style="margin-top:6px;font-size:0.92em;opacity:0.8">{html.escape(self.caption)}</div>'
        return {"text/html": f'<div style="margin:4px 0 10px">{markup}</div>', "text/plain": self.alt}


def image_tag(data: bytes, mime: str, alt: str, width: int, style: str = "max-width:100%") -> str:
    """An HTML <img> that carries its picture inside itself, so that a notebook stays one file."""
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    return f'<img alt="{html.escape(alt)}" width="{width}" style="{style}" src="{source}">'


def grid(images: Any, columns: int = 8, scale: int = 1) -> np.ndarray:
    """Pictures side by side with thin white gutters, row by row: uint8 (H, W, 3) RGB.

    images: tensor or array (B, 3, H, W) in [-1, 1] (values a little outside are clipped; one channel is shown as gray),
    uint8 array (B, H, W, 3), or a list of uint8 (H, W, 3) arrays of one size. Raises LabError for anything else.
    """
    if columns < 1 or scale < 1:
        raise LabError(f"A grid needs at least 1 column and scale 1, not columns={columns} and scale={scale}.")
    tiles = np.stack([enlarge(picture, scale) for picture in as_pixels(images)])
    count, height, width, _ = tiles.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GUTTER) - GUTTER, columns * (width + GUTTER) - GUTTER, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + GUTTER), index % columns * (width + GUTTER)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def show(images: Any, columns: int = 8, scale: int = 2, caption: str = "", alt: str = "") -> Figure:
    """A grid as a Figure; `images` as in `grid`. Say in `alt` what there is to see."""
    count = len(as_pixels(images))
    noun = "picture" if count == 1 else "pictures"
    return Figure(grid(images, columns, scale), alt or caption or f"{count} {noun} in a grid.", caption)


def compare(
    rows: Mapping[str, Any], columns: int = 8, scale: int = 2, caption: str = "", alt: str = "", size: int = 14
) -> Figure:
    """Several grids below each other, each under its name: runs, settings or moments side by side.

    rows: {name: images as in `grid`}; size: height of the names in pixels.
    """
    from matplotlib import get_data_path

    if not rows:
        raise LabError("There is nothing to compare: pass {name: images} with at least one row.")
    font = ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)
    sheets = {name: grid(images, columns, scale) for name, images in rows.items()}
    label, gap = round(1.7 * size), size
    width = max(*(sheet.shape[1] for sheet in sheets.values()), *(int(font.getlength(name)) + 2 for name in sheets))
    height = sum(label + sheet.shape[0] + gap for sheet in sheets.values()) - gap
    canvas = Image.new("RGB", (width, height), "white")
    pen, top = ImageDraw.Draw(canvas), 0
    for name, sheet in sheets.items():
        pen.text((0, top + label / 2), name, fill=INK, font=font, anchor="lm")
        canvas.paste(Image.fromarray(sheet), (0, top + label))
        top += label + sheet.shape[0] + gap
    alt = alt or caption or f"Rows of pictures to compare, from top to bottom: {'; '.join(rows)}."
    return Figure(np.asarray(canvas), alt, caption)


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

    series = _series(losses)
    smooth = {name: (steps, _smooth(values, smoothing)) for name, (steps, values) in series.items()}
    labels = {name: f"{name}  {_last(values):#.3g}" for name, (_, values) in smooth.items()}
    bottom, top = _limits(
        np.concatenate([v for _, v in series.values()]), np.concatenate([v for _, v in smooth.values()])
    )
    canvas = Canvas(figsize=(7.2, 3.1), dpi=200, facecolor="white")
    FigureCanvasAgg(canvas)
    room = min(0.4, 0.03 + 0.0115 * max(map(len, labels.values())))  # for the names at the right
    axes = canvas.add_axes((0.075, 0.15, 0.925 - room, 0.74), ylim=(bottom, top))
    axes.margins(x=0)
    below = np.inf
    for name, color in sorted(zip(series, cycle(COLORS), strict=False), key=lambda pair: -_last(smooth[pair[0]][1])):
        axes.plot(*series[name], color=color, linewidth=0.7, alpha=0.25)
        axes.plot(*smooth[name], color=color, linewidth=1.7, solid_capstyle="round", solid_joinstyle="round")
        below = min((_last(smooth[name][1]) - bottom) / (top - bottom), below - 0.09)  # names never overlap
        axes.text(1.015, below, labels[name], color=color, fontsize=9.5, va="center", transform=axes.transAxes)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#BBBBBB")
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=8.5, length=0, pad=5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel(xlabel, color=INK, fontsize=9, loc="right", labelpad=2)
    axes.text(0, 1.05, ylabel, color=INK, fontsize=9, transform=axes.transAxes)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png")
    image = np.asarray(Image.open(buffer).convert("RGB"))
    return Figure(image, alt or describe_curves(smooth, xlabel, ylabel), caption, width=image.shape[1] // 2)


def describe_curves(series: Mapping[str, tuple[Any, Any]], xlabel: str = "step", ylabel: str = "loss") -> str:
    """Curves in words: where each one starts, ends and is lowest."""
    sentences = [f"Line chart of {ylabel} by {xlabel}."]
    for name, (steps, values) in series.items():
        steps, values = np.asarray(steps), np.asarray(values, float)
        finite = np.isfinite(values)
        known, at = values[finite], steps[finite]
        gaps = "" if finite.all() else f", with {np.count_nonzero(~finite)} values that are not finite"
        sentences.append(
            f"{name} starts at {known[0]:.3g} ({xlabel} {at[0]:,}), ends at {known[-1]:.3g} ({xlabel} {at[-1]:,}), "
            f"is lowest with {known.min():.3g} ({xlabel} {at[known.argmin()]:,}){gaps}."
        )
    return " ".join(sentences)


def as_pixels(images: Any) -> np.ndarray:
    """Any pictures that `grid` accepts, one included, as uint8 (B, H, W, 3) RGB."""
    if isinstance(images, list | tuple):
        parts = [as_pixels(image) for image in images]
        shapes = sorted({part.shape[1:3] for part in parts})
        if not parts:
            raise LabError("There are no pictures to show: the list is empty.")
        if len(shapes) > 1:
            raise LabError(f"The pictures have different sizes ({shapes}); resize them to one size first.")
        return np.concatenate(parts)
    array = np.asarray(images.detach().float().cpu() if hasattr(images, "detach") else images)
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or array.size == 0:
        raise LabError(f"Pictures have the shape (B, 3, H, W), not {array.shape}; is the network's output a picture?")
    if array.dtype == np.uint8 and array.shape[-1] == 3:
        return array
    if array.dtype == np.uint8 or array.shape[1] not in (1, 3):
        wanted = "(B, H, W, 3) for uint8 pictures" if array.dtype == np.uint8 else "(B, 3, H, W) for float pictures"
        raise LabError(f"The shape should be {wanted}, not {array.shape}; move the axis of the colors.")
    if not np.isfinite(array).all():
        raise LabError("Some pixels are NaN or infinite: the network diverged; go back to an earlier checkpoint.")
    low, high = float(array.min()), float(array.max())
    if max(-low, high) > 10:  # a generator without tanh may leave [-1, 1] a little; 0 to 255 is another convention
        raise LabError(
            f"Values run from {low:.3g} to {high:.3g}, but pictures lie in [-1, 1]: for 0 to 255, x / 127.5 - 1."
        )
    pixels = ((array.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8).transpose(0, 2, 3, 1)
    return np.broadcast_to(pixels, (*pixels.shape[:3], 3))


def enlarge(picture: np.ndarray, scale: int) -> np.ndarray:
    """A uint8 (H, W, 3) picture, `scale` times larger: smoothly (Lanczos), or above 4 times as plain squares."""
    if scale == 1:
        return picture
    method = Image.Resampling.LANCZOS if scale <= 4 else Image.Resampling.NEAREST  # then the pixels are the point
    height, width, _ = picture.shape
    return np.asarray(Image.fromarray(picture).resize((width * scale, height * scale), method))


def _series(losses: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both forms that `curves` takes, as {name: (steps, values)}."""
    if not isinstance(losses, Mapping):
        names = dict.fromkeys(name for row in losses for name in row if name not in MEASUREMENTS)
        pairs = {name: [(row["step"], row[name]) for row in losses if name in row] for name in names}
        losses = {name: tuple(zip(*points, strict=True)) for name, points in pairs.items()}
    series = {}
    for name, (steps, values) in losses.items():
        steps, values = np.asarray(steps), np.asarray(values, float)
        if len(steps) != len(values):
            raise LabError(
                f"The curve '{name}' has {len(steps)} steps but {len(values)} values; it needs one for each."
            )
        if np.isfinite(values).any():
            series[name] = (steps, values)
    if not series:
        raise LabError("There are no losses to draw yet: train at least one step, or check that the log has rows.")
    return series


def _smooth(values: np.ndarray, part: float) -> np.ndarray:
    """A centered Gaussian average that does not sag at the ends and leaves gaps where values are not finite."""
    width = part * len(values)
    if width < 1:
        return np.where(np.isfinite(values), values, np.nan)
    offsets = np.arange(-int(3 * width), int(3 * width) + 1)
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    finite = np.isfinite(values)
    total = np.convolve(np.where(finite, values, 0), kernel)[len(offsets) // 2 :][: len(values)]
    weight = np.convolve(finite.astype(float), kernel)[len(offsets) // 2 :][: len(values)]
    return np.where(finite, total / np.maximum(weight, 1e-12), np.nan)


def _limits(raw: np.ndarray, smooth: np.ndarray) -> tuple[float, float]:
    """A vertical range with all smoothed values in it, and the raw ones but for rare spikes."""
    low, high = np.nanpercentile(np.where(np.isfinite(raw), raw, np.nan), [0.5, 99.5])
    low, high = min(low, np.nanmin(smooth)), max(high, np.nanmax(smooth))
    margin = 0.04 * (high - low) or 0.5
    return low - margin, high + margin


def _last(values: np.ndarray) -> float:
    return values[np.isfinite(values)][-1]
