"""Several schedules on one optimiser: in a row, or at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from normax.errors import InputError
from normax.torch.optim.schedules import LRScheduler

__all__ = [
    "ChainedScheduler",
    "SequentialLR",
]


class SequentialLR(LRScheduler):
    """One scheduler after the other, each from its own step 0 at its milestone: a warm-up, then a decay.

    Args:
        optimizer: that of all of them.
        schedulers: in order.
        milestones: where the second, the third, ... begin.
        every: see `LRScheduler`; default, that of the first scheduler.

    Example:
        >>> import normax as nx
        >>> from normax.torch.optim import SGD
        >>> from normax.torch.optim.lr_scheduler import ExponentialLR, LinearLR
        >>> optimizer = SGD(nx.nn.Linear(2, 1).parameters(), lr=1.0)
        >>> parts = [LinearLR(optimizer, 0.1, total_iters=9), ExponentialLR(optimizer, 0.5)]
        >>> scheduler = SequentialLR(optimizer, parts, milestones=[9], every=1)
        >>> [round(scheduler.lr(k)[0], 3) for k in (0, 8, 9, 10)]
        [0.1, 0.9, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Any,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        parts, starts = _taken(optimizer, schedulers), [0, *milestones]
        if len(starts) != len(parts):
            raise InputError(
                f"SequentialLR: expected {len(parts) - 1} milestones, one fewer than schedulers, got "
                f"{len(milestones)}"
            )

        def rated(group):
            def rate(k, base):
                result = parts[0]._rates[group](k, base)
                for part, start in zip(parts[1:], starts[1:]):
                    later = part._rates[group](jnp.maximum(k - start, 0), base)
                    result = jnp.where(k >= start, later, result)
                return result

            return rate

        rates = [rated(group) for group in range(len(optimizer.param_groups))]
        super().__init__(optimizer, rates, every or parts[0].every, last_epoch, alone=True)


class ChainedScheduler(LRScheduler):
    """Several schedulers at once: their factors multiply; see `LRScheduler`."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Any = None, *, every: int | None = None):
        optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        parts = _taken(optimizer, schedulers)

        def rated(group):
            def rate(k, base):
                for part in parts:
                    base = part._rates[group](k, base)
                return base

            return rate

        rates = [rated(group) for group in range(len(optimizer.param_groups))]
        super().__init__(optimizer, rates, every or parts[0].every, alone=True)


def _taken(optimizer: Any, schedulers: Sequence[LRScheduler]) -> list[LRScheduler]:
    """Schedulers taken off their optimiser, for another that stands for them."""
    parts = list(schedulers)
    if not parts or any(part.optimizer is not optimizer for part in parts):
        raise InputError("schedulers: expected one or more, all made for this optimiser")
    optimizer.schedulers[:] = [held for held in optimizer.schedulers if held not in parts]
    return parts
