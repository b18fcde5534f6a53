"""A learner's own pairs and unpaired pictures: what is read, and what every mistake is told."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from animelab.data import PairedFolder, UnpairedFolder
from animelab.errors import LabError


def paint(path: Path, color: tuple[int, ...], size: tuple[int, int] = (40, 40), mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


def byte(value: torch.Tensor) -> int:
    return round(float((value + 1) * 127.5))


@pytest.mark.parametrize("names", [("a", "b"), ("trainA", "trainB"), ("source", "target")])
def test_two_folders_are_paired_by_name_and_not_by_order(names: tuple[str, str], tmp_path: Path) -> None:
    for number in range(3):
        paint(tmp_path / names[0] / f"page {number}.png", (number, 0, 0))
        paint(tmp_path / names[1] / f"page {number}.bmp", (0, number, 0))
    pairs = PairedFolder(tmp_path, 16)
    sources, targets = pairs.batch([2, 0, 1])
    assert sources.shape == targets.shape == (3, 3, 16, 16)
    assert [byte(picture[0, 0, 0]) for picture in sources] == [2, 0, 1]
    assert [byte(picture[1, 0, 0]) for picture in targets] == [2, 0, 1]


def test_side_by_side_pictures_are_cut_in_the_middle(tmp_path: Path) -> None:
    both = np.zeros((20, 40, 3), np.uint8)
    both[:, :20, 0], both[:, 20:, 2] = 255, 255
    Image.fromarray(both).save(tmp_path / "one.png")
    source, target = PairedFolder(tmp_path, 20).batch([0])
    assert bool((source[0, 0] == 1).all()) and bool((source[0, 2] == -1).all()), "nothing of the right half"
    assert bool((target[0, 2] == 1).all()) and bool((target[0, 0] == -1).all()), "nothing of the left half"


def test_transparency_becomes_white(tmp_path: Path) -> None:
    for side in "ab":
        paint(tmp_path / side / "one.png", (0, 0, 0, 0), mode="RGBA")
    assert PairedFolder(tmp_path, 16).batch([0])[0].min() == 1


def test_every_mistake_is_one_sentence_with_the_file(tmp_path: Path) -> None:
    def says(what: str, folder: Path = tmp_path) -> None:
        with pytest.raises(LabError, match=re.escape(what)) as caught:
            PairedFolder(folder, 16)
        assert "\n" not in str(caught.value)

    paint(tmp_path / "a" / "1.png", (9, 9, 9))
    paint(tmp_path / "a" / "2.png", (9, 9, 9))
    paint(tmp_path / "b" / "1.png", (9, 9, 9))
    says("'2'")
    (tmp_path / "b" / "2.png").write_bytes((tmp_path / "b" / "1.png").read_bytes()[:40])
    says("2.png")
    wide = tmp_path / "wide"
    paint(wide / "good.png", (9, 9, 9), (40, 20))
    assert len(PairedFolder(wide, 16)) == 1
    paint(wide / "narrow.png", (9, 9, 9), (30, 20))
    says("30 x 20 px", wide)
    says("nowhere", tmp_path / "nowhere")


def test_a_changed_pair_is_another_set(tmp_path: Path) -> None:
    paint(tmp_path / "1.png", (9, 9, 9), (40, 20))
    before = PairedFolder(tmp_path, 16).fingerprint
    paint(tmp_path / "1.png", (9, 9, 8), (40, 20))
    assert PairedFolder(tmp_path, 16).fingerprint != before


def test_unpaired_pictures_need_not_match_and_others_meet_in_every_epoch(tmp_path: Path) -> None:
    for number in range(7):
        paint(tmp_path / "a" / f"{number}.png", (number, 0, 0))
    for number in range(3):
        paint(tmp_path / "b" / f"x{number}.png", (0, number, 0))
    unpaired = UnpairedFolder(tmp_path, 16)
    assert len(unpaired) == 7
    meetings = []
    for epoch in range(2):
        torch.manual_seed(epoch)
        a, b = unpaired.batch(range(7))
        assert [byte(picture[0, 0, 0]) for picture in a] == list(range(7)), "the larger side once"
        meetings.append([byte(picture[1, 0, 0]) for picture in b])
    assert meetings[0] != meetings[1], "in another epoch, others meet"
    torch.manual_seed(1)
    assert [byte(picture[1, 0, 0]) for picture in unpaired.batch(range(7))[1]] == meetings[1], "by the seed alone"
    (tmp_path / "b").rename(tmp_path / "c")
    with pytest.raises(LabError, match="named 'a' and 'b'"):
        UnpairedFolder(tmp_path, 16)


@pytest.mark.parametrize("kind", [PairedFolder, UnpairedFolder])
@pytest.mark.parametrize("layout", ["{0}/train|{0}/test", "train/{0}|test/{0}", "train{0}|test{0}", "{0}|test{0}"])
def test_of_the_official_layouts_the_training_pictures_are_taken(kind: type, layout: str, tmp_path: Path) -> None:
    for number, side in enumerate("AB"):
        train, test = (tmp_path / part.format(side) for part in layout.split("|"))
        paint(train / "1.jpg", (200 * number,) * 3)
        paint(test / "2.jpg", (77, 77, 77))
    a, b = kind(tmp_path, 16).batch([0])
    assert len(kind(tmp_path, 16)) == 1 and (byte(a[0, 0, 0, 0]), byte(b[0, 0, 0, 0])) == (0, 200)


def test_side_by_side_pairs_lie_in_train_and_have_the_source_at_either_side(tmp_path: Path) -> None:
    both = np.zeros((20, 40, 3), np.uint8)
    both[:, 20:] = 255
    for folder in ("train", "test", "val"):
        (tmp_path / folder).mkdir()
        Image.fromarray(both).save(tmp_path / folder / "1.png")
    pairs = PairedFolder(tmp_path, 20)
    forth, back = pairs.batch([0]), pairs.turned().batch([0])
    assert len(pairs) == 1 and forth[0].max() == -1
    assert torch.equal(back[0], forth[1]) and torch.equal(back[1], forth[0])
    assert pairs.turned().fingerprint != pairs.fingerprint == pairs.turned().turned().fingerprint


@pytest.mark.parametrize("other", [(100, 100), (50, 100), (51, 101), (25, 50), (25, 51)])
def test_a_pair_has_one_shape(other: tuple[int, int], tmp_path: Path) -> None:
    paint(tmp_path / "a" / "page.png", (9, 9, 9), (101, 202))
    paint(tmp_path / "b" / "page.png", (9, 9, 9), other)
    if other == (100, 100):
        with pytest.raises(LabError, match=r"a.page\.png is 101 x 202 px and .*b.page\.png 100 x 100"):
            PairedFolder(tmp_path, 16)
    else:
        PairedFolder(tmp_path, 16)


def test_two_pictures_of_one_name_are_no_partner(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/1.bmp", "b/1.png"):
        paint(tmp_path / name, (9, 9, 9))
    with pytest.raises(LabError, match=r"1\.bmp and 1\.png would both"):
        PairedFolder(tmp_path, 16)


def test_what_windows_and_macos_leave_is_no_picture_without_a_partner(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/1.png"):
        paint(tmp_path / name, (9, 9, 9))
    for name in ("a/Thumbs.db", "b/desktop.ini", "a/__MACOSX/._1.png", "b/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"litter")
    assert len(PairedFolder(tmp_path, 16)) == 1
