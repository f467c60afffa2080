"""Blocks of epochs: a long compiled run cut into pieces that can report, stop and be interrupted."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["EpochBlocks", "grown", "held_interrupts", "noted_interrupts"]

BLOCK_SECONDS = 0.25
"""Aimed length of a block: long enough to cost no dispatch, short enough for a bar and for Ctrl-C."""


def grown(size: int, done: int, seconds: float) -> int:
    """The size of the next block, where of one of `size` so many steps were done in so many seconds."""
    return max(1, min(round(done * BLOCK_SECONDS / max(seconds, 1e-4)), 4 * size))


@contextlib.contextmanager
def held_interrupts():
    """Let Ctrl-C wait for the end of the block: between a donating call and the keeping of its result it
    would leave nothing but donated arrays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *args: pending.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pending and callable(before):
            before(*pending[0])


@contextlib.contextmanager
def noted_interrupts(noted: list[Any]):
    """Note the first Ctrl-C instead of raising it: processes that compute together stop together. A second one is as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def note(*args):
        noted.append(args)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class EpochBlocks:
    """Runs `program(state, first, stop) -> (state, losses)` over a range of epochs, donating the state.

    Attributes:
        state: always whole: the state after the last finished block, on an interrupt too.
        losses: what the finished blocks returned, joined along the last axis.
        first_seconds: length of the first block, which compiles.
    """

    def __init__(self, program: Callable[[Any, int, int], Any], state: Any):
        self.program, self.state = program, state
        self.losses: Any = None
        self.first_seconds = 0.0

    def run(self, epochs: int, after: Callable[[int], None] = lambda done: None) -> None:
        """Run all epochs; `after(epochs done)` is called after each block and may raise to stop."""
        done, size = 0, 1
        while done < epochs:
            stop = min(done + size, epochs)
            start = time.perf_counter()
            with held_interrupts():
                self.state, losses = self.program(self.state, done, stop)
            losses = np.asarray(losses)[..., done:stop]
            self.losses = losses if self.losses is None else np.concatenate([self.losses, losses], axis=-1)
            spent = time.perf_counter() - start
            if done == 0:
                self.first_seconds = spent
            else:
                size = grown(size, stop - done, spent)
            done = stop
            after(done)
