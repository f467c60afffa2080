"""Columns whose sizes lie far apart, on units of their own.

Without a penalty no unit of a column decides anything but rounding, which takes a column far below the largest for
none. Powers of 2 bring them together, and exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import diags_array

from normax.linear_model.design.design import ROUNDING, Design

__all__ = ["EvenColumns", "even_columns_of"]

# Largest over smallest standard deviation of the columns from which on they are brought together.
APART = 1e6


class EvenColumns:
    """A design whose columns are about as large as each other, and the way back.

    Attributes:
        unit: (p,) what each column is multiplied by.
    """

    def __init__(self, design: Design, unit: np.ndarray):
        self.unit = unit
        X = design.X @ diags_array(unit) if design.sparse else design.X * unit
        X = X.asformat(design.X.format) if design.sparse else X
        self.design = Design(X, design.weights, design.centred, design.rows)

    def original(self, coef: np.ndarray) -> np.ndarray:
        """Coefficients (k, m, p) of the design as it was."""
        return coef * self.unit


def even_columns_of(design: Design) -> EvenColumns | None:
    """The design with columns of like sizes; None where they are that already."""
    sizes = np.sqrt(design.squares() if design.sparse else design.variances())
    live = ~design.constant & (sizes > 0)
    if not (design.sparse or design.centred):  # what centring by others leaves of a constant column is none
        small = np.flatnonzero(live & (sizes <= ROUNDING * sizes.max(initial=0.0)))
        live[small] = np.ptp(design.columns(small), axis=0) > 0
    if not live.any() or sizes[live].max() <= APART * sizes[live].min():
        return None
    return EvenColumns(design, np.ldexp(1.0, -np.frexp(np.where(live, sizes, 1.0))[1]))
