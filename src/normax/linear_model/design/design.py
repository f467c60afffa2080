"""The design matrix as an operator: some rows of X, weighted and centred without a copy."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.linear_model.design.products import (
    COPIED,
    centred_squares,
    dense_columns,
    largest_sizes,
    mean_squares,
    products,
    times,
    transposed_times,
)

__all__ = ["Design"]

# A sparse column as a whole counts as constant if its weighted variance is rounding beside its square.
ROUNDING = 1e-14


class Design:
    """n rows of X, (N, p), with weights that sum to 1, centred at the weighted column means.

    X is dense or sparse (CSC or CSR), in single or double precision, and stays as it is. With an intercept every
    column counts as `x_j − mean_j`, which makes the intercept independent of the coefficients and the systems well
    conditioned. A constant column then is exactly zero. Without an intercept the means are zeros.

    Args:
        X: (N, p); weights: (n,) weights ω of the rows, Σω = 1; centred: whether an intercept is fitted.
        rows: (n,) numbers of the rows that count, the training rows of a fold; None for all. To whoever uses the design
            the others do not exist.

    Attributes:
        weights: (n,); a row of weight 0 is left out of everything but `predict` and `columns`.
        means: (p,) centres.
        constant: (p,) columns that are the same in every row.
        gram: (p, p) products of the centred columns, once a solver has formed them.
        scale: (p,) factors of the columns of a dense X, once they are standardised.
    """

    def __init__(self, X: Any, weights: np.ndarray, centred: bool, rows: np.ndarray | None = None):
        self.X, self.weights, self.centred, self.rows = X, weights, centred, rows
        self.n, self.p = len(weights), X.shape[1]
        self.sparse = issparse(X)
        self.alike = bool((weights == weights[0]).all())
        self.gram: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.means = np.zeros(self.p)
        self.constant = np.zeros(self.p, dtype=bool)
        if centred:
            means = transposed_times(X, self.spread(weights[:, None]))[0]
            first = self._find_constant(means)
            self.means = np.where(self.constant, first, means)

    def _find_constant(self, means: np.ndarray) -> np.ndarray:
        """Mark the constant columns; returns what their value is, (p,)."""
        if self.sparse:
            self.constant = self.squares(means) <= ROUNDING * means**2
            return means
        rows = np.flatnonzero(self.weights)
        rows = rows if self.rows is None else self.rows[rows]
        first = self.X[rows[0]].astype(np.float64)
        # A few rows tell most columns apart; only the others are read in full.
        like = np.flatnonzero((self.X[rows[:: max(1, len(rows) // 8)]] == first).all(axis=0))
        self.constant[like] = (self.X[np.ix_(rows, like)] == first[like]).all(axis=0)
        return first

    def squares(self, means: np.ndarray | None = None) -> np.ndarray:
        """(p,) squared lengths `Σ_i ω_i x̃_ij²` of the centred columns of a sparse X."""
        means = self.means if means is None else means
        return np.maximum(mean_squares(self.X, self.spread(self.weights)) - means**2, 0.0)

    def standardise(self, variances: np.ndarray, rounding: float) -> np.ndarray:
        """Divide the columns by their standard deviations; one below `rounding` of its mean counts as constant.

        Returns: `scale`.
        """
        self.constant = self.constant | (variances <= (rounding * self.means) ** 2)
        self.scale = np.zeros(self.p)
        self.scale[~self.constant] = 1 / np.sqrt(variances[~self.constant])
        return self.scale

    def variances(self, width: int = 4096) -> np.ndarray:
        """(p,) weighted variances of the columns of a dense X, some columns at a time."""
        parts = (np.arange(start, min(start + width, self.p)) for start in range(0, self.p, width))
        return np.concatenate([self.weights @ self.columns(part) ** 2 for part in parts])

    def spread(self, columns: np.ndarray) -> np.ndarray:
        """(n, k) columns over the rows of this design as (N, k) over those of X, 0 elsewhere."""
        if self.rows is None:
            return columns
        out = np.zeros((self.X.shape[0], *columns.shape[1:]))
        out[self.rows] = columns
        return out

    def columns(self, features: np.ndarray) -> np.ndarray:
        """Centred columns, (n, len(features)), a fresh array in Fortran order."""
        Z = dense_columns(self.X, features, self.rows)
        Z -= self.means[features]
        return Z if self.scale is None else np.multiply(Z, self.scale[features], out=Z)

    def weighted(self, columns: np.ndarray) -> np.ndarray:
        """`diag(ω)` times (n, m) columns; alike weights are one number."""
        return columns * (self.weights[0] if self.alike else self.weights[:, None])

    def gradient(self, theta: np.ndarray, total: np.ndarray | None = None) -> np.ndarray:
        """`X̃ᵀθ` as (m, p), for θ (n, m) that already carries the weights; `total` is its sum over rows, if known."""
        u = transposed_times(self.X, self.spread(theta))
        if self.centred:
            u -= np.outer(theta.sum(axis=0) if total is None else total, self.means)
            u[:, self.constant] = 0.0
        return u if self.scale is None else u * self.scale

    def gradient_of(self, features: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """The same for some features of compressed columns and θ (n,), as (len(features),)."""
        X, spread = self.X, self.spread(theta)
        u = products(X.indptr, X.indices, X.data, features, spread)
        if self.centred:
            u -= theta.sum() * self.means[features]
            u[self.constant[features]] = 0.0
        return u

    @cached_property
    def pieces(self) -> np.ndarray | None:
        """(p, N) columns of X, each in one piece, not centred; None where that would copy much, or X is sparse.

        Always of one type, so that kernels are compiled once.
        """
        X = self.X
        if (
            not self.sparse
            and self.scale is None
            and X.dtype == np.float64
            and X.flags.f_contiguous
            and X.flags.writeable
        ):
            return X.T
        return (
            None
            if self.sparse or self.scale is not None or X.size > COPIED
            else np.array(X.T, dtype=np.float64, order="C")
        )

    @cached_property
    def place(self) -> np.ndarray:
        """(n,) where the rows of this design stand in X."""
        return np.arange(self.n) if self.rows is None else self.rows

    @cached_property
    def norms(self) -> np.ndarray:
        """(p,) Euclidean norms of the centred columns of a design that has `pieces`; exactly 0 for constant ones."""
        assert self.pieces is not None
        squares = centred_squares(self.pieces, self.means, self.place)
        return np.where(self.constant, 0.0, np.sqrt(squares))

    def lengths(self) -> np.ndarray:
        """(p,) largest sizes of the columns as they stand, the scale of rounding in products with them."""
        return largest_sizes(self.X)

    def predict(self, coef: np.ndarray) -> np.ndarray:
        """`X̃ wᵀ` as (n, m), reading only the columns that some output uses where they are few."""
        used = np.flatnonzero(coef.any(axis=0))
        if self.sparse or 16 * len(used) > self.p:
            coef = coef if self.scale is None else coef * self.scale
            eta = times(self.X, coef.T) - self.means @ coef.T
            return eta if self.rows is None else eta[self.rows]
        return self.columns(used) @ coef[:, used].T

    def centred_matrix(self) -> np.ndarray:
        """X̃ as a dense (n, p) array, for the factorisations that need all of it."""
        Z = self.columns(np.arange(self.p))
        Z[:, self.constant] = 0.0
        return Z
