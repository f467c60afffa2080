"""Columns that are each other's relabelling, as a country's name and its code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np

from normax.errors import quoted
from normax.tables import kinds
from normax.tables.codes import named_as_code
from normax.tables.columns import Column
from normax.tables.reading import Table

__all__ = ["hold_their_numbers", "twins"]

#: Rows from which on that is no chance.
ENOUGH = 20
#: Categories from which on it is no chance that numbers count them in alphabetical order.
MANY = 4

_NUMBERED = re.compile(r"(?i)(^|[^a-z])(id|key|no|nr|num)$")


def twins(table: Table, columns: Iterable[Column], numbers: Collection[str] = ()) -> dict[str, str]:
    """Columns that part the rows exactly as one of text does that stays, each with the reason to leave it out.

    Of two columns of text it is the second; of text and whole numbers it is the numbers, where they only name the
    categories: where there are two of them, where they count them in alphabetical order, or where the column is named
    as a code. Numbers that their categories hold, as `Q1` holds 1, are an order, and stay.

    Args:
        table, columns: the cells, and what they are.
        numbers: names of columns that are meant as numbers, whatever they name.

    Example:
        >>> from normax.tables import read_table
        >>> table = read_table({"land": ["Chad", "Togo"] * 10, "code": ["TD", "TG"] * 10})
        >>> twins(table, [Column("land", "text"), Column("code", "text")])
        {'code': "the categories of 'land' under other names"}
    """
    found: dict[str, str] = {}
    if table.rows < ENOUGH:
        return found
    columns = list(columns)
    texts: list[tuple[str, list[str], np.ndarray]] = []
    for column in columns:
        if column.kind == kinds.TEXT:
            words, codes = _categories(table, column)
            for name, others, other in texts:
                if len(words) == len(others) and _alike(codes, other):
                    found[column.name] = f"the categories of {quoted(name)} under other names"
                    break
            else:
                texts.append((column.name, words, codes))
    for column in columns:
        if not texts or column.kind not in (kinds.NUMERIC, kinds.BOOLEAN) or column.name in numbers:
            continue
        values = kinds.read(table.column(column.name), column.kind, column.form, column.odd)
        if not all(_whole(some) for some in (values[:100], values)):
            continue
        levels, codes = np.unique(values, return_inverse=True)  # NaN is one level, the last
        for name, words, other in texts:
            if len(words) + column.missing == len(levels) and _alike(codes, other):
                named = np.empty(len(levels))
                named[other] = values
                if _only_names(column.name, dict(zip(words, named))):
                    found[column.name] = f"the categories of {quoted(name)} as numbers (--number keeps them)"
                break
    return found


def hold_their_numbers(numbers: dict[str, float]) -> bool:
    """Whether categories hold the whole numbers beside them, as `Q1` holds 1.

    Example:
        >>> hold_their_numbers({"Q1": 1.0, "Q2": 2.0}), hold_their_numbers({"Chad": 1.0, "Togo": 2.0})
        (True, False)
    """
    return any(re.search(rf"(?<!\d)0*{abs(number):.0f}(?!\d)", word) for word, number in numbers.items())


def _categories(table: Table, column: Column) -> tuple[list[str], np.ndarray]:
    """The distinct cells of text, and which one each row holds, a missing one as the last."""
    encoded = kinds.texts(table.column(column.name)).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    return words, encoded.indices.fill_null(len(words)).to_numpy().astype(np.int64)


def _alike(codes: np.ndarray, other: np.ndarray) -> bool:
    """Whether two columns of categories, numbered from 0 without a gap, part the rows alike."""
    count = codes.max() + 1
    return count == other.max() + 1 and len(np.unique(codes * count + other)) == count


def _whole(values: np.ndarray) -> bool:
    return bool((np.isnan(values) | (values == np.round(values))).all())


def _only_names(name: str, numbers: dict[str, float]) -> bool:
    """Whether the numbers of categories say no more than these do."""
    if hold_their_numbers(numbers):
        return False
    if len(numbers) == 2 or named_as_code(name) or _NUMBERED.search(name):
        return True
    counted = np.array([numbers[word] for word in sorted(numbers)])
    return len(numbers) >= MANY and counted[0] in (0, 1) and bool((np.diff(counted) == 1).all())
