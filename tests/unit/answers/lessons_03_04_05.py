"""Answers to the exercises of lessons 3 and 4: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, softplus

from animelab import latent
from animelab.checks.lesson_04_pix2pix import _field as field_from
from animelab.losses import minimax_generator_loss as minimax
from animelab.losses import non_saturating_generator_loss as fool


def names(logits, tags):
    return binary_cross_entropy_with_logits(logits, tags) * 34


def penalty(length, square=torch.square, graph=True):
    def gradient_penalty(score, pictures):
        pictures = pictures.detach().requires_grad_()
        (gradients,) = torch.autograd.grad(score(pictures).sum(), pictures, create_graph=graph)
        return square(length(gradients) - 1).mean()

    return gradient_penalty


def whole(gradients):
    return gradients.flatten(1).norm(dim=1)


def child(mother, father, genes, take, first=0, mix=None):
    tags = (mother, father)[first][1].clone()
    for gene, from_father in zip(genes, take):
        if from_father:
            tags[gene] = (father, mother)[first][1][gene]
    return (mix or latent.slerp)(mother[0], father[0], 0.5), tags


def into_the_mother(mother, father, genes, take):
    for gene, from_father in zip(genes, take):
        if from_father:
            mother[1][gene] = father[1][gene]
    return latent.slerp(mother[0], father[0], 0.5), mother[1]


def half_and_half(mother, father, genes, take):
    return latent.slerp(mother[0], father[0], 0.5), (mother[1] + father[1]) / 2


def column_by_column(mother, father, genes, take):
    return latent.slerp(mother[0], father[0], 0.5), torch.maximum(mother[1], father[1])


def unet(down, up, x, order=(0, 1), skips=True):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up[1:]:
        both = (seen.pop(), x) if skips else (torch.zeros_like(x), x)
        x = layer(torch.cat([both[i] for i in order], 1))
    return x


def twice(down, up, x):
    down[0](x)
    return unet(down, up, x)


def lost_shortcuts(down, up, x):
    return unet([lambda x, layer=layer: layer(x) for layer in down], up, x, skips=False)


def field(layers):
    return field_from(reversed(layers))


def judged(D, source, target, fake, real_pair=None, fake_pair=None):
    real = D(torch.cat(real_pair or [source, target], 1))
    return (softplus(-real).mean() + softplus(D(torch.cat(fake_pair or [source, fake.detach()], 1))).mean()) / 2


SOLUTIONS = {
    "3_1": [names, lambda logits, tags: (softplus(logits) - tags * logits).sum(1).mean()],
    "3_2": [lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, orders)],
    "3_3": [penalty(whole), penalty(lambda gradients: gradients.square().sum((1, 2, 3)).sqrt())],
    "3_4": [child],
    "4_1": [lambda answers: answers.median(0).values, lambda answers: answers.sort(0).values[4]],
    "4_2": [unet],
    "4_3": [field, lambda layers: torch.tensor(field(layers))],
    "4_4": [judged],
}

WRONG_ANSWERS = {
    "3_1": [
        (lambda logits, tags: names(logits, tags) / 34, "a 34th"),
        (lambda logits, tags: names(logits, tags) * 5, "would double"),
        (lambda logits, tags: names(-logits, tags), "costs most to be right"),
        (lambda logits, tags: cross_entropy(logits, tags.argmax(1)), "softmax"),
        (lambda logits, tags: names(logits.sigmoid(), tags), "sigmoid twice"),
        (lambda logits, tags: names(logits.detach(), tags), "No gradient"),
        (lambda logits, tags: (torch.log(1 + torch.exp(logits)) - tags * logits).sum(1).mean(), "overflowed"),
        (lambda logits, tags: names(logits, tags) + 1, "should be"),
    ],
    "3_2": [
        (lambda logits, seen, orders, weight: fool(logits) + names(seen, orders), "no effect"),
        (lambda logits, seen, orders, weight: fool(logits) + weight * names(seen, orders), "stands at the orders"),
        (lambda logits, seen, orders, weight: weight * minimax(logits) + names(seen, orders), "Saturating"),
        (lambda logits, seen, orders, weight: weight * fool(-logits) + names(seen, orders), "found out"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, orders) / 34, "3.1 sums"),
        (lambda logits, seen, orders, weight: weight * fool(logits) - names(seen, orders), "ignoring"),
        (lambda logits, seen, orders, weight: weight * fool(logits), "orders are missing"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + 1, "should be"),
    ],
    "3_3": [
        (penalty(lambda gradients: gradients.norm(dim=1)), "That is the bug"),
        (penalty(lambda gradients: gradients.norm()), "whole batch"),
        (penalty(lambda gradients: gradients.flatten(1).norm(dim=1) + 1), "pulls the slope to 0"),
        (penalty(lambda gradients: gradients.flatten(1).square().sum(1)), "take the root"),
        (penalty(whole, torch.abs), "square it"),
        (lambda score, pictures: 4 * penalty(whole)(score, pictures), "take the mean"),
        (lambda score, pictures: penalty(whole)(score, pictures) + 1, "should be"),
        (penalty(whole, graph=False), "create_graph"),
    ],
    "3_4": [
        (lambda *given: child(*given, first=1), "other way round"),
        (lambda *given: child(*given, mix=lambda a, b, t: (a + b) / 2), "plain mean"),
        (lambda *given: child(*given, mix=lambda a, b, t: a), "middle of the arc"),
        (lambda *given: child(*given)[1], "Return a pair"),
        (into_the_mother, "changed"),
        (half_and_half, "Some attributes"),
        (column_by_column, "2 hair colors"),
    ],
    "4_1": [
        (lambda answers: answers.mean(0), "That is the mean"),
        (lambda answers: answers.median().expand(3, 5, 4), "own best value"),
        (lambda answers: answers[0], "one of the answers"),
        (lambda answers: answers.max(0).values, "is possible"),
        (lambda answers: answers.median(0).values[0], "shape"),
    ],
    "4_2": [
        (lambda *given: unet(*given, order=(1, 0)), "wrong order"),
        (lost_shortcuts, "the picture is not"),
        (twice, "used once"),
    ],
    "4_3": [
        (field_from, "first layer to the last"),
        (lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers), "strides are missing"),
        (lambda layers: field(layers[:-1]), "last layer is missing"),
        (lambda layers: field(layers) - 1, "One too few"),
        (lambda layers: str(field(layers)), "whole number"),
        (lambda layers: 1000, "should be"),
    ],
    "4_4": [
        (lambda *given: 2 * judged(*given), "Twice too large"),
        (lambda D, s, t, f: judged(D, s, t, f, [s, f.detach()], [s, t]), "wrong way round"),
        (lambda D, s, t, f: judged(D, s, t, f, [t, s], [f.detach(), s]), "pattern comes first"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [t, f.detach()]), "beside the true answer"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [s, s]), "nowhere"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [s, f]), "detach"),
        (lambda D, s, t, f: judged(D, s, t, f).detach(), "No gradient reaches D"),
        (lambda *given: judged(*given) + 1, "should be"),
    ],
}
