"""Pick and refine without a browser: what each grid varies, the way back, the reveal, and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from discs import LATENT, discs
from PIL import Image

from animelab import zoo
from animelab.latent.projection import read_point
from animelab.latent.spaces import Ordered
from animelab.metrics.attributes import GROUPS
from animelab.nn import stylegan2
from animelab.studio import TAGS
from animelab.widgets import PickAndRefine
from animelab.widgets.pick_and_refine import SHOWN, STEPS, alike, unlike


def styled() -> stylegan2.Generator:
    torch.manual_seed(0)
    model = stylegan2.Generator(32, channel_base=256, channel_max=16, mapping_layers=2, latent=8)
    with torch.no_grad():
        for _ in range(300):
            model.mapping(torch.randn(64, 8))
    return model


@pytest.fixture
def picker() -> PickAndRefine:
    return PickAndRefine(styled(), truncation=1.0)


def click(picker: PickAndRefine, **values: Any) -> None:
    """As a browser does it: a picture by its number, or a button."""
    picker.set_state({"values": {**picker.values, **values}})


def press(picker: PickAndRefine, name: str) -> None:
    picker._asked(picker, {"do": "press", "name": name}, [])


def off(picker: PickAndRefine, name: str) -> bool:
    return picker.parts[name].get("disabled", False)


def test_each_grid_varies_only_its_layers(picker: PickAndRefine) -> None:
    click(picker, choices=2)
    chosen = picker.latents[0]
    for layers in (range(2, 8), range(3, 6), range(0, 2)):  # color, detail, shape: of eight layers
        points = picker.points(picker.state)
        assert torch.equal(points[0], chosen) and len(points) == SHOWN == len(picker.render(picker.state))
        for point in points[1:]:
            assert {i for i in range(8) if not torch.equal(point[i], chosen[i])} == set(layers)
        click(picker, choices=0)  # as it was
    assert torch.equal(picker.latents[0], chosen) and len(picker.render(picker.state)) == 1
    picker.pick(0)
    assert len(picker.state.picks) == len(STEPS), "it is done"


def test_the_reveal_is_one_large_picture_with_the_strip(picker: PickAndRefine) -> None:
    for index in (3, 1, 2, 1):
        assert picker.parts["face"]["hidden"] and off(picker, "save") == (not picker.state.picks)
        click(picker, choices=index)
    assert not picker.parts["face"]["hidden"] and picker.parts["choices"]["hidden"] and off(picker, "others")
    assert all(url for url, _ in picker.picture_strip["grid"]) and picker.values["choices"] is None
    (_, face), (strip, _) = picker.seen()
    assert face == "Your character" and strip.shape[1] > 4 * 32, "four choices in a row"
    click(picker, strip=1)
    assert "the colors" in picker.words["caption"] and picker.values["choices"] == 1, "the choice of then is marked"
    assert [bool(url) for url, _ in picker.picture_strip["grid"]] == [True, False, False, False]
    press(picker, "choices")  # a click on what is marked
    assert len(picker.state.picks) == 2
    click(picker, strip=3)
    assert len(picker.state.picks) == 2, "an empty place"


def test_a_grid_can_be_exchanged_and_one_can_go_back(picker: PickAndRefine) -> None:
    first = picker.render(picker.state)
    assert off(picker, "back")
    press(picker, "others")
    assert not np.array_equal(picker.render(picker.state), first)
    click(picker, choices=4)
    assert picker.picture_choices["grid"][0][1] == "Choice 1, as it was"
    press(picker, "back")
    press(picker, "back")
    assert np.array_equal(picker.render(picker.state), first) and off(picker, "back")


def test_its_still_is_one_tidy_picture_of_the_grid(picker: PickAndRefine) -> None:
    markup, text = picker.still()
    assert markup.count("<img") == 1 and 'width="384"' in markup and "Step 1 of 4" in text


def test_what_is_saved_is_what_you_see(picker: PickAndRefine, tmp_path: Path) -> None:
    picker = PickAndRefine(styled(), truncation=0.3)
    click(picker, choices=5)
    first, second = picker.save(tmp_path), picker.save(tmp_path)
    assert first != second and str(second) in picker.words["caption"]
    assert np.array_equal(np.asarray(Image.open(first)), picker.render(picker.state)[0])
    point = read_point(first.with_suffix(".safetensors"), picker.space)
    torch.testing.assert_close(point, picker.latents[0])
    torch.testing.assert_close(
        picker.space.pictures(point[None]), picker.space.pictures(picker.points(picker.state)[0][None], 0.3)
    )


def test_it_goes_on_in_the_explorer(picker: PickAndRefine) -> None:
    click(picker, choices=5)
    torch.testing.assert_close(picker.explore().latents, picker.latents)


def test_any_generator_can_be_refined_in_smaller_and_smaller_steps() -> None:
    picker = PickAndRefine(discs, latent=LATENT)
    picker.pick(0)
    sizes = []
    for _ in range(3):
        first, *others = picker.points(picker.state)
        sizes.append(torch.stack([(point - first).norm() for point in others]).mean())
        picker.pick(0)
    assert sizes[0] > 1.2 * sizes[2] > 0


def test_with_orders_each_grid_changes_its_attributes() -> None:
    space = Ordered(lambda z, order: discs(z), LATENT, lambda count, seed: torch.full((count, len(TAGS)), float(seed)))
    colors = {LATENT + column for columns in GROUPS.values() for column in columns}
    order = set(range(LATENT, LATENT + len(TAGS)))
    start = space.point(1)
    for (*_, share), changed in zip(STEPS[1:], (colors, order - colors, set(range(LATENT)))):
        assert set((space.varied(start, share, 2) != start).nonzero().flatten().tolist()) == changed


def test_a_dark_face_is_offered_bright_hair() -> None:
    model = zoo.load("stylegan2-faces-64")
    space = PickAndRefine(model).space
    hair = model.orders(200)[:, GROUPS["hair color"]].argmax(1).tolist()
    dark, bright = (hair.index(TAGS[:13].index(f"{color} hair")) for color in ("black", "blonde"))
    offered = space.varied(space.point(dark), STEPS[1][3], bright, dark)
    pixels = space.pictures(torch.stack([space.point(dark), offered, space.point(bright)]), 0.8)
    before, after, wanted = pixels[:, :, 4:16, 24:40].mean((1, 2, 3)).tolist()  # the crown
    assert before < after - 0.3 and after > wanted - 0.25, (before, after, wanted)
    assert space.varied(space.point(dark), STEPS[1][3], bright).ne(space.point(dark)).any(1).tolist() == [
        False, False, False, *[True] * (space.layers - 3),
    ], "once other layers have come in, they are what changes"  # fmt: skip


def test_colors_stay_where_other_layers_change() -> None:
    hair = GROUPS["hair color"]
    space = PickAndRefine(discs, latent=LATENT).space
    space.labels = torch.zeros(64, len(TAGS))  # type: ignore[attr-defined]
    space.labels[torch.arange(64), torch.tensor(hair)[torch.arange(64) % len(hair)]] = 1  # type: ignore[attr-defined]
    seeds = alike(space, 70, 100)
    found = [next(seeds) for _ in range(4)]
    assert all(seed >= 100 and seed % 64 % len(hair) == 70 % 64 % len(hair) for seed in found)
    assert next(alike(space, None, 100)) == 100


def test_a_grid_shows_what_differs_most() -> None:
    pixels = np.zeros((5, 8, 8, 3), np.uint8)
    pixels[2], pixels[4] = 255, 128
    pixels[3] = 1
    assert unlike(pixels, 3) == [0, 2, 4]
    assert unlike(pixels[:2], 3) == [0, 1]
