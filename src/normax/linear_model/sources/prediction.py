"""Predictions of rows beyond memory, block by block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.sources.make import row_source
from normax.linear_model.sources.source import Source

__all__ = ["predicted"]


def predicted(
    X: Any, call: Callable[[Any], np.ndarray], p: int, names: Any = None, outputs: int | None = None
) -> Any:
    """What `call` makes of every block: lazily of Dask's collections, else an array of all rows.

    Args:
        X: what `row_source` takes, or a source. call: from (r, p) numbers to (r,) or (r, outputs); it may run in another
            process. p, names: columns that it wants, the latter None where it does not know. outputs: None for a plain
            column.

    Raises:
        InputError: for other columns than these.
    """
    if not hasattr(X, "dask"):
        plain = names is None or isinstance(X, Source) or callable(X)
        source = row_source(X) if plain else row_source(X, features=list(names))
        _check(source.p, p)
        return np.concatenate([call(block.X) for block in source.blocks()])
    if not hasattr(X, "columns"):
        _check(X.shape[1], p)
        X = X.rechunk({1: -1})
        if outputs is None:
            return X.map_blocks(call, dtype=np.float64, drop_axis=1, meta=np.empty(0))
        return X.map_blocks(call, dtype=np.float64, chunks=(X.chunks[0], (outputs,)), meta=np.empty((0, 0)))
    if names is not None:
        missing = [name for name in names if name not in X.columns]
        if missing:
            raise InputError(
                f"X: expected the columns of the fit, got none called {', '.join(map(repr, missing[:5]))}"
            )
        X = X[list(names)]
    _check(X.shape[1], p)

    def part(table: Any) -> Any:
        found = call(table.to_numpy(dtype=np.float64))
        kind = type(table) if found.ndim > 1 else type(table[table.columns[0]])
        return kind(found, index=table.index)

    return X.map_partitions(part, meta=part(X._meta_nonempty).iloc[:0])


def _check(got: int, expected: int) -> None:
    if got != expected:
        raise InputError(f"X: expected the {expected} columns of the fit, got {got}")
