"""What the functional forms share: reading arguments, checking shapes, reducing losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError, suggest
from normax.nn.cells import as_array

__all__ = [
    "as_array",
    "check_axis",
    "check_dtypes",
    "factors",
    "floating",
    "legacy",
    "optional",
    "pair",
    "reduce_loss",
    "spatial",
    "tuple_of",
]


def optional(value: Any) -> jax.Array | None:
    """The array of an argument that may be None."""
    return None if value is None else as_array(value)


def floating(value: Any) -> jax.Array:
    """The array of what a function of fractions is given: whole numbers as floats, as bytes would wrap around."""
    x = as_array(value)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.result_type(float))


def tuple_of(n: int, value: Any, name: str) -> tuple[int, ...]:
    """`n` integers from one integer, one-element sequence, or `n` of them."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        values = tuple(int(v) for v in value)
        if len(values) == 1:
            values *= n
    else:
        values = (int(value),) * n
    if len(values) != n:
        raise InputError(f"{name}: expected an int or {n} of them, got {value!r}")
    return values


def check_axis(dim: int, x: jax.Array) -> None:
    """Refuse an axis that is not there; a number has the axis 0, as in PyTorch."""
    n = max(x.ndim, 1)
    if not -n <= dim < n:
        raise InputError(f"dim: expected from {-n} to {n - 1} for shape {x.shape}, got {dim}")


def check_dtypes(x: jax.Array, weight: jax.Array) -> None:
    """Refuse an input whose dtype is not the parameters': PyTorch does, and a silent promotion costs speed."""
    if x.dtype != weight.dtype:
        other = (
            f", or the module, `net.to({str(x.dtype)!r})`" if jnp.issubdtype(x.dtype, jnp.floating) else ""
        )
        raise InputError(
            f"expected {weight.dtype} input, the dtype of the parameters, got {x.dtype}; convert it, "
            f"`x.astype({str(weight.dtype)!r})`{other}"
        )


def spatial(x: jax.Array, n: int, name: str) -> tuple[jax.Array, bool]:
    """A batched view of `(N, C, *spatial)` or `(C, *spatial)`, and whether the batch axis was added."""
    if x.ndim == n + 2:
        return x, False
    if x.ndim == n + 1:
        return x[None], True
    raise InputError(
        f"{name}: expected {n + 1}D (unbatched) or {n + 2}D (batched) input, got shape {x.shape}"
    )


def reduce_loss(values: jax.Array, reduction: str) -> jax.Array:
    """Mean, sum, or the values themselves."""
    if reduction == "mean":
        return jnp.mean(values)
    if reduction == "sum":
        return jnp.sum(values)
    if reduction == "none":
        return values
    raise InputError(
        f"reduction: expected 'none', 'mean' or 'sum', got {reduction!r}"
        f"{suggest(str(reduction), ['none', 'mean', 'sum'])}"
    )


def pair(input: Any, target: Any) -> tuple[jax.Array, jax.Array]:
    """Output and target, of equal shape: broadcasting (n, 1) against (n,) is the classic silent mistake."""
    x, y = floating(input), floating(target)
    if x.shape != y.shape:
        raise InputError(f"expected input and target of equal shapes, got {x.shape} and {y.shape}")
    return x, y


def factors(name: str, weight: Any, values: jax.Array) -> jax.Array:
    """A weight that multiplies values, refused where it would make more of them."""
    w = as_array(weight)
    try:
        fits = jnp.broadcast_shapes(w.shape, values.shape) == values.shape
    except ValueError:
        fits = False
    if not fits:
        raise InputError(f"{name}: expected factors that broadcast to shape {values.shape}, got {w.shape}")
    return w


def legacy(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that PyTorch's deprecated pair of flags says; `reduction` where neither is given."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"
