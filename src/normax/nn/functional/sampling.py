"""Images read at given places: spatial transformers."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError, suggest
from normax.nn.functional._common import as_array
from normax.nn.functional.interpolation import cubic_kernel

__all__ = ["affine_grid", "grid_sample"]

_MODES, _PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> jax.Array:
    """Where each output pixel looks in the input, under an affine map of coordinates from −1 to 1.

    Args:
        theta: `(N, 2, 3)` for images or `(N, 3, 4)` for volumes.
        size: of the output, `(N, C, H, W)` or `(N, C, D, H, W)`.
        align_corners: −1 and 1 are the centres of the corner pixels instead of their outer corners.

    Returns:
        `(N, H, W, 2)` or `(N, D, H, W, 3)`, the last axis in the order x, y, z.

    Raises:
        InputError: for shapes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> affine_grid(jnp.eye(2, 3)[None], (1, 1, 1, 2)).tolist()
        [[[[-0.5, 0.0], [0.5, 0.0]]]]

    Source:
        Jaderberg et al., "Spatial transformer networks", NeurIPS 2015.
    """
    a, lengths = as_array(theta), tuple(size)[2:]
    n = len(lengths)
    if n not in (2, 3) or a.shape != (size[0], n, n + 1) or min(size) < 1:
        raise InputError(
            f"expected theta (N, 2, 3) with size (N, C, H, W), or (N, 3, 4) with (N, C, D, H, W), "
            f"got {a.shape} with {tuple(size)}"
        )
    ends = [
        (length - 1) / length if not align_corners else (1.0 if length > 1 else 0.0) for length in lengths
    ]
    axes = [jnp.linspace(-e, e, length, dtype=a.dtype) for e, length in zip(ends, lengths)]
    mesh = jnp.meshgrid(*axes, indexing="ij")
    points = jnp.stack([*reversed(mesh), jnp.ones(lengths, a.dtype)], -1)
    return jnp.einsum("...j,nij->n...i", points, a)


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> jax.Array:
    """The input's values at the places of a grid.

    Args:
        input: `(N, C, H, W)` or `(N, C, D, H, W)`.
        grid: `(N, H', W', 2)` or `(N, D', H', W', 3)`: x, y, z from −1 to 1.
        mode: `"bilinear"` (trilinear for volumes), `"nearest"`, or `"bicubic"` (images only).
        padding_mode: what lies outside: `"zeros"`, the nearest `"border"` pixel, or the image's `"reflection"`.
        align_corners: −1 and 1 are the centres of the corner pixels instead of their outer corners.

    Returns:
        `(N, C, *grid's sizes)`.

    Raises:
        InputError: for unknown modes and shapes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.array([[[[1.0, 3.0]]]])
        >>> grid_sample(image, jnp.zeros((1, 1, 1, 2))).item()
        2.0

    Source:
        Jaderberg et al., "Spatial transformer networks", NeurIPS 2015.
    """
    x, g = as_array(input), as_array(grid)
    n = x.ndim - 2
    for name, given, known in (("mode", mode, _MODES), ("padding_mode", padding_mode, _PADDINGS)):
        if given not in known:
            raise InputError(
                f"{name}: expected one of {', '.join(known)}, got {given!r}{suggest(given, known)}"
            )
    if n not in (2, 3) or g.ndim != x.ndim or g.shape[-1] != n or g.shape[0] != x.shape[0]:
        raise InputError(
            f"expected input (N, C, H, W) with grid (N, H', W', 2), or (N, C, D, H, W) with (N, D', H', W', 3), "
            f"got {x.shape} and {g.shape}"
        )
    if mode == "bicubic" and n == 3:
        raise InputError("mode: 'bicubic' is for images, expected 4D input, got 5D")
    lengths = x.shape[2:]
    align = bool(align_corners)
    at = []
    for i, length in enumerate(lengths):
        c = g[..., n - 1 - i]
        c = (c + 1) / 2 * (length - 1) if align else ((c + 1) * length - 1) / 2
        at.append(c if mode == "bicubic" else _inside(c, length, padding_mode, align))
    axes = [_taps(c, mode) for c in at]
    total: Any = 0
    for corner in itertools.product(*axes):
        places = [p for p, _ in corner]
        if mode == "bicubic":
            places = [_inside(p, length, padding_mode, align) for p, length in zip(places, lengths)]
        value = _read(x, places)
        for _, weight in corner:
            value = value if weight is None else value * weight[:, None]
        total = total + value
    return total


def _taps(at: jax.Array, mode: str) -> list:
    """Whole places around each coordinate and their weights."""
    if mode == "nearest":
        return [(jnp.round(at), None)]
    first = jnp.floor(jax.lax.stop_gradient(at))
    if mode == "bilinear":
        return [(first, first + 1 - at), (first + 1, at - first)]
    return [(first + i, cubic_kernel(jnp.abs(at - first - i), -0.75)) for i in range(-1, 3)]


def _inside(at: jax.Array, length: int, padding: str, align: bool) -> jax.Array:
    """The coordinate that stands for one outside the image."""
    if padding == "zeros":
        return at
    if padding == "reflection":
        low, span = (0.0, length - 1.0) if align else (-0.5, float(length))
        if span == 0:
            return jnp.zeros_like(at)
        distance = jnp.abs(at - low)
        flips = jnp.floor(jax.lax.stop_gradient(distance) / span)
        rest = distance - flips * span
        at = low + jnp.where(flips % 2 == 0, rest, span - rest)
    return jnp.clip(at, 0, length - 1)


def _read(x: jax.Array, places: list) -> jax.Array:
    """`x[n, :, *places]`, 0 outside the image."""
    valid: Any = True
    index = []
    for place, length in zip(places, x.shape[2:]):
        valid = valid & (place >= 0) & (place <= length - 1)
        index.append(jnp.clip(jnp.nan_to_num(place), 0, length - 1).astype(jnp.int32))
    value = jax.vmap(lambda image, *at: image[(slice(None), *at)])(x, *index)
    return jnp.where(valid[:, None], value, 0)
