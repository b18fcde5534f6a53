"""Pose and expression: continuous, each moving only its own parts, with landmarks that stay on them."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from scipy import ndimage

from animelab.studio import OPTIONS, RANGES, Character, label_map, landmarks, part_mask, render
from animelab.studio.face import VISEMES
from animelab.studio.layers import LABELS, STYLES, _draw

CAST = [Character.random(seed, prior) for prior in ("full", "frontal", "expressive") for seed in range(12)]
FACE = Character(framing="face", hair_style="bob", bangs="curtain")

# What a change of an attribute may redraw. Hair casts its shadow on the face, hides brows and carries a light.
HEAD = {"hair", "bangs", "light", "face"}
OWNS = {
    "eyelid_left": {"eye", "iris", "lash", "light"}, "eyelid_right": {"eye", "iris", "lash", "light"},
    "gaze_x": {"iris", "light"}, "gaze_y": {"iris", "light"}, "brow_height": {"brow"}, "brow_angle": {"brow"},
    "mouth_open": {"mouth"}, "mouth_width": {"mouth"}, "mouth_smile": {"mouth"}, "mouth": {"mouth"},
    "brows": {"brow"}, "eyelids": {"eye", "iris", "lash", "light"}, "eye_shape": {"eye", "iris", "lash", "light"},
    "iris": {"iris"}, "eye_size": {"eye", "iris", "lash", "light"}, "blush": {"blush"},
    "hair_style": HEAD | {"brow"}, "bangs": HEAD, "clothes": {"clothes", "ribbon"}, "glasses": {"glasses"},
    "headwear": {"hat", "animal ears", "headphones"}, "ribbon": {"ribbon"}, "pin": {"pin"},
    "background": {"background"},
    "face": {"face", "neck", "mouth"},
}  # fmt: skip


def shapes(character: Character) -> dict[str, list[tuple[object, ...]]]:
    parts: dict[str, list[tuple[object, ...]]] = {}
    for shape in _draw(character, "cel").shapes:
        parts.setdefault(shape.part, []).append(tuple(shape))
    return parts


@pytest.mark.parametrize("attribute", sorted(OWNS))
def test_an_attribute_changes_only_the_parts_it_owns(attribute: str) -> None:
    random = Random(7)
    base = Character(mouth="spoken", blush=0.5)
    changed = set()
    for _ in range(6):
        if attribute in RANGES:
            value: object = round(random.uniform(*RANGES[attribute]), 2)
        else:
            value = random.choice(list(OPTIONS[attribute]))
        before, after = shapes(base), shapes(base.replace(**{attribute: value}))
        changed |= {part for part in before.keys() | after.keys() if before.get(part) != after.get(part)}
    assert changed, "nothing changed"
    assert changed <= OWNS[attribute]


@pytest.mark.parametrize("style", STYLES)
def test_landmarks_lie_in_their_parts_under_every_pose(style: str) -> None:
    for character in CAST:
        marks, points = _draw(character, style).landmarks, landmarks(character, 256, style)
        assert len(points) >= 24
        masks: dict[str, np.ndarray] = {}
        for name, (x, y) in points.items():
            if not (1 <= x < 255 and 1 <= y < 255):
                continue  # a face that fills the picture has no shoulders in it
            part = marks[name].part
            if part not in masks:
                whole = part_mask(character, part, 256, style)
                if part == "eye":
                    whole = whole | part_mask(character, "lash", 256, style)
                masks[part] = ndimage.binary_dilation(whole, np.ones((3, 3)))
            assert masks[part][int(y), int(x)], (style, character.seed, name, part, x, y)


def test_the_same_names_in_every_style() -> None:
    names = [list(landmarks(CAST[0], 64, style)) for style in STYLES]
    assert set(names[0]) == set(names[1]) == set(names[2])


def test_left_is_left_in_the_picture() -> None:
    points = landmarks(Character(), 256)
    for name in points:
        if "left" in name:
            assert points[name][0] < points[name.replace("left", "right")][0], name


def test_a_lid_comes_down_without_a_jump() -> None:
    tops = [landmarks(FACE.replace(eyelid_left=lid / 50), 256)["left_eye_top"][1] for lid in range(50, -1, -1)]
    steps = np.diff(tops)
    assert (steps > -0.5).all() and steps.max() < 3.5 and tops[-1] - tops[0] > 15
    frames = [render(FACE.replace(eyelid_left=lid / 50), 64).astype(int) for lid in range(50, -1, -1)]
    change = [np.abs(a - b).mean() for a, b in pairwise(frames)]
    assert sorted(change)[-2] < 0.4, "one fiftieth of the way moves little"
    assert max(change) < 0.35 * np.abs(frames[0] - frames[-1]).mean(), "nor does the moment in which the lids meet"
    right = [landmarks(FACE.replace(eyelid_left=lid), 256)["right_eye_top"] for lid in (0.0, 1.0)]
    assert right[0] == right[1]


def test_eyes_look_where_they_should_and_stay_in_their_lids() -> None:
    middle = landmarks(FACE, 256)
    for name in ("left_eye_pupil", "right_eye_pupil"):
        assert landmarks(FACE.replace(gaze_x=1.0), 256)[name][0] > middle[name][0] + 3
        assert landmarks(FACE.replace(gaze_x=-1.0), 256)[name][0] < middle[name][0] - 3
        assert landmarks(FACE.replace(gaze_y=1.0), 256)[name][1] > middle[name][1] + 3
    away = FACE.replace(gaze_x=1.0, gaze_y=-1.0, eyelid_right=0.4)
    iris, eye = part_mask(away, "iris", 256), part_mask(away, "eye", 256) | part_mask(away, "lash", 256)
    assert not (iris & ~ndimage.binary_dilation(eye, iterations=2)).any()


def test_a_turned_head_hides_its_far_ear_and_narrows_its_far_eye() -> None:
    from animelab.studio import LABELS

    bare = FACE.replace(hair_style="pixie", bangs="swept")
    ears = [(render(bare.replace(yaw=yaw), 256, "segmentation") == LABELS["ear"]) for yaw in (0.0, 1.0)]
    assert ears[1][:, 128:].sum() < 0.5 * ears[0][:, 128:].sum()

    def width(yaw: float, side: str) -> float:
        points = landmarks(bare.replace(yaw=yaw), 256)
        return abs(points[f"{side}_eye_outer"][0] - points[f"{side}_eye_inner"][0])

    assert width(1.0, "right") < 0.85 * width(0.0, "right") < 0.95 * width(1.0, "left")


def test_visemes_open_and_widen_as_they_are_spoken() -> None:
    def shape(name: str) -> tuple[float, float]:
        opened, wide, smile = VISEMES[name]
        points = landmarks(FACE.replace(mouth="spoken", mouth_open=opened, mouth_width=wide, mouth_smile=smile), 256)
        tall = points["mouth_bottom"][1] - points["mouth_top"][1]
        return tall, points["mouth_right"][0] - points["mouth_left"][0]

    tall = {name: shape(name)[0] for name in VISEMES}
    wide = {name: shape(name)[1] for name in VISEMES}
    assert tall["closed"] < 0.5 < tall["smile"] < tall["e"] < tall["a"]
    assert wide["u"] < wide["o"] < wide["a"] < wide["i"]
    tags = {
        name: Character(mouth="spoken", mouth_open=v[0], mouth_width=v[1], mouth_smile=v[2]).tags()
        for name, v in VISEMES.items()
    }
    assert [name for name in VISEMES if tags[name]["smile"]] == ["smile"]
    assert {name for name in VISEMES if tags[name]["open mouth"]} == {"a", "i", "u", "e", "o"}


def test_a_smile_lifts_the_corners() -> None:
    up, down = (
        landmarks(FACE.replace(mouth="spoken", mouth_smile=smile, mouth_open=0.2), 256)["mouth_left"]
        for smile in (1.0, -1.0)
    )
    assert up[1] < down[1] - 4


def spoken(base: Character, mouth_open: float, mouth_width: float, mouth_smile: float) -> Character:
    return base.replace(mouth="spoken", mouth_open=mouth_open, mouth_width=mouth_width, mouth_smile=mouth_smile)


def test_a_spoken_mouth_stays_above_the_chin_and_within_the_jaw() -> None:
    rim = np.ones((3, 3), bool)
    for seed in range(8):
        base = Character.random(seed, "frontal").replace(yaw=Random(seed).uniform(-0.7, 0.7))
        for numbers in [(1.0, 0.5, -1.0), (1.0, 1.3, -1.0), (1.0, 1.3, 1.0), (0.85, 0.55, 0.0)]:
            c = spoken(base, *numbers)
            labels = label_map(c, 192)
            mouth = labels == LABELS["mouth"]
            beyond = np.isin(labels, [LABELS[name] for name in ("neck", "clothes", "background")])
            assert mouth.sum() > 60
            assert not (ndimage.binary_dilation(mouth, rim) & beyond).any(), (seed, numbers)


def test_a_turned_mouth_is_narrower_both_ways() -> None:
    base = spoken(Character(framing="face"), 0.6, 1.0, 0.0)
    masks = [part_mask(base.replace(yaw=yaw), "mouth", 256) for yaw in (0, -0.6, 0.6)]
    ahead, left, right = (np.ptp(np.nonzero(mask)[1]) for mask in masks)
    assert left < 0.95 * ahead and right < 0.95 * ahead


def test_an_o_is_round_and_an_e_is_flat() -> None:
    def shape(viseme: str) -> tuple[int, int, int]:
        c = spoken(Character(framing="face"), *VISEMES[viseme])
        rows, columns = np.nonzero(part_mask(c, "mouth", 256))
        inside = render(c, 256)[rows, columns, :3]
        return int(np.ptp(columns)), int(np.ptp(rows)), int((inside.min(1) > 240).sum())

    assert shape("o")[0] < 1.2 * shape("o")[1] and shape("u")[0] < 1.5 * shape("u")[1]
    assert shape("e")[0] > 1.8 * shape("e")[1]
    assert shape("u")[2] < 0.25 * shape("e")[2]  # lips pursed for an "u" hide the teeth
