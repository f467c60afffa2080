"""Rows that stand in the order of a time, which folds at random would mix up."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import numpy as np

from normax.errors import quoted
from normax.tables import kinds
from normax.tables.noticing.seen import Seen

__all__ = ["order_in_time"]

_TIMES = re.compile(
    r"(^|[_ .-])(date|time|timestamp|datetime|year|yr|month|week|day|quarter|period)($|[_ .-])", re.I
)
ENOUGH, STEPS = 20, 4  # rows, and times after the first


def order_in_time(seen: Seen) -> Iterator[str]:
    """A date, or a number named as a time, that never falls from row to row."""
    if seen.timed or seen.grouped or len(seen.X) < ENOUGH:
        return
    for column in seen.schema.columns:
        timed = column.kind == kinds.DATE or (column.kind == kinds.NUMERIC and _TIMES.search(column.name))
        if not timed or column.missing:
            continue
        steps = np.diff(seen.values(column))
        if ((steps >= 0).all() or (steps <= 0).all()) and np.count_nonzero(steps) >= STEPS:
            yield (
                f"rows stand in the order of {quoted(column.name)}; if the future is to be predicted, say --time"
                f" {shlex.quote(column.name)}, which trains on what came before"
            )
            return
