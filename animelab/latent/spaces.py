"""The space that a generator's pictures come from, z or StyleGAN2's w, as one kind of thing to walk in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import pad

from animelab import limits
from animelab.errors import LabError
from animelab.latent.directions import crossed, edit, ganspace
from animelab.latent.walks import GENES, Generate, principal_directions, slerp
from animelab.nn.stylegan2 import Generator
from animelab.studio import TAGS


def _check(named: Mapping[str, Tensor] | None, latent: int) -> None:
    """LabError for a direction of one's own that does not fit."""
    for name, direction in (named or {}).items():
        if not isinstance(direction, Tensor) or direction.shape != (latent,):
            shape = tuple(direction.shape) if isinstance(direction, Tensor) else type(direction).__name__
            raise LabError(f"The direction {name!r} should be a tensor of shape ({latent},), not {shape}.")
        limits.numbers(f"The direction {name!r}", direction)
        if not isinstance(name, str) or re.match("(component|direction) [1-5]( |$)", name):
            raise LabError(f"A direction needs a name of its own, in words, and not {name!r}.")


class Latents:
    """z, for any generator: points (latent,), drawn from a Gaussian, joined by arcs.

    named: directions (latent,) of one's own by name, whose length is one step. `layers` is 0: a point is for the whole
    picture.
    """

    layers = 0

    def __init__(self, generate: Generate, latent: int, named: Mapping[str, Tensor] | None = None) -> None:
        if not callable(generate):
            raise LabError(f"Latents walk in what a function of latents makes, not in a {type(generate).__name__}.")
        self.generate, self.latent = generate, limits.whole("latent", latent, limits.SETTINGS["latent"])
        _check(named, latent)
        self.named = dict(named or {})

    def principal(self, generate: Generate | None = None, samples: int = 0) -> dict[str, Tensor]:
        """Up to five directions that change the picture most, (latent,), by name; one step is as long in each.

        generate, samples: to ask another function for the pictures, and how many of them.
        """
        samples = samples or max(512, 4 * self.latent)
        found = principal_directions(generate or self.generate, self.latent, min(5, self.latent), samples)
        last = len(found)
        ends = {1: " (strongest)", last: " (gentlest)"} if last > 1 else {}
        return {f"direction {i}{ends.get(i, '')}": step for i, step in enumerate(found, start=1)}

    def point(self, seed: int) -> Tensor:
        """The point of a seed."""
        seed = limits.whole("seed", seed, limits.SEEDS)
        return torch.randn(1, self.latent, generator=torch.Generator().manual_seed(seed))[0]

    def spread(self, latents: Tensor) -> Tensor:
        """Points (N, ...) of latents (N, latent), each with an order of its own where there are orders."""
        return latents

    def between(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """The point at part t of the way from a to b."""
        return slerp(a, b, t)

    def moved(self, point: Tensor, step: Tensor, layers: tuple[int, int]) -> Tensor:
        """The point one step (latent,) further; in w, only for the layers from the first to the last given."""
        return point + step

    def varied(self, point: Tensor, share: tuple[float, float], seed: int, own: int | None = None) -> Tensor:
        """The point with something of the point of a seed: in w its layers in that share, from 0 (shape) to 1 (color).

        In z, where no part of a point stands for anything, a step toward the other as long as the share is wide. own:
        the point's own seed, while it is that of one: a StyleGAN2 of our attributes then changes colors by order.
        """
        return slerp(point, self.point(seed), 0.7 * (share[1] - share[0]))

    def pulled(self, points: Tensor, truncation: float) -> Tensor:
        """Points (B, ...) as truncation leaves them: in w pulled to the mean, in z as they are."""
        return points

    def pictures(self, points: Tensor, truncation: float = 1.0) -> Tensor:
        """What is at points (B, ...): (B, 3, H, W) in [-1, 1]; in w, truncation pulls them to the mean."""
        return self.generate(points)


class Ordered(Latents):
    """z and an order, for a generator that takes orders: points (latent + tags,), whose last numbers are the order.

    generate: (latents, orders) to pictures; orders: (count, seed) to orders (count, tags).
    """

    def __init__(
        self,
        generate: Callable[[Tensor, Tensor], Tensor],
        latent: int,
        orders: Callable[[int, int], Tensor],
        named: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__(lambda points: generate(points[:, :latent], points[:, latent:]), latent, named)
        self.orders = orders

    def point(self, seed: int) -> Tensor:
        return torch.cat([super().point(seed), self.orders(1, seed)[0]])

    def spread(self, latents: Tensor) -> Tensor:
        return torch.cat([latents, self.orders(len(latents), 0)], 1)

    def between(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        return torch.cat([slerp(a[: self.latent], b[: self.latent], t), torch.lerp(a, b, t)[self.latent :]])

    def moved(self, point: Tensor, step: Tensor, layers: tuple[int, int]) -> Tensor:
        return point + pad(step, (0, len(point) - self.latent))

    def varied(self, point: Tensor, share: tuple[float, float], seed: int, own: int | None = None) -> Tensor:
        """The order's colors, or its other attributes, or the latent: what the share stands for."""
        other, child = self.point(seed), point.clone()
        for gene in GENES[:2] if share[1] == 1 else GENES[2:] if share[0] > 0 else []:
            columns = [self.latent + column for column in gene]
            child[columns] = other[columns]
        if share[0] == 0:
            child[: self.latent] = slerp(point[: self.latent], other[: self.latent], 0.5)
        return child


class Styles(Latents):
    """w of a StyleGAN2: points (layers, latent), joined by straight lines; `principal` are its principal components.

    labels: for a network with classes, the conditions of its faces, (N, classes), one row a seed in turn.
    """

    def __init__(
        self, generator: Generator, named: Mapping[str, Tensor] | None = None, labels: Tensor | None = None
    ) -> None:
        if not isinstance(generator, Generator):
            kind = type(generator).__name__
            raise LabError(f"A StyleGAN2's generator is asked for, such as model.generator, not {kind}.")
        self.generator, self.latent, self.labels = generator, generator.mapping.mean.shape[0], labels
        _check(named, self.latent)
        self.layers = len(generator.synthesis.convs) + 1
        self.size = 2 ** (self.layers // 2 + 1)
        self.named = {name: step.cpu() for name, step in (named or {}).items()}

    @cached_property
    def cloud(self) -> Tensor:
        """4,096 points w of their own, (4096, latent)."""
        return self._mapped(torch.randn(4096, self.latent, generator=torch.Generator().manual_seed(0)), range(4096))

    def principal(self, generate: Generate | None = None, samples: int = 0) -> dict[str, Tensor]:
        steps, sizes = ganspace(self.cloud, min(5, self.latent))
        return {f"component {i}": size * step for i, (step, size) in enumerate(zip(steps, sizes), start=1)}

    def _mapped(self, z: Tensor, seeds: Sequence[int]) -> Tensor:
        return self._in_w(z, None if self.labels is None else self.labels[torch.tensor(seeds) % len(self.labels)])

    def _in_w(self, z: Tensor, labels: Tensor | None) -> Tensor:
        device = self.generator.mapping.mean.device
        with torch.no_grad():
            return self.generator.mapping(z.to(device), None if labels is None else labels.to(device)).cpu()

    def point(self, seed: int) -> Tensor:
        return self._mapped(super().point(seed)[None], [seed]).repeat(self.layers, 1)

    def _recolored(self, labels: Tensor, seed: int, like: int) -> Tensor:
        """The point of a seed, were its order's hair and eyes those of another seed's; labels: of our attributes.

        All layers are the seed's own: a dark face that took some of them from a bright one would keep them dull.
        """
        order, other = (labels[each % len(labels)].clone() for each in (seed, like))
        colors = [*GENES[0], *GENES[1]]
        order[colors] = other[colors]
        return self._in_w(super().point(seed)[None], order[None]).repeat(self.layers, 1)

    def spread(self, latents: Tensor) -> Tensor:
        return self._mapped(latents, range(len(latents)))[:, None].expand(-1, self.layers, -1)

    def between(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        return torch.lerp(a, b, t)

    def moved(self, point: Tensor, step: Tensor, layers: tuple[int, int]) -> Tensor:
        return edit(point[None], step, 1.0, range(layers[0], layers[1] + 1))[0]

    def varied(self, point: Tensor, share: tuple[float, float], seed: int, own: int | None = None) -> Tensor:
        if own is not None and self.labels is not None and self.labels.shape[1] == len(TAGS):
            return self._recolored(self.labels, own, seed)
        first, last = (round(self.layers * end) for end in share)
        return crossed(point, self.point(seed), first, last - 1)

    def pulled(self, points: Tensor, truncation: float) -> Tensor:
        return self.generator.truncated(points.to(self.generator.mapping.mean.device), truncation).cpu()

    def pictures(self, points: Tensor, truncation: float = 1.0) -> Tensor:
        with torch.no_grad():
            w = self.pulled(points, truncation).to(self.generator.mapping.mean.device)
            return self.generator.synthesis(w, noise="fixed").float().cpu().clamp(-1, 1)
