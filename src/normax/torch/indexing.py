"""Reading and writing parts: `x[...]`, slices, chunks and rows as views, and gathering by indices."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.cells import as_array
from normax.nn.indices import item_of
from normax.torch.concrete import refuse_traced
from normax.torch.ops import alias, method
from normax.torch.shaping import axis, view
from normax.torch.tensor import look, made, raw

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "narrow",
    "select",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
    "vsplit",
]


def _plain(index: Any) -> Any:
    """An index in JAX's terms: tensors as arrays, lists as arrays, 0-d whole tensors whose value is known as
    numbers."""
    if isinstance(index, tuple):
        return tuple(_plain(part) for part in index)
    index = raw(index)
    if isinstance(index, (list, range)):
        return np.asarray([raw(part) for part in index]) if len(index) else np.zeros(0, np.int32)
    if isinstance(index, slice):
        return slice(*(_bound(part) for part in (index.start, index.stop, index.step)))
    if getattr(index, "dtype", None) == np.uint8:  # masks of old
        return index.astype(bool)
    return index


def _bound(value: Any) -> Any:
    value = raw(value)
    if isinstance(value, jax.core.Tracer):
        refuse_traced(value, "a slice whose ends are computed", "torch.where or a mask of the full length")
    return value if value is None else int(value)


def _is_basic(index: Any) -> bool:
    """Whether an index makes a view: numbers, slices, None and ... alone."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, slice)
        or (isinstance(part, (int, np.integer)) and not isinstance(part, bool))
        or (
            getattr(part, "ndim", 1) == 0
            and not isinstance(part, jax.core.Tracer)
            and part.dtype.kind in "iu"
        )
        for part in parts
    )


def _numbers(index: Any) -> Any:
    """A basic index with 0-d arrays as numbers."""
    if isinstance(index, tuple):
        return tuple(_numbers(part) for part in index)
    return int(index) if getattr(index, "ndim", 1) == 0 else index


def part(tensor: Any, index: Any) -> Any:
    """A view of what a basic index says."""
    return look(
        tensor,
        lambda base: base[index],
        lambda base, values: base.at[index].set(values),
    )


def _masks(index: Any) -> list[Any]:
    parts = index if isinstance(index, tuple) else (index,)
    return [p for p in parts if getattr(p, "dtype", None) == np.bool_ and getattr(p, "ndim", 0)]


def get(self: Any, index: Any) -> Any:
    """`x[index]`: a view for numbers and slices, a copy for tensors of indices and masks."""
    index = _plain(index)
    if _is_basic(index):
        index = _numbers(index)
        item_of_check(self._array, index)
        return part(self, index)
    for mask in _masks(index):
        refuse_traced(mask, "x[mask], whose length depends on the data", "torch.where(mask, x, other)")
    return made(item_of(self._array, index))


def item_of_check(array: Any, index: Any) -> None:
    """Refuse a number that no element answers to, as Python's sequences do."""
    parts = index if isinstance(index, tuple) else (index,)
    taken = sum(p is not None and p is not Ellipsis for p in parts)
    if taken > array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {array.ndim}")
    at = 0
    for p in parts:
        if p is Ellipsis:
            at += array.ndim - taken
        elif p is not None:
            n = array.shape[at]
            if isinstance(p, (int, np.integer)) and not -n <= p < n:
                raise IndexError(f"index {p} is out of bounds for dimension {at} with size {n}")
            at += 1


def put(self: Any, index: Any, values: Any) -> None:
    """`x[index] = values`."""
    index, array = _plain(index), self._array
    new = values = raw(values)
    if not hasattr(values, "dtype"):
        new = as_array(values)
    if isinstance(index, jax.Array) and index.dtype == bool and index.ndim and not new.ndim:
        at = index.reshape(index.shape + (1,) * (array.ndim - index.ndim))
        self._array = jnp.where(at, new.astype(array.dtype), array)
        return
    for mask in _masks(index):
        refuse_traced(
            mask, "x[mask] = values, whose number depends on the data", "torch.where(mask, values, x)"
        )
    if _is_basic(index):
        index = _numbers(index)
        item_of_check(array, index)
    shape = jax.eval_shape(lambda a: a[index], array).shape
    while new.ndim > len(shape) and new.shape[0] == 1:
        new = new[0]
    self._array = array.at[index].set(new.astype(array.dtype))


