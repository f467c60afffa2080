"""Losses of numbers against numbers."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array, factors, legacy, pair, reduce_loss

__all__ = [
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
]


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None) -> jax.Array:
    """`(x − y)²`, without the ½ of normax's `"squared"`.

    Args:
        input: predictions, any shape.
        target: of the same shape.
        size_average: deprecated in PyTorch; `reduction` says it.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` over all elements, `"sum"`, or `"none"`.
        weight: factors that broadcast against the elements; the mean divides by their sum.

    Raises:
        InputError: for different shapes or an unknown reduction.

    Example:
        >>> import jax.numpy as jnp
        >>> float(mse_loss(jnp.array([1.0, 3.0]), jnp.zeros(2)))
        5.0
    """
    x, y = pair(input, target)
    return _weighted(jnp.square(x - y), legacy(size_average, reduce, reduction), weight)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None) -> jax.Array:
    """`|x − y|`; see `mse_loss`. The gradient at equality is 0, as in PyTorch.

    Example:
        >>> import jax.numpy as jnp
        >>> float(l1_loss(jnp.array([1.0, 3.0]), jnp.zeros(2)))
        2.0
    """
    x, y = pair(input, target)
    return _weighted(jnp.abs(x - y), legacy(size_average, reduce, reduction), weight)


def _weighted(values: jax.Array, reduction: str, weight: Any) -> jax.Array:
    if weight is None:
        return reduce_loss(values, reduction)
    w = factors("weight", weight, values)
    if reduction == "mean":
        return jnp.sum(values * w) / jnp.sum(jnp.broadcast_to(w, values.shape))
    return reduce_loss(values * w, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0) -> jax.Array:
    """`½ d² / β` where `d = |x − y| < β`, else `d − ½ β`.

    Raises:
        InputError: for different shapes or a negative β.

    Example:
        >>> import jax.numpy as jnp
        >>> smooth_l1_loss(jnp.array([0.5, 3.0]), jnp.zeros(2), reduction="none").tolist()
        [0.125, 2.5]
    """
    if beta < 0:
        raise InputError(f"beta: expected >= 0, got {beta}")
    if beta == 0:
        return l1_loss(input, target, size_average, reduce, reduction)
    x, y = pair(input, target)
    d = jnp.abs(x - y)
    loss = jnp.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None):
    """`½ d²` where `d = |x − y| <= δ`, else `δ (d − ½ δ)`.

    Raises:
        InputError: for different shapes or δ <= 0.

    Example:
        >>> import jax.numpy as jnp
        >>> huber_loss(jnp.array([0.5, 3.0]), jnp.zeros(2), "none", delta=2.0).tolist()
        [0.125, 4.0]

    Source:
        Huber, "Robust estimation of a location parameter", Ann. Math. Stat. 1964.
    """
    if delta <= 0:
        raise InputError(f"delta: expected > 0, got {delta}")
    x, y = pair(input, target)
    d = jnp.abs(x - y)
    loss = jnp.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta))
    return reduce_loss(loss if weight is None else loss * factors("weight", weight, loss), reduction)


def poisson_nll_loss(
    input, target, log_input=True, size_average=None, full=False, eps=1e-8, reduce=None, reduction="mean"
) -> jax.Array:
    """`eˣ − y x` for a log rate x, or `x − y log(x + ε)` for a rate x; the negative Poisson log-likelihood.

    Args:
        input: log rates, or rates when `log_input=False`.
        target: counts, of the same shape: PyTorch would broadcast.
        log_input: which of the two.
        size_average: deprecated in PyTorch; `reduction` says it.
        full: add Stirling's approximation of `log y!` where y > 1.
        eps: ε, against the logarithm of 0.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        InputError: for different shapes.

    Example:
        >>> import jax.numpy as jnp
        >>> float(poisson_nll_loss(jnp.zeros(2), jnp.array([1.0, 2.0])))
        1.0
    """
    x, y = pair(input, target)
    loss = jnp.exp(x) - y * x if log_input else x - y * jnp.log(x + eps)
    if full:
        safe = jnp.where(y > 1, y, 1.0)
        loss = loss + jnp.where(y > 1, safe * jnp.log(safe) - safe + 0.5 * jnp.log(2 * math.pi * safe), 0)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction="mean"
):
    """`½ (log v + (x − y)² / v)`, v the larger of the variance and ε; the clamp has no gradient.

    Args:
        input: expected values.
        target: of the same shape.
        var: variances: a number, or of the input's shape, with one axis of 1, or without the last axis.
        full: add the constant `½ log 2π`.
        eps: the least variance.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        InputError: for a target of another shape, or a variance whose shape does not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> float(gaussian_nll_loss(jnp.array([2.0]), jnp.zeros(1), jnp.ones(1)))
        2.0
    """
    (x, y), v = pair(input, target), as_array(var)
    if v.shape != x.shape:
        if v.shape == x.shape[:-1]:
            v = v[..., None]
        elif v.ndim and (v.ndim != x.ndim or [n for n, m in zip(v.shape, x.shape) if n != m] != [1]):
            raise InputError(
                f"var: expected shape {x.shape}, with one axis of 1, or without the last axis, got {v.shape}"
            )
    v = v + jax.lax.stop_gradient(jnp.maximum(v, eps) - v)
    loss = 0.5 * (jnp.log(v) + jnp.square(x - y) / v)
    return reduce_loss(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False) -> jax.Array:
    """`y (log y − x)` for log-probabilities x: the Kullback-Leibler divergence, summed by the reduction.

    Args:
        input: log-probabilities.
        target: probabilities of the same shape, or their logarithms when `log_target=True`.
        size_average: deprecated in PyTorch; `reduction` says it.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"batchmean"` is the divergence's definition; `"mean"` divides by all elements.
        log_target: whether the target is logarithmic.

    Raises:
        InputError: for different shapes.

    Example:
        >>> import jax.numpy as jnp
        >>> p = jnp.array([[0.5, 0.5]])
        >>> float(kl_div(jnp.log(p), p, reduction="batchmean"))
        0.0
    """
    x, y = pair(input, target)
    if log_target:
        loss = jnp.exp(y) * (y - x)
    else:
        loss = jax.scipy.special.xlogy(y, y) - y * x
    if reduction == "batchmean":
        return jnp.sum(loss) / x.shape[0]
    return reduce_loss(loss, legacy(size_average, reduce, reduction))
