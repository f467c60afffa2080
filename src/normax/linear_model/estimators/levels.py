"""Levels of an ordinal response as whole numbers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from normax.errors import InputError, Notice
from normax.linear_model.design.validation import plain_weights

__all__ = ["numbered"]


def numbered(y: Any, levels: Any = None, sample_weight: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """(K,) levels that rows of positive weight have, from the lowest to the highest, and (n,) their numbers; rows that
    do not count and have another level get number 0.

    Raises:
        InputError: for levels whose order nobody knows, and values that are no level.

    Example:
        >>> numbered(["high", "low", "low"], ["low", "high"])[1].tolist(), numbered([2.0, 1.0])[0].tolist()
        ([1, 0, 0], [1.0, 2.0])
    """
    order = levels
    told = order is not None
    if order is None and getattr(getattr(y, "dtype", None), "ordered", False):
        order = y.dtype.categories
    if y is None:
        raise InputError("y: expected levels, got None; this estimator requires y to be passed")
    values = np.asarray(y)
    if values.ndim != 1 and (values.ndim != 2 or values.shape[1] != 1):
        raise InputError(f"y: expected one level a row, (n,), got shape {values.shape}")
    values = column_or_1d(values, warn=True)
    if order is None:
        if values.dtype.kind == "c":
            raise InputError("y: Complex data not supported; expected levels in an order")
        if values.dtype.kind not in "fiub":
            some = ", ".join(map(repr, np.unique(values.astype(str))[:5].tolist()))
            raise InputError(
                f"y: expected levels in an order, got text, {some}, whose order is not known; give it, from the "
                "lowest: levels=[…], or make y an ordered category"
            )
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise InputError(f"y: expected finite numbers, got {values[~np.isfinite(values)][0]}")
        try:
            check_classification_targets(values)
        except ValueError as error:
            raise InputError(
                f"y: expected levels in an order, got numbers that are not whole. {error}"
            ) from None
        order = np.unique(values)
    order = np.asarray(order)
    repeated = len(np.unique(order)) < len(order)
    if order.ndim != 1 or len(order) < 2 or repeated:
        found = f"{len(order)} level" if order.ndim == 1 and len(order) < 2 else repr(order.tolist())
        raise InputError(f"y, levels: expected at least two classes, each once, got {found}")
    at = {level: number for number, level in enumerate(order.tolist())}
    strange = [(i, value) for i, value in enumerate(values.tolist()) if value not in at]
    if strange:
        found = ", ".join(f"{value!r} at row {i}" for i, value in strange[:5])
        raise InputError(f"y: expected one of the levels {order.tolist()}, got {found}")
    codes = np.array([at[value] for value in values.tolist()])
    taken = np.unique(codes[plain_weights(sample_weight, len(codes)) > 0])
    if len(taken) < 2:
        raise InputError(
            f"y: expected at least two classes, got levels {order[taken].tolist()} in every row that counts"
        )
    missing = np.setdiff1d(np.arange(len(order)), taken)
    gaps = order[missing].tolist() if len(missing) else [] if told else _between(order)
    if gaps:
        warnings.warn(
            f"y: no row has level {', '.join(map(str, gaps[:5]))}: it gets no threshold and is predicted for no row; "
            "leave it out of the levels if it cannot occur, or join it with its neighbour",
            Notice,
            stacklevel=4,
        )
    number = np.zeros(len(order), dtype=int)
    number[taken] = np.arange(len(taken))
    return order[taken], number[codes]


def _between(order: np.ndarray) -> list:
    """Whole numbers that are missing between the levels, where these are few enough to be a scale."""
    if order.dtype.kind not in "fiu" or (order != np.floor(order)).any() or np.ptp(order) > 2 * len(order):
        return []
    return np.setdiff1d(np.arange(order.min(), order.max() + 1), order).tolist()
