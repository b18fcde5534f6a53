"""What a training can begin from, by the setting `start`: the networks of a bundled model, or of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from animelab.engine.checkpoint import Checkpoints
from animelab.engine.weights import load_weights
from animelab.errors import LabError
from animelab.zoo.manifest import read, verified


def trained(start: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights of a generator, averaged, and of its discriminator; these are empty for recipes without one.

    start: a bundled model's name or a run's folder. Raises LabError where it is neither, or has lost its discriminator.
    """
    folder = Path(start)
    if not folder.is_dir():
        both = f"{start}-discriminator"
        return load_file(verified(start)), load_file(verified(both)) if both in read() else {}
    path, saved = folder / "weights.safetensors", Checkpoints(folder / "checkpoints").load()
    if saved is None or not path.exists():
        raise LabError(f"{folder} holds no trained weights with a checkpoint; train there first, or check the path.")
    return load_weights(path)[2].state_dict(), discriminators(saved["recipe"])


def discriminators(state: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors of a recipe's discriminator; of D_a and D_b, with these names before them."""
    if "D" in state:
        return state["D"]
    return {f"{name}.{key}": value for name in ("D_a", "D_b") for key, value in state.get(name, {}).items()}
