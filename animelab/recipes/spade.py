"""SPADE (Park et al. 2019): a picture painted over a map of its parts, in a style of its own. Taught in 12_painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from animelab import config as settings
from animelab import metrics, studio
from animelab.config import TrainingConfig
from animelab.data import Side, StudioPairs, drawn, jittered
from animelab.data.drawing import Places
from animelab.data.pictures import as_tensor
from animelab.engine import EMA, Recipe, adam, frozen, linear_decay
from animelab.engine.weights import load_weights
from animelab.errors import LabError
from animelab.metrics import perception
from animelab.nn import spade
from animelab.studio.canvas import CODES, MATERIALS
from animelab.studio.scenes import build
from animelab.viz import grid
from animelab.zoo import manifest
from animelab.zoo.pretrained import latents_of

Look = Callable[[Tensor], list[Tensor]]  # pictures to maps of several depths
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
        steps=800, decay=800, batch=8, size=64, width=8, channel_max=48, hidden=16, width_D=24, patch_layers=3,
        latent=16, width_E=8, norm_E="none", lr_G=5e-4, lr_D=1e-3, ema=0.99, features="tagger", style_weight=0.02,
        l1_weight=5.0, prior="frontal", faces=4_000,
    ),
    "t4": Config(steps=100_000, decay=100_000, batch=8, ema=0.999, checkpoint_every=5000),  # not measured yet
    "h100": Config(steps=200_000, decay=200_000, ema=0.9999, faces=50_000, checkpoint_every=5000),  # not measured yet
    "studio": Config(  # how the generators of the zoo were made
        steps=3000, decay=3000, batch=4, size=128, width=8, channel_max=48, hidden=16, width_D=16, patch_layers=3,
        latent=16, width_E=6, norm_E="none", lr_G=5e-4, lr_D=8e-4, ema=0.995, features="tagger", style_weight=0.02,
        l1_weight=5.0, faces=8_000, preview_every=100, checkpoint_every=100,
    ),
}  # fmt: skip


def preset(name: str, **changes: object) -> Config:
    """The preset of that name (under ANIMELAB_SCALE=smoke always "smoke"), with some values changed."""
    return settings.change(settings.pick(PRESETS, name), **changes)


def materials(scene: studio.Scene, size: int) -> np.ndarray:
    """What each pixel of a place is made of: int64 (size, size), numbers of MATERIALS.

    Drawn three times as large, since only exact colors of codes count; the middle first, then its neighbors.
    """
    large = studio.rasterize(build(scene).svg("labels"), 3 * size).astype(np.int64) @ [65536, 256, 1]
    same = large[..., None] == CODES[: len(MATERIALS)].astype(np.int64) @ [65536, 256, 1]
    nine = np.where(same.any(2), same.argmax(2), -1).reshape(size, 3, size, 3).transpose(1, 3, 0, 2)
    nine = nine.reshape(9, size, size)[[4, 1, 3, 5, 7, 0, 2, 6, 8]]
    chosen = np.take_along_axis(nine, (nine >= 0).argmax(0)[None], 0)[0]
    while (chosen < 0).any():  # a star, finer than that or faint
        chosen = np.where(chosen < 0, np.roll(chosen, 1, 1), chosen)
    return chosen


class StudioMaterials:
    """Places as maps of what they are made of, and as painted: `batch` gives labels int64 (B, size, size), pictures."""

    def __init__(self, size: int = 128, count: int = 4_000, seed: int = 0, split: str = "train") -> None:
        self.cast, self.size = Places("scenes", seed, split), size
        self.pixels, self.fingerprint = drawn(self.cast, Side("scene", "anime"), size, count)
        self.name, self.maps = f"studio materials and anime ({self.cast.name})", dict[int, np.ndarray]()

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, indices: Any, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """Maps and pictures at these indices; a map is drawn when it is first asked for, and kept."""
        chosen = np.arange(len(self))[np.asarray(indices, dtype=np.int64)]
        self.maps |= {
            i: materials(self.cast[i], self.size).astype(np.uint8) for i in chosen.tolist() if i not in self.maps
        }
        maps = np.stack([self.maps[i] for i in chosen.tolist()])
        return as_tensor(maps, device, labels=True), as_tensor(self.pixels[chosen], device)


def pairs(subject: str, size: int, count: int, split: str = "train", seed: int = 0, prior: str = "full") -> Any:
    """Maps of parts and the pictures that belong to them: of drawn "faces", or of "places"."""
    if subject == "places":
        return StudioMaterials(size, count, seed, split)
    return StudioPairs("segmentation", "color", size, count, seed, prior, split)


def in_halves(D: nn.Module, parts: Tensor, real: Tensor, fake: Tensor) -> list[list[tuple[Tensor, Tensor]]]:
    """D's maps of real pictures and of fakes, in one batch: for each scale a pair for each layer, logits last."""
    both = D(torch.cat([parts, parts]), torch.cat([real.detach(), fake]))
    return [[layer.float().chunk(2) for layer in scale] for scale in both]


