"""Degrees of freedom and information criteria along a path: choosing a strength without folds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import block_array, diags_array, issparse
from scipy.special import gammaln

from normax.errors import InputError, suggest
from normax.linear_model.design.factors import eigen
from normax.linear_model.design.validation import (
    Sound,
    check_design,
    column_names,
    plain_weights,
    without_excluded,
)
from normax.linear_model.families import Family, family_of
from normax.linear_model.grid import grid_of, is_ridge
from normax.linear_model.path import LinearPath, fit_path
from normax.linear_model.problem.terms import Rules, check_rules
from normax.rows import PrintedTable
from normax.selection import widened

__all__ = ["Criteria", "degrees_of_freedom", "effective", "information_criteria"]

RULES = ("aic", "bic", "ebic")
FITTED = ("coef", "intercept", "gap", "dual_gap", "n_iter")
ROUNDING = 1e-7  # what projections left of a column of length 1 may be rounding
RANK = 1e-11  # an eigenvalue of normalised columns this small is a repeated column


@dataclass(frozen=True, repr=False)
class Criteria:
    """Information criteria at k strengths; smaller is better. NaN where the data are interpolated.

    Attributes:
        strengths: (k,) as given.
        df: (k,) degrees of freedom of the coefficients; the intercept, common to all, is not counted.
        nonzero: (k,) coefficients that are not zero.
        deviance: (k,) −2 log-likelihood (for poisson but for the constant Σ log y!).
        aic, bic, ebic: (k,).
        path: the `LinearPath` on all rows.
        feature_names: (p,) names, or None.
    """

    strengths: np.ndarray
    df: np.ndarray
    nonzero: np.ndarray
    deviance: np.ndarray
    aic: np.ndarray
    bic: np.ndarray
    ebic: np.ndarray
    path: LinearPath
    feature_names: tuple[str, ...] | None = None

    def best(self, rule: str = "bic") -> int:
        """Index of the strength with the smallest criterion: "aic", "bic" (default) or "ebic"."""
        if rule not in RULES:
            raise InputError(f"rule: expected one of {', '.join(RULES)}, got {rule!r}{suggest(rule, RULES)}")
        values = getattr(self, rule)
        if np.isnan(values).all():
            raise InputError(
                f"{rule}: every fit interpolates the data; give noise_variance or stronger penalties"
            )
        return int(np.nanargmin(values))

    def table(self) -> PrintedTable:
        """One row a strength, the smallest of each criterion marked."""
        best = {rule: self.best(rule) for rule in RULES}
        return PrintedTable(
            {
                "strength": float(self.strengths[i]),
                "nonzero": int(self.nonzero[i]),
                "df": float(self.df[i]),
                "deviance": float(self.deviance[i]),
                **{rule: float(getattr(self, rule)[i]) for rule in RULES},
                "choice": " ".join(rule for rule in RULES if best[rule] == i),
            }
            for i in range(len(self.strengths))
        )

    def plot(self) -> Any:
        """The criteria and the degrees of freedom against the strength: a matplotlib Figure."""
        from normax.report.after_fit import criteria_figure

        return criteria_figure(self)

    def __repr__(self) -> str:
        chosen = ", ".join(f"{rule}={self.strengths[self.best(rule)]:.4g}" for rule in RULES)
        return f"Criteria({len(self.strengths)} strengths, {chosen})"


def information_criteria(
    X: Any,
    y: Any,
    *,
    strengths: Any = 100,
    family: Any = "gaussian",
    l1_ratio: float = 1.0,
    gamma: float = 1.0,
    noise_variance: float | None = None,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    **options: Any,
) -> Criteria:
    """AIC, BIC and EBIC along the path of one penalised linear model:

        AIC = D + 2 df,   BIC = D + log(n) df,   EBIC = BIC + 2γ log C(p, a)

    with D = −2 log-likelihood and a non-zero coefficients. For squared error D = n log(2πσ²) + RSS/σ², where
    σ² is `noise_variance`, or RSS/n at each strength (then D = n log(2π RSS/n) + n).

    Args:
        X, y, family, l1_ratio, fit_intercept, sample_weight, penalty_factor, lower, upper, options: as of
            `fit_path`. Weights are scaled to sum to the number of rows that have any.
        strengths: a count (default 100, down to 1e-3 of the largest useful one, and on while AIC is smallest at the
            weakest), or the values.
        gamma: γ in [0, 1] of EBIC; 1 (default) stays consistent when p grows faster than √n, 0 is BIC.
        noise_variance: σ² of squared error if known, or from an unpenalised fit. By default it is estimated at
            each strength, which cannot judge fits with df near n: they get NaN and are never chosen.

    Returns:
        A `Criteria`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(60, 8))
        >>> found = information_criteria(X, 3 * X[:, 0] + rng.normal(size=60))
        >>> int(found.nonzero[found.best("ebic")]) <= int(found.nonzero[found.best("aic")])
        True

    Source:
        Zou, Hastie & Tibshirani, "On the degrees of freedom of the lasso", Annals of Statistics 2007; Chen & Chen,
        "Extended Bayesian information criteria for model selection with large model spaces", Biometrika 2008.
    """
    if not 0 <= gamma <= 1:
        raise InputError(f"gamma: expected a number in [0, 1], got {gamma!r}")
    if noise_variance is not None and not (np.isfinite(noise_variance) and noise_variance > 0):
        raise InputError(f"noise_variance: expected a number > 0 or None, got {noise_variance!r}")
    loss = family_of(family)
    if not loss.likelihood:
        raise InputError(
            f"family: information criteria need a likelihood, which {loss.name} is not, or only with a "
            "dispersion that is not estimated; choose by cross-validation"
        )
    names, X = column_names(X), check_design(X)
    rules: dict[str, Any] = {
        "family": family,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        "sample_weight": sample_weight,
        "penalty_factor": penalty_factor,
        "lower": lower,
        "upper": upper,
    }
    weights = plain_weights(sample_weight, X.shape[0])
    n = int((weights > 0).sum())
    weights, Y = weights * n / weights.sum(), loss.response(y, X.shape[0])

    def judged(strengths: np.ndarray) -> tuple[Any, ...]:
        """What was fitted, by field of a path, the degrees of freedom and the deviances."""
        path = fit_path(Sound(X), y, strengths=strengths, **rules, **options)
        df = degrees_of_freedom(Sound(X), path, **rules)
        fit = 2 * np.array([weights @ loss.loss(Y, eta) for eta in path.predict(X)])
        if loss.name == "gaussian":
            size = n * Y.shape[1]
            if noise_variance is None:
                null = weights @ ((Y - weights @ Y / n) ** 2).sum(axis=1)
                fit = np.where((df < size - 1.5) & (fit > 1e-12 * null), fit, np.nan)
                fit = size * (np.log(2 * np.pi * fit / size) + 1)
            else:
                fit = size * np.log(2 * np.pi * noise_variance) + fit / noise_variance
        paths.append(path)
        return df, fit, *(getattr(path, name) for name in FITTED)

    paths: list[LinearPath] = []
    grid = grid_of(strengths, Sound(X), y, **rules)
    if np.ndim(strengths) == 0 and not options.get("sparse_coef"):  # of the three, AIC goes furthest
        ridge = is_ridge(**rules)
        grid, (df, fit, *fitted) = widened(grid, judged, lambda df, fit, *_: fit + 2 * df, stronger=ridge)
    else:
        df, fit, *fitted = judged(grid)
    path = replace(paths[0], strengths=grid, **dict(zip(FITTED, fitted)))
    a, cells = path.nonzero, math.prod(path.coef[0].shape)
    choices = gammaln(cells + 1) - gammaln(a + 1) - gammaln(cells - a + 1)
    bic = fit + np.log(n) * df
    return Criteria(path.strengths, df, a, fit, fit + 2 * df, bic, bic + 2 * gamma * choices, path, names)


def degrees_of_freedom(
    X: Any,
    path: LinearPath,
    *,
    family: Any = "gaussian",
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
) -> np.ndarray:
    """Effective number of coefficients at each strength, (k,); the intercept is not counted.

        df = tr[H_A (H_A + s(1 − r) D_A)⁻¹]

    over the active set A: coefficients that are free, neither at a bound nor held at zero by an L1 part. H is the
    Hessian of the mean loss with the intercept projected out, D the penalty factors. For the lasso this is the rank
    of X_A, the number of non-zeros if no column repeats others; for ridge the trace of the hat matrix. For squared
    error it is the unbiased estimate of Stein's degrees of freedom; for other families its usual analogue at the fit.

    Args: as of `fit_path`; `path` is what it returned.

    Example:
        >>> X = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
        >>> path = fit_path(X, X[:, 0], strengths=[1.0], l1_ratio=0.0)
        >>> degrees_of_freedom(X, path, l1_ratio=0.0).tolist()
        [1.0]

    Source:
        Zou, Hastie & Tibshirani 2007; Tibshirani & Taylor, "Degrees of freedom in lasso problems", Annals of
        Statistics 2012, for collinear columns and the elastic net.
    """
    X, penalty_factor = without_excluded(check_design(X), penalty_factor)
    weights = plain_weights(sample_weight, X.shape[0])
    weights, loss = weights / weights.sum(), family_of(family)
    loss.refuse_if_tied("a count of degrees of freedom")
    if loss.nonsmooth:
        raise InputError(
            f"family: degrees of freedom need a loss with curvature, which {loss.name} has not; for a "
            "lasso count path.nonzero"
        )
    rules = check_rules(X.shape[1], penalty_factor, lower, upper)
    fits = path.strengths, path.coef, path.predict(X)
    return effective(X, *fits, weights, loss, l1_ratio, rules, fit_intercept)


def effective(
    X: Any,
    strengths: Any,
    coefs: Any,
    etas: Any,
    weights: np.ndarray,
    loss: Family,
    l1_ratio: float,
    rules: Rules,
    fit_intercept: bool,
) -> np.ndarray:
    """`degrees_of_freedom` of checked rows: (n,) weights that sum to 1, and of each strength coefficients (m, p) and the
    linear predictors (n, m), offset included."""
    if fit_intercept and not issparse(X):
        X = X - weights @ X
    result = np.zeros(len(strengths))
    seen: dict[Any, tuple[int, np.ndarray]] = {}
    for i, (s, coef) in enumerate(zip(strengths, coefs)):
        coef = coef.toarray() if issparse(coef) else coef
        kept = (coef != 0) | (s * l1_ratio * rules.factor == 0)
        active = kept & (coef != rules.lower) & (coef != rules.upper)
        soft = s * (1 - l1_ratio) > 0
        key = (active.tobytes(), soft) if loss.name == "gaussian" else (i,)
        if key not in seen:
            root = _root(loss, etas[i]) * np.sqrt(weights)[:, None, None]
            seen[key] = _spectrum(X, root, active, rules.factor if soft else None, fit_intercept)
        rank, values = seen[key]
        result[i] = rank + (values / (values + s * (1 - l1_ratio))).sum() if len(values) else rank
    return result


def _root(loss: Any, eta: np.ndarray) -> np.ndarray:
    """(n, m, m) matrices R with RᵀR the curvature of each row."""
    n, m = eta.shape
    if loss.name == "gaussian":
        return np.broadcast_to(np.eye(m), (n, m, m))
    mean = loss.mean(eta)
    if m == 1:
        return np.sqrt(np.maximum(loss.curvature(mean, eta), 0.0))[:, :, None]
    if loss.coupled:  # diag(μ) − μμᵀ, of means that add up to 1
        root = np.sqrt(mean)
        R = -root[:, :, None] * mean[:, None, :]
        R[:, np.arange(m), np.arange(m)] += root
        return R
    R = np.zeros((n, m, m))
    R[:, np.arange(m), np.arange(m)] = np.sqrt(np.maximum(loss.curvature(mean, eta), 0.0))
    return R


def _spectrum(X, root, active, factor, intercept) -> tuple[int, np.ndarray]:
    """Rank of the columns without an L2 part, and eigenvalues of the others' Hessian over their factors.

    All comes from products of columns, or of rows where these are fewer, so that a sparse X stays as it is.
    """
    outputs = range(len(active))
    Z = _join([[_scaled(X[:, active[c]], root[:, d, c]) for c in outputs] for d in outputs])
    lengths = np.sqrt(np.asarray((Z**2).sum(axis=0)).ravel())
    lengths[lengths == 0] = 1.0
    Z = _scaled(Z.T, 1 / lengths).T
    U = np.concatenate([root[:, d, :] for d in outputs]) if intercept else np.zeros((Z.shape[0], 0))
    charge = np.concatenate([np.zeros(a.sum()) if factor is None else factor[a] for a in active])
    order, free = np.argsort(charge > 0, kind="stable"), int((charge == 0).sum())
    rest = order[free:]
    scale = lengths[rest] / np.sqrt(charge[rest])
    if len(rest) <= Z.shape[0]:
        G = _dense(Z.T @ Z)[np.ix_(order, order)]
        G = _less(G, (Z.T @ U)[order], U.T @ U)[0]
        G, rank = _less(G[free:, free:], G[free:, :free], G[:free, :free])
        return rank, np.maximum(np.linalg.eigvalsh(G * np.outer(scale, scale)), 0.0)
    own, rank, basis = _dense(Z[:, order[:free]]), 0, np.zeros((Z.shape[0], 0))
    for B in (U, own):
        B = B - basis @ (basis.T @ B)
        Q, rank = _span(B.T @ B)
        basis = np.hstack([basis, B @ Q])
    R = _scaled(Z[:, rest].T, scale)
    K = _dense(R.T @ R)
    K = K - basis @ (basis.T @ K)
    K = K - (K @ basis) @ basis.T
    return rank, np.maximum(np.linalg.eigvalsh(K), 0.0)


def _less(G: np.ndarray, across: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, int]:
    """Products G (a, a) of columns from which b others are projected out, and the rank of these.

    Args:
        across, others: (a, b) products with them, and (b, b) of them.
    """
    Q, rank = _span(others)
    T = across @ Q
    return G - T @ T.T, rank


def _span(G: np.ndarray) -> tuple[np.ndarray, int]:
    """What turns columns with the products G into an orthonormal basis, and how many columns that has."""
    lengths = np.sqrt(np.maximum(np.diag(G), 0.0))
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > ROUNDING)
    if not scale.any():
        return np.zeros((len(G), 0)), 0
    if len(G) == 1:
        return scale[:, None], 1
    values, vectors = eigen(G * np.outer(scale, scale))
    kept = values > RANK * values[-1]
    return scale[:, None] * (vectors[:, kept] / np.sqrt(values[kept])), int(kept.sum())


def _scaled(X: Any, by: np.ndarray) -> Any:
    """Rows of X times numbers."""
    return diags_array(by) @ X if issparse(X) else by[:, None] * X


def _join(blocks: list[list[Any]]) -> Any:
    if len(blocks) == 1 == len(blocks[0]):
        return blocks[0][0]
    return block_array(blocks, format="csc") if issparse(blocks[0][0]) else np.block(blocks)


def _dense(A: Any) -> np.ndarray:
    return A.toarray() if issparse(A) else A
