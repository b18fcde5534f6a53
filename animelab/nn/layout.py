"""A network made ready for a processor: the same answers in less time (`course/measurements.md` says what it gives)."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from animelab.nn.winograd import WIDE, WinogradConv2d

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


def prepared(network: AnyNetwork) -> AnyNetwork:
    """The network itself, with weights in channels-last order and wide convolutions of stride 1 by Winograd's way.

    But torch's instance norm copies channels-last maps at each call, which costs more: with it, the order stays.
    """
    for module in network.modules():
        wide = type(module) is nn.Conv2d and min(module.weight.shape[:2]) >= WIDE
        if wide and (*module.stride, *module.dilation, module.groups) == (1,) * 5:  # type: ignore[misc]
            module.__class__ = WinogradConv2d  # the same weights under the same names
    copies = any(isinstance(module, nn.InstanceNorm2d) for module in network.modules())
    return network if copies else network.to(memory_format=torch.channels_last)
