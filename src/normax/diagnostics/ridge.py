"""Effective degrees of freedom of ridge regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.design.validation import check_design, check_strengths, plain_weights

__all__ = ["ridge_degrees_of_freedom"]


def ridge_degrees_of_freedom(
    X: Any, strengths: Any, *, fit_intercept: bool = True, sample_weight: Any = None
) -> np.ndarray:
    """Effective number of coefficients of ridge regression, the trace of its hat matrix:

        df(s) = Σ_j d_j² / (d_j² + s),    d_j² the eigenvalues of Xᵀ W X / Σ_i w_i, X centred if there is an intercept

    p, the rank of X, at strength 0, and less the stronger the penalty: a ridge trace loses no coefficient, and yet its
    model grows simpler. The intercept is not counted.

    Args:
        X: `(n, p)` numbers, dense.
        strengths: `(k,)` >= 0 on the mean-loss scale (scikit-learn's alpha over n).
        fit_intercept: whether columns are centred.
        sample_weight: `(n,)` weights >= 0.

    Returns:
        `(k,)`.

    Raises:
        InputError: for numbers that cannot be used.

    Example:
        >>> X = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
        >>> ridge_degrees_of_freedom(X, [0.0, 1.0, 3.0]).tolist()
        [2.0, 1.0, 0.5]

    Source:
        Hastie, Tibshirani & Friedman, "The elements of statistical learning", 2009, equation 3.50.
    """
    X, strengths = check_design(X), check_strengths(strengths)
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X, float)
    weights = plain_weights(sample_weight, len(X))
    weights = weights / weights.sum()
    X = X - weights @ X if fit_intercept else X
    values = np.linalg.svd(np.sqrt(weights)[:, None] * X, compute_uv=False) ** 2
    values = values[values > values.max(initial=0.0) * 1e-13]
    return (values / (values + strengths[:, None])).sum(axis=1)
