"""`torch.special`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax.scipy import special as sp

from normax.torch import arithmetic, elementwise, reductions
from normax.torch.ops import function
from normax.torch.promotion import floating, together

# The special name -> that of torch itself.
_SAME = {
    **{
        name: name
        for name in [
            "digamma",
            "erf",
            "erfc",
            "erfinv",
            "exp2",
            "expm1",
            "i0",
            "log1p",
            "log_softmax",
            "logit",
        ]
    },
    **{name: name for name in ["logsumexp", "polygamma", "round", "sinc", "softmax", "xlogy"]},
    "expit": "sigmoid",
    "gammainc": "igamma",
    "gammaincc": "igammac",
    "gammaln": "lgamma",
    "modified_bessel_i0": "i0",
    "multigammaln": "mvlgamma",
    "psi": "digamma",
}
_HOMES = vars(elementwise) | vars(arithmetic) | vars(reductions)
globals().update({name: _HOMES[theirs] for name, theirs in _SAME.items()})

__all__ = [*_SAME]
__all__ += [
    "bessel_j0",
    "bessel_j1",
    "entr",
    "erfcx",
    "i0e",
    "i1",
    "i1e",
    "log_ndtr",
    "modified_bessel_i1",
    "ndtr",
    "ndtri",
    "xlog1py",
    "zeta",
]


def _of_one(name: str, apply: Callable[[Any], Any]) -> Callable[..., Any]:
    def compute(input: Any) -> Any:
        return apply(floating(input))

    compute.__name__, compute.__doc__ = name, f"`torch.special.{name}`, element by element."
    return function(compute)


def _of_two(name: str, apply: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def compute(input: Any, other: Any) -> Any:
        return apply(*map(jnp.asarray, together(input, other, divide=True)))

    compute.__name__, compute.__doc__ = name, f"`torch.special.{name}`, element by element."
    return function(compute)


def _bessel_j(order: int) -> Callable[[Any], Any]:
    """The Bessel function of the first kind as the mean over a circle: `1/π ∫₀^π cos(n t − x sin t) dt`.

    The trapezoidal rule converges geometrically; 64 points are exact to float64's rounding for |x| < 30, and beyond
    that the number of points grows with nothing, so larger values are computed from the asymptotic series.
    """

    def bessel(x: Any) -> Any:
        t = (jnp.arange(64, dtype=x.dtype) + 0.5) * (jnp.pi / 64)
        near = jnp.mean(jnp.cos(order * t - x[..., None] * jnp.sin(t)), -1)
        size, mu = jnp.maximum(jnp.abs(x), 20), 4 * order**2
        turn = size - order * jnp.pi / 2 - jnp.pi / 4
        p = 1 - (mu - 1) * (mu - 9) / (128 * size**2)
        q = (mu - 1) / (8 * size) - (mu - 1) * (mu - 9) * (mu - 25) / (3072 * size**3)
        far = jnp.sqrt(2 / (jnp.pi * size)) * (p * jnp.cos(turn) - q * jnp.sin(turn))
        return jnp.where(jnp.abs(x) < 20, near, far * jnp.sign(x) ** order)

    return bessel


def _erfcx(x: Any) -> Any:
    """`exp(x²) erfc(x)`; for large x by its continued fraction, where the product would be ∞ · 0."""
    big = jnp.maximum(x, 5)
    fraction = big
    for k in range(20, 0, -1):
        fraction = big + (k / 2) / fraction
    small = jnp.minimum(x, 5)
    return jnp.where(x < 5, jnp.exp(small**2) * sp.erfc(small), 1 / (jnp.sqrt(jnp.pi) * fraction))


bessel_j0, bessel_j1 = _of_one("bessel_j0", _bessel_j(0)), _of_one("bessel_j1", _bessel_j(1))
entr, erfcx = _of_one("entr", sp.entr), _of_one("erfcx", _erfcx)
i0e, i1, i1e = _of_one("i0e", sp.i0e), _of_one("i1", sp.i1), _of_one("i1e", sp.i1e)
modified_bessel_i1 = i1
log_ndtr, ndtr, ndtri = _of_one("log_ndtr", sp.log_ndtr), _of_one("ndtr", sp.ndtr), _of_one("ndtri", sp.ndtri)
xlog1py, zeta = _of_two("xlog1py", sp.xlog1py), _of_two("zeta", sp.zeta)
