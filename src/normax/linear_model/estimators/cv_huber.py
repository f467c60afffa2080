"""`HuberRegressorCV`: the strength chosen by cross-validation, at the scale of the model that is chosen."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from normax.errors import Notice
from normax.linear_model.design.validation import check_strengths
from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.estimators.huber import HuberRegressor
from normax.linear_model.estimators.penalised import PenalisedRegressor
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.families import Huber

__all__ = ["HuberRegressorCV"]

ROUNDS = 10  # of choosing at a scale and taking the scale of the choice; two or three are used


class HuberRegressorCV(Folded, LinearRegressor):
    """Huber regression whose strength is chosen by cross-validation; scikit-learn has none to match.

    The objective is that of `HuberRegressor`. All folds and alphas are judged by one loss, `Huber(epsilon·σ)`, whose
    σ is
    the scale of the chosen model: from that of the rows without features, choosing and fitting the scale are repeated
    until the choice stands.

    Args:
        epsilon: from how many scales on a residual is an outlier, >= 1.
        alphas: "auto" (default), a count: a grid from the largest useful alpha down, or the values; as `strengths` of
            `PenalisedRegressor`.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, as in `HuberRegressor`. A mixture is meant for y of unit variance
            where alphas is a count, as of `PenalisedRegressor`.
        cv, select, fit_intercept, tol, max_iter, penalty_factor, lower, upper: as of `PoissonRegressorCV`.

    Attributes:
        alpha_, l1_ratio_: chosen; alphas_: (k,) grid, on the scale of `HuberRegressor` for all rows. A fold has fewer
            rows, and alpha less in proportion.
        scale_, outliers_: as of `HuberRegressor`.
        fold_errors_: (K, k); cv_mean_, cv_se_: (k,) held-out mean losses of `Huber(epsilon·scale_)`.
        coef_, intercept_, dual_gap_, gap_, n_iter_, path_: as of `PenalisedRegressor` with that family.

    Raises:
        InputError: for data or arguments that cannot be used.

    Warns:
        Notice: where the choice did not stand after ten rounds, or so many rows lie on the fit that the scale is 0.

    Example:
        >>> X = np.arange(20.0)[:, None]
        >>> y = X[:, 0] + np.tile([0.1, -0.1, 0.0, 50.0], 5)
        >>> HuberRegressorCV(alphas=[1e4, 0.01], cv=4).fit(X, y).alpha_
        0.01
    """

    def __init__(
        self,
        *,
        epsilon: float = 1.35,
        alphas: Any = "auto",
        l1_ratio: float = 0.0,
        cv: Any = None,
        select: str = "min",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.epsilon = epsilon
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.cv = cv
        self.select = select
        self.fit_intercept = fit_intercept
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
    ) -> HuberRegressorCV:
        """Choose alpha and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) response.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), known part of the response, added to the prediction; `predict` takes its own.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        table, response = self._check_fit(X, y)
        total = total_weight(sample_weight, table.shape[0])
        common: dict[str, Any] = {
            "fit_intercept": self.fit_intercept,
            "tol": self.tol,
            "max_iter": self.max_iter,
        }
        whole = HuberRegressor(epsilon=self.epsilon, **common)
        self.scale_ = whole.fit(np.zeros((len(response), 1)), response, sample_weight, offset).scale_
        common |= {"penalty_factor": self.penalty_factor, "lower": self.lower, "upper": self.upper}
        chosen = PenalisedRegressor(
            "elastic-net", strength="cv", l1_ratio=self.l1_ratio, cv=self.cv, select=self.select, **common
        )
        chosen._asks, chosen._unit = "alphas", self.scale_ / total
        table, response = chosen._check_fit(X, response)
        alphas: Any = None if np.ndim(self.alphas) == 0 else check_strengths(self.alphas)
        alpha: Any = None
        for _ in range(ROUNDS):
            strengths = self.alphas if alphas is None else alphas * self.scale_ / total
            chosen.set_params(family=Huber(self.epsilon * self.scale_), strengths=strengths)
            chosen._fit(table, response, chosen.family, sample_weight, split, offset)
            if alphas is None:  # the grid and the mixture of the first round serve the others
                alphas = chosen.strengths_ * total / self.scale_
                chosen.set_params(l1_ratio=chosen.l1_ratio_)
            before, alpha = alpha, float(alphas[chosen.path_.chosen])
            if alpha == before:
                break
            whole.set_params(alpha=alpha, l1_ratio=chosen.l1_ratio_, **common)
            self.scale_ = whole.fit(X, response, sample_weight, offset).scale_
        else:
            warnings.warn(
                f"alpha and the scale did not settle in {ROUNDS} rounds: alpha {before:.4g} and {alpha:.4g} call for "
                "each other; give alphas that are further apart",
                Notice,
                stacklevel=2,
            )
        self.alpha_, self.alphas_, self.outliers_ = alpha, alphas, whole.outliers_
        for name in ("l1_ratio_", "fold_errors_", "cv_mean_", "cv_se_", "path_", "_described"):
            setattr(self, name, getattr(chosen, name))
        for name in ("coef_", "intercept_", "dual_gap_", "gap_", "n_iter_"):
            setattr(self, name, getattr(whole, name))
        return self
