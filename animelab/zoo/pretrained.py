"""Trained networks, ready to draw or to translate, whatever file they came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, pad

from animelab import env, limits
from animelab.data import Cast
from animelab.data.drawing import SEED_STRIDE, SPLIT_STRIDE
from animelab.errors import LabError
from animelab.nn import animegan, compat, cyclegan, pix2pix, r3gan, stylegan2, ugatit
from animelab.nn.tiles import in_one_light
from animelab.studio import TAGS

LARGE = 640  # pixels of a side; larger pictures are translated in tiles of 512


def latents_of(seed: int, count: int, length: int) -> Tensor:
    """The latents (count, length) of a seed; the first ones do not depend on how many follow."""
    generator = torch.Generator().manual_seed(limits.whole("seed", seed, limits.SEEDS))
    return torch.stack([torch.randn(length, generator=generator) for _ in range(count)])


@dataclass
class Pretrained:
    """A trained generator, ready to draw. `card` tells what it was trained on, where, how, and how well it did."""

    name: str
    generator: nn.Module = field(repr=False)
    latent: int
    size: int
    card: dict[str, Any] = field(repr=False)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def to(self, device: str | torch.device) -> Pretrained:
        """Move to "cpu", "cuda", "mps" or "auto", in place."""
        self.device = env.pick_device(str(device))
        self.generator.to(self.device)
        return self

    @torch.no_grad()
    def generate(self, latents: Tensor, truncation: float = 1.0) -> Tensor:
        """Pictures (B, 3, size, size) in [-1, 1] on the CPU, from latents (B, latent), in batches of 64.

        truncation: below 1 for pictures nearer the mean, StyleGAN2 only; LabError for other networks.
        """
        return self._draw(truncation, latents)

    def sample(self, count: int, seed: int = 0, truncation: float = 1.0) -> Tensor:
        """`count` new pictures, float (count, 3, size, size) in [-1, 1].

        The same seed gives the same pictures, and the first ones do not depend on how many follow.
        """
        return self.generate(self.latents(count, seed), truncation)

    def _draw(self, truncation: float, *inputs: Tensor) -> Tensor:
        truncation = limits.number("truncation", truncation, limits.TRUNCATION)
        latents = limits.numbers("Latents", inputs[0], None, self.latent).float()
        options = {} if truncation == 1 else {"truncation": truncation}
        if options and not isinstance(self.generator, stylegan2.Generator):
            raise LabError(f"'{self.name}' knows no truncation, which is a matter of StyleGAN2's w; leave it out.")
        batches = zip(*(each.split(64) for each in (latents, *inputs[1:])))
        drawn = (self.generator(*(part.to(self.device) for part in batch), **options) for batch in batches)
        return torch.cat([each.float().cpu() for each in drawn]).clamp(-1, 1)  # a StyleGAN2 may go beyond

    def latents(self, count: int, seed: int) -> Tensor:
        """The latents (count, latent) of a seed."""
        count = limits.whole("count", count, limits.COUNT)
        if count * 3 * self.size**2 > limits.AT_ONCE:
            raise LabError(f"{count:,} pictures of {self.size} px are too many at once; draw fewer, with more seeds.")
        return latents_of(seed, count, self.latent)

    def learned_from(self) -> tuple[str, str]:
        """The prior and the side (see `data.Side`) of the drawn faces it learned from; LabError for other pictures."""
        match = re.search(r"studio faces \(([^-,)]+)[^,)]*(?:, (\w+)\))?", str(self.card.get("data")))
        if match is None:
            data = self.card.get("data")
            raise LabError(f"'{self.name}' learned from {data}, not from drawn faces; metrics.fd_studio takes any.")
        return match[1], match[2] or "color"


@dataclass
class Conditional(Pretrained):
    """A conditional generator: it takes attributes (B, 34) of 0 and 1, whose columns are `studio.TAGS`."""

    @torch.no_grad()
    def generate(self, latents: Tensor, attributes: Tensor | None = None, truncation: float = 1.0) -> Tensor:  # type: ignore[override]
        """Pictures as in Pretrained; `attributes` are (B, 34), or (34,) for all; by default, of the first order."""
        attributes = self.orders(1)[0] if attributes is None else limits.numbers("Attributes", attributes)
        if tuple(attributes.shape) not in ((len(TAGS),), (len(latents), len(TAGS))):
            shapes = f"({len(TAGS)},) or ({len(latents)}, {len(TAGS)})"
            raise LabError(f"Attributes are here {shapes}, as in studio.TAGS, not {tuple(attributes.shape)}.")
        return self._draw(truncation, latents, attributes.expand(len(latents), -1).float())

    def orders(self, count: int, seed: int = 0) -> Tensor:
        """Attributes (count, 34) that go together: those of drawn characters it never saw.

        A model that learned from a folder of pictures gets orders of the prior "frontal".
        """
        drawn = "studio faces" in str(self.card.get("data"))
        count, seed = limits.whole("count", count, limits.COUNT), limits.whole("seed", seed, limits.SEEDS)
        further, number = divmod(seed, SPLIT_STRIDE // SEED_STRIDE)  # there are 100 sets; other seeds begin inside one
        cast = Cast(self.learned_from()[0] if drawn else "frontal", number, "test")
        characters = (cast[(100_003 * further + i) % SEED_STRIDE] for i in range(count))
        return torch.tensor([list(character.tags().values()) for character in characters], dtype=torch.float32)

    def sample(self, count: int, seed: int = 0, attributes: Tensor | None = None, truncation: float = 1.0) -> Tensor:  # type: ignore[override]
        """New pictures as in Pretrained, of `attributes` (34,) or (count, 34), or of the orders of that seed."""
        orders = self.orders(count, seed) if attributes is None else attributes
        return self.generate(self.latents(count, seed), orders, truncation)


@dataclass
class OfClasses(Pretrained):
    """A generator of classes without names, such as NVIDIA's conditional StyleGAN2: `label` is a number from 0."""

    classes: int = 0

    @torch.no_grad()
    def generate(self, latents: Tensor, label: int | None = None, truncation: float = 1.0) -> Tensor:  # type: ignore[override]
        """Pictures as in Pretrained, all of one class; by default each class in turn."""
        if label is not None and not 0 <= label < self.classes:
            raise LabError(f"'{self.name}' draws classes 0 to {self.classes - 1}, not {label}.")
        labels = torch.arange(len(latents)) % self.classes if label is None else torch.full((len(latents),), label)
        return self._draw(truncation, latents, one_hot(labels, self.classes).float())

    def sample(self, count: int, seed: int = 0, label: int | None = None, truncation: float = 1.0) -> Tensor:  # type: ignore[override]
        """New pictures as in Pretrained, all of one class; by default each class in turn."""
        return self.generate(self.latents(count, seed), label, truncation)


