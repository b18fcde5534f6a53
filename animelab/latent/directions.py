"""Directions in StyleGAN2's w: found without labels, with labels, or read off the weights. For 07_latent_editing."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import normalize, softplus

from animelab import limits
from animelab.errors import LabError
from animelab.nn.stylegan2 import Generator, StyledConv


def ganspace(w: Tensor, count: int = 10) -> tuple[Tensor, Tensor]:
    """Where w (N, latent) varies most: unit directions (count, latent), and the standard deviation along each (count,).

    The principal components of w (Härkönen et al. 2020, section 2). Raises LabError when N is too small for the count.
    """
    w, count = limits.numbers("w", w, None, None), limits.whole("count", count, limits.COUNT)
    if count >= min(len(w), w.shape[1] + 1):
        raise LabError(f"{len(w)} samples of {w.shape[1]} numbers have no {count} principal components; draw more.")
    _, sizes, directions = torch.linalg.svd(w - w.mean(0), full_matrices=False)
    return directions[:count], sizes[:count] / (len(w) - 1) ** 0.5


def sefa(generator: Generator, count: int = 10, layers: Iterable[int] | None = None) -> Tensor:
    """Directions of w that change the styles most, unit (count, latent), strongest first, without a picture.

    layers: whose styles, as numbers of layers; by default all. A layer's style is a matrix times w, each of whose rows
    counts alike: the eigenvectors of the product of the matrices (Shen and Zhou 2021, section 3).
    """
    if not isinstance(generator, Generator):
        kind = type(generator).__name__
        raise LabError(f"A StyleGAN2's generator is asked for, such as model.generator, not {kind}.")
    styles = [module.affine for module in generator.synthesis.convs if isinstance(module, StyledConv)]
    count = limits.whole("count", count, (1, generator.mapping.mean.shape[0]))
    chosen = [styles[layer].weight.detach() for layer in _layers(layers, len(styles))]
    rows = torch.cat([normalize(weight, dim=1) for weight in chosen])  # (channels, latent)
    _, vectors = torch.linalg.eigh(rows.T @ rows)  # smallest first
    return vectors.flip(1).T[:count].contiguous()


def interfacegan(w: Tensor, scores: Tensor, share: float = 0.1, strength: float = 1e-3) -> Tensor:
    """The unit direction (latent,) across the border between high and low scores (Shen et al. 2020, section 3).

    w: (N, latent); scores: (N,), of one attribute. The `share` of the highest and that of the lowest scores are told
    apart by a plane; we fit it by logistic regression, the paper by a support vector machine. LabError for too few.
    """
    w = limits.numbers("w", w, None, None)
    scores = limits.numbers("Scores", scores, len(w))
    count = int(limits.number("share", share, (0.0, 1.0)) * len(w))
    if count < 2 or 2 * count > len(w):
        raise LabError(f"A share of {share} of {len(w)} samples leaves {count} a side; take more samples.")
    if scores.min() == scores.max() or bool((w == w[:1]).all()):
        raise LabError(f"All of {len(w)} samples, or of their scores, are the same: nothing tells them apart.")
    order = scores.argsort()
    some = torch.cat([w[order[-count:]], w[order[:count]]]).double()
    side = torch.cat([torch.ones(count), -torch.ones(count)]).double()
    middle, spread = some.mean(0), some.std()
    plane = torch.zeros(w.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([plane], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        logits = ((some - middle) / spread) @ plane[:-1] + plane[-1]
        value = softplus(-side * logits).mean() + strength * plane[:-1].square().sum()
        value.backward()
        return value

    solver.step(loss)
    return normalize(plane.detach()[:-1], dim=0).to(w)


def conditional(direction: Tensor, *others: Tensor) -> Tensor:
    """What of a direction (latent,) changes none of the others: their part taken out, unit again (section 3.3 there).

    Raises LabError when nothing is left.
    """
    direction = limits.numbers("A direction", direction, None)
    rest = perpendicular(direction, *others)
    if rest.norm() < 1e-4 * direction.norm():
        raise LabError("This direction is a sum of the others; nothing of it is left without them.")
    return normalize(rest, dim=0)


def perpendicular(step: Tensor, *others: Tensor) -> Tensor:
    """What of steps (..., latent) is at a right angle to each of the others, (latent,); shorter than they were."""
    if not others:
        raise LabError("Without which directions? Name at least one other.")
    step = limits.numbers("A step", step)
    if not step.ndim:
        raise LabError("A step is a row of numbers, one for each of the latent's, not a single one.")
    rows = [limits.numbers("Each of the others", each, step.shape[-1]).to(step) for each in others]
    basis, _ = torch.linalg.qr(torch.stack(rows, 1))
    return step - step @ basis @ basis.T


def crossed(mother: Tensor, father: Tensor, first: int, last: int) -> Tensor:
    """The mother's w (layers, latent) with the father's layers first to last, both included."""
    mother = limits.numbers("The mother", mother, None, None)
    father = limits.numbers("The father", father, *mother.shape)
    first, last = (limits.whole("A layer", layer, (-1, len(mother))) for layer in (first, last))
    return torch.cat([mother[:first], father[first : last + 1], mother[last + 1 :]])


def edit(w: Tensor, direction: Tensor, amount: float, layers: Iterable[int] | None = None) -> Tensor:
    """w (B, layers, latent) moved by so much along a direction (latent,), in some layers or by default in all."""
    w = limits.numbers("w", w, None, None, None)
    direction = limits.numbers("A direction", direction, w.shape[2])
    moved = w.clone()
    moved[:, _layers(layers, w.shape[1])] += limits.number("amount", amount, (-1e6, 1e6)) * direction.to(w)
    return moved


def _layers(layers: Iterable[int] | None, count: int) -> list[int]:
    if not isinstance(layers, Iterable | None) or isinstance(layers, str):
        raise LabError(f"Layers are a row of numbers, such as range(0, 4), not {layers!r}.")
    return [limits.whole("A layer", layer, (0, count - 1)) for layer in (range(count) if layers is None else layers)]
