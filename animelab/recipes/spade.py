"""SPADE (Park et al. 2019): a picture painted over a map of its parts, in a style of its own. Taught in 12_painting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from animelab import config as settings
from animelab import studio
from animelab.config import TrainingConfig
from animelab.data import Side, StudioPairs, as_pictures, drawn, jittered
from animelab.data.drawing import Places
from animelab.data.pictures import as_tensor
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import spade
from animelab.studio.canvas import CODES, MATERIALS
from animelab.studio.scenes import build
from animelab.viz import grid

SUBJECTS = {"faces": tuple(studio.LABELS), "places": MATERIALS}
"""What can be painted, and the names of its parts."""
MATERIAL_COLORS = (
    "#56b4e9", "#f7f7f7", "#117733", "#8fd14f", "#e8d5b5", "#882255", "#777777", "#8a5a2b", "#1b3a6b", "#cc79a7",
    "#f0c000",
)  # fmt: skip
"""Number of a material -> its color in maps, apart for color-blind readers as well, by their lightness."""
COLORS = {"faces": studio.LABEL_COLORS, "places": MATERIAL_COLORS}


@dataclass(frozen=True)
class Config(TrainingConfig):
    """The paper's settings: batch 32, Adam (0, 0.9), D four times as fast as G, weights 1, 10, 10 and 0.05."""

    batch: int = 32
    subject: str = "faces"
    size: int = 256
    width: int = 64
    channel_max: int = 1024
    hidden: int = 128  # channels between a map and its gamma and beta
    norm: str = "batch"  # before the map has its say
    width_D: int = 64
    patch_layers: int = 4  # of D
    encoder: bool = True  # a style for each picture; without it a map has one answer
    latent: int = 256  # numbers of a style
    width_E: int = 64
    norm_E: str = "instance"
    lr_G: float = 1e-4
    lr_D: float = 4e-4
    beta1: float = 0.0
    beta2: float = 0.9
    ema: float = 0.0
    adversarial_weight: float = 1.0
    match_weight: float = 10.0  # of D's features
    features_weight: float = 10.0  # of a network's that has learned to see:
    features: str = "vgg19"
    style_weight: float = 0.05  # of the distance between the styles and a normal distribution
    l1_weight: float = 0.0  # ours
    prior: str = "full"
    faces: int = 20_000  # drawn faces, or places

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, known in (("subject", SUBJECTS), ("norm", spade.NORMS), ("norm_E", spade.NORMS)):
            if getattr(self, name) not in known:
                raise LabError(
                    f"There is no {name} '{getattr(self, name)}': {settings.nearest(getattr(self, name), known)}"
                )
        if self.size & (self.size - 1) or self.size < 64:
            raise LabError(f"SPADE's networks take sizes that are powers of two from 64, not {self.size}.")


