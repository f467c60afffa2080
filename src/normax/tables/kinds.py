"""What a column is: numbers, yes/no, dates, times of day or text; and how its cells become float64.

A kind is inferred from every cell of the column and then stays with the schema: a later table is read *as*
that kind, and a cell that cannot be is named by its row. What would not survive as a number is text: codes with
leading zeros, and whole numbers that float64 cannot tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError, quoted
from normax.tables import date_forms, dates, numbers
from normax.tables.codes import why_text
from normax.tables.free_text import ANALYZERS
from normax.tables.locale import Locale, day_first
from normax.tables.numbers import NumberForm
from normax.tables.words import is_truth, truths, without_words

__all__ = [
    "BOOLEAN",
    "DATE",
    "DIGITAL",
    "NUMERIC",
    "TEXT",
    "TIME",
    "WORDS",
    "absent",
    "infer",
    "is_form",
    "read",
    "reads_as",
    "texts",
]

NUMERIC, BOOLEAN, DATE, TIME, TEXT, WORDS = "numeric", "boolean", "date", "time", "text", "words"

#: Dates that read as numbers too: the numbers they are between, and how many different ones must all be dates.
_DIGITAL_DATES = (
    ("yearmonthday", r"^(1[89]|20)\d{6}$", 3),
    ("daymonthyear", r"^(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(19|20)\d\d$", 6),
    ("monthdayyear", r"^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(19|20)\d\d$", 6),
    ("yearmonth", r"^(19|20)\d{4}$", 6),
    ("month.year", r"^(0[1-9]|1[0-2])\.(19|20)\d\d$", 6),
    ("year.month", r"^(19|20)\d\d\.(0[1-9]|1[0-2])$", 6),
)


#: Their names.
DIGITAL = tuple(form for form, _, _ in _DIGITAL_DATES)


def infer(cells: pa.Array, locale: Locale | None = None) -> tuple[str, str | None]:
    """The kind of a column and how its dates or numbers are written.

    Args:
        cells: the whole column, nulls where missing.
        locale: what decides where cells can be read in two ways; without one the point is before decimals and
            the day before the month, unless the column itself tells.

    Returns:
        `(kind, form)`; the form is one of `normax.tables.dates` for dates and times written as text, one of
        `normax.tables.numbers` for numbers that are not written plainly, and else None.

    Raises:
        InputError: if the cells are of a type that no model can use (lists, structs, bytes).

    Example:
        >>> infer(pa.array(["1", "2.5", None])), infer(pa.array(["no", "yes"]))
        (('numeric', None), ('boolean', None))
        >>> infer(pa.array(["31.12.2024", "1.2.2025"])), infer(pa.array(["2:30 PM"]))
        (('date', 'day.month.year'), ('time', 'hour:minute'))
        >>> infer(pa.array(["12,5", "7"])), infer(pa.array(["00501", "94110"])), infer(pa.array(["$1,200", "($7)"]))
        (('numeric', '1.234,5'), ('text', None), ('numeric', '$1,234.5'))
    """
    kind, locale = cells.type, locale or Locale()
    if pa.types.is_boolean(kind):
        return BOOLEAN, None
    if pa.types.is_temporal(kind):
        return (NUMERIC if pa.types.is_duration(kind) else TIME if pa.types.is_time(kind) else DATE), None
    if pa.types.is_integer(kind):
        if form := _digital_date(cells):
            return DATE, form
        return (TEXT if why_text(cells) else NUMERIC), None
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return NUMERIC, None
    if not pa.types.is_string(kind):
        raise InputError(f"cells of type {kind} are neither numbers, dates nor text")
    found = _plainly(cells, locale)
    if found is None:
        cells = without_words(cells)
        found = _plainly(cells, locale)
    if found is not None:
        return found
    if _short(cells) and is_truth(pc.unique(cells.drop_null()).to_pylist()):
        return BOOLEAN, None
    for form in dates.candidates(cells):
        kind = TIME if form in date_forms.TIME_FORMATS else DATE
        if reads_as(cells, kind, form):
            return kind, _day_or_month_first(cells, form, locale)
    for number in locale.first(numbers.candidates(cells)):
        if reads_as(cells, NUMERIC, str(number)):
            return (TEXT, None) if _zeros_lead(cells, number) else (NUMERIC, str(number))
    return TEXT, None


def _plainly(cells: pa.Array, locale: Locale) -> tuple[str, str | None] | None:
    """The kind of cells that all read as plain numbers, which may be codes, dates or thousands nevertheless."""
    if not _reads(_numbers, cells):
        return None
    if form := _digital_date(cells):
        return DATE, form
    if why_text(cells):
        return TEXT, None
    if (locale.decimal == "," or locale.thousands == ".") and reads_as(cells, NUMERIC, "1.234,5"):
        return NUMERIC, "1.234,5" if pc.any(pc.match_substring(cells, ".")).as_py() else None
    return NUMERIC, None


def _digital_date(cells: pa.Array) -> str | None:
    """The form of numbers such as 20160817 that are all dates, of which chance would not make so many."""
    first = texts(cells.drop_null()[:1])
    for form, pattern, least in _DIGITAL_DATES:
        if len(first) and pc.match_substring_regex(first, pattern)[0].as_py():
            values = texts(pc.unique(cells).drop_null())
            if len(values) >= least and pc.all(pc.match_substring_regex(values, pattern)).as_py():
                return form if reads_as(values, DATE, form) else None
    return None


def _day_or_month_first(cells: pa.Array, form: str, locale: Locale) -> str:
    twin = date_forms.swapped(form)
    if twin is None or not reads_as(cells, DATE, twin):
        return form
    first = locale.day_first if locale.day_first is not None else day_first(cells, form)
    day, month = (form, twin) if form.startswith("day") else (twin, form)
    return month if first is False else day


def _zeros_lead(cells: pa.Array, form: NumberForm) -> bool:
    """Whether what stands about the digits leaves codes: `007 A`."""
    zeros = pc.match_substring_regex(cells, r"^\D*0\d+\D*$")
    return form.digits == "1234.5" and bool(pc.any(zeros).as_py())


def read(cells: pa.Array, kind: str, form: str | None = None, also_missing: Iterable[str] = ()) -> np.ndarray:
    """The cells of a column that is not text as float64, NaN where missing.

    Dates count days from 1970, times of day hours from midnight.

    Args:
        cells: the whole column.
        kind, form: as `infer` gives them.
        also_missing: words that mean a missing cell, beside those that always do.

    Raises:
        InputError: naming the first row (from 1) whose cell cannot be read as this kind.

    Example:
        >>> read(pa.array(["1970-01-03", None]), "date", "year-month-day")
        array([ 2., nan])
        >>> read(pa.array(["1", "two"]), "numeric")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: row 2 holds 'two', expected a number
    """
    convert, expected = _reader(kind, form)
    try:
        try:  # words that mean missing are rare: first as if there were none
            values = convert(cells)
        except pa.ArrowException:
            values = convert(without_words(cells, also_missing))
    except pa.ArrowException:
        row = _first_unreadable(without_words(cells, also_missing), convert)
        cell = cells[row].as_py()
        shown = quoted(cell) if isinstance(cell, str) else cell
        raise InputError(f"row {row + 1} holds {shown}, expected {expected}") from None
    return values.to_numpy(zero_copy_only=False).astype(float, copy=False)


def reads_as(cells: pa.Array, kind: str, form: str | None = None) -> bool:
    """Whether every cell there is can be read as this kind, written this way."""
    return _reads(_reader(kind, form)[0], without_words(cells))


def is_form(kind: str, form: str) -> bool:
    """Whether the cells of a kind can be written this way."""
    if kind == NUMERIC:
        return numbers.is_form(form)
    if kind == WORDS:
        return form in ANALYZERS
    return (
        kind in (DATE, TIME)
        and date_forms.is_form(form)
        and (form in date_forms.TIME_FORMATS) == (kind == TIME)
    )


def absent(cells: pa.Array, words: bool = False) -> np.ndarray:
    """Which cells are missing: nulls, NaN, and in a column that is not text the words that mean it.

    Args:
        cells: the whole column.
        words: count those words as missing among text too.

    Example:
        >>> absent(pa.array(["1", "NA", None])), absent(pa.array(["FR", "NA", None]))
        (array([False,  True,  True]), array([False, False,  True]))
    """
    if pa.types.is_string(cells.type) and (words or infer(cells)[0] != TEXT):
        cells = without_words(cells)
    return pc.is_null(cells, nan_is_null=True).to_numpy(zero_copy_only=False)


def texts(cells: pa.Array) -> pa.Array:
    """The cells as text, whatever they are: a category of a CSV file is the same one in a Parquet file."""
    return cells if pa.types.is_string(cells.type) else pc.cast(cells, pa.string())


def _reader(kind: str, form: str | None) -> tuple[Callable[[pa.Array], pa.Array], str]:
    """What turns cells into numbers, and the words for what it expects."""
    if kind == NUMERIC:
        return (lambda some: _numbers(some, form)), "a number" + (f" written as {form}" if form else "")
    if kind == BOOLEAN:
        return _booleans, "true or false, yes or no"
    if kind == TIME:
        return (lambda some: _times(some, form)), f"a time of day ({form or 'hour:minute'})"
    return (lambda some: _dates(some, form)), f"a date ({form or 'year-month-day'})"


def _numbers(cells: pa.Array, form: str | None = None) -> pa.Array:
    kind = cells.type
    if form is not None and pa.types.is_string(kind):
        return numbers.numbers(cells, NumberForm.named(form))
    if pa.types.is_temporal(kind):
        if not (pa.types.is_duration(kind) or pa.types.is_time(kind)):
            raise pa.ArrowInvalid("a date is not a number")
        return _in_seconds(cells)
    return pc.cast(cells, pa.float64(), safe=False)


def _in_seconds(cells: pa.Array) -> pa.Array:
    """Durations and times of Arrow's types."""
    unit = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[cells.type.unit]
    width = pa.int32() if cells.type.bit_width == 32 else pa.int64()
    return pc.divide(pc.cast(cells.view(width), pa.float64()), unit)


