"""`CoxRegressorCV`: the strength chosen by what held-out rows add to the partial likelihood, or by their order."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.analysis.concordance import concordance
from normax.linear_model.cross_validation.scopes import refuse_weightless
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.design.validation import Sound, check_strengths, plain_weights
from normax.linear_model.estimators.cox import CoxModel
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.families.cox import Cox
from normax.linear_model.grid import grid_for
from normax.linear_model.path import follow_path
from normax.selection import asked, choose, summarise, tell_edge, widened

__all__ = ["CoxRegressorCV"]


class CoxRegressorCV(Folded, CoxModel):
    """`CoxRegressor` whose strength is chosen by cross-validation.

    Args:
        alphas: "auto" (default), a count: a grid from the largest useful alpha down, or the values; as `strengths` of
            `PenalisedRegressor`.
        l1_ratio, ties: as of `CoxRegressor`.
        eps: smallest over largest alpha of an automatic grid; None (default) for 1e-3, and 1e-7 for ridge.
        cv: None for 5 folds with like shares of events, a count, a splitter, or pairs of indices.
        scoring: "likelihood" (default), what held-out rows add to the negative log partial likelihood of the training
            rows; or "concordance", 1 − Harrell's C of the held-out rows, which is coarser.
        select: "min" (default) or "1se", the largest alpha within one standard error of the minimum.
        tol, max_iter, penalty_factor, lower, upper: as of `CoxRegressor`.

    Attributes:
        alpha_: chosen; alphas_: (k,) grid.
        fold_errors_: (K, k) errors of each fold; cv_mean_, cv_se_: (k,) means over folds, weighted by their sizes, and
            their standard errors.
        coef_, intercept_, baseline_hazard_, dual_gap_, gap_, n_iter_, path_: as of `CoxRegressor`, refitted on all
            rows.

    Raises:
        InputError: for data or arguments that cannot be used, and folds that train without an event or whose held-out
            rows cannot be ordered.

    Example:
        >>> X = np.arange(20.0)[:, None]
        >>> y = np.column_stack([20 - X[:, 0] + np.tile([0, 2.5], 10), np.ones(20)])
        >>> CoxRegressorCV(alphas=[1e4, 0.01], cv=4).fit(X, y).alpha_
        0.01

    Source:
        Verweij & van Houwelingen, "Cross-validation in survival analysis", Statistics in Medicine 1993.
    """

    def __init__(
        self,
        *,
        alphas: Any = "auto",
        l1_ratio: float = 0.0,
        ties: str = "breslow",
        eps: float | None = None,
        cv: Any = None,
        scoring: str = "likelihood",
        select: str = "min",
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.ties = ties
        self.eps = eps
        self.cv = cv
        self.scoring = scoring
        self.select = select
        self.tol = tol
        self.max_iter = max_iter
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        strata: Any = None,
        entry: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> CoxRegressorCV:
        """Choose alpha and refit on all rows.

        Args:
            X, y, sample_weight, strata, entry, offset: as of `CoxRegressor`.
            groups: (n,) groups for a splitter that keeps them together.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        self._check_number("l1_ratio", 0.0, 1.0)
        if self.scoring not in ("likelihood", "concordance"):
            raise InputError(f"scoring: expected 'likelihood' or 'concordance', got {self.scoring!r}")
        X, rows = self._check_rows(X, y, strata, entry)
        weights = plain_weights(sample_weight, len(rows))
        options: dict[str, Any] = {"family": Cox(self.ties), "l1_ratio": self.l1_ratio, "offset": offset}
        options |= {"tol": self.tol, "max_iter": self.max_iter}
        problem = self._problem(X, rows, sample_weight=sample_weight, **options)
        event = rows[:, 2]
        pairs = self._pairs(X, event.astype(int), True, split)
        refuse_weightless(weights, pairs)
        bare = [k for k, (train, _) in enumerate(pairs) if not event[train[weights[train] > 0]].any()]
        if bare and event.any():
            raise InputError(
                f"cv: folds {', '.join(map(str, bare))} train without an event; use fewer folds, or StratifiedKFold "
                "by event"
            )

        def errors(strengths: np.ndarray) -> np.ndarray:
            """(k, K) errors of the folds."""

            def fold(number: int) -> np.ndarray:
                train, test = pairs[number]
                own = np.zeros_like(weights)
                own[train] = weights[train]
                path = follow_path(self._problem(X, rows, sample_weight=own, **options), strengths)
                etas = path.predict(Sound(X), offset)[:, :, 0]
                return self._errors(number, etas, rows, weights, train, test)

            return np.array(side_by_side(fold, len(pairs), what="fold")).T

        sizes = np.array([weights[test].sum() for _, test in pairs])
        wanted, goes_on = asked(self.alphas, "alphas")
        counted, stronger = np.ndim(wanted) == 0, self.l1_ratio == 0
        grid = grid_for(problem, wanted, self.eps) if counted else check_strengths(wanted)
        if goes_on:
            grid, (found,) = widened(
                grid,
                lambda strengths: (errors(strengths),),
                lambda known: summarise(known.T, sizes)[0],
                stronger=stronger,
            )
        else:
            found = errors(grid)
        cv = summarise(found.T, sizes)
        if counted and not goes_on:
            tell_edge(grid, cv[0], "alphas", stronger=stronger)
        self.alphas_, self.fold_errors_, (self.cv_mean_, self.cv_se_) = grid, found.T, cv
        at = choose(grid, *cv, self.select)
        self.alpha_ = float(grid[at])
        self.path_ = follow_path(problem, grid)
        self._take(problem, at, X, rows, sample_weight, offset, cv)
        return self

    def _errors(
        self,
        number: int,
        etas: np.ndarray,
        rows: np.ndarray,
        weights: np.ndarray,
        train: np.ndarray,
        test: np.ndarray,
    ) -> np.ndarray:
        """(k,) errors of a fold, from predictors (k, n)."""
        if self.scoring == "likelihood":
            both = np.union1d(train, test)
            loss = [self._loss(etas, rows, weights, some) for some in (both, train)]
            return (loss[0] - loss[1]) / weights[test].sum()
        begin, time, event, stratum = rows[test].T
        known = {"entry": begin, "strata": stratum, "sample_weight": weights[test]}
        found = np.array([1 - concordance(time, event, eta[test], **known) for eta in etas])
        if np.isnan(found).any():
            raise InputError(
                f"cv: fold {number} holds out no pair of rows whose order is known, which 'concordance' needs; use "
                "fewer folds, or scoring='likelihood'"
            )
        return found

    def _loss(self, etas: np.ndarray, rows: np.ndarray, weights: np.ndarray, some: np.ndarray) -> np.ndarray:
        """(k,) negative log partial likelihoods of some rows by themselves."""
        some = some[weights[some] > 0]
        y, own = Cox().response(rows[some], len(some)), weights[some]
        family = Cox(self.ties).suited(y, own / len(some), None)
        return np.array([own @ family.loss(y, eta[some, None]) for eta in etas])
