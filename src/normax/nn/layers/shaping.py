"""Layers that change the shape and nothing else."""

from __future__ import annotations

import math
from typing import Any

from normax.errors import InputError
from normax.nn.functional._common import as_array
from normax.nn.module import Module

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one, in reading order.

    Args:
        start_dim: the first; 1 keeps the batch.
        end_dim: the last.

    Example:
        >>> import jax.numpy as jnp
        >>> Flatten()(jnp.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        x = as_array(input)
        axes = range(-x.ndim, x.ndim) if x.ndim else (-1, 0)
        if self.start_dim not in axes or self.end_dim not in axes:
            raise InputError(f"expected axes {self.start_dim} to {self.end_dim}, got shape {x.shape}")
        start, end = self.start_dim % max(x.ndim, 1), self.end_dim % max(x.ndim, 1)
        if start > end:
            raise InputError(f"expected start_dim before end_dim, got {start} and {end} for shape {x.shape}")
        size = math.prod(x.shape[start : end + 1])
        return x.reshape(*x.shape[:start], size, *x.shape[end + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several, in reading order.

    Args:
        dim: the axis.
        unflattened_size: their sizes; one may be −1.

    Example:
        >>> import jax.numpy as jnp
        >>> Unflatten(1, (3, 4))(jnp.ones((2, 12))).shape
        (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Any):
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"Unflatten: expected an int axis, got {dim!r}: arrays here have no named axes")
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Any) -> Any:
        x = as_array(input)
        axis, sizes = self.dim % x.ndim, self.unflattened_size
        if -1 not in sizes and math.prod(sizes) != x.shape[axis]:
            raise InputError(
                f"expected axis {self.dim} of size {math.prod(sizes)}, {sizes}, got shape {x.shape}"
            )
        return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
