"""A picture of one's own: fitted, translated, with attention; and what a browser may send."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from animelab import metrics, zoo
from animelab.data import Cast, fitted, five_points
from animelab.errors import LabError
from animelab.nn import ugatit
from animelab.studio import render
from animelab.viz import heat_colors
from animelab.widgets import BeforeAfter, OwnPicture


def stored(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def give(own: OwnPicture, content: bytes) -> str:
    """As a browser does it; what is said of it."""
    own._asked(own, {"do": "give", "name": "file"}, [memoryview(content)])
    return own.words.get("problem", "")


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (48, 80, 3), dtype=np.uint8)


def test_a_model_of_one_size_gets_the_picture_fitted(picture: np.ndarray) -> None:
    own = OwnPicture(lambda x: -x, [picture], size=32)
    assert own.fits == ["letterboxed", "cropped", "aligned"] and own.fit == "aligned"
    for fit in own.fits:
        own.fit = fit
        assert own.before.shape == own.after.shape == (32, 32, 3) and own.parts["attention"]["hidden"]
        assert np.abs(own.before.astype(int) + own.after - 255).max() <= 1
    own.fit = "aligned"
    before = own.before
    own.eyes = [[0.2, 0.5], [0.6, 0.6]]
    assert not np.array_equal(own.before, before), "the eyes are heard"
    wanted = fitted(picture, 32, "aligned", torch.tensor([[0.2 * 80, 0.5 * 48], [0.6 * 80, 0.6 * 48]]))
    assert np.abs(own.before - ((wanted[0].permute(1, 2, 0) + 1) * 127.5).numpy()).max() <= 1


def test_a_model_of_any_size_gets_it_as_it_is(picture: np.ndarray) -> None:
    own = OwnPicture(lambda x: x, [picture, picture[:, ::-1]], size=None)
    assert own.fits == ["as it is"] and np.array_equal(own.after, picture)
    own.values = {**own.values, "example": 1}
    assert np.array_equal(own.after, picture[:, ::-1])


def test_a_model_that_refuses_leaves_the_picture_and_says_why(picture: np.ndarray) -> None:
    def refuse(_):
        raise LabError("Too large.")

    own = OwnPicture(refuse, [picture], size=None)
    assert own.words["problem"] == "Too large." and np.array_equal(own.after, picture)
    assert "<img" in own.still()[0]


def test_each_picture_is_painted_once(picture: np.ndarray) -> None:
    painted = []
    for size in (32, None):
        own = OwnPicture(lambda x: painted.append(x.shape) or x, [picture, picture[:, :50]], size=size)
        for number in (1, 0, 1):
            own.values = {**own.values, "example": number}
        assert len(painted) == 4
        painted.clear()


def test_pictures_from_a_browser(picture: np.ndarray) -> None:
    own = OwnPicture(lambda x: x, [picture], size=None)
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    give(own, stored(clear))
    assert own.picture.shape == (30, 40, 3) and own.picture.min() == 255, "what is transparent is white"
    turned = Image.fromarray(picture)
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held upright
    give(own, stored(turned, "JPEG", exif=exif))
    assert own.picture.shape == (80, 48, 3) and own.values["example"] is None
    for hostile in (b"some words of a .txt", b"", stored(Image.new("RGB", (5000, 20)))):
        said = give(own, hostile)
        assert "picture cannot be used" in said and "object at" not in said and "\n" not in said
        assert own.picture.shape == (80, 48, 3), "the last good one stays"


def test_the_result_is_saved_as_it_is(picture: np.ndarray, tmp_path) -> None:
    own = OwnPicture(lambda x: -x, [picture], size=None, folder=tmp_path / "mine")
    for name in ("001.png", "002.png"):
        own.pressed("save")
        assert name in own.words["caption"]
        assert np.array_equal(np.asarray(Image.open(tmp_path / "mine" / name)), own.after)


def test_a_model_of_lines_gets_black_on_white_and_others_what_there_is(picture: np.ndarray) -> None:
    page = np.full((64, 64), 20, np.uint8)
    page[30] = 240
    for name, wanted in (("pix2pix-color-64", (255, 0)), ("cyclegan-portrait-cel-64", (20, 240))):
        own = OwnPicture(zoo.load(name), [picture], size=64)
        give(own, stored(Image.fromarray(page)))
        assert np.allclose(own.picture[[0, 30], 0, 0], wanted, atol=25)
        wide = own.render(own.picture[:32], "letterboxed", [[0.4, 0.5], [0.6, 0.5]])[0]
        assert wide[0, 0, 0] == (255 if own._lines else 128), "a frame is no gray paper"
        assert own.words["caption"].startswith("Its light lines") == (wanted[0] == 255)
    give(own, stored(Image.fromarray(page.astype(np.uint16) * 257)))
    assert own.picture[0, 0, 0] == 20 and own.picture[30, 0, 0] == 240, "16 bits are not cut off"


@pytest.mark.parametrize(
    "eyes",
    [[], [[0.5, 0.5]], [[0.1, float("nan")], [1, 1]], "eyes", [[1], [1, 2]], [["a", "b"]], [[0.5, 0.5], [0.5, 0.5]]],
)
def test_eyes_that_cannot_be_are_said(eyes, picture: np.ndarray) -> None:
    own = OwnPicture(lambda x: x, [picture], size=32)
    with pytest.raises(LabError, match="[Ee]yes"):
        own.render(picture, "aligned", eyes)
    with pytest.raises(LabError, match="cannot be fitted"):
        own.render(picture, "sideways", own.eyes)
    with pytest.raises(LabError, match="at least one"):
        OwnPicture(lambda x: x, [])


def test_what_is_no_model_or_no_size_is_said(picture: np.ndarray) -> None:
    with pytest.raises(LabError, match="zoo.load opens one"):
        OwnPicture("ugatit-portrait-cel-64", [picture])
    for size in (-1, "64", 8):
        with pytest.raises(LabError, match="from 16"):
            OwnPicture(lambda x: x, [picture], size=size)
    with pytest.raises(LabError, match="attention should be"):
        BeforeAfter({"a": [picture], "b": [picture]}, attention=torch.zeros(1, 1, 4, 4))
    with pytest.raises(LabError, match="unlike shapes"):
        BeforeAfter({"a": [picture], "b": [picture[:, :30]]})

    def tired(pictures: torch.Tensor) -> torch.Tensor:
        if own:
            raise ZeroDivisionError("no more")
        return pictures[..., :16]

    own: list[OwnPicture] = []
    own.append(OwnPicture(tired, [Image.fromarray(picture), picture], size=None))
    assert own[0].still()[0].count("<img") == 2, "pictures of unlike sizes"
    answers = own[0].answered
    own[0].values = {**own[0].values, "example": 1}
    assert own[0].words["problem"] == "The model stopped: ZeroDivisionError: no more" and own[0].answered > answers


def test_eyes_are_guessed_in_a_drawn_face_wherever_it_is() -> None:
    character = Cast("frontal", 0, "test")[5]
    face = render(character, 128, "color", "portrait")
    canvas = np.full((200, 300, 3), 230, np.uint8)
    canvas[30:158, 150:278] = face
    wanted = five_points(character, 128, "portrait")[:2] + torch.tensor([150.0, 30])
    found = metrics.guessed_eyes(canvas)
    assert (found - wanted).norm(dim=1).max() < 12, "in pixels of 300"
    widget = OwnPicture(lambda x: x, [canvas], size=64)
    assert np.allclose(widget.eyes, found / torch.tensor([300.0, 200]), atol=1e-5)


def test_attention_lies_over_the_picture() -> None:
    torch.manual_seed(0)
    model = zoo.Translator("pair", ugatit.Pair(32, 4, 1, True).eval(), {})
    pictures = torch.rand(3, 3, 32, 32) * 2 - 1
    heat = model.attention(pictures)
    assert heat.shape == (3, 8, 8) and model.attends
    assert torch.equal(heat, model.network.a_to_b(pictures).heat) and not torch.equal(
        heat, model.attention(pictures, True)
    )
    odd = torch.rand(1, 3, 45, 30) * 2 - 1
    assert model.attention(odd).shape == (1, 12, 8) and OwnPicture(model, odd, size=None).after.shape == (45, 30, 3)
    with pytest.raises(LabError, match="has no attention"):
        zoo.load("pix2pix-color-64").attention(pictures)
    curtain = BeforeAfter({"a": pictures, "b": -pictures}, attention=heat)
    plain, covered = (curtain.render("a", "b", 2, 0, strength) for strength in (0, 100))
    assert np.array_equal(covered, heat_colors(heat, (256, 256))[1]) and not np.array_equal(plain, covered)
    curtain.values = {**curtain.values, "attention": 40}
    assert "40% of the attention" in curtain.still()[1]
    own = OwnPicture(model, pictures, size=32)
    assert own.picture_result["over"].startswith("data:image/png") and not own.parts["attention"]["hidden"]
    with pytest.raises(LabError, match="of the same pictures"):
        BeforeAfter({"a": pictures, "b": pictures}, attention=heat[:2])


def test_heat_runs_from_dark_to_bright() -> None:
    ramp = torch.arange(16.0).view(1, 1, 16).expand(1, 4, 16)
    colors = heat_colors(ramp, (4, 16))[0].astype(int).sum(-1)
    assert (np.diff(colors[0]) > 0).all() and colors[0, 0] < 200 < 500 < colors[0, -1]
    assert heat_colors(torch.zeros(1, 4, 4), (8, 8)).shape == (1, 8, 8, 3), "a map without differences is no error"
