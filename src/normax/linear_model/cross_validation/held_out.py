"""Held-out errors of every fold and every strength, as one problem and not K: what folds can share is in `folds` and
`ridge_folds`; what they cannot is fitted side by side, on rows that count and rows that do not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.linear_model.cross_validation.folds import LassoFold, LassoFolds, Pairs
from normax.linear_model.cross_validation.ridge_folds import RidgeFolds
from normax.linear_model.cross_validation.scopes import Scope, refuse_weightless, scopes_of
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.design.validation import (
    Sound,
    check_design,
    check_offset,
    check_strengths,
    plain_weights,
    with_exclude,
    without_excluded,
)
from normax.linear_model.families import Family, family_of
from normax.linear_model.path import LinearPath, follow_path
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import check_rules
from normax.linear_model.solvers.convergence import warn_unconverged
from normax.selection import summarise, widened

__all__ = ["Judge", "Mixtures", "best_mixture", "cross_validate", "held_out"]


def cross_validate(
    X: Any, y: Any, pairs: Pairs, *, strengths: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the path on the training rows of each fold and score its held-out rows.

    Args:
        X, y, pairs, options: as of `held_out`; strengths: as of `fit_path`, which serve every fold.

    Returns:
        fold_errors (K, k), the weighted mean negative log-likelihood of the held-out rows (½ squared error
        for gaussian, summed over outputs), and fold_sizes (K,), their total weights.

    Raises, warns: as `held_out` and what it returns.

    Example:
        >>> X = np.arange(6.0)[:, None]
        >>> half = [(np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3))]
        >>> errors, sizes = cross_validate(X, X[:, 0], half, strengths=np.array([0.0]))
        >>> errors.round(9).tolist(), sizes.tolist()
        ([[0.0], [0.0]], [3.0, 3.0])
    """
    errors, sizes = held_out(X, y, pairs, **options)
    return errors(check_strengths(strengths)), sizes


