"""Drawing board and curtain: pure renders, controls that do what they say, still pictures."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from animelab import zoo
from animelab.errors import LabError
from animelab.nn import r3gan
from animelab.studio import TAGS
from animelab.widgets import BeforeAfter, DrawingBoard


def url(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def draw(board: DrawingBoard, ink: str, stroke: int = 1) -> None:
    """As a browser does it."""
    board.set_state({"values": {**board.values, "lines": [stroke, ink]}})


@pytest.fixture
def board() -> DrawingBoard:
    drawings = torch.stack([torch.full((3, 16, 16), value) for value in (1.0, 0.0)])
    return DrawingBoard(lambda lines: -lines, drawings)


def corner(color: tuple[int, int, int, int]) -> str:
    """Ink in the upper right of a canvas, and nothing elsewhere."""
    canvas = np.zeros((256, 256, 4), np.uint8)
    canvas[:64, 128:] = color
    return url(canvas)


def test_what_is_drawn_is_answered(board: DrawingBoard) -> None:
    assert board.picture.max() == 0 and board.picture_answer["layers"][""].startswith("data:image/png")
    draw(board, corner((0, 0, 0, 255)))
    assert board.lines.shape == (16, 16, 3)
    assert board.lines[:4, 8:].max() == 0 and board.lines[4:].min() == 255
    assert np.array_equal(board.picture, 255 - board.lines)
    assert np.array_equal(board.render(board.lines), board.picture)


def test_what_was_not_drawn_on_stays_and_the_eraser_is_white(board: DrawingBoard) -> None:
    board.pressed("another")
    gray = board.lines.copy()
    draw(board, corner((255, 255, 255, 255)))
    assert board.lines[:4, 8:].min() == 255 and np.array_equal(board.lines[4:], gray[4:])
    draw(board, corner((0, 0, 0, 128)))
    assert abs(int(board.lines[0, 12, 0]) - 64) <= 1, "half of the gray"
    board.pressed("clear")
    assert board.lines.min() == 255


def test_undo_and_redo_gray_out_and_a_stroke_is_one_step(board: DrawingBoard) -> None:
    def gray() -> list[bool]:
        return [board.parts[name]["disabled"] for name in ("undo", "redo")]

    assert gray() == [True, True]
    draw(board, corner((0, 0, 0, 40)))
    draw(board, corner((0, 0, 0, 255)))
    drawn = board.lines
    board.pressed("another")
    assert gray() == [False, True]
    board.pressed("undo")
    assert np.array_equal(board.lines, drawn) and gray() == [False, False]
    board.pressed("undo")
    assert board.lines.min() == 255 and gray() == [True, False], "the whole stroke"
    board.pressed("redo")
    assert np.array_equal(board.lines, drawn)
    board.pressed("reset")
    assert board.lines.min() == 255


def test_another_drawing_and_back(board: DrawingBoard) -> None:
    first = board.picture_lines
    board.pressed("another")
    assert board.picture_lines != first and abs(int(board.lines.mean()) - 128) <= 1
    board.pressed("another")
    assert board.picture_lines == first


def test_other_colors_where_a_model_knows_many_answers(board: DrawingBoard) -> None:
    torch.manual_seed(0)
    many = DrawingBoard(zoo.Translator("many", r3gan.UNet(32, 4, latent=6).eval(), {}), torch.zeros(1, 3, 32, 32))
    assert many.many and "colors" in many.parts and "colors" not in board.parts and "hair" not in many.parts
    picture, lines = many.picture.copy(), many.lines.copy()
    many.pressed("colors")
    assert np.array_equal(many.lines, lines) and not np.array_equal(many.picture, picture)
    many.pressed("reset")
    assert np.array_equal(many.picture, picture), "the first colors"


def test_colors_are_ordered_where_a_model_takes_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = zoo.Translator("orders", r3gan.UNet(32, 4, latent=6, tags=34).eval(), {})
    heard: list[torch.Tensor] = []
    translate = model.translate

    def hears(lines: torch.Tensor, seed: int, attributes: torch.Tensor) -> torch.Tensor:
        heard.append(attributes)
        return translate(lines, seed=seed, attributes=attributes)

    monkeypatch.setattr(model, "translate", hears)
    board = DrawingBoard(model, torch.zeros(1, 3, 32, 32))
    assert not heard[-1].any() and board.values["hair"] == "as it likes"
    free = board.picture
    for name, color in (("hair", "blue"), ("eyes", "red")):
        board.set_state({"values": {**board.values, name: color}})
    assert [TAGS[i] for i in heard[-1].nonzero().flatten()] == ["blue hair", "red eyes"]
    board.pressed("reset")
    assert np.array_equal(board.picture, free)
    for name in ("hair", "eyes"):
        assert all(f"{color} {name}" in TAGS for color in list(board.parts[name]["colors"])[1:])


@pytest.mark.parametrize(
    "hostile",
    [
        "nonsense",
        "data:image/png;base64,AAAA",
        "data:image/jpeg;base64,AAAA",
        url(np.zeros((2000, 2000, 3), np.uint8)),
        "data:image/png;base64," + "A" * 2**21,
        5,
        None,
    ],
)
def test_a_canvas_sends_a_small_png_or_nothing(hostile: str, board: DrawingBoard) -> None:
    before = board.lines.copy()
    draw(board, hostile)
    assert re.search("picture cannot be used|too large|did not arrive", board.words["problem"])
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


@pytest.mark.parametrize("kind", ["board", "curtain"])
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
