"""Views that pick elements in a pattern: diagonals, sliding windows, strides, the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.dtypes import dtype_of
from normax.torch.layout import contiguous_strides
from normax.torch.shaping import axis, sizes, view
from normax.torch.tensor import Methods, look

__all__ = ["as_strided", "diagonal", "imag", "real", "unfold_copy", "view_as_complex", "view_as_real"]


def _picked(input: Any, pick: Callable[[Any], Any], laid: Callable[[Any], Any] | None = None) -> Any:
    """A view of what a function of arrays, JAX's and NumPy's alike, picks of a tensor."""

    def write(base: Any, values: Any) -> Any:
        places = pick(np.arange(base.size).reshape(base.shape))
        return base.reshape(-1).at[places].set(values).reshape(base.shape)

    return look(input, pick, write, laid)


@view
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of a plane, as the last dimension."""
    return _picked(input, lambda x: x.diagonal(offset, dim1, dim2))


@view
def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """Windows of a length along a dimension, a step apart, as a new last dimension."""
    at = axis(dimension, input._array.ndim)
    n = input._array.shape[at]
    index = np.arange(0, n - size + 1, step)[:, None] + np.arange(size)
    every = (slice(None),) * at

    def pick(x: Any) -> Any:
        windows = x[(*every, index)]
        return (np if isinstance(x, np.ndarray) else jnp).moveaxis(windows, at + 1, -1)

    def laid(strided: Any) -> Any:
        return np.lib.stride_tricks.sliding_window_view(strided, size, at)[(*every, slice(None, None, step))]

    return _picked(input, pick, laid)


def unfold_copy(input: Any, dimension: int, size: int, step: int) -> Any:
    """`unfold`, as a copy."""
    return unfold(input, dimension, size, step).clone()


@view
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int = 0) -> Any:
    """Elements of the flattened tensor at steps along each dimension."""
    shape, steps = sizes((size,)), sizes((stride,))
    places = np.full(shape, storage_offset)
    for i, step in enumerate(steps):
        places += np.arange(shape[i]).reshape((-1,) + (1,) * (len(shape) - 1 - i)) * step
    return _picked(
        input, lambda x: x.reshape(-1)[places], lambda s: np.lib.stride_tricks.as_strided(s, shape, steps)
    )


@view
def real(input: Any) -> Any:
    """The real part; of a real tensor itself."""
    if not dtype_of(input._array).is_complex:
        return input
    return look(input, jnp.real, lambda base, values: jax.lax.complex(values, jnp.imag(base)), _every_other)


@view
def imag(input: Any) -> Any:
    """The imaginary part.

    Raises:
        RuntimeError: of a real tensor, which has none.
    """
    if not dtype_of(input._array).is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return look(input, jnp.imag, lambda base, values: jax.lax.complex(jnp.real(base), values), _every_other)


def _every_other(strided: np.ndarray) -> Any:
    steps = tuple(2 * step for step in strided.strides)
    return np.lib.stride_tricks.as_strided(strided, strided.shape, steps, writeable=False)


@view
def view_as_real(input: Any) -> Any:
    """Real and imaginary part as a last dimension of length 2."""
    return look(input, _as_real, lambda base, values: _as_complex(values), lambda s: _dense((*s.shape, 2)))


@view
def view_as_complex(input: Any) -> Any:
    """A last dimension of length 2 as complex numbers."""
    return look(input, _as_complex, lambda base, values: _as_real(values), lambda s: _dense(s.shape[:-1]))


def _as_real(x: Any) -> Any:
    return jnp.stack([jnp.real(x), jnp.imag(x)], -1)


def _as_complex(x: Any) -> Any:
    return jax.lax.complex(x[..., 0], x[..., 1])


def _dense(shape: tuple[int, ...]) -> Any:
    return np.lib.stride_tricks.as_strided(
        np.zeros(1, np.int8), shape, contiguous_strides(shape), writeable=False
    )


for _name, _part in (("real", real), ("imag", imag)):
    setattr(Methods, _name, property(_part))
for _name in ("view_as_real", "view_as_complex"):
    delattr(Methods, _name)
