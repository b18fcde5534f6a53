"""Answers to the exercises of lessons 3 and 4: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from torch import nn
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    logsigmoid,
    multilabel_soft_margin_loss,
    softplus,
)

from animelab import latent, losses
from animelab.checks import lesson_01_dcgan
from animelab.losses import minimax_generator_loss as minimax
from animelab.losses import non_saturating_generator_loss as fool

# --- lesson 3 ---------------------------------------------------------------------------------------------------------


def names(logits, tags):
    return binary_cross_entropy_with_logits(logits, tags) * 34


def names_in_a_loop(logits, tags):
    total = 0
    for picture, wanted in zip(logits, tags):
        for logit, tag in zip(picture, wanted):
            total = total + (softplus(-logit) if tag == 1 else softplus(logit))
    return total / len(logits)


def names_with_exp(logits, tags):
    return (torch.log1p(torch.exp(logits)) - tags * logits).sum(1).mean()


def squeezed_names(logits, tags):
    return binary_cross_entropy(logits.sigmoid(), tags, reduction="none").sum(1).mean()


def penalty(length, square=torch.square, graph=True):
    def gradient_penalty(score, pictures):
        pictures = pictures.detach().requires_grad_()
        (gradients,) = torch.autograd.grad(score(pictures).sum(), pictures, create_graph=graph)
        return square(length(gradients) - 1).mean()

    return gradient_penalty


def whole(gradients):
    return gradients.flatten(1).norm(dim=1)


def penalty_one_by_one(score, pictures):
    total = 0
    for picture in pictures:
        picture = picture[None].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(score(picture), picture, torch.ones(1), create_graph=True)
        total = total + (torch.linalg.vector_norm(gradient) - 1) ** 2
    return total / len(pictures)


def penalty_on_the_callers_tensor(score, pictures):
    pictures.requires_grad_()
    (gradients,) = torch.autograd.grad(score(pictures).sum(), pictures, create_graph=True)
    return (whole(gradients) - 1).square().mean()


def penalty_of_what_asks_for_nothing(score, pictures):
    (gradients,) = torch.autograd.grad(score(pictures.detach()).sum(), pictures, create_graph=True)
    return (whole(gradients) - 1).square().mean()


def penalty_of_many_logits(score, pictures):
    pictures = pictures.detach().requires_grad_()
    (gradients,) = torch.autograd.grad(score(pictures), pictures, create_graph=True)
    return (whole(gradients) - 1).square().mean()


def penalty_by_backward(score, pictures):
    pictures = pictures.detach().requires_grad_()
    score(pictures).sum().backward(create_graph=True)
    return (whole(pictures.grad) - 1).square().mean()


def penalty_of_a_frozen_score(score, pictures):
    score.requires_grad_(False)
    return penalty(whole)(score, pictures)


def one_sided(score, pictures):
    return (losses.slopes(score, pictures) - 1).clamp(min=0).square().mean()


def detached_slopes(score, pictures):
    slopes = losses.slopes(score, pictures)
    return ((slopes - 1) * (slopes.detach() - 1)).mean()


def child(mother, father, genes, take, first=0, mix=None):
    tags = (mother, father)[first][1].clone()
    for gene, from_father in zip(genes, take):
        if from_father:
            tags[gene] = (father, mother)[first][1][gene]
    return (mix or latent.slerp)(mother[0], father[0], 0.5), tags


def slerp_by_hand(a, b, t):
    omega = ((a * b).sum(-1, keepdim=True) / (a.norm(dim=-1) * b.norm(dim=-1))).clamp(-1, 1).acos()
    arc = (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / omega.sin()
    return torch.where(omega.sin() < 1e-3, (1 - t) * a + t * b, arc)


def child_by_a_mask(mother, father, genes, take):
    mask = torch.zeros(34, dtype=torch.bool)
    for gene, from_father in zip(genes, take):
        mask[gene] = bool(from_father)
    return [latent.slerp(mother[0], father[0], 0.5), torch.where(mask, father[1], mother[1])]


def child_by_hand(mother, father, genes, take):
    (a, tags_a), (b, tags_b) = mother, father
    units = a / a.norm() + b / b.norm()
    z = units / units.norm() * (a.norm() + b.norm()) / 2
    tags = torch.empty(34)
    for i in range(len(genes)):
        for column in genes[i]:
            tags[column] = (tags_b if take[i] else tags_a)[column].item()
    return z, tags


def into_the_mother(mother, father, genes, take):
    for gene, from_father in zip(genes, take):
        if from_father:
            mother[1][gene] = father[1][gene]
    return latent.slerp(mother[0], father[0], 0.5), mother[1]


def half_and_half(mother, father, genes, take):
    return latent.slerp(mother[0], father[0], 0.5), (mother[1] + father[1]) / 2


def column_by_column(mother, father, genes, take):
    return latent.slerp(mother[0], father[0], 0.5), torch.maximum(mother[1], father[1])


def first_columns(mother, father, genes, take):
    return child(mother, father, [gene[:1] for gene in genes], take)


def consumed_genes(mother, father, genes, take):
    tags = mother[1].clone()
    while take:
        gene = genes[len(take) - 1]
        if take.pop():
            tags[gene] = father[1][gene]
    return latent.slerp(mother[0], father[0], 0.5), tags


# --- lesson 4 ---------------------------------------------------------------------------------------------------------


def descent(answers):
    """The least mean distance, by going down its slope."""
    best = answers.mean(0).clone().requires_grad_()
    rate = 0.1
    for _ in range(4000):
        (gradient,) = torch.autograd.grad((answers - best).abs().mean(0).sum(), best)
        best = (best - rate * gradient).detach().requires_grad_()
        rate *= 0.996
    return best.detach()


def sorted_in_place(answers):
    answers[:] = answers.sort(0).values
    return answers[len(answers) // 2].clone()


def unet(down, up, x, order=(0, 1), skips=True, keep=lambda each: each):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up[1:]:
        both = (keep(seen.pop()), x) if skips else (torch.zeros_like(x), x)
        x = layer(torch.cat([both[i] for i in order], 1))
    return x


def inside_out(down, up, x):
    """From the outermost pair of layers inward, by recursion."""
    below = down[0](x)
    if len(down) == 1:
        return up[0](below)
    return up[-1](torch.cat((below, inside_out(down[1:], up[:-1], below)), dim=1))


def by_numbers(down, up, x):
    maps = [x]
    for layer in down:
        maps.append(layer(maps[-1]))
    x = up[0](maps[-1])
    for number in range(1, len(up)):
        shortcut = maps[len(down) - number]
        both = x.new_empty(len(x), shortcut.shape[1] + x.shape[1], *x.shape[2:])
        both[:, : shortcut.shape[1]], both[:, shortcut.shape[1] :] = shortcut, x
        x = up[number](both)
    return x


def twice(down, up, x):
    down[0](x)
    return unet(down, up, x)


def popping(down, up, x):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up.pop(0)(seen.pop())
    for layer in up:
        x = layer(torch.cat([seen.pop(), x], 1))
    return x


def lowest_twice(down, up, x):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](x)
    for layer in up[1:]:
        x = layer(torch.cat([seen.pop(), x], 1))
    return x


def largest_first(down, up, x):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up[1:]:
        x = layer(torch.cat([seen.pop(0), x], 1))
    return x


def added(down, up, x):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up[1:]:
        x = layer(seen.pop() + x)
    return x


def below_twice(down, up, x):
    for layer in down:
        x = layer(x)
    x = up[0](x)
    for layer in up[1:]:
        x = layer(torch.cat([x, x], 1))
    return x


def only_the_largest_shortcut(down, up, x):
    first = down[0](x)
    x = first
    for layer in down[1:]:
        x = layer(x)
    x = up[0](x)
    for layer in up[1:-1]:
        x = layer(torch.cat([torch.zeros_like(x), x], 1))
    return up[-1](torch.cat([first, x], 1))


def shortcut_for_the_lowest(down, up, x):
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up:
        x = layer(torch.cat([seen.pop(), x], 1))
    return x


def left_in_training_mode(down, up, x):
    made = unet(down, up, x)
    for layer in (*down, *up):
        layer.train()
    return made


@torch.no_grad()
def unet_without_gradients(down, up, x):
    return unet(down, up, x)


def unet_with_a_frozen_way_down(down, up, x):
    for layer in down:
        layer.requires_grad_(False)
    return unet(down, up, x)


def field(layers):
    size = 1
    for kernel, stride in reversed(layers):
        size = (size - 1) * stride + kernel
    return size


def field_forward(layers):
    size, step = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * step
        step *= stride
    return size


def field_by_edges(layers):
    """The window of output 0, pushed back layer by layer."""
    first, last = 0, 0
    for kernel, stride in layers[::-1]:
        first, last = first * stride, last * stride + kernel - 1
    return float(last - first + 1)


def reversing(layers):
    layers.reverse()
    return field(layers[::-1])


def field_times(layers):
    size = 1
    for kernel, stride in reversed(layers):
        size = size * stride + kernel
    return size


def judged(D, source, target, fake, real_pair=None, fake_pair=None):
    real = D(torch.cat(real_pair or [source, target], 1))
    return (softplus(-real).mean() + softplus(D(torch.cat(fake_pair or [source, fake.detach()], 1))).mean()) / 2


def judged_by_entropy(D, source, target, fake):
    total = 0
    for answer, label in ((target, 1.0), (fake.detach(), 0.0)):
        logits = D(torch.cat((source, answer), dim=1))
        total = total + binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
    return 0.5 * total


def judged_at_once(D, source, target, fake):
    pairs = torch.cat([torch.cat([source, source]), torch.cat([target, fake.detach()])], 1)
    real, faked = D(pairs).chunk(2)
    return -(logsigmoid(real).mean() + logsigmoid(-faked).mean()) / 2


def judged_without_gradients_of_fakes(D, source, target, fake):
    with torch.no_grad():
        faked = D(torch.cat([source, fake], 1))
    return losses.discriminator_loss(D(torch.cat([source, target], 1)), faked) / 2


def judged_while_frozen(D, source, target, fake):
    real = softplus(-D(torch.cat([source, target], 1))).mean()
    D.requires_grad_(False)
    faked = softplus(D(torch.cat([source, fake.detach()], 1))).mean()
    D.requires_grad_(True)
    return (real + faked) / 2


def judged_in_eval(D, source, target, fake):
    D.eval()
    return judged(D, source, target, fake)


def judged_with_backward(D, source, target, fake):
    loss = judged(D, source, target, fake)
    loss.backward(retain_graph=True)
    return loss


def judged_with_a_detached_fake(D, source, target, fake):
    return judged(D, source, target, fake.detach_())


def detached_logits(D, source, target, fake):
    real, faked = D(torch.cat([source, target], 1)), D(torch.cat([source, fake], 1)).detach()
    return (softplus(-real).mean() + softplus(faked).mean()) / 2


def judged_by_sums(D, source, target, fake):
    """Divided by the number of logits of the first call."""
    real, faked = D(torch.cat([source, target], 1)), D(torch.cat([source, fake.detach()], 1))
    return (softplus(-real).sum() + softplus(faked).sum()) / (2 * 48)


def judged_in_doubles(D, source, target, fake):
    real, faked = (D(torch.cat([source, each], 1)).double() for each in (target, fake.detach()))
    return (torch.log1p(torch.exp(-real)).mean() + torch.log1p(torch.exp(faked)).mean()).float() / 2


class Squeezed(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.D = D

    def forward(self, pairs):
        return self.D(pairs).sigmoid()


def entropy_of_squeezed(D, source, target, fake):
    real, faked = (Squeezed(D)(torch.cat([source, each], 1)) for each in (target, fake.detach()))
    return (binary_cross_entropy(real, torch.ones_like(real)) + binary_cross_entropy(faked, 0 * faked)) / 2


SOLUTIONS = {
    "3_1": [
        names,
        lambda logits, tags: (softplus(logits) - tags * logits).sum(1).mean(),
        lambda logits, tags: -(tags * logsigmoid(logits) + (1 - tags) * logsigmoid(-logits)).sum() / len(logits),
        lambda logits, tags: multilabel_soft_margin_loss(logits, tags) * tags.shape[1],
        lambda logits, tags: torch.logaddexp(torch.zeros_like(logits), (1 - 2 * tags) * logits).sum(-1).mean(0),
        names_in_a_loop,
    ],
    "3_2": [
        lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, orders),
        lambda logits, seen, orders, weight: names_in_a_loop(seen, orders) - weight * logsigmoid(logits).mean(),
        lambda logits, seen, orders, weight: (
            weight * binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
            + binary_cross_entropy_with_logits(seen, orders, reduction="sum") / len(seen)
        ),
    ],
    "3_3": [
        penalty(whole),
        penalty(lambda gradients: (gradients.square().sum((1, 2, 3)) + 1e-12).sqrt()),
        penalty(lambda gradients: torch.einsum("bchw,bchw->b", gradients, gradients).clamp_min(1e-16) ** 0.5),
        penalty(lambda gradients: gradients.reshape(len(gradients), -1).norm(2, dim=1)),
        lambda score, pictures: (losses.slopes(score, pictures) - 1).pow(2).mean(),
        penalty_one_by_one,
    ],
    "3_4": [
        child,
        child_by_a_mask,
        child_by_hand,
        lambda *given: child(*given, mix=lesson_01_dcgan.slerp),
        lambda *given: child(*given, mix=slerp_by_hand),
    ],
    "4_1": [
        lambda answers: answers.median(0).values,
        lambda answers: answers.sort(0).values[len(answers) // 2],
        lambda answers: answers.quantile(0.5, dim=0),
        lambda answers: torch.from_numpy(np.median(answers.numpy(), axis=0)),
        lambda answers: answers.kthvalue((len(answers) + 1) // 2, dim=0)[0],
    ],
    "4_2": [unet, inside_out, by_numbers],
    "4_3": [field, field_forward, field_by_edges, lambda layers: torch.tensor(field(layers))],
    "4_4": [judged, judged_by_entropy, judged_at_once],
}

WRONG_ANSWERS = {
    "3_1": [
        (lambda logits, tags: names(logits, tags) / 34, "a 34th"),
        (lambda logits, tags: names(logits, tags) * 5, "would double"),
        (lambda logits, tags: binary_cross_entropy_with_logits(logits, tags, reduction="sum") / 34, "other way round"),
        (lambda logits, tags: binary_cross_entropy_with_logits(logits, tags, reduction="sum") / 5, "should be"),
        (lambda logits, tags: names(-logits, tags), "costs most to be right"),
        (lambda logits, tags: names(logits, 1 - tags), "costs most to be right"),
        (lambda logits, tags: -names(logits, tags), "negative"),
        (lambda logits, tags: cross_entropy(logits, tags.argmax(1)), "softmax"),
        (cross_entropy, "softmax"),
        (lambda logits, tags: -(tags * logits.log_softmax(1)).sum(1).mean(), "softmax"),
        (lambda logits, tags: names(logits.sigmoid(), tags), "sigmoid twice"),
        (lambda logits, tags: (tags * softplus(-logits)).sum(1).mean(), "Naming what is not there"),
        (lambda logits, tags: ((1 - tags) * softplus(logits)).sum(1).mean(), "Missing what is there"),
        (lambda logits, tags: (logits.sigmoid() - tags).square().sum(1).mean(), "cross-entropy is asked for"),
        (lambda logits, tags: (torch.log(1 + torch.exp(logits)) - tags * logits).sum(1).mean(), "overflows"),
        (squeezed_names, "overflows"),
        (lambda logits, tags: names_with_exp(logits.double(), tags.double()).float(), "overflows"),
        (lambda logits, tags: names(logits.clamp(-500, 500), tags), "overflows"),
        (lambda logits, tags: names(logits.clamp(-50, 50), tags), "overflows"),
        (lambda logits, tags: names(logits.detach(), tags), "no gradient reaches `logits`"),
        (lambda logits, tags: names(logits.data, tags), "no gradient reaches `logits`"),
        (lambda logits, tags: (softplus(logits) - tags * logits.detach()).sum(1).mean(), "is cut off"),
        (lambda logits, tags: (softplus(logits.detach()) - tags * logits).sum(1).mean(), "is cut off"),
        (lambda logits, tags: names(logits.mul_(1), tags), "was changed"),
        (lambda logits, tags: names(logits, tags.clamp_(0.05, 0.95)), "was changed"),
        (lambda logits, tags: names(logits, tags.clamp(0.05, 0.95)), "should be"),
        (lambda logits, tags: names(logits, tags) + 1, "should be"),
        (lambda logits, tags: names(logits, tags).item(), "torch tensor"),
        (lambda logits, tags: names(logits, tags)[None], "shape"),
        (lambda logits, tags: binary_cross_entropy_with_logits(logits, tags, reduction="none").sum(1), "shape"),
    ],
    "3_2": [
        (lambda logits, seen, orders, weight: fool(logits) + names(seen, orders), "no effect"),
        (lambda logits, seen, orders, weight: fool(logits) + weight * names(seen, orders), "stands at the orders"),
        (lambda logits, seen, orders, weight: weight * (fool(logits) + names(seen, orders)), "both terms"),
        (lambda logits, seen, orders, weight: weight * minimax(logits) + names(seen, orders), "Saturating"),
        (lambda logits, seen, orders, weight: weight * fool(-logits) + names(seen, orders), "found out"),
        (lambda logits, seen, orders, weight: names(seen, orders) - weight * logits.mean(), "levels off"),
        (lambda logits, seen, orders, weight: weight * (logits - 1).square().mean() + names(seen, orders), "son 5"),
        (lambda logits, seen, orders, weight: weight * softplus(-logits).sum() + names(seen, orders), "their mean"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, orders) / 34, "3.1 sums"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, orders) * len(seen), "averages over"),
        (lambda logits, seen, orders, weight: weight * fool(logits) - names(seen, orders), "ignores"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, 1 - orders), "ignores"),
        (lambda logits, seen, orders, weight: weight * fool(logits), "orders are missing"),
        (lambda logits, seen, orders, weight: names(seen, orders), "Only the orders"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + 1, "should be"),
        (lambda logits, seen, orders, weight: weight * fool(logits.sigmoid()) + names(seen, orders), "should be"),
        (lambda logits, seen, orders, weight: weight * softplus(-logits).sum() / 6 + names(seen, orders), "should be"),
        (lambda logits, seen, orders, weight: 34 * fool(logits) + names(seen, orders), "as a number"),
        (lambda logits, seen, orders, weight: (34, 3)[weight == 3] * fool(logits) + names(seen, orders), "34 times"),
        (lambda logits, seen, orders, weight: int(weight / 2) * 2 * fool(logits) + names(seen, orders), "should be"),
        (lambda logits, seen, orders, weight: names(seen, orders) - weight * logits.sigmoid().log().mean(), "flows"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + squeezed_names(seen, orders), "overflows"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + names(seen.detach(), orders), "reaches `names`"),
        (lambda logits, seen, orders, weight: weight * fool(logits.detach()) + names(seen, orders), "reaches `logits`"),
        (lambda logits, seen, orders, weight: (weight * fool(logits) + names(seen, orders)).detach(), "no gradient"),
        (lambda logits, seen, orders, weight: weight * fool(logits) + names(seen, orders.mul_(1)), "was changed"),
    ],
    "3_3": [
        (penalty(lambda gradients: gradients.norm(dim=1)), "That is the bug"),
        (penalty(lambda gradients: gradients.square().sum(1).sqrt()), "That is the bug"),
        (penalty(lambda gradients: gradients.flatten(2).norm(dim=2)), "Each color"),
        (penalty(torch.abs), "Every single number"),
        (penalty(lambda gradients: gradients.norm()), "whole batch"),
        (penalty(lambda gradients: gradients.flatten(1).norm(dim=0)), "should be"),
        (penalty(lambda gradients: gradients.flatten(1).norm(dim=1) + 1), "pulls the slope to 0"),
        (penalty(lambda gradients: gradients.flatten(1).square().sum(1)), "take the root"),
        (penalty(lambda gradients: gradients.flatten(1).abs().sum(1)), "a root of squares"),
        (penalty(lambda gradients: gradients.flatten(1).square().mean(1).sqrt()), "should be"),
        (penalty(lambda gradients: whole(gradients).mean()), "The mean slope"),
        (penalty(whole, torch.abs), "square it"),
        (one_sided, "both sides"),
        (lambda score, pictures: penalty(whole)(lambda x: score(x).mean(), pictures), "a fourth"),
        (lambda score, pictures: (losses.slopes(score, pictures) - 1).square().sum() / 4, "should be"),
        (lambda score, pictures: losses.dragan_penalty(score, pictures), "no dice"),
        (lambda score, pictures: 4 * penalty(whole)(score, pictures), "take the mean"),
        (lambda score, pictures: penalty(whole)(score, pictures) + 1, "should be"),
        (lambda score, pictures: penalty(whole)(score, pictures + 0.1 * torch.randn_like(pictures)), "no dice"),
        (penalty(lambda gradients: gradients.square().sum((1, 2, 3)).sqrt()), "no slope at 0"),
        (penalty(lambda gradients: (gradients.square().sum((1, 2, 3)) + 1e-2).sqrt()), "should be"),
        (penalty(lambda gradients: gradients.view(-1, 90).norm(dim=1)), "should be"),
        (lambda score, pictures: penalty(whole)(score.eval().train(), pictures), "may be any function"),
        (lambda score, pictures: penalty(whole)(score, pictures) + 0 * len([*score.modules()]), "may be any function"),
        (penalty_of_what_asks_for_nothing, "nobody asked for one"),
        (penalty_of_many_logits, "several logits"),
        (penalty(whole, graph=False), "create_graph"),
        (lambda score, pictures: penalty(whole)(score, pictures).detach(), "create_graph"),
        (detached_slopes, "create_graph"),
        (penalty_on_the_callers_tensor, "`requires_grad` of `pictures`"),
        (penalty_by_backward, "The gradients stored in `score`"),
        (penalty_of_a_frozen_score, "`score`"),
    ],
    "3_4": [
        (lambda *given: child(*given, first=1), "other way round"),
        (lambda mother, father, genes, take: child(mother, father, genes, [not t for t in take]), "other way round"),
        (lambda *given: child(*given, mix=lambda a, b, t: (a + b) / 2), "plain mean"),
        (lambda *given: child(*given, mix=lambda a, b, t: a), "one parent's"),
        (lambda *given: child(*given, mix=lambda a, b, t: b), "one parent's"),
        (lambda *given: child(*given, mix=lambda a, b, t: (a + b) / 2**0.5), "middle of the arc"),
        (lambda *given: child(*given, mix=lambda a, b, t: (a + b) / (a + b).norm()), "middle of the arc"),
        (lambda *given: child(*given, mix=lambda a, b, t: latent.slerp(a, b, 0.25)), "middle of the arc"),
        (lambda *given: child(*given)[1], "Return a pair"),
        (lambda *given: child(*given)[::-1], "shape"),
        (into_the_mother, "was changed"),
        (consumed_genes, "was changed"),
        (half_and_half, "Some genes"),
        (column_by_column, "2 hair colors"),
        (first_columns, "hair colors"),
        (lambda mother, father, genes, take: child(mother, father, genes, [True] * 9), "Some genes"),
        (lambda mother, father, genes, take: child(mother, father, genes[:3], take), "Some genes"),
        (lambda mother, father, genes, take: child(mother, father, genes, torch.rand(9) < 0.5), "Some genes"),
    ],
    "4_1": [
        (lambda answers: answers.mean(0), "That is the mean"),
        (lambda answers: answers.median().expand(3, 5, 4), "own best value"),
        (lambda answers: answers.flatten(1).median(1).values.median().expand(3, 5, 4), "is possible"),
        (lambda answers: answers.median(0).values.mean(0).expand(3, 5, 4), "own best value"),
        (lambda answers: answers.median(1).values.median(0).values.expand(3, 5, 4), "own best value"),
        (lambda answers: answers[0], "one of the answers"),
        (lambda answers: min(answers, key=lambda each: (answers - each).abs().mean()), "one of the answers"),
        (lambda answers: answers.max(0).values, "is possible"),
        (lambda answers: (answers.amax(0) + answers.amin(0)) / 2, "between the extremes"),
        (lambda answers: answers.abs().median(0).values, "signs are lost"),
        (lambda answers: answers.sort(0).values[4], "21 answers"),
        (lambda answers: answers.sort(0).values[len(answers) // 2 + 1], "is possible"),
        (lambda answers: answers.clamp(min=0).median(0).values, "is possible"),
        (lambda answers: answers.mode(0).values, "is possible"),
        (sorted_in_place, "was changed"),
        (lambda answers: answers.median(0).values[0], "shape"),
        (lambda answers: answers.median(0), "torch tensor"),
    ],
    "4_2": [
        (lambda *given: unet(*given, order=(1, 0)), "wrong order"),
        (lambda *given: unet(*given, skips=False), "nothing but zeros"),
        (lambda *given: unet(*given, keep=lambda each: each.detach()), "cut off"),
        (lambda *given: unet(*given, keep=torch.tanh), "Is it whole"),
        (below_twice, "Is it whole"),
        (only_the_largest_shortcut, "Is it whole"),
        (unet_without_gradients, "no gradient"),
        (unet_with_a_frozen_way_down, "`requires_grad` of `down[0]`"),
        (left_in_training_mode, "mode"),
        (twice, "used once"),
        (popping, "`up` was changed"),
        (lowest_twice, "different sizes"),
        (largest_first, "different sizes"),
        (added, "another number of channels"),
        (shortcut_for_the_lowest, "channels"),
        (lambda down, up, x: unet(down[::-1], up, x), "channels"),
        (lambda down, up, x: unet(down, up, x.detach()), "`x`"),
        (lambda down, up, x: unet(down, up, x).clamp(-0.01, 0.01), "Is it whole"),
        (lambda down, up, x: unet(down, up, x.mul_(1)), "`x` was changed"),
        (lambda down, up, x: x, "used 0, 0"),
        (lambda down, up, x: nn.Sequential(*down)(x), "shape"),
    ],
    "4_3": [
        (lambda layers: field(layers[::-1]), "first layer to the last"),
        (lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers), "strides are missing"),
        (lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers), "not its own kernel"),
        (field_times, "r - 1 steps"),
        (lambda layers: field(layers[:-1]), "last layer is missing"),
        (lambda layers: field(layers) - 1, "One too few"),
        (lambda layers: field(layers) - prod(s for _, s in layers), "not of none"),
        (lambda layers: prod(s for _, s in layers), "outputs stand"),
        (lambda layers: sum(k for k, _ in layers), "overlap"),
        (lambda layers: str(field(layers)), "whole number"),
        (lambda layers: [field(layers)], "whole number"),
        (lambda layers: 1000, "should be"),
        (lambda layers: 70, "should be"),
        (reversing, "was changed"),
    ],
    "4_4": [
        (lambda *given: 2 * judged(*given), "Twice too large"),
        (lambda *given: judged(*given) / 2, "halved once"),
        (lambda *given: -judged(*given), "negative"),
        (lambda D, s, t, f: judged(D, s, t, f, [s, f.detach()], [s, t]), "wrong way round"),
        (lambda D, s, t, f: judged(D, s, t, f, [t, s], [f.detach(), s]), "drawing comes first"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [t, f.detach()]), "beside the true answer"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [s, s]), "nowhere"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [s.roll(1, 0), t]), "nowhere"),
        (lambda D, s, t, f: softplus(-D(torch.cat([s, t], 1))).mean(), "Only the real"),
        (lambda D, s, t, f: softplus(D(torch.cat([s, f.detach()], 1))).mean() / 2, "Only the fake"),
        (lambda D, s, t, f: judged(D, s, t, f) * 4 * 12, "summed"),
        (judged_by_sums, "Where D is sure"),
        (judged_in_doubles, "Where D is sure"),
        (lambda D, s, t, f: judged(D, s, t, f) + softplus(-D(torch.cat([s, t], 1))).mean() / 2, "should be"),
        (lambda D, s, t, f: losses.least_squares_discriminator_loss(D(torch.cat([s, t], 1)),
                                                                    D(torch.cat([s, f.detach()], 1))) / 2, "squares"),
        (lambda D, s, t, f: judged(Squeezed(D), s, t, f), "squeezes"),
        (entropy_of_squeezed, "overflows"),
        (lambda D, s, t, f: judged(D, s, t, f, None, [s, f]), "detach"),
        (lambda D, s, t, f: judged(D, s, t, f).detach(), "D does not learn"),
        (judged_without_gradients_of_fakes, "D does not learn"),
        (detached_logits, "D does not learn"),
        (judged_while_frozen, "D does not learn"),
        (judged_in_eval, "mode"),
        (judged_with_backward, "gradients stored"),
        (lambda D, s, t, f: judged(D.requires_grad_(False), s, t, f), "`D`"),
        (judged_with_a_detached_fake, "fake"),
        (lambda *given: judged(*given) + 1, "should be"),
        (lambda D, s, t, f: judged(D, s, t, f.clamp(0, 1)), "should be"),
    ],
}  # fmt: skip
