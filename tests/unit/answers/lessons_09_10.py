"""Answers to the exercises of lessons 9 and 10."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, conv2d, group_norm, instance_norm, l1_loss, mse_loss

from animelab.engine import frozen


# --- 9.1
def gram(maps):
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def gram_by_loops(maps):
    (many, channels, high, wide), rows = maps.shape, []
    for picture in range(many):
        for one in range(channels):
            for other in range(channels):
                rows.append((maps[picture, one] * maps[picture, other]).sum() / (channels * high * wide))
    return torch.stack(rows).reshape(many, channels, channels)


def gram_in_place(maps):
    maps /= maps[0].numel() ** 0.5
    return gram(maps) * maps[0].numel()


# --- 9.2
def least_squares(drawing, fake, soft):
    return (drawing - 1).square().mean() + fake.square().mean() + soft.square().mean()


def cross_entropy(drawing, fake, soft):
    goals = (1, drawing), (0, fake), (0, soft)
    return sum(binary_cross_entropy_with_logits(each, torch.full_like(each, float(goal))) for goal, each in goals)


# --- 9.3
def fade(overlap):
    return (torch.arange(overlap) + 0.5) / overlap


def fade_by_loop(overlap):
    weights = []
    for pixel in range(overlap):
        weights.append((2 * pixel + 1) / (2 * overlap))
    return torch.tensor(weights)


# --- 9.4
def content(look, fake, photo):
    with torch.no_grad():
        wanted = look(photo)
    return (look(fake) - wanted).abs().mean()


@torch.no_grad()
def deaf(look, fake, photo):
    return content(look, fake, photo)


def wrong_one_silenced(look, fake, photo):
    with torch.no_grad():
        seen = look(fake)
    return (seen - look(photo)).abs().mean()


def with_backward(look, fake, photo):
    loss = content(look, fake, photo)
    if loss.requires_grad:
        loss.backward(retain_graph=True)
    return loss


def look_in_evaluation(look, fake, photo):
    look.eval()
    return content(look, fake, photo)


def look_in_evaluation_if_it_can(look, fake, photo):
    if isinstance(look, nn.Module):
        look.eval()
    return content(look, fake, photo)


def look_unfrozen(look, fake, photo):
    if isinstance(look, nn.Module):
        look.requires_grad_(True)
    return content(look, fake, photo)


def photo_frozen(look, fake, photo):
    photo.requires_grad_(False)
    return content(look, fake, photo)


# --- 10.2
def norms(x, rho, first=(2, 3), second=(1, 2, 3), eps=1e-5, of_layers=None):
    one, two = ((x - x.mean(d, keepdim=True)) / (x.var(d, keepdim=True) + eps).sqrt() for d in (first, second))
    if of_layers:
        two = of_layers(x, second)
    return rho * one + (1 - rho) * two


def silent_spread(x, d):
    return (x - x.mean(d, keepdim=True)) / (x.var(d, keepdim=True) + 1e-5).sqrt().detach()


def silent_mean(x, d):
    return (x - x.mean(d, keepdim=True).detach()) / (x.var(d, keepdim=True) + 1e-5).sqrt()


def nothing_added(x, d):
    return (x - x.mean(d, keepdim=True)) / x.std(d, keepdim=True)


def from_below(x, rho):
    one, two = (
        (x - x.mean(d, keepdim=True)) / x.var(d, keepdim=True).clamp(min=1e-5).sqrt() for d in ((2, 3), (1, 2, 3))
    )
    return rho * one + (1 - rho) * two


def plain_deviations(x, rho):
    one, two = (
        (x - x.mean(d, keepdim=True)) / (x.std(d, keepdim=True, unbiased=False) + 1e-5) for d in ((2, 3), (1, 2, 3))
    )
    return rho * one + (1 - rho) * two


def normalized_once(x, rho):
    (m, v), (n, w) = ((x.mean(d, keepdim=True), x.var(d, keepdim=True)) for d in ((2, 3), (1, 2, 3)))
    return (x - rho * m - (1 - rho) * n) / (rho * v + (1 - rho) * w + 1e-5).sqrt()


def over_variance(x, rho):
    one, two = ((x - x.mean(d, keepdim=True)) / (x.var(d, keepdim=True) + 1e-5) for d in ((2, 3), (1, 2, 3)))
    return rho * one + (1 - rho) * two


def detached_statistics(x, rho):
    one, two = (
        (x - x.mean(d, keepdim=True).detach()) / (x.var(d, keepdim=True) + 1e-5).sqrt().detach()
        for d in ((2, 3), (1, 2, 3))
    )
    return rho * one + (1 - rho) * two


def clamped_in_place(x, g, b, r):
    r.clamp_(0, 1)
    return g * norms(x, r) + b


def clamped_data(x, g, b, r):
    r.data.clamp_(0, 1)
    return g * norms(x, r.data) + b


def centered_in_place(x, g, b, r):
    x -= x.mean((2, 3), keepdim=True)
    return g * norms(x, r) + b


# --- 10.3
def aligning(eyes, goals):
    turn = (goals[1] - goals[0]) / (eyes[1] - eyes[0])
    return turn, goals[0] - turn * eyes[0]


def aligning_by_middles(eyes, goals):
    turn = eyes.diff().conj() * goals.diff() / eyes.diff().abs() ** 2
    return turn[0], goals.mean() - turn[0] * eyes.mean()


def aligning_by_equations(eyes, goals):
    return tuple(torch.linalg.solve(torch.stack([eyes, torch.ones_like(eyes)], 1), goals))


def aligning_in_place(eyes, goals):
    eyes -= eyes[0].clone()
    return aligning(eyes, goals)


# --- 10.4
def judging(D, G, real, photos):
    return (D(real) - 1).square().mean() + D(G(photos).detach()).square().mean()


def with_no_grad(D, G, real, photos):
    with torch.no_grad():
        fake = G(photos)
    return (D(real) - 1).square().mean() + D(fake).square().mean()


def with_frozen(D, G, real, photos):
    with frozen(G):
        fake = G(photos)
    return D(fake).pow(2).mean() + (1 - D(real)).pow(2).mean()


def pulling(D, G, real, photos):
    return (D(real) - 1).square().mean() + D(G(photos)).square().mean()


def backward_too(D, G, real, photos):
    loss = judging(D, G, real, photos)
    loss.backward()
    return loss


def backward_and_zero(D, G, real, photos):
    loss = judging(D, G, real, photos)
    loss.backward(retain_graph=True)
    D.zero_grad()
    return loss


def pulling_then_zero(D, G, real, photos):
    G.zero_grad()
    return judging(D, G, real, photos)


def frozen_for_ever(D, G, real, photos):
    G.requires_grad_(False)
    return pulling(D, G, real, photos)


def in_evaluation(D, G, real, photos):
    G.eval()
    return judging(D, G, real, photos)


def half(D, G, real, photos):
    return (D(real) - 1).square().mean() + D(G(photos)).square().mean().detach()


def all_of_it_silent(D, G, real, photos):
    with torch.no_grad():
        of_fake = D(G(photos))
    return (D(real) - 1).square().mean() + of_fake.square().mean()


def photos_in_place(D, G, real, photos):
    return judging(D, G, real, photos.clamp_(-1, 1))


SOLUTIONS = {
    "9_1": [
        gram,
        lambda m: torch.einsum("bchw,bdhw->bcd", m, m) / m[0].numel(),
        lambda m: (m[:, :, None] * m[:, None]).mean((3, 4)) / m.shape[1],
        lambda m: torch.bmm(m.flatten(2), m.flatten(2).mT).div(m.shape[1] * m.shape[2] * m.shape[3]),
        gram_by_loops,
    ],
    "9_2": [
        least_squares,
        lambda d, f, s: sum(((each - goal) ** 2).mean() for each, goal in ((d, 1), (f, 0), (s, 0))),
        lambda d, f, s: (
            mse_loss(d, torch.ones_like(d)) + mse_loss(f, torch.zeros_like(f)) + mse_loss(s, torch.zeros_like(s))
        ),
        lambda d, f, s: torch.stack([((1 - d) ** 2).mean(), (f * f).mean(), (s * s).mean()]).sum(),
    ],
    "9_3": [
        fade,
        fade_by_loop,
        lambda n: torch.linspace(0.5 / n, 1 - 0.5 / n, n),
        lambda n: torch.arange(0.5, n, dtype=torch.float64) / n,
        lambda n: torch.full((n,), 1 / n).cumsum(0) - 0.5 / n,
    ],
    "9_4": [
        content,
        lambda look, fake, photo: (look(fake) - look(photo).detach()).abs().mean(),
        lambda look, fake, photo: l1_loss(look(fake), look(photo.detach())),
        lambda look, fake, photo: torch.sub(*look(torch.cat([fake, photo.detach()])).chunk(2)).abs().mean(),
        lambda look, fake, photo: (look(photo.clone().detach()) - look(fake)).norm(1) / look(photo).numel(),
    ],
    "10_1": [
        lambda m, w: torch.einsum("bchw,c->bhw", m, w),
        lambda m, w: (m * w[:, None, None]).sum(1),
        lambda m, w: conv2d(m, w[None, :, None, None])[:, 0],
        lambda m, w: m.movedim(1, -1) @ w,
        lambda m, w: sum(w[c] * m[:, c] for c in range(len(w))),
    ],
    "10_2": [
        lambda x, g, b, r: g * norms(x, r) + b,
        lambda x, g, b, r: g * torch.lerp(norms(x, 0), norms(x, 1), r) + b,
        lambda x, g, b, r: torch.addcmul(b, g, r * instance_norm(x) + (1 - r) * group_norm(x, 1)),
        lambda x, g, b, r: torch.stack([g[i] * norms(x[i : i + 1], r)[0] + b[i] for i in range(len(x))]),
    ],
    "10_3": [
        aligning,
        lambda e, g: tuple(complex(each) for each in aligning(e, g)),
        lambda e, g: list(aligning(e, g)),
        lambda e, g: torch.stack(aligning(e, g)),
        aligning_by_middles,
        aligning_by_equations,
    ],
    "10_4": [
        judging,
        with_no_grad,
        with_frozen,
        lambda D, G, real, x: (D(real) - 1).pow(2).mean() + D(G(x).clone().detach()).pow(2).mean(),
    ],
}
WRONG_ANSWERS = {
    "9_1": [
        (lambda m: gram(m) * m[0].numel(), "grow with the picture"),
        (lambda m: gram(m) * m.shape[1], "by the channels, too"),
        (lambda m: gram(m) * m[0, 0].numel(), "by the places, too"),
        (lambda m: gram(m) * m[0].numel() / 60, "differs by up to"),
        (lambda m: m.flatten(2) @ m.flatten(2) / m[0].numel(), "to be turned"),
        (lambda m: gram(m) / 2, "all the numbers of the batch"),
        (lambda m: gram(m).sum(0, keepdim=True).expand(2, -1, -1), "one matrix between them"),
        (lambda m: gram(m).mean(0, keepdim=True).expand(2, -1, -1), "the mean"),
        (lambda m: gram(m - m.mean((2, 3), keepdim=True)), "covariance"),
        (lambda m: gram(torch.nn.functional.normalize(m.flatten(2), dim=2)[..., None]) * m[0].numel(), "correlation"),
        (lambda m: m.flatten(2) @ m.mT.flatten(2).mT / 60, "different places"),
        (lambda m: gram(m).abs(), "differs by up to"),
        (lambda m: gram(m.relu()), "differs by up to"),
        (lambda m: gram(m).triu(), "differs by up to"),
        (lambda m: (gram(m) * 60).softmax(2), "differs by up to"),
        (
            lambda m: m.reshape(len(m), -1, m.shape[1]).mT @ m.reshape(len(m), -1, m.shape[1]) / m[0].numel(),
            "differs by up to",
        ),
        (lambda m: gram(m)[0], "shape"),
        (lambda m: m.flatten(2).mT @ m.flatten(2) / 60, "shape"),
        (torch.no_grad()(gram), "no gradient"),
        (lambda m: gram(m.data), "no gradient"),
        (lambda m: m.flatten(2) @ m.detach().flatten(2).mT / m[0].numel(), "another one"),
        (lambda m: torch.tensor(gram(m).tolist()), "no gradient"),
        (gram_in_place, "was changed"),
    ],
    "9_2": [
        (lambda d, f, s: least_squares(d, f, 0 * s), "missing"),
        (lambda d, f, s: least_squares(d, 0 * f, s), "fakes are missing"),
        (lambda d, f, s: least_squares(d, f, 1 - s), "soft edges are fine"),
        (lambda d, f, s: d.square().mean() + (f - 1).square().mean() + s.square().mean(), "exchanged"),
        (lambda d, f, s: least_squares(1 - d, 1 - f, 1 - s), "most to be right"),
        (lambda d, f, s: least_squares(d, f, s) / 3, "a third"),
        (lambda d, f, s: least_squares(d, f, s) / 2, "That is half"),
        (lambda d, f, s: (d - 1).square().mean() + (f.square().mean() + s.square().mean()) / 2, "one half each"),
        (lambda d, f, s: (d - 1).square().mean() + torch.cat([f, s], 2).square().mean(), "one mean between"),
        (lambda d, f, s: 3 * torch.cat([d - 1, f, s], 2).square().mean(), "one mean over all"),
        (lambda d, f, s: torch.cat([d - 1, f, s], 2).square().mean(), "about a third"),
        (lambda d, f, s: torch.cat([d - 1, f, s], 2).square().sum(), "grows with the picture"),
        (lambda d, f, s: least_squares(d, f + 1, s + 1), "-1 for what is not real"),
        (cross_entropy, "cross-entropy"),
        (lambda d, f, s: (1 - d).relu().mean() + (1 + f).relu().mean() + (1 + s).relu().mean(), "hinge"),
        (lambda d, f, s: (d - 1).abs().mean() + f.abs().mean() + s.abs().mean(), "Absolute"),
        (lambda d, f, s: least_squares(d.sigmoid(), f.sigmoid(), s.sigmoid()), "sigmoid"),
        (lambda d, f, s: (d.mean() - 1).square() + f.mean().square() + s.mean().square(), "should be"),
        (lambda d, f, s: f.mean() + s.mean() - d.mean(), "should be"),
        (lambda d, f, s: least_squares(d, f, s) + 1, "should be"),
        (lambda d, f, s: (d - 1).square() + f.square().mean() + s.square().mean(), "shape"),
        (lambda d, f, s: least_squares(d, f, s).detach(), "no gradient reaches `drawing`"),
        (lambda d, f, s: least_squares(d, f.detach(), s), "no gradient reaches `fake`"),
        (lambda d, f, s: least_squares(d, f, s.data), "no gradient reaches `soft`"),
        (lambda d, f, s: least_squares(d, f, s).item(), "returned a float"),
        (lambda d, f, s: d.sub_(1).square().mean() + f.square().mean() + s.square().mean(), "in place"),
    ],
    "9_3": [
        (lambda n: fade(n).flip(0), "come in, not go out"),
        (lambda n: torch.linspace(0.2, 1, n), "brighter"),
        (lambda n: torch.linspace(0, 0.8, n), "darker"),
        (lambda n: torch.linspace(-0.2, 1.2, n), "negative"),
        (lambda n: (torch.arange(n) >= n // 2).float(), "seam"),
        (lambda n: torch.full((n,), 0.5), "begins with 0.500"),
        (lambda n: torch.arange(n), "int64"),
        (lambda n: torch.arange(n) // n, "int64"),
        (lambda n: torch.arange(0, 1, 1 / n) + 0.5 / n, "shape (50,)"),
        (lambda n: 0.5 / n + torch.arange(n) / (n - 1) * (1 - 1 / n), "overlap of 1 pixel"),
        (lambda n: fade(n) * 0.9999, "0.9999 to 0.9999"),
        (lambda n: fade(n) * float("nan"), "no straight line"),
        (lambda n: torch.arange(n) / n, "left border of each pixel"),
        (lambda n: (torch.arange(n) + 1) / n, "right border of each pixel"),
        (lambda n: torch.linspace(0, 1, n), "one tile alone"),
        (lambda n: torch.linspace(0, 1, n + 2)[1:-1], "outside of the overlap"),
        (lambda n: torch.linspace(0.1, 0.9, n), "begins with 0.100"),
        (lambda n: (1 - torch.cos(torch.pi * fade(n))) / 2, "straight line"),
        (lambda n: torch.sigmoid(12 * (fade(n) - 0.5)), "straight line"),
        (lambda n: fade(n) ** 2 * (3 - 2 * fade(n)), "straight line"),
        (lambda n: fade(n).sqrt(), "brighter"),
        (lambda n: fade(n).square(), "darker"),
        (lambda n: torch.sin(fade(n) * torch.pi / 2), "brighter"),
        (lambda n: (torch.arange(32) + 0.5) / 32, "shape"),
        (lambda n: fade(n)[None], "shape"),
        (lambda n: fade(n).tolist(), "returned a list"),
        (lambda n: (fade(n), fade(n).flip(0)), "returned a tuple"),
    ],
    "9_4": [
        (deaf, "deaf"),
        (wrong_one_silenced, "deaf"),
        (lambda look, fake, photo: content(look, fake.detach(), photo), "deaf"),
        (lambda look, fake, photo: content(look, fake.data, photo), "deaf"),
        (lambda look, fake, photo: (look(fake) - look(photo)).abs().mean(), "into the photograph"),
        (lambda look, fake, photo: (look(fake).detach() - look(photo)).abs().mean(), "deaf"),
        (lambda look, fake, photo: content(look, fake, photo).detach() + 0 * fake.sum(), "deaf"),
        (lambda look, fake, photo: content(look, fake, photo).detach().requires_grad_(), "deaf"),
        (lambda look, fake, photo: content(look, fake, photo) / 2 + deaf(look, fake, photo) / 2, "deaf"),
        (with_backward, "stored in `fake`"),
        (lambda look, fake, photo: (fake - photo).abs().mean(), "pixels"),
        (lambda look, fake, photo: (look(fake) - look(photo)).square().mean(), "Squared"),
        (lambda look, fake, photo: (look(fake) - look(photo)).square().mean().sqrt(), "root"),
        (lambda look, fake, photo: (look(fake) - look(photo)).abs().sum(), "a sum"),
        (lambda look, fake, photo: (look(fake) - look(photo)).mean(), "cancel"),
        (lambda look, fake, photo: (look(fake).mean() - look(photo).mean()).abs(), "cancel"),
        (lambda look, fake, photo: look(fake - photo).abs().mean(), "should be"),
        (lambda look, fake, photo: 2 * content(look, fake, photo), "should be"),
        (lambda look, fake, photo: (look(fake) - look(photo)).abs(), "shape"),
        (look_in_evaluation, "plain function"),
        (look_in_evaluation_if_it_can, "mode"),
        (lambda look, fake, photo: list(look.parameters()) and content(look, fake, photo), "plain function"),
        (look_unfrozen, "requires_grad"),
        (photo_frozen, "requires_grad"),
        (lambda look, fake, photo: content(look, fake.clamp_(-1, 1), photo), "in place"),
    ],
    "10_1": [
        (lambda m, w: m.sum(1), "counts alike"),
        (lambda m, w: -(m * w[:, None, None]).sum(1), "sign is turned around"),
        (lambda m, w: (m * w[:, None, None]).mean(1), "mean over channels"),
        (lambda m, w: (m * w[:, None, None]).sum(1) / m[0, 0].numel(), "number of places"),
        (lambda m, w: (m * w[:, None, None]).sum(1) / w.sum(), "sum of the weights"),
        (lambda m, w: (m * w).sum(1), "columns"),
        (lambda m, w: m @ w, "columns"),
        (lambda m, w: (m * w[:, None, None]).sum(1) / w.norm(), "length of the weights"),
        (lambda m, w: (m * w[:, None, None]).sum(1).relu(), "cut off"),
        (lambda m, w: (m * w[:, None, None]).relu().sum(1), "cut off"),
        (lambda m, w: (m * w[:, None, None]).sum(1).abs(), "Without its sign"),
        (lambda m, w: (m * w[:, None, None]).sum(1).sigmoid(), "squeezes"),
        (lambda m, w: torch.stack([(h - h.min()) / (h.max() - h.min()) for h in m.movedim(1, -1) @ w]), "Stretched"),
        (lambda m, w: (m * w.abs()[:, None, None]).sum(1), "keep its sign"),
        (lambda m, w: (m * w.softmax(0)[:, None, None]).sum(1), "softmax"),
        (lambda m, w: (m * w[:, None, None]).amax(1), "largest term"),
        (lambda m, w: (m.mean((2, 3)) @ w)[:, None, None].expand_as(m[:, 0]), "one number a picture"),
        (lambda m, w: (m.square() * w[:, None, None]).sum(1), "Squared"),
        (lambda m, w: (m * w.square()[:, None, None]).sum(1), "differs by up to"),
        (lambda m, w: m.mean((2, 3)) @ w, "shape"),
        (lambda m, w: m * w[:, None, None], "shape"),
        (lambda m, w: (m * w[:, None, None]).sum(1, keepdim=True), "shape"),
        (lambda m, w: (m.detach() * w[:, None, None]).sum(1), "no gradient reaches `maps`"),
        (lambda m, w: (m * w.data[:, None, None]).sum(1), "no gradient reaches `weights`"),
        (torch.no_grad()(lambda m, w: (m * w[:, None, None]).sum(1)), "no gradient"),
        (lambda m, w: m.mul_(w[:, None, None]).sum(1), "in place"),
    ],
    "10_2": [
        (lambda x, g, b, r: (g * norms(x, r) + b).detach(), "no gradient"),
        (lambda x, g, b, r: g * norms(x, r).detach() + b, "no gradient reaches `x`"),
        (lambda x, g, b, r: g * norms(x, r).detach() + b + 0 * x, "no gradient reaches `x`"),
        (lambda x, g, b, r: g * norms(x, r.detach()) + b, "no gradient reaches `rho`"),
        (lambda x, g, b, r: g * norms(x, r.data.clamp(0, 1)) + b, "no gradient reaches `rho`"),
        (lambda x, g, b, r: g.data * norms(x, r) + b, "no gradient reaches `gamma`"),
        (lambda x, g, b, r: g * norms(x, r) + b.data, "no gradient reaches `beta`"),
        (lambda x, g, b, r: g * detached_statistics(x, r) + b, "`x` is another one"),
        (lambda x, g, b, r: g * norms(x, r, of_layers=silent_spread) + b, "`x` is another one"),
        (lambda x, g, b, r: g * norms(x, r, of_layers=silent_mean) + b, "`x` is another one"),
        (clamped_in_place, "in place"),
        (clamped_data, "no gradient reaches `rho`"),
        (centered_in_place, "in place"),
        (lambda x, g, b, r: g * norms(x, 1 - r) + b, "exchange them"),
        (lambda x, g, b, r: g * norms(x, 1) + b, "instance norm alone"),
        (lambda x, g, b, r: g * norms(x, 0) + b, "layer norm alone"),
        (lambda x, g, b, r: g * (norms(x, 0) + norms(x, 1)) + b, "Both norms in full"),
        (lambda x, g, b, r: norms(x, r), "style is missing"),
        (lambda x, g, b, r: g * norms(x, r), "beta is missing"),
        (lambda x, g, b, r: norms(x, r) + b, "gamma is missing"),
        (lambda x, g, b, r: b * norms(x, r) + g, "are exchanged"),
        (lambda x, g, b, r: (1 + g) * norms(x, r) + b, "another convention"),
        (lambda x, g, b, r: g * (norms(x, r) + b), "then plus beta"),
        (lambda x, g, b, r: g * norms(x, r, first=(0, 2, 3)) + b, "first norm takes the mean over the batch"),
        (lambda x, g, b, r: g * norms(x, r, second=(0, 2, 3)) + b, "second norm takes the mean over the batch"),
        (lambda x, g, b, r: g * norms(x, r, second=(1,)) + b, "each place by itself"),
        (lambda x, g, b, r: g * normalized_once(x, r) + b, "normalize once"),
        (lambda x, g, b, r: g * over_variance(x, r) + b, "take its root"),
        (lambda x, g, b, r: g * norms(x, r, eps=1e-3) + b, "larger than 1e-5"),
        (lambda x, g, b, r: g * norms(x, r, eps=0) + b, "is flat"),
        (lambda x, g, b, r: g * norms(x, r, eps=1e-8) + b, "For quiet maps"),
        (lambda x, g, b, r: g * norms(x, r, eps=1e-4) + b, "For quiet maps"),
        (lambda x, g, b, r: g * norms(x, r, of_layers=nothing_added) + b, "For quiet maps"),
        (lambda x, g, b, r: g * plain_deviations(x, r) + b, "For quiet maps"),
        (lambda x, g, b, r: g * from_below(x, r) + b, "For quiet maps"),
        (lambda x, g, b, r: g * norms(x, r) - b, "differs by up to"),
        (lambda x, g, b, r: g * norms(x, r.mean()) + b, "differs by up to"),
        (lambda x, g, b, r: g * norms(x, r.sigmoid()) + b, "differs by up to"),
    ],
    "10_3": [
        (lambda e, g: aligning(g, e), "wrong way"),
        (lambda e, g: (aligning(e, g)[0].abs(), 0), "Only the scale"),
        (lambda e, g: (aligning(e, g)[0] / aligning(e, g)[0].abs(), 0), "Only the turn"),
        (lambda e, g: (aligning(e, g)[0].conj(), 0), "opposite direction"),
        (lambda e, g: aligning(e.flip(0), g), "opposite directions"),
        (lambda e, g: (g[0] / e[0], 0), "quotient of two points"),
        (lambda e, g: (g[1] - g[0] - (e[1] - e[0]), 0), "multiplied"),
        (lambda e, g: (1, g.mean() - e.mean()), "Without a turn"),
        (lambda e, g: (2 * aligning(e, g)[0], 0), "misses by"),
        (lambda e, g: ((g / e).mean(), 0), "misses by"),
        (lambda e, g: (aligning(e, g)[0], g[0] - e[0]), "measured after it"),
        (lambda e, g: (aligning(e, g)[0], g.mean() - e.mean()), "measured after it"),
        (lambda e, g: (aligning(e, g)[0], -aligning(e, g)[1]), "wrong sign"),
        (lambda e, g: (aligning(e, g)[0], 0), "miss by"),
        (lambda e, g: aligning(e, g)[::-1], "misses by"),
        (lambda e, g: aligning(e, g)[0], "two complex numbers"),
        (lambda e, g: (e, g), "one number each"),
        (lambda e, g: tuple(each[None] for each in aligning(e, g)), "one number each"),
        (lambda e, g: [*aligning(e, g), 0], "two complex numbers"),
        (lambda e, g: aligning(e, g)[1][None], "two complex numbers"),
        (lambda e, g: (None, None), "NoneType and NoneType"),
        (lambda e, g: ("turn", "shift"), "str and str"),
        (aligning_in_place, "was changed"),
    ],
    "10_4": [
        (pulling, "still reaches"),
        (lambda D, G, real, x: pulling(D, deepcopy(G), real, x), "a copy of it"),
        (
            lambda D, G, real, x: (
                (D(real) - 1).square().mean() + D(G(x).detach() + 0.01 * torch.randn_like(x)).square().mean()
            ),
            "should be",
        ),
        (
            lambda D, G, real, x: (D(real) - 1).square().mean() + D(torch.from_numpy(G(x).numpy())).square().mean(),
            "stay a tensor",
        ),
        (half, "D learns nothing"),
        (all_of_it_silent, "D learns nothing"),
        (backward_too, "backward pass itself"),
        (backward_and_zero, "stored in `D`"),
        (pulling_then_zero, "stored in `G`"),
        (frozen_for_ever, "`requires_grad` of `G`"),
        (in_evaluation, "mode"),
        (photos_in_place, "in place"),
        (lambda D, G, real, x: judging(D, G, real, x).detach(), "D learns nothing"),
        (torch.no_grad()(pulling), "D learns nothing"),
        (lambda D, G, real, x: (D(real).detach() - 1).square().mean() + D(G(x).detach()).square().mean(), "D learns"),
        (lambda D, G, real, x: pulling(D, G, real, x.detach()), "still reaches"),
        (lambda D, G, real, x: (D(real) - 1).square().mean() + D(G(x)).detach().square().mean(), "D learns nothing"),
        (lambda D, G, real, x: (D(real) - 1).square().mean(), "fakes are missing"),
        (lambda D, G, real, x: D(G(x).detach()).square().mean(), "real pictures are missing"),
        (lambda D, G, real, x: judging(D, G, real, x) / 2, "Half of the loss"),
        (lambda D, G, real, x: D(real).square().mean() + (D(G(x).detach()) - 1).square().mean(), "exchanged"),
        (lambda D, G, real, x: (D(real) - 1).square().mean() + D(x).square().mean(), "photographs themselves"),
        (lambda D, G, real, x: judging(D, G, real, real), "from `photos`"),
        (lambda D, G, real, x: (D(real) - 1).square().mean() + (D(G(x).detach()) - 1).square().mean(), "G wants"),
        (lambda D, G, real, x: judging(D, G, real, x).item(), "returned a float"),
    ],
}
