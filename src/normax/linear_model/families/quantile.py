"""Quantiles: a loss with a kink, solved by smoothing it about a dual point that moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import Family, weighted_quantile

__all__ = ["Quantile"]


@dataclass(frozen=True)
class Quantile(Family):
    """The check loss of a quantile, `Σ max(τ(y − η), (τ − 1)(y − η))` a row, whose best constant is the τ-quantile of
    y.

    Args:
        level: τ in (0, 1). The default 0.5 is the median, and half the absolute error.

    Raises:
        InputError: if the level is not a number in (0, 1).

    Example:
        >>> from normax.linear_model import fit_path
        >>> X = np.arange(5.0)[:, None]
        >>> y = np.array([0.0, 1.0, 2.0, 3.0, 100.0])
        >>> fit_path(X, y, family=Quantile(0.5), strengths=[0.1]).coef.round(6).tolist()
        [[[1.0]]]

    Source:
        Koenker & Bassett, "Regression quantiles", Econometrica 1978.
    """

    level: float = 0.5

    name = "quantile"
    identity = True
    likelihood = False
    nonsmooth = True

    def __post_init__(self):
        if not isinstance(self.level, (int, float, np.number)) or not 0 < self.level < 1:
            raise InputError(f"level: expected a number in (0, 1), got {self.level!r}")

    def mean(self, eta):
        return eta

    def link(self, mean):
        return mean

    def constant(self, y, weights, offset):
        return weighted_quantile(y - offset, weights, self.level)

    def loss(self, y, eta):
        r = y - eta
        return np.maximum(self.level * r, (self.level - 1) * r).sum(axis=1)

    def deviance(self, y, eta):
        return self.loss(y, eta)

    def smoothed(self, width, about):
        return _SmoothedQuantile(self.level, width, about)


@dataclass(frozen=True)
class _SmoothedQuantile(Quantile):
    """`max_v Σ v(y − η) − width/2 (v − about)²` a row over v in [τ − 1, τ]; the best v is the residual."""

    width: float = 1.0
    about: Any = 0.0

    def _dual(self, y, eta):
        return self.about + (y - eta) / self.width

    def residual(self, y, eta):
        return np.clip(self._dual(y, eta), self.level - 1, self.level)

    def loss(self, y, eta):
        v = self.residual(y, eta)
        return (v * (y - eta) - 0.5 * self.width * (v - self.about) ** 2).sum(axis=1)

    def curvature(self, y, eta):
        v = self._dual(y, eta)
        return ((v >= self.level - 1) & (v <= self.level)) / self.width

    def deviance(self, y, eta):
        return Quantile.loss(self, y, eta)

    def fenchel(self, y, eta, c):
        return self.young(y, eta, c * self.residual(y, eta))

    def young(self, y, eta, v):
        return np.maximum(self.deviance(y, eta) - (v * (y - eta)).sum(axis=1), 0.0)

    def residual_range(self, y):
        return self.level - 1, self.level
