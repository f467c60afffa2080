"""Sliding windows along one axis at a time: max (with the place of the maximum) and sum.

A window over several axes is a window over each in turn, so a k×k pool costs 2k strided slices instead
of k², and XLA fuses them. Gradients come from the slices and selections by themselves and stay fast in
loops, where a CPU's `select_and_scatter` does not. Ties go to the first maximum, as in PyTorch.
"""

from __future__ import annotations

import functools
import itertools
import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from normax.errors import InputError
from normax.nn.backend import fence

__all__ = ["Window", "axis_max", "axis_sum", "window"]

# Up to this many slices are unrolled; longer windows gather, or multiply by a band of ones.
_UNROLL = 32


class Window(NamedTuple):
    """Windows along one axis: `size` points `dilation` apart, moved by `stride`, `before` padding first."""

    size: int
    stride: int
    before: int
    dilation: int
    length: int
    out: int

    @property
    def after(self) -> int:
        """Padding behind the last element; negative where trailing elements belong to no window."""
        return (self.out - 1) * self.stride + self.dilation * (self.size - 1) + 1 - self.length - self.before

    @property
    def tiles(self) -> bool:
        """Whether the windows lie side by side without padding or gaps."""
        return self.size == self.stride <= _UNROLL and self.dilation == 1 and self.before == 0 >= self.after

    def slice(self, x: jax.Array, axis: int, i: int) -> jax.Array:
        """Element i of every window of the padded array."""
        start = i * self.dilation
        stop = start + (self.out - 1) * self.stride + 1
        return lax.slice_in_dim(x, start, stop, self.stride, axis)

    def places(self) -> np.ndarray:
        """`(out, size)` positions in the unpadded axis; those outside it are padding."""
        starts = np.arange(self.out)[:, None] * self.stride - self.before
        return starts + np.arange(self.size)[None] * self.dilation

    def counts(self, include_padding: bool) -> np.ndarray:
        """`(out,)` elements in each window, padding counted or not; overhang of `ceil_mode` never."""
        starts = np.arange(self.out) * self.stride - self.before
        stops = np.minimum(starts + self.size, self.length + self.before)
        if not include_padding:
            starts, stops = np.maximum(starts, 0), np.minimum(stops, self.length)
        return stops - starts


