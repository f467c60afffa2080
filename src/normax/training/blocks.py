"""Blocks of epochs: a long compiled run cut into pieces that can report, stop and be interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Blocks"]

BLOCK_SECONDS = 0.25
"""Aimed length of a block: long enough to cost no dispatch, short enough for a bar and for Ctrl-C."""


class Blocks:
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
            results: list[Any] = []
            try:
                # map and extend run in C: an interrupt between the call and the keeping of its result would
                # leave nothing but donated arrays.
                results.extend(map(self.program, [self.state], [done], [stop]))
            finally:
                if results:
                    self.state, losses = results[0]
            losses = np.asarray(losses)[..., done:stop]
            self.losses = losses if self.losses is None else np.concatenate([self.losses, losses], axis=-1)
            spent = time.perf_counter() - start
            if done == 0:
                self.first_seconds = spent
            else:
                size = max(1, min(round(size * BLOCK_SECONDS / max(spent, 1e-4)), 4 * size))
            done = stop
            after(done)
