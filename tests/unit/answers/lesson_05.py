"""Answers to the exercises of lesson 5: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

import torch
from torch.nn.functional import softplus


def away(a, b):
    return (a - b).abs().mean()


def cycle(to_b, to_a, a, b):
    return away(to_a(to_b(a)), a) + away(to_b(to_a(b)), b)


def squares(real, fake):
    return (real - 1).square().mean() + fake.square().mean()


def pool(choose=None, old_share=0.5, put_back=True, fill=True):
    def exchange(memory, fake, size):
        if len(memory) < size:
            memory.append(fake)
            return fake if fill else memory[0]
        if torch.rand(()) >= old_share:
            return fake
        place = int(torch.randint(size, ())) if choose is None else choose
        old = memory[place]
        if put_back:
            memory[place] = fake
        return old

    return exchange


def places(maps, dim=None):
    share = maps.flatten(2).softmax(2).view_as(maps) if dim is None else maps.softmax(dim)
    return torch.stack([share.sum(2) @ (torch.arange(9) + 0.5), share.sum(3) @ (torch.arange(6) + 0.5)], 2)


def brightest(maps):
    place = maps.flatten(2).argmax(2)
    return torch.stack([place % 9 + 0.5, place // 9 + 0.5], 2)


SOLUTIONS = {
    "5_1": [cycle],
    "5_2": [squares],
    "5_3": [pool()],
    "5_4": [places],
}

WRONG_ANSWERS = {
    "5_1": [
        (lambda g, f, a, b: away(g(a), b) + away(f(b), a), "no pairs"),
        (lambda g, f, a, b: away(f(g(a)), a), "Only A's"),
        (lambda g, f, a, b: away(g(f(b)), b), "Only B's"),
        (lambda *given: cycle(*given) / 2, "their sum"),
        (lambda g, f, a, b: away(g(f(a)), a) + away(f(g(b)), b), "wrong painter"),
        (lambda g, f, a, b: away(g(a), a) + away(f(b), b), "way back is missing"),
        (lambda g, f, a, b: away(g(b), b) + away(f(a), a), "identity loss"),
        (lambda g, f, a, b: (f(g(a)) - a).square().mean() + (g(f(b)) - b).square().mean(), "Squared"),
        (lambda *given: cycle(*given).detach(), "no gradient"),
        (lambda *given: cycle(*given) + 1, "should be"),
    ],
    "5_2": [
        (lambda real, fake: squares(real, fake) / 2, "half"),
        (lambda real, fake: squares(fake, real), "changed places"),
        (lambda real, fake: squares(real, fake) * real.numel(), "take the mean"),
        (lambda real, fake: away(real, 1) + fake.abs().mean(), "Plain"),
        (lambda real, fake: (real - 1).square().mean() + (fake + 1).square().mean(), "not -1"),
        (lambda real, fake: squares(real.sigmoid(), fake.sigmoid()), "sigmoid"),
        (lambda real, fake: softplus(-real).mean() + softplus(fake).mean(), "lesson 1"),
        (lambda real, fake: squares(real, fake).detach(), "No gradient"),
        (lambda real, fake: squares(real, fake) + 1, "should be"),
    ],
    "5_3": [
        (pool(choose=0), "at random"),
        (pool(put_back=False), "came out twice"),
        (pool(old_share=1.1), "half of the time"),
        (pool(old_share=-1), "half of the time"),
        (pool(fill=False), "goes in and comes back"),
        (lambda memory, fake, size: fake, "holds 0"),
        (lambda memory, fake, size: pool()([*memory], fake, size), "holds 0"),
    ],
    "5_4": [
        (lambda maps: places(maps).flip(-1), "exchanged"),
        (lambda maps: places(maps) - 0.5, "Half a pixel"),
        (brightest, "argmax"),
        (lambda maps: places(maps, -1), "rows"),
        (lambda maps: places(maps).detach(), "no gradient"),
        (lambda maps: places(maps) / 9, "Not the mean place"),
    ],
}
