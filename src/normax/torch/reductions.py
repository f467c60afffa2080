"""Sums, means, extremes and norms along dimensions, with PyTorch's return types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.concrete import refuse_traced
from normax.torch.dtypes import native, native_of_number
from normax.torch.ops import function, method, op, returned
from normax.torch.promotion import floating, together
from normax.torch.shaping import axis

__all__ = [
    "all",
    "allclose",
    "amax",
    "amin",
    "aminmax",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "equal",
    "logcumsumexp",
    "logsumexp",
    "max",
    "mean",
    "min",
    "nanmean",
    "nansum",
    "norm",
    "prod",
    "renorm",
    "std",
    "std_mean",
    "sum",
    "var",
    "var_mean",
]

_Max, _Min = returned("max", "values indices"), returned("min", "values indices")
_Both = returned("aminmax", "min max")


def axes(dim: Any) -> Any:
    """Dimensions as JAX takes them: None and () are all."""
    if isinstance(dim, (tuple, list)):
        return tuple(int(d) for d in dim) or None
    return dim


def _summed(value: Any, dtype: Any) -> Any:
    """Whole numbers and booleans in the widest whole dtype, unless another was asked for."""
    if dtype is not None:
        return value.astype(native(dtype))
    return value.astype(native_of_number(int)) if value.dtype.kind in "biu" else value


@op
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Σ x`; of whole numbers and booleans a whole number."""
    return jnp.sum(_summed(input, dtype), axes(dim), keepdims=keepdim)


@op
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Σ x` with NaN as 0."""
    return jnp.nansum(_summed(input, dtype), axes(dim), keepdims=keepdim)


@op
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Π x`."""
    return jnp.prod(_summed(input, dtype), axes(dim), keepdims=keepdim)


def _mean_of(input: Any, dtype: Any, name: str) -> Any:
    if dtype is not None:
        return input.astype(native(dtype))
    if input.dtype.kind in "biu":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{input.dtype}; write x.float().{name}()"
        )
    return input


@op
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Σ x / n`."""
    return jnp.mean(_mean_of(input, dtype, "mean"), axes(dim), keepdims=keepdim)


@op
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of what is not NaN."""
    return jnp.nanmean(_mean_of(input, dtype, "nanmean"), axes(dim), keepdims=keepdim)


def _degrees(dim: Any, unbiased: Any, correction: Any) -> tuple[Any, Any]:
    """The dimensions and what is taken off n: `x.var(False)` says unbiased in the place of the dimension."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return axes(dim), correction


