"""How large the noise of squared error is: what is left of a lasso, or the scaled lasso."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.validation import Sound
from normax.linear_model.inference.rows import Counted
from normax.linear_model.path import fit_path

__all__ = ["residual_noise", "scaled_lasso"]


def residual_noise(rows: Counted, coef: np.ndarray, intercept: float) -> tuple[float, float]:
    """σ = √(RSS / (N − a − 1)) of a fit with a non-zero coefficients, and these degrees of freedom.

    Raises:
        InputError: where none are left, or no residual.
    """
    left = rows.total - np.count_nonzero(coef) - rows.intercept
    if left <= 0:
        raise InputError(
            f"noise: the fit has {np.count_nonzero(coef)} coefficients for {rows.total:g} rows, which leaves no "
            "residual degrees of freedom; give noise='scaled', its size as a number, or a larger strength"
        )
    e = _residuals(rows, coef, intercept)
    squares = float(rows.weights @ e**2)
    if squares <= 1e-20 * float(rows.weights @ rows.Y[:, 0] ** 2):
        raise InputError(
            "noise: the fit leaves no residual, so that there is no noise to estimate; give its size"
        )
    return math.sqrt(squares / left), left


def scaled_lasso(rows: Counted, most: int = 100) -> tuple[float, float]:
    """σ of the scaled lasso, the fixed point of `σ = ‖y − Xβ̂(σ √(2 log p / N))‖ / √N` on columns of unit size, and its
    strength. Without folds and without chance; rather too large, since what the lasso shrinks counts as noise.

    Source:
        Sun & Zhang, "Scaled sparse linear regression", Biometrika 2012.
    """
    N, p = rows.total, rows.X.shape[1]
    unit = math.sqrt(2 * math.log(max(p, 2)) / N)
    own: dict[str, Any] = {"fit_intercept": rows.intercept, "sample_weight": rows.weights}
    own |= {"offset": rows.offset, "tol": 1e-9}
    e = _residuals(rows, np.zeros(p), 0.0)
    e = e - rows.weights @ e / N if rows.intercept else e
    first = sigma = math.sqrt(float(rows.weights @ e**2) / N)
    for _ in range(most):
        path = fit_path(Sound(rows.X), rows.Y, strengths=[sigma * unit], **own)
        e = _residuals(rows, path.coef[0, 0], float(path.intercept[0, 0]))
        before, sigma = sigma, math.sqrt(float(rows.weights @ e**2) / N)
        if sigma <= 1e-8 * first:
            raise InputError("noise: the scaled lasso fits these rows without any; give its size as a number")
        if abs(sigma - before) <= 1e-9 * before:
            break
    return sigma, sigma * unit


def _residuals(rows: Counted, coef: np.ndarray, intercept: float) -> np.ndarray:
    known = 0.0 if rows.offset is None else rows.offset[:, 0]
    return rows.Y[:, 0] - known - intercept - rows.X @ coef
