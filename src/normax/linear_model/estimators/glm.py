"""`PoissonRegressor`, `GammaRegressor` and `TweedieRegressor`, drop-in for scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import d2_tweedie_score

from normax.errors import InputError
from normax.linear_model.estimators.named import NamedRegressor
from normax.linear_model.families import Family, Gamma, Gaussian, Poisson, Tweedie
from normax.linear_model.families.power import PowerVariance

__all__ = ["GammaRegressor", "PoissonRegressor", "TweedieRegressor", "tweedie_of"]

LINKS = ("auto", "identity", "log")


class PoissonRegressor(NamedRegressor):
    """Regression of counts, `E[y] = exp(x·w + b)`, with an elastic net penalty, solved to a certified gap:

        Σ_i ω_i (μ_i − y_i log μ_i) / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    The first term is half the mean deviance but for a constant. Names, scale and defaults are scikit-learn's,
    which knows r = 0 alone.

    Args:
        alpha: strength >= 0. The default 1 is scikit-learn's.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        fit_intercept: whether to fit b, which is never penalised.
        max_iter: Newton steps; a handful are used.
        tol: duality gap over the null deviance that must be reached.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        lower, upper: bounds of the coefficients, a number or (p,), with lower <= 0 <= upper.
        warm_start: whether to begin from the coefficients of the fit before, which spares steps. The fit is the same.
        solver, verbose: accepted so that code written for scikit-learn runs; the result depends on none.

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

    solvers = ("auto", "lbfgs", "newton-cholesky")

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

    def _family(self) -> Family:
        return Poisson()

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D², the share of the deviance that the model explains.

        Args:
            X, y: rows to score; sample_weight: (n,) weights >= 0.
        """
        family = self._family()
        power = getattr(family, "power", float(family.name == "poisson"))
        return d2_tweedie_score(y, self.predict(X), sample_weight=sample_weight, power=power)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        family = self._family()
        tags.target_tags.positive_only = family.edges[0] == 0 and getattr(family, "power", 1.0) > 0
        tags.regressor_tags.poor_score = True
        return tags


class GammaRegressor(PoissonRegressor):
    """Regression of amounts > 0 whose standard deviation grows as their mean, `E[y] = exp(x·w + b)`, with an elastic
    net penalty, solved to a certified gap:

        Σ_i ω_i (y_i/μ_i + log μ_i) / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    The first term is half the mean deviance but for a constant. Names, scale and defaults are scikit-learn's, which
    knows r = 0 alone.

    Args: as of `PoissonRegressor`.

    Attributes: as of `PoissonRegressor`.

    Raises:
        InputError: for amounts that are not positive, NaN or infinity, and arguments outside their range.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 2, 4, 8]
        >>> GammaRegressor(alpha=0.0).fit(X, y).predict([[4.0]]).round(3).tolist()
        [16.0]

    Source:
        McCullagh & Nelder, "Generalized linear models", 1989, chapter 8.
    """

    def _family(self):
        return Gamma()


class TweedieRegressor(PoissonRegressor):
    """Regression under Tweedie's variance, `Var[y] ∝ E[y]^power`, with an elastic net penalty, solved to a certified
    gap:

        Σ_i ω_i d(y_i, μ_i) / (2 Σ_i ω_i)  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    d is the unit deviance: (y − μ)² for power 0, where μ = x·w + b; for powers from 1 (counts) over those between
    (sums of amounts, often 0) to 2 (amounts > 0) that of `Tweedie`, where μ = exp(x·w + b). Names, scale and defaults
    are scikit-learn's, which knows r = 0 alone. Under its other powers and links (inverse Gaussian amounts at power 3, or
    a least squares fit of exp(x·w + b), say) the objective is not convex: fits are stationary points, found by Newton
    steps from the constant model, `path_.stationary` says so, and the gap tells only how far they are from one.

    Args:
        power: 0 (default), below it, or from 1 on.
        link: "auto" (default), "identity" up to power 0 and "log" for the others; or one of the two. Means by the
            identity of a power other than 0 are positive on the rows of the fit, and need not be elsewhere.
        alpha, l1_ratio, fit_intercept, solver, max_iter, tol, warm_start, verbose, penalty_factor, lower, upper: as of
            `PoissonRegressor`.

    Attributes: as of `PoissonRegressor`.

    Raises:
        InputError: for a power between 0 and 1 or another link, a response that the power does not allow, NaN or infinity, and arguments
            outside their range.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 2, 4, 9]
        >>> model = TweedieRegressor(power=1.5, alpha=0.1).fit(X, y)
        >>> bool(model.predict([[0.0]]) < 2), bool(model.gap_ < 1e-9)
        (True, True)

    Source:
        Jørgensen, "Exponential dispersion models", JRSS B 1987.
    """

    def __init__(
        self,
        *,
        power: float = 0.0,
        alpha: float = 1.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        link: str = "auto",
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
        self.power = power
        self.link = link

    def _family(self):
        return tweedie_of(self.power, self.link)


def tweedie_of(power: Any, link: Any) -> Family:
    """The family of scikit-learn's power and link.

    Raises:
        InputError: for a power between 0 and 1, which has no distribution, and for another link.

    Example:
        >>> tweedie_of(1.5, "auto"), tweedie_of(0, "identity").name
        (Tweedie(power=1.5), 'gaussian')
    """
    known = isinstance(power, (int, float)) and not isinstance(power, bool)
    if not known or not (power <= 0 or power >= 1) or not np.isfinite(power) or link not in LINKS:
        raise InputError(
            "power, link: expected a power <= 0 or >= 1 and a link of 'auto', 'identity' and 'log', got "
            f"power={power!r}, link={link!r}"
        )
    if link == "auto":
        link = "identity" if power <= 0 else "log"
    if power == 0 and link == "identity":
        return Gaussian()
    return Tweedie(float(power)) if 1 <= power <= 2 and link == "log" else PowerVariance(float(power), link)
