"""PackedSequence: sequences of several lengths as one padded array and their lengths.

PyTorch strings the steps of all sequences together, in an array whose size depends on the lengths. XLA wants one shape,
so the padded array stays, and what PyTorch's fields hold is made when they are asked for.
"""

from __future__ import annotations

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.cells import Cell, as_array

__all__ = ["PackedSequence", "invert_permutation", "known_or_traced", "masked"]


def invert_permutation(permutation: Any) -> Any:
    """Where each entry went.

    Example:
        >>> invert_permutation([2, 0, 1]).tolist()
        [1, 2, 0]
    """
    return None if permutation is None else jnp.argsort(as_array(permutation))


@jax.tree_util.register_pytree_node_class
class PackedSequence:
    """Sequences of several lengths, as `pack_padded_sequence` and `pack_sequence` make them and RNNs take them.

    Args:
        data: the steps of all sequences, time by time, the longest sequence first, as PyTorch's field of this name.
        batch_sizes: how many sequences run at each time.
        sorted_indices: the order of the sequences in `data`; None if it is their own.
        unsorted_indices: its inverse.

    Attributes:
        padded: `(T, N, ...)`, the sequences in their own order.
        lengths: `(N,)` steps of each.

    Example:
        >>> import jax.numpy as jnp
        >>> packed = PackedSequence(jnp.array([1.0, 2.0, 3.0]), [2, 1])
        >>> packed.padded.tolist(), packed.lengths.tolist()
        ([[1.0, 2.0], [3.0, 0.0]], [2, 1])
    """

    padded: jax.Array
    lengths: Any

    def __init__(
        self, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ):
        if batch_sizes is None:
            data, batch_sizes = data
        data, sizes = as_array(data), _known(batch_sizes, "batch_sizes")
        if sizes.ndim != 1 or not sizes.size or sizes.sum() != len(data) or (np.diff(sizes) > 0).any():
            raise InputError(
                f"batch_sizes: expected falling numbers that add up to {len(data)}, got {sizes.tolist()}"
            )
        if sorted_indices is None and unsorted_indices is not None:
            sorted_indices = invert_permutation(unsorted_indices)
        lengths = (sizes[:, None] > np.arange(sizes[0])).sum(0)
        where = np.cumsum(sizes) - sizes
        index = np.where(sizes[:, None] > np.arange(sizes[0]), where[:, None] + np.arange(sizes[0]), 0)
        padded = masked(data[index], lengths)
        if sorted_indices is not None:
            back = np.argsort(_known(sorted_indices, "sorted_indices"))
            padded, lengths = padded[:, back], lengths[back]
        self._set(padded, lengths, sorted_indices is not None)

    def _set(self, padded: Any, lengths: Any, reordered: bool) -> Self:
        self.padded, self.lengths, self._reordered = padded, lengths, reordered
        return self

    @classmethod
    def of(cls, padded: jax.Array, lengths: Any, reordered: bool) -> Self:
        """Of `(T, N, ...)` and lengths; `reordered` says whether the sequences may stand in any order."""
        return object.__new__(cls)._set(padded, lengths, reordered)

    def with_padded(self, padded: jax.Array) -> Self:
        """Other steps of the same lengths."""
        return self.of(padded, self.lengths, self._reordered)

    def tree_flatten(self) -> tuple:
        return (self.padded, self.lengths), self._reordered

    @classmethod
    def tree_unflatten(cls, reordered: bool, children: Any) -> Self:
        padded, lengths = children
        return cls.of(padded, lengths, reordered)

    @property
    def running(self) -> jax.Array:
        """`(T, N)`: which sequences still run at each time."""
        return _running(self.padded, self.lengths)

    @property
    def sorted_indices(self) -> jax.Array | None:
        return jnp.argsort(-jnp.asarray(self.lengths), stable=True) if self._reordered else None

    @property
    def unsorted_indices(self) -> jax.Array | None:
        return invert_permutation(self.sorted_indices)

    @property
    def batch_sizes(self) -> jax.Array:
        lengths = _known(self.lengths, "batch_sizes")
        return jnp.asarray((np.arange(lengths.max())[:, None] < lengths).sum(1))

    @property
    def data(self) -> jax.Array:
        lengths = _known(self.lengths, "data")
        order = np.argsort(-lengths, kind="stable")
        time, place = np.nonzero(np.arange(lengths.max())[:, None] < lengths[order])
        return self.padded[time, order[place]]

    def _replace(self, data: Any) -> PackedSequence:
        return PackedSequence(data, self.batch_sizes, self.sorted_indices)

    def __iter__(self):
        return iter((self.data, self.batch_sizes, self.sorted_indices, self.unsorted_indices))

    def __repr__(self) -> str:
        return f"PackedSequence(padded={self.padded!r}, lengths={self.lengths!r})"

    def to(self, dtype: Any) -> Self:
        """The same sequences in another dtype."""
        return self.with_padded(self.padded.astype(dtype))


def known_or_traced(values: Any) -> Any:
    """Integers as a NumPy array where they are known, which they stay in a compiled call; else as they are traced."""
    values = values.value if isinstance(values, Cell) else values
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values)):
        return jnp.asarray(values)
    return np.asarray(values)


def _known(values: Any, name: str) -> np.ndarray:
    values = known_or_traced(values)
    if isinstance(values, jax.core.Tracer):
        raise InputError(
            f"PackedSequence.{name} has no fixed size where lengths are traced: work on `packed.padded` and "
            "`packed.lengths`, or give the lengths as a list"
        )
    return values


def masked(padded: jax.Array, lengths: Any, fill: Any = 0) -> jax.Array:
    """`(T, N, ...)` with a number in place of what stands past each end."""
    running = _running(padded, lengths)
    return jnp.where(running.reshape(*running.shape, *(1,) * (padded.ndim - 2)), padded, fill)


def _running(padded: jax.Array, lengths: Any) -> jax.Array:
    return jnp.arange(padded.shape[0])[:, None] < jnp.asarray(lengths)
