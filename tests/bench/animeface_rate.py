"""How many pictures in a folder an independent detector takes for anime faces.

animeface 2.0.3 finds nothing, without a word, under Pillow 12 and newer, so it lives in an environment of its own:

    python3 -m venv detector
    detector/bin/python -m pip install animeface==2.0.3 "pillow<12"
    detector/bin/python tests/bench/animeface_rate.py FOLDER

Protocol: each picture as RGB on white, resized to 192 x 192 with bicubic interpolation; a hit is any face with a
likelihood above 0.5. Give it 256 pictures, and compare only equal counts. Measure the pictures a generator
learned from, too. It is a floor, not a ranking: the detector likes a plain frontal face, and says nothing of variety.
Prints one line of JSON. Asserts first that it finds a face it must find and none in noise.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

import animeface
import PIL
from PIL import Image

SIDE = 192
THRESHOLD = 0.5
KNOWN_POSITIVE = Path(__file__).parents[2] / "datasets" / "real" / "anime" / "sylvie-blue-normal.png"


def on_white(path: Path) -> Image.Image:
    with Image.open(path) as image:
        picture = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def is_face(image: Image.Image) -> bool:
    return any(face.likelihood > THRESHOLD for face in animeface.detect(image))


def has_face(path: Path) -> bool:
    return is_face(on_white(path).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def check_the_detector() -> None:
    """A sprite at its own size is found, and noise is not; otherwise no rate means anything."""
    assert is_face(on_white(KNOWN_POSITIVE)), (
        f"finds no face in {KNOWN_POSITIVE.name}: is Pillow {PIL.__version__} < 12?"
    )
    noise = Image.frombytes("RGB", (SIDE, SIDE), random.Random(0).randbytes(SIDE * SIDE * 3))
    assert not is_face(noise), "finds a face in noise"


def main() -> int:
    parser = argparse.ArgumentParser(description="The share of pictures with an anime face, by animeface.")
    parser.add_argument("folder", type=Path, help="a folder of PNG files, one face each")
    parser.add_argument("--count", type=int, default=256, help="look at the first so many by name (256)")
    options = parser.parse_args()
    paths = sorted(options.folder.glob("*.png"))[: options.count]
    if not paths:
        print(f"There are no PNG files in {options.folder}.", file=sys.stderr)
        return 1
    check_the_detector()
    missed = [path.name for path in paths if not has_face(path)]
    hits = len(paths) - len(missed)
    print(json.dumps({"pictures": len(paths), "hits": hits, "rate": round(hits / len(paths), 4), "missed": missed}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
