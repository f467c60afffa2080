"""Rows as dictionaries, printed as an aligned table: what every `table()` returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from normax.errors import InputError
from normax.text import html_table, markup, printable

__all__ = ["PrintedTable", "data_frame"]

#: Rows that a notebook's cell shows.
LONGEST = 30


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

    def html(self, most: int = LONGEST) -> str:
        """The table for a notebook's cell; of more than `most` rows some, evenly spaced, and any that is marked."""
        if not self:
            return "<p>(no rows)</p>"
        every = -(-len(self) // most)
        shown = [row for i, row in enumerate(self) if i % every == 0 or row is self[-1] or row.get("choice")]
        heads = list(self[0])
        numbers = [head for head in heads if isinstance(self[0][head], (int, float))]
        left = f"<p>{len(shown)} of {len(self)} rows</p>" if len(shown) < len(self) else ""
        return html_table(heads, [[_cell(value) for value in row.values()] for row in shown], numbers) + left

    def _repr_html_(self) -> str:
        return (f"<p>{markup(self.first)}</p>" if self.first else "") + self.html()

    def frame(self) -> Any:
        """The rows as a pandas data frame.

        Raises:
            InputError: without pandas.
        """
        return data_frame(list(self), "the table itself is a list of dictionaries")


def data_frame(columns: Any, without: str) -> Any:
    """A pandas data frame.

    Args:
        columns: what pandas makes one of; without: what there is for those who have no pandas.
    """
    try:
        import pandas
    except ImportError:
        raise InputError(f"data frames need pandas: pip install pandas; without it {without}") from None
    return pandas.DataFrame(columns)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))
