"""Columns that tell the target by themselves: copies of it, or what is known only after it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import numpy as np

from normax.errors import quoted
from normax.tables import kinds
from normax.tables.noticing.seen import Seen
from normax.tables.wording import columns

__all__ = ["leaks"]

#: Share of the target's variance that one column explains only where it is the target itself.
ALL = 0.999
#: Rows from which on that is no chance, and rows that are looked at first.
ENOUGH, FIRST = 20, 1000


def leaks(seen: Seen) -> Iterator[str]:
    """Columns that alone explain 99.9 % of a number, or tell its classes apart without an error."""
    y, target = seen.y, seen.target
    if len(y) < ENOUGH or target.event is not None:
        return
    numbers, found = target.task == "regression", dict[str, list[str]]()
    if not numbers and np.bincount(y).min() < 5:
        return
    for column in seen.schema.columns:
        if column.kind == kinds.WORDS or len(column.levels) > len(y) // 5:
            continue
        text, part = column.kind == kinds.TEXT, seen.X[:, seen.places[column.name]]
        share = 0.0
        for rows in (slice(None, None, max(len(y) // FIRST, 1)), slice(None)):
            x = _codes(part[rows]) if text else part[rows, 0]
            if numbers:
                share = _explained(x, y[rows].astype(float), text)
            else:
                share = float(_tells(x, y[rows], text))
            if share < ALL:
                break
        if share < ALL:
            continue
        how = f"alone tells the classes of {quoted(target.name)} without an error"
        if numbers:
            much = "more than 99.99" if share > 0.9999 else f"{100 * share:.4g}"
            how = f"alone explains {much} % of {quoted(target.name)}"
        found.setdefault(how, []).append(column.name)
    for how, names in found.items():
        each, copy = ("each ", "copies") if len(names) > 1 else ("", "a copy")
        out = f"{copy} of the target, or known only after it? (--drop {shlex.quote(','.join(names))})"
        yield f"{columns(names)} {each}{how}; {out}"


def _codes(part: np.ndarray) -> np.ndarray:
    """Which category each row has; those of none share the last number."""
    return np.where(part.any(axis=1), part.argmax(axis=1), part.shape[1])


def _explained(x: np.ndarray, y: np.ndarray, text: bool) -> float:
    """The share of the variance of y by a line in x, or by the means of x's categories."""
    if text:
        dy = y - y.mean()
        means = np.bincount(x, y) / np.maximum(np.bincount(x), 1)
        left = y - means[x]
        return 1 - float(left @ left) / (float(dy @ dy) or 1.0)
    there = ~np.isnan(x)
    if there.sum() < max(ENOUGH, len(y) // 2):
        return 0.0
    dx, dy = x[there] - x[there].mean(), y[there] - y[there].mean()
    both = float(dx @ dx) * float(dy @ dy)
    return float(dx @ dy) ** 2 / both if both > 0 else 0.0


def _tells(x: np.ndarray, y: np.ndarray, text: bool) -> bool:
    """Whether every category is of one class, or a bound parts numbers of two classes; numbers that only count rows
    sorted by class do not count."""
    if text:
        table = np.zeros((int(x.max()) + 1, int(y.max()) + 1), int)
        np.add.at(table, (x, y), 1)
        return bool((np.count_nonzero(table, axis=1) <= 1).all())
    if y.max() > 1 or np.isnan(x).mean() > 0.5 or (np.diff(x) > 0).all():
        return False
    low, high = x[(y == 0) & ~np.isnan(x)], x[(y == 1) & ~np.isnan(x)]
    return bool(low.size and high.size and (low.max() < high.min() or high.max() < low.min()))
