"""The loss around every fit of a linear path, as a function of any two of its leading coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Around", "around"]

LEADING = 12
"""Coefficients of which any two can be looked at."""

LARGEST = 200_000_000
"""Cells of X up to which their products are made."""

ROWS = 600
"""Rows that a loss without a closed form is taken over."""


@dataclass(frozen=True)
class Around:
    """What the mean loss is about each of k fits when m coefficients move and all others stay.

    For squares, exactly and with the intercept fitted anew,
    `L(w + d) = L(w) + slope · d + ½ dᵀ gram d`. For other losses over some rows, from their features and outputs, the
    intercept held.

    Attributes:
        features: (m,) which of the p.
        gram: (m, m), or None.
        slope: (k, m) gradient of the mean loss at each fit, or None.
        rows: (r, m) the features of some rows, or None.
        outputs: (k, r) linear predictors of these rows, or None.
        targets: (r,) or None.
        weight: (r,) or None.
    """

    features: np.ndarray
    gram: np.ndarray | None = None
    slope: np.ndarray | None = None
    rows: np.ndarray | None = None
    outputs: np.ndarray | None = None
    targets: np.ndarray | None = None
    weight: np.ndarray | None = None


def around(
    X: Any,
    y: np.ndarray,
    weight: np.ndarray,
    offset: np.ndarray | None,
    coef: np.ndarray,
    intercept: np.ndarray,
    family: str,
    scale: float = 1.0,
    fit_intercept: bool = True,
) -> Around | None:
    """The `Around` of a path of one output; None for families without rows apart, and for designs too large.

    Args:
        X: `(n, p)`, dense or sparse; y: `(n,)`; weight: `(n,)`; offset: `(n,)` or None.
        coef: `(k, 1, p)`; intercept: `(k, 1)`.
        family: "gaussian", "binomial" or "poisson"; others have none.
        scale: by which the path's loss is larger than the family's.
        fit_intercept: whether the intercept follows.
    """
    w = coef[:, 0] if coef.ndim == 3 and coef.shape[1] == 1 else None
    if w is None or np.ndim(y) != 1 or family not in ("gaussian", "binomial", "poisson"):
        return None
    features = _leading(w)
    if len(features) < 2 or X.shape[0] * X.shape[1] > LARGEST:
        return None
    known = 0.0 if offset is None else offset
    if family != "gaussian":
        return _of_rows(X, y, weight, known, w, intercept[:, 0], features)
    Z = _dense(X[:, features])
    share = weight / weight.sum()
    centred = Z - share @ Z if fit_intercept else Z
    own = scale * share[:, None] * centred
    slope = np.asarray(X.T @ own).T @ w.T - (own.T @ (y - known))[:, None]
    return Around(features, gram=own.T @ centred, slope=slope.T)


def _of_rows(
    X: Any, y: np.ndarray, weight: np.ndarray, known: Any, w: np.ndarray, b: np.ndarray, features: np.ndarray
) -> Around:
    counting = np.flatnonzero(weight)
    chosen = np.random.default_rng(0).choice(counting, size=min(ROWS, len(counting)), replace=False)
    rows = _dense(X[np.sort(chosen)])
    outputs = w @ rows.T + b[:, None] + (known if np.ndim(known) == 0 else known[np.sort(chosen)])
    own = weight[np.sort(chosen)]
    return Around(
        features, None, None, rows[:, features], outputs, y[np.sort(chosen)].astype(float), own / own.sum()
    )


def _leading(w: np.ndarray) -> np.ndarray:
    """The coefficients that are there at most strengths, and some of the others that end up largest."""
    end = np.abs(w[-1]) if np.abs(w[-1]).sum() >= np.abs(w[0]).sum() else np.abs(w[0])
    order = np.lexsort((-end, -(w != 0).sum(axis=0)))
    order = order[(w[:, order] != 0).any(axis=0)]
    first, others = order[: LEADING - 4], order[LEADING - 4 :]
    return np.concatenate([first, others[np.argsort(-end[others], kind="stable")][:4]])


def _dense(X: Any) -> np.ndarray:
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X, float)
