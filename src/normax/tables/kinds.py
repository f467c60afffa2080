"""What a column is: numbers, yes/no, dates or text; and how its cells become float64.

A kind is inferred from every cell of the column and then stays with the schema: a later table is read *as*
that kind, and a cell that cannot be is named by its row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError

__all__ = [
    "BOOLEAN",
    "DATE",
    "DATE_FORMATS",
    "NUMERIC",
    "TEXT",
    "infer",
    "is_date",
    "number_like",
    "read",
    "texts",
]

NUMERIC, BOOLEAN, DATE, TEXT = "numeric", "boolean", "date", "text"

_PAIRS = (("false", "true"), ("f", "t"), ("no", "yes"), ("n", "y"))
_TRUTH = {word: float(value) for pair in _PAIRS for value, word in enumerate(pair)} | {"0": 0.0, "1": 1.0}

# Each way of writing a date as the pattern that rewrites it into ISO 8601, whose parser refuses 31 February.
_DAY, _REST = r"(\d{1,2})", r"((?:[T ]\d.*)?)$"
DATE_FORMATS = {
    "year-month-day": (rf"^(\d{{4}})-{_DAY}-{_DAY}{_REST}", r"\1-\2-\3\4"),
    "year/month/day": (rf"^(\d{{4}})/{_DAY}/{_DAY}{_REST}", r"\1-\2-\3\4"),
    "day.month.year": (rf"^{_DAY}\.{_DAY}\.(\d{{4}}){_REST}", r"\3-\2-\1\4"),
    "month/day/year": (rf"^{_DAY}/{_DAY}/(\d{{4}}){_REST}", r"\3-\1-\2\4"),
    "day/month/year": (rf"^{_DAY}/{_DAY}/(\d{{4}}){_REST}", r"\3-\2-\1\4"),
}
_SECONDS_A_DAY = 86400.0


def infer(cells: pa.Array) -> tuple[str, str | None]:
    """The kind of a column and, for dates written as text, how they are written.

    Args:
        cells: the whole column, nulls where missing.

    Returns:
        `(kind, date_format)`; the format is None for everything but dates written as text.

    Raises:
        InputError: if the cells are of a type that no model can use (lists, structs, bytes).

    Example:
        >>> infer(pa.array(["1", "2.5", None])), infer(pa.array(["no", "yes"]))
        (('numeric', None), ('boolean', None))
        >>> infer(pa.array(["31.12.2024", "1.2.2025"]))
        ('date', 'day.month.year')
    """
    kind = cells.type
    if pa.types.is_boolean(kind):
        return BOOLEAN, None
    if pa.types.is_temporal(kind):
        return (NUMERIC if pa.types.is_duration(kind) or pa.types.is_time(kind) else DATE), None
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    ):
        return NUMERIC, None
    if not pa.types.is_string(kind):
        raise InputError(f"cells of type {kind} are neither numbers, dates nor text")
    if _reads(_numbers, cells):
        return NUMERIC, None
    if _short(cells):
        words = set(pc.utf8_lower(pc.unique(cells.drop_null())).to_pylist())
        if any(words <= set(pair) for pair in _PAIRS):
            return BOOLEAN, None
    for form in DATE_FORMATS:
        if is_date(cells, form):
            return DATE, form
    return TEXT, None


def read(cells: pa.Array, kind: str, form: str | None = None) -> np.ndarray:
    """The cells of a column that is not text as float64, NaN where missing; dates count days from 1970.

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
    convert: Callable[[pa.Array], pa.Array]
    if kind == NUMERIC:
        convert, expected = _numbers, "a number"
    elif kind == BOOLEAN:
        convert, expected = _booleans, "true or false, yes or no"
    else:
        convert, expected = (lambda some: _dates(some, form)), f"a date ({form or 'year-month-day'})"
    try:
        return convert(cells).to_numpy(zero_copy_only=False).astype(float, copy=False)
    except pa.ArrowException:
        row = _first_unreadable(cells, convert)
        raise InputError(f"row {row + 1} holds {cells[row].as_py()!r}, expected {expected}") from None


def is_date(cells: pa.Array, form: str) -> bool:
    """Whether every cell there is can be read as a date written this way."""
    return _reads(lambda some: _dates(some, form), cells)


def texts(cells: pa.Array) -> pa.Array:
    """The cells as text, whatever they are: a category of a CSV file is the same one in a Parquet file."""
    return cells if pa.types.is_string(cells.type) else pc.cast(cells, pa.string())


def number_like(values: pa.Array) -> np.ndarray:
    """Which of these text values are numbers, as a mask; nulls are not."""
    pattern = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
    return pc.fill_null(pc.match_substring_regex(values, pattern), False).to_numpy(zero_copy_only=False)


def _numbers(cells: pa.Array) -> pa.Array:
    kind = cells.type
    if pa.types.is_temporal(kind) and not (pa.types.is_duration(kind) or pa.types.is_time(kind)):
        raise pa.ArrowInvalid("a date is not a number")
    if pa.types.is_duration(kind) or pa.types.is_time(kind):  # in seconds
        unit = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pc.divide(pc.cast(cells.view(width), pa.float64()), unit)
    return pc.cast(cells, pa.float64(), safe=False)


def _booleans(cells: pa.Array) -> pa.Array:
    if pa.types.is_boolean(cells.type):
        return pc.cast(pc.cast(cells, pa.int8()), pa.float64())
    encoded = pc.utf8_lower(texts(cells)).dictionary_encode()
    values = [_TRUTH.get(word) for word in encoded.dictionary.to_pylist()]
    if None in values:
        raise pa.ArrowInvalid("not a truth value")
    return pa.array(values, pa.float64()).take(encoded.indices)


def _dates(cells: pa.Array, form: str | None) -> pa.Array:
    if pa.types.is_string(cells.type):
        pattern, iso = DATE_FORMATS[form or "year-month-day"]
        if not pc.all(pc.match_substring_regex(cells, pattern), min_count=0).as_py():
            raise pa.ArrowInvalid("not a date")
        cells = pc.replace_substring_regex(cells, pattern, iso)
        cells = pc.replace_substring_regex(cells, r"-(\d)-", r"-0\1-")
        cells = pc.replace_substring_regex(cells, r"^(\d{4}-\d\d)-(\d)($|\D)", r"\1-0\2\3")
        try:
            cells = pc.cast(cells, pa.timestamp("us"))
        except pa.ArrowInvalid:  # with zone offsets: all to UTC
            cells = pc.cast(cells, pa.timestamp("us", "UTC"))
    elif not pa.types.is_temporal(cells.type):
        raise pa.ArrowInvalid("not a date")
    instants = pc.cast(cells, pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False)
    return pc.divide(pc.cast(pc.cast(instants, pa.int64()), pa.float64()), _SECONDS_A_DAY * 1e6)


def _reads(convert: Callable[[pa.Array], pa.Array], cells: pa.Array) -> bool:
    try:  # most columns of another kind already fail on their first cells
        convert(cells[:100])
        convert(cells)
    except pa.ArrowException:
        return False
    return True


def _short(cells: pa.Array) -> bool:
    """Whether the column's words are short enough to be truth values, without listing its distinct cells."""
    return (pc.max(pc.utf8_length(cells)).as_py() or 0) <= len("false")


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
