"""Checks of lesson 7, latent editing: layers exchanged, SeFa, and a direction without another."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.latent import conditional, crossed


@check(
    "7.1", "Some layers from the father, all others from the mother, and both parents stay as they were.", crossed,
    gradients=False,
)  # fmt: skip
def check_7_1(function: Any) -> None:
    """crossed(mother (layers, latent), father, first, last): the mother with the father's layers first to last."""
    for layers, first, last in ((10, 3, 5), (10, 0, 0), (7, 4, 6), (10, 0, 9)):
        m, f = torch.randn(layers, 6), torch.randn(layers, 6)
        answer, right = tensor(function(m, f, first, last), (layers, 6)), crossed(m, f, first, last)
        if answer.untyped_storage().data_ptr() in [parent.untyped_storage().data_ptr() for parent in (m, f)]:
            wrong("That is a parent under another name: who changes the child changes the parent. Make a new point.")
        if close(answer, right):
            continue
        count = last + 1 - first
        recognize(
            answer,
            (crossed(f, m, first, last), "Mother and father are exchanged: the layers first to last come from the "
             "father."),
            (torch.cat([m[:first], f[first:last], m[last:]]), f"Layer {last} is still the mother's: first to last, and "
             "the last one counts."),
            (torch.cat([m[: first + 1], f[first + 1 : last + 1], m[last + 1 :]]), f"Layer {first} is still the "
             "mother's: first to last, and the first one counts."),
            (torch.cat([m[:first], f[first:]]), "From the first on, all layers are the father's. Those after the last "
             "come from the mother again."),
            (torch.cat([f[: last + 1], m[last + 1 :]]), "Up to the last, all layers are the father's. Those before the "
             "first come from the mother."),
            (torch.cat([m[:first], f[:count], m[last + 1 :]]), f"The father's layers 0 to {count - 1} stand where "
             f"{first} to {last} belong. A layer keeps its place."),
            (m, "That is the mother as she was."),
            (f, "That is the father, in all layers."),
            ((m + f) / 2, "That is the middle of both in all layers. Here whole layers change hands."),
            (crossed(m, (m + f) / 2, first, last), "In these layers that is the middle of both. Here whole layers "
             "change hands."),
        )  # fmt: skip
        rows = ", ".join(str(row) for row in range(layers) if not close(answer[row], right[row]))
        wrong(f"For layers {first} to {last}: layers {rows} are not whose they should be.")


@check("7.2", "Directions that move the styles most, from the weights alone, the strongest first.", gradients=False)
def check_7_2(strongest_directions: Any) -> None:
    """strongest_directions(weights, count): matrices (channels, latent) to unit directions (count, latent)."""
    wide = torch.diag(torch.linspace(0.2, 1.6, 8)[[3, 0, 6, 2, 7, 1, 5, 4]])
    weights = [(torch.randn(n, 8) + 0.3) * torch.linspace(0.3, 2, n)[:, None] @ wide for n in (12, 20, 9)]
    rows = torch.cat([normalize(weight, dim=1) for weight in weights])
    styles = rows.T @ rows
    every = _directions(rows)
    for count in (3, 8, 1):
        answer = tensor(strongest_directions(weights, count), (count, 8))
        if answer.is_complex():
            wrong("Your directions are complex, as `eig` gives them. A^T A is symmetric, and `eigh` makes use of it.")
        lengths = answer.norm(dim=1)
        if not close(lengths, torch.ones(count), 1e-3):
            wrong(f"The lengths are {[round(float(x), 2) for x in lengths]}; a direction has length 1.")
        if _same(answer, every[:count]):
            continue
        for mistake, advice in (
            (every.flip(0), "The weakest come first. `eigh` sorts upward: take them from the end."),
            (every[:count].flip(0), "These are the right ones, the weakest of them first. Turn them around."),
            (_directions(torch.cat(weights)), "Nearly: each row (the weights of one style) counts alike, whatever its "
             "length. Divide every row by its length first."),
            (_directions(torch.cat([weight / weight.norm() for weight in weights])), "Each layer is divided by one "
             "length. Divide every row by its own."),
            (_directions(torch.cat([normalize(weight, dim=0) for weight in weights])), "You normalized along the wrong "
             "axis: a row is one style, `dim=1`."),
            (_directions(normalize(torch.cat(weights), dim=0)), "You normalized along the wrong axis: a row is one "
             "style, `dim=1`."),
            (_directions(rows - rows.mean(0)), "You took the mean of the rows away, as principal components do. Rows "
             "are no cloud of points here: leave them where they are."),
            *((_directions(normalize(torch.cat(some), dim=1)), "Only some of the layers' weights are in it. Stack all "
              "of them.") for some in (weights[:1], weights[:2], weights[1:], weights[2:])),
        ):  # fmt: skip
            if _same(answer, mistake[:count]):
                wrong(advice)
        gains = (answer @ styles * answer).sum(1)
        if (answer @ styles - gains[:, None] * answer).abs().max() < 1e-3 * gains.max():
            strengths = ", ".join(f"{float(gain):.2f}" for gain in gains)
            wrong(
                f"These are eigenvectors of A^T A, of the eigenvalues {strengths}: not the {count} largest, each once, "
                "from large to small. `eig` sorts them in no order, `eigh` upward."
            )
        if any(close(answer.abs(), turned.T[:count].abs(), 1e-3) for turned in (every, every.flip(0))):
            wrong("You took rows of the matrix of eigenvectors. In torch they are its *columns*: `vectors[:, i]`.")
        best = float((styles @ every[0]).norm())
        wrong(
            f"These are no eigenvectors of A^T A: a step along your first direction changes the styles by "
            f"{float(gains[0]) ** 0.5:.2f}, and {best**0.5:.2f} is possible. Which matrix did you take apart, and how?"
        )


