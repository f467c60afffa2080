"""The same regressors with their strength chosen by cross-validation, which scikit-learn has none of."""

from __future__ import annotations

from typing import Any

from normax.linear_model.estimators.glm import tweedie_of
from normax.linear_model.estimators.penalised import PenalisedRegressor
from normax.linear_model.estimators.quantile import quantile_of
from normax.linear_model.families import Family, Gamma, Poisson

__all__ = ["GammaRegressorCV", "PoissonRegressorCV", "QuantileRegressorCV", "TweedieRegressorCV"]


class PoissonRegressorCV(PenalisedRegressor):
    """Poisson regression whose strength is chosen by cross-validated deviance; scikit-learn has none to match.

    The objective is that of `PoissonRegressor`.

    Args:
        alphas: "auto" (default), a count, or the values, as `strengths` of `PenalisedRegressor`.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, as in `PoissonRegressor`.
        eps: smallest over largest alpha of an automatic grid; None (default) for 1e-3, and 1e-7 for ridge.
        select: "min" (default, as of scikit-learn's estimators) or "1se".
        cv, fit_intercept, tol, max_iter, penalty_factor, lower, upper: as of `PenalisedRegressor`.

    Attributes:
        alpha_: chosen; alphas_: (k,) grid; the others as of `PenalisedRegressor`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> import numpy as np
        >>> X = np.arange(20.0)[:, None] / 10
        >>> PoissonRegressorCV(alphas=[1.0, 0.01], cv=4).fit(X, np.exp(X[:, 0])).alpha_
        0.01
    """

    penalty, strength = "elastic-net", "cv"  # constants of the class, not parameters
    _asks = "alphas"

    def __init__(
        self,
        *,
        alphas: Any = "auto",
        l1_ratio: float = 0.0,
        eps: float | None = None,
        cv: Any = None,
        select: str = "min",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.cv = cv
        self.select = select
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def _family(self) -> Family:
        return Poisson()

    def _fit(self, X, y, family, sample_weight, split, offset):
        super()._fit(X, y, family, sample_weight, split, offset)
        self.alpha_, self.alphas_ = self.strength_, self.strengths_

    def _fit_source(self, source, family, groups, offset, **told):
        super()._fit_source(source, family, groups, offset, **told)
        self.alpha_, self.alphas_ = self.strength_, self.strengths_

    def _wanted(self):
        return self.alphas, self.eps


class GammaRegressorCV(PoissonRegressorCV):
    """Gamma regression whose strength is chosen by cross-validated deviance; scikit-learn has none to match.

    The objective is that of `GammaRegressor`.

    Args: as of `PoissonRegressorCV`.

    Attributes: as of `PoissonRegressorCV`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> import numpy as np
        >>> X = np.arange(20.0)[:, None] / 10
        >>> GammaRegressorCV(alphas=[1.0, 0.01], cv=4).fit(X, np.exp(X[:, 0])).alpha_
        0.01
    """

    def _family(self):
        return Gamma()


class TweedieRegressorCV(PoissonRegressorCV):
    """Tweedie regression whose strength is chosen by cross-validated deviance; scikit-learn has none to match.

    The objective is that of `TweedieRegressor`.

    Args:
        power, link: as of `TweedieRegressor`.
        alphas, l1_ratio, eps, cv, select, fit_intercept, tol, max_iter, penalty_factor, lower, upper: as of
            `PoissonRegressorCV`.

    Attributes: as of `PoissonRegressorCV`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> import numpy as np
        >>> X = np.arange(20.0)[:, None] / 10
        >>> TweedieRegressorCV(power=1.5, alphas=[1.0, 0.01], cv=4).fit(X, np.exp(X[:, 0])).alpha_
        0.01
    """

    def __init__(
        self,
        *,
        power: float = 0.0,
        alphas: Any = "auto",
        l1_ratio: float = 0.0,
        eps: float | None = None,
        cv: Any = None,
        select: str = "min",
        fit_intercept: bool = True,
        link: str = "auto",
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        super().__init__(
            alphas=alphas,
            l1_ratio=l1_ratio,
            eps=eps,
            cv=cv,
            select=select,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
            penalty_factor=penalty_factor,
            lower=lower,
            upper=upper,
        )
        self.power = power
        self.link = link

    def _family(self):
        return tweedie_of(self.power, self.link)


class QuantileRegressorCV(PoissonRegressorCV):
    """Quantile regression whose strength is chosen by the cross-validated loss of the quantile; scikit-learn has
    none to match.

    The objective is that of `QuantileRegressor`; `score` is the share of the loss of the best constant that the model
    explains, as scikit-learn's `d2_pinball_score`.

    Args:
        quantile: q in (0, 1); 0.5 (default) is the median.
        l1_ratio: r in [0, 1]; 1 (default) is the lasso, as in `QuantileRegressor`. A mixture is meant for y of unit
            variance where alphas is a count, as of `PenalisedRegressor`.
        alphas, eps, cv, select, fit_intercept, tol, max_iter, penalty_factor, lower, upper: as of `PoissonRegressorCV`.

    Attributes: as of `PoissonRegressorCV`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> import numpy as np
        >>> X = np.arange(20.0)[:, None]
        >>> QuantileRegressorCV(alphas=[10.0, 0.01], cv=4).fit(X, X[:, 0]).alpha_
        0.01
    """

    def __init__(
        self,
        *,
        quantile: float = 0.5,
        alphas: Any = "auto",
        l1_ratio: float = 1.0,
        eps: float | None = None,
        cv: Any = None,
        select: str = "min",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        super().__init__(
            alphas=alphas,
            l1_ratio=l1_ratio,
            eps=eps,
            cv=cv,
            select=select,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
            penalty_factor=penalty_factor,
            lower=lower,
            upper=upper,
        )
        self.quantile = quantile

    def _family(self):
        return quantile_of(self.quantile)
