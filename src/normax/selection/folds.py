"""Folds of rows: one list of index pairs that every strength and every model shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["folds"]

Folds = list[tuple[np.ndarray, np.ndarray]]


def folds(
    cv: Any,
    n: int,
    y: Any = None,
    groups: Any = None,
    time: Any = None,
    stratify: bool = False,
    seed: int = 0,
) -> Folds:
    """Pairs (training rows, held-out rows) for cross-validation, checked.

    A count gives shuffled folds from `seed`; with `stratify` every class is spread evenly, with `groups`
    no group stands on both sides, with `time` the training rows all come before the held-out ones (rows
    of one time stay together).

    Args:
        cv: number of folds (>= 2), a scikit-learn splitter, an iterable of index (or boolean) pairs, or
            None for no folds.
        n: number of rows.
        y: (n,) labels; needed by `stratify` and passed to a splitter.
        groups: (n,) group of each row.
        time: (n,) sortable times; cannot be joined with groups or stratify.
        stratify: spread the classes of y evenly over the folds.
        seed: of the shuffle; the same seed gives the same folds.

    Returns:
        List of (train, test) integer index arrays; empty for `cv=None`.

    Raises:
        InputError: for fewer rows (groups, times) than folds, a class with fewer members than folds, an
            empty side, a row on both sides or twice on one, an index outside the table, or a `cv` of another kind.

    Example:
        >>> [test.tolist() for _, test in folds(2, 4, seed=0)]
        [[2, 3], [0, 1]]
        >>> [(train.tolist(), test.tolist()) for train, test in folds(2, 3, time=[30, 10, 20])]
        [([1], [2]), ([1, 2], [0])]
    """
    if cv is None:
        return []
    y, groups, time = (_column(name, a, n) for name, a in (("y", y), ("groups", groups), ("time", time)))
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        pairs: Iterable = _counted(int(cv), n, y, groups, time, stratify, seed)
    elif hasattr(cv, "split") and not isinstance(cv, str):
        try:
            pairs = list(cv.split(np.zeros((n, 1)), y, groups))
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"cv: {type(cv).__name__} cannot split these {n} rows: {error}") from error
    elif isinstance(cv, Iterable) and not isinstance(cv, str):
        pairs = cv
    else:
        raise InputError(
            f"cv: expected a number of folds, a scikit-learn splitter, a list of (train, test) pairs "
            f"or None, got {cv!r}"
        )
    return _checked(pairs, n)


def _counted(count: int, n: int, y, groups, time, stratify: bool, seed: int) -> Iterable:
    """Folds from their number alone, by the one splitter that suits the columns given."""
    from sklearn import model_selection as ms

    if count < 2:
        raise InputError(f"cv: expected at least 2 folds, got {count}; for no folds write cv=None")
    if time is not None:
        if groups is not None or stratify:
            raise InputError("cv: forward folds in time cannot be grouped or stratified; give one of the two")
        times, position = np.unique(time, return_inverse=True)
        _enough(count + 1, len(times), "times", "forward folds need one more")
        blocks = ms.TimeSeriesSplit(count).split(times)
        return [
            (np.flatnonzero(np.isin(position, a)), np.flatnonzero(np.isin(position, b))) for a, b in blocks
        ]
    _enough(count, n, "rows")
    if groups is not None:
        _enough(count, len(np.unique(groups)), "groups")
    if stratify:
        if y is None:
            raise InputError("cv: stratified folds need the labels y")
        classes, counts = np.unique(y, return_counts=True)
        few = [f"{c} ({m})" for c, m in zip(classes.tolist(), counts.tolist()) if m < count]
        if few:
            raise InputError(
                f"cv: every class needs at least {count} members for {count} folds; "
                f"too few in {', '.join(few)}"
            )
    shuffled: dict[str, Any] = {"n_splits": count, "shuffle": True, "random_state": seed}
    splitters = {
        (False, False): ms.KFold,
        (True, False): ms.StratifiedKFold,
        (False, True): ms.GroupKFold,
        (True, True): ms.StratifiedGroupKFold,
    }
    splitter = splitters[bool(stratify), groups is not None](**shuffled)
    return splitter.split(np.zeros((n, 1)), y, groups)


def _enough(needed: int, present: int, what: str, why: str = "") -> None:
    if present < needed:
        raise InputError(
            f"cv: expected at least {needed} {what}{f' ({why})' if why else ''}, got {present}; "
            f"use fewer folds or more data"
        )


def _column(name: str, values: Any, n: int) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values)
    if values.shape[:1] != (n,):
        raise InputError(f"{name}: expected one entry for each of the {n} rows, got shape {values.shape}")
    return values


def _checked(pairs: Iterable, n: int) -> Folds:
    """The pairs as integer arrays, or one error that lists all their faults."""
    result, faults = [], []
    for number, pair in enumerate(pairs):
        try:
            train, test = (_indices(side, n) for side in pair)
        except (TypeError, ValueError):
            raise InputError(f"cv: fold {number} is not a pair of index arrays: {pair!r}") from None
        for name, side in (("training", train), ("held-out", test)):
            if len(side) == 0:
                faults.append(f"fold {number} has no {name} rows")
            elif side.min() < 0 or side.max() >= n:
                faults.append(f"fold {number}: {name} rows reach outside 0..{n - 1}")
            elif (times := np.bincount(side)).max() > 1:
                faults.append(
                    f"fold {number}: row {times.argmax()} stands {times.max()} times among the {name} rows; "
                    "name each once, and weigh it by sample_weight"
                )
        both = np.intersect1d(train, test)
        if len(both):
            faults.append(f"fold {number}: {len(both)} rows on both sides, the first is row {both[0]}")
        result.append((train, test))
    if not result:
        faults.append("no folds at all")
    if faults:
        raise InputError("cv: " + "; ".join(faults))
    return result


def _indices(side: Any, n: int) -> np.ndarray:
    side = np.asarray(side)
    if side.dtype == bool:
        if side.shape != (n,):
            raise ValueError("a mask of another length")
        return np.flatnonzero(side)
    if side.size and (side.ndim != 1 or not np.issubdtype(side.dtype, np.integer)):
        raise ValueError("not indices")
    return side.astype(np.intp).ravel()
