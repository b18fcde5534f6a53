"""The networks of pix2pix: a U-Net that never forgets an edge, and a discriminator that looks at patches.

Isola et al. 2017, section 3.2 and appendix 6.1. Taught in 04_pix2pix.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from math import log2

import torch
from torch import Tensor, nn

from animelab.errors import LabError

Norm = Callable[[int], nn.Module]
NORMS: dict[str, Norm] = {
    "batch": nn.BatchNorm2d,
    "instance": nn.InstanceNorm2d,
    "layer": lambda channels: nn.GroupNorm(1, channels),  # over all maps of a picture together: tints stay
    "none": lambda _: nn.Identity(),
}


def unet(down: Sequence[nn.Module], up: Sequence[nn.Module], x: Tensor) -> Tensor:
    """Through all layers of a U-Net, large to small and back: (B, C, H, W) to the picture of the last layer.

    Every layer of `up` but the first gets the map of its size from the way down, then the one from below.
    """
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up[1:]:
        x = layer(torch.cat([seen.pop(), x], 1))
    return x


class Generator(nn.Module):
    """A picture (B, channels_in, size, size) in [-1, 1] to another, (B, 3, size, size) in [-1, 1].

    Halvings down to one pixel, as many doublings up, and a shortcut at every size between. Its only noise is dropout,
    which the paper leaves on when it draws. Any multiple of `size` can be translated. LabError for a size that is no
    power of two or below 8, and for pictures that do not fit. norm: "batch", as in the paper, or "instance" or
    "none", as its authors' code can have it. `through` is the way through the layers.
    """

    through = staticmethod(unet)

    def __init__(
        self, size: int = 256, width: int = 64, channels_in: int = 3, channels_out: int = 3, norm: str = "batch"
    ) -> None:
        super().__init__()
        normed, bias = NORMS[norm], norm == "instance"  # the other two have a bias of their own, or none
        depth = int(log2(size)) if size > 0 else 0
        if size != 2**depth or depth < 3:
            raise LabError(f"A U-Net halves pictures to one pixel: its size is 8, 16, 32 … and not {size}.")
        self.size = size
        wide = [width * min(8, 2**level) for level in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, (before, after) in enumerate(zip([channels_in, *wide], wide)):
            first, last = level == 0, level == depth - 1
            layers: list[nn.Module] = [] if first else [nn.LeakyReLU(0.2)]
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=bias)]
            self.down.append(nn.Sequential(*layers, *([] if first or last else [normed(after)])))
        for level in reversed(range(depth)):
            before = wide[level] * (1 if level == depth - 1 else 2)  # all but the lowest also get the shortcut
            after = wide[level - 1] if level else channels_out
            layers = [nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1, bias=bias or level == 0)]
            layers += [normed(after)] if level else [nn.Tanh()]
            layers += [nn.Dropout(0.5)] if 4 <= level < depth - 1 else []  # the widest, but not the lowest
            self.up.append(nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] % self.size or x.shape[-2] % self.size:
            raise LabError(
                f"This U-Net takes pictures whose sides are multiples of {self.size}, not {tuple(x.shape[2:])}."
            )
        return self.through(list(self.down), list(self.up), x)


class Discriminator(nn.Module):
    """Source and target together, (B, channels, H, W), to a map of logits: one for each overlapping patch.

    With 3 layers a logit sees 70 x 70 pixels, the "PatchGAN" (Isola et al. 2017, section 3.2.2).
    """

    def __init__(self, channels: int = 6, width: int = 64, layers: int = 3, norm: str = "batch") -> None:
        super().__init__()
        wide = [width * min(8, 2**level) for level in range(layers + 1)]
        body: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for level, (before, after) in enumerate(itertools.pairwise(wide), 1):
            body += [nn.Conv2d(before, after, 4, 2 if level < layers else 1, 1, bias=norm == "none")]
            body += [NORMS[norm](after), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*body, nn.Conv2d(wide[-1], 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


def initialize(module: nn.Module) -> None:
    """Weights from N(0, 0.02), the scales of norms from N(1, 0.02), biases 0; for `network.apply`."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
    if getattr(module, "bias", None) is not None and isinstance(module.bias, Tensor):
        nn.init.zeros_(module.bias)


def receptive_field(convolutions: Iterable[nn.Conv2d]) -> int:
    """How many pixels on a side one output of a stack of square convolutions sees.

    From the last layer back, a field of r becomes (r - 1) * stride + kernel.
    """
    field = 1
    for layer in reversed(list(convolutions)):
        field = (field - 1) * layer.stride[0] + layer.kernel_size[0]
    return field
