"""Held-out errors of every fold and every strength."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.families import FAMILIES
from normax.linear_model.path import fit_path, response
from normax.linear_model.validation import plain_weights

__all__ = ["cross_validate"]


def cross_validate(
    X: np.ndarray,
    y: np.ndarray,
    pairs: list[tuple[np.ndarray, np.ndarray]],
    *,
    strengths: np.ndarray,
    family: str = "gaussian",
    sample_weight: Any = None,
    per_row: bool = True,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the path on the training rows of each fold and score its held-out rows.

    Args:
        X, y, strengths, family, sample_weight, options: as of `fit_path`; the strengths serve every fold.
        pairs: K pairs (training rows, held-out rows).
        per_row: whether the strengths are those of the mean loss (default) or of the summed loss, which
            scikit-learn's `Ridge` and `LogisticRegression` have and where fewer rows mean a stronger penalty.

    Returns:
        fold_errors (K, k), the weighted mean negative log-likelihood of the held-out rows (½ squared error
        for gaussian), and fold_sizes (K,), their total weights.

    Example:
        >>> X = np.arange(6.0)[:, None]
        >>> half = [(np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3))]
        >>> errors, sizes = cross_validate(X, X[:, 0], half, strengths=np.array([0.0]))
        >>> errors.round(9).tolist(), sizes.tolist()
        ([[0.0], [0.0]], [3.0, 3.0])
    """
    weights = plain_weights(sample_weight, len(X))
    Y, loss = response(y, family, len(X)), FAMILIES[family]()
    errors, sizes = np.empty((len(pairs), len(strengths))), np.empty(len(pairs))
    for k, (train, test) in enumerate(pairs):
        path = fit_path(
            X[train],
            Y[train],
            strengths=strengths if per_row else strengths / weights[train].sum(),
            family=family,
            sample_weight=weights[train],
            **options,
        )
        sizes[k] = weights[test].sum()
        rows = np.array([loss.loss(Y[test], eta) for eta in path.predict(X[test])])
        errors[k] = rows @ (weights[test] / sizes[k])
    return errors, sizes
