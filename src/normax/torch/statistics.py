"""Quantiles, counts, covariances, differences and integrals."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.torch.concrete import refuse_traced
from normax.torch.ops import function, op, returned
from normax.torch.reductions import axes

__all__ = [
    "bincount",
    "corrcoef",
    "cov",
    "cumulative_trapezoid",
    "diff",
    "gradient",
    "histc",
    "histogram",
    "nanquantile",
    "quantile",
    "trapezoid",
    "trapz",
]

_Histogram = returned("histogram", "hist bin_edges")


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
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, n times."""
    return jnp.diff(input, n, dim, prepend, append)


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
    found = jnp.gradient(input, spacing, axis=axes(dim))
    return tuple(found) if isinstance(found, (list, tuple)) else (found,)


trapz = trapezoid
