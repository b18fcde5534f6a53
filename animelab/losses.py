"""Adversarial losses on logits. D says how real a picture looks as any real number; a sigmoid is never needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from animelab.errors import LabError
from animelab.shares import share

Map = Callable[[Tensor], Tensor]


class AdversarialLoss(NamedTuple):
    """The two losses of a GAN; both return a scalar to be minimized."""

    discriminator: Callable[[Tensor, Tensor], Tensor]  # (real_logits, fake_logits) -> scalar
    generator: Callable[[Tensor], Tensor]  # fake_logits -> scalar


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """What it costs D to be wrong: mean softplus(-real) + mean softplus(fake), logits of any shape.

    Cross-entropy with label 1 for real and 0 for fake (Goodfellow et al. 2014, section 3). Taught in 01_dcgan.
    """
    return softplus(-_floats(real_logits)).mean() + softplus(_floats(fake_logits)).mean()


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """G wants its fakes called real: mean softplus(-fake) (Goodfellow et al. 2014, section 3). Taught in 01_dcgan."""
    return softplus(-_floats(fake_logits)).mean()


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """G wants D to fail: mean -softplus(fake), whose slope dies where D is sure (Goodfellow et al. 2014, equation 1).

    Taught in 01_dcgan, to show why nobody trains with it.
    """
    return -softplus(_floats(fake_logits)).mean()


non_saturating = AdversarialLoss(discriminator_loss, non_saturating_generator_loss)
minimax = AdversarialLoss(discriminator_loss, minimax_generator_loss)


def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Real should score 1 and fake 0: mean (real - 1)^2 + mean fake^2 (Mao et al. 2017). Taught in 05_cyclegan."""
    return (_floats(real_logits) - 1).square().mean() + _floats(fake_logits).square().mean()


def least_squares_generator_loss(fake_logits: Tensor) -> Tensor:
    """G wants its fakes to score 1: mean (fake - 1)^2 (Mao et al. 2017). Taught in 05_cyclegan."""
    return (_floats(fake_logits) - 1).square().mean()


least_squares = AdversarialLoss(least_squares_discriminator_loss, least_squares_generator_loss)


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Each real picture should score above the fake beside it: mean softplus(fake - real), logits of one shape.

    Jolicoeur-Martineau 2018; the pairing as in R3GAN (Huang et al. 2024). G's loss is the same with the two exchanged.
    """
    return softplus(fake_logits - real_logits).mean()


def cycle_loss(to_b: Map, to_a: Map, real_a: Tensor, real_b: Tensor) -> Tensor:
    """Both round trips: mean |to_a(to_b(a)) - a| + mean |to_b(to_a(b)) - b| (Zhu et al. 2017, equation 2).

    Taught in 05_cyclegan.
    """
    trips = (to_a(to_b(_floats(real_a))), real_a), (to_b(to_a(_floats(real_b))), real_b)
    for back, real in trips:
        if _floats(back).shape != real.shape:
            raise LabError(f"Pictures {tuple(real.shape)} came back from their round trip as {tuple(back.shape)}.")
    return sum(((back - real).abs().mean() for back, real in trips), torch.zeros((), device=real_a.device))


def slopes(score: Map, pictures: Tensor) -> Tensor:
    """How steep `score` is at each picture: the norm of its gradient, (B,), itself differentiable.

    score: pictures (B, C, H, W) to logits (B,). The norm is taken over all the numbers of a picture, never over its
    channels alone: that mistake holds every pixel to a norm of its own (many published codes make it).
    """
    pictures = _floats(pictures).detach().requires_grad_()
    return _gradients(_floats(score(pictures)).sum(), pictures).flatten(1).norm(dim=1)


def dragan_penalty(score: Map, real: Tensor) -> Tensor:
    """Mean (slope - 1)^2 at pictures beside the real ones: real + alpha * std(real) / 2 * noise, noise in [0, 1).

    alpha in [0, 1) is one number a picture (Kodali et al. 2017 and their code). Taught in 03_attributes.
    """
    real = _floats(real)
    alpha = share(torch.rand, len(real), *[1] * (real.ndim - 1), device=real.device)
    beside = real + alpha * 0.5 * real.std() * share(torch.rand, len(real), *real.shape[1:], device=real.device)
    return (slopes(score, beside) - 1).square().mean()


def r1_penalty(score: Map, real: Tensor) -> Tensor:
    """D's mean squared gradient norm at real pictures; times gamma / 2 in the loss (Mescheder et al. 2018).

    It asks for nothing but a flat D where the data are. Taught in 06_stylegan2.
    """
    return slopes(score, real).square().mean()


def path_lengths(pictures: Tensor, w: Tensor) -> Tensor:
    """How far a small step in w moves each picture, (B,): the length of the slope of pictures times noise.

    pictures: (B, C, H, W), made from w (B, layers, latent); itself differentiable (Karras et al. 2020, section 3.2).
    Taught in 06_stylegan2.
    """
    _, *shape = _floats(pictures, 4).shape
    noise = share(torch.randn, len(pictures), *shape, device=pictures.device) / (shape[1] * shape[2]) ** 0.5
    return _gradients((pictures * noise).sum(), _floats(w, 3)).square().sum(2).mean(1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor, share: float = 0.01) -> tuple[Tensor, Tensor]:
    """How far lengths (B,) are from their running mean, squared, and that mean, to be kept for the next time.

    The mean already has its share of these lengths, and their gradient, as in NVIDIA's and rosinality's code.
    """
    mean = _floats(mean).lerp(_floats(lengths).mean(), share)
    return (lengths - mean).square().mean(), mean.detach()


def _floats(value: Tensor, axes: int | None = None) -> Tensor:
    """A tensor as floats, of so many axes; NaN passes, since the loop tells a run that diverged."""
    if not isinstance(value, Tensor) or value.is_complex() or value.numel() == 0 or axes not in (None, value.ndim):
        what = f"one of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
        raise LabError(f"A loss takes tensors of numbers{f' with {axes} axes' if axes else ''}, not {what}.")
    return value if value.is_floating_point() else value.float()


def _gradients(of: Tensor, at: Tensor) -> Tensor:
    """The slope of a number at each place, itself differentiable; LabError where it does not depend on them."""
    found = None
    if of.requires_grad and at.requires_grad:
        (found,) = torch.autograd.grad(of, at, create_graph=True, allow_unused=True)
    if found is None:
        raise LabError("There is no slope: the score does not depend on the pictures, or the pictures not on w.")
    return found
