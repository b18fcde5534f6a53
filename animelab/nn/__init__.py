"""Networks, one file per paper. NETWORKS lists each in its paper's official configuration."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from animelab.nn import cyclegan, dcgan, makegirlsmoe, pix2pix, tagger

# Called without arguments, each gives the configuration its paper (or its authors' code) published.
NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "dcgan.generator": dcgan.Generator,
    "dcgan.discriminator": dcgan.Discriminator,
    "makegirlsmoe.generator": makegirlsmoe.Generator,
    "makegirlsmoe.discriminator": makegirlsmoe.Discriminator,
    "pix2pix.generator": pix2pix.Generator,
    "pix2pix.discriminator": pix2pix.Discriminator,
    "cyclegan.generator": cyclegan.Generator,
    "cyclegan.pair": cyclegan.Pair,
    "cyclegan.discriminator": cyclegan.Discriminator,
    "tagger.network": tagger.Tagger,
    "judge.network": tagger.Judge,
}


def count_parameters(network: nn.Module) -> int:
    """Trainable parameters; buffers such as BatchNorm's statistics do not count."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def official_counts() -> dict[str, int]:
    """Parameters of every network in its official configuration, counted without allocating any memory."""
    with torch.device("meta"):
        return {name: count_parameters(build()) for name, build in NETWORKS.items()}
