"""Dask arrays and data frames as sources of rows, on whatever scheduler Dask is told of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.design.validation import refuse_other_kinds
from normax.linear_model.sources.source import BLOCK, G, Part, Source, checked, mark_of

__all__ = ["DaskParts"]

# Partitions that a cluster is asked for at once: what they find waits here, and more of it would only fill the memory.
TOGETHER = 16


class DaskParts(Source):
    """X, y and weights of a Dask array (n, p) or data frame, partition by partition.

    A partition is computed where Dask computes it, and only one waits here at a time. Where a Dask client runs, `gather`
    works on partitions where they lie, and what travels is what it found. A data frame's rows are counted first, which
    is a pass.

    Args:
        X: a Dask array or data frame.
        y, weights: arrays of NumPy or Dask, series of Dask, or columns of the data frame by name. features: of a data
            frame, None for all others.
    """

    kind = "Dask"

    def __init__(self, X: Any, y: Any = None, weights: Any = None, features: Any = None, size: int = BLOCK):
        frame = hasattr(X, "columns")
        if frame:
            X, y, weights = _columns(X, y, weights, features)
            refuse_other_kinds(X._meta_nonempty)
        elif features is not None:
            raise InputError("features: expected None beside an array; choose columns of X itself")
        elif X.ndim != 2:
            raise InputError(f"X: expected a Dask array of shape (n, p), got {X.ndim} dimensions")
        self._lengths = _lengths(X)
        self._given = [
            None if a is None else self._split(name, a)
            for name, a in (("X", X), ("y", y), ("sample_weight", weights))
        ]
        meta = X._meta
        names = tuple(str(name) for name in X.columns) if frame else None
        dtype = np.float64 if frame else X.dtype
        super().__init__(X.shape[1], sum(self._lengths), names, hasattr(meta, "indptr"), dtype, size)
        self.passes = int(frame)

    def _split(self, name: str, a: Any) -> list[Any]:
        """What gives the rows of each partition: values, or what Dask computes."""
        ends = np.cumsum(self._lengths)
        if not hasattr(a, "dask"):
            a = np.asarray(a)
            if a.shape[:1] != (ends[-1],):
                raise InputError(f"{name}: expected {ends[-1]} rows as in X, got shape {a.shape}")
            return np.split(a, ends[:-1])
        if hasattr(a, "chunks"):
            rows = tuple(self._lengths)
            if not np.isnan(a.shape[0]) and a.shape[0] != ends[-1]:
                raise InputError(f"{name}: expected {ends[-1]} rows as in X, got shape {a.shape}")
            wanted = {0: a.chunks[0] if np.isnan(a.shape[0]) else rows, **({1: -1} if a.ndim > 1 else {})}
            a = a.rechunk(wanted)
        parts = np.ravel(a.to_delayed()).tolist()
        if len(parts) != len(self._lengths):
            raise InputError(
                f"{name}: expected {len(self._lengths)} partitions as in X, got {len(parts)}; make both from one data "
                "frame, or name the column"
            )
        return parts

    def _partitions(self) -> Iterator[tuple[Any, ...]]:
        nothing = [None] * len(self._lengths)
        return zip(*(nothing if a is None else a for a in self._given))

    def _parts(self) -> Iterator[Part]:
        import dask

        for part in self._partitions():
            yield _numbers(*dask.compute(*part))

    def gather(self, make: Callable[[int, int], G], workers: int = 1) -> G:
        client = _client()
        if client is None:
            return super().gather(make, workers)
        from dask import delayed

        told = SimpleNamespace(p=self.p, names=self.names, kind=self.kind, size=self.size)
        starts, work = np.cumsum([0, *self._lengths]), delayed(_gathered)
        tasks = [
            work(part, int(start), told, make(int(start), rows))
            for part, start, rows in zip(self._partitions(), starts, self._lengths)
        ]
        total, at, rows = make(0, self.n or 0), 0, 0
        with self._pass() as report:
            for first in range(0, len(tasks), TOGETHER):
                for found, marks in client.gather(client.compute(tasks[first : first + TOGETHER])):
                    for start, mark in marks:
                        self._compare(at, start, mark)
                        at, rows = at + 1, rows + mark[0]
                    total.join(found)
                report(rows, self._told)
            self._end(rows, at)
        return total


def _gathered(part: Any, start: int, told: Any, found: Any) -> tuple[Any, list[Any]]:
    """What is found in a partition, and its blocks' starts and marks."""
    marks = []
    for block in checked(_numbers(*part), start, told):
        found.add(block)
        marks.append((block.start, mark_of(block)))
    return found, marks


def _client() -> Any:
    """The Dask client of this process, or None."""
    if "distributed" not in sys.modules:
        return None
    try:
        return sys.modules["distributed"].default_client()
    except ValueError:
        return None


def _lengths(X: Any) -> list[int]:
    """Rows of each partition, counted where Dask does not know."""
    chunks = getattr(X, "chunks", None)
    if chunks is not None and not np.isnan(chunks[0]).any():
        return [int(length) for length in chunks[0]]
    import dask

    parts = np.ravel(X.to_delayed() if chunks is None else X.rechunk({1: -1}).to_delayed())
    return list(dask.compute(*(dask.delayed(_rows)(part) for part in parts)))


def _rows(part: Any) -> int:
    return part.shape[0]


def _numbers(*part: Any) -> Part:
    """X, y and weights of a partition, data frames as arrays."""
    X, y, weights = (a.to_numpy() if hasattr(a, "to_numpy") else a for a in part)
    if isinstance(X, np.ndarray) and X.dtype.kind == "O":  # columns of pandas' own missing values, say
        X = X.astype(np.float64)
    return X, y, weights


def _columns(X: Any, y: Any, weights: Any, features: Any) -> tuple[Any, Any, Any]:
    """The features of a data frame, None for all but the columns that y and weights name, and these."""
    own: list[Any] = []
    known = [str(name) for name in X.columns]

    def taken(what: str, name: Any) -> Any:
        several = isinstance(name, (list, tuple))
        if not several and not isinstance(name, str):
            return name
        strange = [each for each in (name if several else [name]) if str(each) not in known]
        if strange:
            raise InputError(f"{what}: no column is {strange[0]!r}{suggest(str(strange[0]), known)}")
        own.extend(name if several else [name])
        return X[list(name)] if several else X[name]

    y, weights = taken("y", y), taken("sample_weight", weights)
    if features is None:
        return X[[name for name in X.columns if name not in own]], y, weights
    return taken("features", list(features)), y, weights
