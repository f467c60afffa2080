"""Dates and times of day, read into days from 1970 and hours from midnight; those of a zone are taken to UTC."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.tables.date_forms import DATE_FORMATS, TIME_FORMATS, ZONES, looks, pattern
from normax.tables.words import plain

__all__ = ["SECONDS_A_DAY", "candidates", "dates", "hours", "valid"]

SECONDS_A_DAY = 86400.0

_NAMES = tuple(
    tuple(names.split())
    for names in (
        "january januar janvier enero gennaio janeiro januari",
        "february februar février febrero febbraio fevereiro februari",
        "march märz mars marzo março maart mrz mrt",
        "april avril abril aprile",
        "may mai mayo maggio maio mei",
        "june juni juin junio giugno junho",
        "july juli juillet julio luglio julho",
        "august août agosto augustus",
        "september septembre septiembre settembre setembro",
        "october oktober octobre octubre ottobre outubro",
        "november novembre noviembre novembro",
        "december dezember décembre diciembre dicembre dezembro",
    )
)


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
    return _existing(cells, _days(cells, form))


def hours(cells: pa.Array, form: str) -> pa.Array:
    """Text cells, nulls where missing, as hours from midnight, or as a duration of hours.

    Raises:
        pa.ArrowInvalid: if a cell is no time.

    Example:
        >>> hours(pa.array(["14:30", "2:30 PM", "00:15:36", "99:30"]), "hour:minute").to_pylist()
        [14.5, 14.5, 0.26, 99.5]
    """
    return _existing(cells, _hours(cells, form))


def valid(values: pa.Array, form: str) -> np.ndarray:
    """Which of these text values, none of them null, are dates or times written this way, as a mask.

    Example:
        >>> valid(pa.array(["29.2.2024", "29.2.2023", "soon"]), "day.month.year")
        array([ True, False, False])
    """
    fits = pc.match_substring_regex(plain(values), pattern(form)).to_numpy(zero_copy_only=False)
    if not fits.any():
        return fits
    read = _hours if form in TIME_FORMATS else _days
    try:
        fits[fits] = np.isfinite(read(values.filter(pa.array(fits)), form))
    except pa.ArrowInvalid:  # some with a zone and some without
        fits[:] = False
    return fits


def _existing(cells: pa.Array, values: np.ndarray) -> pa.Array:
    there = cells.is_valid().to_numpy(zero_copy_only=False)
    if np.any(there & np.isnan(values)):
        raise pa.ArrowInvalid("no such day or time")
    return pa.array(values, mask=~there)


def _days(cells: pa.Array, form: str) -> np.ndarray:
    """Days from 1970, NaN where there is no such date."""
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
    return day + _seconds(part, len(cells)) / SECONDS_A_DAY


def _hours(cells: pa.Array, form: str) -> np.ndarray:
    return _seconds(_parts(cells, form), len(cells), duration=form == "hour:minute") / 3600


def _parts(cells: pa.Array, form: str) -> dict[str, pa.Array]:
    cells = plain(cells)
    found = pc.extract_regex(cells, pattern(form))
    if found.null_count > cells.null_count:
        raise pa.ArrowInvalid("not written this way")
    return {field.name: pc.struct_field(found, field.name) for field in found.type}


def _whole(texts: pa.Array) -> np.ndarray:
    return pc.cast(texts, pa.int64()).fill_null(1).to_numpy()


def _of_month(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Days from 1970, NaN where there is no such month or day."""
    months = 12 * (year - 1970) + np.clip(month, 1, 12) - 1
    first, following = (m.astype("M8[M]").astype("M8[D]").astype(int) for m in (months, months + 1))
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (first + day <= following)
    return np.where(exists, first + day - 1.0, np.nan)


def _of_week(year: np.ndarray, week: np.ndarray, weekday: np.ndarray | None) -> np.ndarray:
    """Days from 1970 of ISO 8601's weeks, their Monday unless the day is given: week 1 has the 4th of January."""
    fourth, following = (_of_month(y, np.ones_like(y), np.full_like(y, 4)) for y in (year, year + 1))
    monday = fourth - (fourth + 3) % 7 + 7 * (week - 1)
    exists = (week >= 1) & (monday < following - (following + 3) % 7)
    return np.where(exists, monday + (0 if weekday is None else weekday - 1), np.nan)


def _named(names: pa.Array) -> np.ndarray:
    """Months from 1, 0 where there is none, by their names or the beginnings of these.

    In English, German, French, Spanish, Italian, Portuguese and Dutch.
    """
    encoded = names.dictionary_encode()
    months = [_month(name) for name in encoded.dictionary.to_pylist()] + [1]
    return np.array(months)[encoded.indices.fill_null(len(months) - 1).to_numpy()]


@cache
def _month(name: str) -> int:
    word = _letters(name)
    found = {m for m, names in enumerate(_NAMES, 1) for full in names if _letters(full).startswith(word)}
    return found.pop() if len(found) == 1 else 0


def _letters(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if c.isalpha())


def _seconds(part: dict[str, pa.Array], rows: int, duration: bool = False) -> np.ndarray:
    """Seconds from midnight in UTC, 0 where no time is given and NaN where there is no such time."""
    if "hour" not in part:
        return np.zeros(rows)
    hour, minute, second = (
        _number(part[name]) if name in part else np.zeros(rows) for name in ("hour", "minute", "second")
    )
    halved = later = np.zeros(rows, bool)
    if "half" in part:
        halved, later = _given(part["half"]), _mask(pc.starts_with(pc.utf8_lower(part["half"]), "p"))
    exists = np.where(
        halved, (hour >= 1) & (hour <= 12), (hour < 24) | duration | (hour * 60 + minute + second == 1440)
    )
    exists &= (minute < 60) & (second < 61)
    hour = np.where(halved, hour % 12 + 12 * later, hour)
    return np.where(exists, 3600 * hour + 60 * minute + second - _zone(part), np.nan)


def _zone(part: dict[str, pa.Array]) -> np.ndarray | float:
    """Seconds that the zones of times are ahead of UTC."""
    zoned = _given(part["zone"]) if "zone" in part else np.zeros(1, bool)
    if not zoned.any():
        return 0.0
    if np.any(_given(part["hour"]) & ~zoned):
        raise pa.ArrowInvalid("times with and without a zone")
    encoded = part["zone"].dictionary_encode()
    seconds = []
    for zone in (ZONES.get(zone, zone) for zone in encoded.dictionary.to_pylist()):
        digits = re.sub(r"\D", "", zone)
        ahead = 3600 * int(digits[:2] or 0) + 60 * int(digits[2:] or 0)
        seconds.append(ahead if zone.startswith("+") else -ahead)
    return np.array([*seconds, 0.0])[encoded.indices.fill_null(len(seconds)).to_numpy()]


def _given(texts: pa.Array) -> np.ndarray:
    return _mask(pc.not_equal(texts, ""))


def _mask(values: pa.Array) -> np.ndarray:
    return values.fill_null(False).to_numpy(zero_copy_only=False)


def _number(texts: pa.Array) -> np.ndarray:
    texts = pc.replace_substring(pc.if_else(pc.equal(texts, ""), "0", texts), ",", ".")
    return pc.cast(texts, pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)


def candidates(cells: pa.Array) -> Iterator[str]:
    """The forms that the first cell has; they are tried on the others, not proven."""
    there = cells.drop_null()[:1]
    for value in plain(there).drop_null().to_pylist():
        alike = (form for form in (*DATE_FORMATS, *TIME_FORMATS) if looks(value, form))
        yield from (form for form in alike if valid(there, form)[0])
