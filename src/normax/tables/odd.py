"""Columns of numbers or dates that a few cells spoil: what nearly all cells are, and which are something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.tables import codes, date_forms, dates, kinds, numbers
from normax.tables.locale import Locale
from normax.tables.numbers import DIGITS, NumberForm
from normax.tables.words import plain, without_words

__all__ = ["mostly"]

_SHARE = 0.1  # of the cells, at most, are odd
_DIFFERENT = 20  # numbers, at least, tell a quantity from codes
_SAMPLE = 12


def mostly(cells: pa.Array, locale: Locale) -> tuple[str, str | None, tuple[str, ...]] | None:
    """What a column of text is but for a few cells, and those: `(kind, form, odd cells)`; None where it is text.

    Example:
        >>> cells = pa.array([f"{j / 7:.2f}" for j in range(30)] + ["see note"])
        >>> mostly(cells, Locale())
        ('numeric', None, ('see note',))
    """
    encoded = without_words(cells).dictionary_encode()
    values = encoded.dictionary
    if len(values) <= _DIFFERENT:
        return None
    count = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(values))
    for kind, form in dict.fromkeys(_tries(values, locale)):
        fits = _fits(values, kind, form)
        if count[~fits].sum() > _SHARE * count.sum() or fits.sum() < _DIFFERENT:
            continue
        good, odd = values.filter(pa.array(fits)), values.filter(pa.array(~fits))
        if codes.are_codes(odd) or (kind == kinds.NUMERIC and codes.why_text(good)):
            return None
        if len(odd) and kinds.reads_as(good, kind, form):
            return kind, form, tuple(odd.to_pylist())
    return None


def _tries(values: pa.Array, locale: Locale) -> Iterator[tuple[str, str | None]]:
    """What some of the cells are, each by itself, with the other ways of writing it."""
    yield kinds.NUMERIC, None
    for k in range(min(len(values), _SAMPLE)):
        kind, form = kinds.infer(values[k : k + 1], locale)
        if form is None:
            continue
        if kind == kinds.NUMERIC:
            number = NumberForm.named(form)
            yield from (
                (kind, str(way)) for way in locale.first(replace(number, digits=name) for name in DIGITS)
            )
        else:
            yield kind, form
            if other := date_forms.swapped(form):
                yield kind, other


def _fits(values: pa.Array, kind: str, form: str | None) -> np.ndarray:
    if form is None:
        return numbers.number_like(values)
    if kind != kinds.NUMERIC:
        return dates.valid(values, form)
    pattern = numbers.pattern(NumberForm.named(form))
    return pc.match_substring_regex(plain(values), pattern).to_numpy(zero_copy_only=False)
