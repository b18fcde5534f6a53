"""Coloring: what dots and palettes say, what a flawed draft is, lines by subtraction."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from animelab import metrics, zoo
from animelab.data import StudioPairs
from animelab.errors import LabError
from animelab.nn import relight
from animelab.nn.colorization import (
    PALETTE,
    SCHEMES,
    Colorist,
    GatedUNet,
    UNet,
    agreed,
    beside_lines,
    blobs,
    flawed,
    hints,
    palette,
    placed,
    poured,
    strange,
    stripes,
    transplanted,
    ways,
)
from animelab.nn.xdog import GRAY, xdog
from animelab.recipes.colorization import PRESETS, exam, preset


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_dots_have_the_color_of_their_center_and_lie_only_where_they_may() -> None:
    pictures = torch.rand(3, 3, 32, 32) * 2 - 1
    allowed = torch.zeros(3, 1, 32, 32, dtype=torch.bool)
    allowed[..., 4:28:6, 4:28:6] = True  # 16 places, so far apart that dots cannot touch
    counts = torch.tensor([0, 1, 5])
    found = hints(pictures, counts, 1, allowed)
    mask = found[:, 3]
    assert mask.sum((1, 2)).tolist() == [0, 9, 45], "3 x 3 pixels for each dot"
    centers = torch.zeros_like(mask)
    for k, row, column in (mask.bool() & allowed[:, 0]).nonzero().tolist():
        centers[k, row, column] = 1
        square = found[k, :3, row - 1 : row + 2, column - 1 : column + 2]
        assert torch.equal(square, pictures[k, :, row, column, None, None].expand(3, 3, 3))
    assert centers.sum((1, 2)).tolist() == [0, 1, 5]
    assert not (found[:, :3] * (1 - mask[:, None])).any(), "no color leaks out where no dot is"


def test_dots_are_new_each_time_and_anywhere() -> None:
    pictures = torch.zeros(1, 3, 8, 8)
    places = sum(hints(pictures, torch.tensor([4]), 0)[0, 3] for _ in range(200))
    assert places.min() > 0 and places.max() < 30


def test_a_palette_is_a_count_of_colors() -> None:
    black, red = (
        torch.tensor(c).view(1, 3, 1, 1).expand(1, 3, 64, 64) for c in ((-1.0, -1.0, -1.0), (1.0, -1.0, -1.0))
    )
    both = torch.cat([black[..., :48], red[..., :16]], -1)
    shares = palette(both).square()[0]
    assert shares.shape == (PALETTE,) and shares.sum() == pytest.approx(1, abs=1e-3)
    assert shares[0] == pytest.approx(0.75, abs=1e-3) and shares[48] == pytest.approx(0.25, abs=1e-3)
    assert torch.allclose(palette(both), palette(both.flip(3)), atol=1e-3), "where they are does not count"
    third = torch.full((1, 3, 32, 32), -1 + 1 / 3)  # half way between two knots, in each channel
    assert palette(third).square()[0].sort().values[-8:].tolist() == pytest.approx([0.125] * 8, abs=1e-3)


def test_named_palettes_show_their_shares() -> None:
    for colors in SCHEMES.values():
        picture = stripes(colors, 100)
        for name, share in colors:
            same = (picture[0, :, 0] == torch.tensor(list(bytes.fromhex(name[1:])))[:, None] / 127.5 - 1).all(0)
            assert same.float().mean() == pytest.approx(share, abs=0.011)
    with pytest.raises(LabError, match="hexadecimal"):
        stripes([("yellow", 1.0)])
    with pytest.raises(LabError, match="above 0"):
        stripes([("#ffffff", 0.0)])


def test_clicks_land_on_their_pixel_at_any_size() -> None:
    for high, wide in ((64, 64), (50, 90), (17, 33)):
        found = placed([(0.5, 0.25, "#ff0000")], torch.zeros(1, 1, high, wide), radius=0)
        assert found[0, 3].nonzero().tolist() == [[int(0.25 * high), int(0.5 * wide)]]
    found = placed(
        [(0.0, 0.0, "#000000"), (0.0, 0.0, "#ffffff", "final"), (0.99, 0.99, "#808080")], torch.zeros(1, 1, 8, 8)
    )
    assert found[0, 3].sum() == 8, "at the edge a dot is cut off"
    assert found[0, :3, 0, 0].tolist() == [1, 1, 1], "the later dot is on top"
    for dot in ((1.0, 0.5, "#ff0000"), (0.5, -0.1, "#ff0000"), (0.5, math.nan, "#ff0000"), (0.5, 0.5, "red")):
        with pytest.raises(LabError):
            placed([dot], torch.zeros(1, 1, 8, 8))


def test_spots_have_the_share_that_was_asked_for() -> None:
    for share in (0.1, 0.4):
        found = blobs(torch.zeros(64, 3, 48, 48), share)
        assert found.min() >= 0 and found.max() <= 1
        assert found.mean() == pytest.approx(share, abs=0.04)


def test_a_flawed_draft_is_the_picture_with_large_errors_in_spots() -> None:
    pictures = torch.rand(32, 3, 1, 1).expand(32, 3, 64, 64) * 2 - 1  # plain, so that blur and movement change nothing
    changed = (flawed(pictures) - pictures).abs().amax(1) > 0.02
    share = changed.float().mean((1, 2))
    assert 0.02 < share.mean() < 0.6
    assert (share < 0.9).all(), "much of each picture is as it was"
    assert (share > 0.02).float().mean() > 0.5, "and most have something to repair"


def test_each_flaw_is_there() -> None:
    """Movement: content of another place. Spray and transplants: strange colors. Blur: less of what is fine."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    places = torch.stack([x, y, torch.zeros_like(x)]).expand(32, 3, 64, 64)  # a color says where it comes from
    found = flawed(places, lambda pictures, spots: pictures)
    elsewhere = (found[:, :2] - places[:, :2]).norm(dim=1) > 0.2
    unsprayed = found[:, 2].abs() < 0.01
    assert (elsewhere & unsprayed).float().mean() > 0.02, "parts move"
    assert (~unsprayed).float().mean() > 0.02, "parts are sprayed"
    mine = flawed(torch.zeros(32, 3, 64, 64), lambda pictures, spots: torch.where(spots > 0.5, 7.0, pictures))
    assert 0.02 < (mine > 5).float().mean() < 0.3, "parts come from elsewhere"
    fine = torch.where((x * 32).floor() % 2 > 0, 1.0, -1.0).expand(32, 3, 64, 64)
    contrast = flawed(fine).diff(dim=-1).abs().mean((1, 2, 3)) / fine.diff(dim=-1).abs().mean()
    assert contrast.min() < 0.3 and contrast.max() > 0.7, "some are blurred much and some little"


