"""The relaxed lasso: the lasso chooses the columns, a second fit undoes its shrinkage, wholly or in part."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from normax.errors import InputError, Notice
from normax.linear_model.cross_validation.folds import Pairs
from normax.linear_model.cross_validation.scopes import Scope, scopes_of
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.design.products import times
from normax.linear_model.design.validation import (
    LARGEST,
    Sound,
    check_design,
    column_names,
    plain_weights,
    with_exclude,
)
from normax.linear_model.families import family_of
from normax.linear_model.grid import grid_of, is_ridge
from normax.linear_model.path import LinearPath, fit_path, response
from normax.rows import PrintedTable
from normax.selection import choose, folds, summarise, widened

__all__ = ["RelaxedPath", "free_fits", "relaxed_path"]


@dataclass(frozen=True, repr=False)
class RelaxedPath:
    """Fits at k strengths and g mixtures with the unpenalised fit on the same columns.

    Attributes:
        strengths: (k,); gammas: (g,) 1 is the lasso itself, 0 the unpenalised fit on its columns.
        coef: (k, g, m, p); intercept: (k, g, m).
        nonzero: (k,) columns that the lasso chose.
        cv_mean, cv_se: (k, g) held-out mean negative log-likelihood and its standard error; NaN without folds.
        best: (i, j) of the chosen strength and mixture, or None without folds.
        select: the rule that chose: "min" or "1se".
        path: the `LinearPath` of the lasso; family: of both.
        feature_names: (p,) names, or None.
    """

    strengths: np.ndarray
    gammas: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    nonzero: np.ndarray
    cv_mean: np.ndarray
    cv_se: np.ndarray
    best: tuple[int, int] | None
    select: str
    path: LinearPath
    family: Any
    feature_names: tuple[str, ...] | None = None

    def predict(self, X: Any, at: tuple[int, int] | None = None) -> np.ndarray:
        """Expected responses (n, m), or (n,) for one output, at (i, j) of a strength and a mixture.

        Args:
            X: (n, p) table; at: the indices, by default the chosen ones.
        """
        at = self.best if at is None else at
        if at is None:
            raise InputError(
                "this path has no folds to choose by: give cv=5, or say which fit: predict(X, (i, j))"
            )
        mean = family_of(self.family).mean(times(check_design(X), self.coef[at].T) + self.intercept[at])
        return mean[:, 0] if mean.shape[1] == 1 else mean

    def table(self) -> PrintedTable:
        """One row a strength: its columns, its best mixture and the errors with and without relaxing."""
        rows, folded = PrintedTable(), self.best is not None
        for i, s in enumerate(self.strengths):
            row: dict[str, Any] = {"strength": float(s), "nonzero": int(self.nonzero[i])}
            if folded:
                j = int(np.argmin(self.cv_mean[i]))
                row |= {"best_gamma": float(self.gammas[j]), "cv": float(self.cv_mean[i, j])}
                row |= {
                    "se": float(self.cv_se[i, j]),
                    "choice": "x" if self.best and i == self.best[0] else "",
                }
            rows.append(row)
        return rows

    def plot(self) -> Any:
        """The held-out error of each mixture against the strength, and the chosen one: a matplotlib Figure."""
        from normax.report.after_fit import relaxed_figure

        return relaxed_figure(self)

    def __repr__(self) -> str:
        at = self.best
        chosen = f", best strength {self.strengths[at[0]]:.4g}, gamma {self.gammas[at[1]]:g}" if at else ""
        return f"RelaxedPath({len(self.strengths)} strengths, {len(self.gammas)} gammas{chosen})"


def relaxed_path(
    X: Any,
    y: Any,
    *,
    strengths: Any = 100,
    gammas: Any = (0.0, 0.25, 0.5, 0.75, 1.0),
    cv: Any = 5,
    select: str = "min",
    family: Any = "gaussian",
    l1_ratio: float = 1.0,
    groups: Any = None,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    **options: Any,
) -> RelaxedPath:
    """The relaxed lasso at every strength and mixture, both chosen by cross-validation:

        w(s, γ) = γ w_lasso(s) + (1 − γ) w_free(A(s))

    with A(s) the columns of the lasso at s and w_free the fit on them without a penalty; intercepts mix likewise.

    Args:
        X, y, family, l1_ratio, fit_intercept, sample_weight, options: as of `fit_path`.
        strengths: a count (default 100, down to 1e-3 of the largest useful one, and on while the error is smallest at
            the weakest), or the values.
        gammas: (g,) mixtures in [0, 1]. The default five are glmnet's.
        cv: a count of consecutive (for classes stratified) folds, a scikit-learn splitter, pairs of indices, or
            None for no folds. Both fits are made anew in each fold.
        select: "min" (default), or "1se": the largest strength within one standard error of the minimum, at
            its best mixture.
        groups: (n,) groups for a splitter that keeps them together.

    Returns:
        A `RelaxedPath`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(80, 10))
        >>> found = relaxed_path(X, 3 * X[:, 0] + rng.normal(size=80), strengths=30)
        >>> found.coef.shape, bool(abs(found.coef[found.best][0, 0]) > 2.5)
        ((30, 5, 1, 10), True)

    Source:
        Meinshausen, "Relaxed lasso", CSDA 2007, in the form of Hastie, Tibshirani & Tibshirani, "Best subset,
        forward stepwise or lasso?", Statistical Science 2020.
    """
    factor = with_exclude(X, options.get("penalty_factor"), options.pop("exclude", None))
    names, X, options = column_names(X), check_design(X), options | {"penalty_factor": factor}
    mix = np.atleast_1d(np.asarray(gammas, dtype=float))
    if mix.ndim != 1 or not len(mix) or not ((mix >= 0) & (mix <= 1)).all():
        raise InputError(f"gammas: expected numbers in [0, 1], got {gammas!r}")
    common: dict[str, Any] = {
        "family": family,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        **options,
    }
    rules = {k: v for k, v in common.items() if k not in ("tol", "max_iter")}
    grid = grid_of(strengths, Sound(X), y, sample_weight=sample_weight, **rules)
    n, loss = X.shape[0], family_of(family)
    Y, weights = response(y, family, n), plain_weights(sample_weight, n)
    both, score, best = _Both(X, Y, weights, mix, common), None, None
    if cv is not None:
        loss.refuse_if_tied("cross-validation")
        labels = np.argmax(Y, axis=1) if loss.coupled else Y[:, 0]
        splitter = check_cv(cv, labels.astype(int), classifier=True) if loss.classes else check_cv(cv)
        score = both.score_of(folds(splitter, n, labels, groups), options.get("penalty"))
    with warnings.catch_warnings():
        # Columns that separate classes are no news here: the mixture with the penalised fit tames them.
        warnings.simplefilter("ignore", Notice)
        if score is None:
            mean = se = np.full((len(grid), len(mix)), np.nan)
        else:
            if np.ndim(strengths) == 0:
                ridge = is_ridge(**rules)
                grid, (mean, se) = widened(grid, score, lambda mean, _: mean.min(axis=1), stronger=ridge)
            else:
                mean, se = score(grid)
            best = _best(grid, mean, se, select)
        path, coef, intercept = both.fit(grid)
    return RelaxedPath(grid, mix, coef, intercept, path.nonzero, mean, se, best, select, path, family, names)


@dataclass(frozen=True)
class _Both:
    """The lasso and the free fits on its columns, mixed: (k, g, …) of k strengths and g mixtures."""

    X: Any
    Y: np.ndarray
    weights: np.ndarray
    mix: np.ndarray
    common: dict[str, Any]

    def fit(
        self, grid: np.ndarray, rows: Any = slice(None), Y: np.ndarray | None = None
    ) -> tuple[LinearPath, np.ndarray, np.ndarray]:
        """The path, coefficients (k, g, m, p) and intercepts (k, g, m) of some rows, of other responses too."""
        X, y, weights = self.X[rows], (self.Y if Y is None else Y)[rows], self.weights[rows]
        path = fit_path(Sound(X), y, strengths=grid, sample_weight=weights, **self.common)
        coef, intercept = free_fits(X, y, path, weights, self.common)
        share = self.mix[:, None]
        return (
            path,
            share[..., None] * path.coef[:, None] + (1 - share[..., None]) * coef[:, None],
            share * path.intercept[:, None] + (1 - share) * intercept[:, None],
        )

    def score_of(self, pairs: Pairs, penalty: Any) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """From strengths to (k, g) means over the folds and standard errors."""
        loss = family_of(self.common["family"])
        scopes = [Scope(np.ones(self.Y.shape[1], dtype=bool), test) for _, test in pairs]
        if self.common["fit_intercept"]:
            scopes = scopes_of(loss, self.Y, self.weights, pairs, penalty=penalty)
        sizes = np.array([self.weights[scope.test].sum() for scope in scopes])

        def one(k: int, grid: np.ndarray) -> np.ndarray:
            (train, _), (present, test) = pairs[k], scopes[k]
            known, train = self.Y[:, present] if loss.coupled else self.Y, train[self.weights[train] > 0]
            _, w, b = self.fit(grid, train, known)
            eta = times(self.X[test], w.reshape(-1, self.X.shape[1]).T).reshape(len(test), *b.shape) + b
            cells = eta.reshape(len(test), -1, b.shape[-1]).transpose(1, 0, 2)
            return np.array([loss.loss(known[test], e) for e in cells]) @ (self.weights[test] / sizes[k])

        def score(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            errors = np.array(side_by_side(lambda k: one(k, grid), len(pairs), what="fold"))
            # A fit without a penalty may expect more of a new row than a number can hold; it is never chosen.
            lost = ~(np.abs(errors) < LARGEST).all(axis=0)
            mean, se = summarise(np.where(lost, 0.0, errors), sizes)
            mean, se = (np.where(lost, np.inf, a).reshape(len(grid), len(self.mix)) for a in (mean, se))
            return mean, se

        return score


def _best(grid: np.ndarray, mean: np.ndarray, se: np.ndarray, select: str) -> tuple[int, int]:
    """The mixture of the smallest error at each strength, then the strength by the rule."""
    gamma = np.argmin(mean, axis=1)
    rows = np.arange(len(grid))
    at = choose(grid, mean[rows, gamma], se[rows, gamma], select)
    return at, int(gamma[at])


def free_fits(
    X: Any, Y: np.ndarray, path: LinearPath, weights: np.ndarray, common: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Unpenalised fits on the columns of each strength; strengths with the same columns share one.

    Args:
        X, Y, weights: (n, p), (n, m) and (n,) of the rows of the path; common: its options of `fit_path`.

    Returns:
        Coefficients (k, m, p) and intercepts (k, m).
    """
    coef, intercept, seen = np.zeros_like(path.coef), path.intercept.copy(), {}
    for i, w in enumerate(path.coef):
        used = np.flatnonzero(w.any(axis=0))
        if not len(used):
            continue
        if used.tobytes() not in seen:
            rules: dict[str, Any] = {
                key: value[used] if key in ("penalty_factor", "lower", "upper") and np.ndim(value) else value
                for key, value in ((k, np.asarray(v) if np.ndim(v) else v) for k, v in common.items())
                if key != "penalty"  # of which nothing is left at strength 0, and which knows all columns
            }
            free = fit_path(Sound(X[:, used]), Y, strengths=[0.0], sample_weight=weights, **rules)
            seen[used.tobytes()] = free.coef[0], free.intercept[0]
        coef[i][:, used], intercept[i] = seen[used.tobytes()]
    return coef, intercept
