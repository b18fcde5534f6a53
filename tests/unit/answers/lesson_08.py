"""Answers to the exercises of lesson 8."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


def hint_channels(colors, dots, mask=None):
    mask = dots.to(colors.dtype)
    return torch.cat([colors * mask, mask], 1)


def transplanted(pictures, spots):
    return torch.lerp(pictures, pictures.roll(1, 0), spots)


def other_way_round(pictures, spots):
    return (1 - spots) * pictures + spots * pictures.roll(-1, 0)


def contrast(fine, wide, sharpness):
    return (1 + sharpness) * fine - sharpness * wide


def ink(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s >= level, 1.0, 1 + torch.tanh(slope * (s - level)))


def ink_by_clamp(fine, wide, sharpness, level, slope):
    return 1 + torch.tanh(slope * (contrast(fine, wide, sharpness) - level).clamp(max=0))


def without_level(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s >= level, 1.0, 1 + torch.tanh(slope * s))


def branches_exchanged(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s < level, 1.0, 1 + torch.tanh(slope * (s - level)))


def squarely(normals, toward):
    return (normals * normalize(toward, dim=0)[:, None, None]).sum(1).clamp(0)


def to_blue(y, u):
    return y + 2.032 * u


def from_yuv(pictures):
    y, u, v = pictures.unbind(1)
    return torch.stack([y + 1.140 * v, y - 0.395 * u - 0.581 * v, to_blue(y, u)], 1)


def blue(pictures):
    return from_yuv(pictures[:, [0, 2, 1]])


def green(pictures):
    return from_yuv(pictures - torch.tensor([0, 128 / 255, 128 / 255]).view(3, 1, 1))


def one_line_off(pictures):
    answer = from_yuv(pictures).clone()
    answer[:, 1] = pictures[:, 0]
    return answer


SOLUTIONS = {
    "8_1": [hint_channels, lambda c, d: torch.cat([torch.where(d, c, 0.0), d.float()], 1)],
    "8_2": [transplanted, other_way_round],
    "8_3": [ink, ink_by_clamp],
    "8_4": [squarely, lambda n, t: torch.einsum("bchw,c->bhw", n, t / t.norm()).clamp(0)],
    "8_5": [from_yuv],
}
WRONG_ANSWERS = {
    "8_1": [
        (lambda c, d: torch.cat([c, d.float()], 1), "without a dot, too"),
        (lambda c, d: torch.cat([d.float(), c * d], 1), "The order"),
        (lambda c, d: torch.cat([c * d, (~d).float()], 1), "turn it around"),
        (lambda c, d: torch.cat([torch.where(d, c, -1.0), d.float()], 1), "not -1"),
        (lambda c, d: torch.cat([torch.where(d, c, 1.0), d.float()], 1), "white paper"),
        (lambda c, d: torch.cat([(c + 1) / 2 * d, d.float()], 1), "squeezed"),
        (lambda c, d: torch.cat([c * d, 2.0 * d], 1), "differs by up to"),
        (lambda c, d: torch.cat([c * ~d, d.float()], 1), "turned around"),
        (lambda c, d: torch.cat([c * d, 2.0 * d - 1], 1), "0 is asked for"),
        (lambda c, d: c * d, "(2, 3, 6, 5)"),
        (lambda c, d: torch.cat([c * d, d.float()], 1).bool(), "takes floats"),
    ],
    "8_2": [
        (lambda p, s: p, "unchanged"),
        (lambda p, s: torch.lerp(p.roll(1, 0), p, s), "Turn it around"),
        (lambda p, s: p * 0.9 + 0.1 * torch.lerp(p, p.roll(1, 0), s), "not"),
        (lambda p, s: torch.lerp(p, p[[0, *range(len(p) - 1, 0, -1)]], s), "got its own part back"),
        (lambda p, s: torch.lerp(p, p[torch.randperm(len(p))], s), "got its own part back"),
        (lambda p, s: torch.lerp(p, p.mean(0, keepdim=True).expand_as(p), s), "one other picture"),
        (lambda p, s: torch.where(s > 0.5, p.roll(1, 0), p), "scissors"),
        (lambda p, s: torch.lerp(p, p.roll(1, 0), s.square()), "between them"),
        (lambda p, s: torch.lerp(p, p.roll(1, 0), s) + 0.1 * (s == 0), "nothing may change"),
    ],
    "8_3": [
        (without_level, "*minus the level*"),
        (branches_exchanged, "branches are exchanged"),
        (lambda f, w, p, e, k: ink(w, f, p, e, k), "two blurs"),
        (lambda f, w, p, e, k: ink(f / (1 + p), w / (1 + p), p, e, k), "divided by 1 + sharpness"),
        (lambda f, w, p, e, k: contrast(f, w, p), "threshold is missing"),
        (lambda f, w, p, e, k: 1 + torch.tanh(k * (contrast(f, w, p) - e)), "not more"),
        (lambda f, w, p, e, k: ink(f, w, p, e, k) * 2 - 1, "not in [-1, 1]"),
        (lambda f, w, p, e, k: contrast(f, w, p) >= e, "hard step"),
        (
            lambda f, w, p, e, k: torch.where(contrast(f, w, p) >= e, 1.0, torch.tanh(k * (contrast(f, w, p) - e))),
            "missing",
        ),
        (
            lambda f, w, p, e, k: torch.where(contrast(f, w, p) >= e, 1.0, 1 + torch.tanh(k * contrast(f, w, p) - e)),
            "brackets",
        ),
        (
            lambda f, w, p, e, k: torch.where(contrast(f, w, p) < e, 1.0, 1 + torch.tanh(k * contrast(f, w, p))),
            "Two things",
        ),
        (lambda f, w, p, e, k: ink(f, w, p, e, k / 255), "from the formula"),
    ],
    "8_4": [
        (lambda n, t: (n * t.view(1, 3, 1, 1)).sum(1).clamp(0), "how long the direction is"),
        (lambda n, t: (n * t.view(1, 3, 1, 1)).sum(1), "Two things"),
        (lambda n, t: (n * normalize(t, dim=0).view(1, 3, 1, 1)).sum(1), "not less"),
        (lambda n, t: (n * normalize(t, dim=0).view(1, 3, 1, 1)).sum(1).abs(), "far side"),
        (lambda n, t: squarely(-n, t), "wrong side"),
        (lambda n, t: squarely(n, t) / 2 + 0.5, "turned away is 0"),
        (lambda n, t: squarely(n.flip(1), t), "Sum over x, y and z"),
    ],
    "8_5": [
        (green, "still green"),
        (blue, "Skin is blue"),
        (lambda yuv: from_yuv(yuv).flip(1), "BGR"),
        (one_line_off, "green is off"),
    ],
}
