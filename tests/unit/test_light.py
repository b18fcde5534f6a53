"""Inflated drawings: known shapes get known surfaces, and light falls where it should."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from animelab.errors import LabError
from animelab.studio import Character, lit, normals, render
from animelab.studio.light import brightness, inflate, relight


def disc(size: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    return (np.hypot(x, y) <= radius).astype(int)


def test_a_disc_becomes_half_a_ball() -> None:
    radius, size = 60.0, 161
    height = inflate(disc(size, radius), radius)
    y, x = np.mgrid[0:size, 0:size] - 80
    far = np.hypot(x, y)
    ball = np.sqrt(np.maximum(0, radius**2 - far**2))
    inside = far < 0.9 * radius
    assert np.abs(height - ball)[inside].max() < 0.08 * radius
    assert (height[far > radius + 1] == 0).all()


def test_every_region_rises_from_its_own_border() -> None:
    two = np.zeros((60, 60), int)
    two[10:50, 10:30], two[10:50, 30:50] = 1, 2
    height = inflate(two, 10)
    assert height[30, 29] < 1e-6 and height[30, 30] < 1e-6  # the seam
    assert height[30, 20] > 8 and height[30, 40] > 8
    assert inflate((two > 0).astype(int), 10)[30, 29] > 8  # without a seam there is none


def test_normals_are_unit_and_face_the_viewer() -> None:
    for seed in range(4):
        found = normals(Character.random(seed), 96)
        assert found.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-5)
        assert (found[..., 2] > 0).all()
        background = render(Character.random(seed), 96, "segmentation") == 0
        np.testing.assert_array_equal(found[background], np.broadcast_to([0, 0, 1], (background.sum(), 3)))


def test_sides_of_a_head_turn_outward() -> None:
    found = normals(Character(hair_style="bob"), 128)
    hair = render(Character(hair_style="bob"), 128, "segmentation") == 1
    columns = np.nonzero(hair[55])[0]
    assert found[55, columns[2], 0] < -0.3 < 0.3 < found[55, columns[-3], 0]
    rows = np.nonzero(hair[:, 64])[0]
    assert found[rows[2], 64, 1] > 0.3, "y points up"


def test_light_from_the_left_is_the_mirror_of_light_from_the_right() -> None:
    round_thing = disc(64, 28)
    down, right = np.gradient(inflate(round_thing, 28.0))
    surface = np.stack([-right, down, np.ones_like(down)], -1)
    surface /= np.linalg.norm(surface, axis=-1, keepdims=True)
    left = brightness(surface, (-1, 0.3, 0.5))
    np.testing.assert_allclose(left, brightness(surface, (1, 0.3, 0.5))[:, ::-1], atol=1e-6)
    assert left[:, :32].mean() > left[:, 32:].mean() + 0.1
    np.testing.assert_allclose(brightness(surface, (-2, 0.6, 1.0)), left, atol=1e-6)  # only the direction counts


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
    np.testing.assert_array_equal(pictures["left"][:6][far], flat[:6][far])


def test_more_light_is_never_darker_and_ink_stays_ink() -> None:
    angles = np.linspace(0, np.pi / 2, 40)
    surface = np.stack([np.sin(angles), np.zeros(40), np.cos(angles)], -1)[None].astype(np.float32)
    flat = np.full((1, 40, 3), 180, np.uint8)
    for tones in (0, 2, 3):
        white = relight(flat, np.full_like(flat, 255), surface, np.ones((1, 40), bool), (0, 0, 1), tones)
        inner = white[0, :19].astype(int)  # beyond, the rim light takes over
        assert (np.diff(inner.sum(-1)) <= 0).all(), tones
        side = relight(flat, np.full_like(flat, 255), surface, np.ones((1, 40), bool), (-1, 0, 0), tones)
        assert side[0, -1].sum() < 0.8 * inner[0].sum(), "what turns away is in shadow"
        black = relight(flat, np.zeros_like(flat), surface, np.ones((1, 40), bool), (0, 0, 1), tones)
        assert (black == 0).all()


def test_a_moving_light_does_not_jump() -> None:
    character = Character.random(3)
    steps = [lit(character, 64, (np.cos(a), np.sin(a), 0.5)).astype(float) for a in np.linspace(0, 1, 41)]
    change = [np.abs(a - b).mean() for a, b in itertools.pairwise(steps)]
    assert max(change) < 2.5
    assert np.abs(steps[0] - steps[-1]).mean() > 5


@pytest.mark.parametrize("light", [(0, 0, 0), (1, 2), (float("nan"), 0, 1)])
def test_a_light_without_direction_is_refused(light: tuple[float, ...]) -> None:
    with pytest.raises(LabError, match="direction of three numbers"):
        brightness(np.zeros((2, 2, 3), np.float32), light)
