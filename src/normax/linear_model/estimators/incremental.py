"""`partial_fit` of squared error: rows that come in parts, kept as few of the same weights, means and products."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.design.validation import check_offset, plain_weights
from normax.linear_model.estimators.blockwise import OfSources
from normax.linear_model.sources.triangle import Triangle

__all__ = ["Incremental"]


class Incremental(OfSources):
    """A regressor of squared error, which needs no more of its rows than their second moments."""

    _seen: Triangle | None = None

    def _solve(self, X: Any, y: np.ndarray, sample_weight: Any, offset: Any) -> Any:
        """Fit checked rows; returns the estimator."""
        raise NotImplementedError

    def _check_fit(self, X, y, **options):
        self._seen = None  # a fit begins anew
        return super()._check_fit(X, y, **options)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Any:
        """Fit all rows of this call and those before, exactly as `fit` on all of them at once, whatever the parts and
        their order. Parameters may be set anew in between. A `fit` begins anew, and its own rows are not kept.

        Of the rows (p + outputs)² numbers are kept: `p + outputs + 1` rows with the same weights, means and products,
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
        seen = Triangle.none(Z.shape[1]) if seen is None else seen
        if Z.shape[1] != len(seen.mean):
            raise InputError(
                f"y: expected {len(seen.mean) - X.shape[1]} outputs as in the parts before, got {Y.shape[1]}"
            )
        seen = seen + Triangle.of(Z, weights)
        rows, weights = seen.alike()
        response = rows[:, X.shape[1] :]
        self._solve(rows[:, : X.shape[1]], response if y.ndim > 1 else response[:, 0], weights, None)
        self._seen, self.n_samples_seen_ = seen, seen.rows
        self._described = replace(self._described, n=seen.rows)
        return self
