"""How much of the memory and of a pass's time gradients and Hessians may take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.errors import InputError
from normax.linear_model.streams.lanes import State

__all__ = ["Budget", "grouped"]

# Share of the memory that gradients of all columns may take, and that Hessians may.
GRADIENTS, HESSIANS = 0.25, 0.5
# Hessians of a pass at least, and how much they may cost beside the products with X.
FEW, DEAR = 4, 4.0
# Columns up to which all Hessians are of the same.
ALIKE = 100
# What a row costs at a point beside its products, in multiplications.
ROW = 500


@dataclass(frozen=True)
class Budget:
    """What a fit may spend.

    Attributes:
        memory: bytes. hessian: entries that all Hessians together may have; gradient: numbers of one point's gradients.
        filled: (p,) share of the rows in which a column has an entry. q: outputs of a model.
    """

    memory: int
    hessian: float
    gradient: int
    filled: np.ndarray
    q: int

    @classmethod
    def of(cls, memory: int, stored: np.ndarray, parts: int, q: int, copies: int) -> Budget:
        """Of columns that have `stored` (p,) entries; `copies` are held at once, and of Hessians as many as parts."""
        filled = stored / max(float(stored.max(initial=0.0)), 1.0)
        return cls(
            memory, HESSIANS * memory / (8 * parts * q**2 * copies), len(stored) * q * copies, filled, q
        )

    def points(self, lanes: int) -> int:
        """How many strengths of so many lanes may be in play at once."""
        return max(1, int(GRADIENTS * self.memory / (8 * self.gradient * lanes)))

    def refuse_wide(self, a: int) -> None:
        """An InputError where the Hessian of a columns takes more memory than allowed."""
        if a**2 > self.hessian:
            needed = self.memory * a**2 / self.hessian
            raise InputError(
                f"memory: {a} columns in a model at once ask for about {needed / 1e9:.2g} GB, and "
                f"{self.memory / 1e9:.2g} GB are allowed; raise source.memory, take fewer folds, or stop at a stronger "
                "strength"
            )


def grouped(busy: list[State], points: int, budget: Budget) -> list[tuple[State, np.ndarray]]:
    """Strengths of one output in as many groups as are affordable, each with the fit in its middle and all its columns.

    Args:
        busy: not done, all rows before folds. points: that the pass looks at.
    """
    by_number: dict[int, State] = {}
    needs: dict[int, np.ndarray] = {}
    for state in busy:
        by_number.setdefault(state.number, state)
        needs[state.number] = needs.get(state.number, False) | state.needs
    numbers, filled = sorted(by_number), budget.filled
    every = np.flatnonzero(np.any([*needs.values()], axis=0)) if needs else np.zeros(0, dtype=np.intp)
    if len(every) <= ALIKE:  # then columns are taken out of a block once for all
        needs = {number: np.isin(np.arange(len(filled)), every) for number in numbers}
    afford, count = DEAR * points * (4 * float(filled.sum()) + ROW), len(numbers)
    while count:
        groups = np.array_split(numbers, count)
        columns = [np.flatnonzero(np.any([needs[number] for number in group], axis=0)) for group in groups]
        price = sum(float(filled[own].sum()) ** 2 for own in columns) * budget.q
        if sum(len(own) ** 2 for own in columns) <= budget.hessian and (price <= afford or count <= FEW):
            return [(by_number[group[len(group) // 2]], own) for group, own in zip(groups, columns)]
        if count == 1:
            budget.refuse_wide(len(columns[0]))
        count = int(0.75 * count)
    return []
