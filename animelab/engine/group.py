"""All who share a batch: the processes that torchrun started, and in each of them parts that take turns."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

from animelab import env, shares
from animelab.engine.turns import Turns
from animelab.errors import LabError

Answer = TypeVar("Answer")
PATIENCE = timedelta(hours=2)  # the others wait while the first process draws the data


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Inside, the processes that torchrun started train as one; gives this one's device. Alone, nothing happens.

    Where one fails, all end, and only the first to fail says why. Raises LabError with too few GPUs, and on Apple's.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1 or "RANK" not in os.environ:
        yield device
        return
    store, rank, count = next(distributed.rendezvous("env://", timeout=PATIENCE))
    try:
        kind, local = env.pick_device(device).type, int(os.environ["LOCAL_RANK"])
        if kind == "mps":
            raise LabError("Several processes cannot share Apple's GPU; give --device cpu.")
        if kind == "cuda":
            if local >= torch.cuda.device_count():
                odd = f"torchrun started process {local + 1} on a machine with {torch.cuda.device_count()} GPUs"
                raise LabError(f"{odd}; give --nproc-per-node as many as it has, or --device cpu.")
            torch.cuda.set_device(local)
            device = f"cuda:{local}"
        backend = "nccl" if kind == "cuda" else "gloo"
        distributed.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=PATIENCE)
        yield device
    except SystemExit:  # after a Ctrl-C that all of them have heard
        raise
    except BaseException as problem:
        if store.add("failed", 1) > 1:  # another was first, and we only stumbled over its end
            raise SystemExit(1) from problem
        if isinstance(problem, RuntimeError) and re.search("gloo|nccl|connection", str(problem), re.IGNORECASE):
            raise LabError("Another process has ended, and so all do; the same with --resume goes on.") from problem
        raise
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


class Group:
    """Who shares each batch: `processes`, of which this is number `index`, each with `parts` that take turns."""

    def __init__(self, device: torch.device, parts: int = 1) -> None:
        several = distributed.is_available() and distributed.is_initialized()
        self.index, self.processes = (distributed.get_rank(), distributed.get_world_size()) if several else (0, 1)
        self.parts, self.sharers, self.device = parts, parts * self.processes, device
        self._turns = Turns(parts, device) if parts > 1 else None

    @property
    def first(self) -> bool:
        """Whether this is the process that writes, shows and says something."""
        return self.index == 0

    def run(self, work: Callable[[slice], Answer], batch: int) -> Answer:
        """`work(rows)` of all parts of this process, each with its rows of a batch; the first one's answer."""

        def part(number: int) -> Answer:
            place, rows = self.index * self.parts + number, batch // self.sharers
            with shares.place(place, self.sharers):
                return work(slice(place * rows, (place + 1) * rows))

        return self._turns.run(part) if self._turns else part(0)

    def descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        """One step of everybody's optimizer, down the mean of everybody's gradients."""
        if self._turns is None or self._turns.none_came:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._meet(None, lambda _: self._step(optimizer))

    def on_whole(self, function: Callable[[Tensor], Any], rows: Tensor) -> Any:
        """What `function` makes of the whole batch's rows, without gradient; of as many rows, those that are ours."""
        if self.sharers == 1:
            return function(rows.detach())
        answer = self._meet(rows.detach(), lambda parts: function(self._gathered(torch.cat(parts))))
        if isinstance(answer, Tensor) and answer.ndim and len(answer) == len(rows) * self.sharers:
            return answer[shares.ours(len(rows))]
        return answer

    def whole(self, rows: Tensor) -> Tensor:
        """The whole batch's rows, with a gradient at ours: so large that the mean of all processes' is right."""
        if self.sharers == 1:
            return rows
        everybody = self._meet(rows.detach(), lambda parts: self._gathered(torch.cat(parts)))
        steep, place = rows * self.sharers - rows.detach() * (self.sharers - 1), shares.ours(len(rows))
        return torch.cat([everybody[: place.start], steep, everybody[place.stop :]])

    # ---- between processes alone

    def agreed(self, value: Answer) -> Answer:
        """The first process's value: numbers, text, tensors (here on the CPU) and what holds them."""
        if self.processes == 1:
            return value
        packed = io.BytesIO()
        torch.save(value if self.first else None, packed)
        box = [packed.getvalue()]
        distributed.broadcast_object_list(box, device=self.device)
        return torch.load(io.BytesIO(box[0]), map_location="cpu", weights_only=True)

    def means(self, values: dict[str, Tensor]) -> dict[str, float]:
        """Of each value its mean over the processes."""
        numbers = torch.tensor([float(value) for value in values.values()], dtype=torch.float32, device=self.device)
        return dict(zip(values, self._mean(numbers).tolist()))

    def anywhere(self, happened: bool) -> bool:
        """Whether it happened in any of the processes."""
        several = self.processes > 1
        return bool(self._mean(torch.tensor(float(happened), device=self.device)) > 0) if several else happened

    def _mean(self, values: Tensor) -> Tensor:
        if self.processes > 1:
            distributed.all_reduce(values)
            values /= self.processes
        return values

    def _step(self, optimizer: torch.optim.Optimizer) -> None:
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if self.sharers > 1:
            flat = self._mean(torch.cat([each.reshape(-1) for each in gradients]) / self.parts)  # one message for all
            for gradient, values in zip(gradients, flat.split([each.numel() for each in gradients])):
                gradient.copy_(values.view_as(gradient))  # in place: each keeps its order in memory
        optimizer.step()

    def _gathered(self, rows: Tensor) -> Tensor:
        if self.processes == 1:
            return rows
        everybody = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(self.processes)]
        distributed.all_gather(everybody, rows.contiguous())
        return torch.cat(everybody)

    def _meet(self, brought: Any, combine: Callable[[list[Any]], Answer]) -> Answer:
        return self._turns.meet(brought, combine) if self._turns else combine([brought])
