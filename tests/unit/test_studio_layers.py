"""Layers of one character agree with each other, and with an independent renderer."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from scipy import ndimage

from animelab.errors import LabError
from animelab.studio import (
    LABEL_COLORS,
    LABELS,
    LAYERS,
    STYLES,
    Character,
    label_map,
    landmarks,
    paint_labels,
    part_mask,
    rasterize,
    regions,
    render,
    svg,
)

CAST = [Character.random(seed, "full") for seed in range(24)]
NAMES = {number: name for name, number in LABELS.items()}
UNLINED = ({"eye", "face"}, {"face", "nose"})  # the lower lid and the nose are drawn without an outline


def boundary_pairs(labels: np.ndarray, near: np.ndarray) -> list[tuple[set[str], bool]]:
    """For each edge between two neighboring pixels of other labels: their names, and whether ink is near both."""
    found = []
    for a, b, ink in (
        (labels[:, 1:], labels[:, :-1], near[:, 1:] & near[:, :-1]),
        (labels[1:], labels[:-1], near[1:] & near[:-1]),
    ):
        edge = a != b
        found += [({NAMES[x], NAMES[y]}, bool(z)) for x, y, z in zip(a[edge], b[edge], ink[edge])]
    return found


@pytest.mark.parametrize("size", [128, 256])
def test_segmentation_boundaries_lie_within_a_pixel_of_the_ink(size: int) -> None:
    pairs = []
    for character in CAST:
        ink = render(character, size, "line")[..., 0] < 235
        near = ndimage.binary_dilation(ink, np.ones((3, 3)))
        pairs += boundary_pairs(render(character, size, "segmentation"), near)
    drawn = [hit for names, hit in pairs if names not in UNLINED]
    assert len(drawn) > 20_000
    assert np.mean(drawn) > 0.998
    shifted = ndimage.shift(near, (4, 0), order=0)  # the same test notices ink that is four pixels off
    assert np.mean([hit for _, hit in boundary_pairs(render(CAST[-1], size, "segmentation"), shifted)]) < 0.7


def test_the_figure_of_the_segmentation_is_the_alpha() -> None:
    for character in CAST:
        figure = render(character, 128, "segmentation") != 0
        alpha = render(character, 128, "alpha") > 127
        assert not (figure & ~alpha).any() or (figure & ~alpha).sum() < 0.002 * alpha.sum()
        outside = alpha & ~ndimage.binary_dilation(figure, iterations=2)  # alpha is larger by half a line
        assert outside.sum() < 0.002 * alpha.sum()


def test_labels_are_exact_even_where_colors_blend() -> None:
    character = Character(headwear="none", hair_style="bob", framing="face")
    labels = render(character, 64, "segmentation")
    assert labels.dtype == np.int64 and labels.shape == (64, 64)
    present = {NAMES[number] for number in np.unique(labels)}
    assert {"hair", "face", "eye", "iris", "neck", "background"} <= present
    assert not present & {"hat", "animal ears", "headphones", "glasses", "pin", "ribbon"}
    assert len({Random(value).getrandbits(24) for value in range(1000)}) == 1000


def test_a_label_follows_its_part() -> None:
    for part, label in (("hair", "hair"), ("clothes", "clothes"), ("iris", "iris"), ("mouth", "mouth")):
        for character in CAST[:8]:
            shown = label_map(character, 128) == LABELS[label]
            whole = part_mask(character, part, 128)
            if label == "hair":
                whole |= part_mask(character, "bangs", 128)
            assert not (shown & ~ndimage.binary_dilation(whole)).any(), (part, character.seed)


def test_flat_has_fewer_colors_than_color_and_keeps_the_hair() -> None:
    from animelab.studio.palette import HAIR

    for character in CAST:
        flat, color = render(character, 128, "flat"), render(character, 128, "color")
        count = [len(np.unique(p.reshape(-1, 3), axis=0)) for p in (flat, color)]
        assert count[0] < 0.5 * count[1]
        hair = flat[ndimage.binary_erosion(label_map(character, 128) == LABELS["hair"], iterations=2)]
        named = [int(HAIR[character.hair_color][i : i + 2], 16) for i in (1, 3, 5)]
        assert np.mean((hair == named).all(1)) > 0.9, character.hair_color


def test_line_art_is_ink_on_paper_of_varying_width() -> None:
    character = CAST[5]
    line = render(character, 768, "line")
    assert (line.std(-1) < 3).mean() > 0.99  # gray
    assert 0.75 < (line[..., 0] > 250).mean() < 0.97
    assert (line[0] == 255).all()
    widths = ndimage.distance_transform_edt(line[..., 0] < 128)
    assert np.percentile(widths[widths > 0], 95) > 2 * np.percentile(widths[widths > 0], 25)


def test_pencil_wobbles_around_the_ink_and_differs_by_seed() -> None:
    for character in CAST[:6]:
        sketch, line = render(character, 256, "sketch")[..., 0] < 150, render(character, 256, "line")[..., 0] < 128
        assert 0.8 < np.mean(ndimage.binary_dilation(line, iterations=6)[sketch]) <= 1.0
        assert np.mean(line[sketch]) < 0.85
    assert svg(CAST[0], "sketch") != svg(CAST[0].replace(seed=CAST[0].seed + 1), "sketch")


def test_regions_separate_locks_that_share_a_label() -> None:
    character = Character(hair_style="braids")
    ids, labels = regions(character, 192), label_map(character, 192)
    assert len(np.unique(ids[labels == LABELS["hair"]])) > 10
    assert (ids[labels == 0] == 0).mean() > 0.98


def test_two_renderers_agree_on_every_vector_layer() -> None:
    for layer in ("color", "flat", "line", "sketch"):
        for character in CAST[:6]:
            one, two = (render(character, 192, layer, renderer=name).astype(float) for name in ("thorvg", "resvg"))
            assert np.abs(one - two).mean() < 2.0, layer
    # and would notice a missing layer
    assert np.abs(rasterize(svg(CAST[0], "flat"), 192).astype(float) - render(CAST[0], 192, "line")).mean() > 20


def test_layers_are_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from animelab.studio import *\n"
        "print(hashlib.sha256(b''.join(render(Character.random(s), 64, layer).tobytes() "
        "for s in range(4) for layer in LAYERS)).hexdigest())"
    )
    digest = hashlib.sha256(
        b"".join(render(Character.random(s), 64, layer).tobytes() for s in range(4) for layer in LAYERS)
    ).hexdigest()
    for seed in ("3", "91"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == digest


def test_landmarks_follow_the_roll_and_the_size() -> None:
    character = Character()
    small, large = landmarks(character, 64), landmarks(character, 256)
    assert len(small) >= 24
    for name, (x, y) in small.items():
        assert large[name] == pytest.approx((4 * x, 4 * y))
    tilted = landmarks(character.replace(roll=15.0), 256)
    assert tilted["neck"] == pytest.approx(large["neck"])  # the neck stays, the head turns clockwise around it
    assert tilted["crown"][0] > large["crown"][0] + 20
    radius = [np.hypot(p["chin"][0] - p["crown"][0], p["chin"][1] - p["crown"][1]) for p in (large, tilted)]
    assert radius[0] == pytest.approx(radius[1])


def test_label_colors() -> None:
    assert len(set(LABEL_COLORS)) == len(LABELS) == len(LABEL_COLORS)
    picture = paint_labels(np.array([[0, LABELS["iris"]]]))
    assert picture.dtype == np.uint8
    assert picture[0, 1].tolist() == [int(LABEL_COLORS[LABELS["iris"]][i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize(
    ("layer", "style", "word"), [("lines", "cel", "'lines'"), ("color", "oil", "'oil'"), ("line", "ink", "'ink'")]
)
def test_unknown_layers_and_styles_are_named(layer: str, style: str, word: str) -> None:
    with pytest.raises(LabError, match=word):
        render(Character(), 32, layer, style)
    with pytest.raises(LabError, match="segmentation"):
        svg(Character(), "segmentation")


def test_every_layer_in_every_style_has_its_type() -> None:
    for style in STYLES:
        for layer in LAYERS:
            pixels = render(CAST[1], 48, layer, style)
            assert pixels.shape[:2] == (48, 48)
            assert pixels.dtype == (np.int64 if layer == "segmentation" else np.uint8)
            assert pixels.ndim == (2 if layer in ("segmentation", "shade", "alpha") else 3)
            assert pixels.std() > 0, (style, layer)