def hinge_discriminator_loss(maps: list[list[tuple[Tensor, Tensor]]]) -> Tensor:
    """Real should score above 1 and fake below -1, and no further: a mean for each scale, and over scales."""
    logits = [scale[-1] for scale in maps]
    return torch.stack([(1 - real).relu().mean() + (1 + fake).relu().mean() for real, fake in logits]).mean()


def generator_losses(D: nn.Module, look: Look, parts: Tensor, real: Tensor, fake: Tensor) -> tuple[Tensor, ...]:
    """What a fake costs G, three scalars: D's verdict, how far D's maps of it are from the truth's, and how far look's.

    D has learned from parts and pictures side by side; look gives maps of a network that has learned to see. Distances
    are L1, summed over layers, mean over D's scales. Neither D's weights nor the truth get a gradient.
    """
    with frozen(D):
        maps = in_halves(D, parts, real, fake)
    verdict = -torch.stack([scale[-1][1].mean() for scale in maps]).mean()
    matched = torch.stack([(a.detach() - b).abs().mean() for scale in maps for a, b in scale[:-1]]).sum() / len(maps)
    with torch.no_grad():
        truth = look(real)
    seen = torch.stack([(a - b).abs().mean() for a, b in zip(truth, look(fake))]).sum()
    return verdict, matched, seen


@torch.no_grad()
def exam(config: Config, model: str | Path, count: int = 256) -> dict[str, float]:
    """Scores of a run or a bundled model on held-out maps: how far from the truth in the truth's style, the perceptual
    distance in a style of chance; and for faces, named attributes."""
    place = Path(model) / "weights.safetensors" if Path(model).is_dir() else manifest.verified(str(model))
    generator: Any = load_weights(place)[2]
    drawn = pairs(config.subject, config.size, count, "test", config.seed, config.prior)
    labels, truth = drawn.batch(range(count))
    rows = list(zip(labels.split(16), truth.split(16), latents_of(0, count, config.latent).split(16)))
    own = torch.cat([generator(maps, generator.style(real)) for maps, real, _ in rows])
    other = torch.cat([generator(maps, style) for maps, _, style in rows])
    far = {"distance": (own - truth).abs(), "PSNR": metrics.psnr(own, truth)}
    far |= {"perceptual": metrics.perceptual(own, truth), "perceptual by chance": metrics.perceptual(other, truth)}
    found = {name: float(value.mean()) for name, value in far.items()}
    if config.subject == "faces":
        tags = torch.tensor([list(drawn.cast[i].tags().values()) for i in range(count)], dtype=torch.float32)
        named = metrics.attribute_accuracy(own, tags)
        found |= {name: named[name] for name in ("hair color", "eye color", "smile", "open mouth") if name in named}
    return {name: round(value, 3) for name, value in found.items()}


