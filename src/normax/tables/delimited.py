"""Delimited text (CSV, TSV) with every cell as text; a fault is named by its line.

Arrow parses at gigabytes a second but takes stray quotes as they come and cannot say where a file is broken. So
a file that it refuses, and one in which a quote could swallow cells or rows, is read once more, slowly, by the
standard library's `csv`, which is strict and knows its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.csv

from normax.errors import InputError, quoted
from normax.tables.encoding import as_utf8
from normax.tables.limits import check_columns
from normax.tables.wording import many, notice

__all__ = ["read_delimited"]

_DELIMITERS = ",\t;|"
_SHOWN = 3  # faulty lines quoted in a message
_SAMPLE = 20  # rows that tell the delimiter
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


def read_delimited(data: bytes, source: str, tab: bool = False) -> pa.Table:
    """Parse delimited text whose first line is the header.

    The delimiter is the one of comma, tab, `;` and `|` that parts the first rows into as many cells as the header;
    where none stands in the header, blanks that do, with a `Notice`.

    Args:
        data: the bytes, in an encoding that `as_utf8` knows.
        source: what messages call the file.
        tab: take the tab as delimiter whatever the header line looks like.

    Returns:
        An Arrow table of strings; empty cells are empty strings, names may repeat or be empty.

    Raises:
        InputError: for an empty file, an encoding that is not known, stray and unclosed quotes, ragged rows, or
            too many columns.

    Example:
        >>> read_delimited(b"a;b\\n1;x\\n", "t.csv").to_pydict()
        {'a': ['1'], 'b': ['x']}
    """
    data = as_utf8(data, source)
    if not data.strip():
        raise InputError(f"{source}: the file is empty; expected a header line and rows")
    with _long_cells(len(data)):
        delimiter = "\t" if tab else _delimiter(data.lstrip(b"\r\n"))  # never the tabs: a cell may be empty
        if delimiter == " ":
            notice(f"{source}: no comma, tab, ; or | in the header; cells are taken to stand apart by blanks")
            data, delimiter = _with_commas(data), ","
        names = _header(data, delimiter, source)
        rows = _survey(data, delimiter, source)[0] if _quotes_matter(data, delimiter) else None
        try:
            table = _parse(data, delimiter, len(names))
        except pa.ArrowInvalid as error:
            _, one_more = _survey(data, delimiter, source)
            if not one_more:
                raise InputError(f"{source}: {' '.join(str(error).split())[:200]}") from error
            notice(
                f"{source}: every row ends with a delimiter that the header has not; no column is behind it"
            )
            table = _parse(data, delimiter, len(names) + 1).select(range(len(names)))
    if rows is not None and rows != table.num_rows:
        raise InputError(f"{source}: {many(rows, 'row')} in the file, {table.num_rows} read; mend its quotes")
    return table.rename_columns(names)


def _parse(data: bytes, delimiter: str, width: int) -> pa.Table:
    placeholders = [str(j) for j in range(width)]  # names may repeat, column_types needs them unique
    return pyarrow.csv.read_csv(
        pa.BufferReader(data),
        read_options=pyarrow.csv.ReadOptions(
            column_names=placeholders, skip_rows_after_names=1, block_size=1 << 24
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=b'"' in data, ignore_empty_lines=width > 1
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in placeholders}, strings_can_be_null=False
        ),
    )


def _delimiter(start: bytes) -> str:
    """What parts the first rows into as many cells as the header, the most; a blank where nothing else is there."""
    cut = 1 << 16
    while cut < len(start) and start.count(b"\n", 0, cut) <= _SAMPLE and cut < 1 << 24:
        cut *= 2
    text = start[:cut].decode(errors="ignore")
    rows = {d: _first_rows(text, d, cut < len(start)) for d in _DELIMITERS}
    agreed = [d for d in _DELIMITERS if len({len(row) for row in rows[d]}) == 1]
    best = max(agreed or _DELIMITERS, key=lambda d: len(rows[d][0]))
    if len(rows[best][0]) == 1:
        best = max(_DELIMITERS, key=lambda d: len(rows[d][0]))
    return (
        " "
        if len(rows[best][0]) == 1 and _blanks_part(text.rpartition("\n")[0] if cut < len(start) else text)
        else best
    )


def _first_rows(text: str, delimiter: str, is_cut: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _SAMPLE + 2):
            rows += [row] if row else []
    except csv.Error:
        pass
    return (rows[:-1] if is_cut and len(rows) > 1 else rows)[: _SAMPLE + 1] or [[""]]


def _blanks_part(text: str) -> bool:
    """Whether blanks part header and rows into as many cells, and every row has a number among them."""
    try:
        head, *rows = [row for row in islice(_by_blanks(text), _SAMPLE) if row]
    except (csv.Error, ValueError):
        return False
    fits = (len(row) == len(head) and any(map(_NUMBER.fullmatch, row)) for row in rows)
    return len(head) > 1 and bool(rows) and all(fits)


def _by_blanks(text: str) -> Iterator[list[str]]:
    """Cells apart by runs of blanks and tabs; quotes keep blanks together."""
    lines = (line.strip() for line in io.StringIO(text.replace("\t", " ")))
    return csv.reader(lines, delimiter=" ", skipinitialspace=True)


def _with_commas(data: bytes) -> bytes:
    """Cells apart by blanks, rewritten as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_by_blanks(data.decode()))
    return out.getvalue().encode()


