"""Sequences of several lengths: padded; packed ones are answered with what to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.cells import as_array

__all__ = ["pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence", "unpad_sequence"]


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


def _packed(*args: Any, **kwargs: Any) -> Any:
    """Refused: XLA wants one shape. The error says what to write."""
    raise InputError(
        "packed sequences have no counterpart: run the padded array, `y, _ = rnn(x)`; the last output of each "
        "sequence is `y[lengths - 1, jnp.arange(len(lengths))]` (of a layer in one direction), and a mask "
        "`jnp.arange(len(y))[:, None] < lengths` leaves the padding out of a loss"
    )


pack_padded_sequence = pad_packed_sequence = pack_sequence = _packed
