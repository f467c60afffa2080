"""Loss families: a mean function, a deviance and a curvature, and nothing else.

A family is the negative log-likelihood of an exponential family under its canonical link, per row. What a
solver needs of it are five formulas, on arrays of shape (n, m) for n rows and m outputs:

- `mean(η)`: the expected response μ at the linear predictor η; the gradient of the loss in η is μ − y;
- `loss(y, η)`: the loss of each row;
- `divergence(a, μ)`: half the unit deviance between two means, the Bregman distance that the duality gap
  and the null deviance are made of; never negative;
- `link(μ)`: the inverse of the mean function, kept finite at the edge, where an intercept starts;
- `curvature(μ)`: the diagonal of the second derivative of the loss in the m linear predictors; `coupled` says that
  the whole of it is this diagonal less μμᵀ.

A new family is one more class here.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, xlogy

__all__ = ["FAMILIES", "Binomial", "Family", "Gaussian", "Multinomial", "Poisson"]


# How close a starting mean may come to the edge of its range.
EDGE = 1e-10


class Family:
    """A loss that is convex in its linear predictor, with the canonical link."""

    name: str
    coupled = False

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """Expected response μ(η), (n, m)."""
        raise NotImplementedError

    def link(self, mean: np.ndarray) -> np.ndarray:
        """A finite linear predictor whose mean this is, to within EDGE."""
        raise NotImplementedError

    def null_mean(self, y: np.ndarray, weights: np.ndarray, intercept: bool) -> np.ndarray:
        """Fitted mean (m,) without features: that of y, whatever the family, or μ(0) without an intercept."""
        return weights @ y if intercept else self.mean(np.zeros((1, y.shape[1])))[0]

    def loss(self, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Loss of each row, (n,)."""
        raise NotImplementedError

    def divergence(self, a: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Half the unit deviance of each row between the means `a` and `mean`, (n,), >= 0."""
        raise NotImplementedError

    def curvature(self, mean: np.ndarray) -> np.ndarray:
        """∂²loss/∂η_c² of each row, (n, m), without the part −μ_c² of coupled predictors."""
        raise NotImplementedError


class Gaussian(Family):
    """Squared error `½ Σ (y − η)²` a row."""

    name = "gaussian"

    def link(self, mean):
        return mean

    def mean(self, eta):
        return eta

    def loss(self, y, eta):
        return self.divergence(y, eta)

    def divergence(self, a, mean):
        return 0.5 * ((a - mean) ** 2).sum(axis=1)

    def curvature(self, mean):
        return np.ones_like(mean)


class Binomial(Family):
    """Logistic loss `log(1 + e^η) − yη` a row, y in [0, 1]."""

    name = "binomial"

    def link(self, mean):
        return logit(np.clip(mean, EDGE, 1 - EDGE))

    def mean(self, eta):
        return expit(eta)

    def loss(self, y, eta):
        return (np.logaddexp(0.0, eta) - y * eta).sum(axis=1)

    def divergence(self, a, mean):
        return (_relative_entropy(a, mean) + _relative_entropy(1 - a, 1 - mean)).sum(axis=1)

    def curvature(self, mean):
        return mean * (1 - mean)


class Multinomial(Family):
    """Cross-entropy `−Σ_c y_c log softmax(η)_c` a row, the rows of y on the simplex."""

    name = "multinomial"
    coupled = True

    def link(self, mean):
        eta = np.log(np.maximum(mean, EDGE))
        return eta - eta.mean()

    def mean(self, eta):
        odds = np.exp(eta - eta.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def loss(self, y, eta):
        largest = eta.max(axis=1)
        return np.log(np.exp(eta - largest[:, None]).sum(axis=1)) + largest - (y * eta).sum(axis=1)

    def divergence(self, a, mean):
        return _relative_entropy(a, mean).sum(axis=1)

    def curvature(self, mean):
        return mean


class Poisson(Family):
    """Counts: `e^η − yη` a row, y >= 0; the constant log y! of the likelihood is left out."""

    name = "poisson"

    def link(self, mean):
        return np.log(np.maximum(mean, EDGE))

    def mean(self, eta):
        with np.errstate(over="ignore"):
            return np.exp(eta)

    def loss(self, y, eta):
        return (self.mean(eta) - y * eta).sum(axis=1)

    def divergence(self, a, mean):
        return np.maximum(_relative_entropy(a, mean) - a + mean, 0.0).sum(axis=1)

    def curvature(self, mean):
        return mean


def _relative_entropy(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a log(a/b)`, 0 where a = 0; means that underflowed to 0 count as the smallest number there is."""
    return xlogy(a, a / np.maximum(b, np.finfo(float).tiny))


FAMILIES: dict[str, type[Family]] = {f.name: f for f in (Gaussian, Binomial, Multinomial, Poisson)}
