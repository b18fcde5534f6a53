"""Checks of 03_attributes: naming many attributes, a slope that was measured wrong, a painter's orders, a child."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from animelab import losses
from animelab.checks.harness import check, close, tensor, wrong
from animelab.latent import GENES, slerp
from animelab.recipes.makegirlsmoe import naming_loss


@check("3.1", "Every attribute is a question of its own, and the mean over the batch stays the same for any batch.")
def check_3_1(name_loss: Any) -> None:
    """name_loss(logits, tags): (B, 34) twice to a scalar: cross-entropy summed over tags, averaged over the batch."""
    logits, tags = torch.randn(5, 34, requires_grad=True), (torch.rand(5, 34) < 0.3).float()
    answer, right = tensor(name_loss(logits, tags.clone()), ()), naming_loss(logits, tags)
    one_of_many = nn.functional.cross_entropy(logits, tags.argmax(1))
    if not answer.requires_grad:
        wrong("No gradient flows from your loss to the logits. Keep everything in torch.")
    for mistake, advice in (
        (
            right / 34,
            "The mean over everything: each attribute counts a 34th. Sum over attributes, average over pictures.",
        ),
        (right * 5, "The sum over everything: with twice the batch the loss would double. Average over the pictures."),
        (naming_loss(-logits, tags), "It costs most to be right. Which of the two cases belongs to tag = 1?"),
        (one_of_many, "That is softmax: exactly one of 34 would be right. Here a picture has several, or none."),
        (naming_loss(logits.sigmoid(), tags), "The logits went through a sigmoid twice."),
    ):
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"On random logits your loss is {answer:.4f}, and it should be {right:.4f}.")
    if not name_loss(torch.full((1, 34), 200.0), torch.zeros(1, 34)).isfinite():
        wrong("For logits of 200 your loss is no number any more: exp overflowed. Which function works on logits?")


@check("3.3", "One length for one picture: this penalty holds D's slope at 1, and not that of every pixel.")
def check_3_3(gradient_penalty: Any) -> None:
    """gradient_penalty(score, pictures): a function to logits and (B, 3, H, W), to the mean of (slope - 1)^2."""
    weights = torch.randn(3, 6, 5, requires_grad=True)

    def score(x: Tensor) -> Tensor:
        return (x * x * weights).sum((1, 2, 3))

    pictures = torch.randn(4, 3, 6, 5)
    slopes = losses.slopes(score, pictures)
    gradients = (2 * pictures * weights).detach()
    right = (slopes - 1).square().mean()
    answer = tensor(gradient_penalty(score, pictures.clone()), ())
    if close(answer, (gradients.norm(dim=1) - 1).square().mean()):
        wrong(
            "That is the bug: norm(dim=1) of (B, 3, H, W) measures the three colors of each pixel, so every pixel is "
            "pushed to a slope of 1, and the picture as a whole to one of about sqrt(pixels). Flatten first."
        )
    for mistake, advice in (
        ((gradients.norm() - 1).square(), "One length for the whole batch. Every picture has its own slope."),
        (gradients.flatten(1).norm(dim=1).square().mean(), "That pulls the slope to 0. DRAGAN wants it to be 1."),
        ((gradients.flatten(1).square().sum(1) - 1).square().mean(), "The squared length is held at 1; take the root."),
        ((slopes - 1).abs().mean(), "The distance from 1 is right; square it."),
        ((slopes - 1).square().sum(), "The sum over the batch; take the mean."),
    ):
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"Yours is {answer:.4f}, and it should be {right:.4f}.")
    if not answer.requires_grad:
        wrong("The number is right, and no gradient flows from it into D. Look for `create_graph`.")
    (found,) = torch.autograd.grad(answer, weights, allow_unused=True)
    (expected,) = torch.autograd.grad(right, weights)
    if found is None or not close(found, expected, 1e-3):
        wrong("The number is right, and its gradient is not: D would learn nothing from it. Look for `create_graph`.")


@check("3.2", "The painter wants two things at once: to be believed, and to have followed the order.")
def check_3_2(generator_loss: Any) -> None:
    """generator_loss(logits, names, orders, weight): (B,), (B, 34), (B, 34), a number, to a scalar."""
    logits, names = torch.randn(6), torch.randn(6, 34)
    orders = (torch.rand(6, 34) < 0.3).float()
    fool, obey = losses.non_saturating_generator_loss(logits), naming_loss(names, orders)
    for weight in (3.0, 34.0):
        answer = tensor(generator_loss(logits.clone(), names.clone(), orders.clone(), weight), ())
        for mistake, advice in (
            (fool + obey, "`weight` has no effect. It says how much being believed counts beside one attribute."),
            (fool + weight * obey, "The weight stands at the orders; it belongs to being believed."),
            (weight * losses.minimax_generator_loss(logits) + obey, "Saturating: where D is sure, no slope is left."),
            (weight * losses.non_saturating_generator_loss(-logits) + obey, "G is paid for being found out: the sign."),
            (weight * fool + obey / 34, "The orders are averaged over the attributes; exercise 3.1 sums them."),
            (weight * fool - obey, "G is paid for ignoring its orders: the sign."),
            (weight * fool, "The orders are missing: G would paint what it likes."),
        ):
            if close(answer, mistake):
                wrong(advice)
        if not close(answer, weight * fool + obey):
            wrong(f"With weight {weight:.0f} yours is {answer:.3f}, and it should be {weight * fool + obey:.3f}.")


@check("3.4", "A child has whole genes of its parents, and a latent on the way between them.")
def check_3_4(child_of: Any) -> None:
    """child_of(mother, father, genes, take): (latent, tags) twice, columns of each gene, bools, to (latent, tags)."""
    z, tags = torch.randn(2, 16), torch.zeros(2, 34)
    for gene in GENES:
        for person in (0, 1):
            tags[person, gene[int(torch.randint(len(gene), ()))]] = float(len(gene) > 1 or torch.rand(()) < 0.5)
    tags[0, GENES[0]], tags[1, GENES[0]] = torch.eye(len(GENES[0]))[:2]  # two hair colors
    mother, father = ((z[i].clone(), tags[i].clone()) for i in (0, 1))
    middle = slerp(z[0], z[1], 0.5)
    for take in ([False] * len(GENES), [True] * len(GENES), [i % 2 == 0 for i in range(len(GENES))]):
        answer = child_of(mother, father, GENES, take)
        if not isinstance(answer, tuple) or len(answer) != 2:
            wrong("Return a pair: the child's latent and its attributes.")
        latent, found = tensor(answer[0], (16,)), tensor(answer[1], (34,))
        right = tags[0].clone()
        for gene, from_father in zip(GENES, take):
            if from_father:
                right[gene] = tags[1][gene]
        if not (torch.equal(mother[1], tags[0]) and torch.equal(father[1], tags[1])):
            wrong("A parent has changed: the child's attributes were written into it. Copy first (`clone`).")
        if close(latent, (z[0] + z[1]) / 2) and not close(latent, middle):
            wrong("The latent is the plain mean, which is shorter than either parent's. Lesson 1 had an arc for this.")
        if not close(latent, middle, 1e-3):
            wrong("The child's latent should lie in the middle of the arc between its parents: slerp at 0.5.")
        if found[GENES[0]].sum() != 1:
            wrong(f"This child has {int(found[GENES[0]].sum())} hair colors. A gene is inherited as a whole.")
        if not close(found, right):
            swapped = close(found, tags[0] + tags[1] - right)
            wrong("Where `take` is true the gene comes from the father; yours are the other way round." if swapped else
                  "Some attributes are neither the mother's nor the father's choice. Go gene by gene.")  # fmt: skip
