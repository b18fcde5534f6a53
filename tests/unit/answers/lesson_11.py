"""Answers to the exercises of lesson 11."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, softplus

from animelab.engine import frozen


# --- 11.1
def shuffle(maps, by):
    many, channels, high, wide = maps.shape
    six = maps.reshape(many, channels // by**2, by, by, high, wide)
    return six.permute(0, 1, 4, 2, 5, 3).reshape(many, -1, by * high, by * wide)


def shuffle_by_loops(maps, by):
    many, channels, high, wide = maps.shape
    out = maps.new_zeros(many, channels // by**2, by * high, by * wide)
    for row in range(by):
        for column in range(by):
            out[:, :, row::by, column::by] = maps[:, row * by + column :: by * by]
    return out


def shuffled(order, last=False):
    def answer(maps, by):
        many, channels, high, wide = maps.shape
        colors = channels // by**2
        shape = (many, by, by, colors, high, wide) if last else (many, colors, by, by, high, wide)
        return maps.reshape(shape).permute(*order).reshape(many, colors, by * high, by * wide)

    return answer


# --- 11.3
def around(start, side, reach, length):
    begin = max(0, start - reach)
    return begin, min(length, start + side + reach), start - begin


def around_by_lists(start, side, reach, length):
    pixels = [pixel for pixel in range(start - reach, start + side + reach) if 0 <= pixel < length]
    return [pixels[0], pixels[-1] + 1, pixels.index(start)]


# --- 11.2
def step(G, D, G_adam, D_adam, small, real, weight):
    fake = G(small)
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    D_adam.zero_grad()
    loss_D.backward()
    D_adam.step()
    D.requires_grad_(False)
    l1 = (fake - real).abs().mean()
    loss_G = softplus(-D(fake)).mean()
    G_adam.zero_grad()
    (l1 + weight * loss_G).backward()
    G_adam.step()
    D.requires_grad_(True)
    return l1.detach(), loss_D.detach(), loss_G.detach()


def step_with_labels(G, D, G_adam, D_adam, small, real, weight):
    with torch.no_grad():
        fake = G(small)
    of_real, of_fake = D(real), D(fake)
    ones, zeros = torch.ones_like(of_real), torch.zeros_like(of_fake)
    loss_D = binary_cross_entropy_with_logits(of_real, ones) + binary_cross_entropy_with_logits(of_fake, zeros)
    D_adam.zero_grad()
    loss_D.backward()
    D_adam.step()
    with frozen(D):
        fake = G(small)
        loss_G, near = binary_cross_entropy_with_logits(D(fake), ones), l1_loss(fake, real)
    G_adam.zero_grad()
    (near + weight * loss_G).backward()
    G_adam.step()
    return near.item(), loss_D.item(), loss_G.item()


def step_with(
    cut=True, judged=None, second=False, minimax=False, by_weight=True, power=1, near=True, sign=1, share=1.0,
    zero=True, thaw=True,
):  # fmt: skip
    def answer(G, D, G_adam, D_adam, small, real, weight):
        fake = G(small)
        loss_D = share * (softplus(-sign * D(real)).mean() + softplus(sign * D(fake.detach() if cut else fake)).mean())

        if zero:
            D_adam.zero_grad()
        loss_D.backward()
        D_adam.step()
        said = D(judged(fake) if judged else fake)
        loss_G = -softplus(said).mean() if minimax else softplus(-said).mean()
        l1 = (fake - real).abs().pow(power).mean()
        total = (l1 if near else 0) + (weight if by_weight else 1) * loss_G
        if zero:
            G_adam.zero_grad()
            D_adam.zero_grad()
        total.backward()
        G_adam.step()
        if second:
            D_adam.step()
        if not thaw:
            D.requires_grad_(False)
        return l1.detach(), loss_D.detach(), loss_G.detach()

    return answer


def step_asked_too_early(G, D, G_adam, D_adam, small, real, weight):
    fake = G(small)
    l1, loss_G = (fake - real).abs().mean(), softplus(-D(fake)).mean()
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    G_adam.zero_grad()
    (l1 + weight * loss_G).backward()
    D_adam.zero_grad()
    loss_D.backward()
    G_adam.step()
    D_adam.step()
    return l1.detach(), loss_D.detach(), loss_G.detach()


SOLUTIONS = {
    "11_1": [shuffle, shuffle_by_loops, lambda maps, by: nn.PixelShuffle(by)(maps)],
    "11_3": [around, around_by_lists],
    "11_2": [step, step_with_labels, step_with()],
}
WRONG_ANSWERS = {
    "11_1": [
        (lambda m, by: m.reshape(len(m), -1, by * m.shape[2], by * m.shape[3]), "as they lie in memory"),
        (shuffled((0, 1, 4, 3, 5, 2)), "rows and columns are exchanged"),
        (shuffled((0, 3, 4, 1, 5, 2), last=True), "every so many-th channel"),
        (shuffled((0, 1, 2, 4, 3, 5)), "sheet of contacts"),
        (lambda m, by: m[:, :: by * by].repeat_interleave(by, 2).repeat_interleave(by, 3), "left out"),
    ],
    "11_3": [
        (lambda start, side, reach, length: (start - reach, start + side + reach, reach), "beyond the picture"),
        (lambda start, side, reach, length: (start, min(length, start + side), 0), "`reach` pixels before it"),
        (lambda start, side, reach, length: (max(0, start - reach), min(length, start + side), min(start, reach)),
         "`reach` pixels behind it"),
        (lambda start, side, reach, length: (*around(start, side, reach, length)[:2], reach), "be shifted"),
        (lambda start, side, reach, length: around(start, side, reach, length)[:2], "Three whole numbers"),
    ],
    "11_2": [
        (step_with(cut=False), "threw the way back"),
        (step_with(judged=torch.Tensor.detach), "L1 alone"),
        (step_asked_too_early, "before it learned"),
        (step_with(second=True), "a second step"),
        (step_with(minimax=True), "the wrong form"),
        (step_with(by_weight=False), "plays no part"),
        (step_with(power=2), "squared"),
        (step_with(near=False), "Without L1"),
        (step_with(sign=-1), "exchanged"),
        (step_with(share=0.5), "half of what"),
        (step_with(zero=False), "an earlier step"),
        (step_with(thaw=False), "`requires_grad` of `D`"),
        (lambda *given: step(*given)[:2], "Three numbers"),
        (lambda G, D, *rest: step(G, D, rest[0], torch.optim.SGD(D.parameters(), 0.0), *rest[2:]), "D has not moved"),
    ],
}  # fmt: skip
