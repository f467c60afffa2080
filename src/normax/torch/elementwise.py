"""Functions of each element by itself: `exp`, `sqrt`, `isnan`, ... Whole numbers become floating where PyTorch makes
them so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special as sp

from normax.nn import functional as F
from normax.torch.dtypes import native
from normax.torch.ops import alias, elementwise, function, method
from normax.torch.promotion import floating, together

__all__: list[str] = []


def _export(name: str, compute: Callable[..., Any], doc: str, *others: str) -> None:
    """`torch.name`, the method, and other names of it."""
    compute.__name__ = compute.__qualname__ = name
    compute.__doc__ = doc
    call = elementwise(compute)
    for each in (name, *others):
        globals()[each] = call
        __all__.append(each)
    alias(call, *others)


def _unary(apply: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda input: apply(input)


def _real(apply: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda input: apply(floating(input))


# name and other names -> the function, of floating numbers
_FLOATING: dict[str, Callable[[Any], Any]] = {
    "acos arccos": jnp.arccos,
    "acosh arccosh": jnp.arccosh,
    "asin arcsin": jnp.arcsin,
    "asinh arcsinh": jnp.arcsinh,
    "atan arctan": jnp.arctan,
    "atanh arctanh": jnp.arctanh,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "deg2rad": jnp.deg2rad,
    "digamma": sp.digamma,
    "erf": sp.erf,
    "erfc": sp.erfc,
    "erfinv": sp.erfinv,
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "expm1": jnp.expm1,
    "i0": sp.i0,
    "lgamma": sp.gammaln,
    "log": jnp.log,
    "log10": jnp.log10,
    "log1p": jnp.log1p,
    "log2": jnp.log2,
    "rad2deg": jnp.rad2deg,
    "reciprocal": jnp.reciprocal,
    "rsqrt": lax.rsqrt,
    "sigmoid": F.sigmoid,
    "sin": jnp.sin,
    "sinc": jnp.sinc,
    "sinh": jnp.sinh,
    "sqrt": jnp.sqrt,
    "tan": jnp.tan,
    "tanh": jnp.tanh,
}

# the same, of whatever dtype there is
_SAME: dict[str, Callable[[Any], Any]] = {
    "abs absolute": lambda x: jnp.abs(x),
    "bitwise_not": lambda x: jnp.invert(x),
    "ceil": lambda x: x if jnp.issubdtype(x.dtype, jnp.integer) else jnp.ceil(x),
    "conj conj_physical": lambda x: jnp.conj(x),
    "floor": lambda x: x if jnp.issubdtype(x.dtype, jnp.integer) else jnp.floor(x),
    "frac": lambda x: x - jnp.trunc(x),
    "isfinite": lambda x: jnp.isfinite(x),
    "isinf": lambda x: jnp.isinf(x),
    "isnan": lambda x: jnp.isnan(x),
    "isneginf": lambda x: jnp.isneginf(x),
    "isposinf": lambda x: jnp.isposinf(x),
    "isreal": lambda x: jnp.isreal(x),
    "logical_not": lambda x: jnp.logical_not(x),
    "neg negative": lambda x: jnp.negative(x),
    "positive resolve_conj resolve_neg": lambda x: x,
    "relu": lambda x: jnp.maximum(x, 0) if jnp.issubdtype(x.dtype, jnp.integer) else F.relu(x),
    "sgn": lambda x: jnp.sign(x),
    "sign": lambda x: x if x.dtype == bool else jnp.sign(x),
    "signbit": lambda x: (x < 0) if jnp.issubdtype(x.dtype, jnp.integer) else jnp.signbit(x),
    "square": lambda x: jnp.square(x),
    "trunc fix": lambda x: x if jnp.issubdtype(x.dtype, jnp.integer) else jnp.trunc(x),
}

for _table, _maker in ((_FLOATING, _real), (_SAME, _unary)):
    for _names, _apply in _table.items():
        _first, *_others = _names.split()
        _export(_first, _maker(_apply), f"`torch.{_first}`, element by element.", *_others)


@elementwise
def angle(input: Any) -> Any:
    """The angle of a complex number; of a real one 0 or π."""
    return jnp.angle(floating(input))


@elementwise
def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """The values moved into `[min, max]`."""
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds:
        raise ValueError("torch.clamp: at least one of min or max must be given")
    input, *bounds = together(input, *bounds)
    if min is not None:
        input = jnp.maximum(input, bounds.pop(0))
    return input if max is None else jnp.minimum(input, bounds.pop(0))


@elementwise
def clamp_min(input: Any, min: Any) -> Any:
    """The values, at least `min`."""
    return jnp.maximum(*together(input, min))


@elementwise
def clamp_max(input: Any, max: Any) -> Any:
    """The values, at most `max`."""
    return jnp.minimum(*together(input, max))


@elementwise
def logit(input: Any, eps: float | None = None) -> Any:
    """`log(p / (1 − p))`, of p moved into `[eps, 1 − eps]`."""
    x = floating(input)
    x = x if eps is None else jnp.clip(x, eps, 1 - eps)
    return jnp.log(x / (1 - x))


@elementwise
def nan_to_num(
    input: Any, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """NaN and infinities replaced: by 0 and the largest numbers there are, if nothing else is said."""
    return jnp.nan_to_num(input, nan=nan or 0.0, posinf=posinf, neginf=neginf)


@elementwise
def round(input: Any, *, decimals: int = 0) -> Any:
    """To the nearest, halves to even."""
    return input if jnp.issubdtype(input.dtype, jnp.integer) else jnp.round(input, decimals)


@elementwise
def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """`exp(x_i) / Σ_j exp(x_j)` along a dimension."""
    return F.softmax(input, dim, dtype=native(dtype))


@elementwise
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of `softmax`."""
    return F.log_softmax(input, dim, dtype=native(dtype))


@elementwise
def mvlgamma(input: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    return sp.multigammaln(floating(input), p)


@elementwise
def frexp(input: Any) -> Any:
    """Mantissa and exponent to the base 2."""
    mantissa, exponent = jnp.frexp(floating(input))
    return mantissa, exponent.astype(np.int32)


@elementwise
def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """Zero between −lambd and lambd."""
    return F.hardshrink(input, lambd)


@elementwise
def prelu(input: Any, weight: Any) -> Any:
    """`max(0, x) + weight · min(0, x)`, a weight for each channel."""
    return F.prelu(input, weight)


@function
def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of `digamma`."""
    return sp.polygamma(n, floating(input))


@method
def _polygamma(self: Any, n: int) -> Any:
    return polygamma(n, self)


alias(_polygamma, "polygamma")
(clip,) = alias(clamp, "clip")
__all__ += [
    "angle",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "frexp",
    "hardshrink",
    "log_softmax",
    "logit",
    "mvlgamma",
    "nan_to_num",
    "polygamma",
    "prelu",
    "round",
    "softmax",
]
