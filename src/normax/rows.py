"""Rows as dictionaries, printed as an aligned table: what every `table()` returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from normax.text import printable

__all__ = ["PrintedTable"]


class PrintedTable(list):
    """Rows as dictionaries, printed as an aligned table.

    Args:
        rows: dictionaries with the same keys.
        first: a line to print before the table, where there is something that no reader may miss.

    Example:
        >>> PrintedTable([{"name": "age", "coef": 0.123456}, {"name": "bmi", "coef": 2.0}])
        name    coef
         age  0.1235
         bmi       2
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = (), first: str | None = None):
        super().__init__(rows)
        self.first = first

    def __str__(self) -> str:
        if not self:
            return "(no rows)"
        cells = [[printable(name) for name in self[0]]] + [
            [_cell(value) for value in row.values()] for row in self
        ]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths)).rstrip() for row in cells]
        return "\n".join([*([self.first] if self.first else []), *lines])

    __repr__ = __str__


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))
