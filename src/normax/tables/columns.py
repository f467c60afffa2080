"""A column as the schema knows it, and its cells as features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from normax.errors import InputError, quoted
from normax.tables import kinds, numbers
from normax.tables.calendar import Part
from normax.tables.free_text import weigh
from normax.tables.wording import many, notice

__all__ = ["TOO_LARGE", "Column", "encode", "refuse_inf"]

#: Numbers beyond this cannot be squared and summed; they are refused as inf is.
TOO_LARGE = 1e100


@dataclass(frozen=True)
class Column:
    """One column as the schema knows it.

    Args:
        name: its name in the table.
        kind: `"numeric"`, `"boolean"` (0 and 1), `"date"` (days from 1970), `"time"` (hours from midnight),
            `"text"` (one-hot) or `"words"` (TF-IDF).
        form: for dates written as text and numbers not written plainly, how they are written; for words, how
            text is parted.
        levels: for text, its categories in alphabetical order; each is a feature, none is dropped. For words, those.
        missing: whether cells were missing. A feature `NAME (missing)` then says where: the indicator
            beside a number, or a category of its own beside the levels.
        odd: cells that count as missing here, for nearly all others are numbers or dates.
        parts: of dates and times, what is a feature beside the number.
        idf: of words, how rare each is.
        rest: whether rare categories, and such as come later, are one more, `NAME (other)`, behind the levels.

    Made by `read_table`, and kept in a `Schema`.
    """

    name: str
    kind: str
    form: str | None = None
    levels: tuple[str, ...] = ()
    missing: bool = False
    odd: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    idf: tuple[float, ...] = ()
    rest: bool = False

    @property
    def unit(self) -> str:
        """What its numbers are in, as the cells say: `km`, `$`, or nothing."""
        return numbers.unit(self.form) if self.kind == kinds.NUMERIC else ""

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features that the column becomes."""
        if self.kind in (kinds.TEXT, kinds.WORDS):
            mark = "=" if self.kind == kinds.TEXT else ": "
            values = [f"{self.name}{mark}{level}" for level in self.levels]
            values += [f"{self.name} (other)"] if self.rest else []
        else:
            values = [self.name, *(f"{self.name}: {name}" for part in self.parts for name in part.features)]
        return (*values, f"{self.name} (missing)") if self.missing else tuple(values)


def encode(column: Column, cells: pa.Array, out: np.ndarray) -> None:
    """Write the column's features into `out` (rows, features), which comes as zeros."""
    write = {kinds.TEXT: _encode_levels, kinds.WORDS: _encode_words}.get(column.kind, _encode_numbers)
    absent = write(column, cells, out)
    if column.missing:
        out[:, -1] = absent
    elif absent.any():
        text = column.kind in (kinds.TEXT, kinds.WORDS)
        became = "counted as none of its categories" if text else "filled with its mean"
        notice(
            f"column {quoted(column.name)}: {many(absent.sum(), 'missing cell')} where training had none, {became}"
        )


def _encode_levels(column: Column, cells: pa.Array, out: np.ndarray) -> np.ndarray:
    encoded = kinds.texts(cells).dictionary_encode()
    place = {level: j for j, level in enumerate(column.levels)}
    # The entry after the last is for null, whose index Arrow gives as missing.
    codes = np.array([place.get(value, -1) for value in encoded.dictionary.to_pylist()] + [-2])
    code = codes[encoded.indices.fill_null(len(codes) - 1).to_numpy()]
    if column.rest:  # for what is rare or new
        code[code == -1] = len(column.levels)
    rows = np.flatnonzero(code >= 0)
    out[rows, code[rows]] = 1
    unseen = [v for v in encoded.dictionary.to_pylist() if v not in place]
    _say_unseen(column.name, "category", unseen, (code == -1).sum())
    return code == -2


def _encode_words(column: Column, cells: pa.Array, out: np.ndarray) -> np.ndarray:
    cells = kinds.texts(cells)
    out[:, : len(column.levels)] = weigh(cells, column.form or "word", column.levels, column.idf)
    return cells.is_null().to_numpy(zero_copy_only=False)


def _encode_numbers(column: Column, cells: pa.Array, out: np.ndarray) -> np.ndarray:
    values = kinds.read(cells, column.kind, column.form, column.odd)
    refuse_inf(values)
    out[:, 0], start, times = values, 1, column.kind == kinds.TIME
    for part in column.parts:
        stop = start + len(part.features)
        out[:, start:stop] = part.encode(values, times)
        start = stop
        if part.levels:
            found = part.of(values, times)
            unseen = np.unique(found[~np.isin(found, [-1, *part.levels])]).tolist()
            shown = [part.said(level) for level in unseen]
            _say_unseen(column.name, part.name, shown, np.isin(found, unseen).sum())
    return np.isnan(values)


def refuse_inf(values: np.ndarray) -> None:
    """Refuse inf and numbers beyond `TOO_LARGE`, by the first row that has one."""
    rows = np.flatnonzero(np.abs(values) > TOO_LARGE)
    if rows.size:
        more = f" and {many(rows.size - 1, 'more row')}" if rows.size > 1 else ""
        what = f"{values[rows[0]]:g} in row {rows[0] + 1}{more}"
        raise InputError(f"{what}; expected finite numbers below {TOO_LARGE:g}, or empty cells")


def _say_unseen(name: str, what: str, values: list[str], rows: int) -> None:
    if rows:
        shown = ", ".join(map(quoted, values[:3])) + (", ..." if len(values) > 3 else "")
        notice(
            f"column {quoted(name)}: {many(rows, 'row')} of a {what} not seen in training ({shown}), counted as none"
        )
