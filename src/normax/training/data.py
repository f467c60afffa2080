"""Arrays for training: what comes in is checked by row and column before any work starts."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import jax
import numpy as np

from normax.errors import InputError
from normax.forms import check_unmasked

__all__ = [
    "check_arrays",
    "check_counts",
    "check_data",
    "check_metrics",
    "check_weights",
    "in_precision",
    "not_numbers",
    "ragged",
]


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
    check_unmasked("sample_weight", sample_weight)
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape != (rows,):
        raise InputError(f"sample_weight: expected shape ({rows},), got {weights.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() == 0:
        bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        where = f"row {bad[0]} has {weights[bad[0]]}" if bad.size else "they are all zero"
        raise InputError(f"sample_weight: expected finite weights >= 0, not all 0; {where}")
    return weights


def check_counts(**counts: Any) -> None:
    """Refuse what is not a whole number of at least 1."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
            raise InputError(f"{name}: expected a whole number >= 1, got {count!r}")


def check_arrays(batch: tuple[Any, ...]) -> None:
    """Refuse parts of a batch that JAX cannot take as arrays: data frames, tensors, lists, text."""
    faults = []
    for number, part in enumerate(batch):
        for leaf in [part] if isinstance(part, list) else jax.tree.leaves(part):
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind not in "biufcV":
                faults.append(f"argument {number} has dtype {leaf.dtype}")
            elif not isinstance(leaf, (np.ndarray, np.generic, jax.Array, int, float, complex)):
                faults.append(
                    f"argument {number} is of type {type(leaf).__module__.split('.')[0]}.{type(leaf).__name__}"
                )
    if faults:
        raise InputError(f"batch: expected arrays, but {'; '.join(faults)}; write np.asarray(x, 'float32')")


def _array(name: str, data: Any, numbers: Any = None) -> np.ndarray:
    if hasattr(data, "detach"):  # a PyTorch tensor
        data = data.detach().cpu()
    if hasattr(data, "toarray"):
        raise InputError(f"{name}: expected a dense array, got {type(data).__name__}; write {name}.toarray()")
    check_unmasked(name, data)
    try:
        array = np.asarray(data)
    except ValueError:
        raise InputError(ragged(name, data)) from None
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise InputError(not_numbers(name, data))
    if array.dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            row = bad[0][0] if numbers is None else numbers[bad[0][0]]
            where = f"row {row}" + (f", column {bad[0][1]}" if array.ndim > 1 else "")
            raise InputError(
                f"{name}: expected finite numbers, got {array[tuple(bad[0])]} at {where} ({len(bad)} in all)"
            )
    return array


def ragged(name: str, data: Any) -> str:
    """Which row of nested lists is not as long as the first."""
    lengths = [np.size(row) if np.isscalar(row) else len(row) for row in data]
    odd = next((i for i, n in enumerate(lengths) if n != lengths[0]), 0)
    return (
        f"{name}: expected rows of equal length, got {lengths[0]} values in row 0 and {lengths[odd]} in row {odd}"
        if odd
        else f"{name}: expected rows of equal shape, got nested lists of different lengths"
    )


def check_metrics(named: Any, loss: Any, y: np.ndarray) -> None:
    """Refuse metrics of classes where the targets are none."""
    asked = [name for name in ("accuracy", "error") if name in named]
    if not asked:
        return
    fractions: Any = np.flatnonzero((y != np.round(y)).reshape(len(y), -1).any(1)) if callable(loss) else []
    wrong = [int(row) for row in fractions[:1]]
    why = f"y is {y[wrong[0]]} at row {wrong[0]}" if wrong else f"loss is {loss!r}"
    if wrong or loss in ("squared", "mse", "absolute", "poisson"):
        raise InputError(
            f"metrics: {asked[0]!r} counts right classes, and {why}; of numbers ask for 'mse' or 'absolute'"
        )


def in_precision(name: str, array: np.ndarray, dtype: Any, where: Callable[[int], str]) -> np.ndarray:
    """An array in a dtype that holds its values; `where` names a row that does not fit."""
    narrower = array.dtype.itemsize > np.dtype(dtype).itemsize
    if narrower and array.dtype.kind == "f" and jax.numpy.issubdtype(dtype, jax.numpy.floating):
        with np.errstate(over="ignore"):
            narrow = array.astype(dtype)
        lost, largest = ~np.isfinite(narrow), float(jax.numpy.finfo(dtype).max)
        limits, cure = (
            f"at most {largest:.3g}, the largest {np.dtype(dtype).name}",
            "divide by a constant",
        )
    elif narrower and array.dtype.kind in "iu":
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        narrow, lost = array.astype(dtype), (array < least) | (array > most)
        limits, cure = f"{least} to {most}", "JAX runs in 32 bits: number such values anew"
    else:
        return array.astype(dtype, copy=False)
    if lost.any():
        place = np.argwhere(lost)[0]
        at = where(place[0]) + (f", column {place[1]}" if array.ndim > 1 else "")
        raise InputError(
            f"{name}: expected {limits}, got {array[tuple(place)]:.6g} at {at} ({int(lost.sum())} in all); {cure}"
        )
    return narrow


def not_numbers(name: str, data: Any) -> str:
    """What kind of values stand in the way, by column where there are several, and what to do about them."""
    array = np.asarray(data)
    found = f"dtype {array.dtype}"
    if array.ndim == 2 and array.dtype.kind == "O":
        kinds = [
            {type(value).__name__ for value in column if not isinstance(value, Real)} for column in array.T
        ]
        names = getattr(data, "columns", range(array.shape[1]))
        wrong = [f"{', '.join(sorted(kind))} in column {name}" for name, kind in zip(names, kinds) if kind]
        if wrong:
            found = "; ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
    cure = (
        "encode such columns first, by `sklearn.preprocessing.OneHotEncoder` say, or take the command "
        "`normax path DATA --target COLUMN`"
        if name == "X"
        else "number the classes, `classes, y = np.unique(y, return_inverse=True)`, or take nx.NetworkClassifier"
    )
    return f"{name}: expected numbers, got {found}; {cure}"
