"""Checks of lesson 7, latent editing: layers exchanged, SeFa, and a direction without another."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import normalize

from animelab.checks.harness import check, close, tensor, wrong


@check("7.1", "Some layers from the father, all others from the mother, and both parents stay as they were.")
def check_7_1(crossed: Any) -> None:
    """crossed(mother (layers, latent), father, first, last): the mother with the father's layers first to last."""
    mother, father = torch.randn(10, 6), torch.randn(10, 6)
    for first, last in ((3, 5), (0, 0), (7, 9), (0, 9)):
        answer = tensor(crossed(mother, father, first, last), (10, 6))
        right = torch.cat([mother[:first], father[first : last + 1], mother[last + 1 :]])
        if close(answer, right):
            continue
        if close(answer, torch.cat([father[:first], mother[first : last + 1], father[last + 1 :]])):
            wrong("Mother and father are exchanged: the layers first to last come from the father.")
        if close(answer, torch.cat([mother[:first], father[first:last], mother[last:]])):
            wrong(f"Layer {last} is still the mother's: first to last, and the last one counts.")
        if close(answer, (mother + father) / 2):
            wrong("That is the middle of both in all layers. Here whole layers change hands.")
        rows = ", ".join(str(row) for row in range(10) if not close(answer[row], right[row]))
        wrong(f"For layers {first} to {last}: layers {rows} are not whose they should be.")


@check("7.2", "Directions that move the styles most, from the weights alone, the strongest first.")
def check_7_2(strongest_directions: Any) -> None:
    """strongest_directions(weights, count): matrices (channels, latent) to unit directions (count, latent)."""
    wide = torch.diag(torch.linspace(0.2, 1.6, 8)[[3, 0, 6, 2, 7, 1, 5, 4]])
    weights = [torch.randn(n, 8) * torch.linspace(0.3, 2, n)[:, None] @ wide
               for n in (12, 20)]  # fmt: skip
    answer = tensor(strongest_directions(weights, 3), (3, 8))

    def directions(rows: torch.Tensor) -> torch.Tensor:
        return torch.linalg.eigh(rows.T @ rows)[1].flip(1).T

    def same(given: torch.Tensor, wanted: torch.Tensor) -> bool:  # a direction and its opposite are one
        return close((given * wanted).sum(1).abs(), torch.ones(3), 1e-3)

    if not close(answer.norm(dim=1), torch.ones(3), 1e-3):
        wrong(f"The lengths are {[round(float(x), 2) for x in answer.norm(dim=1)]}; a direction has length 1.")
    every = directions(torch.cat([normalize(weight, dim=1) for weight in weights]))
    for mistake, advice in (
        (directions(torch.cat(weights)), "Nearly: each row (the weights of one style) counts alike, whatever its "
         "length. Divide every row by its length first."),
        (every.flip(0), "The weakest come first. `eigh` sorts upward: take them from the end."),
        (every[:3].flip(0), "These are the right ones, the weakest of them first. Turn them around."),
        (directions(torch.cat([normalize(weight, dim=0) for weight in weights])), "You normalized along the wrong "
         "axis: a row is one style, `dim=1`."),
        (directions(normalize(weights[0], dim=1)), "Only the first layer's weights are in it. Stack all of them."),
        (directions(normalize(weights[-1], dim=1)), "Only the last layer's weights are in it. Stack all of them."),
    ):  # fmt: skip
        if same(answer, mistake[:3]) and not same(answer, every[:3]):
            wrong(advice)
    if not same(answer, every[:3]):
        wrong("These are not the eigenvectors of A^T A. In torch they are *columns*: `vectors[:, i]`.")


@check("7.3", "What is left of a direction that does not touch the other, and of length 1 again.")
def check_7_3(without: Any) -> None:
    """without(direction (latent,), other (latent,)): the unit direction with nothing of the other in it."""
    direction, other = normalize(torch.randn(8), dim=0), normalize(torch.randn(8), dim=0)
    answer = tensor(without(direction, other), (8,))
    share = direction @ other
    rest = direction - share * other
    right = rest / rest.norm()
    for mistake, advice in (
        (direction, "The direction came back unchanged."),
        (rest, "The other is gone from it. Now make its length 1 again, so that a step is a step."),
        (normalize(direction - other, dim=0), "You took away the whole other. Take only as much of it as the "
         "direction contains: (direction · other) of it."),
        (direction - other, "You took away the whole other. Take only as much of it as the direction contains."),
        (normalize(direction + share * other, dim=0), "The sign: that adds the other once more."),
        (normalize(other - share * direction, dim=0), "The two are exchanged: it is the first one that we keep."),
        (-right, "It points backward."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        if close(answer @ other, torch.zeros(())):
            wrong("Nothing of the other is in it, but it is not what was left of the direction either.")
        wrong(f"It still contains {answer @ other:+.3f} of the other, and it should contain 0.")
