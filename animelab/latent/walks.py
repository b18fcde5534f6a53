"""Walks in a generator's latent space, what matters there, and characters that inherit. Taught in 01_dcgan."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from animelab import limits
from animelab.config import nearest
from animelab.errors import LabError
from animelab.metrics.attributes import GROUPS
from animelab.studio import TAGS

Generate = Callable[[Tensor], Tensor]  # latents (B, latent) to pictures (B, 3, H, W)
Parent = tuple[Tensor, Tensor]  # a latent (D,) and attributes (34,)
HAIR_STYLES = ("long", "short", "twin-tail", "drill", "ponytail")


def slerp(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """Spherical interpolation from a (t = 0) to b (t = 1), each (D,) or row by row (B, D).

    The angle grows evenly and the length goes evenly from |a| to |b|, so that a point on the way is as typical a
    sample of a Gaussian as its ends; a straight line would cut through the middle, where there are none. Parallel
    vectors are joined by a straight line. t: a number, or (B, 1) for rows. (Shoemake 1985; White 2016, section 2.)
    """
    a, b = limits.numbers("A latent", a), limits.numbers("The other latent", b)
    if a.shape != b.shape:
        raise LabError(f"slerp joins two latents of one shape, not {tuple(a.shape)} and {tuple(b.shape)}.")
    t = limits.numbers("t", t).to(a) if isinstance(t, Tensor) else limits.number("t", t, (-1e6, 1e6))
    tiny = torch.finfo(a.dtype).tiny
    length_a, length_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    unit_a, unit_b = a / length_a.clamp_min(tiny), b / length_b.clamp_min(tiny)
    angle = torch.atan2((unit_a - unit_b).norm(dim=-1, keepdim=True), (unit_a + unit_b).norm(dim=-1, keepdim=True)) * 2
    sine = angle.sin()
    direction = (((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b) / sine
    arc = ((1 - t) * length_a + t * length_b) * direction
    return torch.where(sine > 1e-4, arc, (1 - t) * a + t * b)


def walk(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """`steps` latents (steps, D) from a to b, each (D,), both ends included, evenly along the arc."""
    a, b = limits.numbers("A latent", a, None), limits.numbers("The other latent", b, None)
    steps = limits.whole("steps", steps, (2, limits.COUNT[1]))
    t = torch.linspace(0, 1, steps, dtype=a.dtype, device=a.device)[:, None]
    return slerp(a.expand(steps, -1), b.expand(steps, -1), t)


def principal_directions(generate: Generate, latent: int, count: int = 6, samples: int = 1024, seed: int = 0) -> Tensor:
    """Unit latent directions (count, latent), ordered by how much a step along each changes the picture.

    Asks nothing of the generator but pictures: `samples` of them, reduced to 16x16, are explained by ridge regression
    on their latents; the singular vectors of that linear map are the directions, positive toward brighter.
    Deterministic for one seed. generate: latents (B, latent) to pictures (B, C, H, W), in evaluation mode. In the
    spirit of GANSpace (Härkönen et al. 2020). Raises LabError when there are fewer samples or dimensions than the
    answer needs.
    """
    latent = limits.whole("latent", latent, limits.SETTINGS["latent"])
    samples = limits.whole("samples", samples, limits.COUNT)
    count, seed = limits.whole("count", count, (1, latent)), limits.whole("seed", seed, limits.SEEDS)
    if samples < 2 * latent:
        raise LabError(f"{samples} samples cannot explain {latent} latent numbers; take at least {2 * latent}.")
    latents = torch.randn(samples, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        made = (limits.pictures(generate(part), "What generate makes", None) for part in latents.split(64))
        small = [adaptive_avg_pool2d(part.float().cpu(), 16).flatten(1) for part in made]
    pixels = torch.cat(small).double()
    x = latents.double()
    x = x - x.mean(0)
    # Pictures answer in bends that a linear map cannot follow; the ridge keeps that rest from passing for a direction.
    ridge = 0.1 * samples * torch.eye(latent, dtype=torch.float64)
    effect = torch.linalg.solve(x.T @ x + ridge, x.T @ (pixels - pixels.mean(0)))  # (latent, pixels)
    directions, _, changes = torch.linalg.svd(effect, full_matrices=False)
    if directions.shape[1] < count:
        raise LabError(f"Pictures of {pixels.shape[1]} numbers show at most {directions.shape[1]} directions.")
    brighter = torch.where(changes.sum(1) < 0, -1.0, 1.0)
    return (directions * brighter).T[:count].float().contiguous()


def attributes(words: str | Iterable[str]) -> Tensor:
    """A condition in words, "blue hair, red eyes, smile", as the 34 numbers (34,) of `studio.TAGS`.

    Raises LabError for a word that is no attribute, with the nearest one.
    """
    asked = words.split(",") if isinstance(words, str) else list(words) if isinstance(words, Iterable) else [words]
    if not all(isinstance(word, str) for word in asked):
        raise LabError(f"Attributes are words, such as 'blue hair, smile', not a {type(words).__name__}.")
    asked = [word.strip().lower() for word in asked]
    for word in asked:
        if word and word not in TAGS:
            raise LabError(f"There is no attribute '{word}': {nearest(word, TAGS)}")
    return torch.tensor([float(tag in asked) for tag in TAGS])


GENES = [*GROUPS.values(), [i for i, tag in enumerate(TAGS) if tag in HAIR_STYLES]]
GENES += [[i] for i in range(len(TAGS)) if not any(i in gene for gene in GENES)]
"""Columns of `studio.TAGS` that are inherited together: hair color, eye color, hair style, then each of the others."""


def fuse(a: Parent, b: Parent, t: float = 0.5, seed: int = 0, mutation: float = 0.0) -> Parent:
    """A child of two characters, each a latent (D,) and attributes (34,).

    The latent lies at part t of the arc between the parents. Every gene comes from one of them, from b with probability
    t; with probability `mutation` the child's latent also gets a direction of its own, of that share. Deterministic for
    a seed. t = 0 gives a, t = 1 gives b, two equal parents give themselves, and with t = 0.5 it does not matter who is
    a. In the spirit of Crypko (2018). Taught in 03_attributes.
    """
    t, mutation = limits.number("t", t, (0.0, 1.0)), limits.number("mutation", mutation, (0.0, 1.0))
    seed = limits.whole("seed", seed, limits.SEEDS)
    if not all(isinstance(each, tuple | list) and len(each) == 2 for each in (a, b)):
        raise LabError("A parent is a latent and its attributes, together in a tuple.")
    a, b = ((limits.numbers("A latent", z, None), limits.numbers("Attributes", y, len(TAGS))) for z, y in (a, b))
    if tuple(a[0].tolist()) > tuple(b[0].tolist()):  # the same random numbers for either order of the parents
        a, b, t = b, a, 1 - t
    generator = torch.Generator().manual_seed(seed)
    child, rolls = a[1].clone(), torch.rand(len(GENES), generator=generator)
    for gene, roll in zip(GENES, rolls):
        if roll < t:
            child[gene] = b[1][gene]
    z = slerp(a[0], b[0], t)
    if mutation:
        z = slerp(z, torch.randn(z.shape, generator=generator).to(z), mutation)
    return z, child
