"""`LassoCV` and `ElasticNetCV`: the strength chosen by cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.cross_validation.held_out import Mixtures, best_mixture, held_out
from normax.linear_model.cross_validation.moments import held_out_moments
from normax.linear_model.design.engine import at_most
from normax.linear_model.design.validation import Sound, check_alphas
from normax.linear_model.estimators.blockwise import OfSources
from normax.linear_model.estimators.path_functions import enet_path, lasso_path
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.grid import grid_for, is_ridge
from normax.linear_model.path import follow_path
from normax.linear_model.problem.problem import Problem
from normax.linear_model.streams.squares import Squares
from normax.selection import asked, choose, strength_grid, tell_edge

__all__ = ["ElasticNetCV", "LassoCV"]


class ElasticNetCV(Folded, OfSources):
    """Elastic net whose strength, and mixture if several are given, are chosen by cross-validation.

    The objective is that of `ElasticNet`; every fit is certified. Names and scale are scikit-learn's.

    Args:
        l1_ratio: r in (0, 1], or several to choose among; 0 too where the alphas are given. The default 0.5 gives both
            penalties an even say.
        eps: smallest over largest alpha of an automatic grid.
        alphas: a count: a grid from the largest useful alpha down, one for each l1_ratio; or the values. "auto"
            (default) and None are 100 of them, and more below while the error is smallest at the weakest, 15 decades at
            most; a count is only told of that.
        fit_intercept: whether to fit an intercept, which is never penalised.
        cv: as in scikit-learn: None for 5 consecutive folds, a count, a splitter, or pairs of indices.
        select: "min" (default, scikit-learn's) takes the alpha of the smallest mean error; "1se" the largest
            within one standard error of it, the simplest model that the data cannot tell from the best.
        tol, max_iter, positive, penalty_factor, lower, upper: as of `ElasticNet`.
        n_jobs: most workers for the folds; None (default) for a thread a processor, or the engine of
            `joblib.parallel_config`. The result does not depend on it.
        precompute, copy_X, verbose, random_state, selection: accepted so that code written for scikit-learn runs; the
            result depends on none.

    Attributes:
        alpha_, l1_ratio_: chosen.
        alphas_: (k,) grid, or (mixtures, k) for several unless the alphas are given.
        mse_path_: (k, K) or (mixtures, k, K) held-out mean squared errors.
        cv_mean_, cv_se_: (k,) or (mixtures, k) mean over folds, weighted by their sizes, and its standard error.
        path_: the `LinearPath` of the chosen mixture on all rows.
        coef_, intercept_, dual_gap_, gap_, n_iter_: as of `ElasticNet`, refitted on all rows.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.arange(20.0)[:, None]
        >>> ElasticNetCV(alphas=[1.0, 0.1], cv=4).fit(X, X[:, 0]).alpha_
        0.1

    Source:
        Friedman, Hastie & Tibshirani, "Regularization paths for generalized linear models via coordinate
        descent", JSS 2010.
    """

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = "auto",
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-6,
        cv: Any = None,
        copy_X: bool = True,
        verbose: Any = 0,
        n_jobs: Any = None,
        random_state: Any = None,
        selection: str = "cyclic",
        select: str = "min",
        positive: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    path = staticmethod(enet_path)

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> ElasticNetCV:
        """Choose alpha (and l1_ratio) and refit on all rows.

        Args:
            X: (n, p) table of finite numbers, or rows beyond memory, what `row_source` takes.
            y: (n,) response, or what `row_source` takes beside X.
            sample_weight: (n,) weights >= 0, in the fits and in the errors, likewise.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), known part of the response, added to the prediction; `predict` takes its own.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        rows: dict[str, Any] = {}
        if self._in_blocks(X, offset):
            X, y, pairs = self._gathered(X, y, sample_weight, offset, True, split.get("groups")), None, []
        else:
            X, y = self._check_fit(X, y)
            pairs = self._pairs(X, y, False, split)
            rows = {"sample_weight": sample_weight, "offset": offset}
        problem, at, errors = choose_mixture(self, X, y, pairs, lambda r: {"l1_ratio": r}, rows, 2.0)
        self._keep(self.path_, at)
        self._tell(problem, at, errors)
        self._tell_rows(X)
        return self


