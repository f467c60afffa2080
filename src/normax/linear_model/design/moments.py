"""Second moments of rows: all that squared error needs of X and y when n is much larger than p.

Moments add and subtract. One pass over X gives those of every fold, a fold's training rows are all rows
minus its held-out ones, and the centring of each fold is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.linear_model.design.products import products_of_columns, transposed_times

__all__ = ["Moments"]

# Means this many times the standard deviation cost more than half the digits of a variance when it is
# computed about zero; such columns are shifted first.
FAR = 100.0


@dataclass
class Moments:
    """Weighted sums over rows of x, y and their products, about a fixed shift of both.

    Attributes:
        weight: Σω.
        x, y: (p,) and (m,) sums of ω (x − x₀), ω (y − y₀).
        xx, xy, yy: (p, p), (p, m), (m,) sums of products.
        x0, y0: the shift.
    """

    weight: float
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    x0: np.ndarray
    y0: np.ndarray

    @classmethod
    def of(
        cls,
        X: Any,
        y: np.ndarray,
        weights: np.ndarray,
        x0=None,
        y0=None,
        rows: int = 4096,
        means: np.ndarray | None = None,
    ) -> Moments:
        """Of all rows of X (n, p) and y (n, m). Without a shift one is chosen if the columns need it; a sparse X, whose
        means are small beside its entries, takes none. `means` (p,) of the columns save a pass over X if they are known;
        about zero in both and without an intercept any will do."""
        y0 = y.mean(axis=0) if y0 is None else y0
        if issparse(X):
            return cls._of_sparse(X, y - y0, weights, y0)
        if x0 is None:
            plain = cls.of(X, y, weights, np.zeros(X.shape[1]), y0, means=means)
            mean = plain.x / plain.weight
            variance = np.diag(plain.xx) / plain.weight - mean**2
            far = mean**2 > FAR * np.maximum(variance, 0)
            return cls.of(X, y, weights, mean, y0) if (far & (mean != 0)).any() else plain
        y = y - y0
        alike, shifted = bool((weights == weights[0]).all()), bool(x0.any())
        if alike and not shifted and X.dtype == np.float64:
            w, total_weight = weights[0], float(weights.sum())
            return cls(
                total_weight,
                w * (np.ones(len(X)) @ X) if means is None else total_weight * means,
                w * y.sum(axis=0),
                w * (X.T @ X),
                w * (X.T @ y),
                w * (y * y).sum(0),
                x0,
                y0,
            )
        p, m = X.shape[1], y.shape[1]
        total = cls(0.0, np.zeros(p), np.zeros(m), np.zeros((p, p)), np.zeros((p, m)), np.zeros(m), x0, y0)
        root = np.sqrt(weights)[:, None]
        for start in range(0, len(X), rows):  # a copy of some rows at a time stays in the cache
            part = slice(start, start + rows)
            Z, v = (X[part] - x0) * root[part], y[part] * root[part]
            total.weight += float(weights[part].sum())
            total.x += root[part, 0] @ Z
            total.y += root[part, 0] @ v
            total.xx += Z.T @ Z
            total.xy += Z.T @ v
            total.yy += (v * v).sum(axis=0)
        return total

    @classmethod
    def _of_sparse(cls, X: Any, y: np.ndarray, weights: np.ndarray, y0: np.ndarray) -> Moments:
        """About zero in x; y is shifted already."""
        v = weights[:, None] * y
        sums = transposed_times(X, np.column_stack([weights, v]))
        xx, yy = products_of_columns(X, weights), (v * y).sum(axis=0)
        return cls(
            float(weights.sum()), sums[0], v.sum(axis=0), xx, sums[1:].T.copy(), yy, np.zeros(X.shape[1]), y0
        )

    def __sub__(self, other: Moments) -> Moments:
        """Of the rows of self that are not in other; both about the same shift."""
        return Moments(
            self.weight - other.weight,
            self.x - other.x,
            self.y - other.y,
            self.xx - other.xx,
            self.xy - other.xy,
            self.yy - other.yy,
            self.x0,
            self.y0,
        )

    def centred(self, intercept: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Per unit of weight: G (p, p), c (p, m), squared lengths of y (m,), and the means of x and y.

        Without an intercept the means are zeros and the moments are about zero.
        """
        w = self.weight
        x, y = self.x / w, self.y / w
        if intercept:
            G = self.xx / w
            for start in range(
                0, len(x), 256
            ):  # by rows: the outer product as a whole would not fit the cache
                G[start : start + 256] -= x[start : start + 256, None] * x
            return G, self.xy / w - np.outer(x, y), self.yy / w - y * y, x + self.x0, y + self.y0
        G = self.xx / w + np.outer(x, self.x0) + np.outer(self.x0, x + self.x0)
        c = self.xy / w + np.outer(x, self.y0) + np.outer(self.x0, y + self.y0)
        return G, c, self.yy / w + 2 * y * self.y0 + self.y0**2, 0 * x, 0 * y

    def squared_errors(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Σ ω (y − x·w − b)² over these rows and all outputs, (k,), for coefficients (k, m, p) and intercepts (k,
        m)."""
        (k, m), used = coef.shape[:2], np.flatnonzero(coef.any(axis=(0, 1)))
        w = coef[:, :, used]
        b = intercept + coef @ self.x0 - self.y0
        flat = w.reshape(k * m, len(used))
        squares = np.einsum("ij,ij->i", flat @ self.xx[np.ix_(used, used)], flat).reshape(k, m)
        cross = np.einsum("kmj,jm->km", w, self.xy[used]) + b * (self.y - w @ self.x[used])
        return np.maximum(self.yy + squares - 2 * cross + b * b * self.weight, 0.0).sum(axis=1)
