"""Filling missing cells and standardising columns, fitted on the training rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["FillAndScale"]

# The mean of n equal numbers is off by rounding; what varies by less than this share of it is not variation.
ROUNDING = 1e-13


class FillAndScale:
    """Each column's NaN becomes its mean, then `z = (x − mean) / sd`; a constant column becomes 0.

    It follows scikit-learn's transformer protocol (`fit`, `transform`, `clone`, `Pipeline`), so that a
    path clones it and fits it inside each fold. The mean is over the cells that are there and the standard
    deviation (`ddof=0`) over the column once filled, so that every column of the training rows has
    variance 1 and one strength means the same for all. A column that is missing throughout the rows it is
    fitted on has mean 0 and becomes 0.

    Attributes:
        mean_: (p,) means, which are also the fills.
        scale_: (p,) standard deviations; 0 where the column is constant.

    Raises:
        InputError: if a column holds inf or values too large to square.

    Example:
        >>> z = FillAndScale().fit_transform(np.array([[1.0, 5.0], [np.nan, 5.0], [3.0, 5.0]]))
        >>> z.round(3)
        array([[-1.225,  0.   ],
               [ 0.   ,  0.   ],
               [ 1.225,  0.   ]])
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """No parameters; part of scikit-learn's protocol."""
        return {}

    def set_params(self) -> FillAndScale:
        """No parameters; part of scikit-learn's protocol."""
        return self

    def fit(self, X: Any, y: Any = None) -> FillAndScale:
        """Learn the means and standard deviations of X (n, p); y is ignored."""
        X = np.asarray(X, dtype=float)
        there = ~np.isnan(X)
        count = there.sum(axis=0)
        with np.errstate(invalid="ignore", over="ignore"):
            self.mean_ = np.where(there, X, 0).sum(axis=0) / np.maximum(count, 1)
            deviation = np.where(there, X - self.mean_, 0)
            self.scale_ = np.sqrt((deviation * deviation).sum(axis=0) / max(len(X), 1))
        broken = np.flatnonzero(~np.isfinite(self.scale_))
        if broken.size:
            raise InputError(f"columns {broken.tolist()} (from 0) hold inf or values too large to square")
        self.scale_[self.scale_ <= ROUNDING * np.abs(self.mean_)] = 0
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Fill and standardise X (n, p) with what `fit` learned."""
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or X.shape[1] != len(self.mean_):
            raise InputError(f"expected shape (rows, {len(self.mean_)}), got {X.shape}")
        factor = np.divide(1.0, self.scale_, out=np.zeros_like(self.scale_), where=self.scale_ > 0)
        return np.where(np.isnan(X), 0, X - self.mean_) * factor

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """`fit`, then `transform`, on the same rows."""
        return self.fit(X).transform(X)

    def standardises(self, X: Any, sample_weight: Any = None) -> float | None:
        """For a linear path, which then need not copy X (n, p) in every fold: the share of a mean below which a
        column counts as constant, or None where cells are missing or rows have weights that `fit` would not know."""
        return None if sample_weight is not None or np.isnan(np.asarray(X, dtype=float)).any() else ROUNDING

    def to_json(self) -> dict[str, list[float]]:
        """Means (the fills) and scales as plain lists; floats survive JSON exactly."""
        return {"mean": self.mean_.tolist(), "scale": self.scale_.tolist()}

    @classmethod
    def from_json(cls, recipe: dict[str, list[float]]) -> FillAndScale:
        """The transformer that `to_json` wrote."""
        self = cls()
        self.mean_, self.scale_ = np.array(recipe["mean"], float), np.array(recipe["scale"], float)
        return self
