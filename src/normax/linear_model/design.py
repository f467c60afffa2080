"""The design matrix as an operator: weighted and centred without a copy."""

from __future__ import annotations

import numpy as np

__all__ = ["Design"]


class Design:
    """X of shape (n, p) with row weights that sum to 1, centred at the weighted column means.

    With an intercept every column counts as `x_j − mean_j`, which makes the intercept independent of the
    coefficients and the systems well conditioned; X itself is neither copied nor changed. A constant
    column then is exactly zero. Without an intercept the means are zeros.

    Attributes:
        weights: (n,) weights ω, Σω = 1; rows of weight 0 are left out of everything but `predict` and `columns`.
        means: (p,) centres.
    """

    def __init__(self, X: np.ndarray, weights: np.ndarray, centred: bool):
        self.X, self.weights, self.centred = X, weights, centred
        self.n, self.p = X.shape
        self.alike = bool((weights == weights[0]).all())
        self.means = np.zeros(self.p)
        self.constant = np.zeros(self.p, dtype=bool)
        if centred:
            # A few rows tell most columns apart; only the others are read in full.
            rows = np.flatnonzero(weights)
            first = X[rows[0]]
            like = np.flatnonzero((X[rows[:: max(1, len(rows) // 8)]] == first).all(axis=0))
            self.constant[like] = (X[np.ix_(rows, like)] == first[like]).all(axis=0)
            self.means = np.where(self.constant, first, weights @ X)

    def columns(self, features: np.ndarray) -> np.ndarray:
        """Centred columns, (n, len(features)), a fresh array in Fortran order."""
        return np.asfortranarray(self.X[:, features] - self.means[features])

    def weighted(self, columns: np.ndarray) -> np.ndarray:
        """`diag(ω)` times (n, m) columns; alike weights are one number."""
        return columns * (self.weights[0] if self.alike else self.weights[:, None])

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """`X̃ᵀθ` as (m, p), for θ (n, m) that already carries the weights."""
        u = theta.T @ self.X
        if self.centred:
            u -= np.outer(theta.sum(axis=0), self.means)
            u[:, self.constant] = 0.0
        return u

    def lengths(self) -> np.ndarray:
        """(p,) largest sizes of the columns as they stand, the scale of rounding in products with them."""
        return np.maximum(self.X.max(axis=0), -self.X.min(axis=0))

    def predict(self, coef: np.ndarray) -> np.ndarray:
        """`X̃ wᵀ` as (n, m), reading only the columns that some output uses where they are few."""
        used = np.flatnonzero(coef.any(axis=0))
        if 16 * len(used) > self.p:
            return self.X @ coef.T - self.means @ coef.T
        return self.columns(used) @ coef[:, used].T

    def centred_matrix(self) -> np.ndarray:
        """X̃ as a dense (n, p) array, for the factorisations that need all of it."""
        Z = self.X - self.means
        Z[:, self.constant] = 0.0
        return Z
