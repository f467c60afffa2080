"""Weights of classes as weights of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from normax.errors import InputError, suggest

__all__ = ["balanced_weights", "class_weighted"]


def balanced_weights(y: Any, weights: np.ndarray) -> np.ndarray:
    """(n,) factors of the rows that give every class the same total weight: `Σω / (C · Σω of the row's class)`.

    Args:
        y: (n,) labels of any sortable kind.
        weights: (n,) weights >= 0 of the rows. Classes are counted by weight, so that a row of weight 2 is two rows; a
            class whose rows all weigh 0 is none.

    Example:
        >>> balanced_weights(["a", "a", "b"], np.array([1.0, 1.0, 4.0])).tolist()
        [1.5, 1.5, 0.75]

    Source:
        King & Zeng, "Logistic regression in rare events data", Political Analysis 2001.
    """
    codes = np.unique(np.asarray(y), return_inverse=True)[1]
    totals = np.bincount(codes, weights)
    present = totals > 0
    return weights.sum() / (present.sum() * np.where(present, totals, 1.0))[codes]


def class_weighted(weight: Any, y: np.ndarray, class_weight: Any) -> Any:
    """The rows' weights times those of their classes.

    Args:
        weight: (n,) weights >= 0 of the rows, or None for ones.
        y: (n,) labels of any sortable kind.
        class_weight: None, "balanced", or class -> weight, 1 for classes that are not named. A class is what equals its
            label: "01", "1" and 1 are three.

    Example:
        >>> class_weighted(None, np.array(["01", "1", "1"]), {"01": 3.0}).tolist()
        [3.0, 1.0, 1.0]
    """
    if class_weight is None:
        return weight
    rows = np.ones(len(y)) if weight is None else weight
    if isinstance(class_weight, str) and class_weight == "balanced":
        return rows * balanced_weights(y, rows)
    if not isinstance(class_weight, Mapping):
        raise InputError(f"class_weight: expected 'balanced' or {{class: weight}}, got {class_weight!r}")
    wrong = {
        c: w
        for c, w in class_weight.items()
        if not (isinstance(w, (int, float, np.number)) and 0 <= w < np.inf)
    }
    if wrong:
        raise InputError(f"class_weight: expected finite weights >= 0, got {wrong}")
    classes, codes = np.unique(y, return_inverse=True)
    known = classes.tolist()
    lost = [c for c in class_weight if c not in known]
    if lost:
        near = suggest(str(lost[0]), map(str, known))
        raise InputError(f"class_weight: y has no class {lost[0]!r}{near}; it has {known[:20]}")
    return rows * np.array([float(class_weight.get(c, 1.0)) for c in known])[codes]
