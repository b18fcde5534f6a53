"""Adaptive discriminator augmentation (Karras et al. 2020b): with few pictures, D sees them augmented.

Real and fake are augmented alike, differentiably, so that G learns through it; each augmentation is skipped often
enough that it does not leak into what G makes. Taught in 06_stylegan2.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from animelab.shares import share


class Augment(nn.Module):
    """Pictures (B, 3, H, W) in, augmented pictures out: each of twelve augmentations with probability `p`.

    Flip, quarter turns, shifts by whole and by broken pixels, scale, stretch, two rotations; brightness, contrast,
    mirrored luma, hue, saturation (the paper's "bgc"). One bilinear sampling does all geometry; the paper filters, too.
    `adapt` moves p by D's own confidence; with p = 0 pictures stay as they are.
    """

    p: Tensor
    confidence: Tensor

    def __init__(self, target: float = 0.6, images_to_one: int = 500_000) -> None:
        super().__init__()
        self.target, self.images_to_one = target, images_to_one
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("confidence", torch.zeros(()))

    @torch.no_grad()
    def adapt(self, real_logits: Tensor) -> None:
        """More augmentation while D is sure of more real pictures than `target`, else less (section 3.1)."""
        self.confidence.lerp_(real_logits.sign().mean(), 0.1)
        step = len(real_logits) / self.images_to_one
        self.p.add_(step * torch.sign(self.confidence - self.target)).clamp_(0, 1)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, pictures: Tensor) -> Tensor:
        with pictures.device:  # where all the random numbers below are drawn
            place, color = self._geometry(pictures), self._color(pictures)
        where = affine_grid(place[:, :2], list(pictures.shape), align_corners=False)
        moved = grid_sample(pictures, where, "bilinear", "reflection", align_corners=False)
        return (color[:, :3, :3] @ moved.flatten(2) + color[:, :3, 3:]).view_as(pictures)

    def _geometry(self, pictures: Tensor) -> Tensor:
        """Where each place of the augmented picture is in the given one: matrices (B, 3, 3) on [-1, 1]."""
        count = len(pictures)
        pixels = torch.tensor([pictures.shape[3], pictures.shape[2]]) / 2  # of half a picture
        often = 1 - (1 - self.p).clamp(min=0).sqrt()  # two rotations, so that together they come with p
        flip = self._some(1 - 2 * share(lambda rows: torch.randint(2, (rows,)), count), 1)
        quarter = self._some(share(lambda rows: torch.randint(4, (rows,)), count) * (math.pi / 2), 0)
        whole = self._some(((share(torch.rand, count, 2) - 0.5) / 2 * pixels).round() / pixels, 0)
        scale = self._some(2 ** (0.2 * share(torch.randn, count)), 1)
        turns = [self._some((2 * share(torch.rand, count) - 1) * math.pi, 0, often) for _ in range(2)]
        stretch = self._some(2 ** (0.2 * share(torch.randn, count)), 1)
        broken = self._some(0.25 * share(torch.randn, count, 2), 0)
        one = torch.ones_like(scale)
        return (
            _scaling(flip * one, one) @ _turning(quarter * one) @ _shifting(whole) @ _scaling(scale, scale)
            @ _turning(turns[0]) @ _scaling(stretch, 1 / stretch) @ _turning(turns[1]) @ _shifting(broken)
        )  # fmt: skip

    def _color(self, pictures: Tensor) -> Tensor:
        """Matrices (B, 4, 4) for red, green, blue and 1."""
        count = len(pictures)
        unit = torch.eye(4)
        gray = torch.tensor([1.0, 1.0, 1.0, 0.0]) / 3**0.5  # the axis of luma
        axis = torch.outer(gray, gray)
        brightness = self._some(0.2 * share(torch.randn, count), 0)
        contrast = self._some(2 ** (0.5 * share(torch.randn, count)), 1)
        mirror = self._some(share(lambda rows: torch.randint(2, (rows,)), count), 0)
        hue = self._some((2 * share(torch.rand, count) - 1) * math.pi, 0)
        saturation = self._some(2 ** share(torch.randn, count), 1)

        def column(values: Tensor) -> Tensor:
            return values.float().view(-1, 1, 1)

        shift = unit + column(brightness) * torch.tensor([[0.0, 0, 0, 1]] * 3 + [[0.0] * 4])
        scale = torch.diag_embed(torch.stack([contrast.float()] * 3 + [torch.ones(count)], 1))
        cross = torch.tensor([[0.0, -1, 1, 0], [1, 0, -1, 0], [-1, 1, 0, 0], [0, 0, 0, 0]]) / 3**0.5
        rest = unit - axis
        rest[3, 3] = 0
        turn = unit - rest + column(hue.cos()) * rest + column(hue.sin()) * cross  # around the axis of luma
        gaudy = unit - rest + column(saturation) * rest
        return gaudy @ turn @ (unit - 2 * column(mirror) * axis) @ scale @ shift

    def _some(self, values: Tensor, neutral: float, often: Tensor | None = None) -> Tensor:
        """`values` (B, ...) for a share of the pictures, and for the others what changes nothing."""
        chosen = share(torch.rand, len(values)) < (self.p if often is None else often)
        return torch.where(
            chosen.view(-1, *[1] * (values.ndim - 1)), values.float(), torch.full_like(values.float(), neutral)
        )


def _matrix(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _scaling(x: Tensor, y: Tensor) -> Tensor:
    none, one = torch.zeros_like(x), torch.ones_like(x)
    return _matrix([[x, none, none], [none, y, none], [none, none, one]])


def _turning(angle: Tensor) -> Tensor:
    none, one, cos, sin = torch.zeros_like(angle), torch.ones_like(angle), angle.cos(), angle.sin()
    return _matrix([[cos, -sin, none], [sin, cos, none], [none, none, one]])


def _shifting(by: Tensor) -> Tensor:
    x, y = by.unbind(1)
    none, one = torch.zeros_like(x), torch.ones_like(x)
    return _matrix([[one, none, x], [none, one, y], [none, none, one]])
