"""`LassoCV`, `ElasticNetCV` and `RidgeCV`: the strength chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.model_selection import check_cv

from normax.errors import InputError
from normax.linear_model.cross_validation.held_out import Mixtures, best_mixture, held_out
from normax.linear_model.design.design import Design
from normax.linear_model.design.products import times
from normax.linear_model.design.shapes import factorises
from normax.linear_model.design.validation import Sound, check_offset, check_strengths, check_weights
from normax.linear_model.estimators.base import LinearRegressor, ManyOutputs
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.grid import grid_for, grid_of, is_ridge, reaching
from normax.linear_model.path import follow_path
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.ridge.spectrum import Spectrum
from normax.selection import choose, folds, strength_grid, summarise, widened

__all__ = ["ElasticNetCV", "LassoCV", "RidgeCV"]

ALPHAS = (0.1, 1.0, 10.0)  # scikit-learn's, of RidgeCV


class ElasticNetCV(LinearRegressor):
    """Elastic net whose strength, and mixture if several are given, are chosen by cross-validation.

    The objective is that of `ElasticNet`; every fit is certified. Names and scale are scikit-learn's.

    Args:
        l1_ratio: r in (0, 1], or several to choose among. The default 0.5 gives both penalties an even say.
        eps: smallest over largest alpha of an automatic grid.
        alphas: a count (default 100: a grid from the largest useful alpha, one for each l1_ratio), or the values.
            While the error is smallest at the weakest of a grid, it goes on below, 15 decades at most.
        fit_intercept: whether to fit an intercept, which is never penalised.
        cv: as in scikit-learn: None for 5 consecutive folds, a count, a splitter, or pairs of indices.
        select: "min" (default, scikit-learn's) takes the alpha of the smallest mean error; "1se" the largest
            within one standard error of it, the simplest model that the data cannot tell from the best.
        tol, max_iter, positive, penalty_factor, lower, upper: as of `ElasticNet`.
        precompute, copy_X, verbose, n_jobs, random_state, selection: accepted so that code written for
            scikit-learn runs; the result depends on none.

    Attributes:
        alpha_, l1_ratio_: chosen.
        alphas_: (k,) grid, or (mixtures, k) for several.
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
        alphas: Any = 100,
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

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, offset: Any = None
    ) -> ElasticNetCV:
        """Choose alpha (and l1_ratio) and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) response.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), known part of the response, added to the prediction; `predict` takes its own.
        """
        X, y = self._check_fit(X, y)
        pairs = folds(check_cv(self.cv), X.shape[0], y, groups)
        rows = {"sample_weight": sample_weight, "offset": offset}
        problem, at, errors = choose_mixture(self, X, y, pairs, lambda r: {"l1_ratio": r}, rows, 2.0)
        self._keep(self.path_, at)
        self._tell(problem, at, errors)
        return self


def choose_mixture(
    model: Any, X: np.ndarray, y: np.ndarray, pairs: list, of: Any, rows: dict[str, Any], scale: float
) -> tuple[Problem, int, tuple[np.ndarray, np.ndarray]]:
    """Cross-validate every mixture of a model, set what scikit-learn's estimators tell of it, and fit `path_`.

    Args:
        model: the estimator, whose l1_ratio, alphas, eps, select, tol and max_iter say what to do.
        X, y: all rows.
        pairs: (train, test) rows of each fold.
        of: from l1_ratio to the keywords that make it the penalty.
        rows: weights and offset of the rows.
        scale: from held-out loss to the error that is told.

    Returns:
        The problem of the chosen mixture, the place of the chosen strength in `path_`, and mean and standard error.
    """
    ratios = np.atleast_1d(np.asarray(model.l1_ratio, dtype=float))
    if ratios.ndim != 1 or not len(ratios) or not ((ratios > 0) & (ratios <= 1)).all():
        raise InputError(
            f"l1_ratio: expected numbers in (0, 1], got {model.l1_ratio!r}; for pure ridge use RidgeCV"
        )
    rows = rows | {"tol": model.tol, "max_iter": model.max_iter}
    problem = model._problem(X, y, **rows)
    common = rows | model._rules() | {"fit_intercept": model.fit_intercept}
    penalties, automatic = [of(r) for r in ratios.tolist()], np.ndim(model.alphas) == 0
    if automatic:  # every mixture begins where it has its first coefficient
        tops = np.array([grid_for(problem.charging(**penalty), 1, model.eps)[0] for penalty in penalties])
        shape = strength_grid(1.0, model.alphas, model.eps)
    else:
        tops, shape = np.ones(len(ratios)), np.sort(check_strengths(model.alphas))[::-1]
    mixtures = Mixtures([held_out(Sound(X), y, pairs, **penalty, **common) for penalty in penalties], tops)
    shape, errors = mixtures.search(shape, automatic, stronger=any(is_ridge(**p) for p in penalties))
    errors = scale * errors
    means, deviations = mixtures.summaries(errors)
    best = best_mixture(means)
    grid = tops[best] * shape
    at = choose(grid, means[best], deviations[best], model.select)
    model.alpha_, model.l1_ratio_ = float(grid[at]), float(ratios[best])
    kept = {"alphas_": np.outer(tops, shape), "mse_path_": np.moveaxis(errors, -1, 0)}
    kept |= {"cv_mean_": means, "cv_se_": deviations}
    several = np.ndim(model.l1_ratio) > 0 and len(ratios) > 1
    for name, values in kept.items():
        setattr(model, name, values if several else values[0])
    problem = problem.charging(**penalties[best])
    model.path_ = follow_path(problem, grid)
    return problem, at, (means[best], deviations[best])


