"""Characters behind things, and the desk where a mask is painted: masks, proposals, undo, own pictures, errors."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from animelab import studio
from animelab.data import Cast
from animelab.errors import LabError
from animelab.nn import inpainting
from animelab.widgets import THINGS, RepairDesk, covered
from animelab.widgets.repair_desk import PROPOSALS


@pytest.mark.parametrize("thing", THINGS)
def test_what_lies_beneath_is_the_same_character_without_it_and_the_mask_hides_every_trace(thing):
    hidden = 0.0
    for seed in range(4):
        character = Cast("full", 0, "test")[seed]
        damaged, mask, truth = covered(character, thing, 64, seed)
        assert damaged.shape == truth.shape == (1, 3, 64, 64) and mask.shape == (1, 1, 64, 64)
        plain = studio.render(character.replace(glasses="none", headwear="none"), 64)
        assert np.array_equal(((truth[0].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy(), plain)
        assert torch.equal(damaged * mask, truth * mask), "where the mask is 1, nothing has changed"
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        rim = torch.nn.functional.max_pool2d((damaged != truth).any(1, keepdim=True).float(), 3, 1, 1)
        assert torch.equal(rim, 1 - mask), "one pixel around is hidden, too"
        hidden += float(1 - mask.mean()) / 4
    assert 0.01 < hidden < 0.4


def test_things_that_are_none_and_seeds_that_are_none():
    character = Cast("full", 0, "test")[0]
    with pytest.raises(LabError, match="did you mean 'glasses'"):
        covered(character, "glases")
    with pytest.raises(LabError, match="whole number"):
        covered(character, "hand", seed=1.5)
    one, other = (covered(character, "hand", 64, seed)[0] for seed in (1, 2))
    assert not torch.equal(one, other) and torch.equal(one, covered(character, "hand", 64, 1)[0])


def url(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def corner() -> str:
    """Ink in the upper right of a canvas, and nothing elsewhere."""
    canvas = np.zeros((256, 256, 4), np.uint8)
    canvas[:64, 128:] = (216, 27, 96, 255)
    return url(canvas)


def paint(desk: RepairDesk, ink: str, stroke: int = 1) -> None:
    """As a browser does it."""
    desk.set_state({"values": {**desk.values, "mask": [stroke, ink]}})


def white(pictures: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return torch.where(mask > 0, pictures, torch.ones(()))


@pytest.fixture
def desk(tmp_path) -> RepairDesk:
    pictures = torch.stack([torch.full((3, 16, 16), value) for value in (-1.0, 0.0)])
    return RepairDesk({"white": white, "black": lambda x, m: x * m - (1 - m)}, pictures, tmp_path)


def test_what_is_painted_is_filled_by_the_way_that_is_chosen(desk):
    assert not desk.hole.any() and desk.picture.max() == 0
    paint(desk, corner())
    assert desk.hole[:4, 8:].all() and desk.hole.sum() == 32
    assert desk.picture[:4, 8:].min() == 255 and desk.picture[4:].max() == 0
    assert np.array_equal(desk.render(desk._given[0], desk.hole)[0], desk.picture)
    desk.pressed("another")
    paint(desk, corner())
    desk.set_state({"values": {**desk.values, "way": "black"}})
    assert desk.picture[:4, 8:].max() == 0 and abs(int(desk.picture[8, 8, 0]) - 128) <= 1
    masked, filled = (each for each, _ in desk.seen())
    assert masked[0, 12].tolist() == [216, 27, 96] and np.array_equal(filled, desk.picture)


def test_strokes_are_undone_one_by_one_and_reset_goes_to_the_first_picture(desk):
    paint(desk, corner(), 1)
    desk.pressed("another")
    assert not desk.hole.any() and desk._number == 1
    desk.pressed("undo")
    assert desk.hole.sum() == 32 and desk._number == 0
    desk.pressed("undo")
    assert not desk.hole.any()
    desk.pressed("redo")
    assert desk.hole.sum() == 32
    desk.pressed("clear")
    assert not desk.hole.any()
    desk.pressed("another")
    desk.pressed("reset")
    assert desk._number == 0 and not desk.hole.any()


def test_a_network_with_noise_makes_proposals_to_pick_from(tmp_path):
    torch.manual_seed(0)
    network = inpainting.GatedNet(4, 3).eval()
    torch.nn.init.normal_(network.taste.weight)
    desk = RepairDesk(network, torch.zeros(1, 3, 16, 16), tmp_path)
    assert desk.parts["way"]["hidden"] and "others" in desk.parts
    paint(desk, corner())
    assert len(desk.proposals) == PROPOSALS and len({each.tobytes() for each in desk.proposals}) == PROPOSALS
    assert np.array_equal(desk.picture, desk.proposals[0])
    desk.set_state({"values": {**desk.values, "proposal": 2}})
    assert np.array_equal(desk.picture, desk.proposals[2])
    before = desk.proposals.copy()
    desk.pressed("others")
    assert not np.array_equal(desk.proposals, before)
    assert desk.values["proposal"] == 0 and np.array_equal(desk.picture, desk.proposals[0]), "the first one again"
    desk.pressed("save")
    (saved,) = tmp_path.glob("*.png")
    assert np.array_equal(np.asarray(Image.open(saved)), desk.picture)
    desk.pressed("reset")
    paint(desk, corner(), 2)
    assert np.array_equal(desk.proposals, before), "the first proposals"


def test_a_picture_of_ones_own_is_brought_to_256_pixels(desk):
    buffer = io.BytesIO()
    Image.fromarray(np.full((300, 600, 3), 90, np.uint8)).save(buffer, "PNG")
    desk.given("file", buffer.getvalue())
    assert desk.picture.shape == (128, 256, 3)
    paint(desk, corner())
    assert desk.hole.shape == (128, 256) and desk.hole[:32, 128:].all() and desk.picture[0, 200].tolist() == [255] * 3
    with pytest.raises(LabError):
        desk.given("file", b"no picture")


@pytest.mark.parametrize("sent", [None, 3, [0], [0, 5], [1, "data:image/png;base64,AAAA"], [1, "x" * (2**21 + 1)]])
def test_what_is_no_mask_is_said_and_changes_nothing(desk, sent):
    paint(desk, corner())
    before = desk.picture.copy()
    desk.set_state({"values": {**desk.values, "mask": sent}})
    assert desk.words["problem"] and np.array_equal(desk.picture, before)


@pytest.mark.parametrize(("networks", "pictures"), [({}, [0]), ("a name", [0]), ({"one": 3}, [0]), (white, [])])
def test_what_fills_no_holes_and_no_pictures(networks, pictures):
    with pytest.raises(LabError):
        RepairDesk(networks, torch.zeros(len(pictures), 3, 16, 16))


def test_a_function_that_stops_is_named_below(desk):
    desk.ways["white"] = lambda x, m: x[:, :, :, 99:].mean(3).view(7)
    paint(desk, corner())
    assert "The model stopped" in desk.words["problem"]
