"""What a user asks of a source, checked and put to `newton`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.threads import one_thread
from normax.linear_model.design.validation import as_floats, refuse_not_finite
from normax.linear_model.families import Family
from normax.linear_model.problem.penalty_rules import rules_of
from normax.linear_model.problem.problem import check_switches
from normax.linear_model.problem.terms import Rules, check_rules
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.source import Source
from normax.linear_model.streams.newton import Stream, Streamed
from normax.linear_model.streams.rows import Rows

__all__ = ["follow_stream"]


def follow_stream(
    source: Source,
    strengths: np.ndarray | Callable[[float], np.ndarray],
    *,
    family: Family,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    penalty: Any = None,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    offset: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    folds: RowFolds | None = None,
    standardise: bool = False,
    labels: np.ndarray | None = None,
    factors: np.ndarray | None = None,
) -> Streamed:
    """Solve k strengths >= 0, in the order given, of all rows and of every fold; options as of `fit_path`.

    Args:
        strengths: (k,), or what makes them, decreasing, from the largest useful one. labels, factors: as of `Rows`.
        folds: whose training rows are fitted too, by the same passes. standardise: whether a column is charged as if its
            standard deviation were 1.

    Raises:
        InputError: for rows and arguments that cannot be used, losses that tie rows or have kinks, and penalties that do
            not act on each coefficient alone.
    """
    check_switches(fit_intercept, tol, max_iter)
    family.refuse_if_tied("a source of rows")
    if family.nonsmooth:
        raise InputError(
            f"family: a source of rows takes losses without kinks, got {family.name!r}; take Huber, or fit a sample of "
            "the rows in memory"
        )
    factor = None if penalty_factor is None else as_floats("penalty_factor", penalty_factor)
    out = np.zeros(source.p, dtype=bool) if factor is None else np.broadcast_to(np.isposinf(factor), source.p)
    single = check_rules(
        source.p, None if factor is None else np.where(np.isposinf(factor), 1.0, factor), lower, upper
    )
    unit, rules = rules_of(penalty, l1_ratio, 1, single)
    if not isinstance(rules, Rules):
        raise InputError(
            "penalty: a source of rows whose loss is not squared error, or of many columns, takes L1, L2 and ElasticNet, "
            f"got {penalty!r}; fit a sample of the rows in memory, or choose one of these"
        )
    rows = Rows(family, folds=folds, offset=_checked(offset, source), labels=labels, factors=factors)
    options = (bool(fit_intercept), tol, max_iter, standardise)
    if callable(strengths):
        grid, make = None, strengths
        wanted: Any = lambda largest: make(largest / unit) * unit  # noqa: E731
    else:
        grid = np.argsort(-strengths, kind="stable")
        wanted = strengths[grid] * unit
    with one_thread():
        found = Stream(source, rows, rules, wanted, out, *options).run()
    back = slice(None) if grid is None else np.argsort(grid)
    lists = {name: getattr(found, name)[back] for name in ("coef", "intercept", "left")}
    tables = {name: getattr(found, name)[:, back] for name in ("gap", "held", "n_iter", "endless")}
    return replace(found, strengths=found.strengths[back] / unit, **lists, **tables)


def _checked(offset: Any, source: Source) -> np.ndarray | None:
    """An offset (n, 1) or (n, m) of finite numbers, which may be a map of a file."""
    if offset is None:
        return None
    n, offset = source.shape[0], as_floats("offset", offset)
    if offset.ndim not in (1, 2) or len(offset) != n:
        raise InputError(f"offset: expected one number for each of {n} rows, got shape {offset.shape}")
    refuse_not_finite("offset", offset)
    return offset.reshape(n, -1)
