"""Networks, one file per paper. NETWORKS lists each in its paper's official configuration."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from animelab.nn import (
    animegan,
    arguments,
    cartoongan,
    colorization,
    cut,
    cyclegan,
    dcgan,
    enlarger,
    inpainting,
    landmarks,
    makegirlsmoe,
    pix2pix,
    r3gan,
    spade,
    stylegan2,
    tagger,
    ugatit,
    waifu2x,
)

# Called without arguments, each gives the configuration its paper (or its authors' code) published.
NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "dcgan.generator": dcgan.Generator,
    "dcgan.discriminator": dcgan.Discriminator,
    "r3gan.generator": r3gan.Generator,
    "r3gan.unet": r3gan.UNet,
    "r3gan.pair": r3gan.Pair,
    "r3gan.discriminator": r3gan.Discriminator,
    "makegirlsmoe.generator": makegirlsmoe.Generator,
    "makegirlsmoe.discriminator": makegirlsmoe.Discriminator,
    "pix2pix.generator": pix2pix.Generator,
    "pix2pix.discriminator": pix2pix.Discriminator,
    "cyclegan.generator": cyclegan.Generator,
    "cyclegan.pair": cyclegan.Pair,
    "cyclegan.discriminator": cyclegan.Discriminator,
    "cut.generator": cut.Generator,
    "cut.discriminator": cut.Discriminator,
    "cut.patches": cut.Patches,
    "stylegan2-256.generator": stylegan2.Generator,
    "stylegan2-256.discriminator": stylegan2.Discriminator,
    "stylegan2-512.generator": partial(stylegan2.Generator, size=512, channel_base=32768),
    "stylegan2-512.discriminator": partial(stylegan2.Discriminator, size=512, channel_base=32768),
    "stylegan2-1024.generator": partial(stylegan2.Generator, size=1024, channel_base=32768),
    "stylegan2-1024.discriminator": partial(stylegan2.Discriminator, size=1024, channel_base=32768),
    "paintschainer.unet": colorization.UNet,
    "colorization.gated-unet": colorization.GatedUNet,  # of no paper
    # sketchKeras by its parameters; its port upsamples by nearest neighbor and a convolution.
    "sketchkeras.unet": partial(colorization.UNet, channels_in=1, channels_out=1),
    "cartoongan.generator": cartoongan.Generator,
    "cartoongan.discriminator": cartoongan.Discriminator,
    "animeganv2.generator": animegan.Generator,
    "animeganv2.discriminator": animegan.Discriminator,
    "ugatit.generator": ugatit.Generator,
    "ugatit-light.generator": partial(ugatit.Generator, light=True),
    "ugatit.pair": ugatit.Pair,
    "ugatit.discriminator-global": partial(ugatit.Discriminator, layers=7),
    "ugatit.discriminator-local": ugatit.Discriminator,
    "enlarger.network": enlarger.Enlarger,  # of no paper
    "waifu2x.vgg7": waifu2x.VGG7,
    "waifu2x.upconv7": waifu2x.UpConv7,
    "waifu2x.upconv7-nagadomi": partial(waifu2x.UpConv7, width=128),
    "waifu2x.cunet": waifu2x.CUNet,
    "pconv.unet": inpainting.UNet,  # of 512 px; UNet(7) is the one of 256 px
    "gated.inpainting": inpainting.GatedNet,  # after two papers, and of neither
    "spade.generator": spade.Generator,
    "spade.discriminator": spade.Discriminator,
    "spade.encoder": spade.Encoder,
    "spade.styled": spade.StyledGenerator,
    "landmarks.finder": landmarks.Finder,
    "tagger.network": tagger.Tagger,
    "examiner.network": tagger.Examiner,
}
for network in {each.func if isinstance(each, partial) else each: None for each in NETWORKS.values()}:
    wanted = {"norm": tuple(pix2pix.NORMS), "norm_E": tuple(spade.NORMS), **arguments.SHAPES}
    setattr(network, "__init__", arguments.checked(**wanted)(network.__init__))  # noqa: B010


def count_parameters(network: nn.Module) -> int:
    """Trainable parameters; buffers such as BatchNorm's statistics do not count."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def official_counts() -> dict[str, int]:
    """Parameters of every network in its official configuration, counted without allocating any memory."""
    with torch.device("meta"):
        return {name: count_parameters(build()) for name, build in NETWORKS.items()}
