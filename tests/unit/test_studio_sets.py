"""Pairs that are aligned, styles whose characters never meet, splits that never overlap."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from animelab import studio
from animelab.cli import main
from animelab.data import SPLITS, Cast, StudioAttributes, StudioFaces, StudioPairs, StudioUnpaired
from animelab.data.drawing import SEED_STRIDE, SPLIT_STRIDE
from animelab.errors import LabError
from animelab.studio import LABEL_COLORS, TAGS, render


def as_bytes(picture: torch.Tensor) -> np.ndarray:
    return (picture.permute(1, 2, 0) + 1).mul(127.5).round().byte().numpy()


def test_no_two_sets_share_a_character() -> None:
    ranges = []
    for number, split in enumerate(SPLITS):
        for seed in (0, 1, 57, 99):
            first, last = (Cast(split=split, seed=seed)[i].seed for i in (0, SEED_STRIDE - 1))
            assert first == number * SPLIT_STRIDE + seed * SEED_STRIDE
            ranges.append((first, last))
    ranges.sort()
    assert all(ends < begins for (_, ends), (begins, _) in itertools.pairwise(ranges))
    assert len({Cast(split=split, seed=seed)[i] for split in SPLITS for seed in (0, 3) for i in range(200)}) == 1200


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seed": 100}, "0 to 99"), ({"seed": -1}, "0 to 99"), ({"split": "valid"}, "did you mean 'validation'"),
        ({"prior": "ful"}, "full"),
    ],
)  # fmt: skip
def test_a_cast_that_cannot_be_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(LabError, match=words):
        Cast(**wrong)
    with pytest.raises(LabError, match="characters 0 to"):
        Cast()[SEED_STRIDE]


def test_pairs_are_one_character_pixel_for_pixel(tmp_path) -> None:
    pairs = StudioPairs("line", "color", 48, 6, cache=tmp_path)
    for index in (0, 5):
        source, target = pairs[index]
        for shown, layer in ((source, "line"), (target, "color")):
            expected = torch.from_numpy(render(pairs.cast[index], 48, layer)).permute(2, 0, 1) / 127.5 - 1
            torch.testing.assert_close(shown, expected)
    source, target = pairs.batch([4, 1, 1])
    torch.testing.assert_close(target[1], pairs[1][1])
    torch.testing.assert_close(source[1], source[2])


def test_each_layer_has_its_shape_and_type(tmp_path) -> None:
    labels, gray = StudioPairs("segmentation", "shade", 32, 5, cache=tmp_path).batch([0, 3])
    assert labels.dtype == torch.int64 and labels.shape == (2, 32, 32)
    assert np.array_equal(labels[1], render(Cast()[3], 32, "segmentation"))
    assert gray.shape == (2, 1, 32, 32) and gray.abs().max() <= 1
    portrait, normal = StudioPairs("portrait", "normal", 32, 5, cache=tmp_path).batch(torch.tensor([2]))
    assert portrait.shape == normal.shape == (1, 3, 32, 32)
    assert np.array_equal(as_bytes(portrait[0]), render(Cast()[2], 32, style="portrait"))


def test_a_layer_is_drawn_once_and_shared(tmp_path) -> None:
    StudioPairs("line", "color", 32, 4, cache=tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    StudioPairs("sketch", "color", 32, 4, cache=tmp_path)
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(before) == 2 and len(after) == 3 and before.items() <= after.items()
    prints = {
        StudioPairs(*names, 32, 4, cache=tmp_path, **more).fingerprint
        for names, more in ((("line", "color"), {}), (("sketch", "color"), {}), (("line", "color"), {"split": "test"}))
    }
    assert len(prints) == 3


def test_unpaired_styles_never_show_the_same_character(tmp_path) -> None:
    both = StudioUnpaired("portrait", "cel", 32, 8, cache=tmp_path)
    a, b = ({cast[i].replace(seed=0) for i in range(400)} for cast in both.casts)
    seeds = [{cast[i].seed for i in range(5000)} for cast in both.casts]
    assert not seeds[0] & seeds[1] and not a & b
    first, second = both.batch([3])
    assert np.array_equal(as_bytes(first[0]), render(both.casts[0][3], 32, style="portrait"))
    assert np.array_equal(as_bytes(second[0]), render(both.casts[1][3], 32))


def test_the_truth_is_for_evaluation_only(tmp_path) -> None:
    with pytest.raises(LabError, match='split="validation" or "test"'):
        StudioUnpaired("portrait", "cel", 32, 4, cache=tmp_path).truth([0])
    held_out = StudioUnpaired("portrait", "cel", 32, 4, split="test", cache=tmp_path)
    shown = held_out.truth([2, 0])
    assert np.array_equal(as_bytes(shown[1]), render(held_out.casts[0][0], 32))
    back = held_out.truth([1], to="a")
    expected = render(held_out.casts[1][1], 32, style="portrait")
    assert np.array_equal(as_bytes(back[0]), expected)


def test_landmarks_come_with_the_set(tmp_path) -> None:
    both = StudioUnpaired("portrait", "cel", 32, 4, cache=tmp_path)
    points = both.landmarks([1, 3], side=0)
    expected = studio.landmarks(both.casts[0][3], 32, "portrait")
    assert points.shape == (2, len(expected), 2)
    np.testing.assert_allclose(points[1], np.array(list(expected.values())), rtol=1e-5)


def test_labels_are_the_tags_of_the_character_shown(tmp_path) -> None:
    faces = StudioAttributes(32, 20, prior="full", cache=tmp_path)
    _, labels = faces.batch([7, 2])
    for row, index in zip(labels, (7, 2), strict=True):
        assert {TAGS[i] for i in range(34) if row[i]} == {
            tag for tag, on in faces.character(index).tags().items() if on
        }


def test_several_processes_draw_what_one_draws(tmp_path) -> None:
    one, three = (StudioFaces(32, 30, side="portrait", cache=tmp_path / str(n), workers=n).pixels for n in (1, 3))
    assert np.array_equal(one, three)


def test_an_unknown_side_is_named() -> None:
    with pytest.raises(LabError, match="did you mean 'line'"):
        StudioPairs("lines", "color", 32, 2)


def test_the_command_line_draws_layers_with_the_documented_palette(tmp_path) -> None:
    out = tmp_path / "labels"
    arguments = ["--size", "32", "--count", "2", "--split", "test", "--side", "segmentation", "--prior", "full"]
    assert main(["data", "draw", "faces", *arguments, "--out", str(out)]) == 0
    with Image.open(out / "000001.png") as image:
        assert image.mode == "P"
        labels, palette = np.asarray(image), image.getpalette()
    assert np.array_equal(labels, render(Cast(split="test")[1], 32, "segmentation"))
    assert palette[3:6] == [int(LABEL_COLORS[1][i : i + 2], 16) for i in (1, 3, 5)]
    assert main(["data", "draw", "faces", "--side", "lines", "--out", str(tmp_path / "no")]) == 1
