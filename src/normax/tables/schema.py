"""What a table's columns are, learned once from all rows and never from the target; and the design matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from normax.errors import InputError, quoted
from normax.forms import made
from normax.tables import kinds
from normax.tables.columns import Column, encode
from normax.tables.doubts import Doubt, say
from normax.tables.learning import Asked, learn
from normax.tables.limits import MAX_FEATURES
from normax.tables.locale import Locale
from normax.tables.reading import Table
from normax.tables.twins import twins
from normax.tables.wording import columns as named
from normax.tables.wording import notice

__all__ = ["Schema"]


@dataclass(frozen=True)
class Schema:
    """The columns that become features, in order, and those left out, with the reason.

    Args:
        columns: a `Column` each, in the order of the features.
        left_out: name -> reason.
        missing: words that mean a missing cell.

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
        dates: Mapping[str, str | None] | None = None,
        words: Iterable[str] = (),
        missing: Iterable[str] = (),
        locale: Locale | None = None,
    ) -> Schema:
        """Find out what each column is, from all of its rows.

        Left out, each with a `Notice` that names them: columns whose every cell is missing, constant
        columns without a missing cell, text that hardly repeats (an identifier), and columns that only name the
        categories of another once more (`twins`). Rare categories, and those beyond the `MAX_LEVELS` commonest, are
        one.

        Args:
            table: the features alone, without target, groups or times.
            text: columns to take as text whatever their cells are, as numeric codes are.
            numbers: columns to take as numbers, though they look like codes.
            dates: columns to take as dates, each with the way they are written (as `date_forms.form_of` gives it) or
                None.
            words: columns of free text, to take as the TF-IDF weights of their words.
            missing: words (or numbers, as words) that mean a missing cell in every column, beside empty cells.
            locale: what decides where cells can be read in two ways, of all columns of the file; that of this
                table by default.

        Raises:
            InputError: if a column holds inf or a type that is neither number, date nor text (all such
                columns are named), if no column is left, or if they become more than `MAX_FEATURES` features.
        """
        missing = tuple(missing)
        table = table.without(missing)
        asked = _asked(text, numbers, dates or {}, words)
        table.require(asked)
        locale = locale or Locale.of(table)
        columns: list[Column] = []
        left_out: dict[str, str] = {}
        faults: list[str] = []
        said: list[tuple[str, Doubt]] = []
        for name in table.names:
            try:
                column, reason, doubts = learn(name, table.column(name), locale, asked.get(name))
            except InputError as error:
                faults.append(f"column {quoted(name)}: {error}")
                continue
            said += [(name, doubt) for doubt in doubts]
            if reason:
                left_out[name] = reason
            else:
                columns.append(column)
        if faults:
            raise InputError(f"{table.source}: {'; '.join(faults)}")
        again = twins(table, columns, [name for name, what in asked.items() if what.kind == kinds.NUMERIC])
        left_out |= again
        columns = [column for column in columns if column.name not in left_out]
        say((name, doubt) for name, doubt in said if name not in again)
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
                encode(column, table.column(column.name), X[:, start : start + width])
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


def _asked(
    text: Iterable[str], numbers: Iterable[str], dates: Mapping[str, str | None], words: Iterable[str]
) -> dict[str, Asked]:
    """What is said of columns, each once.

    Raises:
        InputError: if a column is said to be two things.
    """
    asked: dict[str, Asked] = {}
    said = [(name, Asked(kinds.TEXT)) for name in text] + [(name, Asked(kinds.NUMERIC)) for name in numbers]
    said += [(name, Asked(kinds.DATE, form)) for name, form in dates.items()]
    said += [(name, Asked(kinds.WORDS)) for name in words]
    twice = [name for name, what in said if asked.setdefault(name, what) != what]
    if twice:
        raise InputError(
            f"{named(twice)}: asked to be two kinds at once; say one of --text, --number, --date, --words"
        )
    return asked