def window(length, size, stride, padding, dilation, ceil_mode, name) -> Window:
    """The windows that PyTorch's arguments describe, checked."""
    if size < 1 or stride < 1 or dilation < 1:
        raise InputError(
            f"{name}: expected kernel_size, stride and dilation >= 1, got {size}, {stride}, {dilation}"
        )
    if padding < 0 or padding > (dilation * (size - 1) + 1) // 2:
        raise InputError(
            f"{name}: expected a padding from 0 to half of the kernel's reach ({dilation * (size - 1) + 1}), "
            f"got {padding}"
        )
    span = length + 2 * padding - dilation * (size - 1) - 1
    out = (-(-span // stride) if ceil_mode else span // stride) + 1
    if ceil_mode and (out - 1) * stride >= length + padding:  # the last window must start inside the input
        out -= 1
    if out < 1:
        raise InputError(f"{name}: the input of length {length} is shorter than the kernel {size}")
    return Window(size, stride, padding, dilation, length, out)


def _pad(x, w: Window, axis: int, value):
    config = [(0, 0, 0)] * x.ndim
    config[axis] = (w.before, w.after, 0)
    return lax.pad(x, jnp.asarray(value, x.dtype), config)


def lowest(dtype) -> float | int:
    """What padding counts as in a maximum."""
    return -jnp.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def axis_max(x: jax.Array, axis: int, w: Window, places: jax.Array | None = None):
    """Maximum of every window along an axis, and the entry of `places` at which it stands (or None)."""
    if w.size > _UNROLL:
        return gather_max(x, axis, w.places(), places)
    x = _pad(x, w, axis, lowest(x.dtype))
    best = w.slice(x, axis, 0)
    if places is not None:
        places = _pad(places, w, axis, 0)
        at = w.slice(places, axis, 0)
    for i in range(1, w.size):
        rival = w.slice(x, axis, i)
        better = (rival > best) | (rival != rival)  # NaN wins, as in PyTorch
        best = jnp.where(better, rival, best)
        if places is not None:
            at = jnp.where(better, w.slice(places, axis, i), at)
    return best, None if places is None else at


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def max_tiles(x: jax.Array, sizes: tuple[int, ...]) -> jax.Array:
    """Maximum over tiles of `sizes` of `(N, *spatial, C)`, of which an incomplete last row counts nothing.

    Its derivative picks by the place of the maximum, in one pass over x in either direction. Without one, what
    comes before is fused into it.
    """
    tiles = _elements(_tile(x, sizes), sizes)
    return functools.reduce(jnp.maximum, tiles)


@max_tiles.defjvp
def _max_tiles_jvp(sizes, primals, tangents):
    n = len(sizes)
    best, place = _first_max(*primals, sizes)
    number = jnp.arange(math.prod(sizes), dtype=place.dtype).reshape(*(v for s in sizes for v in (1, s)), 1)
    inner = tuple(range(2, 2 * n + 1, 2))
    picked = jnp.where(jnp.expand_dims(place, inner) == number, _tile(*tangents, sizes), 0)
    return best, picked.sum(inner)


def _tile(x, sizes):
    """`(N, *spatial, C)` -> `(N, rows, size, columns, size, ..., C)`."""
    counts = [length // size for length, size in zip(x.shape[1:], sizes)]
    x = x[(slice(None), *(slice(c * s) for c, s in zip(counts, sizes)))]
    return x.reshape(len(x), *(v for pair in zip(counts, sizes) for v in pair), x.shape[-1])


def _elements(tiles, sizes):
    """The first element of every tile, the second, ..., in reading order."""
    for at in itertools.product(*map(range, sizes)):
        yield tiles[(slice(None), *(v for i in at for v in (slice(None), i)))]


@partial(fence, static_argnums=1)  # the place is small, and costly to find again
def _first_max(x, sizes):
    """The maximum of each tile, and its number in reading order."""
    best = None
    kind = jnp.int8 if math.prod(sizes) <= 128 else jnp.int32
    for number, rival in enumerate(_elements(_tile(x, sizes), sizes)):
        if best is None:
            best, place = rival, jnp.zeros(rival.shape, kind)
            continue
        better = (rival > best) | (rival != rival)  # NaN wins, as in PyTorch
        best, place = jnp.where(better, rival, best), jnp.where(better, kind(number), place)
    return best, place


def gather_max(x: jax.Array, axis: int, index: np.ndarray, places: jax.Array | None = None):
    """`axis_max` for windows of any length, given as `(out, size)` positions; those outside are padding."""
    inside = (index >= 0) & (index < x.shape[axis])
    index = np.where(inside, index, 0)
    x = jnp.moveaxis(x, axis, -1)
    rows = jnp.where(inside, x[..., index], lowest(x.dtype))
    pick = jnp.argmax(rows, -1, keepdims=True)
    best = jnp.moveaxis(jnp.take_along_axis(rows, pick, -1)[..., 0], -1, axis)
    if places is None:
        return best, None
    rows = jnp.broadcast_to(jnp.moveaxis(places, axis, -1)[..., index], rows.shape)
    return best, jnp.moveaxis(jnp.take_along_axis(rows, pick, -1)[..., 0], -1, axis)


def axis_sum(x: jax.Array, axis: int, w: Window) -> jax.Array:
    """Sum of every window along an axis, padding counting as zero."""
    if w.size > _UNROLL:
        band = (w.places()[:, :, None] == np.arange(w.length)).sum(1)
        return axis_map(x, axis, band)
    x = _pad(x, w, axis, 0)
    return sum((w.slice(x, axis, i) for i in range(1, w.size)), start=w.slice(x, axis, 0))


def axis_map(x: jax.Array, axis: int, matrix: np.ndarray) -> jax.Array:
    """The matrix `(out, length)` applied along an axis."""
    return jnp.moveaxis(jnp.tensordot(x, jnp.asarray(matrix, x.dtype), ((axis,), (1,))), -1, axis)
