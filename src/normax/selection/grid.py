"""The grid of strengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError, suggest

__all__ = ["asked", "is_count", "strength_grid"]


def strength_grid(largest: float, count: int, ratio: float) -> np.ndarray:
    """`count` strengths from `largest` down to `largest · ratio`, evenly spaced in the logarithm.

    One grid, from all rows, serves every fold: the mean loss per row keeps its scale when rows are left out.

    Args:
        largest: the strength the grid starts at, finite and > 0; for linear models the smallest that
            leaves no non-zero coefficient.
        count: how many strengths, >= 1. With 1 the grid is `largest` alone.
        ratio: smallest over largest, in (0, 1); of no account with a count of 1.

    Returns:
        A decreasing float64 array of shape (count,) whose first entry is exactly `largest`.

    Raises:
        InputError: if one of the three lies outside its range.

    Example:
        >>> strength_grid(1.0, 3, 1e-2).round(6).tolist()
        [1.0, 0.1, 0.01]
    """
    if not (np.isfinite(largest) and largest > 0):
        raise InputError(f"largest: expected a finite strength > 0, got {largest!r}")
    if not is_count(count):
        raise InputError(f"count: expected a whole number of strengths >= 1, got {count!r}")
    if count > 1 and not 0 < ratio < 1:
        raise InputError(f"ratio: expected a number between 0 and 1, got {ratio!r}")
    return largest * ratio ** (np.arange(int(count)) / max(int(count) - 1, 1))


def asked(grid: Any, name: str, count: int = 100) -> tuple[Any, bool]:
    """What an estimator was asked to try, and whether it may go on beyond that while the error is smallest at an edge:
    a count and values say all, "auto" leaves it to the errors.

    Args:
        grid: values, a count, "auto" or None for it; name: of the argument; count: what "auto" begins with.

    Raises:
        InputError: for anything else that is no list of values, which are left to their own checks.

    Example:
        >>> asked("auto", "alphas"), asked(20, "alphas"), asked([1.0, 0.1], "alphas")
        ((100, True), (20, False), ([1.0, 0.1], False))
    """
    if grid is None or (isinstance(grid, str) and grid == "auto"):
        return count, True
    if isinstance(grid, str) or (np.ndim(grid) == 0 and not is_count(grid)):
        hint = suggest(grid, ["auto"]) if isinstance(grid, str) else ""
        raise InputError(
            f"{name}: expected 'auto', a whole number >= 1 of them, or their values, got {grid!r}{hint}"
        )
    return grid, False


def is_count(value: Any) -> bool:
    """Whether a value is a whole number of at least 1, as 3 and 3.0 are and True is not.

    Args:
        value: anything.

    Example:
        >>> is_count(3), is_count(3.0), is_count(True), is_count(0)
        (True, True, False, False)
    """
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return bool(number and value >= 1 and float(value).is_integer())
