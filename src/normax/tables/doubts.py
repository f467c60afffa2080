"""What was done with a column that its reader may have meant otherwise, in one line each that says the way out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import quoted
from normax.tables import codes, date_forms, dates, kinds, numbers
from normax.tables.columns import Column
from normax.tables.locale import Locale
from normax.tables.numbers import NumberForm
from normax.tables.sentinels import stand_ins
from normax.tables.wording import columns as named
from normax.tables.wording import many, notice
from normax.tables.words import MARKS, MISSING, marks, plain, spellings

__all__ = ["Doubt", "doubts", "in_case_only", "say", "why_text"]

_TRIED = 20  # cells that tell whether all are dates
_SHOWN = 3  # cells, rows and columns in a line


@dataclass(frozen=True)
class Doubt:
    """One thing to say of a column.

    Args:
        what: what columns may share, after their names.
        example: what is of this column.
        cells: of how many cells it is, which is said of all columns together.
    """

    what: str
    example: str = ""
    cells: int = 0


def say(said: Iterable[tuple[str, Doubt]]) -> None:
    """A `Notice` for each thing, which names all columns of which it is to be said."""
    together: dict[str, list[tuple[str, Doubt]]] = {}
    for name, doubt in said:
        together.setdefault(doubt.what, []).append((name, doubt))
    for what, columns in together.items():
        cells = sum(doubt.cells for _, doubt in columns)
        hold = f": {many(cells, 'cell')} {'holds' if cells == 1 else 'hold'} " if cells else ""
        notice(f"{named(name for name, _ in columns)}{hold}{what}{columns[0][1].example}")


def doubts(
    cells: pa.Array, values: np.ndarray, there: np.ndarray, column: Column, locale: Locale
) -> list[Doubt]:
    """What was done with a column of numbers, dates or truth values that its reader may have meant otherwise."""
    text = pa.types.is_string(cells.type)
    found: list[Doubt] = []
    if column.form and column.kind == kinds.NUMERIC and text:
        found += _of_numbers(cells, values, NumberForm.named(column.form), locale)
    if column.form and column.kind == kinds.DATE:
        found += _of_dates(cells, column)
    if column.kind == kinds.TIME and there.max() > 24:
        found.append(Doubt(": times beyond 24:00 are durations, in units of what comes first"))
    if column.missing and (held := marks(cells, MISSING + MARKS)):
        found.append(Doubt(f": {', '.join(map(quoted, sorted(held)[:5]))} taken as missing"))
    if column.odd:
        found.append(_of_odd(cells, column))
    if column.kind == kinds.BOOLEAN:
        found += [Doubt(f": {', '.join(map(quoted, words))} are one value") for words in spellings(cells)]
    if column.kind == kinds.NUMERIC and len(values) > 2:
        if np.all(np.diff(values) == 1):
            found.append(
                Doubt(" counts the rows one by one; if it only numbers them, leave it out by --drop")
            )
        elif column.name.startswith("column ") and np.all(np.diff(np.sort(values)) == 1):
            found.append(
                Doubt(
                    " has no name and numbers the rows in another order; if it means nothing, leave it out by --drop"
                )
            )
        else:
            found += _of_stand_ins(there)
            if codes.named_as_code(column.name) and _are_few(there):
                found.append(
                    Doubt(": whole numbers under the name of a code; if they are categories, say --text")
                )
    return found


def _are_few(there: np.ndarray) -> bool:
    """Whether these are whole numbers from 0 that come again and again, as codes do."""
    distinct = np.unique(there)
    return bool(
        np.all(distinct == np.round(distinct)) and distinct[0] >= 0 and 3 <= len(distinct) <= len(there) / 5
    )


def _of_numbers(cells: pa.Array, values: np.ndarray, form: NumberForm, locale: Locale) -> list[Doubt]:
    if str(form) == "1.234,5" and locale.decimal == ",":  # which was said of the whole table
        return []
    if form.factor != 1 and form.digits == "1234.5":
        what = ": numbers in percent are shares" if form.after == "%" else ": numbers in per mille are shares"
    elif form.digits == "1234.5" and (form.before or form.after):
        what = f": numbers in {form.before}{form.after}"
    else:
        what = f": numbers written as {form}"
    twin = str(NumberForm("1.234,5", form.before, form.after))
    if form.digits == "1,234.5" and locale.decimal is None and kinds.reads_as(cells, kinds.NUMERIC, twin):
        what += " (a decimal comma fits too, --decimal ,)"
    cells, values = cells.filter(pa.array(~np.isnan(values))), values[~np.isnan(values)]
    rows = numbers.marked(cells)
    negative = rows[values[rows] < 0]
    row = int((negative if negative.size else rows)[0])
    return [Doubt(what, f", {quoted(cells[row].as_py())} is {values[row]:.15g}")]


def _of_dates(cells: pa.Array, column: Column) -> list[Doubt]:
    form, found = column.form or "", []
    twin = date_forms.swapped(form)
    if twin and kinds.reads_as(cells, kinds.DATE, twin):
        other = shlex.quote(f"{column.name}:{twin}")
        found.append(
            Doubt(f" read as {form}, though {twin} fits too", f"; if it is that, say --date {other}")
        )
    if "yy" in form:
        found.append(Doubt(": years of two digits are from 1969 to 2068", f" (read as {form})"))
    if form in kinds.DIGITAL:
        example = f", as {cells.drop_null()[0].as_py()}"
        found.append(Doubt(f": numbers read as dates, {form} (--number, if they are numbers)", example))
    if pa.types.is_string(cells.type):
        zoned = pc.match_substring_regex(plain(cells), r"\d:\d\d.*(Z|[A-Z]{3,4}|[+\-]\d\d:?(\d\d)?)$")
        if pc.any(zoned).as_py():
            found.append(Doubt(": times of a zone are taken to UTC"))
    return found


def _of_odd(cells: pa.Array, column: Column) -> Doubt:
    """Which cells of the column are no numbers, or no dates, and where."""
    shown = []
    for word in column.odd[:_SHOWN]:
        rows = (
            np.flatnonzero(pc.equal(plain(cells), word).fill_null(False).to_numpy(zero_copy_only=False)) + 1
        )
        more = ", ..." if len(rows) > _SHOWN else ""
        shown.append(
            f"{quoted(word)} (row{'s' * (len(rows) > 1)} {', '.join(map(str, rows[:_SHOWN]))}{more})"
        )
    shown += [f"{len(column.odd)} such in all"] if len(column.odd) > _SHOWN else []
    kind = "numbers" if column.kind == kinds.NUMERIC else "dates"
    return Doubt(
        f": cells that are no {kind} count as missing (mend them, or say --text {shlex.quote(column.name)}):",
        f" {', '.join(shown)}",
    )


def _of_stand_ins(there: np.ndarray) -> list[Doubt]:
    found = []
    for number in stand_ins(there):
        cells = int((there == number).sum())
        where = "the only one below 0" if number == -1 else "far from all others"
        found.append(Doubt(f"{number:g}, {where}; missing? (--missing {number:g})", cells=cells))
    return found


def why_text(values: pa.Array, count: np.ndarray) -> list[Doubt]:
    """A word on text that is numbers in most of its cells, or nearly so in all; of its distinct cells and their
    counts."""
    number = numbers.number_like(values)
    other = ~number & ~np.isin(values.to_pylist(), marks(values, MISSING + MARKS))
    odd = values.filter(pa.array(other))
    if not other.any():
        why = codes.why_text(values.filter(pa.array(number)))
        return [Doubt(f" taken as text: {why} (--number, if it is one)")] if why else []
    if 10 * count[number | numbers.nearly(values)].sum() >= 9 * count.sum() and not codes.are_codes(odd):
        return _of_units(values.filter(pa.array(number | numbers.nearly(values))).to_pylist())
    if 2 * count[number].sum() >= count.sum():
        if codes.are_codes(odd):
            shown = f"{many(count[other].sum(), 'cell')} ({', '.join(map(quoted, odd[:_SHOWN].to_pylist()))})"
            return [Doubt(f" taken as text: codes beside its numbers, in {shown}")]
        return [_spoilt("number", odd, count[other].sum())]
    return _of_dated(odd, count[other])


def in_case_only(levels: Iterable[str]) -> list[Doubt]:
    """A word on categories that nothing but capitals tells apart; single letters may be signs that differ.

    Example:
        >>> in_case_only(["Red", "blue", "red"])[0].example
        ": 'Red', 'red'"
    """
    alike: dict[str, list[str]] = {}
    for level in levels:
        alike.setdefault(level.casefold(), []).append(level)
    found = [same for same in alike.values() if len(same) > 1 and len(same[0]) > 2]
    what = " has categories told apart by capitals alone; if they mean the same, write them alike"
    return [Doubt(what, f": {', '.join(map(quoted, found[0]))}")] if found else []


def _spoilt(kind: str, odd: pa.Array, cells: int) -> Doubt:
    shown = odd[:_SHOWN].to_pylist()
    return Doubt(
        f" taken as text: not a {kind} in {many(cells, 'cell')} ({', '.join(map(quoted, shown))}); if that means missing,"
        f" say --missing {shlex.quote(shown[0][:60])}"
    )


def _of_units(cells: list[str]) -> list[Doubt]:
    unlike = [cell for cell in cells if numbers.affixes(cell) != numbers.affixes(cells[0])]
    if len(cells) <= _SHOWN or not unlike:
        return []
    pair = f"{quoted(cells[0])} and {quoted(unlike[0])}"
    return [Doubt(f" taken as text: its numbers differ in what they are of, as {pair}")]


def _of_dated(values: pa.Array, count: np.ndarray) -> list[Doubt]:
    """A word on text whose cells are all dates, each written in a way of its own, or dates in most of them."""
    tried = values[:_TRIED].to_pylist() if len(values) > _SHOWN else []
    ways = [set(dates.candidates(pa.array([value]))) for value in tried]
    dated = [way for way in ways if way]
    if not dated or 2 * len(dated) < len(ways):
        return []
    if len(dated) < len(ways):
        form = max(dated[0], key=lambda form: sum(form in way for way in dated))
        other = ~dates.valid(values, form)
        if 2 * count[other].sum() > count.sum():
            return []
        return [_spoilt("date", values.filter(pa.array(other)), count[other].sum())]
    unlike = [value for value, forms in zip(tried, ways) if not forms & ways[0]]
    if not unlike:
        return []
    pair = f"{quoted(tried[0])} and {quoted(unlike[0])}"
    return [Doubt(f" taken as text: its dates are written in more than one way, as {pair}; mend them")]
