"""Filling holes: convolutions that look only at what is known, and as a comparison ones that learn how far to look.

Liu et al. 2018, "Image Inpainting for Irregular Holes Using Partial Convolutions"; Yu et al. 2019, "Free-Form Image
Inpainting with Gated Convolution"; Sagong et al. 2019, "PEPSI". Taught in 11_repair.
"""

from __future__ import annotations

from itertools import chain, pairwise, zip_longest
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, elu, interpolate, leaky_relu, normalize, pad, unfold

from animelab import shares
from animelab.errors import LabError
from animelab.nn.arguments import checked
from animelab.nn.colorization import blobs

SHAPES: dict[str, tuple[Any, ...]] = {
    "strokes": (0.5, 0.5, 0.8, 3.1, 0.36, ((0, 0, 0, 0, 0.035),) * 16),
    "box": (0.5, 0.5, 0.8, 0, 0, [(-0.14, y / 25, 0.14, y / 25, 0.025) for y in range(-4, 5)]),
    "bubble": (0.5, 0.5, 0.8, 0.2, 0.02, (
        (-0.09, 0, 0.09, 0, 0.14), (0.07, 0.1, 0.11, 0.2, 0.03), (0.11, 0.2, 0.13, 0.23, 0.02))),
    "glasses": (0.53, 0.53, 0.3, 0.3, 0.03, (
        (-0.08, 0, -0.08, 0, 0.06), (0.08, 0, 0.08, 0, 0.06), (-0.2, -0.02, 0.2, -0.02, 0.013))),
    "hat": (0.53, 0.2, 0.25, 0.3, 0.1, ((-0.1, -0.05, 0.1, -0.05, 0.14), (-0.3, 0.06, 0.3, 0.06, 0.05))),
    "watermark": (0.5, 0.5, 0.8, 0.4, 0.1, [(n // 3 / 11 - 0.36, n % 3 / 7 - 0.14) * 2 + (0.013,) for n in range(24)]),
    "hand": (0.5, 0.5, 0.7, 3.1, 0.03, (
        (0, 0, 0, 2, 0.05), (-0.02, -0.03, 0.02, -0.03, 0.07), (-0.04, 0, -0.14, -0.07, 0.024),
        (-0.04, -0.08, -0.07, -0.2, 0.022), (-0.01, -0.08, -0.01, -0.23, 0.022), (0.02, -0.08, 0.05, -0.21, 0.022),
        (0.05, -0.07, 0.1, -0.16, 0.02))),
}  # fmt: skip
"""Kind of hole -> its middle and how far it strays, its tilt, how much each bar does as it likes, and its rounded bars.

A bar has two ends, x0, y0, x1, y1 from the middle on, y down, and a radius; all in sides of the picture and in radians.
"""
Two = tuple[Tensor, Tensor]
NUMBERS = 54  # random ones, from which a shape is made


def partial_convolution(x: Tensor, mask: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Two:
    """What a window knows, made up for what it does not: (B, out, H', W'), and a mask (B, 1, H', W') of where it knows.

    x: (B, C, H, W); mask: 1 where x is known and 0 in holes, (B, C, H, W), or (B, 1, H, W) for all channels alike;
    weight, bias, stride and padding as of a convolution. The sum is divided by the share of its window that is known;
    beyond the border nothing is. Where a window knows nothing, 0 (section 3.1).
    """
    share = avg_pool2d(mask.float().mean(1, keepdim=True), weight.shape[-1], stride, padding)
    found = conv2d(x * mask, weight, None, stride, padding)
    known = (share > 0).to(found.dtype)
    found = found * (known / share.clamp(1e-8)).to(found.dtype)
    return (found if bias is None else (found + bias[:, None, None]) * known), known


class PartialConv2d(nn.Conv2d):
    """A convolution whose output depends only on known pixels: features and mask in, features and a smaller hole out.

    `convolve` is what it does, as `partial_convolution`.
    """

    convolve = staticmethod(partial_convolution)

    def forward(self, x: Tensor, mask: Tensor) -> Two:  # type: ignore[override]
        return self.convolve(x, mask, self.weight, self.bias, self.stride[0], int(self.padding[0]))


class UNet(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1] and masks (B, 1, H, W), 1 where they are known, to pictures without holes.

    layers: halvings, 8 for 512 px and 7 for 256 px (table 2 of the paper's appendix); sides are multiples of 2^layers.
    Unbounded, and free in what is known, too: `filled` keeps that, and takes any size.
    """

    def __init__(self, layers: int = 8, width: int = 64) -> None:
        super().__init__()
        self.multiple, wide = 2**layers, [3, *(width * min(8, 2**level) for level in range(layers))]
        pairs, kernels = list(pairwise(wide)), (7, 5, 5, *[3] * layers)
        self.down = nn.ModuleList(PartialConv2d(*pair, k, 2, k // 2, bias=False) for pair, k in zip(pairs, kernels))
        self.up = nn.ModuleList(PartialConv2d(a + b, a, 3, 1, 1, bias=a == 3) for a, b in reversed(pairs))
        sides = (wide[2:], wide[-2:0:-1])  # the first layer has no norm, and neither has the last
        self.seen, self.drawn = (nn.ModuleList(map(nn.BatchNorm2d, each)) for each in sides)
        last = self.up[-1].weight.data.mul_(0.2)  # type: ignore[operator]  # at first it hands on the picture it sees
        nn.init.dirac_(last[:, -3:])

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        beside = [(x * mask, mask.to(x.dtype))]
        for layer, norm in zip(self.down, [nn.Identity(), *self.seen]):
            x, mask = layer(*beside[-1])
            beside.append((norm(x).relu(), mask))
        x, mask = beside.pop()
        for layer, norm in zip_longest(self.up, self.drawn):
            other, known = beside.pop()
            masks = [interpolate(mask, scale_factor=2).expand(-1, x.shape[1], -1, -1), known.expand_as(other)]
            x, mask = layer(torch.cat([interpolate(x, scale_factor=2), other], 1), torch.cat(masks, 1))
            x = leaky_relu(norm(x), 0.2) if norm else x
        return x


class GatedConv2d(nn.Conv2d):
    """A convolution with a gate of its own for every number it gives: elu(features) times sigmoid(gates)."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__(channels_in, 2 * channels_out, kernel, stride, dilation * (kernel // 2), dilation)
        nn.init.orthogonal_(self.weight, 2.4)  # half-open gates halve what goes through, at every layer

    def forward(self, x: Tensor) -> Tensor:
        features, gates = super().forward(x).chunk(2, 1)
        return elu(features) * gates.sigmoid()


def attended(x: Tensor, mask: Tensor, sharpness: float = 10.0) -> Tensor:
    """Features (B, C, h, w) whose holes are filled with known ones that lie in surroundings alike: (B, C, h, w).

    mask: (B, 1, h, w), 1 where they are known; where nothing is, all counts as known. Weights are a softmax over the
    cosines of 3 x 3 windows (Yu et al. 2018, "Generative Image Inpainting with Contextual Attention").
    """
    windows, known = normalize(unfold(x, 3, padding=1), dim=1), mask.flatten(2) > 0
    alike = sharpness * windows.transpose(1, 2) @ windows
    weights = alike.masked_fill(~(known | ~known.any(2, keepdim=True)), -torch.inf).softmax(2)
    return torch.where(mask > 0, x, (x.flatten(2) @ weights.transpose(1, 2).to(x.dtype)).view_as(x))


class GatedNet(nn.Module):
    """Coarse to fine with gated convolutions: one encoder, and one decoder used twice, without and with attention.

    Takes and gives what UNet does, sides that are multiples of 8, and noise (B, latent), by default 0: other noise,
    another proposal. After PEPSI, with three halvings, and with gates where it has none.
    """

    multiple = 8

    def __init__(self, width: int = 16, latent: int = 8) -> None:
        super().__init__()
        self.latent, deep = latent, 4 * width
        wide = (4, width, 2 * width, deep)
        self.encoder = nn.Sequential(*(GatedConv2d(a, b, 5 if a == 4 else 3, 2) for a, b in pairwise(wide)))
        self.taste = nn.Linear(latent, deep)
        self.far = nn.Sequential(*(GatedConv2d(deep, deep, dilation=distance) for distance in (1, 2, 4, 8)))
        self.mix = nn.Conv2d(2 * deep, deep, 1)
        layers = [(nn.Upsample(scale_factor=2), GatedConv2d(a, b)) for a, b in pairwise((*wide[:0:-1], width))]
        self.draw = nn.Sequential(*chain(*layers), nn.Conv2d(width, 3, 3, 1, 1))

    def forward(self, x: Tensor, mask: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.both(x, mask, x.new_zeros(len(x), self.latent) if noise is None else noise)[1]

    def both(self, x: Tensor, mask: Tensor, noise: Tensor) -> Two:
        """The coarse picture and the fine one."""
        features = self.encoder(torch.cat([x * mask, mask.to(x.dtype)], 1))
        features = self.far(features + self.taste(noise)[:, :, None, None])
        known = avg_pool2d(mask.float(), self.multiple) == 1
        return self.draw(features), self.draw(self.mix(torch.cat([features, attended(features, known)], 1)))


@checked(mask=(None, 1, None, None))
def filled(network: Any, pictures: Tensor, mask: Tensor, *noise: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) of any size whose holes a network has filled; what is known stays as it is.

    mask: (B, 1, H, W), 1 where they are known; noise: (B, latent) for a network that takes some. LabError for shapes
    that do not fit each other.
    """
    (high, wide), known = pictures.shape[2:], (mask > 0).to(pictures.dtype)
    if mask.shape[::2] != pictures.shape[::2] or mask.shape[3] != wide:
        raise LabError(f"Pictures and masks have one size, not {tuple(pictures.shape)} and {tuple(mask.shape)}.")
    rest = (0, -wide % network.multiple, 0, -high % network.multiple)  # beyond the border nothing is known
    drawn = network(pad(pictures * known, rest), pad(known, rest), *noise)[..., :high, :wide]
    return torch.where(mask > 0, pictures, drawn.to(pictures.dtype).clamp(-1, 1))


def rounded_bars(ends: Tensor, radii: Tensor, size: int) -> Tensor:
    """Where rounded bars lie: bool (B, 1, size, size). ends: (B, K, 4), x and y of both, from 0 to 1; radii: (B, K)."""
    places, inside = (torch.arange(size, device=ends.device) + 0.5) / size, ends.new_zeros(len(ends), size, size) > 0
    for bar, radius in zip(ends.unbind(1), radii.unbind(1)):  # one at a time
        x0, y0, x1, y1, radius = (each[:, None, None] for each in (*bar.unbind(1), radius))
        x, y, dx, dy = places - x0, places[:, None] - y0, x1 - x0, y1 - y0
        along = ((x * dx + y * dy) / (dx.square() + dy.square()).clamp(1e-8)).clamp(0, 1)
        inside |= (x - along * dx).square() + (y - along * dy).square() < radius.square()
    return inside[:, None]


def shape(kind: str, u: Tensor) -> Two:
    """The bars (B, K, 4) and radii (B, K) of a kind of `SHAPES`, made of random numbers u (B, NUMBERS) from 0 to 1."""
    x, y, stray, tilt, freedom, given = SHAPES[kind]
    bars, loose = u.new_tensor(given), freedom * (u[:, 6 : 6 + 2 * len(given)].unflatten(1, (-1, 2)) - 0.5)
    walk = loose.cumsum(1) if kind == "strokes" else loose
    ends = bars[:, :4].unflatten(1, (2, 2)) + torch.stack([walk - loose if kind == "strokes" else 0 * walk, walk], 2)
    scale, angle = 0.6 + 0.8 * u[:, 2:3], tilt * (2 * u[:, 3] - 1)
    turn = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], 1).view(-1, 1, 2, 2)
    ends = (ends * (scale * torch.where(u[:, 4:6] > 0.5, 1, -1))[:, None, None]) @ turn
    return (ends + (u.new_tensor([x, y]) + stray * (u[:, :2] - 0.5))[:, None, None]).flatten(2), scale * bars[:, 4]


def holes(like: Tensor) -> Tensor:
    """Random holes, of one kind for each picture: masks (B, 1, H, W), 0 in the hole and 1 where all is known.

    like: square pictures. Kinds are those of `SHAPES`, and spots. Each step of a training draws its own.
    """
    u = shares.share(torch.rand, len(like), NUMBERS + 1, device=like.device)
    hole, kind = blobs(like, 0.25, 4) > 0.5, (u[:, 0] * (len(SHAPES) + 1)).long()
    for number, name in enumerate(SHAPES):
        hole[kind == number] = rounded_bars(*shape(name, u[kind == number, 1:]), like.shape[-1])
    return (~hole).to(like.dtype)
