"""A source of rows: X, y and weights in blocks, in the same order in every pass, checked on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from scipy.sparse import csr_array, issparse

from normax.errors import InputError
from normax.linear_model.design.validation import refuse_not_finite
from normax.progress import Report, progress_bar

__all__ = ["BLOCK", "Block", "G", "Gathering", "Source", "checked", "mark_of", "rows_in"]

# Bytes of X in a block, of double precision: several such stay far below the memory of any machine, and are large enough
# for products to run at full speed.
BLOCK = 64 << 20

# What a pass meets before it is checked: X, y and weights of some rows, the latter two None where there are none.
Part = tuple[Any, Any, Any]


@dataclass(frozen=True)
class Block:
    """Some rows that follow each other.

    Attributes:
        start: number of the first, counted over the whole source.
        X: (r, p) finite float64, a NumPy array or a `csr_array`, which nobody may write to.
        y: (r,) or (r, m) finite float64, or labels as they came (text, objects); None where only X is read.
        weights: (r,) finite float64 >= 0, or None where rows count alike.
    """

    start: int
    X: Any
    y: Any
    weights: np.ndarray | None

    @property
    def rows(self) -> int:
        return self.X.shape[0]

    def outputs(self) -> np.ndarray:
        """(r, m) y, one column for a plain response."""
        return self.y.reshape(self.rows, -1)


class Gathering(Protocol):
    """What a pass gathers of the rows."""

    def add(self, block: Block) -> None:
        """Take in the next rows."""

    def join(self, other: Any) -> Any:
        """Take in what another gathered of the rows behind these."""


G = TypeVar("G", bound=Gathering)


class Source(ABC):
    """Rows in blocks, as often as they are asked for; made by `row_source`.

    A kind of source gives its `_parts`. This class cuts them to blocks of at most `size` bytes, checks every number in
    every pass, and refuses a source whose rows change from one pass to the next.

    Attributes:
        p: columns of X. n: rows, or None until a pass has ended, where the source does not know beforehand.
        names: (p,) of the columns, or None. sparse: whether blocks are compressed rows.
        dtype: of X as it lies there, float64 or float32; blocks are always float64.
        passes: how many have begun. progress: whether each shows a bar with the time left; None for where a terminal or
            a notebook watches. memory: bytes that a fit may take beside the blocks, for gradients of all columns and
            products of those at work; 1 GiB. doing: what the bar says of the fit beside.
    """

    kind: ClassVar[str] = "source"

    def __init__(
        self,
        p: int,
        n: int | None = None,
        names: tuple[str, ...] | None = None,
        sparse: bool = False,
        dtype: Any = np.float64,
        size: int = BLOCK,
    ):
        self.p, self.n, self.names, self.sparse, self.size = p, n, names, sparse, size
        self.dtype = np.dtype(np.float32 if dtype == np.float32 else np.float64)
        self.passes = 0
        self.progress: bool | None = None
        self.memory = 1 << 30
        self.doing = ""
        self._seen: list[tuple[int, ...]] = []
        self._whole = False

    @abstractmethod
    def _parts(self) -> Iterator[Part]:
        """X, y and weights of rows that follow each other, of any number of rows; a fresh pass at every call."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names, where a data frame has them."""
        return self.names

    @property
    def shape(self) -> tuple[int, int]:
        """(n, p); takes a pass where n is not known yet."""
        if self.n is None:
            for _ in self.blocks():
                pass
        assert self.n is not None
        return self.n, self.p

    def blocks(self) -> Iterator[Block]:
        """A fresh pass over all rows, in order.

        Raises:
            InputError: for NaN and infinity, named by row and column; for parts of other shapes; for a source whose rows
                are not those of the pass before.
        """
        with self._pass() as report:
            start, at = 0, 0
            for part in self._parts():
                for block in checked(part, start, self):
                    self._compare(at, block.start, mark_of(block))
                    yield block
                    start, at = start + block.rows, at + 1
                    report(start, self._told)
            self._end(start, at)

    def gather(self, make: Callable[[int, int], G], workers: int = 1) -> G:
        """A pass in which objects take in the blocks: `make(start, rows)` gives one for so many rows (those of a part, or
        all; 0 where they are not counted yet), `add(block)` is told each block, and `join(other)` takes in an object
        that saw others. Kinds whose parts lie on other machines do it there, so that objects are to be picklable.

        Args:
            workers: threads that blocks are handed to in turn, each with an object of its own, so that a pass repeats to
                the bit.
        """
        found = [make(0, self.n or 0) for _ in range(workers)]
        if workers == 1:
            for block in self.blocks():
                found[0].add(block)
            return found[0]
        waiting: deque[Future] = deque()
        with ThreadPoolExecutor(workers) as pool:
            for at, block in enumerate(self.blocks()):
                if len(waiting) == workers:  # the block before of the same object
                    waiting.popleft().result()
                waiting.append(pool.submit(found[at % workers].add, block))
            for one in waiting:
                one.result()
        for other in found[1:]:
            found[0].join(other)
        return found[0]

    @contextmanager
    def _pass(self) -> Iterator[Report]:
        """One more pass, with a bar where somebody watches."""
        self.passes += 1
        with progress_bar(f"{self.kind}, pass {self.passes}", self.n, self.progress) as report:
            yield report

    def _told(self) -> str:
        rows = "" if self.n is None else f"{self.n:,} rows"
        return ", ".join(word for word in (self.doing, rows) if word)

    def _compare(self, at: int, start: int, mark: tuple[int, ...]) -> None:
        """Note the mark of block number `at`, or hold it against that of the first pass."""
        if not self._whole:
            self._seen[at:] = [mark]
        elif at >= len(self._seen) or self._seen[at] != mark:
            raise InputError(
                f"{self.kind}: rows {start} to {start + mark[0] - 1} are not those of the first pass; a "
                "source must give the same rows in the same order every time: write what makes them to files first, or "
                "seed what is drawn at random"
            )

    def _end(self, rows: int, blocks: int) -> None:
        if not rows:
            raise InputError(f"{self.kind}: expected rows, got none")
        if blocks != len(self._seen) or (self.n is not None and rows != self.n):
            known = self.n if self.n is not None else sum(mark[0] for mark in self._seen)
            raise InputError(
                f"{self.kind}: expected {known} rows as before, got {rows}; a source must give the same rows in every pass"
            )
        self.n, self._whole = rows, True

    def __repr__(self) -> str:
        rows = "rows not yet counted" if self.n is None else f"{self.n} rows"
        return f"{type(self).__name__}({rows}, {self.p} columns, {self.passes} passes)"


