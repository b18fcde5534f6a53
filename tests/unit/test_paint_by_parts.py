"""The widget that paints by parts: what becomes of ink, fills and styles, and what it refuses."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from animelab.errors import LabError
from animelab.recipes.spade import COLORS, MATERIAL_COLORS, SUBJECTS
from animelab.widgets import PaintByParts
from animelab.widgets.picture import data_url

SIZE, PARTS = 64, SUBJECTS["places"]
SKY, CLOUD, GRASS = (PARTS.index(name) for name in ("sky", "cloud", "grass"))


class Teller(nn.Module):
    """A painter whose answers are known: red tells the part, green the style, which is a picture's mean green."""

    classes, size, latent = len(PARTS), SIZE, 2

    def forward(self, labels: Tensor, styles: Tensor) -> Tensor:
        shades = [labels / 10.0, styles[:, :1, None].expand_as(labels), torch.zeros_like(labels).float()]
        return torch.stack(shades, 1)

    def style(self, pictures: Tensor) -> Tensor:
        return pictures.mean((2, 3))[:, 1:2].expand(-1, 2)


def labels() -> Tensor:
    """Sky above, grass below; then all grass."""
    both = torch.full((2, SIZE, SIZE), GRASS)
    both[0, : SIZE // 2] = SKY
    return both


@pytest.fixture
def desk(tmp_path: Any) -> PaintByParts:
    pictures = torch.stack([torch.full((3, SIZE, SIZE), shade) for shade in (-0.5, 0.5)])
    return PaintByParts(Teller(), labels(), pictures, "places", tmp_path / "out")


def stroke(*shapes: tuple[int, tuple[float, ...]], side: int = 768) -> str:
    """Ink as a browser sends it: boxes of parts in shares of the map, with soft edges."""
    image = Image.new("RGBA", (2 * side, 2 * side))
    for part, box in shapes:
        ImageDraw.Draw(image).rectangle([2 * side * each + 1 for each in box], MATERIAL_COLORS[part])
    return data_url(np.array(image.resize((side, side), Image.Resampling.BICUBIC)))


def paint(desk: PaintByParts, *value: Any) -> str:
    desk.values = {**desk.values, "map": list(value)}
    return desk.words.get("problem", "")


def test_ink_becomes_parts_and_a_blend_is_never_a_third_part(desk: PaintByParts) -> None:
    assert paint(desk, 1, stroke((CLOUD, (0.25, 0.25, 0.75, 0.75)), (SKY, (0.4, 0.4, 0.6, 0.6)))) == ""
    wanted = labels()[0].numpy()
    wanted[16:48, 16:48] = CLOUD
    wanted[26:38, 26:38] = SKY
    assert set(np.unique(desk.labels)) == {SKY, CLOUD, GRASS}
    assert (desk.labels != wanted).sum() <= 4 * 12, "but for a row at the edge of the inner box"
    assert (desk.picture[..., 0] == ((desk.labels / 10 + 1) * 127.5).round()).mean() > 0.99


def test_fill_takes_the_piece_and_is_undone(desk: PaintByParts) -> None:
    bar = stroke((CLOUD, (0.0, 0.7, 1.0, 0.8)))
    paint(desk, 1, bar)
    before = desk.labels.copy()
    desk.values = {**desk.values, "tool": "Fill", "part": "glow"}
    assert paint(desk, 2, bar, [0.5, 0.9]) == ""
    glow = desk.labels == PARTS.index("glow")
    assert glow[52:].all() and not glow[:51].any(), "the grass below the bar, and not that above it"
    assert (desk.labels[:51] == before[:51]).all()
    desk.pressed("undo")
    assert (desk.labels == before).all()
    desk.pressed("undo")
    assert (desk.labels == labels()[0].numpy()).all() and desk.parts["undo"]["disabled"]
    desk.pressed("redo"), desk.pressed("redo")
    assert (desk.labels == PARTS.index("glow")).sum() == glow.sum()
    assert paint(desk, 3, "") == "" and (desk.labels == labels()[0].numpy()).all(), "erased, the map comes back"


def test_styles_come_from_pictures_from_disk_and_from_chance(desk: PaintByParts) -> None:
    green = lambda: int(desk.picture[0, 0, 1])  # noqa: E731
    assert green() == 64
    desk.values = {**desk.values, "look": 1}
    assert green() == 191
    desk.pressed("chance")
    first = green()
    assert desk.values["look"] is None and first not in (64, 191)
    desk.pressed("chance")
    assert green() != first
    buffer = io.BytesIO()
    Image.new("RGB", (90, 50), (0, 255, 0)).save(buffer, "PNG")
    desk._asked(desk, {"do": "give", "name": "lent"}, [memoryview(buffer.getvalue())])
    assert green() == 255
    desk.pressed("undo"), desk.pressed("undo")
    assert green() == first and desk.values["look"] is None
    desk.pressed("undo")
    assert green() == 191 and desk.values["look"] == 1


def test_another_map_clear_reset_and_save(desk: PaintByParts) -> None:
    paint(desk, 1, stroke((CLOUD, (0.0, 0.0, 0.5, 0.5))))
    desk.pressed("clear")
    assert (desk.labels == labels()[0].numpy()).all()
    desk.pressed("another")
    assert (desk.labels == GRASS).all()
    desk.pressed("save")
    (path,) = desk.folder.glob("*.png")
    assert (np.asarray(Image.open(path)) == desk.picture).all() and str(path) in desk.words["caption"]
    desk.pressed("reset")
    assert (desk.labels == labels()[0].numpy()).all() and desk.values["look"] == 0
    (shown, _), (picture, _) = desk.seen()
    assert shown.shape == (512, 512, 3) and (picture == desk.picture).all()
    assert len({tuple(color) for color in shown.reshape(-1, 3).tolist()}) == 2


@pytest.mark.parametrize(
    "value",
    [5, None, [1], "ink", [1, 5], [1, "data:image/png;base64,?"], [1, "x" * 3_000_000], [1, "", 5], [1, "", ["a", 2]],
     [1, "", []], [1, "", [None, None]]],
)  # fmt: skip
def test_what_no_browser_sends_is_one_sentence(desk: PaintByParts, value: Any) -> None:
    desk.values = {**desk.values, "map": value}
    assert desk.words["problem"].endswith(".") and "stopped" not in desk.words["problem"]
    assert desk.labels.shape == (SIZE, SIZE)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_part_has_a_name_and_a_color_of_its_own(subject: str) -> None:
    assert len(SUBJECTS[subject]) == len(COLORS[subject]) == len({*COLORS[subject]})


def test_what_does_not_fit_is_refused(tmp_path: Any) -> None:
    pictures = torch.zeros(2, 3, SIZE, SIZE)
    for painter, maps, subject, words in (
        (Teller(), labels(), "cats", "no subject 'cats'"),
        (Teller(), labels(), "faces", "A painter of faces is needed"),
        (nn.Identity(), labels(), "places", "A painter of places is needed"),
        (Teller(), labels()[:, :32], "places", "has 64 px here"),
        (Teller(), labels()[:1], "places", "as many of both"),
    ):
        with pytest.raises(LabError, match=words):
            PaintByParts(painter, maps, pictures, subject)
