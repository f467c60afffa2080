"""Images of another size: each axis is resampled on its own, from a few taps with fixed weights."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn.functional import adaptive
from normax.nn.functional._common import as_array, floating

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}  # the others take any of 1 to 3
_MODES = ("nearest", "nearest-exact", "area", *_AXES)


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> jax.Array:
    """The input resampled to another size.

    Args:
        input: `(N, C, *spatial)` with 1, 2 or 3 spatial axes.
        size: of the output; an int, or one for each spatial axis.
        scale_factor: instead of `size`: a number, or one for each axis; the output has `⌊length · factor⌋`.
        mode: `"nearest"`, `"nearest-exact"`, `"area"` (adaptive average), `"linear"` (one axis), `"bilinear"`
            and `"bicubic"` (two), `"trilinear"` (three).
        align_corners: the corner points of input and output are the same; else the corners of their corner
            pixels are. For the linear and cubic modes.
        recompute_scale_factor: sample at distances of the sizes' ratio instead of `1 / scale_factor`.
        antialias: widen the filter when shrinking, for `"bilinear"` and `"bicubic"`.

    Returns:
        `(N, C, *size)`.

    Raises:
        InputError: for arguments that do not fit together or the input.

    Example:
        >>> import jax.numpy as jnp
        >>> interpolate(jnp.array([[[0.0, 1.0]]]), size=4, mode="linear").tolist()
        [[[0.0, 0.25, 0.75, 1.0]]]

    Source:
        Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981.
    """
    x = as_array(input) if mode.startswith("nearest") else floating(input)
    n = x.ndim - 2
    _check(n, x.shape, mode, align_corners, antialias)
    lengths = x.shape[2:]
    sizes, factors = _sizes(lengths, size, scale_factor)
    if min(sizes) < 1:
        raise InputError(f"interpolate: expected an output of at least 1 along each axis, got {sizes}")
    if recompute_scale_factor and factors is None:
        raise InputError("recompute_scale_factor: expected with scale_factor, got size")
    if mode == "area":
        return (adaptive.adaptive_avg_pool1d, adaptive.adaptive_avg_pool2d, adaptive.adaptive_avg_pool3d)[
            n - 1
        ](x, sizes)
    given = [None] * n if factors is None or recompute_scale_factor else factors
    for axis, (length, out, factor) in enumerate(zip(lengths, sizes, given), 2):
        step = length / out if factor is None else 1 / factor
        if align_corners:
            step = (length - 1) / (out - 1) if out > 1 else 0.0
        places, weights = _taps(mode, length, out, step, bool(align_corners), antialias)
        parts = [_take(x, axis, p, w) for p, w in zip(places.T, weights.T)]
        x = sum(parts[1:], start=parts[0])
    return x


def _check(n: int, shape: tuple, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in _MODES:
        raise InputError(
            f"mode: expected one of {', '.join(_MODES)}, got {mode!r}{suggest(str(mode), _MODES)}"
        )
    if not 1 <= n <= 3 or _AXES.get(mode, n) != n:
        wanted = _AXES.get(mode, "1 to 3")
        raise InputError(f"{mode}: expected (N, C, ...) with {wanted} spatial axes, got shape {shape}")
    if align_corners is not None and mode not in _AXES:
        raise InputError(f"align_corners: expected a linear or cubic mode, got {mode!r}")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise InputError(f"antialias: expected mode 'bilinear' or 'bicubic', got {mode!r}")


def _sizes(lengths: tuple[int, ...], size: Any, scale_factor: Any):
    """Output sizes, and the factors where those were given."""
    if (size is None) == (scale_factor is None):
        raise InputError(f"expected one of size and scale_factor, got {size} and {scale_factor}")
    given = size if scale_factor is None else scale_factor
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * len(lengths)
    if len(values) != len(lengths):
        raise InputError(f"size, scale_factor: expected one number, or {len(lengths)} of them, got {given!r}")
    if scale_factor is None:
        return tuple(int(v) for v in values), None
    return tuple(int(length * float(v)) for length, v in zip(lengths, values)), [float(v) for v in values]


def _taps(mode: str, length: int, out: int, step: float, align: bool, antialias: bool):
    """`(out, taps)` places in the input and their weights."""
    i = np.arange(out)
    if mode.startswith("nearest"):  # PyTorch finds the place in float32, whatever the input's dtype
        shift = np.float32(0.5 if mode == "nearest-exact" else 0)
        place = np.floor((i.astype(np.float32) + shift) * np.float32(step)).astype(int)
        return np.minimum(place, length - 1)[:, None], np.ones((out, 1))
    cubic = mode == "bicubic"
    if antialias:
        return _wide_taps(cubic, length, i, step)
    at = i * step if align else (i + 0.5) * step - 0.5
    if not cubic:
        at = np.maximum(at, 0)
    first = np.floor(at)
    if not cubic:
        first = np.minimum(first, length - 1)
    places = first[:, None] + (np.arange(-1, 3) if cubic else np.arange(2))
    distance = np.abs(at[:, None] - places)
    weights = cubic_kernel(distance, -0.75) if cubic else np.maximum(1 - distance, 0)
    return np.clip(places, 0, length - 1).astype(int), weights


def _wide_taps(cubic: bool, length: int, i: np.ndarray, step: float):
    """Taps of a filter as wide as an output pixel; a = −0.5 as in PIL."""
    widening = max(step, 1.0)
    reach = (2 if cubic else 1) * widening
    centre = (i + 0.5) * step
    start = np.maximum((centre - reach + 0.5).astype(int), 0)
    stop = np.minimum((centre + reach + 0.5).astype(int), length)
    places = start[:, None] + np.arange((stop - start).max())
    distance = np.abs(places + 0.5 - centre[:, None]) / widening
    weights = cubic_kernel(distance, -0.5) if cubic else np.maximum(1 - distance, 0)
    weights = np.where(places < stop[:, None], weights, 0)
    return np.minimum(places, length - 1), weights / weights.sum(1, keepdims=True)


def cubic_kernel(d: Any, a: float) -> Any:
    """Keys' kernel at distances d >= 0; arrays of NumPy or JAX."""
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return near * (d <= 1) + far * ((d > 1) & (d < 2))


def _take(x: jax.Array, axis: int, place: np.ndarray, weight: np.ndarray) -> jax.Array:
    taken = jnp.take(x, place, axis)
    if (weight == 1).all():
        return taken
    return taken * jnp.asarray(weight, x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1))


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None) -> jax.Array:
    """`interpolate` under its old name.

    Example:
        >>> import jax.numpy as jnp
        >>> upsample(jnp.ones((1, 1, 2)), 4).shape
        (1, 1, 4)
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None) -> jax.Array:
    """`interpolate` to the nearest point.

    Example:
        >>> import jax.numpy as jnp
        >>> upsample_nearest(jnp.array([[[1.0, 2.0]]]), scale_factor=2).tolist()
        [[[1.0, 1.0, 2.0, 2.0]]]
    """
    return interpolate(input, size, scale_factor)


def upsample_bilinear(input, size=None, scale_factor=None) -> jax.Array:
    """Bilinear `interpolate` with aligned corners.

    Example:
        >>> import jax.numpy as jnp
        >>> upsample_bilinear(jnp.ones((1, 1, 2, 2)), 3).shape
        (1, 1, 3, 3)
    """
    return interpolate(input, size, scale_factor, "bilinear", True)
