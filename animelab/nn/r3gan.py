"""A discriminator without norms, for R3GAN's game on older generators (Huang et al. 2024). Taught in 01_dcgan."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn import dcgan
from animelab.nn.stylegan2 import minibatch_stddev


class Generator(nn.Module):
    """Latents (B, latent) and attributes (B, tags) to pictures (B, 3, size, size) in [-1, 1].

    DCGAN's generator, which reads both as one longer latent. Raises LabError as that one. Taught in 03_attributes.
    """

    def __init__(self, size: int = 64, latent: int = 100, tags: int = 34, width: int = 64) -> None:
        super().__init__()
        self.net = dcgan.Generator(size, latent + tags, width)

    def forward(self, latents: Tensor, attributes: Tensor) -> Tensor:
        return self.net(torch.cat([latents, attributes], 1))


class Discriminator(nn.Module):
    """Pictures (B, 3, size, size) to logits (B,): DCGAN's halvings without batch norm, then a look at the whole batch.

    Batch norm would make a logit depend on the other pictures, and a slope at one picture would mean little. What D may
    know of the others, how much they differ, comes as one more map (Karras et al. 2018, section 3). With classes there are
    the auxiliary classifier's logits (B, classes), too. Raises LabError unless size is 32, 64, 128 or 256, and for
    pictures of another size.
    """

    def __init__(self, size: int = 64, width: int = 64, classes: int = 0, channels: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        previous = channels
        for wide in dcgan.channels_inwards(size, width):
            layers += [nn.Conv2d(previous, wide, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            previous = wide
        self.halvings = nn.Sequential(*layers)
        self.final = nn.Sequential(
            nn.Conv2d(previous + 1, previous, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(16 * previous, 1 + classes),
        )
        self.size, self.classes = size, classes

    def forward(self, pictures: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        if pictures.shape[-2:] != (self.size, self.size):
            height, width = pictures.shape[-2:]
            raise LabError(f"This discriminator takes pictures of {self.size} x {self.size}, not {height} x {width}.")
        found = self.final(minibatch_stddev(self.halvings(pictures))).float()
        return (found[:, 0], found[:, 1:]) if self.classes else found.flatten()


def initialize(module: nn.Module) -> None:
    """He's first weights (He et al. 2015), which keep the spread of a signal through layers without norms."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, 0.2)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]
