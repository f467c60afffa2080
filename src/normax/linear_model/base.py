"""What all estimators share: checked data, and how a `LinearPath` becomes their attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from normax.errors import InputError
from normax.linear_model.path import LinearPath
from normax.linear_model.validation import refuse_not_finite

__all__ = ["LinearEstimator", "LinearRegressor", "ManyOutputs"]


class LinearEstimator(BaseEstimator):
    """Checked input and the linear predictor."""

    coef_: np.ndarray
    intercept_: Any
    n_features_in_: int
    penalty_factor: Any
    lower: Any
    upper: Any

    def _check_table(self, X: Any) -> np.ndarray:
        """X of a prediction: the columns that were fitted, finite."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite=False, dtype=np.float64)
        refuse_not_finite("X", X, getattr(self, "feature_names_in_", None))
        return X

    def _check_fit(self, X: Any, y: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
        """X and y of a fit; faults are told by row and column. `validate_data` keeps the feature names."""
        X, y = validate_data(self, X, y, ensure_all_finite=False, dtype=np.float64, **options)
        refuse_not_finite("X", X, getattr(self, "feature_names_in_", None))
        refuse_not_finite("y", np.asarray(y))
        return X, y

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

    def _rules(self) -> dict[str, Any]:
        """What `fit_path` is told about single features."""
        lower = 0.0 if getattr(self, "positive", False) else self.lower
        return {"penalty_factor": self.penalty_factor, "lower": lower, "upper": self.upper}

    def _linear(self, X: Any) -> np.ndarray:
        X = self._check_table(X)
        return X @ self.coef_.T + self.intercept_

    def _keep(self, path: LinearPath, at: int, units: float = 1.0) -> None:
        """Certificates of the chosen fit; `units` converts the gap to scikit-learn's objective."""
        self.dual_gap_ = float(path.dual_gap[at]) * units
        self.gap_ = float(path.gap[at])
        self.n_iter_ = int(path.n_iter[at])


class LinearRegressor(RegressorMixin, LinearEstimator):
    """A regressor whose prediction is the linear predictor."""

    def predict(self, X: Any) -> np.ndarray:
        """Fitted values, (n,) or (n, outputs).

        Args:
            X: (n, p) table with the columns of the fit.
        """
        return self._linear(X)

    def _keep(self, path, at, units=1.0):
        super()._keep(path, at, units)
        self.coef_, self.intercept_ = path.coef[at], path.intercept[at]
        if not self._many:
            self.coef_, self.intercept_ = self.coef_[0], float(self.intercept_[0])

    def _check_fit(self, X, y, **options):
        X, y = super()._check_fit(X, y, y_numeric=True, **options)
        self._many = y.ndim == 2
        return X, y


class ManyOutputs(BaseEstimator):
    """Tells scikit-learn that y may have several columns."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
