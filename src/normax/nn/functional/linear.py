"""Affine and bilinear maps of the last axis."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.frames import current_frame
from normax.nn.functional._common import as_array, check_dtypes
from normax.nn.functional._products import multiply, spread

__all__ = ["bilinear", "linear"]


def linear(input: Any, weight: Any, bias: Any = None) -> jax.Array:
    """The affine map `y = x Wᵀ + b` of the last axis.

    Args:
        input: `(..., in)`.
        weight: `(out, in)`, or `(in,)` for a single output without an axis.
        bias: `(out,)` or None.

    Returns:
        `(..., out)`.

    Raises:
        InputError: if the last axis is not `in`, or the dtypes differ.

    Example:
        >>> import jax.numpy as jnp
        >>> linear(jnp.ones((2, 3)), jnp.ones((1, 3)), jnp.ones(1)).tolist()
        [[4.0], [4.0]]
    """
    x, w = as_array(input), as_array(weight)
    check_dtypes(x, w)
    if x.ndim == 0 or x.shape[-1] != w.shape[-1]:
        raise InputError(f"expected input of shape (..., {w.shape[-1]}), got {x.shape}")
    frame = current_frame()
    if frame is not None and frame.lanes and x.ndim == w.ndim == 2:
        y = multiply(x, w)
        return y if bias is None else y + spread(as_array(bias), len(x))
    y = x @ w.T
    return y if bias is None else y + as_array(bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> jax.Array:
    """`y_o = x₁ᵀ A_o x₂ + b_o`.

    Args:
        input1: `(..., in1)`.
        input2: `(..., in2)`, the leading axes those of `input1`.
        weight: `(out, in1, in2)`.
        bias: `(out,)` or None.

    Returns:
        `(..., out)`.

    Raises:
        InputError: if the shapes do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> bilinear(jnp.ones((4, 2)), jnp.ones((4, 3)), jnp.ones((5, 2, 3))).shape
        (4, 5)
    """
    x1, x2, w = as_array(input1), as_array(input2), as_array(weight)
    check_dtypes(x1, w)
    check_dtypes(x2, w)
    if x1.shape[-1] != w.shape[1] or x2.shape[-1] != w.shape[2] or x1.shape[:-1] != x2.shape[:-1]:
        raise InputError(
            f"expected inputs of shapes (..., {w.shape[1]}) and (..., {w.shape[2]}) with equal leading axes, "
            f"got {x1.shape} and {x2.shape}"
        )
    y = jnp.einsum("...i,oij,...j->...o", x1, w, x2)
    return y if bias is None else y + as_array(bias)
