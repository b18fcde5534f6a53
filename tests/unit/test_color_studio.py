"""The coloring desk: its layers, its pictures of any size, what it takes from a browser and what it refuses."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn.colorization import palette
from animelab.widgets import ColorStudio


class Spreader(nn.Module):
    """A colorist whose answers are known: the first dot's color everywhere; without dots the palette's, or gray."""

    def forward(self, lines: Tensor, coarse: Tensor, precise: Tensor, palette: Tensor) -> tuple[Tensor, Tensor]:
        self.seen = lines.shape, coarse, precise, palette
        return tuple(self.spread(hints, lines) for hints in (coarse, precise))  # type: ignore[return-value]

    @staticmethod
    def spread(hints: Tensor, lines: Tensor) -> Tensor:
        dots = hints[0, 3] > 0
        color = hints[0, :3, dots][:, 0] if dots.any() else torch.zeros(3)
        return color.view(1, 3, 1, 1).expand(1, 3, *lines.shape[2:])


class Recorder(Spreader):
    """Remembers the lines it was given."""

    def forward(self, lines: Tensor, coarse: Tensor, precise: Tensor, palette: Tensor) -> tuple[Tensor, Tensor]:
        self.lines = lines
        return super().forward(lines, coarse, precise, palette)


def drawing(high: int = 64, wide: int = 64) -> np.ndarray:
    lines = np.full((high, wide, 3), 255, np.uint8)
    lines[high // 4 : -high // 4, wide // 4] = lines[high // 4 : -high // 4, -wide // 4] = 0  # a box, open below
    lines[high // 4, wide // 4 : -wide // 4] = lines[-high // 4 - 1, wide // 4 : -wide // 4] = 0
    return lines


@pytest.fixture
def desk(tmp_path) -> ColorStudio:
    return ColorStudio(Spreader(), drawing()[None], size=64, folder=tmp_path / "out")  # type: ignore[arg-type]


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def give(desk: ColorStudio, content: bytes, to: str = "open") -> str:
    """As a browser does it; what is said of it."""
    desk._asked(desk, {"do": "give", "name": to}, [memoryview(content)])
    return desk.words.get("problem", "")


def test_a_draft_dot_speaks_to_both_stages_and_a_final_dot_to_the_second_only(desk: ColorStudio) -> None:
    desk.dots = [[0.5, 0.5, "#ff0000", "draft"]]
    for picture in (desk.draft, desk.final):
        assert picture[32, 32].tolist() == [255, 0, 0]
    desk.dots = [[0.5, 0.5, "#0000ff", "final"]]
    assert desk.draft[32, 32].tolist() == [128, 128, 128] and desk.final[32, 32].tolist() == [0, 0, 255]
    desk.dots = []
    assert desk.final[32, 32].tolist() == [128, 128, 128]


def test_a_final_dot_wins_over_a_draft_dot_at_its_place(desk: ColorStudio) -> None:
    desk.dots = [[0.5, 0.5, "#0000ff", "final"], [0.5, 0.5, "#ff0000", "draft"]]
    assert desk.draft[32, 32].tolist() == [255, 0, 0] and desk.final[32, 32].tolist() == [0, 0, 255]


def test_the_networks_see_thin_lines_of_large_drawings() -> None:
    lines = np.full((1280, 1280, 3), 255, np.uint8)
    lines[:, 605:608] = 0
    colorist = Recorder()
    ColorStudio(colorist, lines[None], size=64)  # type: ignore[arg-type]
    seen = colorist.lines[0, 0].mean(0)
    assert seen.min() < 0.9 and (seen < 0.95).sum() <= 2, "fainter, and there"


def test_the_free_scheme_comes_first_where_reset_looks_for_it(desk: ColorStudio) -> None:
    assert desk.parts["scheme"]["options"][0] == "as it likes" == desk.scheme == desk._first["scheme"]


def test_dots_land_on_their_pixel_in_pictures_that_are_not_square() -> None:
    colorist = Spreader()
    desk = ColorStudio(colorist, drawing(40, 200)[None], size=100)  # type: ignore[arg-type]
    desk.dots = [[0.305, 0.5, "#ff0000", "draft"]]
    shape, coarse, _, _ = colorist.seen
    assert shape == (1, 1, 20, 100)
    assert coarse[0, 3].nonzero().float().mean(0).tolist() == [10, 30], "the middle of the dot"
    assert desk.final.shape == (40, 200, 3), "at the drawing's own size"


def test_a_scheme_is_its_palette(desk: ColorStudio) -> None:
    desk.scheme = "maple"
    maple = desk.colorist.seen[3]  # type: ignore[attr-defined]
    desk.scheme = "dandelion"
    assert maple.square().sum() == pytest.approx(1, abs=1e-3)
    assert not torch.allclose(maple, desk.colorist.seen[3])  # type: ignore[attr-defined]
    desk.scheme = "as it likes"
    gray = palette(torch.zeros(1, 3, 32, 32))
    assert torch.allclose(desk.colorist.seen[3], gray, atol=1e-3), "what it chose by itself"  # type: ignore[attr-defined]


def test_a_dots_color_takes_the_place_of_the_schemes(desk: ColorStudio) -> None:
    desk.scheme = "maple"
    desk.dots = [[0.5, 0.5, "#ffffff", "draft"]]
    _, _, _, taste = desk.colorist.seen  # type: ignore[attr-defined]
    assert taste[0].square().argmax() == 63 and taste[0, 63] > 0.99, "it filled all, and nothing is left of maple"


def test_the_layers_laid_over_each_other_are_the_picture(desk: ColorStudio) -> None:
    desk.dots, desk.light = [[0.5, 0.5, "#c08040", "draft"]], [0.0, 0.5, 0.3]
    folder = desk.export()
    assert sorted(path.name for path in folder.iterdir()) == [
        "1_colors.png", "2_light.png", "3_lines.png", "final.png",
    ]  # fmt: skip
    layers = [Image.open(folder / name) for name in ("1_colors.png", "2_light.png", "3_lines.png")]
    assert all(layer.mode == "RGBA" for layer in layers)
    laid = layers[0]
    for layer in layers[1:]:
        laid = Image.alpha_composite(laid, layer)
    assert np.array_equal(np.asarray(laid.convert("RGB")), np.asarray(Image.open(folder / "final.png")))
    assert np.array_equal(np.asarray(laid.convert("RGB")), desk.final)
    assert desk.final[16, 30].max() < 40, "ink is on top"


def test_the_light_comes_from_where_the_lamp_is(desk: ColorStudio) -> None:
    desk.dots = [[0.5, 0.5, "#c08040", "draft"]]
    dark = desk.final.astype(int)
    sides = {}
    for name, x in (("left", -2.0), ("right", 3.0)):
        desk.light = [x, 0.5, 0.5]
        lit = desk.final.astype(int).sum(2)
        sides[name] = lit[32, 18:22].mean() - lit[32, 42:46].mean()
        assert np.array_equal(desk.final[2, 2], dark[2, 2]), "the wall behind is not lit"
    assert sides["left"] > 60 and sides["right"] < -60
    desk.light = []
    assert np.array_equal(desk.final, dark)


def test_a_drawing_from_disk_may_have_any_size_and_transparent_is_paper(desk: ColorStudio) -> None:
    see_through = np.zeros((90, 50, 4), np.uint8)
    see_through[40] = (0, 0, 0, 255)
    give(desk, png(see_through))
    assert desk.lines.shape == (90, 50, 3) and desk.lines[0, 0].min() == 255 and desk.lines[40].max() == 0
    assert desk.final.shape == (90, 50, 3)


@pytest.mark.parametrize("paper", ["cream", "gray", "black", "deep", "white ink"])
def test_a_drawing_on_any_paper_is_black_on_white(paper: str, desk: ColorStudio) -> None:
    black, size = drawing(), (64, 64)
    given = {
        "cream": Image.fromarray((black / 255 * [255, 245, 220]).astype(np.uint8)),
        "gray": Image.fromarray((black * 0.8).astype(np.uint8)),
        "black": Image.fromarray(255 - black),
        "deep": Image.fromarray(black[..., 0].astype(np.uint16) * 257),
        "white ink": Image.merge("LA", (Image.new("L", size, 255), Image.fromarray(255 - black[..., 0]))),
    }[paper]
    buffer = io.BytesIO()
    given.save(buffer, "PNG")
    give(desk, buffer.getvalue())
    assert np.abs(desk.lines.astype(int) - black).max() < 4
    assert desk.words["caption"].startswith("Its ") == (paper != "deep")
    ink = np.asarray(Image.open(desk.export() / "3_lines.png"))[..., 3]
    assert ink[black[..., 0] == 255].max() < 4, "paper is no ink"


def test_a_large_drawing_is_shown_small_and_exported_as_it_is(desk: ColorStudio) -> None:
    give(desk, png(drawing(900, 1500)))
    desk.dots = [[0.5, 0.5, "#c08040", "draft"]]
    assert desk.final.shape == (307, 512, 3)
    folder = desk.export()
    for name in ("1_colors.png", "3_lines.png", "final.png"):
        assert Image.open(folder / name).size == (1500, 900)
    assert np.asarray(Image.open(folder / "3_lines.png"))[225, 375:1125, 3].min() == 255, "lines as sharp as they came"


def test_a_picture_from_disk_lends_its_colors(desk: ColorStudio) -> None:
    palettes = []
    for color in ((255, 0, 0), (0, 0, 255)):
        give(desk, png(np.full((40, 30, 3), color, np.uint8)), "lent")
        assert desk.scheme == "from your picture" and desk.scheme in desk.parts["scheme"]["options"]
        palettes.append(desk.colorist.seen[3])  # type: ignore[attr-defined]
        solid = torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, 8, 8) / 127.5 - 1
        assert torch.allclose(palettes[-1], palette(solid), atol=1e-5)
    assert not torch.allclose(*palettes), "a second picture's colors take the place of the first's"
    desk.scheme = "as it likes"
    give(desk, png(np.full((40, 30, 3), (0, 0, 255), np.uint8)), "lent")
    assert desk.scheme == "from your picture", "the same file again counts as news"
    assert "picture cannot be used" in give(desk, b"nothing", "lent") and desk.scheme == "from your picture"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<b>hello</b>",
        png(np.zeros((4, 4, 3), np.uint8)),
        png(np.zeros((20, 5000, 3), np.uint8)),
    ],
)
def test_what_is_no_drawing_is_refused_and_the_old_one_stays(desk: ColorStudio, sent: bytes) -> None:
    before = desk.lines
    said = give(desk, sent)
    assert "picture cannot be used" in said and "object at" not in said and desk.lines is before


def test_a_bad_dot_says_so_and_changes_nothing(desk: ColorStudio) -> None:
    before = desk.final
    desk.dots = [[2.0, 0.5, "#ff0000", "draft"]]
    assert "A dot lies" in desk.words["problem"] and desk.final is before
    desk.dots = [[0.5, 0.5, "url(evil)", "draft"]]
    assert "A color is" in desk.words["problem"] and desk.final is before


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"dots": [[0.5, 0.5, "#ff0000"]]}, "A dot is"),
        ({"dots": [["0.5", 0.5, "#ff0000", "draft"]]}, "A dot is"),
        ({"dots": [[0.5, 0.5, "#ff0000", "fianl"]]}, "A dot is"),
        ({"dots": [[0.5, 0.5, "#ff0000", "draft"]] * 501}, "up to 500"),
        ({"dots": [5]}, "A dot is"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_the_browser_hears_an_answer(
    desk: ColorStudio, wrong: dict, words: str
) -> None:
    before, answers = desk.final, desk.answered
    desk.dots = wrong["dots"]
    assert words in desk.words["problem"] and desk.final is before and desk.answered == answers + 1
    with pytest.raises(LabError, match=words):
        desk.export()
    desk.dots = []
    assert desk.words["problem"] == "", "and what was wrong is no longer said"


@pytest.mark.parametrize(
    "light", [[0.1, 0.1], [float("nan"), 0.1, 0.5], ["left", 0.1, 0.5], [0.1, 0.1, -1.0], [0.1, 0.1, 3.0]]
)
def test_a_light_and_a_scheme_that_cannot_be_are_said(desk: ColorStudio, light: list) -> None:
    with pytest.raises(LabError, match="A light is"):
        desk.light = light
    with pytest.raises(LabError, match="maple"):
        desk.scheme = "mapel"
    assert desk.light == [] and desk.scheme == "as it likes"


def test_undo_goes_back_step_by_step_and_a_drag_is_one(desk: ColorStudio) -> None:
    def hand(step: int, *dots: tuple[float, float]) -> None:
        news = [step, [[x, y, "#ff0000", "draft"] for x, y in dots]]
        desk.set_state({"values": {**desk.values, "lines": news}})

    assert desk.parts["undo"]["disabled"] and desk.parts["redo"]["disabled"]
    hand(1, (0.2, 0.2))
    for x in (0.3, 0.4, 0.5):
        hand(2, (x, 0.2))
    desk.scheme = "maple"
    assert not desk.parts["undo"]["disabled"]
    desk.pressed("undo")
    assert desk.scheme == "as it likes" and desk.dots[0][0] == 0.5
    desk.pressed("undo")
    assert desk.dots[0][0] == 0.2 and not desk.parts["redo"]["disabled"]
    desk.pressed("redo")
    assert desk.dots[0][0] == 0.5
    desk.pressed("reset")
    assert desk.dots == [] and desk.final[32, 32].tolist() == [128, 128, 128] and desk.parts["redo"]["disabled"]
    for _ in range(5):
        desk.pressed("undo")
    assert desk.dots == [] and desk.parts["undo"]["disabled"]


def test_only_where_the_light_can_be_dragged_it_says_so(desk: ColorStudio) -> None:
    said = []
    for news in ({"lit": True}, {"view": "draft"}, {"view": "final"}, {"lit": False}):
        desk.set_state({"values": {**desk.values, **news}})
        said.append(("drag" in desk.parts["result"]["label"], not desk.parts["result"]["off"]))
    assert said == [(True, True), (False, False), (True, True), (False, False)]
    desk.set_state({"values": {**desk.values, "tool": "Erase"}})
    desk.set_state({"values": {**desk.values, "color": "#123456"}})
    assert desk.values["tool"] == "Draft dot", "who takes a color wants to use it"
    for wrong in ("url(x)", "#12345", 5, ["red"]):
        desk.set_state({"values": {**desk.values, "color": wrong}})
        assert desk.values["color"] == "#123456"


def test_a_gap_that_closes_on_the_screen_stays_closed_in_the_export(tmp_path) -> None:
    lines = np.full((1600, 1600, 3), 255, np.uint8)
    for sides in (np.s_[400:, 400:412], np.s_[400:, 1188:1200], np.s_[400:412, 400:1200]):
        lines[sides] = 0
    lines[400:412, 800] = 255  # one pixel of 1600
    desk = ColorStudio(Spreader(), lines[None], size=64, folder=tmp_path)  # type: ignore[arg-type]
    desk.light = [-2.0, 0.5, 0.3]
    light = np.asarray(Image.open(desk.export() / "2_light.png"))[..., 3]
    assert light[600:1500, 500:1100].mean() > 20, "the inside is lit"
    assert light.shape == (1600, 1600)


def test_every_export_has_a_folder_of_its_own(desk: ColorStudio) -> None:
    folders = [desk.export() for _ in range(3)]
    assert [folder.name for folder in folders] == ["001", "002", "003"]


def test_a_photo_of_a_drawing_is_turned_upright(desk: ColorStudio) -> None:
    buffer = io.BytesIO()
    image = Image.fromarray(drawing(60, 90))
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned
    image.save(buffer, "JPEG", exif=exif)
    give(desk, buffer.getvalue())
    assert desk.lines.shape == (90, 60, 3)


def test_another_drawing_begins_without_dots(tmp_path) -> None:
    desk = ColorStudio(Spreader(), np.stack([drawing(), drawing()[::-1]]), size=64)  # type: ignore[arg-type]
    desk.dots = [[0.5, 0.5, "#ff0000", "draft"]]
    desk.pressed("another")
    assert desk.dots == [] and np.array_equal(desk.lines, drawing()[::-1])
    desk.folder = tmp_path / "file"
    desk.folder.write_text("")
    with pytest.raises(LabError, match="cannot be written"):
        desk.export()
    desk._asked(desk, {"do": "press", "name": "export"}, None)
    assert "cannot be written" in desk.words["problem"], "and the browser hears of it"


def test_without_a_kernel_a_picture_remains(desk: ColorStudio) -> None:
    bundle = desk._repr_mimebundle_()
    assert "<img" in bundle["text/html"] and "0 dots" in bundle["text/plain"]
