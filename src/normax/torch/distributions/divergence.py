"""Kullback and Leibler's divergence, where it has a closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import jax.scipy.linalg
from jax.scipy.special import digamma, gammaln

from normax.torch.distributions.continuous import (
    Beta,
    Dirichlet,
    Exponential,
    Gamma,
    Laplace,
    MultivariateNormal,
    Normal,
    Uniform,
)
from normax.torch.distributions.discrete import Bernoulli, Categorical, Poisson
from normax.torch.distributions.distribution import Independent
from normax.torch.tensor import made

__all__ = ["kl_divergence"]


def kl_divergence(p: Any, q: Any) -> Any:
    """`E_p[log p − log q]` of two distributions of a kind.

    Raises:
        NotImplementedError: for a pair without a closed form here.

    Example:
        >>> from normax.torch.distributions import Normal
        >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0)).item()
        0.5
    """
    return made(_divergence(p, q))


def _divergence(p: Any, q: Any) -> Any:
    if isinstance(p, Independent) and isinstance(q, Independent) and p._axes == q._axes:
        return _divergence(p.base_dist, q.base_dist).sum(p._axes)
    for kind, formula in _FORMULAS.items():
        if isinstance(p, kind) and isinstance(q, kind):
            return formula(p, q)
    raise NotImplementedError(
        f"no KL divergence of {type(p).__name__} from {type(q).__name__} is known in closed form; estimate it, "
        "(p.log_prob(x) - q.log_prob(x)).mean() over x = p.sample((n,))"
    )


def _normal(p, q):
    (a, s), (b, t) = p._parts(), q._parts()
    return 0.5 * ((s / t) ** 2 + ((a - b) / t) ** 2 - 1) - jnp.log(s / t)


def _multivariate(p, q):
    ratio = jax.scipy.linalg.solve_triangular(q._tril, p._tril, lower=True)
    apart = (q._arrays["loc"] - p._arrays["loc"])[..., None]
    whitened = jax.scipy.linalg.solve_triangular(q._tril, apart, lower=True)
    squares = (ratio**2).sum((-2, -1)) + (whitened**2).sum((-2, -1))
    return 0.5 * (squares - p._event[0]) + q._log_scale() - p._log_scale()


def _bernoulli(p, q):
    return p._arrays["probs"] * (p._arrays["logits"] - q._arrays["logits"]) + (
        jnp.logaddexp(q._arrays["logits"], 0) - jnp.logaddexp(p._arrays["logits"], 0)
    )


def _categorical(p, q):
    return (p._arrays["probs"] * (p._arrays["logits"] - q._arrays["logits"])).sum(-1)


def _gamma(p, q):
    (a, s), (b, t) = p._parts(), q._parts()
    return b * jnp.log(s / t) + gammaln(b) - gammaln(a) + (a - b) * digamma(a) + a * (t / s - 1)


def _exponential(p, q):
    ratio = q._arrays["rate"] / p._arrays["rate"]
    return ratio - 1 - jnp.log(ratio)


def _dirichlet(p, q):
    a, b = p._arrays["concentration"], q._arrays["concentration"]
    means = digamma(a) - digamma(a.sum(-1, keepdims=True))
    return p._log_norm() - q._log_norm() + ((a - b) * means).sum(-1)


def _laplace(p, q):
    ratio = p._arrays["scale"] / q._arrays["scale"]
    apart = jnp.abs(p._arrays["loc"] - q._arrays["loc"])
    return -jnp.log(ratio) + ratio * jnp.exp(-apart / p._arrays["scale"]) + apart / q._arrays["scale"] - 1


def _uniform(p, q):
    inside = (q._arrays["low"] <= p._arrays["low"]) & (p._arrays["high"] <= q._arrays["high"])
    return jnp.where(inside, jnp.log(q._width() / p._width()), jnp.inf)


def _poisson(p, q):
    a, b = p._arrays["rate"], q._arrays["rate"]
    return a * jnp.log(a / b) - (a - b)


_FORMULAS: dict[type, Callable[[Any, Any], Any]] = {
    Normal: _normal,
    MultivariateNormal: _multivariate,
    Bernoulli: _bernoulli,
    Categorical: _categorical,
    Gamma: _gamma,
    Exponential: _exponential,
    Dirichlet: _dirichlet,
    Beta: lambda p, q: _dirichlet(p._as_dirichlet(), q._as_dirichlet()),
    Laplace: _laplace,
    Uniform: _uniform,
    Poisson: _poisson,
}
