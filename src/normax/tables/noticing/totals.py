"""A last row that sums up the others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from normax.tables import kinds
from normax.tables.noticing.seen import Seen
from normax.tables.wording import many

__all__ = ["total_row"]

_TOTAL = re.compile(
    r"^(grand |sub)?(total|totals|sum|summe|gesamt|insgesamt|somme|suma|totale|合计|总计|总和)$", re.I
)

#: How far off a sum may be of cells that were rounded, by itself and where the row is called one.
EXACT, ROUNDED = 1e-6, 1e-3


def total_row(seen: Seen) -> Iterator[str]:
    """The last row is the sum of the others in two columns at least, or in one and is called so."""
    n = len(seen.X)
    if n < 5:
        return
    columns = [c for c in seen.schema.columns if c.kind == kinds.NUMERIC]
    parts = [seen.values(column) for column in columns]
    if seen.target.task == "regression" and not seen.target.log and seen.y.ndim == 1:
        parts.append(seen.y)
    texts = (column[-1].as_py() for column in seen.table.data.columns if pa.types.is_string(column.type))
    called = any(_TOTAL.match(text.strip()) for text in texts if text)
    sums = 0
    for values in parts:
        others = values[:-1]
        if (others < 0).any() or np.isnan(values).all():
            continue
        whole = np.nansum(others)
        off = (ROUNDED if called else EXACT) * whole
        sums += bool(whole > np.nanmax(others) > 0 and abs(values[-1] - whole) <= off)
    if sums >= 2 or (called and sums):
        yield (
            f"row {n} is the sum of the rows above in {many(sums, 'column')}; it is no case like them: leave it out of"
            " the file"
        )