alias(get, "__getitem__")
alias(put, "__setitem__")


@method
def __iter__(self: Any) -> Any:
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(unbind(self))


def _along(dim: int, what: Any) -> tuple:
    return (slice(None),) * dim + (what,)


@view
def select(input: Any, dim: int, index: Any) -> Any:
    """One place along a dimension, which goes."""
    return get(input, _along(axis(dim, input._array.ndim), index))


@view
def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """`length` places along a dimension, from `start`."""
    at = axis(dim, input._array.ndim)
    start = int(raw(start))
    start += input._array.shape[at] if start < 0 else 0
    return part(input, _along(at, slice(start, start + int(length))))


@view
def unbind(input: Any, dim: int = 0) -> tuple:
    """Every place along a dimension."""
    at = axis(dim, input._array.ndim)
    return tuple(part(input, _along(at, i)) for i in range(input._array.shape[at]))


@view
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple:
    """Pieces of a length, or of the lengths given, along a dimension."""
    at = axis(dim, tensor._array.ndim)
    n, lengths = tensor._array.shape[at], split_size_or_sections
    if not isinstance(lengths, (tuple, list)):
        size = int(lengths)
        lengths = [min(size, n - start) for start in range(0, n, size)] or [0]
    if sum(lengths) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {at}), but got "
            f"split_sizes={list(lengths)}"
        )
    ends = np.cumsum([0, *lengths])
    return tuple(part(tensor, _along(at, slice(int(a), int(b)))) for a, b in itertools.pairwise(ends))


@view
def split_with_sizes(input: Any, split_sizes: Any, dim: int = 0) -> tuple:
    """Pieces of the lengths given."""
    return split(input, list(split_sizes), dim)


@view
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple:
    """At most so many pieces of equal length, the last one shorter."""
    n = input._array.shape[axis(dim, input._array.ndim)]
    return split(input, max(-(-n // chunks), 1), dim)


@view
def tensor_split(
    input: Any, indices_or_sections: Any = None, dim: int = 0, *, indices: Any = None, sections: Any = None
) -> tuple:
    """So many pieces, the first ones longer by one, or pieces between the indices given."""
    at = axis(dim, input._array.ndim)
    given = [cut for cut in (indices_or_sections, indices, sections) if cut is not None]
    if len(given) != 1:
        raise TypeError("tensor_split() takes either indices or a number of sections")
    n, cut = input._array.shape[at], raw(given[0])
    if isinstance(cut, (tuple, list)) or np.ndim(cut):
        ends = [0, *(int(i) for i in cut), n]
        return tuple(part(input, _along(at, slice(a, b))) for a, b in itertools.pairwise(ends))
    size, longer = divmod(n, int(cut))
    return split(input, [size + (i < longer) for i in range(int(cut))], at)


@view
def hsplit(input: Any, indices_or_sections: Any) -> tuple:
    """`tensor_split` along the second dimension, of a vector along its only one."""
    return tensor_split(input, indices_or_sections, min(1, input._array.ndim - 1))


@view
def vsplit(input: Any, indices_or_sections: Any) -> tuple:
    """`tensor_split` along the first dimension."""
    return tensor_split(input, indices_or_sections, 0)


@view
def dsplit(input: Any, indices_or_sections: Any) -> tuple:
    """`tensor_split` along the third dimension."""
    return tensor_split(input, indices_or_sections, 2)


(unsafe_chunk,) = alias(chunk, "unsafe_chunk")
(unsafe_split,) = alias(split, "unsafe_split")
(unsafe_split_with_sizes,) = alias(split_with_sizes, "unsafe_split_with_sizes")
