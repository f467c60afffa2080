"""One of several classes, or their shares."""

from __future__ import annotations

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import EDGE, Family, relative_entropy
from normax.linear_model.families.rows import MULTINOMIAL

__all__ = ["Multinomial"]


class Multinomial(Family):
    """Cross-entropy `−Σ_c y_c log softmax(η)_c` a row, the rows of y on the simplex.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X = [[0.0], [0.1], [1.0], [1.1], [2.0], [2.1]]
        >>> fit_path(X, [0, 1, 1, 2, 2, 0], strengths=[0.1], family="multinomial").coef.shape
        (1, 3, 1)
    """

    name = "multinomial"
    compiled_row = MULTINOMIAL
    coupled = True
    classes = True
    edges = (0.0, 1.0)

    def response(self, y, n):
        if np.ndim(y) == 1:
            y = super().response(y, n)[:, 0]
            if (y < 0).any() or (y != np.floor(y)).any():
                raise InputError("y: multinomial classes are whole numbers 0..C-1; encode the labels first")
            return np.eye(max(int(y.max()) + 1, 2))[y.astype(int)]
        y = super().response(y, n)
        if ((y < 0) | (y > 1)).any():
            raise InputError(f"y: multinomial expects values in [0, 1], got {y.min()} to {y.max()}")
        if not np.allclose(y.sum(axis=1), 1):
            raise InputError("y: multinomial shares must sum to 1 in each row")
        return y

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
        return relative_entropy(a, mean).sum(axis=1)

    def residual_range(self, y):
        return y - 1, y

    def curvature(self, y, eta):
        mean = self.mean(eta)
        return mean * (1 - mean)