def box() -> torch.Tensor:
    """Ink (1, 1, 32, 32): a box of lines of one pixel."""
    ink = torch.zeros(1, 1, 32, 32)
    ink[..., 8:24, [8, 23]] = ink[..., [8, 23], 8:24] = 1
    return ink


def test_the_cheapest_way_is_that_of_dijkstra() -> None:
    cost, starts = torch.rand(1, 9, 9) + 0.1, torch.zeros(1, 9, 9, dtype=torch.bool)
    starts[0, [1, 6], [2, 7]] = True
    far, origin = ways(starts, cost, rounds=9)
    expected = torch.where(starts[0], 0.0, torch.inf)
    for _ in range(81):  # each pixel from its cheapest neighbor, until nothing changes
        padded = torch.nn.functional.pad(expected, (1, 1, 1, 1), value=torch.inf)
        near = torch.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]]).amin(0)
        expected = torch.minimum(expected, near + cost[0])
    assert torch.allclose(far[0], expected, atol=1e-2)
    assert {*origin.flatten().tolist()} == {1 * 9 + 2, 6 * 9 + 7}, "and each way begins at a start"


def test_a_dot_runs_over_paper_and_not_over_lines() -> None:
    ink, like = box(), torch.zeros(1, 3, 32, 32)
    inside = torch.zeros(32, 32, dtype=torch.bool)
    inside[9:23, 9:23] = True
    colors, near = poured(placed([(0.5, 0.5, "#ff0000")], like), ink)[0].split((3, 1))
    assert near[0][inside].min() > 0.7 and near[0][~inside].max() < 0.2
    assert (colors[0] == 1).all() and (colors[1:] == -1).all()
    near_two = poured(placed([(0.3, 0.5, "#ff0000"), (0.7, 0.5, "#0000ff")], like), ink)[0]
    assert near_two[0, 16, 11] == 1 == near_two[2, 16, 21], "the nearer one counts"
    assert not poured(torch.zeros(1, 4, 32, 32), ink).any(), "without a dot, nothing"


