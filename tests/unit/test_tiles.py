"""Large pictures in tiles: the same as in one piece where that can be, and no seams where it cannot."""

from __future__ import annotations

from itertools import count, pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from animelab import zoo
from animelab.nn import cartoongan, tiles


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("size", [(64, 64), (70, 250), (300, 129)])
def test_a_network_that_looks_near_by_gives_the_same_in_tiles(size: tuple[int, int]) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), nn.Tanh(), nn.Conv2d(4, 3, 7, padding=3)).eval()
    picture = torch.randn(2, 3, *size)
    largest = []

    def translate(part: Tensor) -> Tensor:
        largest.append(part.shape[-1] * part.shape[-2])
        return network(part)

    with torch.no_grad():
        assert torch.allclose(tiles.by_tiles(translate, picture, 64, 32), network(picture), atol=1e-4)
    assert max(largest) <= 64 * 64, "never more than a tile at once"


def test_every_row_is_covered_and_neighbors_overlap() -> None:
    for length in (64, 65, 100, 112, 113, 500):
        found = tiles.starts(length, 64, 32)
        assert found[0] == 0 and found[-1] + 64 >= length and all(0 <= each <= max(0, length - 64) for each in found)
        assert all(b - a <= 32 for a, b in pairwise(found))


def test_a_network_that_looks_at_everything_leaves_no_seam() -> None:
    """Each tile comes out in a brightness of its own, as instance normalization would have it."""
    steps = {}
    for name, overlap in (("faded", 48), ("cut", 0)):
        row = torch.linspace(0, 1, 512).expand(1, 3, 32, 512)
        translated = tiles.by_tiles(lambda part: part - part.mean(), row, 128, overlap)
        steps[name] = translated[0, 0, 0].diff().abs().max()
    assert steps["cut"] > 0.2 and steps["faded"] < 0.02


def test_tiles_fade_as_a_learner_says() -> None:
    row, wanted, number = torch.zeros(1, 3, 32, 96), list[int](), count()

    def hard(overlap: int) -> Tensor:
        wanted.append(overlap)
        return (torch.arange(overlap) >= overlap // 2).float()

    translated = tiles.by_tiles(lambda part: part + next(number), row, 64, 32, hard)
    assert wanted == [16], "the middle half of the overlap"
    steps = (translated[0, 0, 0].diff() > 0.01).nonzero().flatten()
    assert steps.tolist() == [47], "one step, where the learner's weights jump"


@pytest.mark.parametrize("norm", [nn.InstanceNorm2d(4), nn.InstanceNorm2d(4, affine=True), nn.GroupNorm(1, 4)])
def test_tiles_that_share_the_whole_pictures_norms_are_equal_to_one_piece(norm: nn.Module) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), norm, nn.Conv2d(4, 3, 5, padding=2)).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter)
    picture = torch.randn(1, 3, 150, 200) + torch.linspace(-2, 2, 200)
    with torch.no_grad():
        whole, alone = network(picture), tiles.by_tiles(network, picture, 64, 32)
        with tiles.shared_norms(network, picture):
            shared = tiles.by_tiles(network, picture, 64, 32)
        assert torch.allclose(shared, whole, atol=1e-4) and (alone - whole).abs().mean() > 0.1
        with pytest.raises(ZeroDivisionError), tiles.shared_norms(network, picture):
            raise ZeroDivisionError
        assert torch.equal(network(picture), whole), "no hook is left"


def test_a_large_picture_is_translated_in_one_light() -> None:
    network = cartoongan.Generator(1, 4).eval()
    model = zoo.Translator("tiled", network, {})
    picture = torch.linspace(-1, 1, 1100).expand(1, 3, 64, 1100) + 0.05 * torch.randn(1, 3, 64, 1100)
    with torch.no_grad():
        whole, alone = network(picture), tiles.by_tiles(network, picture)
    errors = [(each - whole).abs().mean() for each in (model.translate(picture), alone)]
    assert errors[0] < 0.5 * errors[1], "and not each tile by itself"


def test_a_long_picture_fits_networks_of_any_multiple() -> None:
    sizes = []
    network = nn.Sequential(nn.Conv2d(3, 3, 1))
    network.register_forward_pre_hook(lambda _, inputs: sizes.append(tuple(inputs[0].shape[-2:])))
    with torch.no_grad():
        for multiple in (4, 64, 256):
            picture = torch.zeros(1, 3, 256, 2048)
            assert tiles.in_one_light(network, network, picture, multiple).shape == picture.shape
            assert all(side % multiple == 0 and side >= 16 for size in sizes for side in size), sizes
            sizes.clear()


def test_a_translator_takes_a_large_picture_in_tiles() -> None:
    sizes = []

    class Watched(cartoongan.Generator):
        def forward(self, x: Tensor) -> Tensor:
            sizes.append(tuple(x.shape[-2:]))
            return avg_pool2d(x, 3, 1, 1, count_include_pad=False)

    model = zoo.Translator("tiled", Watched(1, 4).eval(), {})
    large, small = torch.rand(1, 3, 40, 1203) * 2 - 1, torch.rand(1, 3, 40, 503) * 2 - 1
    for picture in (large, small):
        expected = avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
        assert torch.allclose(model.translate(picture)[..., :-1], expected[..., :-1], atol=1e-5)
    assert max(wide for _, wide in sizes) == 512 and sizes[-1] == (40, 504), "a small one in one piece"
