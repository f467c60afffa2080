"""`MultiTaskElasticNet`, `MultiTaskLasso` and their cross-validated forms, drop-in for scikit-learn's."""

from __future__ import annotations

from typing import Any

from normax.linear_model.estimators.base import LinearRegressor, ManyOutputs
from normax.linear_model.estimators.cv_regressors import choose_mixture
from normax.linear_model.estimators.incremental import Incremental
from normax.linear_model.estimators.path_functions import enet_path, lasso_path, row_penalty
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.path import follow_path

__all__ = ["MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"]


class _MultiTask(ManyOutputs, LinearRegressor):
    """What all of them share: y is a table."""

    def _check_fit(self, X, y, **options):
        X, y = super()._check_fit(X, y, **{"multi_output": True} | options)
        if y.ndim == 1:
            raise ValueError(
                f"y: expected a table of shape (n, tasks), got shape {y.shape}; for one response use "
                f"{type(self).__name__.replace('MultiTask', '')}"
            )
        self._many = True  # one task too has coefficients (1, p)
        return X, y

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        return tags


class MultiTaskElasticNet(Incremental, _MultiTask):
    """Linear regression of several responses that share their features, solved to a certified duality gap:

        Σ_i ω_i ‖y_i − W x_i − b‖² / (2 Σ_i ω_i)  +  alpha · (r Σ_j ‖W_j‖₂ + (1 − r)/2 ‖W‖²)

    where W_j holds the coefficients of feature j for all responses: a feature is in for all of them or for none.
    Names, scale and defaults are scikit-learn's.

    Args:
        alpha: strength >= 0. The default 1 is scikit-learn's; choose it by `MultiTaskElasticNetCV`.
        l1_ratio: r in [0, 1]; 1 is `MultiTaskLasso`, 0 ridge. The default 0.5 gives both an even say.
        fit_intercept: whether to fit b, which is never penalised.
        max_iter: rounds of descent and Newton steps; a handful are used.
        tol: duality gap over the null deviance that must be reached; the finish lands far below.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        warm_start: whether to begin from the coefficients of the fit before.
        copy_X, random_state, selection: accepted so that code written for scikit-learn runs; the result depends on none.

    Attributes:
        coef_: (tasks, p); zeros are exact, and whole columns.
        intercept_: (tasks,).
        dual_gap_, gap_, n_iter_, path_: as of `ElasticNet`.

    Raises:
        InputError: for NaN or infinity, named by row and column, and for arguments outside their range.
        ValueError: if y is one response.

    Warns:
        ConvergenceWarning: if `tol` was not reached, with the gap that was.

    Example:
        >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
        >>> Y = [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
        >>> MultiTaskElasticNet(alpha=0.5).fit(X, Y).coef_.round(3).tolist()
        [[0.759, 0.0], [1.518, 0.0]]

    Source:
        Obozinski, Taskar & Jordan, "Multi-task feature selection", 2006.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-6,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_factor: Any = None,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor

    path = staticmethod(enet_path)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> MultiTaskElasticNet:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep coefficients of 0.
            y: (n, tasks).
            sample_weight: (n,) weights >= 0.
            offset: (n,) or (n, tasks), known part of the response, added to the prediction; `predict` takes its own.
        """
        X, y = self._check_fit(X, y)
        return self._solve(X, y, sample_weight, offset)

    def _solve(self, X, y, sample_weight, offset):
        self._check_number("alpha")
        self._check_number("l1_ratio", 0.0, 1.0)
        problem = self._problem(
            X,
            y,
            penalty=row_penalty(self.l1_ratio, y.shape[1]),
            sample_weight=sample_weight,
            offset=offset,
            tol=self.tol,
            max_iter=self.max_iter,
            start=self._begin(y.shape[1], X.shape[1]),
        )
        self.path_ = follow_path(problem, [self.alpha])
        self._keep(self.path_, 0)
        self._tell(problem, 0, penalty="rows")
        return self


