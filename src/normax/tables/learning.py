"""What one column is, learned from all of its cells: its kind, or the reason to leave it out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from normax.errors import quoted
from normax.tables import kinds
from normax.tables.columns import Column, refuse_inf
from normax.tables.doubts import doubts, say_why_text
from normax.tables.wording import notice

__all__ = ["MAX_LEVELS", "learn"]

#: A text column with more categories than this is left out: one-hot, each would become a column of its own.
MAX_LEVELS = 1000

_ALL_MISSING = "every cell is missing"
_CONSTANT = "constant"
_IDENTIFIER = "text with as many values as rows"
_TOO_MANY = f"text with more than {MAX_LEVELS} categories"


def learn(name: str, cells: pa.Array, forced: str | None = None) -> tuple[Column, str | None]:
    """A column and the reason to leave it out, if there is one."""
    kind, form = kinds.infer(cells)
    if forced is not None:
        kind, form = forced, form if forced == kind else None
    if cells.null_count == len(cells):
        return Column(name, kind, form, missing=True), _ALL_MISSING
    if kind == kinds.TEXT:
        return _learn_text(name, cells, chosen=forced is not None)
    values = kinds.read(cells, kind, form)
    refuse_inf(values)
    there = values[~np.isnan(values)]
    column = Column(name, kind, form, missing=there.size < len(values))
    if not there.size:
        return column, _ALL_MISSING
    if not column.missing and there.min() == there.max():
        return column, _CONSTANT
    for doubt in doubts(cells, values, there, column):
        notice(f"column {quoted(name)}{doubt}")
    return column, None


def _learn_text(name: str, cells: pa.Array, chosen: bool = False) -> tuple[Column, str | None]:
    encoded = kinds.texts(cells).dictionary_encode()
    values, there = encoded.dictionary, len(cells) - cells.null_count
    column = Column(name, kinds.TEXT, None, tuple(sorted(values.to_pylist())), cells.null_count > 0)
    count = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(values))
    if not chosen:
        say_why_text(name, values, count)
    if len(values) == there > 1:
        return column, _IDENTIFIER
    if len(values) == 1 and not column.missing:
        return column, _CONSTANT
    return column, _TOO_MANY if len(values) > MAX_LEVELS else None
