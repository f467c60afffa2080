"""A column as the schema knows it, and its cells as features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from normax.errors import InputError, quoted
from normax.tables import kinds
from normax.tables.wording import many, notice

__all__ = ["TOO_LARGE", "Column", "encode", "refuse_inf"]

#: Numbers beyond this cannot be squared and summed; they are refused as inf is.
TOO_LARGE = 1e100


@dataclass(frozen=True)
class Column:
    """One column as the schema knows it.

    Args:
        name: its name in the table.
        kind: `"numeric"`, `"boolean"` (0 and 1), `"date"` (days from 1970) or `"text"` (one-hot).
        form: for dates written as text and numbers not written plainly, how they are written.
        levels: for text, its categories in alphabetical order; each is a feature, none is dropped.
        missing: whether cells were missing. A feature `NAME (missing)` then says where: the indicator
            beside a number, or a category of its own beside the levels.
    """

    name: str
    kind: str
    form: str | None = None
    levels: tuple[str, ...] = ()
    missing: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features that the column becomes."""
        values = [f"{self.name}={level}" for level in self.levels] if self.kind == kinds.TEXT else [self.name]
        return (*values, f"{self.name} (missing)") if self.missing else tuple(values)


def encode(column: Column, cells: pa.Array, out: np.ndarray) -> None:
    """Write the column's features into `out` (rows, features), which comes as zeros."""
    if column.kind == kinds.TEXT:
        encoded = kinds.texts(cells).dictionary_encode()
        place = {level: j for j, level in enumerate(column.levels)}
        # The entry after the last is for null, whose index Arrow gives as missing.
        codes = np.array([place.get(value, -1) for value in encoded.dictionary.to_pylist()] + [-2])
        code = codes[encoded.indices.fill_null(len(codes) - 1).to_numpy()]
        rows = np.flatnonzero(code >= 0)
        out[rows, code[rows]] = 1
        absent = code == -2
        _say_unseen(
            column.name, [v for v in encoded.dictionary.to_pylist() if v not in place], (code == -1).sum()
        )
    else:
        out[:, 0] = kinds.read(cells, column.kind, column.form)
        refuse_inf(out[:, 0])
        absent = np.isnan(out[:, 0])
    if column.missing:
        out[:, -1] = absent
    elif absent.any():
        became = "counted as none of its categories" if column.kind == kinds.TEXT else "filled with its mean"
        notice(
            f"column {quoted(column.name)}: {many(absent.sum(), 'missing cell')} where training had none, {became}"
        )


def refuse_inf(values: np.ndarray) -> None:
    """Refuse inf and numbers beyond `TOO_LARGE`, by the first row that has one."""
    rows = np.flatnonzero(np.abs(values) > TOO_LARGE)
    if rows.size:
        more = f" and {many(rows.size - 1, 'more row')}" if rows.size > 1 else ""
        what = f"{values[rows[0]]:g} in row {rows[0] + 1}{more}"
        raise InputError(f"{what}; expected finite numbers below {TOO_LARGE:g}, or empty cells")


def _say_unseen(name: str, values: list[str], rows: int) -> None:
    if rows:
        shown = ", ".join(map(quoted, values[:3])) + (", ..." if len(values) > 3 else "")
        notice(
            f"column {quoted(name)}: {many(rows, 'row')} of a category not seen in training ({shown}), counted as none"
        )
