"""Inflated drawings: known shapes get known surfaces, and light falls where it should."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from animelab.errors import LabError
from animelab.studio import Character, lit, normals, render
from animelab.studio.light import brightness, inflate, relight
from animelab.studio.light import normals as surface_of


def disc(size: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    return (np.hypot(x, y) <= radius).astype(int)


def ball(size: int) -> np.ndarray:
    """Exact normals of half a ball in a picture, flat around it."""
    y, x = (np.mgrid[0:size, 0:size] - (size - 1) / 2) / (0.44 * size)
    found = np.stack([x, -y, np.sqrt(np.maximum(0, 1 - x * x - y * y))], -1)
    found[np.hypot(x, y) >= 1] = (0, 0, 1)
    return found.astype(np.float32)


def test_a_disc_becomes_half_a_ball() -> None:
    radius, size = 60.0, 161
    height = inflate(disc(size, radius))
    y, x = np.mgrid[0:size, 0:size] - 80
    far = np.hypot(x, y)
    truth = np.sqrt(np.maximum(0, radius**2 - far**2))
    assert np.abs(height - truth)[far < 0.95 * radius].max() < 0.03 * radius
    assert (height[far > radius + 1] == 0).all()
    down, right = np.gradient(height)
    found = np.stack([-right, down, np.ones_like(down)], -1)
    found /= np.linalg.norm(found, axis=-1, keepdims=True)
    cosine = (found * np.stack([x, -y, truth], -1)).sum(-1)[far < 0.95 * radius] / radius
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 8


def test_a_strip_becomes_the_tube_of_the_equation_and_goes_on_outside_the_picture() -> None:
    strip = np.zeros((96, 96), int)
    strip[:, 38:58] = 1
    height = inflate(strip)
    truth = np.sqrt(2 * (10**2 - (np.arange(96) - 47.5) ** 2).clip(0))
    np.testing.assert_allclose(height, np.broadcast_to(truth, (96, 96)), atol=0.3)
    assert inflate(strip, 3.0).max() <= 6.0, "the reach bounds the height"


def test_what_is_in_front_ends_at_a_seam_and_what_is_behind_goes_on() -> None:
    two = np.zeros((60, 60), int)
    two[10:50, 10:30], two[10:50, 30:50] = 1, 2
    height = inflate(two)
    assert height[30, 30] < 0.4 * height[30, 40], "2 is in front and falls off"
    assert height[30, 29] > height[30, 20], "1 still rises where it disappears behind 2"
    np.testing.assert_allclose(inflate(3 * (two > 0)), inflate((two > 0).astype(int)), atol=1e-5)


def test_no_ridge_runs_along_the_middle_of_a_shape() -> None:
    square = np.zeros((96, 96), int)
    square[16:80, 16:80] = 1
    inner = inflate(square)[28:68, 28:68]
    bends = np.abs(np.diff(inner, 2, axis=0))
    assert bends.max() < 0.08, "a height from distances bends by about 1 across the diagonal"


def test_pieces_without_a_line_between_them_grow_together() -> None:
    two = np.zeros((64, 64), int)
    two[8:56, 8:32], two[8:56, 32:56] = 1, 2
    groups, face = (two > 0).astype(int), np.zeros((64, 64), bool)
    drawn = np.full((64, 64), 255, np.uint8)
    drawn[:, 32] = 0
    lined = surface_of(two, groups, face, drawn)
    bare = surface_of(two, groups, face, np.full((64, 64), 255, np.uint8))
    np.testing.assert_array_equal(lined, surface_of(two, groups, face))
    np.testing.assert_array_equal(bare, surface_of(groups, groups, face))
    assert lined[32, 33, 0] < -0.2 < bare[32, 33, 0], "the right piece turns left at its own line only"


@pytest.mark.parametrize("size", [64, 96])
def test_normals_are_unit_and_face_the_viewer(size: int) -> None:
    for seed in range(4):
        found = normals(Character.random(seed), size)
        assert found.dtype == np.float32 and found.shape == (size, size, 3)
        np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-5)
        assert (found[..., 2] >= 0).all() and (found[..., 2] > 0.2).mean() > 0.99
        background = render(Character.random(seed), size, "segmentation") == 0
        np.testing.assert_array_equal(found[background], np.broadcast_to([0, 0, 1], (background.sum(), 3)))
        np.testing.assert_array_equal(found, normals(Character.random(seed), size))


def test_sides_of_a_head_turn_outward() -> None:
    character = Character(hair_style="bob")
    found, labels = normals(character, 128), render(character, 128, "segmentation")
    hair = labels == 1
    columns, rows = np.nonzero(hair[55])[0], np.nonzero(hair[:, 64])[0]
    assert found[55, columns[2], 0] < -0.3 < 0.3 < found[55, columns[-3], 0]
    assert found[rows[2], 64, 1] > 0.3, "y points up"
    y, x = np.nonzero(labels == 2)
    assert np.corrcoef(x, found[y, x, 0])[0, 1] > 0.9, "a face turns from left to right, whatever hair is above it"
    assert np.corrcoef(y, found[y, x, 1])[0, 1] < -0.8 and found[y.max() - 1, x[y.argmax()], 1] < -0.2, "a chin, down"
    assert found[y, x, 2].min() > 0.4


def test_light_from_the_left_is_the_mirror_of_light_from_the_right() -> None:
    left = brightness(ball(64), (-1, 0.3, 0.5))
    np.testing.assert_allclose(left, brightness(ball(64), (1, 0.3, 0.5))[:, ::-1], atol=1e-6)
    assert left[:, :32].mean() > left[:, 32:].mean() + 0.1
    np.testing.assert_allclose(brightness(ball(64), (-2, 0.6, 1.0)), left, atol=1e-6)  # only the direction counts
    peak = np.unravel_index(brightness(ball(64), (0, 0.6, 0.8)).argmax(), (64, 64))
    assert peak[0] == pytest.approx(31.5 - 0.6 * 0.44 * 64, abs=1.5), "brightest where the normal is the light"


def test_relighting_follows_the_light_and_leaves_the_background() -> None:
    character = Character(hair_style="bob", background="plain")
    labels = render(character, 96, "segmentation")
    hair, flat = labels == 1, render(character, 96, "flat")
    pictures = {name: lit(character, 96, (x, 0.4, 0.5)).astype(float) for name, x in (("left", -1), ("right", 1))}
    for name, half in (("left", slice(0, 40)), ("right", slice(56, 96))):
        side = np.zeros_like(hair)
        side[:, half] = hair[:, half]
        other = "right" if name == "left" else "left"
        assert pictures[name][side].mean() > pictures[other][side].mean() + 10
    far = labels[:6] == 0
    np.testing.assert_array_equal(lit(character, 96, (0, 0, -1))[:6][far], flat[:6][far])


@pytest.mark.parametrize("tones", [2, 3])
def test_light_from_the_viewer_leaves_the_flat_colors(tones: int) -> None:
    surface, figure = ball(64), np.ones((64, 64), bool)
    flat = np.broadcast_to(np.array([210, 140, 90], np.uint8), (64, 64, 3))
    found = relight(flat, np.full_like(flat, 255), surface, figure, (0, 0, 1), tones)
    facing = surface[..., 2] > 0.45  # beyond, the form turns away
    np.testing.assert_array_equal(found[facing], flat[facing])
    dark = relight(flat, np.full_like(flat, 255), surface, figure, (0, 0, -1), tones)
    assert (dark[facing].astype(int) < flat[facing] - 15).all()


def test_more_light_is_never_darker_and_ink_stays_ink() -> None:
    angles = np.linspace(0, np.pi / 2, 40)
    surface = np.stack([np.sin(angles), np.zeros(40), np.cos(angles)], -1)[None].astype(np.float32)
    flat, figure = np.full((1, 40, 3), 180, np.uint8), np.ones((1, 40), bool)
    for tones in (0, 2, 3, 5):
        white = relight(flat, np.full_like(flat, 255), surface, figure, (0, 0, 1), tones)
        inner = white[0, :31].astype(int)  # beyond, the rim light takes over
        assert (np.diff(inner.sum(-1)) <= 0).all(), tones
        side = relight(flat, np.full_like(flat, 255), surface, figure, (-1, 0, 0), tones)
        assert (side[0, 1:].sum(-1) < 0.85 * inner[0].sum()).all(), "what turns away is in shadow"
        assert side[0, -1, 2] > side[0, -1, 1], "and a shadow on gray is cool"
        assert (relight(flat, np.zeros_like(flat), surface, figure, (0, 0, 1), tones) == 0).all()


def test_as_many_tones_as_asked() -> None:
    flat, figure = np.full((128, 128, 3), 180, np.uint8), ball(128)[..., 2] < 1
    for tones in (2, 3):
        found = relight(flat, np.full_like(flat, 255), ball(128), figure, (-0.9, 0.2, 0.3), tones)[..., 0]
        inner = found[figure & (ball(128)[..., 2] > 0.35)]
        _, counts = np.unique(inner, return_counts=True)
        assert (counts > 0.08 * inner.size).sum() == tones


def test_a_moving_light_does_not_jump() -> None:
    character = Character.random(3)
    steps = [lit(character, 64, (np.cos(a), np.sin(a), 0.5)).astype(float) for a in np.linspace(0, 1, 41)]
    change = [np.abs(a - b).mean() for a, b in itertools.pairwise(steps)]
    assert max(change) < 0.5
    assert np.abs(steps[0] - steps[-1]).mean() > 3


@pytest.mark.parametrize("light", [(0, 0, 0), (1, 2), (float("nan"), 0, 1)])
def test_a_light_without_direction_is_refused(light: tuple[float, ...]) -> None:
    with pytest.raises(LabError, match="direction of three numbers"):
        brightness(np.zeros((2, 2, 3), np.float32), light)
