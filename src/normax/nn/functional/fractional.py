"""Fractional max pooling: windows whose places are drawn, so that any ratio of sizes is possible."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array, spatial, tuple_of
from normax.nn.random import layer_key

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]


def fractional_max_pool2d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    *,
    key: Any = None,
):
    """Maximum over windows at pseudo-random, nearly even distances, drawn for each sample and channel.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: an int, or one for each axis.
        output_size: an int, or one for each axis.
        output_ratio: instead of the size: output over input, in (0, 1).
        return_indices: also the flat positions of the maxima.
        _random_samples: `(N, C, 2)` in [0, 1), the draws themselves.
        key: a JAX key; default, the compiled step's next, in eager code the global generator's.

    Returns:
        `(N, C, *output_size)`, or a pair of it and the int32 indices.

    Raises:
        InputError: for sizes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> fractional_max_pool2d(jnp.ones((1, 3, 9, 9)), 2, output_ratio=0.6).shape
        (1, 3, 5, 5)

    Source:
        Graham, "Fractional max-pooling", arXiv 1412.6071.
    """
    return _pool(2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples, key)


def fractional_max_pool3d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    *,
    key: Any = None,
):
    """`fractional_max_pool2d` of volumes `(N, C, D, H, W)` or `(C, D, H, W)`.

    Example:
        >>> import jax.numpy as jnp
        >>> fractional_max_pool3d(jnp.ones((1, 1, 6, 6, 6)), 2, output_size=3).shape
        (1, 1, 3, 3, 3)
    """
    return _pool(3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples, key)


def check_ratio(n: int, output_size: Any, output_ratio: Any) -> None:
    """One of size and ratio, and ratios within (0, 1)."""
    if (output_size is None) == (output_ratio is None):
        raise InputError(
            f"expected one of output_size and output_ratio, got {output_size} and {output_ratio}"
        )
    if output_ratio is not None and not all(0 < r < 1 for r in ratios(n, output_ratio)):
        raise InputError(f"output_ratio: expected between 0 and 1, got {output_ratio}")


def ratios(n: int, output_ratio: Any) -> tuple[float, ...]:
    values = tuple(output_ratio) if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
    if len(values) != n:
        raise InputError(f"output_ratio: expected a number or {n} of them, got {output_ratio!r}")
    return values


def _pool(n, input, kernel_size, output_size, output_ratio, return_indices, samples, key):
    name = f"fractional_max_pool{n}d"
    check_ratio(n, output_size, output_ratio)
    x, unbatched = spatial(as_array(input), n, name)
    lengths, kernel = x.shape[2:], tuple_of(n, kernel_size, "kernel_size")
    if output_size is None:
        out = tuple(int(length * r) for length, r in zip(lengths, ratios(n, output_ratio)))
    else:
        out = tuple_of(n, output_size, "output_size")
    if any(k < 1 or o < 1 or o + k - 1 > length for k, o, length in zip(kernel, out, lengths)):
        raise InputError(
            f"{name}: expected output + kernel − 1 within the input's {lengths}, got output {out} and kernel {kernel}"
        )
    batch = x.shape[:2]
    if samples is None:
        draws = jax.random.uniform(layer_key() if key is None else key, (*batch, n), x.dtype)
    else:
        draws = as_array(samples)
        if draws.shape != (*batch, n):
            raise InputError(f"_random_samples: expected shape {(*batch, n)}, got {draws.shape}")
    # PyTorch's order of the draws: width first for images, depth first for volumes.
    order = (1, 0) if n == 2 else (0, 1, 2)
    places = [
        _starts(draws[..., d], length, o, k)[..., None] + jnp.arange(k)
        for d, length, o, k in zip(order, lengths, out, kernel)
    ]
    flat: Any = 0
    for i, (place, length) in enumerate(zip(places, lengths)):  # (N, C, o1, o2, ..., k1, k2, ...)
        shape = [1] * 2 * n
        shape[i], shape[n + i] = place.shape[2:]
        flat = flat * length + place.reshape(*batch, *shape)
    flat = flat.reshape(*batch, math.prod(out), -1)
    values = jnp.take_along_axis(x.reshape(*batch, 1, -1), flat, -1)
    pick = jnp.argmax(values, -1, keepdims=True)
    y, at = (jnp.take_along_axis(a, pick, -1).reshape(*batch, *out) for a in (values, flat.astype(jnp.int32)))
    if unbatched:
        y, at = y[0], at[0]
    return (y, at) if return_indices else y


def _starts(draw: jax.Array, length: int, out: int, kernel: int) -> jax.Array:
    """`(N, C, out)` first places of the windows; the last window ends with the input."""
    last = jnp.full((*draw.shape, 1), length - kernel, jnp.int32)
    if out == 1:
        return last
    pace = (length - kernel) / (out - 1)
    draw = draw[..., None]
    rising = jnp.floor((jnp.arange(out - 1) + draw) * pace) - jnp.floor(draw * pace)
    return jnp.concatenate([rising.astype(jnp.int32), last], -1)
