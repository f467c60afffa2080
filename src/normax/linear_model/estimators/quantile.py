"""`QuantileRegressor`, drop-in for scikit-learn's."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.linear_model.estimators.named import NamedRegressor
from normax.linear_model.families import Family, Quantile

__all__ = ["QuantileRegressor", "quantile_of"]


class QuantileRegressor(NamedRegressor):
    """Regression of a quantile, with an L1 penalty as scikit-learn's or an elastic net, solved to a certified gap:

        Σ_i ω_i max(q u_i, (q − 1) u_i) / Σ_i ω_i  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²),    u_i = y_i − x_i·w − b

    Names, scale and defaults are scikit-learn's, which knows r = 1 alone. Where several answers are equally good, as
    linear programs have them, another of them may be found.

    Args:
        quantile: q in (0, 1); 0.5 (default) is the median.
        alpha: strength >= 0. The default 1 is scikit-learn's; choose it by `QuantileRegressorCV`.
        l1_ratio: r in [0, 1]; 1 (default) is the lasso, 0 ridge.
        fit_intercept: whether to fit b, which is never penalised.
        solver, solver_options: accepted so that code written for scikit-learn runs; the result depends on none.
        max_iter, tol, penalty_factor, lower, upper: as of `PoissonRegressor`.

    Attributes:
        coef_, intercept_, dual_gap_, gap_, n_iter_, path_: as of `PoissonRegressor`.

    Raises:
        InputError: for NaN or infinity, and arguments outside their range.

    Example:
        >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0.0, 1.0, 2.0, 3.0, 100.0]
        >>> QuantileRegressor(alpha=0.1).fit(X, y).predict([[1.0]]).round(6).tolist()
        [1.0]

    Source:
        Koenker & Bassett, "Regression quantiles", Econometrica 1978.
    """

    solvers = ("auto", "highs", "highs-ds", "highs-ipm", "revised simplex")

    def __init__(
        self,
        *,
        quantile: float = 0.5,
        alpha: float = 1.0,
        l1_ratio: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "auto",
        solver_options: Any = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.quantile = quantile
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.solver_options = solver_options
        self.max_iter = max_iter
        self.tol = tol
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> QuantileRegressor:
        """As of `PoissonRegressor`."""
        if self.solver == "interior-point":
            raise InputError(
                "solver: Solver interior-point is not anymore available in SciPy >= 1.11.0.; leave it at 'auto'"
            )
        return super().fit(X, y, sample_weight, offset)

    def _family(self) -> Family:
        return quantile_of(self.quantile)


def quantile_of(quantile: Any) -> Family:
    """The family of scikit-learn's parameter.

    Raises:
        InputError: if it is not a number in (0, 1).

    Example:
        >>> quantile_of(0.9)
        Quantile(level=0.9)
    """
    if not isinstance(quantile, (int, float)) or not 0 < quantile < 1:
        raise InputError(f"quantile: expected a number in (0, 1), got {quantile!r}")
    return Quantile(float(quantile))
