"""How the writer of a table writes: which mark comes before decimals, which between thousands, the day or the month
first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import quoted
from normax.tables import date_forms, dates, numbers
from normax.tables.numbers import NumberForm
from normax.tables.reading import Table
from normax.tables.wording import columns, notice
from normax.tables.words import without_words

__all__ = ["Locale", "day_first"]

#: Rows that tell the locale; each column's own kind comes from all of its cells.
_ROWS = 10_000


@dataclass(frozen=True)
class Locale:
    """What decides where a cell can be read in two ways; None where nothing does.

    Args:
        decimal: `"."` or `","`.
        thousands: the mark between thousands, `","`, `"."`, `" "` or `"'"`.
        day_first: whether 1/2/2020 is in February.

    Example:
        >>> from normax.tables import read_table
        >>> table = read_table({"price": ["1,250", "2,500"], "weight": ["3.5", "4.25"]})
        >>> Locale.of(table)
        Locale(decimal='.', thousands=None, day_first=None)
    """

    decimal: str | None = None
    thousands: str | None = None
    day_first: bool | None = None

    @classmethod
    def of(cls, table: Table, given: Locale | None = None) -> Locale:
        """What the columns of a table agree on that can be read in one way only.

        Where none tells the decimal mark, it is the comma if the cells of the file stand apart by `;`. A `Notice`
        says once that a table has decimal commas.

        Args:
            table: all of its columns, the target's too.
            given: what is known already, and stays.
        """
        given = given or cls()
        decimals: dict[str, str] = {}  # which marks there are, and the first column that has each
        unclear: list[str] = []  # columns with a comma that may be either
        pointed: list[str] = []  # and with a point
        days: set[bool] = set()
        for name, column in zip(table.names, table.data.columns):
            if not pa.types.is_string(column.type):
                continue
            cells = without_words(column.slice(0, _ROWS).combine_chunks()).drop_null()
            if not pc.any(pc.match_substring_regex(cells, "[-.,/ ]"), min_count=0).as_py():
                continue
            fits = _decimals(cells)
            if len(fits) == 1:
                decimals.setdefault(fits.pop(), name)
            elif fits and pc.any(pc.match_substring(cells, ",")).as_py():
                unclear.append(name)
            elif fits and numbers.number_like(cells).all():
                pointed.append(name)
            elif not fits:
                days |= _days(cells)
        if not decimals and unclear and table.delimiter == ";":
            decimals[","] = unclear[0]
        decimal = next(iter(decimals)) if len(decimals) == 1 else None
        if given.decimal is None and given.thousands is None and decimal == ",":
            _say_comma(table, decimals[","])
        if given == cls() and decimal is None and pointed and table.delimiter == ";":
            _say_points(table, pointed)
        first = days.pop() if len(days) == 1 else None
        return cls(
            given.decimal or decimal,
            given.thousands,
            first if given.day_first is None else given.day_first,
        )

    def first(self, forms: Iterable[NumberForm]) -> list[NumberForm]:
        """The forms, those that suit the locale first."""
        return sorted(
            forms,
            key=lambda form: (
                (self.decimal not in (None, form.decimal)) + (self.thousands not in (None, form.thousands))
            ),
        )


def _decimals(cells: pa.Array) -> set[str]:
    """The marks before decimals with which all of these cells are numbers, if any has a mark."""
    if not pc.any(pc.match_substring_regex(cells, "[.,]"), min_count=0).as_py():
        return set()
    forms = numbers.candidates(cells)
    if numbers.number_like(
        cells
    ).all():  # as in most columns, which only grouping by points could make others
        forms = iter([NumberForm("1234.5"), NumberForm("1.234,5")])
    return {form.decimal for form in forms if _reads(cells, form)}


def _reads(cells: pa.Array, form: NumberForm) -> bool:
    try:
        numbers.numbers(cells[:100], form)
        numbers.numbers(cells, form)
    except pa.ArrowException:
        return False
    return True


def _days(cells: pa.Array) -> set[bool]:
    """Whether these dates have the day first, if they can be read in one way only."""
    fits = [
        form
        for form in dates.candidates(cells)
        if date_forms.swapped(form) and dates.valid(cells, form).all()
    ]
    return {form.startswith("day") for form in fits} if len(fits) == 1 else set()


def day_first(cells: pa.Array, form: str) -> bool | None:
    """Whether dates that fit with the day and with the month first tell it: by their order, or by a day that never
    varies.

    Example:
        >>> day_first(pa.array(["1/2/2020", "1/3/2020", "1/4/2021"]), "day/month/year")
        True
        >>> day_first(pa.array(["1/3/2020", "1/9/2020", "2/3/2020"]), "day/month/year")
        False
    """
    ways = {}
    for way in (form, date_forms.swapped(form) or form):
        days = dates.dates(cells, way).drop_null().to_numpy(zero_copy_only=False)
        steps, months = np.diff(days), days.astype("M8[D]").astype("M8[M]")
        in_order = bool((steps >= 0).all() or (steps <= 0).all())
        same_day = len(np.unique(days.astype("M8[D]") - months.astype("M8[D]"))) == 1
        ways[way] = (in_order, same_day)
    better, worse = sorted(ways, key=lambda way: ways[way], reverse=True)
    return better.startswith("day") if ways[better] > ways[worse] else None


def _say_comma(table: Table, name: str) -> None:
    cells = without_words(table.column(name)).drop_null()
    example = cells.filter(pc.match_substring_regex(cells, ",|[.].*[.]"))[:1]
    cell = example[0].as_py()
    what = "decimal commas" if "," in cell else "points between thousands"
    form = next(f for f in numbers.candidates(example) if f.decimal == "," and _reads(example, f))
    value = numbers.numbers(example, form)[0].as_py()
    notice(f"{table.source}: numbers have {what}: {quoted(cell)} in column {quoted(name)} is {value:.15g}")


def _say_points(table: Table, names: list[str]) -> None:
    """Of a file whose only numbers with a mark are as 1.234, which where `;` parts cells may be 1234."""
    cells = without_words(table.column(names[0])).drop_null()
    cell = cells.filter(pc.match_substring(cells, "."))[0].as_py()
    notice(
        f"{table.source}: {columns(names)}: numbers have decimal points, {quoted(cell)} is {float(cell):.15g}; if they stand"
        " between thousands, say --thousands ."
    )
