"""`Lasso` and `ElasticNet`, drop-in for scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.base import ManyOutputs
from normax.linear_model.estimators.gram import check_gram
from normax.linear_model.estimators.incremental import Incremental
from normax.linear_model.estimators.path_functions import enet_path
from normax.linear_model.families import Gaussian
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.dual_point import certify
from normax.linear_model.sources.make import beyond_memory, row_source
from normax.linear_model.streams.squares import by_moments

__all__ = ["ElasticNet", "Lasso", "total_weight"]


class ElasticNet(ManyOutputs, Incremental):
    """Linear regression with an elastic net penalty, solved to a certified duality gap:

        Σ_i ω_i (y_i − x_i·w − b)² / (2 Σ_i ω_i)  +  alpha · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    Names, scale and defaults are scikit-learn's; the solution does not depend on the order of the columns,
    and collinear columns are allowed. Several outputs are fitted separately.

    Args:
        alpha: strength >= 0. The default 1 is scikit-learn's; choose it by `ElasticNetCV`.
        l1_ratio: r in [0, 1]; 1 is the lasso, 0 ridge. The default 0.5 gives both an even say.
        fit_intercept: whether to fit b, which is never penalised.
        warm_start: whether to begin from the coefficients of the fit before, which spares passes. The fit is the same.
        precompute, copy_X, random_state, selection: accepted so that code written for scikit-learn runs; the solver
            chooses for itself, X is never changed, and the result depends on none. A Gram matrix as `precompute` is
            compared with X and not used.
        max_iter: passes over the columns in which some come or go; a handful are used.
        tol: duality gap over the null deviance that must be reached. The default 1e-6 is a promise; the
            exact finish lands far below.
        positive: ask for coefficients that are not negative, which is `lower=0`.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        lower, upper: bounds of the coefficients, a number or (p,), with lower <= 0 <= upper.

    Attributes:
        coef_: (p,) or (outputs, p) coefficients; zeros are exact.
        intercept_: float or (outputs,).
        sparse_coef_: coef_ as a sparse (outputs, p) array.
        dual_gap_: duality gap in units of the objective above, as scikit-learn reports it; (outputs,) for several.
        gap_: the same over the null deviance, for all outputs together.
        n_iter_: passes over the columns in which some came or went; 0 where the start was the fit.
        path_: the `LinearPath` of the single strength.
        n_features_in_, feature_names_in_: as in every scikit-learn estimator.

    Raises:
        InputError: for NaN or infinity, named by row and column, and for arguments outside their range.

    Warns:
        ConvergenceWarning: if `tol` was not reached, with the gap that was.

    Example:
        >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [0.0, 1.0, 2.0, 3.0]
        >>> ElasticNet(alpha=0.5, l1_ratio=0.5).fit(X, y).coef_.round(3).tolist()
        [0.667, 0.0]

    Source:
        Zou & Hastie, "Regularization and variable selection via the elastic net", JRSS B 2005.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int = 1000,
        copy_X: bool = True,
        tol: float = 1e-6,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        positive: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    path = staticmethod(enet_path)

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True, offset: Any = None
    ) -> ElasticNet:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0. Or rows beyond memory, what
                `row_source` takes.
            y: (n,) or (n, outputs), or what `row_source` takes beside X.
            sample_weight: (n,) weights >= 0, likewise.
            check_input: False spares the look for NaN and infinity, which the result is lost in.
            offset: (n,) or (n, outputs), known part of the response, added to the prediction; `predict` takes its own.
        """
        if beyond_memory(X):
            source, loss = row_source(X, y, sample_weight=sample_weight), Gaussian()
            if by_moments(source, loss):
                return self._solve(self._gathered(source, None, None, offset), None, None, None)
            self._check_number("alpha")
            self._check_number("l1_ratio", 0.0, 1.0)
            told: dict[str, Any] = {"family": loss, "l1_ratio": self.l1_ratio}
            found = self._streamed(self._source(source, None, None), float(self.alpha), offset=offset, **told)
            self._take_streamed(found, source, **told)
            return self
        if self._in_blocks(X, offset):
            return self._solve(self._gathered(X, y, sample_weight, offset), None, None, None)
        X, y = self._check_fit(X, y, finite=check_input, multi_output=True)
        check_gram(self.precompute, X, sample_weight, self.fit_intercept)
        return self._solve(X, y, sample_weight, offset)

    def _solve(self, X, y, sample_weight, offset):
        self._check_number("alpha")
        self._check_number("l1_ratio", 0.0, 1.0)
        outputs = X.outputs if y is None else y.shape[1] if self._many else 1
        start = self._begin(outputs, X.shape[1])
        if self._solve_small(X, y, (sample_weight, offset, start), self.alpha, self.l1_ratio):
            return self
        rows: dict[str, Any] = {"sample_weight": sample_weight, "offset": offset}
        options = {"l1_ratio": self.l1_ratio, "tol": self.tol, "max_iter": self.max_iter, "start": start}
        self.path_, problem, gaps = self._followed(X, y, [self.alpha], **rows, **options)
        self._keep(self.path_, 0)
        if self._many:
            self.dual_gap_ = gaps_apart(problem, self.path_.coef[0], self.alpha) if gaps is None else gaps[0]
        self._tell(problem, 0)
        self._tell_rows(X)
        return self


class Lasso(ElasticNet):
    """Linear regression with an L1 penalty, solved to a certified duality gap:

        Σ_i ω_i (y_i − x_i·w − b)² / (2 Σ_i ω_i)  +  alpha · ‖w‖₁

    Names, scale and defaults are scikit-learn's. See `ElasticNet` for the arguments that have no effect.

    Args:
        alpha: strength >= 0. The default 1 is scikit-learn's; choose it by `LassoCV`.
        fit_intercept: whether to fit b, which is never penalised.
        tol: duality gap over the null deviance that must be reached.
        max_iter: passes over the columns in which some come or go; a handful are used.
        positive: ask for coefficients that are not negative, which is `lower=0`.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        lower, upper: bounds of the coefficients, a number or (p,), with lower <= 0 <= upper.

    Attributes: as of `ElasticNet`.

    Raises:
        InputError: for NaN or infinity, named by row and column, and for arguments outside their range.

    Example:
        >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [0.0, 1.0, 2.0, 3.0]
        >>> model = Lasso(alpha=0.25).fit(X, y)
        >>> model.coef_.round(3).tolist(), model.intercept_.round(3).item(), bool(model.gap_ < 1e-12)
        ([0.8, 0.0], 0.3, True)

    Source:
        Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 1996.
    """

    l1_ratio = 1.0  # a constant of the class, not a parameter

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-6,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        positive: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper


def gaps_apart(problem: Problem, coef: np.ndarray, alpha: float) -> np.ndarray:
    """(m,) duality gaps of squared error at coefficients (m, p), of each output by itself."""
    design, (_, y) = problem.design, problem.centred()
    fitted, terms = design.predict(coef), problem.rules.terms(alpha * problem.unit)
    each = (slice(j, j + 1) for j in range(len(coef)))
    gaps = [certify(design, problem.family, y[:, j], fitted[:, j], coef[j], terms) for j in each]
    return np.array(gaps)


def total_weight(sample_weight: Any, n: int) -> float:
    """Σω, which converts between strengths per row and in total."""
    return float(plain_weights(sample_weight, n).sum())
