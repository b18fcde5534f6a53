"""Answers to the exercises of lesson 7."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


def crossed(mother, father, first, last):
    child = mother.clone()
    child[first : last + 1] = father[first : last + 1]
    return child


def directions(weights, count, dim=1, flip=True):
    rows = torch.cat([normalize(weight, dim=dim) if dim is not None else weight for weight in weights])
    vectors = torch.linalg.eigh(rows.T @ rows)[1]
    return (vectors.flip(1) if flip else vectors).T[:count]


def by_singular_values(weights, count):
    rows = torch.cat([weight / weight.norm(dim=1, keepdim=True) for weight in weights])
    return -torch.linalg.svd(rows)[2][:count]


def as_rows(weights, count):
    rows = torch.cat([normalize(weight, dim=1) for weight in weights])
    return torch.linalg.eigh(rows.T @ rows)[1].flip(1)[:count]


def unsorted(weights, count):
    rows = torch.cat([normalize(weight, dim=1) for weight in weights])
    return torch.linalg.eig(rows.T @ rows)[1].real.T[:count]


def without(direction, other):
    return normalize(direction - (direction @ other) * other, dim=0)


SOLUTIONS = {
    "7_1": [crossed, lambda m, f, a, b: torch.cat([m[:a], f[a : b + 1], m[b + 1 :]])],
    "7_2": [directions, by_singular_values],
    "7_3": [without],
}

WRONG_ANSWERS = {
    "7_1": [
        (lambda m, f, a, b: crossed(f, m, a, b), "exchanged"),
        (lambda m, f, a, b: crossed(m, f, a, b - 1), "the last one counts"),
        (lambda m, f, a, b: (m + f) / 2, "whole layers"),
        (lambda m, f, a, b: m.index_copy_(0, torch.arange(a, b + 1), f[a : b + 1]), "changed"),
        (lambda m, f, a, b: f[[0] * 10], "whose"),
    ],
    "7_2": [
        (lambda weights, count: directions(weights, count, None), "by its length first"),
        (lambda weights, count: directions(weights, count, flip=False), "weakest"),
        (lambda weights, count: directions(weights, count, 0), "wrong\naxis".replace("\n", " ")),
        (lambda weights, count: directions(weights[:1], count), "Only the first"),
        (lambda weights, count: directions(weights[1:], count), "Only the last"),
        (lambda weights, count: 2 * directions(weights, count), "length 1"),
        (as_rows, "*columns*"),
        (lambda weights, count: directions(weights, count).flip(0), "Turn them around"),
        (unsorted, ""),
    ],
    "7_3": [
        (lambda a, b: a, "unchanged"),
        (lambda a, b: a - (a @ b) * b, "length 1 again"),
        (lambda a, b: normalize(a - b, dim=0), "whole other"),
        (lambda a, b: a - b, "whole other"),
        (lambda a, b: normalize(a + (a @ b) * b, dim=0), "sign"),
        (lambda a, b: without(b, a), "exchanged"),
        (lambda a, b: -without(a, b), "backward"),
        (lambda a, b: normalize(a + 3 * b, dim=0), "still contains"),
        (lambda a, b: without(torch.ones(8), b), "not what was left"),
    ],
}
