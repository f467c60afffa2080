"""One table out of the files that hold it, each by the reader of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from normax.errors import InputError, quoted, suggest
from normax.files import sha256
from normax.tables.files.arrays import read_npz
from normax.tables.files.columnar import read_arrow, read_json, read_orc, read_parquet
from normax.tables.files.databases import read_duckdb, read_sqlite
from normax.tables.files.delimited import read_delimited
from normax.tables.files.places import File, files_at
from normax.tables.files.sheets import read_sheet
from normax.tables.wording import listed

__all__ = ["read_files"]


def read_files(
    places: Sequence[str | Path],
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> tuple[pa.Table, str, str]:
    """The rows of all files, one below the other.

    Args:
        places: as `files_at` takes them.
        encoding, delimiter: of text, where they are not to be found out.
        sheet: of a spreadsheet, or the table of a database.

    Returns:
        The table, what messages call it, and the fingerprint of its bytes.

    Raises:
        InputError: if a file cannot be read as what it is, or files differ in their columns.
    """
    if not places:
        raise InputError("expected a file to read, got none")
    files: list[File] = []
    tables: list[pa.Table] = []
    for place in places:
        for file in files_at(str(place)):
            files.append(file)
            tables.append(_read(file, encoding, delimiter, sheet or file.part))
    if len(files) == 1:
        return tables[0], files[0].name, files[0].sha256
    name = f"{files[0].name} and {len(files) - 1} more"
    prints = sha256("".join(file.sha256 for file in files).encode())
    return _below_each_other(files, tables), name, prints


def _read(file: File, encoding: str | None, delimiter: str | None, part: str | None) -> pa.Table:
    idle = {
        "--encoding": encoding is not None and file.kind not in ("text", "json"),
        "--delimiter": delimiter is not None and file.kind != "text",
        "a sheet or table": part is not None and file.kind not in ("sheet", "sqlite", "duckdb"),
    }
    if any(idle.values()):
        options = ", ".join(option for option, given in idle.items() if given)
        raise InputError(f"{file.name}: {options}: not for a file of this kind ({file.kind})")
    try:
        if file.kind == "text":
            return read_delimited(file.data, file.name, file.ending in (".tsv", ".tab"), encoding, delimiter)
        if file.kind == "json":
            return read_json(file.content, file.name, encoding)
        if file.kind == "sheet":
            return read_sheet(file.content, file.name, part)
        if file.kind in ("sqlite", "duckdb"):
            if isinstance(file.content, bytes):
                raise InputError(f"{file.name}: a database is read from a file of its own; unpack it")
            return {"sqlite": read_sqlite, "duckdb": read_duckdb}[file.kind](file.content, file.name, part)
        readers = {"parquet": read_parquet, "arrow": read_arrow, "orc": read_orc, "npz": read_npz}
        return readers[file.kind](file.content, file.name)
    except (InputError, Warning):
        raise
    except OSError as error:
        raise InputError(f"{file.name}: cannot be read ({error.strerror or _one_line(error)})") from error
    except Exception as error:  # whatever a broken file makes a library raise
        raise InputError(f"{file.name}: not a readable {file.kind} file ({_one_line(error)})") from error


def _below_each_other(files: Sequence[File], tables: Sequence[pa.Table]) -> pa.Table:
    """The tables as one, columns in the order of the first."""
    first = [name.strip() for name in tables[0].column_names]
    faults, alike = [], []
    for file, table in zip(files, tables):
        names = [name.strip() for name in table.column_names]
        absent = [f"no column {quoted(c)}{suggest(c, names)}" for c in first if c not in names]
        more = [c for c in names if c not in first]
        if absent or more or len(names) != len(first):
            what = [*absent[:3], *([f"{listed(more, 3)} beside"] if more else [])] or ["columns of one name"]
            faults.append(f"{file.name}: {'; '.join(what)}")
        else:
            alike.append(
                table.rename_columns(names).select(first if len(set(first)) == len(first) else names)
            )
    if faults:
        raise InputError(
            f"files of one table need the same columns as {files[0].name}; {'; '.join(faults[:3])}"
        )
    try:
        return pa.concat_tables(alike, promote_options="permissive")
    except pa.ArrowException as error:
        raise InputError(f"{files[0].name}: files hold cells of other kinds ({_one_line(error)})") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
