"""One pass over all rows for what every later one stands on: means, variances, constant columns, and the response.

Sums are kept for each fold apart, each about its own mean, and joined exactly, so that nothing cancels where a mean is
large beside its deviation, and the training rows of a fold follow from the others' sums.

Source: Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.linear_model.design.products import mean_squares, transposed_times
from normax.linear_model.streams.rows import Rows

__all__ = ["Sums", "Survey", "joined"]


@dataclass
class Sums:
    """Of some rows: weight, means of x (p,) and y (m,), squared deviations and products with y about them, ranges.

    Attributes:
        stored: (p,) entries that are not zero, for what a sparse column costs.
        start: (m,) sum over blocks of weight times the constant that fits best there.
        floor: Σω of the least loss of each row.
    """

    weight: float
    x: np.ndarray
    y: np.ndarray
    squares: np.ndarray
    cross: np.ndarray
    low: np.ndarray
    high: np.ndarray
    y_low: np.ndarray
    y_high: np.ndarray
    stored: np.ndarray
    start: np.ndarray
    floor: np.ndarray

    @classmethod
    def of(
        cls, X: Any, y: np.ndarray, weights: np.ndarray, start: np.ndarray, floor: np.ndarray
    ) -> Sums | None:
        """Of rows that weigh something; None where there are none."""
        if not weights.any():
            return None
        weight, counted = float(weights.sum()), weights > 0
        share = weights / weight
        y_mean = share @ y
        theta = share[:, None] * (y - y_mean)
        if issparse(X):
            sums = transposed_times(X, np.column_stack([share, theta]))
            x, cross = sums[0], sums[1:]
            squares = np.maximum(mean_squares(X, share) - x**2, 0.0)
            kept = X if counted.all() else X[np.flatnonzero(counted)]
            low, high = (part.toarray().ravel() for part in (kept.min(axis=0), kept.max(axis=0)))
            stored = np.bincount(X.indices, minlength=X.shape[1]).astype(float)
        else:
            kept = X if counted.all() else X[counted]
            low, high = kept.min(axis=0), kept.max(axis=0)
            x = np.where(low == high, low, share @ X)
            Z = X - x
            squares, cross = np.einsum("i,ij,ij->j", share, Z, Z, optimize=False), theta.T @ Z
            stored = np.full(X.shape[1], float(len(X)))
        return cls(
            *(weight, x, y_mean, weight * squares, weight * cross, low, high),
            *(y[counted].min(axis=0), y[counted].max(axis=0), stored, weight * start, floor),
        )

    def with_rows_of(self, other: Sums | None) -> Sums:
        """Of the rows of both."""
        if other is None:
            return self
        a, b = (_padded(part, max(len(self.y), len(other.y))) for part in (self, other))
        weight = a.weight + b.weight
        dx, dy, share = b.x - a.x, b.y - a.y, a.weight * b.weight / weight
        low, high = np.minimum(a.low, b.low), np.maximum(a.high, b.high)
        return Sums(
            weight,
            np.where(low == high, low, a.x + b.weight / weight * dx),
            a.y + b.weight / weight * dy,
            a.squares + b.squares + share * dx**2,
            a.cross + b.cross + share * np.outer(dy, dx),
            low,
            high,
            np.minimum(a.y_low, b.y_low),
            np.maximum(a.y_high, b.y_high),
            a.stored + b.stored,
            a.start + b.start,
            a.floor + b.floor,
        )


def _padded(sums: Sums, m: int) -> Sums:
    """With outputs that no row of these has, classes that do not occur."""
    more = m - len(sums.y)
    if not more:
        return sums
    longer = {
        name: np.concatenate([getattr(sums, name), np.zeros(more)])
        for name in ("y", "y_low", "y_high", "start")
    }
    cross = np.vstack([sums.cross, np.zeros((more, len(sums.x)))])
    return Sums(**{**vars(sums), **longer, "cross": cross})


class Survey:
    """What a pass gathers: the `Sums` of each part of the rows, None for one that has none that weigh.

    Args:
        rows: what the rows are, as of `Rows`.

    Attributes:
        count: how many they are.
    """

    def __init__(self, rows: Rows):
        self.rows, self.count = rows, 0
        self.parts: list[Sums | None] = [None] * rows.parts

    def add(self, block: Any) -> None:
        family = self.rows.family
        y, weights, parts, offset = self.rows.of(block)
        self.count += len(y)
        known, X = np.zeros_like(y) if offset is None else offset, block.X
        start = np.zeros(y.shape[1])
        if weights.any():
            start = family.constant(y, weights / weights.sum(), known)
        eta = known + start
        least = family.loss(y, eta) - family.deviance(y, eta)
        for part in range(self.rows.parts):
            some = slice(None) if self.rows.parts == 1 else np.flatnonzero(parts == part)
            own = weights[some]
            found = Sums.of(X[some], y[some], own, start, np.array([own @ least[some]]))
            self.parts[part] = joined([self.parts[part], found])

    def join(self, other: Any) -> None:
        self.count += other.count
        self.parts = [joined([one, two]) for one, two in zip(self.parts, other.parts)]


def joined(parts: list[Sums | None]) -> Sums | None:
    """Of the rows of all."""
    total: Sums | None = None
    for part in parts:
        total = part if total is None else total.with_rows_of(part)
    return total
