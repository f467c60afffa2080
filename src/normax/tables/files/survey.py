"""The strict look at delimited text, by the standard library's `csv`, which knows its line: slow and sure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from normax.errors import InputError, quoted
from normax.tables.wording import many, notice

__all__ = ["Survey", "quotes_matter", "survey"]

_SHOWN = 3  # faulty lines quoted in a message


@dataclass(frozen=True)
class Survey:
    """What was found: rows below the header, and why they are no plain table, if they are none.

    Args:
        rows: below the header, comments apart.
        comments: lines (from 1) among them that begin with `#` and are no rows.
        ends: whether every row ends with a delimiter that the header has not.
        numbered: whether every row begins with a cell more than the header: the name or number of the row.
    """

    rows: int
    comments: tuple[int, ...] = ()
    ends: bool = False
    numbered: bool = False


def survey(data: bytes, delimiter: str, source: str, skip_blanks: bool = False) -> Survey:
    """Read every row strictly.

    Args:
        data: the text in UTF-8.
        delimiter: what parts its cells.
        source: what messages call the file.
        skip_blanks: let a cell, and its quote, begin after blanks.

    Raises:
        InputError: for a stray or unclosed quote, rows inside a quoted cell, or rows that differ in length.
    """
    taken: list[str] = []
    lines = io.StringIO(data.decode(), newline="")
    reader = csv.reader(_noted(lines, taken), delimiter=delimiter, strict=True, skipinitialspace=skip_blanks)
    expected, rows, swallowed = None, 0, []
    odd: list[tuple[int, list[str]]] = []
    comments: list[int] = []
    line = 1
    try:
        for row in reader:
            if row:
                expected = len(row) if expected is None else expected
                rows += 1
                if len(row) != expected and row[0].lstrip().startswith("#"):
                    comments.append(line)
                elif len(row) != expected:
                    odd.append((line, row))
                if (
                    expected > 1
                    and sum(map(bool, map(str.strip, taken))) > 1
                    and _are_rows(taken, delimiter, expected)
                ):
                    swallowed.append(
                        f"line {line} takes in {many(len(taken) - 1, 'line')} that look like rows"
                    )
            line = reader.line_num + 1
            taken.clear()
    except csv.Error as error:
        fault = "a quote is opened and never closed" if "end of data" in str(error) else _where_quoted(error)
        raise InputError(f"{source}, line {line}: {fault}") from None
    if swallowed:
        what = f"{_few(swallowed)}: a quote was opened and closed lines later"
        if expected == 2:  # one comma a line is what prose has too
            notice(f"{source}: {what}; if these are rows, mend the quotes")
        else:
            raise InputError(f"{source}: {what}; mend the quotes (a quote inside a cell is doubled)")
    below = rows - 1 - len(comments)
    if not odd:
        return Survey(below, tuple(comments))
    assert expected is not None
    if len(odd) == below and all(len(row) == expected + 1 for _, row in odd):
        if not any(row[-1].strip() for _, row in odd):
            return Survey(below, tuple(comments), ends=True)
        if _name_rows([row[0] for _, row in odd]):
            return Survey(below, tuple(comments), numbered=True)
    raise InputError(
        f"{source}: the header has {expected} cells, but"
        f" {_few([f'line {at} has {len(row)}' for at, row in odd])}; every row needs {expected}"
        " (quote a cell that holds the delimiter; delete titles and footers)"
    )


def quotes_matter(data: bytes, delimiter: str) -> bool:
    """Whether a quote stands where none belongs, or a cell runs over lines: then rows could be lost in it.

    In a clean file quotes come in pairs: the first after a delimiter or a line end, the second before one; a
    quote inside a cell is doubled, which closes and opens again.
    """
    raw = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(raw == ord('"'))
    if not at.size:
        return False
    if at.size % 2:
        return True
    beside = np.zeros(256, bool)
    beside[[ord(delimiter), ord("\n"), ord("\r"), ord('"')]] = True
    opened, closed = at[::2], at[1::2]
    clean = beside[raw[opened[opened > 0] - 1]].all() and beside[raw[closed[closed < len(raw) - 1] + 1]].all()
    ends = np.flatnonzero((raw == ord("\n")) | (raw == ord("\r")))
    return not clean or bool((np.searchsorted(at, ends) % 2).any())


def _noted(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _are_rows(lines: list[str], delimiter: str, cells: int) -> bool:
    return all(line.count(delimiter) == cells - 1 for line in lines if line.strip())


def _name_rows(cells: list[str]) -> bool:
    """Whether first cells are names of rows, as R writes them: 1, 2, 3, ... or words that never repeat."""
    counted = [str(k) for k in range(1, len(cells) + 1)]
    return cells == counted or (
        len(set(cells)) == len(cells) and not any(c.lstrip("+-")[:1].isdigit() for c in cells)
    )


def _few(faults: list[str]) -> str:
    more = f", and {len(faults) - _SHOWN} more lines differ" if len(faults) > _SHOWN else ""
    return ", ".join(faults[:_SHOWN]) + more


def _where_quoted(error: csv.Error) -> str:
    if "expected after" in str(error):
        return "a quoted cell goes on after its closing quote (a quote inside a cell is doubled)"
    return quoted(str(error))
