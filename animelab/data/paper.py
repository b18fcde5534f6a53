"""A line drawing as people have it, on tinted or black paper or on none, brought to black on white by levels."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter, ImageOps

SOLID = 250  # from here on, of 255, a figure is no longer transparent
WHITE = 248  # from here on, of 255, paper is white enough
NEAR = 12  # so many shades around the most frequent one are the paper, with its grain


def is_ink(picture: Image.Image, alpha: Image.Image) -> bool:
    """Whether a picture's transparency (as from `files.opened`) is its ink: thin, or dark and of one color.

    Otherwise it is what a figure was cut out with.
    """
    scale = 256 / max(256, *alpha.size)
    size = [max(1, round(side * scale)) for side in alpha.size]
    there = np.asarray(alpha.resize(size, Image.Resampling.BOX))
    there = there > there.max() / 2
    if not there.any():
        return False
    core = Image.fromarray(there).convert("L").filter(ImageFilter.MinFilter(3 if max(size) <= 128 else 5))
    thin = (np.asarray(core) > 0).sum() < 0.1 * there.sum()
    colors = _some(picture)[_some(alpha) > SOLID]
    dark = len(colors) > 0 and colors.mean() < 64 and colors.std(0).max() < 16
    return bool(thin or dark)


def on_white(picture: Image.Image, alpha: Image.Image | None = None) -> tuple[Image.Image, str]:
    """A line drawing, RGB on white as from `files.opened`, with its paper brought to white; and what to say of it.

    Light lines on dark paper become dark ones, and so does light ink on transparency. Where no paper is to be found,
    the picture stays as it is, and the words say so; where paper is white already, they are empty.
    """
    if alpha is not None and np.asarray(picture).min() > 200 and is_ink(picture, alpha):
        return ImageOps.invert(alpha).convert("RGB"), "its light ink was made black"
    pixels = _some(picture)
    if (pixels.min(-1) >= WHITE).mean() > 0.25:
        return picture, ""
    gray = _some(picture.convert("L"))
    near = np.convolve(np.bincount(gray.ravel(), minlength=256), np.ones(2 * NEAR + 1), "same")
    shade = int(near.argmax())
    paper = np.abs(gray.astype(int) - shade) <= NEAR
    if near[shade] < gray.size / 2:
        return picture, "it has no paper of one shade; a line drawing is black on white"
    said = "its paper was brought to white"
    levels = np.arange(256.0)
    if shade < 160 and (gray > shade)[~paper].sum() >= (~paper).sum() / 2:
        levels, said = 255 - levels, "its light lines were made black, its paper white"
    found = levels[pixels[paper]]  # its mean, less its grain, is what becomes white
    white = (found.mean(0) - 2 * found.std(0)).clip(1)
    table = (levels[None] / white[:, None] * 255).clip(0, 255).round()
    said = "no lines were found on its paper of one shade" if paper.all() else said
    return picture.point(table.astype(int).ravel().tolist()), said


def _some(picture: Image.Image) -> np.ndarray:
    """Enough of the pixels of a large picture to know its shades: a million, as they are."""
    step = max(1, round((picture.width * picture.height / 1e6) ** 0.5))
    return np.asarray(picture.resize([-(-side // step) for side in picture.size], Image.Resampling.NEAREST))
