"""Rows of Python's own values, as sheets and databases give them, as columns."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from normax.errors import InputError, quoted

__all__ = ["from_rows", "written"]


def from_rows(names: Sequence[str], rows: Sequence[Sequence[Any]], source: str) -> pa.Table:
    """Columns out of rows; a column that holds values of several kinds becomes text, as a CSV file has it.

    Args:
        names: of the columns; they may repeat.
        rows: of as many cells; None where one is missing.
        source: what messages call the file.

    Raises:
        InputError: for values that no column can hold.

    Example:
        >>> from_rows(["a", "b"], [[1.0, "x"], [2.5, 3.0]], "t").to_pydict()
        {'a': [1.0, 2.5], 'b': ['x', '3']}
    """
    columns = zip(*rows) if rows else [()] * len(names)
    return pa.Table.from_arrays(
        [_column(name, list(cells), source) for name, cells in zip(names, columns)], names=list(names)
    )


def written(cell: Any) -> str:
    """A value as a CSV file would have it.

    Example:
        >>> written(5.0), written(datetime.date(2024, 1, 2)), written(True)
        ('5', '2024-01-02', 'true')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, (datetime.date, datetime.time)) else str(cell)


def _column(name: str, cells: list[Any], source: str) -> pa.Array:
    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds == {float} and all(cell is None or (cell.is_integer() and abs(cell) < 1e15) for cell in cells):
        cells = [cell if cell is None else int(cell) for cell in cells]
    elif len(kinds) > 1 and kinds not in ({int, float}, {datetime.date, datetime.datetime}):
        cells = [cell if cell is None else written(cell) for cell in cells]
    elif len(kinds) > 1 and datetime.date in kinds:
        cells = [_midnight(cell) for cell in cells]
    try:
        return pa.array(cells, pa.float64() if kinds == {int, float} else None)
    except (pa.ArrowException, UnicodeError, OverflowError) as error:
        what = " ".join(str(error).split())[:200]
        raise InputError(f"{source}: column {quoted(name)} cannot be read ({what})") from error


def _midnight(cell: Any) -> Any:
    if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
        return datetime.datetime(cell.year, cell.month, cell.day)
    return cell
