"""Numbers that stand for a missing cell: -999 far below all others, 99 among ratings to 10, -1 among counts."""

from __future__ import annotations

import numpy as np

__all__ = ["stand_ins"]

#: Numbers that files write for a missing cell, from the instruments of old.
_FAR = {sign * float(nines) for sign in (-1, 1) for nines in (99, 999, 9999, 99999, 999999)}
_FAR |= {-9.0, 99.9, -99.9, 999.9, -999.9, 9998.0, 98.0, 998.0}
_SEVERAL = 5  # different numbers from 0, of which -1 is none


def stand_ins(values: np.ndarray) -> list[float]:
    """The numbers at the ends of these, none of them NaN, that are no measurements by their look and place.

    One such as -999 must stand further from all others than these from each other; -1 must be the only negative
    one among whole numbers, and there more than once.

    Example:
        >>> stand_ins(np.array([1.5, -999, 2, -99.0, 3])), stand_ins(np.array([0.0, 1, 2, 3, 4, 5, -1, -1]))
        ([-999.0, -99.0], [-1.0])
        >>> stand_ins(np.array([-1.0, 0, 1]))
        []
    """
    if not {values.min(), values.max()} & (_FAR | {-1.0}):  # as in most columns, which need no sorting
        return []
    distinct = np.unique(values)
    found: list[float] = []
    while len(distinct) > 2:
        low, high = distinct[0], distinct[-1]
        if low in _FAR and distinct[1] - low > high - distinct[1] > 0:
            found.append(float(low))
            distinct = distinct[1:]
        elif high in _FAR and high - distinct[-2] > distinct[-2] - low > 0:
            found.append(float(high))
            distinct = distinct[:-1]
        else:
            break
    others = distinct[1:]
    whole = len(others) >= _SEVERAL and others[0] >= 0 and bool(np.all(others == np.round(others)))
    return [*found, -1.0] if whole and distinct[0] == -1 and np.sum(values == -1) > 1 else found
