"""Larger pictures out of small ones: L1 first, and then a discriminator. Taught in 11_repair.

The game is SRGAN's (Ledig et al. 2017) with the discriminator of Real-ESRGAN (Wang et al. 2021), whose idea it is to
make the small pictures from large ones with every damage that pictures suffer on their way, in random order.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.functional import gaussian_blur

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import ImageFolder, StudioFaces, StudioScenes, jittered
from animelab.data.pictures import Pictures
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.files import opened
from animelab.metrics import perception
from animelab.nn import enlarger
from animelab.shares import share
from animelab.viz import grid

QUALITY = {1: (75, 95), 2: (50, 80), 3: (25, 60)}  # of the JPEG file that a damage of each level ends in


@dataclass(frozen=True)
class Config(TrainingConfig):
    """Found by trials of our own; see course/measurements.md."""

    batch: int = 16
    by: int = 2  # or 4
    picture: int = 128  # what is drawn, and made small;
    size: int = 96  # of the large picture a piece of this side, with the piece of the small one that belongs to it
    width: int = 64
    blocks: int = 16
    width_D: int = 64
    lr_G: float = 1e-3
    lr_D: float = 2e-4
    ema: float = 0.998
    l1_weight: float = 1.0
    adversarial_weight: float = 0.0  # 0 leaves L1 alone; SRGAN begins so, too, and goes on (`start`) with more
    features_weight: float = 0.0  # of L1 through features that have learned to see
    features: str = "tagger"
    prior: str = "full"
    faces: int = 20_000  # half of them cels, and a tenth each line drawings, watercolors; as many places as both

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.by not in (2, 4):
            raise LabError(f"The enlarger learns to enlarge by 2 or by 4, not by={self.by}.")
        if self.size > self.picture or self.size % 8 or self.picture % 8:
            raise LabError(f"size={self.size} and picture={self.picture} are multiples of 8, size the smaller one.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=4, size=32, picture=64, width=8, blocks=2, width_D=8, adversarial_weight=0.01, faces=60,
        log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(steps=5000, decay=5000, width=32, blocks=8, width_D=16, size=64, faces=6_000),
    "t4": Config(steps=60_000, decay=60_000, batch=32, checkpoint_every=2000, preview_every=1000),  # not measured yet
    "h100": Config(steps=100_000, decay=100_000, batch=64, faces=50_000, checkpoint_every=2000),  # not measured yet
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def shrunk(picture: Tensor, by: int) -> Tensor:
    """A picture (1, 3, H, W) made smaller by one of the filters that people use, which one by chance."""
    mode = ("area", "bilinear", "bicubic")[int(torch.randint(3, ()))]
    smooth = {} if mode == "area" else {"antialias": True}
    return interpolate(picture, scale_factor=1 / by, mode=mode, **smooth)


def compressed(picture: Tensor, quality: int) -> Tensor:
    """What a JPEG file of that quality, 1 to 100, keeps of a picture (1, 3, H, W) in [-1, 1]."""
    file, pixels = io.BytesIO(), ((picture[0].clamp(-1, 1) + 1) * 127.5).round().byte()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(opened(file.getvalue())[0])).permute(2, 0, 1)[None] / 127.5 - 1


def damaged(pictures: Tensor, by: int, levels: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1] as small files of them come: (B, 3, H / by, W / by), on the CPU.

    levels: (B,) from 0, where they are made smaller and nothing else, to 3. Blur, noise, a JPEG file and the smaller
    size come in random order, and whatever comes, it ends in a JPEG file of that level.
    """
    out, seeds = [], share(lambda rows: torch.randint(2**62, (rows,)), len(pictures)).tolist()
    with torch.random.fork_rng():
        for picture, level, seed in zip(pictures.cpu().split(1), levels.tolist(), seeds):
            torch.manual_seed(seed)
            if not level:
                out.append(shrunk(picture, by).clamp(-1, 1))
                continue
            sigma, grain = 0.1 + 0.3 * level * torch.rand(()).item(), 0.03 * level * torch.rand(()).item()
            quality = lambda level=level: int(torch.randint(*QUALITY[level], ()))
            steps = [
                lambda x: gaussian_blur(x, 7, [sigma]),
                lambda x: x + grain * torch.randn_like(x),
                lambda x: compressed(x, quality()),
            ]
            chosen = [lambda x: shrunk(x, by), *(step for step in steps if torch.rand(()) < 0.5)]
            for place in torch.randperm(len(chosen)).tolist():
                picture = chosen[place](picture)
            out.append(compressed(picture, quality()))
    return torch.cat(out)