def test_a_pale_line_holds_a_color_too() -> None:
    ink, dots = box() * 0.15, placed([(0.5, 0.5, "#ff0000")], torch.zeros(1, 3, 32, 32))
    assert poured(dots, ink)[0, 3, 3, 16] < 0.1 < poured(dots, box() * 0)[0, 3, 3, 16]


def test_a_click_on_a_line_means_the_paper_beside_it() -> None:
    lines = 1 - 2 * box()
    dots = [[8.5 / 32, 0.5, "#ff0000", "draft"], [0.5, 0.5, "#00ff00", "draft"], [0.5, math.nan, "#0000ff", "draft"]]
    found = beside_lines(dots, lines)
    assert lines[0, 0, int(found[0][1] * 32), int(found[0][0] * 32)] == 1 and abs(found[0][0] * 32 - 8.5) == 1
    assert found[1] == dots[1] and found[0][2:] == dots[0][2:] and math.isnan(found[2][1])
    assert beside_lines(dots[:1], torch.full((1, 1, 32, 32), -1.0)) == dots[:1], "where all is ink, it stays"


def test_the_bundled_desk_lets_no_scheme_win_over_a_dot(tmp_path) -> None:
    lines, _ = StudioPairs("line", "color", 128, 20, prior="full", split="test", cache=tmp_path).batch([4])
    colorists, paper = zoo.colorist("colorist-draft-128", "colorist-refine-128"), lines[:, :1]
    dots = placed([(0.5, 0.22, "#3d7dca"), (0.28, 0.7, "#3d7dca")], paper, 2)
    hair = (slice(None), slice(None), slice(34, 44), slice(40, 56))  # at the left of the parting, which has no dot
    for colors in SCHEMES.values():
        taste = palette(stripes(colors))
        red, green, blue = colorists(paper, dots, dots, agreed(colorists, paper, dots, taste))[1][hair].mean((0, 2, 3))
        assert blue > red + 0.4 and blue > green, "blue dots, blue hair"


def test_what_is_strange_ends_at_lines_and_where_colors_change() -> None:
    ink = box()
    pictures = torch.zeros(1, 3, 32, 32)
    pictures[..., :16] = 0.8  # two colors inside of the box
    pictures[..., 12, 10:15] = 0.7  # and a shade
    pictures = torch.where(ink > 0, -1, pictures)
    spot = torch.zeros(1, 4, 32, 32)
    spot[0, 3, 20, 12], spot[0, :3, 20, 12] = 1, 0.8
    found = strange(pictures, spot, ink)
    changed = (found != pictures).any(1)[0]
    expected = torch.zeros(32, 32, dtype=torch.bool)
    expected[9:23, 9:16] = True
    assert torch.equal(changed, expected)
    assert (found[0, :, 12, 12] - found[0, :, 20, 12]).abs().max() < 0.11, "its light and shade stay"
    assert torch.equal(strange(pictures, torch.zeros_like(spot), ink), pictures), "without a spot all is as it was"


def test_a_gated_network_can_keep_what_was_poured_to_the_last_digit() -> None:
    network = GatedUNet(5, width=4).eval()
    torch.nn.init.constant_(network.last.bias[3:], 99.0)
    dots = placed([(0.5, 0.5, "#3d7dca")], torch.zeros(1, 3, 32, 32))
    answer = network(torch.cat([box(), dots], 1))
    assert torch.equal(answer[0, :, 16, 16], dots[0, :3, 16, 16])
    alone = network(torch.zeros(1, 5, 32, 32))
    assert alone.abs().max() > 0, "where no dot is, its own colors count"


