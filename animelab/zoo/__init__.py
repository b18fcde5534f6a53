"""Pretrained models with their provenance: `zoo.load("dcgan-faces-64").sample(24)`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from animelab import env
from animelab.config import nearest
from animelab.engine.weights import load_weights
from animelab.errors import LabError

FOLDER = Path(__file__).parent


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
    def generate(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, size, size) in [-1, 1] on the CPU, from latents (B, latent), in batches of 64."""
        return torch.cat([self.generator(part.to(self.device)).float().cpu() for part in latents.split(64)])

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """`count` new pictures, float (count, 3, size, size) in [-1, 1].

        The same seed gives the same pictures, and the first ones do not depend on how many follow.
        """
        if count < 1:
            raise LabError(f"A sample needs at least 1 picture, not {count}.")
        generator = torch.Generator().manual_seed(seed)
        return self.generate(torch.stack([torch.randn(self.latent, generator=generator) for _ in range(count)]))


def names() -> list[str]:
    """The bundled models that draw."""
    return sorted(name for name, card in _manifest().items() if card["network"].endswith(".generator"))


def load(name: str) -> Pretrained:
    """A bundled model by name; its file must match the sha256 of the manifest.

    Raises LabError for an unknown name, with the nearest one, and for a file that was damaged.
    """
    return _open(_verified(name), name, card(name))


def network(name: str) -> nn.Module:
    """The bare network of a bundled model, ready for use; for those that do not draw, such as "tagger".

    Raises LabError as `load`.
    """
    return load_weights(_verified(name))[2]


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


def load_run(folder: str | Path) -> Pretrained:
    """The averaged generator of a training run, from the folder `train` wrote.

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
    """A run's folder or a bundled model's name, whichever it is. Raises LabError when it is neither."""
    if Path(run_or_name).is_dir():
        return load_run(run_or_name)
    if str(run_or_name) not in names():
        raise LabError(
            f"There is no run's folder '{run_or_name}' and no such model: {nearest(str(run_or_name), names())}"
        )
    return load(str(run_or_name))


def _open(path: Path, name: str, card: dict[str, Any]) -> Pretrained:
    kind, arguments, network = load_weights(path)
    if not {"latent", "size"} <= arguments.keys():
        raise LabError(f"{path} holds a {kind}, which cannot draw by itself; give the weights of a generator.")
    return Pretrained(name, network, arguments["latent"], arguments["size"], card)


def _manifest() -> dict[str, Any]:
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
