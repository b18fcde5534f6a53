"""From a picture back to the w that gives it. Taught in 07_latent_editing."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from animelab.errors import LabError
from animelab.latent.spaces import Styles
from animelab.metrics import perceptual


def project(
    space: Styles, pictures: Tensor, steps: int = 200, lr: float = 0.1, each_layer: bool = False, seed: int = 0
) -> Tensor:
    """w (B, layers, latent) whose pictures look like the given ones (B, 3, size, size) in [-1, 1].

    Gradient descent from the mean w, with the schedule of NVIDIA's projector: noise on w that fades, a rate that rises
    and falls (Karras et al. 2020, appendix D); it searches the noise maps as well, ours stay fixed. The distance is the
    tagger's, plus the mean square. each_layer: every layer has its own w ("W+", Abdal et al. 2019), closer and less
    editable. Raises LabError for another size.
    """
    generator, layers, size = space.generator, space.layers, space.size
    if pictures.shape[1:] != (3, size, size):
        raise LabError(f"This generator makes (3, {size}, {size}); the pictures are {tuple(pictures.shape[1:])}.")
    device = generator.mapping.mean.device
    pictures = pictures.to(device)
    random = torch.Generator().manual_seed(seed)
    spread = float((space.cloud - space.cloud.mean(0)).square().sum(1).mean().sqrt())
    w = generator.mapping.mean.repeat(len(pictures), layers if each_layer else 1, 1).clone().requires_grad_()
    adam = torch.optim.Adam([w], lr)
    for step in range(steps):
        t = step / steps
        adam.param_groups[0]["lr"] = lr * min(1, t / 0.05) * (0.5 - 0.5 * math.cos(math.pi * min(1, (1 - t) / 0.25)))
        shaken = w + spread * 0.05 * max(0.0, 1 - t / 0.75) ** 2 * torch.randn(w.shape, generator=random).to(device)
        guess = generator.synthesis(shaken.expand(-1, layers, -1), noise="fixed")
        loss = perceptual(guess, pictures).sum() + mse_loss(guess, pictures) * len(pictures)
        (w.grad,) = torch.autograd.grad(loss, [w])
        adam.step()
    return w.detach().expand(-1, layers, -1).clone()
