"""Weights that give every class the same say."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["balanced_weights"]


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
