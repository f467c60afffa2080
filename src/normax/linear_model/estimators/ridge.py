"""`Ridge`, drop-in for scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.estimators.base import ManyOutputs
from normax.linear_model.estimators.incremental import Incremental
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.path import LinearPath
from normax.linear_model.streams.squares import Squares

__all__ = ["Ridge", "own_strengths"]

SOLVERS = ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs")  # scikit-learn's


class Ridge(ManyOutputs, Incremental):
    """Linear regression with an L2 penalty, on scikit-learn's scale, which has no 1/n:

        Σ_i ω_i (y_i − x_i·w − b)²  +  alpha · ‖w‖₂²

    so that alpha is the strength of `normax` times Σω. One factorisation, exact; p > n and collinear
    columns are allowed, and alpha = 0 gives the least squares solution of the smallest norm.

    Args:
        alpha: strength >= 0, or one for each output. The default 1 is scikit-learn's; choose it by `RidgeCV`.
        fit_intercept: whether to fit b, which is never penalised.
        copy_X, max_iter, solver, random_state: accepted so that code written for scikit-learn runs; the
            result depends on none. Any of scikit-learn's solvers may be named, also where it has none of that name for
            a sparse X or coefficients that are not negative.
        tol: duality gap over the null deviance above which a warning is given.
        positive: ask for coefficients that are not negative, which is `lower=0`.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        lower, upper: bounds of the coefficients, a number or (p,), with lower <= 0 <= upper.

    Attributes:
        coef_, intercept_, gap_, n_iter_, path_: as of `ElasticNet`.
        dual_gap_: duality gap in units of the objective above.
        solver_: the solver that was named.

    Raises:
        InputError: for NaN or infinity, named by row and column, and for arguments outside their range.

    Example:
        >>> Ridge(alpha=2.0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).coef_.round(9).tolist()
        [0.5]

    Source:
        Hoerl & Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 1970.
    """

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-6,
        solver: str = "auto",
        random_state: Any = None,
        positive: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.random_state = random_state
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Ridge:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0. Or rows beyond memory, what
                `row_source` takes.
            y: (n,) or (n, outputs), or what `row_source` takes beside X.
            sample_weight: (n,) weights >= 0, likewise.
            offset: (n,) or (n, outputs), known part of the response, added to the prediction; `predict` takes its own.
        """
        self._check_solver(SOLVERS)
        if self._in_blocks(X, offset):
            return self._solve(self._gathered(X, y, sample_weight, offset), None, None, None)
        X, y = self._check_fit(X, y, multi_output=True)
        return self._solve(X, y, sample_weight, offset)

    def _solve(self, X, y, sample_weight, offset):
        total = X.every.total if isinstance(X, Squares) else total_weight(sample_weight, X.shape[0])
        outputs = (X.outputs if isinstance(X, Squares) else y.shape[1]) if self._many else 1
        alphas = np.atleast_1d(np.asarray(self.alpha, dtype=float))
        if alphas.shape not in ((1,), (outputs,)):
            raise InputError(
                f"alpha: expected one number or one for each of {outputs} outputs, got {self.alpha!r}. Number of "
                f"targets and number of penalties do not correspond: {alphas.size} != {outputs}"
            )
        if not np.all(np.isfinite(alphas) & (alphas >= 0)):
            raise InputError(f"alpha: expected finite numbers >= 0, got {self.alpha!r}")
        self.solver_ = self.solver
        if self._solve_small(X, y, (sample_weight, offset), float(alphas[0] / total), 0.0, 2 * total):
            return self
        rows: dict[str, Any] = {"sample_weight": sample_weight, "offset": offset}
        path, problem, _ = self._followed(X, y, alphas / total, l1_ratio=0.0, tol=self.tol, **rows)
        if len(alphas) > 1:
            path = own_strengths(path)
        self.path_ = path
        self._keep(path, 0, units=2 * total)
        self._tell(problem, 0)
        self._tell_rows(X)
        return self


def own_strengths(path: LinearPath) -> LinearPath:
    """The fit of output c at strength c, from a path whose strengths are those of the outputs; its gap is the worst."""
    c, worst = np.arange(len(path.strengths)), int(np.argmax(path.dual_gap))
    return LinearPath(
        path.strengths[[worst]],
        path.coef[None, c, c],
        path.intercept[None, c, c],
        path.gap[[worst]],
        path.dual_gap[[worst]],
        path.n_iter[[worst]],
        family=path.family,
    )
