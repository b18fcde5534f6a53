"""StyleGAN2 (Karras et al. 2020): styles that scale channels, noise, and a picture that is a sum of pictures.

Written for clarity and for CPUs; the numbers are those of NVIDIA's and rosinality's code. Taught in 06_stylegan2.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu, linear

from animelab.errors import LabError
from animelab.nn import winograd
from animelab.shares import share


def active(x: Tensor) -> Tensor:
    """A leaky ReLU times sqrt(2), which gives back the size that it takes from a signal."""
    return leaky_relu(x, 0.2).mul_(2**0.5)


def normalized(x: Tensor) -> Tensor:
    """Each row (B, C) scaled to a mean square of 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def fir() -> Tensor:
    """The filter [1, 3, 3, 1] in both directions, (4, 4), of sum 1: smooths what doubling and halving would roughen."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return torch.outer(taps, taps) / 64


def _each(kernel: Tensor, x: Tensor) -> Tensor:
    """The filter once for every channel of x, as a convolution with groups wants it."""
    return kernel.to(x.dtype).expand(x.shape[1], 1, -1, -1)


def blur(x: Tensor, kernel: Tensor, padding: int) -> Tensor:
    """Filter every channel, with so many zeros around: (B, C, H, W) to (B, C, H + 2 padding - 3, W + 2 padding - 3)."""
    return conv2d(x, _each(kernel, x), padding=padding, groups=x.shape[1])


def upsample(x: Tensor, kernel: Tensor) -> Tensor:
    """Twice the size, filtered."""
    return conv_transpose2d(x, _each(4 * kernel, x), stride=2, padding=1, groups=x.shape[1])


def downsample(x: Tensor, kernel: Tensor) -> Tensor:
    """Half the size, filtered."""
    return conv2d(x, _each(kernel, x), stride=2, padding=1, groups=x.shape[1])


def modulated_conv(
    x: Tensor, weight: Tensor, styles: Tensor, kernel: Tensor | None = None, demodulate: bool = True
) -> Tensor:
    """A convolution whose weights each picture scales for itself; with a kernel it doubles the size, too.

    x: (B, in, H, W); weight: (out, in, k, k); styles: (B, in). Scaling the weights of a channel is scaling the channel,
    so the pictures share one convolution. Demodulation divides by the size that the scaled weights would give to noise
    of size 1 (Karras et al. 2020, section 2.2, equation 3), here as one product of matrices.
    """
    x = x * styles[:, :, None, None].to(x.dtype)
    if kernel is None:
        x = winograd.conv2d(x, weight, padding=weight.shape[-1] // 2)
    else:
        x = blur(conv_transpose2d(x, weight.transpose(0, 1), stride=2), 4 * kernel, padding=1)
    if demodulate:
        with torch.autocast(x.device.type, enabled=False):
            sizes = (styles.float().square() @ weight.float().square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * sizes[:, :, None, None].to(x.dtype)
    return x


class Dense(nn.Module):
    """A linear layer with equalized learning rate: its weights are of size 1 / lr, and scaled where they are used."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, lr: float = 1.0, activate: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr)
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.lr, self.activate = lr, activate

    def forward(self, x: Tensor) -> Tensor:
        x = linear(x, self.weight * (self.lr / self.weight.shape[1] ** 0.5), self.bias * self.lr)
        return active(x) if self.activate else x


class Mapping(nn.Module):
    """Latents z (B, latent), and one-hot labels (B, classes) if there are classes, to w (B, latent).

    `mean` trails the average w; truncation pulls there. With latents=False it maps labels alone, for D.
    """

    mean: Tensor

    def __init__(self, latent: int, layers: int, classes: int = 0, latents: bool = True) -> None:
        super().__init__()
        inputs = latent * (latents + bool(classes))
        self.embed = Dense(classes, latent, activate=False) if classes else None
        self.layers = nn.Sequential(
            *(Dense(inputs if layer == 0 else latent, latent, lr=0.01) for layer in range(layers))
        )
        self.latents = latents
        self.register_buffer("mean", torch.zeros(latent))

    def forward(self, z: Tensor | None, labels: Tensor | None = None) -> Tensor:
        inputs = [] if z is None else [normalized(z)]
        if self.embed is not None:
            if labels is None:
                raise LabError("This network has classes; give it labels, one-hot (B, classes).")
            inputs.append(normalized(self.embed(labels)))
        w = self.layers(torch.cat(inputs, 1))
        if self.training:
            self.mean.lerp_(w.detach().float().mean(0), 0.005)
        return w


