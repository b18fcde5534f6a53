"""Larger pictures out of small ones: L1 first, and then a discriminator. Taught in 11_repair.

The game is SRGAN's (Ledig et al. 2017), with pix2pix's discriminator. The small pictures are made from large ones with
every damage that pictures suffer on their way (Real-ESRGAN, Wang et al. 2021), shuffled (BSRGAN, Zhang et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.functional import gaussian_blur

from animelab import config as settings
from animelab import losses, metrics, zoo
from animelab.config import TrainingConfig
from animelab.data import ImageFolder, StudioFaces, StudioScenes, jittered
from animelab.data.pictures import Pictures
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.engine.weights import load_weights
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import cartoongan, enlarger, pix2pix
from animelab.shares import share
from animelab.viz import grid

QUALITY = (75, 95), (50, 80), (25, 60)  # of the JPEG file that a damage of each level, from 1 on, ends in


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
    patch_layers: int = 2  # of D, which has no norm: with spectral norm it told nothing apart in 120 steps
    lr_G: float = 1e-3
    lr_D: float = 1e-3
    ema: float = 0.998
    adversarial_weight: float = 0.0  # 0 leaves L1 alone; SRGAN begins so, too, and goes on (`start`) with more
    features_weight: float = 0.0  # of L1 through what the tagger has learned to see
    prior: str = "full"
    faces: int = 20_000  # half of them cels, and a tenth each line drawings, watercolors; the rest are places

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size > self.picture or self.size % 8 or self.picture % 8:
            raise LabError(f"size={self.size} and picture={self.picture} are multiples of 8, size the smaller one.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=4, size=32, picture=64, width=8, blocks=2, width_D=8, adversarial_weight=0.01, faces=60,
        patch_layers=1, log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(steps=3000, decay=3000, width=32, blocks=8, width_D=16, size=64, faces=6_000),
    "t4": Config(steps=60_000, decay=60_000, batch=32, checkpoint_every=2000, preview_every=1000),  # not measured yet
    "h100": Config(steps=100_000, decay=100_000, batch=64, faces=50_000, checkpoint_every=2000),  # not measured yet
}  # fmt: skip
preset = settings.named(PRESETS)


def shrunk(picture: Tensor, by: int) -> Tensor:
    """A picture (1, 3, H, W) made smaller by one of the filters that people use, which one by chance."""
    mode = ("area", "bilinear", "bicubic")[int(torch.randint(3, ()))]
    return interpolate(picture, scale_factor=1 / by, mode=mode, **{} if mode == "area" else {"antialias": True})


def damaged(pictures: Tensor, by: int, levels: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1] as small files of them come: (B, 3, H / by, W / by), on the CPU.

    levels: (B,) from 0, where they are made smaller and nothing else, to 3. Blur, noise, a JPEG file and the smaller
    size come in random order, each but the last by chance, and whatever comes, it ends in a JPEG file of that level.
    """
    seeds = share(lambda rows: torch.randint(2**62, (rows,)), len(pictures)).tolist()
    with torch.random.fork_rng([]):
        return torch.cat([spoiled(*one, by=by) for one in zip(pictures.cpu().split(1), levels.tolist(), seeds)])


def spoiled(picture: Tensor, level: int, seed: int, by: int) -> Tensor:
    """One of them, (1, 3, H, W), by the random numbers of that seed."""
    torch.manual_seed(seed)
    steps: list[Any] = [lambda x: shrunk(x, by)]
    if level:
        blur, grain, (low, high) = 0.1 + 0.3 * level * torch.rand(()), 0.03 * level * torch.rand(()), QUALITY[level - 1]
        file = lambda x: enlarger.compressed(x, int(torch.randint(low, high, ())))  # noqa: E731
        others = (lambda x: gaussian_blur(x, 7, [float(blur)]), lambda x: x + grain * torch.randn_like(x), file)
        steps += [step for step in others if torch.rand(()) < 0.5]
        steps = [*(steps[place] for place in torch.randperm(len(steps))), file]
    for step in steps:
        picture = step(picture)
    return picture.clamp(-1, 1)


