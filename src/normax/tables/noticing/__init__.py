"""What an analyst would notice in a table before fitting anything, each in one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterator

from normax.tables.noticing.copies import copied_rows
from normax.tables.noticing.identifiers import (
    numbers_of_categories,
    numbers_of_rows,
    repeated_identifiers,
)
from normax.tables.noticing.leaks import leaks
from normax.tables.noticing.order import order_in_time
from normax.tables.noticing.seen import Seen
from normax.tables.noticing.targets import amounts, bounds, classes, marks_of_none, times
from normax.tables.noticing.totals import total_row

__all__ = ["Seen", "noticed"]

_EACH = (
    total_row,
    numbers_of_rows,
    numbers_of_categories,
    repeated_identifiers,
    order_in_time,
    copied_rows,
    leaks,
    amounts,
    bounds,
    marks_of_none,
    classes,
    times,
)


def noticed(seen: Seen) -> Iterator[str]:
    """What there is to say, a line each."""
    for look in _EACH:
        yield from look(seen)
