"""Checks of 03_attributes: naming many attributes, a slope that was measured wrong, the generator's loss, a child."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from animelab import losses
from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.latent import GENES, slerp
from animelab.recipes.makegirlsmoe import classification_loss, generator_loss

OVERFLOW = (
    "For logits of 1000 and -1000 your loss is {:.4g}, and it should be {:.4g}: a sigmoid there is exactly 1 or 0 in "
    "float32, and exp overflows. Which function takes the logits as they are?"
)


def gradient_penalty(score: Any, pictures: Tensor) -> Tensor:
    """The penalty of exercise 3.3: mean over the batch of (slope - 1)^2 at the pictures."""
    return (losses.slopes(score, pictures) - 1).square().mean()


def child_of(
    mother: tuple[Tensor, Tensor], father: tuple[Tensor, Tensor], genes: list[list[int]], take: list[bool]
) -> tuple[Tensor, Tensor]:
    """The child of exercise 3.4: the middle of the arc, and every gene whole from one of the two."""
    attributes = mother[1].clone()
    for gene, from_father in zip(genes, take):
        if from_father:
            attributes[gene] = father[1][gene]
    return slerp(mother[0], father[0], 0.5), attributes


@check("3.1", "Every attribute is a question of its own, and the mean over the batch stays the same for any batch.",
       classification_loss, learns=("logits",))  # fmt: skip
def check_3_1(loss: Any) -> None:
    """loss(logits, tags): (B, 34) twice to a scalar: cross-entropy summed over tags, averaged over the batch."""
    for count in (5, 3):
        logits, tags = torch.randn(count, 34), (torch.rand(count, 34) < 0.3).float()
        answer, right = tensor(loss(logits, tags), ()), classification_loss(logits, tags)
        softmax = "That is softmax: exactly one of 34 would be right. Here a picture has several, or none."
        turned = "It costs most to be right. Which of the two cases belongs to tag = 1?"
        recognize(
            answer,
            (right / 34, "Each attribute counts a 34th: sum over the attributes, average over the pictures."),
            (right * count, "With twice the batch the loss would double: average over the pictures."),
            (right * count / 34, "Summed over the pictures, averaged over attributes: it is the other way round."),
            (classification_loss(-logits, tags), turned),
            (-right, "It is negative: losses are made smaller, so being wrong has to cost something."),
            (cross_entropy(logits, tags.argmax(1)), softmax),
            (cross_entropy(logits, tags), softmax),
            (classification_loss(logits.sigmoid(), tags), "The logits went through a sigmoid twice."),
            ((tags * softplus(-logits)).sum(1).mean(), "Naming what is not there costs nothing; it is wrong, too."),
            (((1 - tags) * softplus(logits)).sum(1).mean(), "Missing what is there costs nothing; it is wrong, too."),
            ((logits.sigmoid() - tags).square().sum(1).mean(), "Squared distances; cross-entropy is asked for."),
        )  # fmt: skip
    if close(answer, right):
        extreme, which = torch.tensor([1e3, -1e3]).repeat(2, 17), torch.tensor([0.0, 0, 1, 1]).repeat(2, 9)[:, :34]
        answer, right = tensor(loss(extreme, which), ()), classification_loss(extreme, which)
        if not close(answer, right):
            wrong(OVERFLOW.format(answer.item(), right.item()))


@check("3.2", "G's loss has two terms: to be taken for real, and to have followed the order.",
       generator_loss, learns=("logits", "names"))  # fmt: skip
def check_3_2(loss: Any) -> None:
    """loss(logits, names, orders, weight): (B,), (B, 34), (B, 34), a number, to a scalar."""
    for weight, count in ((7.5, 6), (2.5, 4)):
        logits, names, orders = torch.randn(count), torch.randn(count, 34), (torch.rand(count, 34) < 0.3).float()
        fool, obey = losses.non_saturating_generator_loss(logits), classification_loss(names, orders)
        right = weight * fool + obey
        recognize(
            answer := tensor(loss(logits, names, orders, weight), ()),
            (fool + obey, "`weight` has no effect. It says how much being taken for real counts beside one attribute."),
            (fool + weight * obey, "The weight stands at the orders; it belongs to being taken for real."),
            (34 * fool + obey, "`weight` says otherwise, and yours weighs 34 times: do not write it as a number."),
            (weight * (fool + obey), "The weight counts for both terms; it belongs to being taken for real alone."),
            (weight * losses.minimax_generator_loss(logits) + obey, "Saturating: where D is sure, no slope is left."),
            (weight * softplus(logits).mean() + obey, "G's loss falls when it is found out: look at the logits' sign."),
            (obey - weight * logits.mean(), "The logits themselves, without an end: lesson 1's loss levels off."),
            (weight * (logits - 1).square().mean() + obey, "Least squares come in lesson 5; take lesson 1's loss."),
            (weight * fool * count + obey, "The logits are summed over the batch; take their mean."),
            (weight * fool + obey / 34, "The orders are averaged over the attributes; exercise 3.1 sums them."),
            (weight * fool + obey * count, "The orders are summed over the batch; exercise 3.1 averages over it."),
            (weight * fool - obey, "G's loss falls when it ignores its orders: the sign."),
            (weight * fool + classification_loss(-names, orders), "G's loss falls when it ignores its orders: the "
             "sign."),
            (weight * fool, "The orders are missing: G would draw what it likes."),
            (obey, "Only the orders count: nothing asks the pictures to look real."),
        )  # fmt: skip
    if close(answer, right):
        extreme = torch.tensor([1000.0, -1000.0]), torch.full((2, 34), -1000.0), torch.ones(2, 34)
        answer, right = tensor(loss(*extreme, 12.5), ()), generator_loss(*extreme, 12.5)
        if not close(answer, right):
            wrong(OVERFLOW.format(answer.item(), right.item()))


class _Score(nn.Module):
    """A discriminator whose slope is known: logits (B,) of pictures (B, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures.square() * self.weight).sum((1, 2, 3))


