"""The ways in which dates and times of day are written, each named in words, and the patterns of their cells.

`day.month.year`, `Month day, year`, `yearmonthday`, `year-Wweek`, `yearQquarter`, `hour:minute`: `month` is a number
and `Month` a name, `yy` a year of two digits, from 1969 to 2068. A time of day may follow any date, with seconds, AM
or PM, and a zone.
"""

from __future__ import annotations

import re
from functools import cache

from normax.errors import InputError, quoted

__all__ = ["DATE_FORMATS", "TIME_FORMATS", "ZONES", "form_of", "is_form", "looks", "pattern", "swapped"]

_SEPARATED = ("year{0}month{0}day", "day{0}month{0}year", "month{0}day{0}year")
_SHORT = ("day{0}month{0}yy", "month{0}day{0}yy", "yy{0}month{0}day")

#: The ways of writing a date that are tried, each before those that it would be taken for.
DATE_FORMATS = (
    *(form.format(mark) for form in _SEPARATED for mark in "-/. "),
    *(form.format(mark) for form in _SHORT for mark in "-/."),
    *["day Month year", "Month day year", "year Month day", "Month day hour:minute:second year"],
    *["day Month yy", "Month year", "year Month", "Month yy"],
    *["year-Wweek", "yearWweek", "year Wweek", "year-Wweek-weekday"],
    *["yearQquarter", "year-Qquarter", "year Qquarter", "Qquarter year", "Qquarter-year", "Qquarter/year"],
    *["year-month", "year/month", "year.month", "month/year", "month-year", "month.year", "yearMmonth"],
    *["year年month月day日", "year年month月", "yearmonthday", "daymonthyear", "monthdayyear", "yearmonth"],
    *["yearmonthdayhourminute", "yearmonthdayhourminutesecond"],
)
#: The ways of writing a time of day.
TIME_FORMATS = ("hour:minute", "hour.minute half", "hour half")

#: Zones by names that mean one thing, as their distance from UTC.
ZONES = {
    "WEST": "+01",
    "WET": "+00",
    "BST": "+01",
    "CEST": "+02",
    "CET": "+01",
    "EEST": "+03",
    "EET": "+02",
    "MSK": "+03",
}
ZONES |= {"EST": "-05", "EDT": "-04", "CDT": "-05", "MST": "-07", "MDT": "-06", "PST": "-08", "PDT": "-07"}
ZONES |= {
    "HKT": "+08",
    "SGT": "+08",
    "JST": "+09",
    "KST": "+09",
    "AEST": "+10",
    "AEDT": "+11",
    "NZST": "+12",
    "NZDT": "+13",
}

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
    "zone": rf"Z|UTC|GMT|[+\-\x{{2212}}]\d{{2}}:?(?:\d{{2}})?|{'|'.join(ZONES)}",
}
_PARTS = re.compile("|".join(sorted(_TOKENS, key=len, reverse=True)))
_CLOCK = (
    r"(?P<hour>\d{1,3})[:h](?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?"
    rf"(?: ?(?P<half>{_TOKENS['half']}))?"
)
_TIME = rf"(?:(?:[T,]? *|[ ]at ){_CLOCK} ?(?P<zone>{_TOKENS['zone']})?)?"
_WEEKDAY = r"(?:\p{L}{2,12}[.]?,? +)?"

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


@cache
def pattern(form: str) -> str:
    """What a whole cell written this way looks like, each part in a group of its name."""
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


def looks(value: str, form: str) -> bool:
    """Whether one cell looks like this form: told fast, for Python keeps compiled patterns and Arrow does not."""
    return _compiled(form).match(value) is not None


@cache
def _compiled(form: str) -> re.Pattern[str]:
    return re.compile(pattern(form).replace(r"\p{L}", r"[^\W\d_]").replace(r"\x{2212}", "\u2212"))


def _between(mark: str, named: bool, inside: bool) -> str:
    """What may stand between two parts: about a month's name any mark or none."""
    if named and inside:
        return r"(?:[ .,:/'’\-]+|\b|(?:[ ]of[ ]))?"
    return " +" if mark == " " else f"{re.escape(mark)}{' ?' if mark in '-/.' and mark else ''}"


def swapped(form: str) -> str | None:
    """The form with day and month the other way round, which may fit as well; None where a date has no such twin."""
    for one, other in (("day{0}month", "month{0}day"), ("month{0}day", "day{0}month")):
        for mark in ("-", "/", ".", " ", ""):
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
