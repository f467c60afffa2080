"""Adaptive penalties: what an earlier fit found large is penalised less."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["adaptive_factors"]


def adaptive_factors(coef: Any, gamma: float = 1.0, floor: float = 1e-6) -> np.ndarray:
    """Penalty factors of the adaptive lasso, from the coefficients of an earlier fit:

        factor_j = max(‖w_j‖ / max_k ‖w_k‖, floor)^(−γ)

    Large coefficients are hardly shrunk, small ones all the more, and with a consistent first fit the lasso then finds
    the right features and estimates them as if it had known them.

    Args:
        coef: (p,) or (m, p) coefficients of a first fit, ridge or least squares most often.
        gamma: γ > 0; the default 1 is the usual one, larger values trust the first fit more.
        floor: what a coefficient of 0 counts as, relative to the largest; the default leaves it out of any useful
            model.

    Returns:
        (p,) factors >= 1 for the argument `penalty_factor` of any estimator; 1 for the largest coefficient.

    Raises:
        InputError: for coefficients that are all zero or not finite, and gamma <= 0.

    Example:
        >>> adaptive_factors([2.0, -1.0, 0.5]).tolist()
        [1.0, 2.0, 4.0]
        >>> from sklearn.datasets import load_diabetes
        >>> from normax.linear_model import LassoCV, RidgeCV
        >>> X, y = load_diabetes(return_X_y=True)
        >>> first = RidgeCV(alphas=[0.01, 0.1, 1.0]).fit(X, y)
        >>> adaptive = LassoCV(penalty_factor=adaptive_factors(first.coef_), select="1se").fit(X, y)
        >>> plain = LassoCV(select="1se").fit(X, y)
        >>> bool(np.count_nonzero(adaptive.coef_) <= np.count_nonzero(plain.coef_))
        True

    Source:
        Zou, "The adaptive lasso and its oracle properties", JASA 2006.
    """
    w = np.asarray(coef, dtype=float)
    size = np.abs(w) if w.ndim < 2 else np.sqrt((w**2).sum(axis=0))
    if size.ndim != 1 or not size.size or not np.isfinite(size).all() or not size.any():
        raise InputError(
            f"coef: expected finite coefficients of a first fit, not all zero, got {w!r}"[:200]
            + "; take them from RidgeCV, which leaves none at zero"
        )
    if not gamma > 0:
        raise InputError(f"gamma: expected a number > 0, got {gamma!r}")
    return np.maximum(size / size.max(), floor) ** -gamma
