"""Held-out errors of squared error from the second moments of folds, whose rows nobody has: see `streams.squares`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.path import follow_path
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.convergence import warn_unconverged
from normax.linear_model.sources.scatter import Scatter
from normax.linear_model.streams.squares import Squares, problem_of

__all__ = ["held_out_moments"]


def held_out_moments(
    squares: Squares, *, per_row: bool = True, **options: Any
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """`held_out` of a source's folds: the training rows of each by subtraction, its errors from its own moments.

    Args:
        squares: with folds; per_row, options: as of `held_out`.

    Returns:
        A function from strengths (k,) to fold_errors (K, k), and fold_sizes (K,).

    Raises:
        InputError: for folds that train on, or hold out, rows of weight 0 alone.

    Warns:
        ConvergenceWarning: by the function, where the gap of a training fit stayed above `tol`.
    """
    every, parts, p = squares.every, squares.parts, squares.source.p
    sizes = np.array([part.total for part in parts])
    faults = [f"fold {k} holds out rows of weight 0 alone" for k in np.flatnonzero(sizes == 0)]
    faults += [f"fold {k} trains on rows of weight 0 alone" for k in np.flatnonzero(sizes >= every.total)]
    if faults:
        raise InputError(f"cv: {'; '.join(faults)}; leave such rows out before folds are made")
    units = np.ones(len(sizes)) if per_row else every.total - sizes
    folds = _Folds(every, parts, p, options)

    def errors(strengths: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # told once, of the worst fold
            found = side_by_side(lambda k: folds.score(k, strengths / units[k]), len(parts), what="fold")
        sums, gaps = zip(*found)
        warn_unconverged(strengths, np.max(gaps, axis=0), options.get("tol", 1e-6))
        return 0.5 * np.array(sums) / sizes[:, None]

    return errors, sizes


@dataclass(frozen=True)
class _Folds:
    every: Scatter
    parts: list[Scatter]
    p: int
    options: dict[str, Any]

    def problem(self, k: int) -> Problem:
        """What stands for the rows that fold k trains on."""
        return problem_of(self.every.without(self.parts[k]).triangle()[0], self.p, **self.options)

    def score(self, k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of squared errors and gaps of a fold, (k,) each."""
        path = follow_path(self.problem(k), strengths)
        return self.parts[k].squared_errors(path.coef, path.intercept), path.gap