@op
def var(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """`Σ (x − mean)² / (n − correction)`, the correction 1 unless said."""
    dim, less = _degrees(dim, unbiased, correction)
    return jnp.var(_mean_of(input, None, "var"), dim, ddof=less, keepdims=keepdim)


@op
def std(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The root of `var`."""
    dim, less = _degrees(dim, unbiased, correction)
    return jnp.std(_mean_of(input, None, "std"), dim, ddof=less, keepdims=keepdim)


@function
def var_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """`var` and `mean`."""
    dim, less = _degrees(dim, unbiased, correction)
    return jnp.var(input, dim, ddof=less, keepdims=keepdim), jnp.mean(input, dim, keepdims=keepdim)


@function
def std_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """`std` and `mean`."""
    dim, less = _degrees(dim, unbiased, correction)
    return jnp.std(input, dim, ddof=less, keepdims=keepdim), jnp.mean(input, dim, keepdims=keepdim)


def _extreme(input: Any, dim: int, keepdim: bool, where: Callable[..., Any], kind: Any) -> Any:
    if not input.ndim:
        return kind(input, jnp.zeros((), native_of_number(int)))
    index = where(input, axis=dim, keepdims=True)
    values = jnp.take_along_axis(input, index, dim)
    if not keepdim:
        values, index = jnp.squeeze(values, dim), jnp.squeeze(index, dim)
    return kind(values, index.astype(native_of_number(int)))


@op
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest of all; with `dim` the largest values along it and their indices; with a tensor `maximum`."""
    if other is not None or hasattr(dim, "dtype"):
        return jnp.maximum(*together(input, dim if other is None else other))
    return jnp.max(input) if dim is None else _extreme(input, dim, keepdim, jnp.argmax, _Max)


@op
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest of all; with `dim` the smallest values along it and their indices; with a tensor `minimum`."""
    if other is not None or hasattr(dim, "dtype"):
        return jnp.minimum(*together(input, dim if other is None else other))
    return jnp.min(input) if dim is None else _extreme(input, dim, keepdim, jnp.argmin, _Min)


@op
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The largest along dimensions."""
    return jnp.max(input, axes(dim), keepdims=keepdim)


@op
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The smallest along dimensions."""
    return jnp.min(input, axes(dim), keepdims=keepdim)


@op
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest and the largest."""
    return _Both(jnp.min(input, dim, keepdims=keepdim), jnp.max(input, dim, keepdims=keepdim))


@op
def argmax(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Where the largest is."""
    return jnp.argmax(input, dim, keepdims=keepdim).astype(native_of_number(int))


@op
def argmin(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Where the smallest is."""
    return jnp.argmin(input, dim, keepdims=keepdim).astype(native_of_number(int))


@op
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether all are true."""
    return _truth(jnp.all(input, axes(dim), keepdims=keepdim), input)


@op
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether any is true."""
    return _truth(jnp.any(input, axes(dim), keepdims=keepdim), input)


def _truth(result: Any, input: Any) -> Any:
    """A mask, of uint8 where the input is one of old."""
    return result.astype(np.uint8) if input.dtype == np.uint8 else result


@op
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many are not zero."""
    return jnp.count_nonzero(input, axes(dim)).astype(native_of_number(int))


@op
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """`log Σ exp(x)`."""
    return jax.nn.logsumexp(floating(input), axes(dim), keepdims=keepdim)


@op
def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """Sums so far."""
    return jnp.cumsum(_summed(input, dtype), dim)


@op
def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """Products so far."""
    return jnp.cumprod(_summed(input, dtype), dim)


@op
def logcumsumexp(input: Any, dim: int) -> Any:
    """The logarithm of the sums of exponentials so far."""
    return jax.lax.cumlogsumexp(input, axis(dim, input.ndim))


@op
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """`(Σ |x|^p)^(1/p)`."""
    x = input if dtype is None else input.astype(native(dtype))
    return vector_norm(x, 2 if p in ("fro", None) else p, axes(dim), keepdim)


def vector_norm(x: Any, p: Any, dim: Any, keepdim: bool) -> Any:
    """The p-norm over dimensions, of all elements where they are None."""
    size, p = jnp.abs(x), float(p)
    if p == np.inf:
        return jnp.max(size, dim, keepdims=keepdim)
    if p == -np.inf:
        return jnp.min(size, dim, keepdims=keepdim)
    if p == 0:
        return jnp.sum(size != 0, dim, keepdims=keepdim).astype(size.dtype)
    if p == 1:
        return jnp.sum(size, dim, keepdims=keepdim)
    if p == 2:
        squares = jnp.sum(jnp.square(size), dim, keepdims=keepdim)
        safe = jnp.where(squares == 0, 1, squares)  # the gradient at 0 is 0
        return jnp.where(squares == 0, 0, jnp.sqrt(safe))
    return jnp.sum(size**p, dim, keepdims=keepdim) ** (1 / p)


@op
def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """Slices along a dimension shrunk to a p-norm of at most `maxnorm`."""
    others = tuple(i for i in np.arange(input.ndim) if i != axis(dim, input.ndim))
    size = vector_norm(input, p, others, True)
    return jnp.where(size > maxnorm, input * (maxnorm / (size + 1e-7)), input)


@op
def equal(input: Any, other: Any) -> bool:
    """Whether shape and elements are equal."""
    refuse_traced(input, "torch.equal", "(x == y).all() without a Python branch")
    return input.shape == other.shape and bool(jnp.all(input == other))


@op
def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all differ by no more than `atol + rtol · |other|`."""
    refuse_traced(input, "torch.allclose", "torch.isclose(x, y).all() without a Python branch")
    a, b = together(input, other)
    return bool(jnp.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


@method
def sum_to_size(self: Any, *size: Any) -> Any:
    """Summed over the dimensions along which a smaller shape would broadcast to this one."""
    from normax.torch.shaping import sizes

    to = sizes(size)
    less = self._array.ndim - len(to)
    dims = [*range(less), *(i + less for i, n in enumerate(to) if n == 1)]
    return (sum(self, dims, True) if dims else self).reshape(to)
