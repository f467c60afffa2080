"""Squared error."""

from __future__ import annotations

import numpy as np

from normax.linear_model.families.base import Family

__all__ = ["Gaussian"]


class Gaussian(Family):
    """Squared error `½ Σ (y − η)²` a row.

    Example:
        >>> from normax.linear_model import fit_path
        >>> fit_path([[0.0], [1.0], [2.0]], [0.0, 2.0, 4.0], strengths=[0.0], family="gaussian").coef.round(6).tolist()
        [[[2.0]]]
    """

    name = "gaussian"
    identity = True

    def link(self, mean):
        return mean

    def mean(self, eta):
        return eta

    def loss(self, y, eta):
        return self.divergence(y, eta)

    def divergence(self, a, mean):
        return 0.5 * ((a - mean) ** 2).sum(axis=1)

    def curvature(self, y, eta):
        return np.ones_like(eta)
