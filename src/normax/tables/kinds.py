"""What a column is: numbers, yes/no, dates or text; and how its cells become float64.

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

__all__ = [
    "BOOLEAN",
    "DATE",
    "DATE_FORMATS",
    "MISSING",
    "NUMBER_FORMS",
    "NUMERIC",
    "TEXT",
    "absent",
    "infer",
    "is_truth",
    "marks",
    "nearly_number",
    "number_like",
    "read",
    "reads_as",
    "spellings",
    "texts",
    "why_text",
]

NUMERIC, BOOLEAN, DATE, TEXT = "numeric", "boolean", "date", "text"

_PAIRS = (("false", "true"), ("f", "t"), ("no", "yes"), ("n", "y"))
_TRUTH = {word: float(value) for pair in _PAIRS for value, word in enumerate(pair)} | {"0": 0.0, "1": 1.0}

#: Words that count as missing, in any case, where all other cells of the column are numbers, dates or truth values.
#: Among text they are categories like the others: NA may be Namibia.
MISSING = ("na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "nat", "?")

#: Marks that count as missing there too, which deserves a word.
MARKS = (
    *("-", "--", "---", "–", "—", ".", "..", "...", "n.a.", "n.a", "none", "nil", "(null)", "na()"),
    *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#error!"),
)

_TOO_LONG = "whole numbers too long to stay apart"
EXACT = 2.0**53  # from here on float64 does not tell whole numbers apart

# Each way of writing numbers, by an example, as the pattern of its cells and what to replace to have the plain one.
_BLANK = "[ \u00a0\u2009\u202f]"


def _grouped(between: str, decimal: str) -> str:
    """The pattern of numbers with such a mark between thousands and such a one before decimals."""
    whole = rf"(\d+|[1-9]\d{{0,2}}({between}\d{{3}})+)"
    return rf"^[+-]?({whole}({decimal}\d*)?|{decimal}\d+)([eE][+-]?\d+)?$"


NUMBER_FORMS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "1,234.5": (_grouped(",", "[.]"), ((",", ""),)),
    "1.234,5": (_grouped("[.]", ","), (("[.]", ""), (",", "."))),
    "1 234,5": (_grouped(_BLANK, ","), ((_BLANK, ""), (",", "."))),
    "1 234.5": (_grouped(_BLANK, "[.]"), ((_BLANK, ""),)),
    "1'234.5": (_grouped("['’]", "[.]"), (("['’]", ""),)),
    "\u22121.5": (r"^[+\x{2212}-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d+)?$", (("\u2212", "-"),)),
    "1.5D+03": (r"^[+-]?(\d+[.]?\d*|[.]\d+)([eEdD][+-]?\d+)?$", (("[dD]", "e"),)),
}

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
    """The kind of a column and how its dates or numbers are written.

    Args:
        cells: the whole column, nulls where missing.

    Returns:
        `(kind, form)`; the form is one of `DATE_FORMATS` for dates written as text, one of `NUMBER_FORMS` for
        numbers that are not written plainly, and else None.

    Raises:
        InputError: if the cells are of a type that no model can use (lists, structs, bytes).

    Example:
        >>> infer(pa.array(["1", "2.5", None])), infer(pa.array(["no", "yes"]))
        (('numeric', None), ('boolean', None))
        >>> infer(pa.array(["31.12.2024", "1.2.2025"]))
        ('date', 'day.month.year')
        >>> infer(pa.array(["12,5", "7"])), infer(pa.array(["00501", "94110"]))
        (('numeric', '1.234,5'), ('text', None))
    """
    kind = cells.type
    if pa.types.is_boolean(kind):
        return BOOLEAN, None
    if pa.types.is_temporal(kind):
        return (NUMERIC if pa.types.is_duration(kind) or pa.types.is_time(kind) else DATE), None
    if pa.types.is_integer(kind) and why_text(cells):
        return TEXT, None
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    ):
        return NUMERIC, None
    if not pa.types.is_string(kind):
        raise InputError(f"cells of type {kind} are neither numbers, dates nor text")
    plain = _reads(_numbers, cells)
    if not plain:
        cells = _without_words(cells)
        plain = _reads(_numbers, cells)
    if plain:
        return (TEXT if why_text(cells) else NUMERIC), None
    if _short(cells):
        words = set(pc.utf8_lower(pc.unique(cells.drop_null())).to_pylist())
        if any(words <= set(pair) for pair in _PAIRS):
            return BOOLEAN, None
    for form in NUMBER_FORMS:
        if reads_as(cells, NUMERIC, form):
            return NUMERIC, form
    for form in DATE_FORMATS:
        if reads_as(cells, DATE, form):
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
    convert, expected = _reader(kind, form)
    try:
        try:  # words that mean missing are rare: first as if there were none
            numbers = convert(cells)
        except pa.ArrowException:
            numbers = convert(_without_words(cells))
    except pa.ArrowException:
        row = _first_unreadable(_without_words(cells), convert)
        cell = cells[row].as_py()
        shown = quoted(cell) if isinstance(cell, str) else cell
        raise InputError(f"row {row + 1} holds {shown}, expected {expected}") from None
    return numbers.to_numpy(zero_copy_only=False).astype(float, copy=False)


def reads_as(cells: pa.Array, kind: str, form: str | None = None) -> bool:
    """Whether every cell there is can be read as this kind, written this way."""
    return _reads(_reader(kind, form)[0], _without_words(cells))


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
        cells = _without_words(cells)
    return pc.is_null(cells, nan_is_null=True).to_numpy(zero_copy_only=False)


def marks(cells: pa.Array, among: tuple[str, ...] = MARKS) -> list[str]:
    """The distinct cells that are such marks of something missing, as they are written."""
    if not pa.types.is_string(cells.type):
        return []
    held = cells.filter(pc.is_in(pc.utf8_lower(cells), value_set=pa.array(among)))
    return pc.unique(held).to_pylist()


def is_truth(words: Iterable[str]) -> bool:
    """Whether these are two words for false and true, as no and yes, in any case."""
    folded = {str(word).lower() for word in words}
    return len(folded) == 2 and any(folded == set(pair) for pair in _PAIRS)


def spellings(cells: pa.Array) -> list[list[str]]:
    """The words of a boolean column that are written in several ways, all ways of each: `[["NO", "no"]]`."""
    if not pa.types.is_string(cells.type):
        return []
    ways: dict[str, list[str]] = {}
    for word in sorted(pc.unique(_without_words(cells).drop_null()).to_pylist()):
        ways.setdefault(word.lower(), []).append(word)
    return [words for words in ways.values() if len(words) > 1]


def why_text(cells: pa.Array) -> str | None:
    """Why cells that all read as numbers are text nevertheless: what makes them codes, with an example; or None.

    Example:
        >>> why_text(pa.array(["00501", "94110"])), why_text(pa.array(["0.5", "7"]))
        ("leading zeros, as in '00501'", None)
        >>> why_text(pa.array([9007199254740993, 5]))
        'whole numbers too long to stay apart, as 9007199254740993'
    """
    if pa.types.is_integer(cells.type):
        ends = pc.min_max(cells).as_py()
        longest = max(ends.values(), key=lambda value: abs(value or 0))
        return f"{_TOO_LONG}, as {longest}" if longest is not None and abs(longest) >= EXACT else None
    if not pa.types.is_string(cells.type):
        return None
    zeros, long = _suspects(cells)
    if zeros.size and pc.all(pc.match_substring_regex(cells, r"^[+-]?\d+$"), min_count=0).as_py():
        return f"leading zeros, as in {quoted(cells[int(zeros[0])].as_py())}"
    if long.size:
        whole = cells.take(pa.array(long))
        whole = whole.filter(pc.match_substring_regex(whole, r"^[+-]?\d+$"))
        whole = whole.filter(pc.greater_equal(pc.abs(_numbers(whole)), EXACT))
        return f"{_TOO_LONG}, as {quoted(whole[0].as_py())}" if len(whole) else None
    return None


def _suspects(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Which cells begin with 0 and another digit, and which are too long for float64: mostly none, so read off bytes."""
    _, ends, letters = cells.buffers()
    places = np.frombuffer(ends, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    starts, length = places[:-1], places[1:] - places[:-1]
    several = (length > 1).nonzero()[0]
    raw = np.frombuffer(letters, np.uint8) if several.size else np.empty(0, np.uint8)
    second = raw[starts[several] + 1]
    zeros = (raw[starts[several]] == ord("0")) & (second >= ord("0")) & (second <= ord("9"))
    return several[zeros], (length >= len(str(int(EXACT)))).nonzero()[0]


def texts(cells: pa.Array) -> pa.Array:
    """The cells as text, whatever they are: a category of a CSV file is the same one in a Parquet file."""
    return cells if pa.types.is_string(cells.type) else pc.cast(cells, pa.string())


def number_like(values: pa.Array) -> np.ndarray:
    """Which of these text values are numbers, as a mask; nulls are not."""
    pattern = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
    return pc.fill_null(pc.match_substring_regex(values, pattern), False).to_numpy(zero_copy_only=False)


def nearly_number(values: pa.Array) -> np.ndarray:
    """Which of these text values are digits with no more than signs, separators and units of money about them."""
    pattern = r"^[(]?[-+\x{2212}]?[ $€£¥]*[-+\x{2212}]?\d[\d.,'’ \x{a0}\x{202f}]*[ $€£¥%)]*$"
    return pc.fill_null(pc.match_substring_regex(values, pattern), False).to_numpy(zero_copy_only=False)


def _reader(kind: str, form: str | None) -> tuple[Callable[[pa.Array], pa.Array], str]:
    """What turns cells into numbers, and the words for what it expects."""
    if kind == NUMERIC:
        return (lambda some: _numbers(some, form)), "a number" + (f" written as {form}" if form else "")
    if kind == BOOLEAN:
        return _booleans, "true or false, yes or no"
    return (lambda some: _dates(some, form)), f"a date ({form or 'year-month-day'})"


def _without_words(cells: pa.Array) -> pa.Array:
    """The cells with every word and mark that means missing made so."""
    if not pa.types.is_string(cells.type):
        return cells
    held = pc.is_in(pc.utf8_lower(cells), value_set=pa.array(MISSING + MARKS))
    return pc.if_else(held, pa.scalar(None, pa.string()), cells) if pc.any(held).as_py() else cells


def _numbers(cells: pa.Array, form: str | None = None) -> pa.Array:
    kind = cells.type
    if form is not None and pa.types.is_string(kind):
        pattern, steps = NUMBER_FORMS[form]
        if not pc.all(pc.match_substring_regex(cells, pattern), min_count=0).as_py():
            raise pa.ArrowInvalid("not a number written this way")
        for written, plain in steps:
            cells = pc.replace_substring_regex(cells, written, plain)
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
        if len(cells) > 1000:
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
