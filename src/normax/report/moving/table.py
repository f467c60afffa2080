"""The table behind a path, where the command has read one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.tables import Schema, Target

__all__ = ["Tabled"]


@dataclass(frozen=True)
class Tabled:
    """What the columns are, what is predicted of them, and what was asked of the chosen model.

    Args:
        schema, target: of the table.
        firmness: a `FoldCoefficients`, or None.
        importance: an `Importance`, or None.
        degrees: `(k,)` effective degrees of freedom, or None.
        tested: whether the importance is of rows that the model was not fitted to.
    """

    schema: Schema
    target: Target
    firmness: Any = None
    importance: Any = None
    degrees: np.ndarray | None = None
    tested: bool = False
