"""Formats that Arrow reads as they are: Parquet, Feather and Arrow files, ORC, and JSON lines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from normax.errors import InputError
from normax.tables.files.encoding import as_utf8
from normax.tables.limits import check_columns, check_unpacked

__all__ = ["read_arrow", "read_json", "read_orc", "read_parquet"]

# Levels within a cell; Arrow's reader crashes where they exhaust its stack.
_DEEPEST = 200
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = np.zeros(256, np.int8)
_BRACKETS[list(b"[{")], _BRACKETS[list(b"]}")], _BRACKETS[ord("\n")] = 1, -1, 2


def read_parquet(content: Path | bytes, name: str) -> pa.Table:
    """A Parquet file, measured by its footer first."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(_opened(content)) as file:
        known = file.metadata
        check_columns(name, known.num_columns)
        check_unpacked(name, _size(content), 8 * known.num_rows * known.num_columns)
        return file.read()


def read_arrow(content: Path | bytes, name: str) -> pa.Table:
    """An Arrow file or stream, which Feather files are too, batch by batch."""
    with _opened(content) as source:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        check_columns(name, len(reader.schema))
        batches, total = [], 0
        for batch in map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader:
            batches.append(batch)
            total += batch.nbytes
            check_unpacked(name, _size(content), total)
        return pa.Table.from_batches(batches, reader.schema)


def read_orc(content: Path | bytes, name: str) -> pa.Table:
    """An ORC file, measured by its footer first."""
    import pyarrow.orc

    with _opened(content) as source:
        file = pyarrow.orc.ORCFile(source)
        check_columns(name, len(file.schema))
        check_unpacked(name, _size(content), 8 * file.nrows * len(file.schema))
        return file.read()


def read_json(content: Path | bytes, name: str, encoding: str | None = None) -> pa.Table:
    """An object a line, or one list of objects; each name is a column, missing where an object has it not.

    Raises:
        InputError: for cells of several kinds in a column, and lists of other things.
    """
    import pyarrow.json

    data = as_utf8(content.read_bytes() if isinstance(content, Path) else content, name, encoding)
    if _depth(data) > _DEEPEST and _depth(_STRING.sub(b"", data)) > _DEEPEST:
        raise InputError(
            f"{name}: cells that are nested deeper than {_DEEPEST} levels; expected a value a cell"
        )
    if data.lstrip()[:1] == b"[":
        rows = json.loads(data)
        wrong = next((k for k, row in enumerate(rows) if not isinstance(row, dict)), None)
        if wrong is not None:
            raise InputError(f"{name}: expected a list of objects, one a row; entry {wrong + 1} is none")
        names = dict.fromkeys(key for row in rows for key in row)
        check_columns(name, len(names), list(names))
        return pa.table({key: pa.array([row.get(key) for row in rows]) for key in names})
    if not data.lstrip().startswith(b"{"):  # null, too, which Arrow's reader crashes on
        raise InputError(f"{name}: expected an object a line, or one list of objects")
    options = pyarrow.json.ReadOptions(block_size=max(1 << 20, min(len(data), 1 << 30)))
    table = pyarrow.json.read_json(pa.BufferReader(data), read_options=options)
    check_columns(name, table.num_columns, table.column_names)
    return table


def _depth(data: bytes) -> int:
    """How deep the brackets of a line are nested, those within text counted too."""
    raw = np.frombuffer(b"\n" + data, np.uint8)
    raw = raw[_BRACKETS[raw] != 0]
    line = raw == ord("\n")
    depth = np.cumsum(np.where(line, 0, _BRACKETS[raw]))
    start = np.maximum.accumulate(np.where(line, np.arange(raw.size), 0))
    return int((depth - depth[start]).max())


def _opened(content: Path | bytes) -> pa.NativeFile:
    return pa.memory_map(str(content)) if isinstance(content, Path) else pa.BufferReader(content)


def _size(content: Path | bytes) -> int:
    return content.stat().st_size if isinstance(content, Path) else len(content)