class MultiTaskLasso(MultiTaskElasticNet):
    """`MultiTaskElasticNet` without its L2 part:

        Σ_i ω_i ‖y_i − W x_i − b‖² / (2 Σ_i ω_i)  +  alpha · Σ_j ‖W_j‖₂

    Args: as of `MultiTaskElasticNet`, without l1_ratio.

    Attributes: as of `MultiTaskElasticNet`.

    Raises: as `MultiTaskElasticNet`.

    Example:
        >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
        >>> Y = [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
        >>> MultiTaskLasso(alpha=0.5).fit(X, Y).coef_.round(3).tolist()
        [[0.821, 0.0], [1.642, 0.0]]
    """

    l1_ratio = 1.0  # a constant of the class, not a parameter

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-6,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_factor: Any = None,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor


class MultiTaskElasticNetCV(Folded, _MultiTask):
    """`MultiTaskElasticNet` whose strength, and mixture if several are given, are chosen by cross-validation.

    Args:
        l1_ratio: r in (0, 1], or several to choose among; 0 too where the alphas are given.
        eps: smallest over largest alpha of an automatic grid.
        alphas: as of `ElasticNetCV`: "auto" (default), a count, or the values.
        fit_intercept: whether to fit intercepts, which are never penalised.
        cv: as in scikit-learn: None for 5 consecutive folds, a count, a splitter, or pairs of indices.
        select: "min" (default, scikit-learn's) or "1se", the largest alpha within one standard error of it.
        tol, max_iter, penalty_factor: as of `MultiTaskElasticNet`.
        n_jobs: most workers for the folds; None (default) for a thread a processor, or the engine of
            `joblib.parallel_config`. The result does not depend on it.
        copy_X, verbose, random_state, selection: accepted so that code written for scikit-learn runs.

    Attributes:
        alpha_, l1_ratio_: chosen.
        alphas_, mse_path_, cv_mean_, cv_se_: as of `ElasticNetCV`; errors are means over the tasks.
        path_, coef_, intercept_, dual_gap_, gap_, n_iter_: as of `MultiTaskElasticNet`, refitted on all rows.

    Raises: as `MultiTaskElasticNet`.

    Example:
        >>> import numpy as np
        >>> X = np.arange(20.0)[:, None]
        >>> MultiTaskElasticNetCV(alphas=[1.0, 0.1], cv=4).fit(X, np.hstack([X, -X])).alpha_
        0.1
    """

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = "auto",
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-6,
        cv: Any = None,
        copy_X: bool = True,
        verbose: Any = 0,
        n_jobs: Any = None,
        random_state: Any = None,
        selection: str = "cyclic",
        select: str = "min",
        penalty_factor: Any = None,
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.penalty_factor = penalty_factor

    path = staticmethod(enet_path)

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> MultiTaskElasticNetCV:
        """Choose alpha (and l1_ratio) and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n, tasks).
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps rows together.
            offset: (n,) or (n, tasks), known part of the response, added to the prediction; `predict` takes its own.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        X, y = self._check_fit(X, y)
        pairs, tasks = self._pairs(X, y[:, 0], False, split), y.shape[1]
        rows = {"sample_weight": sample_weight, "offset": offset}
        problem, at, cv = choose_mixture(
            self, X, y, pairs, lambda r: {"penalty": row_penalty(r, tasks)}, rows, 2.0 / tasks
        )
        self._keep(self.path_, at)
        self._tell(problem, at, cv, penalty="rows")
        return self


class MultiTaskLassoCV(MultiTaskElasticNetCV):
    """`MultiTaskLasso` whose strength is chosen by cross-validation.

    Args: as of `MultiTaskElasticNetCV`, without l1_ratio.

    Attributes: as of `MultiTaskElasticNetCV`.

    Raises: as `MultiTaskElasticNet`.

    Example:
        >>> import numpy as np
        >>> X = np.arange(20.0)[:, None]
        >>> MultiTaskLassoCV(alphas=[1.0, 0.1], cv=4).fit(X, np.hstack([X, -X])).alpha_
        0.1
    """

    l1_ratio = 1.0  # a constant of the class, not a parameter
    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = "auto",
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-6,
        copy_X: bool = True,
        cv: Any = None,
        verbose: Any = False,
        n_jobs: Any = None,
        random_state: Any = None,
        selection: str = "cyclic",
        select: str = "min",
        penalty_factor: Any = None,
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.penalty_factor = penalty_factor
