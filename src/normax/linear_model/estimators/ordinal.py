"""`OrdinalClassifier`: classes in an order, by proportional odds."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from normax.forms import refuse_missing
from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.base import LinearEstimator
from normax.linear_model.estimators.levels import numbered
from normax.linear_model.families.ordinal import Ordinal, level_probabilities
from normax.linear_model.path import follow_path
from normax.linear_model.problem.problem import Problem

__all__ = ["OrdinalClassifier", "OrdinalModel"]


class OrdinalModel(ClassifierMixin, LinearEstimator):
    """Predictions of a fitted model of proportional odds, and its checks."""

    fit_intercept = True  # a constant of the class: thresholds are free
    levels: Any
    classes_: np.ndarray
    thresholds_: np.ndarray

    def linear_predictor(self, X: Any, offset: Any = None) -> np.ndarray:
        """`x·w`, (n,): what is larger is likely to be of a higher level.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) known part of the predictor, which is added; None for 0.
        """
        return self._linear(X, offset)

    def predict_proba(self, X: Any, offset: Any = None) -> np.ndarray:
        """Probabilities of the levels, (n, K), in the order of `classes_`.

        Args: as of `linear_predictor`.
        """
        eta = self._linear(X, offset)
        return level_probabilities(eta, self.thresholds_)

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """The most probable level, (n,).

        Args: as of `linear_predictor`.
        """
        best = self.predict_proba(X, offset).argmax(axis=1)
        return self.classes_[best]

    def _check_levels(self, X: Any, y: Any, sample_weight: Any) -> tuple[np.ndarray, np.ndarray]:
        """X, and the numbers of the levels."""
        refuse_missing("y", y)
        classes, codes = numbered(y, self.levels, sample_weight)
        X, codes = self._check_fit(X, codes)
        self.classes_ = classes
        return X, codes

    def _take(
        self,
        problem: Problem,
        at: int,
        X: Any,
        codes: np.ndarray,
        sample_weight: Any,
        offset: Any,
        cv: Any = None,
    ) -> None:
        """Keep the fit at one entry of `path_`, and its thresholds for x·w."""
        self._keep(self.path_, at)
        (self.coef_,), self.intercept_ = self._as_precise(self.path_.coef[at][0]), 0.0
        eta, rows = self._linear(X, offset), plain_weights(sample_weight, len(codes))
        used = rows > 0
        self.thresholds_ = Ordinal().thresholds(codes[used], eta[used], rows[used])
        self._tell(problem, at, cv)


class OrdinalClassifier(OrdinalModel):
    """Classes in an order, by cumulative logits with common coefficients (proportional odds), with an elastic net
    penalty on the coefficients and free, ordered thresholds, solved to a certified gap:

        P(y <= k) = 1 / (1 + exp(x·w − θ_k)),      θ_0 < … < θ_(K−2)
        −Σ_i ω_i log P(y_i) / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    A coefficient is the logarithm of the odds of a higher level, at every threshold alike.

    Args:
        alpha: strength >= 0. The default 0 is statsmodels' `OrderedModel` and R's `polr`; choose it by
            `OrdinalClassifierCV`.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        levels: the levels from the lowest to the highest, ["low", "mid", "high"]. None (default) takes numbers and
            booleans in their order, and ordered categories in theirs; text has none that is known.
        tol, max_iter, penalty_factor, lower, upper: as of `PoissonRegressor`.

    Attributes:
        classes_: (K,) levels that some row has, from the lowest to the highest.
        coef_: (p,); zeros are exact. thresholds_: (K−1,) θ, increasing.
        dual_gap_, gap_, n_iter_, path_: as of `PoissonRegressor`.

    Raises:
        InputError: for text without `levels`, a level that is not among them, fewer than two levels, NaN or infinity,
            and arguments outside their range.

    Warns:
        Notice: where no row has a level of `levels`, or a whole number between two that rows have: it gets no
            threshold, and is predicted for no row.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "mid", "low", "high"]
        >>> model = OrdinalClassifier(alpha=0.1, levels=["low", "mid", "high"]).fit(X, y)
        >>> model.coef_.round(3).tolist(), model.thresholds_.round(3).tolist()
        ([1.027], [1.349, 2.828])
        >>> model.predict([[0.0], [4.0]]).tolist()
        ['low', 'high']

    Source:
        McCullagh, "Regression models for ordinal data", JRSS B 1980.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        levels: Any = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.levels = levels
        self.tol = tol
        self.max_iter = max_iter
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> OrdinalClassifier:
        """Fit the coefficients and the thresholds.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0.
            y: (n,) levels: numbers, ordered categories, or what `levels` lists.
            sample_weight: (n,) weights >= 0, as so many copies of a row.
            offset: (n,) known part of the predictor; `predict` takes its own.
        """
        self._check_number("alpha")
        self._check_number("l1_ratio", 0.0, 1.0)
        X, codes = self._check_levels(X, y, sample_weight)
        problem = self._problem(
            X,
            codes,
            family=Ordinal(),
            l1_ratio=self.l1_ratio,
            sample_weight=sample_weight,
            offset=offset,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self.path_ = follow_path(problem, [self.alpha])
        self._take(problem, 0, X, codes, sample_weight, offset)
        return self
