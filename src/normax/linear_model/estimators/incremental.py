"""`partial_fit` of squared error: rows that come in parts, kept as few of the same weights, means and products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.design.validation import check_offset, plain_weights
from normax.linear_model.estimators.base import LinearRegressor

__all__ = ["Incremental", "Seen"]

# A column whose deviations are this share of its size is constant but for rounding.
CONSTANT = 1e-13


@dataclass(frozen=True)
class Seen:
    """All rows so far: their number, the sum of their weights, their weighted means (k,), and a triangle R (k, k) with
    `RᵀR = Σ_i ω_i (z_i − z̄)(z_i − z̄)ᵀ`."""

    rows: int
    total: float
    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def none(cls, k: int) -> Seen:
        return cls(0, 0.0, np.zeros(k), np.zeros((k, k)))

    def joined(self, Z: np.ndarray, weights: np.ndarray) -> Seen:
        """With more rows Z (n, k) of weights (n,): one QR, whose error is that of the rows and not of their squares."""
        total = float(weights.sum())
        mean, both = weights @ Z / total, self.total + total
        apart = np.sqrt(self.total * total / both) * (mean - self.mean)
        inside = np.sqrt(weights)[:, None] * (Z - mean)
        factor: Any = np.linalg.qr(np.vstack([self.factor, inside, apart]), mode="r")
        return Seen(self.rows + len(Z), both, self.mean + total / both * (mean - self.mean), factor)

    def alike(self) -> tuple[np.ndarray, np.ndarray]:
        """(2k, k) rows about the means, each with its mirror image, and their weights (2k,)."""
        count = 2 * len(self.mean)
        lengths = np.sqrt(np.einsum("ij,ij->j", self.factor, self.factor))
        moving = lengths > CONSTANT * np.sqrt(self.total) * np.abs(self.mean)
        half = np.where(moving, np.sqrt(count / (2 * self.total)) * self.factor, 0.0)
        return self.mean + np.vstack([half, -half]), np.full(count, self.total / count)


class Incremental(LinearRegressor):
    """A regressor of squared error, which needs no more of its rows than their second moments."""

    _seen: Seen | None = None

    def _solve(self, X: Any, y: np.ndarray, sample_weight: Any, offset: Any) -> Any:
        """Fit checked rows; returns the estimator."""
        raise NotImplementedError

    def _check_fit(self, X, y, **options):
        self._seen = None  # a fit begins anew
        return super()._check_fit(X, y, **options)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Any:
        """Fit all rows of this call and those before, exactly as `fit` on all of them at once, whatever the parts and
        their order. Parameters may be set anew in between. A `fit` begins anew, and its own rows are not kept.

        Of the rows (p + outputs)² numbers are kept: `2 (p + outputs)` rows with the same weights, means and products,
        which the penalised squared error cannot tell from all. Sparse parts are made dense.

        Args:
            X: (n, p) more rows, n >= 1; y: (n,) or (n, outputs), as in every part.
            sample_weight: (n,) weights >= 0.
            offset: (n,) or (n, outputs), known part of the response.

        Returns:
            The estimator; `n_samples_seen_` is the number of rows so far.

        Raises:
            InputError: as of `fit`, and for another number of outputs than before.

        Example:
            >>> from normax.linear_model import Lasso
            >>> model = Lasso(alpha=0.25).partial_fit([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0])
            >>> model.partial_fit([[2.0, 1.0], [3.0, 0.0]], [2.0, 3.0]).coef_.round(3).tolist(), model.n_samples_seen_
            ([0.8, 0.0], 4)

        Source:
            Chan, Golub & LeVeque, "Algorithms for computing the sample variance", 1983; Golub & Van Loan, "Matrix
            computations", section 6.5, for rows added to a QR.
        """
        seen = self._seen
        X, y = super()._check_fit(X, y, multi_output=True, reset=seen is None)
        weights, known = plain_weights(sample_weight, len(y)), check_offset(offset, (len(y), y[0].size))
        Y = (y if known is None else y - known.reshape(y.shape)).reshape(len(y), -1)
        Z = np.hstack([X.toarray() if issparse(X) else X, Y], dtype=np.float64)
        seen = Seen.none(Z.shape[1]) if seen is None else seen
        if Z.shape[1] != len(seen.mean):
            raise InputError(
                f"y: expected {len(seen.mean) - X.shape[1]} outputs as in the parts before, got {Y.shape[1]}"
            )
        seen = seen.joined(Z, weights)
        rows, weights = seen.alike()
        response = rows[:, X.shape[1] :]
        self._solve(rows[:, : X.shape[1]], response if y.ndim > 1 else response[:, 0], weights, None)
        self._seen, self.n_samples_seen_ = seen, seen.rows
        self._described = replace(self._described, n=seen.rows)
        return self
