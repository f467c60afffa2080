"""Tables and views of SQLite and DuckDB files, opened for reading alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from normax.errors import InputError, quoted, suggest
from normax.tables.files.rows import from_rows
from normax.tables.limits import check_columns
from normax.tables.wording import listed

__all__ = ["read_duckdb", "read_sqlite"]

# Millions of steps of SQLite's machine; each kilobyte of the file adds one. A row of a plain table takes some ten.
_STEPS = 100


def read_sqlite(file: Path, name: str, table: str | None = None) -> pa.Table:
    """One table or view of a SQLite file.

    Args:
        file: the database.
        name: what messages call it.
        table: which; it may be left out where there is but one.

    Raises:
        InputError: if there is no such table, or none is named of several.
    """
    with closing(sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)) as database:
        known = [
            row[0]
            for row in database.execute(
                "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'"
                " order by name"
            )
        ]
        chosen = _named(known, table, name)
        steps = iter(range(_STEPS + file.stat().st_size // 1000))
        database.set_progress_handler(lambda: next(steps, None) is None, 10**6)
        try:
            cursor = database.execute(f"select * from {_quoted(chosen)}")
            names = [column[0] for column in cursor.description]
            check_columns(name, len(names), names)
            rows = cursor.fetchall()
        except sqlite3.OperationalError as error:
            if next(steps, None) is not None:
                raise
            raise InputError(
                f"{name}: {quoted(chosen)} is a view that does not end soon; store what it gives as a table"
            ) from error
        return from_rows(names, rows, name)


def read_duckdb(file: Path, name: str, table: str | None = None) -> pa.Table:
    """One table or view of a DuckDB file, by its library; nothing in it reaches other files.

    Raises:
        InputError: as `read_sqlite`, and if the library is missing.
    """
    try:
        import duckdb
    except ImportError:
        raise InputError(f"{name}: reading it needs DuckDB's library: pip install 'normax[duckdb]'") from None
    apart: dict[str, Any] = {"enable_external_access": "false"}
    with closing(duckdb.connect(str(file), read_only=True, config=apart)) as database:
        known = [
            row[0]
            for row in database.execute(
                "select table_name from information_schema.tables where table_schema = 'main'"
                " order by table_name"
            ).fetchall()
        ]
        return database.sql(f"select * from {_quoted(_named(known, table, name))}").to_arrow_table()


def _named(known: list[str], table: str | None, name: str) -> str:
    if table is None and len(known) == 1:
        return known[0]
    if table in known:
        return str(table)
    if not known:
        raise InputError(f"{name}: holds no table")
    if table is None:
        raise InputError(f"{name}: name the table, {name}:TABLE, one of {listed(known)}")
    raise InputError(f"{name}: no table {quoted(table)}{suggest(table, known)} (tables: {listed(known)})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
