"""Counts that scatter more than Poisson's: the negative binomial under the logarithmic link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln

from normax.errors import InputError
from normax.linear_model.families.base import Family, relative_entropy
from normax.linear_model.families.poisson import Poisson

__all__ = ["LEAST", "NegativeBinomial", "dispersion_of"]

# Dispersions between which one is looked for; beyond the first counts are Poisson's to rounding.
LEAST, MOST = 1e-8, 1e8


@dataclass(frozen=True)
class NegativeBinomial(Poisson):
    """Mean μ = e^η and variance `μ + κμ²`, κ the dispersion: `Σ (y + 1/κ) log(1 + κ e^η) − yη` a row.

    That is the negative log-likelihood but for what does not know η, convex in η for every κ > 0, and Poisson's loss
    where κ falls to 0. It is the logistic loss of `y + 1/κ` trials, which tells its conjugate.

    Args:
        dispersion: κ > 0, statsmodels' `alpha` and 1/θ of R's `glm.nb`. The default 1 is statsmodels', the geometric
            distribution; `NegativeBinomialRegressor` estimates it.

    Raises:
        InputError: if the dispersion is not a positive number.

    Example:
        >>> from normax.linear_model import fit_path
        >>> path = fit_path(np.zeros((3, 1)), [0, 1, 5], family=NegativeBinomial(0.5), strengths=[0.1])
        >>> float(np.exp(path.intercept[0, 0]).round(9))
        2.0

    Source:
        Hilbe, "Negative binomial regression", 2011; Lawless, Canadian Journal of Statistics 1987.
    """

    dispersion: float = 1.0

    name = "negative-binomial"
    compiled_row = None  # Poisson's is another
    divergence = Family.divergence  # that of a canonical link, which this is not

    def __post_init__(self):
        k = self.dispersion
        if not isinstance(k, (int, float, np.number)) or isinstance(k, bool) or not 0 < k < np.inf:
            raise InputError(f'dispersion: expected a number > 0, got {k!r}; use family="poisson" for 0')

    def loss(self, y, eta):
        return ((y + 1 / self.dispersion) * self._rise(eta) - y * eta).sum(axis=1)

    def _rise(self, eta: np.ndarray) -> np.ndarray:
        """`log(1 + κ e^η)`."""
        return np.logaddexp(0.0, eta + np.log(self.dispersion))

    def residual(self, y, eta):
        # Where the mean overflows its share does not.
        share = np.exp(-self._rise(eta))
        return y * share - (1 - share) / self.dispersion

    def curvature(self, y, eta):
        share = np.exp(-self._rise(eta))
        return (y + 1 / self.dispersion) * share * (1 - share)

    def deviance(self, y, eta):
        return self.young(y, eta, np.zeros_like(y))

    def fenchel(self, y, eta, c):
        return self.young(y, eta, c * self.residual(y, eta))

    def young(self, y, eta, v):
        trials, share = y + 1 / self.dispersion, np.exp(-self._rise(eta))
        a = np.clip((y - v) / trials, 0.0, 1.0)
        each = relative_entropy(a, 1 - share) + relative_entropy(1 - a, share)
        return np.maximum(trials * each, 0.0).sum(axis=1)

    def residual_range(self, y):
        return -1 / self.dispersion, y


def dispersion_of(y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
    """The dispersion of the largest likelihood for counts (n,) about known means; 0 where Poisson's variance is as much
    as they show.

    Example:
        >>> y, mean = np.array([0.0, 0.0, 1.0, 9.0]), np.full(4, 2.5)
        >>> round(dispersion_of(y, mean, np.ones(4)), 4), dispersion_of(np.array([2.0, 3.0]), mean[:2], np.ones(2))
        (3.2574, 0.0)
    """

    def slope(size: float) -> float:
        """Derivative of the mean log-likelihood in θ = 1/κ = e^size, times −κ."""
        theta = np.exp(size)
        each = digamma(y + theta) - digamma(theta) - np.log1p(mean / theta) + (mean - y) / (theta + mean)
        return -float(weights @ each)

    # Near κ = 0 the likelihood rises with κ where squares exceed what Poisson's variance asks for.
    if not weights @ ((y - mean) ** 2 - y) > 0:
        return 0.0
    low, high = np.log(1 / MOST), np.log(1 / LEAST)
    if slope(high) < 0:
        return 0.0
    return MOST if slope(low) > 0 else float(np.exp(-brentq(slope, low, high, xtol=1e-13)))


def log_likelihood(y: np.ndarray, mean: np.ndarray, dispersion: float) -> np.ndarray:
    """(n,) log-likelihoods of counts about their means, constants included."""
    theta = 1 / dispersion
    return (
        gammaln(y + theta)
        - gammaln(theta)
        - gammaln(y + 1)
        - (y + theta) * np.log1p(mean / theta)
        + y * np.log(np.maximum(mean, np.finfo(float).tiny) / theta)
    )
