"""Checks of 02_studio: a hairstyle, landmarks in the mirror, multiply, intersection over union, Fréchet's distance."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab import studio
from animelab.checks.harness import check, close, tensor, wrong
from animelab.errors import LabError
from animelab.studio import LABELS, Character, hair


@check("2.1", "The studio has a hairstyle it did not have: in every color, pose, layer and style.")
def check_2_1(my_hairstyle: Any) -> None:
    """my_hairstyle(): a hairstyle as text, written like those in animelab/studio/sketches/hair.txt."""
    text = my_hairstyle()
    try:
        styles = hair.hairstyles(text) if isinstance(text, str) else {}
    except LabError as problem:
        wrong(str(problem))
    if len(styles) != 1 or styles.keys() & hair.BUNDLED or len(text.strip().splitlines()) > 20:
        wrong(f"Return the text of one hairstyle in up to 20 lines, under a new name; yours has {[*styles]}.")
    (style,) = styles.values()
    bald, mine = (_drawn(each) for each in (hair.Hairstyle(("short",), "smooth", {}), style))
    added, hidden = (mine == 1) & (bald != 1), 1 - (mine == LABELS["iris"]).sum() / (bald == LABELS["iris"]).sum()
    if any((_drawn(hair.HAIRSTYLES[name]) != mine).mean() < 0.003 for name in hair.BUNDLED):
        wrong("That is one of the studio's own hairstyles. Move its points until nobody would mistake the two.")
    if added.mean() < 0.02:
        wrong(f"It adds hair to {added.mean():.1%} of the picture only. Do its outlines enclose something?")
    if hidden > 0.1:
        wrong(f"It hides {hidden:.0%} of the eyes. What hangs in front stays outside of x = 47.")
    if (added & added[:, ::-1]).sum() < 0.5 * (added | added[:, ::-1]).sum() and "ponytail" not in style.tags:
        wrong("It hangs to one side. `h` and `=` draw both sides; if one side is meant, add the tag ponytail.")


def _drawn(style: hair.Hairstyle) -> np.ndarray:
    """The label map of a character with that hairstyle, (128, 128)."""
    hair.HAIRSTYLES["of the check"] = style
    try:
        return studio.label_map(Character(hair_style="of the check"), 128)
    finally:
        del hair.HAIRSTYLES["of the check"]


@check("2.2", "Pixels and landmarks turn around together, and left is left again.")
def check_2_2(mirror: Any) -> None:
    """mirror(points, size): {name: (x, y)} of a picture to those of its mirror image."""
    points = studio.landmarks(Character(yaw=0.4, roll=9.0), 128)
    answer = mirror(dict(points), 128)
    if not isinstance(answer, dict) or set(answer) != set(points):
        wrong(f"The answer should be a dict with the {len(points)} names that went in; yours is {str(answer)[:80]!r}.")
    other = [re.sub("left|right", lambda side: {"left": "right"}.get(side[0], "left"), name) for name in points]
    given, kept, named = (torch.tensor(list(map(found.get, names))).double()
                          for found, names in ((points, points), (answer, points), (answer, other)))  # fmt: skip
    right = given * given.new([-1, 1]) + given.new([128, 0])
    if close(kept, right):
        wrong("The points are in place, but the left eye now lies on the right. Which eye is left in the mirror?")
    _judge(named, right, {
        "Names were traded, and no point has moved: x should now be counted from the other edge.": given,
        "Every x is 1 too small. Here x counts edges and not pixels: the right edge is 128.": right - right.new([1, 0]),
    })  # fmt: skip


@check("2.3", "White paper leaves the colors alone, black ink covers them, and the range is still -1 to 1.")
def check_2_3(multiply: Any) -> None:
    """multiply(below, above): (B, 3, H, W) in [-1, 1], twice, to the same."""
    below, above = 2 * torch.rand(2, 2, 3, 5, 7) - 1
    product = (below + 1) * (above + 1) / 4
    _judge(tensor(multiply(below.clone(), above.clone()), (2, 3, 5, 7)), 2 * product - 1, {
        "Black on black gives white: -1 times -1 is 1. Multiply where black is 0 and white is 1.": below * above,
        "The product is right, but it runs from 0 to 1. The result should be a network's picture again.": product,
    })  # fmt: skip


def overlap(guess: Tensor, truth: Tensor, labels: int) -> Tensor:
    """Intersection over union of two batches of label maps for each label, (labels,); nan for one in neither."""
    pairs = torch.bincount((guess * labels + truth).flatten(), minlength=labels**2).view(labels, labels)
    return pairs.diag() / (pairs.sum(0) + pairs.sum(1) - pairs.diag())


@check("2.4", "Every part now counts for itself, however small, and one that is nowhere does not count at all.")
def check_2_4(intersection_over_union: Any) -> None:
    """intersection_over_union(guess, truth, labels): int64 (B, H, W) twice to float (labels,)."""
    guess, truth = torch.randint(0, 4, (2, 3, 8, 8))
    truth[0], guess[0] = 0, 1  # so that the average over pictures is not that over pixels
    ours, theirs = (labels.flatten().bincount() for labels in (guess, truth))
    right = overlap(guess, truth, 4)
    both = right / (1 + right) * (ours + theirs)
    answer = tensor(intersection_over_union(guess.clone(), truth.clone(), 6), (6,))
    _judge(answer[:4], right, {
        "You divide by the true pixels only: whoever calls everything hair would find all hair.": both / theirs,
        "You divide by the guessed pixels only: one careful pixel of hair would score 1.": both / ours,
        "That is the Dice score, which counts what is in both twice. Here it counts once.": 2 * both / (ours + theirs),
        "What is in both maps counts twice in your union. Each pixel is there once.": both / (ours + theirs),
    }, "Counted over the whole batch at once, label by label: ")  # fmt: skip
    if not answer[4:].isnan().all():
        wrong(f"Labels 4 and 5 are in neither map and score {answer[4]:.2f}; say nan, which a mean can leave out.")


@check("2.5", "You have the distance inside FID, and it survives correlations and rounding.")
def check_2_5(frechet_distance: Any) -> None:
    """frechet_distance(mean_a, covariance_a, mean_b, covariance_b): float64 (D,), (D, D) twice to a scalar."""
    zero, one, roots, thin = (
        each.double() for each in (torch.zeros(5), torch.eye(5), torch.randn(2, 5, 5), torch.randn(20, 2))
    )
    (a, b), flat = roots @ roots.mT, thin @ thin.mT
    shared = torch.linalg.svdvals(roots[0].mT @ roots[1]).sum()  # the trace of the root, by another way
    for bells, right, words in (
        ((zero, one, zero + 2, one), 20.0, "Two round bells of width 1 in 5 dimensions, 2 apart in each. Squared?"),
        ((zero, one, zero, 9 * one), 20.0, "Round bells of the widths 1 and 3 in one place. Is a root missing?"),
        ((zero, a, zero, a), 0.0, "A bell and itself. What is the root of A @ A?"),
        ((zero, a, zero, b), a.trace() + b.trace() - 2 * shared, "Two bells that stretch in different directions. "
         "The root is that of the matrix A @ B: not of its entries, nor of A and B one by one."),
        ((flat[0], flat, flat[0], flat), 0.0, "Two bells that are flat in most directions: rounding leaves crumbs."),
    ):  # fmt: skip
        answer = tensor(frechet_distance(*(bell.clone() for bell in bells)), ())
        if answer.is_complex() or not abs(float(answer) - float(right)) < 1e-4:
            wrong(f"{words} Yours is {answer.item():.4g}, and it should be {float(right):.4g}.")


def _judge(answer: Tensor, right: Tensor, mistakes: dict[str, Tensor], otherwise: str = "") -> None:
    """Compare an answer with what known mistakes would give, {advice: value}, and then with the right one."""
    for advice, mistake in mistakes.items():
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        begin, should = (values.flatten()[:3].tolist() for values in (answer, right))
        wrong(f"{otherwise}Yours begins with {begin}, and it should with {should}.")
