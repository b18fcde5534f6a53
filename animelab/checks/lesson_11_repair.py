"""Checks of 11_repair: channels laid out as pixels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained


def pixel_shuffle(maps: Tensor, by: int) -> Tensor:
    """Channels (B, C * by * by, H, W) laid out as squares of pixels: (B, C, by * H, by * W)."""
    return torch.pixel_shuffle(maps, by)


@check("11.1", "All the work was done where pixels are few; now they are laid out.", pixel_shuffle)
def check_11_1(shuffle: Any) -> None:
    """pixel_shuffle(maps (B, C * by * by, H, W), by): (B, C, by * H, by * W)."""
    shuffle = explained(shuffle, {"invalid for input of size": "Are there as many numbers before as after? Count axes."})
    for by, channels in ((2, 3), (3, 2)):
        maps = torch.randn(2, channels * by * by, 4, 5)
        answer = tensor(shuffle(maps, by), (2, channels, by * 4, by * 5))
        parts = maps.reshape(2, channels, by, by, 4, 5)
        last = maps.reshape(2, by, by, channels, 4, 5).permute(0, 3, 4, 1, 5, 2)
        recognize(
            answer,
            (maps.reshape(answer.shape), "The numbers were poured from one shape into another as they lie in memory: a "
             "square holds what stood side by side, not what belongs to one place. The axes have to change places."),
            (parts.permute(0, 1, 4, 3, 5, 2).reshape(answer.shape), "In each square rows and columns are exchanged: "
             "the second channel belongs to the right of the first, not below it."),
            (last.reshape(answer.shape), "You took every so many-th channel for one color. Those of one color stand "
             "together: channel c gets those from c * by * by on."),
            (parts.permute(0, 1, 2, 4, 3, 5).reshape(answer.shape), "That lays the small pictures side by side, as a "
             "sheet of contacts. They should be woven: neighbors in a square come from one place."),
        )  # fmt: skip
        if close(answer, maps[:, :: by * by].repeat_interleave(by, 2).repeat_interleave(by, 3)):
            wrong("Each square has one number, four times or more: its other channels are left out.")
