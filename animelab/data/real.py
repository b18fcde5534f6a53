"""Licensed faces and photographs that this project did not draw, to try models on. Taught in 03_attributes."""

from __future__ import annotations

from importlib import resources

import numpy as np
from PIL import Image

from animelab import limits
from animelab.files import read

# Cut from datasets/real: (file, left, top, side in pixels). Sources and licenses: datasets/real/ATTRIBUTION.md.
CROPS = {
    "sprite, red hair": ("anime/eileen-happy.png", 8, 0, 192),
    "sprite, orange hair": ("anime/sylvie-blue-normal.png", 22, 0, 142),
    "sprite, smiling": ("anime/sylvie-green-smile.png", 58, 0, 142),
    "cartoon, blue hair": ("cartoon/blue_girl_dirk_struve_.png", 0, 14, 212),
    "cartoon, boy": ("cartoon/boy_astrid_graeber_.png", 0, 0, 120),
    "cartoon, blonde": ("cartoon/head11.png", 0, 0, 256),
    "cartoon, brown hair": ("cartoon/head12.png", 0, 0, 256),
    "cartoon, manga girl": ("cartoon/manga_girl_dirk_struve_01.png", 0, 30, 160),
    "photo": ("photo/astronaut.png", 108, 0, 152),
}
SIDE = 128
PHOTOS = ("coffee", "chelsea")  # a red cup on a table and a cat


def real_faces(size: int = 64) -> np.ndarray:
    """The nine faces on white, uint8 (9, size, size, 3) RGB, in the order of CROPS; size up to 128."""
    size, strip = limits.whole("size", size, (1, limits.SETTINGS["size"][1])), _read("real_faces.png")
    faces = (strip.crop((SIDE * i, 0, SIDE * (i + 1), SIDE)) for i in range(len(CROPS)))
    return np.stack([np.asarray(face.resize((size, size), Image.Resampling.BICUBIC)) for face in faces])


def real_photos() -> list[np.ndarray]:
    """The photographs of PHOTOS, in the public domain or CC0: uint8 (H, W, 3) RGB, each of its own size."""
    return [np.asarray(_read(f"real_{name}.jpg")) for name in PHOTOS]


def _read(name: str) -> Image.Image:
    return read(resources.files("animelab.data").joinpath(name).read_bytes())
