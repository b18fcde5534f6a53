"""Drawings as people have them: on tinted or black paper, and as ink on transparency."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from animelab.data.paper import is_ink, on_white
from animelab.files import opened
from animelab.studio import Character, render

PAPERS = {  # paper and ink, which words are said, and how dark the ink may stay
    "cream": ((255, 245, 220), (0, 0, 0), "its paper was brought to white"),
    "gray": ((200, 200, 200), (0, 0, 0), "its paper was brought to white"),
    "kraft": ((190, 150, 100), (20, 10, 10), "its paper was brought to white"),
    "black": ((0, 0, 0), (255, 255, 255), "its light lines were made black, its paper white"),
    "blueprint": ((20, 60, 160), (255, 255, 255), "its light lines were made black, its paper white"),
    "chalk": ((40, 70, 50), (230, 230, 230), "its light lines were made black, its paper white"),
    "white": ((255, 255, 255), (0, 0, 0), ""),
    "nearly white": ((251, 250, 249), (0, 0, 0), ""),
}


def lines(size: int) -> np.ndarray:
    """(size, size) from 0, ink, to 1, paper."""
    drawn = np.asarray(Image.fromarray(render(Character(seed=3), size, layer="line")).convert("L"), float)
    return (drawn - drawn.min()) / (drawn.max() - drawn.min())


@pytest.mark.parametrize("size", [64, 300])
@pytest.mark.parametrize("grain", [0, 4])
@pytest.mark.parametrize("name", PAPERS)
def test_any_paper_becomes_white_and_the_ink_stays_dark(name: str, grain: int, size: int) -> None:
    paper, ink, wanted = PAPERS[name]
    share = lines(size)[..., None]
    scan = np.array(paper) * share + np.array(ink) * (1 - share)
    scan = scan + np.random.default_rng(0).normal(0, grain, scan.shape) * (wanted != "")
    given = Image.fromarray(scan.clip(0, 255).round().astype(np.uint8))
    picture, words = on_white(given)
    pixels = np.asarray(picture).astype(float)
    assert words == wanted and (words or picture is given)
    assert pixels[share[..., 0] == 1].mean() > (245 if words else 249)
    assert pixels[share[..., 0] < 0.1].mean() < 60
    if not grain and words:
        assert np.abs(pixels.mean(-1) / 255 - share[..., 0]).max() < 0.2, "and what lies between goes along"


def test_an_empty_page_is_white_whatever_its_paper() -> None:
    for shade in (0, 90, 200, 255):
        assert np.asarray(on_white(Image.new("RGB", (30, 40), (shade,) * 3))[0]).min() == 255, shade


@pytest.mark.parametrize("line", [128, 120])
def test_where_no_lines_are_found_none_are_said_to_have_changed(line: int) -> None:
    for paper in (0, 128):
        page = Image.new("RGB", (60, 60), (paper,) * 3)
        if paper:
            page.paste((line,) * 3, (10, 20, 50, 22))
        assert on_white(page)[1] == "no lines were found on its paper of one shade"


def test_solid_blacks_on_white_are_no_black_paper() -> None:
    page = np.full((100, 100, 3), 255, np.uint8)
    page[:60] = 0
    assert on_white(Image.fromarray(page))[1] == ""


def test_what_has_no_paper_stays_and_is_said() -> None:
    ramp = Image.fromarray(np.tile(np.linspace(0, 240, 100).astype(np.uint8)[:, None, None], (1, 100, 3)))
    picture, words = on_white(ramp)
    assert picture is ramp and "no paper of one shade" in words


def with_alpha(rgb: object, alpha: np.ndarray) -> tuple[Image.Image, Image.Image]:
    pixels = np.zeros((*alpha.shape, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = rgb, alpha
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    picture, transparency = opened(buffer.getvalue())
    assert transparency is not None
    return picture, transparency


@pytest.mark.parametrize("size", [64, 300])
@pytest.mark.parametrize("ink", [(0, 0, 0), (29, 27, 34), (200, 30, 40), (255, 255, 255)])
def test_ink_on_transparency_is_told_and_becomes_a_drawing_on_white(ink: tuple[int, ...], size: int) -> None:
    share = lines(size)
    picture, alpha = with_alpha(ink, (255 * (1 - share)).round())
    assert is_ink(picture, alpha)
    drawn, words = on_white(picture, alpha)
    assert bool(words) == (ink == (255, 255, 255))
    assert np.asarray(drawn)[share < 0.1].mean() < 110 and np.asarray(drawn)[share == 1].min() == 255


def test_solid_black_ink_is_ink_and_a_cut_out_figure_is_not() -> None:
    picture = render(Character(seed=3), 128, style="cel")
    figure = np.zeros((128, 128))
    figure[20:120, 30:100] = 255
    assert not is_ink(*with_alpha(picture, figure))
    assert is_ink(*with_alpha((10, 10, 12), figure)), "black hair, brushed"
    assert not is_ink(*with_alpha(picture, np.full((128, 128), 255))), "opaque"
    assert not is_ink(*with_alpha(picture, np.zeros((128, 128)))), "empty"