PRESETS = {
    "smoke": Config(
        steps=20, batch=2, size=64, width=2, hidden=4, width_D=4, patch_layers=2, latent=4, width_E=2,
        features="tagger", faces=32, log_every=5, preview_every=10, checkpoint_every=10,
    ),
    "cpu": Config(
        steps=1500, decay=1500, batch=8, size=64, width=8, channel_max=48, hidden=16, width_D=24, patch_layers=3,
        latent=16, width_E=8, norm_E="none", lr_G=5e-4, lr_D=1e-3, ema=0.99, features="tagger", style_weight=0.02,
        l1_weight=5.0, faces=4_000,
    ),
    "t4": Config(steps=100_000, decay=100_000, batch=8, ema=0.999, checkpoint_every=5000),  # not measured yet
    "h100": Config(steps=200_000, decay=200_000, ema=0.9999, faces=50_000, checkpoint_every=5000),  # not measured yet
    "studio": Config(  # how the painters of the zoo were made
        steps=3000, decay=3000, batch=4, size=128, width=8, channel_max=48, hidden=16, width_D=16, patch_layers=3,
        latent=16, width_E=6, norm_E="none", lr_G=5e-4, lr_D=8e-4, ema=0.995, features="tagger", style_weight=0.02,
        l1_weight=5.0, faces=8_000, preview_every=100, checkpoint_every=100,
    ),
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def materials(scene: studio.Scene, size: int) -> np.ndarray:
    """What each pixel of a place is made of: uint8 (size, size), numbers of MATERIALS.

    Drawn three times as large: only exact colors of codes count, blends at edges do not, and the middle counts first.
    """
    large = studio.rasterize(build(scene).svg("labels"), 3 * size)
    found = np.full(large.shape[:2], -1)
    for number, code in enumerate(CODES[: len(MATERIALS)]):
        found[(large == code).all(2)] = number
    found = (
        found.reshape(size, 3, size, 3).transpose(0, 2, 1, 3).reshape(size, size, 9)[..., [4, 1, 3, 5, 7, 0, 2, 6, 8]]
    )
    chosen = np.take_along_axis(found, (found >= 0).argmax(2)[..., None], 2)[..., 0]
    while (chosen < 0).any():  # a star, finer than that or faint
        chosen = np.where(chosen < 0, np.roll(chosen, 1, 1), chosen)
    return chosen.astype(np.uint8)


class StudioMaterials:
    """Places as maps of what they are made of, and as painted: `batch` gives labels int64 (B, size, size), pictures.

    The maps are drawn when they are first asked for, and kept.
    """

    def __init__(self, size: int = 128, count: int = 4_000, seed: int = 0, split: str = "train") -> None:
        self.cast, self.size = Places("scenes", seed, split), size
        self.pixels, self.fingerprint = drawn(self.cast, Side("scene", "anime"), size, count)
        self.name, self.maps = f"studio materials and anime ({self.cast.name})", dict[int, np.ndarray]()

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, indices: Any, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        chosen = np.asarray(indices, dtype=np.int64)
        for index in map(int, chosen):
            if index not in self.maps:
                self.maps[index] = materials(self.cast[range(len(self))[index]], self.size)
        maps = np.stack([self.maps[int(index)] for index in chosen])
        return as_tensor(maps, device, labels=True), as_tensor(self.pixels[chosen], device)


def pairs(config: Config, count: int, split: str = "train") -> Any:
    """Maps of parts and the pictures that belong to them: drawn faces, or places."""
    if config.subject == "places":
        return StudioMaterials(config.size, count, config.seed, split)
    return StudioPairs("segmentation", "color", config.size, count, config.seed, config.prior, split)


def hinge_discriminator_loss(real_logits: list[Tensor], fake_logits: list[Tensor]) -> Tensor:
    """Real should score above 1 and fake below -1, and no further: a mean for each scale, and over scales."""
    each = [(1 - real).relu().mean() + (1 + fake).relu().mean() for real, fake in zip(real_logits, fake_logits)]
    return torch.stack(each).mean()


def matching_loss(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """How far D's maps of a fake are from the truth's: L1, summed over layers, mean over scales; the fake learns."""
    each = [(a.detach() - b).abs().mean() for reals, fakes in zip(real, fake) for a, b in zip(reals[:-1], fakes[:-1])]
    return torch.stack(each).sum() / len(real)


class Spade(Recipe):
    """A generator that normalizes by the map, D at two sizes, and an encoder that says in what style.

    `modulated` (what a map does to normed features) and `matching_loss` can be a learner's own.
    """

    name = "spade"
    presets = PRESETS
    parts = ("modulated", "matching_loss")
    modulated = staticmethod(spade.modulated)
    matching_loss = staticmethod(matching_loss)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            raise LabError("This recipe needs the parts of every picture, which a folder lacks; leave --data out.")
        return pairs(config, config.faces)

    def build(self, config: Config) -> None:
        c, self.classes = config, len(SUBJECTS[config.subject])
        self.G: Any
        if c.encoder:
            self.G = spade.Painter(**self.arguments())
        else:
            self.G = spade.Generator(**self.arguments())
        self.D = spade.Discriminator(self.classes, c.width_D, c.patch_layers)
        for network in (self.G, self.D):
            network.apply(spade.initialize).to(memory_format=torch.channels_last)
        for module in self.G.modules():
            if isinstance(module, spade.SPADE):
                module.modulated = self.modulated
        self.look = perception.extractor(c.features, self.device)
        self.depths = perception.EVERYTHING[c.features]
        self.G_ema = EMA(self.G, c.ema)
        self.G_adam = adam(self.G, c.lr_G, (c.beta1, c.beta2))
        self.D_adam = adam(self.D, c.lr_D, (c.beta1, c.beta2))
        self.G_decay = linear_decay(self.G_adam, c.decay)
        self.D_decay = linear_decay(self.D_adam, c.decay)

    def arguments(self) -> dict[str, Any]:
        """What G is built from."""
        c, names = self.config, ["size", "width", "hidden", "norm", "channel_max"]
        names += ["latent", "width_E", "norm_E"] if c.encoder else []
        return {"classes": self.classes, **{name: getattr(c, name) for name in names}}

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        parts, real = jittered(spade.one_hot(batch[0], self.classes), batch[1], crop=1.0)
        divergence = torch.zeros((), device=self.device)
        if c.encoder:
            style = self.G.E(real)
            divergence = style.divergence()
            fake = self.G.G(parts, style.drawn(self.noise(len(real), c.latent)))
        else:
            fake = self.G(parts)

        # The discriminator: does the picture belong to the map? Real and fake in one batch.
        seen = self.seen(parts, real, fake.detach())
        loss_D = hinge_discriminator_loss(*([each[-1] for each in maps] for maps in seen))
        self.update(self.D_adam, loss_D)

        # The generator and the encoder: fool D, and look like the truth to D and to a network that has learned to see.
        with frozen(self.D):
            real_maps, fake_maps = self.seen(parts, real, fake)
        loss_G = -torch.stack([maps[-1].mean() for maps in fake_maps]).mean()
        matched = self.matching_loss(real_maps, fake_maps)
        with torch.no_grad():
            truth = self.look(real)
        seen_far = perception.content_distance(self.look(fake), truth, self.depths)
        l1 = (fake - real).abs().mean()
        total = c.adversarial_weight * loss_G + c.match_weight * matched + c.features_weight * seen_far
        self.update(self.G_adam, total + c.style_weight * divergence + c.l1_weight * l1)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        found = {"D": loss_D, "G": loss_G, "match": matched, "features": seen_far, "style": divergence, "L1": l1}
        return {name: value.detach() for name, value in found.items()}

    def seen(self, parts: Tensor, real: Tensor, fake: Tensor) -> tuple[list[list[Tensor]], list[list[Tensor]]]:
        """What D sees in real pictures, and in fakes, at every scale and layer."""
        both = self.D(torch.cat([parts, parts]), torch.cat([real, fake]))
        halves = [[layer.float().chunk(2) for layer in scale] for scale in both]
        return [[a for a, _ in scale] for scale in halves], [[b for _, b in scale] for scale in halves]

    def preview(self) -> np.ndarray:
        """Rows of maps, of pictures in the style of the truth, of pictures in one style of chance, and of the truth."""
        labels, real = self.examples
        draw, c = self.G_ema.average, self.config
        maps = as_pictures(labels) if c.subject == "faces" else painted(labels, c.subject)
        if not c.encoder:
            return grid(torch.cat([maps, draw(spade.one_hot(labels, self.classes)), real]), len(labels))
        chance = torch.randn(1, c.latent, generator=torch.Generator().manual_seed(0)).to(real)
        rows = [maps, draw(labels, draw.style(real)), draw(labels, chance.expand(len(labels), -1)), real]
        return grid(torch.cat(rows), len(labels))

    def weights(self) -> tuple[str, dict[str, Any], torch.nn.Module]:
        return f"spade.{'painter' if self.config.encoder else 'generator'}", self.arguments(), self.G_ema.average


def painted(labels: Tensor, subject: str) -> Tensor:
    """A map of parts, int64 (B, H, W), in the colors of its subject: (B, 3, H, W) in [-1, 1]."""
    table = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in COLORS[subject]]
    return as_tensor(np.array(table, np.uint8)[labels.cpu().numpy()], labels.device)
