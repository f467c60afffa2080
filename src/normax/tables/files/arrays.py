"""Arrays by name as columns, out of a mapping or a `.npz` file, whose headers are read before its arrays."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from normax.errors import InputError, quoted
from normax.tables.limits import check_columns, check_unpacked
from normax.tables.wording import listed

__all__ = ["from_arrays", "read_npz"]


def read_npz(content: Path | bytes, name: str) -> pa.Table:
    """The arrays of a `.npz` file; shapes and sizes are checked before any is unpacked.

    Raises:
        InputError: if two arrays share a name or columns, or they are too many, too large, or of unlike
            length.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    unpacked = 0
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            key = member.filename.removesuffix(".npy")
            if key in shapes:
                raise InputError(f"{name}: two arrays are called {quoted(key)}; give each its own name")
            with archive.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(stream)
            if dtype.hasobject:
                raise ValueError(f"array {quoted(key)} holds pickled objects, which are never loaded")
            shapes[key] = shape
            unpacked += max(member.file_size, int(np.prod(shape, dtype=object)) * dtype.itemsize)
    check_shapes(shapes, name)
    check_unpacked(name, size, unpacked)
    with np.load(file, allow_pickle=False) as arrays:
        return from_arrays({key: arrays[key] for key in shapes}, name)


def from_arrays(arrays: Mapping[Any, Any], source: str) -> pa.Table:
    """Arrays as columns: one of shape (rows,) is a column, `X` of shape (rows, k) is `X_0` to `X_{k-1}`.

    Raises:
        InputError: for other shapes, unlike lengths, names that repeat, or cells of several kinds in a
            column.

    Example:
        >>> from_arrays({"X": np.eye(2), "y": [1, 2]}, "mapping").column_names
        ['X_0', 'X_1', 'y']
    """
    arrays = {name: _as_array(name, array, source) for name, array in arrays.items()}
    check_shapes({name: array.shape for name, array in arrays.items()}, source)
    columns: dict[str, pa.Array] = {}
    for name, array in arrays.items():
        parts = (
            {str(name): array}
            if array.ndim == 1
            else {f"{name}_{j}": array[:, j] for j in range(array.shape[1])}
        )
        columns |= {part: _column(part, values, source) for part, values in parts.items()}
    try:
        return pa.table(columns)
    except UnicodeError as error:
        raise InputError(f"{source}: a column's name holds half a character ({error})") from error


def check_shapes(shapes: Mapping[Any, tuple[int, ...]], source: str) -> None:
    """Refuse arrays that cannot be the columns of one table; every fault of a kind at once."""
    odd = [
        f"array {quoted(name)} has shape {shape}"
        for name, shape in shapes.items()
        if len(shape) not in (1, 2)
    ]
    if odd:
        raise InputError(f"{source}: {', '.join(odd[:5])}; expected (rows,) or (rows, columns)")
    check_columns(
        source, sum(shape[1] if len(shape) == 2 else 1 for shape in shapes.values()), list(map(str, shapes))
    )
    common = Counter(shape[0] for shape in shapes.values()).most_common(1)
    other = [f"{quoted(name)} has {shape[0]}" for name, shape in shapes.items() if shape[0] != common[0][0]]
    if other:
        raise InputError(
            f"{source}: arrays differ in rows: expected {common[0][0]}, but {', '.join(other[:10])}"
        )
    names = Counter(str(name) for name, shape in shapes.items() if len(shape) == 1)
    for name, shape in shapes.items():
        names.update(f"{name}_{j}" for j in range(shape[1] if len(shape) == 2 else 0))
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise InputError(
            f"{source}: more than one array gives the column {listed(twice)} (a two-dimensional X becomes X_0, X_1,"
            " ...); give each its own name"
        )


def _as_array(name: Any, values: Any, source: str) -> np.ndarray:
    try:
        if isinstance(values, np.ma.MaskedArray):
            return np.where(np.ma.getmaskarray(values), np.array(None), values.data.astype(object))
        return np.asarray(values)
    except ValueError as error:
        raise InputError(f"{source}: array {quoted(name)}: rows differ in length") from error


def _column(name: str, values: np.ndarray, source: str) -> pa.Array:
    try:
        if values.dtype.kind in "USO":  # NaN among objects is what pandas has for a missing cell
            return pa.array(values.tolist(), from_pandas=True)
        return pa.array(np.ascontiguousarray(values))
    except (pa.ArrowException, UnicodeError, TypeError, OverflowError) as error:
        what = " ".join(str(error).split())[:200]
        raise InputError(f"{source}: column {quoted(name)} is not of one kind ({what})") from error
