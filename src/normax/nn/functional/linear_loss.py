"""Cross-entropy of a linear map, in one step."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array, optional
from normax.nn.functional.classification import cross_entropy

__all__ = ["linear_cross_entropy"]


def linear_cross_entropy(
    input: Any,
    linear_weight: Any,
    target: Any,
    *,
    linear_bias: Any = None,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: None = None,
) -> jax.Array:
    """`cross_entropy(x Wᵀ + b, target)`.

    Args:
        input: `(features,)` or `(N, features)`.
        linear_weight: W, `(C, features)` or `(C, d1, ..., features)`.
        target: classes `()`, `(N,)` or `(N, d1, ...)`, or probabilities of the logits' shape.
        linear_bias: b, `(C,)` or `(C, d1, ...)`.
        weight: a factor for each class, `(C,)`.
        reduction: `"mean"`, `"sum"` or `"none"`.
        ignore_index: a class that does not count; default −100, and none beside probabilities.
        label_smoothing: the share of an even distribution over the classes.
        options: None; PyTorch's tell its kernels how to split the batch.

    Raises:
        InputError: for shapes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(linear_cross_entropy(jnp.ones((2, 3)), jnp.zeros((4, 3)), jnp.array([0, 3]))), 4)
        1.3863
    """
    x, w, y, b = as_array(input), as_array(linear_weight), as_array(target), optional(linear_bias)
    if x.ndim not in (1, 2) or w.ndim < 2 or x.shape[-1] != w.shape[-1] or (w.ndim > 2 and x.ndim == 1):
        raise InputError(
            f"expected input (N, features) and linear_weight (classes, ..., features), got {x.shape} and {w.shape}"
        )
    if b is not None and b.shape != w.shape[:-1]:
        raise InputError(f"linear_bias: expected shape {w.shape[:-1]}, got {b.shape}")
    if options is not None:
        raise InputError(
            "options: expected None: XLA decides how to split the work; `nx.remat` saves memory instead"
        )
    logits = jnp.tensordot(x, w, (-1, -1))
    logits = logits if b is None else logits + b
    if y.shape == logits.shape and ignore_index is not None:
        raise InputError("ignore_index: expected None beside a target of probabilities")
    return cross_entropy(
        logits,
        y,
        weight=weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
