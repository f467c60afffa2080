"""Second moments of rows that come in blocks: each centred at its own means, and joined without cancellation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, blas, cholesky, eigh
from scipy.sparse import issparse

from normax.linear_model.design.products import products_of_columns, transposed_times
from normax.linear_model.sources.triangle import Triangle

__all__ = ["Scatter"]

# Share of a column's square left beside those before it, below which its products are no matrix to take a root of.
PIVOT = 1e-10


@dataclass
class Scatter:
    """Some rows z of k numbers: how many, Σω, weighted means (k,), and `S = Σ_i ω_i (z_i − z̄)(z_i − z̄)ᵀ`.

    S is (k, k) in Fortran order, of which only the upper triangle is written.

    Source:
        Chan, Golub & LeVeque, "Algorithms for computing the sample variance", 1983.
    """

    rows: int
    total: float
    mean: np.ndarray
    S: np.ndarray

    @classmethod
    def none(cls, k: int) -> Scatter:
        return cls(0, 0.0, np.zeros(k), np.zeros((k, k), order="F"))

    def add(self, X: Any, y: np.ndarray, weights: np.ndarray | None) -> None:
        """Take in rows X (r, p), dense or compressed, y (r, m) and their weights (r,), k = p + m; None for ones."""
        rows = X.shape[0]
        total = float(rows if weights is None else weights.sum())
        if total == 0:
            self.rows += rows
            return
        if issparse(X):
            mean, S = _of_sparse(X, y, np.ones(rows) if weights is None else weights, total)
            self._join(rows, total, mean)
            self.S += S
            return
        Z = np.hstack([X, y])
        mean = (np.ones(rows) if weights is None else weights) @ Z / total
        Z -= mean
        if weights is not None:
            Z *= np.sqrt(weights)[:, None]
        # What rounding of the means has left of the sums comes off, as a constant column of large numbers needs.
        left = (np.ones(rows) if weights is None else np.sqrt(weights)) @ Z
        self._join(rows, total, mean + left / total)
        blas.dsyrk(1.0, Z.T, beta=1.0, c=self.S, overwrite_c=1)
        blas.dsyr(-1 / total, left, a=self.S, overwrite_a=1)

    def join(self, other: Scatter) -> Scatter:
        """This, with the rows of another."""
        if other.total:
            self._join(0, other.total, other.mean)
            self.S += other.S
        self.rows += other.rows
        return self

    def _join(self, rows: int, total: float, mean: np.ndarray) -> None:
        """All but the products of more rows about their own means."""
        both, apart = self.total + total, mean - self.mean
        if self.total:
            blas.dsyr(self.total * total / both, apart, a=self.S, overwrite_a=1)
        self.rows, self.total, self.mean = self.rows + rows, both, self.mean + total / both * apart

    def without(self, other: Scatter) -> Scatter:
        """Of these rows but those of another, which are among them."""
        total = self.total - other.total
        mean = self.mean + other.total / total * (self.mean - other.mean)
        S = np.array(self.S - other.S, order="F")
        blas.dsyr(-total * other.total / self.total, other.mean - mean, a=S, overwrite_a=1)
        return Scatter(self.rows - other.rows, total, mean, S)

    @property
    def full(self) -> np.ndarray:
        """(k, k) S with both triangles."""
        return np.triu(self.S) + np.triu(self.S, 1).T

    def triangle(self) -> tuple[Triangle, bool]:
        """A root of S, and whether its columns are so far apart that it is as good as that of the rows themselves."""
        S = self.full
        lengths = np.sqrt(np.maximum(np.diag(S), 0.0))
        unit = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        S *= unit
        S *= unit[:, None]
        np.fill_diagonal(S, 1.0)
        try:
            factor = cholesky(S, check_finite=False)
            sound = bool(np.diag(factor).min() ** 2 > PIVOT)
        except LinAlgError:
            sound = False
        if not sound:
            values, V = eigh(S, check_finite=False)
            factor = np.sqrt(np.maximum(values, 0.0))[:, None] * V.T
        return Triangle(self.rows, self.total, self.mean, factor * lengths), sound

    def squared_errors(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Σ ω (y − x·w − b)² over these rows and all outputs, (k,), for coefficients (k, m, p) and intercepts (k, m)."""
        (count, m, p), S = coef.shape, self.full
        apart = self.mean[p:] - coef @ self.mean[:p] - intercept
        used = np.flatnonzero(coef.any(axis=(0, 1)))
        w = coef[:, :, used].reshape(count * m, len(used))
        squares = np.einsum("ij,ij->i", w @ S[np.ix_(used, used)], w).reshape(count, m)
        cross = np.einsum("kmj,jm->km", coef[:, :, used], S[used, p:])
        inside = np.diag(S)[p:] - 2 * cross + squares
        return (np.maximum(inside, 0.0) + self.total * apart**2).sum(axis=1)


def _of_sparse(X: Any, y: np.ndarray, weights: np.ndarray, total: float) -> tuple[np.ndarray, np.ndarray]:
    """Means and centred products; means of compressed rows are small beside their entries."""
    p, v = X.shape[1], weights[:, None] * y
    sums = transposed_times(X, np.column_stack([weights, v]))
    mean = np.concatenate([sums[0], v.sum(axis=0)]) / total
    S = np.empty((len(mean), len(mean)), order="F")
    S[:p, :p], S[:p, p:] = products_of_columns(X, weights), sums[1:].T
    S[p:, :p], S[p:, p:] = sums[1:], v.T @ y
    S -= total * np.outer(mean, mean)
    return mean, S
