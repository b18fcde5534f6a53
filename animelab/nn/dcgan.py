"""DCGAN (Radford, Metz and Chintala 2015), with the layers of the PyTorch example. Taught in 01_dcgan."""

from __future__ import annotations

from torch import Tensor, nn

from animelab.errors import LabError


class Generator(nn.Sequential):
    """Latents (B, latent) to pictures (B, 3, size, size) in [-1, 1]: every layer doubles the side, from 4 to `size`.

    With the defaults it has the 3,576,704 parameters of the PyTorch example. `width` is the number of channels of the
    last hidden layer. Raises LabError unless size is 32, 64, 128 or 256.
    """

    def __init__(self, size: int = 64, latent: int = 100, width: int = 64) -> None:
        *hidden, first = channels_inwards(size, width)
        layers: list[nn.Module] = [
            nn.Unflatten(1, (latent, 1, 1)),
            nn.ConvTranspose2d(latent, first, 4, bias=False),  # 1x1 -> 4x4
            nn.BatchNorm2d(first),
            nn.ReLU(),
        ]
        previous = first
        for channels in reversed(hidden):
            layers += [
                nn.ConvTranspose2d(previous, channels, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
            previous = channels
        layers += [nn.ConvTranspose2d(previous, 3, 4, stride=2, padding=1, bias=False), nn.Tanh()]
        super().__init__(*layers)
        self.size, self.latent = size, latent


class Discriminator(nn.Sequential):
    """Pictures (B, 3, size, size) to logits (B,): every layer halves the side, down to 4, then one number.

    With the defaults it has the 2,765,568 parameters of the PyTorch example, without its sigmoid: losses take logits.
    Raises LabError unless size is 32, 64, 128 or 256, and for pictures of another size.
    """

    def __init__(self, size: int = 64, width: int = 64) -> None:
        first, *hidden = channels_inwards(size, width)
        layers: list[nn.Module] = [nn.Conv2d(3, first, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2)]
        previous = first
        for channels in hidden:
            layers += [
                nn.Conv2d(previous, channels, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.LeakyReLU(0.2),
            ]
            previous = channels
        layers += [nn.Conv2d(previous, 1, 4, bias=False), nn.Flatten(0)]
        super().__init__(*layers)
        self.size = size

    def forward(self, pictures: Tensor) -> Tensor:
        if pictures.shape[-2:] != (self.size, self.size):
            height, width = pictures.shape[-2:]
            raise LabError(
                f"This discriminator takes pictures of {self.size} x {self.size} pixels, not {height} x {width}; "
                "give the data and the networks the same size."
            )
        return super().forward(pictures).float()  # losses deserve full precision, also under bfloat16


def initialize(module: nn.Module) -> None:
    """The paper's first weights, for `network.apply(initialize)`: convolutions N(0, 0.02), BatchNorm scales N(1, 0.02).

    Radford et al. 2015, section 4, and the PyTorch example. Taught in 01_dcgan.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def channels_inwards(size: int, width: int) -> list[int]:
    """Channels from the picture's side inwards: width, 2 width, 4 width, ... never more than 8 width."""
    if size not in (32, 64, 128, 256):
        raise LabError(f"DCGAN draws pictures of 32, 64, 128 or 256 pixels, not {size}; choose one of these as size.")
    depth = size.bit_length() - 3  # halvings from size to 4
    return [min(2**i, 8) * width for i in range(depth)]
