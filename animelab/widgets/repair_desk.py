"""Paint over what should go, and see what stands there instead; and characters behind things. Taught in 11_repair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import binary_dilation
from torch import Tensor, nn

from animelab import env, limits, studio
from animelab.config import nearest
from animelab.data.pictures import as_tensor
from animelab.errors import LabError
from animelab.nn import inpainting
from animelab.studio import Character
from animelab.viz import as_pixels
from animelab.widgets.picture import sent_ink, sent_picture, within
from animelab.widgets.stage import Stage, button, choice, file, past, picture, slider, swatches, tools
from animelab.zoo.pretrained import latents_of

LONGEST = 4096  # pixels of the longer side of a picture from disk,
SIDE = 256  # and of what is repaired
CANVAS, LARGEST = 1536, 2**21  # pixels of a side of what a browser sends, and characters of it
PROPOSALS = 4
MASK = "#d81b60"
HINT = "Paint over what should go; what stands there instead is at the right."
THINGS: dict[str, tuple[Any, ...]] = {
    "glasses": ("glasses", "round", "square", "half rim"), "hat": ("headwear", "beret", "cap", "witch hat"),
    "headphones": ("headwear", "headphones"), "bubble": ((255, 255, 255), (29, 27, 34)),
    "watermark": ((236, 236, 236), (150, 150, 150)), "hand": ((244, 205, 178), (96, 56, 48)),
}  # fmt: skip
"""What `covered` hides a character behind: an attribute and its values, or colors of what is drawn over and its rim."""


def covered(character: Character, thing: str, size: int = 128, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """A character behind something, a mask of it, and the truth beneath: (1, 3, size, size), (1, 1, ...), (1, 3, ...).

    The mask is 0 where the two pictures differ, and a pixel around, and 1 elsewhere. thing: of `THINGS`, LabError for
    others; seed: of its place, or which one it is.
    """
    if not isinstance(character, Character):
        raise LabError(f"A Character is hidden, such as Character.random(3), not a {type(character).__name__}.")
    if thing not in THINGS:
        raise LabError(f"There is no '{thing}' to take away: {nearest(thing, THINGS)}")
    plain, (first, *others) = character.replace(glasses="none", headwear="none"), THINGS[thing]
    truth, seed = studio.render(plain, size), limits.whole("seed", seed, limits.SEEDS)
    if isinstance(first, str):
        damaged = studio.render(plain.replace(**{first: others[seed % len(others)]}), size)
    else:
        u = torch.rand(1, inpainting.NUMBERS, generator=torch.Generator().manual_seed(seed))
        ends, radii = inpainting.shape(thing, u)
        whole, inner = (inpainting.rounded_bars(ends, radii - rim, size)[0, 0, ..., None] for rim in (0, 0.007))
        damaged = np.where(inner, first, np.where(whole, others[0], truth)).astype(np.uint8)
    hole = binary_dilation((damaged != truth).any(2), np.ones((3, 3)))
    before, after = as_tensor(np.stack([damaged, truth])).split(1)
    return before, torch.from_numpy(~hole)[None, None].float(), after


class RepairDesk(Stage):
    """A picture at the left, to paint a mask on; at the right what stands there instead.

    networks: {words: a network of `nn.inpainting`, or any function of pictures (B, 3, H, W) in [-1, 1] and masks
    (B, 1, H, W), 1 where they are known, to pictures}, or one of these; a network that takes noise makes four proposals
    to pick from. pictures: to begin with, uint8 arrays or as in `viz.grid`; a person's own is chosen, dropped or
    pasted, and brought to 256 pixels. folder: where Save puts the result. `.hole`, bool (H, W), and `.picture`, uint8
    (H, W, 3), are what is shown. Raises LabError for what fills no holes.
    """

    def __init__(self, networks: Any, pictures: Any, folder: str | Path | None = None) -> None:
        self.ways = dict(networks) if isinstance(networks, Mapping) else {"the network": networks}
        if not self.ways or not all(map(callable, self.ways.values())):
            raise LabError("A network or a function of pictures and masks is asked for, such as zoo.network opens.")
        self._given = [as_pixels(each)[0] for each in pictures] if hasattr(pictures, "__len__") else []
        self._number = self._seed = 0
        if not self._given:
            raise LabError("Give at least one picture to begin with; your own can replace it.")
        self.folder = Path(folder or env.runs_dir() / "repaired").absolute()
        self._many = any(getattr(way, "latent", 0) for way in self.ways.values())
        paint = [tools("tool", "Tool", {"Brush": "pen", "Eraser": "erase"}), *past(), button("clear", "Clear")]
        paint += [slider("width", "Brush size", 8, 1, 40, 1, "px"), {**swatches("ink", "", {"": MASK}), "hidden": True}]
        fill = [{**choice("way", "Fill by", list(self.ways)), "hidden": len(self.ways) == 1}, button("save", "Save")]
        fill += [picture("proposal", "Proposals", "pick", value=0, columns=PROPOSALS)] if self._many else []
        fill += [button("others", "Other proposals", "shuffle")] if self._many else []
        files = [
            file("file", "Choose a file", tip="A picture from your disk"),
            button("another", "Another picture", "next"),
        ]
        ink = {"value": [0, ""], "tool": "tool", "width": "width", "color": "ink", "eraser": "Eraser"}
        super().__init__(
            "repair",
            [picture("mask", "What should go", "ink", **ink), picture("answer", "What stands there instead")],
            {"Mask": paint, "Fill": fill, "Picture": files},
        )
        self.go((0, [0, ""]))

    @torch.no_grad()
    def render(self, pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Proposals, uint8 (N, H, W, 3), for a hole, bool (H, W), in a picture, uint8 (H, W, 3)."""
        way, mask = self.ways[self.values["way"]], torch.from_numpy(~hole)[None, None].float()
        before = as_tensor(pixels[None].copy())
        if not isinstance(way, nn.Module):
            return as_pixels(way(before, mask))
        noise = [latents_of(self._seed, PROPOSALS, way.latent)] if getattr(way, "latent", 0) else []  # type: ignore[arg-type]
        many = PROPOSALS if noise else 1
        return as_pixels(inpainting.filled(way, before.expand(many, -1, -1, -1), mask.expand(many, -1, -1, -1), *noise))

    def restored(self, state: tuple[int, Any]) -> None:
        """Show the picture of that number with the mask that was painted on it."""
        self._number = state[0]
        self.put(mask=state[1])
        self.show("mask", self._given[self._number], "A picture to paint a mask on.")
        self._fill()

    def changed(self, name: str) -> None:
        if name == "proposal" and self.values["proposal"] is not None:
            self._choose(self.values["proposal"])
        elif name in ("mask", "way"):
            self._fill()
        if name == "mask":
            self.remember((self._number, self.values["mask"]), self.values["mask"][0])

    def pressed(self, name: str) -> None:
        if name in ("undo", "redo"):
            super().pressed(name)
        elif name == "save":
            self.save_as(self.folder, "repaired", self.picture)
        elif name == "others":
            self._seed += 1
            self._fill()
        else:
            self._seed *= name != "reset"
            self.go(({"another": (self._number + 1) % len(self._given), "reset": 0}.get(name, self._number), [0, ""]))

    def given(self, name: str, content: bytes) -> None:
        self._given.append(within(sent_picture(content, LONGEST), SIDE))
        self.go((len(self._given) - 1, [0, ""]))

    def _fill(self) -> None:
        before, self.hole = self._given[self._number], self._painted()
        self.proposals = self.render(before, self.hole) if self.hole.any() else before[None]
        if self._many:
            self.show_all("proposal", list(self.proposals), [f"Proposal {i + 1}" for i in range(len(self.proposals))])
            self.put(proposal=0)
        self._choose(0)

    def _choose(self, number: int) -> None:
        self.picture = self.proposals[number]
        share = f"{self.hole.mean():.0%} of the picture" if self.hole.any() else "nothing yet"
        self.show("answer", self.picture, f"The picture; filled: {share}.")
        self.say(HINT)

    def _painted(self) -> np.ndarray:
        """Where the mask was painted, bool (H, W): pixels of which ink has half or more."""
        value, size = self.values["mask"], self._given[self._number].shape[1::-1]
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
            raise LabError("That mask did not arrive whole; paint a little more.")
        if not value[1]:
            return np.zeros(size[::-1], bool)
        ink, alpha = sent_ink(value[1], CANVAS, LARGEST)
        return np.asarray((alpha or Image.new("L", ink.size, 255)).resize(size, Image.Resampling.BOX)) > 127

    def seen(self) -> list[tuple[np.ndarray, str]]:
        """As they are seen: with the mask."""
        ink = np.array([int(MASK[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        masked = np.where(self.hole[..., None], ink, self._given[self._number])
        return [(masked, "A picture with a mask on it"), (self.picture, "What a network put there")]
