"""Three styles of one character: repeatable, told apart at a glance, and still the same character."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from animelab.studio import LABELS, STYLES, Character, landmarks, rasterize, render, svg
from animelab.studio.palette import HAIR, oklch

CAST = [Character.random(seed, "full") for seed in range(30)]


def statistics(pixels: np.ndarray) -> list[float]:
    """Saturation, light, dark share, grain, edges: nothing that knows a face."""
    picture = pixels.astype(float) / 255
    gray = picture.mean(-1)
    grain = gray - ndimage.gaussian_filter(gray, 1)
    edges = np.hypot(*np.gradient(gray))
    border = np.concatenate([gray[:4].ravel(), gray[-4:].ravel()])
    return [
        float(np.ptp(picture, axis=-1).mean()), float(gray.mean()), float((gray < 0.25).mean()),
        float((gray > 0.93).mean()), float(np.median(np.abs(grain))), float(edges.mean()),
        float(np.percentile(edges, 95)), float(border.mean()), float((gray > 0.95).mean()),
    ]  # fmt: skip


def test_styles_are_told_apart_at_64_pixels() -> None:
    characters = [Character.random(seed, "full") for seed in range(300, 440)]
    rows = [[statistics(render(c, 64, style=style)) for c in characters] for style in STYLES]
    x = np.array(rows).reshape(3 * 140, -1)
    y = np.repeat(np.arange(3), 140)
    train = np.tile(np.arange(140) < 80, 3)
    mean, std = x[train].mean(0), x[train].std(0)
    x = (x - mean) / std
    x = np.concatenate([x, x**2, np.ones((len(x), 1))], 1)
    weights = np.linalg.lstsq(x[train], np.eye(3)[y[train]], rcond=None)[0]  # least squares, no network
    right = (x[~train] @ weights).argmax(1) == y[~train]
    assert right.mean() >= 0.96
    assert len(right) == 180


@pytest.mark.parametrize("style", STYLES[1:])
def test_the_same_bytes_in_another_process(style: str) -> None:
    code = (
        "import hashlib; from animelab.studio import *\n"
        f"print(hashlib.sha256(b''.join(render(Character.random(s), 48, style='{style}').tobytes() "
        "for s in range(4))).hexdigest())"
    )
    here = hashlib.sha256(
        b"".join(render(Character.random(s), 48, style=style).tobytes() for s in range(4))
    ).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "5", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == here
    assert not np.array_equal(render(CAST[0], 48, style=style), render(CAST[0].replace(seed=999), 48, style=style))


@pytest.mark.parametrize("style", STYLES[1:])
def test_the_hair_keeps_its_hue(style: str) -> None:
    right = 0
    vivid = [c for c in CAST if oklch(HAIR[c.hair_color])[1] > 0.08]
    for character in vivid:
        mask = render(character, 96, "segmentation", style) == LABELS["hair"]
        mean = render(character, 96, style=style)[ndimage.binary_erosion(mask)].mean(0)
        hue = oklch("#" + "".join(f"{int(value):02x}" for value in mean))[2]
        right += abs((hue - oklch(HAIR[character.hair_color])[2] + 180) % 360 - 180) < 35
    assert len(vivid) > 10
    assert right >= 0.9 * len(vivid)


def test_a_portrait_has_natural_proportions() -> None:
    for character in CAST[:10]:
        drawn, real = (landmarks(character.replace(eyelids="open"), 256, style) for style in ("cel", "portrait"))

        def eye(points: dict[str, tuple[float, float]]) -> float:
            return points["left_eye_bottom"][1] - points["left_eye_top"][1]

        assert eye(real) < 0.55 * eye(drawn)
        middle = (real["crown"][1] + real["chin"][1]) / 2
        assert abs(real["left_eye_pupil"][1] - middle) < abs(drawn["left_eye_pupil"][1] - middle)


def test_a_portrait_has_no_outlines_and_watercolor_a_paper_border() -> None:
    for character in CAST[:6]:
        painting = render(character, 128, style="watercolor")
        assert painting[:2, :60].mean() > 225
        dark = [(render(character, 192, style=style).max(-1) < 60).mean() for style in ("cel", "portrait")]
        outline = render(character, 192, "line").max(-1) < 128
        ring = outline & (render(character, 192, "segmentation") == LABELS["face"])
        assert dark[0] > 0 and ring.any()
        jaw = [render(character, 192, style=style)[ring].mean() for style in ("cel", "portrait")]
        assert jaw[1] > jaw[0] or character.skin in ("deep", "brown")


@pytest.mark.parametrize("style", STYLES)
def test_every_size_works(style: str) -> None:
    for size in (32, 50, 200):
        picture = render(CAST[2], size, style=style)
        assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
        assert 20 < picture.mean() < 250


@pytest.mark.parametrize("style", STYLES)
def test_two_renderers_agree(style: str) -> None:
    for character in CAST[:4]:
        one, two = (rasterize(svg(character, "color", style), 128, name).astype(float) for name in ("thorvg", "resvg"))
        assert np.abs(one - two).mean() < 4.0


def test_a_portrait_can_be_drawn_in_lines_too() -> None:
    for character in CAST[:12]:
        ink = render(character, 256, "line", "portrait")[..., 0] < 200
        points = landmarks(character, 256, "portrait")
        x, y = ((points["mouth_left"][i] + points["mouth_right"][i]) / 2 for i in (0, 1))
        assert ink[int(y) - 6 : int(y) + 12, int(x) - 3 : int(x) + 4].any(), "a mouth"
        cheek = [(points["chin"][i] + points["jaw_left"][i]) / 2 for i in (0, 1)]
        assert ink[int(cheek[1]) - 8 : int(cheek[1]) + 8, int(cheek[0]) - 8 : int(cheek[0]) + 8].any(), "a jaw"
        assert 0.02 < ink.mean() < 0.2
