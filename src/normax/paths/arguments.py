"""What both engines read alike: the penalty at strength 1, and strengths by number or by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.instead import penalty_name
from normax.penalties import (
    L1,
    L2,
    L2SP,
    MCP,
    SCAD,
    SLOPE,
    ElasticNet,
    GroupLasso,
    GroupMCP,
    GroupSCAD,
    MaxNorm,
    Nonnegative,
    Penalty,
    SparseGroupLasso,
    WeightDecay,
)

__all__ = ["PENALTIES", "Progress", "check_strengths", "unit_penalty"]

PENALTIES: dict[str, type[Penalty]] = {
    "l1": L1,
    "l2": L2,
    "elastic-net": ElasticNet,
    "group-lasso": GroupLasso,
    "sparse-group-lasso": SparseGroupLasso,
    "mcp": MCP,
    "scad": SCAD,
    "group-mcp": GroupMCP,
    "group-scad": GroupSCAD,
    "slope": SLOPE,
    "l2-sp": L2SP,
    "max-norm": MaxNorm,
    "weight-decay": WeightDecay,
}

Progress = Callable[[str, int, int], None]


def unit_penalty(penalty: Any) -> Penalty:
    """The penalty that a path's strength multiplies: a class counts as strength 1, a name as its class,
    `lasso` and `ridge` as `l1` and `l2`."""
    if isinstance(penalty, str):
        name = penalty_name(penalty)
        if name not in PENALTIES:
            raise InputError(
                f"penalty: unknown {penalty!r}{suggest(name, PENALTIES)}; one of {', '.join(PENALTIES)}"
            )
        penalty = PENALTIES[name]
    if isinstance(penalty, type) and issubclass(penalty, Penalty):
        penalty = penalty()
    if not isinstance(penalty, Penalty):
        raise InputError(f"penalty: expected L1, L2, ElasticNet, an instance or a name, got {penalty!r}")
    if isinstance(penalty, Nonnegative):
        raise InputError(
            "penalty: Nonnegative has no strength for a path to vary; add it to one that has: `L1() + Nonnegative()`"
        )
    return penalty


def check_strengths(strengths: Any) -> np.ndarray | int:
    """A count, or given strengths as a float array; negative and non-finite ones are named by position."""
    if isinstance(strengths, (int, np.integer)) and not isinstance(strengths, bool):
        if strengths < 1:
            raise InputError(f"strengths: expected a count >= 1 or the values, got {strengths}")
        return int(strengths)
    try:
        values = np.asarray(strengths, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"strengths: expected a count or a list of numbers, got {strengths!r}") from None
    if values.ndim != 1 or not len(values):
        raise InputError(f"strengths: expected a count or a list of values, got shape {values.shape}")
    wrong = [f"{values[i]} at position {i}" for i in np.flatnonzero(~(np.isfinite(values) & (values >= 0)))]
    if wrong:
        raise InputError(f"strengths: expected finite values >= 0, got {', '.join(wrong)}")
    return values
