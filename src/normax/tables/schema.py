"""What a table's columns are, learned once from all rows and never from the target; and the design matrix."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from normax.errors import InputError, quoted
from normax.forms import made
from normax.tables import kinds
from normax.tables.limits import MAX_FEATURES
from normax.tables.reading import Table
from normax.tables.wording import columns as named
from normax.tables.wording import many, notice

__all__ = ["MAX_LEVELS", "Column", "Schema"]

#: A text column with more categories than this is left out: one-hot, each would become a column of its own.
MAX_LEVELS = 1000

#: Numbers beyond this cannot be squared and summed; they are refused as inf is.
TOO_LARGE = 1e100

#: Numbers that files write for a missing cell, from the instruments of old.
_STAND_INS = {sign * float(nines) for sign in (-1, 1) for nines in (99, 999, 9999, 99999, 999999)} | {-9.0}

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
    missing: tuple[str, ...] = ()

    @classmethod
    def learn(
        cls,
        table: Table,
        *,
        text: Iterable[str] = (),
        numbers: Iterable[str] = (),
        missing: Iterable[str] = (),
    ) -> Schema:
        """Find out what each column is, from all of its rows.

        Left out, each with a `Notice` that names them: columns whose every cell is missing, constant
        columns without a missing cell, text with as many values as rows (an identifier) and text with more
        than `MAX_LEVELS` categories.

        Args:
            table: the features alone, without target, groups or times.
            text: columns to take as text whatever their cells are, as numeric codes are.
            numbers: columns to take as numbers, though they look like codes.
            missing: words (or numbers, as words) that mean a missing cell in every column, beside empty cells.

        Raises:
            InputError: if a column holds inf or a type that is neither number, date nor text (all such
                columns are named), if no column is left, or if they become more than `MAX_FEATURES` features.
        """
        text, numbers, missing = tuple(text), tuple(numbers), tuple(missing)
        table = table.without(missing)
        table.require([*text, *numbers])
        forced = dict.fromkeys(text, kinds.TEXT) | dict.fromkeys(numbers, kinds.NUMERIC)
        columns: list[Column] = []
        left_out: dict[str, str] = {}
        faults: list[str] = []
        for name in table.names:
            try:
                column, reason = _learn(name, table.column(name), forced.get(name))
            except InputError as error:
                faults.append(f"column {quoted(name)}: {error}")
                continue
            if reason:
                left_out[name] = reason
            else:
                columns.append(column)
        if faults:
            raise InputError(f"{table.source}: {'; '.join(faults)}")
        for reason in dict.fromkeys(left_out.values()):
            names = [name for name, why in left_out.items() if why == reason]
            notice(f"{named(names)} left out: {reason}")
        if not columns:
            raise InputError(f"{table.source}: no column is left to learn from")
        schema = cls(tuple(columns), left_out, missing)
        count = sum(len(column.levels) + 1 for column in columns)
        if count > MAX_FEATURES:
            widest = sorted(columns, key=lambda column: -len(column.levels))[:3]
            raise InputError(
                f"{table.source}: about {count:,} features, expected at most {MAX_FEATURES:,}; leave out text of many"
                f" categories ({', '.join(f'{quoted(c.name)} has {len(c.levels)}' for c in widest)})"
            )
        return schema

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the design matrix's columns, each once: a name that another column makes too is numbered."""
        names: dict[str, None] = {}
        for name in (feature for column in self.columns for feature in column.features):
            again, twin = 2, name
            while twin in names:
                twin, again = f"{name} ({again})", again + 1
            names[twin] = None
        return tuple(names)

    def absent(self, X: np.ndarray) -> dict[str, int]:
        """How many cells of each column are missing, read off the design matrix that `encode` made."""
        ends = np.cumsum([len(column.features) for column in self.columns])
        return {
            column.name: int(X[:, end - 1].sum()) if column.missing else 0
            for column, end in zip(self.columns, ends)
        }

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
        table = table.without(self.missing)
        X = np.zeros((table.rows, len(self.features)), order="F")
        faults, start = [], 0
        for column in self.columns:
            width = len(column.features)
            try:
                _encode(column, table.column(column.name), X[:, start : start + width])
            except InputError as error:
                faults.append(f"column {quoted(column.name)}: {error}")
            start += width
        if faults:
            raise InputError(f"{table.source}: {'; '.join(faults)}")
        return X

    def to_json(self) -> dict[str, Any]:
        """The schema as plain lists and strings."""
        return {
            "columns": [asdict(column) for column in self.columns],
            "left_out": self.left_out,
            "missing": list(self.missing),
        }

    @classmethod
    def from_json(cls, recipe: dict[str, Any]) -> Schema:
        """The schema that `to_json` wrote."""
        return made(recipe, cls)


