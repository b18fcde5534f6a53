"""Walking through a generator's latent space, and finding the directions that matter. Taught in 01_dcgan."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from animelab.errors import LabError

Generate = Callable[[Tensor], Tensor]  # latents (B, latent) to pictures (B, 3, H, W)


def slerp(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """Spherical interpolation from a (t = 0) to b (t = 1), each (D,) or row by row (B, D).

    The angle grows evenly and the length goes evenly from |a| to |b|, so that a point on the way is as typical a
    sample of a Gaussian as its ends; a straight line would cut through the middle, where there are none. Parallel
    vectors are joined by a straight line. t: a number, or (B, 1) for rows. (Shoemake 1985; White 2016, section 2.)
    """
    if a.shape != b.shape:
        raise LabError(f"slerp joins two latents of one shape, not {tuple(a.shape)} and {tuple(b.shape)}.")
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
    if a.ndim != 1 or steps < 2:
        raise LabError(f"A walk joins two latents of shape (D,) in 2 steps or more, not {tuple(a.shape)} in {steps}.")
    t = torch.linspace(0, 1, steps, dtype=a.dtype, device=a.device)[:, None]
    return slerp(a.expand(steps, -1), b.expand(steps, -1), t)


def principal_directions(
    generate: Generate, latent: int, count: int = 6, samples: int = 1024, seed: int = 0, batch: int = 64
) -> Tensor:
    """Unit latent directions (count, latent), ordered by how much a step along each changes the picture.

    Asks nothing of the generator but pictures: `samples` of them, reduced to 16x16, are explained by ridge regression
    on their latents; the singular vectors of that linear map are the directions, positive toward brighter.
    Deterministic for one seed. generate: latents (B, latent) to pictures (B, C, H, W), in evaluation mode. In the
    spirit of GANSpace (Härkönen et al. 2020). Raises LabError when there are fewer samples or dimensions than the
    answer needs.
    """
    if not 1 <= count <= latent:
        raise LabError(f"A latent of {latent} numbers has 1 to {latent} directions, not {count}.")
    if samples < 2 * latent:
        raise LabError(f"{samples} samples cannot explain {latent} latent numbers; take at least {2 * latent}.")
    latents = torch.randn(samples, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        small = [adaptive_avg_pool2d(generate(part).float().cpu(), 16).flatten(1) for part in latents.split(batch)]
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
