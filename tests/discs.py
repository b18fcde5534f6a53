"""A generator whose pictures are known by formula, for tests of widgets that pull at latents."""

from __future__ import annotations

import torch

LATENT = 6


def discs(latents: torch.Tensor) -> torch.Tensor:
    """Latents (B, 6) to pictures (B, 3, 32, 32): they are a disc's size, place and color."""
    z = latents[:, :, None, None]
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    inside = torch.sigmoid(9 * (0.5 + 0.1 * z[:, :1] - torch.hypot(x - 0.3 * z[:, 1:2], y - 0.3 * z[:, 2:3])))
    return torch.tanh(inside * z[:, 3:6])
