"""Networks for R3GAN's game (Huang et al. 2024): a discriminator without norms, and generators of today.

Taught in 01_dcgan, 03_attributes, 04_pix2pix and 05_cyclegan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, relu
from torch.nn.utils import clip_grad_norm_

from animelab import limits
from animelab.errors import LabError
from animelab.nn import dcgan
from animelab.nn.stylegan2 import minibatch_stddev
from animelab.nn.tagger import GROUPS
from animelab.studio import TAGS


class Told(nn.Module):
    """A 3 x 3 convolution, batch norm, and a scale and a shift for each channel that a code decides, then ReLU.

    x (B, before, H, W) and a code (B, code) to (B, after, 2H, 2W), by nearest neighbor, or with double=False (B, after,
    H, W): conditional batch norm (de Vries et al. 2017; Brock et al. 2019, appendix B). What the code says holds for
    the whole picture, so the left eye hears what the right eye hears. Taught in 04_pix2pix.
    """

    def __init__(self, before: int, after: int, code: int, double: bool = True) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2) if double else nn.Identity()
        self.layer = nn.Sequential(nn.Conv2d(before, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after))
        self.told = nn.Linear(code, 2 * after)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        scale, shift = self.told(code)[:, :, None, None].chunk(2, 1)
        return relu(self.layer(self.enlarge(x)) * (1 + scale) + shift)


class Generator(nn.Module):
    """Latents (B, latent) and attributes (B, tags) to pictures (B, 3, size, size) in [-1, 1].

    Both together are the code that every layer is told. Raises LabError unless size is 32, 64, 128 or 256. Taught in
    03_attributes.
    """

    def __init__(self, size: int = 64, latent: int = 100, tags: int = 34, width: int = 24) -> None:
        super().__init__()
        wide, code = dcgan.channels_inwards(size, width)[::-1], latent + tags
        self.start = nn.Linear(code, 16 * wide[0])
        self.first = Told(wide[0], wide[0], code, double=False)
        self.layers = nn.ModuleList(Told(before, after, code) for before, after in zip(wide, [*wide[1:], width]))
        self.last = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, latents: Tensor, attributes: Tensor) -> Tensor:
        code = torch.cat([latents, attributes], 1)
        x = self.first(self.start(code).unflatten(1, (-1, 4, 4)), code)
        for layer in self.layers:
            x = layer(x, code)
        return self.last(x).tanh()


class UNet(nn.Module):
    """Drawings (B, 3, H, W) and latents (B, latent) to pictures (B, 3, H, W) in [-1, 1]: many answers to one drawing.

    Halvings to 4 pixels and as many doublings, with a shortcut at every size. The code, of the latent, the order (B,
    tags) where there are tags, and the mean of the lowest map, decides what the lines leave open. Sides are multiples
    of `size`; LabError for others, and for a size that is no power of two from 32. Taught in 04_pix2pix.
    """

    def __init__(self, size: int = 64, width: int = 16, latent: int = 32, code: int = 64, tags: int = 0) -> None:
        super().__init__()
        self.size, self.latent, self.tags = size, latent, tags
        wide = dcgan.channels_inwards(size, width)
        self.start = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1), nn.LeakyReLU(0.2))
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2))
            for before, after in zip([width, *wide], wide)
        )
        self.code = nn.Sequential(
            nn.Linear(latent + tags + wide[-1], code), nn.LeakyReLU(0.2), nn.Linear(code, code), nn.LeakyReLU(0.2)
        )
        self.lowest = Told(wide[-1], wide[-1], code, double=False)
        self.up = nn.ModuleList(
            Told(2 * before, after, code) for before, after in zip(wide[::-1], [*wide[-2::-1], width])
        )
        self.last = Told(2 * width, width, code, double=False)
        self.paint = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, x: Tensor, latents: Tensor, *orders: Tensor) -> Tensor:
        if x.shape[-1] % self.size or x.shape[-2] % self.size:
            raise LabError(f"This U-Net takes sides that are multiples of {self.size}, not {tuple(x.shape[2:])}.")
        seen = [self.start(x)]
        for down in self.down:
            seen.append(down(seen[-1]))
        code = self.code(torch.cat([latents, *orders, seen[-1].mean((2, 3))], 1))
        x = self.lowest(seen[-1], code)
        for up in self.up:
            x = up(torch.cat([x, seen.pop()], 1), code)
        return self.paint(self.last(torch.cat([x, seen.pop()], 1), code)).tanh()


class Pair(nn.Module):
    """Two U-Nets of the same shape, `a_to_b` and `b_to_a`; called like one of them it goes from A to B."""

    def __init__(self, size: int = 64, width: int = 16, latent: int = 32) -> None:
        super().__init__()
        self.a_to_b, self.b_to_a = UNet(size, width, latent), UNet(size, width, latent)

    def forward(self, x: Tensor, latents: Tensor) -> Tensor:
        return self.a_to_b(x, latents)


class Discriminator(nn.Module):
    """Pictures (B, 3, size, size) to logits (B,): DCGAN's halvings without batch norm, then a look at the whole batch.

    Batch norm would make a logit depend on the other pictures, and a slope at one picture would mean little. What D may
    know of the others, how much they differ, comes as one more map (Karras et al. 2018, section 3). With classes it
    also gives the auxiliary classifier's logits, (B, classes). Raises LabError unless size is 32, 64, 128 or 256, and
    for pictures of another size.
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

    def seen(self, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits (B,), and the auxiliary classifier's (B, classes), or None where there is none."""
        found = self(pictures)
        return found if self.classes else (found, None)

    def score(self, pictures: Tensor) -> Tensor:
        """Logits (B,) alone."""
        return self.seen(pictures)[0]


def names_loss(named: Tensor | None, names: Tensor | None) -> Tensor | float:
    """Cross-entropy of the classifier's logits and the true attributes, both (B, classes): a sum over the attributes.

    It is averaged over the pictures, and 0 where D names nothing. Taught in 03_attributes.
    """
    return 0.0 if named is None or names is None else binary_cross_entropy_with_logits(named, names) * names.shape[1]


def only_colors(attributes: Tensor) -> Tensor:
    """Attributes (B, 34), of which all but the colors of hair and eyes are set to 0: the rest is in the lines."""
    columns = torch.tensor([i for group in GROUPS.values() for i in group], device=attributes.device)
    return torch.zeros_like(attributes).index_copy(1, columns, attributes[:, columns])


def colors(count: int, seed: int, attributes: Tensor | None = None) -> Tensor:
    """Orders (count, 34) of one hair and one eye color: those among `attributes`, others by chance.

    attributes: (34,) for all, or (count, 34); two colors of hair are mixed. The first orders do not depend on how many
    follow. Raises LabError for other attributes, and for what are no numbers of that shape.
    """
    asked = torch.zeros(len(TAGS)) if attributes is None else limits.numbers("Attributes", attributes)
    asked = limits.numbers("Attributes", asked.expand(count, -1) if asked.dim() == 1 else asked, count, len(TAGS))
    if not torch.equal(only_colors(asked), asked):
        raise LabError("What can be ordered here are colors of hair and eyes, as in 'blue hair'; lines say the rest.")
    generator, orders = torch.Generator().manual_seed(seed), asked.float().clone()
    for order in orders:
        for columns in GROUPS.values():
            chosen = columns[int(torch.randint(len(columns), (), generator=generator))]
            if not order[columns].any():
                order[chosen] = 1.0
    return orders


def steepness(
    penalty: Callable[[Any, Tensor], Tensor], score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor
) -> Tensor:
    """Half of R1 and R2: how steep D's logits are at real pictures and at fakes, by `losses.r1_penalty`; a scalar."""
    with torch.autocast(real.device.type, enabled=False):  # a gradient of a gradient wants every digit
        both = penalty(score, real) + penalty(score, fake.detach().float())
    return both / 2


def shorten_gradients(network: nn.Module, optimizer: torch.optim.Optimizer, longest: float) -> None:
    """From now on, shorten the gradient to a norm of `longest` before each of the optimizer's steps; 0: never.

    R1 and R2 are small for thousands of steps, and then one batch is so steep that Adam throws D away. Taught in
    04_pix2pix.
    """

    def shorten(*_: Any) -> None:
        clip_grad_norm_(network.parameters(), longest)

    if longest:
        optimizer.register_step_pre_hook(shorten)


def initialize(module: nn.Module) -> None:
    """He's first weights (He et al. 2015), which keep the spread of a signal through layers without norms."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, 0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
