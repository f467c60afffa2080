"""Densities."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln

from normax.errors import InputError
from normax.torch.distributions.distribution import Distribution, positive
from normax.torch.tensor import made, raw

__all__ = [
    "Beta",
    "Dirichlet",
    "Exponential",
    "Gamma",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "Normal",
    "Uniform",
]

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Normal(Distribution):
    """`N(loc, scale²)`; see `Distribution`.

    Example:
        >>> from normax import torch
        >>> round(Normal(0.0, 1.0).log_prob(torch.tensor(0.0)).item(), 4)
        -0.9189
    """

    has_rsample = True
    ranges: ClassVar[dict[str, Any]] = {"scale": positive}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, loc=loc, scale=scale)

    def _parts(self):
        return self._arrays["loc"], self._arrays["scale"]

    def _log_prob(self, x):
        loc, scale = self._parts()
        return -0.5 * ((x - loc) / scale) ** 2 - jnp.log(scale) - _HALF_LOG_2PI

    def _draw(self, key, shape):
        loc, scale = self._parts()
        return loc + scale * jax.random.normal(key, shape, loc.dtype)

    def _entropy(self):
        return 0.5 + _HALF_LOG_2PI + jnp.log(self._arrays["scale"])

    def _mean(self):
        return self._arrays["loc"]

    def _variance(self):
        return self._arrays["scale"] ** 2

    def cdf(self, value: Any) -> Any:
        """The probability of at most `value`."""
        loc, scale = self._parts()
        return made(jax.scipy.stats.norm.cdf(raw(value), loc, scale))

    def icdf(self, value: Any) -> Any:
        """The quantile."""
        loc, scale = self._parts()
        return made(jax.scipy.stats.norm.ppf(raw(value), loc, scale))


class LogNormal(Normal):
    """What `exp` of a normal draw has; see `Distribution`."""

    def _log_prob(self, x):
        return super()._log_prob(jnp.log(x)) - jnp.log(x)

    def _draw(self, key, shape):
        return jnp.exp(super()._draw(key, shape))

    def _entropy(self):
        return super()._entropy() + self._arrays["loc"]

    def _mean(self):
        loc, scale = self._parts()
        return jnp.exp(loc + scale**2 / 2)

    def _variance(self):
        loc, scale = self._parts()
        return jnp.expm1(scale**2) * jnp.exp(2 * loc + scale**2)

    def cdf(self, value: Any) -> Any:
        return super().cdf(jnp.log(raw(value)))

    def icdf(self, value: Any) -> Any:
        return made(jnp.exp(raw(super().icdf(value))))


class Laplace(Distribution):
    """`exp(−|x − loc| / scale) / (2 scale)`; see `Distribution`."""

    has_rsample = True
    ranges: ClassVar[dict[str, Any]] = {"scale": positive}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, loc=loc, scale=scale)

    def _log_prob(self, x):
        scale = self._arrays["scale"]
        return -jnp.abs(x - self._arrays["loc"]) / scale - jnp.log(2 * scale)

    def _draw(self, key, shape):
        loc = self._arrays["loc"]
        return loc + self._arrays["scale"] * jax.random.laplace(key, shape, loc.dtype)

    def _entropy(self):
        return 1 + jnp.log(2 * self._arrays["scale"])

    def _mean(self):
        return self._arrays["loc"]

    def _variance(self):
        return 2 * self._arrays["scale"] ** 2


class Uniform(Distribution):
    """Even between `low` and `high`; see `Distribution`."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, low=low, high=high)
        width = self._width()
        if (
            validate_args is not False
            and not isinstance(width, jax.core.Tracer)
            and not bool((width > 0).all())
        ):
            raise InputError("Uniform: expected low < high everywhere")

    def _width(self):
        return self._arrays["high"] - self._arrays["low"]

    def _log_prob(self, x):
        inside = (x >= self._arrays["low"]) & (x < self._arrays["high"])
        return jnp.where(inside, 0.0, -jnp.inf) - jnp.log(self._width())

    def _draw(self, key, shape):
        low = self._arrays["low"]
        return low + self._width() * jax.random.uniform(key, shape, low.dtype)

    def _entropy(self):
        return jnp.log(self._width())

    def _mean(self):
        return (self._arrays["low"] + self._arrays["high"]) / 2

    def _variance(self):
        return self._width() ** 2 / 12


class Gamma(Distribution):
    """`rate^c · x^(c−1) · exp(−rate·x) / Γ(c)`, c the concentration; see `Distribution`."""

    has_rsample = True
    ranges: ClassVar[dict[str, Any]] = {"concentration": positive, "rate": positive}

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, concentration=concentration, rate=rate)

    def _parts(self):
        return self._arrays["concentration"], self._arrays["rate"]

    def _log_prob(self, x):
        c, rate = self._parts()
        return c * jnp.log(rate) + (c - 1) * jnp.log(x) - rate * x - gammaln(c)

    def _draw(self, key, shape):
        c, rate = self._parts()
        return jax.random.gamma(key, c, shape) / rate

    def _entropy(self):
        c, rate = self._parts()
        return c - jnp.log(rate) + gammaln(c) + (1 - c) * digamma(c)

    def _mean(self):
        c, rate = self._parts()
        return c / rate

    def _variance(self):
        c, rate = self._parts()
        return c / rate**2


