"""One pass over all rows at many points at once: their losses, the gradients of every column, and some Hessians."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.linear_model.design.products import add_transposed_times, times
from normax.linear_model.streams.products import Products, picked_rows
from normax.linear_model.streams.rows import Rows, Said, hear

__all__ = ["Bend", "Look", "Points", "Question"]

# Numbers of all points together that are at work at a time, small enough for the cache, and rows that are at least.
TOGETHER, FEWEST = 1 << 16, 256


@dataclass(frozen=True)
class Points:
    """P fits of q outputs each, on common columns.

    Attributes:
        output, fold: (P,) the column of y and the fold whose rows are left out, −1 for none.
        features: (a,) columns that some of them use. coef: (P, q, a), in the units of X; intercept: (P, q), for centred
            columns.
    """

    output: np.ndarray
    fold: np.ndarray
    features: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(P, q)."""
        return self.intercept.shape[0], self.intercept.shape[1]


@dataclass(frozen=True)
class Bend:
    """A Hessian that a pass forms: at which point, of which columns (a,), those from number `first` on with all of them,
    as a dense block or entry by entry, from which share of the rows."""

    at: int
    features: np.ndarray
    first: int
    dense: bool
    share: float


@dataclass(frozen=True)
class Question:
    """What a pass is asked.

    Attributes:
        sparse: whether blocks are. means: (p,) what all columns are taken about.
    """

    rows: Rows
    sparse: bool
    means: np.ndarray
    points: Points
    bends: tuple[Bend, ...]


@dataclass
class Look:
    """What a pass gathers: what the rows taken so far say; not divided by their weights.

    Attributes:
        asked: what for. said: of each point. u: (P q, p) gradients `Xᵀθ` of all columns.
        bent: of each Hessian.
    """

    asked: Question
    said: Said
    u: np.ndarray
    bent: list[Products]

    @classmethod
    def nothing(cls, asked: Question) -> Look:
        (count, q), p, parts = asked.points.shape, len(asked.means), asked.rows.parts
        return cls(
            asked,
            Said.nothing(count, q),
            np.zeros((p, count * q)).T if asked.sparse else np.zeros((count * q, p)),
            [Products.nothing(parts, q, len(bend.features), bend.first) for bend in asked.bends],
        )

    def add(self, block: Any) -> None:
        """Add what a block says."""
        asked = self.asked
        y, weights, parts, offset = asked.rows.of(block)
        count, q = asked.points.shape
        widest = max((len(bend.features) for bend in asked.bends), default=1)
        step = max(FEWEST, TOGETHER // max(count * q, len(asked.points.features), widest, 1))
        for start in range(0, len(y), step):
            some = slice(start, start + step)
            own = None if offset is None else offset[some]
            number = block.start + start + np.arange(len(parts[some]))
            chosen: tuple[Any, ...] = (block.X[some], y[some], weights[some], parts[some], own, number)
            if asked.rows.parts > 1:  # so that rows of a part lie together
                order = np.argsort(parts[some], kind="stable")
                chosen = tuple(None if one is None else one[order] for one in chosen)
            self._take(*chosen)

    def _take(
        self,
        X: Any,
        y: np.ndarray,
        weights: np.ndarray,
        parts: np.ndarray,
        offset: Any,
        numbers: np.ndarray,
    ) -> None:
        asked = self.asked
        points, family = asked.points, asked.rows.family
        count, q = points.shape
        eta = _predictors(X, asked.means, points).reshape(len(y), count, q) + points.intercept
        if offset is not None:
            eta += offset[:, None, :] if family.coupled else offset[:, points.output, None]
        means = [family.mean(eta[:, bend.at]) if family.coupled else None for bend in asked.bends]
        theta, d = hear(family, y, weights, parts, eta, points.output, points.fold, self.said)
        add_transposed_times(X, theta.reshape(-1, count * q), self.u)
        bounds = np.searchsorted(parts, np.arange(asked.rows.parts + 1))
        columns: dict[
            bytes, tuple[np.ndarray, np.ndarray | None]
        ] = {}  # of bends that follow each other on the same
        for bend, mean, sums in zip(asked.bends, means, self.bent):
            curves = _curves(d[:, bend.at], weights, mean)
            picked, key = picked_rows(numbers, bend.share), bend.features.tobytes()
            if bend.dense and key not in columns:
                Z = _centred(X, asked.means, bend.features)
                columns = {key: (Z, Z**2 if bend.share < 1 else None)}
            for part, (low, high) in enumerate(pairwise(bounds)):
                if low == high:
                    continue
                rows = slice(None) if high - low == len(y) else slice(low, high)
                for (c, e), curve in curves:
                    own = (curve[rows], picked[rows])
                    if bend.dense:
                        Z, squares = columns[key]
                        sums.add_dense(
                            (part, c, e), Z[rows], None if squares is None else squares[rows], *own
                        )
                    else:
                        sums.add_sparse((part, c, e), X[rows], bend.features, *own)

    def join(self, other: Any) -> None:
        """Take in what others say."""
        for field in fields(self.said):
            getattr(self.said, field.name).__iadd__(getattr(other.said, field.name))
        self.u += other.u
        for one, two in zip(self.bent, other.bent):
            one.join(two)

    def whole(self) -> Look:
        """With what centring takes off where columns came as they are, and with the Hessians' other halves; in place."""
        for bend, sums in zip(self.asked.bends, self.bent):
            if not bend.dense:
                sums.centre(self.asked.means[bend.features])
            sums.mirror()
        return self


def _predictors(X: Any, means: np.ndarray, points: Points) -> np.ndarray:
    """(r, P q) linear predictors without intercepts."""
    flat = points.coef.reshape(points.intercept.size, len(points.features))
    if not issparse(X):
        return _centred(X, means, points.features) @ flat.T
    whole = np.zeros((len(means), len(flat)))
    whole[points.features] = flat.T
    return times(X, whole) - means[points.features] @ flat.T


def _centred(X: Any, means: np.ndarray, features: np.ndarray) -> np.ndarray:
    Z = X[:, features]
    return (Z.toarray() if issparse(X) else Z) - means[features]


def _curves(d: np.ndarray, weights: np.ndarray, mean: Any) -> list[tuple[tuple[int, int], np.ndarray]]:
    """Weighted second derivatives of the rows in pairs of outputs, of which those that are coupled have a mean."""
    q = d.shape[1]
    own = [((c, c), d[:, c]) for c in range(q)]
    return own + [((c, e), -weights * mean[:, c] * mean[:, e]) for c in range(q) for e in range(c)]
