"""Schedules that take a rate down, or up to where it begins."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.torch.optim.schedules import LRScheduler, Rate

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "PolynomialLR",
    "StepLR",
]


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
