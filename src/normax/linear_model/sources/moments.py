"""The second moments of a source's rows, and those of every fold, from one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.scatter import Scatter
from normax.linear_model.sources.source import Block, Source
from normax.linear_model.sources.triangle import Triangle

__all__ = ["scatters_of", "triangle_of"]


def scatters_of(source: Source, folds: RowFolds | None = None) -> list[Scatter]:
    """The moments of (x, y) of each fold's held-out rows and, last, of the rows that no fold holds out, which without
    folds are all: K + 1 of them.

    Raises:
        InputError: for rows without numbers to predict, or without any weight.
    """
    found = source.gather(
        lambda start, rows: _Scatters(None if folds is None else folds.part(start, rows or folds.n))
    )
    known = [part for part in found.parts if part is not None]
    if not any(part.total for part in known):
        raise InputError("sample_weight: all weights are zero; at least one row must count")
    return [Scatter.none(len(known[0].mean)) if part is None else part for part in found.parts]


def triangle_of(source: Source) -> Triangle:
    """The same of all rows as a triangle, by a pass whose rounding is that of the rows and not of their squares."""
    found = source.gather(lambda start, rows: _Triangles()).whole
    assert found is not None  # a pass has seen rows that count
    return found


def numbers(block: Block) -> np.ndarray:
    """(r, m) the response of a block, which is to be numbers."""
    if block.y is None:
        raise InputError(
            "y: expected a response, got None; give y=, the name of its column, or blocks (X, y) of a function"
        )
    if block.y.dtype.kind != "f":
        raise InputError(
            f"y: expected numbers, got {str(block.y.flat[0])!r} at row {block.start}; classes take LogisticRegression"
        )
    return block.outputs()


class _Scatters:
    """One for each fold, made when its first row comes; the last is of rows without a fold."""

    def __init__(self, folds: RowFolds | None):
        self.folds = folds
        self.parts: list[Scatter | None] = [None] * (1 + (0 if folds is None else folds.count))

    def add(self, block: Block) -> None:
        y = numbers(block)
        if self.folds is None:
            self._part(-1, block.X.shape[1] + y.shape[1]).add(block.X, y, block.weights)
            return
        labels = self.folds.of(block.start, block.rows)
        for k in np.unique(labels):
            rows = np.flatnonzero(labels == k)
            weights = None if block.weights is None else block.weights[rows]
            self._part(k, block.X.shape[1] + y.shape[1]).add(block.X[rows], y[rows], weights)

    def _part(self, k: int, size: int) -> Scatter:
        part = self.parts[k]
        if part is None:
            part = self.parts[k] = Scatter.none(size)
        return _of_size(part, size)

    def join(self, other: Any) -> None:
        for k, part in enumerate(other.parts):
            mine = self.parts[k]
            if part is not None:
                self.parts[k] = part if mine is None else _of_size(mine, len(part.mean)).join(part)


class _Triangles:
    def __init__(self) -> None:
        self.whole: Triangle | None = None

    def add(self, block: Block) -> None:
        weights = np.ones(block.rows) if block.weights is None else block.weights
        if weights.any():
            X = block.X.toarray() if issparse(block.X) else block.X
            self._take(Triangle.of(np.hstack([X, block.outputs()]), weights))

    def join(self, other: Any) -> None:
        if other.whole is not None:
            self._take(other.whole)

    def _take(self, more: Triangle) -> None:
        self.whole = more if self.whole is None else self.whole + more


def _of_size(part: Scatter, size: int) -> Scatter:
    if len(part.mean) != size:
        raise InputError(
            f"y: expected as many outputs in every block, got {size - len(part.mean)} more than in the first"
        )
    return part
