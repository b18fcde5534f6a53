"""What happens to pictures on their way into a network: mirroring, cropping, and a pool of yesterday's fakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from animelab.data.pictures import as_tensor
from animelab.studio import paint_labels


def as_pictures(layer: Tensor) -> Tensor:
    """Any layer as pictures (B, 3, H, W): labels int64 (B, H, W) in `LABEL_COLORS`, one channel repeated."""
    if layer.dtype == torch.int64:
        return as_tensor(np.asarray(paint_labels(layer.cpu().numpy())), layer.device)
    return layer.expand(-1, 3, -1, -1)


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


class ImagePool:
    """A memory of fakes: D is shown old ones as well, so that it cannot forget what G once did.

    Until it is full, pictures go in and come back. Then every second picture (by chance) changes places with a
    remembered one (Shrivastava et al. 2017; size 50 in Zhu et al. 2017, section 4). Taught in 05_cyclegan.
    """

    def __init__(self, size: int = 50) -> None:
        self.size, self.pictures = size, torch.empty(0)

    def exchange(self, fakes: Tensor) -> Tensor:
        """Fakes (B, ...) in, as many out, some of them old; no gradient goes through."""
        out = []
        for fake in fakes.detach():
            if len(self.pictures) < self.size:
                self.pictures = torch.cat([self.pictures.to(fake), fake[None]])
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(0, self.size, ()))
                fake, self.pictures[place] = self.pictures[place].clone(), fake
            out.append(fake)
        return torch.stack(out)

    def state_dict(self) -> dict[str, Any]:
        """What the engine saves."""
        return {"pictures": self.pictures}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """What the engine restores."""
        self.pictures = state["pictures"]
