"""Weights by formula, so that two networks built from one table agree, whatever their layers are called."""

from __future__ import annotations

import math
import zlib

import torch
from torch import nn


def by_formula(network: nn.Module) -> nn.Module:
    """Fill all parameters, and what norms have measured, by a formula of their shape and kind, whatever their names."""
    tensors: list[tuple[str, torch.Tensor]] = [*network.named_parameters()]
    tensors += [(name, each) for name, each in network.named_buffers() if "running_" in name]
    with torch.no_grad():
        for name, tensor in tensors:
            wave = torch.sin(2.399 * torch.arange(tensor.numel(), dtype=torch.float64) + tensor.dim())
            if tensor.dim() > 1:
                wave = wave * math.sqrt(3 * len(tensor) / tensor.numel())
            elif name.endswith("running_var"):
                wave = 1 + wave.square()
            elif name.endswith("weight"):
                wave = 1 + 0.3 * wave
            else:
                wave = 0.2 * wave
            tensor.copy_(wave.view_as(tensor))
    return network


def by_shape(network: nn.Module, share: float = 0.3) -> nn.Module:
    """Every weight filled by a formula of its shape alone, so that names and order do not matter."""
    with torch.no_grad():
        for weight in [*network.parameters(), *network.buffers()]:
            sides = [side for side in weight.shape if side > 1]
            dice = torch.Generator().manual_seed(zlib.crc32(repr(sides).encode()))
            weight.copy_(share * torch.randn(weight.shape, generator=dice) + (weight.ndim == 0))
    return network
