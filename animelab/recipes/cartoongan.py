"""CartoonGAN (Chen et al. 2018): photographs to drawings with clear edges. Taught in 09_cartoongan."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torchvision.transforms.functional import gaussian_blur

from animelab import config as settings
from animelab import losses
from animelab.config import TrainingConfig
from animelab.data import StudioScenes, UnpairedFolder, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import cartoongan, cut, r3gan
from animelab.viz import grid


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The authors' rates and weights: batch 8, Adam 2e-4 at first and 1e-5 with D, content worth 10 (section 3).

    Ours are the least squares (the authors' code has them, too), and no pool of old fakes.
    """

    batch: int = 8
    size: int = 256  # what the networks see:
    picture: int = 256  # a piece of pictures with this side
    width: int = 64
    width_D: int = 32
    blocks: int = 8
    first: int = 6_750  # steps of content alone, without D: 10 epochs of 5,400 photographs
    lr_first: float = 2e-4
    lr_G: float = 1e-5
    lr_D: float = 1e-5
    beta1: float = 0.5
    ema: float = 0.0
    content_weight: float = 10.0
    edges: bool = True  # the third set: drawings with soft edges are no drawings
    features: str = "vgg19"
    gamma: float = 0.0  # weight of R1 and R2; above 0 the game is R3GAN's, about pieces of 64 px, and G keeps its tints
    penalty_every: int = 4  # steps between both penalties, which count as many times more
    longest: float = 0.0  # D's gradient is shortened to this norm, or never: one steep picture can end a training
    color_weight: float = 0.0  # of what a drawing's color is off, seen through a blur
    camera: float = 0.0  # how often each of a camera's faults befalls a photograph; G is to draw what was there before
    scenes: int = 5_000  # drawn places a side, when no folder is given

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size > self.picture or self.size % 16 or self.picture % 16:
            raise LabError(
                f"size={self.size} must be a multiple of 16 and at most picture={self.picture}, which is one as well."
            )
        if self.gamma and self.size < 64:
            raise LabError(f"size={self.size} is too small for gamma above 0: D looks at pieces of 64 pixels.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=32, picture=48, width=4, width_D=4, blocks=1, first=10, features="tagger", scenes=32,
        log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(
        steps=4500, decay=4500, batch=1, size=128, picture=128, width=16, width_D=16, blocks=3, first=2000,
        lr_first=5e-4, lr_G=3e-4, lr_D=5e-5, ema=0.995, content_weight=6.0, features="tagger", scenes=2_500,
    ),
    "t4": Config(steps=75_000, decay=75_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(steps=150_000, decay=150_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "pairs": Config(  # the game and the layers of today
        steps=3000, decay=3000, batch=2, size=128, picture=256, width=16, width_D=24, blocks=4, first=400,
        lr_first=5e-4, lr_G=5e-4, lr_D=5e-4, beta1=0.0, ema=0.995, content_weight=1.0, color_weight=2.0, gamma=1.0,
        longest=5.0, camera=0.5, features="tagger", scenes=1_500,
    ),
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def photographed(pictures: Tensor, share: float = 0.5) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1] as a camera may hand them on: each of its faults befalls a `share` of them.

    Exposure, a tint (white balance), haze that is thicker above, blur, noise, and the blocks of a JPEG file.
    """
    out = []
    for clean in pictures.cpu():
        picture, (size, up, red, blue, haze, soft) = (clean + 1) / 2, torch.rand(6).tolist()
        faults = torch.rand(5) < share
        if faults[0]:
            picture = picture ** math.exp(size - 0.5) * math.exp(0.7 * (up - 0.4))
        if faults[1]:
            picture = (
                picture * torch.tensor([math.exp(0.35 * (red - 0.5)), 1, math.exp(0.35 * (blue - 0.5))])[:, None, None]
            )
        if faults[2]:
            thick = haze / 2 * torch.linspace(1, up, picture.shape[1])[:, None]
            picture = torch.lerp(picture, 0.8 + 0.2 * torch.rand(3, 1, 1).expand_as(picture), thick.expand_as(picture))
        if faults[3]:
            picture = gaussian_blur(picture, 5, [0.3 + soft])
        picture = (picture + 0.03 * size * torch.randn_like(picture)).clamp(0, 1)
        if faults[4]:
            file = io.BytesIO()
            Image.fromarray((picture * 255).byte().permute(1, 2, 0).numpy()).save(
                file, "JPEG", quality=int(40 + 55 * red)
            )
            picture = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1) / 255
        out.append(picture * 2 - 1)
    return torch.stack(out).to(pictures.device)


def pieces(pictures: Tensor, count: int = 2, size: int = 64) -> Tensor:
    """`count` pieces of each picture at random places, (count * B, 3, size, size): D compares style, not places."""
    room = pictures.shape[-1] - size + 1
    corners = torch.randint(0, room, (count * len(pictures), 2)).tolist()
    several = [each for each in pictures for _ in range(count)]
    return torch.stack([each[:, y : y + size, x : x + size] for each, (y, x) in zip(several, corners)])


def discriminator_loss(drawing: Tensor, fake: Tensor, soft: Tensor) -> Tensor:
    """What it costs D to be wrong about three sets, a scalar: drawings, fakes, drawings with soft edges (equation 3).

    All are maps of logits. By least squares, and each set counts once.
    """
    return losses.least_squares_discriminator_loss(drawing, fake) + soft.square().mean()


class CartoonGAN(Recipe):
    """One generator, one discriminator. `discriminator_loss` can be a learner's own. The paper takes cross-entropy."""

    name = "cartoongan"
    presets = PRESETS
    parts = ("discriminator_loss",)
    discriminator_loss = staticmethod(discriminator_loss)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return UnpairedFolder(folder, config.picture)
        return StudioScenes("photo", "anime", config.picture, config.scenes, config.seed)

    def build(self, config: Config) -> None:
        self.G: torch.nn.Module
        self.D: Any
        if config.gamma:
            self.G = cut.Generator(config.blocks, config.width, "layer", shortcuts=True).apply(r3gan.initialize)
            self.D = r3gan.Discriminator(64, config.width_D).apply(r3gan.initialize)
        else:
            self.G, self.D = cartoongan.Generator(config.blocks, config.width), cartoongan.Discriminator(config.width_D)
        self.G_ema = EMA(self.G, config.ema)
        self.G_first = adam(self.G, config.lr_first, (config.beta1, 0.999))
        self.G_adam = adam(self.G, config.lr_G, (config.beta1, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (config.beta1, 0.999))
        r3gan.shorten_gradients(self.D, self.D_adam, config.longest)
        falling = max(0, config.decay - config.first)  # the rates wait for the second phase
        self.G_decay, self.D_decay = (linear_decay(each, falling) for each in (self.G_adam, self.D_adam))
        self.steps_done = torch.zeros((), dtype=torch.int64)
        self.look = perception.extractor(config.features, self.device)

    def content(self, fake: Tensor, photos: Tensor, depths: tuple[int, ...]) -> Tensor:
        """How far a drawing is from its photograph, deep in a network that has learned to see (equation 4)."""
        if self.config.gamma:  # from a random pixel on, so that the strides of that network print no grid
            side = photos.shape[-1] - 16  # which the features take in multiples
            top, left = torch.randint(0, 17, (2,)).tolist()
            fake, photos = (each[..., top : top + side, left : left + side] for each in (fake, photos))
        with torch.no_grad():
            wanted = self.look(photos)
        return perception.content_distance(self.look(fake), wanted, depths)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        photos, drawings = (jittered(side, crop=1.0, size=c.size)[0] for side in batch)
        fake = self.G(photographed(photos, c.camera) if c.camera else photos)
        off = (avg_pool2d(fake - photos, 8).abs().mean() if c.color_weight else 0.0) * c.color_weight
        self.steps_done += 1
        if self.steps_done <= c.first:  # learn to leave things as they are, before D comes
            content = self.content(fake, photos, perception.EVERYTHING[c.features])
            self.update(self.G_first, content + off)
            self.G_ema.update(self.G)
            return {"content": content.detach()}

        if c.gamma:
            loss_D, loss_G = self.pairs(drawings, fake)
        else:
            of_real, of_fake = self.D(drawings), self.D(fake.detach())
            if c.edges:  # the same drawings with soft edges are as wrong as a fake
                loss_D = self.discriminator_loss(of_real, of_fake, self.D(cartoongan.edge_smoothed(drawings)))
            else:
                loss_D = losses.least_squares_discriminator_loss(of_real, of_fake)
            self.update(self.D_adam, loss_D)
            with frozen(self.D):
                loss_G = losses.least_squares_generator_loss(self.D(fake))
        content = self.content(fake, photos, perception.CONTENT[c.features])
        self.update(self.G_adam, loss_G + c.content_weight * content + off)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        return {"D": loss_D.detach(), "G": loss_G.detach(), "content": content.detach()}

    def pairs(self, drawings: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """D's step in R3GAN's game; losses of D and of G. Drawings with soft edges are as wrong as a fake."""
        c, real = self.config, pieces(drawings)
        made, soft = pieces(fake.detach()), cartoongan.edge_smoothed(real)
        real_logits = self.D(real)
        loss_D = losses.relativistic_discriminator_loss(real_logits, self.D(made))
        if c.edges:
            loss_D = loss_D + losses.relativistic_discriminator_loss(real_logits, self.D(soft)) / 2
        total = loss_D
        if self.steps_done % c.penalty_every == 0:
            total = total + c.gamma * c.penalty_every * r3gan.steepness(losses.r1_penalty, self.D, real, made)
        self.update(self.D_adam, total)
        with frozen(self.D):
            return loss_D, losses.relativistic_discriminator_loss(self.D(pieces(fake)), self.D(real))

    def preview(self) -> np.ndarray:
        """Photographs, what G makes of them, and drawings of other places."""
        photos, drawings = self.examples
        return grid(torch.cat([photos, self.G_ema(photos), drawings]), len(photos))

    def weights(self) -> tuple[str, dict[str, Any], torch.nn.Module]:
        shape: dict[str, Any] = {"blocks": self.config.blocks, "width": self.config.width}
        if self.config.gamma:
            return "cut.generator", shape | {"norm": "layer", "shortcuts": True}, self.G_ema.average
        return "cartoongan.generator", shape, self.G_ema.average
