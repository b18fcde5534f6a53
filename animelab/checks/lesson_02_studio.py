"""Checks of 02_studio: a hairstyle, landmarks in the mirror, multiply, intersection over union, Fréchet's distance."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab import studio
from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.errors import LabError
from animelab.studio import LABELS, Character, hair
from animelab.studio.ink import Sketched, parse

FILLS = {"back_fill", "lock_fill", "hair_shade", "hair_deep", "hair_glow", "hair_strand", "hair_line"}
ROLES = FILLS | {"accent", "accent_light", "accent_line", ""}
SHOULDERS = 230  # in the units of a sketch: what ends above is short hair


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
    shapes = [shape for sketch in style.sketches.values() for _, shape in parse(sketch)]
    if shapes and not any(shape.fill in FILLS for shape in shapes):
        wrong("All of it has the color of ribbons. Hair that follows the hair's color has a fill such as lock_fill.")
    if any(not (shape.fill or shape.line or shape.name in {other.clip for other in shapes}) for shape in shapes):
        wrong("A shape has neither a fill nor an outline, so nothing of it is drawn (`#` gives a name, not a color).")
    if foreign := {role for shape in shapes for role in (shape.fill, shape.line)} - ROLES:
        wrong(f"It asks for '{min(foreign)}', which has one color under hair of any. Use {', '.join(sorted(FILLS))}.")
    if bare := [shape for shape in shapes if shape.fill in ("back_fill", "lock_fill") and shape.line != "hair_line"]:
        wrong(f"A shape is filled with {bare[0].fill} and has no outline: in the layer `line` it is not there. "
              f"Write {bare[0].fill}/hair_line and a width.")  # fmt: skip
    if not all(map(_seen, shapes)):
        wrong("A shape lies outside of the picture, which reaches from x -138 to 138 and from y -10 to 266.")
    hanging = [shape for stage in ("back", "middle") for _, shape in parse(style.sketches.get(stage, ""))]
    apart = [shape for shape in hanging if min(shape.curve.xs) > 0 and shape.fill in ("back_fill", "lock_fill")]
    if {"twin-tail", "drill"} & {*style.tags} and not apart:
        wrong("It has the tag of twin tails or drills, and no filled shape of `back` or `middle` hangs beside the "
              "head.")  # fmt: skip
    reach = max((max(shape.curve.ys) for shape in shapes if shape.fill in FILLS), default=0)
    if ("long" in style.tags) != (reach > SHOULDERS):
        wrong(f"It reaches down to y = {reach:.0f} and has the tag {style.tags[0]}. What ends above {SHOULDERS} is "
              "short, what hangs lower is long: whoever learns from the tags has to believe them.")  # fmt: skip
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


def _seen(shape: Sketched) -> bool:
    """Whether any point of a shape lies in the picture of a bust."""
    return any(abs(x) < 138 and -10 < y < 266 for x, y in zip(shape.curve.xs, shape.curve.ys))


def _drawn(style: hair.Hairstyle) -> np.ndarray:
    """The label map of a character with that hairstyle, (128, 128)."""
    hair.HAIRSTYLES["of the check"] = style
    try:
        return studio.label_map(Character(hair_style="of the check"), 128)
    finally:
        del hair.HAIRSTYLES["of the check"]


def mirror(points: dict[str, tuple[float, float]], size: int) -> dict[str, tuple[float, float]]:
    """The landmarks of the mirrored picture."""
    other = {"left": "right", "right": "left"}
    return {re.sub("left|right", lambda side: other[side[0]], name): (size - x, y) for name, (x, y) in points.items()}


@check("2.2", "Pixels and landmarks turn around together, and left is left again.", mirror, gradients=False)
def check_2_2(answer_of: Any) -> None:
    """mirror(points, size): {name: (x, y)} of a picture to those of its mirror image."""
    points = studio.landmarks(Character(yaw=0.4, roll=9.0), 128)
    answer = answer_of(dict(points), 128)
    names = " ".join(map(str, answer)) if isinstance(answer, dict) else ""
    if ("left" in names) != ("right" in names):
        wrong(f"{len(points)} points went in and {len(answer)} came out. After the first half of an exchange, left and "
              "right have the same name, and of two points with one name the second replaces the first.")  # fmt: skip
    if not isinstance(answer, dict) or set(answer) != set(points):
        wrong(f"The answer should be a dict with the {len(points)} names that went in; yours is {str(answer)[:80]!r}.")
    places, kept, named = (
        torch.tensor([found[name] for name in names]).double()
        for found, names in ((points, points), (answer, points), (answer, mirror(points, 128)))
    )
    right = places * places.new([-1, 1]) + places.new([128, 0])
    recognize(
        tensor(kept, (len(points), 2)),
        (right, "The points are in place, but the left eye now lies on the right. Which eye is left in the mirror?"),
        (places, "Nothing has changed: neither a place nor a name."),
    )  # fmt: skip
    recognize(
        named,
        (places, "Names were traded, and no point has moved: x should now be counted from the other edge."),
        (right - right.new([1, 0]), "Every x is 1 too small. Here x counts edges and not pixels: the right edge is "
         "128."),
        (places * places.new([-1, 1]), "Every x is negative: x counts from the left edge, and the mirror is at size / "
         "2."),
        (places * places.new([1, -1]) + places.new([0, 128]), "You turned y around: that is a reflection in water."),
    )  # fmt: skip
    for name, found, wanted in zip(mirror(points, 128), named.tolist(), right.tolist()):
        if not np.allclose(found, wanted, atol=1e-3):
            wrong(f"`{name}` lies at {found} now, and it should lie at {wanted}.")
    if abs(answer_of({"nose": (100.0, 90.0)}, 301)["nose"][0] - 201) > 1e-3:
        wrong("A picture of 128 pixels comes out right, one of 301 does not. Is the size written as a number, or half "
              "of it rounded?")  # fmt: skip


def multiply(below: Tensor, above: Tensor) -> Tensor:
    """Two pictures in [-1, 1] in the mode multiply."""
    return (below + 1) * (above + 1) / 2 - 1


@check("2.3", "White paper leaves the colors alone, black ink covers them, and the range is still -1 to 1.", multiply)
def check_2_3(answer_of: Any) -> None:
    """multiply(below, above): (B, 3, H, W) in [-1, 1], twice, to the same."""
    below, above = 2 * torch.rand(2, 2, 3, 5, 7) - 1
    right = multiply(below, above)
    recognize(
        tensor(answer_of(below.clone(), above.clone()), (2, 3, 5, 7)),
        (below * above, "Black on black gives white: -1 times -1 is 1. Multiply where black is 0 and white is 1."),
        ((right + 1) / 2, "The product is right, but it runs from 0 to 1. The result should be a network's picture "
         "again."),
        (right + 1, "The product is right, but it runs from 0 to 2. Go back to -1 to 1 at the end."),
        (torch.minimum(below, above), "That is the mode *darken*: the darker of the two wins, and nothing is "
         "multiplied."),
        (-multiply(-below, -above), "That is the mode *screen*: white covers everything. Here black does."),
    )  # fmt: skip


def overlap(guess: Tensor, truth: Tensor, labels: int) -> Tensor:
    """Intersection over union of two batches of label maps for each label, (labels,); nan for one in neither."""
    pairs = torch.bincount((guess * labels + truth).flatten(), minlength=labels**2).view(labels, labels)
    return pairs.diag() / (pairs.sum(0) + pairs.sum(1) - pairs.diag())


@check("2.4", "Every part counts for itself, and one that is nowhere does not count.", overlap, gradients=False)
def check_2_4(intersection_over_union: Any) -> None:
    """intersection_over_union(guess, truth, labels): int64 (B, H, W) twice to float (labels,)."""
    guess, truth = torch.randint(0, 4, (2, 3, 8, 8))
    truth[0], guess[0] = 0, 1  # so that the average over pictures is not that over pixels
    truth[1, :2], guess[2, :3] = 4, 5  # a part never found, and one found where there is none; 6 and 7 are nowhere
    ours, theirs = (labels.flatten().bincount(minlength=8) for labels in (guess, truth))
    right = overlap(guess, truth, 8)
    intersection_over_union = explained(intersection_over_union, {"ZeroDivisionError": "Labels 6 and 7 are in neither "
        "map, and 0 / 0 stops Python. Tensors divide to nan, which is what such a label should score."})  # fmt: skip
    answer = tensor(intersection_over_union(guess.clone(), truth.clone(), 8), (8,))
    both = (right / (1 + right) * (ours + theirs))[:4]
    total = (ours + theirs)[:4]
    recognize(
        answer[:4],
        (both / theirs[:4], "You divide by the true pixels only: whoever calls everything hair would find all hair."),
        (both / ours[:4], "You divide by the guessed pixels only: one careful pixel of hair would score 1."),
        (2 * both / total, "That is the Dice score, which counts what is in both twice. Here it counts once."),
        (both / total, "What is in both maps counts twice in your union. Each pixel is there once."),
        (1 - right[:4], "1 means that the two maps have nothing in common. It should mean that they agree."),
        (100 * right[:4], "The scores are right, in percent. They should run from 0 to 1."),
    )  # fmt: skip
    if not close(answer[:4], right[:4]):
        begin, should = (values[:3].tolist() for values in (answer, right))
        wrong(f"Counted over the whole batch at once, label by label, yours begins with {begin}, not with {should}.")
    if not close(answer[4:6], torch.zeros(2)):
        wrong(f"Label 4 is in the truth only and 5 in the guess only: both score 0, and yours are {answer[4]:.2f} and "
              f"{answer[5]:.2f}. A part that was never found must not vanish from the mean.")  # fmt: skip
    if not answer[6:].isnan().all():
        wrong(f"Labels 6 and 7 are in neither map and score {answer[6]:.2f}; say nan, which a mean can leave out.")
    tensor(intersection_over_union(guess.clone(), truth.clone(), 10), (10,))


def frechet_distance(mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor) -> Tensor:
    """The squared Fréchet distance of two normal distributions."""
    roots = torch.linalg.eigvals(covariance_a @ covariance_b).real.clamp(min=0).sqrt()
    return (mean_a - mean_b).square().sum() + covariance_a.trace() + covariance_b.trace() - 2 * roots.sum()


@check("2.5", "You have the distance inside FID, and it survives rounding.", frechet_distance, gradients=False)
def check_2_5(answer_of: Any) -> None:
    """frechet_distance(mean_a, covariance_a, mean_b, covariance_b): float64 (D,), (D, D) twice to a scalar."""
    zero, one, still = (each.double() for each in (torch.zeros(5), torch.eye(5), torch.zeros(20)))
    roots, thin = torch.randn(2, 5, 5).double(), torch.randn(20, 2).double()
    (a, b), flat = roots @ roots.mT, thin @ thin.mT
    shared = torch.linalg.svdvals(roots[0].mT @ roots[1]).sum()  # the trace of the root, by another way
    for given, right, words in (
        ((zero, one, zero + 2, one), 20.0, "Two distributions of width 1 in 5 dimensions, 2 apart in each. Squared?"),
        ((zero, one, zero, 9 * one), 20.0, "Two distributions of widths 1 and 3 in one place. Is a root missing?"),
        ((zero, a, zero, a), 0.0, "A distribution and itself. What is the root of A @ A?"),
        ((zero, a, zero, b), a.trace() + b.trace() - 2 * shared, "Two that stretch in different directions. "
         "The root is that of the matrix A @ B, which is not symmetric: not of its entries, nor of A and B apart."),
        ((flat[0], flat, flat[0], flat), 0.0, "Both are flat in most directions: rounding leaves crumbs."),
        ((still, flat, still + 1, 4 * flat), 20 + flat.trace(), "A flat one and one twice as wide, 1 apart in each."),
    ):  # fmt: skip
        answer = answer_of(*(each.clone() for each in given))
        answer = torch.tensor(answer) if isinstance(answer, float) else tensor(answer, ())
        if answer.is_complex():
            wrong(f"{words} Yours is a complex number, {answer.item():.4g}. Eigenvalues come as complex numbers, "
                  "and here they are real but for rounding: keep the real part.")  # fmt: skip
        if not abs(float(answer) - float(right)) < 1e-4:
            wrong(f"{words} Yours is {answer.item():.4g}, and it should be {float(right):.4g}.")
