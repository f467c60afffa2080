"""Sequences of several lengths: padded, and packed for recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.cells import as_array
from normax.nn.packed import PackedSequence, invert_permutation, known_or_traced, masked

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


def pad_sequence(
    sequences: Sequence[Any],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> jax.Array:
    """Sequences `(T_i, ...)` as one array `(T, N, ...)`, T the longest.

    Args:
        sequences: arrays that differ in their first axis only.
        batch_first: `(N, T, ...)` instead.
        padding_value: what fills the rest.
        padding_side: `"right"` or `"left"`.

    Example:
        >>> import jax.numpy as jnp
        >>> pad_sequence([jnp.ones(3), jnp.ones(1)], batch_first=True).tolist()
        [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if padding_side not in ("left", "right"):
        raise InputError(f"padding_side: expected 'left' or 'right', got {padding_side!r}")
    arrays = [as_array(s) for s in sequences]
    if not arrays or any(a.ndim == 0 or a.shape[1:] != arrays[0].shape[1:] for a in arrays):
        raise InputError(
            f"sequences: expected equal shapes but for the first axis, got {[a.shape for a in arrays]}"
        )
    longest = max(len(a) for a in arrays)

    def padded(a: jax.Array) -> jax.Array:
        gap = longest - len(a)
        ends = (gap, 0) if padding_side == "left" else (0, gap)
        return jnp.pad(a, (ends, *[(0, 0)] * (a.ndim - 1)), constant_values=padding_value)

    return jnp.stack([padded(a) for a in arrays], 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[jax.Array]:
    """The sequences of a padded array, padded on the right, by their lengths.

    Example:
        >>> import jax.numpy as jnp
        >>> [s.tolist() for s in unpad_sequence(jnp.array([[1.0, 2.0], [3.0, 0.0]]), [2, 1], True)]
        [[1.0, 2.0], [3.0]]
    """
    x = as_array(padded_sequences)
    rows = x if batch_first else jnp.swapaxes(x, 0, 1)
    return [row[: int(length)] for row, length in zip(rows, lengths, strict=True)]


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Padded sequences with their lengths, for `RNN`, `LSTM` and `GRU`: what stands past an end is not read.

    Args:
        input: `(T, N, ...)`, padded on the right.
        lengths: `(N,)` from 1 to T; in a compiled call they may be traced, and a length outside gives NaN.
        batch_first: `(N, T, ...)` instead.
        enforce_sorted: refuse lengths that rise, where they are known.

    Raises:
        InputError: for lengths that do not fit the input, or rise where they must not.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> packed = pack_padded_sequence(jnp.ones((5, 2, 3)), [5, 2])
        >>> y, h = nn.GRU(3, 4)(packed)
        >>> y, lengths = pad_packed_sequence(y)
        >>> y.shape, lengths.tolist(), float(abs(y[2:, 1]).max())
        ((5, 2, 4), [5, 2], 0.0)
    """
    x, n = as_array(input), known_or_traced(lengths)
    if x.ndim < 2:
        raise InputError(f"input: expected (T, N, ...) or, batch first, (N, T, ...), got shape {x.shape}")
    x = x.swapaxes(0, 1) if batch_first else x
    if n.shape != x.shape[1:2] or not jnp.issubdtype(n.dtype, jnp.integer):
        raise InputError(f"lengths: expected {x.shape[1]} integers, one a sequence, got {n.dtype}{n.shape}")
    if isinstance(n, jax.core.Tracer):
        fits = (n >= 1) & (n <= x.shape[0])
        if jnp.issubdtype(x.dtype, jnp.inexact):
            x = jnp.where(fits.reshape(-1, *(1,) * (x.ndim - 2)), x, jnp.nan)
        return PackedSequence.of(masked(x, n), n, not enforce_sorted)
    if not n.size or n.min() < 1 or n.max() > x.shape[0]:
        raise InputError(f"lengths: expected from 1 to {x.shape[0]}, got {n.tolist()}")
    if enforce_sorted and (np.diff(n) > 0).any():
        raise InputError(f"lengths: expected a falling order, got {n.tolist()}; pass enforce_sorted=False")
    return PackedSequence.of(masked(x[: n.max()], n), n, not enforce_sorted)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Padded sequences and their lengths, in the order in which they were packed.

    Args:
        sequence: what was packed, or what a recurrent layer returned.
        batch_first: `(N, T, ...)` instead of `(T, N, ...)`.
        padding_value: what stands past each end.
        total_length: T; default, the longest length, or with traced lengths the T that was packed.

    Raises:
        InputError: for a total length below the longest.
    """
    if not isinstance(sequence, PackedSequence):
        raise InputError(f"expected a PackedSequence, got {type(sequence).__name__}")
    x, n = sequence.padded, sequence.lengths
    longest = x.shape[0]
    if total_length is not None and total_length < longest:
        raise InputError(f"total_length: expected at least {longest}, the longest length, got {total_length}")
    gap = 0 if total_length is None else total_length - longest
    x = masked(jnp.pad(x, ((0, gap), *[(0, 0)] * (x.ndim - 1))), n, padding_value)
    return x.swapaxes(0, 1) if batch_first else x, jnp.asarray(n)


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """`pack_padded_sequence` of sequences `(T_i, ...)`.

    Example:
        >>> import jax.numpy as jnp
        >>> packed = pack_sequence([jnp.array([1.0, 2.0]), jnp.array([3.0])])
        >>> packed.data.tolist(), packed.batch_sizes.tolist()
        ([1.0, 3.0, 2.0], [2, 1])
    """
    lengths = [len(as_array(s)) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[jax.Array]:
    """The sequences that were packed.

    Example:
        >>> import jax.numpy as jnp
        >>> [s.tolist() for s in unpack_sequence(pack_sequence([jnp.array([1.0, 2.0]), jnp.array([3.0])]))]
        [[1.0, 2.0], [3.0]]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences))
