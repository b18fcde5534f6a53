"""Networks, losses, widgets and functions of pictures, called in a notebook with what they cannot use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from animelab import data, env, losses, viz
from animelab.errors import LabError
from animelab.nn import NETWORKS, cartoongan, colorization, dcgan, inpainting, pix2pix, relight, tiles, ugatit, xdog
from animelab.nn.stylegan2 import Generator
from animelab.studio import Character
from animelab.widgets import (
    BeforeAfter,
    CharacterMaker,
    ColorStudio,
    DrawingBoard,
    LatentExplorer,
    LiveTraining,
    OwnPicture,
    PickAndRefine,
    RepairDesk,
    Timelapse,
    covered,
)

NAN = float("nan")
GOOD = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
GRAY, FIGURE = GOOD[:, :1], GOOD[:, :1] > 0
UP = torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(2, 3, 32, 32)
NO_NUMBERS: tuple[Any, ...] = (-1, 2.5, "a", None, True, NAN, 10**9, 2**70, [], (4, 4))
BAD_PICTURES: dict[str, tuple[Any, str]] = {
    "NaN": (GOOD * NAN, "NaN"),
    "infinity": (GOOD / 0, "NaN or infinity"),
    "bytes": ((GOOD * 127 + 127).byte(), "bytes"),
    "0 to 255": ((GOOD + 1) * 127, "in -1 to 1"),
    "one picture": (GOOD[0], "picture[None]"),
    "no picture": (GOOD[:0], "shape"),
    "channels last": (GOOD.permute(0, 2, 3, 1), "shape"),
    "two channels": (GOOD[:, :2], "shape"),
    "a name": ("pictures.png", "tensor"),
    "nothing": (None, "tensor"),
}
NO_MAPS: dict[str, tuple[Any, str]] = {
    "one map": (GRAY[0, 0], "shape"),
    "no map": (GRAY[:0], "shape"),
    "four channels": (GRAY.expand(-1, 4, -1, -1), "shape"),
    "words": (["a", "b"], "tensor"),
    "nothing": (None, "tensor"),
}
SEES: dict[str, Callable[[Any], object]] = {
    "xdog": xdog.xdog,
    "edges": cartoongan.edges,
    "edge_smoothed": cartoongan.edge_smoothed,
    "slopes": cartoongan.slopes,
    "palette": colorization.palette,
    "flawed": colorization.flawed,
    "hints": lambda pictures: colorization.hints(pictures, torch.tensor([3, 3])),
    "strange": lambda pictures: colorization.strange(pictures, torch.zeros(2, 4, 32, 32), torch.zeros(2, 1, 32, 32)),
}
SHAPED: dict[str, Callable[[Any], object]] = {
    "rises": relight.rises,
    "normals": relight.normals,
    "squarely": lambda normals: relight.squarely(normals, torch.tensor([0.0, 0.0, 1.0])),
    "cosines": lambda normals: relight.cosines(normals, (0.5, 0.5, 1.0)),
}
LOSSES: dict[str, Callable[[Any], object]] = {
    "discriminator_loss": lambda logits: losses.discriminator_loss(torch.zeros(2), logits),
    "non_saturating": losses.non_saturating.generator,
    "minimax": losses.minimax.generator,
    "least_squares D": lambda logits: losses.least_squares.discriminator(logits, torch.zeros(2)),
    "least_squares G": losses.least_squares.generator,
    "a score": lambda logits: losses.r1_penalty(lambda pictures: logits, GOOD),
    "slopes of": lambda pictures: losses.slopes(lambda x: x.sum((1, 2, 3)), pictures),
    "dragan_penalty": lambda pictures: losses.dragan_penalty(lambda x: x.sum((1, 2, 3)), pictures),
    "path_penalty": lambda lengths: losses.path_penalty(lengths, torch.zeros(())),
}
NO_TENSORS: dict[str, Any] = {
    "a word": "a", "nothing": None, "a list": [1.0], "an array": np.zeros(2), "a number": 1.0,
    "none": torch.zeros(0), "two": (torch.zeros(2), torch.zeros(2)), "complex numbers": torch.zeros(2) + 1j,
}  # fmt: skip


def tiny() -> nn.Module:
    return Generator(32, 256, 16, latent=16, mapping_layers=2).eval()


class Maker:
    latent = 4

    def orders(self, count: int, seed: int = 0) -> torch.Tensor:
        return (torch.arange(34) + torch.arange(count)[:, None]) % 2

    def generate(self, latents: torch.Tensor, attributes: torch.Tensor) -> torch.Tensor:
        return GOOD[:1]


def refused(network: str, folder: Path) -> None:
    """All numbers of a network, and its switches: as cases of their own they would be hundreds."""
    build = NETWORKS[network]
    for name, parameter in inspect.signature(build).parameters.items():
        if parameter.annotation not in ("int", "bool"):
            continue
        for value in NO_NUMBERS:
            if value is True and parameter.annotation == "bool":
                continue
            said = "it was built"
            try:
                with torch.device("meta"):
                    build(**{name: value})
            except LabError as error:
                said = str(error)
            assert f"{name} takes" in said, f"{network}({name}={value!r}): {said}"
    build(**{next(iter(inspect.signature(build).parameters)): -1})


def python(call: Callable[..., object], *arguments: Any) -> Callable[[Path], object]:
    def run(folder: Path) -> None:
        call(*arguments)

    return run


PYTHON: list[tuple[str, Callable[[], object], str | None]] = [
    ("show at scale 10**5", lambda: viz.show(GOOD, scale=10**5), "scale takes a whole number from 1"),
    ("show at scale 4,000", lambda: viz.show(GOOD, scale=4000), "too much for one grid"),
    ("show at scale 1.5", lambda: viz.show(GOOD, scale=1.5), "scale takes"),
    ("show of 30,000", lambda: viz.show(torch.zeros(1, 1, 1, 1).expand(30_000, 1, 64, 64), scale=1), "too much"),
    *((f"show in {columns!r} columns", lambda columns=columns: viz.show(GOOD, columns), "columns takes")
      for columns in (0, -1, 2.5, "a", None, 10**12)),
    *((f"{size!r} real faces", lambda size=size: data.real_faces(size), "size takes a whole number from 1")
      for size in (0, -1, 2.5, 10**6, "a", None)),
    ("compare a list", lambda: viz.compare([GOOD]), "{name: images}"),
    ("compare nothing", lambda: viz.compare(None), "{name: images}"),
    ("compare numbers", lambda: viz.compare({1: GOOD, 2.5: GOOD, (): GOOD, None: GOOD}), None),
    ("heat_colors, size=0", lambda: viz.heat_colors(GRAY[0], 0), "size takes"),
    ("heat_colors, size=10**6", lambda: viz.heat_colors(GRAY[0], (10**6, 10**6)), "size takes"),
    ("heat_colors, size=()", lambda: viz.heat_colors(GRAY[0], "a"), "size takes"),
    ("heat_colors, size=64", lambda: viz.heat_colors(GRAY[0], 64), None),
    ("heat_colors of NaN", lambda: viz.heat_colors(GRAY[0] * NAN, (8, 8)), "NaN"),
    ("heat_colors of one map", lambda: viz.heat_colors(GRAY[0, 0], (8, 8)), "shape"),
    *((f"curves of {losses!r:.40}", lambda losses=losses: viz.curves(losses), "Curves are drawn of")
      for losses in (None, 5, "loss", ["a"], [{"D": 1.0}], [1.0, 2.0])),
    *((f"curves of {pair!r:.40}", lambda pair=pair: viz.curves({"D": pair}), "two rows of numbers")
      for pair in (None, 5, "ab", ([0, 1], "ab"), ([0, 1], ["a", "b"]), (["a", "b"], [0, 1]), ([0],))),
    ("curves without rows", lambda: viz.curves([]), "no losses to draw"),
    *((f"curves, smoothing={value!r}", lambda value=value: viz.curves({"D": ([0, 1], [1, 2])}, smoothing=value),
       "smoothing takes a number from 0 to 1") for value in (NAN, -1, 10**9, "a", None)),
    *((f"the seed {seed!r:.9}", lambda seed=seed: env.seed_everything(seed), "seed takes")
      for seed in ("a", None, 2**70, 1.5)),
    ("pictures of labels beyond", lambda: data.as_pictures(torch.full((1, 4, 4), 99)), "labels"),
    *((f"as_pictures of {what}", lambda bad=bad: data.as_pictures(bad), words)
      for what, (bad, words) in BAD_PICTURES.items() if what != "channels last"),
    ("xdog, sigma=0", lambda: xdog.xdog(GOOD, 0), "sigma takes"),
    ("xdog, sigma=NaN", lambda: xdog.xdog(GOOD, NAN), "sigma takes"),
    ("xdog, sigma=20", lambda: xdog.xdog(GOOD, 20), "reaches beyond"),
    ("xdog of 2 x 2", lambda: xdog.xdog(GOOD[..., :2, :2]), "reaches beyond"),
    ("xdog, slope='a'", lambda: xdog.xdog(GOOD, slope="a"), "slope takes"),
    ("edge_smoothed, reach=4", lambda: cartoongan.edge_smoothed(GOOD, 4), "reach is odd"),
    ("edge_smoothed, reach=99", lambda: cartoongan.edge_smoothed(GOOD, 99), "reach is odd"),
    ("edge_smoothed, reach=-1", lambda: cartoongan.edge_smoothed(GOOD, -1), "reach takes"),
    ("edges, threshold=NaN", lambda: cartoongan.edges(GOOD, NAN), "threshold takes"),
    *((f"tiles of {side} and {overlap}", lambda a=(side, overlap): tiles.by_tiles(lambda x: x, GOOD, *a), words)
      for side, overlap, words in ((32, 32, "twice overlap"), (32, 48, "twice overlap"), (0, 0, "side takes"),
                                   (40, 16, "multiples of 16"), (64, -16, "overlap takes"), (2.5, 0, "side takes"))),
    ("tiles of another size", lambda: tiles.by_tiles(lambda x: x[..., ::2], GOOD, 16, 0), "pictures of their size"),
    ("tiles of nothing", lambda: tiles.by_tiles(lambda x: None, GOOD, 16, 0), "pictures of their size"),
    ("tiles of one picture", lambda: tiles.by_tiles(lambda x: x, GOOD[0], 16, 0), "shape"),
    ("by_paint of one picture", lambda: relight.by_paint(GOOD[0]), "picture[None]"),
    ("by_paint of bytes", lambda: relight.by_paint((GOOD * 127 + 127).byte()), "bytes"),
    ("silhouette of colors", lambda: relight.silhouette(GOOD), "shape"),
    ("by_outline of nothing", lambda: relight.by_outline(None), "tensor"),
    ("heights of NaN", lambda: relight.rises(GRAY * NAN), "NaN"),
    ("normals of NaN", lambda: relight.cosines(UP * NAN, (0, 0, 1)), "NaN"),
    ("a lamp of two", lambda: relight.cosines(UP, (0, 0)), "lamp should be"),
    ("a lamp of NaN", lambda: relight.cosines(UP, (0, NAN, 1)), "NaN"),
    ("a lamp called a", lambda: relight.cosines(UP, "abc"), "lamp should be"),
    ("toward two", lambda: relight.squarely(UP, torch.zeros(2)), "one direction"),
    ("a layer of batches", lambda: relight.light_layer(GOOD, GRAY[:, 0], GRAY[:, 0]), "shape"),
    *((f"stripes of {colors!r}", lambda colors=colors: colorization.stripes(colors), "row of colors with shares")
      for colors in (None, 5, "ab", [], [1], [("#ffffff",)], [("#ffffff", "a")], [("#ffffff", NAN)], [("#ffffff", -1)],
                     {"#ffffff": 1})),
    ("stripes of red", lambda: colorization.stripes([("red", 1)]), "hexadecimal"),
    ("stripes of 10**9 pixels", lambda: colorization.stripes([("#ffffff", 1)], 10**9), "size takes"),
    ("blobs of one picture", lambda: colorization.blobs(GOOD[0]), "shape"),
    ("blobs, share=2", lambda: colorization.blobs(GOOD, 2), "share takes"),
    ("blobs, cells=0", lambda: colorization.blobs(GOOD, cells=0), "cells takes"),
    ("hints, radius=-1", lambda: colorization.hints(GOOD, torch.tensor([1, 1]), -1), "radius takes"),
    ("hints, counts=3", lambda: colorization.hints(GOOD, 3), "counts should be"),
    ("hints of other counts", lambda: colorization.hints(GOOD, torch.tensor([1, 1, 1])), "2 pictures, not 3"),
    ("hints allowed everywhere", lambda: colorization.hints(GOOD, torch.tensor([1, 1]), 1, True), "allowed should be"),
    ("a constant score", lambda: losses.r1_penalty(lambda x: torch.ones(2), GOOD), "no slope"),
    ("a score of weights alone",
     lambda: losses.slopes(lambda x: torch.ones(2, requires_grad=True), GOOD), "no slope"),
    ("lengths of other w", lambda: losses.path_lengths(GOOD, torch.ones(2, 3, 4, requires_grad=True)), "no slope"),
    ("lengths of one picture", lambda: losses.path_lengths(GOOD[0], torch.ones(2, 3, 4)), "with 4 axes"),
    ("a trip to other channels", lambda: losses.cycle_loss(lambda x: x, lambda x: x[:, :1], GOOD, GOOD), "came back"),
    ("a trip to nothing", lambda: losses.cycle_loss(lambda x: x, lambda x: None, GOOD, GOOD), "not a NoneType"),
    ("channels that no size has", lambda: Generator(64, 16), "channel"),
    ("a norm called batsh", lambda: pix2pix.Generator(64, 4, norm="batsh"), "There is no norm 'batsh'"),
    ("a curtain of a list", lambda: BeforeAfter([GOOD, GOOD]), "not a list"),
    ("a curtain under NaN", lambda: BeforeAfter({"a": GOOD, "b": GOOD}, GRAY[:, 0] * NAN), "NaN"),
    ("a film of None", lambda: Timelapse(None), "at least one frame"),
    ("a film as wide as 'a'", lambda: Timelapse([GOOD[0]], width="a"), "width takes"),
    ("a film that runs back", lambda: Timelapse([GOOD[0]], interval=-1), "interval takes"),
    *((f"live every {every!r}", lambda every=every: LiveTraining(every), "every takes") for every in ("a", NAN, -1)),
    *((f"a maker of seed {seed!r:.9}", lambda seed=seed: CharacterMaker(Maker(), seed), "seed takes")
      for seed in (2**70, 1.5, "a", -1, None)),
    ("a maker of nothing", lambda: CharacterMaker(None), "takes no orders"),
    *((f"a picker: {name}={value!r:.9}", lambda a={name: value}: PickAndRefine(tiny(), **a), f"{name} takes")
      for name, value in (("seed", "a"), ("seed", 2**70), ("truncation", "a"), ("truncation", NAN), ("latent", -1))),
    ("an explorer of seed 1.5", lambda: LatentExplorer(tiny(), seed=1.5), "seed takes"),
    ("directions in a list", lambda: LatentExplorer(tiny(), directions=[1]), "by name"),
    *((f"a point in {path!r}", lambda path=path: LatentExplorer(tiny()).load(path), "file of a point")
      for path in (None, 5, "")),
    ("a board of nothing", lambda: DrawingBoard(None, GOOD), "A model or a function"),
    ("a board of a name", lambda: DrawingBoard("pix2pix-color-64", GOOD), "A model or a function"),
    ("a board without drawings", lambda: DrawingBoard(lambda x: x, None), "shape"),
    ("pictures of nobody", lambda: OwnPicture(lambda x: x, None), "at least one picture"),
    ("a desk of a name", lambda: RepairDesk("inpainting-partial-128", GOOD), "A network or a function"),
    ("a desk without pictures", lambda: RepairDesk(lambda x, m: x, None), "at least one picture"),
    ("nobody behind a hat", lambda: covered("somebody", "hat"), "A Character"),
    ("behind nothing", lambda: covered(Character.random(1), "hot"), "did you mean 'hat'"),
    ("holes of another size", lambda: inpainting.filled(inpainting.UNet(2, 4), GOOD, GRAY[..., :9]), "one size"),
    ("a studio of nothing", lambda: ColorStudio(None, GOOD), "colorist"),
    ("a studio of a scheme 5", lambda: ColorStudio(nn.Identity(), GOOD, schemes={"a": 5}), "row of colors"),
    ("a studio of schemes in a list", lambda: ColorStudio(nn.Identity(), GOOD, schemes=["a"]), "not a list"),
]  # fmt: skip
HARMLESS: list[Callable[[], object]] = [
    lambda: dcgan.Generator(np.int64(32), width=np.int64(2)),
    lambda: ugatit.Generator(32, 4, 1, light=np.bool_(True)),
    lambda: xdog.xdog(GOOD.double()),
    lambda: xdog.xdog(GOOD.numpy()),
    lambda: relight.by_outline(FIGURE),
    lambda: relight.light_layer(GOOD[0], GRAY[0, 0], FIGURE[0, 0]),
    lambda: colorization.hints(GOOD, torch.tensor([0, 3]), 0, FIGURE),
    lambda: colorization.stripes((("#ffffff", 1), ["#000000", np.float32(0.5)])),
    lambda: data.as_pictures(GRAY),
    lambda: data.as_pictures(torch.zeros(2, 4, 4, dtype=torch.int64)),
    lambda: losses.discriminator_loss(torch.tensor([1, 2]), torch.tensor([True])),
    lambda: losses.non_saturating_generator_loss(torch.tensor([NAN])).isnan() or 1 / 0,  # the loop's own business
    lambda: viz.show(GOOD, np.int64(2), np.int64(1)),
    lambda: env.seed_everything(np.int64(-3)),
    lambda: LiveTraining(0),
]
CASES = [
    *(
        (f"numbers of {network}", partial(refused, network), "takes a whole number")
        for network, build in NETWORKS.items()
        if inspect.signature(build).parameters  # waifu2x's two first have none
    ),
    *((f"{name} of {what}", python(see, pictures), words)
      for name, see in SEES.items() for what, (pictures, words) in BAD_PICTURES.items()),
    *((f"{name} of {what}", python(see, maps), words)
      for name, see in SHAPED.items() for what, (maps, words) in NO_MAPS.items()),
    *((f"{name} {what}", python(loss, value), "A loss takes tensors")
      for name, loss in LOSSES.items() for what, value in NO_TENSORS.items()),
    *((name, python(call), words) for name, call, words in PYTHON),
    *((f"harmless, {number}", python(call), None) for number, call in enumerate(HARMLESS)),
]  # fmt: skip
