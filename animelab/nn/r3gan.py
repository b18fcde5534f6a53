"""A discriminator without norms, for R3GAN's game on DCGAN's generator (Huang et al. 2024). Taught in 01_dcgan."""

from __future__ import annotations

from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn.dcgan import channels_inwards
from animelab.nn.stylegan2 import minibatch_stddev


class Discriminator(nn.Module):
    """Pictures (B, 3, size, size) to logits (B,): DCGAN's halvings without batch norm, then a look at the whole batch.

    Batch norm would make a logit depend on the other pictures, and a slope at one picture would mean little. What D may
    know of the others, how much they differ, comes as one more map (Karras et al. 2018, section 3). Raises LabError
    unless size is 32, 64, 128 or 256, and for pictures of another size.
    """

    def __init__(self, size: int = 64, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        previous = 3
        for channels in channels_inwards(size, width):
            layers += [nn.Conv2d(previous, channels, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            previous = channels
        self.halvings = nn.Sequential(*layers)
        self.final = nn.Sequential(
            nn.Conv2d(previous + 1, previous, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(16 * previous, 1),
        )
        self.size = size

    def forward(self, pictures: Tensor) -> Tensor:
        if pictures.shape[-2:] != (self.size, self.size):
            height, width = pictures.shape[-2:]
            raise LabError(f"This discriminator takes pictures of {self.size} x {self.size}, not {height} x {width}.")
        return self.final(minibatch_stddev(self.halvings(pictures))).flatten().float()


def initialize(module: nn.Module) -> None:
    """He's first weights (He et al. 2015), which keep the spread of a signal through layers without norms."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, 0.2)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]
