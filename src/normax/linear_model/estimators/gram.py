"""A Gram matrix that is handed over, `precompute=G`: not needed, but one that is not X's tells of a mistake."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from normax.errors import InputError, Notice
from normax.linear_model.design.products import times, transposed_times
from normax.linear_model.design.validation import plain_weights

__all__ = ["check_gram"]

# Columns whose means are within this share of their size count as centred, as scikit-learn has it.
CENTRED = {np.dtype(np.float64): 1e-8, np.dtype(np.float32): 1e-4}


def check_gram(gram: Any, X: Any, sample_weight: Any, fit_intercept: bool) -> None:
    """Refuse a matrix that is not `Xᵀ diag(ω) X`, ω of mean 1, by its product with one vector.

    Args:
        gram: what `precompute` was; anything but a matrix passes.
        X: (n, p) checked table; sample_weight: (n,) or None; fit_intercept: whether columns are centred for the fit.

    Raises:
        InputError: for a matrix of another shape, or of another table.

    Warns:
        Notice: where the fit centres X, of which the matrix knows nothing.
    """
    if not isinstance(gram, np.ndarray):
        return
    n, p = X.shape
    if gram.shape != (p, p):
        raise InputError(f"precompute: expected a matrix of shape ({p}, {p}), got {gram.shape}; leave it out")
    weights = plain_weights(sample_weight, n)
    weights = weights / weights.mean()
    small = CENTRED[X.dtype]
    v = np.random.default_rng(0).normal(size=(p, 1))
    Xv = times(X, v)
    expected = transposed_times(X, weights[:, None] * Xv)
    sizes = np.sqrt(np.diag(gram) / n)
    if fit_intercept and np.any(np.abs(transposed_times(X, weights[:, None])) / n > small * (1 + sizes)):
        warnings.warn(
            "Gram matrix was provided but X was centered to fit intercept: recomputing Gram matrix.",
            Notice,
            4,
        )
    elif not np.allclose(
        gram @ v, expected.reshape(p, 1), rtol=0, atol=small * np.abs(gram).sum(axis=1).max()
    ):
        raise InputError(
            "precompute: Gram matrix passed in via 'precompute' parameter did not pass validation: it is not "
            "X.T @ X of this X and its weights; leave it out, since the solver makes what products it needs"
        )
