"""Adaptive pooling: windows of whatever size gives the wanted output."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.functional._common import as_array, floating, spatial
from normax.nn.functional._windows import axis_map, gather_max

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]


def adaptive_avg_pool1d(input: Any, output_size: Any) -> jax.Array:
    """Mean over `output_size` windows of `(N, C, L)` or `(C, L)`; see `adaptive_avg_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> adaptive_avg_pool1d(jnp.array([[1.0, 3.0, 2.0, 6.0]]), 2).tolist()
        [[2.0, 4.0]]
    """
    return _average(1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> jax.Array:
    """Mean over windows from `⌊i L / out⌋` to `⌈(i + 1) L / out⌉` of each axis.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        output_size: an int, or one for each axis; None keeps the axis.

    Returns:
        `(N, C, *output_size)`.

    Example:
        >>> import jax.numpy as jnp
        >>> adaptive_avg_pool2d(jnp.ones((1, 3, 7, 5)), (2, None)).shape
        (1, 3, 2, 5)
    """
    return _average(2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> jax.Array:
    """Mean over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; see `adaptive_avg_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> adaptive_avg_pool3d(jnp.ones((1, 2, 4, 5, 6)), 2).shape
        (1, 2, 2, 2, 2)
    """
    return _average(3, input, output_size)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False):
    """Maximum over `output_size` windows of `(N, C, L)` or `(C, L)`; see `adaptive_max_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> adaptive_max_pool1d(jnp.array([[1.0, 3.0, 2.0, 6.0]]), 2).tolist()
        [[3.0, 6.0]]
    """
    return _maximum(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False):
    """Maximum over windows from `⌊i L / out⌋` to `⌈(i + 1) L / out⌉` of each axis.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        output_size: an int, or one for each axis; None keeps the axis.
        return_indices: also the flat positions of the maxima.

    Returns:
        `(N, C, *output_size)`, or a pair of it and the int32 indices.

    Example:
        >>> import jax.numpy as jnp
        >>> adaptive_max_pool2d(jnp.ones((1, 3, 7, 5)), 2).shape
        (1, 3, 2, 2)
    """
    return _maximum(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False):
    """Maximum over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; see `adaptive_max_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> adaptive_max_pool3d(jnp.ones((1, 2, 4, 5, 6)), 2).shape
        (1, 2, 2, 2, 2)
    """
    return _maximum(3, input, output_size, return_indices)


def _sizes(n: int, x: jax.Array, output_size: Any) -> tuple[int, ...]:
    wanted = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(wanted) != n:
        raise InputError(f"output_size: expected an int or {n} of them, got {output_size!r}")
    if 0 in x.shape[1:]:
        raise InputError(f"expected at least one channel and one position, got shape {x.shape}")
    return tuple(length if size is None else int(size) for size, length in zip(wanted, x.shape[2:]))


def _limits(length: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(out)
    return i * length // out, -(-(i + 1) * length // out)


def _average(n: int, input: Any, output_size: Any) -> jax.Array:
    x, unbatched = spatial(floating(input), n, f"adaptive_avg_pool{n}d")
    for axis, out in enumerate(_sizes(n, x, output_size), 2):
        length = x.shape[axis]
        if out == 1:
            x = jnp.mean(x, axis, keepdims=True)
        elif out != length:
            start, stop = _limits(length, out)
            place = np.arange(length)
            inside = (place >= start[:, None]) & (place < stop[:, None])
            x = axis_map(x, axis, inside / inside.sum(1, keepdims=True))
    return x[0] if unbatched else x


def _maximum(n: int, input: Any, output_size: Any, return_indices: bool):
    x, unbatched = spatial(as_array(input), n, f"adaptive_max_pool{n}d")
    places = None
    sizes = _sizes(n, x, output_size)
    if return_indices:
        flat = np.arange(math.prod(x.shape[2:]), dtype=np.int32).reshape(x.shape[2:])
        places = jnp.broadcast_to(flat, x.shape)
    for axis in reversed(range(2, x.ndim)):
        start, stop = _limits(x.shape[axis], sizes[axis - 2])
        index = start[:, None] + np.arange((stop - start).max())
        x, places = gather_max(x, axis, np.where(index < stop[:, None], index, -1), places)
    if unbatched:
        x, places = x[0], None if places is None else places[0]
    return (x, places) if return_indices else x