class StyledConv(nn.Module):
    """One layer: modulated convolution, noise, bias, activation. Its own style comes from w by `affine`."""

    noise: Tensor
    conv = staticmethod(modulated_conv)  # can be a learner's own

    def __init__(self, inputs: int, outputs: int, size: int, latent: int, up: bool) -> None:
        super().__init__()
        self.affine = Dense(latent, inputs, bias=1.0, activate=False)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.randn(size, size))
        self.up = up

    def forward(self, x: Tensor, w: Tensor, kernel: Tensor, noise: str) -> Tensor:
        x = self.conv(x, self.weight, self.affine(w), kernel if self.up else None)
        if noise != "none":
            new = share(torch.randn, len(x), 1, *x.shape[2:], device=x.device) if noise == "random" else self.noise
            x = x + (self.noise_strength * new).to(x.dtype)
        return active(x + self.bias.view(-1, 1, 1).to(x.dtype))


class ToRGB(nn.Module):
    """Channels to red, green and blue: a modulated 1 x 1 convolution that is not demodulated."""

    def __init__(self, inputs: int, latent: int) -> None:
        super().__init__()
        self.affine = Dense(latent, inputs, bias=1.0, activate=False)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        styles = self.affine(w) / x.shape[1] ** 0.5
        return modulated_conv(x, self.weight, styles, demodulate=False) + self.bias.view(3, 1, 1).to(x.dtype)


