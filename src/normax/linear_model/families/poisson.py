"""Counts."""

from __future__ import annotations

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import EDGE, Family, log_sum, relative_entropy
from normax.linear_model.families.rows import POISSON

__all__ = ["Poisson"]


class Poisson(Family):
    """Counts: `Σ e^η − yη` a row, y >= 0; the constant log y! of the likelihood is left out.

    Example:
        >>> from normax.linear_model import fit_path
        >>> path = fit_path([[0.0], [0.0], [1.0]], [1, 1, 2], strengths=[0.0], family="poisson")
        >>> round(float(path.coef[0, 0, 0]), 3)  # log 2
        0.693
    """

    name = "poisson"
    compiled_row: int | None = POISSON
    edges = (0.0, np.inf)

    def response(self, y, n):
        y = super().response(y, n)
        rows = np.flatnonzero((y < 0).any(axis=1))
        if len(rows):
            told = ", ".join(f"{y[i].min():g} at row {i}" for i in rows[:5])
            raise InputError(
                f"y: {self.name} expects counts >= 0, got {told}. Some value(s) of y are out of the valid range of the loss"
            )
        return y

    def link(self, mean):
        return np.log(np.maximum(mean, EDGE))

    def constant(self, y, weights, offset):
        return log_sum(0 * offset, weights[:, None] * y) - log_sum(offset, weights[:, None])

    def mean(self, eta):
        with np.errstate(over="ignore"):
            return np.exp(eta)

    def loss(self, y, eta):
        return (self.mean(eta) - y * eta).sum(axis=1)

    def divergence(self, a, mean):
        return np.maximum(relative_entropy(a, mean) - a + mean, 0.0).sum(axis=1)

    def residual_range(self, y):
        return -np.inf, y

    def curvature(self, y, eta):
        return self.mean(eta)
