"""Filling missing cells and standardising columns, fitted on the training rows alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.forms import made
from normax.tables.expansion import Expansion

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

    Args:
        expansion: what is put beside the columns once they are filled, and standardised as they are; its knots come
            from the rows it is fitted on.

    Attributes:
        expansion_: the same with its knots, or None.
        mean_: (p,) means, of the columns alone also the fills; then those of what the expansion adds.
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

    def __init__(self, expansion: Expansion | None = None) -> None:
        self.expansion = expansion

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The one parameter, by scikit-learn's protocol."""
        return {"expansion": self.expansion}

    def set_params(self, **params: Any) -> FillAndScale:
        """Set it, by scikit-learn's protocol."""
        self.expansion = params.get("expansion", self.expansion)
        return self

    def fit(self, X: Any, y: Any = None) -> FillAndScale:
        """Learn the means and standard deviations of X (n, p); y is ignored."""
        X = np.asarray(X, dtype=float)
        self.expansion_ = None if self.expansion is None else self.expansion.fitted(X)
        if self.expansion_ is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                self.mean_ = _means(X)
                X = self.expansion_.apply(X, self.mean_)
        there = ~np.isnan(X)
        with np.errstate(invalid="ignore", over="ignore"):
            self.mean_ = _means(X)
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
        p = len(self.mean_) - (0 if self.expansion_ is None else self.expansion_.added)
        if X.ndim != 2 or X.shape[1] != p:
            raise InputError(f"expected shape (rows, {p}), got {X.shape}")
        if self.expansion_ is not None:
            X = self.expansion_.apply(X, self.mean_[:p])
        factor = np.divide(1.0, self.scale_, out=np.zeros_like(self.scale_), where=self.scale_ > 0)
        return np.where(np.isnan(X), 0, X - self.mean_) * factor

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """`fit`, then `transform`, on the same rows."""
        return self.fit(X).transform(X)

    def standardises(self, X: Any, sample_weight: Any = None) -> float | None:
        """For a linear path, which then need not copy X (n, p) in every fold: the share of a mean below which a
        column counts as constant, or None where cells are missing, rows have weights that `fit` would not know, or
        there is an expansion."""
        missing = np.isnan(np.asarray(X, dtype=float)).any()
        return None if sample_weight is not None or missing or self.expansion is not None else ROUNDING

    def to_json(self) -> dict[str, Any]:
        """Means (the fills), scales and the expansion as plain lists; floats survive JSON exactly."""
        expansion = None if self.expansion_ is None else asdict(self.expansion_)
        return {"mean": self.mean_.tolist(), "scale": self.scale_.tolist(), "expansion": expansion}

    @classmethod
    def from_json(cls, recipe: dict[str, Any]) -> FillAndScale:
        """The transformer that `to_json` wrote."""
        told = recipe.get("expansion")
        self = cls(None if told is None else made(told, Expansion))
        self.expansion_ = self.expansion
        self.mean_, self.scale_ = np.array(recipe["mean"], float), np.array(recipe["scale"], float)
        return self


def _means(X: np.ndarray) -> np.ndarray:
    """(p,) of the cells that are there; 0 where none is."""
    there = ~np.isnan(X)
    return np.where(there, X, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
