"""Squared error on a small table, at one strength: the fit in a few products.

On a few thousand numbers the arithmetic takes microseconds, and what serves paths, losses and tables of every kind would
take all of the time. What is not plainly well posed is left to them.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dposv

from normax.linear_model.analysis.summary import Described
from normax.linear_model.families import family_of
from normax.linear_model.path import LinearPath
from normax.linear_model.quadratic.active_set import DONE, solve_active
from normax.linear_model.solvers.certificate import duality_gap
from normax.selection import is_count

__all__ = ["MOST", "fit_small"]

#: Cells and columns up to which this is the faster way.
MOST, WIDEST = 50_000, 100
# A gap over the null deviance that only rounding leaves.
EXACT = 1e-12
# Columns are apart in size, from their mean and from each other by no more than this.
WITHIN, TWINS = 1e-10, 1 - 1e-9
SQUARED = family_of("gaussian")


def fit_small(
    X: np.ndarray,
    y: np.ndarray,
    alpha: float,
    l1_ratio: float,
    fit_intercept: bool,
    tol: float,
    max_iter: int = 1000,
) -> tuple[LinearPath, Described] | None:
    """`½ mean (y − Xw − b)²  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)`, exact, or None where it is not plainly so.

    Args:
        X, y: (n, p) and (n,) checked numbers in double precision.
        alpha: on the mean-loss scale; l1_ratio: r; tol: the gap over the null deviance that is asked for;
            max_iter: passes at most.
    """
    (n, p), l1, l2 = X.shape, alpha * l1_ratio, alpha * (1 - l1_ratio)
    if n * p > MOST or p > WIDEST or not alpha > 0 or not is_count(max_iter):
        return None
    means, level = (X.sum(axis=0) / n, y.sum() / n) if fit_intercept else (np.zeros(p), 0.0)
    Z, r = X - means, y - level
    G, c, null = Z.T @ Z / n, r @ Z / n, 0.5 * (r @ r) / n
    squares = G.diagonal()
    if (
        not (squares > WITHIN * np.maximum(squares.max(), means * means)).all()
        or null <= WITHIN * level * level
    ):
        return None
    sizes = np.sqrt(squares)
    if np.count_nonzero(np.abs(G) > TWINS * sizes[:, None] * sizes) > p:
        return None
    if l1:
        w, noise = np.zeros(p), 1e-14 * np.sqrt(2 * null) * sizes
        face = np.empty((p, p)), np.empty(p, dtype=np.intp), np.zeros(p, dtype=bool)
        most = min(20 + 2 * p, max_iter)
        status, _, passes = solve_active(G, c, w, *face, 0, np.full(p, l1), np.full(p, l2), noise, most)
        if status != DONE:
            return None
    else:
        passes = 1
        _, w, failed = dposv(G + l2 * np.eye(p), c)
        if failed:
            return None
    left = r - Z @ w
    rest = (left @ left) / n
    gap = duality_gap(lambda c: 0.5 * (1 - c) ** 2 * rest, w[None], (left @ Z / n)[None], l1, l2)
    if not gap[0] <= min(tol, EXACT) * null:
        return None
    used = w != 0
    share = np.linalg.eigvalsh(G[np.ix_(used, used)]) if l2 else np.ones(used.sum())
    fitted = np.array([alpha]), w[None, None], np.array([[level - means @ w]]), gap / null, gap
    path = LinearPath(*fitted, np.array([passes]), null_deviance=null, chosen=0, family=SQUARED)
    df, explained = float((share / (share + l2)).sum()), float(1 - 0.5 * rest / null)
    sd = np.where(used, sizes if fit_intercept else X.std(axis=0), np.nan)
    return path, Described(n, p, "gaussian", l1_ratio, sd, df, explained, None)
