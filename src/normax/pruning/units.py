"""Units: which indices of which axes belong together, so that one can only go with all the others.

Every index along every axis of a weight or buffer starts as a unit of its own. What a forward does with the
arrays merges them: adding two axes merges their units pairwise, contracting a weight's axis with an activation's
does too. Unit 0 stands for what cannot go: the inputs, the outputs, and whatever an operation mixes.
"""

from __future__ import annotations

import numpy as np

__all__ = ["FIXED", "UNIFORM", "Units"]

FIXED = 0
"""The unit of all indices that have to stay."""

UNIFORM = -1
"""An index along which the array only repeats itself: it takes any length, so it binds nothing."""


class Units:
    """A union-find over units.

    Attributes:
        why: unit -> the reason for which it has to stay, told when that was found out.
    """

    def __init__(self) -> None:
        self._parent = np.zeros(1, np.int64)
        self.why: dict[int, str] = {}

    def new(self, count: int) -> np.ndarray:
        """`count` new units."""
        start = len(self._parent)
        units = np.arange(start, start + count)
        self._parent = np.concatenate([self._parent, units])
        return units

    def find(self, units: np.ndarray) -> np.ndarray:
        """The representative of each unit; `UNIFORM` stays as it is."""
        units = np.asarray(units)
        while True:
            up = np.where(units >= 0, self._parent[np.maximum(units, 0)], units)
            if (up == units).all():
                return units
            units = up

    def merge(self, a: np.ndarray, b: np.ndarray, why: str) -> np.ndarray:
        """Merge pairwise; returns the units of what holds both."""
        a, b = np.asarray(a), np.asarray(b)
        for i, j in {(int(i), int(j)) for i, j in zip(a, b) if i != j and min(i, j) >= 0}:
            (low, one), (high, _) = sorted(zip(self.find(np.array([i, j])).tolist(), (i, j)))
            if low == high:
                continue
            if low == FIXED:  # 0 is the least: what is merged with it has to stay
                self.why.setdefault(high, self.reason(one) or why)
            self._parent[high] = low
        return np.where(a >= 0, a, b)

    def fix(self, units: np.ndarray, why: str) -> np.ndarray:
        """Say that these have to stay, and why; returns fixed units of the same number."""
        fixed = np.full(len(units), FIXED)
        self.merge(units, fixed, why)
        return fixed

    def together(self, units: np.ndarray) -> None:
        """Make one unit of each row `(rows, members)`."""
        for row in units:
            self.merge(row[1:], np.full(len(row) - 1, row[0]), "it shares a block with one that stays")

    def reason(self, unit: int) -> str:
        """Why a unit has to stay, where that is known: its own reason, or that of one it was merged with."""
        while unit not in self.why and self._parent[unit] != unit:
            unit = int(self._parent[unit])
        return self.why.get(unit, "")
