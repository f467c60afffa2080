"""What an estimator of squared error does with rows beyond memory: gather them once, and fit what stands for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from normax.linear_model.design.shapes import gram_pays
from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.estimators.streamed import OfStreams, row_folds
from normax.linear_model.path import follow_path, follow_rows
from normax.linear_model.sources.make import beyond_memory
from normax.linear_model.sources.source import BLOCK
from normax.linear_model.streams.squares import Followed, Squares, refuse_offset

__all__ = ["OfSources"]


class OfSources(OfStreams, LinearRegressor):
    """A regressor of squared error that fits sources of rows as well as tables."""

    def _in_blocks(self, X: Any, offset: Any = None) -> bool:
        """Whether X is read in blocks: rows beyond memory, and memory maps of more than a block where moments pay, which
        a fit would read over and over, and copy by the fold."""
        if beyond_memory(X):
            return True
        large = isinstance(X, np.memmap) and X.ndim == 2 and X.dtype.kind == "f" and X.nbytes > BLOCK
        counted = isinstance(getattr(self, "cv", 5), (int, np.integer, type(None)))
        return large and counted and offset is None and gram_pays(*X.shape)

    def _gathered(
        self, X: Any, y: Any, sample_weight: Any, offset: Any, folded: bool = False, groups: Any = None
    ) -> Squares:
        """The moments of a source and, with `folded`, of the folds of `cv`; the estimator notes its columns."""
        refuse_offset(offset)
        column = np.ndim(y) == 2
        if isinstance(X, np.memmap):
            y = np.asarray(y)
            sample_weight = None if sample_weight is None else plain_weights(sample_weight, len(X))
        source = self._source(X, y, sample_weight)
        squares = Squares.of(
            source, folds=row_folds(getattr(self, "cv", None), source, groups) if folded else None
        )
        self._many = squares.outputs > 1
        self._column = self._many or column
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
