"""What all estimators share: checked data, and how a `LinearPath` becomes their attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from normax.errors import InputError, suggest
from normax.forms import check_unmasked
from normax.linear_model.analysis.summary import Described, ModelSummary, describe
from normax.linear_model.design.products import times
from normax.linear_model.design.validation import Sound, check_offset, refuse_not_finite, refuse_other_kinds
from normax.linear_model.estimators.in_kind import Home, home_of, numpy_of
from normax.linear_model.estimators.small import fit_small
from normax.linear_model.path import LinearPath
from normax.linear_model.problem.problem import Problem
from normax.linear_model.sources.make import beyond_memory
from normax.linear_model.sources.prediction import predicted
from normax.linear_model.streams.squares import refuse_offset

__all__ = ["LinearEstimator", "LinearRegressor", "ManyOutputs"]


# What X may be: read as it is, never copied.
KINDS: dict[str, Any] = {"accept_sparse": ["csc", "csr"], "dtype": [np.float64, np.float32]}


class LinearEstimator(BaseEstimator):
    """Checked input and the linear predictor."""

    coef_: Any
    dual_gap_: Any
    intercept_: Any
    n_features_in_: int
    penalty_factor: Any
    lower: Any
    upper: Any
    fit_intercept: bool
    select: str
    path_: LinearPath
    _described: Described
    _precision: Any = np.float64  # of the X that was fitted
    _home: Home | None = None  # where it came from, if not from NumPy
    _in_kind = False  # whether arrays of other libraries are answered with such arrays

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_table(self, X: Any) -> np.ndarray:
        """X of a prediction: the columns that were fitted, finite."""
        check_is_fitted(self)
        X = self._taken(X)[0]
        check_unmasked("X", X)
        refuse_other_kinds(X)
        X = validate_data(self, X, reset=False, ensure_all_finite=False, **KINDS)
        refuse_not_finite("X", X, getattr(self, "feature_names_in_", None))
        return X

    def _check_fit(
        self, X: Any, y: Any, finite: bool = True, **options: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """X and y of a fit; faults are told by row and column. `validate_data` keeps the feature names.

        Args:
            finite: whether to look for NaN and infinity, which costs a pass over X.
        """
        if beyond_memory(X):
            raise InputError(
                f"X: {type(self).__name__} takes a table in memory, got rows beyond it ({type(X).__name__}); take fit_path, "
                "Lasso, Ridge, LogisticRegression, PoissonRegressor, PenalisedRegressor or PenalisedClassifier, or a sample "
                "of the rows"
            )
        X, self._home = self._taken(X)
        y = y if self._home is None else numpy_of(y)
        check_unmasked("X", X)
        refuse_other_kinds(X)
        check_unmasked("y", y)
        known = options.keys() <= {"y_numeric", "multi_output"}
        if not known or not self._is_plain(X, y, "biuf" if options.get("y_numeric") else "biufU"):
            X, y = validate_data(self, X, y, ensure_all_finite=False, **KINDS, **options)
        self._precision = X.dtype.type
        if finite:
            refuse_not_finite("X", X, getattr(self, "feature_names_in_", None))
            refuse_not_finite("y", np.asarray(y))
        return X, y

    def _is_plain(self, X: Any, y: Any, kinds: str) -> bool:
        """Whether X and y, of one of some kinds of dtype, are arrays as `validate_data` leaves them; its attributes are
        then set, in a tenth of its time."""
        if type(X) is not np.ndarray or type(y) is not np.ndarray:
            return False
        if (
            X.ndim != 2
            or X.dtype != float
            or not X.size
            or y.shape != X.shape[:1]
            or y.dtype.kind not in kinds
        ):
            return False
        self.n_features_in_ = X.shape[1]
        self.__dict__.pop("feature_names_in_", None)  # of a fit before
        return True

    def _taken(self, X: Any) -> tuple[Any, Home | None]:
        """X as it is, or what scikit-learn dispatches by the array API as NumPy's, and where that came from."""
        home = home_of(X)
        if home is not None and not self._in_kind:
            raise InputError(
                f"X: {type(self).__name__} expected a NumPy array under array_api_dispatch=True, got one of {home.namespace}; "
                "hand over np.asarray(X), or fit outside of array_api_dispatch"
            )
        return (X, None) if home is None else (numpy_of(X), home)

    def _check_number(self, name: str, low: float = 0.0, high: float = np.inf, strict: bool = False) -> None:
        value = getattr(self, name)
        if (
            not isinstance(value, (int, float, np.number))
            or isinstance(value, bool)
            or not (low < value if strict else low <= value)
            or not value <= high
        ):
            bound = f"{'>' if strict else '>='} {low:g}" + (f" and <= {high:g}" if np.isfinite(high) else "")
            raise InputError(f"{name}: expected a number {bound}, got {value!r}")

    def _check_solver(self, known: tuple[str, ...]) -> None:
        """Refuse a solver that is none of scikit-learn's; one that is changes nothing."""
        solver = getattr(self, "solver")  # noqa: B009  not every estimator has one
        if solver not in known:
            raise InputError(
                f"solver: expected one of {', '.join(known)}, got {solver!r}{suggest(str(solver), known)}"
            )

    def _rules(self) -> dict[str, Any]:
        """What `fit_path` is told about single features."""
        rules = {"penalty_factor": self.penalty_factor}
        if hasattr(self, "lower"):
            rules |= {"lower": 0.0 if getattr(self, "positive", False) else self.lower, "upper": self.upper}
        return rules

    def _begin(self, outputs: int, p: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Coefficients and intercepts of the fit before, if `warm_start` asks to begin from them."""
        if not getattr(self, "warm_start", False) or not hasattr(self, "coef_"):
            return None
        coef = numpy_of(self.coef_)
        coef = np.atleast_2d(coef.toarray() if issparse(coef) else coef).astype(float)
        if coef.shape != (outputs, p):
            raise InputError(
                f"warm_start: expected coef_ of shape ({outputs}, {p}) to begin from, got {coef.shape}; set "
                "warm_start=False for a fit of another shape"
            )
        return coef, np.broadcast_to(numpy_of(getattr(self, "intercept_", 0.0)), outputs).astype(float)

    def _free(self, strength: float) -> bool:
        """Whether neither a penalty nor a rule tells fits apart that predict the same."""
        return strength == 0 and all(rule is None for rule in self._rules().values())

    def _problem(self, X: Any, y: Any, **options: Any) -> Problem:
        """The problem of a fit to checked rows, made once."""
        return Problem.of(Sound(X), y, fit_intercept=self.fit_intercept, **self._rules(), **options)

    def _linear(self, X: Any, offset: Any = None) -> np.ndarray:
        if not beyond_memory(X):
            return self._of_numbers(self._check_table(X), offset)
        check_is_fitted(self)
        refuse_offset(offset)
        shape = np.shape(self.coef_)[:-1]
        names = getattr(self, "feature_names_in_", None)
        return predicted(X, self._of_numbers, self.n_features_in_, names, shape[0] if shape else None)

    def _of_numbers(self, X: Any, offset: Any = None) -> np.ndarray:
        """The linear predictors of a checked table."""
        coef, intercept = numpy_of(self.coef_), numpy_of(self.intercept_)
        coef = coef.toarray() if issparse(coef) else coef
        eta = times(X, np.atleast_2d(coef).T)
        known = check_offset(offset, eta.shape)
        eta = eta if known is None else eta + known
        return eta.reshape(len(eta), *coef.shape[:-1]) + intercept

    def _as_precise(self, *fitted: Any) -> Any:
        """Coefficients and intercepts in the precision of X, as scikit-learn has them, and of its library; `path_` keeps
        all digits."""
        told = tuple(np.asarray(a).astype(self._precision, copy=False) for a in fitted)
        return told if self._home is None else tuple(self._home.array(a) for a in told)

    def _keep(self, path: LinearPath, at: int, units: float = 1.0) -> None:
        """Certificates of the chosen fit; `units` converts the gap to scikit-learn's objective."""
        self.dual_gap_ = float(path.dual_gap[at]) * units
        self.gap_ = float(path.gap[at])
        # Of a path, the look that found the neighbour's coefficients to fit counts: scikit-learn asks for 1 at least.
        self.n_iter_ = max(int(path.n_iter[at]), int(len(path.n_iter) > 1))

    def _solve_small(
        self, X: Any, y: Any, others: tuple, alpha: float, l1_ratio: float, units: float = 1.0
    ) -> bool:
        """Fit where the table is small and nothing else is asked for; `others` are None if so, `alpha` is on the scale
        of the mean loss."""
        if type(X) is not np.ndarray or y.ndim > 1 or y.dtype != float or X.dtype != float or self._many:
            return False
        if any(value is not None for value in (*others, *self._rules().values())):
            return False
        most = getattr(self, "max_iter", None)  # Ridge has no use for it
        found = fit_small(X, y, alpha, l1_ratio, self.fit_intercept, self.tol, 1 if most is None else most)
        if found is not None:
            path, self._described = found
            names = getattr(self, "feature_names_in_", None)
            self.path_ = path if names is None else replace(path, feature_names=tuple(names))
            self._keep(self.path_, 0, units)
        return found is not None

    def _tell(
        self, problem: Problem, at: int, cv: Any = None, family: Any = None, penalty: str | None = None
    ) -> None:
        """Complete `path_`, the fits of the problem, and keep what `summary` needs.

        Args:
            cv: (mean, standard error) along the path; family: what it was called, if not by its name; penalty: the
                name of one that is no mixture of L1 and L2.
        """
        names = getattr(self, "feature_names_in_", None)
        self.path_ = self.path_.told(None if names is None else tuple(names), at, cv)
        family = problem.family.name if family is None else family
        self._described = describe(problem, self.path_, at, family, penalty)

    def summary(self) -> ModelSummary:
        """The model in words and numbers: how its strength was chosen, what it explains, its coefficients raw and
        standardised, by name. `print` it, or let a notebook show it.

        Returns:
            A `ModelSummary`; its `coefficients` and `facts` are there to compute with.

        Example:
            >>> from normax.linear_model import Lasso
            >>> print(Lasso(alpha=0.25).fit([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], range(4)).summary())
            model               Lasso (gaussian, l1_ratio 1)
            rows, features      4, 2
            alpha               0.25 (given)
            features selected   1 of 2
            degrees of freedom  1
            deviance explained  0.9600 of the null deviance, on the training rows
            duality gap         <= 1e-12 of the null deviance
            <BLANKLINE>
            feature  coef  standardised
                 x0   0.8        0.8944
            <BLANKLINE>
            intercept: 0.3
            No p-values: a penalty that chose the coefficients on these rows leaves none that hold (debiased_lasso).
        """
        check_is_fitted(self)
        at = int(self.path_.chosen or 0)
        name = next(
            (n for n in ("alpha", "C", "strength") if hasattr(self, n + "_") or hasattr(self, n)), "strength"
        )
        value = getattr(self, name + "_", None)
        value = getattr(self, name, None) if value is None else value
        told = f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
        why = "given"
        if self.path_.cv_mean is not None and self.path_.cv_se is not None:
            rule = (
                "smallest error"
                if self.select == "min"
                else "simplest within one standard error of the smallest"
            )
            why = f"{rule}: cross-validated {self.path_.cv_mean[at]:.4g} ± {self.path_.cv_se[at]:.2g}"
        outputs = getattr(self, "classes_", None)
        return self._described.summary(
            type(self).__name__, {name: f"{told} ({why})"}, self.path_, at, outputs
        )


class LinearRegressor(RegressorMixin, LinearEstimator):
    """A regressor whose prediction is the linear predictor."""

    _in_kind = True

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Fitted values, (n,) or (n, outputs).

        Args:
            X: (n, p) table with the columns of the fit; or rows beyond memory, what `row_source` takes: lazy values of
                Dask's collections, else an array, made block by block.
            offset: (n,) or (n, outputs), known part of the response, which is added; None for 0.
        """
        return self._answer(X, self._linear(X, offset))

    def _answer(self, X: Any, values: np.ndarray) -> Any:
        """Predictions in the kind of X."""
        home = home_of(X)
        return values if home is None else home.array(values)

    @property
    def sparse_coef_(self) -> csr_array:
        """`coef_` as a sparse (outputs, p) array."""
        return csr_array(np.atleast_2d(numpy_of(self.coef_)))

    def _keep(self, path, at, units=1.0):
        super()._keep(path, at, units)
        self.coef_, self.intercept_ = self._as_precise(path.coef[at], path.intercept[at])
        if not self._many:
            self.coef_ = self.coef_[0]
            if not self._column:
                self.intercept_ = self.intercept_[0]
        if not self.fit_intercept:
            self.intercept_ = 0.0

    def _check_fit(self, X, y, **options):
        X, y = super()._check_fit(X, y, y_numeric=True, **options)
        # scikit-learn's shapes: one column of y has coefficients (p,), but an intercept (1,).
        self._column = y.ndim == 2
        self._many = self._column and y.shape[1] > 1
        return X, y


class ManyOutputs(BaseEstimator):
    """Tells scikit-learn that y may have several columns."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
