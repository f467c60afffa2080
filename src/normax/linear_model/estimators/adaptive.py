"""The adaptive lasso as one estimator: factors from a first fit, made anew within every fold."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from normax.linear_model.analysis.adaptive import adaptive_factors
from normax.linear_model.cross_validation.held_out import held_out
from normax.linear_model.estimators.in_kind import numpy_of

__all__ = ["ADAPTIVE", "first_factors", "held_out_adaptively"]

ADAPTIVE = "adaptive-lasso"
# Strengths of the first fit.
FIRST = 50


def first_factors(
    model: Any,
    X: Any,
    y: np.ndarray,
    family: Any,
    split: dict[str, Any],
    rows: np.ndarray | None = None,
    **known: Any,
) -> np.ndarray:
    """(p,) factors from a ridge fit whose strength is chosen by cross-validation, times those that the model was given.
    Pairs of indices for `cv` are those of all rows; within a fold 5 folds stand for them.

    Args:
        rows: numbers of the rows to fit, None for all; known: sample_weight and offset, (n,) or None, and what the
            splitter is told, (n,).
    """
    first = copy(model)  # with what it has learned of labels and outputs
    cv = model.cv if model.cv is None or isinstance(model.cv, int) or hasattr(model.cv, "split") else None
    first.set_params(
        penalty="l2", strength="cv", strengths=FIRST, select="min", cv=cv if rows is not None else model.cv
    )
    part, split = (
        {name: v if v is None or rows is None else np.asarray(v)[rows] for name, v in told.items()}
        for told in (known, split)
    )
    own = (X, y) if rows is None else (X[rows], y[rows])
    first._fit(*own, family, part["sample_weight"], split, part["offset"])
    given = 1.0 if model.penalty_factor is None else np.asarray(model.penalty_factor, dtype=float)
    return adaptive_factors(numpy_of(first.coef_)) * given


def held_out_adaptively(
    factors: Callable[[np.ndarray], np.ndarray], X: Any, Y: np.ndarray, pairs: Any, **common: Any
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """`held_out` whose folds each have the factors of their own training rows, so that no held-out row has a say."""
    each = [held_out(X, Y, [pair], **common | {"penalty_factor": factors(pair[0])}) for pair in pairs]

    def errors(strengths: np.ndarray) -> np.ndarray:
        return np.concatenate([errors_at(strengths) for errors_at, _ in each])

    return errors, np.concatenate([sizes for _, sizes in each])
