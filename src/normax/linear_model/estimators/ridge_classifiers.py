"""`RidgeClassifier` and `RidgeClassifierCV`, drop-in for scikit-learn's: ridge on a column of ±1 for each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from normax.balance import class_weighted
from normax.errors import InputError
from normax.forms import refuse_missing
from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.cv_ridge import ALPHAS, Face, RidgeCV
from normax.linear_model.estimators.logistic import LabelPredictor
from normax.linear_model.estimators.ridge import Ridge
from normax.linear_model.estimators.scoring import Judged

__all__ = ["RidgeClassifier", "RidgeClassifierCV"]


class ByRidge(LabelPredictor):
    """The fit that both have in common."""

    own_scorer = "accuracy"
    class_weight: Any
    _labels = False  # whether each row has several labels or none, a column of y each

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def decision_function(self, X: Any, offset: Any = None) -> np.ndarray:
        """Scores: (n,) of the second class for two, (n, classes) for more, (n, labels) for labels.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, columns) known part of the scores, which is added; None for 0.
        """
        return self._linear(X, offset)

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """The class of the largest score, (n,), or 1 for each label whose score is positive and 0 else, (n, labels).

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, columns) known part of the scores, which is added; None for 0.
        """
        if self._labels:
            return (self.decision_function(X, offset) > 0).astype(int)
        return super().predict(X, offset)

    def _check(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, Any, np.ndarray]:
        """X, labels, weights with the class weights in, and a column of ±1 for each class (one for two classes) or
        label."""
        refuse_missing("y", y)
        X, y = self._check_fit(X, y, multi_output=True)
        self._labels = y.ndim == 2 and type_of_target(y) == "multilabel-indicator"
        if not self._labels:
            y = column_or_1d(y, warn=True)
            codes, weights, _ = self._code(y, X.shape[0], sample_weight, self.class_weight)
            classes = np.arange(len(self.classes_))
            Y = codes[:, None] == (classes[1:] if len(classes) == 2 else classes)
            return X, y, weights, np.where(Y, 1.0, -1.0)
        self.classes_ = np.arange(y.shape[1])
        weights = plain_weights(sample_weight, X.shape[0])
        if self.class_weight not in (None, "balanced"):
            raise InputError(
                f"class_weight: expected 'balanced' or None for several labels, got {self.class_weight!r}"
            )
        for column in y.T if self.class_weight else ():
            weights = weights * class_weighted(np.ones(len(column)), column, "balanced")
        return X, y, weights, np.where(y > 0, 1.0, -1.0)

    def _keep(self, path, at, units=1.0):
        super()._keep(path, at, units)
        self.coef_ = self.coef_[0] if len(self.coef_) == 1 else self.coef_
        if not self.fit_intercept:
            self.intercept_ = 0.0

    def _take(self, ridge: Ridge | RidgeCV) -> Any:
        """What a fitted ridge regression has learnt."""
        for name, value in vars(ridge).items():
            if name.endswith("_") and name != "n_features_in_":
                setattr(self, name, value)
        self._described = ridge._described
        return self


class _Told(ByRidge):
    """Takes scores for X."""

    def _linear(self, X, offset=None):
        return X


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
        coef_: (p,) for two classes, (classes, p) for more, (labels, p) for labels; intercept_: (1,) or as many.
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
            y: (n,) labels of any sortable kind, or (n, labels) of 0 and 1, which a row has or has not.
            sample_weight: (n,) weights >= 0.
            offset: (n,), or (n, classes) for more than two, known part of the scores; predictions take their own.
        """
        options = {name: value for name, value in self.get_params().items() if name != "class_weight"}
        _, _, weights, Y = self._check(X, y, sample_weight)
        return self._take(Ridge(**options).fit(X, Y, sample_weight=weights, offset=offset))


class RidgeClassifierCV(Judged, ByRidge):
    """`RidgeClassifier` whose alpha is chosen by the cross-validated squared error of the columns of ±1: exact
    leave-one-out by default.

    Args:
        class_weight: as of `RidgeClassifier`.
        alphas, fit_intercept, scoring, cv, store_cv_results, select, penalty_factor, lower, upper: as of `RidgeCV`; the
            folds of a count spread the classes evenly, and scorers are told of classes.

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
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> RidgeClassifierCV:
        """Choose alpha and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) labels of any sortable kind, or (n, labels) of 0 and 1.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), or (n, classes) for more than two, known part of the scores; predictions take their own.
            params: (n,) what else scorer and splitter ask for, where scikit-learn routes metadata.
        """
        split, told = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        table, labels, weights, Y = self._check(X, y, sample_weight)
        pairs = None if self.cv is None else self._pairs(table, labels, True, split)
        if "sample_weight" in told:
            told = told | {"sample_weight": weights}
        shell, scores = RidgeClassifier(fit_intercept=self.fit_intercept), _Told()
        for one in (shell, scores):
            one.classes_, one._labels, one.n_features_in_ = self.classes_, self._labels, table.shape[1]
        options = {name: value for name, value in self.get_params().items() if name != "class_weight"}
        ridge = RidgeCV(**options)
        table, Y = ridge._check_fit(X, Y, multi_output=True)
        face = Face(shell, scores, labels, (len(Y),) if Y.shape[1] == 1 else Y.shape)
        return self._take(ridge._choose(table, Y, face, weights, offset, pairs, told))