def held_out(
    X: Any,
    y: Any,
    pairs: Pairs,
    *,
    sample_weight: Any = None,
    offset: Any = None,
    per_row: bool = True,
    classes: Any = None,
    judge: Judge | None = None,
    finite: bool = False,
    seen: Callable[[int, Any], None] | None = None,
    **options: Any,
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """What `cross_validate` prepares once, for as many grids of strengths as are asked for.

    Beside an intercept, a class that a fold does not train on has probability 0 there and its held-out rows an
    infinite loss at every strength. They say nothing about the strength and are left out of the errors, with a notice.

    Args:
        X, y, sample_weight, offset, options: as of `fit_path`, all but its strengths.
        pairs: K pairs (training rows, held-out rows).
        per_row: whether the strengths are those of the mean loss (default) or of the summed loss, which
            scikit-learn's `Ridge` and `LogisticRegression` have and where fewer rows mean a stronger penalty.
        classes: labels of the classes, for messages.
        judge: what gives the errors in place of the loss, of all held-out rows, and of families that tie rows too. It
            may run in another process.
        finite: whether a judge, too, is shown no rows of classes that have probability 0.
        seen: told the number of each fold and what its judge returned beside the errors, or else the fold's path;
            folds are then fitted each by itself.

    Returns:
        A function from strengths (k,) to fold_errors (K, k), and fold_sizes (K,).

    Raises:
        InputError: for data or arguments that cannot be used; for folds that train on one class or on counts of 0
            alone, or hold out nothing that they train on.

    Warns:
        ConvergenceWarning: by the function, where the gap of a training fit stayed above `tol`.
        Notice: where rows are left out of a fold's error.

    Source:
        Moments by subtraction: Engstrøm & Jensen, "Fast partition-based cross-validation with centering and
        scaling for XᵀX and XᵀY", 2024.
    """
    factor = with_exclude(X, options.get("penalty_factor"), options.pop("exclude", None))
    X, options["penalty_factor"] = without_excluded(check_design(X), factor)
    loss, weights = family_of(options.get("family", "gaussian")), plain_weights(sample_weight, X.shape[0])
    Y = loss.response(y, X.shape[0])
    known = check_offset(offset, Y.shape)
    if known is not None and loss.name == "gaussian":
        Y, known = Y - known, None
    units = np.array([1.0 if per_row else weights[train].sum() for train, _ in pairs])
    if judge is None:
        loss.refuse_if_tied("cross-validation")
    elif not loss.rows_apart:  # whose parts of `response` are read by no other rows
        Y = np.asarray(y, dtype=float).reshape(len(Y), -1)
    refuse_weightless(weights, pairs)
    scopes = [Scope(np.ones(Y.shape[1], dtype=bool), test) for _, test in pairs]
    if options.get("fit_intercept", True) and loss.rows_apart:
        judged = judge is not None and not finite
        scopes = scopes_of(loss, Y, weights, pairs, classes, options.get("penalty"), judged)
    pairs = [(train, scope.test) for (train, _), scope in zip(pairs, scopes)]
    rows = _HeldOut(X, Y, weights, known, loss, pairs, scopes, options, judge, seen is not None)
    score = rows.together() or rows.score

    def errors(strengths: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # told once, of the worst fold
            scores, gaps, rest = zip(
                *side_by_side(lambda k: score(k, strengths / units[k]), len(pairs), what="fold")
            )
        if seen is not None:
            for k, found in enumerate(rest):
                seen(k, found)
        warn_unconverged(strengths, np.max(gaps, axis=0), options.get("tol", 1e-6))
        return np.array(scores)

    return errors, rows.sizes


# From the number of a fold, the path of its training rows and its held-out rows to errors (k,), or to these and more.
Judge = Callable[[int, LinearPath, np.ndarray], Any]
# From the number of a fold and strengths (k,) to its errors (k,), the gaps (k,) of its fits, and what `seen` is told.
Scored = tuple[np.ndarray, np.ndarray, Any]
Score = Callable[[int, np.ndarray], Scored]


@dataclass(frozen=True)
class _HeldOut:
    """All rows, and how a fold of them is fitted and scored; offset is None where y carries it or there is none."""

    X: Any
    Y: np.ndarray
    weights: np.ndarray
    offset: np.ndarray | None
    loss: Family
    pairs: Pairs
    scopes: list[Scope]
    options: dict[str, Any]
    judge: Judge | None = None
    seen: bool = False

    @cached_property
    def sizes(self) -> np.ndarray:
        """(K,) weights of the held-out rows."""
        return np.array([self.weights[test].sum() for _, test in self.pairs])

    def score(self, k: int, strengths: np.ndarray) -> Scored:
        """A fold by a path of its own."""
        test, there = self.pairs[k][1], self.scopes[k].present
        path = self.fit(k, strengths)
        rest: Any = path if self.seen else None
        if self.judge is not None:
            found = self.judge(k, path, test)
            errors, rest = found if isinstance(found, tuple) else (found, rest)
            return errors, path.gap, rest
        etas, Y = (
            path.predict(Sound(self.X[test]), None if self.offset is None else self.offset[test]),
            self.Y[test],
        )
        if not there.all():
            etas, Y = etas[:, :, there], Y[:, there]
        losses = self.loss.loss(np.tile(Y, (len(etas), 1)), etas.reshape(-1, Y.shape[1]))
        return losses.reshape(len(etas), -1) @ (self.weights[test] / self.sizes[k]), path.gap, rest

    def fit(self, k: int, strengths: np.ndarray) -> LinearPath:
        """The path of a fold on rows that count and rows that do not. A class that is not among them has probability
        0, which is an intercept of -inf."""
        (train, _), there = self.pairs[k], self.scopes[k].present
        X, Y, weights, offset = self.X, self.Y, np.zeros_like(self.weights), self.offset
        weights[train] = self.weights[train]
        if there.all():
            problem = Problem.of(Sound(X), Y, sample_weight=weights, offset=offset, **self.options)
            return follow_path(problem, strengths)
        m, known = Y.shape[1], len(strengths)
        coef, intercept = np.zeros((known, m, X.shape[1])), np.full((known, m), -np.inf)
        if there.sum() == 1:
            intercept[:, there if m > 1 else there[1:]] = 0.0 if m > 1 else np.inf
            nothing = np.zeros(known)
            return LinearPath(strengths, coef, intercept, nothing, nothing, np.zeros(known, dtype=int))
        counting = train[weights[train] > 0]  # rows without a weight may be of any class
        offset = None if offset is None else offset[counting][:, there]
        weights, Y = weights[counting], Y[counting][:, there]
        problem = Problem.of(Sound(X[counting]), Y, sample_weight=weights, offset=offset, **self.options)
        path = follow_path(problem, strengths)
        coef[:, there], intercept[:, there] = path.coef, path.intercept
        return replace(path, coef=coef, intercept=intercept)

    def together(self) -> Score | None:
        """All folds by what they share; None where it is nothing."""
        options, (X, Y, weights, pairs) = self.options, (self.X, self.Y, self.weights, self.pairs)
        rules = check_rules(X.shape[1], *(options.get(k) for k in ("penalty_factor", "lower", "upper")))
        alone = self.offset is None and options.get("penalty") is None and not (self.judge or self.seen)
        if self.loss.name != "gaussian" or not rules.plain or not alone:
            return None
        l1_ratio, intercept = options.get("l1_ratio", 1.0), options.get("fit_intercept", True)
        if l1_ratio > 0:
            limits = {k: options[k] for k in ("tol", "max_iter") if k in options}
            return partial(self._lasso, LassoFolds(X, Y, weights, pairs, l1_ratio, intercept, **limits))
        if RidgeFolds.serves(X, weights, pairs):
            return partial(self._ridge, RidgeFolds(X, Y, weights, pairs, intercept))
        return None

    def _lasso(self, folds: LassoFolds, k: int, strengths: np.ndarray) -> Scored:
        fold = LassoFold(folds, k)
        coef, intercept, gap = fold.fit(strengths)
        return 0.5 * fold.squared_errors(coef, intercept, held_out=True) / self.sizes[k], gap, None

    def _ridge(self, folds: RidgeFolds, k: int, strengths: np.ndarray) -> Scored:
        sums = folds.sums(k, strengths)  # a direct solution, whose gap is rounding
        if sums is None:
            return self.score(k, strengths)
        return 0.5 * sums / self.sizes[k], np.zeros(len(sums)), None


@dataclass(frozen=True)
class Mixtures:
    """Held-out errors of several mixtures on one grid.

    Args:
        scores: what `held_out` gave for each of M mixtures.
        tops: (M,) by which the strengths of the grid are multiplied for each.
    """

    scores: list[tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]]
    tops: np.ndarray

    def search(self, grid: np.ndarray, automatic: bool, stronger: bool) -> tuple[np.ndarray, np.ndarray]:
        """The grid, wider if it is automatic and the error of the best mixture asks for it, and the errors (k, K,
        M)."""
        if not automatic:
            return grid, self.errors(grid)
        grid, (errors,) = widened(grid, lambda s: (self.errors(s),), self._least, stronger=stronger)
        return grid, errors

    def errors(self, grid: np.ndarray) -> np.ndarray:
        each = [score(top * grid) for (score, _), top in zip(self.scores, self.tops)]
        return np.stack(each, axis=-1).swapaxes(0, 1)

    def summaries(self, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(M, k) means over the folds and their standard errors."""
        pairs = [summarise(errors[..., m].T, sizes) for m, (_, sizes) in enumerate(self.scores)]
        means, deviations = (np.array(part) for part in zip(*pairs))
        return means, deviations

    def _least(self, errors: np.ndarray) -> np.ndarray:
        means, _ = self.summaries(errors)
        return means[best_mixture(means)]


def best_mixture(means: np.ndarray) -> int:
    """The place of the mixture with the smallest of all means (M, k)."""
    return int(np.argmin(means.min(axis=1)))