class LassoCV(ElasticNetCV):
    """Lasso whose strength is chosen by cross-validation.

    The objective is that of `Lasso`; every fit is certified. Names and scale are scikit-learn's.

    Args:
        eps: smallest over largest alpha of an automatic grid.
        alphas: a count (default 100: a grid from the largest useful alpha), or the values. While the error is
            smallest at the weakest of a grid, it goes on below, 15 decades at most.
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

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
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


class RidgeCV(ManyOutputs, LinearRegressor):
    """Ridge whose alpha is chosen by cross-validation: exact leave-one-out by default.

    The objective is that of `Ridge`, on scikit-learn's scale: `‖y − Xw − b‖² + alpha ‖w‖₂²`. Leave-one-out
    comes from one factorisation for all alphas, `e_i / (1 − h_ii)` with the leverages h; each left-out fit has
    the same alpha.

    Args:
        alphas: strengths to choose among, or a count: a grid of so many, from where the features explain a thousandth
            of the deviance down to 1e-7 of that. The default (0.1, 1, 10) is scikit-learn's. Of both, where the unit of
            X calls for others, and while the error is smallest at an edge, more are tried beyond it in the same steps.
        fit_intercept: whether to fit an intercept, which is never penalised.
        cv: None (default) for leave-one-out; a count, a splitter or pairs of indices otherwise.
        select: "min" (default, scikit-learn's) or "1se", the largest alpha within one standard error of it.
        penalty_factor, lower, upper: as of `Ridge`; they need folds, since leave-one-out has no closed form with them.
        store_cv_results: keep the squared errors of each row (leave-one-out only).
        scoring: None; the strength is chosen by squared error, whose standard error 1-SE needs.
        gcv_mode: accepted so that code written for scikit-learn runs; the solver chooses for itself.
        alpha_per_target: False; for one alpha an output fit each by itself, as the error message shows.

    Attributes:
        alpha_: chosen; alphas_: (k,) tried, as given or from weak to strong.
        best_score_: minus the mean squared error of the chosen alpha, mean over outputs.
        cv_mean_, cv_se_: (k,) mean squared errors and their standard errors.
        cv_results_: (n, k) or (n, outputs, k) squared errors of left-out rows, if stored.
        coef_, intercept_, dual_gap_, gap_, n_iter_, path_: as of `Ridge`, refitted on all rows.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.arange(20.0)[:, None]
        >>> RidgeCV(alphas=[1.0, 0.1]).fit(X, X[:, 0]).alpha_
        0.1

    Source:
        Golub, Heath & Wahba, "Generalized cross-validation as a method for choosing a good ridge
        parameter", Technometrics 1979.
    """

    def __init__(
        self,
        alphas: Any = ALPHAS,
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: Any = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
        select: str = "min",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.select = select
        self.store_cv_results = store_cv_results
        self.scoring = scoring
        self.gcv_mode = gcv_mode
        self.alpha_per_target = alpha_per_target
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, offset: Any = None
    ) -> RidgeCV:
        """Choose alpha and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) or (n, outputs).
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,) or (n, outputs), known part of the response, added to the prediction; `predict` takes its own.
        """
        if self.scoring not in (None, "neg_mean_squared_error"):
            raise InputError(
                f"scoring: expected None, got {self.scoring!r}: RidgeCV chooses by squared error; for another score "
                "use GridSearchCV(Ridge(), {'alpha': alphas}, scoring=...)"
            )
        if self.alpha_per_target:
            raise InputError(
                "alpha_per_target: expected False, got True: one alpha serves all outputs; for one each write "
                "sklearn.multioutput.MultiOutputRegressor(RidgeCV())"
            )
        X, y = self._check_fit(X, y, multi_output=True)
        total, Y = total_weight(sample_weight, X.shape[0]), y.reshape(X.shape[0], -1)
        known = check_offset(offset, Y.shape)
        Y = Y if known is None else Y - known
        rules = self._rules()
        if self.cv is None and any(rule is not None for rule in rules.values()):
            raise InputError(
                "cv: leave-one-out from one factorisation takes no penalty_factor, lower or upper; give cv=10, say"
            )
        if self.cv is not None and self.store_cv_results:
            raise InputError(
                "store_cv_results: only leave-one-out keeps the errors of each row; leave cv=None"
            )
        alphas, automatic = self.alphas, np.ndim(self.alphas) == 0
        if automatic:
            common = {"fit_intercept": self.fit_intercept, "sample_weight": sample_weight}
            alphas = total * grid_of(alphas, Sound(X), Y, l1_ratio=0.0, **common, **rules)[::-1]
        alphas, automatic = (
            check_strengths(alphas),
            automatic or (type(self.alphas) is tuple and self.alphas == ALPHAS),
        )
        score = (
            partial(self._left_out, X, Y, sample_weight, total)
            if self.cv is None
            else self._folded(X, Y, sample_weight, groups)
        )
        problem = self._problem(X, y, l1_ratio=0.0, sample_weight=sample_weight, offset=offset)
        if automatic:  # evaluated from strong to weak, and told the other way round
            alphas = reaching(np.sort(alphas)[::-1], [problem], total)
            alphas, kept = widened(alphas, score, lambda mean, *_: mean, stronger=True)
            alphas, kept = alphas[::-1], tuple(values[::-1] for values in kept)
        else:
            kept = score(alphas)
        self.alphas_, (self.cv_mean_, self.cv_se_, *squared) = alphas, kept
        if self.store_cv_results:
            rows = np.moveaxis(squared[0], 0, -1)
            self.cv_results_ = rows if self._many else rows[:, 0]
        at = choose(alphas, self.cv_mean_, self.cv_se_, self.select)
        self.alpha_, self.best_score_ = float(alphas[at]), -float(self.cv_mean_[at])
        self.path_ = follow_path(problem, alphas / total)
        self._keep(self.path_, at, units=2 * total)
        self._tell(problem, at, (self.cv_mean_, self.cv_se_))
        return self

    def _left_out(self, X, Y, sample_weight, total, alphas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(k,) means and standard errors, and (k, n, outputs) squared errors of rows left out one at a time; rows
        without weight count as left out."""
        weights = check_weights(sample_weight, X.shape[0])
        rows = np.flatnonzero(weights)
        if len(rows) < 2:
            raise InputError(
                f"RidgeCV: leave-one-out needs at least 2 samples with a weight > 0, got {len(rows)} sample"
            )
        if not factorises(X.shape, issparse(X)):
            raise InputError(
                f"RidgeCV: leave-one-out of a sparse X of shape {X.shape} is out of reach; give cv=5, say"
            )
        design = Design(X, weights[rows], self.fit_intercept, None if len(rows) == X.shape[0] else rows)
        spectrum = Spectrum(design, alphas.min() / total)
        centre = design.weights @ Y[rows] if self.fit_intercept else np.zeros(Y.shape[1])
        coef = spectrum.solve(Y[rows] - centre, alphas / total)
        leverage = spectrum.leverage(alphas / total)
        k, m, p = coef.shape
        fitted = (times(X, coef.reshape(k * m, p).T) - coef.reshape(k * m, p) @ design.means).reshape(
            X.shape[0], k, m
        )
        residual = (Y - centre)[:, None, :] - fitted
        residual[rows] /= np.maximum(1 - leverage.T, np.finfo(float).eps)[:, :, None]
        squared = residual**2
        return (*summarise(squared.mean(axis=2)[rows], total * weights[rows]), squared.swapaxes(0, 1))

    def _folded(self, X, Y, sample_weight, groups) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Means and standard errors over folds, from alphas; each fold trains at the same alpha, as scikit-learn's
        do."""
        pairs = folds(check_cv(self.cv), X.shape[0], Y[:, 0], groups)
        errors, sizes = held_out(
            Sound(X),
            Y,
            pairs,
            l1_ratio=0.0,
            fit_intercept=self.fit_intercept,
            sample_weight=sample_weight,
            per_row=False,
            **self._rules(),
        )
        return lambda alphas: summarise(2 * errors(alphas) / Y.shape[1], sizes)