def test_a_gated_network_begins_as_the_plain_one() -> None:
    plain, network = UNet(5, 3, 4, PALETTE).eval(), GatedUNet(5, 3, 4, PALETTE).eval()
    network.load_state_dict(plain.state_dict())
    ink, nothing = torch.cat([box(), torch.zeros(1, 4, 32, 32)], 1), torch.zeros(1, PALETTE)
    assert torch.allclose(network(ink, nothing), plain(ink, nothing), atol=1e-5)


def test_the_bundled_colorists_follow_a_draft_dot_and_a_final_dot(tmp_path) -> None:
    lines, _ = StudioPairs("line", "color", 128, 16, split="test", cache=tmp_path).batch(range(16))
    colorists = zoo.colorist("colorist-draft-128", "colorist-refine-128")
    paper, nothing = lines[:, :1], torch.zeros(16, 4, 128, 128)
    for color in ((0.64, -0.43, -0.29), (-0.6, 1.0, -0.6), (-0.54, -0.63, -0.63)):  # red; green and brown, of no wall
        plain = torch.tensor(color).view(1, 3, 1, 1).expand(16, 3, 128, 128)
        dots = hints(plain, torch.ones(16, dtype=torch.int64), 1, paper > 0.6)
        with torch.no_grad():
            early, late = (colorists(paper, first, dots, torch.zeros(16, PALETTE)) for first in (dots, nothing))
        for answer in (*early, late[1]):
            assert float(metrics.obedience(answer, dots)) < 30, "black to white is 441"


@pytest.mark.parametrize("stage", ["draft", "refine"])
def test_the_bundled_desk_obeys(stage: str) -> None:
    found = exam(dataclasses.replace(PRESETS["studio"], stage=stage), f"colorist-{stage}-128", 64)
    assert found["off the dots"] < 12 and found["off a green one"] < 12 and found["leak"] < 0.55
    assert found["PSNR"] > 19


def test_a_learners_own_transplants_reach_the_flaws() -> None:
    pictures = torch.rand(16, 3, 1, 1).expand(16, 3, 64, 64) * 2 - 1
    torch.manual_seed(3)
    theirs = flawed(pictures)
    torch.manual_seed(3)
    assert torch.equal(flawed(pictures, transplanted), theirs)
    torch.manual_seed(3)
    mine = flawed(pictures, lambda pictures, spots: torch.where(spots > 0.5, 5.0, pictures))
    assert mine.max() > 2 and theirs.max() <= 1


def test_a_colorist_takes_pictures_of_any_size() -> None:
    colorist = Colorist(UNet(5, 3, 4, PALETTE), UNet(8, 3, 4)).eval()
    lines = torch.ones(1, 1, 40, 70)
    empty = torch.zeros(1, 4, 40, 70)
    for picture in colorist(lines, empty, empty, torch.zeros(1, PALETTE)):
        assert picture.shape == (1, 3, 40, 70) and picture.abs().max() <= 1
    with pytest.raises(LabError, match="multiples of 16"):
        colorist.draft(torch.zeros(1, 5, 40, 64), torch.zeros(1, PALETTE))


def test_the_bundled_second_stage_repairs(tmp_path) -> None:
    lines, colors = StudioPairs("line", "color", 128, 16, split="test", cache=tmp_path).batch(range(16))
    draft = flawed(colors)
    with torch.no_grad():
        repaired = zoo.network("colorist-refine-128")(
            torch.cat([(1 - lines[:, :1]) / 2, torch.zeros(16, 4, 128, 128), draft], 1)
        )
    assert (repaired - colors).abs().mean() < 0.7 * (draft - colors).abs().mean()


class Records(torch.nn.Module):
    """A stage that remembers what it was given and paints one gray."""

    def __init__(self, gray: float) -> None:
        super().__init__()
        self.gray = gray

    def forward(self, x: torch.Tensor, taste: torch.Tensor | None = None) -> torch.Tensor:
        self.x, self.taste = x, taste
        return torch.full_like(x[:, :3], self.gray)


