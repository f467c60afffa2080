"""`OrdinalClassifierCV`: the strength chosen by what held-out rows are given of probability, or by how far off they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.cross_validation.scopes import refuse_missing_levels, refuse_weightless
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.design.validation import Sound, check_strengths, plain_weights
from normax.linear_model.estimators.ordinal import OrdinalModel
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.families.ordinal import Ordinal, level_probabilities
from normax.linear_model.grid import grid_for
from normax.linear_model.path import follow_path
from normax.selection import asked, choose, summarise, tell_edge, widened

__all__ = ["OrdinalClassifierCV"]


class OrdinalClassifierCV(Folded, OrdinalModel):
    """`OrdinalClassifier` whose strength is chosen by cross-validation.

    Args:
        alphas: "auto" (default), a count: a grid from the largest useful alpha down, or the values; as `strengths` of
            `PenalisedRegressor`.
        l1_ratio, levels: as of `OrdinalClassifier`.
        eps: smallest over largest alpha of an automatic grid; None (default) for 1e-3, and 1e-7 for ridge.
        cv: None for 5 folds with like shares of the levels, a count, a splitter, or pairs of indices.
        scoring: "likelihood" (default), the mean negative log-likelihood of held-out rows; or "distance", the mean
            number of levels between them and their predictions, which is coarser.
        select: "min" (default) or "1se", the largest alpha within one standard error of the minimum.
        tol, max_iter, penalty_factor, lower, upper: as of `OrdinalClassifier`.

    Attributes:
        alpha_: chosen; alphas_: (k,) grid.
        fold_errors_: (K, k) errors of each fold; cv_mean_, cv_se_: (k,) means over folds, weighted by their sizes, and
            their standard errors.
        classes_, coef_, thresholds_, dual_gap_, gap_, n_iter_, path_: as of `OrdinalClassifier`, refitted on all rows.

    Raises:
        InputError: for data or arguments that cannot be used, and folds that train without one of the levels.

    Example:
        >>> X = np.arange(30.0)[:, None]
        >>> OrdinalClassifierCV(alphas=[1e3, 0.01], cv=3).fit(X, np.repeat([0, 1, 2], 10)).alpha_
        0.01
    """

    def __init__(
        self,
        *,
        alphas: Any = "auto",
        l1_ratio: float = 0.0,
        levels: Any = None,
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
        self.levels = levels
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
        offset: Any = None,
        **params: Any,
    ) -> OrdinalClassifierCV:
        """Choose alpha and refit on all rows.

        Args:
            X, y, sample_weight, offset: as of `OrdinalClassifier`.
            groups: (n,) groups for a splitter that keeps them together.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        self._check_number("l1_ratio", 0.0, 1.0)
        if self.scoring not in ("likelihood", "distance"):
            raise InputError(f"scoring: expected 'likelihood' or 'distance', got {self.scoring!r}")
        X, codes = self._check_levels(X, y, sample_weight)
        weights = plain_weights(sample_weight, len(codes))
        options: dict[str, Any] = {"family": Ordinal(), "l1_ratio": self.l1_ratio, "offset": offset}
        options |= {"tol": self.tol, "max_iter": self.max_iter}
        problem = self._problem(X, codes, sample_weight=sample_weight, **options)
        pairs = self._pairs(X, codes, True, split)
        refuse_weightless(weights, pairs)
        refuse_missing_levels(codes, weights, pairs, self.classes_)

        def errors(strengths: np.ndarray) -> np.ndarray:
            """(k, K) errors of the folds."""

            def fold(number: int) -> list[float]:
                train, test = pairs[number]
                own = np.zeros_like(weights)
                own[train] = weights[train]
                path = follow_path(self._problem(X, codes, sample_weight=own, **options), strengths)
                etas = path.predict(Sound(X), offset)[:, :, 0]
                return [self._error(eta, codes, weights, own > 0, test) for eta in etas]

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
        self._take(problem, at, X, codes, sample_weight, offset, cv)
        return self

    def _error(
        self, eta: np.ndarray, codes: np.ndarray, weights: np.ndarray, trained: np.ndarray, test: np.ndarray
    ) -> float:
        """Of the held-out rows, by the thresholds of the training rows."""
        theta = Ordinal().thresholds(codes[trained], eta[trained], weights[trained])
        shares = level_probabilities(eta[test], theta)
        if self.scoring == "distance":
            off = np.abs(shares.argmax(axis=1) - codes[test])
        else:
            off = -np.log(np.maximum(shares[np.arange(len(test)), codes[test]], np.finfo(float).tiny))
        return float(np.average(off, weights=weights[test]))
