"""Columns of text that are each other's relabelling, as a country's name and its code."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from normax.tables import kinds
from normax.tables.columns import Column
from normax.tables.reading import Table

__all__ = ["twins"]

#: Rows from which on that is no chance.
ENOUGH = 20


def twins(table: Table, columns: Iterable[Column]) -> dict[str, str]:
    """Columns of text that part the rows exactly as an earlier one does, by that one's name.

    Example:
        >>> from normax.tables import read_table
        >>> table = read_table({"land": ["Chad", "Togo"] * 10, "code": ["TD", "TG"] * 10})
        >>> twins(table, [Column("land", "text"), Column("code", "text")])
        {'code': 'land'}
    """
    found: dict[str, str] = {}
    first: dict[int, list[tuple[str, np.ndarray]]] = {}
    if table.rows < ENOUGH:
        return found
    for column in columns:
        if column.kind != kinds.TEXT:
            continue
        codes = (
            kinds.texts(table.column(column.name)).dictionary_encode().indices.fill_null(-1).to_numpy() + 1
        )
        count = len(np.unique(codes))
        same = first.setdefault(count, [])
        for name, other in same:
            if len(np.unique(codes.astype(np.int64) * (codes.max() + other.max() + 1) + other)) == count:
                found[column.name] = name
                break
        else:
            same.append((column.name, codes))
    return found
