"""Schedules that go up and down, momentum the other way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from normax.errors import InputError
from normax.torch.optim.schedules import LRScheduler

__all__ = [
    "CyclicLR",
    "OneCycleLR",
]


class OneCycleLR(LRScheduler):
    """Up from `max_lr / div_factor` to `max_lr`, down to a `final_div_factor`-th of the first; momentum the other way.

    Args:
        optimizer: of `torch.optim`.
        max_lr: the highest rate, or one a group.
        total_steps: steps in all, or None: `epochs · steps_per_epoch`.
        epochs, steps_per_epoch: see there.
        pct_start: the share of the rise.
        anneal_strategy: `"cos"` or `"linear"`.
        cycle_momentum: whether momentum (β₁ of Adam) goes from `max_momentum` to `base_momentum` and back.
        base_momentum, max_momentum: its ends.
        div_factor, final_div_factor: see above.
        three_phase: come down to the first rate in as many steps, then on to the last.
        every: optimiser steps between two of its own; 1, since it steps after each batch.

    Source:
        Smith & Topin, "Super-convergence", 2017.
    """

    def __init__(
        self,
        optimizer: Any,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
        *,
        every: int = 1,
    ):
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise InputError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if anneal_strategy not in ("cos", "linear"):
            raise InputError(f"anneal_strategy: expected 'cos' or 'linear', got {anneal_strategy!r}")
        rise = pct_start * total_steps - 1
        ends = [0.0, rise, *[2 * rise] * three_phase, total_steps - 1.0]

        def between(k, values):
            return _annealed(k, ends, values, anneal_strategy)

        def rated(top):
            first = top / div_factor
            values = [first, top, *[first] * three_phase, first / final_div_factor]
            return lambda k, base: between(k, values)

        turns = [max_momentum, base_momentum, *[max_momentum] * three_phase, max_momentum]
        tops = max_lr if isinstance(max_lr, list | tuple) else [max_lr] * len(optimizer.param_groups)
        super().__init__(
            optimizer,
            [rated(top) for top in tops],
            every,
            last_epoch,
            (lambda k: between(k, turns)) if cycle_momentum else None,
            alone=True,
        )


def _annealed(k: Any, ends: list[float], values: list[float], strategy: str) -> Any:
    """From value to value by cosines or lines, where the ends say."""
    result: Any = values[-1]
    for i in reversed(range(len(ends) - 1)):
        share = jnp.clip((k - ends[i]) / (ends[i + 1] - ends[i]), 0, 1)
        share = (1 - jnp.cos(jnp.pi * share)) / 2 if strategy == "cos" else share
        result = jnp.where(k <= ends[i + 1], values[i] + (values[i + 1] - values[i]) * share, result)
    return result


class CyclicLR(LRScheduler):
    """Up from `base_lr` to `max_lr` and down, again and again; momentum the other way; see `LRScheduler`.

    Args:
        optimizer: of `torch.optim`.
        base_lr, max_lr: the ends.
        step_size_up, step_size_down: steps of a rise, and of a fall (None: as many).
        mode: `"triangular"`, `"triangular2"` (each cycle half as high), `"exp_range"` (γ^k times as high).
        gamma: γ.
        scale_fn: a function of `scale_mode`, the cycle or the iteration, in the place of a mode.
        cycle_momentum: whether momentum (β₁ of Adam) goes from `max_momentum` to `base_momentum` and back.

    Source:
        Smith, "Cyclical learning rates for training neural networks", WACV 2017.
    """

    def __init__(
        self,
        optimizer: Any,
        base_lr: float,
        max_lr: float,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[Any], Any] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        modes: dict[str, Callable[[Any, Any], Any]] = {
            "triangular": lambda cycle, k: 1.0,
            "triangular2": lambda cycle, k: 0.5 ** (cycle - 1),
            "exp_range": lambda cycle, k: gamma**k,
        }
        if scale_fn is None and mode not in modes:
            raise InputError(f"mode: expected one of {', '.join(modes)}, got {mode!r}")
        total = step_size_up + (step_size_up if step_size_down is None else step_size_down)
        up = step_size_up / total

        def height(k):
            cycle = jnp.floor(1 + k / total)
            x = 1 + k / total - cycle
            scale = jnp.where(x <= up, x / up, (x - 1) / (up - 1))
            if scale_fn is not None:
                return scale * scale_fn(cycle if scale_mode == "cycle" else k)
            return scale * modes[mode](cycle, k)

        super().__init__(
            optimizer,
            lambda k, base: base_lr + (max_lr - base_lr) * height(k),
            every,
            last_epoch,
            (lambda k: max_momentum - (max_momentum - base_momentum) * height(k)) if cycle_momentum else None,
            alone=True,
        )