SLOPES = {
    "does not require grad": "torch has no slope for these pictures: nobody asked for one. Take a copy of them that "
    "is not part of any earlier arithmetic (`detach`), and ask it for gradients before `score` sees it.",
    "for scalar outputs": "`torch.autograd.grad` goes back from one number, and there are several logits. Each depends "
    "on its own picture alone: of what single number is the gradient the same?",
    "has no attribute": "`score` may be any function of pictures, a lambda too: call it, and ask nothing else of it.",
}


@check(
    "3.3",
    "One length for one picture: this penalty holds D's slope at 1, and not that of every pixel.",
    gradient_penalty,
    learns=(),
    tolerance=1e-3,
    advice={
        "score": "The number is right, and D would not learn from it as it should: the gradient of a gradient is cut "
        "off on its way into D's weights. Look for `create_graph`, and for `detach`."
    },
)
def check_3_3(penalty: Any) -> None:
    """penalty(score, pictures): a D of pictures and (B, 3, H, W), to the mean of (slope - 1)^2."""
    penalty = explained(penalty, SLOPES)
    score, sizes = _Score(), torch.tensor([0.01, 0.03, 0.1, 0.3])  # where D is flat, and where it is steep
    pictures = torch.randn(4, 3, 6, 5) * sizes[:, None, None, None]
    gradients = (2 * pictures * score.weight).detach()
    slopes = gradients.flatten(1).norm(dim=1)
    recognize(
        answer := tensor(penalty(score, pictures), ()),
        ((gradients.norm(dim=1) - 1).square().mean(), "That is the bug: norm(dim=1) of (B, 3, H, W) measures the three "
         "colors of each pixel, so every pixel is pushed to a slope of 1, and the picture as a whole to one of about "
         "sqrt(pixels)."),
        ((gradients.flatten(2).norm(dim=2) - 1).square().mean(), "Each color has a slope there; a picture has one."),
        ((gradients.abs() - 1).square().mean(), "Every single number is held at 1; a picture has one slope."),
        ((gradients.norm() - 1).square(), "One length for the whole batch. Every picture has its own slope."),
        ((slopes.mean() - 1).square(), "The mean slope is held at 1, so one may be 2 and another 0. Square first."),
        (slopes.square().mean(), "That pulls the slope to 0. DRAGAN wants it to be 1."),
        ((slopes.square() - 1).square().mean(), "The squared length is held at 1; take the root."),
        ((slopes - 1).clamp(min=0).square().mean(), "Slopes below 1 cost nothing. DRAGAN wants 1, from both sides."),
        ((gradients.flatten(1).abs().sum(1) - 1).square().mean(), "Sizes are added up; a length is a root of squares."),
        ((slopes / 4 - 1).square().mean(), "Each slope is a fourth: whoever averages 4 logits divides every gradient "
         "by 4."),
        ((slopes - 1).abs().mean(), "The distance from 1 is right; square it."),
        ((slopes - 1).square().sum(), "The sum over the batch; take the mean."),
        tolerance=1e-3,
    )  # fmt: skip
    if not close(answer, tensor(penalty(score, pictures), ()), 1e-3):
        wrong("Twice the same pictures, and two numbers came: no dice here, the slope at the given pictures is asked "
              "for.")  # fmt: skip
    if close(answer, (slopes - 1).square().mean(), 1e-3):
        tensor(penalty(lambda pictures: score(pictures), pictures[2:]), ())  # not a module
    tensor(penalty(score, torch.cat([0 * pictures, pictures], 3)), ())  # another size, and D is flat at half of it
    tensor(penalty(score, torch.cat([0 * pictures[:1], pictures[1:]])), ())  # and quite flat at one


