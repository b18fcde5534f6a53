"""Places: the same geometry in two renderings, hours that differ, sets that never show one place twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import sobel

from animelab.data import StudioScenes
from animelab.errors import LabError
from animelab.studio import Scene, paint
from animelab.studio.scenes import HOURS, PLACES


def gray(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(float).mean(-1)


@pytest.mark.parametrize("place", PLACES)
def test_a_photo_and_a_drawing_show_the_same_place(place: str) -> None:
    photos, drawings = ([gray(paint(Scene(place, "day", seed), 96, style)).ravel() for seed in range(3)]
                        for style in ("photo", "anime"))  # fmt: skip
    likeness = np.corrcoef(np.array(photos), np.array(drawings))[:3, 3:]
    assert likeness.diagonal().min() > 0.6
    own, others = likeness.diagonal(), (likeness.sum(1) - likeness.diagonal()) / 2
    assert (own > others).all(), "each photo is most like its own drawing"


def test_the_same_scene_is_the_same_picture_and_another_seed_is_not() -> None:
    for style in ("photo", "anime"):
        one = paint(Scene("street", "dusk", 5), 64, style)
        assert one.shape == (64, 64, 3) and one.dtype == np.uint8
        assert np.array_equal(one, paint(Scene("street", "dusk", 5), 64, style))
        assert not np.array_equal(one, paint(Scene("street", "dusk", 6), 64, style))


@pytest.mark.parametrize("place", PLACES)
def test_the_hour_changes_the_light_and_not_the_place(place: str) -> None:
    day, dusk, night = (paint(Scene(place, hour, 1), 64).astype(float) for hour in HOURS)
    assert day.mean() > dusk.mean() > night.mean() + 20
    assert dusk[..., 0].mean() / dusk[..., 2].mean() > day[..., 0].mean() / day[..., 2].mean(), "dusk is redder"


def test_a_drawing_has_ink_and_flat_colors_and_a_photo_has_neither() -> None:
    """Ink: steep slopes. Flat: most neighbors are equal."""
    for place in ("town", "street", "room"):
        drawing, photo = (gray(paint(Scene(place, "day", 2), 128, style)) for style in ("anime", "photo"))
        steep = [np.percentile(np.hypot(sobel(each, 0), sobel(each, 1)), 97) for each in (drawing, photo)]
        assert steep[0] > 1.2 * steep[1]
        flat = [(np.abs(np.diff(each, axis=1)) < 0.5).mean() for each in (drawing, photo)]
        assert flat[0] > 0.5 > flat[1]


def test_what_is_no_scene_is_one_sentence() -> None:
    for wrong in ({"place": "moon"}, {"place": "sky", "hour": "noon"}):
        with pytest.raises(LabError, match="choose one of"):
            Scene(**wrong)
    with pytest.raises(LabError, match="'anime' or as 'photo'"):
        paint(Scene("sky"), 64, "cubist")


def test_photos_and_drawings_of_a_set_never_show_the_same_place(tmp_path) -> None:
    scenes = StudioScenes(size=32, count=12, split="test", cache=tmp_path)
    photos, drawings = scenes.batch(range(12))
    assert photos.shape == drawings.shape == (12, 3, 32, 32)
    seeds = [[row[i].seed for i in range(12)] for row in scenes.casts]
    assert not set(seeds[0]) & set(seeds[1])
    truth = scenes.truth([3])
    assert torch.equal(truth[0], torch.from_numpy(paint(scenes.casts[0][3], 32)).permute(2, 0, 1) / 127.5 - 1)
    with pytest.raises(LabError, match="keeps its truth"):
        StudioScenes(size=32, count=4, cache=tmp_path).truth([0])
