"""Elements moved, none changed: between channels and positions, and windows to columns and back."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.functional._common import as_array, spatial, tuple_of

__all__ = ["channel_shuffle", "fold", "pixel_shuffle", "pixel_unshuffle", "unfold"]


def pixel_shuffle(input: Any, upscale_factor: int) -> jax.Array:
    """Channels to positions: `(..., C r², H, W)` becomes `(..., C, H r, W r)`.

    Raises:
        InputError: if the channels do not divide by r².

    Example:
        >>> import jax.numpy as jnp
        >>> pixel_shuffle(jnp.ones((1, 8, 3, 3)), 2).shape
        (1, 2, 6, 6)

    Source:
        Shi et al., "Real-time single image and video super-resolution", CVPR 2016.
    """
    x, r = as_array(input), upscale_factor
    if r < 1 or x.ndim < 3 or x.shape[-3] % r**2:
        raise InputError(f"expected (..., C, H, W) with channels divisible by {r}², got shape {x.shape}")
    *batch, c, h, w = x.shape
    y = x.reshape(math.prod(batch), c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(*batch, c // r**2, h * r, w * r)


def pixel_unshuffle(input: Any, downscale_factor: int) -> jax.Array:
    """Positions to channels: `(..., C, H r, W r)` becomes `(..., C r², H, W)`.

    Raises:
        InputError: if height or width do not divide by r.

    Example:
        >>> import jax.numpy as jnp
        >>> pixel_unshuffle(jnp.ones((1, 2, 6, 6)), 2).shape
        (1, 8, 3, 3)
    """
    x, r = as_array(input), downscale_factor
    if r < 1 or x.ndim < 3 or x.shape[-1] % r or x.shape[-2] % r:
        raise InputError(f"expected (..., C, H, W) with H and W divisible by {r}, got shape {x.shape}")
    *batch, c, h, w = x.shape
    y = x.reshape(math.prod(batch), c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
    return y.reshape(*batch, c * r**2, h // r, w // r)


def channel_shuffle(input: Any, groups: int) -> jax.Array:
    """The channels of `(N, C, ...)`, read across groups instead of one group after the other.

    Raises:
        InputError: if the channels do not divide into the groups.

    Example:
        >>> import jax.numpy as jnp
        >>> channel_shuffle(jnp.arange(4.0).reshape(1, 4, 1), 2).ravel().tolist()
        [0.0, 2.0, 1.0, 3.0]

    Source:
        Zhang et al., "ShuffleNet", CVPR 2018.
    """
    x = as_array(input)
    if groups < 1 or x.ndim < 3 or x.shape[1] % groups:
        raise InputError(f"expected (N, C, ...) with {groups} groups of channels, got shape {x.shape}")
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]).swapaxes(1, 2).reshape(x.shape)


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> jax.Array:
    """Every window of an image as a column: `im2col`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: of a window; an int, or one for each axis, as the others.
        dilation: distance between a window's points.
        padding: zeros at both ends.
        stride: from window to window.

    Returns:
        `(N, C · kernel height · kernel width, windows)`.

    Raises:
        InputError: for another number of axes, or an image smaller than a window.

    Example:
        >>> import jax.numpy as jnp
        >>> unfold(jnp.ones((1, 3, 5, 5)), 3, padding=1, stride=2).shape
        (1, 27, 9)
    """
    x, unbatched = spatial(as_array(input), 2, "unfold")
    rows, columns, pad = _places("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    x = jnp.pad(x, ((0, 0), (0, 0), *((p, p) for p in pad)))
    y = x[:, :, rows, columns].reshape(
        len(x), x.shape[1] * rows.shape[0] * columns.shape[1], rows.shape[2] * columns.shape[3]
    )
    return y[0] if unbatched else y


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> jax.Array:
    """Columns as windows of an image, overlaps summed: `col2im`, the transpose of `unfold`.

    Args:
        input: `(N, C · kernel height · kernel width, windows)`, or without N.
        output_size: height and width of the image; an int, or one for each axis, as the others.
        kernel_size: of a window.
        dilation: distance between a window's points.
        padding: of the image, cut off at the end.
        stride: from window to window.

    Returns:
        `(N, C, H, W)`.

    Raises:
        InputError: if columns or windows do not fit the kernel and the image.

    Example:
        >>> import jax.numpy as jnp
        >>> fold(jnp.ones((1, 4, 4)), 3, 2)[0, 0].tolist()
        [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    x = as_array(input)
    height, width = tuple_of(2, output_size, "output_size")
    rows, columns, (ph, pw) = _places("fold", (height, width), kernel_size, dilation, padding, stride)
    points, windows = len(rows) * columns.shape[1], rows.shape[2] * columns.shape[3]
    if x.ndim not in (2, 3) or x.shape[-2] % points or x.shape[-1] != windows:
        raise InputError(f"fold: expected (N, C · {points}, {windows}) or without N, got shape {x.shape}")
    batch, channels = x.shape[:-2], x.shape[-2] // points
    y = x.reshape(-1, channels, len(rows), columns.shape[1], rows.shape[2], columns.shape[3])
    image = jnp.zeros((len(y), channels, height + 2 * ph, width + 2 * pw), x.dtype)
    image = image.at[:, :, rows, columns].add(y)[:, :, ph : ph + height, pw : pw + width]
    return image.reshape(*batch, channels, height, width)


def _places(name, size, kernel_size, dilation, padding, stride):
    """Row `(kh, 1, oh, 1)` and column `(1, kw, 1, ow)` of each point of each window in the padded image."""
    kernel, dilation = tuple_of(2, kernel_size, "kernel_size"), tuple_of(2, dilation, "dilation")
    padding, stride = tuple_of(2, padding, "padding"), tuple_of(2, stride, "stride")
    if min(kernel + dilation + stride) < 1 or min(padding) < 0:
        raise InputError(
            f"{name}: expected kernel_size, dilation and stride >= 1 and padding >= 0, "
            f"got {kernel}, {dilation}, {stride} and {padding}"
        )
    out = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride)
    ]
    if min(out) < 1:
        raise InputError(f"{name}: an image of {tuple(size)} is smaller than the kernel {kernel}")
    places = [
        d * np.arange(k)[:, None] + s * np.arange(o) for k, d, s, o in zip(kernel, dilation, stride, out)
    ]
    return places[0][:, None, :, None], places[1][None, :, None, :], padding
