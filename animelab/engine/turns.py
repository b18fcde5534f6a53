"""Parts of a batch that take turns in one process, as if each were a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch import Tensor

Answer = TypeVar("Answer")


class Turns:
    """Threads of which one runs at a time: each goes on until it needs the others, and waits there for all of them."""

    def __init__(self, parts: int, device: torch.device) -> None:
        self.parts, self.device = parts, device
        begin = (torch.cuda.set_device, (device,)) if device.type == "cuda" else (None, ())  # a thread's own
        self._threads = ThreadPoolExecutor(parts, "part", *begin)  # kept: each has its own workers for a convolution
        self._own = threading.local()
        self._answer: Any = None

    def run(self, work: Callable[[int], Answer]) -> Answer:
        """`work(number)` of every part; the first one's answer.

        Only the first goes to its end: what comes after their last meeting is done once, for all.
        """
        self._brought, self._over = list[Any](), False
        self._turns = [threading.Semaphore(0) for _ in range(self.parts)]
        self._stream = self._streams()
        futures = [self._threads.submit(self._part, work, number) for number in range(self.parts)]
        self._turns[0].release()
        for problem in (future.exception() for future in futures):
            if problem is not None and not isinstance(problem, _Over):
                raise problem
        return futures[0].result()

    def meet(self, brought: Any, combine: Callable[[list[Any]], Answer]) -> Answer:
        """Wait for all parts, and take what `combine` makes, once, of what each has brought."""
        self._brought.append(brought)
        if complete := len(self._brought) == self.parts:
            self._answer, self._brought = combine(self._brought), []
            self._stream = self._streams()
        self._turns[0 if complete else self._own.number + 1].release()
        self._wait()
        return self._answer

    @property
    def none_came(self) -> bool:
        """Whether all are still on their way to the next meeting."""
        return not self._brought

    def _part(self, work: Callable[[int], Answer], number: int) -> Answer:
        self._own.number = number
        try:
            self._wait()
            return work(number)
        finally:
            self._over = True
            for turn in self._turns:
                turn.release()

    def _wait(self) -> None:
        self._turns[self._own.number].acquire()
        if self._over:
            raise _Over
        torch.set_rng_state(self._stream[0])  # all parts draw the same numbers, and each keeps its own rows
        for state in self._stream[1:]:
            torch.cuda.set_rng_state(state, self.device)

    def _streams(self) -> list[Tensor]:
        """Where the random numbers stand, on the CPU and on the GPU."""
        gpu = [torch.cuda.get_rng_state(self.device)] if self.device.type == "cuda" else []
        return [torch.get_rng_state(), *gpu]


class _Over(BaseException):
    """Ends a part at its last meeting."""
