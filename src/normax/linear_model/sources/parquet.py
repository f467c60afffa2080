"""Parquet files, and whatever else a pyarrow dataset is made of, as a source of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.sources.source import BLOCK, Part, Source, rows_in

__all__ = ["Files", "dataset_of", "matrix_of", "tables"]


class Files(Source):
    """Columns of a pyarrow dataset: its record batches, file by file.

    Args:
        data: a dataset, a folder of Parquet files, a file, or several.
        y: the column, or columns, of the response; weights: that of weights; None for none.
        features: the columns of X, in this order; None for all others.
    """

    kind = "Parquet"

    def __init__(
        self, data: Any, y: Any = None, weights: str | None = None, features: Any = None, size: int = BLOCK
    ):
        self.data = dataset_of(data)
        known = self.data.schema.names
        self.y = None if y is None else [y] if isinstance(y, str) else list(y)
        self.one, self.weights = isinstance(y, str), weights
        other = [*(self.y or []), *([weights] if weights is not None else [])]
        names = [name for name in known if name not in other] if features is None else list(features)
        strange = [name for name in [*names, *other] if name not in known]
        if strange:
            told = ", ".join(f"{name!r}{suggest(str(name), known)}" for name in strange)
            raise InputError(f"Parquet: no column is {told}; there are {', '.join(map(repr, known[:20]))}")
        refuse_kinds(self.data.schema, names)
        single = all(str(self.data.schema.field(name).type) in ("float", "halffloat") for name in names)
        super().__init__(
            len(names),
            self.data.count_rows(),
            tuple(names),
            False,
            np.float32 if single else np.float64,
            size,
        )

    def _parts(self) -> Iterator[Part]:
        assert self.names is not None
        single = [] if self.weights is None else [self.weights]
        for table in tables(self.data, [*self.names, *(self.y or []), *single], rows_in(self.size, self.p)):
            weights = matrix_of(table, single)[:, 0] if single else None
            yield matrix_of(table, self.names), self._response(table), weights

    def _response(self, table: Any) -> Any:
        if self.y is None:
            return None
        if self.one and not _is_number(table.schema.field(self.y[0]).type):
            return np.asarray(table[self.y[0]].to_pylist(), dtype=object)  # labels of classes
        y = matrix_of(table, self.y)
        return y[:, 0] if self.one else y


def dataset_of(data: Any) -> Any:
    """A pyarrow dataset of what is one, a folder of Parquet files, a file or several.

    Raises:
        InputError: for what cannot be read.
    """
    import pyarrow as pa
    from pyarrow import dataset

    if isinstance(data, dataset.Dataset):
        return data
    several = isinstance(data, Sequence) and not isinstance(data, str)
    try:
        return dataset.dataset([str(file) for file in data] if several else str(Path(data)), format="parquet")
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{data}: cannot be read as Parquet: {error}") from error


def tables(data: Any, columns: Sequence[str], rows: int) -> Iterator[Any]:
    """Tables of `rows` rows or so of some columns, in the order of the files; small row groups are joined."""
    import pyarrow as pa

    # Little is read ahead: what waits in memory is a block or two, whatever the files' own row groups are.
    ahead = {"batch_readahead": 1, "fragment_readahead": 1, "use_threads": True}
    waiting: list[Any] = []
    columns = list(dict.fromkeys(columns))
    try:
        for batch in data.to_batches(columns=columns, batch_size=rows, **ahead):
            waiting.append(batch)
            if 2 * sum(one.num_rows for one in waiting) > rows:
                yield pa.Table.from_batches(waiting)
                waiting = []
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"Parquet: a file cannot be read: {error}") from error
    if waiting:
        yield pa.Table.from_batches(waiting)


def matrix_of(table: Any, names: Sequence[str]) -> np.ndarray:
    """Columns of numbers as (rows, k) float64; a missing cell is NaN."""
    import pyarrow as pa

    out = np.empty((table.num_rows, len(names)))
    for j, name in enumerate(names):
        out[:, j] = table[name].cast(pa.float64()).to_numpy()
    return out


def refuse_kinds(schema: Any, names: Sequence[str]) -> None:
    """An InputError for columns that are not numbers, and what to do about them."""
    odd = [
        f"{name!r} ({schema.field(name).type})" for name in names if not _is_number(schema.field(name).type)
    ]
    if odd:
        raise InputError(
            f"Parquet: expected columns of numbers, got {', '.join(odd[:5])}"
            f"{f' and {len(odd) - 5} more' if len(odd) > 5 else ''}; leave them out, features=[...], write numbers in "
            "their place, or let `normax path FOLDER --target COLUMN` encode them"
        )


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    is_a = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return any(is_(kind) for is_ in is_a)
