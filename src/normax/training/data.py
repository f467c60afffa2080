"""Arrays for training: what comes in is checked by row and column before any work starts."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["check_data", "check_weights"]


def check_data(
    X: Any, y: Any, sample_weight: Any = None, *, numbers: Any = None, least: int = 2
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """X, y and weights as arrays of as many rows each, all finite; `numbers` are those of the rows in a message.

    Raises:
        InputError: for text, differing numbers of rows, NaN or inf (named by row and column), fewer than
            two rows, or weights that cannot be weights.
    """
    X, y = _array("X", X, numbers), _array("y", y, numbers)
    if X.ndim < 1 or y.ndim < 1 or len(X) != len(y):
        raise InputError(f"X and y: expected as many rows in both, got shapes {X.shape} and {y.shape}")
    if len(X) < least:
        raise InputError(f"X: expected at least {least} row{'s' * (least > 1)}, got {len(X)}")
    return X, y, check_weights(sample_weight, len(X))


def check_weights(sample_weight: Any, rows: int) -> np.ndarray | None:
    """Weights of the rows as a float array, or None."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape != (rows,):
        raise InputError(f"sample_weight: expected shape ({rows},), got {weights.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() == 0:
        bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        where = f"row {bad[0]} has {weights[bad[0]]}" if bad.size else "they are all zero"
        raise InputError(f"sample_weight: expected finite weights >= 0, not all 0; {where}")
    return weights


def _array(name: str, data: Any, numbers: Any = None) -> np.ndarray:
    if hasattr(data, "detach"):  # a PyTorch tensor
        data = data.detach().cpu()
    array = np.asarray(data)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise InputError(
            f"{name}: expected numbers, got dtype {array.dtype}; encode text columns first, e.g. "
            "`normax.tables`, or the command `normax path DATA --target COLUMN`"
        )
    if array.dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            row = bad[0][0] if numbers is None else numbers[bad[0][0]]
            where = f"row {row}" + (f", column {bad[0][1]}" if array.ndim > 1 else "")
            raise InputError(
                f"{name}: expected finite numbers, got {array[tuple(bad[0])]} at {where} ({len(bad)} in all)"
            )
    return array
