"""Collinear columns: variance inflation, and the ridge trace that shows how an L2 penalty tames them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import eigen
from normax.linear_model.design.moments import Moments
from normax.linear_model.design.validation import check_design, check_strengths, check_weights, column_names
from normax.linear_model.path import response
from normax.linear_model.solvers.ridge.spectrum import Spectrum
from normax.rows import PrintedTable

__all__ = ["Inflation", "RidgeTrace", "ridge_trace", "variance_inflation"]

EXACT = 1e-12  # of the largest eigenvalue of the correlations: below, columns repeat others


@dataclass(frozen=True, repr=False)
class Inflation:
    """How much collinearity inflates the variance of each least squares coefficient.

    Attributes:
        vif: (p,) factors >= 1; infinite where a column is a combination of others, NaN for constant ones.
        condition_number: largest over smallest singular value of the standardised columns.
        feature_names: (p,) names, or None.
    """

    vif: np.ndarray
    condition_number: float
    feature_names: tuple[str, ...] | None = None

    def table(self) -> PrintedTable:
        """One row a feature, worst first, with R² = 1 − 1/VIF of the feature on all others."""
        names = self.feature_names or [f"x{j}" for j in range(len(self.vif))]
        order = np.argsort(-np.nan_to_num(self.vif, nan=-1.0, posinf=np.inf), kind="stable")
        return PrintedTable(
            {"feature": names[j], "vif": float(self.vif[j]), "r2_on_others": float(1 - 1 / self.vif[j])}
            for j in order
        )

    def plot(self) -> Any:
        """The factors as bars, with the usual marks at 5 and 10: a matplotlib Figure."""
        from normax.report.after_fit import inflation_figure

        return inflation_figure(self)

    def __repr__(self) -> str:
        return f"Inflation({len(self.vif)} features, condition number {self.condition_number:.4g})"


def variance_inflation(X: Any, *, sample_weight: Any = None, feature_names: Any = None) -> Inflation:
    """Variance inflation factors `1 / (1 − R_j²)`, R_j² that of column j on all others with an intercept.

    All p come from one eigendecomposition: they are the diagonal of the inverse correlation matrix.

    Args:
        X: (n, p) table of finite numbers, n > p for finite factors.
        sample_weight: (n,) weights >= 0.
        feature_names: (p,) names of the columns; None (default) takes those of a table that has them.

    Returns:
        An `Inflation`.

    Raises:
        InputError: for data that cannot be used.

    Example:
        >>> variance_inflation([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 1.0]]).vif.round(3).tolist()
        [1.667, 1.667]

    Source:
        Marquardt, "Generalized inverses, ridge regression, biased linear estimation", Technometrics 1970;
        Belsley, Kuh & Welsch, "Regression Diagnostics", 1980.
    """
    names, X = _named(X, feature_names), check_design(X)
    R, lengths = _correlations(X, check_weights(sample_weight, X.shape[0]))
    vif, live = np.full(X.shape[1], np.nan), lengths > 0
    if not live.any():
        return Inflation(vif, 1.0, names)
    values, V = eigen(R[np.ix_(live, live)])
    lost = values <= EXACT * values[-1]
    vif[live] = np.maximum(V[:, ~lost] ** 2 @ (1 / values[~lost]), 1.0)
    repeats = (V[:, lost] ** 2).sum(axis=1) > np.sqrt(EXACT)
    vif[np.flatnonzero(live)[repeats]] = np.inf
    condition = np.inf if lost.any() else float(np.sqrt(values[-1] / values[0]))
    return Inflation(vif, condition, names)


@dataclass(frozen=True, repr=False)
class RidgeTrace:
    """Ridge at k strengths: coefficients of standardised columns, and the inflation that is left.

    Attributes:
        strengths: (k,) on the mean-loss scale, for columns of mean 0 and standard deviation 1.
        coef: (k, p) coefficients in units of y for one standard deviation of the column.
        vif: (k, p) variance of each coefficient over that of an uncorrelated column without a penalty.
        df: (k,) degrees of freedom.
        feature_names: (p,) names, or None.
    """

    strengths: np.ndarray
    coef: np.ndarray
    vif: np.ndarray
    df: np.ndarray
    feature_names: tuple[str, ...] | None = None

    def table(self) -> PrintedTable:
        """One row a strength: degrees of freedom, largest factor, and `‖w‖₂`."""
        return PrintedTable(
            {
                "strength": float(self.strengths[i]),
                "df": float(self.df[i]),
                "largest_vif": float(self.vif[i].max()),
                "norm": float(np.linalg.norm(self.coef[i])),
            }
            for i in range(len(self.strengths))
        )

    def plot(self) -> Any:
        """The trace above, the inflation below, on one strength axis: a matplotlib Figure."""
        from normax.report.after_fit import ridge_trace_figure

        return ridge_trace_figure(self)

    def __repr__(self) -> str:
        return f"RidgeTrace({len(self.strengths)} strengths, {self.coef.shape[1]} features)"


def ridge_trace(
    X: Any, y: Any, *, strengths: Any = None, sample_weight: Any = None, feature_names: Any = None
) -> RidgeTrace:
    """Ridge along its strengths on standardised columns, with the variance inflation at each:

        w(s) = (R + sI)⁻¹ Zᵀy,   VIF_j(s) = [(R + sI)⁻¹ R (R + sI)⁻¹]_jj

    with R = ZᵀZ the correlations. Along an eigenvector of R with a small eigenvalue d, where collinear columns
    trade against each other, least squares has the variance 1/d and ridge d/(d + s)²: a little s ends it.

    Args:
        X: (n, p) table of finite numbers; it is standardised here, so that one strength suits all columns.
        y: (n,) response.
        strengths: (k,) values > 0; None (default) for 100 from 10 down to 1e-5, which spans correlations.
        sample_weight: (n,) weights >= 0.
        feature_names: (p,) names of the columns; None (default) takes those of a table that has them.

    Returns:
        A `RidgeTrace`, all of it from one factorisation.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> x = np.arange(6.0)
        >>> X = np.column_stack([x, x + [0.1, -0.1, 0.1, -0.1, 0.1, -0.1]])
        >>> trace = ridge_trace(X, x, strengths=[1e-6, 0.1])
        >>> bool(trace.vif[0].max() > 100), bool(trace.vif[1].max() < 1)
        (True, True)

    Source:
        Hoerl & Kennard, "Ridge regression: applications to nonorthogonal problems", Technometrics 1970;
        Marquardt 1970.
    """
    names, X = _named(X, feature_names), check_design(X)
    grid = np.geomspace(10, 1e-5, 100) if strengths is None else check_strengths(strengths)
    if not (grid > 0).all():
        raise InputError(
            "strengths: a ridge trace needs strengths > 0; for none at all see variance_inflation"
        )
    weights, Y = check_weights(sample_weight, X.shape[0]), response(y, "gaussian", X.shape[0])
    if Y.shape[1] > 1:
        raise InputError(f"y: expected one response of shape (n,), got shape {np.shape(y)}")
    R, lengths = _correlations(X, weights)
    values, V = eigen(R)
    values = np.maximum(values, 0.0)
    shrink = 1 / (values + grid[:, None])
    if issparse(X):
        c = Design(X, weights, True).gradient(weights[:, None] * (Y - weights @ Y))[0]
        coef = (shrink * (V.T @ _over(c, lengths))) @ V.T
    else:
        Z = _standardised(X, weights)[0]
        # Z carries √ω; the uniform design undoes what the design's own weights would add.
        design = Design(Z * np.sqrt(len(Z)), np.full(len(Z), 1 / len(Z)), False)
        centred = (Y - weights @ Y) * np.sqrt(weights * len(Z))[:, None]
        coef = Spectrum(design, float(grid.min())).solve(centred, grid)[:, 0]
    return RidgeTrace(grid, coef, (values * shrink**2) @ (V**2).T, (values * shrink).sum(axis=1), names)


def _named(X: Any, told: Any) -> tuple[str, ...] | None:
    if told is not None and len(told) != np.shape(X)[-1]:
        raise InputError(f"feature_names: expected one a column, {np.shape(X)[-1]}, got {len(told)}")
    return column_names(X) if told is None else tuple(map(str, told))


def _correlations(X: Any, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p, p) correlations, of a sparse X from its moments, and standard deviations; zeros for constant columns."""
    if not issparse(X):
        Z, lengths = _standardised(X, weights)
        return Z.T @ Z, lengths
    constant = Design(X, weights, True).constant
    G = Moments.of(X, np.zeros((X.shape[0], 1)), weights).centred(True)[0]
    lengths = np.where(constant, 0.0, np.sqrt(np.maximum(np.diag(G), 0.0)))
    return _over(_over(G, lengths).T, lengths), lengths


def _over(a: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """a, (..., p), over the lengths; 0 where they are."""
    return np.divide(a, lengths, out=np.zeros_like(a), where=lengths > 0)


def _standardised(X: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`diag(√ω)` times the centred columns over their standard deviations, and these; 0 for constant columns."""
    Z = Design(X, weights, True).centred_matrix()
    sd = np.sqrt(weights @ Z**2)
    return Z * np.sqrt(weights)[:, None] / np.where(sd > 0, sd, 1.0), sd
