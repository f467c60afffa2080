"""Which fold holds a row out, for rows that nobody lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["RowFolds"]


@dataclass(frozen=True)
class RowFolds:
    """K folds of n rows, each of which is held out once or never and trains all other folds.

    Attributes:
        count: K; n: rows. labels: (n,) the fold that holds a row out, −1 for none; None for consecutive folds of sizes
            that differ by one at most, which nobody needs to list. start: number of the first row that has a label.
    """

    count: int
    n: int
    labels: np.ndarray | None = None
    start: int = 0

    @classmethod
    def listed(cls, pairs: Iterable[Any], n: int) -> RowFolds:
        """From pairs (training rows, held-out rows), a number of two bytes for each row.

        Raises:
            InputError: for a row that is held out twice, and for folds that do not train on all other rows.
        """
        labels, count = np.full(n, -1, dtype=np.int16), 0
        for k, (train, test) in enumerate(pairs):
            if (labels[test] >= 0).any() or len(np.unique(test)) != len(test) or len(train) + len(test) != n:
                raise InputError(
                    f"cv: fold {k} holds out a row of another fold, or does not train on all rows that it does not hold "
                    "out, which takes a pass of its own; give a count, KFold or GroupKFold for a source of rows"
                )
            labels[test], count = k, k + 1
        return cls(count, n, labels)

    def part(self, start: int, rows: int) -> RowFolds:
        """What some rows need to know."""
        return self if self.labels is None else replace(self, labels=self.of(start, rows), start=start)

    def of(self, start: int, rows: int) -> np.ndarray:
        """(rows,) the folds of some rows."""
        if self.labels is not None:
            return self.labels[start - self.start : start - self.start + rows]
        sizes = np.full(self.count, self.n // self.count)
        sizes[: self.n % self.count] += 1
        return np.searchsorted(np.cumsum(sizes), np.arange(start, start + rows), side="right")
