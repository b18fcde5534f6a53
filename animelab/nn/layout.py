"""In which order a network's weights lie in memory."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


def in_fast_order(network: AnyNetwork) -> AnyNetwork:
    """The network itself, its weights in channels-last order: convolutions are faster so (`course/measurements.md`).

    But torch's instance norm copies such maps at each call, which costs more: with it, the order stays as it is.
    """
    copies = any(isinstance(module, nn.InstanceNorm2d) for module in network.modules())
    return network if copies else network.to(memory_format=torch.channels_last)