def _directions(rows: Tensor) -> Tensor:
    """Eigenvectors of A^T A as rows, strongest first."""
    return torch.linalg.eigh(rows.T @ rows)[1].flip(1).T


def _same(given: Tensor, wanted: Tensor) -> bool:
    """Whether unit directions agree; a direction and its opposite are one."""
    return close((given * wanted).sum(1).abs(), torch.ones(len(given)), 1e-3)


def apart(direction: Tensor, other: Tensor) -> Tensor:
    """What of a direction (latent,) is at a right angle to the other, of length 1."""
    return conditional(direction, other)


@check("7.3", "What is left of a direction at a right angle to the other, and of length 1 again.", apart,
       gradients=False)  # fmt: skip
def check_7_3(without: Any) -> None:
    """without(direction (latent,), other (latent,)): the unit direction with nothing of the other in it."""
    other, free = torch.linalg.qr(torch.randn(8, 2))[0].T
    for share in (0.64, -0.53, 0.0):
        direction = share * other + (1 - share**2) ** 0.5 * free
        answer, rest = tensor(without(direction, other), (8,)), direction - share * other
        if close(answer, free):
            continue
        recognize(
            answer,
            (direction, "The direction came back unchanged."),
            (other, "That is the other direction."),
            (rest, "The other is gone from it. Now make its length 1 again, so that a step is a step."),
            (normalize(direction - other, dim=0), "You took away the whole other. Take only as much of it as the "
             "direction contains: their dot product."),
            (direction - other, "You took away the whole other. Take only as much of it as the direction contains."),
            (normalize(direction - abs(share) * other, dim=0), "A cosine below 0 is a share, too: without its sign you "
             "add where you should take away."),
            (direction + share * other, "The sign: that adds the other once more."),
            (normalize(direction + share * other, dim=0), "The sign: that adds the other once more."),
            (normalize(direction - direction * other, dim=0), "`*` multiplies number by number. How much of the other "
             "there is in it is one number, a dot product."),
            (direction - share * direction, "You take a part of the direction itself away; take away "
             "a part of the other."),
            (normalize(other - share * direction, dim=0), "The two are exchanged: it is the first one that we keep."),
            (-free, "It points backward."),
        )  # fmt: skip
        if not close(answer @ other, torch.zeros(())):
            wrong(f"It still contains {float(answer @ other):+.3f} of the other, and it should contain 0.")
        wrong("Nothing of the other is in it, but it is not what was left of the direction either.")
