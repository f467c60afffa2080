"""`lasso_path`, `enet_path` and `ridge_path`, with scikit-learn's signatures and returns."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.design.validation import check_alphas
from normax.linear_model.grid import RIDGE_RATIO, grid_for
from normax.linear_model.path import LinearPath, follow_path
from normax.linear_model.problem.problem import Problem
from normax.penalties import L2, GroupLasso, Penalty

__all__ = ["enet_path", "lasso_path", "ridge_path"]


def row_penalty(l1_ratio: float, tasks: int) -> Penalty:
    """`r‖W‖₂₁ + (1 − r)/2 ‖W‖²`: the group lasso of each feature's coefficients without the root of their number."""
    return GroupLasso(l1_ratio / np.sqrt(tasks), "in") + L2(1 - l1_ratio)


def lasso_path(X: Any, y: Any, *, eps: float = 1e-3, alphas: Any = 100, **options: Any) -> tuple:
    """The lasso at a whole grid of strengths: `‖y − Xw‖² / (2n) + alpha ‖w‖₁` for each alpha.

    As in scikit-learn no intercept is fitted: centre X and y beforehand, or use `fit_path`.

    Args, returns, raises: as of `enet_path` with `l1_ratio=1`.

    Example:
        >>> alphas, coefs, gaps = lasso_path([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0], alphas=[0.5, 0.25])
        >>> alphas.tolist(), coefs.round(3).tolist()
        ([0.5, 0.25], [[0.25, 0.625]])
    """
    return enet_path(X, y, l1_ratio=1.0, eps=eps, alphas=alphas, **options)


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    alphas: Any = 100,
    n_alphas: int | None = None,
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    sample_weight: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    random_state: Any = None,
    selection: str = "cyclic",
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    **unknown: Any,
) -> tuple:
    """The elastic net at a whole grid of strengths:
    `‖y − Xw‖² / (2n) + alpha (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)` for each alpha.

    A table y is fitted as by `MultiTaskElasticNet`, with a feature in for all responses or for none. As in
    scikit-learn no intercept is fitted: centre X and y beforehand, or use `fit_path`.

    Args:
        X: (n, p) design.
        y: (n,) response, or (n, m) responses.
        l1_ratio: r in [0, 1].
        eps: smallest over largest alpha, where `alphas` is a count.
        alphas: a count (default 100: a grid from the largest useful alpha down), or the values.
        n_alphas: scikit-learn's older name of a count.
        precompute, Xy, copy_X, coef_init, verbose, check_input, random_state, selection: accepted so that code
            written for scikit-learn runs; the result depends on none.
        return_n_iter: return the passes of each alpha as well.
        sample_weight: (n,) weights >= 0.
        tol: duality gap over the null deviance that must be reached.
        max_iter: passes over the columns for each alpha in which some come or go.
        positive: ask for coefficients that are not negative, which is `lower=0`; for one response.
        penalty_factor, lower, upper: as of `fit_path`.

    Returns:
        alphas (k,), decreasing; coefs (p, k) or (m, p, k); dual gaps (k,) in units of the objective; and the passes
        (k,) if asked for.

    Raises:
        InputError: for data or arguments that cannot be used.

    Warns:
        FutureWarning: for `n_alphas`, and None for alphas, as scikit-learn does.

    Example:
        >>> alphas, coefs, gaps = enet_path([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0], alphas=3)
        >>> alphas.shape, coefs.shape, gaps.shape
        ((3,), (1, 3), (3,))
    """
    _refuse_unknown(unknown)
    y = np.asarray(y)
    if y.ndim > 1 and positive:
        raise InputError(
            f"positive: expected False for a table y of shape {y.shape}, got True; give one response"
        )
    penalty = row_penalty(l1_ratio, y.shape[1]) if y.ndim > 1 else None
    problem = Problem.of(
        X,
        y,
        l1_ratio=1.0 if y.ndim > 1 else l1_ratio,
        penalty=penalty,
        fit_intercept=False,
        sample_weight=sample_weight,
        penalty_factor=penalty_factor,
        lower=0.0 if positive else lower,
        upper=upper,
        tol=tol,
        max_iter=max_iter,
    )
    alphas = _alphas(alphas, n_alphas)
    strengths = (
        grid_for(problem, alphas, eps) if np.ndim(alphas) == 0 else np.sort(check_alphas(alphas))[::-1]
    )
    path = follow_path(problem, strengths)
    return _returned(strengths, path, path.dual_gap, return_n_iter, y.ndim > 1)


def _refuse_unknown(unknown: dict[str, Any]) -> None:
    """A ValueError as of scikit-learn's functions, with what may have been meant."""
    if unknown:
        known = inspect.signature(enet_path).parameters
        told = ", ".join(name + suggest(name, known) for name in unknown)
        raise InputError(
            f"Unexpected parameters in params: {told}; no intercept is fitted and nothing is scaled: use fit_path, or centre "
            "X and y beforehand"
        )


def _alphas(alphas: Any, n_alphas: int | None) -> Any:
    """A count or values, from all names that scikit-learn has had for them."""
    older = {
        "'n_alphas' was deprecated in 1.9 and will be removed in 1.11": n_alphas is not None,
        "'alphas=None' is deprecated and will be removed in 1.11": alphas is None,
    }
    for told in (name for name, used in older.items() if used):
        warnings.warn(f"{told} of scikit-learn; write alphas={n_alphas or 100}", FutureWarning, 3)
    return n_alphas or (100 if alphas is None else alphas)


def ridge_path(
    X: Any,
    y: Any,
    *,
    eps: float = RIDGE_RATIO,
    alphas: Any = 100,
    return_n_iter: bool = False,
    sample_weight: Any = None,
    tol: float = 1e-6,
) -> tuple:
    """Ridge at a whole grid of strengths from one factorisation, on scikit-learn's scale, which has no 1/n:
    `‖y − Xw‖² + alpha ‖w‖₂²` for each alpha.

    As in the sister functions no intercept is fitted: centre X and y beforehand, or use `fit_path`.

    Args:
        X: (n, p) design.
        y: (n,) response.
        eps: smallest over largest alpha (default 1e-7), where `alphas` is a count; at the largest the features explain
            about a thousandth of the squares, whatever the unit of y.
        alphas: a count (default 100), or the values.
        return_n_iter, sample_weight, tol: as of `enet_path`.

    Returns:
        alphas (k,), decreasing; coefs (p, k); dual gaps (k,) in units of the objective above; and ones (k,)
        for the rounds if asked for.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> alphas, coefs, gaps = ridge_path([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0], alphas=[2.0, 0.0])
        >>> coefs.round(3).tolist()
        [[0.5, 1.0]]
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise InputError(
            f"y: expected one response of shape (n,), got shape {y.shape}; use fit_path for several"
        )
    total = float(len(y) if sample_weight is None else np.sum(sample_weight))
    problem = Problem.of(X, y, l1_ratio=0.0, fit_intercept=False, sample_weight=sample_weight, tol=tol)
    if np.ndim(alphas) == 0:
        alphas = total * grid_for(problem, alphas, eps)
    alphas = np.sort(check_alphas(alphas))[::-1]
    path = follow_path(problem, alphas / total)
    return _returned(alphas, path, 2 * total * path.dual_gap, return_n_iter)


def _returned(
    alphas: np.ndarray, path: LinearPath, gaps: np.ndarray, return_n_iter: bool, table: bool = False
) -> tuple:
    coefs = path.coef.transpose(1, 2, 0)
    result = (alphas, coefs if table else coefs[0], gaps)
    return (*result, path.n_iter) if return_n_iter else result
