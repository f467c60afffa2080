"""What a table's columns are, learned once from all rows and never from the target; and the design matrix."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from normax.errors import InputError, Notice
from normax.tables import kinds
from normax.tables.reading import Table

__all__ = ["MAX_LEVELS", "Column", "Schema"]

#: A text column with more categories than this is left out: one-hot, each would become a column of its own.
MAX_LEVELS = 1000

#: Numbers beyond this cannot be squared and summed; they are refused as inf is.
TOO_LARGE = 1e100

_ALL_MISSING = "every cell is missing"
_CONSTANT = "constant"
_IDENTIFIER = "text with as many values as rows"
_TOO_MANY = f"text with more than {MAX_LEVELS} categories"


@dataclass(frozen=True)
class Column:
    """One column as the schema knows it.

    Args:
        name: its name in the table.
        kind: `"numeric"`, `"boolean"` (0 and 1), `"date"` (days from 1970) or `"text"` (one-hot).
        form: for dates written as text, how they are written.
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


@dataclass(frozen=True)
class Schema:
    """The columns that become features, in order, and those left out, with the reason.

    Example:
        >>> from normax.tables import read_table
        >>> table = read_table({"age": [31, None, 45], "city": ["Bern", "Basel", "Bern"]})
        >>> schema = Schema.learn(table)
        >>> schema.features
        ('age', 'age (missing)', 'city=Basel', 'city=Bern')
        >>> schema.encode(table)
        array([[31.,  0.,  0.,  1.],
               [nan,  1.,  1.,  0.],
               [45.,  0.,  0.,  1.]])
    """

    columns: tuple[Column, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    @classmethod
    def learn(cls, table: Table) -> Schema:
        """Find out what each column is, from all of its rows.

        Left out, each with a `Notice` that names them: columns whose every cell is missing, constant
        columns without a missing cell, text with as many values as rows (an identifier) and text with more
        than `MAX_LEVELS` categories.

        Args:
            table: the features alone, without target, groups or times.

        Raises:
            InputError: if a column holds inf or a type that is neither number, date nor text (all such
                columns are named), or if no column is left.
        """
        columns: list[Column] = []
        left_out: dict[str, str] = {}
        faults: list[str] = []
        for name in table.names:
            try:
                column, reason = _learn(name, table.column(name))
            except InputError as error:
                faults.append(f"column {name!r}: {error}")
                continue
            if reason:
                left_out[name] = reason
            else:
                columns.append(column)
        if faults:
            raise InputError(f"{table.source}: {'; '.join(faults)}")
        for reason in dict.fromkeys(left_out.values()):
            names = [name for name, why in left_out.items() if why == reason]
            _notice(f"{_columns(names)} left out: {reason}")
        if not columns:
            raise InputError(f"{table.source}: no column is left to learn from")
        return cls(tuple(columns), left_out)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the design matrix's columns."""
        return tuple(feature for column in self.columns for feature in column.features)

    def encode(self, table: Table) -> np.ndarray:
        """The design matrix (rows, features) in float64, NaN in the numbers that are missing.

        The table's columns may stand in any order and others beside them are ignored. A category that was
        not there when the schema was learned, or a missing cell in a text column that had none, is 0 in
        every feature of its column, and a `Notice` says so.

        Raises:
            InputError: if columns are absent (each named, with the closest there is), a cell cannot be read
                as its column's kind, or a column holds inf (column and row named).
        """
        table.require([column.name for column in self.columns])
        X = np.zeros((table.rows, len(self.features)), order="F")
        faults, start = [], 0
        for column in self.columns:
            width = len(column.features)
            try:
                _encode(column, table.column(column.name), X[:, start : start + width])
            except InputError as error:
                faults.append(f"column {column.name!r}: {error}")
            start += width
        if faults:
            raise InputError(f"{table.source}: {'; '.join(faults)}")
        return X

    def to_json(self) -> dict[str, Any]:
        """The schema as plain lists and strings."""
        return {"columns": [asdict(column) for column in self.columns], "left_out": self.left_out}

    @classmethod
    def from_json(cls, recipe: dict[str, Any]) -> Schema:
        """The schema that `to_json` wrote."""
        columns = [Column(**{**column, "levels": tuple(column["levels"])}) for column in recipe["columns"]]
        return cls(tuple(columns), dict(recipe["left_out"]))


def _learn(name: str, cells: pa.Array) -> tuple[Column, str | None]:
    """A column and the reason to leave it out, if there is one."""
    missing = cells.null_count > 0
    kind, form = kinds.infer(cells)
    column = Column(name, kind, form, missing=missing)
    if cells.null_count == len(cells):
        return column, _ALL_MISSING
    if kind == kinds.TEXT:
        return _learn_text(name, cells)
    values = kinds.read(cells, kind, form)
    _refuse_inf(values)
    there = values[~np.isnan(values)]
    if not there.size:
        return column, _ALL_MISSING
    column = Column(name, kind, form, missing=there.size < len(values))
    if not column.missing and there.min() == there.max():
        return column, _CONSTANT
    if form == "month/day/year" and kinds.is_date(cells, "day/month/year"):
        _notice(
            f"column {name!r} read as month/day/year, though day/month/year fits too; write year-month-day"
        )
    if kind == kinds.NUMERIC and len(values) > 2 and np.all(np.diff(values) == 1):
        _notice(
            f"column {name!r} counts the rows one by one; if it only numbers them, leave it out by --drop"
        )
    return column, None


def _learn_text(name: str, cells: pa.Array) -> tuple[Column, str | None]:
    encoded = cells.dictionary_encode()
    values, there = encoded.dictionary, len(cells) - cells.null_count
    column = Column(name, kinds.TEXT, None, tuple(sorted(values.to_pylist())), cells.null_count > 0)
    number = kinds.number_like(values)
    count = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(values))
    if 2 * count[number].sum() >= there:
        other = ", ".join(repr(text) for text in values.filter(pa.array(~number)).to_pylist()[:3])
        _notice(
            f"column {name!r} taken as text: not a number in {_many(count[~number].sum(), 'cell')} ({other})"
        )
    if len(values) == there > 1:
        return column, _IDENTIFIER
    if len(values) == 1 and not column.missing:
        return column, _CONSTANT
    return column, _TOO_MANY if len(values) > MAX_LEVELS else None


