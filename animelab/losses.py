"""Adversarial losses on logits. D says how real a picture looks as any real number; a sigmoid is never needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import softplus


class AdversarialLoss(NamedTuple):
    """The two halves of a GAN's game; both return a scalar to be minimized."""

    discriminator: Callable[[Tensor, Tensor], Tensor]  # (real_logits, fake_logits) -> scalar
    generator: Callable[[Tensor], Tensor]  # fake_logits -> scalar


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """What it costs D to be wrong: mean softplus(-real) + mean softplus(fake), logits of any shape.

    Cross-entropy with label 1 for real and 0 for fake (Goodfellow et al. 2014, section 3). Taught in 01_dcgan.
    """
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """G wants its fakes called real: mean softplus(-fake) (Goodfellow et al. 2014, section 3). Taught in 01_dcgan."""
    return softplus(-fake_logits).mean()


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """G wants D to fail: mean -softplus(fake), whose slope dies where D is sure (Goodfellow et al. 2014, equation 1).

    Taught in 01_dcgan, to show why nobody trains with it.
    """
    return -softplus(fake_logits).mean()


non_saturating = AdversarialLoss(discriminator_loss, non_saturating_generator_loss)
minimax = AdversarialLoss(discriminator_loss, minimax_generator_loss)
