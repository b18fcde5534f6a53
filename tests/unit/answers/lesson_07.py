"""Answers to the exercises of lesson 7."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import normalize


def crossed(mother, father, first, last):
    child = mother.clone()
    child[first : last + 1] = father[first : last + 1]
    return child


def crossed_by_a_mask(mother, father, first, last):
    layer = torch.arange(len(mother))[:, None]
    return torch.where((layer >= first) & (layer <= last), father, mother)


def crossed_one_by_one(mother, father, first, last):
    return torch.stack([father[i] if first <= i <= last else mother[i] for i in range(len(mother))])


def crossed_in_numpy(mother, father, first, last):
    child = mother.numpy().copy()
    child[first : last + 1] = father.numpy()[first : last + 1]
    return torch.from_numpy(child)


def crossed_without_a_copy(mother, father, first, last):
    child = mother
    child[first : last + 1] = father[first : last + 1]
    return child


def crossed_by_exchange(mother, father, first, last):
    child = mother.clone()
    child[first : last + 1] = father[first : last + 1]
    father[first : last + 1] = mother[first : last + 1]
    return child


def between(mother, father, first, last):
    child = mother.clone()
    child[first : last + 1] = (mother[first : last + 1] + father[first : last + 1]) / 2
    return child


def from_the_top(mother, father, first, last):
    child = mother.clone()
    child[first : last + 1] = father[: last + 1 - first]
    return child


def stacked(weights, dim=1):
    return torch.cat([normalize(weight, dim=dim) if dim is not None else weight for weight in weights])


def directions(weights, count, dim=1, flip=True):
    rows = stacked(weights, dim)
    vectors = torch.linalg.eigh(rows.T @ rows)[1]
    return (vectors.flip(1) if flip else vectors).T[:count]


def by_singular_values(weights, count):
    rows = torch.cat([weight / weight.norm(dim=1, keepdim=True) for weight in weights])
    return -torch.linalg.svd(rows)[2][:count]


def by_sorting(weights, count):
    rows = stacked(weights)
    values, vectors = torch.linalg.eig(torch.einsum("ri,rj->ij", rows, rows))
    return vectors.real[:, values.real.argsort(descending=True)[:count]].T


def by_one_step_after_another(weights, count):
    """Power iteration, with what is found taken away."""
    styles = (stacked(weights).T @ stacked(weights)).double()
    found = []
    for _ in range(count):
        v = torch.ones(len(styles), dtype=torch.float64)
        for _ in range(20_000):
            v = normalize(styles @ v, dim=0)
        found.append(v)
        styles = styles - (v @ styles @ v) * torch.outer(v, v)
    return torch.stack(found).float()


def in_numpy(weights, count):
    rows = np.concatenate(
        [weight.numpy() / np.linalg.norm(weight.numpy(), axis=1, keepdims=True) for weight in weights]
    )
    return torch.from_numpy(np.linalg.eigh(rows.T @ rows)[1][:, ::-1].T[:count].copy())


def as_rows(weights, count):
    return torch.linalg.eigh(stacked(weights).T @ stacked(weights))[1].flip(1)[:count]


def columns_of_svd(weights, count):
    return torch.linalg.svd(stacked(weights), full_matrices=False)[2].T[:count]


def unsorted(weights, count):
    return torch.linalg.eig(stacked(weights).T @ stacked(weights))[1].real.T[:count]


def centered(weights, count):
    rows = stacked(weights)
    return torch.linalg.svd(rows - rows.mean(0), full_matrices=False)[2][:count]


def normalized_in_place(weights, count):
    for weight in weights:
        weight /= weight.norm(dim=1, keepdim=True)
    return directions(weights, count)


def normalized_in_the_list(weights, count):
    for i, weight in enumerate(weights):
        weights[i] = normalize(weight, dim=1)
    return directions(weights, count)


def emptied(weights, count):
    rows = []
    while weights:
        rows.append(weights.pop(0))
    return directions(rows, count)


def by_layers(weights, count):
    return directions([weight / weight.norm() for weight in weights], count, None)


def mean_of_layers(weights, count):
    return normalize(sum(directions([weight], count) for weight in weights), dim=1)


def strongest_rows(weights, count):
    rows = torch.cat(list(weights))
    return normalize(rows[rows.norm(dim=1).argsort(descending=True)[:count]], dim=1)


def the_same_again(weights, count):
    return directions(weights, 1).expand(count, -1)


def without(direction, other):
    return normalize(direction - (direction @ other) * other, dim=0)


def without_by_pythagoras(direction, other):
    cosine = float((direction * other).sum())
    return (direction - cosine * other) / (1 - cosine**2) ** 0.5


def without_by_qr(direction, other):
    basis = torch.linalg.qr(torch.stack([other, direction], 1))[0]
    return basis[:, 1] * torch.sign(basis[:, 1] @ direction)


def without_by_a_projector(direction, other):
    rest = (torch.eye(len(other)) - torch.outer(other, other)) @ direction
    return rest.div(torch.linalg.vector_norm(rest))


def without_in_place(direction, other):
    direction -= (direction @ other) * other
    return direction / direction.norm()


def half_the_share(direction, other):
    return normalize(direction - 0.5 * (direction @ other) * other, dim=0)


SOLUTIONS = {
    "7_1": [crossed, lambda m, f, a, b: torch.cat([m[:a], f[a : b + 1], m[b + 1 :]]), crossed_by_a_mask,
            crossed_one_by_one, crossed_in_numpy],
    "7_2": [directions, by_singular_values, by_sorting, by_one_step_after_another, in_numpy],
    "7_3": [without, without_by_pythagoras, without_by_qr, without_by_a_projector],
}  # fmt: skip

WRONG_ANSWERS = {
    "7_1": [
        (lambda m, f, a, b: crossed(f, m, a, b), "exchanged"),
        (lambda m, f, a, b: crossed(m, f, a, b - 1), "the last one counts"),
        (lambda m, f, a, b: crossed(m, f, a + 1, b), "the first one counts"),
        (lambda m, f, a, b: crossed(m, f, a, len(m)), "come from the mother again"),
        (lambda m, f, a, b: crossed(m, f, 0, b), "Those before the first"),
        (from_the_top, "keeps its place"),
        (lambda m, f, a, b: m.clone(), "as she was"),
        (lambda m, f, a, b: f.clone(), "in all layers"),
        (lambda m, f, a, b: (m + f) / 2, "whole layers"),
        (between, "whole layers"),
        (lambda m, f, a, b: m.index_copy_(0, torch.arange(a, b + 1), f[a : b + 1]), "`mother` was changed"),
        (crossed_without_a_copy, "`mother` was changed"),
        (crossed_by_exchange, "`father` was changed"),
        (lambda m, f, a, b: f if b + 1 - a == len(m) else crossed(m, f, a, b), "another name"),
        (lambda m, f, a, b: torch.cat([crossed(m, f, a, b), m])[:10], "shape"),
        (lambda m, f, a, b: f[a : b + 1], "shape"),
        (lambda m, f, a, b: torch.cat([m[:a], f[a:b], m[b + 1 :]]), "shape"),
        (lambda m, f, a, b: torch.cat([m[:, :3], f[:, 3:]], 1), "whose"),
        (lambda m, f, a, b: crossed(m, f.flip(0), a, b), "whose"),
        (lambda m, f, a, b: f[[0] * 10], "whose"),
    ],
    "7_2": [
        (lambda weights, count: directions(weights, count, None), "by its length first"),
        (by_layers, "Divide every row by its own"),
        (lambda weights, count: directions(weights, count, flip=False), "weakest"),
        (lambda weights, count: directions(weights, count, 0), "wrong axis"),
        (lambda weights, count: directions([normalize(torch.cat(weights), dim=0)], count, None), "wrong axis"),
        (lambda weights, count: directions(weights[:1], count), "Only some of the"),
        (lambda weights, count: directions(weights[1:], count), "Only some of the"),
        (lambda weights, count: 2 * directions(weights, count), "length 1"),
        (lambda weights, count: directions(weights, count).T, "shape"),
        (lambda weights, count: directions(weights, 3), "shape"),
        (as_rows, "*columns*"),
        (columns_of_svd, "*columns*"),
        (lambda weights, count: directions(weights, count).flip(0), "Turn them around"),
        (unsorted, "in no order"),
        (the_same_again, "each once"),
        (centered, "no cloud of points"),
        (mean_of_layers, "is possible"),
        (strongest_rows, "is possible"),
        (lambda weights, count: torch.eye(8)[:count], "is possible"),
        (normalized_in_place, "was changed"),
        (normalized_in_the_list, "was changed"),
        (emptied, "was changed"),
    ],
    "7_3": [
        (lambda a, b: a, "unchanged"),
        (lambda a, b: b, "the other direction"),
        (lambda a, b: a - (a @ b) * b, "length 1 again"),
        (lambda a, b: normalize(a - b, dim=0), "whole other"),
        (lambda a, b: a - b, "whole other"),
        (lambda a, b: normalize(a + (a @ b) * b, dim=0), "sign"),
        (lambda a, b: a + (a @ b) * b, "sign"),
        (lambda a, b: normalize(a - (a @ b).abs() * b, dim=0), "without its sign"),
        (lambda a, b: normalize(a - a * b, dim=0), "number by number"),
        (lambda a, b: a - (a @ b) * a, "direction itself"),
        (lambda a, b: without(b, a), "exchanged"),
        (lambda a, b: -without(a, b), "backward"),
        (half_the_share, "still contains"),
        (lambda a, b: normalize(a - 0.3 * b, dim=0), "still contains"),
        (lambda a, b: normalize(a + 3 * b, dim=0), "still contains"),
        (lambda a, b: without(torch.ones(8), b), "not what was left"),
        (lambda a, b: (a - (a @ b) * b) / 2, "not what was left"),
        (lambda a, b: (a - (a @ b) * b) / (1 - (a @ b)), "not what was left"),
        (lambda a, b: a @ b, "shape"),
        (without_in_place, "`direction` was changed"),
        (lambda a, b: (without(a, b), b.neg_())[0], "`other` was changed"),
    ],
}
