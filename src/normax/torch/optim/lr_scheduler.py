"""PyTorch's schedules of learning rates, as functions of the step that the compiled update evaluates.

A scheduler changes the optimiser that it is made for, as in PyTorch. What takes the place of `scheduler.step()` is
`every`: how many optimiser steps lie between two of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.torch.optim.optimizer import Optimizer

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

Rate = Callable[[Any, Any], Any]


class LRScheduler:
    """A schedule on an optimiser: group i has the rate `rates[i](k, base)` after k of the scheduler's own steps.

    Args:
        optimizer: of `torch.optim`; it changes from now on.
        rates: one function for all groups, or one a group.
        every: optimiser steps between two of the scheduler's: `every=len(loader)` for what steps once an epoch,
            `every=1` for what steps after each batch.
        momentum: the momentum (or β₁) after k steps, where the schedule changes it.
        alone: whether it sets rates, so that no other scheduler may be on the optimiser.

    Raises:
        InputError: for what is no such optimiser, and for a second schedule where one sets the rates.
    """

    def __init__(
        self,
        optimizer: Any,
        rates: Rate | Sequence[Rate],
        every: int | None,
        last_epoch: int = -1,
        momentum: Callable[[Any], Any] | None = None,
        alone: bool = False,
    ):
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise InputError(f"{name}: expected an optimiser of torch.optim, got {type(optimizer).__name__}")
        if last_epoch != -1:
            raise InputError(
                f"{name}: last_epoch: a schedule begins with its training; resume by nx.fit(checkpoint=)"
            )
        if every is not None and (not isinstance(every, int) or isinstance(every, bool) or every < 1):
            raise InputError(f"{name}: every: expected a whole number >= 1 of optimiser steps, got {every!r}")
        if optimizer.schedulers and (alone or any(other.alone for other in optimizer.schedulers)):
            raise InputError(
                f"{name}: {type(optimizer.schedulers[0]).__name__} sets the rate of this optimiser already; write "
                "SequentialLR(optimizer, [first, second], milestones=[...])"
            )
        self.optimizer, self.every, self.alone, self._momentum = optimizer, every, alone, momentum
        self._rates = [rates] * len(optimizer.param_groups) if callable(rates) else list(rates)
        optimizer.schedulers.append(self)

    def applied(self, group: int, settings: dict[str, Any]) -> dict[str, Any]:
        """A group's settings with this schedule over them."""
        if self.every is None:
            raise InputError(
                f"{type(self).__name__}: nothing calls scheduler.step() in compiled training; say how many optimiser steps "
                f"lie between two of its own: {type(self).__name__}(optimizer, ..., every=len(loader)) for once an epoch, "
                "every=1 for each batch"
            )
        changed = settings | {"lr": _scheduled(self._rates[group], self.every, settings["lr"])}
        if self._momentum is not None:
            momentum = _every(self._momentum, self.every)
            if "momentum" in settings:
                changed["momentum"] = momentum
            else:
                changed["betas"] = momentum, settings["betas"][1]
        return changed

    def lr(self, k: int) -> list[float]:
        """The rate of each group after k of the scheduler's own steps."""
        bases = [group["lr"] for group in self.optimizer.param_groups]
        return [float(rate(k, base)) for rate, base in zip(self._rates, bases)]

    def step(self, *args: Any) -> Any:
        """Refused: the compiled step counts."""
        from normax.torch.loops import refuse

        raise refuse("scheduler.step()")

    def get_last_lr(self) -> Any:
        """Refused: the step that counts is compiled."""
        raise InputError(
            f"{type(self).__name__}: the compiled training step counts its steps; write scheduler.lr(epoch), the rates after "
            "so many of the scheduler's own steps"
        )


