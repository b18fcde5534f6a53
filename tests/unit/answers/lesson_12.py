"""Answers to the exercises of lesson 12."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d, interpolate, one_hot, softplus

from animelab.engine import frozen


# --- 12.1
def parts_at(labels, classes, size):
    step = labels.shape[1] // size
    return one_hot(labels[:, ::step, ::step], classes).permute(0, 3, 1, 2).float()


def by_interpolating(labels, classes, size):
    return interpolate(one_hot(labels, classes).permute(0, 3, 1, 2).float(), (size, size), mode="nearest")


def by_comparing(labels, classes, size):
    large = torch.stack([labels == part for part in range(classes)], 1).float()
    step = labels.shape[-1] // size
    return large[:, :, ::step, ::step]


def blended(labels, classes, size):
    return avg_pool2d(parts_at(labels, classes, labels.shape[1]), labels.shape[1] // size)


# --- 12.2
def modulated(x, parts, norm, shared, gamma, beta):
    seen = shared(interpolate(parts, x.shape[2:], mode="nearest")).relu()
    return norm(x) * (1 + gamma(seen)) + beta(seen)


def modulated_longer(x, parts, norm, shared, gamma, beta):
    step = parts.shape[-1] // x.shape[-1]
    seen = torch.relu(shared(parts[..., ::step, ::step]))
    normed = norm(x)
    return normed + normed * gamma(seen) + beta(seen)


def modulated_with(normed=lambda norm, x: norm(x), act=torch.relu, mode="nearest", join=None):
    def answer(x, parts, norm, shared, gamma, beta):
        seen = act(shared(interpolate(parts, x.shape[2:], mode=mode)))
        return (
            join(normed(norm, x), gamma(seen), beta(seen)) if join else normed(norm, x) * (1 + gamma(seen)) + beta(seen)
        )

    return answer


def deaf_gamma(x, parts, norm, shared, gamma, beta):
    seen = shared(interpolate(parts, x.shape[2:], mode="nearest")).relu()
    return norm(x) * (1 + gamma(seen).detach()) + beta(seen)


# --- 12.3
def losses(D, look, parts, real, fake, sign=-1.0, freeze=True, cut=True, own=None):
    def maps():
        both = D(torch.cat([parts, parts]), torch.cat([real, fake]))
        return [[layer.chunk(2) for layer in scale] for scale in both]

    if freeze:
        with frozen(D):
            found = maps()
    else:
        found = maps()
    verdict = sign * sum(scale[-1][1].mean() for scale in found) / len(found)
    matched = sum((a.detach() - b).abs().mean() for scale in found for a, b in scale[:-1]) / len(found)
    with torch.no_grad():
        truth = look(real)
    seen = sum((a - b).abs().mean() for a, b in zip(truth, look(fake if cut else fake.detach())))
    answer = [verdict, matched, seen]
    if own:
        own(answer, found, D, look, parts, real, fake)
    return tuple(answer)


def losses_of_two_passes(D, look, parts, real, fake):
    with frozen(D):
        mine, theirs = D(parts, real), D(parts, fake)
    verdict, matched = torch.zeros(()), torch.zeros(())
    for ones, others in zip(mine, theirs):
        verdict = verdict - others[-1].mean() / 2
        for a, b in zip(ones[:-1], others[:-1]):
            matched = matched + (a.detach() - b).abs().mean() / 2
    seen = torch.stack([(a.detach() - b).abs().mean() for a, b in zip(look(real), look(fake))]).sum()
    return verdict, matched, seen


def with_own(place, value):
    def own(answer, found, D, look, parts, real, fake):
        answer[place] = value(found, look, real, fake)

    return lambda *given: losses(*given, own=own)


def soft(labels, classes, size):
    return interpolate(parts_at(labels, classes, labels.shape[1]), (size, size), mode="bilinear")


# --- 12.4
def cost(squares, spread, logs, one=1):
    return 0.5 * (squares + spread - one - logs).sum(1).mean()


def divergence(mean, log_variance):
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()


def by_torch(mean, log_variance):
    normal = torch.distributions.Normal
    own, plain = normal(mean, (log_variance / 2).exp()), normal(torch.zeros_like(mean), torch.ones_like(mean))
    return torch.distributions.kl_divergence(own, plain).sum(1).mean()


SOLUTIONS = {
    "12_1": [parts_at, by_interpolating, by_comparing],
    "12_2": [modulated, modulated_longer],
    "12_3": [losses, losses_of_two_passes],
    "12_4": [divergence, by_torch],
}
WRONG_ANSWERS = {
    "12_1": [
        (lambda labels, classes, size: parts_at(labels, classes, size).movedim(1, 3), "channels last"),
        (lambda labels, classes, size: parts_at(labels, classes, size).long(), "want floats"),
        (blended, "neither"),
        (soft, "neither"),
        (lambda labels, classes, size: 1 - parts_at(labels, classes, size), "exchanged"),
        (lambda labels, classes, size: parts_at(labels.transpose(1, 2), classes, size), "Rows and columns"),
        (lambda labels, classes, size: parts_at(labels, classes, labels.shape[1])[
            ..., labels.shape[1] // size // 2 :: labels.shape[1] // size,
            labels.shape[1] // size // 2 :: labels.shape[1] // size], "upper left"),
        (lambda labels, classes, size: labels[:, None].float(), "shape"),
        (lambda labels, classes, size: parts_at(labels, 6, size), "shape"),
        (lambda labels, classes, size: parts_at(labels, classes, size).double(), "want floats"),
    ],
    "12_2": [
        (modulated_with(join=lambda x, gamma, beta: x * gamma + beta), "1 + gamma"),
        (modulated_with(act=lambda x: x), "goes through a ReLU"),
        (modulated_with(act=lambda x: torch.nn.functional.leaky_relu(x, 0.2)), "the leaky one is the block's"),
        (modulated_with(lambda norm, x: x), "norm is missing"),
        (modulated_with(mode="bilinear"), "a pixel is one part"),
        (modulated_with(join=lambda x, gamma, beta: x), "no say"),
        (modulated_with(join=lambda x, gamma, beta: x * (1 + gamma)), "beta is missing"),
        (modulated_with(join=lambda x, gamma, beta: x + beta), "gamma is missing"),
        (modulated_with(join=lambda x, gamma, beta: x * (1 + beta) + gamma), "exchanged"),
        (modulated_with(join=lambda x, gamma, beta: (x * (1 + gamma) + beta).relu()), "no ReLU behind"),
        (modulated_with(join=lambda x, gamma, beta: (x + beta) * (1 + gamma)), "then plus beta"),
        (deaf_gamma, "a part of it is cut off"),
        (lambda x, parts, norm, shared, gamma, beta: modulated(x, parts[..., ::2, ::2], norm, shared, gamma, beta),
         "Right for a map of 12 pixels"),
    ],
    "12_3": [
        (lambda *given: losses(*given, sign=1.0), "turned around"),
        (lambda *given: losses(*given, sign=-2.0), "sum over D's sizes"),
        (lambda *given: losses(*given, freeze=False), "reaches D's weights"),
        (lambda *given: losses(*given, cut=False), "fake does not learn"),
        (lambda *given: sum(losses(*given)), "three scalars"),
        (with_own(0, lambda maps, *_: -sum(s[-1][0].mean() for s in maps) / 2), "about the real pictures"),
        (with_own(0, lambda maps, *_: -maps[0][-1][1].mean()), "first of D's sizes has a say"),
        (with_own(0, lambda maps, *_: sum((1 - s[-1][1]).relu().mean() for s in maps) / 2), "stops at 1"),
        (with_own(0, lambda maps, *_: sum(softplus(-s[-1][1]).mean() for s in maps) / 2), "lesson 1's verdict"),
        (with_own(1, lambda maps, *_: sum((a - b).abs().mean() for s in maps for a, b in s) / 2), "logits are among"),
        (with_own(1, lambda maps, *_: sum((a - b).abs().mean() for s in maps for a, b in s[:-1])), "take their mean"),
        (with_own(1, lambda maps, *_: sum((a - b).abs().mean() for s in maps for a, b in s[:-1]) / 4), "over layers"),
        (with_own(1, lambda maps, *_: sum((a - b).abs().mean() for a, b in maps[0][:-1])), "first of D's sizes is"),
        (with_own(1, lambda maps, *_: sum(((a - b) ** 2).mean() for s in maps for a, b in s[:-1]) / 2), "by squares"),
        (with_own(2, lambda _, look, real, fake: sum((a - b).abs().mean() for a, b in zip(look(real), look(fake))) / 2),
         "mean over maps"),
        (with_own(2, lambda _, look, real, fake: (look(real)[-1] - look(fake)[-1]).abs().mean()), "last map"),
        (with_own(2, lambda _, look, real, fake: (real - fake).abs().mean()), "pictures themselves"),
        (with_own(2, lambda _, look, real, fake: sum((a - b).abs().mean() for a, b in zip(look(real), look(fake)))),
         "into the real picture"),
        (with_own(1, lambda maps, *_: sum((a - b).abs().mean() for s in maps for a, b in s[:-1]) / 2),
         "into the real picture"),
        (with_own(2, lambda _, look, real, fake: sum(((a - b) ** 2).mean() for a, b in zip(look(real), look(fake)))),
         "by squares"),
    ],
    "12_4": [
        (lambda mean, log_variance: 2 * divergence(mean, log_variance), "half is missing"),
        (lambda mean, log_variance: divergence(mean, log_variance) / mean.shape[1], "they are summed"),
        (lambda mean, log_variance: divergence(mean, log_variance) * len(mean), "twice the batch"),
        (lambda mean, log_variance: -divergence(mean, log_variance), "negative"),
        (lambda mean, logs: cost(mean**2, logs, logs.abs().log()), "`exp()`"),
        (lambda mean, logs: divergence(mean, 2 * logs), "of a *deviation*"),
        (lambda mean, logs: cost(mean, logs.exp(), logs), "below 0"),
        (lambda mean, logs: cost(mean.abs(), logs.exp(), logs), "squared."),
        (lambda mean, logs: cost(mean**2, logs.exp(), -logs), "sign"),
        (lambda mean, logs: cost(mean**2, logs.exp(), logs, 0), "take 1 off"),
        (lambda mean, logs: cost(0, logs.exp(), logs), "Where the mean lies"),
        (lambda mean, logs: 0.5 * (mean**2).sum(1).mean(), "variance does not count"),
        (lambda mean, logs: 0.5 * (mean**2 + logs.exp() - 1 - logs).sum() / 4, "3 of 5"),
    ],
}  # fmt: skip