@check("3.4", "A child has whole genes of its parents, and a latent on the way between them.",
       child_of, gradients=False, tolerance=1e-3)  # fmt: skip
def check_3_4(breed: Any) -> None:
    """breed(mother, father, genes, take): (latent, tags) twice, columns of each gene, bools, to (latent, tags)."""
    z, tags = torch.nn.functional.normalize(torch.randn(2, 16)) * 3, torch.zeros(2, 34)  # walks differ for two lengths
    for gene in GENES:
        for person in (0, 1):
            tags[person, gene[int(torch.randint(len(gene), ()))]] = float(len(gene) > 1 or torch.rand(()) < 0.5)
    for gene in GENES:  # the parents differ in all of them
        one = torch.eye(len(gene)) if len(gene) > 1 else torch.tensor([[0.0], [1.0]])
        tags[:, gene] = one[torch.randperm(len(one))[:2]]
    mother, father = zip(z, tags)
    middle, mean = slerp(z[0], z[1], 0.5), (z[0] + z[1]) / 2
    for take in ([i % 2 == 0 for i in range(len(GENES))], [False] * len(GENES), [True] * len(GENES)):
        answer = breed(mother, father, GENES, take)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            wrong("Return a pair: the child's latent and its attributes.")
        latent, found = tensor(answer[0], (16,)), tensor(answer[1], (34,))
        recognize(
            latent,
            (mean, "The latent is the plain mean, which is shorter than either parent's. Lesson 1 had an arc for "
             "this."),
            *((each, "The latent is one parent's; take the middle of the arc between them.") for each in z),
        )  # fmt: skip
        if not close(latent, middle, 1e-3):
            wrong("The child's latent should lie in the middle of the arc between its parents: slerp at 0.5.")
        right = child_of(mother, father, GENES, take)[1]
        if found[GENES[0]].sum() != 1:
            wrong(f"This child has {found[GENES[0]].sum():g} hair colors. A gene is inherited as a whole.")
        if not close(found, right):
            swapped = close(found, tags[0] + tags[1] - right)
            wrong("Where `take` is true the gene comes from the father; yours are the other way round." if swapped else
                  "Some genes are not inherited as `take` says, each as a whole. Go gene by gene.")  # fmt: skip
