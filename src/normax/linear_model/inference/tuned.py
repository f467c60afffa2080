"""The lasso that inference starts from: its strength given, or chosen by cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.cross_validation.held_out import held_out
from normax.linear_model.design.validation import Sound
from normax.linear_model.estimators.cv_cox import CoxRegressorCV
from normax.linear_model.families.cox import Cox
from normax.linear_model.grid import grid_for
from normax.linear_model.inference.rows import Counted
from normax.linear_model.path import follow_path
from normax.linear_model.problem.problem import Problem
from normax.selection import choose, folds, is_count, summarise, widened

__all__ = ["problem_of", "tuned"]

FOLDS = 10
TOL = 1e-9  # of the duality gap: what is left of a gradient would pass for noise


def tuned(
    rows: Counted, strength: float | None, cv: Any, seed: int, select: str = "min"
) -> tuple[np.ndarray, float, float]:
    """Coefficients (p,) of unit columns, the intercept, and the strength.

    Args:
        strength: or None to choose it; cv: a count (10 shuffled folds by `seed` for None), a splitter or pairs.
    """
    problem = problem_of(rows, endless=strength == 0)
    if strength is None:
        strength = (
            _cox(rows, rows.family, cv, seed, select)
            if isinstance(rows.family, Cox)
            else _apart(rows, cv, seed, select)
        )
    path = follow_path(problem, [strength])
    return path.coef[0, 0], float(path.intercept[0, 0]), float(strength)


def problem_of(rows: Counted, endless: bool = False) -> Problem:
    """The lasso of these rows; `endless` as of `Problem.of`."""
    return Problem.of(Sound(rows.X), rows.y, **_options(rows), endless=endless)


def _options(rows: Counted) -> dict[str, Any]:
    own: dict[str, Any] = {"family": rows.family, "sample_weight": rows.weights, "offset": rows.offset}
    return own | {"fit_intercept": rows.intercept, "tol": TOL}


def _apart(rows: Counted, cv: Any, seed: int, select: str) -> float:
    pairs = _folds(rows, cv, seed, rows.Y[:, 0] if rows.family.classes else None)
    errors_at, sizes = held_out(Sound(rows.X), rows.Y, pairs, **_options(rows))
    grid, (errors,) = widened(
        grid_for(problem_of(rows), 100),
        lambda s: (errors_at(s).T,),
        lambda e: summarise(e.T, sizes)[0],
        stronger=False,
    )
    return float(grid[choose(grid, *summarise(errors.T, sizes), select)])


def _cox(rows: Counted, family: Cox, cv: Any, seed: int, select: str) -> float:
    events = np.rint(rows.Y[:, 0] * 2.0**53).astype(np.int64) % 2
    model = CoxRegressorCV(l1_ratio=1.0, ties=family.ties, cv=_folds(rows, cv, seed, events), select=select)
    return model.fit(rows.X, rows.y, rows.weights, offset=rows.offset).alpha_


def _folds(rows: Counted, cv: Any, seed: int, labels: np.ndarray | None) -> Any:
    """Shuffled folds by the seed, with like shares of the labels where each has a row for every fold."""
    n = len(rows.Y)
    cv = min(FOLDS, n) if cv is None else cv
    stratify = labels is not None and is_count(cv) and np.unique(labels, return_counts=True)[1].min() >= cv
    if n < 4:
        raise InputError(f"X: expected at least 4 rows to choose a strength, got {n}; give strength=")
    return folds(cv, n, labels, stratify=bool(stratify), seed=seed)
