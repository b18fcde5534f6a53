"""Do the pictures show the attributes that were asked for? A second network, used for nothing else, examines them."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from animelab import limits, zoo
from animelab.config import nearest
from animelab.errors import LabError
from animelab.nn.tagger import GROUPS
from animelab.studio import TAGS

NETWORKS = ("tagger", "examiner")
opened = cache(zoo.network)  # so that a lesson opens each file once


@torch.no_grad()
def predicted(pictures: Tensor, by: str = "examiner") -> Tensor:
    """Logits of the 34 attributes of `studio.TAGS` for pictures (N, 3, H, W) in [-1, 1]: float (N, 34)."""
    if by not in NETWORKS:
        raise LabError(f"No network '{by}' sees attributes: {nearest(str(by), NETWORKS)}")
    return torch.cat([opened(by)(part.float().cpu()) for part in limits.pictures(pictures).split(64)])


def guessed(pictures: Tensor, by: str = "tagger") -> Tensor:
    """The attributes a network sees, as answers of 0 and 1, (N, 34): the strongest hair and eye color, and every other
    whose logit is above 0."""
    logits = predicted(pictures, by)
    found = (logits > 0).float()
    for columns in GROUPS.values():
        found[:, columns] = torch.eye(len(columns))[logits[:, columns].argmax(1)]
    return found


def attribute_accuracy(pictures: Tensor, labels: Tensor, by: str = "examiner") -> dict[str, float]:
    """How often the examiner sees what `labels` (N, 34) of 0 and 1 asked for; see `accuracy`."""
    return accuracy(predicted(pictures, by), labels)


def accuracy(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Agreement of logits with labels, both (N, 34), from 0 to 1.

    "hair color" and "eye color": how often the strongest of the group is right. Every other attribute: the mean of
    the hit rates among pictures that should have it and that should not, so that guessing gives 0.5; left out where
    either kind is missing. Raises LabError for another shape.
    """
    logits = limits.numbers("Logits", logits, None, len(TAGS))
    labels = limits.numbers("Labels", labels, len(logits), len(TAGS))
    wanted = labels > 0.5
    found = {
        name: float((logits[:, columns].argmax(1) == labels[:, columns].argmax(1)).float().mean())
        for name, columns in GROUPS.items()
    }
    for i, tag in enumerate(TAGS):
        if 0 < wanted[:, i].sum() < len(wanted):
            right = (logits[:, i] > 0) == wanted[:, i]
            found[tag] = float((right[wanted[:, i]].float().mean() + right[~wanted[:, i]].float().mean()) / 2)
    return found
