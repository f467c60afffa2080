"""Ridge with each row left out in turn, for all strengths from one factorisation."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.design.design import Design
from normax.linear_model.design.products import times
from normax.linear_model.design.shapes import factorises
from normax.linear_model.design.validation import check_weights
from normax.linear_model.solvers.ridge.spectrum import Spectrum

__all__ = ["left_out"]


def left_out(
    X: Any, Y: np.ndarray, sample_weight: Any, strengths: np.ndarray, fit_intercept: bool
) -> np.ndarray:
    """(k, n, m) errors `Y − prediction` of the fits without a row at that row, `e_i / (1 − h_ii)`.

    Args:
        X: (n, p) checked; Y: (n, m); strengths: (k,) of the fit to all rows, whose alpha a left-out fit shares.
        sample_weight: (n,) weights >= 0; rows without weight count as left out.

    Raises:
        InputError: for fewer than two rows that count, and a sparse X too large to factorise.

    Source:
        Golub, Heath & Wahba, "Generalized cross-validation as a method for choosing a good ridge parameter",
        Technometrics 1979.
    """
    weights = check_weights(sample_weight, X.shape[0])
    rows = np.flatnonzero(weights)
    if len(rows) < 2:
        raise InputError(
            f"RidgeCV: leave-one-out needs at least 2 samples with a weight > 0, got {len(rows)} sample"
        )
    if not factorises(X.shape, issparse(X)):
        raise InputError(
            f"RidgeCV: leave-one-out of a sparse X of shape {X.shape} is out of reach; give cv=5, say"
        )
    design = Design(X, weights[rows], fit_intercept, None if len(rows) == X.shape[0] else rows)
    spectrum = Spectrum(design, strengths.min())
    centre = design.weights @ Y[rows] if fit_intercept else np.zeros(Y.shape[1])
    coef = spectrum.solve(Y[rows] - centre, strengths)
    leverage = spectrum.leverage(strengths)
    k, m, p = coef.shape
    flat = coef.reshape(k * m, p)
    fitted = (times(X, flat.T) - flat @ design.means).reshape(X.shape[0], k, m)
    errors = (Y - centre)[:, None, :] - fitted
    errors[rows] /= np.maximum(1 - leverage.T, np.finfo(float).eps)[:, :, None]
    return errors.swapaxes(0, 1)
