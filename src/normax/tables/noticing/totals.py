"""A last row that sums up the others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from normax.tables import kinds
from normax.tables.noticing.seen import Seen

__all__ = ["total_row"]

_TOTAL = re.compile(
    r"^(grand |sub)?(total|totals|sum|summe|gesamt|insgesamt|somme|suma|totale|合计|总计|总和)$", re.I
)


def total_row(seen: Seen) -> Iterator[str]:
    """The last row is the sum of the others in two columns at least, or in one and is called so."""
    n = len(seen.X)
    if n < 5:
        return
    columns = [c for c in seen.schema.columns if c.kind == kinds.NUMERIC]
    parts = [seen.values(column) for column in columns]
    if seen.target.task == "regression" and not seen.target.log and seen.y.ndim == 1:
        parts.append(seen.y)
    sums = 0
    for values in parts:
        others = values[:-1]
        if (others < 0).any() or np.isnan(values).all():
            continue
        whole = np.nansum(others)
        sums += bool(whole > np.nanmax(others) > 0 and abs(values[-1] - whole) <= 1e-6 * whole)
    texts = (seen.table.column(c.name)[-1].as_py() for c in seen.schema.columns if c.kind == kinds.TEXT)
    called = any(_TOTAL.match(text.strip()) for text in texts if text)
    if sums >= 2 or (called and sums):
        yield f"row {n} is the sum of the rows above in {sums} columns; it is no case like them: leave it out of the file"
