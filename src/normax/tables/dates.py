"""How dates and times of day are written, read into days from 1970 and hours from midnight.

A form is written in words: `day.month.year`, `Month day, year`, `yearmonthday`, `year-Wweek`, `yearQquarter`,
`hour:minute`. `month` is a number and `Month` a name, `yy` a year of two digits, from 1969 to 2068. A time of day
may follow any date, with seconds, AM or PM, and a zone, by which it is turned into UTC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError, quoted
from normax.tables.words import plain

__all__ = [
    "DATE_FORMATS",
    "SECONDS_A_DAY",
    "TIME_FORMATS",
    "candidates",
    "dates",
    "form_of",
    "hours",
    "is_form",
    "pattern",
    "swapped",
]

_SEPARATED = ("year{0}month{0}day", "day{0}month{0}year", "month{0}day{0}year")
_SHORT = ("day{0}month{0}yy", "month{0}day{0}yy", "yy{0}month{0}day")

#: The ways of writing a date that are tried, each before those that it would be taken for.
DATE_FORMATS = (
    *(form.format(mark) for form in _SEPARATED for mark in "-/. "),
    *(form.format(mark) for form in _SHORT for mark in "-/."),
    *("day Month year", "Month day year", "year Month day", "day Month yy", "Month year", "year Month"),
    *(
        "Month yy",
        "yearmonthday",
        "year-Wweek",
        "yearWweek",
        "year Wweek",
        "year-Wweek-weekday",
        "yearQquarter",
    ),
    *("year-Qquarter", "year Qquarter", "Qquarter year", "Qquarter-year", "Qquarter/year", "year-month"),
    *("year/month", "year.month", "month/year", "month-year", "month.year", "yearMmonth"),
    *(
        "year年month月day日",
        "year年month月",
        "yearmonth",
        "yearmonthdayhourminute",
        "yearmonthdayhourminutesecond",
    ),
)
#: The ways of writing a time of day.
TIME_FORMATS = ("hour:minute", "hour.minute half", "hour half")

_TOKENS = {
    "weekday": "[1-7]",
    "year": r"\d{4}",
    "yy": r"\d{2}",
    "month": r"\d{1,2}",
    "Month": r"\p{L}{3,12}[.]?",
    "day": r"\d{1,2}",
    "week": r"\d{1,2}",
    "quarter": "[1-4]",
    "hour": r"\d{1,2}",
    "minute": r"\d{2}",
    "second": r"\d{2}(?:[.,]\d+)?",
    "half": r"(?i:[ap])[.]?(?i:m)[.]?",
    "zone": r"Z|UTC|GMT|[+\-\x{2212}]\d{2}:?(?:\d{2})?",
}
_PARTS = re.compile("|".join(sorted(_TOKENS, key=len, reverse=True)))
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?"
    rf"(?: ?(?P<half>{_TOKENS['half']}))?"
)
_TIME = rf"(?:(?:[T,]? *|[ ]at ){_CLOCK} ?(?P<zone>{_TOKENS['zone']})?)?"
_WEEKDAY = r"(?:\p{L}{2,12}[.]?,? +)?"

_MONTHS = (
    "january januar janvier enero gennaio janeiro januari",
    "february februar février febrero febbraio fevereiro",
    "march märz mars marzo marzo março maart mrz mrt",
    "april april avril abril aprile",
    "may mai mayo maggio maio mei",
    "june juni juin junio giugno junho juni",
    "july juli juillet julio luglio julho juli",
    "august août agosto augustus",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre diciembre dicembre dezembro",
)
_NAMES = tuple(tuple(names.split()) for names in _MONTHS)

SECONDS_A_DAY = 86400.0
# What others call the parts of a date, in strftime's letters and in those of spreadsheets.
_STRFTIME = {
    "Y": "year",
    "y": "yy",
    "m": "month",
    "d": "day",
    "e": "day",
    "b": "Month",
    "B": "Month",
    "H": "hour",
}
_STRFTIME |= {
    "I": "hour",
    "M": "minute",
    "S": "second",
    "p": "half",
    "z": "zone",
    "V": "week",
    "G": "year",
    "u": "weekday",
}
_LETTERS = {
    "YYYY": "year",
    "MMMM": "Month",
    "MMM": "Month",
    "YY": "yy",
    "MM": "month",
    "DD": "day",
    "HH": "hour",
}
_LETTERS |= {"hh": "hour", "mm": "minute", "SS": "second", "ss": "second", "D": "day", "M": "month"}


def dates(cells: pa.Array, form: str) -> pa.Array:
    """Text cells, nulls where missing, as days from 1970.

    Raises:
        pa.ArrowInvalid: if a cell is no date written this way, 31 February included.

    Example:
        >>> dates(pa.array(["17.8.2016", "1.9.2016 12:00"]), "day.month.year").to_pylist()
        [17030.0, 17045.5]
        >>> dates(pa.array(["Aug 17, 2016", "Wed, August 17th 2016"]), "Month day year").to_pylist()
        [17030.0, 17030.0]
        >>> dates(pa.array(["2016Q3"]), "yearQquarter").to_pylist()
        [16983.0]
    """
    part = _parts(cells, form)
    year = _whole(part["year"]) if "year" in part else _whole(part["yy"])
    if "yy" in part:
        year = year + np.where(year < 69, 2000, 1900)
    if "week" in part:
        day = _of_week(year, _whole(part["week"]), _whole(part["weekday"]) if "weekday" in part else None)
    else:
        month = np.ones_like(year)
        if "quarter" in part:
            month = 3 * _whole(part["quarter"]) - 2
        elif "month" in part:
            month = _whole(part["month"])
        elif "Month" in part:
            month = _named(part["Month"])
        day = _of_month(year, month, _whole(part["day"]) if "day" in part else np.ones_like(year))
    there = cells.is_valid().to_numpy(zero_copy_only=False)
    days = day + _seconds(part, there) / SECONDS_A_DAY
    return pa.array(days, mask=~there)


def hours(cells: pa.Array, form: str) -> pa.Array:
    """Text cells, nulls where missing, as hours from midnight.

    Raises:
        pa.ArrowInvalid: if a cell is no time of day.

    Example:
        >>> hours(pa.array(["14:30", "2:30 PM", "00:15:36"]), "hour:minute").to_pylist()
        [14.5, 14.5, 0.26]
    """
    there = cells.is_valid().to_numpy(zero_copy_only=False)
    return pa.array(_seconds(_parts(cells, form), there) / 3600, mask=~there)


def _parts(cells: pa.Array, form: str) -> dict[str, pa.Array]:
    cells = plain(cells)
    found = pc.extract_regex(cells, pattern(form))
    if found.null_count > cells.null_count:
        raise pa.ArrowInvalid("not written this way")
    return {field.name: pc.struct_field(found, field.name) for field in found.type}


@cache
def pattern(form: str) -> str:
    if form == "hour:minute":
        return rf"^{_CLOCK} ?(?P<zone>{_TOKENS['zone']})?$"
    named, pattern, last = "Month" in form, "", 0
    for token in _PARTS.finditer(form):
        between = form[last : token.start()]
        tight = (not between and last > 0) or re.match("[a-z]", form[token.end() :]) is not None
        digits = _TOKENS[token[0]].replace("{1,2}", "{2}") if tight and not named else _TOKENS[token[0]]
        pattern += _between(between, named, last > 0) + f"(?P<{token[0]}>{digits})"
        pattern += "(?:st|nd|rd|th)?" if named and token[0] == "day" else ""
        last = token.end()
    pattern += _between(form[last:], False, False)
    return f"^{_WEEKDAY if named else ''}{pattern}{'' if 'hour' in form else _TIME}$"


def _between(mark: str, named: bool, inside: bool) -> str:
    """What may stand between two parts: about a month's name any mark or none."""
    if named and inside:
        return r"(?:[ .,/'’\-]+|\b|(?:[ ]of[ ]))?"
    return " +" if mark == " " else f"{re.escape(mark)}{' ?' if mark in '-/.' and mark else ''}"


