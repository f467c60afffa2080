"""`NamedRegressor`: one family at one strength, under the name that scikit-learn has for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.estimators.named_solvers import words_of
from normax.linear_model.estimators.smallest import smallest
from normax.linear_model.estimators.streamed import OfStreams
from normax.linear_model.families import Family
from normax.linear_model.path import follow_path
from normax.linear_model.sources.make import beyond_memory

__all__ = ["NamedRegressor"]


class NamedRegressor(OfStreams, LinearRegressor):
    """A regressor with alpha, l1_ratio, tol and max_iter, on the scale of the mean loss of its family."""

    alpha: float
    l1_ratio: float
    tol: float
    max_iter: int
    solver: str
    solvers: tuple[str, ...] = ()  # names that scikit-learn has for its own

    def _family(self) -> Family:
        """The loss, with the parameters that the estimator has for it."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Any:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0. Or rows beyond memory, what
                `row_source` takes.
            y: (n,) numbers that suit the model, such as counts or rates >= 0, or what `row_source` takes beside X.
            sample_weight: (n,) weights >= 0; for rates of counts, the exposures.
            offset: (n,) known part of x·w + b, the logarithms of exposures for counts; `predict` takes its own.
        """
        self._check_solver(self.solvers)
        self._check_number("alpha")
        self._check_number("l1_ratio", 0.0, 1.0)
        if beyond_memory(X):
            source = self._source(X, y, sample_weight)
            told: dict[str, Any] = {"family": self._family(), "l1_ratio": self.l1_ratio}
            found = self._streamed(source, float(self.alpha), offset=offset, **told)
            self._take_streamed(found, source, **told)
            return self
        X, y = self._check_fit(X, y)
        problem = self._problem(
            X,
            y,
            family=self._family(),
            l1_ratio=self.l1_ratio,
            sample_weight=sample_weight,
            offset=offset,
            tol=self.tol,
            max_iter=self.max_iter,
            start=self._begin(1, X.shape[1]),
        )
        path = follow_path(problem, [self.alpha], words_of(self.solver, self.max_iter))
        self.path_ = (
            smallest(path, problem) if self._free(self.alpha) and not problem.family.nonsmooth else path
        )
        self._keep(self.path_, 0)
        self._tell(problem, 0)
        return self

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Expected responses, (n,); of `QuantileRegressor` the quantiles.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) known part of the linear predictor, which is added to x·w + b; None for 0.
        """
        return self._answer(X, self._family().mean(self._linear(X, offset)))
