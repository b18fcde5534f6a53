"""Color for line art, in two stages (Zhang et al. 2018): a bold draft, a careful hand. Taught in 08_colorization."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from animelab import config as settings
from animelab import losses, metrics, studio, zoo
from animelab.config import TrainingConfig
from animelab.data import PairedFolder, StudioPairs, as_pictures, jittered
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.nn import colorization, pix2pix, r3gan
from animelab.shares import share
from animelab.viz import grid

STAGES = ("draft", "refine")
NETWORKS = {"paintschainer.unet": colorization.UNet, "colorization.gated-unet": colorization.GatedUNet}


@dataclass(frozen=True)
class Config(TrainingConfig):
    """PaintsChainer's rate (128 px, batch 16, Adam 1e-4), AlacGAN's half without dots, few or many dots as in
    rapidrabbit76/SketchColorization; and our own: a network that sees dots poured, and areas of a strange color."""

    stage: str = "draft"
    network: str = "colorization.gated-unet"  # which sees its dots poured; or PaintsChainer's
    size: int = 128
    width: int = 32
    patch_layers: int = 3  # of D
    lr_G: float = 1e-4
    lr_D: float = 1e-4
    ema: float = 0.999
    adversarial_weight: float = 1.0
    l1_weight: float = 30.0  # the lower, the bolder
    dot_weight: float = 4.0  # how much more L1 counts under a dot
    gamma: float = 0.02  # weight of the penalty on D's slopes at right colorings,
    penalty_every: int = 4  # steps between them; they count as many times more
    none: float = 0.5  # share of pictures without a single dot,
    few: float = 0.4  # and of those with dots, the share that has 1 to 5; the others have up to `dots`
    dots: int = 65
    radius: int = 2  # a dot's side is 1, 3 or 5 pixels
    asked: float = 0.5  # share of pictures that come with a palette, in the draft stage
    strange: float = 0.4  # share of pictures in which one area has any color, and a dot there says so
    prior: str = "full"
    faces: int = 20_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stage not in STAGES:
            raise LabError(f"There is no stage '{self.stage}': {settings.nearest(self.stage, STAGES)}")
        if self.network not in NETWORKS:
            raise LabError(f"There is no network '{self.network}': {settings.nearest(self.network, NETWORKS)}")
        if self.dots > self.size**2:
            raise LabError(f"A picture of {self.size} px has no room for {self.dots} dots; give at most a pixel each.")
        if self.size % 16:
            raise LabError(f"The U-Net takes sizes that are multiples of 16, not {self.size}.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=4, size=32, width=4, patch_layers=1, faces=64, dots=8, log_every=5, preview_every=10,
        checkpoint_every=10,
    ),
    "cpu": Config(
        steps=2000, decay=2000, batch=8, size=64, width=8, patch_layers=2, lr_G=1e-3, lr_D=1e-3, ema=0.99,
        l1_weight=15.0, prior="frontal", faces=10_000, radius=1,
    ),
    "t4": Config(steps=100_000, decay=100_000, checkpoint_every=5000, preview_every=2000),  # not measured yet
    "h100": Config(
        steps=150_000, decay=150_000, size=256, faces=50_000, radius=3, checkpoint_every=5000, preview_every=2000
    ),  # not measured yet
    "studio": Config(  # how the colorists of the zoo were made, from PaintsChainer's network on
        steps=1400, decay=1400, batch=4, width=8, patch_layers=2, lr_G=3e-4, lr_D=1e-3, ema=0.995, l1_weight=15.0,
        faces=12_000,
    ),
}  # fmt: skip
preset = settings.named(PRESETS)


@torch.no_grad()
def exam(config: Config, model: str | Path, count: int = 256) -> dict[str, float]:
    """Scores of one stage, a run or a bundled model, with the bundled other one, on held-out drawings without palette.

    20 right dots each: distance, PSNR, perceptual, and how far colors are off the dots. Then one more dot in the hair,
    green: how far off is that, and what share of the change leaks out of the piece it lies in?
    """
    drafting = config.stage == "draft"
    colorist = zoo.colorist(*((model, "colorist-refine-128") if drafting else ("colorist-draft-128", model)))
    pairs = StudioPairs("line", "color", config.size, count, 0, config.prior, "test")
    lines, colors = map(as_pictures, pairs.batch(range(count)))
    paper, green = lines[:, :1], torch.tensor([-0.6, 1.0, -0.6]).view(1, 3, 1, 1).expand_as(colors)
    pieces, labels = (
        torch.from_numpy(np.stack([draw(pairs.cast[i], config.size) for i in range(count)]))[:, None]
        for draw in (studio.regions, studio.label_map)
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        dots = colorization.hints(colors, torch.full((count,), 20), 1, paper > 0.4)
        one = torch.ones(count, dtype=torch.int64)
        spot = colorization.hints(green, one, 0, (labels == studio.LABELS["hair"]) & (paper > 0.4))[:, 3:]
    odd = colorization.hint_channels(green, max_pool2d(spot, 3, 1, 1) > 0)
    before, after = (
        torch.cat([
            colorist(p, d, d, p.new_zeros(len(p), colorization.PALETTE))[not drafting]
            for p, d in zip(paper.split(32), given.split(32))
        ])
        for given in (dots, torch.where(odd[:, 3:] > 0, odd, dots))
    )  # fmt: skip
    home = pieces == (pieces * spot).sum((1, 2, 3), keepdim=True)
    return {
        "distance": round(float((before - colors).abs().mean()), 3),
        "PSNR": round(float(metrics.psnr(before, colors).mean()), 2),
        "perceptual": round(float(metrics.perceptual(before, colors).mean()), 3),
        "off the dots": round(float(metrics.obedience(before, dots)), 1),
        "off a green one": round(float(metrics.obedience(after, odd)), 1),
        "leak": round(metrics.leak(before, after, home), 2),
    }


class Colorization(Recipe):
    """One stage of two. `hints` (where the dots lie) and `flawed` (what a draft gets wrong) can be a learner's own."""

    name = "colorization"
    presets = PRESETS
    parts = ("hints", "flawed")
    hints = staticmethod(colorization.hints)
    flawed = staticmethod(colorization.flawed)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            return PairedFolder(folder, config.size)
        return StudioPairs("line", "color", config.size, config.faces, config.seed, config.prior)

    def build(self, config: Config) -> None:
        self.drafting = config.stage == "draft"
        self.G = NETWORKS[config.network](**self.arguments())
        self.D = pix2pix.Discriminator(4, 2 * config.width, config.patch_layers, "none").apply(r3gan.initialize)
        for network in (self.G, self.D):  # many pixels and few channels: a pixel's side by side are faster
            network.to(memory_format=torch.channels_last)
        self.G_ema = EMA(self.G, config.ema)
        self.G_adam = adam(self.G, config.lr_G, (0.5, 0.999))
        self.D_adam = adam(self.D, config.lr_D, (0.5, 0.999))
        self.G_decay = linear_decay(self.G_adam, config.decay)
        self.D_decay = linear_decay(self.D_adam, config.decay)
        self.steps_done = torch.zeros((), dtype=torch.int64)

    def _begin_like(self, start: str) -> None:
        """From a model of this recipe, or from PaintsChainer's generator alone; then D is new."""
        weights, of_D = type(self).trained(start)
        if of_D:
            return super()._begin_like(start)
        for network in (self.G, self.G_ema.average):
            network.load_state_dict(weights)

    def arguments(self) -> dict[str, int]:
        """What G is built from: ink and dots go in, in the second stage a draft, too."""
        more = {"channels_in": 5, "palette": colorization.PALETTE} if self.drafting else {"channels_in": 8}
        return {"width": self.config.width, **more}

    def counts(self, pictures: int) -> Tensor:
        """How many dots each picture gets."""
        c = self.config

        def count(rows: int) -> Tensor:
            few, many = torch.randint(1, 6, (rows,)), torch.randint(6, c.dots + 1, (rows,))
            return torch.where(torch.rand(rows) < c.few, few, many) * (torch.rand(rows) >= c.none)

        return share(count, pictures).to(self.device)

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        lines, colors = jittered(*map(as_pictures, batch), crop=1.0)  # (B, 3, size, size) in [-1, 1], mirrored or not
        ink = (1 - lines[:, :1]) / 2  # 1 where a line is
        struck = share(torch.rand, len(ink)).to(self.device) < c.strange
        spots = colorization.hints(colors, struck.int(), 0, ink < 0.3)
        truth = colorization.strange(colors, spots, ink)
        radius = int(torch.randint(0, c.radius + 1, ()))
        dots = self.hints(truth, self.counts(len(ink)), radius, ink < 0.3)
        first = self.hints(truth, struck.int(), radius, spots[:, 3:] > 0)
        dots = torch.where(first[:, 3:] > 0, first, dots)
        if self.drafting:  # a palette has not heard of what is strange
            asked = share(torch.rand, len(ink), 1).to(self.device) < c.asked
            fake = self.G(torch.cat([ink, dots], 1), colorization.palette(colors) * asked)
        else:  # and half of the drafts have not
            heard = share(torch.rand, len(ink), 1, 1, 1).to(self.device) < 0.5
            fake = self.G(torch.cat([ink, dots, self.flawed(torch.where(heard, truth, colors))], 1))

        loss_G = loss_D = fake.new_zeros(())
        if c.adversarial_weight:
            real = torch.cat([ink, truth], 1)
            loss_D = losses.discriminator_loss(self.D(real), self.D(torch.cat([ink, fake.detach()], 1)))
            penalty = torch.zeros_like(loss_D)
            if self.steps_done % c.penalty_every == 0:
                with torch.autocast(self.device.type, enabled=False):  # a gradient of a gradient wants every digit
                    penalty = losses.r1_penalty(self.score, real)
            self.update(self.D_adam, loss_D + c.gamma / 2 * c.penalty_every * penalty)
            with frozen(self.D):
                loss_G = losses.non_saturating_generator_loss(self.D(torch.cat([ink, fake], 1)))
        l1 = ((fake - truth).abs() * (1 + c.dot_weight * dots[:, 3:])).mean()
        self.update(self.G_adam, c.adversarial_weight * loss_G + c.l1_weight * l1)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        self.steps_done += 1
        return {"D": loss_D.detach(), "G": loss_G.detach(), "L1": l1.detach()}

    def score(self, pictures: Tensor) -> Tensor:
        """D's opinion of whole pictures, (B,): of their patches together, on the scale of one."""
        logits = self.D(pictures).flatten(1)
        return logits.sum(1) / logits.shape[1] ** 0.5

    def preview(self) -> np.ndarray:
        """Rows of lines, of answers without any dot, and of the truth; in the second stage of flawed drafts, too."""
        lines, colors = map(as_pictures, self.examples)
        ink = (1 - lines[:, :1]) / 2
        empty = ink.new_zeros(len(ink), 4, *ink.shape[2:])
        if self.drafting:
            given = [lines]
            answer = self.G_ema(torch.cat([ink, empty], 1), ink.new_zeros(len(ink), colorization.PALETTE))
        else:
            given = [lines, self.flawed(colors)]
            answer = self.G_ema(torch.cat([ink, empty, given[1]], 1))
        return grid(torch.cat([*given, answer.clamp(-1, 1), colors]), len(lines))

    def weights(self) -> tuple[str, dict[str, int], torch.nn.Module]:
        return self.config.network, self.arguments(), self.G_ema.average
