"""Delimited text (CSV, TSV) with every cell as text; a fault is named by its line.

Arrow parses at gigabytes a second but takes stray quotes as they come and cannot say where a file is broken.
So a file that it refuses, and one in which a quote could swallow cells or rows, is surveyed once more, slowly
and strictly.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.csv

from normax.errors import InputError, quoted, suggest
from normax.tables.files.delimiter import by_blanks, layout
from normax.tables.files.encoding import as_utf8
from normax.tables.files.preamble import declared, uncommented, untitled
from normax.tables.files.survey import Survey, quotes_matter, survey
from normax.tables.limits import check_columns
from normax.tables.wording import many, notice

__all__ = ["read_delimited"]

_NAMED = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "pipe": "|", "space": " ", "blank": " "}
_ROW_NAMES = "row name"


def read_delimited(
    data: bytes, source: str, tab: bool = False, encoding: str | None = None, delimiter: str | None = None
) -> pa.Table:
    """Parse delimited text whose first line is the header.

    The delimiter is the one of comma, tab, `;` and `|` that parts the first rows into as many cells as the
    header, or what a line `sep=;` says; where none stands in the header, blanks that do, with a `Notice`. Titles
    and comments (`#`) above the header, a delimiter too many at the end of every row, and names of rows as R
    writes them are known, each with a `Notice`.

    Args:
        data: the bytes, in an encoding that `as_utf8` knows.
        source: what messages call the file.
        tab: take the tab as delimiter whatever the header line looks like.
        encoding: of the bytes, where they do not show it.
        delimiter: one character, or comma, tab, semicolon, pipe or space.

    Returns:
        An Arrow table of strings, the delimiter in its metadata; empty cells are empty strings, names may
        repeat or be empty.

    Raises:
        InputError: for an empty file, an encoding that is not known, stray and unclosed quotes, ragged rows,
            or too many columns.

    Example:
        >>> read_delimited(b"a;b\\n1;x\\n", "t.csv").to_pydict()
        {'a': ['1'], 'b': ['x']}
        >>> read_delimited(b"sep=|\\na| b\\n1|x\\n", "t.csv").to_pydict()
        {'a': ['1'], 'b': ['x']}
    """
    said = _delimiter(delimiter) if delimiter is not None else "\t" if tab else None
    data, own = declared(as_utf8(data, source, encoding))
    if not data or data.isspace():
        raise InputError(f"{source}: the file is empty; expected a header line and rows")
    data = data if data.endswith((b"\n", b"\r")) else data + b"\n"  # a lone header needs its end
    with _long_cells(len(data)):
        data = uncommented(data, source, said or own)
        found = layout(data, said or own)
        if found.titles:
            data = untitled(data, source, found.titles, found.header)
        if found.delimiter != " ":
            return _read(data, found.delimiter, source)
        if delimiter is None:
            notice(f"{source}: no comma, tab, ; or | in the header; cells are taken to stand apart by blanks")
        return _read(_rewritten(by_blanks(data.decode())), ",", source)


def _read(data: bytes, delimiter: str, source: str) -> pa.Table:
    rows = None
    if quotes_matter(data, delimiter):
        data, found = _surveyed(data, delimiter, source)
        rows = found.rows
    names = _header(data, delimiter, source)
    try:
        table = _parse(data, delimiter, len(names))
    except pa.ArrowInvalid as error:
        found = survey(data, delimiter, source)
        if found.comments:
            notice(f"{source}: {many(len(found.comments), 'line')} that begin with # are taken for comments")
            data = _without_lines(data, found.comments)
        names = [_ROW_NAMES, *names] if found.numbered else names
        if found.ends:
            notice(
                f"{source}: every row ends with a delimiter that the header has not; no column is behind it"
            )
        elif found.numbered:
            notice(f"{source}: every row begins with a cell that the header has not, taken for its name")
        elif not found.comments:
            raise InputError(f"{source}: {' '.join(str(error).split())[:200]}") from error
        table = _parse(data, delimiter, len(names) + found.ends).select(range(len(names)))
    if rows is not None and rows != table.num_rows:
        raise InputError(f"{source}: {many(rows, 'row')} in the file, {table.num_rows} read; mend its quotes")
    return table.rename_columns(names).replace_schema_metadata({"delimiter": delimiter})


def _surveyed(data: bytes, delimiter: str, source: str) -> tuple[bytes, Survey]:
    """The text, rewritten where quotes begin after blanks, and what is in it."""
    if re.search(re.escape(delimiter.encode()) + b' +"', data):
        try:
            found = survey(data, delimiter, source, skip_blanks=True)
        except InputError:
            pass
        else:
            text = io.StringIO(data.decode(), newline="")
            plain = csv.reader(text, delimiter=delimiter, strict=True, skipinitialspace=True)
            return _rewritten(plain, delimiter), found
    return data, survey(data, delimiter, source)


def _parse(data: bytes, delimiter: str, width: int) -> pa.Table:
    placeholders = [str(j) for j in range(width)]  # names may repeat, column_types needs them unique
    return pyarrow.csv.read_csv(
        pa.BufferReader(data.lstrip(b"\r\n")),
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


def _delimiter(text: str) -> str:
    """The character that a word for a delimiter means."""
    known = _NAMED.get(text.lower(), text)
    if len(known) != 1 or not known.isascii() or known in '"\r\n\0':
        close = suggest(text, _NAMED)
        raise InputError(
            f"--delimiter {quoted(text)}: expected one character, or comma, tab, semicolon, pipe or"
            f" space{close}"
        )
    return known


def _rewritten(rows: Iterable[list[str]], delimiter: str = ",") -> bytes:
    """Rows as plain delimited text."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _without_lines(data: bytes, lines: Iterable[int]) -> bytes:
    kept = re.split(rb"(\r\n|\r|\n)", data)
    for line in lines:
        kept[2 * (line - 1)] = b""
    return b"".join(kept)


def _header(data: bytes, delimiter: str, source: str) -> list[str]:
    text = io.TextIOWrapper(io.BytesIO(data.lstrip(b"\r\n")), encoding="utf-8", newline="")
    try:
        names = [name.strip() for name in next(csv.reader(text, delimiter=delimiter, strict=True))]
    except csv.Error:
        survey(data, delimiter, source)
        raise
    check_columns(source, len(names), names)
    return names


@contextmanager
def _long_cells(longest: int) -> Iterator[None]:
    """Lift the limit of `csv` on the length of a cell, which is not the file's fault."""
    before = csv.field_size_limit(max(longest, 1 << 17))
    try:
        yield
    finally:
        csv.field_size_limit(before)