@torch.no_grad()
def exam(config: Config, model: str | Path, count: int = 256) -> dict[str, float]:
    """Scores of a run or a bundled model on held-out faces, clean, and with damage of level 2.

    PSNR, perceptual distance, and how steep brightness is where the truth has an edge, as a share of the truth's.
    """
    run = Path(model, "weights.safetensors")
    network = load_weights(run)[2] if run.exists() else zoo.network(str(model))
    large, found = StudioFaces(config.picture, count, 0, config.prior, split="test").batch(range(count)), {}
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        for name, level in (("", 0), (" damaged", 2)):
            levels = torch.full((count,), level)
            parts = zip(damaged(large, config.by, levels).split(32), levels.split(32))
            fake = torch.cat([network(*part).clamp(-1, 1) for part in parts])
            found[f"PSNR{name}"], found[f"perceptual{name}"] = (
                metrics.psnr(fake, large),
                metrics.perceptual(fake, large),
            )
            found[f"ink{name}"] = cartoongan.sharpness(fake, large)
    return {name: round(float(each.mean()), 4) for name, each in found.items()}


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
        shares = (("color", 0.5), ("line", 0.1), ("watercolor", 0.1))
        counts = {side: max(1, round(config.faces * part)) for side, part in shares}
        sets = [StudioFaces(config.picture, counts[side], config.seed, config.prior, side=side) for side in counts]
        places = StudioScenes("anime", "anime", config.picture, max(1, round(config.faces * 0.15)), config.seed)
        pixels = np.concatenate([*(each.pixels for each in sets), *places.pixels])
        name = f"studio cels, lines and watercolors ({config.prior}), and places"
        return Pictures(pixels, name, " ".join([*(each.fingerprint for each in sets), places.fingerprint]))

    def build(self, config: Config) -> None:
        self.arguments = {"width": config.width, "blocks": config.blocks, "by": config.by}
        self.G = enlarger.Enlarger(**self.arguments)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (0.9, 0.99))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        if config.adversarial_weight:
            # It is not called D: what `start` names has none, and this one begins anew.
            self.discriminator = pix2pix.Discriminator(3, config.width_D, config.patch_layers, "none")
            self.D_adam = adam(self.discriminator, config.lr_D, (0.9, 0.99))
            self.D_decay = linear_decay(self.D_adam, config.decay)
        if config.features_weight:
            self.look = perception.extractor("tagger", self.device)

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        c = self.config
        pictures = jittered(batch, crop=1.0)[0]  # (B, 3, picture, picture)
        levels = share(lambda rows: torch.randint(enlarger.LEVELS, (rows,)), len(pictures))
        small, side = self.damaged(pictures, c.by, levels).to(self.device), c.size // c.by
        top, left = (int(torch.randint(small.shape[-1] - side + 1, ())) for _ in range(2))  # one place a batch
        small = small[..., top : top + side, left : left + side]
        real = pictures[..., c.by * top :, c.by * left :][..., : c.size, : c.size]
        fake = self.G(small, levels.to(self.device))
        l1 = (fake - real).abs().mean()
        total, told = l1, {"L1": l1.detach()}
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

    def preview(self) -> np.ndarray:
        """Rows of damaged small pictures, of what is made of them, and of the truth."""
        (large,), c = self.examples[:1], self.config
        levels = torch.arange(len(large)) % enlarger.LEVELS
        small = self.damaged(large, c.by, levels).to(large)
        found = self.G_ema(small, levels.to(large.device)).clamp(-1, 1)
        return grid(torch.cat([interpolate(small, scale_factor=c.by), found, large]), len(large))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return "enlarger.network", self.arguments, self.G_ema.average