def _every(function: Callable[[Any], Any], every: int) -> Callable[[Any], Any]:
    return lambda count: function(count // every)


def _scheduled(rate: Rate, every: int, base: Any) -> Callable[[Any], Any]:
    return lambda count: rate(count // every, base(count) if callable(base) else base)


class StepLR(LRScheduler):
    """`lr · γ^⌊k / step_size⌋`; see `LRScheduler`.

    Example:
        >>> import normax as nx
        >>> from normax.torch.optim import SGD
        >>> scheduler = StepLR(SGD(nx.nn.Linear(2, 1).parameters(), lr=0.1), step_size=30, every=10)
        >>> [round(scheduler.lr(k)[0], 4) for k in (0, 29, 30, 60)]
        [0.1, 0.1, 0.01, 0.001]
    """

    def __init__(
        self,
        optimizer: Any,
        step_size: int,
        gamma: float = 0.1,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        super().__init__(optimizer, lambda k, base: base * gamma ** (k // step_size), every, last_epoch)


class MultiStepLR(LRScheduler):
    """`lr · γ^(milestones up to k)`; see `LRScheduler`."""

    def __init__(
        self,
        optimizer: Any,
        milestones: Sequence[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        passed = tuple(milestones)

        def rate(k, base):
            return base * gamma ** sum(jnp.where(k >= m, 1, 0) for m in passed)

        super().__init__(optimizer, rate, every, last_epoch)


class ConstantLR(LRScheduler):
    """`lr · factor` for the first `total_iters` steps, then lr; see `LRScheduler`."""

    def __init__(
        self,
        optimizer: Any,
        factor: float = 1 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        super().__init__(
            optimizer, lambda k, base: base * jnp.where(k < total_iters, factor, 1.0), every, last_epoch
        )


class LinearLR(LRScheduler):
    """`lr · f`, f from `start_factor` to `end_factor` in `total_iters` steps; see `LRScheduler`."""

    def __init__(
        self,
        optimizer: Any,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        def rate(k, base):
            return base * (
                start_factor + (end_factor - start_factor) * jnp.minimum(k, total_iters) / total_iters
            )

        super().__init__(optimizer, rate, every, last_epoch)


class ExponentialLR(LRScheduler):
    """`lr · γ^k`; see `LRScheduler`."""

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1, *, every: int | None = None):
        super().__init__(optimizer, lambda k, base: base * gamma**k, every, last_epoch)


class PolynomialLR(LRScheduler):
    """`lr · (1 − k / total_iters)^power` down to 0; see `LRScheduler`."""

    def __init__(
        self,
        optimizer: Any,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        def rate(k, base):
            return base * (1 - jnp.minimum(k, total_iters) / total_iters) ** power

        super().__init__(optimizer, rate, every, last_epoch)


class CosineAnnealingLR(LRScheduler):
    """`eta_min + (lr − eta_min) · (1 + cos(πk / T_max)) / 2`; see `LRScheduler`.

    Source:
        Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    def __init__(
        self,
        optimizer: Any,
        T_max: int,
        eta_min: float = 0.0,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        def rate(k, base):
            return eta_min + (base - eta_min) * (1 + jnp.cos(jnp.pi * k / T_max)) / 2

        super().__init__(optimizer, rate, every, last_epoch, alone=eta_min != 0)


class CosineAnnealingWarmRestarts(LRScheduler):
    """`CosineAnnealingLR` begun anew after T_0 steps, then T_0·T_mult, T_0·T_mult², ...; see `LRScheduler`."""

    def __init__(
        self,
        optimizer: Any,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
        *,
        every: int | None = None,
    ):
        def rate(k, base):
            if T_mult == 1:
                share = k % T_0 / T_0
            else:
                began = jnp.floor(jnp.log(k / T_0 * (T_mult - 1) + 1) / math.log(T_mult) + 1e-5)
                length = T_0 * T_mult**began
                share = (k - (length - T_0) / (T_mult - 1)) / length
            return eta_min + (base - eta_min) * (1 + jnp.cos(jnp.pi * share)) / 2

        super().__init__(optimizer, rate, every, last_epoch, alone=True)


class LambdaLR(LRScheduler):
    """`lr · lr_lambda(k)`, one function or one a group; see `LRScheduler`.

    What JAX cannot trace (`math.cos(k)`, `if k < 5:`) is called by the running program with k as an int.
    """

    def __init__(self, optimizer: Any, lr_lambda: Any, last_epoch: int = -1, *, every: int | None = None):
        groups = getattr(optimizer, "param_groups", [])
        functions = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * len(groups)
        if len(functions) != len(groups):
            raise InputError(f"LambdaLR: expected {len(groups)} functions, one a group, got {len(functions)}")
        super().__init__(optimizer, [_factor(function) for function in functions], every, last_epoch)


def _factor(function: Callable[[int], float]) -> Rate:
    def call(k):
        return np.asarray(function(int(k)), np.float32)

    def rate(k, base):
        if not isinstance(k, jax.core.Tracer):
            return base * function(int(k))
        try:
            return base * jnp.asarray(function(k))
        except (TypeError, ValueError, jax.errors.JAXTypeError):
            shape = jax.ShapeDtypeStruct((), np.float32)
            return base * jax.pure_callback(call, shape, k, vmap_method="sequential")

    return rate


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
                f"SequentialLR: expected {len(parts) - 1} milestones, one fewer than schedulers, got {len(milestones)}"
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


class ReduceLROnPlateau:
    """Refused: it follows a validation loss, and a compiled step has none."""

    def __init__(self, optimizer: Any, *args: Any, **kwargs: Any):
        raise InputError(
            "ReduceLROnPlateau: follows a validation loss, which a compiled training step does not see; write "
            "CosineAnnealingLR(optimizer, T_max=epochs, every=len(loader)), and stop by nx.fit(..., "
            "callbacks=[nx.EarlyStopping()])"
        )
