"""Character maker, drawing board and curtain: pure renders, controls that do what they say, still pictures."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from animelab import zoo
from animelab.errors import LabError
from animelab.metrics.attributes import GROUPS
from animelab.nn import r3gan
from animelab.studio import TAGS
from animelab.widgets import BeforeAfter, CharacterMaker, DrawingBoard


class Conditional:
    """Stands for a conditional model: its picture spells its latent and its condition."""

    latent = 4

    def orders(self, count: int, seed: int = 0) -> torch.Tensor:
        tags = torch.zeros(count, len(TAGS))
        for row in range(count):
            for columns in GROUPS.values():
                tags[row, columns[(row + seed) % 3]] = 1
            tags[row, TAGS.index("smile")] = (row + seed) % 2
        return tags

    def generate(self, latents: torch.Tensor, attributes: torch.Tensor) -> torch.Tensor:
        picture = torch.zeros(len(latents), 3, 8, 8)
        picture[:, 0] = latents[:, :1, None].tanh()
        picture[:, 1] = (attributes @ torch.arange(34.0) / 300)[..., None, None]
        return picture


@pytest.fixture
def maker() -> CharacterMaker:
    return CharacterMaker(Conditional(), seed=3)


def test_the_maker_offers_what_its_model_knows(maker: CharacterMaker) -> None:
    assert [label for label, _ in maker._colors["hair color"].options] == ["Blonde", "Brown", "Black"]
    assert [box.description for box in maker._boxes.values()] == ["Smile"]
    with pytest.raises(LabError, match="takes no orders"):
        CharacterMaker(torch.nn.Linear(2, 2))


def test_one_attribute_changes_and_the_latent_stays(maker: CharacterMaker) -> None:
    latent, before, picture = maker.latent.clone(), maker.attributes.clone(), maker.still()[0]
    smile = TAGS.index("smile")
    maker._boxes[smile].value = not maker._boxes[smile].value
    assert torch.equal(maker.latent, latent)
    assert (maker.attributes - before).nonzero().flatten().tolist() == [smile]
    assert maker.still()[0] != picture
    maker._colors["hair color"].value = 2 - maker._colors["hair color"].value
    assert maker.attributes[GROUPS["hair color"]].sum() == 1
    words = maker.still()[1]
    assert all(TAGS[i] in words for i in maker.attributes.nonzero().flatten())


def test_the_seed_decides_and_reset_goes_back(maker: CharacterMaker) -> None:
    latent, attributes = maker.latent.clone(), maker.attributes.clone()
    maker._seed.value = 4
    assert not torch.equal(maker.latent, latent) and not torch.equal(maker.attributes, attributes)
    maker._seed.value = 3
    assert torch.equal(maker.latent, latent) and torch.equal(maker.attributes, attributes)
    pixels = maker.render(latent, attributes)
    assert pixels.shape == (256, 256, 3) and np.array_equal(pixels, maker.render(latent, attributes))


def url(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def shown(board: DrawingBoard) -> np.ndarray:
    data = board.colored.rstrip("#").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


@pytest.fixture
def board() -> DrawingBoard:
    drawings = torch.stack([torch.full((3, 16, 16), value) for value in (1.0, 0.0)])
    return DrawingBoard(lambda lines: -lines, drawings)


def test_what_is_drawn_is_answered(board: DrawingBoard) -> None:
    assert shown(board).max() == 0 and shown(board).shape == (256, 256, 3)
    canvas = np.full((256, 256, 3), 255, np.uint8)
    canvas[:64, 128:] = 0
    board.drawing = url(canvas)
    assert board.lines.shape == (16, 16, 3)
    assert board.lines[:4, 8:].max() == 0 and board.lines[4:].min() == 255
    assert np.array_equal(board.picture, 255 - board.lines)
    assert np.array_equal(board.render(board.lines), board.picture)


def test_the_same_answer_twice_is_still_news(board: DrawingBoard) -> None:
    canvas = np.full((256, 256, 3), 255, np.uint8)
    before = board.colored
    board.drawing = url(canvas)
    assert board.colored != before, "the browser waits for an answer before it sends the next drawing"


def test_another_drawing_and_back(board: DrawingBoard) -> None:
    first = board.start
    board._asked(board, {"ask": "another"}, None)
    assert board.start != first and abs(int(board.lines.mean()) - 128) <= 1
    board._asked(board, {"ask": "another"}, None)
    assert board.start == first


def test_other_colors_where_a_model_knows_many_answers(board: DrawingBoard) -> None:
    torch.manual_seed(0)
    many = DrawingBoard(zoo.Translator("many", r3gan.UNet(32, 4, latent=6).eval(), {}), torch.zeros(1, 3, 32, 32))
    assert many.many and not board.many
    for each in (many, board):
        picture, lines, sent = each.picture.copy(), each.lines.copy(), each.colored
        each._asked(each, {"ask": "colors"}, None)
        assert np.array_equal(each.lines, lines)
        assert (each is many) == (not np.array_equal(each.picture, picture)) == (each.colored != sent)
        each._asked(each, {"ask": "reset"}, None)
        assert np.array_equal(each.picture, picture), "the first colors"


@pytest.mark.parametrize(
    "hostile",
    [
        "nonsense",
        "data:image/png;base64,AAAA",
        "data:image/jpeg;base64,AAAA",
        url(np.zeros((2000, 2000, 3), np.uint8)),
        "data:image/png;base64," + "A" * 2**21,
    ],
)
def test_a_canvas_sends_a_small_png_or_nothing(hostile: str, board: DrawingBoard) -> None:
    before = board.lines.copy()
    with pytest.raises(LabError, match="picture cannot be used|too large"):
        board.drawing = hostile
    assert np.array_equal(board.lines, before)


def test_the_curtain_shows_both_sides() -> None:
    black, white = np.zeros((2, 16, 16, 3), np.uint8), np.full((2, 16, 16, 3), 255, np.uint8)
    curtain = BeforeAfter({"night": black, "day": white})
    picture = curtain.render("night", "day", 1, 25)
    assert picture.shape == (256, 256, 3)
    assert picture[:, :62].max() == 0 and picture[:, 66:].min() == 255
    assert curtain.render("night", "day", 1, 0).min() == 255 and curtain.render("night", "day", 1, 100).max() == 0
    before = curtain.still()
    curtain.values = {**curtain.values, "edge": 80}
    assert curtain.still() != before and "80%" in curtain.still()[1] and "night" in curtain.still()[1]
    curtain.pressed("reset")
    assert curtain.still() == before
    for versions in ({"one": black}, {"one": black, "two": white[:1]}):
        with pytest.raises(LabError, match="two versions"):
            BeforeAfter(versions)


@pytest.mark.parametrize("kind", ["maker", "board", "curtain"])
def test_without_a_kernel_a_described_picture_remains(kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "curtain":
        widget = BeforeAfter({"a": np.zeros((1, 8, 8, 3), np.uint8), "b": np.zeros((1, 8, 8, 3), np.uint8)})
    else:
        widget = request.getfixturevalue(kind)
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<img" in data["text/html"] and "alt=" in data["text/html"]
    assert len(data["text/plain"]) > 20
