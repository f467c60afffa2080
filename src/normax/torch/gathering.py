"""Elements by index or by mask: `gather`, `scatter`, `index_select`, `where`, `masked_fill`, `take`, ..."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.nn.indices import item_of
from normax.torch.concrete import refuse_traced
from normax.torch.ops import alias, function, keeping, op
from normax.torch.promotion import together
from normax.torch.shaping import axis

__all__ = [
    "argwhere",
    "bucketize",
    "diagonal_scatter",
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_reduce",
    "index_select",
    "isin",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "searchsorted",
    "select_scatter",
    "slice_scatter",
    "take",
    "take_along_dim",
    "unravel_index",
    "where",
]


def _along(input: Any, dim: int, index: Any) -> tuple:
    """The full index of `index` read along `dim`, each at its own place of the other dimensions."""
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[axis(dim, input.ndim)] = index
    return tuple(grid)


@op
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """`out[i][j] = input[index[i][j]][j]` for dim 0, and so on."""
    if not input.ndim:
        return jnp.broadcast_to(input, index.shape)
    return item_of(input, _along(input, dim, index))


@op
def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """As `gather`, with broadcasting."""
    if dim is None:
        return item_of(input.reshape(-1), indices.reshape(-1))
    return jnp.take_along_axis(input, indices, dim)


_REDUCE = {
    "sum": "add",
    "add": "add",
    "prod": "multiply",
    "multiply": "multiply",
    "amax": "max",
    "amin": "min",
}


def _source(src: Any, index: Any, dtype: Any) -> Any:
    """As much of the source as the index asks for."""
    if not hasattr(src, "dtype") or not src.ndim:
        return jnp.broadcast_to(jnp.asarray(src, dtype), index.shape)
    return src[tuple(slice(n) for n in index.shape)].astype(dtype)


@op
def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Any:
    """Copies of values into the places of `index` along `dim`."""
    source = _source(value if src is None else src, index, input.dtype)
    place = input.at[_along(input, dim, index)]
    return place.set(source) if reduce is None else getattr(place, _REDUCE[reduce])(source)


@op
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """Values added at the places of `index` along `dim`."""
    return input.at[_along(input, dim, index)].add(_source(src, index, input.dtype))


@op
def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """Values joined at the places of `index`: "sum", "prod", "mean", "amax" or "amin"."""
    return _reduced(input, _along(input, dim, index), _source(src, index, input.dtype), reduce, include_self)


def _reduced(input: Any, place: tuple, source: Any, reduce: str, include_self: bool) -> Any:
    base = input
    if not include_self:
        info = jnp.finfo if jnp.issubdtype(input.dtype, jnp.floating) else jnp.iinfo
        neutral = {
            "sum": 0,
            "mean": 0,
            "prod": 1,
            "amax": info(input.dtype).min,
            "amin": info(input.dtype).max,
        }
        base = base.at[place].set(jnp.asarray(neutral[reduce], input.dtype))
    if reduce != "mean":
        return getattr(base.at[place], _REDUCE[reduce])(source)
    count = jnp.full(input.shape, int(include_self), input.dtype).at[place].add(1)
    total = base.at[place].add(source)
    divide = jnp.floor_divide if jnp.issubdtype(input.dtype, jnp.integer) else jnp.divide
    return divide(total, jnp.maximum(count, 1))


@op
def index_select(input: Any, dim: int, index: Any) -> Any:
    """The places of a vector of indices along a dimension."""
    if not input.ndim:
        return input
    return item_of(input, (slice(None),) * axis(dim, input.ndim) + (index.reshape(-1),))


@op
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """Slices added at indices along a dimension."""
    return _at(input, dim, index).add((source * alpha).astype(input.dtype))


@op
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """Slices written at indices along a dimension."""
    return _at(input, dim, index).set(source.astype(input.dtype))


@op
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """A value written at indices along a dimension."""
    return _at(input, dim, index).set(value)


@op
def index_reduce(
    input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """Slices joined at indices along a dimension."""
    place = (slice(None),) * axis(dim, input.ndim) + (index,)
    return _reduced(input, place, source.astype(input.dtype), reduce, include_self)


def _at(input: Any, dim: int, index: Any) -> Any:
    return input.at[(slice(None),) * axis(dim, input.ndim) + (index,)]


@op
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """`x[indices] = values`, or added."""
    place = input.at[tuple(slice(None) if i is None else i for i in indices)]
    values = values.astype(input.dtype) if hasattr(values, "dtype") else values
    return place.add(values) if accumulate else place.set(values)


@op
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """Values written at places of the flattened tensor."""
    place = input.reshape(-1).at[index.reshape(-1)]
    values = source.reshape(-1).astype(input.dtype)
    return (place.add(values) if accumulate else place.set(values)).reshape(input.shape)


@op
def take(input: Any, index: Any) -> Any:
    """Elements of the flattened tensor."""
    return item_of(input.reshape(-1), index)


@op
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """`value` where the mask is true."""
    value = value.astype(input.dtype) if hasattr(value, "dtype") else jnp.asarray(value, input.dtype)
    return jnp.where(mask, value, input)


@op
def masked_select(input: Any, mask: Any) -> Any:
    """The elements where the mask is true, in one dimension."""
    refuse_traced(mask, "masked_select, whose length depends on the data", "torch.where(mask, x, other)")
    input, mask = jnp.broadcast_arrays(input, mask)
    return input[mask]


@op
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """The source's elements, in their order, where the mask is true."""
    shape = jnp.broadcast_shapes(input.shape, mask.shape)
    mask = jnp.broadcast_to(mask, shape).reshape(-1)
    place = jnp.clip(jnp.cumsum(mask) - 1, 0, max(source.size - 1, 0))
    filled = jnp.where(
        mask, source.reshape(-1)[place].astype(input.dtype), jnp.broadcast_to(input, shape).reshape(-1)
    )
    return filled.reshape(shape)