def _booleans(cells: pa.Array) -> pa.Array:
    if pa.types.is_boolean(cells.type):
        return pc.cast(pc.cast(cells, pa.int8()), pa.float64())
    return truths(texts(cells))


def _times(cells: pa.Array, form: str | None) -> pa.Array:
    if pa.types.is_time(cells.type):
        return pc.divide(_in_seconds(cells), 3600.0)
    return dates.hours(_written(cells), form or "hour:minute")


def _dates(cells: pa.Array, form: str | None) -> pa.Array:
    if not pa.types.is_temporal(cells.type):
        return dates.dates(_written(cells), form or "year-month-day")
    if pa.types.is_duration(cells.type) or pa.types.is_time(cells.type):
        raise pa.ArrowInvalid("not a date")
    instants = pc.cast(cells, pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False)
    return pc.divide(pc.cast(pc.cast(instants, pa.int64()), pa.float64()), dates.SECONDS_A_DAY * 1e6)


def _written(cells: pa.Array) -> pa.Array:
    """What dates may be written in: text, or whole numbers as 20160817."""
    if not (pa.types.is_string(cells.type) or pa.types.is_integer(cells.type)):
        raise pa.ArrowInvalid("not a date")
    return texts(cells)


def _reads(convert: Callable[[pa.Array], pa.Array], cells: pa.Array) -> bool:
    try:  # most columns of another kind already fail on their first cells
        if len(cells) > 1000:
            convert(cells[:100])
        convert(cells)
    except pa.ArrowException:
        return False
    return True


def _short(cells: pa.Array) -> bool:
    """Whether the column's words are short enough to be truth values, without listing its distinct cells."""
    return (pc.max(pc.utf8_length(cells)).as_py() or 0) <= len("verdadero")


def _first_unreadable(cells: pa.Array, convert: Callable[[pa.Array], pa.Array]) -> int:
    """Bisect for the first cell that fails: each cell is readable or not whatever stands around it."""
    start, stop = 0, len(cells)
    while stop - start > 1:
        middle = (start + stop) // 2
        try:
            convert(cells[start:middle])
            start = middle
        except pa.ArrowException:
            stop = middle
    return start
