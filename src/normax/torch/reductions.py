"""Sums, means, extremes and orders along dimensions, with PyTorch's return types."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.concrete import refuse_traced
from normax.torch.dtypes import native
from normax.torch.ops import function, method, op
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
    "argsort",
    "bincount",
    "corrcoef",
    "count_nonzero",
    "cov",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "equal",
    "gradient",
    "histc",
    "histogram",
    "kthvalue",
    "logcumsumexp",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "msort",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "norm",
    "prod",
    "quantile",
    "renorm",
    "sort",
    "std",
    "std_mean",
    "sum",
    "topk",
    "trapezoid",
    "trapz",
    "unique",
    "unique_consecutive",
    "var",
    "var_mean",
]


def _kind(name: str, fields: str) -> Any:
    kind = collections.namedtuple(name, fields)  # type: ignore[misc]
    kind.__module__ = __name__
    return kind


_Max, _Min = _kind("max", "values indices"), _kind("min", "values indices")
_Sorted, _Top = _kind("sort", "values indices"), _kind("topk", "values indices")
_Median, _Nanmedian = _kind("median", "values indices"), _kind("nanmedian", "values indices")
_Mode, _Kth = _kind("mode", "values indices"), _kind("kthvalue", "values indices")
_Cummax, _Cummin = _kind("cummax", "values indices"), _kind("cummin", "values indices")
_Both, _Histogram = _kind("aminmax", "min max"), _kind("histogram", "hist bin_edges")


def _axes(dim: Any) -> Any:
    """Dimensions as JAX takes them: None and () are all."""
    if isinstance(dim, (tuple, list)):
        return tuple(int(d) for d in dim) or None
    return dim


def _summed(value: Any, dtype: Any) -> Any:
    """Whole numbers and booleans in the widest whole dtype, unless another was asked for."""
    if dtype is not None:
        return value.astype(native(dtype))
    return value.astype(_LONG()) if value.dtype.kind in "biu" else value


def _LONG() -> Any:
    return jax.dtypes.canonicalize_dtype(np.int64)


@op
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Σ x`; of whole numbers and booleans a whole number."""
    return jnp.sum(_summed(input, dtype), _axes(dim), keepdims=keepdim)