def rows_in(size: int, p: float) -> int:
    """Rows of p numbers of double precision that `size` bytes hold, 1 at least."""
    return max(1, int(size / (8 * max(p, 1))))


def checked(part: Part, start: int, source: Any) -> Iterator[Block]:
    """The blocks of a part whose first row has number `start`; `source` has p, names, kind and size."""
    given, y, weights = part
    X: Any = given.tocsr() if issparse(given) else np.asarray(given)
    per_row = 1.5 * X.nnz / max(X.shape[0], 1) if issparse(X) else source.p  # an index is half a number
    if X.ndim != 2 or X.shape[1] != source.p:
        raise InputError(
            f"{source.kind}: expected blocks of X of shape (rows, {source.p}), got shape {X.shape} at row {start}"
        )
    if X.dtype.kind not in "fiub":
        raise InputError(
            f"{source.kind}: expected numbers in X, got dtype {X.dtype} at row {start}; encode such columns first"
        )
    n: int = X.shape[0]
    y, weights = (None if a is None else np.asarray(a) for a in (y, weights))
    for name, a in (("y", y), ("sample_weight", weights)):
        if a is not None and (a.shape[:1] != (n,) or a.ndim > (2 if name == "y" else 1)):
            raise InputError(
                f"{source.kind}: expected {name} of {n} rows as in X from row {start} on, got shape {a.shape}"
            )
    cuts = max(1, -(-n // rows_in(source.size, per_row)))
    step = max(1, -(-n // cuts))
    for first in range(0, n, step):
        rows = slice(first, first + step)
        own = (None if a is None else a[rows] for a in (y, weights))
        yield _block(start + first, X[rows], *own, names=source.names)


def _block(start: int, X: Any, y: Any = None, weights: Any = None, *, names: Any) -> Block:
    X = (csr_array if issparse(X) else np.ascontiguousarray)(X, dtype=np.float64)
    if issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    refuse_not_finite("X", X, names, start)
    if y is not None and y.dtype.kind in "fiub":
        y = np.ascontiguousarray(y, dtype=np.float64)
        refuse_not_finite("y", y, None, start)
    if weights is not None:
        weights = np.ascontiguousarray(weights, dtype=np.float64)
        refuse_not_finite("sample_weight", weights, None, start)
        if (weights < 0).any():
            raise InputError(
                f"sample_weight: expected weights >= 0, got {weights.min():g} at row {start + int(np.argmin(weights))}"
            )
    return Block(start, X, y, weights)


def mark_of(block: Block) -> tuple[int, ...]:
    """The number of rows, and the sums of all bits of X, y and weights as whole numbers, which come out the same in
    whatever order they are added, and of which any other number changes one."""
    X, y, weights = block.X, block.y, block.weights
    bits = [X.data, X.indices] if issparse(X) else [X]
    bits += [a for a in (y, weights) if a is not None and a.dtype != object]
    return block.rows, *(int(_words(a).sum(dtype=np.uint64)) for a in bits)


def _words(a: np.ndarray) -> np.ndarray:
    a = np.ascontiguousarray(a)
    return a.view(np.uint64 if a.dtype == np.float64 else np.uint8 if a.dtype.kind in "US" else np.uint32)
