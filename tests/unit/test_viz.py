from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from animelab.errors import LabError
from animelab.viz import GUTTER, Figure, compare, curves, grid, show


def flat(*values: float, size: int = 4) -> torch.Tensor:
    """Pictures of one gray each."""
    return torch.tensor(values).reshape(-1, 1, 1, 1).expand(-1, 3, size, size)


def test_grid_places_pictures_row_by_row_with_white_gutters():
    sheet = grid(flat(-1.0, 0.0, 1.0), columns=2)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * 4 + GUTTER, 2 * 4 + GUTTER, 3)
    assert (sheet[:4, :4] == 0).all()
    assert (sheet[:4, 4 + GUTTER :] == 128).all()
    assert (sheet[4 : 4 + GUTTER] == 255).all()  # the gutter
    assert (sheet[4 + GUTTER :, 4 + GUTTER :] == 255).all()  # the place that stays empty


def test_grid_keeps_the_order_of_the_axes_and_colors():
    picture = torch.full((1, 3, 2, 3), -1.0)
    picture[0, 1, 0, 2] = 1.0  # green, top right
    sheet = grid(picture)
    assert sheet.shape == (2, 3, 3)
    assert sheet[0, 2].tolist() == [0, 255, 0]
    assert sheet.sum() == 255


@pytest.mark.parametrize("scale", [2, 5])
def test_scale_enlarges_the_pictures_but_not_the_gutters(scale: int):
    sheet = grid(flat(-1.0, -1.0), columns=2, scale=scale)
    assert sheet.shape == (4 * scale, 8 * scale + GUTTER, 3)
    assert (sheet[:, : 4 * scale] == 0).all()


def test_every_accepted_form_gives_the_same_grid():
    floats = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    pixels = ((floats + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    expected = grid(floats)
    for form in (floats.requires_grad_(), floats.detach().numpy(), pixels, list(pixels), tuple(floats.detach())):
        assert np.array_equal(grid(form), expected)


def test_one_channel_is_gray_and_a_little_outside_is_clipped():
    sheet = grid(torch.tensor([[[[1.7, -3.0]]]]))
    assert sheet.tolist() == [[[255] * 3, [0] * 3]]
    assert grid(torch.zeros(1, 3, 4, 4, dtype=torch.bfloat16)).shape == (4, 4, 3)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(8, 100), "is the network's output a picture"),
        (torch.zeros(0, 3, 4, 4), "shape"),
        (torch.zeros(2, 4, 4, 3), r"should be \(B, 3, H, W\)"),
        (np.zeros((2, 3, 4, 4), np.uint8), r"should be \(B, H, W, 3\)"),
        (torch.full((1, 3, 4, 4), 200.0), r"x / 127.5 - 1"),
        (torch.full((1, 3, 4, 4), float("nan")), "diverged"),
        ([], "empty"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)], "different sizes"),
    ],
)
def test_what_is_no_picture_is_refused_with_advice(images: object, message: str):
    with pytest.raises(LabError, match=message):
        show(images)


def test_grid_needs_a_column():
    with pytest.raises(LabError, match="columns takes"):
        grid(flat(0.0), columns=0)


def test_figure_carries_its_picture_alt_text_and_caption():
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    bundle = Figure(pixels, 'A "quoted" face', "Seed 1 < 2")._repr_mimebundle_()
    assert bundle["text/plain"] == 'A "quoted" face'
    assert 'alt="A &quot;quoted&quot; face"' in bundle["text/html"]
    assert "Seed 1 &lt; 2" in bundle["text/html"]
    data = re.search(r"data:image/png;base64,([^\"]+)", bundle["text/html"])[1]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), pixels)