class Exponential(Distribution):
    """`rate · exp(−rate·x)`; see `Distribution`."""

    has_rsample = True
    ranges: ClassVar[dict[str, Any]] = {"rate": positive}

    def __init__(self, rate: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, rate=rate)

    def _log_prob(self, x):
        rate = self._arrays["rate"]
        return jnp.log(rate) - rate * x

    def _draw(self, key, shape):
        rate = self._arrays["rate"]
        return jax.random.exponential(key, shape, rate.dtype) / rate

    def _entropy(self):
        return 1 - jnp.log(self._arrays["rate"])

    def _mean(self):
        return 1 / self._arrays["rate"]

    def _variance(self):
        return 1 / self._arrays["rate"] ** 2


class Dirichlet(Distribution):
    """`Π_k x_k^(c_k − 1) / B(c)` on shares that add up to 1; see `Distribution`."""

    has_rsample = True
    ranges: ClassVar[dict[str, Any]] = {"concentration": positive}

    def __init__(self, concentration: Any, validate_args: bool | None = None):
        super().__init__(1, validate_args, concentration=concentration)

    def _log_norm(self):
        c = self._arrays["concentration"]
        return gammaln(c.sum(-1)) - gammaln(c).sum(-1)

    def _log_prob(self, x):
        return ((self._arrays["concentration"] - 1) * jnp.log(x)).sum(-1) + self._log_norm()

    def _draw(self, key, shape):
        return jax.random.dirichlet(key, self._arrays["concentration"], shape[:-1])

    def _entropy(self):
        c = self._arrays["concentration"]
        total = c.sum(-1)
        return -self._log_norm() + (total - c.shape[-1]) * digamma(total) - ((c - 1) * digamma(c)).sum(-1)

    def _mean(self):
        c = self._arrays["concentration"]
        return c / c.sum(-1, keepdims=True)

    def _variance(self):
        total, mean = self._arrays["concentration"].sum(-1, keepdims=True), self._mean()
        return mean * (1 - mean) / (total + 1)


class Beta(Distribution):
    """`x^(a−1) · (1−x)^(b−1) / B(a, b)`, the concentrations a of 1 and b of 0; see `Distribution`."""

    has_rsample = True
    ranges: ClassVar[dict[str, Any]] = {"concentration1": positive, "concentration0": positive}

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, concentration1=concentration1, concentration0=concentration0)

    def _parts(self):
        return self._arrays["concentration1"], self._arrays["concentration0"]

    def _as_dirichlet(self):
        return Dirichlet(jnp.stack(self._parts(), -1), False)

    def _log_prob(self, x):
        return self._as_dirichlet()._log_prob(jnp.stack([x, 1 - x], -1))

    def _draw(self, key, shape):
        return jax.random.beta(key, *self._parts(), shape)

    def _entropy(self):
        return self._as_dirichlet()._entropy()

    def _mean(self):
        a, b = self._parts()
        return a / (a + b)

    def _variance(self):
        a, b = self._parts()
        return a * b / ((a + b) ** 2 * (a + b + 1))


class MultivariateNormal(Distribution):
    """`N(loc, Σ)`, Σ given by itself, by its inverse, or by its Cholesky factor; see `Distribution`.

    Args:
        loc: `(..., d)`.
        covariance_matrix, precision_matrix, scale_tril: `(..., d, d)`, one of the three.
        validate_args: kept for PyTorch's sake.
    """

    has_rsample = True

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ):
        given = [covariance_matrix, precision_matrix, scale_tril]
        if sum(part is not None for part in given) != 1:
            raise InputError(
                "MultivariateNormal: expected one of covariance_matrix, precision_matrix and scale_tril"
            )
        covariance, precision, factor = (None if part is None else jnp.asarray(raw(part)) for part in given)
        if precision is not None:
            covariance = jnp.linalg.inv(precision)
        tril = jnp.linalg.cholesky(covariance) if factor is None else factor
        loc = jnp.asarray(raw(loc))
        shape = jnp.broadcast_shapes(loc.shape, tril.shape[:-1])
        super().__init__(1, validate_args, loc=jnp.broadcast_to(loc, shape))
        self._tril = jnp.broadcast_to(tril, (*shape, shape[-1]))

    @property
    def scale_tril(self) -> Any:
        return made(self._tril)

    @property
    def covariance_matrix(self) -> Any:
        return made(self._tril @ self._tril.mT)

    def _log_scale(self):
        return jnp.log(jnp.diagonal(self._tril, axis1=-2, axis2=-1)).sum(-1)

    def _log_prob(self, x):
        apart = x - self._arrays["loc"]
        tril = jnp.broadcast_to(self._tril, (*apart.shape, apart.shape[-1]))
        whitened = jax.scipy.linalg.solve_triangular(tril, apart[..., None], lower=True)[..., 0]
        return -0.5 * (whitened**2).sum(-1) - self._log_scale() - apart.shape[-1] * _HALF_LOG_2PI

    def _draw(self, key, shape):
        loc = self._arrays["loc"]
        return loc + (self._tril @ jax.random.normal(key, shape, loc.dtype)[..., None])[..., 0]

    def _entropy(self):
        return self._event[0] * (0.5 + _HALF_LOG_2PI) + self._log_scale()

    def _mean(self):
        return self._arrays["loc"]

    def _variance(self):
        return (self._tril**2).sum(-1)
