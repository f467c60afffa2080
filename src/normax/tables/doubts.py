"""What was done with a column that its reader may have meant otherwise, in one line each that says the way out."""

from __future__ import annotations

import shlex

import numpy as np
import pyarrow as pa

from normax.errors import quoted
from normax.tables import kinds
from normax.tables.columns import Column
from normax.tables.wording import many, notice

__all__ = ["doubts", "say_why_text"]

#: Numbers that files write for a missing cell, from the instruments of old.
_STAND_INS = {sign * float(nines) for sign in (-1, 1) for nines in (99, 999, 9999, 99999, 999999)} | {-9.0}


def doubts(cells: pa.Array, values: np.ndarray, there: np.ndarray, column: Column) -> list[str]:
    """What was done with a column of numbers, dates or truth values that its reader may have meant otherwise."""
    found, form = [], column.form
    if form == "month/day/year" and kinds.reads_as(cells, kinds.DATE, "day/month/year"):
        found.append(" read as month/day/year, though day/month/year fits too; write year-month-day")
    elif form in kinds.NUMBER_FORMS:
        other = (
            " (a decimal comma fits too)"
            if form == "1,234.5" and kinds.reads_as(cells, kinds.NUMERIC, "1.234,5")
            else ""
        )
        row = int(np.flatnonzero(~kinds.number_like(cells) & ~np.isnan(values))[0])
        found.append(
            f": numbers written as {form}{other}, {quoted(cells[row].as_py())} is {values[row]:.15g}"
        )
    if column.missing and (marks := kinds.marks(cells)):
        found.append(f": {', '.join(map(quoted, marks[:5]))} taken as missing")
    if column.kind == kinds.BOOLEAN:
        found += [f": {', '.join(map(quoted, words))} are one value" for words in kinds.spellings(cells)]
    if column.kind == kinds.NUMERIC and len(values) > 2:
        if np.all(np.diff(values) == 1):
            found.append(" counts the rows one by one; if it only numbers them, leave it out by --drop")
        elif column.name.startswith("column ") and np.all(np.diff(np.sort(values)) == 1):
            found.append(
                " has no name and numbers the rows in another order; if it means nothing, leave it out by --drop"
            )
        elif (stand_in := _stand_in(there)) is not None:
            count = many(int((there == stand_in).sum()), "cell")
            found.append(
                f": {count} of {stand_in:g}, far from all others; if it means missing, say --missing {stand_in:g}"
            )
    return found


def _stand_in(values: np.ndarray) -> float | None:
    """A number such as -999 that stands further from all others than these from each other."""
    for extreme in (values.min(), values.max()):
        if extreme in _STAND_INS and (others := values[values != extreme]).size > 1:
            far = min(abs(others.min() - extreme), abs(others.max() - extreme))
            if far > others.max() - others.min() > 0:
                return float(extreme)
    return None


def say_why_text(name: str, values: pa.Array, count: np.ndarray) -> None:
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