def test_figure_saves_itself(tmp_path):
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    Figure(pixels, "noise").save(tmp_path / "noise.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "noise.png")), pixels)


def test_show_falls_back_to_caption_and_count_for_alt():
    assert show(flat(0.0), caption="A face").alt == "A face"
    assert show(flat(0.0, 0.0)).alt == "2 pictures in a grid."
    assert show(flat(0.0), caption="A face", alt="A girl with red hair").alt == "A girl with red hair"


def test_compare_stacks_named_rows():
    figure = compare({"one": flat(-1.0), "a name wider than its pictures": flat(0.0, 0.0)}, scale=1)
    assert "one; a name wider" in figure.alt
    black = (figure.image[:, :4] == 0).all((1, 2))
    assert black.sum() == 4  # the first row's picture, whole and once
    assert figure.image.shape[1] > 100  # the name is not cut off
    with pytest.raises(LabError, match="at least one row"):
        compare({})


def test_compare_can_name_each_picture_of_a_row():
    pictures = np.zeros((2, 60, 60, 3), np.uint8)
    one, two = (compare({name: pictures}, scale=1) for name in ("ab", ("ab", "cd")))
    assert two.alt.endswith("ab, cd.")
    label = one.image.shape[0] - 60
    written = [(figure.image[:label] < 255).any((0, 2)) for figure in (one, two)]
    assert (written[0] == written[1])[:62].all() and not written[0][62:].any()
    assert written[1][62:].any(), "the second name stands over the second picture"


def log(count: int = 200) -> list[dict[str, float]]:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, (count, 2))
    return [
        {"step": i, "seconds": i / 9, "images_per_second": 300.0, "D": 2 - i / 100 + a, "G": i / 50 + b}
        for i, (a, b) in enumerate(noise)
    ]


def test_curves_say_in_words_where_they_go():
    figure = curves(log())
    numbers = {
        name: [float(x) for x in re.findall(r" at ([\d.]+) | with ([\d.]+) ", sentence)[0] if x]
        for name, sentence in re.findall(r"(\w+) (starts at .*?\)\.)", figure.alt)
    }
    assert set(numbers) == {"D", "G"}  # and not seconds or images_per_second
    assert numbers["D"][0] == pytest.approx(2, abs=0.15)
    assert re.search(r"G starts at 0\.\d+ \(step 0\), ends at 3\.\d+ \(step 199\)", figure.alt)


def test_curves_draw_each_name_in_a_color_of_its_own():
    image = curves(log()).image.reshape(-1, 3)
    for color in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert (image == color).all(1).sum() > 200


def test_both_forms_of_losses_draw_the_same():
    rows = log(50)
    steps = [row["step"] for row in rows]
    series = {name: (steps, [row[name] for row in rows]) for name in "DG"}
    assert np.array_equal(curves(rows).image, curves(series).image)


def test_curves_survive_gaps_spikes_and_a_single_point():
    values = np.linspace(1, 2, 100)
    values[50], values[60] = np.nan, np.inf
    assert "2 values that are not finite" in curves({"D": (range(100), values)}).alt
    point = curves({"D": ([0], [3.0])})
    assert "starts at 3 (step 0)" in point.alt
    blue = (point.image[:, :1000] == (0x00, 0x72, 0xB2)).all(2)
    assert 80 < blue.sum() < 1000, "a dot"


def test_curves_are_drawn_in_the_color_of_the_page():
    markup = curves({"\\1 <b>": ([0, 1], [1.0, 2.0])}, alt='A "chart"').markup
    drawing = markup.partition("</foreignObject>")[2]
    assert 'role="img" aria-label="A &quot;chart&quot;"' in markup
    assert "<style" not in markup and "<metadata" not in markup
    assert set(re.findall(r"(?:fill|stroke): ?(#\w+|\w+)", drawing)) == {"none", "currentColor", "#0072b2"}


def test_between_pictures_a_notebook_shows_through():
    markup = show(flat(1.0, 1.0, 1.0), columns=2, scale=1)._repr_mimebundle_()["text/html"]
    data = re.search(r"base64,([^\"]+)", markup)[1]
    alpha = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))[..., 3]
    assert (alpha == 255).sum() == 3 * 4 * 4 and alpha[5:, 5:].max() == 0


def test_curves_that_join_later_are_drawn_from_there():
    rows = [*log(50), {"step": 50, "D": 1.0, "G": 1.0, "R1": 0.5}]
    assert re.search(r"R1 starts at 0.5 \(step 50\)", curves(rows).alt)


@pytest.mark.parametrize("losses", [[], {}, {"D": ([], [])}, {"D": ([0, 1], [np.nan, np.nan])}])
def test_no_losses_is_said(losses: object):
    with pytest.raises(LabError, match="no losses to draw"):
        curves(losses)


def test_lengths_must_agree():
    with pytest.raises(LabError, match="'D' has 3 steps but 2 values"):
        curves({"D": ([0, 1, 2], [1.0, 2.0])})
