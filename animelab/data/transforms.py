"""What happens to pictures on their way into a network: mirroring, cropping, and a pool of yesterday's fakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from animelab import limits
from animelab.data.pictures import as_tensor
from animelab.studio import paint_labels


def as_pictures(layer: Tensor) -> Tensor:
    """Any layer as pictures (B, 3, H, W): labels int64 (B, H, W) in `LABEL_COLORS`, one channel repeated."""
    if getattr(layer, "dtype", None) == torch.int64 and layer.ndim == 3:
        return as_tensor(np.asarray(paint_labels(layer.cpu().numpy())), layer.device)
    layer = limits.pictures(layer, "A layer", None)
    return layer if layer.shape[1] == 3 else limits.pictures(layer, "A layer", 1).expand(-1, 3, -1, -1)


def jittered(*batches: Tensor, crop: float = 286 / 256, size: int | None = None) -> list[Tensor]:
    """The same random mirroring and cropping for batches (B, C, side, side) that belong together.

    Pictures are enlarged by `crop` and cut to `size`, by default their own, at a random place, one place a batch, which
    is how pix2pix and CycleGAN make more of few pictures (Isola et al. 2017, appendix 6.2). crop = 1 does not enlarge.
    """
    side = batches[0].shape[-1]
    size, large = size or side, max(side, round(side * crop))
    top, left = (int(torch.randint(0, large - size + 1, ())) for _ in range(2))
    mirrored = bool(torch.rand(()) < 0.5)
    out = []
    for batch in batches:
        if large > side:
            batch = interpolate(batch, large, mode="bilinear", align_corners=False)
        batch = batch[..., top : top + size, left : left + size]
        out.append(batch.flip(-1) if mirrored else batch)
    return out


def exchange(memory: list[Tensor], fake: Tensor, size: int) -> Tensor:
    """What D is shown instead of one fake: itself, or an older one out of `memory`, which changes in place.

    Until `memory` holds `size`, fakes go in and come back. Then every second one (by chance) changes places with a
    remembered one (Shrivastava et al. 2017; size 50 in Zhu et al. 2017, section 4). Taught in 05_cyclegan.
    """
    if len(memory) < size:
        memory.append(fake)
    elif torch.rand(()) < 0.5:
        place = int(torch.randint(0, size, ()))
        fake, memory[place] = memory[place], fake
    return fake


class ImagePool:
    """A memory of fakes: D is shown old ones as well, so that it cannot forget what G once did.

    exchange: what happens to each fake; a learner's own function fits.
    """

    def __init__(self, size: int = 50, exchange: Callable[[list[Tensor], Tensor, int], Tensor] = exchange) -> None:
        self.size, self.pictures, self.each = size, list[Tensor](), exchange

    def exchange(self, fakes: Tensor) -> Tensor:
        """Fakes (B, ...) in, as many out, some of them old; no gradient goes through."""
        return torch.stack([self.each(self.pictures, fake, self.size).to(fakes) for fake in fakes.detach()])

    def state_dict(self) -> dict[str, Any]:
        """What the engine saves."""
        return {"pictures": torch.stack(self.pictures) if self.pictures else torch.empty(0)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """What the engine restores."""
        self.pictures = list(state["pictures"])
