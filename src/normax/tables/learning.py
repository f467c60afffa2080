"""What one column is, learned from all of its cells: its kind, or the reason to leave it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from normax.tables import dates, kinds
from normax.tables.calendar import Part, parts_of_dates, parts_of_times
from normax.tables.columns import Column, refuse_inf
from normax.tables.doubts import Doubt, doubts, in_case_only, why_text
from normax.tables.free_text import is_free, learn_words
from normax.tables.locale import Locale
from normax.tables.odd import mostly

__all__ = ["MAX_LEVELS", "Asked", "learn", "with_common_levels"]

#: A text column has at most so many categories of its own, since each becomes a feature; the rarer ones are one.
MAX_LEVELS = 1000

#: Rows below which a category is rare, in a table of a thousand rows and more.
RARE = 5

#: Rows from which on text that hardly repeats names the rows.
ENOUGH = 50

_ALL_MISSING = "every cell is missing"
_CONSTANT = "constant"
_FREE = "free text (--words takes its words as features)"
_IDENTIFIER = "text with as many values as rows"
_NEARLY = "text that hardly repeats, as names of rows do (--text, if it is meant)"


Learned = tuple[Column, str | None, list[Doubt]]


@dataclass(frozen=True)
class Asked:
    """What a user says that a column is.

    Args:
        kind: as `kinds` calls it.
        form: how its dates are written, where that is said too.
    """

    kind: str
    form: str | None = None


def learn(name: str, cells: pa.Array, locale: Locale, asked: Asked | None = None) -> Learned:
    """A column, the reason to leave it out, if there is one, and what to say of it."""
    kind, form, odd = _kind(cells, locale, asked)
    if cells.null_count == len(cells):
        return Column(name, kind, form, missing=True), _ALL_MISSING, []
    if kind == kinds.WORDS:
        form, words, idf = learn_words(kinds.texts(cells))
        return Column(name, kind, form, words, cells.null_count > 0, idf=idf), None, []
    if kind == kinds.TEXT:
        return _learn_text(name, cells, chosen=asked is not None)
    values = kinds.read(cells, kind, form, odd)
    refuse_inf(values)
    there = values[~np.isnan(values)]
    if not there.size:
        return Column(name, kind, form, missing=True), _ALL_MISSING, []
    parts: tuple[Part, ...] = ()
    if kind in (kinds.DATE, kinds.TIME):
        parts = (parts_of_dates if kind == kinds.DATE else parts_of_times)(values)
    column = Column(name, kind, form, (), there.size < len(values), odd, parts)
    if not column.missing and there.min() == there.max():
        return column, _CONSTANT, []
    return column, None, doubts(cells, values, there, column, locale)


def _kind(cells: pa.Array, locale: Locale, asked: Asked | None) -> tuple[str, str | None, tuple[str, ...]]:
    """The kind of a column, its form, and the cells that count as missing for they are nothing of the kind."""
    if asked is not None and asked.form is not None:
        return asked.kind, asked.form, ()
    kind, form = kinds.infer(cells, locale)
    if asked is None:
        found = mostly(cells, locale) if kind == kinds.TEXT and pa.types.is_string(cells.type) else None
        return found or (kind, form, ())
    if asked.kind == kinds.DATE and kind not in (kinds.DATE, kinds.TIME):
        forms = [*dates.candidates(kinds.texts(cells)), "year"]
        return kinds.DATE, next((form for form in forms if kinds.reads_as(cells, kinds.DATE, form)), None), ()
    if asked.kind == kinds.DATE:
        return kind, form, ()
    return asked.kind, form if asked.kind == kind else None, ()


def _learn_text(name: str, cells: pa.Array, chosen: bool = False) -> Learned:
    encoded = kinds.texts(cells).dictionary_encode()
    values, there = encoded.dictionary, len(cells) - cells.null_count
    column = Column(name, kinds.TEXT, None, tuple(sorted(values.to_pylist())), cells.null_count > 0)
    count = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(values))
    said = [] if chosen else [*why_text(values, count), *in_case_only(column.levels)]
    if not chosen and is_free(values, there):
        return column, _FREE, said
    if len(values) == there > 1:
        return column, _IDENTIFIER, said
    if len(values) == 1 and not column.missing:
        return column, _CONSTANT, said
    if not chosen and there >= ENOUGH and 2 * len(values) > there:
        return column, _NEARLY, said
    column, more = with_common_levels(column, values.to_pylist(), count)
    return column, None, said + more


def with_common_levels(column: Column, values: list[str], count: np.ndarray) -> tuple[Column, list[Doubt]]:
    """A text column whose rare categories are one, and what to say of it; from its categories and their rows."""
    there = int(count.sum())
    few = min(RARE, there / 200)  # of 200 rows none is rare
    commonest = np.argsort(-count, kind="stable")[:MAX_LEVELS]
    common = commonest[count[commonest] >= few]
    kept = common if len(common) else commonest
    if len(values) - len(kept) < 2:
        return replace(column, levels=tuple(sorted(values)), rest=False), []
    doubt = Doubt(
        ": rare categories are one, (other)",
        f": {len(values) - len(kept):,} of {len(values):,}, in {there - int(count[kept].sum()):,} rows",
    )
    return replace(column, levels=tuple(sorted(values[k] for k in kept)), rest=True), [doubt]
