"""Reading a table from files of any kind or any data frame, every cell still as it was written.

Text stays text here: what a column *is* gets decided over all of its rows (`normax.tables.kinds`), never
over the first block alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError, quoted, suggest
from normax.tables.files.arrays import from_arrays
from normax.tables.files.read import read_files
from normax.tables.limits import check_columns
from normax.tables.numbers import number_like
from normax.tables.wording import listed

__all__ = ["Table", "read_table"]

_NO_TEXT = pa.scalar(None, pa.string())


@dataclass(frozen=True)
class Table:
    """Named columns of equal length; a missing cell is an Arrow null.

    Args:
        data: the columns as an Arrow table; text cells are trimmed and never empty.
        source: where it came from, as messages should call it.
        sha256: fingerprint of the file's bytes; None for a data frame.
        delimiter: what stands between the cells of a text file.

    Example:
        >>> table = read_table({"age": [31, 45], "city": ["Bern", " "]})
        >>> table.names, table.rows, table.column("city").null_count
        (('age', 'city'), 2, 1)
    """

    data: pa.Table
    source: str = "data frame"
    sha256: str | None = None
    delimiter: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.data.column_names)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    @property
    def rows(self) -> int:
        return self.data.num_rows

    def column(self, name: str) -> pa.Array:
        """One column's cells.

        Raises:
            InputError: if there is no such column; the closest name is suggested.
        """
        self.require([name])
        column = self.data.column(self._place[name])
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)

    def require(self, names: Iterable[str]) -> None:
        """Refuse the table unless it has all these columns; every absent one is named.

        Raises:
            InputError: naming each absent column and the closest one there is.
        """
        absent = [name for name in names if name not in self._place]
        if absent:
            shown = [f"no column {quoted(name)}{suggest(name, self.names)}" for name in absent[:5]]
            shown += [f"{len(absent)} columns absent in all"] if len(absent) > 5 else []
            raise InputError(f"{self.source}: {'; '.join(shown)} (columns: {listed(self.names, 12)})")

    def drop(self, names: Iterable[str]) -> Table:
        """The table without these columns, which must exist."""
        names = list(dict.fromkeys(names))
        self.require(names)
        return replace(self, data=self.data.drop_columns(names))

    def take(self, rows: np.ndarray) -> Table:
        """The table with these rows only: a boolean mask or row numbers from 0."""
        rows = np.asarray(rows)
        data = self.data.filter(pa.array(rows)) if rows.dtype == bool else self.data.take(pa.array(rows))
        return replace(self, data=data)

    def without(self, words: Iterable[str]) -> Table:
        """The table with the cells that hold one of these words, or its number, made missing in every column.

        Example:
            >>> table = read_table({"x": [1.5, -9, 2], "s": ["a", "-9.0", "b"]}).without(["-9"])
            >>> table.data.to_pydict()
            {'x': [1.5, None, 2.0], 's': ['a', None, 'b']}
        """
        words = tuple(words)
        if not words:
            return self
        columns = [_without(column, words) for column in self.data.columns]
        return replace(self, data=pa.table(columns, names=list(self.names)))


def read_table(
    source: Any, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Table:
    """Read a table.

    Args:
        source: the path of a file, or a list of paths of files that hold one table; a mapping of names to
            arrays; or any data frame that narwhals knows (pandas, polars, pyarrow, ...). A path may also be a
            folder, a pattern such as `part-*.csv`, `FILE:TABLE` for one sheet or table of a file that holds
            several, and `-` for the standard input. Files are delimited text (`.csv`, `.tsv`, `.txt`, ...: the
            delimiter comma, tab, `;`, `|` or blanks, read off the first rows), Parquet, Feather and Arrow, ORC,
            JSON lines, `.npz` (1-d arrays are columns; a 2-d array `X` becomes the columns `X_0`, `X_1`, ...),
            spreadsheets (extra `excel`), SQLite and DuckDB (extra `duckdb`); all but databases may be packed as
            `.gz`, `.bz2`, `.xz`, `.zst`, `.zip`.
        encoding: of text that does not show it, as `"cp1251"`.
        delimiter: of text, one character, or comma, tab, semicolon, pipe or space.
        sheet: of a spreadsheet, or the table of a database.

    Returns:
        The `Table`, with text cells trimmed and empty ones made missing. Whether a word such as NA means a
        missing cell too is a matter of its column, see `normax.tables.kinds`.

    Raises:
        InputError: if there is no such file, it cannot be read as what it claims to be, it has no rows, two
            columns share a name, rows differ in length or vanish in a quoted cell (the lines are named),
            files differ in their columns, or it is larger than `normax.tables.limits` allows.

    Example:
        >>> read_table({"x": np.arange(3.0)}).rows
        3
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, (str, Path, list, tuple)):
        places = [source] if isinstance(source, (str, Path)) else list(source)
        if all(isinstance(place, (str, Path)) for place in places):
            return _finish(*read_files(places, encoding, delimiter, sheet))
    if isinstance(source, Mapping):
        return _finish(from_arrays(source, "mapping"), "mapping", None)
    return _finish(_from_frame(source), "data frame", None)


