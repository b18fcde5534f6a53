"""What is in the zoo: a card and a file for each bundled model, and nothing opened yet."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from animelab.config import nearest
from animelab.errors import LabError

FOLDER = Path(__file__).parent
TRANSLATORS = (
    "pix2pix.generator", "cyclegan.generator", "cyclegan.pair", "sketchkeras.unet", "cartoongan.generator",
    "animeganv2.generator", "ugatit.pair", "r3gan.unet", "r3gan.pair", "cut.generator",
)  # fmt: skip


def read() -> dict[str, Any]:
    """Name -> card of every bundled model."""
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))


def names(kind: str = ".generator") -> list[str]:
    """The bundled models that draw from numbers, or with "translator" those that translate pictures."""
    networks = {name: card["network"] for name, card in read().items()}
    if kind == "translator":
        return sorted(name for name, network in networks.items() if network in TRANSLATORS)
    return sorted(name for name, network in networks.items() if network.endswith(kind) and network not in TRANSLATORS)


def card(name: str) -> dict[str, Any]:
    """What is known of a bundled model: data, machine, command, scores. Raises LabError for an unknown name."""
    cards = read()
    if not isinstance(name, str) or name not in cards:
        raise LabError(f"The zoo has no model '{name}': {nearest(name, cards)}")
    return cards[name]


def verified(name: str) -> Path:
    """The file of a bundled model; LabError unless it is the one that its card vouches for."""
    path = FOLDER / "weights" / card(name)["file"]
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != card(name)["sha256"]:
        raise LabError(f"The weights of '{name}' at {path} are missing or damaged; install animelab again.")
    return path
