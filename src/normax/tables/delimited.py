"""Delimited text (CSV, TSV) with every cell as text; a fault is named by its line.

Arrow parses at gigabytes a second but cannot say where a file is broken, so a file that it refuses is read
once more, slowly, by the standard library's `csv`, which can.
"""

from __future__ import annotations

import codecs
import csv
import io

import pyarrow as pa
import pyarrow.csv

from normax.errors import InputError

__all__ = ["read_delimited"]

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHOWN = 3  # faulty lines quoted in a message


def read_delimited(data: bytes, source: str, tab: bool = False) -> pa.Table:
    """Parse delimited text whose first line is the header.

    Args:
        data: the bytes, UTF-8 with or without a byte-order mark.
        source: what messages call the file.
        tab: take the tab as delimiter whatever the header line looks like.

    Returns:
        An Arrow table of strings; empty cells are empty strings, names may repeat or be empty.

    Raises:
        InputError: for an empty file, bytes that are not UTF-8, an unclosed quote or ragged rows.

    Example:
        >>> read_delimited(b"a;b\\n1;x\\n", "t.csv").to_pydict()
        {'a': ['1'], 'b': ['x']}
    """
    data = _checked_encoding(data.removeprefix(codecs.BOM_UTF8), source)
    if not data.strip():
        raise InputError(f"{source}: the file is empty; expected a header line and rows")
    start = data.lstrip(b"\r\n")  # never the tabs: a header may begin with an empty cell
    first = start.split(b"\n", 1)[0].decode()
    delimiter = "\t" if tab else max(",\t;|", key=first.count)
    names = next(csv.reader(io.StringIO(start[: 1 << 24].decode(errors="ignore")), delimiter=delimiter))
    # An unclosed quote would swallow the rest of the file without a word from Arrow.
    if data.count(b'"') % 2:
        _name_the_fault(data, delimiter, source)
    placeholders = [str(j) for j in range(len(names))]  # names may repeat, column_types needs them unique
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            read_options=pyarrow.csv.ReadOptions(
                column_names=placeholders, skip_rows_after_names=1, block_size=1 << 24
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in data, ignore_empty_lines=len(names) > 1
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in placeholders}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        _name_the_fault(data, delimiter, source)
        raise InputError(f"{source}: {' '.join(str(error).split())[:200]}") from error
    return table.rename_columns([name.strip() for name in names])


def _checked_encoding(data: bytes, source: str) -> bytes:
    if data.startswith(_UTF16):
        raise InputError(f"{source}: the file is UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise InputError(f"{source}: expected text, got a binary file")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{source}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from None
    return data


def _name_the_fault(data: bytes, delimiter: str, source: str) -> None:
    """Raise for an unclosed quote or for rows that differ in length from the header; else return."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter, strict=True)
    expected, ragged = None, []
    line = 1
    try:
        for row in reader:
            if row:
                expected = len(row) if expected is None else expected
                if len(row) != expected:
                    ragged.append(f"line {line} has {len(row)}")
            line = reader.line_num + 1
    except csv.Error as error:
        fault = "a quote is opened and never closed" if "end of data" in str(error) else str(error)
        raise InputError(f"{source}, line {line}: {fault}") from None
    if ragged:
        more = f", and {len(ragged) - _SHOWN} more lines differ" if len(ragged) > _SHOWN else ""
        raise InputError(
            f"{source}: the header has {expected} cells, but {', '.join(ragged[:_SHOWN])}{more};"
            f" every row needs {expected} (quote a cell that holds the delimiter)"
        )
