"""Losses of scores against classes that ask for a margin."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array, legacy, optional, reduce_loss
from normax.nn.indices import check_indices, past_end, rows_at, unless

__all__ = ["multi_margin_loss", "multilabel_margin_loss"]


def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
) -> jax.Array:
    """`Σ_{c ≠ y} w_y max(0, margin − x_y + x_c)^p / C`: the hinge loss of several classes.

    Args:
        input: scores `(N, C)` or `(C,)`.
        target: classes `(N,)` or `()`.
        p: 1 or 2.
        margin: by which the right score should lead.
        weight: w `(C,)`, or None for ones.
        size_average: deprecated in PyTorch; `reduction` says it.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` over samples, `"sum"` or `"none"`.

    Raises:
        InputError: for another p, shapes that do not fit or, in eager mode, a class outside `[0, C)`;
            in a compiled call its loss is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> float(multi_margin_loss(jnp.array([[0.5, 0.0]]), jnp.array([0])))
        0.25

    Source:
        Crammer & Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", JMLR 2001.
    """
    x, y, w = as_array(input), as_array(target), optional(weight)
    if p not in (1, 2):
        raise InputError(f"p: expected 1 or 2, got {p}")
    if x.ndim not in (1, 2) or y.shape not in ((x.shape[:-1],) if x.ndim == 2 else ((), (1,))):
        raise InputError(
            f"expected input (N, C) and target (N,), or (C,) and (), got {x.shape} and {y.shape}"
        )
    classes = x.shape[-1]
    check_indices(y, classes, "classes")
    if w is not None and w.shape != (classes,):
        raise InputError(f"weight: expected one a class, ({classes},), got {w.shape}")
    y = y.reshape(x.shape[:-1])
    y = past_end(y, classes)
    right = jnp.take_along_axis(x, y[..., None], -1, mode="fill")
    loss = jax.nn.relu(margin - right + x) ** p
    loss = loss if w is None else loss * rows_at(w, y)[..., None]
    loss = jnp.sum(jnp.where(jnp.arange(classes) == y[..., None], 0, loss), -1) / classes
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean") -> jax.Array:
    """`Σ_{y right, c wrong} max(0, 1 − x_y + x_c) / C`, for several right classes a sample.

    Args:
        input: scores `(N, C)` or `(C,)`.
        target: of the same shape: the right classes, and −1 after the last one.
        size_average: deprecated in PyTorch; `reduction` says it.
        reduce: deprecated in PyTorch; `reduction` says it.
        reduction: `"mean"` over samples, `"sum"` or `"none"`.

    Raises:
        InputError: for shapes that do not fit or, in eager mode, a class outside `[−1, C)`; in a compiled call the
            sample's loss is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> float(multilabel_margin_loss(jnp.array([0.5, 0.0]), jnp.array([0, -1])))
        0.25
    """
    x, y = as_array(input), as_array(target)
    if x.ndim not in (1, 2) or x.shape != y.shape:
        raise InputError(f"expected input and target (N, C) or (C,), got {x.shape} and {y.shape}")
    classes = x.shape[-1]
    check_indices(y, classes, "classes", y != -1)
    named = jnp.cumsum(y < 0, -1) == 0  # what follows the first −1 counts for nothing
    index = jnp.where(named, y, 0)
    right = jnp.any((index[..., None] == jnp.arange(classes)) & named[..., None], -2)
    scores = jnp.take_along_axis(x, index, -1)
    gap = jax.nn.relu(1 - scores[..., :, None] + x[..., None, :])
    loss = jnp.sum(jnp.where(named[..., :, None] & ~right[..., None, :], gap, 0), (-2, -1)) / classes
    loss = unless(((y < -1) | (y >= classes)).any(-1), loss)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))