def _encode(column: Column, cells: pa.Array, out: np.ndarray) -> None:
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
        _refuse_inf(out[:, 0])
        absent = np.isnan(out[:, 0])
    if column.missing:
        out[:, -1] = absent
    elif absent.any():
        became = "counted as none of its categories" if column.kind == kinds.TEXT else "filled with its mean"
        _notice(
            f"column {column.name!r}: {_many(absent.sum(), 'missing cell')} where training had none, {became}"
        )


def _refuse_inf(values: np.ndarray) -> None:
    rows = np.flatnonzero(np.abs(values) > TOO_LARGE)
    if rows.size:
        more = f" and {_many(rows.size - 1, 'more row')}" if rows.size > 1 else ""
        what = f"{values[rows[0]]:g} in row {rows[0] + 1}{more}"
        raise InputError(f"{what}; expected finite numbers below {TOO_LARGE:g}, or empty cells")


def _say_unseen(name: str, values: list[str], rows: int) -> None:
    if rows:
        shown = ", ".join(map(repr, values[:3])) + (", ..." if len(values) > 3 else "")
        _notice(
            f"column {name!r}: {_many(rows, 'row')} of a category not seen in training ({shown}), counted as none"
        )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _columns(names: Iterable[str]) -> str:
    names = [repr(name) for name in names]
    shown = names[:10] + ([f"... {len(names)} in all"] if len(names) > 10 else [])
    return f"column{'s' if len(names) > 1 else ''} {', '.join(shown)}"


def _notice(message: str) -> None:
    warnings.warn(message, Notice, stacklevel=3)
