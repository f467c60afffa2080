"""Held-out errors of a source's folds, whose training rows take their steps in the passes of the fits to all rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from normax.linear_model.grid import RATIO, RIDGE_RATIO, is_ridge
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.source import Source
from normax.linear_model.streams.follow import follow_stream
from normax.linear_model.streams.newton import Streamed
from normax.selection import strength_grid, summarise, widened

__all__ = ["streamed_folds"]

# What there is of each strength: along the first axis, and along the second.
FIRST, SECOND = ("strengths", "coef", "intercept", "left"), ("gap", "held", "n_iter", "endless")


def streamed_folds(
    source: Source,
    wanted: Any,
    folds: RowFolds,
    *,
    goes_on: bool = True,
    ratio: float | None = None,
    **options: Any,
) -> Streamed:
    """The fits of all rows at every strength, and the errors and gaps of each fold's.

    Args:
        wanted: a count of strengths, from the largest useful one down to `ratio` of it; or (k,) values.
        goes_on: whether a count goes on while the error is best at the weakest. options: as of `follow_stream`.
    """
    if np.ndim(wanted):
        return follow_stream(source, np.asarray(wanted, dtype=float), folds=folds, **options)
    ridge = is_ridge(options.get("l1_ratio", 1.0), options.get("penalty"))
    least = ratio or (RIDGE_RATIO if ridge else RATIO)
    found = follow_stream(
        source, lambda largest: strength_grid(largest or 1.0, wanted, least), folds=folds, **options
    )
    if not goes_on:
        return found
    passes = 0

    def fields(part: Streamed) -> tuple[np.ndarray, ...]:
        return (*(getattr(part, name) for name in FIRST), *(getattr(part, name).T for name in SECOND))

    def more(strengths: np.ndarray) -> tuple[np.ndarray, ...]:
        nonlocal passes
        part = follow_stream(source, strengths, folds=folds, **options)
        passes += part.passes
        return fields(part)

    def error(*values: np.ndarray) -> np.ndarray:
        return summarise(values[5].T, found.sizes)[0]

    _, values = widened(found.strengths, more, error, stronger=ridge, known=fields(found))
    first, second = values[: len(FIRST)], values[len(FIRST) :]
    lists = dict(zip(FIRST, first)) | {name: value.T for name, value in zip(SECOND, second)}
    return replace(found, passes=found.passes + passes, **lists)
