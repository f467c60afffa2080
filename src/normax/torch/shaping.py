"""Views: other shapes and orders of a tensor's elements, which write through to it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.dtypes import dtype as Kind
from normax.torch.dtypes import native
from normax.torch.layout import can_view, is_laid_contiguous, laid
from normax.torch.ops import alias, method
from normax.torch.tensor import Methods, Tensor, look, made, raw

__all__ = [
    "adjoint",
    "broadcast_to",
    "flatten",
    "moveaxis",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
]


def view(compute: Callable[..., Any]) -> Callable[..., Any]:
    """`torch.NAME` and `Tensor.NAME` of a function that takes a tensor and returns views of it."""

    @functools.wraps(compute)
    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(input, Methods):
            return compute(input, *args, **kwargs)
        return raw(compute(made(jnp.asarray(input)), *args, **kwargs))

    setattr(Methods, compute.__name__, call)
    return call


def sizes(given: tuple) -> tuple[int, ...]:
    """Lengths given one by one or as one sequence; 0-d tensors count as numbers."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = tuple(given[0])
    return tuple(int(n) for n in given)


def axis(dim: int, ndim: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: for one that there is not, as PyTorch does.
    """
    n = max(ndim, 1)
    if not -n <= dim < n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
        )
    return int(dim) % n


def _reshaped(input: Any, shape: Sequence[int]) -> Tensor:
    """A view in another shape."""
    shape = tuple(shape)
    return look(
        input,
        lambda base: base.reshape(shape),
        lambda base, values: values.reshape(base.shape),
        lambda strided: np.reshape(strided, shape, copy=False),
    )


def _ordered(input: Any, order: Sequence[int]) -> Tensor:
    """A view with its dimensions in another order."""
    back = tuple(int(i) for i in np.argsort(order))
    order = tuple(order)
    return look(input, lambda base: base.transpose(order), lambda base, values: values.transpose(back))


def whole(numel: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with −1 worked out.

    Raises:
        RuntimeError: where the elements do not fit.
    """
    known = math.prod(n for n in shape if n != -1)
    fits = shape.count(-1) == 1 and known and numel % known == 0
    if not fits and (-1 in shape or known != numel):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")
    return tuple(numel // known if n == -1 else n for n in shape)


@view
def reshape(input: Any, *sizes_: Any, shape: Any = ()) -> Any:
    """The elements in another shape: a view where the layout allows it, else a copy."""
    to = whole(input.numel(), sizes(sizes_ or (shape,)))
    return _reshaped(input, to) if can_view(input, to) else made(raw(input).reshape(to))


def _view(self: Any, *shape: Any, dtype: Any = None) -> Any:
    """In another shape, or its bytes in another dtype, as a copy."""
    kind = shape[0] if len(shape) == 1 and isinstance(shape[0], Kind) else dtype
    return reshape(self, *shape) if kind is None else made(_bytes_as(self._array, native(kind)))


def _bytes_as(array: Any, kind: np.dtype) -> Any:
    if array.dtype.itemsize == kind.itemsize:
        return jax.lax.bitcast_convert_type(array, kind)
    ratio = kind.itemsize // array.dtype.itemsize
    if ratio:  # several elements make one
        return jax.lax.bitcast_convert_type(array.reshape(*array.shape[:-1], -1, ratio), kind)
    parts = jax.lax.bitcast_convert_type(array, kind)
    return parts.reshape(*array.shape[:-1], -1)


alias(_view, "view")


@view
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from `start_dim` to `end_dim` as one."""
    shape = input._array.shape
    if not shape:
        return reshape(input, 1)
    first, last = axis(start_dim, len(shape)), axis(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if first == last:
        return input
    return reshape(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@view
def ravel(input: Any) -> Any:
    """All elements in one dimension."""
    return reshape(input, -1)


@view
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dimension as several."""
    shape = input._array.shape
    at = axis(dim, len(shape))
    return reshape(input, (*shape[:at], *whole(shape[at], tuple(int(n) for n in sizes)), *shape[at + 1 :]))


@view
def permute(input: Any, *order: Any, dims: Any = ()) -> Any:
    """The dimensions in the order given."""
    ndim = input._array.ndim
    given = sizes(order or (dims,))
    places = [axis(dim, ndim) for dim in given]
    if sorted(places) != list(range(ndim)):
        raise RuntimeError(f"permute(dims): expected each of {ndim} dimensions once, got {given}")
    return _ordered(input, places)


@view
def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """Two dimensions exchanged."""
    ndim = input._array.ndim
    order = list(range(ndim))
    if ndim:
        a, b = axis(dim0, ndim), axis(dim1, ndim)
        order[a], order[b] = order[b], order[a]
    return _ordered(input, order)


@view
def t(input: Any) -> Any:
    """A matrix transposed; vectors stay."""
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return _ordered(input, range(input._array.ndim)[::-1])


@view
def adjoint(input: Any) -> Any:
    """The last two dimensions exchanged, complex numbers conjugated."""
    turned = transpose(input, -2, -1)
    return turned.conj() if jnp.iscomplexobj(raw(turned)) else turned


@view
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Dimensions moved to other places, the others in their order."""
    ndim = input._array.ndim
    sources = [axis(i, ndim) for i in (source if isinstance(source, (tuple, list)) else [source])]
    targets = [
        axis(i, ndim) for i in (destination if isinstance(destination, (tuple, list)) else [destination])
    ]
    order = [i for i in range(ndim) if i not in sources]
    for target, from_ in sorted(zip(targets, sources)):
        order.insert(target, from_)
    return _ordered(input, order)


@view
def squeeze(input: Any, *dims: Any, dim: Any = ()) -> Any:
    """Without the dimensions of length 1, or without those named where they have it."""
    shape = input._array.shape
    named = sizes(dims or (dim,))
    given = named if dims or dim != () else range(len(shape))
    gone = {axis(i, len(shape)) for i in given}
    return _reshaped(input, [n for i, n in enumerate(shape) if i not in gone or n != 1])


@view
def unsqueeze(input: Any, dim: int) -> Any:
    """A new dimension of length 1 at a place."""
    shape = list(input._array.shape)
    shape.insert(axis(dim, len(shape) + 1), 1)
    return _reshaped(input, shape)


@view
def expand(input: Any, *shape: Any, size: Any = (), implicit: bool = False) -> Any:
    """Dimensions of length 1, and new ones in front, repeated without a copy; −1 keeps a length."""
    old, new = input._array.shape, sizes(shape or (size,))
    less = len(new) - len(old)
    if less < 0 or any(n == -1 for n in new[:less]):
        raise RuntimeError(f"expand(): cannot expand a tensor of shape {list(old)} to {list(new)}")
    to = tuple(old[i - less] if n == -1 else n for i, n in enumerate(new))
    if any(n not in (1, m) for n, m in zip(old, to[less:])):
        raise RuntimeError(
            f"The expanded size of the tensor {list(to)} must match the existing size {list(old)} where that is not 1"
        )
    if math.prod(to) == math.prod(old):
        return _reshaped(input, to)
    return look(
        input, lambda base: jnp.broadcast_to(base, to), None, lambda strided: np.broadcast_to(strided, to)
    )


@view
def broadcast_to(input: Any, size: Any) -> Any:
    """As `expand`."""
    return expand(input, size)


@method
def expand_as(self: Any, other: Any) -> Any:
    """Expanded to another's shape."""
    return expand(self, other._array.shape)


@method
def view_as(self: Any, other: Any) -> Any:
    """In another's shape."""
    return reshape(self, other._array.shape)


@method
def reshape_as(self: Any, other: Any) -> Any:
    """In another's shape."""
    return reshape(self, other._array.shape)


@method
def contiguous(self: Any, memory_format: Any = None) -> Any:
    """Itself where the elements lie one after the other, else a copy where they do."""
    return self if is_laid_contiguous(self) else made(self._array)


@method
def is_contiguous(self: Any, memory_format: Any = None) -> bool:
    """Whether the elements lie one after the other, the last dimension fastest."""
    return bool(is_laid_contiguous(self))


@method
def stride(self: Any, dim: int | None = None) -> Any:
    """Elements from one to the next along each dimension, as PyTorch would lay them."""
    steps = laid(self).strides
    return steps if dim is None else steps[dim]


(swapaxes, swapdims) = alias(transpose, "swapaxes", "swapdims")
(moveaxis,) = alias(movedim, "moveaxis")
Methods.T = property(lambda self: _ordered(self, range(self._array.ndim)[::-1]))  # type: ignore[attr-defined]
Methods.mT = property(lambda self: transpose(self, -2, -1))  # type: ignore[attr-defined]
Methods.H = Methods.mH = property(adjoint)  # type: ignore[attr-defined]