@keeping
@function
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition holds, else `other`; alone, the indices where it holds."""
    if input is None and other is None:
        refuse_traced(
            condition, "torch.where(mask), whose length depends on the data", "torch.where(mask, x, other)"
        )
        return tuple(jnp.nonzero(condition))
    a, b = together(input, other)
    if not (hasattr(a, "dtype") or hasattr(b, "dtype")):
        from normax.torch.promotion import promoted

        a = jnp.asarray(a, promoted(a, b))
    return jnp.where(condition, a, b)


def _where(self: Any, condition: Any, other: Any) -> Any:
    return where(condition, self, other)


alias(_where, "where")


@op
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The indices of what is not zero, as rows, or a tensor for each dimension."""
    refuse_traced(input, "nonzero, whose length depends on the data", "torch.where(mask, x, other)")
    found = jnp.nonzero(input)
    return (
        tuple(found)
        if as_tuple
        else jnp.stack(found, 1)
        if input.ndim
        else jnp.zeros((len(found[0]), 0), jnp.int32)
    )


@op
def argwhere(input: Any) -> Any:
    """The indices of what is not zero, as rows."""
    refuse_traced(input, "argwhere, whose length depends on the data", "torch.where(mask, x, other)")
    return jnp.argwhere(input)


@function
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Which elements are among others."""
    return jnp.isin(elements, test_elements, invert=invert)


@function
def searchsorted(
    sorted_sequence: Any,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Any = None,
) -> Any:
    """Where values would go into sorted rows."""
    side = side or ("right" if right else "left")
    values, rows = jnp.asarray(input), sorted_sequence
    if sorter is not None:
        rows = jnp.take_along_axis(rows, sorter, -1)
    if rows.ndim == 1:
        return jnp.searchsorted(rows, values, side=side)
    flat = [
        jnp.searchsorted(r, v, side=side)
        for r, v in zip(rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1]))
    ]
    return jnp.stack(flat).reshape(values.shape)


@function
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """Between which boundaries values lie."""
    return jnp.searchsorted(boundaries, jnp.asarray(input), side="right" if right else "left")


@function
def unravel_index(indices: Any, shape: Any) -> Any:
    """Flat indices as one for each dimension."""
    return tuple(jnp.unravel_index(indices, tuple(shape)))


@op
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy with one place along a dimension replaced."""
    return _at(input, dim, index).set(src)


@op
def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    """A copy with a slice replaced."""
    return _at(input, dim, slice(start, end, step)).set(src)


@op
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy with a diagonal replaced."""
    places = jnp.diagonal(np.arange(input.size).reshape(input.shape), offset, dim1, dim2)
    return input.reshape(-1).at[places].set(src).reshape(input.shape)
