"""Residuals: what a model of numbers leaves unexplained, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.diagnostics.columns import numbers
from normax.rows import PrintedTable

__all__ = ["Residuals", "residuals"]


@dataclass(frozen=True, repr=False)
class Residuals:
    """True and predicted numbers of n rows, and what lies between them.

    Attributes:
        true, predicted: `(n,)`, in units of y.
        residual: `(n,)` true − predicted.

    Made by `residuals`.
    """

    true: np.ndarray
    predicted: np.ndarray
    residual: np.ndarray

    @property
    def rmse(self) -> float:
        """Root of the mean squared residual, in units of y."""
        return float(np.sqrt(np.mean(self.residual**2)))

    @property
    def mae(self) -> float:
        """Mean absolute residual, in units of y."""
        return float(np.abs(self.residual).mean())

    @property
    def bias(self) -> float:
        """Mean residual: above 0 where the model predicts too little on the whole."""
        return float(self.residual.mean())

    @property
    def r2(self) -> float:
        """Share of the variance of y that is explained, 1 − Σ residual² / Σ (y − ȳ)²; NaN where y is constant."""
        spread = float(((self.true - self.true.mean()) ** 2).sum())
        return 1 - float((self.residual**2).sum()) / spread if spread else float("nan")

    def largest(self, count: int = 10) -> PrintedTable:
        """The rows that the model misses by most, by number from 0."""
        rows = np.argsort(-np.abs(self.residual), kind="stable")[:count].tolist()
        return PrintedTable(
            {"row": i, **{name: float(getattr(self, name)[i]) for name in ("true", "predicted", "residual")}}
            for i in rows
        )

    def table(self) -> PrintedTable:
        """The measures, one a row."""
        told = {"R²": self.r2, "RMSE": self.rmse, "MAE": self.mae, "mean residual": self.bias}
        return PrintedTable({"measure": name, "value": value} for name, value in told.items())

    def __repr__(self) -> str:
        return f"Residuals({len(self.true)} rows, rmse={self.rmse:.4g}, r2={self.r2:.4g})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def residuals(y: Any, predicted: Any) -> Residuals:
    """`y − f(x)` for every row, with the measures that go with it.

    Args:
        y: `(n,)` true numbers.
        predicted: `(n,)` predictions in the same units; of rows that the model did not see (`path.held_out()`, a test
            set), or else the residuals flatter it.

    Returns:
        A `Residuals`; `nx.plot.residuals` and `nx.plot.predicted` draw it.

    Raises:
        InputError: for numbers that are not finite, or columns of unequal length.

    Example:
        >>> found = residuals([1.0, 2.0, 4.0], [1.0, 3.0, 3.0])
        >>> found.residual.tolist(), found.mae
        ([0.0, -1.0, 1.0], 0.6666666666666666)

    Source:
        Draper & Smith, "Applied regression analysis", 1998, chapter 2.
    """
    true, predicted = numbers(y=y, predicted=predicted)
    return Residuals(true, predicted, true - predicted)
