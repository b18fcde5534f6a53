"""What a model's score measures: its pictures of characters, and through a network, that only the secret knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from animelab import metrics, studio, zoo
from animelab.data import as_pictures
from animelab.data.pictures import as_tensor
from animelab.engine import adam, linear_decay
from animelab.engine.weights import load_weights, save_weights
from animelab.nn import colorization, r3gan
from animelab.nn.tagger import Tagger
from animelab.recipes.tagger import augmented

FACES, STEPS, BATCH = 1500, 300, 64  # of the network's training on secret characters
COUNT = 1000  # faces behind a score, unless the settings say another count; of 256 features it takes more than those
Measured = tuple[dict[str, float], list[Tensor]]  # scores, and rows of pictures that tell what was scored


class Hidden:
    """What students cannot see: the characters of a number, and a network whose features measure distances."""

    def __init__(self, number: int, network: Tagger, settings: Mapping[str, Any]) -> None:
        self.number, self.network, self.settings = number, network, settings
        self.size, self.prior = settings.get("size", 64), settings.get("prior", "frontal")
        self.count = settings.get("count", COUNT)

    def characters(self, count: int, part: int = 0) -> tuple[list[studio.Character], Tensor]:
        """So many, and their attributes (count, 34). No two parts share a character."""
        first = (self.number + part * 2**40) % 2**61
        found = [studio.Character.random(first + i, self.prior) for i in range(count)]
        return found, torch.tensor([list(each.tags().values()) for each in found], dtype=torch.float32)

    def drawn(self, characters: list[studio.Character], side: str = "color") -> Tensor:
        """One side of them as pictures, (N, 3, size, size) in [-1, 1]."""
        layer, style = ("color", side) if side in studio.STYLES else (side, "cel")
        pixels = np.stack([studio.render(each, self.size, layer, style) for each in characters])
        return as_pictures(as_tensor(pixels, labels=layer == "segmentation"))

    @torch.no_grad()
    def distance(self, real: Tensor, fake: Tensor) -> float:
        """The Fréchet distance of two sets of pictures in the hidden features; NaN for too few to tell."""
        real, fake = (torch.cat([self.network.features(part) for part in side.split(64)]) for side in (real, fake))
        return metrics.frechet(real, fake) if len(real) > real.shape[1] else float("nan")


# A measure takes a file of weights, or None for drawings in place of what a network draws.
def faces(hidden: Hidden, weights: Path | None) -> Measured:
    """How far sampled faces are from drawn ones, and whether they show what was ordered, a mean over attributes."""
    real, (asked, orders) = hidden.drawn(hidden.characters(hidden.count)[0]), hidden.characters(hidden.count, 1)
    model = None if weights is None else zoo.open_model(weights)
    given: dict[str, Any] = {"attributes": orders} if isinstance(model, zoo.Conditional) else {}
    fake = hidden.drawn(asked) if model is None else model.sample(hidden.count, hidden.number, **given)
    seen = metrics.attribute_accuracy(fake, orders)
    return {"fd": hidden.distance(real, fake), "attributes": sum(seen.values()) / len(seen)}, [fake[:16]]


def translation(hidden: Hidden, weights: Path | None) -> Measured:
    """The mean absolute difference from the truth, and whether colors of hair and eyes are those of the source."""
    characters, labels = hidden.characters(hidden.count // 2)
    source, truth = (hidden.drawn(characters, hidden.settings[side]) for side in ("source", "target"))
    fake = truth
    if weights is not None:
        translator = zoo.open_translator(weights)
        orders = r3gan.only_colors(labels) if getattr(translator.network, "tags", 0) else None
        fake = translator.translate(source, attributes=orders)
    seen, far = metrics.attribute_accuracy(fake, labels), float((fake - truth).abs().mean())
    scores = {"distance": far, "hair": seen["hair color"], "eyes": seen["eye color"]}
    return {**scores, "fd": hidden.distance(truth, fake)}, [source[:8], fake[:8]]


def places(hidden: Hidden, weights: Path | None) -> Measured:
    """How far painted photographs of places are from the truth, and how strong a grid the network leaves on them."""
    scenes = [studio.Scene.random(hidden.number % 2**61 + i) for i in range(min(64, hidden.count))]
    painted = ([studio.paint(scene, hidden.size, style) for scene in scenes] for style in ("photo", "anime"))
    photos, truth = (as_tensor(np.stack(pixels)) for pixels in painted)
    fake = truth if weights is None else zoo.open_translator(weights).translate(photos)
    far = float((fake - truth).abs().mean())
    return {"distance": far, "grid": metrics.grid_energy(fake)}, [photos[:4], fake[:4]]


@torch.no_grad()
def color(hidden: Hidden, weights: Path | None) -> Measured:
    """How far colored lines with 20 right dots are from the truth, and how far the colors under dots from theirs."""
    characters, drafting = hidden.characters(hidden.count // 4)[0], hidden.settings["stage"] == "draft"
    paper, colors = hidden.drawn(characters, "line")[:, :1], hidden.drawn(characters)
    torch.manual_seed(hidden.number)
    dots, fake = colorization.hints(colors, torch.full((len(colors),), 20), 1, paper > 0.4), colors
    if weights is not None:
        stages: list[Any] = [load_weights(weights)[2], zoo.network(f"colorist-{'refine' if drafting else 'draft'}-128")]
        colorist = colorization.Colorist(*(stages if drafting else stages[::-1])).eval()
        none = paper.new_zeros(25, colorization.PALETTE)
        parts = zip(paper.split(25), dots.split(25))
        fake = torch.cat([colorist(ink, dot, dot, none[: len(ink)])[not drafting] for ink, dot in parts])
    scores = {"distance": float((fake - colors).abs().mean()), "obedience": float(metrics.obedience(fake, dots))}
    return scores, [as_pictures(paper[:8]), fake[:8]]


MEASURES = {"faces": faces, "attributes": faces, "translation": translation, "places": places, "color": color}


def make_features(number: int, path: Path) -> None:
    """Write a network of the tagger's kind, whose last two stages begin from the number and learn its characters."""
    with torch.random.fork_rng([]):
        torch.manual_seed(number)
        network, fresh = zoo.network("tagger"), Tagger()
        assert isinstance(network, Tagger)
        network.stages = nn.ModuleList([*network.stages[:2].requires_grad_(False), *fresh.stages[2:]])
        network.head = fresh.head
        learning = nn.ModuleList([*network.stages[2:], network.head]).train()
        casts = [Hidden(number, network, {"prior": prior}).characters(FACES // 2, 2) for prior in ("frontal", "full")]
        pictures = torch.cat([Hidden(number, network, {}).drawn(characters) for characters, _ in casts])
        labels = torch.cat([attributes for _, attributes in casts])
        optimizer = adam(learning, 2e-3, (0.9, 0.999))
        decay = linear_decay(optimizer, STEPS)
        for _ in range(STEPS):
            chosen = torch.randint(len(pictures), (BATCH,))
            loss = binary_cross_entropy_with_logits(network(augmented(pictures[chosen])), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            decay.step()
    save_weights(path, "tagger.network", {}, network)
