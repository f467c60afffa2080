"""Squared error for small residuals, absolute error for large ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import Family, weighted_quantile

__all__ = ["Huber"]

FLAT = 1e-3  # what counts as curvature of rows that have none: an upper bound, so that systems stay regular


@dataclass(frozen=True)
class Huber(Family):
    """`Σ ½ r²` a row up to |r| = δ and `δ|r| − ½ δ²` beyond, r = y − η: outliers pull no harder than δ.

    Args:
        delta: δ > 0 in units of y. The default 1 is PyTorch's. scikit-learn's `HuberRegressor` estimates a scale σ with the
            coefficients: its fit at (epsilon, alpha) is that of δ = epsilon·σ and strength alpha·σ/n.

    Raises:
        InputError: if delta is not a positive number.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X = np.arange(5.0)[:, None]
        >>> y = np.array([0.0, 1.0, 2.0, 3.0, 100.0])
        >>> bool(fit_path(X, y, family=Huber(0.1), strengths=[0.0]).coef[0, 0, 0] < 1.2)
        True

    Source:
        Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 1964.
    """

    delta: float = 1.0

    name = "huber"
    identity = True
    likelihood = False

    def __post_init__(self):
        if not isinstance(self.delta, (int, float, np.number)) or not 0 < self.delta < np.inf:
            raise InputError(f"delta: expected a number > 0, got {self.delta!r}")

    def mean(self, eta):
        return eta

    def link(self, mean):
        return mean

    def constant(self, y, weights, offset):
        return weighted_quantile(y - offset, weights, 0.5)

    def loss(self, y, eta):
        v = self.residual(y, eta)
        return (v * (y - eta) - 0.5 * v**2).sum(axis=1)

    def residual(self, y, eta):
        return np.clip(y - eta, -self.delta, self.delta)

    def curvature(self, y, eta):
        return np.where(np.abs(y - eta) <= self.delta, 1.0, FLAT)

    def deviance(self, y, eta):
        return self.loss(y, eta)

    def young(self, y, eta, v):
        return np.maximum(self.loss(y, eta) + (0.5 * v**2 - v * (y - eta)).sum(axis=1), 0.0)

    def residual_range(self, y):
        return -self.delta, self.delta

    def fenchel(self, y, eta, c):
        return self.young(y, eta, c * self.residual(y, eta))
