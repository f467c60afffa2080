"""Losses of scores against classes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array, factors, floating, legacy, optional, pair, reduce_loss
from normax.nn.indices import check_indices, past_end, rows_at

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "soft_margin_loss",
]


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
) -> jax.Array:
    """`−Σ_c w_c y_c log softmax(x)_c`, the multinomial negative log-likelihood of raw scores.

    Args:
        input: scores `(C,)`, `(N, C)` or `(N, C, ...)`.
        target: classes `()`, `(N,)` or `(N, ...)`, or probabilities of the input's shape.
        weight: w `(C,)`, or None for ones.
        size_average: deprecated in PyTorch; `reduction` says it.
        ignore_index: a class that counts for nothing.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` divides by the sum of the targets' weights (by N for probabilities).
        label_smoothing: this share of each target is spread evenly over the classes.

    Raises:
        InputError: for shapes that do not fit or, in eager mode, a class outside `[0, C)`; in a compiled call its
            loss is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(cross_entropy(jnp.zeros((2, 4)), jnp.array([0, 3]))), 4)
        1.3863
    """
    x, y, w = floating(input), as_array(target), optional(weight)
    reduction = legacy(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise InputError(f"label_smoothing: expected between 0 and 1, got {label_smoothing}")
    axis = 0 if x.ndim == 1 else 1
    classes = x.shape[axis]
    logp = jax.nn.log_softmax(x, axis)
    if x.shape == y.shape and jnp.issubdtype(y.dtype, jnp.floating):
        y = y * (1 - label_smoothing) + label_smoothing / classes
        loss = -jnp.sum(_along(w, x, axis) * y * logp, axis)
        return jnp.sum(loss) / max(loss.size, 1) if reduction == "mean" else reduce_loss(loss, reduction)
    if label_smoothing == 0:
        return nll_loss(logp, y, w, ignore_index=ignore_index, reduction=reduction)
    hit, weights = _gather(logp, y, w, axis, ignore_index)
    valid = _valid(y, ignore_index)
    spread = jnp.where(valid, -jnp.sum(_along(w, x, axis) * logp, axis), 0)
    loss = -(1 - label_smoothing) * hit + label_smoothing / classes * spread
    return jnp.sum(loss) / jnp.sum(weights) if reduction == "mean" else reduce_loss(loss, reduction)


def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
) -> jax.Array:
    """`−w_y x_y`, for log-probabilities x.

    Args:
        input: log-probabilities `(C,)`, `(N, C)` or `(N, C, ...)`.
        target: classes `()`, `(N,)` or `(N, ...)`.
        weight: w `(C,)`, or None for ones.
        size_average: deprecated in PyTorch; `reduction` says it.
        ignore_index: a class that counts for nothing.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` divides by the sum of the targets' weights.

    Raises:
        InputError: for shapes that do not fit or, in eager mode, a class outside `[0, C)`; in a compiled call its
            loss is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> float(nll_loss(jnp.array([[-1.0, -2.0]]), jnp.array([1])))
        2.0
    """
    x, y, w = floating(input), as_array(target), optional(weight)
    reduction = legacy(size_average, reduce, reduction)
    hit, weights = _gather(x, y, w, 0 if x.ndim == 1 else 1, ignore_index)
    return jnp.sum(-hit) / jnp.sum(weights) if reduction == "mean" else reduce_loss(-hit, reduction)


def _along(weight: jax.Array | None, x: jax.Array, axis: int) -> Any:
    return 1.0 if weight is None else weight.reshape(-1, *(1,) * (x.ndim - axis - 1))


def _valid(y: jax.Array, ignore_index: int) -> jax.Array:
    return y != ignore_index


def _gather(x: jax.Array, y: jax.Array, w: jax.Array | None, axis: int, ignore_index: int):
    """`w_y x_y` and `w_y` at each target, both 0 where it is ignored."""
    classes, places = x.shape[axis], x.shape[:axis] + x.shape[axis + 1 :]
    if not jnp.issubdtype(y.dtype, jnp.integer):
        raise InputError(
            f"target: expected integer classes of shape {places}, or probabilities of shape {x.shape}; "
            f"got {y.dtype} of shape {y.shape}"
        )
    if y.shape != places:
        raise InputError(f"target: expected shape {places} for an input of shape {x.shape}, got {y.shape}")
    if w is not None and w.shape != (classes,):
        raise InputError(f"weight: expected one a class, ({classes},), got {w.shape}")
    valid = _valid(y, ignore_index)
    check_indices(y, classes, "classes", valid)
    index = past_end(jnp.where(valid, y, 0), classes)
    hit = jnp.take_along_axis(x, jnp.expand_dims(index, axis), axis, mode="fill").squeeze(axis)
    weights = valid.astype(x.dtype) if w is None else jnp.where(valid, rows_at(w, index), 0)
    # where, not a product: the input of an ignored target may be infinite.
    return jnp.where(valid, hit * weights, 0), weights


def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
) -> jax.Array:
    """`−w (y log x + (1 − y) log(1 − x))` for probabilities x; logarithms stop at −100, as in PyTorch.

    Args:
        input: probabilities, any shape.
        target: of the same shape, between 0 and 1.
        weight: factors that broadcast, or None.
        size_average: deprecated in PyTorch; `reduction` says it.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` over all elements, `"sum"` or `"none"`.

    Raises:
        InputError: for different shapes or, in eager mode, an input outside [0, 1].

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(binary_cross_entropy(jnp.array([0.5]), jnp.array([1.0]))), 4)
        0.6931
    """
    x, y = pair(input, target)
    if not isinstance(x, jax.core.Tracer) and x.size and not bool(jnp.all((x >= 0) & (x <= 1))):
        raise InputError(
            f"expected probabilities between 0 and 1, got values from {float(x.min()):g} to {float(x.max()):g}; "
            "for raw scores use binary_cross_entropy_with_logits"
        )
    loss = _bernoulli(x, y)
    loss = loss if weight is None else loss * factors("weight", weight, loss)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


@jax.custom_jvp
def _bernoulli(x: jax.Array, y: jax.Array) -> jax.Array:
    return -(y * jnp.maximum(jnp.log(x), -100) + (1 - y) * jnp.maximum(jnp.log1p(-x), -100))


@_bernoulli.defjvp
def _bernoulli_tangent(primals, tangents):
    # The gradient stays finite at 0 and 1: (x − y) / max(x (1 − x), 1e-12).
    (x, y), (dx, dy) = primals, tangents
    slope = (x - y) / jnp.maximum(x * (1 - x), 1e-12)
    in_y = jnp.log1p(-x) - jnp.log(x)
    return _bernoulli(x, y), slope * dx + in_y * dy


def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
) -> jax.Array:
    """`−w (q y log σ(x) + (1 − y) log(1 − σ(x)))` for raw scores x, without overflow.

    Args:
        input: scores, any shape.
        target: of the same shape, between 0 and 1.
        weight: w, factors that broadcast, or None.
        size_average: deprecated in PyTorch; `reduction` says it.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` over all elements, `"sum"` or `"none"`.
        pos_weight: q, a weight of the positives, one for each of the last axis.

    Raises:
        InputError: for different shapes.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(binary_cross_entropy_with_logits(jnp.zeros(2), jnp.array([1.0, 0.0]))), 4)
        0.6931
    """
    x, y = pair(input, target)
    positive = 1.0 if pos_weight is None else 1 + (factors("pos_weight", pos_weight, x) - 1) * y
    loss = (1 - y) * x - positive * jax.nn.log_sigmoid(x)
    loss = loss if weight is None else loss * factors("weight", weight, loss)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean") -> jax.Array:
    """`log(1 + e^(−y x))` for y of −1 and 1.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(soft_margin_loss(jnp.zeros(2), jnp.array([1.0, -1.0]))), 4)
        0.6931
    """
    x, y = pair(input, target)
    return reduce_loss(jax.nn.softplus(-y * x), legacy(size_average, reduce, reduction))


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
) -> jax.Array:
    """The binary cross-entropy of raw scores, averaged over the classes (last axis) of each sample.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(multilabel_soft_margin_loss(jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]]))), 4)
        0.6931
    """
    x, y = pair(input, target)
    loss = -(y * jax.nn.log_sigmoid(x) + (1 - y) * jax.nn.log_sigmoid(-x))
    loss = loss if weight is None else loss * factors("weight", weight, loss)
    return reduce_loss(jnp.mean(loss, -1), legacy(size_average, reduce, reduction))