class EnlargerRecipe(Recipe):
    """One network that enlarges, and one that says of every pixel whether it was drawn. `damaged` can be your own."""

    name = "enlarger"
    presets = PRESETS
    parts = ("damaged",)
    damaged = staticmethod(damaged)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return ImageFolder(folder, config.picture)
        sets = [
            StudioFaces(config.picture, max(1, round(config.faces * part)), config.seed, config.prior, side=side)
            for side, part in (("color", 0.5), ("line", 0.1), ("watercolor", 0.1))
        ]
        places = StudioScenes("anime", "anime", config.picture, max(1, round(config.faces * 0.15)), config.seed)
        pixels = np.concatenate([*(each.pixels for each in sets), *places.pixels])
        names = " ".join([*(each.fingerprint for each in sets), places.fingerprint])
        return Pictures(pixels, f"studio faces ({config.prior}) as cels, lines and watercolors, and places", names)

    def build(self, config: Config) -> None:
        self.G = enlarger.Enlarger(**self.arguments())
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (0.9, 0.99))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        if config.adversarial_weight:
            self.discriminator = enlarger.Discriminator(config.width_D)  # not D: `start` knows G alone
            self.D_adam = adam(self.discriminator, config.lr_D, (0.9, 0.99))
            self.D_decay = linear_decay(self.D_adam, config.decay)
        if config.features_weight:
            self.look = perception.extractor(config.features, self.device)

    def arguments(self) -> dict[str, int]:
        """What the network is built from."""
        return {"width": self.config.width, "blocks": self.config.blocks, "by": self.config.by}

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        c = self.config
        pictures = jittered(batch, crop=1.0)[0]  # (B, 3, picture, picture)
        levels = share(lambda rows: torch.randint(enlarger.LEVELS, (rows,)), len(pictures))
        small, real = self.pieces(self.damaged(pictures, c.by, levels).to(self.device), pictures)
        fake = self.G(small, levels.to(self.device))
        l1 = (fake - real).abs().mean()
        total, told = c.l1_weight * l1, {"L1": l1.detach()}
        if c.features_weight:
            with torch.no_grad():
                wanted = self.look(real)
            total = total + c.features_weight * perception.content_distance(self.look(fake), wanted, (0, 1, 2))
        if c.adversarial_weight:
            loss_D = losses.discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
            self.update(self.D_adam, loss_D)
            with frozen(self.discriminator):
                loss_G = losses.non_saturating_generator_loss(self.discriminator(fake))
            total, told = total + c.adversarial_weight * loss_G, told | {"D": loss_D.detach(), "G": loss_G.detach()}
            self.D_decay.step()
        self.update(self.G_adam, total)
        self.G_ema.update(self.G)
        self.G_decay.step()
        return told

    def pieces(self, small: Tensor, large: Tensor) -> tuple[Tensor, Tensor]:
        """The same random piece of both, one place a batch: `size` / by and `size` pixels."""
        by, side = self.config.by, self.config.size // self.config.by
        top, left = (int(torch.randint(small.shape[-1] - side + 1, ())) for _ in range(2))
        whole = large[..., by * top : by * (top + side), by * left : by * (left + side)]
        return small[..., top : top + side, left : left + side], whole

    def preview(self) -> np.ndarray:
        """Rows of damaged small pictures, of what is made of them, and of the truth."""
        (large,), c = self.examples[:1], self.config
        with torch.random.fork_rng():  # the same damage in every preview
            torch.manual_seed(0)
            levels = torch.arange(len(large)) % enlarger.LEVELS
            small = self.damaged(large, c.by, levels).to(large)
        found = self.G_ema(small, levels.to(large.device)).clamp(-1, 1)
        return grid(torch.cat([interpolate(small, scale_factor=c.by), found, large]), len(large))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "enlarger.network", self.arguments(), self.G_ema.average