def test_each_stage_of_a_colorist_hears_what_is_meant_for_it() -> None:
    draft, refine = Records(2.0), Records(0.25)  # the first paints beyond white
    colorist = Colorist(draft, refine)  # type: ignore[arg-type]
    lines, taste = torch.rand(2, 1, 20, 40) * 2 - 1, torch.rand(2, PALETTE)
    coarse, precise = torch.rand(2, 4, 20, 40), torch.rand(2, 4, 20, 40)
    precise[:, 3] = 0  # so that nothing is poured
    first, final = colorist(lines, coarse, precise, taste)
    inside = (slice(None), slice(None), slice(20), slice(40))
    for stage, hints_, channels in ((draft, coarse, 5), (refine, precise, 8)):
        assert stage.x.shape == (2, channels, 32, 48)
        assert torch.allclose(stage.x[:, :1][inside], (1 - lines) / 2), "ink is 1, paper 0"
        assert torch.equal(stage.x[:, 1:5][inside], hints_)
        assert not stage.x[:, :5, 20:].any() and not stage.x[:, :5, :, 40:].any(), "beyond the edge there is paper"
    assert draft.taste is taste and (refine.x[:, 5:] == 1).all(), "the draft reaches the second stage, within bounds"
    assert (first == 1).all() and (final == 0.25).all() and final.shape == (2, 3, 20, 40)


def test_more_dots_than_pixels_and_a_missing_palette_are_one_sentence() -> None:
    with pytest.raises(LabError, match="17 dots do not fit into 16 pixels"):
        hints(torch.zeros(1, 3, 4, 4), torch.tensor([17]))
    with pytest.raises(LabError, match="takes a palette"):
        UNet(5, 3, 4, PALETTE)(torch.zeros(1, 5, 16, 16))
    for wrong in (
        {"dots": 5},
        {"radius": -1},
        {"size": 16, "dots": 300},
        {"size": 40},
        {"none": 2.0},
        {"stage": "drafft"},
    ):
        with pytest.raises(LabError):
            preset("smoke", **wrong)


def test_xdog_is_the_formula_of_the_paper() -> None:
    pictures = torch.rand(2, 3, 40, 36, dtype=torch.float64) * 2 - 1
    gray = (pictures.numpy() + 1) / 2
    gray = np.einsum("c,bchw->bhw", GRAY, gray)
    settings = {"sigma": 1.0, "k": 1.6, "sharpness": 5.0, "level": 0.4, "slope": 3.0}
    fine, wide = (np.stack([gaussian_filter(g, s, mode="mirror", truncate=3) for g in gray]) for s in (1.0, 1.6))
    contrast = 6 * fine - 5 * wide
    expected = np.where(contrast >= 0.4, 1, 1 + np.tanh(3 * (contrast - 0.4))) * 2 - 1
    found = xdog(pictures, **settings)[:, 0].numpy()
    assert np.abs(found - expected)[:, 6:-6, 6:-6].max() < 0.02
    plain = xdog(torch.full((1, 3, 16, 16), 0.5))
    assert plain.min() == 1, "a plain bright wall has no lines"


def test_a_learners_own_channels_and_ink_are_used() -> None:
    pictures, counts = torch.rand(2, 3, 16, 16) * 2 - 1, torch.tensor([3, 0])
    theirs = hints(pictures, counts, channels=lambda colors, dots: torch.cat([colors - colors + 5, 2.0 * dots], 1))
    assert (theirs[:, :3] == 5).all() and theirs[0, 3].max() == 2 and not theirs[1, 3].any()
    assert (xdog(pictures, ink=lambda fine, wide, sharpness, level, slope: fine * 0 + level, level=0.75) == 0.5).all()


def test_light_falls_squarely_by_the_angle_alone() -> None:
    normals = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 0, -1], [0.6, 0, 0.8]]).T.view(1, 3, 2, 2)
    for length in (0.1, 1.0, 7.0):
        found = relight.squarely(normals, torch.tensor([0, 0, length]))
        assert found.flatten().tolist() == pytest.approx([1, 0, 0, 0.8])
    each = torch.tensor([[0.0, 0, 2], [3, 0, 0], [0, 0, -1], [0, 1, 0]]).T.view(3, 2, 2)
    assert relight.squarely(normals, each).flatten().tolist() == pytest.approx([1, 1, 1, 0])