class Synthesis(nn.Module):
    """w, for all layers (B, latent) or one each (B, 2 log2(size) - 2, latent), to pictures (B, 3, size, size).

    From 4 x 4, always the same start, each size adds its own picture to the doubled sum of those before. noise:
    "random" draws it anew, "fixed" takes what is kept with the weights, "none" leaves it out; by default random in
    training and fixed afterwards. `kernel` is the filter of every doubling.
    """

    kernel: Tensor

    def __init__(self, size: int, channel_base: int, channel_max: int, latent: int) -> None:
        super().__init__()
        sides, channels = _channels(size, channel_base, channel_max)
        self.constant = nn.Parameter(torch.randn(channels[0], 4, 4))
        convs = [StyledConv(channels[0], channels[0], 4, latent, up=False)]
        for side, (before, after) in zip(sides[1:], pairwise(channels), strict=True):
            convs += [
                StyledConv(before, after, side, latent, up=True),
                StyledConv(after, after, side, latent, up=False),
            ]
        self.convs = nn.ModuleList(convs)
        self.to_rgb = nn.ModuleList(ToRGB(count, latent) for count in channels)
        self.register_buffer("kernel", fir())

    def forward(self, w: Tensor, noise: str | None = None) -> Tensor:
        noise = noise or ("random" if self.training else "fixed")
        if w.ndim == 2:
            w = w[:, None].expand(-1, len(self.convs) + 1, -1)
        x = self.constant.expand(len(w), -1, -1, -1)
        picture = None
        for index, conv in enumerate(self.convs):
            x = conv(x, w[:, index], self.kernel, noise)
            if index % 2 == 0:  # the last layer of its size
                part = self.to_rgb[index // 2](x, w[:, index + 1]).float()
                picture = part if picture is None else upsample(picture, self.kernel) + part
        assert picture is not None
        return picture


class Generator(nn.Module):
    """Latents z (B, latent) to pictures (B, 3, size, size), about in [-1, 1]; with classes, labels (B, classes), too.

    truncation: how far w may be from the mean w, 1 for as far as it is. `channel_base / side` channels, at most
    `channel_max`, at each side from 4 to size (Karras et al. 2020, table 1, configuration F; base 32768 is theirs).
    Raises LabError unless size is a power of two from 8.
    """

    def __init__(
        self,
        size: int = 256,
        channel_base: int = 16384,
        channel_max: int = 512,
        mapping_layers: int = 8,
        latent: int = 512,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.mapping = Mapping(latent, mapping_layers, classes)
        self.synthesis = Synthesis(size, channel_base, channel_max, latent)

    def forward(self, z: Tensor, labels: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        return self.synthesis(self.truncated(self.mapping(z, labels), truncation))

    def truncated(self, w: Tensor, truncation: float) -> Tensor:
        """w (..., latent), nearer to the mean w where truncation is below 1 (Karras et al. 2019, appendix B)."""
        return torch.lerp(self.mapping.mean.expand_as(w), w, truncation) if truncation != 1 else w


class Conv(nn.Module):
    """A convolution with equalized learning rate, for D; with stride 2 it filters before it halves."""

    def __init__(
        self, inputs: int, outputs: int, side: int, down: bool = False, activate: bool = True, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
        self.bias = nn.Parameter(torch.zeros(outputs)) if activate else None
        self.down, self.gain = down, gain * 2**0.5 if activate else gain  # a leaky ReLU lets every factor through,

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        weight = self.weight * (self.gain / self.weight[0].numel() ** 0.5)  # and weights are smaller than pictures
        bias = None if self.bias is None else self.bias * self.gain
        side = weight.shape[-1]
        if not self.down:
            x = winograd.conv2d(x, weight, bias, padding=side // 2)
        elif side == 1:
            x = conv2d(downsample(x, kernel), weight, bias)
        else:
            x = conv2d(blur(x, kernel, padding=2), weight, bias, stride=2)
        return x if bias is None else leaky_relu(x, 0.2, inplace=True)


class Halving(nn.Module):
    """Half the size, more channels: two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = Conv(inputs, inputs, 3)
        self.second = Conv(inputs, outputs, 3, down=True, gain=0.5**0.5)  # so that the sum is of size 1
        self.shortcut = Conv(inputs, outputs, 1, down=True, activate=False, gain=0.5**0.5)

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        return self.second(self.first(x, kernel), kernel) + self.shortcut(x, kernel)


def minibatch_stddev(x: Tensor, group: int = 4) -> Tensor:
    """Minibatch standard deviation: how much the pictures of a group differ, as one more channel.

    (B, C, H, W) to (B, C+1, H, W), one number a group: shows D a generator that makes one picture only (Karras et al.
    2018, section 3). Neighbors form a group, so that several processes, each with its rows of a batch, have the same.
    """
    count = next(size for size in range(min(group, len(x)), 0, -1) if len(x) % size == 0)
    groups = x.float().view(-1, count, *x.shape[1:])
    spread = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    channel = spread.repeat_interleave(count).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
    return torch.cat([x, channel.to(x.dtype)], 1)


class Discriminator(nn.Module):
    """Pictures (B, 3, size, size) to logits (B,): residual halvings down to 4 x 4; with classes, labels as well.

    With classes the logit is the product of what it sees and what the label asks for (Miyato and Koyama 2018).
    """

    def __init__(
        self,
        size: int = 256,
        channel_base: int = 16384,
        channel_max: int = 512,
        mapping_layers: int = 8,
        latent: int = 512,
        classes: int = 0,
    ) -> None:
        super().__init__()
        _, channels = _channels(size, channel_base, channel_max)
        last = channels[0]
        self.from_rgb = Conv(3, channels[-1], 1)
        self.blocks = nn.ModuleList(Halving(inputs, outputs) for outputs, inputs in reversed(list(pairwise(channels))))
        self.final = Conv(last + 1, last, 3)
        self.hidden = Dense(16 * last, last)
        self.logits = Dense(last, latent if classes else 1, activate=False)
        self.mapping = Mapping(latent, mapping_layers, classes, latents=False) if classes else None
        self.register_buffer("kernel", fir())
        self.size = size

    def seen(self, pictures: Tensor) -> Tensor:
        """What it sees in pictures: (B, latent) with classes, else its logits (B, 1)."""
        if pictures.shape[-2:] != (self.size, self.size):
            high, wide = pictures.shape[-2:]
            raise LabError(f"This discriminator takes pictures of {self.size} x {self.size}, not {high} x {wide}.")
        x = self.from_rgb(pictures, self.kernel)
        for block in self.blocks:
            x = block(x, self.kernel)
        x = self.final(minibatch_stddev(x), self.kernel)
        return self.logits(self.hidden(x.flatten(1))).float()

    def agree(self, seen: Tensor, labels: Tensor | None) -> Tensor:
        """Logits (B,) of what it has `seen`, as pictures of these labels (B, classes)."""
        if self.mapping is None:
            return seen[:, 0]
        wanted = self.mapping(None, labels).float()
        return (seen * wanted).sum(1) / wanted.shape[1] ** 0.5

    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.agree(self.seen(pictures), labels)


def _channels(size: int, base: int, most: int) -> tuple[list[int], list[int]]:
    """The sides 4, 8, ..., size and the channels at each."""
    if size < 8 or size & (size - 1):
        raise LabError(f"StyleGAN2 draws pictures of 8, 16, 32, ... pixels, not {size}; choose one of these as size.")
    if base < size:
        raise LabError(f"channel_base={base} leaves no channel at {size} pixels; take {size} or more, as 32 * {size}.")
    sides = [2**level for level in range(2, size.bit_length())]
    return sides, [min(base // side, most) for side in sides]
