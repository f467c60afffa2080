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
        weights: (n,) weights ω, Σω = 1, all > 0.
        means: (p,) centres.
    """

    def __init__(self, X: np.ndarray, weights: np.ndarray, centred: bool):
        self.X, self.weights, self.centred = X, weights, centred
        self.n, self.p = X.shape
        self.means = np.zeros(self.p)
        self.constant = np.zeros(self.p, dtype=bool)
        if centred:
            self.constant = (X[0] == X).all(axis=0)
            self.means = np.where(self.constant, X[0], weights @ X)

    def columns(self, features: np.ndarray) -> np.ndarray:
        """Centred columns, (n, len(features)), a fresh array in Fortran order."""
        return np.asfortranarray(self.X[:, features] - self.means[features])

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """`X̃ᵀθ` as (m, p), for θ (n, m) that already carries the weights."""
        u = theta.T @ self.X
        if self.centred:
            u -= np.outer(theta.sum(axis=0), self.means)
            u[:, self.constant] = 0.0
        return u

    def predict(self, coef: np.ndarray) -> np.ndarray:
        """`X̃ wᵀ` as (n, m), reading only the columns that some output uses."""
        used = np.flatnonzero(coef.any(axis=0))
        return self.columns(used) @ coef[:, used].T

    def centred_matrix(self) -> np.ndarray:
        """X̃ as a dense (n, p) array, for the factorisations that need all of it."""
        Z = self.X - self.means
        Z[:, self.constant] = 0.0
        return Z
