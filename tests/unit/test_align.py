"""Faces where a network expects them: moves against geometry, and pictures of any shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from animelab.data import EYES, FITS, Cast, Move, StudioPoints, fitted, five_points
from animelab.errors import LabError
from animelab.studio import render


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_a_move_takes_two_eyes_exactly_and_five_points_as_near_as_can_be() -> None:
    points, goals = torch.rand(4, 2, 2) * 60, torch.rand(4, 2, 2) * 60
    move = Move.between(points, goals)
    assert torch.allclose(move.points(points), goals, atol=1e-3)
    assert torch.allclose(move.back().points(goals), points, atol=1e-2)
    many = torch.rand(1, 5, 2) * 60
    turn, shift = torch.polar(torch.tensor(1.7).double(), torch.tensor(0.4).double()), torch.tensor(3 - 5j)
    there = Move(turn[None], shift[None]).points(many)
    noisy = there + torch.randn_like(there)
    best = Move.between(many, noisy)
    assert (best.points(many) - noisy).square().sum() < (there - noisy).square().sum(), "least squares beats the truth"
    assert abs(complex(best.turn[0]) - complex(turn)) < 0.1
    size, angle = abs(complex(turn)), math.degrees(math.atan2(complex(turn).imag, complex(turn).real))
    assert abs(size - 1.7) < 1e-6 and abs(angle - 22.9) < 0.1


@pytest.mark.parametrize("scale", [1.5, 1.0, 0.5, 0.3])
def test_pictures_go_where_their_points_go(scale: float) -> None:
    picture = torch.full((1, 3, 120, 90), -1.0)
    picture[..., 50:58, 30:38] = 1  # around (34, 54)
    turn = torch.polar(torch.tensor([scale]).double(), torch.tensor([0.5]).double())
    move = Move(turn, torch.tensor([40 + 5j], dtype=torch.complex128))
    moved = move.pictures(picture, 128)
    weight = (moved[0, 0] + 1).clamp(0)
    y, x = torch.meshgrid(torch.arange(128) + 0.5, torch.arange(128) + 0.5, indexing="ij")
    found = torch.stack([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    assert torch.allclose(found, move.points(torch.tensor([[[34.0, 54.0]]]))[0, 0], atol=0.6)
    assert moved.shape == (1, 3, 128, 128)
    assert float(weight.sum()) == pytest.approx(2 * 64 * scale**2, rel=0.2), "and as large as it should be"


def test_there_and_back_is_the_same_picture() -> None:
    cast = Cast("frontal", 0, "test")
    picture = (
        torch.from_numpy(np.stack([render(cast[i], 64, "color", "portrait") for i in range(3)])).permute(0, 3, 1, 2)
        / 127.5
        - 1
    )
    turn = torch.polar(torch.ones(3).double(), torch.full((3,), 0.3).double())
    move = Move(turn, (32 + 32j) * (1 - turn))
    again = move.back().pictures(move.pictures(picture))
    inside = (..., slice(18, 46), slice(18, 46))
    changed, returned = ((each - picture)[inside].abs().mean() for each in (move.pictures(picture), again))
    assert returned < 0.3 * changed


def test_any_picture_fits() -> None:
    wide = np.zeros((40, 100, 3), np.uint8)
    wide[:, 30:70] = 255
    boxed, cropped = (fitted(wide, 64, how) for how in FITS[:2])
    assert boxed.shape == cropped.shape == (1, 3, 64, 64)
    assert (boxed[..., :18, :].abs() < 0.01).all() and boxed[..., 32, 32].min() > 0.99, (
        "gray above, white in the middle"
    )
    assert cropped.min() > 0.99, "the middle square is white"
    eyes = torch.tensor([[40.0, 20], [60, 20]])
    aligned = fitted(wide, 64, "aligned", eyes)
    assert torch.allclose(Move.between(eyes[None], EYES[None] * 64).points(eyes[None])[0], EYES * 64, atol=1e-3)
    assert aligned[..., 32, 32].min() > 0.99 and aligned[..., 32, 2].max() < -0.9
    with pytest.raises(LabError, match="'lettered'.*letterboxed"):
        fitted(wide, 64, "lettered")
    for eyes in (None, torch.tensor([[3.0, 3], [3, 4]])):
        with pytest.raises(LabError, match="where its two eyes are"):
            fitted(wide, 64, "aligned", eyes)


def test_a_huge_photograph_shrinks_without_a_pattern() -> None:
    stripes = np.zeros((1200, 1200, 3), np.uint8)
    stripes[:, ::2] = 255
    eyes = torch.tensor([[400.0, 600], [800, 600]])
    assert float(fitted(stripes, 64, "aligned", eyes).abs().max()) < 0.1, "fine stripes become gray"


def test_the_studios_points_are_where_its_faces_are(tmp_path) -> None:
    faces = StudioPoints(64, 60, prior="frontal", split="test", side="portrait", cache=tmp_path)
    _, points = faces.batch(range(60))
    assert points.shape == (60, 5, 2)
    assert torch.allclose(points[:, :2].mean(0) / 64, EYES, atol=0.01), "EYES is where portraits have them"
    cels = torch.stack([five_points(faces.character(i), 64, "cel") for i in range(60)])
    assert (cels - points)[:, :2, 1].min() > 2, "a cel's eyes are lower"
