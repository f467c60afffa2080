"""Pooling over windows: maximum, average, p-norm, and the inverse of max pooling."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.backend import fence
from normax.nn.functional._common import as_array, floating, spatial, tuple_of
from normax.nn.functional._windows import Window, axis_max, axis_sum, max_tiles, window
from normax.nn.indices import check_indices, unless

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]


def _windows(n, x, kernel_size, stride, padding, dilation, ceil_mode, name) -> tuple[Window, ...]:
    kernel = tuple_of(n, kernel_size, "kernel_size")
    step = kernel if stride is None else tuple_of(n, stride, "stride")
    padding, dilation = tuple_of(n, padding, "padding"), tuple_of(n, dilation, "dilation")
    axes = zip(x.shape[2:], kernel, step, padding, dilation)
    return tuple(window(*axis, ceil_mode, name) for axis in axes)


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Maximum over windows of `(N, C, L)` or `(C, L)`; see `max_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> max_pool1d(jnp.array([[[1.0, 3.0, 2.0, 5.0]]]), 2).tolist()
        [[[3.0, 5.0]]]
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Maximum over windows. Gradients go to the first maximum of a window, as in PyTorch.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: an int or one for each axis.
        stride: default, the kernel size.
        padding: cells of −∞ at both ends, at most half the kernel's reach.
        dilation: distance between a window's points.
        ceil_mode: round the output size up; the last window may hang over but starts inside.
        return_indices: also the flat positions of the maxima in `(H, W)`, for `max_unpool2d`.

    Returns:
        `(N, C, H', W')`, or a pair of it and the int32 indices.

    Raises:
        InputError: for impossible windows.

    Example:
        >>> import jax.numpy as jnp
        >>> max_pool2d(jnp.arange(16.0).reshape(1, 1, 4, 4), 2).tolist()
        [[[[5.0, 7.0], [13.0, 15.0]]]]
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Maximum over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; see `max_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> max_pool3d(jnp.ones((1, 2, 4, 4, 4)), 2).shape
        (1, 2, 2, 2, 2)
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(n, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    name = f"max_pool{n}d"
    x, unbatched = spatial(as_array(input), n, name)
    windows = _windows(n, x, kernel_size, stride, padding, dilation, ceil_mode, name)
    best, at = _max_windows(x, windows, return_indices)
    if unbatched:
        best, at = best[0], None if at is None else at[0]
    return (best, at) if return_indices else best


@partial(jax.jit, static_argnames=("windows", "indices"))
def _max_windows(x, windows, indices):
    # Channels last, where a CPU's convolutions leave them; other neighbours fuse the transposes.
    x = jnp.moveaxis(x, 1, -1)
    if not indices and all(w.tiles for w in windows):
        return _channels_first(max_tiles(x, tuple(w.size for w in windows))), None
    places = None
    if indices:
        flat = np.arange(math.prod(x.shape[1:-1]), dtype=np.int32).reshape(*x.shape[1:-1], 1)
        places = jnp.broadcast_to(flat, x.shape)
    # Last axis first: ties then go to the first maximum in reading order.
    for axis in reversed(range(1, x.ndim - 1)):
        x, places = axis_max(x, axis, windows[axis - 1], places)
    return _channels_first(x), None if places is None else _channels_first(places)


@fence
def _channels_first(x):
    return jnp.moveaxis(x, -1, 1)


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Mean over windows of `(N, C, L)` or `(C, L)`; see `avg_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> avg_pool1d(jnp.array([[[1.0, 3.0, 2.0, 6.0]]]), 2).tolist()
        [[[2.0, 4.0]]]
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """Mean over windows.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: an int or one for each axis.
        stride: default, the kernel size.
        padding: zeros at both ends, at most half the kernel.
        ceil_mode: round the output size up.
        count_include_pad: whether padding counts in the divisor.
        divisor_override: a divisor for every window instead of its size.

    Returns:
        `(N, C, H', W')`.

    Raises:
        InputError: for impossible windows, or a divisor of 0.

    Example:
        >>> import jax.numpy as jnp
        >>> avg_pool2d(jnp.arange(16.0).reshape(1, 1, 4, 4), 2).tolist()
        [[[[2.5, 4.5], [10.5, 12.5]]]]
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """Mean over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; see `avg_pool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> avg_pool3d(jnp.ones((1, 2, 4, 4, 4)), 2).shape
        (1, 2, 2, 2, 2)
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _avg_pool(n, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    name = f"avg_pool{n}d"
    x, unbatched = spatial(floating(input), n, name)
    if divisor_override == 0:
        raise InputError(f"{name}: expected a divisor_override other than 0")
    windows = _windows(n, x, kernel_size, stride, padding, 1, ceil_mode, name)
    y = _mean_windows(x, windows, bool(count_include_pad), divisor_override)
    return y[0] if unbatched else y


@partial(jax.jit, static_argnames=("windows", "include_padding", "divisor"))
def _mean_windows(x, windows, include_padding, divisor):
    for axis, w in enumerate(windows, 2):
        x = axis_sum(x, axis, w)
    if divisor is None:
        divisor = math.prod(np.ix_(*(w.counts(include_padding) for w in windows)))
    return x / jnp.asarray(divisor, x.dtype)


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`(Σ xᵖ)^(1/p)` over windows of `(N, C, L)` or `(C, L)`, p = `norm_type`.

    Example:
        >>> import jax.numpy as jnp
        >>> lp_pool1d(jnp.array([[[3.0, 4.0]]]), 2, 2).tolist()
        [[[5.0]]]
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`(Σ xᵖ)^(1/p)` over windows of `(N, C, H, W)` or `(C, H, W)`, p = `norm_type`.

    Example:
        >>> import jax.numpy as jnp
        >>> lp_pool2d(jnp.ones((1, 1, 4, 4)), 1, 2).tolist()
        [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`(Σ xᵖ)^(1/p)` over windows of `(N, C, D, H, W)` or `(C, D, H, W)`, p = `norm_type`.

    Example:
        >>> import jax.numpy as jnp
        >>> lp_pool3d(jnp.ones((1, 1, 2, 2, 2)), 1, 2).tolist()
        [[[[[8.0]]]]]
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(n, input, norm_type, kernel_size, stride, ceil_mode):
    size = math.prod(tuple_of(n, kernel_size, "kernel_size"))
    mean = _avg_pool(n, floating(input) ** norm_type, kernel_size, stride, 0, ceil_mode, True, None)
    return (jnp.sign(mean) * jax.nn.relu(jnp.abs(mean)) * size) ** (1.0 / norm_type)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The inverse of `max_pool1d`: each value at its index, zeros elsewhere; see `max_unpool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> max_unpool1d(jnp.array([[[3.0, 5.0]]]), jnp.array([[[1, 3]]]), 2).tolist()
        [[[0.0, 3.0, 0.0, 5.0]]]
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The inverse of `max_pool2d`: each value at its index, zeros elsewhere.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        indices: those of `max_pool2d(..., return_indices=True)`, of the same shape.
        kernel_size: the pool's.
        stride: the pool's; default, the kernel size.
        padding: the pool's.
        output_size: the spatial size of the result, where several fit; default
            `(H − 1)·stride − 2·padding + kernel_size`.

    Example:
        >>> import jax.numpy as jnp
        >>> y, at = max_pool2d(jnp.arange(4.0).reshape(1, 1, 2, 2), 2, return_indices=True)
        >>> max_unpool2d(y, at, 2).tolist()
        [[[[0.0, 0.0], [0.0, 3.0]]]]
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The inverse of `max_pool3d`; see `max_unpool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> max_unpool3d(jnp.ones((1, 1, 1, 1, 1)), jnp.zeros((1, 1, 1, 1, 1), int), 2).shape
        (1, 1, 2, 2, 2)
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(n, input, indices, kernel_size, stride, padding, output_size: Any):
    x, unbatched = spatial(as_array(input), n, f"max_unpool{n}d")
    at, _ = spatial(as_array(indices), n, f"max_unpool{n}d")
    if x.shape != at.shape:
        raise InputError(f"indices: expected the input's shape {x.shape}, got {at.shape}")
    kernel, pad = tuple_of(n, kernel_size, "kernel_size"), tuple_of(n, padding, "padding")
    step = kernel if stride is None else tuple_of(n, stride, "stride")
    size = tuple((length - 1) * s - 2 * p + k for length, s, p, k in zip(x.shape[2:], step, pad, kernel))
    if output_size is not None:
        wanted = tuple(output_size)[-n:]
        if any(abs(w - d) >= s for w, d, s in zip(wanted, size, step)):
            raise InputError(f"output_size: expected within a stride {step} of {size}, got {wanted}")
        size = wanted
    flat = jnp.zeros((*x.shape[:2], math.prod(size)), x.dtype)
    at = at.reshape(*x.shape[:2], -1)
    check_indices(at, flat.shape[-1], "indices")
    rows = (np.arange(x.shape[0])[:, None, None], np.arange(x.shape[1])[:, None])
    flat = flat.at[(*rows, at)].set(x.reshape(*x.shape[:2], -1))
    flat = unless(((at < 0) | (at >= flat.shape[-1])).any(-1, keepdims=True), flat)
    y = flat.reshape(*x.shape[:2], *size)
    return y[0] if unbatched else y
