"""What an estimator of squared error does with rows beyond memory: gather them once, and fit what stands for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.estimators.streamed import OfStreams, row_folds
from normax.linear_model.path import follow_path, follow_rows
from normax.linear_model.streams.squares import Followed, Squares, refuse_offset

__all__ = ["OfSources"]


class OfSources(OfStreams, LinearRegressor):
    """A regressor of squared error that fits sources of rows as well as tables."""

    def _gathered(
        self, X: Any, y: Any, sample_weight: Any, offset: Any, folded: bool = False, groups: Any = None
    ) -> Squares:
        """The moments of a source and, with `folded`, of the folds of `cv`; the estimator notes its columns."""
        refuse_offset(offset)
        source = self._source(X, y, sample_weight)
        squares = Squares.of(
            source, folds=row_folds(getattr(self, "cv", None), source, groups) if folded else None
        )
        self._many = self._column = len(squares.every.mean) > source.p + 1
        return squares

    def _problem(self, X, y, **options):
        if isinstance(X, Squares):
            return X.problem(fit_intercept=self.fit_intercept, **self._rules(), **options)
        return super()._problem(X, y, **options)

    def _followed(self, X: Any, y: Any, strengths: Any, **options: Any) -> Followed:
        """The path of a table or of `Squares`, the problem, and for the latter the gaps of each output."""
        if not isinstance(X, Squares):
            problem = self._problem(X, y, **options)
            return Followed(follow_path(problem, strengths), problem, None)
        options = {name: value for name, value in options.items() if name not in ("sample_weight", "offset")}
        return follow_rows(X, strengths, fit_intercept=self.fit_intercept, **self._rules(), **options)

    def _tell_rows(self, X: Any) -> None:
        """Let the summary count the rows that were fitted, and not those that stand for them."""
        if isinstance(X, Squares):
            self._described = replace(self._described, n=X.every.rows)