def _whole(texts: pa.Array) -> np.ndarray:
    return pc.cast(texts, pa.int64()).fill_null(1).to_numpy()


def _of_month(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Days from 1970 of dates that exist."""
    if np.any((month < 1) | (month > 12) | (day < 1)):
        raise pa.ArrowInvalid("no such month")
    months = 12 * (year - 1970) + month - 1
    first, following = (m.astype("M8[M]").astype("M8[D]").astype(int) for m in (months, months + 1))
    if np.any(first + day > following):
        raise pa.ArrowInvalid("no such day")
    return (first + day - 1).astype(float)


def _of_week(year: np.ndarray, week: np.ndarray, weekday: np.ndarray | None) -> np.ndarray:
    """Days from 1970 of ISO 8601's weeks, their Monday unless the day is given: week 1 has the 4th of January."""
    fourth, following = (
        _of_month(y, np.ones_like(y), np.full_like(y, 4)).astype(int) for y in (year, year + 1)
    )
    monday = fourth - (fourth + 3) % 7 + 7 * (week - 1)
    if np.any((week < 1) | (monday > following - (following + 3) % 7 - 7)):
        raise pa.ArrowInvalid("no such week")
    return (monday + (0 if weekday is None else weekday - 1)).astype(float)


def _named(names: pa.Array) -> np.ndarray:
    """Months from 1 by their names in English, German, French, Spanish, Italian, Portuguese and Dutch, or their beginnings."""
    encoded = names.dictionary_encode()
    months = [_month(name) for name in encoded.dictionary.to_pylist()] + [1]
    if None in months:
        raise pa.ArrowInvalid("no such month")
    return np.array(months)[encoded.indices.fill_null(len(months) - 1).to_numpy()]


@cache
def _month(name: str) -> int | None:
    word = _letters(name)
    found = {m for m, names in enumerate(_NAMES, 1) for full in names if _letters(full).startswith(word)}
    return found.pop() if len(found) == 1 else None


def _letters(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if c.isalpha())


def _seconds(part: dict[str, pa.Array], there: np.ndarray) -> np.ndarray:
    """Seconds from midnight in UTC, 0 where no time is given."""
    given = {name: part[name] for name in ("hour", "minute", "second") if name in part}
    if not given:
        return np.zeros(len(there))
    hour, minute, second = (
        _number(given[name]) if name in given else np.zeros(len(there))
        for name in ("hour", "minute", "second")
    )
    timed = pc.not_equal(given["hour"], "").fill_null(False).to_numpy(zero_copy_only=False)
    if "half" in part:
        half = pc.utf8_lower(part["half"])
        later = pc.starts_with(half, "p").fill_null(False).to_numpy(zero_copy_only=False)
        halved = pc.not_equal(half, "").fill_null(False).to_numpy(zero_copy_only=False)
        if np.any(halved & ((hour < 1) | (hour > 12))):
            raise pa.ArrowInvalid("no such hour")
        hour = np.where(halved, hour % 12 + 12 * later, hour)
    if np.any((hour > 24) | (minute > 59) | (second >= 61) | ((hour == 24) & (minute + second > 0))):
        raise pa.ArrowInvalid("no such time")
    zone = np.zeros(len(there))
    if "zone" in part:
        zoned = pc.not_equal(part["zone"], "").fill_null(False).to_numpy(zero_copy_only=False)
        if zoned.any():
            if np.any(timed & ~zoned):
                raise pa.ArrowInvalid("times with and without a zone")
            zone = _offset(part["zone"])
    return 3600 * hour + 60 * minute + second - zone


def _number(texts: pa.Array) -> np.ndarray:
    texts = pc.replace_substring(pc.if_else(pc.equal(texts, ""), "0", texts), ",", ".")
    return pc.cast(texts, pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)


def _offset(zones: pa.Array) -> np.ndarray:
    """Seconds that a zone is ahead of UTC."""
    encoded = zones.dictionary_encode()
    seconds = []
    for zone in encoded.dictionary.to_pylist():
        digits = re.sub(r"\D", "", zone)
        ahead = 3600 * int(digits[:2] or 0) + 60 * int(digits[2:] or 0)
        seconds.append(ahead if zone.startswith("+") else -ahead)
    return np.array([*seconds, 0.0])[encoded.indices.fill_null(len(seconds)).to_numpy()]


def candidates(cells: pa.Array) -> Iterator[str]:
    """The forms that the first cell has; they are tried on the others, not proven."""
    there = cells.drop_null()[:1]
    if len(there) and pc.match_substring_regex(there, r"\d")[0].as_py():
        for forms, read in ((DATE_FORMATS, dates), (TIME_FORMATS, hours)):
            for form in forms:
                try:
                    read(there, form)
                except pa.ArrowInvalid:
                    continue
                yield form


def swapped(form: str) -> str | None:
    """The form with day and month the other way round, which may fit as well; None where a date has no such twin."""
    for one, other in (("day{0}month", "month{0}day"), ("month{0}day", "day{0}month")):
        for mark in "-/. ":
            if form.startswith(one.format(mark)):
                return form.replace(one.format(mark), other.format(mark), 1)
    return None


def is_form(name: str) -> bool:
    """Whether a name is that of a form: parts of a date or of a time in words, with marks between them."""
    parts, rest = [part[0] for part in _PARTS.finditer(name)], _PARTS.sub("", name)
    enough = {"year", "yy"} & set(parts) or name in TIME_FORMATS
    return bool(enough) and len(set(parts)) == len(parts) and not re.search(r"[^\W_QWM年月日]", rest)


def form_of(text: str) -> str:
    """The form that a user names: by its own name, by strftime's letters, or by those of a spreadsheet.

    Raises:
        InputError: if it is none.

    Example:
        >>> form_of("%d.%m.%Y"), form_of("DD/MM/YY"), form_of("year-month")
        ('day.month.year', 'day/month/yy', 'year-month')
    """
    form = text
    if "%" in text:
        form = re.sub(r"%[-#]?(.)", lambda found: _STRFTIME.get(found[1], found[0]), text)
    elif not _PARTS.search(text):
        form = re.sub("|".join(_LETTERS), lambda found: _LETTERS[found[0]], text)
    form = re.sub(r"[T ]+hour:minute(:second)?( ?half| ?zone)*$", "", form)
    if not is_form(form):
        raise InputError(
            f"{quoted(text)} is no way to write dates; expected for instance day.month.year, month/day/yy, Month day, year,"
            " yearmonthday, or strftime's %d.%m.%Y"
        )
    return form
