"""A line drawing as people have it, on tinted or black paper or on none, brought to black on white by levels."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter, ImageOps

WHITE = 248  # from here on, of 255, paper is white enough
NEAR = 12  # so many shades around the most frequent one are the paper, with its grain


def is_ink(picture: Image.Image, alpha: Image.Image) -> bool:
    """Whether a picture's transparency (as from `files.opened`) is its ink: thin, or dark and of one color.

    Otherwise it is what a figure was cut out with.
    """
    scale = 256 / max(256, *alpha.size)
    size = [max(1, round(side * scale)) for side in alpha.size]
    small = alpha.resize(size, Image.Resampling.BOX)
    there = np.asarray(small) > np.asarray(small).max() / 2
    if not there.any():
        return False
    core = Image.fromarray(there).convert("L").filter(ImageFilter.MinFilter(3 if max(size) <= 128 else 5))
    solid = np.asarray(alpha) > 250
    colors = np.asarray(picture)[solid] if solid.any() else np.full((1, 3), 255)
    thin = (np.asarray(core) > 0).sum() < 0.1 * there.sum()
    return bool(thin or (colors.mean() < 64 and colors.std(0).max() < 16))


def on_white(picture: Image.Image, alpha: Image.Image | None = None) -> tuple[Image.Image, str]:
    """A line drawing, RGB on white as from `files.opened`, with its paper brought to white; and what to say of it.

    Light lines on dark paper become dark ones, and so does light ink on transparency. Where no paper is to be found,
    the picture stays as it is, and the words say so; where paper is white already, they are empty.
    """
    if alpha is not None and is_ink(picture, alpha) and min(low for low, _ in picture.getextrema()) > 200:
        return ImageOps.invert(alpha).convert("RGB"), "its light ink was made black"
    pixels = np.asarray(picture).astype(np.float32)
    if (pixels.min(-1) >= WHITE).mean() > 0.25:
        return picture, ""
    gray = np.asarray(picture.convert("L")).astype(np.float32)
    counts = np.bincount(gray.astype(np.uint8).ravel(), minlength=256)
    near = np.convolve(counts, np.ones(2 * NEAR + 1), "same")
    shade = int(near.argmax())
    paper = np.abs(gray - shade) <= NEAR
    if near[shade] < gray.size / 2 or not paper.any():
        return picture, "it has no paper of one shade; a line drawing is black on white"
    said = "its paper was brought to white"
    away = gray[~paper]
    if away.size and (away > shade).mean() > 0.5 and shade < 160:
        pixels, said = 255 - pixels, "its light lines were made black, its paper white"
    white = (pixels[paper].mean(0) - 2 * pixels[paper].std(0)).clip(1)
    return Image.fromarray((pixels / white * 255).clip(0, 255).astype(np.uint8)), said
