"""Where are eyes, nose and mouth? A finder that learned from the studio's faces says so. Taught in 10_ugatit."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from animelab import limits
from animelab.data import fitted
from animelab.metrics.attributes import opened


@torch.no_grad()
def landmarks(pictures: Tensor) -> Tensor:
    """Five points in faces (N, 3, H, W), of about 64 px, in [-1, 1]: (N, 5, 2), x and y in pixels.

    Both eyes, nose, both corners of the mouth; left is left in the picture. The finder learned from portraits and cels,
    turned, scaled and shifted.
    """
    return torch.cat([opened("landmarks")(part.float().cpu()) for part in limits.pictures(pictures, "Faces").split(64)])


def guessed_eyes(picture: np.ndarray) -> Tensor:
    """Where two eyes seem to be in one picture, uint8 (H, W, 3) of any size: (2, 2), x and y in its pixels."""
    limits.one_picture(picture)
    high, wide = picture.shape[:2]
    points = landmarks(fitted(picture, 64, "letterboxed"))[0, :2] / 64 - 0.5
    sides = torch.tensor([wide, high])
    return (points * max(high, wide) + sides / 2).clamp(min=torch.zeros(2), max=sides.float())