class Spade(Recipe):
    """A generator that normalizes by the map, D at two sizes, and an encoder that says in what style.

    `modulated`, what a map does to features, and `generator_losses` can be a learner's own.
    """

    name = "spade"
    presets = PRESETS
    parts = ("modulated", "generator_losses")
    modulated = staticmethod(spade.modulated)
    generator_losses = staticmethod(generator_losses)

    @staticmethod
    def data(config: Config, folder: Path | None = None) -> Any:
        if folder is not None:
            raise LabError("This recipe needs the parts of every picture, which a folder lacks; leave --data out.")
        return pairs(config.subject, config.size, config.faces, "train", config.seed, config.prior)

    def build(self, config: Config) -> None:
        c, self.classes = config, len(SUBJECTS[config.subject])
        self.G, self.D = (
            spade.StyledGenerator(**self.arguments()),
            spade.Discriminator(self.classes, c.width_D, c.patch_layers),
        )
        for network in (self.G, self.D):
            network.apply(spade.initialize).to(memory_format=torch.channels_last)
        for module in self.G.modules():
            if isinstance(module, spade.SPADE):
                module.modulated = self.modulated
        look, depths = perception.extractor(c.features, self.device), perception.EVERYTHING[c.features]
        self.look = lambda pictures: [maps for depth, maps in enumerate(look(pictures)) if depth in depths]
        self.G_ema = EMA(self.G, c.ema)
        self.G_adam, self.D_adam = adam(self.G, c.lr_G, (c.beta1, c.beta2)), adam(self.D, c.lr_D, (c.beta1, c.beta2))
        self.G_decay, self.D_decay = linear_decay(self.G_adam, c.decay), linear_decay(self.D_adam, c.decay)

    def arguments(self) -> dict[str, Any]:
        """What G is built from."""
        names = ("size", "width", "hidden", "norm", "channel_max", "latent", "width_E", "norm_E")
        return {"classes": self.classes, **{name: getattr(self.config, name) for name in names}}

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        c = self.config
        parts, real = jittered(spade.one_hot(batch[0], self.classes), batch[1], crop=1.0)
        mean, log_variance = (each.float() for each in self.G.E(real))
        fake = self.G.G(parts, mean + self.noise(len(real), c.latent) * (log_variance / 2).exp())

        # The discriminator: does the picture belong to the map? Real and fake in one batch.
        loss_D = hinge_discriminator_loss(in_halves(self.D, parts, real, fake.detach()))
        self.update(self.D_adam, loss_D)

        # The generator and the encoder: fool D, and look like the truth to D and to a network that has learned to see.
        loss_G, matched, seen = self.generator_losses(self.D, self.look, parts, real, fake)
        style, l1 = spade.divergence(mean, log_variance), (fake - real).abs().mean()
        total = c.adversarial_weight * loss_G + c.match_weight * matched + c.features_weight * seen
        self.update(self.G_adam, total + c.style_weight * style + c.l1_weight * l1)

        self.G_ema.update(self.G)
        self.G_decay.step()
        self.D_decay.step()
        found = {"D": loss_D, "G": loss_G, "match": matched, "features": seen, "style": style, "L1": l1}
        return {name: value.detach() for name, value in found.items()}

    def preview(self) -> np.ndarray:
        """Rows of maps, of pictures in the style of the truth, of pictures in one style of chance, and of the truth."""
        (labels, real), draw = self.examples, self.G_ema.average
        assert isinstance(draw, spade.StyledGenerator)
        chance = latents_of(0, 1, self.config.latent).to(real).expand(len(labels), -1)
        rows = [painted(labels, self.config.subject), draw(labels, draw.style(real)), draw(labels, chance), real]
        return grid(torch.cat(rows), len(labels))

    def weights(self) -> tuple[str, dict[str, Any], nn.Module]:
        return "spade.styled", self.arguments(), self.G_ema.average


def painted(labels: Tensor, subject: str) -> Tensor:
    """A map of parts, int64 (B, H, W), in the colors of its subject: (B, 3, H, W) in [-1, 1]."""
    table = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in COLORS[subject]], np.uint8)
    return as_tensor(table[labels.cpu().numpy()], labels.device)
