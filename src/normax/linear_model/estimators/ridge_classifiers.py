"""`RidgeClassifier` and `RidgeClassifierCV`, drop-in for scikit-learn's: ridge on a column of ±1 for each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.estimators.cv_regressors import ALPHAS, RidgeCV
from normax.linear_model.estimators.logistic import LabelPredictor
from normax.linear_model.estimators.regressors import Ridge

__all__ = ["RidgeClassifier", "RidgeClassifierCV"]


class ByRidge(LabelPredictor):
    """The fit that both have in common."""

    class_weight: Any

    def _take(self, ridge: Ridge | RidgeCV, X: Any, y: Any, sample_weight: Any, **rows: Any) -> Any:
        """Fit a ridge regression to the classes and take over what it learns."""
        _, codes, weights, _ = self._check_labels(X, y, sample_weight, self.class_weight)
        classes = np.arange(len(self.classes_))
        Y = np.where(codes[:, None] == (classes[1:] if len(classes) == 2 else classes), 1.0, -1.0)
        ridge.fit(X, Y, sample_weight=weights, **rows)
        own = {"coef_", "intercept_", "n_features_in_", "path_"}
        for name, value in vars(ridge).items():
            if name.endswith("_") and name not in own:
                setattr(self, name, value)
        self.coef_, self.intercept_ = np.atleast_2d(ridge.coef_), np.atleast_1d(ridge.intercept_)
        self.path_, self._described = ridge.path_, ridge._described
        return self


class RidgeClassifier(ByRidge):
    """Classification by `Ridge` on a column of ±1 for each class (one for two classes), whose largest score is the
    answer; the objective is that of `Ridge`, on scikit-learn's scale. Fast, and without probabilities.

    Args:
        alpha: strength >= 0. The default 1 is scikit-learn's; choose it by `RidgeClassifierCV`.
        class_weight: None, "balanced" (all classes get the same sum of weights), or a dict from class to weight.
        fit_intercept, copy_X, max_iter, tol, solver, positive, random_state, penalty_factor, lower, upper: as of
            `Ridge`.

    Attributes:
        classes_: (classes,) labels, sorted.
        coef_: (1, p) for two classes, (classes, p) for more; intercept_: (1,) or (classes,).
        dual_gap_, gap_, n_iter_, path_: as of `Ridge`.

    Raises:
        InputError: for NaN or infinity, a single class, and arguments outside their range.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
        >>> RidgeClassifier().fit(X, y).predict([[0.5], [2.5]]).tolist()
        ['no', 'yes']

    Source:
        Rifkin, Yeo & Poggio, "Regularized least-squares classification", 2003.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-6,
        class_weight: Any = None,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.class_weight = class_weight
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> RidgeClassifier:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0.
            y: (n,) labels of any sortable kind.
            sample_weight: (n,) weights >= 0.
            offset: (n,), or (n, classes) for more than two, known part of the scores; predictions take their own.
        """
        options = {name: value for name, value in self.get_params().items() if name != "class_weight"}
        return self._take(Ridge(**options), X, y, sample_weight, offset=offset)


class RidgeClassifierCV(ByRidge):
    """`RidgeClassifier` whose alpha is chosen by the cross-validated squared error of the columns of ±1: exact
    leave-one-out by default.

    Args:
        class_weight: as of `RidgeClassifier`.
        alphas, fit_intercept, scoring, cv, store_cv_results, select, penalty_factor, lower, upper: as of `RidgeCV`; the
            folds of a count are consecutive rows.

    Attributes:
        classes_, coef_, intercept_, dual_gap_, gap_, n_iter_, path_: as of `RidgeClassifier`.
        alpha_, alphas_, best_score_, cv_mean_, cv_se_, cv_results_: as of `RidgeCV`; squared errors of the columns.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
        >>> RidgeClassifierCV(alphas=[100.0, 0.1]).fit(X, y).alpha_
        0.1

    Source:
        Rifkin & Lippert, "Notes on regularized least squares", 2007.
    """

    def __init__(
        self,
        alphas: Any = ALPHAS,
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        class_weight: Any = None,
        store_cv_results: bool = False,
        select: str = "min",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.class_weight = class_weight
        self.store_cv_results = store_cv_results
        self.select = select
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, offset: Any = None
    ) -> RidgeClassifierCV:
        """Choose alpha and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) labels of any sortable kind.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), or (n, classes) for more than two, known part of the scores; predictions take their own.
        """
        options = {name: value for name, value in self.get_params().items() if name != "class_weight"}
        return self._take(RidgeCV(**options), X, y, sample_weight, groups=groups, offset=offset)
