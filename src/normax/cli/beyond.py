"""Parquet files whose numbers are more than memory holds, in tables of some rows each."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from normax.tables import Table, read_table

__all__ = ["Beyond", "beyond_memory"]

#: Numbers of a table in memory, as copies of it and parts of copies: what a run in memory takes at its most.
COPIES = 8


@dataclass(frozen=True)
class Beyond:
    """Parquet files whose numbers memory would not hold.

    Args:
        files: in the order of their names; rows: of them all; name: what messages call them.
    """

    files: tuple[str, ...]
    rows: int
    name: str

    def tables(
        self, columns: Iterable[str] | None, width: int, missing: Iterable[str] = ()
    ) -> Iterator[Table]:
        """A fresh pass over some columns, None for all, in tables of so many rows as `width` numbers a row allow."""
        from normax.linear_model.sources.parquet import dataset_of, tables
        from normax.linear_model.sources.source import BLOCK, rows_in

        data = dataset_of(self.files)
        known = (
            data.schema.names if columns is None else [name for name in data.schema.names if name in columns]
        )
        for part in tables(data, known, rows_in(BLOCK, width)):
            yield replace(read_table(part), source=self.name).without(missing)


def beyond_memory(places: Sequence[str]) -> Beyond | None:
    """The files of DATA, if they are Parquet and their numbers do not fit the memory of this machine; else None."""
    files: list[str] = []
    for place in places:
        path = Path(place)
        if path.is_dir():
            files += sorted(
                str(file) for file in path.iterdir() if file.suffix.lower() in (".parquet", ".pq")
            )
        else:
            files += [place] if path.exists() else sorted(glob.glob(place))
    if not files or any(Path(file).suffix.lower() not in (".parquet", ".pq") for file in files):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        known = [pq.read_metadata(file) for file in files]
    except (OSError, pa.ArrowException):
        return None  # whose fault the reader of tables tells
    if COPIES * 8 * sum(each.num_rows * each.num_columns for each in known) <= memory():
        return None
    first = Path(files[0]).name
    name = first if len(files) == 1 else f"{first} and {len(files) - 1} more"
    return Beyond(tuple(files), sum(each.num_rows for each in known), name)


def memory() -> float:
    """Bytes of this machine, or infinity where it does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return np.inf
