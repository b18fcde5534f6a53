"""What pictures look like to a network that has learned to see, at several depths, with gradients.

The losses of style transfer and CartoonGAN want VGG19, which has to be downloaded (548 MB) and was trained on
photographs. Offline the course takes its own tagger, which knows faces and sees edges and colors all the same.
Taught in 09_cartoongan.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from animelab import env, zoo
from animelab.config import nearest
from animelab.errors import LabError

# Which depths the content loss looks at: conv4_4 of VGG19. The tagger is narrow, and deep in it colors are forgotten.
CONTENT = {"tagger": (1, 2), "vgg19": (3,)}
EVERYTHING = {"tagger": (0, 1, 2), "vgg19": (3,)}  # for a generator that is to leave things as they are


@lru_cache(maxsize=4)
def _stages(name: str, device: str) -> list[Any]:
    if name == "tagger":
        stages = list(zoo.network("tagger").stages)  # type: ignore[arg-type]
    else:
        from torchvision.models import VGG19_Weights, vgg19

        try:
            layers = vgg19(weights=VGG19_Weights.IMAGENET1K_V1).features
        except OSError as problem:
            advice = "go online once, or take features='tagger'"
            raise LabError(f"VGG19's weights could not be downloaded ({problem}); {advice}.") from problem
        stages = vgg19_stages(layers)
    return [stage.to(device).eval().requires_grad_(False) for stage in stages]


def vgg19_stages(layers: nn.Sequential) -> list[nn.Sequential]:
    """VGG19's layers up to conv1_2, on to conv2_2, conv3_4 and conv4_4, each before its ReLU (as the papers take them).

    The ReLUs no longer write over their input, which may be one of the maps that are compared.
    """
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    return [layers[a:b] for a, b in pairwise((0, 3, 8, 17, 26))]


def extractor(name: str, device: torch.device | str = "cpu") -> Callable[[Tensor], list[Tensor]]:
    """A function from pictures (B, 3, H, W) in [-1, 1] to four feature maps, from fine to coarse, differentiable.

    name: "tagger", the course's own, or "vgg19". LabError for another name, or when VGG19 cannot be had.
    """
    if name not in CONTENT:
        raise LabError(f"There are no features '{name}': {nearest(name, CONTENT)}")
    stages = _stages(name, str(env.pick_device(str(device))))
    mean, scale = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])

    def look(pictures: Tensor) -> list[Tensor]:
        if name == "vgg19":
            shift, size = (each.to(pictures.device)[:, None, None] for each in (mean, scale))
            pictures = ((pictures + 1) / 2 - shift) / size
        maps = []
        for stage in stages:
            maps.append(pictures := stage(pictures))
        return maps

    return look


def content_distance(maps: list[Tensor], others: list[Tensor], depths: tuple[int, ...]) -> Tensor:
    """Mean absolute difference of two pictures' maps, summed over depths, a scalar."""
    return sum(((maps[d] - others[d]).abs().mean() for d in depths), torch.zeros((), device=maps[0].device))


def style_distance(maps: list[Tensor], others: list[Tensor], depths: tuple[int, ...]) -> Tensor:
    """The same of their Gram matrices."""
    return content_distance([gram(each) for each in maps], [gram(each) for each in others], depths)


def gram(maps: Tensor) -> Tensor:
    """Which channels of maps (B, C, H, W) go together, wherever they do: (B, C, C) (Gatys et al. 2015, equation 3)."""
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()
