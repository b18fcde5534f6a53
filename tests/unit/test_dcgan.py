"""The DCGAN networks against the PyTorch example's numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from animelab import engine
from animelab.errors import LabError
from animelab.nn import count_parameters, dcgan, official_counts
from animelab.recipes import dcgan as recipes


def test_defaults_are_the_pytorch_example():
    counts = official_counts()
    assert (counts["dcgan.generator"], counts["dcgan.discriminator"]) == (3_576_704, 2_765_568)


def test_twice_the_width_is_the_papers_size():
    assert count_parameters(dcgan.Generator(width=128)) == 12_658_432
    assert count_parameters(dcgan.Discriminator(width=128)) == 11_036_160


def test_layer_table():
    kinds = (nn.ConvTranspose2d, nn.Conv2d)
    table = [(*m.weight.shape, m.stride[0], m.padding[0]) for m in dcgan.Generator() if isinstance(m, kinds)]
    assert table == [
        (100, 512, 4, 4, 1, 0),
        (512, 256, 4, 4, 2, 1),
        (256, 128, 4, 4, 2, 1),
        (128, 64, 4, 4, 2, 1),
        (64, 3, 4, 4, 2, 1),
    ]
    table = [(*m.weight.shape, m.stride[0], m.padding[0]) for m in dcgan.Discriminator() if isinstance(m, kinds)]
    assert table == [
        (64, 3, 4, 4, 2, 1),
        (128, 64, 4, 4, 2, 1),
        (256, 128, 4, 4, 2, 1),
        (512, 256, 4, 4, 2, 1),
        (1, 512, 4, 4, 1, 0),
    ]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in dcgan.Generator()) == 4  # everywhere but on the output
    assert sum(isinstance(m, nn.BatchNorm2d) for m in dcgan.Discriminator()) == 3  # everywhere but on the input


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_shapes_and_range(size):
    latents = torch.randn(3, 20)
    pictures = dcgan.Generator(size, latent=20, width=4)(latents)
    assert pictures.shape == (3, 3, size, size)
    assert pictures.abs().max() <= 1
    logits = dcgan.Discriminator(size, width=4)(pictures)
    assert logits.shape == (3,)
    assert logits.dtype == torch.float32


def test_every_picture_comes_from_its_own_latent():
    G = dcgan.Generator(32, latent=5, width=4).eval()
    latents = torch.randn(4, 5)
    torch.testing.assert_close(G(latents)[2:3], G(latents[2:3]))


def test_other_sizes_are_refused():
    with pytest.raises(LabError, match="not 48"):
        dcgan.Generator(48)


def test_pictures_of_another_size_are_refused():
    for size in (32, 128):
        with pytest.raises(LabError, match=f"64 x 64 pixels, not {size} x {size}"):
            dcgan.Discriminator(64, width=4)(torch.zeros(2, 3, size, size))


def test_initialization_statistics():
    torch.manual_seed(0)
    for module in dcgan.Generator().apply(dcgan.initialize):
        if isinstance(module, nn.ConvTranspose2d):
            assert module.weight.mean().abs() < 1e-3
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.03)
        if isinstance(module, nn.BatchNorm2d):
            assert module.weight.mean().item() == pytest.approx(1, abs=0.01)
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.4)
            assert (module.bias == 0).all()


def test_a_learners_parts_train_like_the_recipes_own():
    def discriminator_step(G, D, real, latents, optimizer, loss):
        fake = G(latents).detach()
        value = loss(D(real), D(fake))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value.item()

    rules = []

    def rule(average, network, decay):
        rules.append(decay)
        engine.update_average(average, network, decay)

    real = torch.randn(2, 8, 3, 64, 64).clamp(-1, 1)
    config = recipes.preset("smoke", precision="fp32")
    own = recipes.DCGAN(config, "cpu")
    mine = recipes.DCGAN(config, "cpu", discriminator_step=discriminator_step, update_average=rule)
    for batch in real:
        torch.manual_seed(0)
        expected = own.step(batch)
        torch.manual_seed(0)
        found = mine.step(batch)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value)
    for network in ("G", "D"):
        torch.testing.assert_close(*(list(getattr(recipe, network).parameters()) for recipe in (own, mine)))
    assert rules == [0.1, 2 / 11]
