"""Columns that only number or name the rows, or whom they are about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import numpy as np

from normax.errors import quoted
from normax.tables import kinds
from normax.tables.columns import Column
from normax.tables.noticing.seen import Seen
from normax.tables.twins import hold_their_numbers

__all__ = ["numbers_of_categories", "numbers_of_rows", "repeated_identifiers"]

#: Rows from which on a permutation of 1 to n is no chance.
ENOUGH = 20

#: Names of those whom several rows may be about.
_WHOM = re.compile(
    r"(^|[_ .-])(id|ids|uid|patient|subject|subj|person|participant|customer|client|user|member|student|pupil"
    r"|household|family|farm|animal|dog|mouse|rat|ident|identifier)($|[_ .-]|\d)|[a-z]I[dD]$",
    re.IGNORECASE,
)

#: Rows of one that still make it whom they are about, rather than a kind.
MANY = 50


def numbers_of_rows(seen: Seen) -> Iterator[str]:
    """Whole numbers without a gap, each once, in another order than that of the rows, or with gaps under a name of
    identifiers."""
    n = len(seen.X)
    if n < ENOUGH:
        return
    for column in seen.schema.columns:
        if column.kind != kinds.NUMERIC or column.missing or column.name.startswith("column "):
            continue
        values = seen.values(column)
        if not _is_whole(values) or values.max() - values.min() < n - 1 or (np.diff(values) == 1).all():
            continue
        if len(np.unique(values)) < n:
            continue
        counts = values.max() - values.min() == n - 1
        if counts or _WHOM.search(column.name) or column.name.lower().startswith("unnamed"):
            how = f"numbers the rows, {values.min():.0f} to {values.max():.0f} each once"
            how = how if counts else "has another whole number in every row, as identifiers do"
            yield f"column {quoted(column.name)} {how}; if it means nothing, --drop {shlex.quote(column.name)}"


def numbers_of_categories(seen: Seen) -> Iterator[str]:
    """Whole numbers that say again which category a column of text has, where it is not plain that they only do so."""
    if len(seen.X) < ENOUGH:
        return
    texts = [(c, _codes(seen, c)) for c in seen.schema.columns if c.kind == kinds.TEXT and not c.rest]
    for column in seen.schema.columns:
        numbers = _codes(seen, column) if texts and column.kind == kinds.NUMERIC else None
        distinct = 0 if numbers is None else numbers.max() + 1
        for text, codes in texts if distinct > 2 else ():
            if codes is None or not codes.max() + 1 == distinct == len(np.unique(codes * distinct + numbers)):
                continue
            rows = np.unique(codes, return_index=True)[1]
            if not hold_their_numbers(dict(zip(text.levels, seen.values(column)[rows]))):
                yield (
                    f"column {quoted(column.name)} numbers the categories of {quoted(text.name)}; if it is no quantity,"
                    f" --drop {shlex.quote(column.name)}"
                )
            break


def repeated_identifiers(seen: Seen) -> Iterator[str]:
    """Whom several rows are about: then folds must not part them."""
    if seen.grouped or seen.timed:
        return
    for column in seen.schema.columns:
        codes = _codes(seen, column)
        if codes is None:
            continue
        distinct = codes.max() + 1
        plain = column.kind == kinds.TEXT or _whole(seen, column)
        if not 5 <= distinct <= len(codes) / 2 or distinct * MANY < len(codes):
            continue
        if _WHOM.search(column.name) or (plain and distinct >= 10 and _in_blocks(codes)):
            each = len(codes) / distinct
            yield (
                f"column {quoted(column.name)} repeats {distinct} values about {each:.0f} times each, as identifiers"
                f" do; if rows of one belong together, say --group {shlex.quote(column.name)}, which keeps them in one"
                " fold"
            )


def _codes(seen: Seen, column: Column) -> np.ndarray | None:
    """Which value each row has, of whole numbers and text without missing cells."""
    if column.missing:
        return None
    if column.kind == kinds.TEXT:
        return np.argmax(seen.X[:, seen.places[column.name]], axis=1)
    if column.kind != kinds.NUMERIC:
        return None
    values = seen.values(column)
    return np.unique(values, return_inverse=True)[1] if _is_whole(values) else None


def _is_whole(values: np.ndarray) -> bool:
    """Whether these are whole numbers, by the first ones first."""
    return all(bool((some == np.round(some)).all()) for some in (values[:100], values))


def _whole(seen: Seen, column: Column) -> bool:
    """Whether these are numbers without a gap from 0 or 1 on, which mean an order at most."""
    if column.kind != kinds.NUMERIC:
        return False
    distinct = np.unique(seen.values(column))
    return distinct[0] in (0, 1) and bool((np.diff(distinct) == 1).all())


def _in_blocks(codes: np.ndarray) -> bool:
    """Whether rows of a value stand together."""
    return np.count_nonzero(np.diff(codes)) == codes.max()
