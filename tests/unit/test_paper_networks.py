"""Networks of the papers: exact parameter counts, what fits and what does not, and what one output can see."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn import (
    NETWORKS,
    colorization,
    count_parameters,
    cyclegan,
    makegirlsmoe,
    official_counts,
    pix2pix,
    stylegan2,
    ugatit,
)

COUNTS = {
    "makegirlsmoe.generator": 4_352_643, "makegirlsmoe.discriminator": 19_078_531,
    "pconv.unet": 32_859_732,
    "pix2pix.generator": 54_413_955, "pix2pix.discriminator": 2_768_705,
    "cyclegan.generator": 11_378_179, "cyclegan.discriminator": 2_764_737,
    "cut.generator": 11_378_179, "cut.discriminator": 2_764_737, "cut.patches": 560_384,
    "paintschainer.unet": 18_639_619, "sketchkeras.unet": 18_637_601,
    "cartoongan.generator": 11_129_667, "cartoongan.discriminator": 1_129_665,
    "animeganv2.generator": 2_143_552, "animeganv2.discriminator": 1_128_800,
    "ugatit.generator": 278_959_808, "ugatit-light.generator": 10_589_888, "ugatit.pair": 2 * 278_959_808,
    "ugatit.discriminator-global": 53_130_176, "ugatit.discriminator-local": 3_290_560,
    "waifu2x.vgg7": 290_467, "waifu2x.upconv7": 994_976, "waifu2x.upconv7-nagadomi": 552_480,
    "waifu2x.cunet": 1_283_254,
    "spade.generator": 96_492_483, "spade.discriminator": 5_836_930, "spade.encoder": 10_463_424,
    "spade.styled": 111_942_595 + 10_463_424,
    "stylegan2-256.generator": 24_767_458, "stylegan2-256.discriminator": 24_001_089,
    "stylegan2-512.generator": 30_276_583, "stylegan2-512.discriminator": 28_982_849,
    "stylegan2-1024.generator": 30_370_060, "stylegan2-1024.discriminator": 29_012_513,
}  # fmt: skip


def test_official_counts() -> None:
    found = official_counts()
    assert {name: found[name] for name in COUNTS} == COUNTS
    assert set(NETWORKS) >= set(COUNTS)


def test_counts_of_other_published_configurations() -> None:
    with torch.device("meta"):
        others = [
            (pix2pix.Generator(128), 41_828_995),
            (pix2pix.Generator(channels_in=1), 54_411_907),
            (pix2pix.Discriminator(layers=1), 139_585),
            (pix2pix.Discriminator(layers=2), 666_433),
            (pix2pix.Discriminator(layers=4), 6_964_033),
            (pix2pix.Discriminator(layers=5), 11_159_361),
            *((stylegan2.Generator(size, base, mapping_layers=layers), count) for size, base, layers, count in (
                (32, 16384, 8, 21_523_475), (64, 16384, 8, 23_819_544), (64, 16384, 2, 22_243_608),
                (64, 32768, 2, 25_456_664), (128, 16384, 2, 22_949_277), (128, 32768, 8, 29_328_669),
                (256, 16384, 2, 23_191_522), (256, 32768, 8, 30_034_338), (1024, 16384, 8, 24_900_764),
            )),
            (stylegan2.Generator(32, mapping_layers=2, classes=10), 20_215_315),
            *((stylegan2.Discriminator(size, base), count) for size, base, count in (
                (32, 16384, 21_507_073), (64, 16384, 23_407_361), (64, 32768, 26_488_833), (128, 16384, 23_882_369),
                (128, 32768, 28_389_121), (256, 32768, 28_864_129), (512, 16384, 24_030_753), (1024, 16384, 24_038_161),
            )),
            (colorization.UNet(3, 1), 18_638_177),  # PaintsChainer's line net
            (ugatit.Generator(128), 77_633_216),
            (cyclegan.Generator(blocks=6), 7_837_699),
            (cyclegan.Generator(channels_in=8), 11_378_179 + 5 * 3_136),
            (cyclegan.Discriminator(channels=8), 2_764_737 + 5 * 1_024),
        ]  # fmt: skip
    for network, count in others:
        assert count_parameters(network) == count


def seen(network: nn.Module, channels: int, size: int) -> int:
    """The side of the square of pixels whose change reaches the middle output, by its gradient."""
    pictures = torch.rand(1, channels, size, size, dtype=torch.float64, requires_grad=True)
    logits = network.eval().double()(pictures)
    middle = logits.shape[-1] // 2
    (gradient,) = torch.autograd.grad(logits[0, 0, middle, middle], pictures)
    rows = gradient[0].abs().sum((0, 2)).nonzero().flatten()
    return int(rows[-1] - rows[0] + 1)


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_the_receptive_field_is_what_the_gradient_says(layers: int, field: int) -> None:
    torch.manual_seed(0)
    network = pix2pix.Discriminator(channels=2, width=4, layers=layers)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert pix2pix.receptive_field(convolutions) == field == seen(network, 2, 160)


def test_the_patch_map_of_a_256_px_pair_is_30_by_30() -> None:
    assert pix2pix.Discriminator(width=4)(torch.zeros(1, 6, 256, 256)).shape == (1, 1, 30, 30)
    assert cyclegan.Discriminator(width=4)(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)


def test_the_u_net_halves_to_one_pixel_and_hands_every_size_across() -> None:
    torch.manual_seed(0)
    network = pix2pix.Generator(64, width=8).train()
    sides: list[int] = []
    for layer in network.down:
        layer.register_forward_hook(lambda module, inputs, output: sides.append(output.shape[-1]))
    drawn = network(torch.rand(2, 3, 64, 64))
    assert sides == [32, 16, 8, 4, 2, 1]
    assert drawn.shape == (2, 3, 64, 64) and drawn.abs().max() <= 1
    assert network(torch.rand(1, 3, 128, 64)).shape == (1, 3, 128, 64)
    # A change of one pixel reaches its own place through the first shortcut, even when the bottleneck is silenced.
    with torch.no_grad():
        for layer in network.up[:-1]:
            for parameter in layer.parameters():
                parameter.zero_()
        network.eval()
        black = torch.zeros(1, 3, 64, 64)
        dot = black.clone()
        dot[0, :, 20, 30] = 1
        changed = (network(dot) - network(black)).abs().sum(1)[0].nonzero()
    assert len(changed) and (changed - torch.tensor([20, 30])).abs().max() <= 4


def test_dropout_is_the_only_noise_of_the_u_net() -> None:
    torch.manual_seed(0)
    network = pix2pix.Generator(256, width=4)
    assert sum(isinstance(module, nn.Dropout) for module in network.modules()) == 3
    assert not any(isinstance(module, nn.Dropout) for module in pix2pix.Generator(32, width=4).modules())


def test_initialization_is_normal() -> None:
    torch.manual_seed(0)
    network = pix2pix.Generator(64, width=32).apply(pix2pix.initialize)
    weights = torch.cat(
        [m.weight.flatten() for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    )
    scales = torch.cat([m.weight for m in network.modules() if isinstance(m, nn.BatchNorm2d)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02) and abs(weights.mean()) < 1e-3
    assert scales.mean().item() == pytest.approx(1, abs=0.01) and scales.std().item() == pytest.approx(0.02, rel=0.3)


def test_attributes_steer_the_generator_and_small_versions_work() -> None:
    torch.manual_seed(0)
    generator = makegirlsmoe.Generator(64, width=16, blocks=2).eval()
    latents, none, blonde = torch.randn(2, 128), torch.zeros(2, 34), torch.eye(34)[:1].expand(2, -1)
    assert generator(latents, none).shape == (2, 3, 64, 64)
    assert (generator(latents, none) - generator(latents, blonde)).abs().mean() > 1e-4
    real, tags = makegirlsmoe.Discriminator(64, width=8)(torch.rand(2, 3, 64, 64))
    assert real.shape == (2,) and tags.shape == (2, 34)


def test_the_discriminator_of_makegirlsmoe_sees_every_picture_alone() -> None:
    torch.manual_seed(0)
    network, pictures = makegirlsmoe.Discriminator(64, width=8), torch.rand(4, 3, 64, 64)
    together = network(pictures)[0]
    alone = torch.cat([network(picture[None])[0] for picture in pictures])
    torch.testing.assert_close(together, alone)
    assert not any(isinstance(module, nn.modules.batchnorm._NormBase) for module in network.modules())


def misfit(work: object) -> str:
    with pytest.raises(LabError) as error:
        work()  # type: ignore[operator]
    return str(error.value)


def test_what_does_not_fit_is_one_sentence() -> None:
    def zeros(*shape: int) -> Tensor:
        return torch.zeros(1, 3, *shape)

    assert "not 100" in misfit(lambda: pix2pix.Generator(100))
    assert "multiples of 64" in misfit(lambda: pix2pix.Generator(64, width=4)(zeros(64, 80)))
    assert "multiples of 4" in misfit(lambda: cyclegan.Generator(1, 4)(zeros(30, 32)))
    assert "multiples of 8" in misfit(lambda: makegirlsmoe.Generator(60))
    assert "multiple of 64" in misfit(lambda: makegirlsmoe.Discriminator(96))
    assert cyclegan.Generator(1, 4)(zeros(36, 20)).shape == (1, 3, 36, 20)
