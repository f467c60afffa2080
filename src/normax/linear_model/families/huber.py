"""Squared error for small residuals, absolute error for large ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import Family, weighted_quantile

__all__ = ["Huber"]

MANY = 30  # δ to which y is apart from its median, from which on hardly a row bends the loss
FLAT = 1e-3  # what counts as curvature of rows that have none: an upper bound, so that systems stay regular


@dataclass(frozen=True)
class Huber(Family):
    """`Σ ½ r²` a row up to |r| = δ and `δ|r| − ½ δ²` beyond, r = y − η: outliers pull no harder than δ.

    Args:
        delta: δ > 0 in units of y. The default 1 is PyTorch's. scikit-learn's `HuberRegressor` estimates a scale σ
            with the coefficients: its fit at (epsilon, alpha) is that of δ = epsilon·σ and strength alpha·σ/n.

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

    def suited(self, y, weights, offset):
        away = np.abs(y - offset - self.constant(y, weights, offset))
        return _Nonsmooth(self.delta) if np.median(away) > MANY * self.delta else self

    def deviance(self, y, eta):
        return self.loss(y, eta)

    def young(self, y, eta, v):
        return np.maximum(self.loss(y, eta) + (0.5 * v**2 - v * (y - eta)).sum(axis=1), 0.0)

    def residual_range(self, y):
        return -self.delta, self.delta

    def fenchel(self, y, eta, c):
        return self.young(y, eta, c * self.residual(y, eta))


class _Nonsmooth(Huber):
    """The same for δ far below the scale of y, where it is all but the absolute error and is solved as that."""

    nonsmooth = True
    patience, narrower = 1, 0.2  # the rest of curvature within δ asks for a width of its own size

    @property
    def reach(self):
        return self.delta

    def suited(self, y, weights, offset):
        return self

    def plain(self):
        return Huber(self.delta)

    def smoothed(self, width, about):
        return _SmoothedHuber(self.delta, width, about)


@dataclass(frozen=True)
class _SmoothedHuber(_Nonsmooth):
    """`max_v v(y − η) − ½ v² − width/2 (v − about)²` a row over |v| <= δ; the best v is the residual."""

    width: float = 1.0
    about: Any = 0.0

    def _dual(self, y, eta):
        return (y - eta + self.width * self.about) / (1 + self.width)

    def residual(self, y, eta):
        return np.clip(self._dual(y, eta), -self.delta, self.delta)

    def loss(self, y, eta):
        v = self.residual(y, eta)
        return (v * (y - eta) - 0.5 * v**2 - 0.5 * self.width * (v - self.about) ** 2).sum(axis=1)

    def curvature(self, y, eta):
        return (np.abs(self._dual(y, eta)) <= self.delta) / (1 + self.width)

    def deviance(self, y, eta):
        return Huber(self.delta).loss(y, eta)

    def young(self, y, eta, v):
        return Huber(self.delta).young(y, eta, v)
