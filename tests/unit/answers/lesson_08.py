"""Answers to the exercises of lesson 8."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


def hint_channels(colors, dots, mask=None):
    mask = dots.to(colors.dtype)
    return torch.cat([colors * mask, mask], 1)


def channels_in_place(colors, dots):
    colors *= dots
    return torch.cat([colors, dots.float()], 1)


def channels_by_index(colors, dots):
    answer = torch.zeros(len(colors), 4, *colors.shape[2:])
    where = dots[:, 0]
    answer.permute(0, 2, 3, 1)[where] = torch.cat([colors, torch.ones_like(colors[:, :1])], 1).permute(0, 2, 3, 1)[
        where
    ]
    return answer


def dots_by_color(colors, dots):
    only = colors * dots
    return torch.cat([only, (only != 0).any(1, keepdim=True).float()], 1)


def transplanted(pictures, spots):
    return torch.lerp(pictures, pictures.roll(1, 0), spots)


def other_way_round(pictures, spots):
    return (1 - spots) * pictures + spots * pictures.roll(-1, 0)


def transplanted_in_a_loop(pictures, spots):
    out = []
    for number, (picture, spot) in enumerate(zip(pictures, spots)):
        other = pictures[(number + 1) % len(pictures)]
        out.append(picture + spot * (other - picture))
    return torch.stack(out)


def transplanted_in_place(pictures, spots):
    others = pictures.roll(1, 0)
    pictures += spots * (others - pictures)
    return pictures


def transplanted_at_random(pictures, spots):
    """Every other picture has the same chance."""
    count = len(pictures)
    others = (torch.arange(count) + torch.randint(1, count, (count,))) % count
    return torch.where(spots == 0, pictures, (1 - spots) * pictures + spots * pictures[others])


def contrast(fine, wide, sharpness):
    return (1 + sharpness) * fine - sharpness * wide


def ink(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s >= level, 1.0, 1 + torch.tanh(slope * (s - level)))


def ink_by_clamp(fine, wide, sharpness, level, slope):
    return 1 + torch.tanh(slope * (contrast(fine, wide, sharpness) - level).clamp(max=0))


def ink_where_it_is_dark(fine, wide, sharpness, level, slope):
    s = torch.lerp(fine, wide, -sharpness)
    lines = torch.ones_like(s)
    lines[s < level] += torch.tanh(slope * (s[s < level] - level))
    return lines


def ink_by_exp(fine, wide, sharpness, level, slope):
    below = (contrast(fine, wide, sharpness) - level).clamp(max=0)
    return 1 + 2 / (1 + torch.exp(-2 * slope * below)) - 1


def ink_with_fixed_slope(fine, wide, sharpness, level, slope):
    return ink(fine, wide, sharpness, level, 2.0)


def plain_difference(fine, wide, sharpness, level, slope):
    s = sharpness * (fine - wide)
    return torch.where(s >= level, 1.0, 1 + torch.tanh(slope * (s - level)))


def level_of_the_fine(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(fine >= level, 1.0, 1 + torch.tanh(slope * (s - level)))


def sign_of_tanh(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s >= level, 1.0, 1 - torch.tanh(slope * (s - level)))


def clipped(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness).clamp(0, 1)
    return torch.where(s >= level, 1.0, 1 + torch.tanh(slope * (s - level)))


def without_level(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s >= level, 1.0, 1 + torch.tanh(slope * s))


def branches_exchanged(fine, wide, sharpness, level, slope):
    s = contrast(fine, wide, sharpness)
    return torch.where(s < level, 1.0, 1 + torch.tanh(slope * (s - level)))


def squarely(normals, toward):
    return (normals * normalize(toward, dim=0)[:, None, None]).sum(1).clamp(0)


def squarely_in_a_loop(normals, toward):
    x, y, z = toward / torch.sqrt((toward**2).sum())
    dots = x * normals[:, 0] + y * normals[:, 1] + z * normals[:, 2]
    return torch.maximum(dots, torch.zeros(()))


def squarely_by_cosine_similarity(normals, toward):
    return torch.cosine_similarity(normals, toward.view(1, 3, 1, 1).expand_as(normals), dim=1).relu()


def squarely_in_place(normals, toward):
    toward /= toward.norm()
    return squarely(normals, toward)


def raw(normals, toward):
    return torch.einsum("bchw,c->bhw", normals, toward)


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


def from_yuv_by_matrix(pictures):
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(torch.tensor(
        [[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.100]])), pictures)  # fmt: skip


def from_yuv_by_differences(pictures):
    """U and V are scaled differences: undo them, and green is what is left of Y."""
    y, u, v = pictures[:, 0], pictures[:, 1], pictures[:, 2]
    red, blue = y + v / 0.877, y + u / 0.492
    return torch.stack([red, (y - 0.299 * red - 0.114 * blue) / 0.587, blue], 1)


def from_yuv_in_place(pictures):
    pictures[:, 1:] += 0.0
    return from_yuv(pictures)


def from_yuv_half_shifted(pictures):
    y, u, v = pictures.unbind(1)
    u = u - 128 / 255
    return torch.stack([y + 1.140 * v, y - 0.395 * u - 0.581 * v, y + 2.032 * u], 1)


SOLUTIONS = {
    "8_1": [hint_channels, lambda c, d: torch.cat([torch.where(d, c, 0.0), d.float()], 1), channels_by_index,
            lambda c, d: torch.cat([c, torch.ones_like(c[:, :1])], 1).masked_fill(~d, 0)],
    "8_2": [transplanted, other_way_round, transplanted_in_a_loop, transplanted_at_random,
            lambda p, s: torch.lerp(p, p.roll(len(p) // 2, 0), s),
            lambda p, s: torch.lerp(p, p[[1] + [0] * (len(p) - 1)], s)],
    "8_3": [ink, ink_by_clamp, ink_where_it_is_dark, ink_by_exp],
    "8_4": [squarely, lambda n, t: torch.einsum("bchw,c->bhw", n, t / t.norm()).clamp(0), squarely_in_a_loop,
            squarely_by_cosine_similarity],
    "8_5": [from_yuv, from_yuv_by_matrix, from_yuv_by_differences, lambda yuv: from_yuv(yuv).clamp(0, 1)],
}  # fmt: skip

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
        (dots_by_color, "middle gray"),
        (lambda c, d: torch.cat([(c * d).relu(), d.float()], 1), "darker than middle gray"),
        (lambda c, d: torch.cat([c * d, (c * d).abs().amax(1, keepdim=True)], 1), "strength"),
        (lambda c, d: torch.cat([c.mean((2, 3), keepdim=True) * d, d.float()], 1), "differs by up to"),
        (lambda c, d: torch.cat([torch.where(d, c, -512 / 127.5), d.float()], 1), "differs by up to"),
        (lambda c, d: torch.cat([c + d, d.float()], 1), "differs by up to"),
        (lambda c, d: torch.cat([d.float(), d.float(), d.float(), d.float()], 1), "differs by up to"),
        (channels_in_place, "was changed"),
        (lambda c, d: torch.cat([c * d, d.float()], 1).numpy(), "should be a torch tensor"),
        (lambda c, d: c * d, "(3, 3, 6, 5)"),
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
        (lambda p, s: torch.lerp(p, p.roll(1, 0), s).clamp(0, 1), "darker than middle gray"),
        (lambda p, s: torch.lerp(p.relu(), p.roll(1, 0).relu(), s), "darker than middle gray"),
        (lambda p, s: torch.lerp(p, p.flip(0), s), "got its own part back"),
        (lambda p, s: torch.lerp(p, p[:1].expand_as(p), s), "got its own part back"),
        (lambda p, s: torch.lerp(p, p.flip(-1), s), "one other picture"),
        (lambda p, s: torch.lerp(p, p.roll(1, 0).roll(1, -1), s), "one other picture"),
        (lambda p, s: torch.lerp(p, p.roll(1, 1), s), "one other picture"),
        (lambda p, s: torch.lerp(p, p.roll(1), s), "one other picture"),
        (lambda p, s: p + s * p.roll(1, 0), "one other picture"),
        (lambda p, s: torch.lerp(p, p.roll(1, 0), s.round()), "scissors"),
        (lambda p, s: torch.lerp(p, p.roll(1, 0), s.sqrt()), "between them"),
        (lambda p, s: torch.lerp(p, p.roll(1, 0), s.mean((2, 3), keepdim=True)), "nothing may change"),
        (transplanted_in_place, "was changed"),
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
        (lambda f, w, p, e, k: 1 - ink(f, w, p, e, k), "exchanged: paper is 1"),
        (plain_difference, "plain difference of Gaussians"),
        (level_of_the_fine, "*sharpened* gray"),
        (sign_of_tanh, "sign in front"),
        (lambda f, w, p, e, k: ink(f, w, int(p), e, k), "whole part"),
        (lambda f, w, p, e, k: ink(f, w, round(p), e, k), "whole part"),
        (ink_with_fixed_slope, "differs by up to"),
        (clipped, "differs by up to"),
        (lambda f, w, p, e, k: ink(f, w, p, 0.6, k), "differs by up to"),
        (lambda f, w, p, e, k: ink(f, w, -p, e, k), "differs by up to"),
        (lambda f, w, p, e, k: ink(f, w, p, e, k).mean(), "shape"),
        (lambda f, w, p, e, k: ink(f.mul_(1), w, p, e, k), "was changed"),
        (lambda f, w, p, e, k: ink(f, w, p, e, k / 255), "differs by up to"),
    ],
    "8_4": [
        (lambda n, t: (n * t.view(1, 3, 1, 1)).sum(1).clamp(0), "how long the direction is"),
        (lambda n, t: (n * t.view(1, 3, 1, 1)).sum(1), "Two things"),
        (lambda n, t: (n * normalize(t, dim=0).view(1, 3, 1, 1)).sum(1), "not less"),
        (lambda n, t: (n * normalize(t, dim=0).view(1, 3, 1, 1)).sum(1).abs(), "far side"),
        (lambda n, t: squarely(-n, t), "wrong side"),
        (lambda n, t: squarely(n, t) / 2 + 0.5, "turned away is 0"),
        (lambda n, t: raw(n, t).clamp(0, 1), "cut off at 1"),
        (lambda n, t: raw(n, t / t.norm()) / 2 + 0.5, "half-Lambert"),
        (lambda n, t: raw(n, t) / 2 + 0.5, "half-Lambert with"),
        (lambda n, t: (n * (t / t.norm()).view(3, 1, 1)).mean(1).clamp(0), "A third"),
        (lambda n, t: squarely(n, t).square(), "squared"),
        (lambda n, t: raw(n, t / t.norm()).clamp(-1, 1).acos(), "the angle"),
        (lambda n, t: raw(n, t / t.square().sum()).clamp(0), "length twice"),
        (lambda n, t: raw(n, t / t.abs().sum()).clamp(0), "sum of squares"),
        (lambda n, t: raw(n, t / t.sum()).clamp(0), "not the sum"),
        (lambda n, t: squarely(n, t * torch.tensor([1, -1, 1])), "y is turned around"),
        (lambda n, t: raw(n, t / t.max()).clamp(0), "differs by up to"),
        (lambda n, t: (raw(n, t / t.norm()) > 0).float(), "differs by up to"),
        (lambda n, t: (n * t).sum(1), "columns"),
        (lambda n, t: (n * normalize(t, dim=0)).sum(1).clamp(0), "columns"),
        (lambda n, t: (n @ normalize(t, dim=0)).clamp(0), "columns"),
        (lambda n, t: squarely(n, t)[:, None], "shape"),
        (squarely_in_place, "was changed"),
        (lambda n, t: squarely(n.flip(1), t), "x, y and z are mixed up"),
    ],
    "8_5": [
        (green, "still green"),
        (blue, "Skin is blue"),
        (lambda yuv: from_yuv(yuv).flip(1), "BGR"),
        (one_line_off, "green is off"),
        (lambda yuv: from_yuv(yuv + torch.tensor([0, 128 / 255, 128 / 255]).view(3, 1, 1)), "red and blue"),
        (lambda yuv: yuv, "still Y, U and V"),
        (from_yuv_half_shifted, "blue is off"),
        (lambda yuv: from_yuv(yuv) * 2 - 1, "is off by"),
        (lambda yuv: from_yuv(yuv[:, :1].expand(-1, 3, -1, -1) * torch.tensor([1, 0, 0]).view(3, 1, 1)), "is off by"),
        (from_yuv_in_place, "was changed"),
    ],
}