@op
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Σ x` with NaN as 0."""
    return jnp.nansum(_summed(input, dtype), _axes(dim), keepdims=keepdim)


@op
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`Π x`."""
    return jnp.prod(_summed(input, dtype), _axes(dim), keepdims=keepdim)


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
    return jnp.mean(_mean_of(input, dtype, "mean"), _axes(dim), keepdims=keepdim)


@op
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of what is not NaN."""
    return jnp.nanmean(_mean_of(input, dtype, "nanmean"), _axes(dim), keepdims=keepdim)


def _degrees(dim: Any, unbiased: Any, correction: Any) -> tuple[Any, Any]:
    """The dimensions and what is taken off n: `x.var(False)` says unbiased in the place of the dimension."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return _axes(dim), correction


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
        return kind(input, jnp.zeros((), _LONG()))
    index = where(input, axis=dim, keepdims=True)
    values = jnp.take_along_axis(input, index, dim)
    if not keepdim:
        values, index = jnp.squeeze(values, dim), jnp.squeeze(index, dim)
    return kind(values, index.astype(_LONG()))


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
    return jnp.max(input, _axes(dim), keepdims=keepdim)


@op
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The smallest along dimensions."""
    return jnp.min(input, _axes(dim), keepdims=keepdim)


@op
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest and the largest."""
    return _Both(jnp.min(input, dim, keepdims=keepdim), jnp.max(input, dim, keepdims=keepdim))


@op
def argmax(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Where the largest is."""
    return jnp.argmax(input, dim, keepdims=keepdim).astype(_LONG())


@op
def argmin(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Where the smallest is."""
    return jnp.argmin(input, dim, keepdims=keepdim).astype(_LONG())


@op
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether all are true."""
    return _truth(jnp.all(input, _axes(dim), keepdims=keepdim), input)


@op
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether any is true."""
    return _truth(jnp.any(input, _axes(dim), keepdims=keepdim), input)


def _truth(result: Any, input: Any) -> Any:
    """A mask, of uint8 where the input is one of old."""
    return result.astype(np.uint8) if input.dtype == np.uint8 else result


@op
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many are not zero."""
    return jnp.count_nonzero(input, _axes(dim)).astype(_LONG())


@op
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """`log Σ exp(x)`."""
    return jax.nn.logsumexp(floating(input), _axes(dim), keepdims=keepdim)


def _order(input: Any, dim: int, descending: bool) -> Any:
    if not input.ndim:
        return jnp.zeros((), _LONG())
    return jnp.argsort(input, dim, stable=True, descending=descending).astype(_LONG())


def _sorted(input: Any, dim: int, descending: bool, kind: Any) -> Any:
    order = _order(input, dim, descending)
    return kind(jnp.take_along_axis(input, order, dim) if input.ndim else input, order)


@op
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """In order along a dimension, and where each was; equal ones keep their order."""
    return _sorted(input, dim, descending, _Sorted)


@op
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The indices that would sort."""
    return _order(input, dim, descending)


@op
def msort(input: Any) -> Any:
    """In order along the first dimension."""
    return jnp.sort(input, 0)


@op
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) along a dimension, in order, and their indices."""
    if not input.ndim:
        return _Top(input, jnp.zeros((), _LONG()))
    values, index = _sorted(input, dim, largest, _Top)
    first = (slice(None),) * axis(dim, input.ndim) + (slice(int(k)),)
    return _Top(values[first], index[first])


def _nth(input: Any, n: Any, dim: int, keepdim: bool, kind: Any) -> Any:
    """The value at a rank along a dimension, with its index."""
    if not input.ndim:
        return kind(input, jnp.zeros((), _LONG()))
    values, order = _sorted(input, dim, False, kind)
    at = jnp.expand_dims(jnp.broadcast_to(n, jnp.sum(input, dim).shape), dim)
    values, order = jnp.take_along_axis(values, at, dim), jnp.take_along_axis(order, at, dim)
    return kind(values, order) if keepdim else kind(jnp.squeeze(values, dim), jnp.squeeze(order, dim))


@op
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest along a dimension, counted from 1."""
    return _nth(input, int(k) - 1, dim, keepdim, _Kth)


@op
def median(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle one, of an even number the lower; NaN where there is one. With `dim` the index too."""
    if dim is None:
        return _nth(_nan_first(input.reshape(-1)), (input.size - 1) // 2, 0, False, _Median).values
    n = input.shape[dim] if input.ndim else 1
    has_nan = jnp.any(jnp.isnan(input), dim) if input.dtype.kind == "f" else False
    return _nth(input, jnp.where(has_nan, n - 1, (n - 1) // 2), dim, keepdim, _Median)


def _nan_first(flat: Any) -> Any:
    """NaN everywhere where there is one."""
    return jnp.where(jnp.any(jnp.isnan(flat)), jnp.nan, flat) if flat.dtype.kind == "f" else flat


@op
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle one of what is not NaN."""
    if dim is None:
        return _nanmedian(input.reshape(-1), 0, False).values
    return _nanmedian(input, dim, keepdim)


def _nanmedian(input: Any, dim: int, keepdim: bool) -> Any:
    count = jnp.sum(~jnp.isnan(input), dim) if input.dtype.kind == "f" else input.shape[dim]
    return _nth(input, jnp.maximum((count - 1) // 2, 0), dim, keepdim, _Nanmedian)


@op
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The commonest value along a dimension, of equally common the smallest, and its last index."""
    same = jnp.expand_dims(input, dim if dim < 0 else dim + 1) == jnp.expand_dims(
        input, dim - 1 if dim < 0 else dim
    )
    counts = jnp.sum(same, axis(dim, input.ndim))
    best = jnp.max(counts, dim, keepdims=True)
    top = jnp.iinfo(input.dtype).max if input.dtype.kind in "iu" else jnp.inf
    values = jnp.min(jnp.where(counts == best, input, top).astype(input.dtype), dim, keepdims=True)
    n = input.shape[dim]
    last = n - 1 - jnp.argmax(jnp.flip(input == values, dim), dim, keepdims=True)
    if not keepdim:
        values, last = jnp.squeeze(values, dim), jnp.squeeze(last, dim)
    return _Mode(values, last.astype(_LONG()))


@op
def quantile(
    input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """Quantiles, between neighbours linearly unless said; several q make a first dimension."""
    return jnp.quantile(input, jnp.asarray(q, input.dtype), dim, method=interpolation, keepdims=keepdim)


@op
def nanquantile(
    input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """Quantiles of what is not NaN."""
    return jnp.nanquantile(input, jnp.asarray(q, input.dtype), dim, method=interpolation, keepdims=keepdim)


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


def _so_far(input: Any, dim: int, better: Callable[[Any, Any], Any], kind: Any) -> Any:
    at = axis(dim, input.ndim)
    index = jax.lax.broadcasted_iota(_LONG(), input.shape, at)

    def pick(a: Any, b: Any) -> Any:
        take = better(b[0], a[0])
        return jnp.where(take, b[0], a[0]), jnp.where(take, b[1], a[1])

    return kind(*jax.lax.associative_scan(pick, (input, index), axis=at))


@op
def cummax(input: Any, dim: int) -> Any:
    """The largest so far and its last index."""
    return _so_far(input, dim, lambda new, old: (new >= old) | (new != new), _Cummax)


@op
def cummin(input: Any, dim: int) -> Any:
    """The smallest so far and its last index."""
    return _so_far(input, dim, lambda new, old: (new <= old) | (new != new), _Cummin)


@op
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, n times."""
    return jnp.diff(input, n, dim, prepend, append)


@op
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """`(Σ |x|^p)^(1/p)`."""
    x = input if dtype is None else input.astype(native(dtype))
    return vector_norm(x, 2 if p in ("fro", None) else p, _axes(dim), keepdim)


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


@op
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each whole number from 0 occurs."""
    refuse_traced(input, "bincount, whose length depends on the data", "F.one_hot(x, classes).sum(0)")
    return jnp.bincount(input, weights, minlength=minlength)


@op
def histc(input: Any, bins: int = 100, min: Any = 0, max: Any = 0) -> Any:
    """Counts in bins of equal width."""
    ends = None if min == max == 0 else (min, max)
    return jnp.histogram(input, bins, ends)[0].astype(input.dtype)


@op
def histogram(input: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    """Counts in bins, and their edges."""
    hist, edges = jnp.histogram(input, bins, range, weight, density)
    return _Histogram(hist.astype(input.dtype), edges.astype(input.dtype))


@op
def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: Any = None,
) -> Any:
    """The different values in order, with where each element is among them and how often."""
    refuse_traced(
        input, "unique, whose length depends on the data", "F.one_hot, or the values known beforehand"
    )
    found = jnp.unique(input, return_inverse=return_inverse, return_counts=return_counts, axis=dim)
    return found


@op
def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """Without repetitions of the one before."""
    refuse_traced(input, "unique_consecutive, whose length depends on the data", "torch.diff and a mask")
    x = np.asarray(input.reshape(-1) if dim is None else jnp.moveaxis(input, dim, 0))
    new = np.ones(len(x), bool)
    new[1:] = (x[1:] != x[:-1]).reshape(len(x) - 1, -1).any(1)
    starts = np.flatnonzero(new)
    kept = jnp.asarray(x[starts])
    parts = [kept if dim is None else jnp.moveaxis(kept, 0, dim)]
    if return_inverse:
        inverse = np.cumsum(new) - 1
        parts.append(jnp.asarray(inverse.reshape(input.shape) if dim is None else inverse))
    if return_counts:
        parts.append(jnp.asarray(np.diff(np.append(starts, len(x)))))
    return parts[0] if len(parts) == 1 else tuple(parts)


@op
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariance of rows."""
    return jnp.cov(input, ddof=correction, fweights=fweights, aweights=aweights)


@op
def corrcoef(input: Any) -> Any:
    """The correlation of rows."""
    return jnp.corrcoef(input)


@function
def trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """The integral by trapezoids."""
    return jnp.trapezoid(y, x, dx, dim)


@function
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """The integral so far, by trapezoids."""
    width = dx if x is None else jnp.diff(x, axis=-1 if x.ndim == 1 else dim)
    y = jnp.moveaxis(y, dim, -1)
    return jnp.moveaxis(jnp.cumsum((y[..., 1:] + y[..., :-1]) / 2 * width, -1), -1, dim)


@function
def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> Any:
    """Central differences along each dimension."""
    found = jnp.gradient(input, spacing, axis=_axes(dim))
    return tuple(found) if isinstance(found, (list, tuple)) else (found,)


trapz = trapezoid


@method
def sum_to_size(self: Any, *size: Any) -> Any:
    """Summed over the dimensions along which a smaller shape would broadcast to this one."""
    from normax.torch.shaping import sizes

    to = sizes(size)
    less = self._array.ndim - len(to)
    dims = [*range(less), *(i + less for i, n in enumerate(to) if n == 1)]
    return (sum(self, dims, True) if dims else self).reshape(to)
