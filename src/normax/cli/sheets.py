"""Tables for spreadsheets, in which nothing runs."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from normax.text import sheet_cell

__all__ = ["write_rows", "write_table"]


def write_rows(stream: IO[str], heads: Iterable[Any], rows: Iterable[Iterable[Any]]) -> None:
    """Write heads and rows as CSV."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(sheet_cell, heads))
    writer.writerows(map(sheet_cell, row) for row in rows)


def write_table(file: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows of the same names, in the order of the first, as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        write_rows(stream, rows[0], ([row[head] for head in rows[0]] for row in rows))
