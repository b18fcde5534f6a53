"""Answers to the exercises of lessons 9 and 10."""

from __future__ import annotations

import torch


def gram(maps):
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def discriminator_loss(drawing, fake, soft):
    return (drawing - 1).square().mean() + fake.square().mean() + soft.square().mean()


def fade(overlap):
    return (torch.arange(overlap) + 0.5) / overlap


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


def worn_out(look, fake, photo):
    loss = content(look, fake, photo)
    loss.backward()
    return loss


def norms(x, rho, first=(2, 3), second=(1, 2, 3)):
    one, two = ((x - x.mean(d, keepdim=True)) / (x.var(d, keepdim=True) + 1e-5).sqrt() for d in (first, second))
    return rho * one + (1 - rho) * two


def biased(x, rho):
    one, two = (
        (x - x.mean(d, keepdim=True)) / (x.std(d, keepdim=True, unbiased=False) + 1e-5) for d in ((2, 3), (1, 2, 3))
    )
    return rho * one + (1 - rho) * two


def normalized_once(x, rho):
    (m, v), (n, w) = ((x.mean(d, keepdim=True), x.var(d, keepdim=True)) for d in ((2, 3), (1, 2, 3)))
    return (x - rho * m - (1 - rho) * n) / (rho * v + (1 - rho) * w + 1e-5).sqrt()


def aligning(eyes, goals):
    turn = (goals[1] - goals[0]) / (eyes[1] - eyes[0])
    return turn, goals[0] - turn * eyes[0]


def judging(judge, painter, real, photos):
    return (judge(real) - 1).square().mean() + judge(painter(photos).detach()).square().mean()


def with_no_grad(judge, painter, real, photos):
    with torch.no_grad():
        fake = painter(photos)
    return (judge(real) - 1).square().mean() + judge(fake).square().mean()


def backward_too(judge, painter, real, photos):
    loss = judging(judge, painter, real, photos)
    loss.backward()
    return loss


def half(judge, painter, real, photos):
    return (judge(real) - 1).square().mean() + judge(painter(photos)).square().mean().detach()


