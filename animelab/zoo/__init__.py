"""Pretrained models with their provenance: `zoo.load("dcgan-faces-64").sample(24)`."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from animelab import env
from animelab.config import nearest
from animelab.data import Cast
from animelab.engine.weights import load_weights
from animelab.errors import LabError
from animelab.nn import colorization, compat, compat_stylegan2, cyclegan, stylegan2, ugatit
from animelab.nn.tiles import in_one_light
from animelab.studio import TAGS

FOLDER = Path(__file__).parent
TRANSLATORS = (
    "pix2pix.generator", "cyclegan.generator", "cyclegan.pair", "sketchkeras.unet", "cartoongan.generator",
    "animeganv2.generator", "ugatit.pair",
)  # fmt: skip
LARGE = 640  # pixels of a side; larger pictures are translated in tiles of 512


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

        truncation: below 1 for calmer pictures, StyleGAN2 only; LabError for other networks.
        """
        return self._paint(truncation, latents)

    def sample(self, count: int, seed: int = 0, truncation: float = 1.0) -> Tensor:
        """`count` new pictures, float (count, 3, size, size) in [-1, 1].

        The same seed gives the same pictures, and the first ones do not depend on how many follow.
        """
        return self.generate(self.latents(count, seed), truncation)

    def _paint(self, truncation: float, *inputs: Tensor) -> Tensor:
        options = {} if truncation == 1 else {"truncation": truncation}
        if options and not isinstance(self.generator, stylegan2.Generator):
            raise LabError(f"'{self.name}' knows no truncation, which is a matter of StyleGAN2's w; leave it out.")
        batches = zip(*(each.split(64) for each in inputs))
        painted = (self.generator(*(part.to(self.device) for part in batch), **options) for batch in batches)
        return torch.cat([each.float().cpu() for each in painted]).clamp(-1, 1)  # a StyleGAN2 may go beyond

    def latents(self, count: int, seed: int) -> Tensor:
        """The latents (count, latent) of a seed."""
        if count < 1:
            raise LabError(f"A sample needs at least 1 picture, not {count}.")
        generator = torch.Generator().manual_seed(seed)
        return torch.stack([torch.randn(self.latent, generator=generator) for _ in range(count)])

    def learned_from(self) -> tuple[str, str]:
        """The prior and the side (see `data.Side`) of the drawn faces it learned from; LabError for other pictures."""
        match = re.search(r"studio faces \(([^-,)]+)[^,)]*(?:, (\w+)\))?", str(self.card.get("data")))
        if match is None:
            raise LabError(f"'{self.name}' learned from {self.card.get('data')}, which the studio cannot draw again.")
        return match[1], match[2] or "color"


