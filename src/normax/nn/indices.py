"""Indices into a table or an axis: refused where they can be read, NaN where they cannot.

In a compiled call an index is a tracer, and JAX would count a negative one from the back and stop one too large at
the end. What no row answers to is NaN here, and its gradient reaches no row. Whoever has whole data sets
before them (`nx.fit`, `nx.path`) asks a trace which lookups it makes, and checks those beforehand.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import get_opaque_trace_state

from normax.errors import InputError

__all__ = ["Lookup", "check_indices", "item_of", "lookups", "past_end", "rows_at", "unless"]


class Lookup(NamedTuple):
    """Traced indices that must lie in `[0, size)`, and what they are."""

    index: Any
    size: int
    what: str


class _Noted(threading.local):
    found: list[Lookup] | None = None
    trace: Any = None


_noted = _Noted()


@contextlib.contextmanager
def lookups() -> Iterator[list[Lookup]]:
    """The lookups that this very trace makes in the `with` block; those of traces within it (loops) are left out."""
    before = _noted.found, _noted.trace
    _noted.found, _noted.trace = [], _trace()
    try:
        yield _noted.found
    finally:
        _noted.found, _noted.trace = before


def _trace() -> Any:
    return get_opaque_trace_state()


def check_indices(index: jax.Array, size: int, what: str, counted: Any = None) -> None:
    """Refuse what are no integers and, in eager mode, those outside `[0, size)`, save where `counted` is False."""
    if not jnp.issubdtype(index.dtype, jnp.integer):
        raise InputError(f"expected integer {what}, got {index.dtype}")
    if isinstance(index, jax.core.Tracer) or isinstance(counted, jax.core.Tracer):
        if _noted.found is not None and _trace() == _noted.trace:
            _noted.found.append(
                Lookup(index if counted is None else jnp.where(counted, index, 0), size, what)
            )
        return
    values = np.asarray(index) if counted is None else np.asarray(index)[np.asarray(counted)]
    wrong = values[(values < 0) | (values >= size)]
    if wrong.size:
        raise InputError(f"expected {what} from 0 to {size - 1}, got {int(wrong[0])}")


def past_end(index: jax.Array, size: int) -> jax.Array:
    """Indices of which those below 0 stand behind the end, so that none is counted from the back."""
    index = index.astype(jnp.promote_types(index.dtype, jnp.int32))
    return jnp.where(index < 0, size, index)


def rows_at(table: jax.Array, index: jax.Array) -> jax.Array:
    """`table[index]`, NaN where there is no such row."""
    return table.at[index].get(mode="fill", wrap_negative_indices=False)


def item_of(array: jax.Array, index: Any) -> jax.Array:
    """`array[index]`, but for integers outside `[-n, n)`: refused or, in a compiled call, NaN."""
    parts = index if isinstance(index, tuple) else (index,)
    traced = False
    for part, axis, size in _integers(parts, array.shape):
        known = not isinstance(part, jax.core.Tracer)
        traced |= not known
        counted: Any = np.asarray(part) if known else part
        from_back = (counted < 0) & (counted >= -size)
        check_indices((np if known else jnp).where(from_back, 0, counted), size, f"indices into axis {axis}")
    return array.at[index].get(mode="fill") if traced else array[index]


def _integers(parts: tuple, shape: tuple[int, ...]) -> Iterator[tuple[Any, int, int]]:
    """The integer parts of an index, with the axis that each reads and its size."""
    taken = [_axes(part) for part in parts]
    axis = 0
    for part, n in zip(parts, taken):
        if part is Ellipsis:
            axis += len(shape) - sum(taken)
        elif axis < len(shape) and n == 1 and jnp.issubdtype(getattr(part, "dtype", type(part)), jnp.integer):
            yield part, axis, shape[axis]
        axis += n


def _axes(part: Any) -> int:
    """How many axes a part of an index takes."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    kind = getattr(getattr(part, "dtype", None), "kind", "")
    return np.ndim(part) if kind == "b" else 1


def unless(wrong: Any, values: jax.Array) -> jax.Array:
    """The values, and where something is wrong NaN, or the number farthest from zero that an integer can be."""
    if jnp.issubdtype(values.dtype, jnp.integer):
        info = jnp.iinfo(values.dtype)
        return jnp.where(wrong, info.min if info.min < 0 else info.max, values)
    return jnp.where(wrong, jnp.nan, values)
