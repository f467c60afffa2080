"""The warning of fits that fell short of the gap that was asked for."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

__all__ = ["UNCONVERGED", "warn_unconverged"]

# What it begins with, as scikit-learn's of squared error.
UNCONVERGED = "Objective did not converge. You might want to increase the number of iterations"


def warn_unconverged(strengths: np.ndarray, gap: np.ndarray, tol: float, told: str = UNCONVERGED) -> None:
    """Tell where the gap over the null deviance stayed above tol, and how large it is there."""
    late = np.flatnonzero(~(gap <= tol))
    if len(late):
        where = ", ".join(f"{strengths[i]:.4g} (gap {gap[i]:.2g})" for i in late[:5])
        more = f" and {len(late) - 5} more" if len(late) > 5 else ""
        warnings.warn(
            f"{told}: the duality gap over the null deviance stayed above tol={tol:g} at strengths {where}{more}; "
            f"raise max_iter or tol",
            ConvergenceWarning,
            stacklevel=3,
        )