# What a translator can do in another way, as some code of its authors does: the network's kind, and what is usual here.
OPTIONS: dict[str, tuple[type[nn.Module], str]] = {
    "align_corners": (animegan.Generator, "enlarges as its test.py; as torch.hub's face2paint: --option align_corners"),
    "dropout": (pix2pix.Generator, "draws as its test.py with --eval; as without it: --option dropout"),
}


@dataclass
class Translator:
    """A trained network that makes a picture out of a picture."""

    name: str
    network: nn.Module = field(repr=False)
    card: dict[str, Any] = field(repr=False)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def to(self, device: str | torch.device) -> Translator:
        """Move to "cpu", "cuda", "mps" or "auto", in place."""
        self.device = env.pick_device(str(device))
        self.network.to(self.device)
        return self

    def choose(self, option: str) -> None:
        """Translate as some code of the authors does, in place; LabError for a network that has no such option.

        "align_corners": AnimeGANv2 enlarges as torch.hub's face2paint does. "dropout": pix2pix keeps its dropout, and
        norms each picture by itself, as in training, so that no two results are alike.
        """
        kind, _ = OPTIONS.get(option, (type(None), ""))
        if not isinstance(self.network, kind):
            known = [name for name, (kind, _) in OPTIONS.items() if isinstance(self.network, kind)]
            raise LabError(f"'{self.name}' has no option '{option}'; it has: {', '.join(known) or 'none'}.")
        if option == "align_corners":
            self.network.align_corners = True  # type: ignore[assignment]
        else:
            self.network.train()

    @torch.no_grad()
    def translate(
        self, pictures: Tensor, back: bool = False, seed: int = 0, attributes: Tensor | None = None
    ) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] of any size to as many of the same size, on the CPU, in color or gray.

        Borders are repeated up to the next size that the network takes, and cut off again; beyond 640 pixels a picture
        is translated in tiles that fade into each other and share their norms; U-GAT-IT and R3GAN's U-Nets, which look
        at a whole picture, raise LabError. back: from B to A, for networks that know both directions; LabError for
        others. seed: of the latents, one a picture, for a network that knows many answers; others give the same one for
        every seed. attributes: (34,) or (B, 34), the colors of hair and eyes that a network takes as orders, by chance
        where none is named; LabError for networks that take none.
        """
        network, pictures = self.direction(back), limits.pictures(pictures)
        high, wide = pictures.shape[-2:]
        multiple: int = getattr(network, "multiple", getattr(network, "size", 4))
        channels = next((m.in_channels for m in network.modules() if isinstance(m, nn.Conv2d)), 3)
        if channels not in (1, 3):
            raise LabError(f"'{self.name}' takes pictures of {channels} channels, which no drawing has.")
        padded = _padded(pictures, multiple)
        if channels == 1:
            padded = (padded * padded.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)

        def translated(part: Tensor, *latents: Tensor) -> Tensor:
            answer = network(*(each.to(self.device) for each in (part, *latents)))
            drawn: Tensor = answer.out if isinstance(answer, ugatit.Answer) else answer
            if drawn.shape[1] not in (1, 3):
                raise LabError(f"'{self.name}' draws {compat.colors(drawn.shape[1])}, which is not supported.")
            return drawn.float().cpu()

        large = max(high, wide) > LARGE
        most = network.size if isinstance(network, ugatit.Generator) and not network.light else LARGE
        whole = self.attends or isinstance(network, r3gan.UNet) or network.training  # as with dropout
        if whole and max(high, wide) > most:
            raise LabError(f"'{self.name}' sees a picture as a whole, up to {most} x {most} px; take a smaller --side.")
        own = [latents_of(seed, len(padded), network.latent)] if isinstance(network, r3gan.UNet) else []
        if getattr(network, "tags", 0):
            own.append(r3gan.colors(len(padded), seed, attributes))
        elif attributes is not None:
            raise LabError(f"'{self.name}' takes no attributes; leave them out, or use a model that does.")
        batches = zip(*(each.split(1 if large or network.training else 16) for each in (padded, *own)))
        out = [in_one_light(network, translated, part[0], multiple) if large else translated(*part) for part in batches]
        return torch.cat(out)[..., :high, :wide]

    @property
    def square(self) -> int | None:
        """The side of the pictures that a U-GAT-IT learned from; other networks here take any."""
        return self.side if self.attends else None

    @property
    def side(self) -> int | None:
        """The side of the pictures it learned from, as its run or its network says; None where neither does."""
        config, network = self.card.get("config"), self.direction()
        told = config if isinstance(config, dict) else {}
        known = self.card.get("size") or told.get("picture") or told.get("size")
        if not known and isinstance(network, (pix2pix.Generator, ugatit.Generator, r3gan.UNet)):
            known = network.size
        return known if isinstance(known, int) else None

    @property
    def takes_lines(self) -> bool:
        """Whether it learned from the studio's line drawings, which are black on white."""
        return str(self.card.get("data")).startswith("studio line and ")

    def unseen(self, high: int, wide: int) -> str | None:
        """What to say of pictures of a size that it never saw; None for others, and where nobody knows its size."""
        side, faces = self.side, "faces of " if self.attends else ""
        if side is None or (min(high, wide) == side and (high == wide or not faces)):
            return None
        origin = "is made for" if self.card.get("foreign") else "learned from"
        how = "--fit aligned brings pictures there" if faces else f"--side {side}"
        return f"'{self.name}' {origin} {faces}{side} px: {how} (this one has {wide} x {high})."

    def remarks(self) -> list[str]:
        """What a file of other people's code leaves open, and what is done about it here."""
        words = [word for kind, word in OPTIONS.values() if isinstance(self.network, kind)]
        if self.attends and self.direction().light:
            words.append(f"names no size, being light: {self.side} px is its authors'; another: --side")
        return [f"'{self.name}' {word}." for word in words] if self.card.get("foreign") else []

    @property
    def attends(self) -> bool:
        """Whether it can say where it looks."""
        return isinstance(self.network, (ugatit.Pair, ugatit.Generator))

    @torch.no_grad()
    def attention(self, pictures: Tensor, back: bool = False) -> Tensor:
        """Where the network looks in pictures (B, 3, H, W): (B, h, w) on the CPU, larger is more.

        Raises LabError for networks without attention.
        """
        if not self.attends:
            raise LabError(f"'{self.name}' has no attention to show; U-GAT-IT has.")
        pictures = limits.pictures(pictures)
        network, (high, wide) = self.direction(back), pictures.shape[-2:]
        assert isinstance(network, ugatit.Generator)
        padded = _padded(pictures, network.multiple)
        heat = network(padded.to(self.device)).heat.float().cpu()
        return heat[:, : -(-high * heat.shape[1] // padded.shape[2]), : -(-wide * heat.shape[2] // padded.shape[3])]

    def direction(self, back: bool = False) -> nn.Module:
        """The bare network, of a pair the one from A to B or from B to A; LabError where there is no way back."""
        if isinstance(self.network, (cyclegan.Pair, ugatit.Pair, r3gan.Pair)):
            return self.network.b_to_a if back else self.network.a_to_b
        if back:
            raise LabError(f"'{self.name}' knows one direction only; leave out the way back.")
        return self.network


def _padded(pictures: Tensor, multiple: int) -> Tensor:
    bottom, right = (max(16, -(-side // multiple) * multiple) - side for side in pictures.shape[-2:])
    return pad(pictures.float(), (0, right, 0, bottom), mode="replicate")
