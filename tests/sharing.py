"""A training as one of several processes, or in parts, that keeps what it has seen and felt for a comparison.

    python -m sharing '{"recipe": "stylegan2", "out": "run", "steps": 20, "settings": {"batch": 8}}'

"double" makes all numbers float64; "parts" is how many take turns.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from animelab import config, engine
from animelab.metrics import perception
from animelab.recipes import RECIPES


class Watched:
    """The same pictures in the default kind of numbers, and which of them somebody asked for."""

    def __init__(self, data: Any) -> None:
        self.data, self.name, self.fingerprint = data, data.name, data.fingerprint
        self.rows: list[list[int]] = []

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, indices: Tensor, device: torch.device) -> Any:
        self.rows.append(torch.as_tensor(indices).tolist())
        found = self.data.batch(indices, device)
        return tuple(map(as_default, found)) if isinstance(found, tuple) else as_default(found)


def as_default(values: Tensor) -> Tensor:
    return values.to(torch.get_default_dtype()) if values.is_floating_point() else values


def main(recipe: str, out: str, steps: int, settings: dict[str, Any], parts: int = 1, double: bool = False) -> None:
    if double:
        torch.set_default_dtype(torch.float64)
        torch.Tensor.float = torch.Tensor.double  # type: ignore[assignment]  # "in full precision", here
    made = RECIPES[recipe]
    changed = config.change(made.presets["smoke"], precision="fp32", keep=1000, steps=steps, **settings)
    with engine.joined("cpu") as device:
        training = made(changed, device)
        training.share_batches(parts)
        for stage in perception._stages(changed.features, "cpu") if double and hasattr(changed, "features") else ():
            stage.double()  # the features that it compares by were saved in float32
        gradients: dict[str, list[Tensor]] = {}
        for name, optimizer in training._having(torch.optim.Optimizer):
            optimizer.register_step_pre_hook(keeper(gradients, name))
        pictures = dict.fromkeys(("G", "D", "D_a", "D_b", "network"), 0)
        for name, network in training._having(nn.Module):
            for place, layer in network.named_modules() if name in pictures else ():
                if not list(layer.children()) and "parametrizations" not in place:  # whichever way a recipe goes
                    layer.register_forward_pre_hook(counter(pictures, name))
        data = Watched(made.data(changed))
        run = engine.train(training, data, out)
        seen = {"gradients": gradients, "pictures": pictures, "rows": data.rows, "state": training.state()}
        torch.save({**seen, "step": run.step}, Path(out) / f"seen-{training.group.index}.pt")


def keeper(kept: dict[str, list[Tensor]], name: str) -> Callable[..., None]:
    """Keeps the gradients of an optimizer's first step."""

    def keep(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        if name not in kept:
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            kept[name] = [weight.grad.clone() for weight in weights if weight.grad is not None]

    return keep


def counter(pictures: dict[str, int], name: str) -> Callable[..., None]:
    """Counts the pictures that go through the layers of a network."""

    def count(_: nn.Module, given: Sequence[Any]) -> None:
        pictures[name] += len(given[0]) if given and isinstance(given[0], Tensor) else 0

    return count


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