def _header(data: bytes, delimiter: str, source: str) -> list[str]:
    text = io.TextIOWrapper(io.BytesIO(data.lstrip(b"\r\n")), encoding="utf-8", newline="")
    try:
        names = [name.strip() for name in next(csv.reader(text, delimiter=delimiter, strict=True))]
    except csv.Error:
        _survey(data, delimiter, source)
        raise
    check_columns(source, len(names), names)
    return names


def _quotes_matter(data: bytes, delimiter: str) -> bool:
    """Whether a quote stands where none belongs, or a cell runs over lines: then rows could be lost in it.

    In a clean file quotes come in pairs: the first after a delimiter or a line end, the second before one; a quote
    inside a cell is doubled, which closes and opens again.
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


def _survey(data: bytes, delimiter: str, source: str) -> tuple[int, bool]:
    """How many rows follow the header, and whether each ends with a delimiter that the header has not.

    Raises:
        InputError: for a stray or unclosed quote, rows inside a quoted cell, or rows that differ in length.
    """
    taken: list[str] = []
    lines = io.StringIO(data.decode(), newline="")
    reader = csv.reader(_noted(lines, taken), delimiter=delimiter, strict=True)
    expected, rows, ragged, swallowed, blank_ends = None, 0, [], [], 0
    line = 1
    try:
        for row in reader:
            if row:
                expected = len(row) if expected is None else expected
                rows += 1
                if len(row) != expected:
                    ragged.append(f"line {line} has {len(row)}")
                    blank_ends += len(row) == expected + 1 and not row[-1].strip()
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
    if ragged and blank_ends == len(ragged) == rows - 1:
        return rows - 1, True
    if ragged:
        raise InputError(
            f"{source}: the header has {expected} cells, but {_few(ragged)};"
            f" every row needs {expected} (quote a cell that holds the delimiter)"
        )
    return rows - 1, False


def _noted(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _are_rows(lines: list[str], delimiter: str, cells: int) -> bool:
    return all(line.count(delimiter) == cells - 1 for line in lines if line.strip())


def _few(faults: list[str]) -> str:
    more = f", and {len(faults) - _SHOWN} more lines differ" if len(faults) > _SHOWN else ""
    return ", ".join(faults[:_SHOWN]) + more


def _where_quoted(error: csv.Error) -> str:
    if "expected after" in str(error):
        return "a quoted cell goes on after its closing quote (a quote inside a cell is doubled)"
    return quoted(str(error))


@contextmanager
def _long_cells(longest: int) -> Iterator[None]:
    """Lift the limit of `csv` on the length of a cell, which is not the file's fault."""
    before = csv.field_size_limit(max(longest, 1 << 17))
    try:
        yield
    finally:
        csv.field_size_limit(before)