SOLUTIONS = {
    "9_1": [gram, lambda m: torch.einsum("bchw,bdhw->bcd", m, m) / m[0].numel()],
    "9_2": [discriminator_loss, lambda d, f, s: (torch.stack([d - 1, f, s]) ** 2).mean((1, 2, 3, 4)).sum()],
    "9_3": [fade, lambda n: (1 - torch.cos(torch.pi * fade(n))) / 2],
    "9_4": [content, lambda look, fake, photo: (look(fake) - look(photo).detach()).abs().mean()],
    "10_1": [
        lambda m, w: torch.einsum("bchw,c->bhw", m, w),
        lambda m, w: (m * w[:, None, None]).sum(1),
    ],
    "10_2": [
        lambda x, g, b, r: g * norms(x, r) + b,
        lambda x, g, b, r: g * biased(x, r) + b,
        lambda x, g, b, r: g * torch.lerp(norms(x, 0), norms(x, 1), r) + b,
    ],
    "10_3": [aligning, lambda e, g: tuple(complex(each) for each in aligning(e, g))],
    "10_4": [judging, with_no_grad],
}
WRONG_ANSWERS = {
    "9_1": [
        (lambda m: gram(m) * 60, "grow with the picture"),
        (lambda m: gram(m) * 5, "by the channels, too"),
        (lambda m: gram(m) * 12, "by the places, too"),
        (lambda m: gram(m).sum(0, keepdim=True).expand(2, -1, -1), "one matrix between them"),
        (lambda m: gram(m - m.mean((2, 3), keepdim=True)), "covariance"),
        (lambda m: gram(m).abs(), "differs by up to"),
        (torch.no_grad()(gram), "no gradient"),
    ],
    "9_2": [
        (lambda d, f, s: (d - 1).square().mean() + f.square().mean(), "missing"),
        (lambda d, f, s: discriminator_loss(d, f, 1 - s), "soft edges are fine"),
        (lambda d, f, s: d.square().mean() + (f - 1).square().mean() + s.square().mean(), "exchanged"),
        (lambda d, f, s: discriminator_loss(d, f, s) / 3, "a third"),
        (lambda d, f, s: (d - 1).square().mean() + (f.square().mean() + s.square().mean()) / 2, "one half each"),
        (lambda d, f, s: discriminator_loss(d, f, s) + 1, "should be"),
        (lambda d, f, s: discriminator_loss(d, f, s).detach(), "no gradient"),
        (lambda d, f, s: discriminator_loss(d, f.detach(), s), "no gradient"),
    ],
    "9_3": [
        (lambda n: fade(n).flip(0), "come in, not go out"),
        (lambda n: torch.linspace(0.2, 1, n), "brighter"),
        (lambda n: torch.linspace(0, 0.8, n), "darker"),
        (lambda n: torch.linspace(-0.2, 1.2, n), "negative"),
        (lambda n: (torch.arange(n) >= n // 2).float(), "seam"),
        (lambda n: torch.full((n,), 0.5), "Begin near 0"),
        (lambda n: torch.arange(n), "brighter"),
        (lambda n: torch.arange(n) // n, "darker"),
    ],
    "9_4": [
        (deaf, "deaf"),
        (wrong_one_silenced, "deaf"),
        (lambda look, fake, photo: content(look, fake.detach(), photo), "deaf"),
        (worn_out, "RuntimeError"),
        (lambda look, fake, photo: (fake - photo).abs().mean(), "pixels"),
        (lambda look, fake, photo: (look(fake) - look(photo)).square().mean(), "Squared"),
        (lambda look, fake, photo: 2 * content(look, fake, photo), "should be"),
        (lambda look, fake, photo: content(look, fake, photo).detach() + 0 * fake.sum(), "another one"),
    ],
    "10_1": [
        (lambda m, w: m.sum(1), "counts alike"),
        (lambda m, w: (m * w[:, None, None]).mean(1), "mean over channels"),
        (lambda m, w: (m * w[:, None, None]).sum(1).relu(), "cut off"),
        (lambda m, w: (m * w.abs()[:, None, None]).sum(1), "keep its sign"),
        (lambda m, w: (m * w.softmax(0)[:, None, None]).sum(1), "softmax"),
        (lambda m, w: (m * w.square()[:, None, None]).sum(1), "differs by up to"),
    ],
    "10_2": [
        (lambda x, g, b, r: (g * norms(x, r) + b).detach(), "no gradient"),
        (lambda x, g, b, r: g * norms(x, r).detach() + b + 0 * x, "another one"),
        (lambda x, g, b, r: g * norms(x, 1 - r) + b, "exchange them"),
        (lambda x, g, b, r: g * norms(x, 1) + b, "instance norm alone"),
        (lambda x, g, b, r: g * norms(x, 0) + b, "layer norm alone"),
        (lambda x, g, b, r: norms(x, r), "style is missing"),
        (lambda x, g, b, r: (1 + g) * norms(x, r) + b, "another convention"),
        (lambda x, g, b, r: g * (norms(x, r) + b), "then plus beta"),
        (lambda x, g, b, r: g * norms(x, r, second=(0, 2, 3)) + b, "over the batch"),
        (lambda x, g, b, r: g * normalized_once(x, r) + b, "normalize once"),
        (lambda x, g, b, r: g * norms(x, r) - b, "differs by up to"),
    ],
    "10_3": [
        (lambda e, g: aligning(g, e), "wrong way"),
        (lambda e, g: (aligning(e, g)[0].abs(), 0), "Only the scale"),
        (lambda e, g: (aligning(e, g)[0] / aligning(e, g)[0].abs(), 0), "Only the turn"),
        (lambda e, g: (aligning(e, g)[0].conj(), 0), "opposite direction"),
        (lambda e, g: (2 * aligning(e, g)[0], 0), "misses by"),
        (lambda e, g: (aligning(e, g)[0], g[0] - e[0]), "miss by"),
        (lambda e, g: aligning(e, g)[0], "two complex numbers"),
        (lambda e, g: (e, g), "one number each"),
        (lambda e, g: (None, None), "NoneType and NoneType"),
        (lambda e, g: ("turn", "shift"), "str and str"),
    ],
    "10_4": [
        (lambda j, p, r, x: (j(r) - 1).square().mean() + j(p(x)).square().mean(), "still reaches"),
        (half, "half of its gradient"),
        (backward_too, "backward pass itself"),
        (lambda j, p, r, x: judging(j, p, r, x).detach(), "learns nothing"),
        (lambda j, p, r, x: (j(r) - 1).square().mean(), "has changed"),
    ],
}
