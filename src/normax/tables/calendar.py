"""What a date tells beside its place in time: the year, the season, the day of the week and the hour, as the data
allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["PERIODS", "Part", "parts_of_dates", "parts_of_times"]

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

#: The parts, and how many of their units come round again; a year does not.
PERIODS = {"year": 0, "quarter": 4, "month": 12, "weekday": 7, "hour": 24}

_ROUND = ("month", "hour")

#: Rows that a level needs to be one, and that there must be for each level on average.
_LEAST, _MEAN = 5, 10
#: A year says something beside the trend only where it has many rows, and only among a few.
_YEAR, _YEARS = 20, 30


@dataclass(frozen=True)
class Part:
    """One part of dates as features: a 0-1 column a level, or the sine and cosine of a round.

    Args:
        name: one of `PERIODS`.
        levels: the values that are features; none for sine and cosine.

    Example:
        >>> Part("weekday", (0, 6)).features, Part("hour").features
        (('weekday=Mon', 'weekday=Sun'), ('hour (sin)', 'hour (cos)'))
        >>> Part("month").encode(np.array([0.0, np.nan])).round(3)
        array([[ 0.,  1.],
               [nan, nan]])
    """

    name: str
    levels: tuple[int, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The names of its features, without the column's."""
        if not self.levels:
            return f"{self.name} (sin)", f"{self.name} (cos)"
        return tuple(f"{self.name}={self.said(level)}" for level in self.levels)

    @property
    def exists(self) -> bool:
        """Whether there are such a part and such levels of it, each once."""
        first = 0 if self.name in ("weekday", "hour") else 1
        last = first + PERIODS.get(self.name, 0) - 1 if self.name != "year" else 9999
        inside = all(first <= level <= last for level in self.levels)
        return (
            inside
            and len(set(self.levels)) == len(self.levels)
            and (bool(self.levels) or self.name in _ROUND)
        )

    def said(self, level: int) -> str:
        """A level as one says it."""
        names = {"month": _MONTHS, "weekday": _WEEKDAYS}.get(self.name)
        return str(level) if names is None else names[level - (self.name == "month")]

    def encode(self, values: np.ndarray, times: bool = False) -> np.ndarray:
        """The features (rows, k) of days from 1970, or of hours from midnight; a missing date is no level and no
        angle."""
        if self.levels:
            return (self.of(values, times)[:, None] == np.array(self.levels)).astype(float)
        angle = 2 * np.pi * _turn(self.name, values, times)
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)

    def of(self, values: np.ndarray, times: bool = False) -> np.ndarray:
        """This part of each date or time; -1 where it is missing."""
        return _value(self.name, values, times)


def _value(part: str, values: np.ndarray, times: bool = False) -> np.ndarray:
    there = np.isfinite(values)
    days = np.where(there, values / 24 if times else values, 0)
    date = np.floor(days).astype("M8[D]")
    months = date.astype("M8[M]").astype(int)
    found = {
        "year": lambda: months // 12 + 1970,
        "quarter": lambda: months % 12 // 3 + 1,
        "month": lambda: months % 12 + 1,
        "weekday": lambda: (date.astype(int) + 3) % 7,
        "hour": lambda: np.floor(np.round((days - np.floor(days)) * 86400) / 3600).astype(int) % 24,
    }[part]()
    return np.where(there, found, -1)


def _turn(part: str, values: np.ndarray, times: bool) -> np.ndarray:
    """How far round each date is, from 0 to 1."""
    days = values / 24 if times else values
    if part == "hour":
        return days % 1
    there = np.isfinite(days)
    date = np.floor(np.where(there, days, 0)).astype("M8[D]")
    return np.where(there, (date - date.astype("M8[Y]").astype("M8[D]")).astype(int) / 365.25, np.nan)


def parts_of_dates(days: np.ndarray) -> tuple[Part, ...]:
    """The parts of dates (rows,), NaN where missing, that vary and that enough rows tell of.

    Example:
        >>> [part.features for part in parts_of_dates(np.arange(120.0))][1][:2]
        ('weekday=Mon', 'weekday=Tue')
        >>> parts_of_dates(np.arange(5.0))
        ()
    """
    there = days[np.isfinite(days)]
    date = np.floor(there).astype("M8[D]")
    of_months = bool(np.all(date == date.astype("M8[M]")))
    found = []
    years, counts = np.unique(_value("year", there), return_counts=True)
    if 3 <= len(years) <= _YEARS and counts.min() >= _YEAR:
        found.append(Part("year", tuple(years.tolist())))
    of_quarters = of_months and bool(np.all(_value("month", there) % 3 == 1))
    found += _part("quarter" if of_quarters else "month", there)
    found += [] if of_months else _part("weekday", there)
    found += _part("hour", there)
    return tuple(found)


def parts_of_times(hours: np.ndarray) -> tuple[Part, ...]:
    """The parts of times of day (rows,) in hours: sine and cosine, where they go about the clock."""
    there = hours[np.isfinite(hours)]
    return (Part("hour"),) if there.max() <= 24 and np.ptp(there) > 6 else ()


def _part(name: str, there: np.ndarray) -> list[Part]:
    """As levels where each has rows enough, or else as a round where it has been gone about by half."""
    levels, counts = np.unique(_value(name, there), return_counts=True)
    if len(levels) == 1:
        return []
    if counts.min() >= _LEAST and len(there) >= _MEAN * len(levels):
        return [Part(name, tuple(levels.tolist()))]
    half = 2 * len(levels) >= PERIODS[name] and name in _ROUND
    return [Part(name)] if half and len(there) >= 2 * _MEAN else []
