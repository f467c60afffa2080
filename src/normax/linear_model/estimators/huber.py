"""`HuberRegressor`, drop-in for scikit-learn's: coefficients and the scale of the residuals are fitted together."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from normax.errors import Notice
from normax.linear_model.design.validation import Sound, plain_weights
from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.families import Huber
from normax.linear_model.families.base import weighted_quantile
from normax.linear_model.path import LinearPath, follow_path
from normax.linear_model.problem.problem import Problem

__all__ = ["HuberRegressor"]

LEAST = 1e-4  # scale over the middle spread of y, below which the rows lie on the fit and solvers find nothing finer
NARROWER = 4.0  # between scales that are tried in search of one that is too small
CLOSE = 1e-10  # to which the logarithm of the scale is found


class HuberRegressor(LinearRegressor):
    """Linear regression that outliers pull no harder than a bound, which is fitted with the coefficients, solved to a
    certified gap:

        Σ_i ω_i (σ + σ H(u_i/σ))  +  alpha · (2r‖w‖₁ + (1 − r)‖w‖₂²),    u_i = y_i − x_i·w − b

    with H(z) = z² up to |z| = epsilon and 2·epsilon·|z| − epsilon² beyond, over w, b and the scale σ > 0. Names, scale
    and defaults are scikit-learn's, which knows r = 0 alone: the sum is over rows, so that alpha means less where they
    are many. At its own σ the fit is that of `Huber(epsilon·σ)` at strength alpha·σ/Σω, and the objective is convex in
    w, b and σ, so that one root of its slope in σ is the answer.

    Args:
        epsilon: from how many scales on a residual is an outlier, >= 1. The default 1.35 loses 5 % of precision where
            there are none.
        alpha: strength >= 0. The default 1e-4 is scikit-learn's; choose it by `HuberRegressorCV`.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        fit_intercept: whether to fit b, which is never penalised.
        max_iter: rounds of solving and checking at each scale; a handful are used.
        tol: duality gap over the null deviance that must be reached.
        warm_start: whether to begin from the coefficients of the fit before, which spares steps. The fit is the same.
        penalty_factor, lower, upper: as of `PoissonRegressor`.

    Attributes:
        coef_: (p,); intercept_: float.
        scale_: σ, in units of y.
        outliers_: (n,) which rows have |u_i| > epsilon·σ.
        dual_gap_: how far at most the objective above lies over its minimum: the duality gap at this scale, and what
            the slope in σ could gain within the bracket of the root.
        gap_: the same over the null deviance at this scale; n_iter_, path_: as of `ElasticNet`, of the fit at this
            scale.

    Raises:
        InputError: for NaN or infinity, and arguments outside their range.

    Warns:
        Notice: where so many rows lie on the fit that the best scale is 0, or below 1e-4 of the spread of y.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0.0, 1.1, 1.9, 3.0, 100.0]
        >>> model = HuberRegressor(alpha=0.0).fit(X, y)
        >>> model.outliers_.tolist(), model.coef_.round(2).tolist()
        ([False, False, False, False, True], [1.12])

    Source:
        Huber & Ronchetti, "Robust statistics", 2009, chapter 7: concomitant scale estimates.
    """

    def __init__(
        self,
        *,
        epsilon: float = 1.35,
        max_iter: int = 1000,
        alpha: float = 0.0001,
        l1_ratio: float = 0.0,
        warm_start: bool = False,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.warm_start = warm_start
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> HuberRegressor:
        """Fit the coefficients and the scale.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0.
            y: (n,) response.
            sample_weight: (n,) weights >= 0.
            offset: (n,), known part of the response, added to the prediction; `predict` takes its own.
        """
        self._check_number("alpha")
        self._check_number("epsilon", 1.0)
        self._check_number("l1_ratio", 0.0, 1.0)
        X, y = self._check_fit(X, y)
        problem = self._problem(
            X,
            y,
            family=Huber(),
            l1_ratio=self.l1_ratio,
            sample_weight=sample_weight,
            offset=offset,
            tol=self.tol,
            max_iter=self.max_iter,
            start=self._begin(1, X.shape[1]),
        )
        weights = plain_weights(sample_weight, X.shape[0])
        total, scales = weights.sum(), _Scales(problem, self.epsilon, self.alpha / weights.sum())
        self.scale_ = scales.best()
        self.path_ = scales.certified(self.scale_)
        self._keep(self.path_, 0, units=2 * total / self.scale_)
        self._tell(replace(problem, family=scales.family(self.scale_)), 0)
        left = np.abs(y.ravel() - self.path_.predict(Sound(X), offset)[0, :, 0])
        self.outliers_ = left > self.epsilon * self.scale_
        return self


class _Scales:
    """Fits at scales that are given, and the slope of the best objective in the scale.

    Args:
        problem: of the fit, whose family each scale replaces; alpha: over Σω.
    """

    def __init__(self, problem: Problem, epsilon: float, alpha: float):
        self.problem, self.epsilon, self.alpha = problem, epsilon, alpha
        self.known = np.zeros_like(problem.y) if problem.offset is None else problem.offset
        self.fits: dict[float, LinearPath] = {}
        self.slopes: dict[float, float] = {}

    def family(self, scale: float) -> Huber:
        problem = self.problem
        return Huber(self.epsilon * scale).suited(problem.y, problem.design.weights, self.known)

    def slope(self, scale: float) -> float:
        """Of the mean objective, `1 − Σω min(|u|/σ, epsilon)²` with weights that sum to 1: by the theorem of the
        envelope that at the coefficients which are best there."""
        if scale not in self.slopes:
            problem = replace(self.problem, family=self.family(scale))
            path = self.fits[scale] = follow_path(problem, [self.alpha * scale])
            design, w = problem.design, path.coef[0]
            eta = design.predict(w) + path.intercept[0] + w @ design.means + self.known + problem.level
            bent = np.minimum(np.abs(problem.y - eta)[:, 0] / scale, self.epsilon)
            self.slopes[scale] = float(1 - design.weights @ bent**2)
        return self.slopes[scale]

    def best(self) -> float:
        """The scale at which the slope is 0, or the least where it is positive at all."""
        weights, left = self.problem.design.weights, self.problem.y - self.known
        centre, middle = weights @ left, weighted_quantile(left, weights, 0.5)
        if not self.problem.design.centred:
            centre = middle = np.zeros(1)
        low = high = (
            math.sqrt((weights @ (left - centre) ** 2).item()) or 1.0
        )  # no slope < 0: the null model has it
        least = LEAST * (weighted_quantile(np.abs(left - middle), weights, 0.5).item() or high)
        while self.slope(low) > 0:
            low, high = low / NARROWER, low
            if low < least:
                warnings.warn(
                    f"so many rows lie on the fit, to within {LEAST:g} of the spread of y, that the best scale is 0 or "
                    f"nearly so; it stopped at {high:.3g}, where the fit is about that of least absolute errors",
                    Notice,
                    stacklevel=3,
                )
                return high
        if low == high:
            return low
        root = brentq(lambda at: self.slope(math.exp(at)), math.log(low), math.log(high), xtol=CLOSE)
        return min(self.slopes, key=lambda scale: abs(math.log(scale) - root))

    def certified(self, scale: float) -> LinearPath:
        """The fit at a scale, whose gap takes in what another scale could gain."""
        slope, path = self.slopes[scale], self.fits[scale]
        beyond = [s for s, other in self.slopes.items() if other * slope < 0] or [0.0]
        width = min(abs(scale - s) for s in beyond)
        extra = abs(slope) * width * scale / 2  # in units of the loss of the family
        null = path.null_deviance
        return replace(
            path, dual_gap=path.dual_gap + extra, gap=path.gap + (extra / null if null > 0 else extra)
        )
