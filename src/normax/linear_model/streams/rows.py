"""What each row of a block is: its response, weight, offset and fold, and what it says at many linear predictors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.compiled import kernel
from normax.errors import InputError
from normax.linear_model.families import Family
from normax.linear_model.families.rows import row
from normax.linear_model.sources.folds import RowFolds

__all__ = ["NEAR", "Rows", "Said", "hear"]

# Which compiled row squared error is; the others have numbers of their own.
SQUARED = -1
# How much shorter a dual point is, of which every pass tells what it costs.
NEAR = 1e-3


@dataclass(frozen=True)
class Rows:
    """The rows of a source, beyond their X.

    Attributes:
        family: the loss; m: outputs, 0 as long as they are not counted.
        folds: which of them holds a row out; None without folds.
        offset: (n, m) known part of the linear predictors, or None. start: number of the first row that it is of.
        labels: (C,) the classes, sorted, where y has them and not numbers; factors: (C,) of their weights, or None.
    """

    family: Family
    m: int = 0
    folds: RowFolds | None = None
    offset: np.ndarray | None = None
    start: int = 0
    labels: np.ndarray | None = None
    factors: np.ndarray | None = None

    @property
    def groups(self) -> int:
        """How many folds there are."""
        return 0 if self.folds is None else self.folds.count

    @property
    def parts(self) -> int:
        """How many parts sums over rows are kept in: one a fold, and one of rows that no fold holds out."""
        return self.groups + 1

    def part(self, start: int, rows: int) -> Rows:
        """What some rows need to know, which may be elsewhere."""
        if self.folds is None and self.offset is None:
            return self
        folds = None if self.folds is None else self.folds.part(start, rows)
        at = start - self.start
        offset = None if self.offset is None else self.offset[at : at + rows]
        return replace(self, folds=folds, offset=offset, start=start)

    def of(self, block: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        """(r, m) response, (r,) weights, (r,) parts and the offset (r, m) of a block; classes that it lacks have columns
        of zeros."""
        r, at = block.X.shape[0], block.start - self.start
        if block.y is None:
            raise InputError("y: expected the response of every row, got None; give the source its y")
        codes = block.y if self.labels is None else np.searchsorted(self.labels, block.y)
        y = self.family.response(codes, r)
        if y.shape[1] < self.m:
            y = np.hstack([y, np.zeros((r, self.m - y.shape[1]))])
        weights = np.ones(r) if block.weights is None else block.weights
        weights = weights if self.factors is None else weights * self.factors[codes]
        parts = np.zeros(r, dtype=np.intp)
        if self.folds is not None:
            parts[:] = self.folds.of(block.start, r)
            parts[parts < 0] = self.groups
        offset = None if self.offset is None else np.broadcast_to(self.offset[at : at + r], y.shape)
        if offset is not None and self.family.name == "gaussian":
            y, offset = y - offset, None
        return y, weights, parts, offset


@dataclass
class Said:
    """Sums over rows, of P points of q outputs each; weighted, not divided by the weights.

    Attributes:
        loss, held: (P,) of the rows that a point is fitted to, and of those its fold holds out.
        near: (P,) what a dual point shorter by NEAR costs at most, `Σ ω fenchel(1 − NEAR)`.
        total, size, along: (P, q) `Σθ`, `Σ|θ|` and `Σθη` of the weighted residuals θ.
        bend: (P, q, q) second derivatives in the intercepts.
    """

    loss: np.ndarray
    held: np.ndarray
    near: np.ndarray
    total: np.ndarray
    size: np.ndarray
    along: np.ndarray
    bend: np.ndarray

    @classmethod
    def nothing(cls, count: int, q: int) -> Said:
        shape = (count, q)
        loss, held, near = (np.zeros(count) for _ in range(3))
        return cls(loss, held, near, np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros((*shape, q)))


def hear(
    family: Family,
    y: np.ndarray,
    weights: np.ndarray,
    parts: np.ndarray,
    eta: np.ndarray,
    output: np.ndarray,
    fold: np.ndarray,
    said: Said,
) -> tuple[np.ndarray, np.ndarray]:
    """Add what some rows say of P points, and return the weighted residuals θ (r, P, q), 0 in rows that a point's fold
    holds out, and the curvatures of all rows (r, P, q), weighted too.

    Args:
        y: (r, m); parts: (r,) which fold holds each row out.
        eta: (r, P, q) linear predictors, which are overwritten.
        output, fold: (P,) the column of y and the fold of each point; −1 holds nothing out.
    """
    count, q = eta.shape[1:]
    kind = SQUARED if family.name == "gaussian" else family.compiled_row
    if q == 1 and kind is not None:
        d = np.empty(eta.shape)
        flat = (
            said.loss,
            said.held,
            said.near,
            said.total[:, 0],
            said.size[:, 0],
            said.along[:, 0],
            said.bend[:, 0, 0],
        )
        with np.errstate(over="ignore", invalid="ignore"):
            _hear(kind, y, weights, parts, output, fold, eta[:, :, 0], d[:, :, 0], *flat)
        return eta, d
    d = np.empty(eta.shape)
    for i in range(count):
        own = y if family.coupled else y[:, [output[i]]]
        kept = parts != fold[i]
        with np.errstate(over="ignore", invalid="ignore"):
            loss, v, at = family.loss(own, eta[:, i]), family.residual(own, eta[:, i]), eta[:, i].copy()
            d[:, i] = weights[:, None] * family.curvature(own, at)
            theta = np.where(kept, weights, 0.0)[:, None] * v
            said.loss[i] += loss[kept] @ weights[kept]
            said.held[i] += loss[~kept] @ weights[~kept]
            said.near[i] += family.fenchel(own, at, 1 - NEAR)[kept] @ weights[kept]
            said.along[i] += (theta * at).sum(axis=0)
            inner = np.diag((d[:, i] * kept[:, None]).sum(axis=0))
            if family.coupled:
                mean = family.mean(at)
                cross = (mean * (weights * kept)[:, None]).T @ mean
                np.fill_diagonal(cross, 0.0)
                inner = inner - cross
        said.total[i] += theta.sum(axis=0)
        said.size[i] += np.abs(theta).sum(axis=0)
        said.bend[i] += inner
        eta[:, i] = theta
    return eta, d


@kernel
def _hear(kind, y, weights, parts, output, fold, eta, d, loss, held, near, total, size, along, bend):
    """The same for points of one output each, of a family that is compiled: θ takes the place of eta (r, P).

    Kullback and Leibler's divergence is no more than χ², here the square of the residual over the curvature.
    """
    for i in range(len(eta)):
        for c in range(len(output)):
            e, target = eta[i, c], y[i, output[c]]
            if kind == SQUARED:
                v = target - e
                value, curve = 0.5 * v * v, 1.0
            else:
                value, v, curve = row(kind, target, e)
            d[i, c] = weights[i] * curve
            if parts[i] == fold[c]:
                held[c] += weights[i] * value
                eta[i, c] = 0.0
                continue
            theta = weights[i] * v
            loss[c] += weights[i] * value
            total[c] += theta
            size[c] += abs(theta)
            along[c] += theta * e
            bend[c] += d[i, c]
            near[c] += weights[i] * NEAR * NEAR * v * v / max(curve, 1e-300)
            eta[i, c] = theta
