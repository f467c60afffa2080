"""`LarsCV` and `LassoLarsCV`: where on the path of all knots to end, by cross-validation."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from normax.errors import Notice
from normax.linear_model.cross_validation.scopes import refuse_weightless
from normax.linear_model.design.engine import at_most, side_by_side
from normax.linear_model.design.products import times
from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.lars import Knotted
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.solvers.squares.knots import follow_knots
from normax.selection import choose, summarise

__all__ = ["LarsCV", "LassoLarsCV"]


class LarsCV(Folded, Knotted):
    """Least angle regression that ends where held-out rows say.

    Between knots a fold's residuals are linear in alpha, so that its error is known exactly at the knots of all folds.

    Args:
        fit_intercept: whether to fit an intercept.
        max_iter: steps at most, and columns at work, in each fold and at the end.
        cv: as in scikit-learn: None for 5 consecutive folds, a count, a splitter, or pairs of indices.
        max_n_alphas: knots of all folds of which about so many, evenly, are candidates.
        select: "min" (default, scikit-learn's) or "1se", the largest alpha within one standard error of the best.
        n_jobs: most workers for the folds; None (default) for a thread a processor, or the engine of
            `joblib.parallel_config`.
        verbose, precompute, eps, copy_X: accepted so that code written for scikit-learn runs; the result depends on
            none.

    Attributes:
        alpha_: chosen.
        cv_alphas_: (k,) candidates, from weak to strong; mse_path_: (k, K) held-out mean squared errors.
        cv_mean_, cv_se_: (k,) means over folds, weighted by their sizes, and their standard errors.
        alphas_, active_, coef_path_, n_iter_, coef_, intercept_: as of `Lars`, on all rows down to alpha_.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.arange(40.0).reshape(20, 2) % 7
        >>> model = LarsCV(cv=4).fit(X, X[:, 0])
        >>> model.coef_.round(6).tolist(), model.mse_path_.shape == (*model.cv_alphas_.shape, 4)
        ([1.0, 0.0], True)

    Source:
        Efron, Hastie, Johnstone & Tibshirani, "Least angle regression", Annals of Statistics 2004.
    """

    lasso = False

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        verbose: Any = False,
        max_iter: int = 500,
        precompute: Any = "auto",
        cv: Any = None,
        max_n_alphas: int = 1000,
        n_jobs: Any = None,
        eps: float = 0.0,
        copy_X: bool = True,
        select: str = "min",
    ):
        self.fit_intercept = fit_intercept
        self.verbose = verbose
        self.max_iter = max_iter
        self.precompute = precompute
        self.cv = cv
        self.max_n_alphas = max_n_alphas
        self.n_jobs = n_jobs
        self.eps = eps
        self.copy_X = copy_X
        self.select = select

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, **params: Any) -> LarsCV:
        """Choose alpha and follow the path down to it on all rows.

        Args:
            X: (n, p) table of finite numbers; y: (n,) response.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        self._check_number("max_iter", 1)
        self._check_number("max_n_alphas", 1)
        if isinstance(self.precompute, np.ndarray):
            warnings.warn(
                f'precompute: Parameter "precompute" cannot be an array in {type(self).__name__}, since folds have products '
                "of their own; leave it out",
                Notice,
                stacklevel=2,
            )
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        X, y = self._check_fit(X, y)
        weights = plain_weights(sample_weight, len(y))
        pairs = self._pairs(X, y, False, split)
        refuse_weightless(weights, pairs)
        with at_most(self.n_jobs):
            folds = side_by_side(lambda k: self._left(X, y, weights, *pairs[k]), len(pairs))
        knots = np.unique(np.concatenate([alphas for alphas, *_ in folds]))
        self.cv_alphas_ = knots[:: max(1, len(knots) // int(self.max_n_alphas))]
        self.mse_path_, sizes = _errors(folds, self.cv_alphas_), np.array([w.sum() for *_, w in folds])
        self.cv_mean_, self.cv_se_ = summarise(self.mse_path_.T, sizes)
        self.alpha_ = float(self.cv_alphas_[choose(self.cv_alphas_, self.cv_mean_, self.cv_se_, self.select)])
        (found,) = self._follow(X, y, sample_weight, None, self.alpha_, self.max_iter)
        if self.lasso:
            self._keep_path(found, len(self.alphas_) - 1, summarise(_errors(folds, self.alphas_).T, sizes))
        return self

    def _left(
        self, X: Any, y: np.ndarray, weights: np.ndarray, train: np.ndarray, test: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Knots (k,) of a fold from weak to strong, residuals (k, n) of its held-out rows there, and their weights."""
        own = np.zeros_like(weights)
        own[train] = weights[train]
        rows = self._problem(X, y, sample_weight=own)
        centre, centred = rows.centred()
        limits: dict[str, Any] = {"lasso": self.lasso, "positive": self.positive, "most": self.max_iter}
        knots = follow_knots(rows.design, centred[:, 0], **limits)
        fitted = times(X[test], knots.coef.T) + centre - knots.coef @ rows.design.means
        return knots.strengths[::-1], (y[test, None] - fitted).T[::-1], weights[test]


class LassoLarsCV(LarsCV):
    """The lasso by all knots of its path, cross-validated; the objective is that of `LassoLars`.

    Args:
        positive: ask for coefficients that are not negative.
        fit_intercept, verbose, max_iter, precompute, cv, max_n_alphas, n_jobs, eps, copy_X, select: as of `LarsCV`.

    Attributes:
        alpha_, cv_alphas_, mse_path_, cv_mean_, cv_se_: as of `LarsCV`.
        coef_, intercept_, alphas_, active_, coef_path_, n_iter_, dual_gap_, gap_, path_: as of `LassoLars(alpha_)`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.arange(40.0).reshape(20, 2) % 7
        >>> LassoLarsCV(cv=4).fit(X, X[:, 0]).coef_.round(6).tolist()
        [1.0, 0.0]

    Source: as of `LarsCV`.
    """

    lasso = True

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        verbose: Any = False,
        max_iter: int = 500,
        precompute: Any = "auto",
        cv: Any = None,
        max_n_alphas: int = 1000,
        n_jobs: Any = None,
        eps: float = 0.0,
        copy_X: bool = True,
        positive: bool = False,
        select: str = "min",
    ):
        super().__init__(
            fit_intercept=fit_intercept,
            verbose=verbose,
            max_iter=max_iter,
            precompute=precompute,
            cv=cv,
            max_n_alphas=max_n_alphas,
            n_jobs=n_jobs,
            eps=eps,
            copy_X=copy_X,
            select=select,
        )
        self.positive = positive


def _errors(folds: list, alphas: np.ndarray) -> np.ndarray:
    """(k, K) held-out mean squared errors at any alphas: none is above a fold's first knot but by its residuals there,
    nor below its last."""
    out = np.empty((len(alphas), len(folds)))
    for k, (knots, left, weights) in enumerate(folds):
        at = np.clip(np.searchsorted(knots, alphas), 1, max(len(knots) - 1, 1))
        low, high = at - 1, np.minimum(at, len(knots) - 1)
        width = knots[high] - knots[low]
        share = np.divide(alphas - knots[low], width, out=np.zeros_like(alphas), where=width > 0)
        share = np.clip(share, 0.0, 1.0)[:, None]
        out[:, k] = ((1 - share) * left[low] + share * left[high]) ** 2 @ (weights / weights.sum())
    return out
