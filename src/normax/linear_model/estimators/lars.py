"""`lars_path`, `Lars`, `LassoLars` and `LassoLarsIC`: all knots of the path, with scikit-learn's names and returns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from normax.errors import InputError, Notice, suggest
from normax.linear_model.analysis.summary import ModelSummary
from normax.linear_model.estimators.base import LinearRegressor, ManyOutputs
from normax.linear_model.estimators.regressors import gaps_apart
from normax.linear_model.families import Gaussian
from normax.linear_model.path import LinearPath
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.squares.knots import Knots, follow_knots

__all__ = ["Knotted", "Lars", "LassoLars", "LassoLarsIC", "lars_path"]

METHODS = {"lar": False, "lasso": True}
CRITERIA: dict[str, Any] = {"aic": lambda n: 2.0, "bic": np.log}


def lars_path(
    X: Any,
    y: Any,
    Xy: Any = None,
    *,
    Gram: Any = None,
    max_iter: int = 500,
    alpha_min: float = 0.0,
    method: str = "lar",
    copy_X: bool = True,
    eps: float = 0.0,
    copy_Gram: bool = True,
    verbose: Any = 0,
    return_path: bool = True,
    return_n_iter: bool = False,
    positive: bool = False,
) -> tuple:
    """All knots of the path of `‖y − Xw‖² / (2n) + alpha ‖w‖₁`, between which coefficients are linear in alpha; or of
    least angle regression, whose columns never leave.

    As in scikit-learn no intercept is fitted: centre X and y beforehand, or use `LassoLars`.

    Args:
        X: (n, p) design; y: (n,) response.
        Xy, Gram, copy_X, eps, copy_Gram, verbose: accepted so that code written for scikit-learn runs; the result
            depends on none.
        max_iter: steps at most, and columns at work.
        alpha_min: where the path ends.
        method: "lar" (default), or "lasso".
        return_path: False for the end alone.
        return_n_iter: whether to return the number of steps too.
        positive: ask for coefficients that are not negative.

    Returns:
        alphas (k,), decreasing, the columns at work at the end in the order in which they came, coefs (p, k), and the
        number of steps if asked for; of the end alone the alpha and (p,).

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> alphas, active, coefs = lars_path([[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0]], [-1.0, -0.5, 1.5], method="lasso")
        >>> alphas.round(6).tolist(), active, coefs.round(6).tolist()
        ([0.833333, 0.166667, 0.0], [0, 1], [[0.0, 1.0, 1.25], [0.0, 0.0, 0.25]])

    Source:
        Efron, Hastie, Johnstone & Tibshirani, "Least angle regression", Annals of Statistics 2004.
    """
    if X is None:
        raise InputError(
            "X: expected a table, got None. X cannot be None if Gram is not None, and X and Gram cannot both be "
            "unspecified"
        )
    if method not in METHODS:
        raise InputError(f"method: expected 'lar' or 'lasso', got {method!r}{suggest(str(method), METHODS)}")
    problem = Problem.of(X, y, fit_intercept=False)
    if positive and method == "lar":
        raise InputError(
            "positive: expected False with method='lar', got True. Positive constraint not supported for 'lar' coding "
            "method."
        )
    if problem.y.shape[1] > 1:
        raise InputError(
            f"y: expected one response of shape (n,), got shape {problem.y.shape}; use LassoLars"
        )
    found = follow_knots(
        problem.design,
        problem.centred()[1][:, 0],
        lasso=METHODS[method],
        positive=positive,
        stop=alpha_min,
        most=max_iter,
    )
    alphas, coefs = found.strengths, found.coef.T
    told = (alphas, found.active, coefs) if return_path else (alphas[-1], found.active, coefs[:, -1])
    return (*told, len(alphas) - 1) if return_n_iter else told


class Degenerate(Notice, ConvergenceWarning):
    """Columns that repeat others: a notice of the data, and what scikit-learn warns with, for those who filter by that."""


class Knotted(LinearRegressor):
    """What all of them share: knots of each output, and the fit at one of them."""

    penalty_factor = lower = upper = None
    positive = False
    lasso = True
    fit_path = True

    def _follow(self, X: Any, y: np.ndarray, weights: Any, Xy: Any, stop: float, most: int) -> list[Knots]:
        """Knots of each output; sets the attributes that tell of them, and the coefficients at the last."""
        jitter = getattr(self, "jitter", None)
        if jitter is not None:
            y = y + check_random_state(self.random_state).uniform(high=jitter, size=len(y)).reshape(
                -1, *[1] * (y.ndim - 1)
            )
        self._rows: Any = self._problem(X, y, sample_weight=weights)
        self._centre, centred = self._rows.centred()
        options: dict[str, Any] = {"lasso": self.lasso, "positive": self.positive, "stop": stop, "most": most}
        found = [follow_knots(self._rows.design, one, **options) for one in centred.T]
        kept: dict[str, list] = {
            "alphas_": [knots.strengths for knots in found],
            "n_iter_": [len(knots.strengths) - 1 for knots in found],
            "active_": [knots.active for knots in found],
        }
        if self.fit_path:
            kept["coef_path_"] = list(self._as_precise(*(knots.coef.T for knots in found)))
        for name, values in kept.items():
            setattr(self, name, values if self._many else values[0])
        self._tell_repeated(sorted({j for knots in found for j in knots.repeated}))
        self._at(np.array([knots.coef[-1] for knots in found]))
        return found

    def _tell_repeated(self, columns: list[int]) -> None:
        if columns:
            names = getattr(self, "feature_names_in_", None)
            told = ", ".join(str(j if names is None else names[j]) for j in columns[:5])
            warnings.warn(
                f"Regressors in active set degenerate. Columns {told}{', ...' if len(columns) > 5 else ''} of X are "
                "combinations of those at work and stay out; the fit is a minimum without them",
                Degenerate,
                stacklevel=4,
            )

    def _at(self, coef: np.ndarray) -> None:
        """Keep coefficients (m, p), and the intercepts that belong to them."""
        coef, intercept = self._as_precise(coef, self._centre - coef @ self._rows.design.means)
        self.coef_ = coef if self._many else coef[0]
        self.intercept_ = intercept if self._many or self._column else intercept[0]
        self.intercept_ = self.intercept_ if self.fit_intercept else 0.0

    def _keep_path(self, knots: Knots, at: int, cv: Any = None) -> None:
        """`path_` of one response, whose fits between knots `path_.at` gives exactly, and what `summary` tells; cv is
        mean and standard error at the knots."""
        rows, coef = self._rows, knots.coef[:, None, :]
        gaps = np.array([gaps_apart(rows, w, s)[0] for w, s in zip(coef, knots.strengths)])
        null = 0.5 * float(rows.design.weights @ rows.centred()[1][:, 0] ** 2)
        intercept = self._centre - coef @ rows.design.means
        told = gaps / null if null > 0 else gaps
        steps = np.ones(len(gaps), dtype=int)
        known: dict[str, Any] = {"null_deviance": null, "family": Gaussian()}
        self.path_ = LinearPath(knots.strengths, coef, intercept, told, gaps, steps, **known)
        self.dual_gap_, self.gap_ = float(gaps[at]), float(told[at])
        self._tell(rows, at, cv)

    def summary(self) -> ModelSummary:
        """As of every linear model; of one response, since `path_` tells of one."""
        check_is_fitted(self)
        if not hasattr(self, "path_"):
            raise InputError(
                f"summary: expected one of LassoLars, LassoLarsCV and LassoLarsIC with one response, got "
                f"{type(self).__name__}; use Lasso"
            )
        return super().summary()


class Lars(ManyOutputs, Knotted):
    """Least angle regression: columns join one after another as the gradient comes down, and none leaves.

    Args:
        fit_intercept: whether to fit an intercept.
        n_nonzero_coefs: columns at which the path ends; all if there are fewer.
        fit_path: whether to keep `coef_path_`.
        jitter: of uniform noise in [0, jitter) that is added to y, by `random_state`; None (default) for none.
        verbose, precompute, eps, copy_X: accepted so that code written for scikit-learn runs; the result depends on
            none.

    Attributes:
        alphas_: (k,) knots; active_: columns at work at the end, in the order in which they came; coef_path_: (p, k);
            n_iter_: steps; coef_, intercept_: at the end. Of several outputs lists of them.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X, y = [[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0]], [-1.0, -0.5, 1.5]
        >>> Lars(n_nonzero_coefs=1).fit(X, y).coef_.round(6).tolist()
        [1.0, 0.0]

    Source:
        Efron, Hastie, Johnstone & Tibshirani, "Least angle regression", Annals of Statistics 2004.
    """

    lasso = False

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        verbose: Any = False,
        precompute: Any = "auto",
        n_nonzero_coefs: int = 500,
        eps: float = 0.0,
        copy_X: bool = True,
        fit_path: bool = True,
        jitter: float | None = None,
        random_state: Any = None,
    ):
        self.fit_intercept = fit_intercept
        self.verbose = verbose
        self.precompute = precompute
        self.n_nonzero_coefs = n_nonzero_coefs
        self.eps = eps
        self.copy_X = copy_X
        self.fit_path = fit_path
        self.jitter = jitter
        self.random_state = random_state

    def fit(self, X: Any, y: Any, Xy: Any = None, sample_weight: Any = None) -> Lars:
        """Fit the path.

        Args:
            X: (n, p) table of finite numbers; y: (n,) or (n, outputs).
            Xy: accepted so that code written for scikit-learn runs.
            sample_weight: (n,) weights >= 0.
        """
        self._check_number("n_nonzero_coefs", 1)
        X, y = self._check_fit(X, y, multi_output=True)
        self._follow(X, y, sample_weight, Xy, 0.0, self.n_nonzero_coefs)
        return self


class LassoLars(ManyOutputs, Knotted):
    """The lasso by all knots of its path down to alpha; the fit is that of `Lasso(alpha)`, whose objective this is.

    Args:
        alpha: where the path ends, >= 0.
        fit_intercept: whether to fit an intercept, which is never penalised.
        max_iter: steps at most.
        fit_path, jitter, random_state, verbose, precompute, eps, copy_X: as of `Lars`.
        positive: ask for coefficients that are not negative.

    Attributes:
        alphas_: (k,) knots down to alpha; active_, coef_path_, n_iter_, coef_, intercept_: as of `Lars`.
        dual_gap_: duality gap of the coefficients in units of the objective; (outputs,) for several.
        gap_, path_: as of `Lasso`, of one response: a `LinearPath` of the knots, between which `path_.at` is exact.

    Raises:
        InputError: for data or arguments that cannot be used.

    Warns:
        ConvergenceWarning: if `max_iter` steps did not reach alpha; the coefficients are those of the last knot.

    Example:
        >>> model = LassoLars(alpha=0.5).fit([[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0]], [-1.0, -0.5, 1.5])
        >>> model.coef_.round(6).tolist(), model.alphas_.round(6).tolist()
        ([0.5, 0.0], [0.833333, 0.5])

    Source: as of `Lars`.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        verbose: Any = False,
        precompute: Any = "auto",
        max_iter: int = 500,
        eps: float = 0.0,
        copy_X: bool = True,
        fit_path: bool = True,
        positive: bool = False,
        jitter: float | None = None,
        random_state: Any = None,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.verbose = verbose
        self.precompute = precompute
        self.max_iter = max_iter
        self.eps = eps
        self.copy_X = copy_X
        self.fit_path = fit_path
        self.positive = positive
        self.jitter = jitter
        self.random_state = random_state

    def fit(self, X: Any, y: Any, Xy: Any = None, sample_weight: Any = None) -> LassoLars:
        """Fit the path.

        Args:
            X: (n, p) table of finite numbers; y: (n,) or (n, outputs).
            Xy: accepted so that code written for scikit-learn runs.
            sample_weight: (n,) weights >= 0.
        """
        self._check_number("alpha")
        self._check_number("max_iter", 1)
        X, y = self._check_fit(X, y, multi_output=True)
        found = self._follow(X, y, sample_weight, Xy, self.alpha, self.max_iter)
        worst = max(float(knots.strengths[-1]) for knots in found)
        if self._many:
            self.dual_gap_ = np.array(
                [
                    gaps_apart(self._rows.part(slice(j, j + 1)), knots.coef[-1:], knots.strengths[-1])[0]
                    for j, knots in enumerate(found)
                ]
            )
        else:
            self._keep_path(found[0], len(self.alphas_) - 1)
        if worst > self.alpha * (1 + 1e-9) + 1e-12 * found[0].strengths[0]:
            warnings.warn(
                f"alpha {self.alpha:g} was not reached in {self.max_iter} steps: the coefficients are those of alpha "
                f"{worst:.6g}; raise max_iter, or use Lasso",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self


class LassoLarsIC(Knotted):
    """The lasso at that knot of its path where an information criterion is smallest:
    `n ln(2πσ²) + RSS / σ² + c · df`, with c = 2 of AIC or ln n of BIC, and df the number of coefficients.

    Args:
        criterion: "aic" (default) or "bic".
        noise_variance: σ²; None (default) for that of least squares on all columns, which needs n > p.
        fit_intercept, max_iter, positive, verbose, precompute, eps, copy_X: as of `LassoLars`.

    Attributes:
        alpha_: chosen; alphas_: (k,) knots; criterion_: (k,) there; noise_variance_: σ².
        coef_, intercept_, n_iter_, dual_gap_, gap_, path_: as of `LassoLars`, at alpha_.

    Raises:
        InputError: for data or arguments that cannot be used, such as more columns than rows without a noise variance.

    Example:
        >>> X = np.array([[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]])
        >>> LassoLarsIC(criterion="bic").fit(X, [-1.0, -0.1, 1.1, 2.0, 3.0]).coef_.round(2).tolist()
        [1.01, 0.08]

    Source:
        Zou, Hastie & Tibshirani, "On the degrees of freedom of the lasso", Annals of Statistics 2007.
    """

    fit_path = False

    def __init__(
        self,
        criterion: str = "aic",
        *,
        fit_intercept: bool = True,
        verbose: Any = False,
        precompute: Any = "auto",
        max_iter: int = 500,
        eps: float = 0.0,
        copy_X: bool = True,
        positive: bool = False,
        noise_variance: float | None = None,
    ):
        self.criterion = criterion
        self.fit_intercept = fit_intercept
        self.verbose = verbose
        self.precompute = precompute
        self.max_iter = max_iter
        self.eps = eps
        self.copy_X = copy_X
        self.positive = positive
        self.noise_variance = noise_variance

    def fit(self, X: Any, y: Any, copy_X: bool | None = None) -> LassoLarsIC:
        """Fit the path and choose.

        Args:
            X: (n, p) table of finite numbers; y: (n,) response.
            copy_X: accepted so that code written for scikit-learn runs.
        """
        if self.criterion not in CRITERIA:
            raise InputError(f"criterion: expected 'aic' or 'bic', got {self.criterion!r}")
        X, y = self._check_fit(X, y)
        n, p = X.shape
        (knots,) = self._follow(X, y, None, None, 0.0, self.max_iter)
        design, centred = self._rows.design, self._rows.centred()[1]
        if self.noise_variance is None:
            free = n - p - bool(self.fit_intercept)
            if free <= 0:
                raise InputError(
                    f"noise_variance: expected a number for n_samples={n}, n_features={p}, got None. You are using "
                    "LassoLarsIC in the case where the number of samples is smaller than the number of features"
                )
            Z = design.centred_matrix()
            least = centred[:, 0] - Z @ np.linalg.lstsq(Z, centred[:, 0], rcond=None)[0]
            self.noise_variance_ = float(least @ least) / free
        else:
            self.noise_variance_ = float(self.noise_variance)
        squares = ((centred - design.predict(knots.coef)) ** 2).sum(axis=0)
        df = np.count_nonzero(np.abs(knots.coef) > np.finfo(float).eps, axis=1)
        price = CRITERIA[self.criterion](n) * df
        self.criterion_ = (
            n * np.log(2 * np.pi * self.noise_variance_) + squares / self.noise_variance_ + price
        )
        best = int(np.argmin(self.criterion_))
        self.alpha_ = float(knots.strengths[best])
        self._at(knots.coef[[best]])
        self._keep_path(knots, best)
        return self