def choose_mixture(
    model: Any, X: np.ndarray, y: np.ndarray, pairs: list, of: Any, rows: dict[str, Any], scale: float
) -> tuple[Problem, int, tuple[np.ndarray, np.ndarray]]:
    """Cross-validate every mixture of a model, set what scikit-learn's estimators tell of it, and fit `path_`.

    Args:
        model: the estimator, whose l1_ratio, alphas, eps, select, tol and max_iter say what to do.
        X, y: all rows; or `Squares` with the folds of a source, and None.
        pairs: (train, test) rows of each fold, of a table.
        of: from l1_ratio to the keywords that make it the penalty.
        rows: weights and offset of the rows.
        scale: from held-out loss to the error that is told.

    Returns:
        The problem of the chosen mixture, the place of the chosen strength in `path_`, and mean and standard error.
    """
    ratios = np.atleast_1d(np.asarray(model.l1_ratio, dtype=float))
    alphas, goes_on = asked(model.alphas, "alphas")
    automatic = np.ndim(alphas) == 0
    if ratios.ndim != 1 or not len(ratios) or not ((ratios >= 0) & (ratios <= 1)).all():
        raise InputError(f"l1_ratio: expected numbers in [0, 1], got {model.l1_ratio!r}")
    if automatic and not ratios.all():
        raise InputError(
            "l1_ratio: Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a grid by "
            "providing your estimator with the appropriate `alphas=` argument. Or use RidgeCV, which has one"
        )
    rows = rows | {"tol": model.tol, "max_iter": model.max_iter}
    problem = model._problem(X, y, **rows)
    common = rows | model._rules() | {"fit_intercept": model.fit_intercept}
    penalties = [of(r) for r in ratios.tolist()]
    if automatic:  # every mixture begins where it has its first coefficient
        tops = np.array([grid_for(problem.charging(**penalty), 1, model.eps)[0] for penalty in penalties])
        shape = strength_grid(1.0, alphas, model.eps)
    else:
        tops, shape = np.ones(len(ratios)), np.sort(check_alphas(alphas))[::-1]
    scores = [
        held_out_moments(X, **penalty, **common)
        if isinstance(X, Squares)
        else held_out(Sound(X), y, pairs, **penalty, **common)
        for penalty in penalties
    ]
    mixtures = Mixtures(scores, tops)
    stronger = any(is_ridge(**p) for p in penalties)
    with at_most(model.n_jobs):
        shape, errors = mixtures.search(shape, goes_on, stronger)
    errors = scale * errors
    means, deviations = mixtures.summaries(errors)
    best = best_mixture(means)
    grid = tops[best] * shape
    if automatic and not goes_on:
        tell_edge(grid, means[best], "alphas", stronger=stronger)
    at = choose(grid, means[best], deviations[best], model.select)
    model.alpha_, model.l1_ratio_ = float(grid[at]), float(ratios[best])
    kept = {"alphas_": np.outer(tops, shape) if automatic else [shape] * len(tops)}
    kept |= {"mse_path_": np.moveaxis(errors, -1, 0)}
    kept |= {"cv_mean_": means, "cv_se_": deviations}
    several = np.ndim(model.l1_ratio) > 0 and len(ratios) > 1
    for name, values in kept.items():
        setattr(model, name, values if several and isinstance(values, np.ndarray) else values[0])
    if isinstance(X, Squares):
        model.path_, problem, _ = model._followed(X, y, grid, **penalties[best], **rows)
    else:
        problem = problem.charging(**penalties[best])
        model.path_ = follow_path(problem, grid)
    return problem, at, (means[best], deviations[best])


class LassoCV(ElasticNetCV):
    """Lasso whose strength is chosen by cross-validation.

    The objective is that of `Lasso`; every fit is certified. Names and scale are scikit-learn's.

    Args:
        eps: smallest over largest alpha of an automatic grid.
        alphas: a count: a grid from the largest useful alpha down; or the values. "auto" (default) and None are 100 of
            them, and more below while the error is smallest at the weakest, 15 decades at most; a count is only told of
            that.
        fit_intercept: whether to fit an intercept, which is never penalised.
        cv: as in scikit-learn: None for 5 consecutive folds, a count, a splitter, or pairs of indices.
        select: "min" (default, scikit-learn's) or "1se", the largest alpha within one standard error of it.
        tol, max_iter, positive, penalty_factor, lower, upper: as of `Lasso`. The other arguments have no effect, as
            in `ElasticNetCV`.

    Attributes: as of `ElasticNetCV`.

    Example:
        >>> X = np.arange(20.0)[:, None]
        >>> model = LassoCV(alphas=[1.0, 0.1], cv=4).fit(X, X[:, 0])
        >>> model.alpha_, model.mse_path_.shape
        (0.1, (2, 4))
    """

    l1_ratio = 1.0  # a constant of the class, not a parameter
    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = "auto",
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-6,
        copy_X: bool = True,
        cv: Any = None,
        verbose: Any = False,
        n_jobs: Any = None,
        random_state: Any = None,
        selection: str = "cyclic",
        select: str = "min",
        positive: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
