"""Columns of numbers that belong together, row by row, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["feature_names", "numbers", "truths"]


def numbers(**columns: Any) -> list[np.ndarray]:
    """Each as `(n,)` finite numbers, of one length.

    Raises:
        InputError: for other shapes, lengths that differ, and numbers that are not finite, all at once.
    """
    arrays = {name: np.asarray(values, float) for name, values in columns.items()}
    arrays = {n: a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a for n, a in arrays.items()}
    faults = [f"{n}: expected (n,) numbers, got shape {a.shape}" for n, a in arrays.items() if a.ndim != 1]
    faults += [
        f"{n}: row {int(np.argmin(np.isfinite(a)))} is {a[np.argmin(np.isfinite(a))]}; leave such rows out"
        for n, a in arrays.items()
        if a.ndim == 1 and not np.isfinite(a).all()
    ]
    lengths = {name: len(array) for name, array in arrays.items() if array.ndim == 1}
    if len(set(lengths.values())) > 1:
        faults.append(f"expected as many rows in each, got {lengths}")
    if not faults and not next(iter(lengths.values())):
        faults.append(f"{', '.join(columns)}: no rows")
    if faults:
        raise InputError("; ".join(faults))
    return list(arrays.values())


def truths(y: Any, positive: Any = None) -> np.ndarray:
    """`(n,)` whether a row is of the positive class: `positive`, or of two classes the one that sorts last.

    Raises:
        InputError: for other than two classes where none is named, and for one that no row has.
    """
    y = np.asarray(y)
    classes = np.unique(y)
    if positive is None and len(classes) != 2:
        raise InputError(
            f"y: expected two classes, got {len(classes)} ({', '.join(map(str, classes[:5]))}); "
            "name one of them against the rest, positive=..."
        )
    if positive is not None and positive not in classes:
        raise InputError(f"positive: no row of y is {positive!r}; there are {', '.join(map(str, classes))}")
    if len(classes) < 2:
        raise InputError(f"y: every row is {classes[0]!r}; both classes are needed")
    return y == (classes[-1] if positive is None else positive)


def feature_names(names: Any, X: Any, p: int) -> tuple[str, ...]:
    """Names as given, or of X's own columns, or x0, x1, ...

    Raises:
        InputError: where they are not as many as the columns.
    """
    names = getattr(X, "columns", None) if names is None else names
    names = [f"x{j}" for j in range(p)] if names is None else [str(name) for name in names]
    if len(names) != p:
        raise InputError(f"feature_names: expected {p}, one a column, got {len(names)}")
    return tuple(names)