def _learn(name: str, cells: pa.Array, forced: str | None = None) -> tuple[Column, str | None]:
    """A column and the reason to leave it out, if there is one."""
    kind, form = kinds.infer(cells)
    if forced is not None:
        kind, form = forced, form if forced == kind else None
    if cells.null_count == len(cells):
        return Column(name, kind, form, missing=True), _ALL_MISSING
    if kind == kinds.TEXT:
        return _learn_text(name, cells, chosen=forced is not None)
    values = kinds.read(cells, kind, form)
    _refuse_inf(values)
    there = values[~np.isnan(values)]
    column = Column(name, kind, form, missing=there.size < len(values))
    if not there.size:
        return column, _ALL_MISSING
    if not column.missing and there.min() == there.max():
        return column, _CONSTANT
    for doubt in _doubts(cells, values, there, column):
        notice(f"column {quoted(name)}{doubt}")
    return column, None


def _doubts(cells: pa.Array, values: np.ndarray, there: np.ndarray, column: Column) -> list[str]:
    """What was done with a column of numbers, dates or truth values that its reader may have meant otherwise."""
    doubts, form = [], column.form
    if form == "month/day/year" and kinds.reads_as(cells, kinds.DATE, "day/month/year"):
        doubts.append(" read as month/day/year, though day/month/year fits too; write year-month-day")
    elif form in kinds.NUMBER_FORMS:
        other = (
            " (a decimal comma fits too)"
            if form == "1,234.5" and kinds.reads_as(cells, kinds.NUMERIC, "1.234,5")
            else ""
        )
        row = int(np.flatnonzero(~kinds.number_like(cells) & ~np.isnan(values))[0])
        doubts.append(
            f": numbers written as {form}{other}, {quoted(cells[row].as_py())} is {values[row]:.15g}"
        )
    if column.missing and (marks := kinds.marks(cells)):
        doubts.append(f": {', '.join(map(quoted, marks[:5]))} taken as missing")
    if column.kind == kinds.BOOLEAN:
        doubts += [f": {', '.join(map(quoted, words))} are one value" for words in kinds.spellings(cells)]
    if column.kind == kinds.NUMERIC and len(values) > 2:
        if np.all(np.diff(values) == 1):
            doubts.append(" counts the rows one by one; if it only numbers them, leave it out by --drop")
        elif column.name.startswith("column ") and np.all(np.diff(np.sort(values)) == 1):
            doubts.append(
                " has no name and numbers the rows in another order; if it means nothing, leave it out by --drop"
            )
        elif (stand_in := _stand_in(there)) is not None:
            count = many(int((there == stand_in).sum()), "cell")
            doubts.append(
                f": {count} of {stand_in:g}, far from all others; if it means missing, say --missing {stand_in:g}"
            )
    return doubts


def _stand_in(values: np.ndarray) -> float | None:
    """A number such as -999 that stands further from all others than these from each other."""
    for extreme in (values.min(), values.max()):
        if extreme in _STAND_INS and (others := values[values != extreme]).size > 1:
            far = min(abs(others.min() - extreme), abs(others.max() - extreme))
            if far > others.max() - others.min() > 0:
                return float(extreme)
    return None


def _learn_text(name: str, cells: pa.Array, chosen: bool = False) -> tuple[Column, str | None]:
    encoded = kinds.texts(cells).dictionary_encode()
    values, there = encoded.dictionary, len(cells) - cells.null_count
    column = Column(name, kinds.TEXT, None, tuple(sorted(values.to_pylist())), cells.null_count > 0)
    count = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(values))
    if not chosen:
        _say_why_text(name, values, count)
    if len(values) == there > 1:
        return column, _IDENTIFIER
    if len(values) == 1 and not column.missing:
        return column, _CONSTANT
    return column, _TOO_MANY if len(values) > MAX_LEVELS else None


def _say_why_text(name: str, values: pa.Array, count: np.ndarray) -> None:
    """A word on text that is numbers in most of its cells, or nearly so in all."""
    number, marked = (
        kinds.number_like(values),
        np.isin(values.to_pylist(), kinds.marks(values, kinds.MISSING + kinds.MARKS)),
    )
    other = ~number & ~marked
    if not other.any():
        if why := kinds.why_text(values.filter(pa.array(number))):
            notice(f"column {quoted(name)} taken as text: {why} (--number, if it is one)")
    elif 2 * count[number].sum() >= count.sum():
        example = values.filter(pa.array(other)).to_pylist()
        missing = shlex.quote(example[0][:60])
        notice(
            f"column {quoted(name)} taken as text: not a number in {many(count[other].sum(), 'cell')}"
            f" ({', '.join(map(quoted, example[:3]))}); if that means missing, say --missing {missing}"
        )
    elif 2 * count[number | kinds.nearly_number(values)].sum() > count.sum():
        example = values[int(np.flatnonzero(other)[0])].as_py()
        notice(
            f"column {quoted(name)} taken as text: {quoted(example)} is not a number, though nearly; write it"
            " without signs and units"
        )


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
        notice(
            f"column {quoted(column.name)}: {many(absent.sum(), 'missing cell')} where training had none, {became}"
        )


def _refuse_inf(values: np.ndarray) -> None:
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
