"""`NegativeBinomialRegressor` and its CV: counts that scatter more than Poisson's, with the dispersion estimated."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.cv_named import PoissonRegressorCV
from normax.linear_model.estimators.glm import PoissonRegressor
from normax.linear_model.families import Family, NegativeBinomial, Poisson
from normax.linear_model.families.base import weighted_mean
from normax.linear_model.families.negative_binomial import dispersion_of

__all__ = ["NegativeBinomialRegressor", "NegativeBinomialRegressorCV"]

# Rounds between coefficients and dispersion, and the change of its logarithm that ends them: of a fit, and of a choice.
ROUNDS, SETTLED = 100, 1e-9
CHOICES, CHOSEN = 10, 1e-3


class _Dispersed:
    """What both share: the family of a dispersion, and rounds until it is that of the fit."""

    dispersion: Any
    dispersion_: float

    def _family(self) -> Family:
        known = self.dispersion if getattr(self, "_kappa", None) is None else self._kappa
        return Poisson() if known == 0 else NegativeBinomial(1.0 if known is None else known)

    def _alternate(self, fit: Any, means: Any, y: Any, sample_weight: Any, most: int, settled: float) -> None:
        """Fit at a dispersion, estimate it from the fit, and so on."""
        self._kappa: float | None = None
        if self.dispersion is not None:
            fit()
            self.dispersion_ = float(self.dispersion)
            return
        for _ in range(most):
            fit()  # the first time at 1, the geometric distribution
            mean, before = means(), 1.0 if self._kappa is None else self._kappa
            weights = plain_weights(sample_weight, len(mean))
            counts = Poisson().response(np.asarray(y), len(mean))[:, 0]
            self._kappa = dispersion_of(counts, mean, weights / weights.sum())
            if (
                before == self._kappa
                or abs(np.log(max(self._kappa, 1e-300) / max(before, 1e-300))) <= settled
            ):
                break
        self.dispersion_ = float(self._kappa or 0.0)


class NegativeBinomialRegressor(_Dispersed, PoissonRegressor):
    """Regression of counts with mean `μ = exp(x·w + b)` and variance `μ + κμ²`, with an elastic net penalty, solved to
    a certified gap:

        Σ_i ω_i ((y_i + 1/κ) log(1 + κμ_i) − y_i log μ_i) / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    Args:
        alpha: strength >= 0. The default 1 is that of `PoissonRegressor`; statsmodels' `alpha` is κ.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        dispersion: κ > 0, or 0 for Poisson; None (default) estimates it: the κ of the largest likelihood at the fit,
            in turns with the coefficients until neither moves, as R's `glm.nb`.
        fit_intercept, max_iter, tol, penalty_factor, lower, upper, solver, warm_start, verbose: as of
            `PoissonRegressor`.

    Attributes:
        dispersion_: κ of the fit; 0 where counts scatter no more than Poisson's, which is then fitted.
        coef_, intercept_, dual_gap_, gap_, n_iter_, path_: as of `PoissonRegressor`; the gap is that of the
            coefficients at this κ.

    Raises:
        InputError: for negative counts, NaN or infinity, and arguments outside their range.

    Example:
        >>> X, y = [[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]], [0, 1, 5, 2, 4, 18]
        >>> model = NegativeBinomialRegressor(alpha=0.0).fit(X, y)
        >>> model.predict([[0.0], [1.0]]).round(3).tolist(), round(model.dispersion_, 3)
        ([2.0, 8.0], 0.74)

    Source:
        Lawless, "Negative binomial and mixed Poisson regression", Canadian Journal of Statistics 1987.
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        l1_ratio: float = 0.0,
        dispersion: float | None = None,
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
        super().__init__(
            alpha=alpha,
            l1_ratio=l1_ratio,
            fit_intercept=fit_intercept,
            solver=solver,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            verbose=verbose,
            penalty_factor=penalty_factor,
            lower=lower,
            upper=upper,
        )
        self.dispersion = dispersion

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Any:
        """Fit the coefficients, and the dispersion if none is given.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0.
            y: (n,) counts >= 0.
            sample_weight: (n,) weights >= 0, as so many copies of a row.
            offset: (n,) known part of x·w + b, the logarithms of exposures; `predict` takes its own.
        """
        self._alternate(
            lambda: super(NegativeBinomialRegressor, self).fit(X, y, sample_weight, offset),
            lambda: self.predict(X, offset),
            y,
            sample_weight,
            ROUNDS,
            SETTLED,
        )
        return self

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D², the share of the deviance that the model explains, at the dispersion of the fit.

        Args:
            X, y: rows to score; sample_weight: (n,) weights >= 0.
        """
        family, y = self._family(), Poisson().response(y, len(y))
        weights = plain_weights(sample_weight, len(y))
        weights = weights / weights.sum()
        null = weights @ family.deviance(y, family.link(weighted_mean(y, weights)) + np.zeros_like(y))
        left = weights @ family.deviance(y, self._linear(X)[:, None])
        return float(1 - left / null) if null > 0 else float(left == 0)


class NegativeBinomialRegressorCV(_Dispersed, PoissonRegressorCV):
    """`NegativeBinomialRegressor` whose strength is chosen by cross-validated deviance.

    Args:
        dispersion: as of `NegativeBinomialRegressor`; None (default) estimates it from the fit to all rows at the
            chosen strength, and chooses anew at that dispersion, until it moves by less than a thousandth. One
            dispersion serves every fold and strength, so that their errors compare.
        alphas, l1_ratio, eps, cv, select, fit_intercept, tol, max_iter, penalty_factor, lower, upper: as of
            `PoissonRegressorCV`.

    Attributes:
        dispersion_: as of `NegativeBinomialRegressor`; the others as of `PoissonRegressorCV`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> import numpy as np
        >>> X = np.arange(24.0)[:, None] / 10
        >>> y = np.round(np.exp(X[:, 0]) * np.tile([0.2, 1.0, 3.0], 8))
        >>> model = NegativeBinomialRegressorCV(alphas=[1.0, 0.01], cv=4).fit(X, y)
        >>> model.alpha_, bool(model.dispersion_ > 0.3)
        (0.01, True)
    """

    def __init__(
        self,
        *,
        alphas: Any = "auto",
        l1_ratio: float = 0.0,
        dispersion: float | None = None,
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
        self.dispersion = dispersion

    def _fit(self, X, y, family, sample_weight, split, offset):
        fit = super()._fit
        self._alternate(
            lambda: fit(X, y, self._family(), sample_weight, split, offset),
            lambda: self.predict(X, offset),
            y,
            sample_weight,
            CHOICES,
            CHOSEN,
        )
