"""Answers to the exercises of lesson 2: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

import re

import numpy as np
import torch
from scipy import linalg

from animelab.checks import lesson_02_studio
from animelab.checks.lesson_02_studio import overlap
from animelab.studio import hair

SWAP = {"left": "right", "right": "left"}


def swapped(name):
    return re.sub("left|right", lambda side: SWAP[side[0]], name)


def mirror(points, size):
    return {swapped(name): (size - x, y) for name, (x, y) in points.items()}


def mirror_by_words(points, size):
    turned = {}
    for name in points:
        x, y = points[name]
        words = ["right" if word == "left" else "left" if word == "right" else word for word in name.split("_")]
        turned["_".join(words)] = [size - x, y]
    return turned


def mirror_in_three_steps(points, size):
    names = {name: name.replace("left", "?").replace("right", "left").replace("?", "right") for name in points}
    return {names[name]: (float(size) - x, y) for name, (x, y) in points.items()}


def mirror_chained(points, size):
    return {n.replace("left", "right").replace("right", "left"): (size - x, y) for n, (x, y) in points.items()}


def mirror_in_place(points, size):
    for name, (x, y) in list(points.items()):
        points[name] = (size - x, y)
    return {swapped(name): place for name, place in points.items()}


def mirror_by_pop(points, size):
    return {swapped(name): (size - x, y) for name, (x, y) in [(name, points.pop(name)) for name in list(points)]}


def multiply(below, above):
    return (below + 1) * (above + 1) / 2 - 1


def ratio(over, under):
    """A score per label from two functions of masks."""

    def score(guess, truth, labels):
        masks = [(guess == number, truth == number) for number in range(labels)]
        return torch.stack([over(a, b).sum() / under(a, b).sum() for a, b in masks])

    return score


def iou_by_loops(guess, truth, labels):
    scores = []
    for number in range(labels):
        union = int(((guess == number) | (truth == number)).sum())
        shared = int(((guess == number) * (truth == number)).sum())
        scores.append(shared / union if union else float("nan"))
    return torch.tensor(scores)


def iou_by_python_numbers(guess, truth, labels):
    counts = [(both(guess == n, truth == n).sum().item(), either(guess == n, truth == n).sum().item())
              for n in range(labels)]  # fmt: skip
    return torch.tensor([shared / union for shared, union in counts])


def iou_by_one_hot(guess, truth, labels):
    a, b = (torch.nn.functional.one_hot(each, labels).flatten(0, 2).float() for each in (guess, truth))
    shared = torch.einsum("nl,nl->l", a, b)
    return shared / (a.sum(0) + b.sum(0) - shared)


def iou_over(which, empty=float("nan")):
    """Only the labels that are in one of the maps have a turn."""

    def score(guess, truth, labels):
        scores = torch.full((labels,), empty)
        found = iou(guess, truth, labels)
        for number in which(guess, truth):
            scores[number] = found[number]
        return scores

    return score


def iou_of_masks_in_place(guess, truth, labels):
    scores = iou(guess, truth, labels)
    guess[guess != truth] = 0
    return scores


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


def through_the_root_of_a(a, b):
    values, vectors = torch.linalg.eigh(a)
    root = vectors @ torch.diag(values.clamp_min(0).sqrt()) @ vectors.T
    return torch.linalg.eigvalsh(root @ b @ root).clamp_min(0).sqrt().sum()


def by_singular_values(a, b):
    roots = [vectors * values.relu().sqrt() for values, vectors in map(torch.linalg.eigh, (a, b))]
    return torch.linalg.svdvals(roots[0].T @ roots[1]).sum()


def by_numpy(a, b):
    return torch.from_numpy(abs(np.linalg.eigvals((a @ b).numpy()))).sqrt().sum()


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
        text("[tail] long, ponytail\nback:\n~ lock_fill/hair_line 1.8: 20,60,9 80,60,18 96,140,22 80,250,0"),
        text("# a comment\n[bell] short\nback:\n- back_fill/hair_line 1.9: 0,38 59,100 84,190! 0,180 -84,190! -59,100"),
    ],
    "2_2": [
        mirror,
        lambda points, size: dict(reversed(mirror(points, size).items())),
        mirror_by_words,
        mirror_in_three_steps,
    ],
    "2_3": [
        multiply,
        lambda a, b: 2 * ((a + 1) / 2 * ((b + 1) / 2)) - 1,
        lambda a, b: (a * b + a + b - 1) / 2,
        lambda a, b: torch.lerp(-torch.ones_like(a), a, (b + 1) / 2),
        lambda a, b: torch.mul(a.add(1), b.add(1)).div(2).sub(1),
    ],
    "2_4": [iou, overlap, lambda *given: iou(*given).double(), iou_by_loops, iou_by_one_hot],
    "2_5": [
        distance(eigenvalues),
        distance(by_scipy),
        distance(through_the_root_of_a),
        distance(by_singular_values),
        distance(by_numpy),
        lesson_02_studio.frechet_distance,
        lambda *bells: float(distance(eigenvalues)(*bells)),
    ],
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
        (text(LOOPS.replace("h back_fill/hair_line", "h pink/hair_line")), "'pink'"),
        (text(LOOPS.replace("h back_fill/hair_line", "h back_fill/lash")), "'lash'"),
        (text(LOOPS.replace("] short", "] long")), "reaches down to y = 204"),
        (text("[curtain] short\nfront:\n=m: 60,80,8 66,140,16 66,200,14 60,250,0"), "the tag short"),
        (text(LOOPS.replace("h back_fill/hair_line 1.9", "h back_fill")), "no outline"),
        (text(LOOPS.replace("h back_fill/hair_line", "h back_fill/accent_line")), "no outline"),
        (text(LOOPS + "=m: 155,98,5 162,134,9 158,162,8 170,190,0"), "outside of the picture"),
        (text(LOOPS + "=~ hair_deep: 60,300,0 63,310,1 61,320,0"), "outside of the picture"),
        (text(LOOPS + "=m: 55,98,5 62,134,9"), "three points or more"),
        (text(LOOPS + "=m: 55,98 62,134 58,162 70,190"), "x,y,half width"),
        (text(LOOPS + "=o accent: 42,54"), "two points"),
        (text(LOOPS + "=~ lock_fill/hair_line: 30,56,a 44,26,9"), "cannot be drawn"),
        (text(LOOPS.replace("[loops] short", "")), "name in brackets"),
        (text(LOOPS.replace("front:", "side:")), "stages back, middle and front"),
        (text(LOOPS + "x: 1,2 3,4"), "kind of shape"),
        (lambda: LOOPS.splitlines(), "Return the text"),
        (text("[bows] short\nback:\n=~ accent/accent_line 1.9: 60,100,20 70,160,30 60,220,0"), "color of ribbons"),
        (text(LOOPS + "h #aa3344/hair_line 1.9: 0,38 24,42 43,56"), "neither a fill nor an outline"),
        (
            text(LOOPS.replace("lock_fill/hair_line 1.8", "hair_deep").replace("] short", "] short drill")),
            "twin tails or",
        ),
        (text("[dot] short\nback:\n- back_fill/hair_line: 0,0"), "cannot be drawn"),
    ],
    "2_2": [
        (
            lambda points, size: {name: (size - x, y) for name, (x, y) in points.items()},
            "left eye now lies on the right",
        ),
        (lambda points, size: {swapped(name): place for name, place in points.items()}, "no point has moved"),
        (lambda points, size: {n: (x - 1, y) for n, (x, y) in mirror(points, size).items()}, "1 too small"),
        (lambda points, size: {n: (x, size - y) for n, (x, y) in mirror(points, size).items()}, "should lie at"),
        (lambda points, size: {swapped(n): (x, size - y) for n, (x, y) in points.items()}, "reflection in water"),
        (lambda points, size: {swapped(n): (-x, y) for n, (x, y) in points.items()}, "negative"),
        (lambda points, size: dict(points), "Nothing has changed"),
        (lambda points, size: {n: (int(x), int(y)) for n, (x, y) in mirror(points, size).items()}, "should lie at"),
        (lambda points, size: {n.replace("left", "right"): (size - x, y) for n, (x, y) in points.items()}, "same name"),
        (lambda points, size: mirror(points, 128), "one of 301"),
        (
            lambda points, size: {n: (x + 2 * (size // 2) - size, y) for n, (x, y) in mirror(points, size).items()},
            "301",
        ),
        (mirror_chained, "have the same name"),
        (mirror_in_place, "`points"),
        (mirror_by_pop, "`points"),
        (lambda points, size: {n: (size - x,) for n, (x, y) in mirror(points, size).items()}, "(33, 1)"),
        (lambda points, size: list(mirror(points, size).values()), "should be a dict"),
        (lambda points, size: dict.fromkeys(["nose", "chin", "neck"], 0), "names that went in"),
    ],
    "2_3": [
        (lambda a, b: a * b, "Black on black gives white"),
        (lambda a, b: (a + 1) * (b + 1) / 4, "from 0 to 1"),
        (lambda a, b: (a + b) / 2, "differs by"),
        (torch.minimum, "darken"),
        (lambda a, b: 1 - (1 - a) * (1 - b) / 2, "screen"),
        (lambda a, b: multiply(a, b) + 1, "from 0 to 2"),
        (lambda a, b: multiply(a.detach(), b), "`below`"),
        (lambda a, b: multiply(a, b.data), "`above`"),
        (lambda a, b: a.add_(1).mul_(b + 1).div_(2).sub_(1), "`below`"),
        (lambda a, b: multiply(a, b).clamp(0, 1), "differs by"),
        (lambda a, b: multiply(a, b[:, :1]), "differs by"),
        (lambda a, b: ((a + 1) * 127.5).round() * ((b + 1) * 127.5).round() / 32512.5 - 1, "differs by"),
        (lambda a, b: torch.from_numpy(multiply(a, b).detach().numpy()), "no gradient reaches"),
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
        (iou_over(lambda guess, truth: guess.unique()), "never found"),
        (iou_over(lambda guess, truth: truth.unique()), "never found"),
        (iou_over(lambda guess, truth: torch.cat([guess, truth]).unique(), 0.0), "say nan"),
        (iou_over(lambda guess, truth: torch.cat([guess, truth]).unique(), 1.0), "say nan"),
        (lambda g, t, n: torch.stack([iou(g, t, int(t.max()) + 3)[:8]]).squeeze(), "shape (7,)"),
        (lambda *given: 1 - iou(*given), "nothing in common"),
        (lambda *given: iou(*given).tolist(), "returned a list"),
        (lambda guess, truth, labels: iou(guess, truth, 8), "shape (8,)"),
        (iou_by_python_numbers, "0 / 0 stops Python"),
        (lambda *given: 100 * iou(*given), "in percent"),
        (lambda guess, truth, labels: (guess == truth).float().mean().expand(labels), "label by label"),
        (lambda guess, truth, labels: iou(guess[:1], truth[:1], labels), "label by label"),
        (iou_of_masks_in_place, "`guess` was changed"),
        (lambda *given: torch.nan_to_num(iou(*given), nan=1.0), "say nan"),
    ],
    "2_5": [
        (distance(eigenvalues, squared=False), "Squared?"),
        (distance(lambda a, b: (a @ b).trace()), "root missing"),
        (distance(lambda a, b: (a @ b).abs().sqrt().trace()), "root of A @ A"),
        (distance(one_by_one), "A and B apart"),
        (distance(lambda a, b: torch.linalg.eigvals(a @ b).real.sqrt().sum()), "crumbs"),
        (lambda *bells: distance(eigenvalues)(*bells).sqrt(), "Squared?"),
        (distance(lambda a, b: torch.linalg.eigvalsh(a @ b).clamp(min=0).sqrt().sum()), "not symmetric"),
        (distance(lambda a, b: (a.diag() * b.diag()).sqrt().sum()), "different directions"),
        (distance(lambda a, b: (a.trace() * b.trace()).sqrt()), "different directions"),
        (distance(lambda a, b: 0.5 * eigenvalues(a, b)), "should be 20"),
        (lambda m, a, n, b: (m - n).abs().sum() + distance(eigenvalues)(m, a, m, b), "Squared?"),
        (lambda m, a, n, b: (m - n).square().mean() + distance(eigenvalues)(m, a, m, b), "Squared?"),
        (lambda m, a, n, b: distance(eigenvalues)(m, a, m, b), "Squared?"),
        (distance(lambda a, b: torch.linalg.eigvals(a @ b).sqrt().sum()), "keep the real part"),
        (distance(lambda a, b: eigenvalues(a.mul_(1), b)), "`covariance_a` was changed"),
    ],
}
