"""From a picture back to the w that gives it. Taught in 07_latent_editing."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import mse_loss, one_hot

from animelab import foreign, limits, zoo
from animelab.errors import LabError
from animelab.files import write_atomically
from animelab.latent.spaces import Latents, Styles
from animelab.metrics.pictures import seen_difference
from animelab.nn import stylegan2

RATE = 0.1  # of descent, at its highest


def styles_of(model: zoo.Pretrained) -> Styles:
    """The space w of a StyleGAN2, of any of its conditions or classes; LabError for another network."""
    if not isinstance(model.generator, stylegan2.Generator):
        raise LabError(f"'{model.name}' is no StyleGAN2, and only those have a w to find a picture in.")
    labels = None
    if isinstance(model, zoo.Conditional):
        labels = model.orders(4096)
    elif isinstance(model, zoo.OfClasses):
        labels = one_hot(torch.arange(model.classes)).float()
    return Styles(model.generator, labels=labels)


def project(space: Styles, pictures: Tensor, steps: int = 200, each_layer: bool = False, seed: int = 0) -> Tensor:
    """w (B, layers, latent) whose pictures look like the given ones (B, 3, size, size) in [-1, 1].

    Gradient descent from the mean w, with the schedule of NVIDIA's projector: noise on w that fades, a rate that rises
    and falls (Karras et al. 2020, appendix D); it searches the noise maps as well, ours stay fixed. The distance is the
    tagger's, plus the mean square. each_layer: every layer has its own w ("W+", Abdal et al. 2019), closer and less
    editable. Raises LabError for another size.
    """
    if not isinstance(space, Styles):
        raise LabError(f"A picture is looked for in latent.Styles(model.generator), not in a {type(space).__name__}.")
    generator, layers, size = space.generator, space.layers, space.size
    steps = limits.whole("steps", steps, limits.SETTINGS["steps"])
    pictures, seed = limits.pictures(pictures), limits.whole("seed", seed, limits.SEEDS)
    if pictures.shape[1:] != (3, size, size):
        raise LabError(f"This generator makes (3, {size}, {size}); the pictures are {tuple(pictures.shape[1:])}.")
    device = generator.mapping.mean.device
    pictures = pictures.to(device)
    random = torch.Generator().manual_seed(seed)
    spread = float((space.cloud - space.cloud.mean(0)).square().sum(1).mean().sqrt())
    w = generator.mapping.mean.repeat(len(pictures), layers if each_layer else 1, 1).clone().requires_grad_()
    adam = torch.optim.Adam([w])
    for step in range(steps):
        t = step / steps
        adam.param_groups[0]["lr"] = RATE * min(1, t / 0.05) * (0.5 - 0.5 * math.cos(math.pi * min(1, (1 - t) / 0.25)))
        shaken = w + spread * 0.05 * max(0.0, 1 - t / 0.75) ** 2 * torch.randn(w.shape, generator=random).to(device)
        guess = generator.synthesis(shaken.expand(-1, layers, -1), noise="fixed")
        loss = seen_difference(guess, pictures).sum() + mse_loss(guess, pictures) * len(pictures)
        (w.grad,) = torch.autograd.grad(loss, [w])
        adam.step()
    return w.detach().expand(-1, layers, -1).clone()


def save_point(path: Path, point: Tensor, words: str) -> None:
    """Write a point, (1, layers, latent) or (1, latent), and in words what it is; `read_point` gets it back."""
    write_atomically(path, lambda temporary: save_file({"latent": point.contiguous()}, temporary, {"words": words}))


def read_point(path: Path, space: Latents) -> Tensor:
    """A point that was saved, (layers, latent) or (latent,); LabError for one of another generator."""
    point, shape = foreign.tensors(path).get("latent"), (1, *space.point(0).shape)
    if point is None or point.shape != shape or not point.isfinite().all():
        raise LabError(f"{path} holds no point of this generator, a 'latent' of {shape}; open another.")
    return point[0].float()
