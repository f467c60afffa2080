"""Orders along dimensions: sorting, ranks, medians, the commonest, what is unique, the largest so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.concrete import refuse_traced
from normax.torch.dtypes import native_of_number
from normax.torch.ops import op, returned
from normax.torch.shaping import axis

__all__ = [
    "argsort",
    "cummax",
    "cummin",
    "kthvalue",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "sort",
    "topk",
    "unique",
    "unique_consecutive",
]

_Sorted, _Top = returned("sort", "values indices"), returned("topk", "values indices")
_Median, _Nanmedian = returned("median", "values indices"), returned("nanmedian", "values indices")
_Mode, _Kth = returned("mode", "values indices"), returned("kthvalue", "values indices")
_Cummax, _Cummin = returned("cummax", "values indices"), returned("cummin", "values indices")


def _order(input: Any, dim: int, descending: bool) -> Any:
    if not input.ndim:
        return jnp.zeros((), native_of_number(int))
    return jnp.argsort(input, dim, stable=True, descending=descending).astype(native_of_number(int))


def _sorted(input: Any, dim: int, descending: bool, kind: Any) -> Any:
    order = _order(input, dim, descending)
    return kind(jnp.take_along_axis(input, order, dim) if input.ndim else input, order)


@op
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """In order along a dimension, and where each was; equal ones keep their order."""
    return _sorted(input, dim, descending, _Sorted)


@op
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The indices that would sort."""
    return _order(input, dim, descending)


@op
def msort(input: Any) -> Any:
    """In order along the first dimension."""
    return jnp.sort(input, 0)


@op
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) along a dimension, in order, and their indices."""
    if not input.ndim:
        return _Top(input, jnp.zeros((), native_of_number(int)))
    values, index = _sorted(input, dim, largest, _Top)
    first = (slice(None),) * axis(dim, input.ndim) + (slice(int(k)),)
    return _Top(values[first], index[first])


def _nth(input: Any, n: Any, dim: int, keepdim: bool, kind: Any) -> Any:
    """The value at a rank along a dimension, with its index."""
    if not input.ndim:
        return kind(input, jnp.zeros((), native_of_number(int)))
    values, order = _sorted(input, dim, False, kind)
    at = jnp.expand_dims(jnp.broadcast_to(n, jnp.sum(input, dim).shape), dim)
    values, order = jnp.take_along_axis(values, at, dim), jnp.take_along_axis(order, at, dim)
    return kind(values, order) if keepdim else kind(jnp.squeeze(values, dim), jnp.squeeze(order, dim))


@op
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest along a dimension, counted from 1."""
    return _nth(input, int(k) - 1, dim, keepdim, _Kth)


@op
def median(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle one, of an even number the lower; NaN where there is one. With `dim` the index too."""
    if dim is None:
        return _nth(_nan_first(input.reshape(-1)), (input.size - 1) // 2, 0, False, _Median).values
    n = input.shape[dim] if input.ndim else 1
    has_nan = jnp.any(jnp.isnan(input), dim) if input.dtype.kind == "f" else False
    return _nth(input, jnp.where(has_nan, n - 1, (n - 1) // 2), dim, keepdim, _Median)


def _nan_first(flat: Any) -> Any:
    """NaN everywhere where there is one."""
    return jnp.where(jnp.any(jnp.isnan(flat)), jnp.nan, flat) if flat.dtype.kind == "f" else flat


@op
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle one of what is not NaN."""
    if dim is None:
        return _nanmedian(input.reshape(-1), 0, False).values
    return _nanmedian(input, dim, keepdim)


def _nanmedian(input: Any, dim: int, keepdim: bool) -> Any:
    count = jnp.sum(~jnp.isnan(input), dim) if input.dtype.kind == "f" else input.shape[dim]
    return _nth(input, jnp.maximum((count - 1) // 2, 0), dim, keepdim, _Nanmedian)


@op
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The commonest value along a dimension, of equally common the smallest, and its last index."""
    same = jnp.expand_dims(input, dim if dim < 0 else dim + 1) == jnp.expand_dims(
        input, dim - 1 if dim < 0 else dim
    )
    counts = jnp.sum(same, axis(dim, input.ndim))
    best = jnp.max(counts, dim, keepdims=True)
    top = jnp.iinfo(input.dtype).max if input.dtype.kind in "iu" else jnp.inf
    values = jnp.min(jnp.where(counts == best, input, top).astype(input.dtype), dim, keepdims=True)
    n = input.shape[dim]
    last = n - 1 - jnp.argmax(jnp.flip(input == values, dim), dim, keepdims=True)
    if not keepdim:
        values, last = jnp.squeeze(values, dim), jnp.squeeze(last, dim)
    return _Mode(values, last.astype(native_of_number(int)))


def _so_far(input: Any, dim: int, better: Callable[[Any, Any], Any], kind: Any) -> Any:
    at = axis(dim, input.ndim)
    index = jax.lax.broadcasted_iota(native_of_number(int), input.shape, at)

    def pick(a: Any, b: Any) -> Any:
        take = better(b[0], a[0])
        return jnp.where(take, b[0], a[0]), jnp.where(take, b[1], a[1])

    return kind(*jax.lax.associative_scan(pick, (input, index), axis=at))


@op
def cummax(input: Any, dim: int) -> Any:
    """The largest so far and its last index."""
    return _so_far(input, dim, lambda new, old: (new >= old) | (new != new), _Cummax)


@op
def cummin(input: Any, dim: int) -> Any:
    """The smallest so far and its last index."""
    return _so_far(input, dim, lambda new, old: (new <= old) | (new != new), _Cummin)


@op
def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: Any = None,
) -> Any:
    """The different values in order, with where each element is among them and how often."""
    refuse_traced(
        input, "unique, whose length depends on the data", "F.one_hot, or the values known beforehand"
    )
    found = jnp.unique(input, return_inverse=return_inverse, return_counts=return_counts, axis=dim)
    return found


@op
def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """Without repetitions of the one before."""
    refuse_traced(input, "unique_consecutive, whose length depends on the data", "torch.diff and a mask")
    x = np.asarray(input.reshape(-1) if dim is None else jnp.moveaxis(input, dim, 0))
    new = np.ones(len(x), bool)
    new[1:] = (x[1:] != x[:-1]).reshape(len(x) - 1, -1).any(1)
    starts = np.flatnonzero(new)
    kept = jnp.asarray(x[starts])
    parts = [kept if dim is None else jnp.moveaxis(kept, 0, dim)]
    if return_inverse:
        inverse = np.cumsum(new) - 1
        parts.append(jnp.asarray(inverse.reshape(input.shape) if dim is None else inverse))
    if return_counts:
        parts.append(jnp.asarray(np.diff(np.append(starts, len(x)))))
    return parts[0] if len(parts) == 1 else tuple(parts)
