"""What any estimator does with rows beyond memory whose moments do not say all: fit them by passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.balance import class_weighted
from normax.errors import InputError
from normax.linear_model.analysis.summary import Described
from normax.linear_model.estimators.base import LinearEstimator
from normax.linear_model.families import Family, family_of
from normax.linear_model.path import streamed_path
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.make import row_source
from normax.linear_model.sources.source import Source
from normax.linear_model.streams.follow import follow_stream
from normax.linear_model.streams.labels import classes_of
from normax.linear_model.streams.newton import Streamed
from normax.selection import folds as folds_of

__all__ = ["OfStreams", "row_folds"]


class OfStreams(LinearEstimator):
    """An estimator that fits sources of rows by passes in which all of its fits take their steps."""

    def _source(self, X: Any, y: Any, sample_weight: Any) -> Source:
        """The source; the estimator notes its columns."""
        source = row_source(X, y, sample_weight=sample_weight)
        self.n_features_in_, self._precision = source.p, source.dtype.type
        self.__dict__.pop("feature_names_in_", None)
        if source.columns is not None:
            self.feature_names_in_ = np.array(source.columns, dtype=object)
        return source

    def _coded(self, source: Source, class_weight: Any = None) -> tuple[str, dict[str, Any], float]:
        """The family of the classes, what tells rows their numbers and weights, and the total weight; a pass."""
        self.classes_, totals = classes_of(source)
        factors = None
        if class_weight is not None:
            weighted = class_weighted(totals, self.classes_, class_weight)
            factors = np.divide(weighted, totals, out=np.ones_like(totals), where=totals > 0)
        family = "binomial" if len(self.classes_) == 2 else "multinomial"
        told = {"labels": self.classes_, "factors": factors}
        return family, told, float(totals.sum() if factors is None else factors @ totals)

    def _options(self, **options: Any) -> dict[str, Any]:
        """What `follow_stream` is told by an estimator."""
        own: Any = self
        common = {"fit_intercept": self.fit_intercept, "tol": own.tol, "max_iter": own.max_iter}
        return common | self._rules() | options

    def _streamed(self, source: Source, strength: float, **options: Any) -> Streamed:
        return follow_stream(source, np.array([strength]), **self._options(**options))

    def _take_streamed(
        self,
        found: Streamed,
        source: Source,
        family: Any,
        l1_ratio: float,
        at: int = 0,
        cv: Any = None,
        units: float = 1.0,
    ) -> None:
        """Keep what passes have found; `cv` is the mean and the standard error of each strength."""
        loss: Family = family_of(family)
        own: Any = self
        path = streamed_path(found, source, loss, own.tol)
        own._many = own._column = found.coef.shape[1] > 1
        names = getattr(self, "feature_names_in_", None)
        self.path_ = path.told(None if names is None else tuple(names), at, cv)
        self._keep(self.path_, at, units)
        coef, null = path.coef[at], path.null_deviance
        used = coef.any(axis=0)
        self._described = Described(
            found.n,
            source.p,
            loss.name,
            l1_ratio,
            np.where(used, found.sd, np.nan),
            float(np.count_nonzero(coef)) if l1_ratio == 1 else np.nan,
            float(1 - found.left[at] / null) if null > 0 else 0.0,
            None,
        )


def row_folds(cv: Any, source: Source, groups: Any = None) -> RowFolds:
    """The folds that scikit-learn's `cv` asks for: None for 5 of consecutive rows, a count of them, a splitter or pairs.

    Raises:
        InputError: for folds that a source cannot have.
    """
    n = source.shape[0]
    if cv is None or isinstance(cv, (int, np.integer)):
        count = 5 if cv is None else int(cv)
        if not 2 <= count <= n:
            raise InputError(f"cv: expected from 2 to {n} folds, as many as rows, got {count}")
        return RowFolds(count, n)
    if hasattr(cv, "split"):  # pair by pair, since each lists all rows
        return RowFolds.listed(cv.split(np.zeros((n, 1), np.int8), None, groups), n)
    return RowFolds.listed(folds_of(cv, n), n)
