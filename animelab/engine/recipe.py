"""What every recipe shares: devices, precision, one gradient step, and finding all that a checkpoint must hold."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from animelab import config as settings
from animelab import env, limits
from animelab.engine.group import Group
from animelab.errors import LabError
from animelab.nn.layout import prepared
from animelab.shares import share

# Of these, what is saved looks as what is loaded; others, such as a pool of pictures, grow.
FORMED = (nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler, Tensor)


class Recipe:
    """One paper's algorithm. Subclasses write `build` (assign networks and optimizers), `step` and `preview`.

    Everything assigned to `self` that has a state (modules, optimizers, schedulers, tensors) is found
    and saved by the engine, so a recipe never mentions checkpoints. A learner's own part goes in by the name of a class
    attribute: `DCGAN(config, loss=my_loss)`. Raises LabError for a part the recipe does not have.
    """

    name: ClassVar[str]  # as on the command line: "dcgan"
    presets: ClassVar[dict[str, Any]]
    parts: ClassVar[tuple[str, ...]] = ()  # attributes that a learner may replace
    trained: ClassVar[Callable[[str], tuple[dict[str, Tensor], dict[str, Tensor]]]]  # what `start` names: zoo.trained
    examples: tuple[Tensor, ...] = ()  # the data's first pictures, for previews; the engine puts them there

    def __init__(self, config: Any, device: str | torch.device = "auto", **parts: Any) -> None:
        self.config = config
        self.device = env.pick_device(str(device))
        self.share_batches()
        if config.sync_norms and self.device.type != "cuda":
            raise LabError("sync_norms=true works on GPUs of NVIDIA alone; leave it out, and each process has its own.")
        self.precision = _choose_precision(config.precision, self.device)
        self.replaced = {name: _source(value) for name, value in parts.items()}
        for part, value in parts.items():
            if part not in self.parts:
                raise LabError(f"{type(self).__name__} has no part '{part}': {settings.nearest(part, self.parts)}")
            setattr(self, part, value)
        env.seed_everything(config.seed)
        with out_of_memory(config):
            self.build(config)
            if config.start:
                self._begin_like(config.start)
            for name, module in self._having(nn.Module):
                module = nn.SyncBatchNorm.convert_sync_batchnorm(module) if config.sync_norms else module
                # In place for parameters: optimizers keep their hold.
                setattr(self, name, prepared(module.to(self.device)))

    def _begin_like(self, start: str) -> None:
        """Take over the networks of a bundled model or of a run; LabError for others' shapes, or no discriminator."""
        of_G, of_D = type(self).trained(start)
        own = [(name, module) for name, module in self._having(nn.Module) if re.fullmatch("D(_[ab])?", name)]
        if own and not of_D:
            raise LabError(f"'{start}' has no discriminator to begin from; choose another start.")
        networks = [(each, of_G) for each in (self.weights()[2], vars(self).get("G"), vars(self).get("network"))]
        for name, module in own:
            inside = {key.removeprefix(f"{name}."): value for key, value in of_D.items() if key.startswith(f"{name}.")}
            networks.append((module, of_D if name == "D" else inside))
        for network, weights in networks:
            try:
                if network is not None:
                    network.load_state_dict(weights)
            except RuntimeError as error:
                advice = "begin from a model of the same recipe, and give the settings of its networks as there"
                raise LabError(f"'{start}' has other shapes than this {self.name}; {advice}.") from error

    # ---- a recipe's author writes these

    def build(self, config: Any) -> None:
        """Assign networks, optimizers and losses to self."""
        raise NotImplementedError

    @staticmethod
    def data(config: Any, folder: Path | None = None) -> Any:
        """The pictures to learn from: drawn ones, or a learner's own folder. Raises LabError where that cannot be."""
        raise NotImplementedError

    def step(self, batch: Any) -> dict[str, Tensor]:
        """Train on one batch (already on the device) and return the losses to log, by name."""
        raise NotImplementedError

    def preview(self) -> np.ndarray:
        """A grid of pictures, uint8 (H, W, 3), that shows how far we are."""
        raise NotImplementedError

    def weights(self) -> tuple[str, dict[str, Any], nn.Module]:
        """What to keep when training is over: a name in nn.NETWORKS, its arguments, and the network."""
        raise NotImplementedError

    # ---- a recipe's author uses these

    def update(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        """One optimizer step down the gradient of `loss`; with several processes, down the mean of theirs."""
        with torch.autocast(self.device.type, enabled=False):  # the graph already knows its precisions
            self.group.descend(optimizer, loss)

    def noise(self, count: int, *shape: int) -> Tensor:
        """Normal random numbers (count, *shape) for so many of our pictures; another process has others."""
        return share(torch.randn, count, *shape).to(self.device)

    def on_whole(self, function: Callable[[Tensor], Any], rows: Tensor) -> Any:
        """What `function` makes of all rows of a batch that several processes share: once, and the same for all.

        No gradient goes through. Of an answer with as many rows, (B, ...), those are given that are ours.
        """
        return self.group.on_whole(function, rows)

    def whole(self, rows: Tensor) -> Tensor:
        """The rows of all processes that share a batch, for what no mean of theirs can be; with our gradient."""
        return self.group.whole(rows)

    # ---- the engine uses these

    def autocast(self) -> torch.autocast:
        """The context a step runs in: bfloat16 where the run chose it."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def state(self) -> dict[str, Any]:
        """Everything that training has changed, by attribute name."""
        states = {name: value.state_dict() for name, value in self._having("load_state_dict")}
        return states | dict(self._having(Tensor))

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up where `state` was made. Raises LookupError, TypeError or ValueError where it has another form."""
        own = self.state()
        for name, _ in self._having(FORMED):
            _check_form(state[name], own[name], name)
        for name, value in self._having(torch.optim.Optimizer):
            _check_moments(state[name], value)
        for name, value in self._having("load_state_dict"):
            value.load_state_dict(state[name])
        for _, optimizer in self._having(torch.optim.Optimizer):
            for weight, moments in optimizer.state.items():  # fused Adam reads both in the weight's order in memory
                same = {key: each for key, each in moments.items() if getattr(each, "shape", None) == weight.shape}
                moments.update({key: torch.empty_like(weight).copy_(each) for key, each in same.items()})
        for name, value in self._having(Tensor):
            value.copy_(state[name])

    def share_batches(self, parts: int = 1) -> None:
        """From now on each batch is shared by all processes, each with so many parts; LabError if it cannot be cut so.

        Parts come one after the other, and need less memory than all at once. The loss of the first one is logged.
        """
        self.group = Group(self.device, limits.whole("The number of parts", parts, (1, 2**20)))
        if self.config.batch % self.group.sharers:
            odd = f"batch={self.config.batch} cannot be cut into {self.group.sharers} equal parts"
            raise LabError(f"{odd}; make it a multiple of {self.group.sharers}.")

    def begin_together(self, step: int, seconds: float, data: str) -> tuple[int, float]:
        """Where the first process begins, or goes on; the others take over all that it has.

        data: its fingerprint. Raises LabError where one process has other settings or pictures than the first.
        """
        if self.group.processes > 1:
            mine = repr((self.name, self.config, self.replaced, self.group.parts, data))
            if self.group.anywhere(self.group.agreed(mine) != mine):
                raise LabError("One process has other settings or pictures than the first; give all the same command.")
            state = self.state() if self.group.first else {}
            step, seconds, self.precision, state = self.group.agreed((step, seconds, self.precision, state))
            self.load_state(state)
        return step, seconds

    def is_finite(self) -> bool:
        """Whether every weight of every network is a number."""
        return all(bool(p.isfinite().all()) for _, network in self._having(nn.Module) for p in network.parameters())

    def _having(self, what: type | tuple[type, ...] | str) -> Iterator[tuple[str, Any]]:
        for name, value in list(vars(self).items()):
            if hasattr(value, what) if isinstance(what, str) else isinstance(value, what):
                yield name, value


def _check_form(saved: Any, own: Any, place: str) -> None:
    """Raise at the first place where the saved state has another type or shape than a recipe's own.

    A flag may be missing, since versions of PyTorch have different ones.
    """
    if isinstance(own, Tensor):
        if not isinstance(saved, Tensor) or (saved.dtype, saved.shape) != (own.dtype, own.shape):
            raise ValueError(f"another tensor at '{place}'")
    elif isinstance(own, dict):
        for key, value in own.items():
            if key in saved or not (value is None or isinstance(value, bool)):
                _check_form(saved[key], value, f"{place}.{key}")
    elif isinstance(own, list | tuple):
        for index, pair in enumerate(zip(saved, own, strict=True)):
            _check_form(*pair, f"{place}[{index}]")
    elif not isinstance(saved, _KINDS.get(type(own), type(own))) or isinstance(saved, bool) > isinstance(own, bool):
        raise TypeError(f"{type(saved).__name__} at '{place}'")


_KINDS: dict[type, Any] = {float: float | int, bool: bool | None, type(None): bool | None}


def _check_moments(saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
    """Optimizers look at what they remember of each weight only when they need it."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for index, entry in saved["state"].items():
        needed = ("exp_avg", "exp_avg_sq") if isinstance(optimizer, torch.optim.Adam) else ()
        for name in dict.fromkeys((*needed, *entry)):
            if name in needed or (isinstance(entry[name], Tensor) and entry[name].ndim):
                _check_form(entry[name], weights[index], f"weight {index}: {name}")
            elif not isinstance(entry[name], Tensor | float | int | None):
                raise TypeError(f"weight {index}: {name} is no number")


def adam(network: nn.Module, lr: float, betas: tuple[float, float], weight_decay: float = 0.0) -> torch.optim.Adam:
    """Adam with its fused kernel, six times faster on a CPU than the plain loop."""
    return torch.optim.Adam(network.parameters(), lr, betas, weight_decay=weight_decay, fused=True)


def linear_decay(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """A schedule to `.step()` after each step: the full rate for half of `steps`, then down to 0 in a line.

    With steps = 0 the rate stays as it is.
    """

    def factor(step: int) -> float:
        return min(1.0, 2 * max(0.0, 1 - step / steps)) if steps else 1.0

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Inside, gradients flow through the networks but not into their weights: the half of backward nobody needs."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


@contextmanager
def out_of_memory(config: Any) -> Iterator[None]:
    """Inside, memory that is not there is one LabError."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # CUDA, MPS and the CPU each have words of their own for it
        if not re.search("out of memory|allocate memory", str(error)) and not isinstance(error, MemoryError):
            raise
        less = max(1, config.batch // 2)
        raise LabError(f"Out of memory with batch={config.batch}; try batch={less} or a smaller preset.") from error


def _source(part: Any) -> str:
    """A learner's part as text, by which a run knows whether it goes on with the same one."""
    if isinstance(part, partial):
        part = (part.func, *part.args, *part.keywords.values())
    if isinstance(part, tuple):
        return "\n".join(_source(item) for item in part)
    try:
        return inspect.getsource(part)
    except (OSError, TypeError):  # typed where no source is kept
        return repr(getattr(part, "__qualname__", type(part)))


def _choose_precision(asked: str, device: torch.device) -> str:
    if asked not in ("auto", "fp32", "bf16"):
        raise LabError(f"The setting 'precision' is '{asked}'; it can be auto, fp32 or bf16.")
    if asked == "auto":
        return "bf16" if env.runs_bfloat16_fast(device) else "fp32"
    return asked
