"""`PoissonRegressor`, drop-in for scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import d2_tweedie_score

from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.path import follow_path

__all__ = ["PoissonRegressor"]


class PoissonRegressor(LinearRegressor):
    """Regression of counts, `E[y] = exp(x·w + b)`, with an elastic net penalty, solved to a certified gap:

        Σ_i ω_i (μ_i − y_i log μ_i) / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    The first term is half the mean deviance but for a constant. Names, scale and defaults are scikit-learn's,
    which knows r = 0 alone.

    Args:
        alpha: strength >= 0. The default 1 is scikit-learn's.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        fit_intercept: whether to fit b, which is never penalised.
        max_iter: rounds of solving and checking; a handful are used.
        tol: duality gap over the null deviance that must be reached.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        lower, upper: bounds of the coefficients, a number or (p,), with lower <= 0 <= upper.
        solver, warm_start, verbose: accepted so that code written for scikit-learn runs; the result depends
            on none.

    Attributes:
        coef_: (p,) coefficients; zeros are exact.
        intercept_: float.
        dual_gap_: duality gap in units of the objective above.
        gap_, n_iter_, path_: as of `ElasticNet`.

    Raises:
        InputError: for negative counts, NaN or infinity, and arguments outside their range.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 2, 4, 8]
        >>> model = PoissonRegressor(alpha=0.0).fit(X, y)
        >>> model.coef_.round(3).tolist(), model.predict([[4.0]]).round(3).tolist()
        ([0.693], [16.0])

    Source:
        Nelder & Wedderburn, "Generalized linear models", JRSS A 1972.
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        solver: str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-6,
        warm_start: bool = False,
        verbose: int = 0,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> PoissonRegressor:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0.
            y: (n,) counts (or rates) >= 0.
            sample_weight: (n,) weights >= 0; for rates, the exposures.
            offset: (n,) known part of log E[y], the logarithms of exposures for counts; `predict` takes its own.
        """
        self._check_number("alpha")
        self._check_number("l1_ratio", 0.0, 1.0)
        X, y = self._check_fit(X, y)
        problem = self._problem(
            X,
            y,
            family="poisson",
            l1_ratio=self.l1_ratio,
            sample_weight=sample_weight,
            offset=offset,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self.path_ = follow_path(problem, [self.alpha])
        self._keep(self.path_, 0)
        self._tell(problem, 0)
        return self

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Expected counts exp(x·w + b), (n,).

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) known part of log E[y], which is added to x·w + b; None for 0.
        """
        return np.exp(self._linear(X, offset))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D², the share of the deviance that the model explains.

        Args:
            X, y: rows to score; sample_weight: (n,) weights >= 0.
        """
        return d2_tweedie_score(y, self.predict(X), sample_weight=sample_weight, power=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True
        return tags
