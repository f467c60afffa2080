"""Losses that compare pairs and triplets, and the distances that they use."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.functional._common import as_array, floating, legacy, pair, reduce_loss
from normax.nn.functional.activations import vector_norm

__all__ = [
    "cosine_embedding_loss",
    "cosine_similarity",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "pairwise_distance",
    "pdist",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> jax.Array:
    """`x₁·x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε))` along an axis.

    Example:
        >>> import jax.numpy as jnp
        >>> cosine_similarity(jnp.array([[1.0, 0.0]]), jnp.array([[2.0, 0.0]])).tolist()
        [1.0]
    """
    a, b = (v if v.ndim else v[None] for v in (as_array(x1), as_array(x2)))
    a, b = (v / jnp.maximum(vector_norm(v, 2.0, dim), eps) for v in (a, b))
    return jnp.sum(a * b, dim)


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> jax.Array:
    """`‖x₁ − x₂ + ε‖_p` of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> pairwise_distance(jnp.array([3.0, 4.0]), jnp.zeros(2)).round(3).item()
        5.0
    """
    difference = as_array(x1) - as_array(x2) + eps
    return vector_norm(difference if difference.ndim else difference[None], p, -1, keepdim)


def pdist(input: Any, p: float = 2.0) -> jax.Array:
    """`‖x_i − x_j‖_p` of every pair of rows `i < j`, in reading order; equal rows get no gradient.

    Args:
        input: `(N, M)`.
        p: of the norm, >= 0.

    Returns:
        `(N (N − 1) / 2,)`.

    Raises:
        InputError: for another number of axes, or a negative p.

    Example:
        >>> import jax.numpy as jnp
        >>> pdist(jnp.array([[0.0], [1.0], [3.0]])).tolist()
        [1.0, 3.0, 2.0]
    """
    x = floating(input)
    if x.ndim != 2 or p < 0:
        raise InputError(f"pdist: expected input (N, M) and p >= 0, got shape {x.shape} and p={p}")
    first, second = np.triu_indices(len(x), 1)
    return vector_norm(x[first] - x[second], p, -1, False)


def _alike(**values: Any) -> list[jax.Array]:
    """Arrays of as many axes each, as PyTorch asks: (n, 1) against (n,) would be every pair."""
    arrays = [as_array(value) for value in values.values()]
    if len({a.ndim for a in arrays}) > 1:
        raise InputError(
            f"{', '.join(values)}: expected as many axes in each, got shapes {', '.join(str(a.shape) for a in arrays)}"
        )
    return arrays


def margin_ranking_loss(
    input1, input2, target, margin=0.0, size_average=None, reduce=None, reduction="mean"
) -> jax.Array:
    """`max(0, −y (x₁ − x₂) + margin)` for y of 1 (the first should rank higher) or −1.

    Example:
        >>> import jax.numpy as jnp
        >>> float(margin_ranking_loss(jnp.array([1.0]), jnp.array([3.0]), jnp.array([1.0])))
        2.0
    """
    a, b, y = _alike(input1=input1, input2=input2, target=target)
    loss = jax.nn.relu(-y * (a - b) + margin)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
) -> jax.Array:
    """x where y is 1, `max(0, margin − x)` where it is −1.

    Example:
        >>> import jax.numpy as jnp
        >>> hinge_embedding_loss(jnp.array([0.5, 0.25]), jnp.array([1.0, -1.0]), reduction="none").tolist()
        [0.5, 0.75]
    """
    x, y = pair(input, target)
    loss = jnp.where(y == 1, x, 0) + jnp.where(y == -1, jax.nn.relu(margin - x), 0)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def cosine_embedding_loss(
    input1, input2, target, margin=0.0, size_average=None, reduce=None, reduction="mean"
) -> jax.Array:
    """`1 − cos(x₁, x₂)` where y is 1, `max(0, cos(x₁, x₂) − margin)` where it is −1.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[1.0, 0.0]])
        >>> float(cosine_embedding_loss(x, x, jnp.array([-1.0])))
        1.0

    Raises:
        InputError: for shapes that do not fit.
    """
    a, b = _alike(input1=input1, input2=input2)
    y, cosine = as_array(target), cosine_similarity(a, b, -1)
    if y.shape != cosine.shape:
        raise InputError(f"target: expected shape {cosine.shape}, one a pair, got {y.shape}")
    loss = jnp.where(y == 1, 1 - cosine, 0) + jnp.where(y == -1, jax.nn.relu(cosine - margin), 0)
    return reduce_loss(loss, legacy(size_average, reduce, reduction))


def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
) -> jax.Array:
    """`max(0, d(a, p) − d(a, n) + margin)`; with `swap` the nearer of a and p to n counts.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.zeros((1, 2))
        >>> float(triplet_margin_loss(x, x, x))
        1.0
    """
    a, near_one, far_one = _alike(anchor=anchor, positive=positive, negative=negative)
    near, far = pairwise_distance(a, near_one, p, eps), pairwise_distance(a, far_one, p, eps)
    if swap:
        far = jnp.minimum(far, pairwise_distance(near_one, far_one, p, eps))
    return reduce_loss(jax.nn.relu(near - far + margin), legacy(size_average, reduce, reduction))


def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
) -> jax.Array:
    """`triplet_margin_loss` with a distance of one's own; default, the Euclidean.

    Raises:
        InputError: for a margin that is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> x, far = jnp.zeros((1, 2)), jnp.ones((1, 2))
        >>> city = lambda a, b: jnp.abs(a - b).sum(-1)
        >>> float(triplet_margin_with_distance_loss(x, far, x, distance_function=city))
        3.0
    """
    if margin <= 0:
        raise InputError(f"margin: expected > 0, got {margin}")
    distance = pairwise_distance if distance_function is None else distance_function
    a, near_one, far_one = _alike(anchor=anchor, positive=positive, negative=negative)
    near, far = distance(a, near_one), distance(a, far_one)
    if swap:
        far = jnp.minimum(far, distance(near_one, far_one))
    return reduce_loss(jax.nn.relu(near - far + margin), reduction)
