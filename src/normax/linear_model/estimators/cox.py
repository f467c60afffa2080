"""`CoxRegressor`: proportional hazards as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from normax.errors import InputError, Notice
from normax.forms import check_unmasked
from normax.linear_model.analysis.baseline import BaselineHazard
from normax.linear_model.analysis.concordance import concordance
from normax.linear_model.design.validation import (
    Sound,
    plain_weights,
    refuse_not_finite,
    refuse_other_kinds,
)
from normax.linear_model.estimators.base import KINDS, LinearEstimator
from normax.linear_model.families.cox import Cox, survival_columns
from normax.linear_model.path import follow_path
from normax.linear_model.problem.problem import Problem

__all__ = ["CoxModel", "CoxRegressor"]


class CoxModel(LinearEstimator):
    """Predictions of a fitted model of proportional hazards, and its checks."""

    fit_intercept = True  # a constant of the class: it makes the predictor of the average row 0
    ties: str
    baseline_hazard_: BaselineHazard

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Logarithms of the hazards over that of the average row, (n,): what is larger has its event earlier.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) known part of the logarithm, which is added; None for 0.
        """
        return self._linear(X, offset)

    def predict_cumulative_hazard(
        self, X: Any, times: Any, strata: Any = None, offset: Any = None
    ) -> np.ndarray:
        """Cumulative hazards (n, t) of rows at times: 0 before the first event of the fit, and after the last what it
        was there, since nothing is known beyond.

        Args:
            X: (n, p) table with the columns of the fit; times: (t,) >= 0.
            strata: (n,) labels of the fit's strata, if it had any; offset: as of `predict`.
        """
        risk = self.predict(X, offset)
        return self.baseline_hazard_.at(times, strata, len(risk)) * np.exp(risk)[:, None]

    def predict_survival(self, X: Any, times: Any, strata: Any = None, offset: Any = None) -> np.ndarray:
        """Probabilities (n, t) that the event of a row is later than each time: exp(−cumulative hazard).

        Args: as of `predict_cumulative_hazard`.
        """
        return np.exp(-self.predict_cumulative_hazard(X, times, strata, offset))

    def score(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        strata: Any = None,
        entry: Any = None,
        offset: Any = None,
    ) -> float:
        """Harrell's C, the share of pairs of rows that the predictions put in the right order; see `concordance`.

        Args:
            X, y, sample_weight, strata, entry, offset: rows to score, as of `fit`.
        """
        check_is_fitted(self)
        risk = self.predict(X, offset)
        begin, time, event, stratum = survival_columns(y, len(risk), entry, strata).T
        return concordance(time, event, risk, entry=begin, strata=stratum, sample_weight=sample_weight)

    def _check_rows(self, X: Any, y: Any, strata: Any, entry: Any) -> tuple[np.ndarray, np.ndarray]:
        """X, and (n, 4) start, stop, event and stratum."""
        if y is None:
            raise InputError("y: expected times and events, got None; this estimator requires y to be passed")
        check_unmasked("X", X)
        refuse_other_kinds(X)
        check_unmasked("y", y)
        X = validate_data(self, X, ensure_all_finite=False, **KINDS)
        refuse_not_finite("X", X, getattr(self, "feature_names_in_", None))
        rows = survival_columns(y, X.shape[0], entry, strata)
        self._labels = None if strata is None else np.unique(strata)
        if strata is None and len(np.unique(rows[:, 3])) > 1:
            self._labels, rows[:, 3] = np.unique(rows[:, 3], return_inverse=True)
        _say_alone(rows[:, 3])
        return X, rows

    def _take(
        self,
        problem: Problem,
        at: int,
        X: Any,
        rows: np.ndarray,
        sample_weight: Any,
        offset: Any,
        cv: Any = None,
    ) -> None:
        """Keep the fit at one entry of `path_`, and its baseline hazard."""
        self._keep(self.path_, at)
        (self.coef_,) = self._as_precise(self.path_.coef[at][0])
        self.intercept_ = float(self.path_.intercept[at, 0])
        eta = self.path_.predict(Sound(X), offset)[at, :, 0]
        self.baseline_hazard_ = BaselineHazard.of(
            rows, plain_weights(sample_weight, len(rows)), eta, self.ties, self._labels
        )
        self._tell(problem, at, cv)


def _say_alone(stratum: np.ndarray) -> None:
    """A Notice of strata of one row, which nobody is compared with."""
    _, first, counts = np.unique(stratum, return_index=True, return_counts=True)
    alone = np.sort(first[counts == 1])
    if len(alone):
        warnings.warn(
            f"strata: {len(alone)} of {len(counts)} have one row (first: row {alone[0]}), which adds nothing to the "
            "likelihood; join such strata, if their hazards are alike",
            Notice,
            stacklevel=4,
        )


class CoxRegressor(CoxModel):
    """Proportional hazards of times until an event, of which some are only known to be longer, with an elastic net
    penalty, solved to a certified gap:

        Σ_i ω_i loss_i / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    with the negative log partial likelihood of `Cox`: of each event, `log Σ_{j at risk} ω_j e^η_j − η_i`.

    Args:
        alpha: strength >= 0. The default 0 is R's `coxph`; choose it by `CoxRegressorCV`.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        ties: what to do with events of one time: "breslow" (default) or "efron", as of `Cox`.
        tol, max_iter, penalty_factor, lower, upper: as of `PoissonRegressor`.

    Attributes:
        coef_: (p,) logarithms of hazard ratios; zeros are exact.
        intercept_: float that makes the predictor of the average row 0.
        baseline_hazard_: `BaselineHazard` of a row whose predictor is 0: times, hazard, cumulative, stratum.
        dual_gap_, gap_, n_iter_, path_: as of `PoissonRegressor`.

    Raises:
        InputError: for times < 0, events that are not 0 or 1, rows that are all censored, NaN or infinity, and
            arguments outside their range.

    Example:
        >>> X, y = [[1.0], [1.0], [0.0], [0.0]], [(5, 1), (1, 1), (4, 1), (3, 1)]
        >>> model = CoxRegressor().fit(X, y)
        >>> np.exp(model.coef_).round(6).tolist(), round(model.score(X, y), 3)
        ([0.618034], 0.5)
        >>> model.predict_survival([[0.0]], [0.0, 3.5]).round(3).tolist()
        [[1.0, 0.501]]

    Source:
        Cox, "Regression models and life-tables", JRSS B 1972; Simon et al., "Regularization paths for Cox's
        proportional hazards model via coordinate descent", JSS 2011.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        ties: str = "breslow",
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.ties = ties
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
        strata: Any = None,
        entry: Any = None,
        offset: Any = None,
    ) -> CoxRegressor:
        """Fit the coefficients and the baseline hazard.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0.
            y: (n, 2) time and event (1, or 0 where the row was censored then), scikit-survival's array of both, or what
                else `Cox` takes.
            sample_weight: (n,) weights >= 0, as so many copies of a row.
            strata: (n,) labels of groups that each have a baseline hazard of their own; a stratum of one row says
                nothing.
            entry: (n,) times at which rows come under observation; None for the beginning.
            offset: (n,) known part of the predictor; `predict` takes its own.
        """
        self._check_number("alpha")
        self._check_number("l1_ratio", 0.0, 1.0)
        X, rows = self._check_rows(X, y, strata, entry)
        problem = self._problem(
            X,
            rows,
            family=Cox(self.ties),
            l1_ratio=self.l1_ratio,
            sample_weight=sample_weight,
            offset=offset,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self.path_ = follow_path(problem, [self.alpha])
        self._take(problem, 0, X, rows, sample_weight, offset)
        return self
