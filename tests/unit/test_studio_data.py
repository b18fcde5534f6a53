"""Drawn sets in a learner's hands: one item, an index out of range, a hairstyle of one's own, a set's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from animelab import studio
from animelab.data import Cast, Joined, StudioAttributes, StudioFaces, StudioPairs, StudioUnpaired
from animelab.errors import LabError
from animelab.studio import PRIORS, Prior, hair

SHORT = "[my hair] short\nfront:\n=m: 55,98,5 63,140,11 60,180,11 44,206,0"
LONG = "[my hair] long\nfront:\n=m: 56,96,5 61,146,10 60,196,9 52,258,0"


@pytest.fixture
def only_mine() -> Iterator[Prior]:
    full = PRIORS["full"]
    studio.add_hairstyle(SHORT)
    chosen = {"hair_style": {"my hair": 1.0}}
    yield replace(full, weights={**full.weights, **chosen}, male={**full.male, **chosen})
    del hair.HAIRSTYLES["my hair"]


def test_one_item_of_attributes_is_a_picture_and_its_labels(tmp_path: Path) -> None:
    faces = StudioAttributes(32, 5, cache=tmp_path)
    picture, labels = faces[3]
    assert picture.shape == (3, 32, 32) and labels.shape == (34,)
    pictures, rows = faces.batch([3])
    assert torch.equal(picture, pictures[0]) and torch.equal(labels, rows[0])
    assert [[tuple(part.shape) for part in batch] for batch in DataLoader(faces, 4)] == [
        [(4, 3, 32, 32), (4, 34)],
        [(1, 3, 32, 32), (1, 34)],
    ]


def test_joined_sets_are_indexed_as_one(tmp_path: Path) -> None:
    first, second = StudioAttributes(32, 3, cache=tmp_path), StudioAttributes(32, 4, seed=1, cache=tmp_path)
    both = Joined(first, second)
    for index, (part, place) in {2: (first, 2), 3: (second, 0), -1: (second, 3), -7: (first, 0)}.items():
        assert all(map(torch.equal, both[index], part[place]))
        assert all(torch.equal(many[0], one) for many, one in zip(both.batch([index]), part[place], strict=True))
    for wrong in (7, -8):
        with pytest.raises(IndexError):
            both.batch([0, wrong])


@pytest.mark.parametrize("side", ["shade", "alpha", "segmentation"])
def test_faces_with_one_channel_are_refused_before_drawing(tmp_path: Path, side: str) -> None:
    for kind in (StudioFaces, StudioAttributes):
        with pytest.raises(LabError, match=f"StudioPairs.*{side}"):
            kind(32, 4, side=side, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_sets_name_says_what_was_drawn(tmp_path: Path) -> None:
    names = [StudioFaces(32, 2, side=side, cache=tmp_path).name for side in ("color", "line", "portrait")]
    assert names[0] == "studio faces (frontal-train-seed0)"
    assert "line" in names[1] and "portrait" in names[2]


def test_truth_and_landmarks_end_where_the_set_ends(tmp_path: Path) -> None:
    both = StudioUnpaired("line", "color", 32, 4, split="validation", cache=tmp_path)
    for ask in (both.truth, both.landmarks, both.batch):
        assert len(ask(torch.tensor([3, 0]))) == 2
        with pytest.raises(IndexError):
            ask([4])
    assert torch.equal(both.truth([-1]), both.truth([3])) and torch.equal(both.landmarks([-1]), both.landmarks([3]))
    with pytest.raises(LabError, match='"a" or "b"'):
        both.truth([0], to="cel")


@pytest.mark.parametrize("kind", [int, np.int64, torch.tensor])
def test_any_whole_number_finds_the_character(kind: type) -> None:
    cast = Cast(seed=2, first=1, step=2)
    assert cast[kind(5)] == studio.Character.random(20_000_011)
    assert type(cast[kind(5)].seed) is int


def test_every_process_knows_a_learners_hairstyle(tmp_path: Path, only_mine: Prior) -> None:
    one, two = (
        StudioPairs("line", "color", 32, 30, prior=only_mine, cache=tmp_path / str(n), workers=n) for n in (1, 2)
    )
    assert one.fingerprint == two.fingerprint
    assert all(np.array_equal(serial, parallel) for serial, parallel in zip(one.pixels, two.pixels, strict=True))
    assert all(one.cast[i].hair_style == "my hair" for i in range(30))


def test_a_hairstyle_that_changed_is_drawn_again(tmp_path: Path, only_mine: Prior) -> None:
    before = StudioFaces(32, 4, prior=only_mine, cache=tmp_path)
    studio.add_hairstyle(LONG)
    after = StudioFaces(32, 4, prior=only_mine, cache=tmp_path)
    assert before.fingerprint != after.fingerprint and not np.array_equal(before.pixels, after.pixels)
    assert np.array_equal(after.pixels[2], studio.render(after.character(2), 32))
    bob = replace(PRIORS["full"], weights={**PRIORS["full"].weights, "hair_style": {"bob": 1.0}}, male={})
    assert StudioFaces(32, 4, prior=bob, cache=tmp_path).fingerprint  # of the studio's own: no business of mine
    assert not Cast(bob).hairstyles
