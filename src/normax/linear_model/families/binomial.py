"""Two classes, or their shares; several outputs are as many problems of their own."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from normax.errors import InputError
from normax.linear_model.families.base import EDGE, Family, relative_entropy
from normax.linear_model.families.rows import BINOMIAL

__all__ = ["Binomial"]


class Binomial(Family):
    """Logistic loss `Σ log(1 + e^η) − yη` a row, y in [0, 1].

    Example:
        >>> from normax.linear_model import fit_path
        >>> path = fit_path([[0.0], [0.0], [1.0], [1.0]], [0, 1, 1, 1], strengths=[0.1], family="binomial")
        >>> bool(path.gap[0] < 1e-6)
        True
    """

    name = "binomial"
    compiled_row = BINOMIAL
    classes = True
    edges = (0.0, 1.0)

    def response(self, y, n):
        y = super().response(y, n)
        if ((y < 0) | (y > 1)).any():
            raise InputError(f"y: binomial expects values in [0, 1], got {y.min()} to {y.max()}")
        return y

    def link(self, mean):
        return logit(np.clip(mean, EDGE, 1 - EDGE))

    def mean(self, eta):
        return expit(eta)

    def loss(self, y, eta):
        return (np.logaddexp(0.0, eta) - y * eta).sum(axis=1)

    def divergence(self, a, mean):
        return (relative_entropy(a, mean) + relative_entropy(1 - a, 1 - mean)).sum(axis=1)

    def residual_range(self, y):
        return y - 1, y

    def curvature(self, y, eta):
        mean = expit(eta)
        return mean * (1 - mean)
