"""Faces where a network expects them: a turn, a scale and a shift, as two complex numbers. Taught in 10_ugatit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from animelab import limits
from animelab.config import nearest
from animelab.errors import LabError

EYES = torch.tensor([[0.388, 0.541], [0.612, 0.541]])  # of the studio's portraits, in parts of the picture's side
FITS = ("letterboxed", "cropped", "aligned")


class Move(NamedTuple):
    """Where points go, x + iy in pixels: point * turn + shift. A complex `turn` rotates and scales at once."""

    turn: Tensor  # complex (B,)
    shift: Tensor  # complex (B,)

    @classmethod
    def between(cls, points: Tensor, goals: Tensor) -> Move:
        """The move that takes points (B, K, 2) nearest to goals (B or 1, K, 2), by least squares (Umeyama 1991)."""
        points, goals = (
            torch.view_as_complex(each.double().contiguous()) for each in (points, goals.expand_as(points))
        )
        middle, goal = points.mean(1), goals.mean(1)
        out = points - middle[:, None]
        turn = (out.conj() * (goals - goal[:, None])).sum(1) / out.abs().square().sum(1)
        return cls(turn, goal - turn * middle)

    def back(self) -> Move:
        """The move that undoes this one."""
        return Move(1 / self.turn, -self.shift / self.turn)

    def points(self, points: Tensor) -> Tensor:
        """Where points (B, K, 2) go."""
        there = torch.view_as_complex(points.double().contiguous()) * self.turn[:, None] + self.shift[:, None]
        return torch.view_as_real(there).float()

    def pictures(self, pictures: Tensor, size: int | None = None) -> Tensor:
        """Pictures (B, 3, H, W) moved, cut to (B, 3, size, size), by default (H, W); outside, the border is repeated.

        Pictures that shrink are softened before, so that fine patterns do not turn into coarse ones.
        """
        move, smallest = self, float(self.turn.abs().min())
        high, wide = pictures.shape[-2:]
        out_high, out_wide = (size, size) if size else (high, wide)
        if smallest < 0.6:
            small = [max(1, round(side * smallest)) for side in (high, wide)]
            pictures = interpolate(pictures, small, mode="bilinear", antialias=True, align_corners=False)
            move = Move(self.turn * wide / small[1], self.shift)
            high, wide = small
        back = move.back()
        y, x = torch.meshgrid(torch.arange(out_high) + 0.5, torch.arange(out_wide) + 0.5, indexing="ij")
        there = torch.complex(x, y).to(back.turn) * back.turn[:, None, None] + back.shift[:, None, None]
        where = torch.view_as_real(there).float() * 2 / torch.tensor([wide, high]) - 1
        return grid_sample(pictures, where.to(pictures), "bilinear", "border", align_corners=False)


def fitted(pixels: np.ndarray, size: int, how: str, eyes: Tensor | None = None, frame: int = 128) -> Tensor:
    """Any picture, uint8 (H, W, 3), as (1, 3, size, size) in [-1, 1].

    how: "letterboxed" (all of it, in a frame of that gray; 255, white, for line drawings), "cropped" (its middle
    square), or "aligned": `eyes` (2, 2), the left and the right one in the picture, x and y in pixels, go to where the
    studio's portraits have theirs. LabError for another word, and for eyes that are one point.
    """
    if how not in FITS:
        raise LabError(f"A picture cannot be fitted '{how}': {nearest(how, FITS)}")
    limits.one_picture(pixels)
    size = limits.whole("size", size, limits.PIXELS)
    high, wide = pixels.shape[:2]
    if how == "aligned":
        if eyes is None or float((eyes[0] - eyes[1]).norm()) < 2:
            raise LabError("To align a face, say where its two eyes are; they must be two pixels apart or more.")
        picture = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 127.5 - 1
        return Move.between(eyes[None], EYES[None] * size).pictures(picture, size)
    image = Image.fromarray(pixels)
    if how == "cropped":
        side = min(high, wide)
        left, top = (wide - side) // 2, (high - side) // 2
        image = image.crop((left, top, left + side, top + side))
    scale = size / max(image.size)
    image = image.resize([max(1, round(each * scale)) for each in image.size], Image.Resampling.BICUBIC)
    whole = Image.new("RGB", (size, size), (frame,) * 3)
    whole.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return torch.from_numpy(np.array(whole)).permute(2, 0, 1)[None].float() / 127.5 - 1
