"""Probabilities of classes, truths and counts."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln

from normax.errors import InputError
from normax.torch.distributions.distribution import Distribution, share

__all__ = ["Bernoulli", "Categorical", "OneHotCategorical", "Poisson"]


def _one(name: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise InputError(f"{name}: expected either probs or logits")


class Bernoulli(Distribution):
    """1 with probability `probs`, or with log-odds `logits`, else 0; see `Distribution`.

    Example:
        >>> from normax import torch
        >>> round(Bernoulli(probs=0.25).log_prob(torch.tensor(1.0)).exp().item(), 4)
        0.25
    """

    ranges: ClassVar[dict[str, Any]] = {"probs": share}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        _one("Bernoulli", probs, logits)
        given = {"probs": probs} if logits is None else {"logits": logits}
        super().__init__(0, validate_args, **given)
        if logits is None:
            eps = jnp.finfo(self._arrays["probs"].dtype).eps
            inside = jnp.clip(self._arrays["probs"], eps, 1 - eps)
            self._arrays["logits"] = jnp.log(inside) - jnp.log1p(-inside)
        else:
            self._arrays["probs"] = jax.nn.sigmoid(self._arrays["logits"])

    def _log_prob(self, x):
        logits = self._arrays["logits"]
        return x * logits - jax.nn.softplus(logits)

    def _draw(self, key, shape):
        probs = self._arrays["probs"]
        return jax.random.bernoulli(key, probs, shape).astype(probs.dtype)

    def _entropy(self):
        logits = self._arrays["logits"]
        return jax.nn.softplus(logits) - self._arrays["probs"] * logits

    def _mean(self):
        return self._arrays["probs"]

    def _variance(self):
        return self._arrays["probs"] * (1 - self._arrays["probs"])


class Categorical(Distribution):
    """A class by its `probs`, which need not add up to 1, or `logits`, along the last dimension; see `Distribution`.

    Example:
        >>> from normax import torch
        >>> Categorical(torch.tensor([1.0, 3.0])).probs
        tensor([0.2500, 0.7500])
    """

    ranges: ClassVar[dict[str, Any]] = {"probs": lambda p: p >= 0}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        _one(type(self).__name__, probs, logits)
        given = {"probs": probs} if logits is None else {"logits": logits}
        super().__init__(1, validate_args, **given)
        if logits is None:
            p = self._arrays["probs"] / self._arrays["probs"].sum(-1, keepdims=True)
            eps = jnp.finfo(p.dtype).eps
            self._arrays |= {"probs": p, "logits": jnp.log(jnp.clip(p, eps, 1 - eps))}
        else:
            scaled = jax.nn.log_softmax(self._arrays["logits"], -1)
            self._arrays |= {"logits": scaled, "probs": jnp.exp(scaled)}
        self._classes, self._event = self._event[0], ()

    def _log_prob(self, x):
        logits, x = self._arrays["logits"], x.astype(jnp.int32)
        shape = jnp.broadcast_shapes(x.shape, logits.shape[:-1])
        logits = jnp.broadcast_to(logits, (*shape, logits.shape[-1]))
        return jnp.take_along_axis(logits, jnp.broadcast_to(x, shape)[..., None], -1)[..., 0]

    def _draw(self, key, shape):
        return jax.random.categorical(key, self._arrays["logits"], shape=shape)

    def _entropy(self):
        return -(self._arrays["probs"] * self._arrays["logits"]).sum(-1)


class OneHotCategorical(Categorical):
    """`Categorical` whose draws are rows with a single 1; see `Distribution`."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        super().__init__(probs, logits, validate_args)
        self._event = (self._classes,)

    def _log_prob(self, x):
        return super()._log_prob(x.argmax(-1))

    def _draw(self, key, shape):
        logits = self._arrays["logits"]
        return jax.nn.one_hot(super()._draw(key, shape[:-1]), self._classes, dtype=logits.dtype)

    def _mean(self):
        return self._arrays["probs"]

    def _variance(self):
        return self._arrays["probs"] * (1 - self._arrays["probs"])


class Poisson(Distribution):
    """`rate^k · exp(−rate) / k!`; see `Distribution`."""

    ranges: ClassVar[dict[str, Any]] = {"rate": lambda rate: rate >= 0}

    def __init__(self, rate: Any, validate_args: bool | None = None):
        super().__init__(0, validate_args, rate=rate)

    def _log_prob(self, x):
        rate = self._arrays["rate"]
        return jax.scipy.special.xlogy(x, rate) - rate - gammaln(x + 1)

    def _draw(self, key, shape):
        rate = self._arrays["rate"]
        return jax.random.poisson(key, rate, shape).astype(rate.dtype)

    def _mean(self):
        return self._arrays["rate"]

    def _variance(self):
        return self._arrays["rate"]
