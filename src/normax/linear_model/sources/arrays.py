"""Arrays and memory maps, compressed rows, and blocks that a function makes, as sources of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.sources.source import BLOCK, Part, Source, rows_in

__all__ = ["Arrays", "Blocks"]


class Arrays(Source):
    """X (n, p), a NumPy array, a memory map or a SciPy matrix of compressed rows; y (n,) or (n, m) and weights (n,)
    likewise. No more of them is read at a time than a block."""

    kind = "X"

    def __init__(self, X: Any, y: Any = None, weights: Any = None, names: Any = None, size: int = BLOCK):
        if issparse(X) and X.format != "csr":
            raise InputError(
                f"X: expected compressed rows (CSR), which can be read some rows at a time, got {X.format}; write "
                "X.tocsr()"
            )
        n, p = X.shape
        super().__init__(p, n, names, issparse(X), X.dtype, size)
        for name, a in (("y", y), ("sample_weight", weights)):
            if a is not None and a.shape[:1] != (n,):
                raise InputError(f"{name}: expected {n} rows as in X, got shape {a.shape}")
        self.X, self.y, self.weights = X, y, weights

    def _parts(self) -> Iterator[Part]:
        per_row = 1.5 * self.X.nnz / max(self.X.shape[0], 1) if self.sparse else self.p
        step = rows_in(self.size, per_row)
        for start in range(0, self.X.shape[0], step):
            rows = slice(start, start + step)
            yield self.X[rows], *(None if a is None else a[rows] for a in (self.y, self.weights))


class Blocks(Source):
    """What a function makes: `make()` gives the blocks of a fresh pass, (X, y) or (X, y, weights) each, always the
    same."""

    kind = "blocks"

    def __init__(self, make: Callable[[], Iterable[Any]], names: Any = None, size: int = BLOCK):
        self.make = make
        first = next(self._parts(), None)
        if first is None:
            raise InputError("blocks: expected blocks (X, y), got none")
        X = first[0]
        if np.ndim(X) != 2 and not issparse(X):
            raise InputError(f"blocks: expected X of shape (rows, p), got shape {np.shape(X)}")
        super().__init__(X.shape[1], None, names, issparse(X), getattr(X, "dtype", np.float64), size)

    def _parts(self) -> Iterator[Part]:
        blocks = self.make()
        if iter(blocks) is blocks and blocks is getattr(self, "_last", None):
            raise InputError(
                "blocks: expected a fresh pass at every call, got the same generator again; give the function that "
                "makes it, blocks and not blocks()"
            )
        self._last = blocks
        for at, block in enumerate(blocks):
            parts = block if isinstance(block, tuple) else (block,)
            if not 1 <= len(parts) <= 3:
                raise InputError(
                    f"blocks: expected (X, y) or (X, y, weights), got {len(parts)} parts in block {at}"
                )
            X, y, weights = chain(parts, [None] * (3 - len(parts)))
            yield X, y, weights
