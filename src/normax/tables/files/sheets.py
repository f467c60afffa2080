"""Spreadsheets (`.xlsx`, `.xls`, `.xlsb`, `.ods`), read by calamine."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from normax.errors import InputError, quoted, suggest
from normax.tables.files.preamble import say_titles, titles
from normax.tables.files.rows import from_rows, written
from normax.tables.limits import check_columns, check_unpacked
from normax.tables.wording import listed, many, notice

__all__ = ["read_sheet"]


def read_sheet(content: Path | bytes, name: str, sheet: str | None = None) -> pa.Table:
    """One sheet of a spreadsheet: its first row that is no title is the header, empty rows are none.

    Args:
        content: the file.
        name: what messages call it.
        sheet: which sheet; by default the first that holds anything, with a `Notice` where others do too.

    Raises:
        InputError: if there is no such sheet, the header has fewer cells than rows have, or calamine is
            missing.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise InputError(f"{name}: spreadsheets are read by calamine: pip install 'normax[excel]'") from None
    data = content.read_bytes() if isinstance(content, Path) else content
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_unpacked(name, len(data), sum(member.file_size for member in archive.infolist()))
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        if sheet is not None and sheet not in book.sheet_names:
            raise InputError(
                f"{name}: no sheet {quoted(sheet)}{suggest(sheet, book.sheet_names)} (sheets:"
                f" {listed(book.sheet_names)})"
            )
        filled = {each: book.get_sheet_by_name(each) for each in ([sheet] if sheet else book.sheet_names)}
        filled = {each: held for each, held in filled.items() if held.height}
        if not filled:
            raise InputError(f"{name}: no sheet holds anything")
        chosen, *others = filled
        if others:
            notice(f"{name}: the first sheet, {quoted(chosen)}, is read; {listed(others)} by --sheet")
        return _table(filled[chosen].to_python(), name)


def _table(cells: list[list[Any]], name: str) -> pa.Table:
    numbered = [(line, [_cell(cell) for cell in row]) for line, row in enumerate(cells, 1)]
    numbered = [(line, row) for line, row in numbered if any(cell is not None for cell in row)]
    width = max(len(row) for _, row in numbered)
    count = titles([[("" if cell is None else written(cell)) for cell in row] for _, row in numbered[:21]])
    if count:
        say_titles(name, [line for line, _ in numbered[:count]], numbered[count][0])
    (_, head), *rows = numbered[count:]
    names = ["" if cell is None else written(cell).strip() for cell in head]
    check_columns(name, width, names)
    unnamed = [j for j, column in enumerate(names) if not column]
    empty = {j for j in unnamed if all(row[j] is None for _, row in rows)}
    if wild := [j + 1 for j in unnamed if j not in empty and j > 0]:
        raise InputError(
            f"{name}: {many(len(wild), 'column')} without a name in the header (the first is number {wild[0]});"
            " give each a name"
        )
    kept = [j for j in range(width) if j not in empty]
    return from_rows([names[j] for j in kept], [[row[j] for j in kept] for _, row in rows], name)


def _cell(cell: Any) -> Any:
    return None if isinstance(cell, str) and not cell.strip() else cell