@dataclass
class Conditional(Pretrained):
    """A generator that takes orders: attributes (B, 34) of 0 and 1, whose columns are `studio.TAGS`."""

    @torch.no_grad()
    def generate(  # type: ignore[override]
        self, latents: Tensor, attributes: Tensor | None = None, truncation: float = 1.0
    ) -> Tensor:
        """Pictures as in Pretrained; `attributes` are (B, 34), or (34,) for all; by default, of the first order."""
        attributes = self.orders(1)[0] if attributes is None else torch.as_tensor(attributes)
        if tuple(attributes.shape) not in ((len(TAGS),), (len(latents), len(TAGS))):
            raise LabError(
                f"Attributes for {len(latents)} pictures are ({len(TAGS)},) or ({len(latents)}, {len(TAGS)}) numbers, "
                f"not {tuple(attributes.shape)}; the columns are studio.TAGS."
            )
        return self._paint(truncation, latents, attributes.expand(len(latents), -1).float())

    def orders(self, count: int, seed: int = 0) -> Tensor:
        """Attributes (count, 34) that go together: those of drawn characters it never saw.

        A model that learned from a folder of pictures gets orders of the prior "frontal".
        """
        drawn = "studio faces" in str(self.card.get("data"))
        cast = Cast(self.learned_from()[0] if drawn else "frontal", seed, "test")
        return torch.tensor([list(cast[i].tags().values()) for i in range(count)], dtype=torch.float32)

    def sample(  # type: ignore[override]
        self, count: int, seed: int = 0, attributes: Tensor | None = None, truncation: float = 1.0
    ) -> Tensor:
        """New pictures as in Pretrained, of `attributes` (34,) or (count, 34), or of the orders of that seed."""
        orders = self.orders(count, seed) if attributes is None else attributes
        return self.generate(self.latents(count, seed), orders, truncation)


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

    @torch.no_grad()
    def translate(self, pictures: Tensor, back: bool = False) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] of any size to as many of the same size, on the CPU.

        Borders are repeated up to the next size that the network takes, and cut off again; beyond 640 pixels a picture
        is translated in tiles that fade into each other and share their norms; U-GAT-IT, which looks at a whole face,
        raises LabError. back: from B to A, for networks that know both directions; LabError for others.
        """
        network = self.direction(back)
        high, wide = pictures.shape[-2:]
        multiple: int = getattr(network, "multiple", getattr(network, "size", 4))
        padded = _padded(pictures, multiple)

        def paint(part: Tensor) -> Tensor:
            answer = network(part.to(self.device))
            return (answer.out if isinstance(answer, ugatit.Answer) else answer).float().cpu()

        large = max(high, wide) > LARGE
        if large and self.attends:
            raise LabError(f"'{self.name}' looks at a face as a whole, up to {LARGE} pixels; fit the picture first.")
        parts = padded.split(1 if large else 16)
        painted = [in_one_light(network, paint, part, multiple) if large else paint(part) for part in parts]
        return torch.cat(painted)[..., :high, :wide]

    @property
    def square(self) -> int | None:
        """The side of the pictures that a U-GAT-IT learned from; other networks here take any."""
        network = self.direction()
        return network.size if isinstance(network, ugatit.Generator) else None

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
        network, (high, wide) = self.direction(back), pictures.shape[-2:]
        assert isinstance(network, ugatit.Generator)
        padded = _padded(pictures, network.multiple)
        heat = network(padded.to(self.device)).heat.float().cpu()
        return heat[:, : -(-high * heat.shape[1] // padded.shape[2]), : -(-wide * heat.shape[2] // padded.shape[3])]

    def direction(self, back: bool = False) -> nn.Module:
        """The bare network, of a pair the one from A to B or from B to A; LabError where there is no way back."""
        if isinstance(self.network, (cyclegan.Pair, ugatit.Pair)):
            return self.network.b_to_a if back else self.network.a_to_b
        if back:
            raise LabError(f"'{self.name}' knows one direction only; leave out the way back.")
        return self.network


def names(kind: str = ".generator") -> list[str]:
    """The bundled models that draw from numbers, or with "translator" those that translate pictures."""
    networks = {name: card["network"] for name, card in _manifest().items()}
    if kind == "translator":
        return sorted(name for name, network in networks.items() if network in TRANSLATORS)
    return sorted(name for name, network in networks.items() if network.endswith(kind) and network not in TRANSLATORS)


def load(name: str) -> Any:
    """A bundled model by name, a Pretrained, Conditional or Translator; its file must match the sha256 of the manifest.

    Raises LabError for an unknown name, with the nearest one, and for a file that was damaged.
    """
    return _open(_verified(name), name, card(name))


def network(name: str) -> nn.Module:
    """The bare network of a bundled model, ready for use; for those that do not draw, such as "tagger".

    Raises LabError as `load`.
    """
    return load_weights(_verified(name))[2]


def colorist(draft: str | Path, refine: str | Path) -> colorization.Colorist:
    """Both stages of coloring, each a bundled model's name or a run's folder; see `nn.colorization.Colorist`.

    Raises LabError as `load` and `load_run`, and for networks that are no such stages.
    """
    stages = []
    for place, channels in ((draft, 5), (refine, 8)):
        folder = Path(place)
        path = folder / "weights.safetensors" if folder.is_dir() else _verified(str(place))
        stage = load_weights(path)[2]
        if not isinstance(stage, colorization.UNet) or stage.first[0].in_channels != channels:
            raise LabError(f"'{place}' is no network of this stage of coloring; train one: animelab train colorization")
        stages.append(stage)
    return colorization.Colorist(*stages).eval()


def card(name: str) -> dict[str, Any]:
    """What is known of a bundled model: data, machine, command, scores. Raises LabError for an unknown name."""
    manifest = _manifest()
    if name not in manifest:
        raise LabError(f"The zoo has no model '{name}': {nearest(name, manifest)}")
    return manifest[name]


def _verified(name: str) -> Path:
    path = FOLDER / "weights" / card(name)["file"]
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != card(name)["sha256"]:
        raise LabError(f"The weights of '{name}' at {path} are missing or damaged; install animelab again.")
    return path


def load_run(folder: str | Path) -> Any:
    """The averaged generator of a training run, from the folder `train` wrote: as `load` gives it.

    Raises LabError when the folder holds no trained weights.
    """
    folder = Path(folder)
    path = folder / "weights.safetensors"
    if not path.exists():
        raise LabError(
            f"{folder} holds no trained weights (weights.safetensors); train there first, or check the path."
        )
    try:
        card = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(
            f"{folder / 'run.json'} is missing or damaged; train again, or copy the whole folder."
        ) from error
    return _open(path, folder.name, card)


def open_model(run_or_name: str | Path) -> Pretrained:
    """A run's folder, a bundled model's name, or an official StyleGAN2 (rosinality's .pt, NVIDIA's .pkl).

    Raises LabError for anything that does not draw.
    """
    path = Path(run_or_name)
    if path.suffix in (".pt", ".pkl"):
        generator, arguments = compat_stylegan2.load_generator(path)
        if arguments["classes"]:
            raise LabError(
                f"{path} draws {arguments['classes']} classes; use nn.compat_stylegan2.load_generator, and say which."
            )
        return Pretrained(path.stem, generator, arguments["latent"], arguments["size"], {"data": "unknown"})
    model = _either(run_or_name, names())
    if isinstance(model, Translator):
        raise LabError(f"'{model.name}' translates pictures and draws none by itself; use: animelab translate")
    return model


def open_translator(path_or_name: str | Path) -> Translator:
    """A run's folder, a bundled model's name, or a checkpoint (.pth, .pt) that `nn.compat` can read.

    Raises LabError for anything that translates no pictures.
    """
    path = Path(path_or_name)
    if path.suffix in (".pth", ".pt"):
        return Translator(path.stem, compat.load_generator(path), {"data": "unknown"})
    model = _either(path_or_name, names("translator"))
    if not isinstance(model, Translator):
        raise LabError(f"'{model.name}' draws pictures and translates none; use: animelab sample")
    return model


def _padded(pictures: Tensor, multiple: int) -> Tensor:
    bottom, right = (max(16, -(-side // multiple) * multiple) - side for side in pictures.shape[-2:])
    return pad(pictures.float(), (0, right, 0, bottom), mode="replicate")


def _either(run_or_name: str | Path, bundled: list[str]) -> Any:
    if Path(run_or_name).is_dir():
        return load_run(run_or_name)
    if str(run_or_name) not in _manifest():
        raise LabError(
            f"There is no run's folder '{run_or_name}' and no such model: {nearest(str(run_or_name), bundled)}"
        )
    return load(str(run_or_name))


def _open(path: Path, name: str, card: dict[str, Any]) -> Pretrained | Translator:
    kind, arguments, network = load_weights(path)
    if kind in TRANSLATORS:
        return Translator(name, network, card)
    if kind.endswith("discriminator") or not {"latent", "size"} <= arguments.keys():
        more = " Both stages of coloring work together: zoo.colorist(draft, refine)." if "paints" in kind else ""
        raise LabError(f"{path} holds a {kind}, which cannot draw by itself; give the weights of a generator.{more}")
    draws = Conditional if arguments.get("tags") or arguments.get("classes") else Pretrained
    return draws(name, network, arguments["latent"], arguments["size"], card)


def _manifest() -> dict[str, Any]:
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
