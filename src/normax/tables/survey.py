"""A table that is too large to hold, looked at batch by batch: some of its rows, and what its columns are over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError, quoted
from normax.tables import kinds
from normax.tables.doubts import say
from normax.tables.learning import with_common_levels
from normax.tables.reading import Table
from normax.tables.schema import Schema

__all__ = ["Survey"]

#: Different texts of a column that are counted; a column of more is no set of categories.
MOST = 200_000


@dataclass
class Survey:
    """What one pass over all rows finds.

    Args:
        stride: of every so many rows one is kept.

    Attributes:
        rows: how many there are. sample: numbers of the rows that are kept; kept: their tables. absent: missing cells of
            each column. texts: rows of each text of each column of text, None where there are too many.
    """

    stride: int
    rows: int = 0
    sample: list[np.ndarray] = field(default_factory=list)
    kept: list[pa.Table] = field(default_factory=list)
    absent: Counter = field(default_factory=Counter)
    texts: dict[str, Counter | None] = field(default_factory=dict)
    _witnesses: dict[tuple[str, str], tuple[Any, pa.Table]] = field(default_factory=dict)

    def add(self, table: Table) -> None:
        """Look at the next rows."""
        first = -self.rows % self.stride
        here = np.arange(first, table.rows, self.stride)
        self.sample.append(self.rows + here)
        self.kept.append(table.data.take(pa.array(here)))
        for name in table.names:
            self._column(name, table.column(name), table)
        self.rows += table.rows

    def _column(self, name: str, cells: pa.Array, table: Table) -> None:
        missing = pc.is_null(cells, nan_is_null=True)
        count = pc.sum(missing).as_py() or 0
        self.absent[name] += count
        if count:
            self._witness(name, "missing", 0, table, missing)
        if pa.types.is_string(cells.type):
            self._count(name, cells)
            return
        try:
            there = cells.filter(pc.invert(missing))
            ends = pc.min_max(there).as_py() if len(there) else {}
        except pa.ArrowNotImplementedError:  # a type without an order, which the schema will refuse
            return
        for end, sign in (("min", -1), ("max", 1)):
            if (value := ends.get(end)) is not None:
                known = self._witnesses.get((name, end))
                if known is None or (value < known[0] if sign < 0 else value > known[0]):
                    self._witness(name, end, value, table, pc.equal(cells, pa.scalar(value, cells.type)))

    def _witness(self, name: str, what: str, value: Any, table: Table, where: pa.Array) -> None:
        """Keep the first row of which something holds."""
        if what == "missing" and (name, what) in self._witnesses:
            return
        row = pc.index(where.fill_null(False) if where.null_count else where, True).as_py()
        self._witnesses[name, what] = value, table.data.slice(row, 1)

    def _count(self, name: str, cells: pa.Array) -> None:
        known = self.texts.setdefault(name, Counter())
        if known is None:
            return
        counted = pc.value_counts(cells.drop_null())
        known.update(dict(zip(counted.field(0).to_pylist(), counted.field(1).to_pylist())))
        if len(known) > MOST:
            self.texts[name] = None

    def count_texts(self, schema: Schema, tables: Iterable[Table]) -> None:
        """Count the categories of columns that the schema takes as text, though they are none, by one more pass; by none
        where there are no such columns."""
        names = [c.name for c in schema.columns if c.kind == kinds.TEXT and c.name not in self.texts]
        for table in tables if names else ():
            for name in names:
                self._count(name, kinds.texts(table.column(name)))

    def some(self, like: Table) -> Table:
        """The rows that are kept, as a table."""
        return replace(like, data=pa.concat_tables(self.kept).combine_chunks())

    def telling(self, like: Table) -> Table:
        """These, and rows that show what they might not: the ends of every column of numbers, its missing cells."""
        rows = [row for _, row in self._witnesses.values()]
        return replace(like, data=pa.concat_tables([*self.kept, *rows]).combine_chunks())

    def amended(self, schema: Schema) -> Schema:
        """A schema learned from these rows with the categories of all rows.

        Raises:
            InputError: for columns of too many different texts.
        """
        columns, said, faults = [], [], []
        for column in schema.columns:
            column = replace(column, missing=column.missing or self.absent[column.name] > 0)
            counts = self.texts.get(column.name, Counter())
            if column.kind == kinds.TEXT:
                if counts is None:
                    faults.append(quoted(column.name))
                    continue
                values = sorted(set(counts) - set(schema.missing))
                column, doubts = with_common_levels(column, values, np.array([counts[v] for v in values]))
                said += [(column.name, doubt) for doubt in doubts]
            columns.append(column)
        if faults:
            raise InputError(
                f"columns {', '.join(faults)} hold more than {MOST:,} different texts, which make no categories; leave them "
                "out, --drop COLUMN"
            )
        say(said)
        return replace(schema, columns=tuple(columns))


def encoded(tables: Iterable[Table], schema: Schema, target: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The features (r, p), NaN where missing, and the targets (r,) of one table after another.

    Raises:
        InputError: for cells that are not what the schema takes them for, with the rows of the table they are in.
    """
    start = 0
    for table in tables:
        try:
            yield schema.encode(table), target.encode(table)
        except InputError as error:
            raise InputError(
                f"rows {start + 1:,} to {start + table.rows:,}, counted from there: {error}"
            ) from error
        start += table.rows
