"""Rows of a table by their index, alone or reduced over bags; classes as unit vectors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn.cells import Buffer, Parameter
from normax.nn.functional._common import as_array, optional
from normax.nn.indices import check_indices, past_end, rows_at, unless

__all__ = ["embedding", "embedding_bag", "one_hot"]


def one_hot(tensor: Any, num_classes: int = -1) -> jax.Array:
    """Classes as vectors that are 1 at the class and 0 elsewhere.

    Args:
        tensor: integer classes, any shape.
        num_classes: length of the vectors; −1 takes the largest class plus one, in eager mode only.

    Returns:
        Integers `(*shape, num_classes)`.

    Raises:
        InputError: for classes that are no integers or, in eager mode, out of range (in a compiled call all of the
            vector is then the dtype's extreme, for integers have no NaN); for −1 in a compiled call.

    Example:
        >>> import jax.numpy as jnp
        >>> one_hot(jnp.array([0, 2])).tolist()
        [[1, 0, 0], [0, 0, 1]]
    """
    y = as_array(tensor)
    if num_classes == -1:
        if isinstance(y, jax.core.Tracer) or y.size == 0:
            raise InputError(
                "one_hot: the number of classes cannot be read off here; give it: `one_hot(y, classes)`"
            )
        num_classes = int(y.max()) + 1
    check_indices(y, num_classes, "classes")
    wrong = (y < 0) | (y >= num_classes)
    return unless(wrong[..., None], jax.nn.one_hot(y, num_classes, dtype=y.dtype))


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> jax.Array:
    """`weight[input]`.

    Args:
        input: integer indices, any shape.
        weight: the table `(rows, columns)`.
        padding_idx: a row without gradient.
        max_norm: the rows that are read are scaled to at most this norm before, in a `Parameter` for good.
        norm_type: p of that norm.
        scale_grad_by_freq: divide a row's gradient by how often `input` names it.
        sparse: refused: gradients are dense.

    Returns:
        `(*input.shape, columns)`.

    Raises:
        InputError: for what is refused and, in eager mode, for an index outside the table; in a compiled call its
            row is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> embedding(jnp.array([2, 0]), jnp.array([[1.0], [2.0], [3.0]])).tolist()
        [[3.0], [1.0]]
    """
    refuse_sparse("embedding", sparse)
    index, table = as_array(input), as_array(weight)
    check_indices(index, table.shape[0], "indices")
    if max_norm is not None:
        table = _renormed(table, index, max_norm, norm_type)
        if isinstance(weight, (Parameter, Buffer)):
            weight.move(table)
    rows = rows_at(table, index)
    if scale_grad_by_freq:
        names = past_end(index, table.shape[0])
        share = 1 / jnp.bincount(names.ravel(), length=table.shape[0])[names][..., None].astype(rows.dtype)
        still = jax.lax.stop_gradient(rows)
        rows = still + share * (rows - still)
    if padding_idx is None:
        return rows
    padding = row_number(padding_idx, table.shape[0])
    return jnp.where((index == padding)[..., None], jax.lax.stop_gradient(rows), rows)


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> jax.Array:
    """Sum, mean or maximum of the rows of each bag of indices; an empty bag gives 0.

    Args:
        input: indices `(bags, length)`, or `(length,)` with `offsets`.
        weight: the table `(rows, columns)`.
        offsets: `(bags,)` where each bag begins in a one-dimensional input.
        max_norm: as by `embedding`.
        norm_type: p of that norm.
        scale_grad_by_freq: divide a row's gradient by how often `input` names it.
        mode: `"sum"`, `"mean"` or `"max"`.
        sparse: refused: gradients are dense.
        per_sample_weights: factors of the input's shape, with `mode="sum"`.
        include_last_offset: `offsets` ends with the length of the input.
        padding_idx: a row that no bag counts.

    Returns:
        `(bags, columns)`.

    Raises:
        InputError: for what is refused, arguments that do not fit together and, in eager mode, an
            index outside the table or offsets that do not begin at 0 and rise; in a compiled call the bag, or
            all, is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> table = jnp.array([[1.0], [2.0], [4.0]])
        >>> embedding_bag(jnp.array([0, 1, 2]), table, jnp.array([0, 2]), mode="sum").tolist()
        [[3.0], [4.0]]
    """
    if mode not in ("sum", "mean", "max"):
        raise InputError(
            f"mode: expected 'sum', 'mean' or 'max', got {mode!r}{suggest(str(mode), ['sum', 'mean', 'max'])}"
        )
    index, table, factors = as_array(input), as_array(weight), optional(per_sample_weights)
    if factors is not None and (mode != "sum" or factors.shape != index.shape):
        raise InputError(
            f"per_sample_weights: expected mode='sum' and the input's shape {index.shape}, "
            f"got mode={mode!r} and {factors.shape}"
        )
    if mode == "max" and scale_grad_by_freq:
        raise InputError("scale_grad_by_freq: expected mode 'sum' or 'mean', got 'max'")
    flat, bag, bags, sound = _bags(index, optional(offsets), include_last_offset)
    rows = embedding(flat, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    counted = jnp.ones(flat.shape, bool)
    if padding_idx is not None:
        counted = flat != row_number(padding_idx, table.shape[0])
    counts = jax.ops.segment_sum(counted.astype(rows.dtype), bag, bags)[:, None]
    if mode == "max":
        return unless(~sound, _bag_max(rows, jnp.where(counted, bag, bags), bags))
    rows = rows if factors is None else rows * factors.reshape(-1, 1)
    total = jax.ops.segment_sum(jnp.where(counted[:, None], rows, 0), bag, bags)
    return unless(~sound, total / jnp.maximum(counts, 1) if mode == "mean" else total)


def _bags(index: jax.Array, offsets: jax.Array | None, include_last: bool):
    """Flat indices, the bag of each, the number of bags, and whether the offsets are sound."""
    if index.ndim == 2:
        if offsets is not None:
            raise InputError("offsets: expected None for two-dimensional input, whose rows are the bags")
        return index.ravel(), jnp.repeat(jnp.arange(len(index)), index.shape[1]), len(index), np.True_
    if index.ndim != 1 or offsets is None or offsets.ndim != 1:
        raise InputError(
            "expected indices (bags, length), or (length,) and one-dimensional offsets, got input "
            f"{index.shape} and offsets {None if offsets is None else offsets.shape}"
        )
    if include_last and not offsets.size:
        raise InputError("include_last_offset: expected at least one offset, the length of the input")
    sound: Any = np.True_
    if offsets.size:
        sound = (offsets[0] == 0) & (offsets[-1] <= len(index)) & (offsets[1:] >= offsets[:-1]).all()
        if not isinstance(sound, jax.core.Tracer) and not sound:
            raise InputError(
                f"offsets: expected a rising sequence from 0 to at most {len(index)}, got {offsets.tolist()}"
            )
    starts = offsets[:-1] if include_last else offsets
    return index, jnp.searchsorted(starts, jnp.arange(len(index)), side="right") - 1, len(starts), sound


def _bag_max(rows: jax.Array, bag: jax.Array, bags: int) -> jax.Array:
    """The largest entry of each column in each bag, by its place: the gradient reaches the first of equals."""
    if not len(rows):
        return jnp.zeros((bags, rows.shape[1]), rows.dtype)
    values = jax.lax.stop_gradient(rows)
    best = jax.ops.segment_max(values, bag, bags + 1)
    order = jnp.where(values == best[bag], jnp.arange(len(rows))[:, None], len(rows))
    place = jax.ops.segment_min(order, bag, bags + 1)[:bags]
    found = jnp.take_along_axis(rows, jnp.minimum(place, len(rows) - 1), 0)
    return jnp.where(
        best[:bags] != best[:bags], best[:bags], jnp.where(place < len(rows), found, 0)
    )  # NaN stays


def _renormed(table: jax.Array, index: jax.Array, max_norm: float, norm_type: float) -> jax.Array:
    """The table with the rows that are read scaled down to a norm; gradients pass as if they had been so before."""
    still, names = jax.lax.stop_gradient(table), past_end(index, len(table)).ravel()
    rows = still.at[names].get(mode="fill", fill_value=0)
    norms = jnp.linalg.norm(rows, norm_type, -1, keepdims=True)
    rows = jnp.where(norms > max_norm, rows * (max_norm / (norms + 1e-7)), rows)
    return still.at[names].set(rows, mode="drop") + (table - still)


def refuse_sparse(name: str, sparse: bool) -> None:
    if sparse:
        raise InputError(f"{name}: gradients are dense here; leave sparse=True out")


def row_number(index: int, rows: int) -> int:
    """A padding row counted from the front."""
    if not -rows <= index < rows:
        raise InputError(f"padding_idx: expected within {rows} rows, got {index}")
    return index % rows
