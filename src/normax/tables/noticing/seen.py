"""What is looked at: a table, what its columns and target are, and both as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from normax.tables.columns import Column
from normax.tables.reading import Table
from normax.tables.schema import Schema
from normax.tables.target import Target

__all__ = ["Seen"]


@dataclass(frozen=True)
class Seen:
    """A table before it is fitted.

    Attributes:
        table: all columns; schema, target: what they are.
        X: (n, p) features as `schema` encodes them, NaN where missing; y: (n,) or (n, 2) as `target` does.
        grouped: whether groups are named; timed: whether times are.
    """

    table: Table
    schema: Schema
    target: Target
    X: np.ndarray
    y: np.ndarray
    grouped: bool = False
    timed: bool = False

    @cached_property
    def places(self) -> dict[str, slice]:
        """Which columns of X a column of the table became."""
        ends = np.cumsum([len(column.features) for column in self.schema.columns])
        pairs = zip(self.schema.columns, ends)
        return {column.name: slice(end - len(column.features), end) for column, end in pairs}

    def values(self, column: Column) -> np.ndarray:
        """(n,) a column of numbers, dates or truth values."""
        return self.X[:, self.places[column.name].start]
