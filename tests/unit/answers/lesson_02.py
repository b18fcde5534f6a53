"""Answers to the exercises of lesson 2: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

import re

import torch
from scipy import linalg

from animelab.checks.lesson_02_studio import overlap
from animelab.studio import hair

SWAP = {"left": "right", "right": "left"}


def swapped(name):
    return re.sub("left|right", lambda side: SWAP[side[0]], name)


def mirror(points, size):
    return {swapped(name): (size - x, y) for name, (x, y) in points.items()}


def multiply(below, above):
    return (below + 1) * (above + 1) / 2 - 1


def ratio(over, under):
    """A score per label from two functions of masks."""

    def score(guess, truth, labels):
        masks = [(guess == number, truth == number) for number in range(labels)]
        return torch.stack([over(a, b).sum() / under(a, b).sum() for a, b in masks])

    return score


def both(a, b):
    return a & b


def either(a, b):
    return a | b


def iou(guess, truth, labels):
    return ratio(both, either)(guess, truth, labels)


def iou_by_picture(guess, truth, labels):
    return torch.stack([iou(a, b, labels) for a, b in zip(guess, truth)]).nanmean(0)


def distance(root_trace, squared=True):
    def frechet_distance(mean_a, a, mean_b, b):
        gap = (mean_a - mean_b).square().sum()
        return (gap if squared else gap.sqrt()) + a.trace() + b.trace() - 2 * root_trace(a, b)

    return frechet_distance


def eigenvalues(a, b):
    return torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()


def by_scipy(a, b):
    return torch.tensor(linalg.sqrtm((a @ b).numpy() + 1e-12 * torch.eye(len(a)).numpy()).real).trace()


def one_by_one(a, b):
    return torch.tensor(linalg.sqrtm(a.numpy()) @ linalg.sqrtm(b.numpy())).real.trace()


LOOPS = """
[loops] short
back:
  =~ lock_fill/hair_line 1.8: 30,56,4 44,26,9 70,14,11 94,34,12 92,64,11 68,80,8 50,76,3
  =o accent/accent_line 1.4: 42,54 8,6
  h back_fill/hair_line 1.9: 0,38 24,42 43,56 55,80 59,106 64,132
    68,160 82,186! 62,184 52,200! 34,192 22,204! 10,196 0,200
front:
  =m: 55,98,5 62,134,9 58,162,8 70,190,0
"""


def text(hairstyle):
    return lambda: hairstyle


def bundled(name):
    style = hair.HAIRSTYLES[name]
    rows = "".join(f"{stage}:\n{sketch}" for stage, sketch in style.sketches.items())
    return f"[mine] {' '.join(style.tags)}; {style.crown}\n{rows}"


SOLUTIONS = {
    "2_1": [
        text(LOOPS),
        text(LOOPS.replace("[loops] short", "[loop] short ponytail; spiky").replace("=~", "~")),
        text("[curtain] long\nfront:\n=m: 60,80,8 66,140,16 66,200,14 60,250,0"),
    ],
    "2_2": [mirror, lambda points, size: dict(reversed(mirror(points, size).items()))],
    "2_3": [multiply, lambda a, b: 2 * ((a + 1) / 2 * ((b + 1) / 2)) - 1],
    "2_4": [iou, overlap, lambda *given: iou(*given).double()],
    "2_5": [distance(eigenvalues), distance(by_scipy)],
}

WRONG_ANSWERS = {
    "2_1": [
        (text(None), "Return the text"),
        (text(""), "Return the text"),
        (text(LOOPS + LOOPS.replace("loops", "more")), "one hairstyle"),
        (text(LOOPS.replace("[loops]", "[bob]")), "new name"),
        (text(LOOPS.replace("short", "nice")), "say long or short"),
        (text(LOOPS.replace("30,56,4", "30,56")), "cannot be drawn"),
        (text(LOOPS.replace("hair_line", "hare_line")), "'hair_line'"),
        (text(bundled("hime")), "studio's own"),
        (text("[thin] long\nback:\n=~ hair_line: 60,100,0 70,180,1 60,260,0"), "only"),
        (text(LOOPS + "=n: 30,90,5 26,140,14 26,200,0"), "of the eyes"),
        (text(LOOPS.replace("=", "").replace("  h", "  -")), "to one side"),
    ],
    "2_2": [
        (
            lambda points, size: {name: (size - x, y) for name, (x, y) in points.items()},
            "left eye now lies on the right",
        ),
        (lambda points, size: {swapped(name): place for name, place in points.items()}, "no point has moved"),
        (lambda points, size: {n: (x - 1, y) for n, (x, y) in mirror(points, size).items()}, "1 too small"),
        (lambda points, size: {n: (x, size - y) for n, (x, y) in mirror(points, size).items()}, "begins with"),
        (lambda points, size: list(mirror(points, size).values()), "should be a dict"),
        (lambda points, size: dict.fromkeys(list(points)[:3], 0), "names that went in"),
    ],
    "2_3": [
        (lambda a, b: a * b, "Black on black gives white"),
        (lambda a, b: (a + 1) * (b + 1) / 4, "from 0 to 1"),
        (lambda a, b: (a + b) / 2, "begins with"),
        (torch.minimum, "begins with"),
        (lambda a, b: multiply(a, b)[0], "shape"),
    ],
    "2_4": [
        (ratio(both, lambda a, b: b), "true pixels only"),
        (ratio(both, lambda a, b: a), "guessed pixels only"),
        (lambda *given: 2 * iou(*given) / (1 + iou(*given)), "Dice"),
        (lambda *given: iou(*given) / (1 + iou(*given)), "twice in your union"),
        (lambda *given: iou(*given).nan_to_num(0), "say nan"),
        (iou_by_picture, "whole batch"),
        (lambda *given: iou(*given).nanmean(), "shape ()"),
    ],
    "2_5": [
        (distance(eigenvalues, squared=False), "Squared?"),
        (distance(lambda a, b: (a @ b).trace()), "root missing"),
        (distance(lambda a, b: (a @ b).abs().sqrt().trace()), "root of A @ A"),
        (distance(one_by_one), "one by one"),
        (distance(lambda a, b: torch.linalg.eigvals(a @ b).real.sqrt().sum()), "crumbs"),
        (lambda *bells: distance(eigenvalues)(*bells).sqrt(), "Squared?"),
    ],
}
