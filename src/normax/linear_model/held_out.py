"""Held-out errors of every fold and every strength, as one problem and not K: what folds can share is in `folds` and
`ridge_folds`; what they cannot is fitted side by side, on rows that count and rows that do not.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.linear_model.families import family_of
from normax.linear_model.folds import Fold, Folds, Pairs
from normax.linear_model.path import LinearPath, fit_path, warn_unconverged
from normax.linear_model.ridge_folds import RidgeFolds
from normax.linear_model.terms import check_rules
from normax.linear_model.threads import side_by_side
from normax.linear_model.validation import check_design, check_offset, check_strengths, plain_weights

__all__ = ["cross_validate"]


def cross_validate(
    X: np.ndarray,
    y: np.ndarray,
    pairs: Pairs,
    *,
    strengths: np.ndarray,
    family: Any = "gaussian",
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    per_row: bool = True,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    penalty: Any = None,
    offset: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the path on the training rows of each fold and score its held-out rows.

    Args:
        X, y, strengths, family, l1_ratio, fit_intercept, sample_weight, tol, max_iter,
            penalty_factor, lower, upper, penalty, offset: as of `fit_path`; the strengths serve every fold.
        pairs: K pairs (training rows, held-out rows).
        per_row: whether the strengths are those of the mean loss (default) or of the summed loss, which
            scikit-learn's `Ridge` and `LogisticRegression` have and where fewer rows mean a stronger penalty.

    Returns:
        fold_errors (K, k), the weighted mean negative log-likelihood of the held-out rows (½ squared error
        for gaussian, summed over outputs), and fold_sizes (K,), their total weights.

    Raises:
        InputError: for data or arguments that cannot be used.

    Warns:
        ConvergenceWarning: where the gap of a training fit stayed above `tol`.

    Example:
        >>> X = np.arange(6.0)[:, None]
        >>> half = [(np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3))]
        >>> errors, sizes = cross_validate(X, X[:, 0], half, strengths=np.array([0.0]))
        >>> errors.round(9).tolist(), sizes.tolist()
        ([[0.0], [0.0]], [3.0, 3.0])

    Source:
        Moments by subtraction: Engstrøm & Jensen, "Fast partition-based cross-validation with centering and
        scaling for XᵀX and XᵀY", 2024.
    """
    X, strengths = check_design(X), check_strengths(strengths)
    loss, weights = family_of(family), plain_weights(sample_weight, X.shape[0])
    Y = loss.response(y, X.shape[0])
    known = check_offset(offset, Y.shape)
    if known is not None and loss.name == "gaussian":
        Y, known = Y - known, None
    grids = [strengths if per_row else strengths / weights[train].sum() for train, _ in pairs]
    sizes = np.array([weights[test].sum() for _, test in pairs])
    loss.refuse_if_tied("cross-validation")

    def plain(k: int) -> tuple[np.ndarray, np.ndarray]:
        train, test = pairs[k]
        inside = np.zeros_like(weights)
        inside[train] = weights[train]
        path: LinearPath = fit_path(
            X,
            Y,
            strengths=grids[k],
            family=family,
            l1_ratio=l1_ratio,
            fit_intercept=fit_intercept,
            sample_weight=inside,
            tol=tol,
            max_iter=max_iter,
            penalty_factor=penalty_factor,
            lower=lower,
            upper=upper,
            penalty=penalty,
            offset=known,
        )
        etas = path.predict(X[test], None if known is None else known[test])
        rows = loss.loss(np.tile(Y[test], (len(etas), 1)), etas.reshape(-1, Y.shape[1]))
        return rows.reshape(len(etas), -1) @ (weights[test] / sizes[k]), path.gap

    one = plain
    rules = check_rules(X.shape[1], penalty_factor, lower, upper)
    if loss.name == "gaussian" and rules.plain and penalty is None and known is None:
        if l1_ratio > 0:
            shared = Folds(X, Y, weights, pairs, l1_ratio, fit_intercept, max_iter, tol)

            def one(k: int) -> tuple[np.ndarray, np.ndarray]:
                fold = Fold(shared, k)
                coef, intercept, gap = fold.fit(grids[k])
                return 0.5 * fold.squared_errors(coef, intercept, held_out=True) / sizes[k], gap

        elif RidgeFolds.serves(X, weights, pairs):
            ridge = RidgeFolds(X, Y, weights, pairs, fit_intercept)

            def one(k: int) -> tuple[np.ndarray, np.ndarray]:
                sums = ridge.sums(k, grids[k])  # a direct solution, whose gap is rounding
                return plain(k) if sums is None else (0.5 * sums / sizes[k], np.zeros(len(sums)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told once, of the worst fold
        errors, gaps = zip(*side_by_side(one, len(pairs)))
    worst = np.max(gaps, axis=0)
    warn_unconverged(strengths, worst, tol)
    return np.array(errors), sizes