def _from_frame(frame: Any) -> pa.Table:
    import narwhals as nw

    try:
        table = nw.from_native(frame)
        if isinstance(table, nw.LazyFrame):
            table = table.collect()
        data = table.to_arrow()
    except TypeError as error:
        raise InputError(
            f"expected a path, a mapping of arrays or a data frame, got {type(frame).__name__}"
        ) from error
    except (pa.ArrowException, nw.exceptions.NarwhalsError, UnicodeError) as error:
        raise InputError(f"data frame: cannot be read ({_one_line(error)})") from error
    return data.rename_columns([str(name) for name in data.column_names])


def _finish(data: pa.Table, source: str, sha256: str | None) -> Table:
    try:
        data.validate(full=True)  # text is UTF-8, lengths and offsets agree
        names = [name.strip("\ufeff") or f"column {j + 1}" for j, name in enumerate(data.column_names)]
        columns = [_clean(column) for column in data.columns]
    except (pa.ArrowException, UnicodeError) as error:
        raise InputError(f"{source}: damaged ({_one_line(error)})") from error
    check_columns(source, len(names), names)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{source}: more than one column is called {listed(twice)}; give each its own name")
    if not names or not data.num_rows:
        raise InputError(f"{source}: {'there are columns but no rows' if names else 'there are no columns'}")
    delimiter = (data.schema.metadata or {}).get(b"delimiter")
    return Table(
        pa.table(columns, names=names), source, sha256, None if delimiter is None else delimiter.decode()
    )


def _clean(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dictionaries are unfolded, text is trimmed and empty cells become nulls."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _is_text(column.type):
        return column
    column = pc.utf8_trim_whitespace(column.cast(pa.string()))
    empty = pc.equal(column, "")
    return pc.if_else(empty, _NO_TEXT, column) if pc.any(empty).as_py() else column


def _without(column: pa.ChunkedArray, words: tuple[str, ...]) -> pa.ChunkedArray:
    try:
        held = pc.is_in(column, value_set=_as_type(words, column.type))
    except pa.ArrowNotImplementedError:  # a type that no word can name
        return column
    numbers = [re.escape(f"{float(word):.17g}") for word in words if number_like(pa.array([word]))[0]]
    if pa.types.is_string(column.type) and numbers:  # -9 is -9.00 too
        held = pc.or_kleene(held, pc.match_substring_regex(column, rf"^[+]?({'|'.join(numbers)})([.]0*)?$"))
    return pc.if_else(held, pa.scalar(None, column.type), column) if pc.any(held).as_py() else column


def _as_type(words: tuple[str, ...], kind: pa.DataType) -> pa.Array:
    """The words that can be cells of a type, as such cells."""
    cells = []
    for word in words:
        try:
            cells.append(pa.array([word]).cast(kind))
        except pa.ArrowInvalid:
            continue
    return pa.concat_arrays(cells) if cells else pa.array([], kind)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
